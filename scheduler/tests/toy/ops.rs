//! The operations of the toy language.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aivi_scheduler::*;

use super::{Env, Toy};

pub type Program = Arc<[Op]>;

/// Twice as long as a task waits before another worker may take it.
const SLICE: Duration = Duration::from_micros(40);

/// What the last value becomes when something else than a value came.
pub const CLOSED: i64 = -1_000_001;
pub const CANCELLED: i64 = -1_000_002;
pub const TIMED_OUT: i64 = -1_000_003;
pub const EMPTY: i64 = -1_000_004;
pub const FULL: i64 = -1_000_005;
pub const ENDED: i64 = -1_000_006;

/// Channels, tasks, scopes and latches are numbers.
#[derive(Clone, Debug)]
pub enum Op {
    /// Writes a line to the log.
    Log(&'static str),
    /// Writes a line and the last value.
    LogLast(&'static str),
    /// The last value.
    Value(i64),
    /// The last value is a message of this channel: its number there.
    LastOf(i64),
    /// Spends fuel.
    Work(u32),
    /// Really computes, so many slices, so that other workers find something to take.
    Compute(u32),
    Yield,
    /// Units of the test's time.
    Sleep(u64),
    /// Logs the time, in units.
    LogTime(&'static str),
    /// A message of this number; every message that is received is counted.
    Send(usize, i64),
    Recv(usize),
    TrySend(usize, i64),
    TryRecv(usize),
    Close(usize),
    /// Receives until the channel is closed.
    Drain(usize),
    /// A task by this number, into the innermost scope.
    Spawn(usize, Program),
    /// A task by this number, into a scope.
    SpawnIn(usize, usize, Program),
    Join(usize),
    JoinMyself,
    Cancel(usize),
    /// 1 or 0.
    IsCancelled(usize),
    Par(Program, Program),
    Race(Program, Program),
    Timeout(u64, Program),
    /// A scope by this number.
    Scope(usize, Program),
    JoinAll(usize),
    Blocking(i64),
    BlockingPanic,
    WaitLatch(usize),
    OpenLatch(usize),
    /// To be run when the task ends, masked.
    Defer(Program),
    /// Holds something until the task ends. What is held is counted.
    Hold,
    /// The cleanup of that.
    Release,
    Fail(i64),
    Fault(&'static str),
    /// Asks the roots to end.
    Exit(i32),
    Repeat(u32, Program),
    Forever(Program),
}

/// A list of operations.
pub fn program(ops: impl IntoIterator<Item = Op>) -> Program {
    ops.into_iter().collect()
}

/// What comes after an operation.
pub enum Done {
    Next,
    Wait(Op),
    Yield,
}

impl Toy {
    pub(super) fn perform(&mut self, cx: &mut Context<'_, Self>, op: Op) -> Done {
        let env = self.env.clone();
        if self.ending.is_some() && !self.masked {
            return Done::Next;
        }
        match &op {
            Op::Log(line) => env.log(line.to_string()),
            Op::LogLast(line) => env.log(format!("{line} {}", self.last)),
            Op::LogTime(line) => env.log(format!("{line} {}", cx.now_ns() / env.unit_ns)),
            Op::Value(value) => self.last = *value,
            Op::LastOf(channel) => self.last -= channel * 1000,
            Op::Work(amount) if self.spend(cx, *amount) => return Done::Yield,
            Op::Work(_) => {}
            Op::Compute(0) => {}
            Op::Compute(slices) => {
                let begun = Instant::now();
                while begun.elapsed() < SLICE {}
                self.code.push_front(Op::Compute(slices - 1));
                if self.spend(cx, FUEL) {
                    return Done::Yield;
                }
            }
            Op::Yield => {
                self.waiting = Some(op);
                return Done::Yield;
            }
            Op::Sleep(units) => {
                cx.sleep(units * env.unit_ns);
                return Done::Wait(op);
            }
            Op::Defer(cleanup) => self.cleanups.push(cleanup.clone()),
            Op::Hold => {
                env.hold(1);
                self.cleanups.push(program([Op::Yield, Op::Release]));
            }
            Op::Release => env.hold(-1),
            Op::Fail(value) => self.unwind(cx, Outcome::Failed(*value)),
            Op::Fault(text) => self.unwind(cx, Outcome::Faulted(text.to_string())),
            Op::Exit(code) => {
                let (kind, place) = (CancelKind::Exit(*code), Place(code.unsigned_abs().into()));
                cx.cancel_root(CancelReason { kind, place });
            }
            Op::Repeat(times, body) => {
                if *times > 0 {
                    self.code.push_front(Op::Repeat(times - 1, body.clone()));
                    body.iter().rev().for_each(|op| self.code.push_front(op.clone()));
                }
            }
            Op::Forever(body) => {
                self.code.push_front(op.clone());
                body.iter().rev().for_each(|op| self.code.push_front(op.clone()));
                if self.spend(cx, 1) {
                    return Done::Yield;
                }
            }
            Op::Blocking(value) => {
                let value = *value;
                cx.blocking(Box::new(move |_: &dyn Fn() -> bool| value), None);
                return Done::Wait(op);
            }
            Op::BlockingPanic => {
                let job = |_: &dyn Fn() -> bool| std::panic::resume_unwind(Box::new("job failed"));
                cx.blocking(Box::new(job), None);
                return Done::Wait(op);
            }
            Op::WaitLatch(latch) => {
                if !cx.wait_latch(&env.latch(*latch)) {
                    return Done::Wait(op);
                }
            }
            Op::OpenLatch(latch) => cx.open_latch(&env.latch(*latch)),
            Op::Send(..) | Op::Recv(_) | Op::TrySend(..) | Op::TryRecv(_) | Op::Close(_) | Op::Drain(_) => {
                return self.channel_op(cx, &env, op);
            }
            _ => return self.child_op(cx, &env, op),
        }
        Done::Next
    }

    fn channel_op(&mut self, cx: &mut Context<'_, Self>, env: &Env, op: Op) -> Done {
        match op {
            Op::Send(channel, value) => match send(cx, &env.channel(channel).tx, value) {
                Send::Done | Send::Crowded => env.sent(),
                Send::Closed { .. } => self.unwind(cx, Outcome::Faulted("channel is closed".to_owned())),
                Send::Wait => return Done::Wait(op),
            },
            Op::Recv(channel) => match self.recv(cx, &env.channel(channel).rx) {
                Recv::Value(value) => self.received(value),
                Recv::Closed => self.last = CLOSED,
                Recv::Wait => return Done::Wait(op),
            },
            Op::TrySend(channel, value) => match cx.try_send(&env.channel(channel).tx, value) {
                TrySend::Done => env.sent(),
                TrySend::Full(_) => self.last = FULL,
                TrySend::Closed { .. } => self.last = CLOSED,
            },
            Op::TryRecv(channel) => match cx.try_recv(&env.channel(channel).rx) {
                TryRecv::Value(value) => self.received(value),
                TryRecv::Empty => self.last = EMPTY,
                TryRecv::Closed => self.last = CLOSED,
            },
            Op::Close(channel) => cx.close(&env.channel(channel).tx),
            Op::Drain(channel) => match cx.recv(&env.channel(channel).rx) {
                Recv::Value(value) => {
                    self.received(value);
                    self.code.push_front(op);
                }
                Recv::Closed => self.last = CLOSED,
                Recv::Wait => {
                    self.code.push_front(op.clone());
                    return Done::Wait(op);
                }
            },
            _ => unreachable!("only channel operations come here"),
        }
        Done::Next
    }

    fn child_op(&mut self, cx: &mut Context<'_, Self>, env: &Env, op: Op) -> Done {
        match &op {
            Op::Spawn(task, code) => {
                let child = self.child(code);
                match cx.spawn(child, None) {
                    Ok(handle) => env.put_task(*task, handle),
                    Err(ScopeEnded) => self.unwind(cx, Outcome::Faulted("scope has ended".to_owned())),
                }
            }
            Op::SpawnIn(scope, task, code) => {
                let child = self.child(code);
                match cx.spawn(child, Some(&env.scope(*scope))) {
                    Ok(handle) => env.put_task(*task, handle),
                    Err(ScopeEnded) => self.last = ENDED,
                }
            }
            Op::Join(task) => match env.task(*task).map(|handle| self.join(cx, handle)) {
                None => {}
                Some(Join::Ready(outcome)) => self.joined(cx, outcome),
                Some(Join::Myself) => self.unwind(cx, Outcome::Faulted("joins itself".to_owned())),
                Some(Join::Wait) => return Done::Wait(op),
            },
            Op::Cancel(task) => {
                if let Some(handle) = env.task(*task) {
                    cx.cancel(&handle);
                }
            }
            Op::IsCancelled(task) => self.last = env.task(*task).is_some_and(|handle| cx.is_cancelled(&handle)) as i64,
            Op::Par(left, right) => {
                let (left, right) = (self.child(left), self.child(right));
                cx.par(left, right);
                return Done::Wait(op);
            }
            Op::Race(left, right) => {
                let (left, right) = (self.child(left), self.child(right));
                cx.race(left, right);
                return Done::Wait(op);
            }
            Op::Timeout(units, body) => {
                let body = self.child(body);
                cx.timeout(units * env.unit_ns, body);
                return Done::Wait(op);
            }
            Op::Scope(scope, body) => {
                let body = self.child(body);
                let reference = cx.new_scope();
                env.put_scope(*scope, reference.clone());
                cx.run_scope(&reference, body);
                return Done::Wait(op);
            }
            Op::JoinAll(scope) => match cx.join_all(&env.scope(*scope)) {
                JoinAll::Done => {}
                JoinAll::Ended => self.last = ENDED,
                JoinAll::Wait => return Done::Wait(op),
            },
            _ => unreachable!("{op:?} is no operation on children"),
        }
        Done::Next
    }
}

/// Sends as the machine does: first what is at hand.
fn send(cx: &mut Context<'_, Toy>, tx: &Sender<Toy>, value: i64) -> Send<i64> {
    if !cx.is_undisturbed() {
        return cx.send(tx, value);
    }
    match cx.send_at_hand(tx, value) {
        Ok(false) => Send::Done,
        Ok(true) => Send::Crowded,
        Err(value) => cx.send(tx, value),
    }
}

/// The same for receiving.
fn recv_at_hand(cx: &mut Context<'_, Toy>, rx: &Receiver<Toy>) -> Option<i64> {
    cx.is_undisturbed().then(|| cx.recv_at_hand(rx)).flatten()
}

impl Toy {
    /// Receives as the machine does: what is at hand, or sent by the task that would run next.
    fn recv(&mut self, cx: &mut Context<'_, Toy>, rx: &Receiver<Toy>) -> Recv<i64> {
        if let Some(value) = recv_at_hand(cx, rx) {
            return Recv::Value(value);
        }
        self.lend(cx, None);
        recv_at_hand(cx, rx).map_or_else(|| cx.recv(rx), Recv::Value)
    }

    /// The same for joins.
    fn join(&mut self, cx: &mut Context<'_, Toy>, handle: TaskHandle<Toy>) -> Join<Toy> {
        self.lend(cx, Some(&handle));
        cx.join(handle)
    }

    fn lend(&mut self, cx: &mut Context<'_, Toy>, awaited: Option<&TaskHandle<Toy>>) {
        if cx.can_lend() {
            let cost = cx.lend_turn(awaited);
            self.fuel = self.fuel.saturating_sub(u32::try_from(cost).unwrap_or(u32::MAX));
        }
    }
}
