//! Rehearsals: a simulated run that is told more than its seed, and tells what it did.
//!
//! Words. A *point* is a moment at which a request to cancel can be noticed: a checkpoint of any task, or the moment
//! after a task has begun to wait. A *step* is what one task does until another one runs. A *decision* is a choice
//! between tasks that are ready; one that takes the processor from a task that could go on is a *preemption*.
//!
//! Three uses:
//! - to see a run: steps are noted, and two runs of the same seed have to have the same ones;
//! - to cancel the roots at a given point, whichever task is there;
//! - to explore: decisions are given instead of drawn. Then a task is asked at each operation whether it goes on; what
//!   it computes between two operations nobody else can see, so there is nothing to decide there.

use crate::sync::{Arc, Mutex};
use crate::{Place, WaitReason};

/// Steps beyond these are only counted: a program that computes for long is not to take all memory (arbitrary).
const STEPS_MAX: usize = 100_000;

/// Checkpoints after which a task that does nothing that others could see makes way for them (arbitrary).
const SILENT_MAX: u32 = 4096;

/// What a run is told and what it tells. Clones are the same.
#[derive(Clone, Default, Debug)]
pub struct Rehearsal(Arc<Mutex<State>>);

#[derive(Default, Debug)]
struct State {
    cancel_at: Option<u64>,
    script: Option<Vec<u32>>,
    tape: Tape,
    /// The task that runs has done something since the last decision.
    has_acted: bool,
    /// Checkpoints since it did something.
    silent: u32,
    /// The next task, decided already.
    next: Option<usize>,
}

/// What a run did.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tape {
    /// Points that there were.
    pub points: u64,
    /// Where the task stood at whose point the roots were cancelled.
    pub cancelled_at: Option<Place>,
    /// Its steps, the first `STEPS_MAX` of them.
    pub steps: Vec<Step>,
    /// Its decisions, when it explored.
    pub decisions: Vec<Decision>,
}

/// What one task did until another one ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its number.
    pub task: u64,
    /// Where it stood afterwards.
    pub place: Place,
    /// Why it did not go on.
    pub end: StepEnd,
    /// Virtual time.
    pub at_ns: u64,
}

/// Why a task did not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepEnd {
    /// Others were to run.
    Yielded,
    /// It waits.
    Waits(WaitReason),
    /// It was over.
    Ended,
}

/// A choice between tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What was chosen; 0 is to go on, or the task that has been ready for longest.
    pub chosen: u32,
    /// How many choices there were.
    pub options: u32,
    /// Is every choice but 0 a preemption?
    pub may_go_on: bool,
}

impl Rehearsal {
    /// A run that is only to be seen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A run whose roots are cancelled at a point; the first is 0.
    #[must_use]
    pub fn cancelling(point: u64) -> Self {
        Rehearsal(Arc::new(Mutex::new(State { cancel_at: Some(point), ..State::default() })))
    }

    /// A run with these decisions, and 0 for all that come behind them.
    #[must_use]
    pub fn scripted(decisions: Vec<u32>) -> Self {
        Rehearsal(Arc::new(Mutex::new(State { script: Some(decisions), ..State::default() })))
    }

    /// What the run did.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.0.lock().tape.clone()
    }

    /// Does it decide instead of the seed?
    pub(crate) fn explores(&self) -> bool {
        self.0.lock().script.is_some()
    }

    /// A task is at a point. True: the roots are to be cancelled.
    pub(crate) fn point(&self, place: Place) -> bool {
        let mut state = self.0.lock();
        let is_it = state.cancel_at == Some(state.tape.points);
        state.tape.points += 1;
        if is_it {
            state.tape.cancelled_at = Some(place);
        }
        is_it
    }

    /// The task that runs begins an operation.
    pub(crate) fn act(&self) {
        let mut state = self.0.lock();
        (state.has_acted, state.silent) = (true, 0);
    }

    /// Is the task that runs to make way for one of those that are ready?
    pub(crate) fn preempts(&self, ready: usize) -> bool {
        let mut state = self.0.lock();
        if ready == 0 || !std::mem::take(&mut state.has_acted) {
            return false;
        }
        let chosen = state.decide(ready + 1, true);
        state.next = chosen.checked_sub(1);
        state.next.is_some()
    }

    /// A task that computes and computes is at a checkpoint. True: no choice, but others have to run at last.
    pub(crate) fn is_silent(&self) -> bool {
        let mut state = self.0.lock();
        state.silent += 1;
        state.silent.is_multiple_of(SILENT_MAX)
    }

    /// Which of the tasks that are ready runs next.
    pub(crate) fn pick(&self, ready: usize) -> usize {
        let mut state = self.0.lock();
        state.has_acted = false;
        match state.next.take() {
            Some(next) => next,
            None if ready > 1 => state.decide(ready, false),
            None => 0,
        }
    }

    pub(crate) fn note(&self, step: Step) {
        let mut state = self.0.lock();
        if state.tape.steps.len() < STEPS_MAX {
            state.tape.steps.push(step);
        }
    }
}

impl State {
    fn decide(&mut self, options: usize, may_go_on: bool) -> usize {
        let at = self.tape.decisions.len();
        let wanted = self.script.as_ref().and_then(|script| script.get(at)).copied().unwrap_or(0);
        // A shortened script may ask for a task that is not there.
        let chosen = if (wanted as usize) < options { wanted } else { 0 };
        self.tape.decisions.push(Decision { chosen, options: options as u32, may_go_on });
        chosen as usize
    }
}
