//! When to look for stuck tasks, and who was told of already.
//!
//! In the simulator the worker looks when nobody can run at an instant, and as often as its turns pay for
//! (`worker/look.rs`). Real workers look when it is due, whether somebody runs or not: they read the clock anyway. A
//! worker that parks as the last one wakes for that once after something has run, and then no more: a program that only
//! waits uses no processor time (C43).

use std::collections::HashMap;

use super::proof::Requests;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A wait is reported when it has lasted, or will last, for so long: what is cut off sooner need not bother anybody.
pub const AGE_MS: u32 = 1000;

/// Real workers look at most this often. A program that is over sooner is not looked at.
const EVERY_NS: u64 = 1_000_000_000;

/// With many tasks they look less often: looking at one takes some 0.1 us, so that this is a share of 1 : 1000 and
/// more.
const EVERY_TASK_NS: u64 = 200_000;

/// The world stands still for at most one part in so many.
const SHARE: u64 = 100;

/// What real workers know of the last search; all of it hints, hence Relaxed everywhere.
pub struct Watch {
    due_ns: AtomicU64,
    /// Has somebody run since the last search?
    is_stale: AtomicBool,
    /// The tasks that were reported, and the numbers of their waits. Bounded by the tasks that are stuck.
    told: Mutex<HashMap<u64, u32>>,
    pub requests: Requests,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            due_ns: AtomicU64::new(EVERY_NS),
            is_stale: AtomicBool::new(false),
            told: Mutex::default(),
            requests: Requests::default(),
        }
    }
}

impl Watch {
    /// Is it time to look?
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.due_ns.load(Ordering::Relaxed)
    }

    /// Somebody has run, and now rests.
    pub fn note_turns(&self) {
        self.is_stale.store(true, Ordering::Relaxed);
    }

    /// When whoever parks last should look.
    pub fn next_look(&self) -> Option<u64> {
        self.is_stale.load(Ordering::Relaxed).then(|| self.due_ns.load(Ordering::Relaxed))
    }

    /// Somebody else stops the world, so the search is put off.
    pub fn put_off(&self, now_ns: u64) {
        self.due_ns.store(now_ns + EVERY_NS / 10, Ordering::Relaxed);
    }

    /// How long to wait with so many tasks.
    pub fn pause_ns(tasks: usize) -> u64 {
        EVERY_NS.max((tasks as u64).saturating_mul(EVERY_TASK_NS))
    }

    /// There was a search, which took so long; whether it has found what will be reported later.
    pub fn looked(&self, end_ns: u64, took_ns: u64, tasks: usize, is_early: bool) {
        let pause_ns = Self::pause_ns(tasks).max(took_ns.saturating_mul(SHARE));
        self.due_ns.store(end_ns.saturating_add(pause_ns), Ordering::Relaxed);
        self.is_stale.store(is_early, Ordering::Relaxed);
    }

    /// Of the groups of a search, given by their waits, those of which nobody was reported before and that are old
    /// enough. They are noted as reported; so are tasks that have joined a group that was.
    pub fn to_tell(&self, groups: &[HashMap<u64, u32>], is_old: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut told = self.told.lock();
        let mut next = HashMap::new();
        let mut new = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let was_told = group.iter().any(|(task, wait)| told.get(task) == Some(wait));
            if !was_told && !is_old(index) {
                continue;
            }
            next.extend(group);
            if !was_told {
                new.push(index);
            }
        }
        *told = next;
        new
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_told_once_and_when_it_is_old() {
        let (watch, group) =
            (Watch::default(), |waits: &[(u64, u32)]| waits.iter().copied().collect::<HashMap<_, _>>());
        let first = [group(&[(1, 7), (2, 3)])];
        assert_eq!(watch.to_tell(&first, |_| false), [0; 0]);
        assert_eq!(watch.to_tell(&first, |_| true), [0]);
        assert_eq!(watch.to_tell(&first, |_| true), [0; 0]);
        // Another task joins them; another group is new; task 1 goes on, and waits again.
        assert_eq!(watch.to_tell(&[group(&[(1, 7), (2, 3), (4, 1)]), group(&[(5, 1)])], |_| true), [1]);
        assert_eq!(watch.to_tell(&[group(&[(4, 1)])], |_| true), [0; 0]);
        assert_eq!(watch.to_tell(&[group(&[(1, 8)])], |_| true), [0]);
    }

    #[test]
    fn looking_takes_its_share() {
        let watch = Watch::default();
        assert!(!watch.is_due(EVERY_NS - 1) && watch.is_due(EVERY_NS));
        assert_eq!(watch.next_look(), None);
        watch.note_turns();
        assert_eq!(watch.next_look(), Some(EVERY_NS));
        watch.looked(EVERY_NS, 1_000, 10, false);
        assert_eq!(watch.next_look(), None);
        assert!(watch.is_due(2 * EVERY_NS));
        watch.looked(0, EVERY_NS, 0, true);
        assert_eq!(watch.next_look(), Some(100 * EVERY_NS));
        watch.looked(0, 0, 1_000_000, true);
        assert_eq!(watch.next_look(), Some(200 * EVERY_NS));
    }
}
