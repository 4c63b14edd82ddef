//! The first SIGINT or SIGTERM cancels what runs, whose cleanups run; the second one ends the process after what is
//! left undone was reported, the third one at once. The first one is like the second when nothing runs. SIGQUIT shows
//! what every fiber is doing, to those who asked (`dump.rs`) or on standard error, and the program goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use aivi::Engine;
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::dump;

/// What signals are for at the moment. Clones are the same.
#[derive(Clone, Default)]
pub struct Target(Arc<Inner>);

#[derive(Default)]
struct Inner {
    engine: Mutex<Option<Engine>>,
    /// What is to be done before the process ends, by whoever ends it; the lock is held meanwhile, so that others wait.
    last: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Target {
    /// From now on they are for this one.
    pub fn set(&self, engine: &Engine) {
        *self.engine() = Some(engine.clone());
    }

    /// From now on they are for nobody.
    pub fn clear(&self) {
        *self.engine() = None;
    }

    /// Before the process ends, `act` is done once, also when a second signal ends it.
    pub fn before_end(&self, act: impl FnOnce() + Send + 'static) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// Ends the process, unless another thread does so already.
    pub fn end(&self, code: i32) -> ! {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(act) = last.take() {
            act();
        }
        // Not `ExitCode`: the language has exit codes beyond a byte, which systems cut as they like.
        std::process::exit(code)
    }

    /// Listens for signals, on a thread of its own: there is nothing that a signal handler may do itself. Where the
    /// system refuses handlers, signals end the process as they do by default.
    pub fn listen(&self) {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGQUIT]) else { return };
        let target = self.clone();
        let watch = move || {
            let (mut first, mut is_ending) = (None, false);
            for signal in &mut signals {
                if signal == SIGQUIT {
                    target.show_fibers();
                } else if is_ending {
                    std::process::exit(128 + signal);
                } else if first.is_none() && target.get().is_some_and(|engine| engine.interrupt(signal) > 0) {
                    first = Some(Instant::now());
                } else {
                    is_ending = true;
                    target.give_up(first, signal);
                }
            }
        };
        // The process is about to end when this thread does; without it signals do what they do by default.
        let _ = thread::Builder::new().name("signals".into()).spawn(watch);
    }

    fn show_fibers(&self) {
        let Some(engine) = self.get() else { return };
        engine.flush();
        if dump::answer(&engine) == 0 {
            eprint!("{}", engine.report_fibers());
        }
    }

    /// Reports what is left undone and ends, on a thread of its own: a further signal does not wait for it.
    fn give_up(&self, first: Option<Instant>, signal: i32) {
        let target = self.clone();
        let end = move || {
            if let Some(engine) = target.get() {
                engine.flush();
                if let Some(first) = first {
                    eprint!("{}", engine.report_undone(first.elapsed()));
                }
            }
            target.end(128 + signal)
        };
        if thread::Builder::new().name("end".into()).spawn(end).is_err() {
            std::process::exit(128 + signal);
        }
    }

    fn get(&self) -> Option<Engine> {
        self.engine().clone()
    }

    fn engine(&self) -> MutexGuard<'_, Option<Engine>> {
        self.0.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
