//! What does the scheduler itself cost, on one and on two workers?
//!
//! The workloads of the targets' part B with tasks that compute nothing: what is left to a target is the VM's. Not
//! shown: sockets (they are the kernel's cost), and anything that needs a bytecode. Run with
//! `cargo run --release -p aivi-scheduler --example costs [name…]`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aivi_scheduler::*;

const REPEATS: usize = 5;
const SPAWNS: u64 = 1_000_000;
const TRIPS: u64 = 1_000_000;
const RING: usize = 1_000;
const MESSAGES: u64 = 2_000_000;
const SENDERS: u64 = 4;
const GROUPS: u64 = 300_000;
const SLEEPERS: u64 = 100_000;
const MS: u64 = 1_000_000;

type Cx<'a, 'b> = &'a mut Context<'b, Job>;

/// A task: a state machine with about the registers of a small fiber.
struct Job {
    kind: Kind,
    left: u64,
    step: u8,
    sum: u64,
    handles: Vec<TaskHandle<Job>>,
    _registers: [u64; 8],
}

#[derive(Clone)]
enum Kind {
    Done,
    SpawnSeq,
    SpawnAll,
    Skynet(u64),
    Ping(Sender<Job>, Receiver<Job>),
    Pong(Receiver<Job>, Sender<Job>),
    Hop(Receiver<Job>, Sender<Job>),
    Ring,
    Sender(Sender<Job>),
    Fanin(Option<usize>),
    Receiver(Receiver<Job>),
    Par,
    Race,
    Timeout,
    Sleeper(u64),
    Cancel,
    PingPong,
    Sleepers,
}

fn job(kind: Kind, left: u64) -> Job {
    Job { kind, left, step: 0, sum: 0, handles: Vec::new(), _registers: [0; 8] }
}

impl Task for Job {
    type Value = u64;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        match cx.take_wake() {
            Wake::Message(value) => self.sum += value,
            Wake::Joined(Outcome::Done(value)) => self.sum += value,
            Wake::Group(end) => self.sum += end.outcomes.len() as u64,
            Wake::Cancelled => return Step::Ended(Outcome::Cancelled(cx.cancel_requested().expect("a reason"))),
            _ => {}
        }
        let kind = std::mem::replace(&mut self.kind, Kind::Done);
        let step = self.go_on(cx, &kind);
        if matches!(self.kind, Kind::Done) {
            self.kind = kind;
        }
        step
    }

    fn deadlock(report: DeadlockReport) -> String {
        report.to_string()
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}

impl Job {
    fn go_on(&mut self, cx: Cx, kind: &Kind) -> Step<Self> {
        match kind {
            Kind::Done => Step::Ended(Outcome::Done(1)),
            Kind::SpawnSeq => self.spawn_seq(cx),
            Kind::SpawnAll | Kind::Skynet(_) | Kind::Sleepers | Kind::Cancel => self.tree(cx, kind),
            Kind::PingPong => {
                let (to, fro): (Channel<Job>, Channel<Job>) = (Channel::unbounded(), Channel::unbounded());
                self.fork(cx, [Kind::Ping(to.tx, fro.rx), Kind::Pong(to.rx, fro.tx)])
            }
            Kind::Ping(to, fro) => self.ping(cx, to, fro),
            Kind::Pong(to, fro) => self.pong(cx, to, fro),
            Kind::Ring => self.ring(cx),
            Kind::Hop(from, to) => self.pong(cx, from, to),
            Kind::Fanin(capacity) => self.fanin(cx, *capacity),
            Kind::Sender(tx) => self.send_all(cx, tx),
            Kind::Receiver(rx) => self.receive_all(cx, rx),
            Kind::Par | Kind::Race | Kind::Timeout => self.groups(cx, kind),
            Kind::Sleeper(ns) => {
                self.step += 1;
                if self.step > 1 {
                    return Step::Ended(Outcome::Done(1));
                }
                cx.sleep(*ns);
                Step::Waiting
            }
        }
    }

    fn spawn_seq(&mut self, cx: Cx) -> Step<Self> {
        loop {
            if self.left == 0 {
                return Step::Ended(Outcome::Done(self.sum));
            }
            self.left -= 1;
            let handle = cx.spawn(job(Kind::Done, 0), None).expect("the scope is open");
            match cx.join(handle) {
                Join::Ready(_) => self.sum += 1,
                _ => return Step::Waiting,
            }
        }
    }

    /// Spawns its children, then joins them.
    fn tree(&mut self, cx: Cx, kind: &Kind) -> Step<Self> {
        if self.step == 0 {
            self.step = 1;
            let (count, child) = match kind {
                Kind::Skynet(1) => return Step::Ended(Outcome::Done(1)),
                Kind::Skynet(leaves) => (10, job(Kind::Skynet(leaves / 10), 0)),
                Kind::Sleepers => (SLEEPERS * 10, job(Kind::Sleeper(1_000 * MS), 0)),
                Kind::Cancel => (SLEEPERS, job(Kind::Sleeper(10_000 * MS), 0)),
                _ => (self.left, job(Kind::Done, 0)),
            };
            for _ in 0..count {
                let child = job(child.kind.clone(), 0);
                self.handles.push(cx.spawn(child, None).expect("the scope is open"));
            }
            if matches!(kind, Kind::Cancel) {
                // All of them sleep when we are woken.
                cx.sleep(50 * MS);
                return Step::Waiting;
            }
        }
        if matches!(kind, Kind::Cancel) && self.step == 1 {
            self.step = 2;
            self.sum = Instant::now().elapsed().as_nanos() as u64;
            self.left = cx.now_ns();
            self.handles.iter().for_each(|handle| _ = cx.cancel(handle));
        }
        while let Some(handle) = self.handles.pop() {
            match cx.join(handle) {
                Join::Ready(Outcome::Done(value)) => self.sum += value,
                Join::Ready(_) => {}
                _ => return Step::Waiting,
            }
        }
        if matches!(kind, Kind::Cancel) {
            return Step::Ended(Outcome::Done(cx.now_ns() - self.left));
        }
        Step::Ended(Outcome::Done(self.sum))
    }

    fn fork(&mut self, cx: Cx, kinds: [Kind; 2]) -> Step<Self> {
        if self.step == 0 {
            self.step = 1;
            let [left, right] = kinds;
            cx.par(job(left, self.left), job(right, self.left));
            return Step::Waiting;
        }
        Step::Ended(Outcome::Done(self.sum))
    }

    fn ping(&mut self, cx: Cx, to: &Sender<Job>, fro: &Receiver<Job>) -> Step<Self> {
        loop {
            if self.left == 0 {
                return Step::Ended(Outcome::Done(self.sum));
            }
            self.left -= 1;
            black_box(matches!(cx.send(to, 1), Send::Done));
            match cx.recv(fro) {
                Recv::Value(value) => self.sum += value,
                _ => return Step::Waiting,
            }
        }
    }

    fn pong(&mut self, cx: Cx, from: &Receiver<Job>, to: &Sender<Job>) -> Step<Self> {
        loop {
            if self.step == 1 {
                black_box(matches!(cx.send(to, 1), Send::Done));
            }
            self.step = 1;
            if self.left == 0 {
                return Step::Ended(Outcome::Done(1));
            }
            self.left -= 1;
            match cx.recv(from) {
                Recv::Value(_) => {}
                _ => return Step::Waiting,
            }
        }
    }

    fn ring(&mut self, cx: Cx) -> Step<Self> {
        if self.step == 0 {
            self.step = 1;
            let channels: Vec<Channel<Job>> = (0..RING).map(|_| Channel::unbounded()).collect();
            let rounds = self.left / RING as u64;
            for at in 0..RING {
                let (from, to) = (channels[at].rx.clone(), channels[(at + 1) % RING].tx.clone());
                let hop = job(Kind::Hop(from, to), rounds);
                self.handles.push(cx.spawn(hop, None).expect("the scope is open"));
            }
            black_box(matches!(cx.send(&channels[0].tx, 1), Send::Done));
        }
        while let Some(handle) = self.handles.pop() {
            if !matches!(cx.join(handle), Join::Ready(_)) {
                return Step::Waiting;
            }
        }
        Step::Ended(Outcome::Done(0))
    }

    fn fanin(&mut self, cx: Cx, capacity: Option<usize>) -> Step<Self> {
        if self.step == 0 {
            self.step = 1;
            let channel = capacity.map_or_else(Channel::unbounded, Channel::bounded);
            for _ in 0..SENDERS {
                let sender = job(Kind::Sender(channel.tx.clone()), self.left / SENDERS);
                self.handles.push(cx.spawn(sender, None).expect("the scope is open"));
            }
            self.kind = Kind::Receiver(channel.rx);
        }
        let Kind::Receiver(rx) = self.kind.clone() else { unreachable!("set above") };
        self.receive_all(cx, &rx)
    }

    fn send_all(&mut self, cx: Cx, tx: &Sender<Job>) -> Step<Self> {
        let mut fuel = cx.fuel();
        while self.left > 0 {
            self.left -= 1;
            if matches!(cx.send(tx, 1), Send::Wait) {
                return Step::Waiting;
            }
            fuel = fuel.saturating_sub(16);
            if fuel == 0 {
                match cx.tick() {
                    Tick::Continue => fuel = cx.fuel(),
                    Tick::Yield => return Step::Yielded,
                }
            }
        }
        Step::Ended(Outcome::Done(1))
    }

    fn receive_all(&mut self, cx: Cx, rx: &Receiver<Job>) -> Step<Self> {
        let mut fuel = cx.fuel();
        while self.left > 0 {
            self.left -= 1;
            match cx.recv(rx) {
                Recv::Value(value) => self.sum += value,
                _ => return Step::Waiting,
            }
            fuel = fuel.saturating_sub(16);
            if fuel == 0 {
                match cx.tick() {
                    Tick::Continue => fuel = cx.fuel(),
                    Tick::Yield => return Step::Yielded,
                }
            }
        }
        Step::Ended(Outcome::Done(self.sum))
    }

    fn groups(&mut self, cx: Cx, kind: &Kind) -> Step<Self> {
        if self.left == 0 {
            return Step::Ended(Outcome::Done(self.sum));
        }
        self.left -= 1;
        let done = || job(Kind::Done, 0);
        match kind {
            Kind::Par => cx.par(done(), done()),
            Kind::Race => cx.race(done(), job(Kind::Sleeper(10_000 * MS), 0)),
            _ => cx.timeout(1_000 * MS, done()),
        }
        Step::Waiting
    }
}

struct Silent;

impl Observer<Job> for Silent {
    fn report(&self, _: Report<'_, Job>) {}

    fn describe_place(&self, _: Place) -> String {
        String::new()
    }
}

/// A workload: its root, how many operations it does, and what to subtract from its time.
struct Workload {
    name: &'static str,
    root: fn() -> Job,
    ops: u64,
    /// The result is the time.
    is_timed: bool,
    base_ns: u64,
}

const fn workload(name: &'static str, ops: u64, root: fn() -> Job) -> Workload {
    Workload { name, root, ops, is_timed: false, base_ns: 0 }
}

fn main() {
    let mut workloads = [
        workload("spawn_seq", SPAWNS, || job(Kind::SpawnSeq, SPAWNS)),
        workload("spawn_all 1M", SPAWNS, || job(Kind::SpawnAll, SPAWNS)),
        workload("skynet 1M, join", SPAWNS, || job(Kind::Skynet(SPAWNS), 0)),
        workload("pingpong", TRIPS, || job(Kind::PingPong, TRIPS)),
        workload("ring", TRIPS, || job(Kind::Ring, TRIPS)),
        workload("fanin bounded 128", MESSAGES, || job(Kind::Fanin(Some(128)), MESSAGES)),
        workload("fanin unbounded", MESSAGES, || job(Kind::Fanin(None), MESSAGES)),
        workload("par2", GROUPS, || job(Kind::Par, GROUPS)),
        workload("race2", GROUPS, || job(Kind::Race, GROUPS)),
        workload("timeout", GROUPS, || job(Kind::Timeout, GROUPS)),
        workload("cancel 100k", SLEEPERS, || job(Kind::Cancel, 0)),
        workload("sleepers 1M, beyond 1 s", 1_000_000, || job(Kind::Sleepers, 0)),
    ];
    workloads[10].is_timed = true;
    workloads[11].base_ns = 1_000 * MS;
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for workload in &workloads {
        if wanted.is_empty() || wanted.iter().any(|name| workload.name.starts_with(name.as_str())) {
            measure(workload);
        }
    }
}

fn measure(workload: &Workload) {
    print!("{:<26}", workload.name);
    for workers in [1, 2] {
        let mut ns: Vec<f64> = (0..REPEATS).map(|_| run(workload, workers)).collect();
        ns.sort_by(f64::total_cmp);
        print!("  {workers}w {:>6.1} ns ({:.0} .. {:.0})", ns[REPEATS / 2], ns[0], ns[REPEATS - 1]);
    }
    println!();
}

fn run(workload: &Workload, workers: usize) -> f64 {
    let config = Config { workers, mode: Mode::Real, blocking_threads: 1 };
    let runtime = Runtime::new(config, Arc::new(Silent)).expect("a runtime");
    let start = Instant::now();
    let outcome = runtime.run((workload.root)());
    let ns = start.elapsed().as_nanos() as u64;
    let Outcome::Done(value) = outcome else { panic!("{} went wrong", workload.name) };
    let ns = if workload.is_timed { value } else { ns - workload.base_ns };
    ns as f64 / workload.ops as f64
}
