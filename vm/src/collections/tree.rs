//! `Tree`: a persistent balanced tree of leaves that hold the elements in order; lists, maps and sets are built on it.
//!
//! Inner nodes know how many elements stand before the end of each child (`ends`), so elements are found by index, and
//! the smallest key of each child (`keys`, nothing for lists), so they are found by key. All leaves have the same
//! depth. Leaves are at least half full and nodes have at least half of `FANOUT` children, except for those on the left
//! and right edge, which have at least one (element, child). A tree grows higher only when a root has too many
//! children, and all but two of them are half full: so the height is logarithmic in the largest number of elements that
//! its history has seen.
//!
//! What is changed is copied on the way down only where something else points to it. Trees are taken apart (`split`)
//! and put together (`join`) in logarithmic time, sharing all that is not on the seam.

use smallvec::SmallVec;

use super::few::Few;
use crate::object::{Ref, Trace, Tracer};

mod edit;
mod join;

pub(crate) use edit::Edit;

/// Children of a full node. With 64 elements in a leaf a million elements are three nodes deep. Larger nodes are copied
/// more slowly when they are shared, smaller ones are deeper; 32 is arbitrary within that range.
pub(crate) const FANOUT: usize = 1 << FANOUT_BITS;
const FANOUT_BITS: u32 = 5;

/// A run of elements.
pub(crate) trait Leaf: Clone + 'static {
    /// What elements are found by besides their index.
    type Key: Clone;
    /// Number of elements of a full leaf, a power of two.
    const MAX: usize;

    /// Number of elements.
    fn len(&self) -> usize;

    /// The smallest key; the leaf is not empty.
    fn first_key(&self) -> Self::Key;

    /// Takes off the elements from `at` on.
    fn split_off(&mut self, at: usize) -> Self;

    /// Adds the elements of `other`. When that would be more than `MAX`, both halves are made equal and the second one
    /// is put into `rest`.
    fn append(&mut self, other: Self, rest: &mut Option<Self>);

    /// Shows the values and parts in it to `tracer`.
    fn trace(&self, tracer: &mut Tracer<'_>);

    /// Shows the values in a key to `tracer`.
    fn trace_key(key: &Self::Key, tracer: &mut Tracer<'_>);
}

/// A tree, see the module's description. It is empty only as an empty leaf.
#[derive(Clone)]
pub(crate) enum Tree<L: Leaf> {
    /// One leaf.
    Leaf(L),
    /// More.
    Node(Ref<Node<L>>),
}

/// An inner node.
#[derive(Clone)]
pub(crate) struct Node<L: Leaf> {
    /// 1 when the children are leaves.
    height: u32,
    /// Children before this one are full, so their elements are found by shifting the index. The last child counts as
    /// full.
    regular: u32,
    /// Number of elements up to the end of each child.
    ends: Few<usize, ROOM>,
    /// Smallest key of each child.
    keys: Few<L::Key, ROOM>,
    children: Children<L>,
}

/// One more than a full node has, for the moment of a change.
const ROOM: usize = FANOUT + 1;

type Children<L> = Few<Tree<L>, ROOM>;

impl<L: Leaf> Tree<L> {
    /// Number of elements.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Tree::Leaf(leaf) => leaf.len(),
            Tree::Node(node) => node.len(),
        }
    }

    /// A tree of at least one leaf; all but the last one are at least half full.
    pub(crate) fn from_leaves(leaves: Vec<L>) -> Tree<L> {
        let mut level: Vec<Tree<L>> = leaves.into_iter().map(Tree::Leaf).collect();
        while level.len() > 1 {
            let mut rest = level.into_iter().peekable();
            level = Vec::with_capacity(rest.len().div_ceil(FANOUT));
            while rest.peek().is_some() {
                level.push(Tree::from_children(rest.by_ref().take(FANOUT).collect()));
            }
        }
        level.pop().expect("at least one leaf").collapsed()
    }

    /// A node above these, at least one.
    fn from_children(children: Children<L>) -> Tree<L> {
        let height = children[0].height() + 1;
        let mut node = Node { height, regular: 0, ends: Few::new(), keys: Few::new(), children };
        node.describe_from(0);
        Tree::Node(Ref::new(node))
    }

    fn height(&self) -> u32 {
        match self {
            Tree::Leaf(_) => 0,
            Tree::Node(node) => node.height,
        }
    }

    fn first_key(&self) -> L::Key {
        match self {
            Tree::Leaf(leaf) => leaf.first_key(),
            Tree::Node(node) => node.keys[0].clone(),
        }
    }

    /// Is it less than half full, as it may be only on an edge?
    fn is_thin(&self) -> bool {
        match self {
            Tree::Leaf(leaf) => leaf.len() < L::MAX / 2,
            Tree::Node(node) => node.children.len() < FANOUT / 2,
        }
    }

    /// Is it more than full, as it may be only for the moment of a change?
    fn is_overfull(&self) -> bool {
        match self {
            Tree::Leaf(leaf) => leaf.len() > L::MAX,
            Tree::Node(node) => node.children.len() > FANOUT,
        }
    }

    /// The leaf that holds the element with this index, and the index in the leaf. The element exists.
    pub(crate) fn locate(&self, index: usize) -> (&L, usize) {
        let (mut tree, mut index, mut shift) = (self, index, self.shift());
        loop {
            match tree {
                Tree::Leaf(leaf) => return (leaf, index),
                Tree::Node(node) => {
                    let (child, inner) = node.route(index, shift);
                    (tree, index, shift) = (&node.children[child], inner, shift.wrapping_sub(FANOUT_BITS));
                }
            }
        }
    }

    /// As `locate`, for changing the leaf in place without changing its length or first key.
    #[inline]
    pub(crate) fn locate_mut(&mut self, index: usize) -> (&mut L, usize) {
        let (mut index, mut shift) = (index, self.shift());
        let mut tree = self;
        loop {
            match tree {
                Tree::Leaf(leaf) => return (leaf, index),
                Tree::Node(node) => {
                    let node = node.make_mut();
                    let (child, inner) = node.route(index, shift);
                    (tree, index, shift) = (&mut node.children[child], inner, shift.wrapping_sub(FANOUT_BITS));
                }
            }
        }
    }

    /// As `locate`, when all nodes on the way are regular; calls nothing.
    #[inline(always)]
    pub(crate) fn locate_regular(&self, index: usize) -> Option<(&L, usize)> {
        let (mut tree, mut index, mut shift) = (self, index, self.shift());
        loop {
            match tree {
                Tree::Leaf(leaf) => return Some((leaf, index)),
                Tree::Node(node) => {
                    let child = index >> shift;
                    if child >= node.regular as usize {
                        return None;
                    }
                    index -= child << shift;
                    tree = node.children.get(child)?;
                    shift = shift.wrapping_sub(FANOUT_BITS);
                }
            }
        }
    }

    /// As `locate_mut`, when all nodes on the way are local, nothing else points to them, and they are regular.
    #[inline(always)]
    pub(crate) fn locate_unique(&mut self, index: usize) -> Option<(&mut L, usize)> {
        let (mut index, mut shift) = (index, self.shift());
        let mut tree = self;
        loop {
            match tree {
                Tree::Leaf(leaf) => return Some((leaf, index)),
                Tree::Node(node) => {
                    let node = node.local_mut()?;
                    let child = index >> shift;
                    if child >= node.regular as usize {
                        return None;
                    }
                    index -= child << shift;
                    tree = node.children.get_mut(child)?;
                    shift = shift.wrapping_sub(FANOUT_BITS);
                }
            }
        }
    }

    /// The shift for `Node::route` at the root.
    #[inline]
    fn shift(&self) -> u32 {
        // For a leaf it is not used, and may be anything.
        (L::MAX.trailing_zeros() + FANOUT_BITS * self.height()).wrapping_sub(FANOUT_BITS)
    }

    /// The leaf where a key belongs, and the index of the leaf's first element. `is_before` tells whether that key
    /// stands before a given one.
    #[inline]
    pub(crate) fn search(&self, mut is_before: impl FnMut(&L::Key) -> bool) -> (&L, usize) {
        let (mut tree, mut start) = (self, 0);
        loop {
            match tree {
                Tree::Leaf(leaf) => return (leaf, start),
                Tree::Node(node) => {
                    // The last child whose first key is not after the one looked for; the first child when there is
                    // none.
                    let child = node.keys[1..].partition_point(|first| !is_before(first));
                    start += node.start(child);
                    tree = &node.children[child];
                }
            }
        }
    }

    /// All leaves in order.
    pub(crate) fn leaves(&self) -> Leaves<'_, L> {
        Leaves { next: Some(self), above: SmallVec::new() }
    }

    /// Shows what the root refers to.
    pub(crate) fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            Tree::Leaf(leaf) => leaf.trace(tracer),
            Tree::Node(node) => tracer.part(node),
        }
    }

    /// Checks all that always holds of a root.
    #[cfg(test)]
    pub(crate) fn check(&self)
    where
        L::Key: std::fmt::Debug,
    {
        if let Tree::Node(node) = self {
            assert!(node.children.len() >= 2, "a root with one child");
        }
        self.check_inner(true, true);
    }

    #[cfg(test)]
    fn check_inner(&self, left_edge: bool, right_edge: bool)
    where
        L::Key: std::fmt::Debug,
    {
        assert!(left_edge || right_edge || !self.is_thin(), "a thin child inside");
        assert!(!self.is_overfull(), "an overfull child");
        let Tree::Node(node) = self else { return };
        assert!(!node.children.is_empty(), "a node without children");
        assert_eq!(node.ends.len(), node.children.len());
        assert_eq!(node.keys.len(), node.children.len());
        let full = node.children[..node.children.len() - 1].iter().take_while(|child| child.len() == node.full_child());
        assert_eq!(node.regular as usize, Node::<L>::regular_of(full.count(), node.children.len()));
        let mut end = 0;
        for (i, child) in node.children.iter().enumerate() {
            child.check_inner(left_edge && i == 0, right_edge && i + 1 == node.children.len());
            assert!(child.len() > 0, "an empty child");
            assert_eq!(child.height() + 1, node.height);
            end += child.len();
            assert_eq!(node.ends[i], end);
            assert_eq!(format!("{:?}", node.keys[i]), format!("{:?}", child.first_key()));
        }
    }
}

impl<L: Leaf> Trace for Node<L> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.children.iter().for_each(|child| child.trace(tracer));
        self.keys.iter().for_each(|key| L::trace_key(key, tracer));
    }
}

impl<L: Leaf> Node<L> {
    /// Number of elements of a full child.
    #[inline]
    fn full_child(&self) -> usize {
        L::MAX << (FANOUT_BITS * (self.height - 1))
    }

    /// `regular`, when so many children before the last one are full.
    fn regular_of(full: usize, children: usize) -> usize {
        if full + 1 == children { children } else { full }
    }

    /// Brings `regular` up to date after a change of `ends` from `child` on.
    fn find_regular(&mut self, child: usize) {
        let last = self.ends.len().saturating_sub(1);
        let mut full = (self.regular as usize).min(child).min(last);
        while full < last && self.ends[full] == (full + 1) * self.full_child() {
            full += 1;
        }
        self.regular = Node::<L>::regular_of(full, self.ends.len()) as u32;
    }

    #[inline]
    fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Number of elements before a child.
    #[inline]
    fn start(&self, child: usize) -> usize {
        if child == 0 { 0 } else { self.ends[child - 1] }
    }

    /// The child that holds an element, and the element's index there. A full child holds `1 << shift` elements.
    ///
    /// Among regular children neither takes a load from this node: the load only confirms the guess, so that those of
    /// the next level need not wait for it.
    #[inline]
    fn route(&self, index: usize, shift: u32) -> (usize, usize) {
        const { assert!(L::MAX.is_power_of_two()) };
        let child = index >> shift;
        if child < self.regular as usize {
            return (child, index - (child << shift));
        }
        let child = self.child_with(index);
        (child, index - self.start(child))
    }

    /// The child that holds an element. The first guess takes the first child's missing elements as there and all
    /// others as full; it is never too high.
    #[inline]
    fn child_with(&self, index: usize) -> usize {
        let shift = L::MAX.trailing_zeros() + FANOUT_BITS * (self.height - 1);
        let missing = (1usize << shift) - self.ends[0];
        let mut child = ((index + missing) >> shift).min(self.children.len() - 1);
        while self.ends[child] <= index {
            child += 1;
        }
        child
    }
}

/// Leaves in order.
pub(crate) struct Leaves<'a, L: Leaf> {
    next: Option<&'a Tree<L>>,
    above: SmallVec<[std::slice::Iter<'a, Tree<L>>; 6]>,
}

impl<'a, L: Leaf> Iterator for Leaves<'a, L> {
    type Item = &'a L;

    fn next(&mut self) -> Option<&'a L> {
        let mut tree = self.next.take();
        loop {
            match tree {
                Some(Tree::Leaf(leaf)) => return Some(leaf),
                Some(Tree::Node(node)) => self.above.push(node.children.iter()),
                None => {}
            }
            tree = self.above.last_mut()?.next();
            if tree.is_none() {
                self.above.pop();
            }
        }
    }
}
