//! Real tasks on real workers, for large models: each worker is a thread of the model.
//!
//! A [`Stage`] begins with a root that has spawned the tasks of the model and waits; nobody runs yet. The model then
//! has its workers take turns, at the same time with whatever else it plays, and in the end lets all that is ready run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use loom::cell::UnsafeCell;
use loom::thread::{self, JoinHandle};

use crate::run::Run;
use crate::task::record::Raw;
use crate::worker::Worker;
use crate::{
    CancelKind, CancelReason, Config, Context, DeadlockReport, Latch, Mode, Observer, Outcome, Place, Report, Runtime,
    Step, Task, TaskHandle, Wake,
};

/// A message that Loom watches: whoever reads it must have got it from its writer.
#[derive(Clone)]
pub struct Token(Arc<UnsafeCell<u32>>);

// SAFETY: Loom checks each access.
unsafe impl Send for Token {}

impl Token {
    /// A message.
    pub fn new(number: u32) -> Self {
        let token = Token(Arc::new(UnsafeCell::new(0)));
        // SAFETY: nobody else has it yet.
        token.0.with_mut(|cell| unsafe { *cell = number });
        token
    }

    /// What it says.
    pub fn get(&self) -> u32 {
        // SAFETY: Loom checks that nobody writes.
        self.0.with(|cell| unsafe { *cell })
    }

    /// How many there are of it.
    pub fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// What happened, in order. A lock that Loom does not know: it is no part of what is modelled.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    /// Is there such a line?
    pub fn has(&self, line: &str) -> bool {
        self.0.lock().unwrap().iter().any(|found| found == line)
    }
}

type Resume = Box<dyn FnMut(&mut Context<'_, Play>) -> Step<Play> + Send>;

/// A task of a model.
pub struct Play {
    resume: Resume,
    /// Its name, if it has nothing to do when it is cancelled.
    ends_as: Option<&'static str>,
    cast: Cast,
}

impl Drop for Play {
    fn drop(&mut self) {
        self.cast.alive.fetch_sub(1, Ordering::Relaxed);
        let scope = self.cast.scope.lock().unwrap().clone();
        assert!(!scope.is_some_and(|run| run.is_over()), "the scope is over, and a task of it lives");
    }
}

impl Task for Play {
    type Value = Token;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        (self.resume)(cx)
    }

    fn end_in_wait(&mut self, reason: CancelReason) -> Option<Outcome<Token, String>> {
        self.cast.log.add(format!("{}: ended", self.ends_as?));
        Some(Outcome::Cancelled(reason))
    }

    fn deadlock(_: DeadlockReport) -> String {
        "deadlock".to_owned()
    }

    fn broken(text: &str) -> String {
        text.to_owned()
    }
}

/// What one task does: begins something, which may be done at once (then the line to log) or wait.
pub type Begin = Box<dyn FnOnce(&mut Context<'_, Play>) -> Option<String> + Send>;

/// Makes tasks, and counts those that live.
#[derive(Clone, Default)]
pub struct Cast {
    pub log: Log,
    /// The run whose end no task may outlive, if the model looks at that.
    pub scope: Arc<Mutex<Option<Arc<Run<Play>>>>>,
    alive: Arc<AtomicUsize>,
}

impl Cast {
    /// A task that begins something, logs how it ended as `name: how`, and ends.
    pub fn task(&self, name: &'static str, begin: Begin) -> Play {
        let (log, mut begin) = (self.log.clone(), Some(begin));
        self.play(Box::new(move |cx| {
            let how = match begin.take() {
                Some(begin) => begin(cx),
                None => Some(text(cx.take_wake())),
            };
            let Some(how) = how else { return Step::Waiting };
            log.add(format!("{name}: {how}"));
            Step::Ended(Outcome::Done(Token::new(0)))
        }))
    }

    /// The same, and if it is cancelled where it waits it ends there, which it logs as `name: ended`.
    pub fn plain(&self, name: &'static str, begin: Begin) -> Play {
        let mut play = self.task(name, begin);
        play.ends_as = Some(name);
        play
    }

    /// A task.
    pub fn play(&self, resume: Resume) -> Play {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Play { resume, ends_as: None, cast: self.clone() }
    }

    /// Tasks that have not ended.
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }
}

/// What ended a wait.
pub fn text(wake: Wake<Token, String>) -> String {
    match wake {
        Wake::Message(token) => format!("message {}", token.get()),
        Wake::Sent => "sent".to_owned(),
        Wake::Closed => "closed".to_owned(),
        Wake::Joined(_) => "joined".to_owned(),
        Wake::Timer => "timer".to_owned(),
        Wake::Io => "ready".to_owned(),
        Wake::Completed(result) => format!("completed {}", result.map_or(0, |token| token.get())),
        Wake::Latch => "latch".to_owned(),
        Wake::Selected(case, Some(token)) => format!("case {case} message {}", token.get()),
        Wake::Selected(case, None) => format!("case {case}"),
        Wake::Cancelled => "cancelled".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// Why tasks of models are cancelled.
pub const REASON: CancelReason = CancelReason { kind: CancelKind::Handle, place: Place(1) };

struct Silent;

impl Observer<Play> for Silent {
    fn report(&self, _: Report<'_, Play>) {}

    fn describe_place(&self, _: Place) -> String {
        String::new()
    }
}

/// A runtime for so many workers.
pub fn runtime(workers: usize) -> Runtime<Play> {
    let config = Config { workers, mode: Mode::Real, blocking_threads: 1 };
    Runtime::new(config, Arc::new(Silent)).unwrap()
}

/// Workers, a root that waits, and the tasks that it has spawned.
pub struct Stage {
    pub cast: Cast,
    pub runtime: Runtime<Play>,
    pub run: Arc<Run<Play>>,
    /// Whoever is not in the hands of a thread.
    workers: Vec<Option<Worker<Play>>>,
    pub handles: Vec<TaskHandle<Play>>,
    curtain: Latch<Play>,
}

impl Stage {
    /// A stage whose root has spawned `tasks`.
    pub fn new(workers: usize, cast: &Cast, tasks: Vec<Play>) -> Self {
        let runtime = runtime(workers);
        let (curtain, handles) = (Latch::new(), Arc::new(Mutex::new(Vec::new())));
        let root = cast.play({
            let (curtain, handles, mut tasks) = (curtain.clone(), handles.clone(), Some(tasks));
            Box::new(move |cx| {
                let Some(tasks) = tasks.take() else { return Step::Ended(Outcome::Done(Token::new(0))) };
                for task in tasks {
                    handles.lock().unwrap().push(cx.spawn(task, None).unwrap());
                }
                cx.wait_latch(&curtain);
                Step::Waiting
            })
        });
        let run = runtime.shared.begin_run(root);
        let raw = runtime.shared.take_injected().unwrap();
        let worker = |index: usize| {
            runtime.shared.seats[index].has_thread.store(true, Ordering::Relaxed);
            let core = runtime.shared.seats[index].core.lock().take().unwrap();
            Some(Worker { shared: runtime.shared.clone(), index, core })
        };
        let mut workers: Vec<_> = (0..workers).map(worker).collect();
        (0..workers.len()).for_each(|index| _ = runtime.shared.idle.leave(index));
        let first = workers[0].as_mut().unwrap();
        first.turn(raw);
        // What it has spawned is in its queue; the model decides who runs it.
        while first.core.queue.pop(1).is_some() {}
        let handles = std::mem::take(&mut *handles.lock().unwrap());
        Stage { cast: cast.clone(), runtime, run, workers, handles, curtain }
    }

    /// One of the tasks.
    pub fn raw(&self, task: usize) -> Raw<Play> {
        self.handles[task].0.raw()
    }

    /// A worker, to be given back with `back`.
    pub fn take(&mut self, worker: usize) -> Worker<Play> {
        self.workers[worker].take().unwrap()
    }

    /// A thread of the model that has a worker run a task, and then what that has queued.
    pub fn run(&mut self, worker: usize, task: usize) -> JoinHandle<Worker<Play>> {
        let (mut worker, raw) = (self.take(worker), self.raw(task));
        thread::spawn(move || {
            worker.turn(raw);
            drain(&mut worker);
            worker
        })
    }

    /// A thread of the model that has a worker end the root.
    pub fn end_root(&mut self, worker: usize) -> JoinHandle<Worker<Play>> {
        let mut worker = self.take(worker);
        self.curtain.open(|raw| worker.push_last(raw));
        thread::spawn(move || {
            drain(&mut worker);
            worker
        })
    }

    /// Takes a worker back.
    pub fn back(&mut self, worker: Worker<Play>) {
        let index = worker.index;
        self.workers[index] = Some(worker);
    }

    /// Asks one of the tasks to end, from outside.
    pub fn cancel(&self, task: usize) {
        cancel(&self.runtime, &self.handles[task]);
    }

    /// Runs all that is ready.
    pub fn settle(&mut self) {
        let mut is_over = false;
        while !is_over {
            is_over = true;
            for worker in self.workers.iter_mut().flatten() {
                is_over &= !drain(worker);
                while let Some(raw) = worker.shared.take_injected() {
                    worker.turn(raw);
                    is_over = false;
                }
            }
        }
    }

    /// Lets the root end, and with it what still waits.
    pub fn close(mut self) {
        let Some(worker) = self.workers[0].as_mut() else { panic!("a worker is missing") };
        self.curtain.open(|raw| worker.push_last(raw));
        self.settle();
        assert!(self.run.is_over(), "the run does not end");
        assert_eq!(self.cast.alive(), 0, "a task lives");
    }
}

/// Asks a task to end, from outside.
pub fn cancel(runtime: &Runtime<Play>, handle: &TaskHandle<Play>) {
    if handle.0.request_cancel(REASON) {
        runtime.shared.inject(handle.0.raw());
    }
}

/// Runs what a worker has queued. False: that was nothing.
pub fn drain(worker: &mut Worker<Play>) -> bool {
    let mut has_run = false;
    while let Some(raw) = worker.core.queue.pop(1) {
        worker.turn(raw);
        has_run = true;
    }
    has_run
}
