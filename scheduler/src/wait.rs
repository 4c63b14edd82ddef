//! What a task is waiting for, from the side of the task.

use crate::channel::WaitedAt;
use crate::completer::Delivery;
use crate::group::Kind;
use crate::latch::Latch;
use crate::reactor::{Interest, IoSource};
use crate::scope::Scope;
use crate::select::Selecting;
use crate::sync::Arc;
use crate::task::Task;
use crate::task::record::{Raw, Ref};

/// The wait that a task has registered, with what it takes to undo that.
pub enum Waiting<T: Task> {
    /// None: it runs or is queued.
    Nothing,
    Sleep,
    /// The channel, and its number if events are noted.
    Send(WaitedAt<T>, u32),
    /// As for `Send`.
    Recv(WaitedAt<T>, u32),
    /// In the line of a semaphore.
    Permits(WaitedAt<T>),
    /// It lives until it ends; then it gives the joiner a count.
    Join(Raw<T>),
    Group,
    AllJoined(Arc<Scope<T>>),
    /// In the list of this direction of the source.
    Io(IoSource, Interest),
    /// Where the completer puts its value.
    Outside(Delivery<T::Value>),
    Latch(Latch<T>),
    Select(Box<Selecting<T>>),
}

/// What has ended the last wait, until the task asks.
pub enum Woken<T: Task> {
    /// Nothing: the task starts, or had yielded, or has asked.
    Nothing,
    Timer,
    Sent,
    /// The message is in the record, or what a task wanted that waited for permits.
    Message,
    Closed,
    Joined(Ref<T>),
    /// The end is with the family.
    Group,
    AllJoined,
    Io,
    Completed(Delivery<T::Value>),
    Latch,
    /// The case; its message is in the record.
    Selected(usize),
    Cancelled,
    /// Set when the deadlock is found, before the wait is claimed.
    Deadlock(T::Fault),
}

/// The kind of a wait, as dumps show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WaitReason {
    /// It runs, or is ready to.
    Ready,
    /// For a time.
    Sleep,
    /// For room in a channel, or a receiver.
    Send,
    /// For a message.
    Recv,
    /// For permits of a semaphore.
    Permits,
    /// For a task to end.
    Join,
    /// For both sides of a `par` to end.
    Par,
    /// For a side of a race to end.
    Race,
    /// For the body of a timeout to end.
    Timeout,
    /// For the body of a scope and its members to end.
    Scope,
    /// For all effects of a list to end.
    All,
    /// For one of the effects of a list to end.
    Any,
    /// For the members of a scope to end.
    JoinAll,
    /// For a source of the reactor.
    Io,
    /// For a blocking job or another thread.
    Outside,
    /// For a latch to open.
    Latch,
    /// For one of several channels.
    Select,
}

impl WaitReason {
    /// Its name.
    pub fn text(self) -> &'static str {
        match self {
            WaitReason::Ready => "ready",
            WaitReason::Sleep => "sleep",
            WaitReason::Send => "send",
            WaitReason::Recv => "recv",
            WaitReason::Permits => "permits",
            WaitReason::Join => "join",
            WaitReason::Par => "par",
            WaitReason::Race => "race",
            WaitReason::Timeout => "timeout",
            WaitReason::Scope => "scope",
            WaitReason::All => "all of a list",
            WaitReason::Any => "one of a list",
            WaitReason::JoinAll => "join_all",
            WaitReason::Io => "input or output",
            WaitReason::Outside => "a blocking call",
            WaitReason::Latch => "a latch",
            WaitReason::Select => "one of several channels",
        }
    }
}

impl<T: Task> Waiting<T> {
    /// The kind; `group` is that of the group that the task waits for, if it does.
    pub fn reason(&self, group: Kind) -> WaitReason {
        match self {
            Waiting::Nothing => WaitReason::Ready,
            Waiting::Sleep => WaitReason::Sleep,
            Waiting::Send(..) => WaitReason::Send,
            Waiting::Recv(..) => WaitReason::Recv,
            Waiting::Permits(_) => WaitReason::Permits,
            Waiting::Join(_) => WaitReason::Join,
            Waiting::Group => match group {
                Kind::Par => WaitReason::Par,
                Kind::Race => WaitReason::Race,
                Kind::Timeout => WaitReason::Timeout,
                Kind::Scope => WaitReason::Scope,
                Kind::All => WaitReason::All,
                Kind::Any => WaitReason::Any,
            },
            Waiting::AllJoined(_) => WaitReason::JoinAll,
            Waiting::Io(..) => WaitReason::Io,
            Waiting::Outside(_) => WaitReason::Outside,
            Waiting::Latch(_) => WaitReason::Latch,
            Waiting::Select(_) => WaitReason::Select,
        }
    }

    /// Does it wait for something that the scheduler runs itself?
    pub fn is_group(&self) -> bool {
        matches!(self, Waiting::Group)
    }
}
