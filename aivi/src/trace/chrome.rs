//! A trace in the Trace Event Format (JSON), as Perfetto and the tracing pages of browsers read it.
//!
//! Two processes: *fibers* has a row for each fiber, *workers* one for each worker. On a fiber's row slices follow each
//! other: `runs`, `ready`, and what it waits for. A cleanup is a slice around those of its time. Messages, requests to
//! end and ends other than success are marks. An arrow leads from whoever woke or started a fiber to where it goes on.
//!
//! In the simulator most things take no time. So that they can be seen in their order, each event is drawn a
//! microsecond after the one before, unless virtual time has passed further.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use aivi_scheduler::{End, Event, EventKind, WaitReason, Waker};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::text::{name, role_text, waker_text};
use super::{Name, Trace};

/// The process of fibers, and that of workers.
const FIBERS: u32 = 1;
const WORKERS: u32 = 2;

/// What two events at one instant of the simulator are drawn apart.
const APART_NS: u64 = 1_000;

/// One object of the format.
#[derive(Serialize)]
struct Entry {
    name: String,
    cat: &'static str,
    ph: &'static str,
    pid: u32,
    tid: u64,
    /// The format has microseconds.
    #[serde(rename = "ts", serialize_with = "as_micros")]
    at_ns: u64,
    #[serde(rename = "dur", serialize_with = "as_micros", skip_serializing_if = "is_no_slice")]
    dur_ns: u64,
    /// Names an arrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// An arrow ends at the slice around its time, not at the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    /// A mark belongs to its row.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    args: Map<String, Value>,
    /// What is around others comes first.
    #[serde(skip)]
    rank: (u64, usize),
}

/// Behind cleanups, which have their depth as rank.
const SLICE: usize = 1 << 32;
const MARK: usize = SLICE + 1;
const ARROW: usize = SLICE + 2;

/// Writes the trace.
pub(super) fn write(trace: &Trace, mut to: impl Write) -> io::Result<()> {
    let names = trace.names();
    let mut writer = Writer { trace, names: &names, entries: Vec::new(), rows: HashMap::new(), turns: HashMap::new() };
    let mut last_ns = 0;
    for (index, event) in trace.events.iter().enumerate() {
        let apart = if trace.is_simulated && index > 0 { APART_NS } else { 0 };
        last_ns = event.at_ns.max(last_ns + apart);
        writer.add(index as u64, event, last_ns);
    }
    let mut entries = writer.finish(last_ns + APART_NS);
    entries.sort_by_key(|entry| entry.rank);
    to.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
    for (index, entry) in entries.iter().enumerate() {
        to.write_all(if index == 0 { b"" } else { b",\n" })?;
        serde_json::to_writer(&mut to, entry)?;
    }
    to.write_all(b"\n]}\n")?;
    to.flush()
}

/// What a fiber is doing.
struct Row {
    slice: Slice,
    /// Where cleanups began, the outer ones first.
    cleanups: Vec<(u64, String)>,
    /// The slice that ended last, if the fiber has ended: it may still wake others in its last turn.
    last: Option<usize>,
    /// The arrow to its next turn: its number, and where it begins.
    arrow: Option<(u64, u64, u64)>,
}

struct Slice {
    name: String,
    since_ns: u64,
    args: Map<String, Value>,
}

struct Writer<'a> {
    trace: &'a Trace,
    names: &'a HashMap<u64, Name>,
    entries: Vec<Entry>,
    rows: HashMap<u64, Row>,
    /// The turn that each worker is at: since when, and whose.
    turns: HashMap<u32, (u64, u64)>,
}

impl Writer<'_> {
    fn add(&mut self, index: u64, event: &Event, at_ns: u64) {
        let Event { task, worker, kind, .. } = *event;
        match kind {
            EventKind::Spawned { by, role, at, .. } => {
                self.rows
                    .insert(task, Row { slice: Slice::new("ready", at_ns), cleanups: vec![], last: None, arrow: None });
                self.arg(task, "role", role_text(role));
                if by > 0 {
                    self.arg(task, "started by", name(self.names, by));
                    self.arg(task, "started at", self.trace.describe(at));
                    self.arrow(index, by, task, at_ns);
                }
            }
            EventKind::Resumed => {
                self.end_turn(worker, at_ns);
                self.turns.insert(worker, (at_ns, task));
                self.next(task, at_ns, "runs");
                self.arg(task, "worker", worker);
                if let Some((id, from, from_ns)) = self.rows.get_mut(&task).and_then(|row| row.arrow.take()) {
                    let end =
                        |ph, row, at_ns| Entry { id: Some(id), ..Entry::new("wake", ph, FIBERS, row, at_ns, ARROW) };
                    self.push(end("s", from, from_ns));
                    self.push(Entry { bp: Some("e"), ..end("f", self.row_id(task), at_ns) });
                }
            }
            EventKind::Waits { reason, on, at } => {
                self.end_turn(worker, at_ns);
                self.next(task, at_ns, &self.wait_text(reason, on));
                self.arg(task, "at", self.trace.describe(at));
            }
            EventKind::Yielded { at } => {
                self.end_turn(worker, at_ns);
                self.next(task, at_ns, "ready");
                self.arg(task, "yielded at", self.trace.describe(at));
            }
            EventKind::Woken { by } => {
                self.arg(task, "woken by", waker_text(self.names, by));
                if let Waker::Task(waker) = by {
                    self.arrow(index, waker, task, at_ns);
                }
                self.next(task, at_ns, "ready");
            }
            EventKind::Ended { how, at } => self.end(task, worker, how, &self.trace.describe(at), at_ns),
            EventKind::Channel { .. } | EventKind::TimerArmed { .. } => {}
            EventKind::Sent { channel } => self.mark(task, at_ns, format!("sent on channel {channel}")),
            EventKind::Received { channel } => self.mark(task, at_ns, format!("received from channel {channel}")),
            EventKind::Closed { channel } => self.mark(task, at_ns, format!("closed channel {channel}")),
            EventKind::Cancelled { by, reason } => {
                self.mark(task, at_ns, format!("asked to end: {}", reason.kind));
                let by = if by == 0 { "another thread" } else { name(self.names, by) };
                self.mark_arg("by", by);
                self.mark_arg("at", self.trace.describe(reason.place));
            }
            EventKind::CleanupBegan { at } => {
                self.next(task, at_ns, "runs");
                let at = self.trace.describe(at);
                if let Some(row) = self.rows.get_mut(&task) {
                    row.cleanups.push((at_ns, at));
                }
            }
            EventKind::CleanupEnded => {
                self.next(task, at_ns, "runs");
                self.end_cleanup(task, at_ns);
            }
            EventKind::Stuck { .. } => self.mark(task, at_ns, "waits for ever".into()),
            EventKind::Stolen { from } => {
                let title = format!("took {} from worker {from}", name(self.names, task));
                let entry = Entry::new(title, "i", WORKERS, u64::from(worker) + 1, at_ns, MARK);
                self.push(Entry { s: Some("t"), ..entry });
            }
        }
    }

    /// Ends the slice of a fiber and begins the next.
    fn next(&mut self, task: u64, at_ns: u64, next: &str) {
        let tid = self.row_id(task);
        let Some(row) = self.rows.get_mut(&task) else { return };
        let slice = std::mem::replace(&mut row.slice, Slice::new(next, at_ns));
        if slice.since_ns < at_ns {
            self.entries.push(slice.entry(FIBERS, tid, at_ns));
        }
    }

    /// Ends a fiber. Its last slice may grow a little: it still wakes those who wait for it.
    fn end(&mut self, task: u64, worker: u32, how: End, at: &str, at_ns: u64) {
        self.end_turn(worker, at_ns);
        match how {
            End::Done => {}
            End::Failed => self.mark(task, at_ns, "failed".into()),
            End::Faulted => self.mark(task, at_ns, "faulted".into()),
            End::Cancelled(reason) => self.mark(task, at_ns, format!("cancelled: {}", reason.kind)),
        }
        self.arg(task, "ended at", at);
        self.next(task, at_ns + 1, "");
        while self.rows.get(&task).is_some_and(|row| !row.cleanups.is_empty()) {
            self.end_cleanup(task, at_ns + 1);
        }
        let last = self.entries.len().checked_sub(1);
        if let Some(row) = self.rows.get_mut(&task) {
            row.last = last;
        }
    }

    fn end_cleanup(&mut self, task: u64, at_ns: u64) {
        let tid = self.row_id(task);
        let Some(row) = self.rows.get_mut(&task) else { return };
        let depth = row.cleanups.len();
        if let Some((since_ns, at)) = row.cleanups.pop() {
            let mut entry = Entry::new("cleanup", "X", FIBERS, tid, since_ns, depth);
            entry.dur_ns = at_ns - since_ns;
            entry.args.insert("at".into(), at.into());
            self.push(entry);
        }
    }

    /// Ends the turn of a worker.
    fn end_turn(&mut self, worker: u32, at_ns: u64) {
        if let Some((since_ns, task)) = self.turns.remove(&worker)
            && since_ns < at_ns
        {
            let slice = Slice { name: name(self.names, task).to_owned(), since_ns, args: Map::new() };
            self.push(slice.entry(WORKERS, u64::from(worker) + 1, at_ns));
        }
    }

    /// Begins an arrow from one fiber to the next turn of another.
    fn arrow(&mut self, id: u64, from: u64, to: u64, at_ns: u64) {
        if let Some(last) = self.rows.get(&from).and_then(|row| row.last) {
            let entry = &mut self.entries[last];
            entry.dur_ns = entry.dur_ns.max(at_ns + 1 - entry.at_ns);
        }
        let from = self.row_id(from);
        if let Some(row) = self.rows.get_mut(&to) {
            row.arrow = Some((id, from, at_ns));
        }
    }

    fn mark(&mut self, task: u64, at_ns: u64, title: String) {
        let row = self.row_id(task);
        self.push(Entry { s: Some("t"), ..Entry::new(title, "i", FIBERS, row, at_ns, MARK) });
    }

    /// Adds to the mark that was made last.
    fn mark_arg(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.args.insert(key.into(), value.into());
        }
    }

    /// Adds to the slice of a fiber.
    fn arg(&mut self, task: u64, key: &str, value: impl Into<Value>) {
        if let Some(row) = self.rows.get_mut(&task) {
            row.slice.args.insert(key.into(), value.into());
        }
    }

    fn wait_text(&self, reason: WaitReason, on: u64) -> String {
        match reason {
            WaitReason::Sleep => "sleeps".into(),
            WaitReason::Send => format!("waits to send on channel {on}"),
            WaitReason::Recv => format!("waits for channel {on}"),
            WaitReason::Join => format!("waits for {}", name(self.names, on)),
            _ => format!("waits for {}", reason.text()),
        }
    }

    fn row_id(&self, task: u64) -> u64 {
        self.names.get(&task).map_or(0, |name| name.number as u64)
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Ends what has not, and names the rows.
    fn finish(mut self, end_ns: u64) -> Vec<Entry> {
        for worker in self.turns.keys().copied().collect::<BTreeSet<_>>() {
            self.end_turn(worker, end_ns);
        }
        let mut living: Vec<u64> = self.rows.iter().filter(|(_, row)| row.last.is_none()).map(|(id, _)| *id).collect();
        living.sort_unstable();
        for task in living {
            self.next(task, end_ns, "");
            while self.rows[&task].cleanups.last().is_some() {
                self.end_cleanup(task, end_ns);
            }
        }
        self.title("process_name", FIBERS, 0, "fibers");
        self.title("process_name", WORKERS, 0, "workers");
        for name in self.names.values() {
            let number = name.number as u64;
            self.title("thread_name", FIBERS, number, name.label.clone());
            self.title("thread_sort_index", FIBERS, number, number);
        }
        for worker in self.trace.events.iter().map(|event| event.worker).collect::<BTreeSet<_>>() {
            self.title("thread_name", WORKERS, u64::from(worker) + 1, format!("worker {worker}"));
        }
        self.entries
    }

    /// Names a process or a row.
    fn title(&mut self, what: &str, pid: u32, tid: u64, value: impl Into<Value>) {
        let key = if what.ends_with("index") { "sort_index" } else { "name" };
        let mut entry = Entry::new(what, "M", pid, tid, 0, 0);
        entry.args.insert(key.into(), value.into());
        // Names come first, in the order of the rows.
        entry.rank = (0, (pid as usize * 1_000_000 + tid as usize) * 2 + usize::from(key == "sort_index"));
        self.push(entry);
    }
}

impl Slice {
    fn new(name: &str, since_ns: u64) -> Slice {
        Slice { name: name.to_owned(), since_ns, args: Map::new() }
    }

    fn entry(self, pid: u32, tid: u64, end_ns: u64) -> Entry {
        let entry = Entry::new(self.name, "X", pid, tid, self.since_ns, SLICE);
        Entry { dur_ns: end_ns - self.since_ns, args: self.args, ..entry }
    }
}

impl Entry {
    fn new(name: impl Into<String>, ph: &'static str, pid: u32, tid: u64, at_ns: u64, rank: usize) -> Entry {
        Entry {
            name: name.into(),
            cat: if pid == FIBERS { "fiber" } else { "worker" },
            ph,
            pid,
            tid,
            at_ns,
            dur_ns: NO_SLICE,
            id: None,
            bp: None,
            s: None,
            args: Map::new(),
            // Behind the names.
            rank: (at_ns + 1, rank),
        }
    }
}

/// The duration of what has none.
const NO_SLICE: u64 = u64::MAX;

fn is_no_slice(dur_ns: &u64) -> bool {
    *dur_ns == NO_SLICE
}

fn as_micros<S: Serializer>(ns: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*ns as f64 / 1000.0)
}
