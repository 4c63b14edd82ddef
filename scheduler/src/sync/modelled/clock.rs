//! The clock in models: each look at it finds it a millisecond later, so that every delay is over at the next look.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment, and how often anybody has asked how long ago it was.
#[derive(Debug)]
pub struct Instant(AtomicU64);

impl Instant {
    /// The beginning.
    pub fn now() -> Self {
        Instant(AtomicU64::new(0))
    }

    /// A millisecond more than the last time.
    pub fn elapsed(&self) -> Duration {
        // Relaxed: no part of what is modelled.
        Duration::from_millis(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
