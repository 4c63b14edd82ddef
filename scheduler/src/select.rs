//! Select: a wait for one of several things to happen on channels, or for a time; exactly one of them happens.
//!
//! Words. A *case* sends or receives on a channel. A case is *committed* when its message has been handed over, or the
//! channel turned out to be closed. A task that selects has a *waiter* for each case, each in the list of its channel,
//! all with the number of the same wait.
//!
//! 1. **Try.** In an order that chance decides, or the program, each case is tried as `try_send` and `try_recv` do. The
//!    first that can be done is, and it was the only one: nothing had been registered, so nobody else could commit one.
//! 2. **Register.** Otherwise each case is looked at once more, and registered, under the lock of its channel. A case
//!    that could be done by now is *not*: the task claims its own wait, takes its waiters out, and begins again after
//!    others had their turn. If the claim fails, somebody has committed a case meanwhile, and the task goes on with
//!    that one.
//! 3. **Wait.** From here on a select is a wait like any other (`task/state.rs`): the first claim wins, be it of a
//!    sender, a receiver, a close, a timer, or a request to cancel.
//!
//! *One case is committed.* Whoever pops a waiter has to win the claim of the wait's number before the message changes
//! hands, and one claim wins. Popping says nothing: a claim that is lost takes the message back (receiver) or leaves it
//! to its sender.
//!
//! *No message is lost.* A message is in exactly one place (`channel/mod.rs`), and the waiter of a case is one of them
//! only while its claim is won. The winner writes `has_won` under the lock of its channel; the task goes on only after
//! it has taken that lock, for each of its cases, to forget them. So it sees who has won, and the message with it, and
//! nobody points at its waiters afterwards. A channel counts a popped case as one who will come by, so it lives until
//! then.
//!
//! *Nobody waits beside something ready.* What comes after a case was registered finds its waiter; what came before is
//! seen when it is registered, under the same lock. Two selects that could serve each other: the second to register
//! sees the first one's waiter, unless both have claimed themselves to begin again, and then others run before they do.
//!
//! Rejected: taking the locks of all channels together, in the order of their addresses (a hundred byte locks held at
//! once, by a thread that may be preempted); committing a case in step 2 (then the claims of two tasks would have to be
//! won together).

use std::ptr::NonNull;

use crate::channel::{Receiver, Sender, WaitedAt};
use crate::task::record::Raw;
use crate::task::waiter::CaseWaiter;
use crate::{Place, Task};

/// One thing that a select may do.
pub enum Case<'a, T: Task> {
    /// Send this.
    Send(&'a Sender<T>, T::Value),
    /// Receive.
    Recv(&'a Receiver<T>),
}

/// How long a select waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Not at all.
    Never,
    /// So many nanoseconds.
    Within(u64),
    /// For as long as it takes.
    None,
}

/// Answer of `select`. The number is that of the case.
pub enum Selected<V> {
    /// It has sent.
    Sent(usize),
    /// It has received this.
    Received(usize, V),
    /// It would receive, from a channel that is closed and drained.
    Drained(usize),
    /// It would send to a channel that was closed, there.
    Closed(usize, Place),
    /// Nothing can be done now, and the caller does not want to wait.
    Nothing,
    /// Others were at the same channels at the same time: let them go on, and ask again.
    Again,
    /// The wait is registered: return [`Step::Waiting`](crate::Step::Waiting).
    Wait,
}

/// The registered cases of a task that waits.
pub struct Selecting<T: Task>(NonNull<[Entry<T>]>);

/// A registered case.
pub struct Entry<T: Task> {
    waiter: CaseWaiter<T>,
    /// Its channel.
    pub channel: WaitedAt<T>,
    /// It sends.
    pub sends: bool,
    /// The number of the channel, if events are noted.
    pub number: u32,
    is_registered: bool,
}

// SAFETY: what the entries hold is `Send`; their waiters are guarded as `waiter.rs` says.
unsafe impl<T: Task> Send for Selecting<T> {}

impl<T: Task> Selecting<T> {
    /// The waiters of a task, in no list yet. `number` gives the numbers of channels.
    pub fn new(task: Raw<T>, cases: &[Case<'_, T>], mut number: impl FnMut(&Case<'_, T>) -> u32) -> Self {
        let entry = |case: &Case<'_, T>| {
            let number = number(case);
            let (channel, message, sends) = match case {
                Case::Send(tx, value) => (tx.waited_at(), Some(value.clone()), true),
                Case::Recv(rx) => (rx.waited_at(), None, false),
            };
            Entry { waiter: CaseWaiter::new(task, message), channel, sends, number, is_registered: false }
        };
        let entries: Box<[Entry<T>]> = cases.iter().map(entry).collect();
        Selecting(NonNull::from(Box::leak(entries)))
    }

    /// The cases.
    pub fn entries(&self) -> &[Entry<T>] {
        // SAFETY: ours, and only waiters, which are behind cells, are changed.
        unsafe { self.0.as_ref() }
    }

    /// Registers all cases. False: one of them could be done by now, and those behind it are not registered.
    ///
    /// # Safety
    /// The caller is the running side of the task, the number is that of its next wait, the channels live, and `forget`
    /// is called before the task goes on.
    pub unsafe fn register(&mut self, generation: u32) -> bool {
        // SAFETY: ours.
        for entry in unsafe { self.0.as_mut() } {
            let spot = entry.waiter.spot();
            // SAFETY: promised by the caller.
            let is_registered = unsafe {
                entry.channel.with(|core| match entry.sends {
                    true => core.add_sender(spot, generation),
                    false => core.add_receiver(spot, generation),
                })
            };
            if !is_registered {
                return false;
            }
            entry.is_registered = true;
        }
        true
    }

    /// Takes all waiters out of the lists. Gives the case that has ended the wait, if one has, with its message.
    ///
    /// # Safety
    /// The caller is the running side of the task.
    pub unsafe fn forget(mut self) -> Option<(usize, Option<T::Value>)> {
        let mut won = None;
        // SAFETY: ours.
        for (index, entry) in unsafe { self.0.as_mut() }.iter_mut().enumerate() {
            if !std::mem::take(&mut entry.is_registered) {
                continue;
            }
            let spot = entry.waiter.spot();
            let mut has_won = false;
            // SAFETY: the waiter is in a list of the channel, or among those who come by (`lost`), and is forgotten
            // once.
            unsafe { entry.channel.forget(|core| has_won = core.forget_case(spot, entry.sends)) };
            if has_won {
                // SAFETY: it is in no list any more, and we are the running side.
                won = Some((index, unsafe { spot.message() }.take()));
            }
        }
        won
    }
}

impl<T: Task> Drop for Selecting<T> {
    fn drop(&mut self) {
        debug_assert!(self.entries().iter().all(|entry| !entry.is_registered), "its waiters are forgotten before");
        // SAFETY: it came from a box, and no list has a pointer to it (`forget`).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
