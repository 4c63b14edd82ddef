//! Readiness: tasks that wait for sockets and pipes.
//!
//! The [`Reactor`] owns the operating system's poller and is polled by one worker at a time. A [`Registry`] adds
//! sources from any worker; each is registered once, edge-triggered, for both directions, as an [`Io`] that takes
//! itself out when it is dropped. Everybody who waits is named by a [`WaitKey`], which means nothing here.
//!
//! Words: a *rise* is the poller saying that a direction of a source has (again) become ready. Rises are counted. An
//! [`Attempt`] is the count at the time when somebody was about to try.
//!
//! The protocol of one waiting:
//!
//! 1. `attempt = source.attempt(Read)`: note the number of rises.
//! 2. Try: read, write, accept. Whatever it gives but `WouldBlock` is the result; nothing was registered.
//! 3. On `WouldBlock`, `source.wait(attempt, key)`: under the source's lock, compare the number of rises with the
//!    noted one. Different: say "ready now", go to 1. Equal: add the key to the waiting ones.
//! 4. A rise, under the same lock: count it, take out *all* keys, and tell the caller of `poll` of each ([`Ready`]).
//!
//! Why no rise is lost: edge-triggered means that a direction found not ready (step 2) is followed by a rise before it
//! is ready again. That rise is processed after step 2 began, so after step 1. Its counting is either before the
//! comparison in step 3, which then sees another number, or after it, and then it finds the key. There is no third
//! case, as both happen under the lock. A rise older than step 1 needs no waking: step 2 has already seen what it
//! announced.
//!
//! Why all keys and not one: several tasks may wait in one direction (acceptors of one listener). The one that is woken
//! might be cancelled instead, or take only part of what there is, and no second rise would come for the rest. Whoever
//! comes too late waits again.
//!
//! Who reads less than it asked for has *used up* what there was: the next try would give `WouldBlock`. It is left out:
//! `use_up` notes the number of rises that was noted before the read, and step 2 is skipped while that number stands.
//! What comes later is a rise after step 1, as above. The last rise, the end of the stream, announces more than once: a
//! read may take the last bytes after it, and the next one has to find the end. So a direction that is over is always
//! tried. One thing is seen late: a read stops before *urgent* data, and what is behind that waits for the next rise.
//!
//! A cancelled wait is taken out by `forget`. Where a source goes away while tasks wait for it, they are woken by the
//! next poll: their next attempt finds it closed. As a key is taken out and told of under one lock, whoever it names is
//! there as long as it does not let go of its memory before it has taken the key back: no table in between, and no
//! count. It may have been woken by something else before (generations).
//!
//! Rejected: one readiness bit per direction, cleared after `WouldBlock` (loses a rise in between) or before trying (a
//! second reader clears what the first has not used up); re-registering for each wait (a system call each).

mod alarm;
mod limit;
mod poller;
mod readiness;
mod registry;
mod source;
#[cfg(all(test, unix, not(loom)))]
mod tests;

pub use limit::raise_descriptor_limit;
pub use poller::{Reactor, Waker};
#[cfg(all(test, loom))]
pub(crate) use readiness::Readiness;
pub use readiness::{Ready, WaitKey};
pub use registry::Registry;
pub use source::{Attempt, Interest, Io, IoSource};
