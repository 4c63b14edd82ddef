//! In debug builds the search is held to its word: no wait that it has found to last for ever ends with a message, the
//! end of a task or the like, unless somebody was asked to end since. In others nothing here does anything.

use crate::Task;
use crate::runtime::Shared;
use crate::task::body::Own;
use crate::task::record::Raw;
use crate::task::state::Claim;

/// Requests to end so far, of whatever kind.
#[derive(Default)]
pub struct Requests(#[cfg(all(debug_assertions, not(loom)))] crate::sync::atomic::AtomicU64);

/// How many requests there were when the wait was found to last for ever.
#[derive(Default)]
pub struct Mark(#[cfg(all(debug_assertions, not(loom)))] Option<u64>);

#[cfg(all(debug_assertions, not(loom)))]
mod checked {
    use super::*;
    use crate::sync::atomic::Ordering;

    impl Requests {
        /// Somebody is asked to end.
        pub fn note(&self) {
            // Relaxed, here and below: who is woken by what follows has seen more than this.
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The wait of a task was found to last for ever.
    pub fn found<T: Task>(shared: &Shared<T>, task: Raw<T>) {
        // SAFETY: the world is stopped: the task lives, and nobody else is the running side.
        unsafe { task.get().own() }.stuck = Mark(Some(shared.watch.requests.0.load(Ordering::Relaxed)));
    }

    /// A wait has ended.
    pub fn ended<T: Task>(shared: &Shared<T>, own: &mut Own<T>, claim: Claim) {
        let Some(requests) = own.stuck.0.take() else { return };
        let is_request = matches!(claim, Claim::Cancel | Claim::Deadlock);
        let is_alone = requests == shared.watch.requests.0.load(Ordering::Relaxed);
        assert!(is_request || !is_alone, "a wait was said to last for ever, and has ended: {claim:?}");
    }
}

#[cfg(not(all(debug_assertions, not(loom))))]
mod unchecked {
    use super::*;

    impl Requests {
        /// Somebody is asked to end.
        pub fn note(&self) {}
    }

    /// The wait of a task was found to last for ever.
    pub fn found<T: Task>(_: &Shared<T>, _: Raw<T>) {}

    /// A wait has ended.
    #[inline(always)]
    pub fn ended<T: Task>(_: &Shared<T>, own: &mut Own<T>, _: Claim) {
        let Mark() = own.stuck;
    }
}

#[cfg(all(debug_assertions, not(loom)))]
pub use checked::{ended, found};
#[cfg(not(all(debug_assertions, not(loom))))]
pub use unchecked::{ended, found};
