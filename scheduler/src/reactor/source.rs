//! Sources: what can become ready, and the owner that registers and removes it.

use std::fmt;
use std::io;
use std::ops::Deref;

use mio::event::Source;

use super::Registry;
use super::readiness::{Directions, Readiness, Ready, WaitKey};
use super::registry::SourceId;
use crate::prefetch::prefetch;
use crate::sync::Arc;

/// Which readiness is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Data, a connection to accept, or the end of the stream.
    Read,
    /// Room to write, or a connection that has been established or refused.
    Write,
}

/// A direction about to be tried, and how many rises it had seen until then.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The direction.
    pub interest: Interest,
    noted: u32,
}

impl Attempt {
    /// An attempt from before the source was registered: every rise comes after it.
    pub fn first(interest: Interest) -> Self {
        Attempt { interest, noted: 0 }
    }
}

/// The readiness of a source. Clones are the same source and keep working, idle, after the source is gone.
#[derive(Clone)]
pub struct IoSource {
    readiness: Arc<Readiness>,
}

impl IoSource {
    pub(crate) fn new() -> Self {
        IoSource { readiness: Arc::default() }
    }

    /// Notes the readiness seen so far. To be called before every try that may end in `WouldBlock`.
    pub fn attempt(&self, interest: Interest) -> Attempt {
        Attempt { interest, noted: self.readiness.rises(interest) }
    }

    /// What there was at `attempt` and later is used up: until the next rise a try would find nothing.
    ///
    /// True of a stream that gave less than it was asked for, where the poller's edges are those of the stream itself
    /// (Linux): what comes afterwards is a rise.
    pub fn use_up(&self, attempt: Attempt) {
        self.readiness.use_up(attempt.interest, attempt.noted);
    }

    /// Would a try find nothing? Then it is as good as made, and the wait may follow.
    pub fn is_used_up(&self, attempt: Attempt) -> bool {
        self.readiness.is_used_up(attempt.interest, attempt.noted)
    }

    /// Was there a rise since `attempt`? For sources that must not be tried before they are ready.
    pub fn has_risen(&self, attempt: Attempt) -> bool {
        self.attempt(attempt.interest).noted != attempt.noted
    }

    /// Waits for the next rise after `attempt`. False: there already was one, try again; nothing was registered.
    ///
    /// True: [`super::Reactor::poll`] tells of `key` ([`Ready`]) unless [`Self::forget`] takes it back.
    #[must_use = "false means that nothing will wake the key"]
    pub fn wait(&self, attempt: Attempt, key: WaitKey) -> bool {
        self.readiness.wait(attempt.interest, attempt.noted, key)
    }

    /// Takes a waiting key back; false if `poll` has told of it.
    pub fn forget(&self, interest: Interest, key: WaitKey) -> bool {
        self.readiness.forget(interest, key)
    }

    /// How many keys wait, in both directions together.
    pub fn waiting(&self) -> usize {
        self.readiness.waiting()
    }

    /// The rise that follows is the last one: the stream has ended in this direction, or is broken.
    pub(super) fn end(&self, interest: Interest) {
        self.readiness.end(interest);
    }

    /// Asks for its memory.
    pub(super) fn prefetch(&self) {
        prefetch(&raw const *self.readiness, size_of::<Readiness>());
    }

    /// Who may wait for this.
    pub(super) fn expect(&self, risen: Directions, ready: &mut impl Ready) {
        self.readiness.expect(risen, ready);
    }

    /// Counts a rise, and tells who has to be woken.
    pub(crate) fn rise(&self, risen: Directions, ready: &mut impl Ready) {
        self.readiness.rise(risen, ready);
    }

    /// Counts a rise of which who waits is told later. False: nobody waits.
    pub(super) fn begin_rise(&self, risen: Directions) -> bool {
        self.readiness.begin_rise(risen)
    }
}

impl fmt::Debug for IoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IoSource {{ waiting: {} }}", self.waiting())
    }
}

/// A registered source of events: dereferences to the socket or pipe itself, and leaves the reactor when dropped.
///
/// Dropping wakes everybody who still waits for it.
#[derive(Debug)]
pub struct Io<S: Source> {
    inner: S,
    source: IoSource,
    id: SourceId,
    registry: Registry,
}

impl<S: Source> Io<S> {
    pub(super) fn new(mut inner: S, registry: &Registry) -> io::Result<Self> {
        let source = IoSource::new();
        let id = registry.add(&mut inner, &source)?;
        Ok(Io { inner, source, id, registry: registry.clone() })
    }

    /// Its readiness, to wait for.
    pub fn source(&self) -> &IoSource {
        &self.source
    }

    /// The registry it is in, to register what it gives birth to.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Makes a rise by hand: everybody who waits in that direction tries again.
    pub fn wake(&self, interest: Interest) {
        let mut risen = Directions::default();
        risen[interest as usize] = true;
        self.registry.wake(&self.source, risen);
    }
}

impl<S: Source> Deref for Io<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.inner
    }
}

impl<S: Source> Drop for Io<S> {
    fn drop(&mut self) {
        self.registry.remove(&mut self.inner, self.id, &self.source);
    }
}
