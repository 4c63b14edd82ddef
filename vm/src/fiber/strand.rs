//! A fiber as the scheduler holds it: one pointer, so that a task costs little to make and to move, and little while it
//! does not run.
//!
//! It points to the fiber itself, or to the small form of one that has not begun or waits in a crowd (`asleep.rs`): the
//! lowest bit says to which. The memory of fibers that are gone or were put away is recycled together with the arrays
//! for registers and frames: a task that starts where another one has ended allocates nothing.

use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use aivi_scheduler::{
    CancelReason, Context, DeadlockReport, Ledger, Outcome, Place, Runtime, Step, Task, panic_text, prefetch,
};

use super::asleep::Asleep;
use super::frame::Frame;
use super::patience;
use super::stack::Stack;
use super::{Fiber, NOWHERE, Origins, Pending, Start, World, WorldRef};
use crate::account::{Account, meter};
use crate::fault::Fault;
use crate::interp::{self, Exit};
use crate::object::{Shared, references};
use crate::value::Slot;

/// A fiber that was made: what the scheduler runs.
pub struct Strand(NonNull<()>);

/// The pointer is to one that is put away.
const ASLEEP: usize = 1;

// 112 for the record, 128 for its body: sizes that allocators have. Debug builds note more.
const _: () = assert!(cfg!(debug_assertions) || Runtime::<Strand>::TASK_BYTES <= 240);

/// What a fiber takes besides its registers and frames: itself, and what the scheduler keeps of it.
pub(super) const FIBER_UNITS: isize = meter::units(size_of::<Fiber>() + Runtime::<Strand>::TASK_BYTES);

/// Fibers that a thread keeps for the next ones; arbitrary: enough for a burst of short ones.
const KEPT: usize = 256;

/// With more fibers than this, one that waits is put away (arbitrary). With few in debug builds, so that tests see it.
const CROWD: isize = if cfg!(debug_assertions) { 2 } else { 4096 };

thread_local! {
    static SHELLS: RefCell<Vec<Shell>> = const { RefCell::new(Vec::new()) };
    /// Fibers that began on this thread, less those that ended on it.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Whether there are so many fibers that memory counts more than speed. A guess: some may go on or end on other
/// threads.
#[inline]
pub(super) fn is_crowded() -> bool {
    LIVE.get() > CROWD
}

/// A fiber begins here.
#[inline]
pub(super) fn count_begun() {
    LIVE.set(LIVE.get() + 1);
}

/// A fiber that has begun ends here.
#[inline]
pub(super) fn count_ended() {
    LIVE.set(LIVE.get() - 1);
}

/// The memory of a fiber that is gone or was put away: a box with the two arrays where a fiber has them, and nothing
/// else in it.
struct Shell(NonNull<Fiber>);

impl Shell {
    /// One that is left, if any is.
    fn spare() -> Option<Shell> {
        let spare = SHELLS.try_with(|shells| shells.borrow_mut().pop()).ok().flatten();
        if let Some(shell) = &spare {
            meter::add(shell.units());
        }
        spare
    }

    fn new() -> Shell {
        let memory = NonNull::from(Box::leak(Box::<Fiber>::new_uninit())).cast::<Fiber>();
        // SAFETY: the memory is ours, and large enough for a fiber.
        unsafe { Shell::with(memory, Stack::EMPTY, Stack::EMPTY) }
    }

    /// Memory without a fiber, and arrays for the next one.
    ///
    /// # Safety
    /// The memory is a box for a fiber, and the caller's.
    unsafe fn with(memory: NonNull<Fiber>, stack: Stack<Slot>, frames: Stack<Frame>) -> Shell {
        // SAFETY: promised by the caller.
        unsafe {
            (&raw mut (*memory.as_ptr()).stack).write(ManuallyDrop::new(stack));
            (&raw mut (*memory.as_ptr()).frames).write(ManuallyDrop::new(frames));
        }
        Shell(memory)
    }

    /// The memory, which the caller owns then, and the arrays.
    fn open(self) -> (NonNull<Fiber>, Stack<Slot>, Stack<Frame>) {
        let memory = ManuallyDrop::new(self).0;
        // SAFETY: the arrays are there (`with`), and moved out once: `self` is not dropped.
        unsafe {
            (
                memory,
                Shell::array(&raw const (*memory.as_ptr()).stack),
                Shell::array(&raw const (*memory.as_ptr()).frames),
            )
        }
    }

    /// Moves an array out.
    ///
    /// # Safety
    /// It is there, the caller's, and moved out once.
    unsafe fn array<T>(array: *const ManuallyDrop<Stack<T>>) -> Stack<T> {
        // SAFETY: promised by the caller.
        ManuallyDrop::into_inner(unsafe { array.read() })
    }

    /// Of its arrays: while nobody has the shell, they are nobody's.
    #[inline]
    fn units(&self) -> isize {
        // SAFETY: the arrays are there (`with`), and nobody else has them.
        unsafe { (*self.0.as_ptr()).stack.units() + (*self.0.as_ptr()).frames.units() }
    }

    /// Keeps it for the next fiber.
    fn keep(self) {
        // SAFETY: the arrays are there (`with`), and nobody else has them.
        unsafe {
            (*self.0.as_ptr()).stack.limit();
            (*self.0.as_ptr()).frames.limit();
        }
        // At the end of a thread the list may be gone; then the memory goes back.
        _ = SHELLS.try_with(|shells| {
            let mut shells = shells.borrow_mut();
            if shells.len() < KEPT {
                meter::add(-self.units());
                shells.push(self);
            }
        });
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // SAFETY: as in `open`; the memory was a box for a fiber, and nobody uses it any more.
        unsafe {
            drop((
                Shell::array(&raw const (*self.0.as_ptr()).stack),
                Shell::array(&raw const (*self.0.as_ptr()).frames),
            ));
            drop(Box::from_raw(self.0.as_ptr().cast::<MaybeUninit<Fiber>>()));
        }
    }
}

impl Strand {
    /// A fiber that will run `start`.
    #[must_use]
    pub fn new(world: &Arc<World>, start: Start) -> Strand {
        Strand::first(world, start.into())
    }

    /// The first fiber of a run. Who makes it works for nobody, or for another run: it is counted from its first turn
    /// on.
    pub(super) fn first(world: &Arc<World>, pending: Pending) -> Strand {
        Strand::asleep(Asleep::fresh(WorldRef::keep(world), pending, [NOWHERE; super::ORIGINS]))
    }

    /// The fiber, awake.
    #[inline]
    pub(super) fn fiber(&mut self) -> &mut Fiber {
        if self.is_asleep() {
            self.wake();
        }
        // SAFETY: awake, it points to a fiber that it owns (`wake`).
        unsafe { self.0.cast().as_mut() }
    }

    /// The fiber, awake, as a pointer that nothing keeps track of.
    pub(super) fn into_raw(self) -> NonNull<Fiber> {
        NonNull::from(ManuallyDrop::new(self).fiber())
    }

    /// What `into_raw` gave.
    ///
    /// # Safety
    /// It is made a strand again only once.
    pub(super) unsafe fn from_raw(fiber: NonNull<Fiber>) -> Strand {
        Strand(fiber.cast())
    }

    /// A fiber whose first turn begins with `pending`; until then it is small.
    pub(super) fn made(world: WorldRef, pending: Pending, origins: Origins) -> Strand {
        meter::add_fiber(1, FIBER_UNITS);
        Strand::asleep(Asleep::fresh(world, pending, origins))
    }

    /// The same, in memory that is at hand, where it can begin at once.
    pub(super) fn made_at_hand(world: WorldRef, pending: Pending, origins: Origins) -> Strand {
        let Some(shell) = Shell::spare() else { return Strand::made(world, pending, origins) };
        meter::add_fiber(1, FIBER_UNITS);
        let (memory, stack, frames) = shell.open();
        // SAFETY: the memory is a box for a fiber, and ours.
        unsafe { memory.write(Fiber::idle(world, stack, frames, pending, origins)) };
        Strand(memory.cast())
    }

    fn asleep(asleep: Asleep) -> Strand {
        Strand(asleep.into_raw().map_addr(|address| address | ASLEEP))
    }

    #[inline]
    fn is_asleep(&self) -> bool {
        self.0.addr().get() & ASLEEP != 0
    }

    /// The small form; `self` is not used as its owner any more, or not dropped.
    fn small(&self) -> ManuallyDrop<Asleep> {
        debug_assert!(self.is_asleep());
        let raw = self.0.as_ptr().map_addr(|address| address & !ASLEEP);
        // SAFETY: not null, as `asleep` made it of a pointer that was not; said above who owns it.
        ManuallyDrop::new(unsafe { Asleep::from_raw(NonNull::new_unchecked(raw)) })
    }

    fn wake(&mut self) {
        let (memory, stack, frames) = Shell::spare().unwrap_or_else(Shell::new).open();
        // SAFETY: the memory is a box for a fiber, and ours. The small form goes; the fiber is what it owns from here
        // on.
        unsafe { ManuallyDrop::into_inner(self.small()).wake(memory, stack, frames) };
        self.0 = memory.cast();
    }

    /// Takes as little memory as possible until the next turn.
    fn put_away(&mut self) {
        let fiber = NonNull::from(self.fiber());
        // SAFETY: `fiber` made it awake, so it points to a fiber that it owns.
        if let Some(asleep) = Asleep::of(unsafe { &mut *fiber.as_ptr() }) {
            self.0 = ManuallyDrop::new(Strand::asleep(asleep)).0;
            // All but the arrays was moved out (`Asleep::of`), and the fiber is in a box (`wake`).
            Shell(fiber).keep();
        }
    }

    /// Runs until it yields, waits or ends, then with an outcome.
    #[inline]
    fn turn(&mut self, cx: &mut Context<'_, Strand>, outcome: &mut Option<Outcome<Shared, Fault>>) -> Exit {
        // Without `resume`, which turns to the call of the fiber: what it owns would be counted for another one that
        // has limits.
        if self.is_asleep()
            && !meter::is_metered()
            && let Some(reason) = cx.cancelled_in_wait()
            && self.small().has_begun()
            && self.small().end()
        {
            count_ended();
            *outcome = Some(Outcome::Cancelled(reason));
            return Exit::Ended;
        }
        self.fiber().resume(cx, outcome)
    }

    /// The machine has panicked: nobody knows what the fiber owns. It stays where it is, and one that owns nothing
    /// takes its place.
    #[cold]
    fn leave_behind(&mut self) {
        let (world, has_begun) = self.look(|fiber| (fiber.world.pointer(), fiber.has_begun()));
        if has_begun {
            count_ended();
        }
        if !self.is_counted() {
            meter::add_fiber(1, FIBER_UNITS);
        }
        let other = Strand::asleep(Asleep::fresh(world, Pending::Nothing, [NOWHERE; super::ORIGINS]));
        std::mem::forget(std::mem::replace(self, other));
    }

    /// Whether it is counted as a fiber. The first one of a run is if the run is, and from its first turn on.
    #[inline]
    fn is_counted(&self) -> bool {
        if self.is_asleep() {
            let small = self.small();
            return !small.world().is_of_first() || small.has_begun() && small.world().account.is_some();
        }
        // SAFETY: awake, it points to a fiber that it owns.
        let world = unsafe { &self.0.cast::<Fiber>().as_ref().world };
        !world.is_of_first() || world.account.is_some()
    }

    /// Does something with the account of the call that it belongs to.
    #[inline]
    fn with_account<R>(&self, does: impl FnOnce(Option<&Arc<Account>>) -> R) -> R {
        if self.is_asleep() {
            return does(self.small().world().account.as_ref());
        }
        // SAFETY: awake, it points to a fiber that it owns.
        does(unsafe { &self.0.cast::<Fiber>().as_ref().world }.account.as_ref())
    }

    /// Shows the fiber as it is.
    fn look<R>(&self, look: impl FnOnce(&Fiber) -> R) -> R {
        if self.is_asleep() {
            return self.small().look(look);
        }
        // SAFETY: awake, it points to a fiber that it owns.
        look(unsafe { self.0.cast().as_ref() })
    }
}

/// Runs the machine. A panic of it is a bug, and the fault of the fiber that it ran: others go on.
#[inline]
pub(super) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        patience::run_until(u64::MAX);
        let text = panic_text(panic);
        Fault::without_place(format!("a bug of the machine: {text}"))
    })
}

impl Drop for Strand {
    fn drop(&mut self) {
        self.for_its_call(Strand::go);
    }
}

impl Strand {
    /// Does something for the call that it belongs to. One that was cancelled before its first turn, or killed, goes in
    /// the turn of somebody else, whose account has nothing to do with it.
    #[inline]
    fn for_its_call(&mut self, does: impl FnOnce(&mut Strand)) {
        if self.with_account(meter::works_for) {
            return does(self);
        }
        let account = self.with_account(|account| account.cloned());
        meter::run(account.as_ref(), || does(self));
    }

    /// Its memory goes. A fiber in the middle (the runtime gave it up) releases what its frames own.
    #[inline]
    fn go(&mut self) {
        if self.is_counted() {
            meter::add_fiber(-1, FIBER_UNITS);
        }
        if self.is_asleep() && !self.small().has_begun() {
            drop(ManuallyDrop::into_inner(self.small()));
            return;
        }
        let fiber = self.fiber();
        let memory = NonNull::from(&mut *fiber);
        // SAFETY: it is dropped once, here; the fiber was in a box (`wake`), and is gone but for its arrays, which do
        // not go with it.
        unsafe {
            if fiber.is_empty() {
                (&raw mut (*memory.as_ptr()).world).drop_in_place();
            } else {
                fiber.abandon();
                memory.drop_in_place();
            }
        }
        Shell(memory).keep();
    }
}

// SAFETY: it owns a fiber, in one of two forms, and a fiber is `Send` (`Fiber`): it consists of the same parts when it
// is put away.
unsafe impl Send for Strand {}

impl Task for Strand {
    type Value = Shared;
    type Fault = Fault;

    const PREFETCH_DEPTHS: u32 = 4;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        // Not a `Step`: a copy of what was just written in parts makes the processor wait, in each turn.
        let mut outcome = None;
        match caught(|| self.turn(cx, &mut outcome)) {
            Ok(Exit::Yielded) => Step::Yielded,
            Ok(Exit::Waiting) => {
                if is_crowded() {
                    self.put_away();
                }
                Step::Waiting
            }
            Ok(Exit::Returned | Exit::Ended) => {
                let lost = || Outcome::Faulted(Fault::without_place("the fiber lost its outcome"));
                Step::Ended(outcome.unwrap_or_else(lost))
            }
            Err(fault) => {
                patience::run_with(std::ptr::null_mut());
                self.leave_behind();
                Step::Ended(Outcome::Faulted(fault))
            }
        }
    }

    fn end_in_wait(&mut self, reason: CancelReason) -> Option<Outcome<Shared, Fault>> {
        // What it owns is not to be counted for the fiber that runs.
        if !self.is_asleep() || meter::is_metered() || !self.small().has_begun() {
            return None;
        }
        match caught(|| self.small().end()) {
            Ok(false) => None,
            Ok(true) => {
                count_ended();
                Some(Outcome::Cancelled(reason))
            }
            Err(fault) => {
                self.leave_behind();
                Some(Outcome::Faulted(fault))
            }
        }
    }

    fn give_up(&mut self, cx: &mut Context<'_, Self>) {
        if !self.look(Fiber::has_begun) {
            return;
        }
        self.for_its_call(|strand| {
            if caught(|| strand.fiber().give_up(cx)).is_err() {
                strand.leave_behind();
            }
        });
    }

    fn try_early(&mut self) {
        // What it makes is not to be counted for the fiber that runs.
        if self.is_asleep() || meter::is_metered() {
            return;
        }
        let fiber = self.fiber();
        if matches!(fiber.pending, Pending::Again) {
            _ = caught(|| interp::try_early(fiber));
        }
    }

    fn entry(&self) -> Place {
        self.look(Fiber::entry)
    }

    fn prefetch(&self, depth: u32) {
        if self.is_asleep() {
            return;
        }
        let fiber = self.0.cast::<Fiber>();
        if depth == 0 {
            prefetch(fiber.as_ptr(), size_of::<Fiber>());
        } else {
            // SAFETY: awake, it points to a fiber that it owns.
            unsafe { fiber.as_ref() }.prefetch(depth);
        }
    }

    fn has_begun(&self) -> bool {
        !self.is_asleep() && self.look(Fiber::has_begun)
    }

    fn cleanups(&self) -> Vec<Place> {
        self.look(Fiber::pending_cleanups)
    }

    fn trace(&self, ledger: &mut Ledger<Self>) {
        self.look(|fiber| fiber.enter_held(ledger));
    }

    fn trace_value(value: &Shared, ledger: &mut Ledger<Self>) {
        references::enter(value.value(), ledger);
    }

    unsafe fn trace_object(object: NonNull<()>, ledger: &mut Ledger<Self>) {
        // SAFETY: promised by the caller: it is one of those that were entered, and whose owners do not run.
        unsafe { references::enter_fields(object, ledger) }
    }

    fn deadlock(report: DeadlockReport) -> Fault {
        Fault::deadlock(report)
    }

    fn broken(text: &str) -> Fault {
        Fault::without_place(format!("a bug of the runtime, which runs nothing any more: {text}"))
    }
}
