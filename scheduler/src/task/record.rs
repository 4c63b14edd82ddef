//! What the scheduler keeps of a task, and the pointers to it.
//!
//! It is in two parts. The [`Record`] lives while anybody knows the task: it has what handles ask for. Its [`Body`]
//! (`body.rs`) has what only a task needs that has not ended, and goes with the right to run: a million tasks that have
//! ended and wait to be joined are a million records, without bodies. The body of a root stays as long as the record,
//! as its task does.
//!
//! Who may touch which field of a [`Record`], and when:
//!
//! 1. `id`, `state`, `refs`, `spawned_at`, `is_root`, `is_joined`, `joining`, `has_ended`: anybody who knows the record
//!    lives.
//! 2. `body`: whoever knows besides that the task has not ended, or is a root. Who may touch what in it is said there.
//! 3. `reason`: written once by the winner of `State::claim_reason`, read by whoever saw the request to cancel after
//!    it.
//! 4. `cargo` as an outcome: written once by the running side before `has_ended`, read by whoever saw that it ended.
//! 5. `waiter`, and before the end `cargo` as a message: under the lock of the list in which the waiter is; by the
//!    running side when it is in none (`waiter.rs`).
//! 6. `joiners`: under the lock `joining`. Who has a reference may join; who waits has none any more, but has set
//!    `is_joined`.
//!
//! A million tasks are a million records, so none of it is larger than it must be: a fiber's record is 112 bytes and
//! its body 128, both sizes that allocators have.
//!
//! Who keeps a record alive: counted [`Ref`]s. The right to run is one of them; handles, groups and joiners hold
//! others. A [`Raw`] counts nothing. It is sound where the task cannot end before the pointer is gone: a waiting task
//! takes itself out of every list, under the list's lock, before it goes on; a task that has children does not end
//! before them.

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::ptr::NonNull;

use super::body::{Body, Own, Parent};
use super::free::{free_in_turn, is_freeing};
use super::state::{Claim, Claimed, State};
use super::waiter::{Spot, Waiter};
use super::{CancelReason, Outcome, Place, Task};
use crate::list::List;
use crate::prefetch::prefetch;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use crate::sync::{JOINERS, Lock};

/// What anybody who knows a task may ask for.
pub struct Record<T: Task> {
    /// Unique in the runtime. Never changes.
    pub id: u64,
    pub state: State,
    refs: AtomicU32,
    /// Did anybody ever ask for the outcome?
    is_joined: AtomicBool,
    /// Guards `joiners`.
    joining: Lock<(), JOINERS>,
    has_ended: AtomicBool,
    /// Its body lives as long as the record. Never changes.
    is_root: bool,
    /// Where it was made. Never changes.
    pub spawned_at: Place,
    /// Who waits for the outcome.
    joiners: UnsafeCell<List<Spot<T>>>,
    pub(super) waiter: Waiter<T>,
    reason: UnsafeCell<Option<CancelReason>>,
    cargo: UnsafeCell<Cargo<T>>,
    /// Gone when the task has ended, but for a root's. Never changes.
    body: NonNull<Body<T>>,
}

/// What a record carries for others: never both, and `has_ended` says which.
union Cargo<T: Task> {
    /// The message that travels with a wait.
    message: ManuallyDrop<Option<T::Value>>,
    outcome: ManuallyDrop<Option<Outcome<T::Value, T::Fault>>>,
}

// SAFETY: all fields are owned by the record or guarded as the module page says; what they hold is `Send` (`Task`,
// `Task::Value`, `Task::Fault`), and pointers to other records are sound on every thread for the same reason.
unsafe impl<T: Task> Send for Record<T> {}
// SAFETY: as above; unguarded fields are reached only by the one running side.
unsafe impl<T: Task> Sync for Record<T> {}

impl<T: Task> Record<T> {
    /// A new task that nobody has queued. `refs` counts the right to run too.
    pub fn create(spares: &mut Spares<T>, id: u64, task: T, parent: Parent<T>, own: Own<T>, refs: u32) -> Raw<T> {
        let memory = spares.records.take();
        let record = Record {
            id,
            state: State::new(),
            refs: AtomicU32::new(refs),
            is_joined: AtomicBool::new(false),
            joining: Lock::new(()),
            has_ended: AtomicBool::new(false),
            is_root: matches!(parent, Parent::Run(_)),
            spawned_at: own.place,
            joiners: UnsafeCell::new(List::new()),
            waiter: Waiter::new(),
            reason: UnsafeCell::new(None),
            cargo: UnsafeCell::new(Cargo { message: ManuallyDrop::new(None) }),
            body: spares.bodies.take(),
        };
        // SAFETY: both are boxes for what is written there, and ours.
        unsafe {
            record.body.write(Body::new(task, parent, own));
            memory.write(record);
        }
        Raw(memory)
    }

    /// Asks for the memory of the body.
    pub fn prefetch_body(&self) {
        prefetch(self.body.as_ptr(), size_of::<Body<T>>());
    }

    /// How many references there are. Exact only while nobody runs.
    pub fn refs(&self) -> u32 {
        // Relaxed: only a number.
        self.refs.load(Ordering::Relaxed)
    }

    /// Is this the only reference left?
    pub fn is_last_ref(&self) -> bool {
        // Acquire pairs with the Release of the references that were dropped.
        self.refs.load(Ordering::Acquire) == 1
    }

    /// What it has only until it ends.
    ///
    /// # Safety
    /// The task does not end as long as the reference is used, and has not, or is a root.
    #[inline]
    pub unsafe fn body(&self) -> &Body<T> {
        // SAFETY: promised by the caller: who ends a task drops the body afterwards (`Spares::drop_body`).
        unsafe { self.body.as_ref() }
    }

    /// The fields of the running side.
    ///
    /// # Safety
    /// The caller is the running side, and holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn own(&self) -> &mut Own<T> {
        // SAFETY: promised by the caller; there is no running side of a task that has ended, and a root's body stays.
        unsafe { self.body().own() }
    }

    /// The state machine; `None` once the task has ended.
    ///
    /// # Safety
    /// The caller is the running side, and holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn task(&self) -> &mut Option<T> {
        // SAFETY: as in `own`.
        unsafe { self.body().task() }
    }

    /// The body, for the one who has ended the task and drops it (`Spares::drop_body`). `None` for a root.
    pub fn body_to_drop(&self) -> Option<NonNull<Body<T>>> {
        (!self.is_root).then_some(self.body)
    }

    /// The message that travels with a wait.
    ///
    /// # Safety
    /// The caller holds the lock of the list in which the record waits; or it waits in none and the caller is the
    /// running side. The task has not ended.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn message(&self) -> &mut Option<T::Value> {
        assert!(!cfg!(any(debug_assertions, loom)) || !self.has_ended(), "a task that has ended carries an outcome");
        // SAFETY: promised by the caller; a task that has not ended carries a message (`create`).
        unsafe { &mut (*self.cargo.get()).message }
    }

    /// Asks the task to end. True: this has ended its wait, and the caller must queue it.
    #[must_use = "true means that the caller has to queue the task"]
    pub fn request_cancel(&self, reason: CancelReason) -> bool {
        if self.has_ended() || !self.state.claim_reason() {
            return false;
        }
        // SAFETY: `claim_reason` lets one caller through, and readers come after `cancel` (rule 3).
        unsafe { *self.reason.get() = Some(reason) };
        self.state.cancel()
    }

    /// Why the task was cancelled, if it was.
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        // SAFETY: the reason was written before the flag that we have seen, and is not written again (rule 3).
        self.state.load().is_cancelled().then(|| unsafe { *self.reason.get() }).flatten()
    }

    /// Writes the outcome of a task that nobody can join, as it has no handle.
    ///
    /// # Safety
    /// The caller is the running side.
    pub unsafe fn set_branch_outcome(&self, outcome: Outcome<T::Value, T::Fault>) {
        // SAFETY: promised by the caller.
        unsafe { self.carry(outcome) };
        // Release pairs with the Acquire in `has_ended`.
        self.has_ended.store(true, Ordering::Release);
    }

    /// Puts the outcome where the message was. `has_ended` follows.
    ///
    /// # Safety
    /// The caller is the running side, and the record waits in no list.
    unsafe fn carry(&self, outcome: Outcome<T::Value, T::Fault>) {
        // SAFETY: nobody reads the outcome before `has_ended` (rule 4), and the message is the running side's (rule 5).
        unsafe {
            ManuallyDrop::drop(&mut (*self.cargo.get()).message);
            (*self.cargo.get()).outcome = ManuallyDrop::new(Some(outcome));
        }
    }

    /// Takes the outcome.
    ///
    /// # Safety
    /// Nobody else reads it: the caller has the only reference; or it is the running side of the owner of this branch,
    /// and every child of the group has ended.
    pub unsafe fn take_outcome(&self) -> Option<Outcome<T::Value, T::Fault>> {
        // SAFETY: promised by the caller.
        if self.has_ended() { unsafe { &mut *(*self.cargo.get()).outcome }.take() } else { None }
    }

    /// Writes the outcome and tells those who join; `woken` is to queue them. The running side calls it once; `refs` of
    /// the references are its own.
    ///
    /// Each joiner is given one count of the record.
    ///
    /// # Safety
    /// The caller is the running side.
    pub unsafe fn set_outcome(&self, outcome: Outcome<T::Value, T::Fault>, refs: u32, mut woken: impl FnMut(Raw<T>)) {
        // SAFETY: promised by the caller.
        unsafe { self.carry(outcome) };
        // Acquire pairs with the Release of the references that were dropped: without others nobody will join, and who
        // does already has set `is_joined` before it dropped its own. No lock is needed then.
        let is_alone = self.refs.load(Ordering::Acquire) == refs;
        if is_alone && mutant!("record.overlooks-who-joins-without-a-reference", !self.is_joined(), true) {
            // Release as below.
            return self.has_ended.store(true, Ordering::Release);
        }
        let _guard = self.joining.lock();
        // Release pairs with the Acquire in `has_ended`.
        self.has_ended.store(true, Ordering::Release);
        // SAFETY: we have the lock (rule 6), and this is the only reference.
        while let Some((spot, generation)) = unsafe { &mut *self.joiners.get() }.pop_wait() {
            // SAFETY: it was in the list, so it lives until it has had the lock (`forget_joiner`), which we hold.
            let joiner = unsafe { spot.task() };
            // Relaxed as in `Ref::clone`: before the claim, as the joiner may run at once.
            self.refs.fetch_add(1, Ordering::Relaxed);
            // SAFETY: as above.
            if unsafe { joiner.get() }.state.claim(generation, Claim::Joined) == Claimed::Queue {
                woken(joiner);
            }
        }
    }

    /// Registers a wait for the outcome; false if it is there.
    ///
    /// # Safety
    /// The caller is the running side of the joiner, which is in no list, and, unless it is claimed by
    /// [`Claim::Joined`], calls `forget_joiner` before it goes on. The record lives until then or until the claim.
    pub unsafe fn join(&self, joiner: Raw<T>, generation: u32) -> bool {
        let _guard = self.joining.lock();
        self.note_joined();
        if mutant!("record.joins-after-the-end", self.has_ended(), false) {
            return false;
        }
        // SAFETY: promised by the caller; we have the lock (rule 6).
        unsafe { (*self.joiners.get()).push_wait(joiner.spot(), generation) };
        true
    }

    /// Takes a joiner, whose wait was ended by something else, out of the list. False: it had been taken out by the end
    /// of the task, and so it owns a count of the record.
    pub fn forget_joiner(&self, joiner: Raw<T>) -> bool {
        let _guard = self.joining.lock();
        // SAFETY: we have the lock (rule 6); the joiner lives: it is the caller's, who goes on.
        unsafe { (*self.joiners.get()).remove(joiner.spot()) }
    }

    /// Somebody asks for the outcome.
    pub fn note_joined(&self) {
        if !self.is_joined() {
            // Relaxed: who asks has a reference, and those that look are ordered by what they know of references
            // (`set_outcome`, `is_last_ref`), or come when all tasks of the scope have ended.
            self.is_joined.store(true, Ordering::Relaxed);
        }
    }

    /// Has somebody asked for the outcome?
    pub fn is_joined(&self) -> bool {
        // Relaxed as in `note_joined`.
        self.is_joined.load(Ordering::Relaxed)
    }

    /// Is the outcome there?
    pub fn has_ended(&self) -> bool {
        // Acquire pairs with the Release in `set_outcome`.
        self.has_ended.load(Ordering::Acquire)
    }

    /// How the task ended; `None` while it has not.
    pub fn outcome(&self) -> Option<&Outcome<T::Value, T::Fault>> {
        // SAFETY: written before the flag that we have seen, never again (rule 4).
        if self.has_ended() { unsafe { &(*self.cargo.get()).outcome }.as_ref() } else { None }
    }
}

impl<T: Task> Drop for Record<T> {
    fn drop(&mut self) {
        let has_ended = self.has_ended();
        let cargo = self.cargo.get_mut();
        // SAFETY: `has_ended` says which of the two is there (`create`, `carry`). Bodies are made in boxes.
        unsafe {
            match has_ended {
                true => ManuallyDrop::drop(&mut cargo.outcome),
                false => ManuallyDrop::drop(&mut cargo.message),
            }
            // Whoever ended it has dropped the body, but that of a root.
            if self.is_root || !has_ended {
                drop(Box::from_raw(self.body.as_ptr()));
            }
        }
    }
}

/// A counted pointer to a record.
pub struct Ref<T: Task>(Raw<T>);

impl<T: Task> Ref<T> {
    /// Takes over one count.
    ///
    /// # Safety
    /// The count exists and belongs to the caller.
    pub unsafe fn from_raw(raw: Raw<T>) -> Self {
        Ref(raw)
    }

    /// The pointer, not counted.
    pub fn raw(&self) -> Raw<T> {
        self.0
    }

    /// Gives one of the caller's two references up.
    pub fn drop_second(self) {
        // Acquire as in `is_last_ref`. If there are no others, nobody counts in between.
        if self.refs.load(Ordering::Acquire) == 2 {
            self.refs.store(1, Ordering::Relaxed);
            std::mem::forget(self);
        }
    }
}

impl<T: Task> Deref for Ref<T> {
    type Target = Record<T>;

    fn deref(&self) -> &Record<T> {
        // SAFETY: our count keeps the record alive.
        unsafe { self.0.get() }
    }
}

impl<T: Task> Clone for Ref<T> {
    fn clone(&self) -> Self {
        // Relaxed: the count is at least ours. It cannot overflow: 2^32 pointers take 32 GiB.
        self.refs.fetch_add(1, Ordering::Relaxed);
        Ref(self.0)
    }
}

impl<T: Task> Drop for Ref<T> {
    fn drop(&mut self) {
        // The only reference needs no decrement. Release pairs with the fence below and with `is_last_ref`.
        if !self.is_last_ref() && self.refs.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        // SAFETY: that was the last count, and every `Raw` is gone by then (module page): nobody will reach it again.
        unsafe { free_in_turn(self.0.0.cast(), free_box::<T>) };
    }
}

/// Frees a record and its memory.
///
/// # Safety
/// It is a record of `T` that nobody will reach again.
unsafe fn free_box<T: Task>(record: NonNull<()>) {
    // SAFETY: promised by the caller; records are made in boxes (`create`).
    drop(unsafe { Box::from_raw(record.cast::<Record<T>>().as_ptr()) });
}

/// Drops a record and leaves its memory.
///
/// # Safety
/// It is a record of `T` that nobody will reach again.
unsafe fn drop_in_place<T: Task>(record: NonNull<()>) {
    // SAFETY: promised by the caller.
    unsafe { record.cast::<Record<T>>().drop_in_place() };
}

/// Memory of records and bodies that are gone, for the next ones of the same worker: saves half of what making a task
/// costs.
pub struct Spares<T: Task> {
    records: Memory<Record<T>>,
    bodies: Memory<Body<T>>,
}

/// Boxes that nothing is in.
struct Memory<M>(Vec<Box<MaybeUninit<M>>>);

/// More spare records than this go back to the allocator: about 60 KiB of these and of bodies (arbitrary).
const SPARES_MAX: usize = 256;

impl<T: Task> Spares<T> {
    /// None yet.
    pub const fn new() -> Self {
        Spares { records: Memory(Vec::new()), bodies: Memory(Vec::new()) }
    }

    /// Drops a reference; the memory of the last one is kept.
    pub fn recycle(&mut self, record: Ref<T>) {
        if !record.is_last_ref() || self.records.is_full() || is_freeing() {
            return drop(record);
        }
        let raw = ManuallyDrop::new(record).0;
        // SAFETY: that was the last count, and every `Raw` is gone by then (module page). No record is being freed
        // around us (`is_freeing`), so it is dropped at once. The memory came from a box of the same type.
        unsafe {
            free_in_turn(raw.0.cast(), drop_in_place::<T>);
            self.records.keep(raw.0);
        }
    }

    /// Drops the body of a task that has ended, and keeps the memory.
    ///
    /// # Safety
    /// It is what `body_to_drop` of its record gave, once, and the caller is the one who has ended the task: nobody
    /// looks at the body any more.
    pub unsafe fn drop_body(&mut self, mut body: NonNull<Body<T>>) {
        // SAFETY: promised by the caller. Bodies are made in boxes.
        unsafe {
            if !body.as_mut().is_empty() {
                body.drop_in_place();
            }
            if cfg!(debug_assertions) {
                // So that who still looks at it does not get far.
                body.write_bytes(0xA5, 1);
            }
            self.bodies.keep(body);
        }
    }

    /// Gives a reference up for the outcome, which is there when the task has ended.
    pub fn outcome(&mut self, record: Ref<T>) -> Option<Outcome<T::Value, T::Fault>> {
        if !record.is_last_ref() || record.is_root {
            let outcome = record.outcome().cloned();
            self.recycle(record);
            return outcome;
        }
        // SAFETY: ours is the only reference, and it goes.
        let outcome = unsafe { record.take_outcome() };
        if outcome.is_none() {
            self.recycle(record);
            return None;
        }
        let raw = ManuallyDrop::new(record).0;
        // SAFETY: as in `recycle`. It owns nothing any more: it has ended, and so its body is gone, and its outcome is
        // ours.
        unsafe { self.records.keep(raw.0) };
        outcome
    }
}

impl<M> Memory<M> {
    fn is_full(&self) -> bool {
        self.0.len() == SPARES_MAX
    }

    /// A box, which the caller owns.
    fn take(&mut self) -> NonNull<M> {
        NonNull::from(Box::leak(self.0.pop().unwrap_or_else(Box::new_uninit))).cast()
    }

    /// Keeps a box, or gives it back to the allocator.
    ///
    /// # Safety
    /// It came from `take`, what was in it is gone, and the caller does not use it any more.
    unsafe fn keep(&mut self, memory: NonNull<M>) {
        // SAFETY: promised by the caller; a box that may hold anything holds what is left there.
        let memory = unsafe { Box::from_raw(memory.as_ptr().cast::<MaybeUninit<M>>()) };
        if !self.is_full() {
            self.0.push(memory);
        }
    }
}

/// A pointer that counts nothing.
pub struct Raw<T: Task>(NonNull<Record<T>>);

impl<T: Task> Raw<T> {
    /// Where no record is.
    pub const NOWHERE: Raw<T> = Raw(NonNull::dangling());

    /// The record at this address. The pointer is one to the whole record.
    pub fn new(record: NonNull<Record<T>>) -> Self {
        Raw(record)
    }

    /// The record.
    ///
    /// # Safety
    /// The record lives as long as the reference is used.
    #[inline]
    pub unsafe fn get<'a>(self) -> &'a Record<T> {
        // SAFETY: promised by the caller.
        unsafe { self.0.as_ref() }
    }

    /// The pointer as a number, and back.
    pub fn to_word(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// From `to_word`; or 0, which is nowhere.
    pub fn from_word(word: u64) -> Self {
        let record = std::ptr::with_exposed_provenance_mut(word as usize);
        NonNull::new(record).map_or(Raw::NOWHERE, Raw)
    }

    /// Asks for the memory of the record.
    pub fn prefetch(self) {
        prefetch(self.0.as_ptr(), size_of::<Record<T>>());
    }

    /// Its place where it waits for one thing.
    ///
    /// # Safety
    /// The record lives.
    #[inline]
    pub unsafe fn spot(self) -> Spot<T> {
        // SAFETY: promised by the caller.
        unsafe { Spot::of_record(self.0) }
    }

    /// Where the record is: a number that tells tasks apart while they live.
    pub fn address(self) -> usize {
        self.0.as_ptr().addr()
    }

    /// One more count.
    ///
    /// # Safety
    /// The record lives.
    pub unsafe fn to_ref(self) -> Ref<T> {
        // SAFETY: promised by the caller. Relaxed as in `Ref::clone`.
        unsafe { self.get() }.refs.fetch_add(1, Ordering::Relaxed);
        Ref(self)
    }
}

impl<T: Task> Clone for Raw<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Task> Copy for Raw<T> {}

impl<T: Task> PartialEq for Raw<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

// SAFETY: a pointer to a `Sync` record; using it is what needs a reason, on any thread.
unsafe impl<T: Task> Send for Raw<T> {}
// SAFETY: as above.
unsafe impl<T: Task> Sync for Raw<T> {}
// SAFETY: a counted pointer to a `Send + Sync` record.
unsafe impl<T: Task> Send for Ref<T> {}
// SAFETY: as above.
unsafe impl<T: Task> Sync for Ref<T> {}
