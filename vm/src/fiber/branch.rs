//! Branches in place: the first branch of `par`, `race` or `timeoutWith` begins on the stack of the fiber that asks for
//! it. So do tasks (`task.rs`) and the items of lists of effects (`series.rs`).
//!
//! A branch that never waits costs little more than a call then: no task, nothing marked as shared. As soon as it could
//! tell the difference it is *moved out*: its frames and registers become a fiber of its own, a child of the fiber's
//! group, and everything is as if it had been one from the start. That happens before the branch
//! - does anything that has to do with other fibers or with the outside,
//! - begins the evaluation of a global,
//! - or has spent its fuel (so its sibling waits for a slice at most).
//!
//! Of the first there is less where the fiber that asks waits for the branch anyway, which is all but tasks. There it
//! may do what needs no wait (`may_act`): take a message that is there, send one for which there is room or a receiver,
//! join a task that has ended, change a cell, try a call of the system. As a fiber it would have done the same at the
//! same time, as the first thing of its first turn. Only when it would have to wait it becomes one; the body of a
//! timeout mostly not even then (`timed.rs`).
//!
//! A cleanup is run in place, too: the fiber is masked meanwhile, as the branch would be. If the cleanup has to be
//! moved out, its mask goes along.
//!
//! One wait does not need a fiber at once: when the left side of a `race` goes to sleep, it is *put aside*, and the
//! right side begins in place. Usually that one ends, and the sleeper is dropped; when it has to be moved out, both
//! are, and the sleeper goes to sleep then. That costs no record, no timer and no request to cancel. A sleeper with a
//! cleanup to run is moved out like others.
//!
//! What may happen before a branch is moved out, and who says so:
//!
//! | | `par`, `race` | list of effects | body of a timeout | task | call of a host |
//! |---|---|---|---|---|---|
//! | compute (`Fiber::tick`, `has_short_branch`) | a slice | a short piece | a slice, and more with a permit | a short piece | a slice |
//! | act without waiting (`may_act`) | yes | yes | yes | no | no |
//! | wait (`limit_in_place`) | no, but for `put_aside` | no | without cleanups above | no | no |
//! | end the turn (`may_yield`) | no | no | yes | no | no |
//! | run a cleanup | yes | yes | yes | no (`has_task_in_place`) | no (`is_in_place`) |
//! | begin a branch (`may_branch`) | yes | yes | yes | yes | yes, no timeout |
//! | evaluate a global | no | no | no | no | no |
//!
//! The outermost branch counts, also for those that it begins itself.
//!
//! What always holds:
//! - Branches are in place only while the fiber runs, or at the beginning of its first turn: a moved fiber that has
//!   branches in place itself moves the next one out at once. All but bodies of timeouts, which may wait there
//!   (`timed.rs`).
//! - A fiber that is cancelled, unwinds or runs a cleanup begins none; so no signal to cancel ever crosses a frame of a
//!   branch, and all that waits for cleanups to end, and the mask, is of what is above the outermost one.
//! - The simulator, rehearsals and traces see each branch as a task: nothing is in place there (`Context::is_plain`).

use std::num::NonZero;
use std::ptr::NonNull;

use aivi_bytecode::Reg;
use aivi_scheduler::{Place, Split};

use super::cleanups::has_cleanup;
use super::series::Series;
use super::{Fiber, Frame, FrameKind, MORE_FRAMES, NOWHERE, ORIGINS, Origins, Pending, Signal, Strand};
use crate::backtrace::Link;
use crate::interp::{Go, Word, owned, run_effect, taken_operands};
use crate::value::{Slot, Value};

/// Branches in place at most. Each is moved with all that is above it, so many would be moved many times (arbitrary).
const MOST: u16 = 16;

/// Frames below a branch in place at most, so that limits mean what they mean for a fiber of its own (arbitrary).
const DEEPEST: usize = 1000;

/// Frames of a branch that may be put aside at most; who sleeps deeper is moved out (arbitrary).
const ASIDE: usize = 16;

/// Which branch is in place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Branch {
    /// The left one of a `par`; keeps the effect of the right one.
    Left,
    /// The right one; keeps the value of the left one.
    Right,
    /// The left one of a `race`; keeps the effect of the right one.
    Race,
    /// The right one of a `race` whose left one was put aside: the number is that fiber.
    RestOfRace,
    /// The body of a timeout; keeps the error, and the number is the moment at which it is over.
    Timeout,
    /// A task (`task.rs`); the number is the fuel that was set aside.
    Task,
    /// One of a list of effects (`series.rs`); the number is the list.
    Series,
}

impl Branch {
    const ALL: [Branch; 7] =
        [Branch::Left, Branch::Right, Branch::Race, Branch::RestOfRace, Branch::Timeout, Branch::Task, Branch::Series];

    /// Registers of a frame of a branch: what it keeps and a number; the branch's own begin behind them.
    pub(super) const OWN: usize = 2;
}

/// A branch in place.
pub(super) struct Found {
    pub(super) branch: Branch,
    /// The index of its frame.
    pub(super) index: usize,
    /// How many registers the window of the top frame is above that of the branch.
    pub(super) above: usize,
}

impl Fiber {
    /// Whether a branch is in place at the moment.
    #[inline]
    pub(crate) fn has_branch(&self) -> bool {
        self.branches > 0
    }

    /// Whether the branch in place may do what others notice, if it need not wait for that: its owner waits for it, and
    /// was not asked to end. The call of a host is one of another sort.
    pub(crate) fn may_act(&mut self) -> bool {
        self.outermost_branch().is_some_and(|branch| branch != Branch::Task) && self.cx().is_undisturbed()
    }

    /// Whether a branch may begin in place. Not in a program from elsewhere: when a branch is moved out, `drops` says
    /// which values go with it, and one that it does not name could be counted by both fibers.
    pub(crate) fn may_branch(&mut self) -> bool {
        self.branches < MOST
            && !self.is_guarded
            && self.masks == 0
            && !self.is_cancelling
            && self.in_flight.is_empty()
            && self.depth() < DEEPEST
            && (self.is_in_place() || self.cx().is_plain())
    }

    /// Begins a branch in place.
    pub(crate) fn begin_branch(&mut self, branch: Branch, keep: Value, number: u64, effect: Value) -> Go {
        if !self.push_branch(branch, keep, number) {
            drop(effect);
            return self.fault("stack exhausted");
        }
        run_effect(self, effect, Branch::OWN)
    }

    /// Puts the frame of a branch on top, with room for a register behind its own; false at the limit.
    pub(super) fn push_branch(&mut self, branch: Branch, keep: Value, number: u64) -> bool {
        // SAFETY: F1: the frame that runs the instruction is one of a proto.
        let delta = unsafe { (*(*self.frame).proto).registers() };
        if !self.make_room(delta, Branch::OWN + 1) {
            return false;
        }
        self.push(Frame::internal(FrameKind::Branch, delta, branch as usize));
        if self.branches == 0 {
            self.outermost = self.depth() as u32;
            self.waited = 0;
        }
        self.branches += 1;
        // SAFETY: `make_room` made room for them.
        unsafe {
            *self.base = keep.into_slot();
            (*self.base.add(1)).payload = number;
        }
        true
    }

    /// The branch of the top frame has ended with a value, behind the frame's own registers.
    pub(crate) fn end_branch(&mut self) -> Go {
        let branch = self.branch();
        // SAFETY: a frame of a branch: it owns R[0], and the result has arrived.
        let (kept, number, result) = unsafe {
            ((*self.base).into_value(), (*self.base.add(1)).payload, (*self.base.add(Branch::OWN)).into_value())
        };
        let value = match branch {
            Branch::Left => {
                // SAFETY: as above.
                unsafe {
                    *self.base = result.into_slot();
                    (*self.frame).aux = Branch::Right as usize;
                }
                self.pc = FrameKind::Branch.word();
                return run_effect(self, kept, Branch::OWN);
            }
            Branch::Right => Value::pair(kept, result),
            Branch::RestOfRace => {
                self.drop_aside();
                result
            }
            Branch::Race | Branch::Timeout => {
                drop(kept);
                result
            }
            Branch::Task => self.end_task(result, number),
            Branch::Series => match self.end_item(number, result) {
                Ok(value) => value,
                Err(go) => return go,
            },
        };
        self.forget_branch();
        self.pop();
        // SAFETY: F3: the instruction that began the branch.
        let word = unsafe { Word::at(self.pc.sub(1)) };
        self.set_result(word, value);
        Go::On
    }

    /// Unwinding has come to the frame of a branch: takes it off, and gives the signal as the fiber sees it that began
    /// the branch, if that unwinds, too.
    pub(crate) fn fail_branch(&mut self, signal: Signal) -> Option<Signal> {
        let link = match self.branch() {
            Branch::Left | Branch::Right => Link::Par,
            Branch::Race | Branch::RestOfRace => Link::Race,
            Branch::Timeout => Link::Timeout,
            Branch::Series => Link::Branch,
            Branch::Task => {
                // SAFETY: a frame of a branch.
                let aside = unsafe { (*self.base.add(1)).payload };
                self.leave_branch();
                self.pop();
                return self.fail_task(signal, aside);
            }
        };
        let started_at = self.started_at();
        self.leave_branch();
        self.pop();
        Some(match signal {
            Signal::Failure(mut failure) => {
                failure.ended(started_at);
                Signal::Failure(failure.passed(link))
            }
            Signal::Fault(fault) => Signal::Fault(fault.ended(started_at).passed(link, self.calls())),
            signal @ Signal::Cancel(_) => signal,
        })
    }

    /// Releases what the frame of a branch keeps, which is about to be taken off.
    pub(crate) fn leave_branch(&mut self) {
        // SAFETY: a frame of a branch owns R[0].
        drop(unsafe { (*self.base).into_value() });
        match self.branch() {
            Branch::RestOfRace => self.drop_aside(),
            // SAFETY: a frame of a series, which is about to be taken off.
            Branch::Series => drop(unsafe { Series::from_number((*self.base.add(1)).payload) }),
            _ => {}
        }
        self.forget_branch();
    }

    /// Takes the frame of a branch off that owns nothing any more.
    pub(super) fn leave_branch_frame(&mut self) {
        self.forget_branch();
        self.pop();
    }

    /// The instruction that runs is a sleep that has taken nothing yet. If it is the left side of a race that is to
    /// sleep, and in which nothing would tell that it never wakes, puts it aside and begins the right side.
    pub(crate) fn put_aside(&mut self) -> Option<Go> {
        let branch = self.branch_without_cleanups().filter(|found| found.branch == Branch::Race)?;
        self.pc = self.pc.wrapping_sub(1);
        let sleeper = self.carve(branch.index);
        // SAFETY: `carve` has left the frame of a branch on top, which owns R[0]: the effect of the right side.
        let right = unsafe {
            (*self.frame).aux = Branch::RestOfRace as usize;
            (*self.base.add(1)).payload = sleeper.into_raw().as_ptr().expose_provenance() as u64;
            std::mem::replace(&mut *self.base, Value::unit().into_slot()).into_value()
        };
        self.pc = FrameKind::Branch.word();
        Some(run_effect(self, right, Branch::OWN))
    }

    /// Makes a fiber of the outermost branch, as if it had been one from the start, and waits for it. Its next
    /// instruction, at `pc`, has taken nothing yet.
    pub(crate) fn move_out(&mut self) -> Go {
        if self.is_in_place() {
            return self.leave_place();
        }
        self.forget_holding();
        let in_flight = std::mem::take(&mut self.in_flight).into_iter().map(Signal::shared).collect();
        let branches = self.branches - 1;
        let mut moved = self.carve(self.outermost as usize);
        let branch = self.branch();
        // SAFETY: a frame of a branch owns R[0].
        let (keep, number) = unsafe { ((*self.base).into_value(), (*self.base.add(1)).payload) };
        let aside = (branch == Branch::RestOfRace).then(|| self.take_aside());
        self.pop();
        (self.branches, self.outermost) = (0, 0);
        let place = self.place();
        self.cx().set_place(place);

        let fiber = moved.fiber();
        fiber.origins = self.child_origins();
        fiber.in_flight = in_flight;
        fiber.branches = branches;
        fiber.outermost = fiber.first_branch();
        fiber.share_held();
        self.hand_mask_over(fiber);
        let (split, pending) = match (branch, aside) {
            (Branch::RestOfRace, Some(mut left)) => {
                left.fiber().origins = self.child_origins();
                left.fiber().share_held();
                (Split::RestOfRace(left, moved), Pending::Race)
            }
            (Branch::Race | Branch::RestOfRace, _) => (Split::Race(moved, self.child_of(keep.share())), Pending::Race),
            (Branch::Left, _) => (Split::Par(moved, self.child_of(keep.share())), Pending::Par),
            (Branch::Right, _) => (Split::RestOfPar(moved), Pending::RestOfPar(keep)),
            (Branch::Timeout, _) => (Split::Timeout { deadline_ns: number, body: moved }, Pending::Timeout(keep)),
            (Branch::Task, _) => return self.spawn_moved(moved, number),
            (Branch::Series, _) => {
                // SAFETY: its frame was taken off.
                let series = unsafe { Series::from_number(number) };
                return self.move_item_out(*series, moved);
            }
        };
        self.cx().split(split);
        self.pending = pending;
        Go::Wait
    }

    /// Moves the frames above the frame of a branch at index `at`, and their registers, to a fiber that will go on at
    /// `pc`.
    fn carve(&mut self, at: usize) -> Strand {
        let top = self.depth();
        let mut carved = Strand::made_at_hand(self.world.pointer(), Pending::Nothing, [NOWHERE; ORIGINS]);
        let fiber = carved.fiber();
        // SAFETY: F1: `at` is the index of a frame of a branch below the top frame, which is a proto's. There is room
        // in the new fiber for what is copied; what it was copied from is behind the top frame then.
        unsafe {
            let frames = self.frames.start();
            let above: usize = (at + 2..=top).map(|index| (*frames.add(index)).delta()).sum();
            let first_base = self.base.sub(above);
            let registers = above + (*(*self.frame).proto).registers();
            fiber.begin_frames();
            fiber.frames.grow(top - at + 1 + MORE_FRAMES);
            fiber.frames.start().add(1).copy_from_nonoverlapping(frames.add(at + 1), top - at);
            // Its result arrives where that of a fiber does.
            (*fiber.frames.start().add(1)).bytes = 0;
            fiber.stack.grow(Frame::windows_end(fiber.frames.start().add(1), top - at));
            fiber.stack.start().copy_from_nonoverlapping(first_base, registers);
            fiber.frame = fiber.frames.start().add(top - at);
            fiber.base = fiber.stack.start().add(above);
            fiber.pc = self.pc;

            self.frame = frames.add(at);
            self.base = first_base.byte_sub((*frames.add(at + 1)).bytes);
        }
        carved
    }

    /// The fiber that was put aside, which the frame of a branch on top does not keep any more.
    fn take_aside(&mut self) -> Strand {
        // SAFETY: a frame of a `RestOfRace` owns the fiber; it is taken off, or forgotten, after this.
        unsafe { Strand::from_raw(aside(self.base)) }
    }

    /// The fiber that was put aside has lost.
    fn drop_aside(&mut self) {
        self.take_aside().fiber().release();
    }

    /// The innermost branch, if it has no cleanup to run.
    pub(super) fn branch_without_cleanups(&self) -> Option<Found> {
        self.find_branch_without_cleanups(Some)
    }

    /// What `ask` says of a branch, of which the innermost one comes first; `None` if there is a cleanup to run above
    /// that, or it is far below.
    pub(super) fn find_branch_without_cleanups<R>(&self, mut ask: impl FnMut(Found) -> Option<R>) -> Option<R> {
        let (top, mut pc) = (self.depth(), self.pc);
        let mut above = 0;
        for index in (1..=top).rev().take(ASIDE) {
            // SAFETY: F1, F3.
            let (frame, below) =
                unsafe { (&*self.frames.start().add(index), (*self.frames.start().add(index - 1)).pc) };
            // SAFETY: as above; a proto lives as long as the program.
            match (unsafe { frame.proto.as_ref() }, frame.kind()) {
                // SAFETY: as above.
                (Some(code), _) if has_cleanup(self.world.program.proto(code), unsafe { frame.index(pc) }) => {
                    return None;
                }
                (Some(_), _) | (None, Some(FrameKind::ApplyRest | FrameKind::RunResult)) => {}
                (None, Some(FrameKind::Branch)) => {
                    let answer = ask(Found { branch: Branch::ALL[frame.aux], index, above });
                    if answer.is_some() {
                        return answer;
                    }
                }
                (None, _) => return None,
            }
            above += frame.delta();
            pc = below;
        }
        None
    }

    /// Marks as shared what the frames own. The next instruction, at `pc`, has taken nothing yet.
    fn share_held(&mut self) {
        let share = |base: *mut Slot, index: usize| {
            // SAFETY: the callers name registers that hold tagged values.
            drop(unsafe { Slot::as_value(base.add(index)) }.clone().share());
        };
        let share_all = |base: *mut Slot, owned: &[Reg]| owned.iter().for_each(|reg| share(base, usize::from(reg.0)));
        // SAFETY: F1, F3; the top frame's instruction has not run: its operands are still where they were. A frame of a
        // `RestOfRace` owns the fiber that it names.
        unsafe {
            let (mut frame, mut base) = (self.frame, self.base);
            let mut pc = self.pc.add(1);
            taken_operands(self, Word::at(self.pc), |index| share(base, index));
            while frame > self.frames.start() {
                match ((*frame).proto.as_ref(), (*frame).kind()) {
                    (Some(code), _) => share_all(base, owned(self.world.program.proto(code), (*frame).index(pc))),
                    (None, Some(FrameKind::ApplyRest)) => (1..=(*frame).aux).for_each(|index| share(base, index)),
                    (None, Some(FrameKind::Branch)) if (*frame).aux == Branch::RestOfRace as usize => {
                        (*aside(base).as_ptr()).share_held();
                    }
                    (None, Some(FrameKind::Branch)) if (*frame).aux == Branch::Series as usize => {
                        Series::pointer((*base.add(1)).payload).as_ref().share();
                    }
                    (None, Some(FrameKind::Branch)) => share(base, 0),
                    (None, _) => {}
                }
                base = base.byte_sub((*frame).bytes);
                frame = frame.sub(1);
                pc = (*frame).pc;
            }
        }
    }

    /// Where the code that runs was started, and where the one that did was, the last few.
    pub(crate) fn started_at(&self) -> impl Iterator<Item = Place> + use<> {
        self.current_origins().into_iter().filter(|place| *place != NOWHERE)
    }

    fn current_origins(&self) -> Origins {
        let mut origins = [NOWHERE; ORIGINS];
        let mut found = self.branch_places().chain(self.origins);
        origins.fill_with(|| found.next().unwrap_or(NOWHERE));
        origins
    }

    /// Where the branches in place were begun, the innermost one first.
    fn branch_places(&self) -> impl Iterator<Item = Place> {
        let mut frame = self.frame;
        std::iter::from_fn(move || {
            while frame > self.frames.start() {
                // SAFETY: F1, F3: frames from 0 up to the top are in use.
                unsafe {
                    let is_branch = (*frame).kind() == Some(FrameKind::Branch);
                    frame = frame.sub(1);
                    if is_branch {
                        return Some(self.place_at(frame, (*frame).pc));
                    }
                }
            }
            None
        })
    }

    /// Index of the first frame of a branch, 0 if there is none.
    pub(super) fn first_branch(&self) -> u32 {
        // SAFETY: F1.
        let is_branch = |index: &usize| unsafe { (*self.frames.start().add(*index)).kind() == Some(FrameKind::Branch) };
        if self.branches == 0 { 0 } else { (1..=self.depth()).find(is_branch).unwrap_or_default() as u32 }
    }

    /// The outermost branch in place, if its frame is one of a branch (`caller.rs`).
    pub(super) fn outermost_branch(&self) -> Option<Branch> {
        // SAFETY: F1: the index of a frame.
        let frame = unsafe { &*self.frames.start().add(self.outermost as usize) };
        (frame.kind() == Some(FrameKind::Branch)).then(|| Branch::ALL[frame.aux])
    }

    fn branch(&self) -> Branch {
        // SAFETY: F1; called where the top frame is one of a branch.
        Branch::ALL[unsafe { (*self.frame).aux }]
    }

    fn forget_branch(&mut self) {
        self.branches -= 1;
        if self.branches == 0 {
            self.outermost = 0;
        }
    }
}

/// The fiber that the frame of a `RestOfRace` with these registers owns.
unsafe fn aside(base: *mut Slot) -> NonNull<Fiber> {
    // SAFETY: promised by the caller: `put_aside` wrote it.
    let address = unsafe { (*base.add(1)).payload } as usize;
    let Some(address) = NonZero::new(address) else { unreachable!("`put_aside` wrote a pointer") };
    NonNull::with_exposed_provenance(address)
}
