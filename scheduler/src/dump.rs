//! Dumps: what each task is doing, as a tree.

use std::fmt;

use crate::runtime::{Run, Shared};
use crate::sync::Arc;
use crate::task::record::{Parent, Raw};
use crate::wait::{WaitReason, Waiting};
use crate::{Place, Task};

/// A moment of all tasks, parents before their children.
#[derive(Clone, Default, Debug)]
pub struct Dump {
    /// The tasks.
    pub tasks: Vec<DumpedTask>,
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
    /// Where it stands.
    pub place: Place,
    /// The same in words.
    pub place_text: String,
    /// Was it asked to end?
    pub is_cancelled: bool,
    /// The channel or other thing that it waits at: the same number for all that wait at the same.
    pub waits_at: Option<usize>,
    /// The tasks whose end would wake it.
    pub waits_for: Vec<u64>,
}

/// A deadlock: everything waits for something that only a task could bring about.
#[derive(Clone, Default, Debug)]
pub struct DeadlockReport {
    /// The waiting tasks.
    pub dump: Dump,
}

/// A dump of all runs. Only while the world is stopped.
pub fn of<T: Task>(shared: &Shared<T>) -> Dump {
    let runs: Vec<Arc<Run<T>>> = shared.runs.lock().clone();
    let mut writer = Writer { shared, now_ns: shared.latest_ns(), tasks: Vec::new() };
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
    Dump { tasks: writer.tasks.into_iter().filter_map(Entry::written).collect() }
}

struct Writer<'a, T: Task> {
    shared: &'a Shared<T>,
    now_ns: u64,
    tasks: Vec<Entry<T>>,
}

enum Entry<T: Task> {
    Written(DumpedTask),
    Pending(Raw<T>, Option<u64>, usize),
}

impl<T: Task> Entry<T> {
    fn written(self) -> Option<DumpedTask> {
        match self {
            Entry::Written(task) => Some(task),
            Entry::Pending(..) => None,
        }
    }
}

impl<T: Task> Writer<'_, T> {
    fn push(&mut self, raw: Raw<T>, parent: Option<u64>, depth: usize) {
        self.tasks.push(Entry::Pending(raw, parent, depth));
    }

    /// Writes what is pending, children right behind their parents. No recursion: trees may be deep.
    fn write_pending(&mut self) {
        let first = self.tasks.iter().position(|entry| matches!(entry, Entry::Pending(..)));
        let mut stack = self.tasks.split_off(first.unwrap_or(self.tasks.len()));
        stack.reverse();
        while let Some(entry) = stack.pop() {
            let Entry::Pending(raw, parent, depth) = entry else {
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
        // SAFETY: the world is stopped: nobody else is the running side.
        let own = unsafe { record.own() };
        let id = own.id;
        let reason = own.waiting.reason();
        let mut children = Vec::new();
        let mut waits_for = Vec::new();
        if own.waiting.is_group() {
            let group = record.group.lock();
            children.extend(group.children().iter().filter(|child| child.outcome().is_none()).map(|child| child.raw()));
            let scope = group.scope().cloned();
            drop(group);
            if let Some(scope) = scope {
                scope.visit(|member| children.push(member));
            }
            // SAFETY: as above.
            waits_for.extend(children.iter().map(|child| unsafe { child.get().own() }.id));
        }
        if let Waiting::Join(target) = &own.waiting {
            // SAFETY: as above.
            waits_for.push(unsafe { target.get().own() }.id);
        }
        let waited_ns = if reason == WaitReason::Ready { 0 } else { self.now_ns.saturating_sub(own.since_ns) };
        self.tasks.push(Entry::Written(DumpedTask {
            id,
            parent,
            depth,
            reason,
            waited_ms: waited_ns / 1_000_000,
            place: own.place,
            place_text: self.shared.observer.describe_place(own.place),
            is_cancelled: record.state.load().is_cancelled(),
            waits_at: match &own.waiting {
                Waiting::Send(channel) | Waiting::Recv(channel) => Some(channel.id()),
                _ => None,
            },
            waits_for,
        }));
        debug_assert!(matches!(record.parent, Parent::Run(_)) == (depth == 0) || parent.is_none());
        for child in children {
            self.push(child, Some(id), depth + 1);
        }
        Some(id)
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
        write!(f, "{:indent$}fiber {} at {}: ", "", self.id & 0xFFFF_FFFF, self.place_text)?;
        match self.reason {
            WaitReason::Ready => f.write_str("ready")?,
            reason => write!(f, "waits {} ms for {}", self.waited_ms, reason.text())?,
        }
        if let [first, rest @ ..] = &*self.waits_for {
            write!(f, " (fiber {}", first & 0xFFFF_FFFF)?;
            rest.iter().try_for_each(|id| write!(f, ", {}", id & 0xFFFF_FFFF))?;
            f.write_str(" would wake it)")?;
        }
        if self.is_cancelled { f.write_str(", cancelled") } else { Ok(()) }
    }
}

impl fmt::Display for DeadlockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dump.fmt(f)
    }
}
