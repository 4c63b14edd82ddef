//! Partial deadlocks: tasks that wait for ever while others go on.
//!
//! Words. A *suspect* is a task that waits for something that only tasks can bring about: a message, room in a channel,
//! the end of other tasks. A *suspect* is *stuck* if nobody who may still run can reach what would wake it.
//!
//! How that is found. Who may still run is not looked at, for there are too many places where references may hide (the
//! host, native functions, messages under way). Instead the suspects' own references are counted, as a collector of
//! cycles does: if an end of a channel has as many references as the suspects can account for, nobody else has one.
//! What has more is held by somebody outside, who may use it; so may whoever it wakes, with all that they hold, and so
//! on. The suspects who are never reached are stuck. So a reference that is overlooked makes the search silent, and
//! never wrong.
//!
//! Not suspected, though they may wait for ever too: who waits for time, a source, another thread or a global value;
//! and all that runs in a `race` or under a limit, or is a select with one, since that is how a program says for how
//! long it is ready to wait. Requests to end do not count as wakes, but for those that come through a handle of the
//! task that somebody outside has ([`Observer::cancels_tasks`]).
//!
//! The search takes a moment in which nobody runs (`world.rs`), and time in proportion to the tasks and to what the
//! suspects hold. `watch.rs` decides when it is worth that. Rejected: following references from everything that runs,
//! as tracing collectors do (all roots would have to be known, and the search takes as long as the heap is large).
//!
//! [`Observer::cancels_tasks`]: crate::Observer::cancels_tasks

mod census;
mod keepers;
mod ledger;
pub mod proof;
mod watch;

use std::collections::HashMap;

pub use keepers::Keepers;
pub use ledger::{EndOf, Ledger};
pub use watch::{AGE_MS, Watch};

use crate::Task;
use crate::run::Run;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::task::body::Parent;
use crate::task::record::Raw;
use crate::wait::Waiting;
use census::Census;
use ledger::{Key, What};

/// The tasks that hold the end of a channel, which is given by its id, if nobody else does.
pub type Holders = HashMap<(EndOf, usize), Vec<u64>>;

/// Who holds what is told of so many stuck tasks: of more nobody reads it (arbitrary).
const HOLDERS_MAX: usize = 64;

/// What a search has found.
pub struct Found<T: Task> {
    /// The tasks that are stuck. Each group depends only on itself; tasks and groups come in the order of dumps.
    pub groups: Vec<Vec<Raw<T>>>,
    /// Which of the stuck tasks hold what nobody else does; empty when there are too many tasks to tell.
    pub holders: Holders,
    /// All tasks, stuck or not.
    pub tasks: usize,
    /// What the search took: tasks and references that it looked at.
    pub cost: u64,
    /// All tasks are stuck. That is a deadlock, which others report.
    pub is_all: bool,
    /// The runs of which all tasks are stuck.
    pub dead: Vec<Dead<T>>,
}

/// A run that has come to a deadlock.
pub struct Dead<T: Task> {
    pub run: Arc<Run<T>>,
    /// All its tasks, in the order of dumps.
    pub tasks: Vec<Raw<T>>,
}

/// Looks for stuck tasks. Only while the world is stopped.
pub fn find<T: Task>(shared: &Shared<T>) -> Found<T> {
    let census = Census::new(shared);
    let mut found = Found {
        groups: Vec::new(),
        holders: Holders::new(),
        tasks: census.tasks,
        cost: census.tasks as u64,
        is_all: false,
        dead: Vec::new(),
    };
    if census.suspects.is_empty() {
        return found;
    }
    let mut ledger = Ledger::new(shared.observer.cancels_tasks());
    for &suspect in &census.suspects {
        ledger.node(Key::Task(suspect.address()), || (What::Task, handles(shared, suspect)));
    }
    let is_whole = census.suspects.iter().all(|&suspect| enter(&mut ledger, suspect)) && ledger.follow();
    found.cost += ledger.len() as u64;
    if !is_whole {
        return found;
    }
    // The suspects are the first nodes, in their order.
    let graph = ledger.graph();
    let stuck = graph.stuck_groups(census.suspects.len());
    let count: usize = stuck.iter().map(Vec::len).sum();
    if count <= HOLDERS_MAX {
        found.holders.extend(graph.ends().map(|end| (end, Vec::new())));
    }
    for &index in stuck.iter().flatten().filter(|_| count <= HOLDERS_MAX) {
        // SAFETY: the world is stopped, and a suspect lives.
        let id = unsafe { census.suspects[index].get() }.id;
        graph.ends_held(index).into_iter().for_each(|end| found.holders.entry(end).or_default().push(id));
    }
    found.is_all = count == census.tasks;
    found.dead = dead(&census, &stuck);
    stuck.iter().flatten().for_each(|index| proof::found(shared, census.suspects[*index]));
    found.groups = stuck.iter().map(|group| group.iter().map(|index| census.suspects[*index]).collect()).collect();
    found
}

/// The runs of which all tasks are stuck.
fn dead<T: Task>(census: &Census<T>, stuck: &[Vec<usize>]) -> Vec<Dead<T>> {
    let mut of_run: Vec<Vec<usize>> = vec![Vec::new(); census.runs.len()];
    for &index in stuck.iter().flatten() {
        of_run[census.run_of[index]].push(index);
    }
    let runs = census.runs.iter().zip(of_run);
    runs.filter(|((_, tasks), stuck)| *tasks > 0 && stuck.len() == *tasks)
        .map(|((run, _), mut stuck)| {
            stuck.sort_unstable();
            Dead { run: run.clone(), tasks: stuck.into_iter().map(|index| census.suspects[index]).collect() }
        })
        .collect()
}

/// How many handles of a task there are that may be used to ask it to end.
fn handles<T: Task>(shared: &Shared<T>, suspect: Raw<T>) -> u64 {
    // SAFETY: the world is stopped, so nobody ends, and a suspect lives.
    let record = unsafe { suspect.get() };
    // SAFETY: said above.
    match unsafe { record.body() }.parent {
        // One is the right to run.
        Parent::Crew(_) if shared.observer.cancels_tasks() => u64::from(record.refs()) - 1,
        _ => 0,
    }
}

/// Enters what a suspect waits for and what it holds. False: there is too much of it.
fn enter<T: Task>(ledger: &mut Ledger<T>, suspect: Raw<T>) -> bool {
    // SAFETY: the world is stopped: suspects live, and nobody else is the running side.
    let (record, own, task) = unsafe { (suspect.get(), suspect.get().own(), suspect.get().task()) };
    let me = ledger.known(suspect);
    match &own.waiting {
        Waiting::Recv(channel, _) | Waiting::Permits(channel) => {
            // SAFETY: the task waits there, and the world is stopped.
            let (senders, _) = unsafe { ledger.channel(channel) };
            ledger.wakes(senders, me);
        }
        Waiting::Send(channel, _) => {
            // SAFETY: as above.
            let (_, receivers) = unsafe { ledger.channel(channel) };
            ledger.wakes(receivers, me);
        }
        Waiting::Select(selecting) => {
            for entry in selecting.entries() {
                // SAFETY: as above.
                let (senders, receivers) = unsafe { ledger.channel(&entry.channel) };
                ledger.wakes(if entry.sends { receivers } else { senders }, me);
            }
        }
        Waiting::Join(target) => ledger.wakes_if_suspect(*target, me),
        Waiting::Group => {
            // SAFETY: as above.
            let Some(group) = unsafe { record.body() }.family.group() else { return false };
            let mut group = group.lock();
            // SAFETY: as above.
            for child in group.children().filter(|child| unsafe { child.get() }.outcome().is_none()) {
                ledger.wakes_if_suspect(child, me);
            }
            let scope = group.scope().cloned();
            drop(group);
            if let Some(scope) = scope {
                ledger.members(&scope, me);
            }
        }
        Waiting::AllJoined(scope) => ledger.members(scope, me),
        _ => ledger.wakes_from_outside(me),
    }
    // What somebody holds who may go on is held from outside, like all that is not entered.
    if let Some(task) = task
        && !ledger.may_go_on(me)
    {
        ledger.hold_as(me);
        task.trace(ledger);
    }
    ledger.has_room()
}

/// The tasks of a group, each with the number of its wait: a task that has gone on since has another one. Only while
/// the world is stopped as it was for the search.
pub fn waits<T: Task>(group: &[Raw<T>]) -> HashMap<u64, u32> {
    // SAFETY: the world is stopped, so the tasks live and nobody is the running side.
    group.iter().map(|task| unsafe { (task.get().id, task.get().own().generation) }).collect()
}

/// How long the last of a group has waited. Only while the world is stopped as it was for the search.
pub fn waited_ms<T: Task>(group: &[Raw<T>], now_ns: u64) -> u32 {
    // SAFETY: as in `waits`.
    group.iter().map(|task| unsafe { task.get().own() }.waited_ms(now_ns)).min().unwrap_or(u32::MAX)
}
