//! Dumps: what each task is doing, as a tree.
//!
//! A dump is data: who shows it to people knows what a place is, and how much of it they want to read. `Display` is for
//! tests and for those who write tasks.

use std::collections::HashMap;
use std::fmt;

use crate::channel::WaitedAt;
use crate::runtime::Shared;
use crate::scope::Scope;
use crate::select::Entry;
use crate::stuck::{EndOf, Holders};
use crate::sync::Arc;
use crate::task::body::Parent;
use crate::task::record::Raw;
use crate::wait::{WaitReason, Waiting};
use crate::{CancelReason, Place, Task};

/// A moment of all tasks, parents before their children.
#[derive(Clone, Default, Debug)]
pub struct Dump {
    /// The tasks.
    pub tasks: Vec<DumpedTask>,
    /// The channels that tasks wait at, in the order of the first who does.
    pub channels: Vec<DumpedChannel>,
}

/// A moment of a channel that a task waits at.
#[derive(Clone, Debug)]
pub struct DumpedChannel {
    /// Where it was made, if its maker told.
    pub made_at: Option<Place>,
    /// Room for so many messages; `usize::MAX` for all.
    pub capacity: usize,
    /// Messages that are in it.
    pub buffered: usize,
    /// Is it closed?
    pub is_closed: bool,
    /// Is it the line of a semaphore? Then tasks wait for permits, and who has the end that sends could give some back.
    pub is_semaphore: bool,
    /// Has somebody, waiting or not, the end that sends?
    pub has_senders: bool,
    /// Has somebody the end that receives?
    pub has_receivers: bool,
    /// The tasks that have the end that sends, if it is known who has; nobody else does then.
    pub senders: Option<Vec<u64>>,
    /// The tasks that have the end that receives, likewise.
    pub receivers: Option<Vec<u64>>,
}

/// A moment of one task.
#[derive(Clone, Debug)]
pub struct DumpedTask {
    /// Its number, unique in the runtime.
    pub id: u64,
    /// The task that waits for it, or that it was spawned under; `None` for roots.
    pub parent: Option<u64>,
    /// How many ancestors are in the dump.
    pub depth: usize,
    /// What it waits for.
    pub reason: WaitReason,
    /// Since when it waits, in milliseconds before the dump.
    pub waited_ms: u64,
    /// For so many milliseconds more it waits at most, if its wait has a limit; a sleep is none.
    pub left_ms: Option<u64>,
    /// Where it stands.
    pub place: Place,
    /// The same in words.
    pub place_text: String,
    /// Where it was spawned; `None` for roots.
    pub spawned_at: Option<Place>,
    /// Why it was asked to end, and where.
    pub cancelled: Option<CancelReason>,
    /// Requests to end do not reach it.
    pub is_masked: bool,
    /// The cleanups that it has to run when it ends, the next one first.
    pub cleanups: Vec<Place>,
    /// The channel that it waits at, as an index into those of the dump.
    pub waits_at: Option<usize>,
    /// The cases of its select.
    pub cases: Vec<DumpedCase>,
    /// The tasks whose end would wake it: any of them for a race or one of a list, otherwise all together. Itself,
    /// which may be among the members of a scope, does not count. Shared by all that wait for the same scope, or their
    /// dump would be a square.
    pub waits_for: std::sync::Arc<[u64]>,
}

/// A case of a select that a task waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DumpedCase {
    /// Its channel, as an index into those of the dump.
    pub channel: usize,
    /// It sends.
    pub sends: bool,
}

/// A deadlock: everything waits for something that only a task could bring about.
#[derive(Clone, Default, Debug)]
pub struct DeadlockReport {
    /// The waiting tasks.
    pub dump: Dump,
}

/// A dump of all runs, with what is known of who holds the ends of channels. Only while the world is stopped.
pub fn of<T: Task>(shared: &Shared<T>, holders: &Holders) -> Dump {
    let runs = shared.all_runs();
    let mut writer = Writer::new(shared, holders);
    for run in runs {
        let root = run.root.lock().clone();
        let mut id = None;
        if let Some(root) = root
            && root.outcome().is_none()
        {
            id = writer.write(root.raw(), None, 0);
        }
        run.scope.visit(|member| writer.push(member, id, id.is_some() as usize));
        writer.write_pending();
    }
    writer.finish()
}

/// A dump of some tasks alone, none below another. Only while the world is stopped.
pub fn of_tasks<T: Task>(shared: &Shared<T>, tasks: &[Raw<T>], holders: &Holders) -> Dump {
    let mut writer = Writer::new(shared, holders);
    for (index, task) in tasks.iter().enumerate() {
        writer.write(*task, None, 0);
        // Its children, if it has any, are among them or not.
        writer.tasks.truncate(index + 1);
    }
    writer.finish()
}

struct Writer<'a, T: Task> {
    shared: &'a Shared<T>,
    holders: &'a Holders,
    now_ns: u64,
    tasks: Vec<Line<T>>,
    channels: Vec<DumpedChannel>,
    /// By the channels' ids.
    indices: HashMap<usize, usize>,
    /// Of scopes that somebody waits for with `join_all`, by their addresses.
    members: HashMap<usize, std::sync::Arc<[u64]>>,
}

enum Line<T: Task> {
    Written(DumpedTask),
    Pending(Raw<T>, Option<u64>, usize),
}

impl<T: Task> Line<T> {
    fn written(self) -> Option<DumpedTask> {
        match self {
            Line::Written(task) => Some(task),
            Line::Pending(..) => None,
        }
    }
}

impl<'a, T: Task> Writer<'a, T> {
    fn new(shared: &'a Shared<T>, holders: &'a Holders) -> Self {
        Writer {
            shared,
            holders,
            now_ns: shared.latest_ns(),
            tasks: Vec::new(),
            channels: Vec::new(),
            indices: HashMap::new(),
            members: HashMap::new(),
        }
    }

    fn finish(self) -> Dump {
        Dump { tasks: self.tasks.into_iter().filter_map(Line::written).collect(), channels: self.channels }
    }

    fn push(&mut self, raw: Raw<T>, parent: Option<u64>, depth: usize) {
        self.tasks.push(Line::Pending(raw, parent, depth));
    }

    /// Writes what is pending, children right behind their parents. No recursion: trees may be deep.
    fn write_pending(&mut self) {
        let first = self.tasks.iter().position(|entry| matches!(entry, Line::Pending(..)));
        let mut stack = self.tasks.split_off(first.unwrap_or(self.tasks.len()));
        stack.reverse();
        while let Some(entry) = stack.pop() {
            let Line::Pending(raw, parent, depth) = entry else {
                self.tasks.push(entry);
                continue;
            };
            let before = self.tasks.len();
            self.write(raw, parent, depth);
            let children = self.tasks.split_off((before + 1).min(self.tasks.len()));
            stack.extend(children.into_iter().rev());
        }
    }

    /// Writes one task and adds its children as pending.
    fn write(&mut self, raw: Raw<T>, parent: Option<u64>, depth: usize) -> Option<u64> {
        // SAFETY: the world is stopped, so nobody ends, and what is in the tree lives.
        let record = unsafe { raw.get() };
        if record.outcome().is_some() {
            return None;
        }
        // SAFETY: it has not ended; the world is stopped: nobody else is the running side.
        let (body, own) = unsafe { (record.body(), record.own()) };
        let id = record.id;
        let reason = own.waiting.reason(body.family.kind());
        let mut children = Vec::new();
        let mut waits_for = Vec::new();
        if own.waiting.is_group()
            && let Some(group) = body.family.group()
        {
            let mut group = group.lock();
            // SAFETY: as above.
            children.extend(group.children().filter(|child| unsafe { child.get() }.outcome().is_none()));
            let scope = group.scope().cloned();
            drop(group);
            if let Some(scope) = scope {
                scope.visit(|member| children.push(member));
            }
            // SAFETY: as above.
            waits_for.extend(children.iter().map(|child| unsafe { child.get() }.id));
        }
        if let Waiting::Join(target) = &own.waiting {
            // SAFETY: as above.
            waits_for.push(unsafe { target.get() }.id);
        }
        let joined = if let Waiting::AllJoined(scope) = &own.waiting { Some(scope.clone()) } else { None };
        let waits_for = joined.map_or_else(|| waits_for.into(), |scope| self.members(&scope));
        let waits_at = match &own.waiting {
            Waiting::Send(channel, _) | Waiting::Recv(channel, _) | Waiting::Permits(channel) => {
                Some(self.channel(channel))
            }
            _ => None,
        };
        let cases = match &own.waiting {
            Waiting::Select(selecting) => {
                let case = |entry: &Entry<T>| DumpedCase { channel: self.channel(&entry.channel), sends: entry.sends };
                selecting.entries().iter().map(case).collect()
            }
            _ => Vec::new(),
        };
        let waited_ms = if reason == WaitReason::Ready { 0 } else { own.waited_ms(self.now_ns) };
        let limit = own.timer.filter(|_| !matches!(reason, WaitReason::Ready | WaitReason::Sleep));
        let limit_ns = limit.and_then(|timer| self.shared.seats[timer.worker()].timers.lock().deadline(timer.key));
        self.tasks.push(Line::Written(DumpedTask {
            id,
            parent,
            depth,
            reason,
            waited_ms: u64::from(waited_ms),
            left_ms: limit_ns.map(|limit_ns| limit_ns.saturating_sub(self.now_ns) / 1_000_000),
            place: own.place,
            place_text: self.shared.observer.describe_place(own.place),
            spawned_at: (!matches!(body.parent, Parent::Run(_))).then_some(record.spawned_at),
            cancelled: record.cancel_reason(),
            is_masked: record.state.load().is_masked(),
            // SAFETY: as above.
            cleanups: unsafe { record.task() }.as_ref().map_or_else(Vec::new, Task::cleanups),
            waits_at,
            cases,
            waits_for,
        }));
        debug_assert!(matches!(body.parent, Parent::Run(_)) == (depth == 0) || parent.is_none());
        for child in children {
            self.push(child, Some(id), depth + 1);
        }
        Some(id)
    }

    /// The members of a scope, counted once.
    fn members(&mut self, scope: &Arc<Scope<T>>) -> std::sync::Arc<[u64]> {
        let members = || {
            let mut ids = Vec::new();
            // SAFETY: the world is stopped, so members do not end.
            scope.visit(|member| ids.push(unsafe { member.get() }.id));
            ids.into()
        };
        self.members.entry(Arc::as_ptr(scope).addr()).or_insert_with(members).clone()
    }

    /// Writes the channel of a wait, once.
    fn channel(&mut self, channel: &WaitedAt<T>) -> usize {
        *self.indices.entry(channel.id()).or_insert_with(|| {
            // SAFETY: the world is stopped, and the task waits there.
            let mut dumped = unsafe { channel.dump() };
            let holders = |end| self.holders.get(&(end, channel.id())).cloned();
            (dumped.senders, dumped.receivers) = (holders(EndOf::Senders), holders(EndOf::Receivers));
            self.channels.push(dumped);
            self.channels.len() - 1
        })
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for task in &self.tasks {
            writeln!(f, "{task}")?;
        }
        Ok(())
    }
}

impl fmt::Display for DumpedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = self.depth * 2;
        write!(f, "{:indent$}task {:x} at {}: ", "", self.id, self.place_text)?;
        match self.reason {
            WaitReason::Ready => f.write_str("ready")?,
            reason => write!(f, "waits {} ms for {}", self.waited_ms, reason.text())?,
        }
        self.waits_for.iter().try_for_each(|id| write!(f, " {id:x}"))?;
        if let Some(reason) = self.cancelled { write!(f, ", cancelled: {}", reason.kind) } else { Ok(()) }
    }
}

impl fmt::Display for DeadlockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dump.fmt(f)
    }
}
