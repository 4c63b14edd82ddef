//! The first SIGINT or SIGTERM cancels `main`, whose cleanups run; the second one ends the process at once. So does the first
//! when `main` has not begun or is over.

use std::thread;

use aivi::Engine;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Forwards signals to what runs in `engine`, from a thread of its own: there is nothing that a signal handler may do itself.
/// Where the system refuses handlers, signals end the process as they do by default.
pub fn forward(engine: &Engine) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let engine = engine.clone();
    let watch = move || {
        let mut signals = signals.forever();
        if let Some(first) = signals.next()
            && engine.interrupt(first) == 0
        {
            engine.flush();
            std::process::exit(128 + first);
        }
        if let Some(second) = signals.next() {
            engine.flush();
            eprintln!("interrupted again: cleanups were skipped, fibers stood at");
            eprint!("{}", engine.dump());
            std::process::exit(128 + second);
        }
    };
    // The process is about to end when this thread does; without it signals do what they do by default.
    let _ = thread::Builder::new().name("signals".into()).spawn(watch);
}
