//! The reactor: asks the operating system what has become ready, and until when to wait for it.

use std::io;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::alarm::Alarm;
use super::readiness::Ready;
use super::registry::{AT_ONCE, Registry, Risen, SourceId};
use crate::sync::Arc;

/// Tokens below 2^32 belong to no source (see `SourceId`).
const WAKER: Token = Token(0);
const ALARM: Token = Token(1);

/// Events fetched by one system call; more wait for the next one. What so many touch is still in the cache when their
/// tasks run: with a thousand connections 1,024 gave some 5 % fewer requests (four runs by turns, noisy).
const EVENTS_MAX: usize = 64;

/// The poller of an engine, in the hands of one worker at a time.
pub struct Reactor {
    poll: Poll,
    events: Events,
    /// What they say of sources; empty between two polls.
    risen: Vec<Risen>,
    alarm: Alarm,
    registry: Registry,
    waker: Waker,
}

/// Makes a running or the next [`Reactor::poll`] return. Several calls may have the effect of one.
#[derive(Clone, Debug)]
pub struct Waker(Arc<mio::Waker>);

impl Reactor {
    /// A reactor without sources.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker(Arc::new(mio::Waker::new(poll.registry(), WAKER)?));
        let alarm = Alarm::new(poll.registry(), ALARM)?;
        let registry = Registry::new(poll.registry().try_clone()?, waker.clone());
        Ok(Reactor { poll, events: Events::with_capacity(EVENTS_MAX), risen: Vec::new(), alarm, registry, waker })
    }

    /// Waits until something is ready, `timeout` is over, or a waker or signal interrupts, and tells `ready` who is to
    /// be woken.
    ///
    /// `None` waits for ever, zero not at all.
    pub fn poll(&mut self, timeout: Option<Duration>, ready: &mut impl Ready) -> io::Result<()> {
        let limit = self.alarm.set(timeout)?;
        match self.poll.poll(&mut self.events, limit) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let of_sources = self.events.iter().filter(|event| ![WAKER, ALARM].contains(&event.token()));
        self.risen.extend(of_sources.map(|event| Risen {
            id: SourceId::from_token(event.token()),
            is_end: event.is_read_closed() || event.is_error(),
            directions: [is_readable(event), is_writable(event)],
        }));
        for risen in self.risen.chunks(AT_ONCE) {
            self.registry.rise(risen, ready);
        }
        self.risen.clear();
        self.registry.rise_by_hand(ready);
        Ok(())
    }

    /// What other threads end a poll with.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// What sources are added with.
    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }
}

impl Waker {
    /// Ends a poll.
    pub fn wake(&self) {
        // Fails only when the reactor is gone, and then nobody polls.
        _ = self.0.wake();
    }
}

/// The end of the stream and errors are found by trying to read, so they count.
fn is_readable(event: &Event) -> bool {
    event.is_readable() || event.is_read_closed() || event.is_error()
}

fn is_writable(event: &Event) -> bool {
    event.is_writable() || event.is_write_closed() || event.is_error()
}
