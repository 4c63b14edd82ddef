//! Channels that are kept by nothing but messages in channels: the same account as of suspects, without any.

use std::collections::HashSet;

use super::ledger::{Key, Ledger};
use crate::Task;
use crate::channel::WaitedAt;

/// The channels, of some, that only their messages keep.
pub struct Keepers(HashSet<usize>);

impl Keepers {
    /// Looks at all of `channels`.
    ///
    /// # Safety
    /// They live, and so does what their messages refer to; no task runs.
    pub unsafe fn of<T: Task>(channels: &[WaitedAt<T>]) -> Keepers {
        let mut ledger = Ledger::new(false);
        for channel in channels {
            // SAFETY: promised by the caller.
            unsafe { ledger.channel(channel) };
        }
        if !ledger.follow() {
            return Keepers(HashSet::new());
        }
        let graph = ledger.graph();
        let is_kept = |id: &usize| !graph.is_reached(Key::Senders(*id)) && !graph.is_reached(Key::Receivers(*id));
        Keepers(channels.iter().map(WaitedAt::id).filter(is_kept).collect())
    }

    /// Is it one of them?
    pub fn keep<T: Task>(&self, channel: &WaitedAt<T>) -> bool {
        self.0.contains(&channel.id())
    }
}
