//! Channels: bounded, unbounded, and rendezvous (capacity 0).
//!
//! One byte lock per channel, sections of some tens of nanoseconds. A sender that finds a receiver waiting hands the
//! message to it directly; a receiver that makes room moves the message of the first waiting sender in.
//!
//! What always holds, under the lock:
//! - Receivers wait only while the buffer is empty and no sender waits (but for those whose wait something else has
//!   ended).
//! - Senders wait only while the buffer is full.
//! - A message is in exactly one place: with its sender, in the buffer, or in the record of the receiver that was
//!   claimed. A claim that is lost takes the message back, so cancelling a receiver never loses one.
//! - `close` lets waiting sends and the buffer drain first (RULE-11).
//!
//! Rejected, measured: storing and waking, the receiver tries again (pingpong 99 ns a round trip against 77);
//! parking_lot's mutex (116); two locks and swapped buffers (93).

mod buffer;
mod queued;
mod register;
mod semaphore;
mod shared;

use std::fmt;

use buffer::Buffer;
pub use queued::queued_messages;
pub use register::{ChannelsLeft, Register};
pub(crate) use semaphore::Called;
use semaphore::Permits;
pub use semaphore::Semaphore;
pub use shared::{Channel, ChannelEnd, Receiver, Receiving, Sender, Sending, Side};
pub(crate) use shared::{Handles, WaitedAt};

use crate::list::List;
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};
use crate::task::waiter::Spot;
use crate::{DumpedChannel, Place, Recv, Send, Task, TryRecv, TrySend};

/// An empty buffer of more messages than this gives its memory back. Below, it is not worth the allocation (arbitrary).
const KEEP: usize = 128;

/// With so many messages in the buffer a sender hears that receivers are behind (measured; see `Send::Crowded`). Four
/// senders on one worker that nobody slows down fill it with three of four messages, which costs each 50 ns of caches
/// and page faults.
const CROWD: usize = 1024;

/// What is behind the lock.
pub(crate) struct Core<T: Task> {
    buffer: Buffer<T::Value>,
    capacity: usize,
    made_at: Option<Place>,
    closed_at: Option<Place>,
    senders: List<Spot<T>>,
    receivers: List<Spot<T>>,
    /// Waiters that were popped and whose tasks will come by all the same: something else had ended their wait, or they
    /// are cases of a select.
    lost: usize,
    /// No handle is left; the last waiter frees the channel.
    is_orphan: bool,
    /// Only of a semaphore.
    permits: Option<Permits<T>>,
    /// Its number in events; 0 until one is needed.
    number: u32,
    /// Its entry among the channels of a simulated runtime.
    entry: Option<register::Entry<T>>,
}

/// Tasks that a channel operation has woken; the caller queues them after the lock was released.
pub(crate) type Woken<T> = Option<Raw<T>>;

impl<T: Task> Channel<T> {
    /// Room for `capacity` messages; with 0 a send waits for its receiver. The buffer grows on demand.
    pub fn bounded(capacity: usize) -> Self {
        Self::made(capacity, None)
    }

    /// Room for everything.
    pub fn unbounded() -> Self {
        Self::bounded(usize::MAX)
    }

    /// As `bounded`, made at this place of a program; for dumps.
    pub fn made_at(place: Place, capacity: usize) -> Self {
        Self::made(capacity, Some(place))
    }

    fn made(capacity: usize, made_at: Option<Place>) -> Self {
        let buffer = Buffer::new();
        let (senders, receivers) = (List::new(), List::new());
        Self::from_core(Core {
            buffer,
            capacity,
            made_at,
            closed_at: None,
            senders,
            receivers,
            lost: 0,
            is_orphan: false,
            permits: None,
            number: 0,
            entry: None,
        })
    }
}

impl<T: Task, S: Side> ChannelEnd<T, S> {
    /// Messages that are buffered.
    pub fn len(&self) -> usize {
        self.core().lock().buffer.len()
    }

    /// Is nothing buffered?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is it closed? Messages may still be there.
    pub fn is_closed(&self) -> bool {
        self.core().lock().closed_at.is_some()
    }

    /// Its number in events, `next` if it has none yet; then also its capacity and where it was made.
    pub(crate) fn number(&self, next: impl FnOnce() -> u32) -> (u32, Option<(usize, Option<Place>)>) {
        let mut core = self.core().lock();
        if core.number > 0 {
            return (core.number, None);
        }
        core.number = next();
        (core.number, Some((core.capacity, core.made_at)))
    }
}

impl<T: Task> Sender<T> {
    /// Sends, or registers `waiter` (a record of the caller's with the number of its wait).
    ///
    /// # Safety
    /// The caller is the running side of the waiter, which is in no list and calls `forget` before it goes on unless it
    /// was claimed by this channel.
    pub(crate) unsafe fn send(&self, value: T::Value, waiter: (Raw<T>, u32), woken: &mut Woken<T>) -> Send<T::Value> {
        let mut core = self.core().lock();
        let offered = core.offer(value, woken);
        self.note_buffered(!core.buffer.is_empty());
        self.note_awaited(!core.receivers.is_empty());
        let value = match offered {
            TrySend::Done if core.is_crowded() => return Send::Crowded,
            TrySend::Done => return Send::Done,
            TrySend::Closed { value, closed_at } => return Send::Closed { value, closed_at },
            TrySend::Full(value) => value,
        };
        // SAFETY: the waiter is the caller's own record and in no list yet (promised), so its message is ours to write;
        // it leaves the list before it goes on (promised), so it lives that long.
        unsafe {
            *waiter.0.get().message() = Some(value);
            core.senders.push_wait(waiter.0.spot(), waiter.1);
        }
        Send::Wait
    }

    /// Sends if nobody waits there, no other thread is at it, and there is room that needs no allocation. True:
    /// receivers are behind. Calls nothing. May say no for no reason.
    #[inline(always)]
    pub(crate) fn send_at_hand(&self, value: T::Value) -> Result<bool, T::Value> {
        match self.core().try_lock() {
            Some(mut core) => {
                core.put_at_hand(value)?;
                self.note_buffered(true);
                Ok(core.is_crowded())
            }
            None => Err(value),
        }
    }

    /// Hands the value to the receiver that waits first, if no other thread is at it. The task that this has woken is
    /// the caller's to queue. Calls nothing. May say no for no reason.
    #[inline(always)]
    pub(crate) fn hand_at_hand(&self, value: T::Value) -> Result<Woken<T>, T::Value> {
        let Some(mut core) = self.core().try_lock() else { return Err(value) };
        let mut woken = None;
        let handed = core.hand_to_first(value, &mut woken);
        self.note_awaited(!core.receivers.is_empty());
        handed.map(|()| woken)
    }

    /// Sends if there is room or a receiver.
    pub(crate) fn try_send(&self, value: T::Value, woken: &mut Woken<T>) -> TrySend<T::Value> {
        self.core().lock().offer(value, woken)
    }

    /// Closes; `woken` is told of each receiver that waited in vain.
    pub(crate) fn close(&self, place: Place, mut woken: impl FnMut(Raw<T>)) {
        let mut core = self.core().lock();
        if core.closed_at.is_some() {
            return;
        }
        core.closed_at = Some(place);
        while let Some((spot, generation)) = core.receivers.pop_wait() {
            let mut ended = None;
            core.end_wait(false, spot, generation, Claim::Closed, &mut ended);
            ended.into_iter().for_each(&mut woken);
        }
    }
}

impl<T: Task> Receiver<T> {
    /// Receives, or registers `waiter`.
    ///
    /// # Safety
    /// As for `send`.
    pub(crate) unsafe fn recv(&self, waiter: (Raw<T>, u32), woken: &mut Woken<T>) -> Recv<T::Value> {
        let mut core = self.core().lock();
        let taken = core.take(woken);
        self.note_buffered(!core.buffer.is_empty());
        match taken {
            TryRecv::Value(value) => return Recv::Value(value),
            TryRecv::Closed => return Recv::Closed,
            TryRecv::Empty => {}
        }
        // SAFETY: as in `send`.
        unsafe { core.receivers.push_wait(waiter.0.spot(), waiter.1) };
        self.note_awaited(true);
        Recv::Wait
    }

    /// Receives if there is a message in the buffer, nobody waits there, and no other thread is at it. Calls nothing.
    #[inline(always)]
    pub(crate) fn recv_at_hand(&self) -> Option<T::Value> {
        let mut core = self.core().try_lock()?;
        let value = core.take_at_hand()?;
        self.note_buffered(!core.buffer.is_empty());
        Some(value)
    }

    /// Receives if there is a message.
    pub(crate) fn try_recv(&self, woken: &mut Woken<T>) -> TryRecv<T::Value> {
        self.core().lock().take(woken)
    }
}

impl<T: Task> Drop for Core<T> {
    fn drop(&mut self) {
        queued::add(-(self.buffer.len() as isize));
        if let Some(entry) = &self.entry {
            entry.leave(self.made_at, self.buffer.len());
        }
    }
}

impl<T: Task> Core<T> {
    /// What dumps tell.
    pub(crate) fn dump(&self, handles: Handles) -> DumpedChannel {
        DumpedChannel {
            made_at: self.made_at,
            capacity: self.capacity,
            buffered: self.buffer.len(),
            is_closed: self.closed_at.is_some(),
            is_semaphore: self.permits.is_some(),
            has_senders: handles.senders > 0,
            has_receivers: handles.receivers > 0,
            senders: None,
            receivers: None,
        }
    }

    /// Takes a sender, whose wait was ended by something else, out of the list.
    pub(crate) fn forget_sender(&mut self, waiter: Spot<T>) {
        if !self.senders.remove(waiter) {
            self.lost -= 1;
        }
    }

    /// Takes a receiver, whose wait was ended by something else, out of the list.
    pub(crate) fn forget_receiver(&mut self, waiter: Spot<T>) {
        if !self.receivers.remove(waiter) {
            self.lost -= 1;
        }
    }

    /// Calls `visit` for each message, also for those of senders that wait.
    fn visit(&mut self, mut visit: impl FnMut(&T::Value)) {
        self.buffer.iter().for_each(&mut visit);
        let mut next = self.senders.first();
        while let Some(spot) = next {
            // SAFETY: it is in our list, so it lives and its message is ours, for we hold the lock.
            unsafe { spot.message() }.iter().for_each(&mut visit);
            next = self.senders.after(spot);
        }
    }

    /// Will some task come by, to take itself out?
    fn is_waited_at(&self) -> bool {
        self.lost > 0 || !self.senders.is_empty() || !self.receivers.is_empty()
    }

    /// Hands the value to a receiver or puts it into the buffer.
    fn offer(&mut self, value: T::Value, woken: &mut Woken<T>) -> TrySend<T::Value> {
        if let Some(closed_at) = self.closed_at {
            return TrySend::Closed { value, closed_at };
        }
        let Some(value) = self.hand_over(value, woken) else { return TrySend::Done };
        if self.buffer.len() >= self.capacity {
            return TrySend::Full(value);
        }
        self.buffer.push(value);
        queued::add(1);
        TrySend::Done
    }

    /// Are receivers behind?
    #[inline(always)]
    fn is_crowded(&self) -> bool {
        self.buffer.len() > CROWD
    }

    /// The usual case of `offer`: into the buffer.
    #[inline(always)]
    fn put_at_hand(&mut self, value: T::Value) -> Result<(), T::Value> {
        if self.buffer.len() >= self.capacity || self.closed_at.is_some() || !self.receivers.is_empty() {
            return Err(value);
        }
        self.buffer.push_at_hand(value)?;
        queued::add(1);
        Ok(())
    }

    /// The usual case of `take`: out of the buffer, which keeps its memory.
    #[inline(always)]
    fn take_at_hand(&mut self) -> Option<T::Value> {
        let keeps = self.buffer.has_next_at_hand() || self.buffer.capacity() <= KEEP;
        if !keeps || !self.senders.is_empty() {
            return None;
        }
        let value = self.buffer.pop_at_hand()?;
        queued::add(-1);
        Some(value)
    }

    /// Gives the value to the first receiver that still waits.
    fn hand_over(&mut self, mut value: T::Value, woken: &mut Woken<T>) -> Option<T::Value> {
        while !self.receivers.is_empty() {
            value = self.hand_to_first(value, woken).err()?;
        }
        Some(value)
    }

    /// Gives the value to the first receiver, which is taken out. Gives it back if there is none, or something else has
    /// ended its wait.
    #[inline(always)]
    fn hand_to_first(&mut self, value: T::Value, woken: &mut Woken<T>) -> Result<(), T::Value> {
        let Some((spot, generation)) = self.receivers.pop_wait() else { return Err(value) };
        // SAFETY: it was in our list, so it lives until it has had the lock (its `forget`), which we hold. A receiver
        // that waits has no message, so nothing is dropped, which the compiler does not see.
        std::mem::forget(unsafe { spot.message() }.replace(value));
        let is_handed = self.end_wait(false, spot, generation, Claim::Message, woken);
        if mutant!("channel.a-cancelled-receiver-keeps-the-message", is_handed, true) {
            return Ok(());
        }
        // SAFETY: the loser goes on only after it had this lock, so its message is still ours.
        match unsafe { spot.message().take() } {
            Some(value) => Err(value),
            None => unreachable!("it was put there under the same lock"),
        }
    }

    /// The next message.
    fn take(&mut self, woken: &mut Woken<T>) -> TryRecv<T::Value> {
        let Some(value) = self.buffer.pop() else {
            let value = if self.senders.is_empty() { None } else { self.take_over(woken) };
            return match value {
                Some(value) => TryRecv::Value(value),
                None if mutant!("channel.waits-at-a-closed-one", self.closed_at.is_some(), false) => TryRecv::Closed,
                None => TryRecv::Empty,
            };
        };
        if !self.senders.is_empty()
            && let Some(next) = self.take_over(woken)
        {
            self.buffer.push(next);
            return TryRecv::Value(value);
        }
        queued::add(-1);
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = Buffer::new();
        }
        TryRecv::Value(value)
    }

    /// The message of the first sender that still waits.
    fn take_over(&mut self, woken: &mut Woken<T>) -> Option<T::Value> {
        while let Some((spot, generation)) = self.senders.pop_wait() {
            // SAFETY: it was in our list, so it lives until it has had the lock (its `forget`), which we hold. Taken
            // before the claim: afterwards the sender may run.
            let message = unsafe { spot.message().take() };
            let has_ended = self.end_wait(true, spot, generation, Claim::Message, woken);
            if mutant!("channel.takes-from-a-cancelled-sender", has_ended, true) {
                return message;
            }
        }
        None
    }

    /// Ends the wait of a sender or receiver that was just popped. False: something else has ended it.
    #[inline]
    fn end_wait(&mut self, sends: bool, spot: Spot<T>, generation: u32, claim: Claim, woken: &mut Woken<T>) -> bool {
        let list = if sends { &mut self.senders } else { &mut self.receivers };
        // Before the claim: afterwards a task that waited for one thing may run, and never comes by.
        // SAFETY: it was in our list, so it lives until it has had the lock (its `forget`), which we hold.
        let (is_case, raw, record) = unsafe { (spot.is_case(), spot.task(), spot.task().get()) };
        let claimed = record.state.claim(generation, claim);
        let has_ended = claimed != Claimed::Lost;
        if is_case {
            *list.has_won(spot) = mutant!("select.nobody-says-who-has-won", has_ended, false);
        }
        self.lost += usize::from(is_case || !has_ended);
        if claimed == Claimed::Queue {
            *woken = Some(raw);
        }
        has_ended
    }

    /// Registers a case of a select that would receive. False: there is something to receive, or was for a moment.
    ///
    /// # Safety
    /// The caller is the running side of the waiter, which is in no list, and forgets it (`forget_case`) before it goes
    /// on.
    pub(crate) unsafe fn add_receiver(&mut self, spot: Spot<T>, generation: u32) -> bool {
        // SAFETY: the waiter is the caller's.
        let me = unsafe { spot.task() };
        let is_met = mutant!("select.does-not-look-again", is_met(&mut self.senders, me), false);
        if !self.buffer.is_empty() || self.closed_at.is_some() || is_met {
            return false;
        }
        // SAFETY: promised by the caller.
        unsafe { self.receivers.push_wait(spot, generation) };
        true
    }

    /// Registers a case of a select that would send. False: there is room, or a receiver, or was for a moment; or it is
    /// closed.
    ///
    /// # Safety
    /// As for `add_receiver`.
    pub(crate) unsafe fn add_sender(&mut self, spot: Spot<T>, generation: u32) -> bool {
        // SAFETY: the waiter is the caller's.
        let me = unsafe { spot.task() };
        if self.buffer.len() < self.capacity || self.closed_at.is_some() || is_met(&mut self.receivers, me) {
            return false;
        }
        // SAFETY: promised by the caller.
        unsafe { self.senders.push_wait(spot, generation) };
        true
    }

    /// Takes a case of a select out. True: it was the one that has ended the wait.
    pub(crate) fn forget_case(&mut self, spot: Spot<T>, sends: bool) -> bool {
        let list = if sends { &mut self.senders } else { &mut self.receivers };
        if list.remove(spot) {
            return false;
        }
        self.lost -= 1;
        *list.has_won(spot)
    }
}

/// Does somebody else than this task wait there?
fn is_met<T: Task>(waiters: &mut List<Spot<T>>, me: Raw<T>) -> bool {
    let mut next = waiters.first();
    while let Some(spot) = next {
        // SAFETY: it is in the list, whose lock the caller has.
        if unsafe { spot.task() } != me {
            return true;
        }
        next = waiters.after(spot);
    }
    false
}

impl<T: Task, S: Side> fmt::Debug for ChannelEnd<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.core().lock();
        write!(f, "Channel {{ buffered: {}, is_closed: {} }}", core.buffer.len(), core.closed_at.is_some())
    }
}
