//! Looking for tasks that wait for ever while others go on (`stuck/mod.rs`), and telling of them.

use std::collections::{HashMap, HashSet};

use crate::dump::{self, Dump};
use crate::stuck::{self, AGE_MS, Dead, Found, Watch};
use crate::sync::atomic::Ordering;
use crate::task::record::Raw;
use crate::{EventKind, Report, Task};

use super::Worker;

/// In the simulator a turn pays for looking at so many tasks and references: that takes about as long.
const PER_TURN: u64 = 4;

/// So many cost nothing: small tests are looked at whenever nobody can run (arbitrary).
const FREE: u64 = 64;

/// Groups that are found at once and have a report of their own; one more does not matter (arbitrary).
const APART: usize = 3;

/// What the simulator knows of its last search.
#[derive(Default)]
pub(super) struct Lookout {
    /// The turn after which it was.
    turn: u64,
    /// The turn from which on it is worth to look again, and the time.
    due_turn: u64,
    due_ns: u64,
    /// Who was stuck then, each with the number of its wait.
    stuck: HashMap<u64, u32>,
}

impl<T: Task> Worker<T> {
    /// Looks when it is due: for real workers, between two turns, when the clock has just been read.
    #[inline]
    pub(super) fn look_if_due(&mut self) {
        if self.shared.watch.is_due(self.core.now_ns) {
            self.look();
        }
    }

    #[cold]
    fn look(&mut self) {
        let shared = self.shared.clone();
        let Some(world) = shared.stop_others(self.index) else { return shared.watch.put_off(self.core.now_ns) };
        let begun_ns = shared.clock_ns();
        // Somebody may have looked while we waited for the others.
        if !shared.watch.is_due(begun_ns) {
            return;
        }
        let mut found = stuck::find(&shared);
        let dead = take_dead(&mut found, begun_ns);
        crate::deadlock::handle_some(self, &dead, &found.holders);
        let (dumps, is_early) = self.to_tell(&found, begun_ns);
        drop(world);
        let now_ns = shared.clock_ns();
        shared.watch.looked(now_ns, now_ns - begun_ns, found.tasks, is_early);
        self.core.now_ns = now_ns;
        self.tell(&dumps, false);
    }

    /// Looks in the simulator, when nobody can run at this instant, if there were turns enough since it looked last.
    pub(super) fn look_simulated(&mut self) {
        let outside = self.shared.outside_pending() > 0 || self.shared.has_io_waits();
        let next_ns = self.next_deadline();
        let Some(simulator) = &self.core.simulator else { return };
        let (turn, lookout) = (simulator.all_turns(), &self.core.lookout);
        let is_due = turn >= lookout.due_turn || self.core.now_ns >= lookout.due_ns;
        if turn == lookout.turn || !is_due || next_ns.is_none() && !outside {
            return;
        }
        let found = stuck::find(&self.shared);
        self.core.lookout = Lookout {
            turn,
            due_turn: turn + found.cost.saturating_sub(FREE) / PER_TURN,
            // Half, so that what is old enough is seen soon after.
            due_ns: self.core.now_ns.saturating_add(Watch::pause_ns(found.tasks) / 2),
            stuck: found.groups.iter().flat_map(|group| stuck::waits(group)).collect(),
        };
        // Until then nothing happens. What comes from outside takes its time.
        let until_ns = if outside { u64::MAX } else { next_ns.unwrap_or(u64::MAX) };
        let (dumps, _) = self.to_tell(&found, until_ns);
        self.tell(&dumps, false);
    }

    /// A root has ended, in the simulator: tells who waits for ever, and did so while it ran.
    pub(super) fn look_at_end(&mut self) {
        let before = std::mem::take(&mut self.core.lookout.stuck);
        if before.is_empty() {
            return;
        }
        let found = stuck::find(&self.shared);
        let still = |group: &[_]| stuck::waits(group).iter().all(|(task, wait)| before.get(task) == Some(wait));
        let groups = found.groups.iter().filter(|group| still(group)).cloned().collect();
        let dumps = self.dumps(groups, &found);
        self.tell(&dumps, true);
    }

    /// The groups that are to be reported, and whether others will be when they have waited for longer. Only while the
    /// world is stopped.
    fn to_tell(&self, found: &Found<T>, now_ns: u64) -> (Vec<Dump>, bool) {
        if found.is_all {
            return (Vec::new(), false);
        }
        let is_old = |index: usize| stuck::waited_ms(&found.groups[index], now_ns) >= AGE_MS;
        let waits: Vec<HashMap<u64, u32>> = found.groups.iter().map(|group| stuck::waits(group)).collect();
        let new = self.shared.watch.to_tell(&waits, is_old);
        let groups = new.iter().map(|index| found.groups[*index].clone()).collect();
        let dumps = self.dumps(groups, found);
        (dumps, (0..waits.len()).any(|index| !is_old(index)))
    }

    /// Dumps of groups, a few apart and the others together: nobody reads thousands.
    fn dumps(&self, mut groups: Vec<Vec<Raw<T>>>, found: &Found<T>) -> Vec<Dump> {
        if groups.len() > APART + 1 {
            let others = groups.split_off(APART).concat();
            groups.push(others);
        }
        groups.iter().map(|group| dump::of_tasks(&self.shared, group, &found.holders)).collect()
    }

    fn tell(&mut self, dumps: &[Dump], is_end: bool) {
        for dump in dumps {
            if !is_end {
                for task in &dump.tasks {
                    self.note(task.id, EventKind::Stuck { at: task.place });
                }
                // Relaxed: only a counter.
                self.shared.counters.stuck.fetch_add(dump.tasks.len() as u64, Ordering::Relaxed);
            }
            self.shared.observer.report(Report::Stuck { dump, is_end });
        }
    }
}

/// Takes out the runs that have come to a deadlock while others go on, and have waited for long enough. Only while the
/// world is stopped as it was for the search.
fn take_dead<T: Task>(found: &mut Found<T>, now_ns: u64) -> Vec<Dead<T>> {
    if found.is_all {
        return Vec::new();
    }
    let is_old = |dead: &Dead<T>| stuck::waited_ms(&dead.tasks, now_ns) >= AGE_MS;
    let dead: Vec<Dead<T>> = std::mem::take(&mut found.dead).into_iter().filter(is_old).collect();
    let told: HashSet<usize> = dead.iter().flat_map(|dead| &dead.tasks).map(|task| task.address()).collect();
    // If others belong to one of their groups, by a channel that two calls share, the next search has them.
    found.groups.retain(|group| !group.iter().any(|task| told.contains(&task.address())));
    dead
}
