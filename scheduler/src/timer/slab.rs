//! The nodes of a wheel and the lists that run through them.
//!
//! A node is a number, so lists are links of four bytes and the whole structure is safe code. A node is in exactly one
//! [`Place`]: free, in the list of a slot, or known by value to the current tick.
//!
//! Nodes stand in segments that do not move: one vector that doubles copies a million timers, 48 MB, at the worst
//! moment, and has both copies then.

/// Names an armed timer. Worth nothing once the timer has fired or was disarmed.
///
/// `generation` is the low half of the timer's arming number, so a key would hit a stranger only if its node were
/// reused by an arming exactly a multiple of 2^32 armings later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerKey {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// The end of a list.
pub(super) const NIL: u32 = u32::MAX;

/// Where a node is: in the list of a slot, counted through all levels, or one of the two below. Two bytes, as each
/// timer has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place(u16);

impl Place {
    /// On the free list.
    pub const FREE: Place = Place(u16::MAX);

    /// In the current tick, which refers to it by (index, arming number).
    pub const CURRENT: Place = Place(u16::MAX - 1);

    /// In the list of a slot.
    pub fn in_slot(slot: u16) -> Place {
        debug_assert!(slot < Place::CURRENT.0);
        Place(slot)
    }

    /// In the list of which slot?
    pub fn slot(self) -> Option<u16> {
        (self.0 < Place::CURRENT.0).then_some(self.0)
    }
}

/// One timer: 26 bytes and the handle.
#[derive(Clone, Copy)]
pub(super) struct Node<H> {
    pub deadline_ns: u64,
    /// Arming number: unique in the wheel, breaks ties of deadlines.
    pub armed: u64,
    pub handle: H,
    pub prev: u32,
    pub next: u32,
    pub place: Place,
}

/// All nodes of a wheel, in use or free.
pub(super) struct Slab<H> {
    segments: Vec<Segment<H>>,
    /// Nodes that were ever in use; the last segment goes on behind them.
    used: usize,
    free: u32,
    live: usize,
}

/// Of a fixed length: to find a node takes one comparison.
type Segment<H> = Box<[Node<H>; SEGMENT]>;

/// Nodes of a segment: 10 KiB, so that a single timer costs little.
const SEGMENT: usize = 256;

/// Above this many segments an empty slab gives its memory back; below, it keeps it (40 KiB, arbitrary).
const KEEP_SEGMENTS: usize = 4;

impl<H: Copy> Slab<H> {
    pub const fn new() -> Self {
        Slab { segments: Vec::new(), used: 0, free: NIL, live: 0 }
    }

    pub fn live(&self) -> usize {
        self.live
    }

    #[cfg(test)]
    pub fn retained_bytes(&self) -> usize {
        self.segments.len() * SEGMENT * size_of::<Node<H>>()
    }

    /// Takes a free node and fills it; the caller links it.
    pub fn insert(&mut self, deadline_ns: u64, armed: u64, handle: H) -> u32 {
        let node = Node { deadline_ns, armed, handle, prev: NIL, next: NIL, place: Place::CURRENT };
        self.live += 1;
        if self.free == NIL {
            return self.push(node);
        }
        let index = self.free;
        let place = self.node_mut(index);
        let next = place.next;
        *place = node;
        self.free = next;
        index
    }

    /// A node more than there ever were.
    fn push(&mut self, node: Node<H>) -> u32 {
        if self.used == self.segments.len() * SEGMENT {
            let unused = Node { place: Place::FREE, ..node };
            let segment: Result<Segment<H>, _> = vec![unused; SEGMENT].into_boxed_slice().try_into();
            self.segments.extend(segment);
        }
        let index = u32::try_from(self.used).ok().filter(|index| *index != NIL);
        let index = index.expect("a wheel holds fewer than 2^32 - 1 timers: their nodes alone take 160 GiB");
        self.used += 1;
        *self.node_mut(index) = node;
        index
    }

    /// Puts an unlinked node on the free list.
    pub fn remove(&mut self, index: u32) {
        let free = self.free;
        let node = self.node_mut(index);
        node.place = Place::FREE;
        node.next = free;
        self.free = index;
        self.live -= 1;
        if self.live == 0 && self.segments.len() > KEEP_SEGMENTS {
            *self = Self::new();
        }
    }

    pub fn node(&self, index: u32) -> &Node<H> {
        &self.segments[index as usize / SEGMENT][index as usize % SEGMENT]
    }

    pub fn node_mut(&mut self, index: u32) -> &mut Node<H> {
        &mut self.segments[index as usize / SEGMENT][index as usize % SEGMENT]
    }

    fn get(&self, index: u32) -> Option<&Node<H>> {
        self.segments.get(index as usize / SEGMENT).map(|segment| &segment[index as usize % SEGMENT])
    }

    /// The node that `key` was given for, if it is still armed.
    pub fn find(&self, key: TimerKey) -> Option<&Node<H>> {
        let node = self.get(key.index)?;
        (node.place != Place::FREE && node.armed as u32 == key.generation).then_some(node)
    }

    /// Is the timer with this arming number still in the node?
    pub fn is_armed(&self, index: u32, armed: u64) -> bool {
        self.get(index).is_some_and(|node| node.place != Place::FREE && node.armed == armed)
    }

    /// The nodes of the list that starts at `head`.
    pub fn list(&self, head: u32) -> impl Iterator<Item = &Node<H>> {
        let mut next = head;
        std::iter::from_fn(move || {
            let node = (next != NIL).then(|| self.node(next))?;
            next = node.next;
            Some(node)
        })
    }

    /// Links a node in front of the list that starts at `head` and becomes its new head.
    pub fn push_front(&mut self, head: u32, index: u32) {
        let node = self.node_mut(index);
        node.prev = NIL;
        node.next = head;
        if head != NIL {
            self.node_mut(head).prev = index;
        }
    }

    /// Unlinks a node from the list that starts at `head`; returns the new head.
    pub fn unlink(&mut self, head: u32, index: u32) -> u32 {
        let Node { prev, next, .. } = *self.node(index);
        if next != NIL {
            self.node_mut(next).prev = prev;
        }
        if prev == NIL {
            return next;
        }
        self.node_mut(prev).next = next;
        head
    }
}
