//! How much of something there is, and how much there was at most.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

/// Relaxed throughout: counts that nothing else depends on.
#[derive(Default, Debug)]
pub(super) struct Gauge {
    now: AtomicI64,
    most: AtomicI64,
}

impl Gauge {
    /// So much more, or less.
    pub(super) fn add(&self, change: i64) {
        let now = self.now.fetch_add(change, Relaxed) + change;
        self.note(now);
    }

    /// The same, but never below nothing: by how much it has changed.
    pub(super) fn add_above_zero(&self, change: i64) -> i64 {
        let changed = |now: i64| now.saturating_add(change).max(0);
        let before = match self.now.fetch_update(Relaxed, Relaxed, |now| Some(changed(now))) {
            Ok(now) | Err(now) => now,
        };
        self.note(changed(before));
        changed(before) - before
    }

    /// Not less than nothing, and not more than this.
    pub(super) fn keep_within(&self, most: i64) {
        let wanted = |now: i64| Some(now.clamp(0, most)).filter(|wanted| *wanted != now);
        // Nothing to do is no error.
        _ = self.now.fetch_update(Relaxed, Relaxed, wanted);
    }

    /// How much there is.
    pub(super) fn now(&self) -> i64 {
        self.now.load(Relaxed)
    }

    /// How much there was at most.
    pub(super) fn most(&self) -> i64 {
        self.most.load(Relaxed)
    }

    fn note(&self, now: i64) {
        if now > self.most() {
            self.most.fetch_max(now, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn it_stays_between_nothing_and_what_there_is() {
        let gauge = Gauge::default();
        assert_eq!(gauge.add_above_zero(5), 5);
        assert_eq!(gauge.add_above_zero(-8), -5);
        assert_eq!((gauge.now(), gauge.most()), (0, 5));
        gauge.add(-3);
        gauge.keep_within(10);
        assert_eq!(gauge.now(), 0);
        gauge.add(30);
        gauge.keep_within(10);
        assert_eq!((gauge.now(), gauge.most()), (10, 30));
    }
}
