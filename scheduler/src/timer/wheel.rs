//! The hierarchical wheel.
//!
//! A deadline's tick is 48 bits, eight groups of six. Compare it with the current tick: the highest group that differs
//! names the level, the deadline's value of that group names the slot. So everything in level `n` agrees with the
//! current tick above group `n` and is greater in group `n`: lower levels come before higher ones, and lower slots
//! before higher ones. When the current tick reaches the start of a slot, the slot's timers differ only in lower groups
//! and move down. No slot between two occupied ones is ever visited: a jump of hours costs what it finds.

use std::array;

use super::current::{Current, Entry};
use super::slab::{NIL, Place, Slab, TimerKey};

/// The finest step in which the wheel sorts: 2^16 ns. Sleeps end on average half of it late at most; a tick of 1 ms
/// made 1 ms sleeps end 1 ms late (measured), finer ones add levels and cascades for no gain that a program could see.
pub const TICK_NS: u64 = 1 << TICK_BITS;
const TICK_BITS: u32 = 16;
const GROUP_BITS: u32 = 6;
const SLOTS: usize = 1 << GROUP_BITS;
const LEVELS: usize = ((64 - TICK_BITS) / GROUP_BITS) as usize;

/// Pending timers of one worker, each with a handle of the owner's choice.
pub struct Wheel<H> {
    levels: Box<[Level; LEVELS]>,
    current: Current,
    slab: Slab<H>,
    /// The list of those whose time begins at the next `advance`: what they have for a deadline is how long they run.
    beginning: u32,
    now_ns: u64,
    tick: u64,
    armed: u64,
}

/// 64 slots and which of them are not empty.
struct Level {
    occupied: u64,
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy)]
struct Slot {
    head: u32,
    /// No deadline in the list is earlier. Exact until the timer that set it is disarmed.
    earliest_ns: u64,
}

/// The number of the list `beginning`, which is no slot of a level.
const BEGINNING: u16 = (LEVELS * SLOTS) as u16;

const EMPTY: Slot = Slot { head: NIL, earliest_ns: u64::MAX };

impl<H: Copy> Wheel<H> {
    /// An empty wheel at time `now_ns`.
    pub fn new(now_ns: u64) -> Self {
        let level = || Level { occupied: 0, slots: [EMPTY; SLOTS] };
        let levels = Box::new(array::from_fn(|_| level()));
        let (current, slab, tick) = (Current::default(), Slab::new(), now_ns >> TICK_BITS);
        Wheel { levels, current, slab, beginning: NIL, now_ns, tick, armed: 0 }
    }

    /// Arms a timer. A deadline that has passed fires in the next `advance`.
    pub fn arm(&mut self, deadline_ns: u64, handle: H) -> TimerKey {
        let armed = self.armed;
        self.armed += 1;
        let index = self.slab.insert(deadline_ns, armed, handle);
        match self.slot_of(deadline_ns) {
            Some(slot) => self.link(slot, index),
            None => self.current.push(Entry { deadline_ns, armed, index }),
        }
        TimerKey { index, generation: armed as u32 }
    }

    /// Arms a timer that runs for `ns` from the next `begin` or `advance` on: the caller need not know what time it is.
    pub fn arm_from_next(&mut self, ns: u64, handle: H) -> TimerKey {
        let armed = self.armed;
        self.armed += 1;
        let index = self.slab.insert(ns, armed, handle);
        self.slab.node_mut(index).place = Place::in_slot(BEGINNING);
        self.slab.push_front(self.beginning, index);
        self.beginning = index;
        TimerKey { index, generation: armed as u32 }
    }

    /// The time of those that were armed by `arm_from_next` begins, at `now_ns`.
    pub fn begin(&mut self, now_ns: u64) {
        self.now_ns = self.now_ns.max(now_ns);
        let mut head = std::mem::replace(&mut self.beginning, NIL);
        while head != NIL {
            let index = head;
            let node = self.slab.node_mut(index);
            node.deadline_ns = self.now_ns.saturating_add(node.deadline_ns);
            node.place = Place::CURRENT;
            head = node.next;
            let (deadline_ns, armed) = (node.deadline_ns, node.armed);
            match self.slot_of(deadline_ns) {
                Some(slot) => self.link(slot, index),
                None => self.current.push(Entry { deadline_ns, armed, index }),
            }
        }
    }

    /// Disarms a timer; false if it has fired or was disarmed before.
    pub fn disarm(&mut self, key: TimerKey) -> bool {
        let Some(node) = self.slab.find(key) else { return false };
        if let Some(slot) = node.place.slot() {
            self.unlink(slot, key.index);
            self.slab.remove(key.index);
        } else {
            self.slab.remove(key.index);
            self.current.disarmed(&self.slab);
        }
        true
    }

    /// Moves time on to `now_ns` and fires everything that is due, in order of (deadline, arming).
    ///
    /// A time before the last one counts as the last one.
    pub fn advance(&mut self, now_ns: u64, fired: &mut impl FnMut(H)) {
        self.begin(now_ns);
        let target = self.now_ns >> TICK_BITS;
        loop {
            self.fire_current(fired);
            match self.first_slot() {
                Some(slot) if self.start_of(slot) <= target => self.enter(slot),
                _ => break,
            }
        }
        self.tick = target;
    }

    /// A time that is not later than the first deadline; `None` when nothing is armed.
    ///
    /// It is the first deadline itself unless the first timer of that deadline's slot was disarmed, or the time of some
    /// has not begun.
    pub fn next_deadline(&self) -> Option<u64> {
        if self.slab.live() == 0 {
            return None;
        }
        let begun = match self.current.first() {
            Some(entry) => Some(entry.deadline_ns),
            None => self.first_slot().map(|slot| self.slot(slot).earliest_ns),
        };
        if self.beginning == NIL {
            return begun;
        }
        begun
            .into_iter()
            .chain(self.slab.list(self.beginning).map(|node| self.now_ns.saturating_add(node.deadline_ns)))
            .min()
    }

    /// When a timer fires, if it is armed; if its time has not begun, as if it did now.
    pub fn deadline(&self, key: TimerKey) -> Option<u64> {
        let node = self.slab.find(key)?;
        let has_begun = node.place != Place::in_slot(BEGINNING);
        Some(if has_begun { node.deadline_ns } else { self.now_ns.saturating_add(node.deadline_ns) })
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.slab.live()
    }

    /// Is no timer armed?
    pub fn is_empty(&self) -> bool {
        self.slab.live() == 0
    }

    /// Heap memory that the wheel holds at the moment, the slots aside.
    #[cfg(test)]
    pub(super) fn retained_bytes(&self) -> usize {
        self.slab.retained_bytes() + self.current.retained_bytes()
    }

    fn fire_current(&mut self, fired: &mut impl FnMut(H)) {
        while let Some(entry) = self.current.first() {
            let is_armed = self.slab.is_armed(entry.index, entry.armed);
            if is_armed && entry.deadline_ns > self.now_ns {
                return;
            }
            self.current.pop(entry);
            if is_armed {
                let handle = self.slab.node(entry.index).handle;
                self.slab.remove(entry.index);
                fired(handle);
            }
        }
    }

    /// Makes the start of `slot` the current tick and hands its timers down: to finer slots, or to the current tick.
    fn enter(&mut self, slot: u16) {
        self.tick = self.start_of(slot);
        let mut head = self.slot(slot).head;
        self.clear(slot);
        while head != NIL {
            let index = head;
            let node = self.slab.node_mut(index);
            let entry = Entry { deadline_ns: node.deadline_ns, armed: node.armed, index };
            node.place = Place::CURRENT;
            head = node.next;
            match self.slot_of(entry.deadline_ns) {
                Some(finer) => self.link(finer, index),
                None => self.current.add(entry),
            }
        }
        self.current.sort();
    }

    /// The slot for a deadline, `None` if it belongs to the current tick or has passed.
    fn slot_of(&self, deadline_ns: u64) -> Option<u16> {
        let tick = deadline_ns >> TICK_BITS;
        if tick <= self.tick {
            return None;
        }
        let level = (63 - (tick ^ self.tick).leading_zeros()) / GROUP_BITS;
        let group = (tick >> (level * GROUP_BITS)) as usize % SLOTS;
        Some((level as usize * SLOTS + group) as u16)
    }

    /// The occupied slot that comes first in time.
    fn first_slot(&self) -> Option<u16> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        Some((level * SLOTS) as u16 + self.levels[level].occupied.trailing_zeros() as u16)
    }

    /// The first tick of an occupied slot: it agrees with the current tick above the slot's level.
    fn start_of(&self, slot: u16) -> u64 {
        let shift = level_of(slot) as u32 * GROUP_BITS;
        let above = self.tick >> shift >> GROUP_BITS << GROUP_BITS;
        (above | (slot as u64 % SLOTS as u64)) << shift
    }

    fn link(&mut self, slot: u16, index: u32) {
        let node = self.slab.node_mut(index);
        node.place = Place::in_slot(slot);
        let deadline_ns = node.deadline_ns;
        let level = &mut self.levels[level_of(slot)];
        level.occupied |= 1 << (slot as usize % SLOTS);
        let Slot { head, earliest_ns } = &mut level.slots[slot as usize % SLOTS];
        *earliest_ns = deadline_ns.min(*earliest_ns);
        self.slab.push_front(*head, index);
        *head = index;
    }

    fn unlink(&mut self, slot: u16, index: u32) {
        if slot == BEGINNING {
            self.beginning = self.slab.unlink(self.beginning, index);
            return;
        }
        let head = self.slab.unlink(self.slot(slot).head, index);
        if head == NIL {
            self.clear(slot);
        } else {
            self.levels[level_of(slot)].slots[slot as usize % SLOTS].head = head;
        }
    }

    fn clear(&mut self, slot: u16) {
        let level = &mut self.levels[level_of(slot)];
        level.occupied &= !(1 << (slot as usize % SLOTS));
        level.slots[slot as usize % SLOTS] = EMPTY;
    }

    fn slot(&self, slot: u16) -> Slot {
        self.levels[level_of(slot)].slots[slot as usize % SLOTS]
    }
}

const fn level_of(slot: u16) -> usize {
    slot as usize / SLOTS
}
