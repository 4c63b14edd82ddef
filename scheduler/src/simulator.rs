//! The simulator: one thread, a seed that decides every choice, and time that passes only when nobody can run.
//!
//! Time is virtual. It stands still while tasks are ready, jumps to the next timer when none is, and moves on a little
//! with each tick of a task that computes ([`TICK_NS`]), so that a task that never waits does not stop it. Nor do tasks
//! that only wake each other: after [`TURNS_MAX`] turns at one instant it moves on, too. Blocking jobs run on the spot,
//! as a choice like any other.
//!
//! Before each operation, something that others may notice, a seed may take the processor from a task that could go on,
//! so that what comes between two operations is seen; how often is the seed's, too ([`STRIDES`]). Seed 0 never does.
//!
//! Time can be *held* ([`Simulator::hold`]): it then passes up to a moment that the program sets, and no further.
//!
//! Things that decide between equals at one instant (a limit and the body that completes at that moment, two branches
//! of a race) are settled late: when all that is ready at this instant has run.

use std::collections::VecDeque;

use crate::oracle::Oracle;
use crate::rehearsal::Rehearsal;
use crate::task::record::{Raw, Ref};
use crate::{FUEL, Place, Task};

/// Virtual time of a full slice of fuel: about what it takes in reality.
pub const TICK_NS: u64 = 15_000;

/// Turns at one instant before time moves on by [`TURNS_NS`]. Smaller would part tasks that many others keep from
/// running at the same instant; larger makes limits of tasks that wake each other slow to test (arbitrary).
const TURNS_MAX: u32 = 10_000;

/// Virtual time of so many turns: about what they take in reality.
const TURNS_NS: u64 = 1_000_000;

/// Of so many operations (the first to the last power of two) a seed interrupts one before it. Often finds what needs
/// many turns of others in between, seldom what needs a task to come far in one go; so each seed has one of them
/// (arbitrary).
const STRIDES: std::ops::Range<u32> = 1..5;

/// Milliseconds since 1970 when virtual time begins: 2026-01-01, arbitrary.
pub const WALL_START_MS: i64 = 1_767_225_600_000;

/// Work of the simulator.
pub struct Simulator<T: Task> {
    seed: u64,
    /// Operations of which one is interrupted.
    stride: usize,
    now_ns: u64,
    /// Time passes up to here.
    allowed_ns: u64,
    /// Turns since time has passed.
    turns: u32,
    /// Turns of all times.
    all_turns: u64,
    ready: VecDeque<Raw<T>>,
    jobs: VecDeque<Box<dyn FnOnce() + Send>>,
    late: VecDeque<Late<T>>,
    /// The task that is ready last has just made way for another one.
    made_way: bool,
    pub rehearsal: Option<Rehearsal>,
}

/// Something to be settled when all that is ready at `at_ns` has run.
pub struct Late<T: Task> {
    pub at_ns: u64,
    pub owner: Ref<T>,
    /// The wait of the owner.
    pub generation: u32,
    pub what: What,
}

/// What is to be settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// The limit of a group has been reached.
    Limit,
    /// A child has decided the group, and stood there.
    Decision(Place),
}

/// What comes next.
pub enum Next<T: Task> {
    /// Run this task.
    Task(Raw<T>),
    /// Run this blocking job.
    Job(Box<dyn FnOnce() + Send>),
    /// Settle this.
    Late(Late<T>),
}

impl<T: Task> Simulator<T> {
    /// Choices by `seed`.
    pub fn new(seed: u64) -> Self {
        // Not the numbers that choose between tasks.
        let power = STRIDES.start as usize + Oracle::seeded(!seed).pick(STRIDES.len());
        Simulator {
            seed,
            stride: 1 << power,
            now_ns: 0,
            allowed_ns: u64::MAX,
            turns: 0,
            all_turns: 0,
            ready: VecDeque::new(),
            jobs: VecDeque::new(),
            late: VecDeque::new(),
            made_way: false,
            rehearsal: None,
        }
    }

    /// Virtual time.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// May time pass as far as that?
    pub fn allows(&self, moment_ns: u64) -> bool {
        moment_ns <= self.allowed_ns
    }

    /// From now on time passes up to this moment.
    pub fn hold(&mut self, moment_ns: u64) {
        self.allowed_ns = moment_ns.max(self.now_ns);
    }

    /// Time passes at least up to this moment.
    pub fn allow(&mut self, moment_ns: u64) {
        self.allowed_ns = self.allowed_ns.max(moment_ns);
    }

    /// Lets time pass, as far as it may.
    pub fn pass_to(&mut self, now_ns: u64) {
        let now_ns = now_ns.min(self.allowed_ns);
        if now_ns > self.now_ns {
            (self.now_ns, self.turns) = (now_ns, 0);
        }
    }

    /// Counts a turn of a task. True: time has passed.
    pub fn count_turn(&mut self) -> bool {
        self.turns += 1;
        self.all_turns += 1;
        let is_over = self.turns == TURNS_MAX;
        if is_over {
            self.pass_to(self.now_ns + TURNS_NS);
        }
        is_over
    }

    /// Turns so far.
    pub fn all_turns(&self) -> u64 {
        self.all_turns
    }

    /// Makes a task ready.
    pub fn push(&mut self, raw: Raw<T>) {
        self.ready.push_back(raw);
    }

    /// Adds a blocking job.
    pub fn push_job(&mut self, job: Box<dyn FnOnce() + Send>) {
        self.jobs.push_back(job);
    }

    /// Adds something to be settled.
    pub fn push_late(&mut self, late: Late<T>) {
        self.late.push_back(late);
    }

    /// Is there anything to do at this instant?
    pub fn has_work(&self) -> bool {
        self.has_ready() || !self.late.is_empty()
    }

    /// Is somebody else ready?
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.jobs.is_empty()
    }

    /// The last run is over: jobs whose tasks were cancelled still run, as they would on the pool.
    pub fn finish(&mut self) {
        self.late.clear();
        self.jobs.drain(..).for_each(|job| job());
    }

    /// The next thing to do at this instant.
    pub fn next(&mut self, oracle: &mut Oracle) -> Option<Next<T>> {
        if let Some(late) = self.late.front()
            && (!self.has_ready() || late.at_ns < self.now_ns)
        {
            return self.late.pop_front().map(Next::Late);
        }
        let choices = self.ready.len() + self.jobs.len();
        if choices == 0 {
            return None;
        }
        let made_way = std::mem::take(&mut self.made_way) && choices > 1;
        let at = match self.explored() {
            Some(rehearsal) => rehearsal.pick(choices),
            None if self.seed == 0 => 0,
            None if made_way => match oracle.pick(choices - 1) {
                at if at + 1 < self.ready.len() => at,
                at => at + 1,
            },
            None => oracle.pick(choices),
        };
        if at < self.ready.len() {
            let raw = if at == 0 { self.ready.pop_front() } else { self.ready.swap_remove_front(at) };
            return raw.map(Next::Task);
        }
        self.jobs.pop_front().map(Next::Job)
    }

    /// Fuel for a slice: any amount, so that every place is interrupted sooner or later.
    pub fn fuel(&self, oracle: &mut Oracle) -> u32 {
        match self.explored() {
            Some(_) => 1,
            None if self.seed == 0 => FUEL,
            None => 1 + oracle.pick(FUEL as usize) as u32,
        }
    }

    /// Virtual time of the fuel that a task has spent when it ticks.
    pub fn tick_ns(&self) -> u64 {
        if self.explored().is_some() { TICK_NS.div_ceil(FUEL.into()) } else { TICK_NS }
    }

    /// A task that ticks could go on; must it make way?
    pub fn must_yield(&self) -> bool {
        match self.explored() {
            Some(rehearsal) => {
                let is_late = self.late.front().is_some_and(|late| late.at_ns < self.now_ns);
                is_late || self.is_preempted() || rehearsal.is_silent()
            }
            None => self.has_work(),
        }
    }

    /// Is every operation a place where another task may have to run before? Somebody has to decide that.
    pub fn is_stepped(&self) -> bool {
        self.rehearsal.is_some() || self.seed != 0
    }

    /// A task begins an operation, unless it has to make way before.
    pub fn makes_way(&mut self, oracle: &mut Oracle) -> bool {
        let makes_way = match self.explored() {
            Some(_) => self.is_preempted(),
            None => {
                self.made_way = self.seed != 0 && self.has_ready() && oracle.pick(self.stride) == 0;
                self.made_way
            }
        };
        if makes_way {
            // A turn in two parts is one for those who count them.
            self.turns = self.turns.saturating_sub(1);
        } else if let Some(rehearsal) = &self.rehearsal {
            rehearsal.act();
        }
        makes_way
    }

    /// Does whoever decides instead of the seed take the processor from the task that runs?
    fn is_preempted(&self) -> bool {
        self.explored().is_some_and(|rehearsal| rehearsal.preempts(self.ready.len() + self.jobs.len()))
    }

    /// Who decides, if not the seed.
    fn explored(&self) -> Option<&Rehearsal> {
        self.rehearsal.as_ref().filter(|rehearsal| rehearsal.explores())
    }
}
