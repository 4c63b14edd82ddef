//! The reactor's side that any thread may use: adding and removing sources.

use std::fmt;
use std::io;

use mio::Token;
use mio::event::Source;
use slotmap::{Key, KeyData, SlotMap};

use super::direction::WaitKey;
use super::poller::Waker;
use super::source::{Interest, Io, IoSource};
use crate::sync::{Arc, Mutex};

slotmap::new_key_type! {
    /// Names a registered source. Goes through the poller as a token; an event of a source that is gone finds nothing.
    pub(super) struct SourceId;
}

const _: () = assert!(size_of::<usize>() == size_of::<u64>(), "a poll token holds a whole SourceId");

impl SourceId {
    /// Live ids have an odd upper half, so tokens below 2^32 are free for the reactor's own use.
    pub fn token(self) -> Token {
        Token(self.data().as_ffi() as usize)
    }

    pub fn from_token(token: Token) -> Self {
        KeyData::from_ffi(token.0 as u64).into()
    }
}

/// What the poller has said of a source.
pub(super) struct Risen {
    pub id: SourceId,
    /// The rise of its readable side is the last one.
    pub is_end: bool,
    pub is_readable: bool,
    pub is_writable: bool,
}

/// Adds sources to a reactor. Clones are the same registry; all of them may outlive the reactor.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    registry: mio::Registry,
    /// Held for a look-up or a change, never while a task is woken.
    sources: Mutex<SlotMap<SourceId, IoSource>>,
    /// Keys to be woken without an event. Emptied by every poll, so bounded by the waiters.
    orphans: Mutex<Vec<WaitKey>>,
    waker: Waker,
}

impl Registry {
    pub(super) fn new(registry: mio::Registry, waker: Waker) -> Self {
        Registry { shared: Arc::new(Shared { registry, sources: Mutex::default(), orphans: Mutex::default(), waker }) }
    }

    /// Puts a non-blocking source under the reactor's watch, for both directions, until the result is dropped.
    pub fn register<S: Source>(&self, source: S) -> io::Result<Io<S>> {
        Io::new(source, self)
    }

    /// How many sources are registered.
    pub fn len(&self) -> usize {
        self.shared.sources.lock().len()
    }

    /// Is no source registered?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys wait, for all sources together.
    pub fn waiting(&self) -> usize {
        self.shared.sources.lock().values().map(IoSource::waiting).sum()
    }

    pub(super) fn add(&self, inner: &mut impl Source, source: &IoSource) -> io::Result<SourceId> {
        // The table first: an event may be polled before `register` returns.
        let id = self.shared.sources.lock().insert(source.clone());
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        let registered = self.shared.registry.register(inner, id.token(), both);
        if registered.is_err() {
            self.shared.sources.lock().remove(id);
        }
        registered.map(|()| id)
    }

    pub(super) fn remove(&self, inner: &mut impl Source, id: SourceId, source: &IoSource) {
        // An error means that the poller no longer knows the source, which is what we want.
        _ = self.shared.registry.deregister(inner);
        self.shared.sources.lock().remove(id);
        let mut keys = Vec::new();
        source.rise(Interest::Read, &mut keys);
        source.rise(Interest::Write, &mut keys);
        self.wake(keys);
    }

    /// Has the next poll hand out `keys`, and makes it come soon.
    pub(super) fn wake(&self, mut keys: Vec<WaitKey>) {
        if !keys.is_empty() {
            self.shared.orphans.lock().append(&mut keys);
            self.shared.waker.wake();
        }
    }

    /// Passes on what the poller has said, and adds to `keys` who waited for it. Sources of which many have risen come to the cache
    /// together; others wait for the lock a microsecond.
    pub(super) fn rise(&self, risen: &[Risen], keys: &mut Vec<WaitKey>) {
        let sources = self.shared.sources.lock();
        for risen in risen {
            if let Some(source) = sources.get(risen.id) {
                source.prefetch();
            }
        }
        for risen in risen {
            let Some(source) = sources.get(risen.id) else { continue };
            if risen.is_end {
                source.end(Interest::Read);
            }
            if risen.is_readable {
                source.rise(Interest::Read, keys);
            }
            if risen.is_writable {
                source.rise(Interest::Write, keys);
            }
        }
    }

    pub(super) fn take_orphans(&self) -> Vec<WaitKey> {
        std::mem::take(&mut *self.shared.orphans.lock())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry {{ sources: {} }}", self.len())
    }
}
