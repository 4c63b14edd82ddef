//! The first SIGINT or SIGTERM cancels what runs, whose cleanups run; the second one ends the process at once. So does the first
//! when nothing runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use aivi::Engine;
use signal_hook::consts::{SIGINT, SIGTERM};
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
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
        let target = self.clone();
        let watch = move || {
            let mut signals = signals.forever();
            if let Some(first) = signals.next()
                && target.get().is_none_or(|engine| engine.interrupt(first) == 0)
            {
                target.flush();
                std::process::exit(128 + first);
            }
            if let Some(second) = signals.next() {
                target.flush();
                eprintln!("interrupted again: cleanups were skipped, fibers stood at");
                eprint!("{}", target.get().map(|engine| engine.dump()).unwrap_or_default());
                std::process::exit(128 + second);
            }
        };
        // The process is about to end when this thread does; without it signals do what they do by default.
        let _ = thread::Builder::new().name("signals".into()).spawn(watch);
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
