//! The state word: where the running side of a task and everybody who may wake it meet.
//!
//! Words: each wait of a task has a number, its *generation*. A *claim* decides what ended the wait; exactly one claim
//! wins. A task *publishes* a wait when everything else about it has been written: registered wherever a wake may come
//! from, state machine put away.
//!
//! One wait, number `g`; the word still shows `g - 1`:
//!
//! 1. The task registers `g` wherever a wake may come from: a channel, a timer, a source.
//! 2. `publish(g)`: one compare-and-swap from (g - 1, any) to (g, waiting). From then on the running side touches
//!    nothing.
//! 3. `claim(g)`: from (g, waiting) to (g, claimed): the winner now owns the right to run the task, and queues it. Or,
//!    if the claim is early, from (g - 1, any) to (g, claimed): then step 2 finds it and the task just goes on.
//!
//! All other claims of `g` find (g, claimed) or something later and lose. A request to cancel is a flag that stays; it
//! claims a published wait by itself, unless the task is masked, and makes later ones fail to publish.
//!
//! Orderings: every change of the word is AcqRel, so what a claimant wrote before (a message) is seen by the woken
//! task, and what the task wrote before publishing is seen by whoever claims and runs it. The word is the only location
//! in the protocol, so nothing stronger is needed.

use crate::sync::atomic::{AtomicU64, Ordering};

/// What ended a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Claim {
    /// The first run; not a wait.
    Start = 0,
    /// A timer.
    Timer,
    /// A message has come, or was taken, or permits were given.
    Message,
    /// The channel is closed.
    Closed,
    /// The task that is joined has ended.
    Joined,
    /// The last child has ended.
    Group,
    /// The last member has ended.
    AllJoined,
    /// A source is ready.
    Io,
    /// A blocking job or a completer.
    Completed,
    /// A latch was opened.
    Latch,
    /// A request to cancel.
    Cancel,
    /// Everything waits for ever.
    Deadlock,
}

impl Claim {
    const ALL: [Claim; 12] = [
        Claim::Start,
        Claim::Timer,
        Claim::Message,
        Claim::Closed,
        Claim::Joined,
        Claim::Group,
        Claim::AllJoined,
        Claim::Io,
        Claim::Completed,
        Claim::Latch,
        Claim::Cancel,
        Claim::Deadlock,
    ];
}

const CLAIM_MASK: u64 = 0xF;
const WAITING: u64 = 1 << 4;
const REASON: u64 = 1 << 5;
const CANCEL: u64 = 1 << 6;
const MASKED: u64 = 1 << 7;
const KILL: u64 = 1 << 8;
const FLAGS: u64 = 0xFFFF_FFE0;
const GENERATION_SHIFT: u32 = 32;

/// The word of one task.
pub struct State(AtomicU64);

/// How a claim went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// Won, and the wait was published: the claimant must queue the task.
    Queue,
    /// Won before the wait was published: the task goes on by itself.
    Early,
    /// Something else has ended the wait.
    Lost,
}

/// A copy of the word.
#[derive(Clone, Copy)]
pub struct Snapshot(u64);

impl State {
    /// A task that has not run: generation 0, claimed by [`Claim::Start`].
    pub fn new() -> Self {
        State(AtomicU64::new(Claim::Start as u64))
    }

    /// The word at the moment.
    #[inline]
    pub fn load(&self) -> Snapshot {
        // Acquire pairs with the AcqRel of whoever set the flags that the caller looks at.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Ends wait `generation` for the reason `claim`, if nothing else has.
    pub fn claim(&self, generation: u32, claim: Claim) -> Claimed {
        let mut won = Claimed::Lost;
        self.update(|word| {
            let word_generation = Snapshot(word).generation();
            let is_waiting = mutant!("state.two-claims-win", word & WAITING != 0, true);
            let is_next = word_generation == generation.wrapping_sub(1) && word & WAITING == 0;
            won = if mutant!("state.a-late-claim-hits", word_generation == generation, true) && is_waiting {
                Claimed::Queue
            } else if is_next {
                mutant!("state.an-early-claim-is-lost", Claimed::Early, Claimed::Lost)
            } else {
                Claimed::Lost
            };
            (won != Claimed::Lost).then(|| compose(generation, word & FLAGS, claim as u64))
        });
        won
    }

    /// Publishes wait `generation`; if something has already ended it, says what. A request to cancel counts when
    /// `heed`.
    ///
    /// After `None` the task may be running elsewhere: the caller touches nothing.
    pub fn publish(&self, generation: u32, heed_cancel: bool) -> Option<Claim> {
        let mut ended = None;
        self.update(|word| {
            let snapshot = Snapshot(word);
            ended = if snapshot.generation() == generation {
                Some(snapshot.claim())
            } else if snapshot.is_killed() || heed_cancel && snapshot.shows_cancel() {
                mutant!("state.publish-overlooks-a-request", Some(Claim::Cancel), None)
            } else {
                None
            };
            match ended {
                Some(claim) if snapshot.generation() != generation => {
                    Some(compose(generation, word & FLAGS, claim as u64))
                }
                Some(_) => None,
                None => Some(compose(generation, word & FLAGS, WAITING)),
            }
        });
        ended
    }

    /// Publishes once more a wait that was claimed by something that does not end it. False: there is a request to
    /// cancel or to kill, and the caller heeds it.
    pub fn publish_again(&self, heed_cancel: bool, heed_kill: bool) -> bool {
        self.update(|word| {
            let snapshot = Snapshot(word);
            let is_cancelled = heed_cancel && snapshot.shows_cancel();
            let stop = heed_kill && snapshot.is_killed()
                || mutant!("state.publish-again-overlooks-a-request", is_cancelled, false);
            (!stop).then_some(word & !CLAIM_MASK | WAITING)
        })
    }

    /// Takes the right to write the reason for a cancellation. Only the first caller gets it.
    pub fn claim_reason(&self) -> bool {
        let is_free = |word| mutant!("state.two-write-the-reason", word & REASON == 0, true);
        self.update(|word| is_free(word).then_some(word | REASON))
    }

    /// Requests cancellation, once the reason has been written. True: the wait is claimed, queue the task.
    pub fn cancel(&self) -> bool {
        self.set_and_claim(CANCEL, mutant!("state.a-request-ignores-the-mask", MASKED, 0))
    }

    /// Ends the task at its next turn without running it. True: the wait is claimed, queue the task.
    pub fn kill(&self) -> bool {
        self.set_and_claim(KILL, 0)
    }

    /// Ends a published wait of whatever generation. True: queue the task.
    pub fn claim_any(&self, claim: Claim) -> bool {
        self.update(|word| (word & WAITING != 0).then_some(word & !(WAITING | CLAIM_MASK) | claim as u64))
    }

    /// Requests to cancel neither show nor end waits from here on, or do again.
    pub fn set_masked(&self, masked: bool) {
        self.update(|word| Some(if masked { word | MASKED } else { word & !MASKED }));
    }

    fn set_and_claim(&self, flag: u64, unless: u64) -> bool {
        let mut claimed = false;
        self.update(|word| {
            claimed = word & WAITING != 0 && word & unless == 0;
            let cleared = if claimed { word & !(WAITING | CLAIM_MASK) | Claim::Cancel as u64 } else { word };
            Some(cleared | flag)
        });
        claimed
    }

    /// Applies `change` until it holds, or until it is `None`: then false.
    #[inline]
    fn update(&self, mut change: impl FnMut(u64) -> Option<u64>) -> bool {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let Some(changed) = change(word) else { return false };
            let ordering = mutant!("state.changes-are-relaxed", Ordering::AcqRel, Ordering::Relaxed);
            match self.0.compare_exchange_weak(word, changed, ordering, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }
}

impl Snapshot {
    /// The number of the last wait that was published or claimed.
    pub fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }

    /// What ended the last wait.
    pub fn claim(self) -> Claim {
        Claim::ALL[(self.0 & CLAIM_MASK) as usize]
    }

    /// A published wait that nothing has ended.
    pub fn is_waiting(self) -> bool {
        self.0 & WAITING != 0
    }

    /// Cancellation was requested, masked or not.
    pub fn is_cancelled(self) -> bool {
        self.0 & CANCEL != 0
    }

    /// Requests to cancel do not show.
    pub fn is_masked(self) -> bool {
        self.0 & MASKED != 0
    }

    /// Cancellation was requested and is not masked.
    pub fn shows_cancel(self) -> bool {
        self.0 & (CANCEL | MASKED) == CANCEL
    }

    /// It is not to be run any more.
    pub fn is_killed(self) -> bool {
        self.0 & KILL != 0
    }
}

fn compose(generation: u32, flags: u64, rest: u64) -> u64 {
    u64::from(generation) << GENERATION_SHIFT | flags & FLAGS | rest
}
