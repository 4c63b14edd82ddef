//! Running toy programs: on many seeds of the simulator, and on real workers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aivi_scheduler::*;

use super::{End, Program, Toy};

/// Long enough for every machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(60);

/// What the tasks of a test share.
pub struct Env {
    pub unit_ns: u64,
    pub log: Mutex<Vec<String>>,
    pub reports: Mutex<Vec<String>>,
    capacities: HashMap<usize, usize>,
    channels: Mutex<HashMap<usize, Channel<Toy>>>,
    tasks: Mutex<HashMap<usize, TaskHandle<Toy>>>,
    scopes: Mutex<HashMap<usize, ScopeRef<Toy>>>,
    latches: Mutex<HashMap<usize, Latch<Toy>>>,
    alive: AtomicI64,
    held: AtomicI64,
    sent: AtomicU64,
    received: AtomicU64,
    pub received_values: Mutex<Vec<i64>>,
}

impl Env {
    fn new(unit_ns: u64, capacities: &[(usize, usize)]) -> Self {
        Env {
            unit_ns,
            log: Mutex::default(),
            reports: Mutex::default(),
            capacities: capacities.iter().copied().collect(),
            channels: Mutex::default(),
            tasks: Mutex::default(),
            scopes: Mutex::default(),
            latches: Mutex::default(),
            alive: AtomicI64::new(0),
            held: AtomicI64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            received_values: Mutex::default(),
        }
    }

    pub fn log(&self, line: String) {
        self.log.lock().unwrap().push(line);
    }

    /// The capacity is the test's; unbounded if it gave none.
    pub fn channel(&self, number: usize) -> Channel<Toy> {
        let make = || match self.capacities.get(&number) {
            Some(capacity) => Channel::bounded(*capacity),
            None => Channel::unbounded(),
        };
        self.channels.lock().unwrap().entry(number).or_insert_with(make).clone()
    }

    pub fn latch(&self, number: usize) -> Latch<Toy> {
        self.latches.lock().unwrap().entry(number).or_default().clone()
    }

    pub fn task(&self, number: usize) -> Option<TaskHandle<Toy>> {
        self.tasks.lock().unwrap().get(&number).cloned()
    }

    pub fn put_task(&self, number: usize, handle: TaskHandle<Toy>) {
        self.tasks.lock().unwrap().insert(number, handle);
    }

    pub fn scope(&self, number: usize) -> ScopeRef<Toy> {
        self.scopes.lock().unwrap().get(&number).expect("the scope was made").clone()
    }

    pub fn put_scope(&self, number: usize, scope: ScopeRef<Toy>) {
        self.scopes.lock().unwrap().insert(number, scope);
    }

    pub fn begin(&self) {
        self.alive.fetch_add(1, Ordering::Relaxed);
    }

    pub fn end(&self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn hold(&self, count: i64) {
        self.held.fetch_add(count, Ordering::Relaxed);
    }

    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub fn received(&self, value: i64) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.received_values.lock().unwrap().push(value);
    }

    fn buffered(&self) -> u64 {
        self.channels.lock().unwrap().values().map(|channel| channel.rx.len() as u64).sum()
    }
}

struct Watcher(Arc<Env>);

impl Observer<Toy> for Watcher {
    fn report(&self, report: Report<'_, Toy>) {
        let line = match report {
            Report::Held(_) => return,
            Report::UnjoinedFailure { failure, .. } => format!("unjoined {failure:?}"),
            Report::LostFault { fault, .. } => format!("lost {fault}"),
            Report::GivenUp { dump, .. } => format!("given up\n{dump}"),
            Report::Stuck { dump, .. } => format!("stuck\n{dump}"),
            Report::CutOff { .. } => return,
        };
        self.0.reports.lock().unwrap().push(line);
    }

    fn describe_place(&self, place: Place) -> String {
        format!("line {}", place.0)
    }
}

/// What came of a run.
pub struct Test {
    pub end: End,
    pub log: Vec<String>,
    pub reports: Vec<String>,
    pub received: Vec<i64>,
    pub stats: Stats,
    pub mode: String,
}

/// Runs once and checks what must hold after every run: nothing lives, nothing is armed, each message that was sent is
/// received or buffered.
pub fn run(config: Config, root: &Program, capacities: &[(usize, usize)]) -> Test {
    let unit_ns = if config.mode == Mode::Real { 20_000 } else { 1_000_000 };
    let env = Arc::new(Env::new(unit_ns, capacities));
    let mode = format!("{:?}, {} workers", config.mode, config.workers);
    let runtime = Runtime::new(config, Arc::new(Watcher(env.clone()))).expect("a runtime");
    let end = runtime.run(Toy::new(&env, root));
    // A blocking job counts until its thread has let go of it, a moment after it has woken its task; and a worker says
    // how many tasks it has ended when it parks.
    let begun = Instant::now();
    while runtime.stats().outside + runtime.stats().tasks > 0 && begun.elapsed() < LONG {
        std::thread::yield_now();
    }
    let stats = runtime.stats();
    assert_eq!(stats.tasks, 0, "no task lives after {mode}");
    assert_eq!(stats.timers, 0, "no timer is armed after {mode}");
    assert_eq!(stats.io_waits, 0, "nothing is waited for after {mode}");
    drop(runtime);
    assert_eq!(env.alive.load(Ordering::Relaxed), 0, "every task was dropped after {mode}");
    assert_eq!(env.held.load(Ordering::Relaxed), 0, "what was held was released once after {mode}");
    let (sent, received) = (env.sent.load(Ordering::Relaxed), env.received.load(Ordering::Relaxed));
    // A sender that is cancelled after its message was taken counts nothing, so `sent` may be less.
    assert!(received + env.buffered() >= sent, "{sent} sent, {received} received in {mode}");
    let log = std::mem::take(&mut *env.log.lock().unwrap());
    let reports = std::mem::take(&mut *env.reports.lock().unwrap());
    let received = std::mem::take(&mut *env.received_values.lock().unwrap());
    Test { end, log, reports, received, stats, mode }
}

/// Runs on `count` seeds of the simulator, the first twice: same seed, same log.
pub fn on_seeds(count: u64, root: &Program, capacities: &[(usize, usize)], check: impl Fn(&Test)) {
    for seed in 0..count {
        let config = || Config { workers: 1, mode: Mode::Simulated { seed }, blocking_threads: 1 };
        let test = run(config(), root, capacities);
        check(&test);
        if seed < 2 {
            assert_eq!(test.log, run(config(), root, capacities).log, "seed {seed} twice");
        }
    }
}

/// Runs on 50 seeds and on one, two and four real workers.
pub fn everywhere(root: &Program, capacities: &[(usize, usize)], check: impl Fn(&Test)) {
    on_seeds(50, root, capacities, &check);
    for workers in [1, 2, 4] {
        for _ in 0..20 {
            let config = Config { workers, mode: Mode::Real, blocking_threads: 2 };
            check(&run(config, root, capacities));
        }
    }
}
