//! A call that goes on without its caller, and how calls end.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aivi_scheduler::{CancelKind, CancelReason, Place, RunCanceller, Runtime, Started};
use aivi_vm::account::meter;
use aivi_vm::{Account, Fault, Shared, Strand, Used, Value as RawValue};

use crate::convert::{FromAivi, Mismatch, Shapes, ration};
use crate::ending::{Ending, FaultReport};
use crate::function::{Gives, LookupError};
use crate::limits::LimitReport;
use crate::machine::{AT_WORK, Begun, Machine};
use crate::outcome::{Outcome, Run};
use crate::signature::Type;

/// A call that was started: a fiber of the script, and everything that it starts.
///
/// It is a [`Future`] that any executor can poll; it needs no runtime around it, since the engine's own workers run the
/// script. A thread can wait for it as well. When it is dropped before it has ended, it is cancelled: its cleanups
/// still run, on the workers. `detach` lets it go on instead.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = aivi::Engine::builder().build()?;
/// let text = "module m\nexport nap\nuse aivi.concurrency\n\nnap : Int -> Effect Text Int\n\
///             nap = ms => do Effect {\n  sleep ms\n  pure ms\n}\n";
/// let nap = engine.compile("m.aivi", text)?.function::<(i64,), i64>("nap")?;
/// let (short, long) = (nap.start((1,)), nap.start((3_600_000,)));
/// assert_eq!(short.wait()?, 1);
/// long.cancel();
/// assert_eq!(long.wait(), Err(aivi::CallError::Cancelled));
/// # Ok(())
/// # }
/// ```
#[must_use = "a call that is dropped is cancelled; `detach` lets it go on"]
pub struct Call<R> {
    gives: Gives,
    taking: Taking<R>,
    state: State<R>,
    account: Option<Arc<Account>>,
    /// Goes last: what the call has come to is of its program.
    machine: Arc<Machine>,
}

enum State<R> {
    /// It goes on. The runtime is kept for it.
    Runs(Started<Strand>, Arc<Runtime<Strand>>),
    /// It is over, and nobody has asked how.
    Over(Box<Result<R, CallError>>),
    /// Its result was given.
    Given,
}

/// How the host takes the value of a call.
pub(crate) enum Taking<R> {
    /// As what it is.
    Alone,
    /// Beside its type.
    Typed(Arc<Type>, fn(&RawValue, &Type, &Shapes) -> Result<R, Mismatch>),
}

impl<R: FromAivi> Taking<R> {
    fn take(&self, value: &RawValue, shapes: &Shapes) -> Result<R, Mismatch> {
        match self {
            Taking::Alone => R::from_aivi(value, shapes),
            Taking::Typed(ty, take) => take(value, ty, shapes),
        }
    }
}

/// Cancels one call, from any thread. Clones are for the same call.
#[derive(Clone)]
pub struct Canceller(Option<RunCanceller<Strand>>);

/// Why a call gave no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallError {
    /// There is no such function, or it has another type.
    Lookup(LookupError),
    /// A value does not fit.
    Mismatch(Mismatch),
    /// The effect failed with this error, as `toText` shows it; beyond a mebibyte, if it is no `Text`, the rest is left
    /// out.
    Failure(String),
    /// A bug in the script.
    Fault(FaultReport),
    /// It has reached a limit, and was cancelled for that: its cleanups have run, as far as the reserves allowed. Or it
    /// has succeeded, and what the host would be given takes more memory than its limits allow: what a value shares
    /// with itself is given as often as it is met.
    Limit(LimitReport),
    /// The host cancelled it: through its [`Canceller`] or a [`Budget`](crate::Budget).
    Cancelled,
    /// The script asked to exit, or a signal ended it.
    Ended(Ending),
}

impl<R: FromAivi> Call<R> {
    pub(crate) fn begun(machine: &Arc<Machine>, begun: Begun, gives: Gives, taking: Taking<R>) -> Call<R> {
        let (state, account) = match begun {
            Begun::Runs(started, runtime, account) => (State::Runs(started, runtime), account),
            Begun::Over(Run { outcome, account, .. }) => {
                let result = result(machine, outcome.given(gives), account.as_deref(), &taking);
                (State::Over(Box::new(result)), account)
            }
        };
        Call { gives, taking, state, account, machine: machine.clone() }
    }

    pub(crate) fn refused(machine: &Arc<Machine>, error: CallError) -> Call<R> {
        let state = State::Over(Box::new(Err(error)));
        Call { gives: Gives::Value, taking: Taking::Alone, state, account: None, machine: machine.clone() }
    }

    /// Waits until it and everything that it has started has ended. The calling thread works for the script meanwhile.
    ///
    /// # Errors
    /// When it does not succeed; and when a function that a script calls waits, outside of the blocking pool: then it
    /// is cancelled, since it may need the very worker that would wait.
    pub fn wait(mut self) -> Result<R, CallError> {
        match &self.state {
            State::Runs(_, runtime) if runtime.is_at_work() => self.refused_at_work(),
            State::Runs(started, _) => {
                let outcome = meter::aside(|| started.wait());
                self.state = State::Given;
                // Nobody has taken it before: then it would not run any more.
                outcome.map_or(Err(CallError::Cancelled), |outcome| self.result(outcome))
            }
            State::Over(_) | State::Given => self.take().unwrap_or(Err(CallError::Cancelled)),
        }
    }

    /// The same for `limit` at most; then it goes on, and nothing is given. Nor is it when the result was given before.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Result<R, CallError>> {
        match &self.state {
            State::Runs(_, runtime) if runtime.is_at_work() => {
                return Some(self.refused_at_work());
            }
            State::Runs(started, _) => {
                let outcome = meter::aside(|| started.wait_for(limit))?;
                self.state = State::Over(Box::new(self.result(outcome)));
            }
            State::Over(_) | State::Given => {}
        }
        self.take()
    }

    fn result(&self, outcome: aivi_scheduler::Outcome<Shared, Fault>) -> Result<R, CallError> {
        let outcome = Outcome::new(outcome, self.account.as_deref()).given(self.gives);
        result(&self.machine, outcome, self.account.as_deref(), &self.taking)
    }

    fn refused_at_work(&self) -> Result<R, CallError> {
        result(&self.machine, Run::refused(AT_WORK).outcome, None, &self.taking)
    }

    /// The result, if it is there and was not given.
    fn take(&mut self) -> Option<Result<R, CallError>> {
        match std::mem::replace(&mut self.state, State::Given) {
            State::Over(result) => Some(*result),
            State::Given => None,
            runs @ State::Runs(..) => {
                self.state = runs;
                None
            }
        }
    }
}

impl<R> Call<R> {
    /// Asks it to end: it is cancelled at its next checkpoint, its cleanups run. Without effect when it has ended.
    pub fn cancel(&self) {
        if let State::Runs(started, _) = &self.state {
            started.cancel(REASON);
        }
    }

    /// Something that cancels it, for others to keep.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        match &self.state {
            State::Runs(started, _) => Canceller(Some(started.canceller())),
            State::Over(_) | State::Given => Canceller(None),
        }
    }

    /// What it has used so far, if it or the engine has [`Limits`](crate::Limits); nothing otherwise.
    #[must_use]
    pub fn used(&self) -> Used {
        self.account.as_ref().map_or_else(Used::default, |account| account.used())
    }

    /// Has it, with everything that it has started, ended?
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.state {
            State::Runs(started, _) => started.is_over(),
            State::Over(_) | State::Given => true,
        }
    }

    /// Lets it go on by itself. What comes of it is not told, and when the engine is dropped it is cancelled.
    pub fn detach(mut self) {
        self.state = State::Given;
    }
}

impl<R> Drop for Call<R> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<R> Unpin for Call<R> {}

impl<R: FromAivi> Future for Call<R> {
    type Output = Result<R, CallError>;

    /// Once it was ready it is pending for ever.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Runs(started, _) = &self.state {
            let Poll::Ready(outcome) = started.poll(cx.waker()) else { return Poll::Pending };
            self.state = State::Over(Box::new(self.result(outcome)));
        }
        self.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call {{ is_finished: {} }}", self.is_finished())
    }
}

/// What a call is told that the host cancels.
pub(crate) const REASON: CancelReason = CancelReason { kind: CancelKind::Handle, place: Place(u64::MAX) };

impl Canceller {
    /// Asks the call to end: see [`Call::cancel`].
    pub fn cancel(&self) {
        if let Some(canceller) = &self.0 {
            canceller.cancel(REASON);
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}

/// What a host is told of the end of a call with this account.
pub(crate) fn result<R: FromAivi>(
    machine: &Machine,
    outcome: Outcome,
    account: Option<&Account>,
    taking: &Taking<R>,
) -> Result<R, CallError> {
    match outcome {
        Outcome::Done(value) => {
            let take = || taking.take(&value, machine.shapes()).map_err(CallError::Mismatch);
            account.map_or_else(take, |account| within(machine, account, take))
        }
        Outcome::Cancelled(CancelReason { kind: CancelKind::Handle | CancelKind::Shutdown, .. }) => {
            Err(CallError::Cancelled)
        }
        other => Err(match machine.ending(&other) {
            Ending::Failure(report) => CallError::Failure(report.error),
            Ending::Fault(report) => CallError::Fault(report),
            Ending::Limit(report) => CallError::Limit(report),
            ending => CallError::Ended(ending),
        }),
    }
}

/// The value of a call, if its limits allow that so much is made of it.
fn within<R>(
    machine: &Machine,
    account: &Account,
    take: impl FnOnce() -> Result<R, CallError>,
) -> Result<R, CallError> {
    let most = account.memory_limit();
    let (value, made) = ration::counted(most, take);
    let reached = (made > most.min(ration::SMALL)).then(|| account.over_for_host(made)).flatten();
    reached.map_or(value, |reached| Err(CallError::Limit(LimitReport::new(&reached, &machine.program))))
}

impl From<LookupError> for CallError {
    fn from(error: LookupError) -> CallError {
        CallError::Lookup(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Lookup(error) => error.fmt(f),
            CallError::Mismatch(mismatch) => write!(f, "{mismatch}"),
            CallError::Failure(error) => write!(f, "failure: {error}"),
            CallError::Fault(report) => write!(f, "fault: {report}"),
            CallError::Limit(report) => write!(f, "{report}"),
            CallError::Cancelled => f.write_str("the call was cancelled"),
            CallError::Ended(ending) => write!(f, "ended early with code {}", ending.exit_code()),
        }
    }
}

impl std::error::Error for CallError {}
