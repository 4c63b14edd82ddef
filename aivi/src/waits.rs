//! Who waits for what, in words: the report of a deadlock, and of fibers at any other moment (`spec/reports.md`).
//!
//! Fibers are numbered in the order in which they are shown, so numbers are small and the same program gives the same
//! report; a fiber of a call from outside is `main`. The report is bounded, whatever the number of fibers: fibers that
//! do the same at the same place share an entry, the first entries are shown, the fibers of the others counted.

mod circle;
mod data;

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::ops::Range;

use aivi_scheduler::{CancelReason, Dump, DumpedCase, DumpedChannel, DumpedTask, Place, WaitReason};

use crate::programs::Programs;
pub use data::{Channel, Fiber, Fibers};

/// Entries that are shown; as many as fit on a screen or two (arbitrary).
const ENTRIES: usize = 20;

/// So many fibers that do the same share an entry: two are still easy to compare (arbitrary).
const ALIKE: usize = 3;

/// Names in one enumeration (arbitrary).
const NAMES: usize = 4;

/// Characters of a source line (arbitrary).
const WIDTH: usize = 100;

/// Indented names wider than this do not push the text behind them further.
const COLUMN: usize = 24;

/// A dump that can be shown.
pub(crate) struct Waits<'a> {
    dump: &'a Dump,
    programs: &'a Programs,
    /// Index of each task, by its id.
    indices: HashMap<u64, usize>,
    names: Vec<String>,
    /// Who waits at each channel: to send, and to receive.
    waiters: Vec<[Vec<u64>; 2]>,
}

impl<'a> Waits<'a> {
    /// A dump of fibers that run some of these programs.
    pub(crate) fn new(dump: &'a Dump, programs: &'a Programs) -> Self {
        let indices = dump.tasks.iter().enumerate().map(|(index, task)| (task.id, index)).collect();
        let mut waiters = vec![[const { Vec::new() }; 2]; dump.channels.len()];
        for task in &dump.tasks {
            if let Some(channel) = task.waits_at {
                waiters[channel][usize::from(task.reason != WaitReason::Send)].push(task.id);
            }
            for case in &task.cases {
                waiters[case.channel][usize::from(!case.sends)].push(task.id);
            }
        }
        Waits { dump, programs, indices, names: names(dump), waiters }
    }

    /// What the report of a deadlock begins with.
    pub(crate) fn deadlock(&self) -> String {
        let heading = match self.dump.tasks.len() {
            1 => "the only fiber waits, and nothing is left that could wake it:".to_owned(),
            2 => "both fibers wait, and nothing is left that could wake one of them:".to_owned(),
            count => format!("all {count} fibers wait, and nothing is left that could wake one of them:"),
        };
        format!("{heading}\n{self}")
    }

    /// The report of fibers that wait for ever while others go on.
    pub(crate) fn stuck(&self) -> String {
        let heading = match self.dump.tasks.len() {
            1 => "a fiber waits for ever: nothing that goes on could wake it:".to_owned(),
            count => format!("{count} fibers wait for ever: nothing that goes on could wake one of them:"),
        };
        format!("{heading}\n{self}\n{}", self.advice())
    }

    /// What to do about it.
    fn advice(&self) -> &'static str {
        let lacks = |reason, has: fn(&DumpedChannel) -> bool| {
            let channel = |task: &DumpedTask| task.waits_at.and_then(|index| self.dump.channels.get(index));
            let mut tasks = self.dump.tasks.iter().filter(|task| task.reason == reason);
            tasks.any(|task| channel(task).is_some_and(|channel| !has(channel)))
        };
        if lacks(WaitReason::Recv, |channel| channel.has_senders) {
            "help: `close` a channel behind its last message, and receivers go on with `Err Closed`\n"
        } else if lacks(WaitReason::Send, |channel| channel.has_receivers) {
            "help: let somebody receive until the channel is closed, or send with `trySend`, which does not wait\n"
        } else if self.dump.tasks.len() == 1 {
            "help: another fiber has to do what it waits for, or it has to wait with a limit (`timeoutWith`)\n"
        } else {
            "help: one of them has to do its part before it waits, or wait with a limit (`timeoutWith`)\n"
        }
    }

    /// What the report of a moment begins with.
    pub(crate) fn moment(&self) -> String {
        match self.dump.tasks.len() {
            0 => "no fiber\n".to_owned(),
            1 => format!("one fiber:\n{self}"),
            count => format!("{count} fibers:\n{self}"),
        }
    }

    /// The cleanups that have begun or wait to be run, a line for each.
    pub(crate) fn cleanups(&self) -> String {
        let mut lines = Vec::new();
        for task in &self.dump.tasks {
            let name = self.name(task.id);
            if task.is_masked {
                lines.push(format!("{name}: cut short at {}", self.programs.describe(task.place)));
            }
            let skipped = task.cleanups.iter().map(|place| self.programs.describe(*place));
            lines.extend(skipped.map(|place| format!("{name}: skipped, of {place}")));
        }
        let more = lines.len().saturating_sub(ENTRIES);
        lines.truncate(ENTRIES);
        if more > 0 {
            lines.push(format!("… and {more} more"));
        }
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }

    fn name(&self, id: u64) -> &str {
        self.indices.get(&id).map_or("a fiber", |index| &self.names[*index])
    }

    /// `main, fiber 1 and 7 more`
    fn list(&self, ids: &[u64], last: &str) -> String {
        let names = |ids: &[u64]| ids.iter().map(|id| self.name(*id)).collect::<Vec<_>>().join(", ");
        match ids {
            [] => "nobody".to_owned(),
            [id] => self.name(*id).to_owned(),
            [most @ .., id] if ids.len() <= NAMES => format!("{} {last} {}", names(most), self.name(*id)),
            _ => format!("{} {last} {} more", names(&ids[..NAMES - 1]), ids.len() - NAMES + 1),
        }
    }

    /// What a fiber does, as a sentence whose subject is the fiber.
    fn wait(&self, task: &DumpedTask) -> String {
        let ids: Vec<u64> = task.waits_for.iter().copied().filter(|id| *id != task.id).collect();
        let ids = &ids[..];
        let all = || self.list(ids, "and");
        match (task.reason, ids.len()) {
            (WaitReason::Ready, _) => "is ready to run".into(),
            (WaitReason::Sleep, _) => "sleeps".into(),
            (WaitReason::Send, _) => format!("waits to send on {}", self.other_end(task, task.waits_at, true)),
            (WaitReason::Recv, _) => {
                format!("waits for a message on {}", self.other_end(task, task.waits_at, false))
            }
            (WaitReason::Permits, _) => format!("waits for permits of {}", self.semaphore(task)),
            (WaitReason::Select, _) => self.select(task),
            (WaitReason::Join, _) => format!("waits for {} to end", all()),
            (WaitReason::Par, 2) => format!("waits for both its par branches to end: {}", all()),
            (WaitReason::Par, _) => format!("waits for its other par branch to end: {}", all()),
            (WaitReason::Race, 2) => format!("waits for one of its race branches to end: {}", self.list(ids, "or")),
            (WaitReason::Race, _) => format!("waits for its other race branch to end: {}", all()),
            (WaitReason::Timeout, _) => format!("waits for the body of its timeout to end: {}", all()),
            (WaitReason::Scope, _) => format!("waits for its scope to end: {}", all()),
            (WaitReason::All, 1) => format!("waits for the last of its branches to end: {}", all()),
            (WaitReason::All, count) => format!("waits for all {count} of its branches to end: {}", all()),
            (WaitReason::Any, count) => {
                format!("waits for one of its {count} branches to end: {}", self.list(ids, "or"))
            }
            (WaitReason::JoinAll, 1) => format!("waits for the fiber of a scope to end: {}", all()),
            // Whom a member waits for is the same for all members but for itself; they may share an entry.
            (WaitReason::JoinAll, count) if count < task.waits_for.len() => {
                format!("waits for all {count} other fibers of its scope to end")
            }
            (WaitReason::JoinAll, _) => format!("waits for all {} fibers of a scope to end: {}", ids.len(), all()),
            (WaitReason::Io, _) => "waits for input or output".into(),
            (WaitReason::Outside, _) => "waits for a blocking call or a future of the host".into(),
            (WaitReason::Latch, _) => "waits for a global value that another fiber computes".into(),
        }
    }

    /// The cases of a select, the first ones.
    fn select(&self, task: &DumpedTask) -> String {
        let case = |case: &DumpedCase| {
            let what = if case.sends { "to send on" } else { "for a message on" };
            format!("{what} {}", self.other_end(task, Some(case.channel), case.sends))
        };
        let cases: Vec<String> = task.cases.iter().take(NAMES).map(case).collect();
        let more = task.cases.len() - cases.len();
        let rest = if more > 0 { format!("; or one of {more} more") } else { String::new() };
        format!("waits for one of {} cases of its select: {}{rest}", task.cases.len(), cases.join("; or "))
    }

    /// The channel of a wait, and who is at its other end.
    fn other_end(&self, task: &DumpedTask, waits_at: Option<usize>, sends: bool) -> String {
        let Some((index, channel)) = waits_at.and_then(|index| Some((index, self.dump.channels.get(index)?))) else {
            return "a channel".into();
        };
        let (state, other, does) = match sends {
            true if channel.capacity == 0 => ("capacity 0", WaitReason::Recv, "receive"),
            true => ("full", WaitReason::Recv, "receive"),
            false => ("empty", WaitReason::Send, "send"),
        };
        let others = self.waiters(index, other);
        let (is_left, holders) = match sends {
            true => (channel.has_receivers, channel.receivers.as_deref()),
            false => (channel.has_senders, channel.senders.as_deref()),
        };
        let who = match (others, holders) {
            ([], _) if !is_left => format!("nobody is left who could {does}"),
            ([], Some([])) => format!("nobody is left who could {does}"),
            ([], Some([holder])) if *holder == task.id => format!("only {} itself could {does}", self.name(*holder)),
            ([], Some(holders)) => {
                let others: Vec<u64> = holders.iter().copied().filter(|id| *id != task.id).collect();
                format!("only {} could {does}", self.list(&others, "or"))
            }
            ([], None) => format!("nobody waits to {does}"),
            ([_], _) => format!("{} waits to {does}", self.list(others, "and")),
            _ => format!("{} wait to {does}", self.list(others, "and")),
        };
        format!("channel {} ({state}): {who}", index + 1)
    }

    /// The semaphore of a wait, and who has it: those who could give permits back, and maybe others.
    fn semaphore(&self, task: &DumpedTask) -> String {
        let Some((index, channel)) = task.waits_at.and_then(|index| Some((index, self.dump.channels.get(index)?)))
        else {
            return "a semaphore".into();
        };
        let who = match channel.senders.as_deref() {
            None | Some([]) => String::new(),
            Some([holder]) if *holder == task.id => format!(", which only {} itself has", self.name(*holder)),
            Some([holder]) => format!(", which only {} has", self.name(*holder)),
            Some(holders) => format!(", which only {} have", self.list(holders, "and")),
        };
        format!("semaphore {}{who}", index + 1)
    }

    /// Who waits at a channel.
    fn waiters(&self, index: usize, reason: WaitReason) -> &[u64] {
        &self.waiters[index][usize::from(reason == WaitReason::Recv)]
    }

    /// The entries that are shown: each a fiber, or several that are alike.
    fn entries(&self) -> Vec<Range<usize>> {
        let tasks = &self.dump.tasks;
        let mut entries: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        while from < tasks.len() && entries.len() < ENTRIES {
            let alike = tasks[from..].iter().take_while(|task| is_alike(&tasks[from], task)).count();
            // The last one may have children, which would seem to be those of all.
            let has_children = tasks.get(from + alike).is_some_and(|next| next.depth > tasks[from].depth);
            let count = alike - usize::from(has_children && alike > 1);
            let count = if count < ALIKE { 1 } else { count };
            entries.push(from..from + count);
            from += count;
        }
        entries
    }

    /// `fiber 4`, or `fibers 4 to 17`, indented.
    fn title(&self, entry: &Range<usize>) -> String {
        let (first, last) = (&self.names[entry.start], &self.names[entry.end - 1]);
        let title = match entry.len() {
            1 => first.clone(),
            _ => first.replace("fiber", "fibers") + &last.replace("fiber", " to"),
        };
        format!("{:indent$}{title}", "", indent = 2 * self.dump.tasks[entry.start].depth)
    }

    /// Three lines, the first behind the title.
    fn write_entry(&self, out: &mut impl Write, entry: &Range<usize>, column: usize) -> fmt::Result {
        let task = &self.dump.tasks[entry.start];
        let each = if entry.len() > 1 { "each " } else { "" };
        write!(out, "{:column$}  {each}{}", self.title(entry), self.wait(task))?;
        if let Some(left_ms) = task.left_ms {
            write!(out, ", for {} more at most", Duration(left_ms))?;
        }
        match (task.is_masked, task.cancelled) {
            (true, Some(reason)) => write!(out, " (in a cleanup; asked to end: {})", self.reason(reason))?,
            (true, None) => out.write_str(" (in a cleanup)")?,
            (false, Some(reason)) => write!(out, " (asked to end: {})", self.reason(reason))?,
            (false, None) => {}
        }
        write!(out, "\n{:column$}  at {}", "", self.programs.describe(task.place))?;
        let same_time = self.dump.tasks[entry.clone()].iter().all(|other| other.waited_ms == task.waited_ms);
        if task.reason != WaitReason::Ready && task.waited_ms > 0 && same_time {
            write!(out, " for {}", Duration(task.waited_ms))?;
        }
        match task.spawned_at {
            Some(place) if place == task.place => {
                out.write_str(if entry.len() > 1 { ", where they were started" } else { ", where it was started" })?
            }
            Some(place) => write!(out, ", started at {}", self.programs.describe(place))?,
            None => {}
        }
        out.write_char('\n')?;
        match self.source(task.place) {
            Some(line) => writeln!(out, "{:column$}  {line}", ""),
            None => Ok(()),
        }
    }

    /// Why a fiber was asked to end, and where that was asked, if it was in the program.
    fn reason(&self, reason: CancelReason) -> String {
        match self.programs.locate(reason.place) {
            Some(_) => format!("{}, at {}", reason.kind, self.programs.describe(reason.place)),
            None => reason.kind.to_string(),
        }
    }

    /// The line at a place, with its number.
    fn source(&self, place: Place) -> Option<String> {
        let (number, text) = (self.programs.locate(place)?.line, self.programs.text_at(place)?);
        let text = text.trim();
        let clean = |char: char| if char.is_control() { ' ' } else { char };
        let shown: String = text.chars().take(WIDTH).map(clean).collect();
        let rest = if shown.len() < text.len() { "…" } else { "" };
        Some(format!("{number} | {shown}{rest}"))
    }

    /// `… and 7 more: 1 sleeps, 6 wait for a message`
    fn write_others(&self, out: &mut impl Write, others: &[DumpedTask]) -> fmt::Result {
        if others.is_empty() {
            return Ok(());
        }
        let mut counts = BTreeMap::new();
        for task in others {
            *counts.entry(does(task.reason)).or_insert(0usize) += 1;
        }
        let counts =
            counts.iter().map(|((one, many), count)| format!("{count} {}", if *count == 1 { one } else { many }));
        writeln!(out, "… and {} more: {}", others.len(), counts.collect::<Vec<_>>().join(", "))
    }

    fn write_circle(&self, out: &mut impl Write) -> fmt::Result {
        let circle = circle::find(self.dump, &self.indices);
        let Some((first, others)) = circle.split_first() else { return Ok(()) };
        if circle.len() > NAMES {
            let ids: Vec<u64> = circle.iter().map(|index| self.dump.tasks[*index].id).collect();
            let (count, names) = (ids.len(), self.list(&ids, "and"));
            return writeln!(out, "\na circle of {count}, each waits for the next and the last for the first: {names}");
        }
        write!(out, "\na circle: {}", self.names[*first])?;
        others.iter().try_for_each(|index| write!(out, " waits for {}, which", self.names[*index]))?;
        writeln!(out, " waits for {}", self.names[*first])
    }

    /// A line for each channel that a fiber above waits at, and for each semaphore.
    fn write_channels(&self, out: &mut impl Write, shown: &[DumpedTask]) -> fmt::Result {
        let at = |task: &DumpedTask| task.waits_at.into_iter().chain(task.cases.iter().map(|case| case.channel)).max();
        let shown = shown.iter().filter_map(at).max();
        let channels = &self.dump.channels[..shown.map_or(0, |last| last + 1)];
        let width = channels.len().to_string().len();
        for (index, channel) in channels.iter().enumerate() {
            let number = index + 1;
            let gap = if index == 0 { "\n" } else { "" };
            let what = if channel.is_semaphore { "semaphore" } else { "channel" };
            write!(out, "{gap}{what} {number:<width$}  {}", self.describe(channel))?;
            let receives = if channel.is_semaphore { "for permits" } else { "to receive" };
            for (reason, does) in [(WaitReason::Send, "to send"), (WaitReason::Recv, receives)] {
                let ids = self.waiters(index, reason);
                if !ids.is_empty() {
                    let verb = if ids.len() == 1 { "waits" } else { "wait" };
                    write!(out, "; {} {verb} {does}", self.list(ids, "and"))?;
                }
            }
            out.write_char('\n')?;
        }
        Ok(())
    }

    fn describe(&self, channel: &DumpedChannel) -> String {
        let made = channel.made_at.map(|place| format!("made at {}", self.programs.describe(place)));
        if channel.is_semaphore {
            return made.unwrap_or_default();
        }
        let made = made.map_or_else(String::new, |made| format!("{made}, "));
        let closed = if channel.is_closed { "closed, " } else { "" };
        let room = match (channel.capacity, channel.buffered) {
            (0, _) => "capacity 0".to_owned(),
            (usize::MAX, 0) => "unbounded, empty".to_owned(),
            (usize::MAX, count) => format!("unbounded, {count} in it"),
            (capacity, 0) => format!("capacity {capacity}, empty"),
            (capacity, count) if count == capacity => format!("capacity {capacity}, full"),
            (capacity, count) => format!("capacity {capacity}, {count} in it"),
        };
        format!("{made}{closed}{room}")
    }
}

impl fmt::Display for Waits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries();
        let column = entries.iter().map(|entry| self.title(entry).len()).max().unwrap_or(0).min(COLUMN);
        entries.iter().try_for_each(|entry| self.write_entry(f, entry, column))?;
        let (shown, others) = self.dump.tasks.split_at(entries.last().map_or(0, |entry| entry.end));
        self.write_others(f, others)?;
        self.write_circle(f)?;
        self.write_channels(f, shown)
    }
}

/// `main`, or `main 1` and `main 2`, for calls from outside; `fiber 1` and so on for what they started.
fn names(dump: &Dump) -> Vec<String> {
    let is_root = |task: &DumpedTask| task.spawned_at.is_none();
    let roots = dump.tasks.iter().filter(|task| is_root(task)).count();
    let (mut root, mut fiber) = (0, 0);
    let name = |task: &DumpedTask| match is_root(task) {
        true if roots == 1 => "main".to_owned(),
        true => {
            root += 1;
            format!("main {root}")
        }
        false => {
            fiber += 1;
            format!("fiber {fiber}")
        }
    };
    dump.tasks.iter().map(name).collect()
}

/// Do both the same, at the same place? Calls from outside are never alike.
fn is_alike(one: &DumpedTask, other: &DumpedTask) -> bool {
    let traits = |task: &DumpedTask| {
        (
            task.parent,
            task.depth,
            task.reason,
            task.place,
            task.spawned_at,
            task.waits_at,
            task.cancelled,
            task.is_masked,
        )
    };
    one.spawned_at.is_some()
        && traits(one) == traits(other)
        && one.waits_for == other.waits_for
        && one.cases == other.cases
}

/// What one does, and what several do.
fn does(reason: WaitReason) -> (&'static str, &'static str) {
    match reason {
        WaitReason::Ready => ("is ready to run", "are ready to run"),
        WaitReason::Sleep => ("sleeps", "sleep"),
        WaitReason::Send => ("waits to send", "wait to send"),
        WaitReason::Recv => ("waits for a message", "wait for a message"),
        WaitReason::Permits => ("waits for permits", "wait for permits"),
        WaitReason::Select => ("waits for one of several channels", "wait for one of several channels"),
        WaitReason::Io => ("waits for input or output", "wait for input or output"),
        WaitReason::Outside => {
            ("waits for a blocking call or a future of the host", "wait for blocking calls or futures of the host")
        }
        WaitReason::Latch => ("waits for a global value", "wait for global values"),
        WaitReason::Join
        | WaitReason::Par
        | WaitReason::Race
        | WaitReason::Timeout
        | WaitReason::Scope
        | WaitReason::All
        | WaitReason::Any
        | WaitReason::JoinAll => ("waits for other fibers to end", "wait for other fibers to end"),
    }
}

/// Milliseconds, as one would say it.
pub(crate) struct Duration(pub(crate) u64);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            millis @ 0..1000 => write!(f, "{millis} ms"),
            millis @ 1000..10_000 => write!(f, "{}.{} s", millis / 1000, millis % 1000 / 100),
            millis => write!(f, "{} s", millis / 1000),
        }
    }
}
