//! The reactor's side that any thread may use: adding and removing sources.

use std::fmt;
use std::io;

use mio::Token;
use mio::event::Source;
use slotmap::{Key, KeyData, SlotMap};
use smallvec::SmallVec;

use super::poller::Waker;
use super::readiness::{BOTH, Directions, Ready};
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

/// Sources that rise under one lock (arbitrary): others wait for it a microsecond.
pub(super) const AT_ONCE: usize = 16;

/// What the poller has said of a source.
pub(super) struct Risen {
    pub id: SourceId,
    /// The rise of its readable side is the last one.
    pub is_end: bool,
    pub directions: Directions,
}

/// Adds sources to a reactor. Clones are the same registry; all of them may outlive the reactor.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    registry: mio::Registry,
    /// Held for a look-up or a change, and while the waits for a few sources end; never while a task is queued.
    sources: Mutex<SlotMap<SourceId, IoSource>>,
    /// Sources that somebody waits for and that have risen without an event. Emptied by every poll.
    by_hand: Mutex<Vec<(IoSource, Directions)>>,
    waker: Waker,
}

impl Registry {
    pub(super) fn new(registry: mio::Registry, waker: Waker) -> Self {
        Registry { shared: Arc::new(Shared { registry, sources: Mutex::default(), by_hand: Mutex::default(), waker }) }
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
        self.wake(source, BOTH);
    }

    /// Makes a rise of which the next poll tells who waits, and makes that come soon.
    pub(super) fn wake(&self, source: &IoSource, risen: Directions) {
        if source.begin_rise(risen) {
            self.shared.by_hand.lock().push((source.clone(), risen));
            self.shared.waker.wake();
        }
    }

    /// Passes on what the poller has said, and tells who waited for it. Sources of which many have risen come to the
    /// cache together, then those who wait for them; others wait for the lock a microsecond.
    pub(super) fn rise(&self, risen: &[Risen], ready: &mut impl Ready) {
        let sources = self.shared.sources.lock();
        let mut found: SmallVec<[_; AT_ONCE]> = SmallVec::new();
        found.extend(risen.iter().filter_map(|risen| Some((risen, sources.get(risen.id)?))));
        found.iter().for_each(|(_, source)| source.prefetch());
        found.iter().for_each(|(risen, source)| source.expect(risen.directions, ready));
        for (risen, source) in found {
            if risen.is_end {
                source.end(Interest::Read);
            }
            source.rise(risen.directions, ready);
        }
    }

    /// The same of what has risen by hand.
    pub(super) fn rise_by_hand(&self, ready: &mut impl Ready) {
        let risen = std::mem::take(&mut *self.shared.by_hand.lock());
        risen.iter().for_each(|(source, risen)| source.rise(*risen, ready));
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry {{ sources: {} }}", self.len())
    }
}
