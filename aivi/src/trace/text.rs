//! A trace as text: a line for each event, with its time, its worker, and the fiber that it happened to.

use std::collections::HashMap;
use std::fmt;

use aivi_scheduler::{End, Event, EventKind, Role, Waker};

use super::{Name, Trace};

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        for event in &self.events {
            let (millis, nanos) = (event.at_ns / 1_000_000, event.at_ns % 1_000_000);
            write!(f, "{millis:>6}.{nanos:06} ms  worker {}  ", event.worker)?;
            writeln!(f, "{} {}", name(&names, event.task), self.sentence(&names, event))?;
        }
        if self.omitted > 0 {
            writeln!(f, "… and {} more events", self.omitted)?;
        }
        Ok(())
    }
}

impl Trace {
    /// What happened, as a sentence whose subject is the fiber.
    fn sentence(&self, names: &HashMap<u64, Name>, event: &Event) -> String {
        match event.kind {
            EventKind::Spawned { by: 0, .. } => "was started".into(),
            EventKind::Spawned { by, role, at, .. } => {
                format!("was started by {} as {} at {}", name(names, by), role_text(role), self.describe(at))
            }
            EventKind::Resumed => "runs".into(),
            EventKind::Waits { reason, on, at } => {
                format!("waits at {} for {}{}", self.describe(at), reason.text(), target(names, event, on))
            }
            EventKind::Woken { by } => format!("was woken by {}", waker_text(names, by)),
            EventKind::Yielded { at } => format!("lets others run at {}", self.describe(at)),
            EventKind::Ended { how, .. } => end_text(self, how),
            EventKind::Channel { channel, capacity, made_at } => {
                let room = if capacity == usize::MAX { "without bound".into() } else { format!("for {capacity}") };
                let made = made_at.map_or_else(String::new, |at| format!(", made at {}", self.describe(at)));
                format!("uses channel {channel} {room}{made}")
            }
            EventKind::Sent { channel } => format!("has sent on channel {channel}"),
            EventKind::Received { channel } => format!("has received from channel {channel}"),
            EventKind::Closed { channel } => format!("closes channel {channel}"),
            EventKind::Cancelled { by, reason } => {
                let by = if by == 0 { String::new() } else { format!(" by {}", name(names, by)) };
                format!("is asked to end{by}: {} at {}", reason.kind, self.describe(reason.place))
            }
            EventKind::CleanupBegan { at } => format!("begins a cleanup at {}", self.describe(at)),
            EventKind::CleanupEnded => "ends a cleanup".into(),
            EventKind::TimerArmed { due_ns } => format!("arms a timer for {} ms", due_ns / 1_000_000),
            EventKind::Stuck { at } => format!("waits for ever at {}", self.describe(at)),
            EventKind::Stolen { from } => format!("was taken from worker {from}"),
        }
    }
}

/// What a wait is for, behind its reason.
fn target(names: &HashMap<u64, Name>, event: &Event, on: u64) -> String {
    use aivi_scheduler::WaitReason;
    match event.kind {
        _ if on == 0 => String::new(),
        EventKind::Waits { reason: WaitReason::Send | WaitReason::Recv, .. } => format!(" on channel {on}"),
        _ => format!(" of {}", name(names, on)),
    }
}

fn end_text(trace: &Trace, how: End) -> String {
    match how {
        End::Done => "has ended".into(),
        End::Failed => "has failed".into(),
        End::Faulted => "has ended with a fault".into(),
        End::Cancelled(reason) => {
            format!("has ended as asked: {} at {}", reason.kind, trace.describe(reason.place))
        }
    }
}

pub(super) fn role_text(role: Role) -> &'static str {
    match role {
        Role::Root => "main",
        Role::Par => "a side of par",
        Role::Race => "a side of race",
        Role::Timeout => "the body of a timeout",
        Role::Scope => "the body of a scope",
        Role::Branch => "one of a list",
        Role::Member => "a task",
    }
}

pub(super) fn waker_text(names: &HashMap<u64, Name>, by: Waker) -> String {
    match by {
        Waker::Task(task) => name(names, task).to_owned(),
        Waker::Timer => "a timer".into(),
        Waker::Io => "input or output".into(),
        Waker::Outside => "another thread".into(),
        Waker::Deadlock => "a deadlock".into(),
        Waker::Itself => "what had happened already".into(),
    }
}

pub(super) fn name(names: &HashMap<u64, Name>, task: u64) -> &str {
    names.get(&task).map_or("a fiber", |name| &name.label)
}
