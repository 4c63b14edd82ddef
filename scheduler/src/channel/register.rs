//! The channels of a simulated runtime, to see what is left of them when its runs are over.
//!
//! A channel is freed with its last handle. One whose messages hold a handle of its own, directly or through those of
//! another channel, keeps itself; nobody can reach it, and it stays. Real runtimes keep no register: it costs a lock
//! for each channel.

use std::collections::HashMap;

use slotmap::{SlotMap, new_key_type};

use super::{Channel, WaitedAt};
use crate::stuck::Keepers;
use crate::sync::{Arc, Mutex};
use crate::{Place, Task};

new_key_type! {
    struct ChannelKey;
}

/// The channels that live, and the messages that nobody received of those that do not.
pub struct Register<T: Task>(Mutex<Entries<T>>);

struct Entries<T: Task> {
    channels: SlotMap<ChannelKey, WaitedAt<T>>,
    /// By the places where their channels were made, so bounded by the places of a program.
    unreceived: HashMap<Place, usize>,
}

/// The entry of one channel, which has it. To be given back when the channel is freed.
pub(super) struct Entry<T: Task> {
    register: Arc<Register<T>>,
    key: ChannelKey,
}

/// What is left of channels when everything has ended that ran.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ChannelsLeft {
    /// Where channels were made that still live.
    pub alive: Vec<Option<Place>>,
    /// Those of them that only messages in channels like them refer to: nobody will ever free them.
    pub circular: Vec<Option<Place>>,
    /// Messages that were in channels when they were freed, by the places where these were made.
    pub unreceived: Vec<(Place, usize)>,
}

impl<T: Task> Default for Register<T> {
    fn default() -> Self {
        Register(Mutex::new(Entries { channels: SlotMap::with_key(), unreceived: HashMap::new() }))
    }
}

impl<T: Task> Register<T> {
    /// Enters a channel.
    pub fn enter(self: &Arc<Self>, channel: &Channel<T>) {
        let key = self.0.lock().channels.insert(channel.tx.waited_at());
        channel.tx.core().lock().entry = Some(Entry { register: self.clone(), key });
    }

    /// What is left. Only while no task runs.
    pub fn left(&self) -> ChannelsLeft {
        let entries = self.0.lock();
        let channels: Vec<WaitedAt<T>> = entries.channels.values().copied().collect();
        // SAFETY: what is in the register lives while its lock is held: it is taken out before it is freed.
        let made_at = |channel: &WaitedAt<T>| unsafe { channel.dump() }.made_at;
        // SAFETY: as above, and no task runs.
        let keepers = unsafe { Keepers::of(&channels) };
        let circular = channels.iter().filter(|channel| keepers.keep(channel)).map(made_at).collect();
        let mut unreceived: Vec<(Place, usize)> =
            entries.unreceived.iter().map(|(place, count)| (*place, *count)).collect();
        unreceived.sort_unstable_by_key(|(place, _)| place.0);
        ChannelsLeft { alive: channels.iter().map(made_at).collect(), circular, unreceived }
    }
}

impl<T: Task> Entry<T> {
    /// The channel is freed, with so many messages in it.
    pub fn leave(&self, made_at: Option<Place>, messages: usize) {
        let mut entries = self.register.0.lock();
        entries.channels.remove(self.key);
        if messages > 0 {
            *entries.unreceived.entry(made_at.unwrap_or_default()).or_default() += messages;
        }
    }
}
