//! The first SIGINT or SIGTERM cancels what runs, whose cleanups run; the second one ends the process at once. So does the first
//! when nothing runs. SIGQUIT shows what every fiber is doing, and the program goes on.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aivi::Engine;
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// The engine that signals are for at the moment. Clones are the same.
#[derive(Clone, Default)]
pub struct Target {
    engine: Arc<Mutex<Option<Engine>>>,
}

impl Target {
    /// From now on they are for this one.
    pub fn set(&self, engine: &Engine) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.clone());
    }

    /// From now on they are for nobody.
    pub fn clear(&self) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Listens for signals, on a thread of its own: there is nothing that a signal handler may do itself. Where the system
    /// refuses handlers, signals end the process as they do by default.
    pub fn listen(&self) {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGQUIT]) else { return };
        let target = self.clone();
        let watch = move || {
            let mut first = None;
            for signal in &mut signals {
                match first {
                    _ if signal == SIGQUIT => target.show_fibers(),
                    None if target.get().is_none_or(|engine| engine.interrupt(signal) == 0) => {
                        target.flush();
                        std::process::exit(128 + signal);
                    }
                    None => first = Some(Instant::now()),
                    Some(first) => {
                        target.give_up(first.elapsed());
                        std::process::exit(128 + signal);
                    }
                }
            }
        };
        // The process is about to end when this thread does; without it signals do what they do by default.
        let _ = thread::Builder::new().name("signals".into()).spawn(watch);
    }

    fn show_fibers(&self) {
        self.flush();
        if let Some(engine) = self.get() {
            eprint!("{}", engine.report_fibers());
        }
    }

    /// What is left undone.
    fn give_up(&self, after: Duration) {
        self.flush();
        let Some(engine) = self.get() else { return };
        eprint!("{}", engine.report_undone(after));
    }

    fn get(&self) -> Option<Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn flush(&self) {
        if let Some(engine) = self.get() {
            engine.flush();
        }
    }
}
