//! The tasks that wait for sources of the reactor, by key.
//!
//! The reactor hands out keys without any lock held, so a key may come when its task is long gone. Hence the
//! table in between: a key that is not in it any more hits nothing, and a task that is in it lives until it took
//! itself out.

use slotmap::{Key, KeyData, SlotMap};

use crate::Task;
use crate::reactor::WaitKey;
use crate::sync::Mutex;
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};

slotmap::new_key_type! {
    struct IoKey;
}

/// So many waits end under one lock (arbitrary): others wait for it a microsecond, and the tasks come to the cache together.
const AT_ONCE: usize = 16;

/// Keys to waiting tasks: bounded by the tasks, each waits once.
pub struct IoWaits<T: Task>(Mutex<SlotMap<IoKey, (Raw<T>, u32)>>);

impl<T: Task> Default for IoWaits<T> {
    fn default() -> Self {
        IoWaits(Mutex::new(SlotMap::with_key()))
    }
}

impl<T: Task> IoWaits<T> {
    /// Adds a task and the number of its wait.
    pub fn add(&self, waiter: (Raw<T>, u32)) -> WaitKey {
        WaitKey(self.0.lock().insert(waiter).data().as_ffi(), u64::from(waiter.1))
    }

    /// Takes a task out, if it is still in.
    pub fn remove(&self, key: WaitKey) {
        self.0.lock().remove(KeyData::from_ffi(key.0).into());
    }

    /// Ends the waits that the keys name, and adds to `ready` who has to be queued.
    pub fn ready(&self, keys: &[WaitKey], ready: &mut Vec<Raw<T>>) {
        for keys in keys.chunks(AT_ONCE) {
            let mut waits = self.0.lock();
            for key in keys {
                if let Some((raw, _)) = waits.get(KeyData::from_ffi(key.0).into()) {
                    raw.prefetch();
                }
            }
            for key in keys {
                let Some((raw, generation)) = waits.remove(KeyData::from_ffi(key.0).into()) else { continue };
                // SAFETY: it was in the table, so it lives until it has had the lock (its `remove`), which we hold.
                let claimed = unsafe { raw.get() }.state.claim(generation, Claim::Io);
                if claimed == Claimed::Queue {
                    ready.push(raw);
                }
            }
        }
    }

    /// Does no task wait?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tasks wait.
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }
}
