//! Putting trees together, taking them apart, and what happens at their ends.
//!
//! Nodes at the edges may be thin, so adding a leaf fills the last node up before it begins another one: a list that
//! grows at its end has full nodes only. Where an edge becomes an inside, `zip` makes its nodes at least half full
//! again.

use super::{Children, FANOUT, Few, Leaf, Node, Tree};

impl<L: Leaf> Tree<L> {
    /// The elements of both, in logarithmic time.
    pub(crate) fn join(self, right: Tree<L>) -> Tree<L> {
        let height = self.height().max(right.height());
        let (first, second) = Tree::zip(self.raised(height), right.raised(height));
        match second {
            Some(second) => Tree::from_children(Few::from_iter([first, second])),
            None => first.collapsed(),
        }
    }

    /// As `join` of trees that may be missing.
    pub(crate) fn join_some(left: Option<Tree<L>>, right: Option<Tree<L>>) -> Option<Tree<L>> {
        match (left, right) {
            (Some(left), Some(right)) => Some(left.join(right)),
            (left, right) => left.or(right),
        }
    }

    /// Adds a leaf, at least half full, at the end.
    pub(crate) fn push_last(self, leaf: L) -> Tree<L> {
        let (first, second) = match self {
            Tree::Leaf(_) => Tree::zip(self, Tree::Leaf(leaf)),
            Tree::Node(mut node) => {
                let added = node.make_mut().push_last(leaf);
                (Tree::Node(node), added)
            }
        };
        match second {
            Some(second) => Tree::from_children(Few::from_iter([first, second])),
            None => first,
        }
    }

    /// Adds a leaf, at least half full, at the start.
    pub(crate) fn push_first(self, leaf: L) -> Tree<L> {
        let (first, second) = match self {
            Tree::Leaf(_) => Tree::zip(Tree::Leaf(leaf), self),
            Tree::Node(mut node) => match node.make_mut().push_first(leaf) {
                Some(added) => (added, Some(Tree::Node(node))),
                None => (Tree::Node(node), None),
            },
        };
        match second {
            Some(second) => Tree::from_children(Few::from_iter([first, second])),
            None => first,
        }
    }

    /// Removes the first leaf; the rest, if any.
    pub(crate) fn take_first_leaf(self) -> (L, Option<Tree<L>>) {
        match self {
            Tree::Leaf(leaf) => (leaf, None),
            Tree::Node(mut node) => {
                let leaf = node.make_mut().take_first_leaf();
                let rest = (!node.children.is_empty()).then(|| Tree::Node(node).collapsed());
                (leaf, rest)
            }
        }
    }

    /// The elements before an index, and those from it on.
    pub(crate) fn split(self, index: usize) -> (Option<Tree<L>>, Option<Tree<L>>) {
        let (left, right) = self.cut(index);
        (left.map(Tree::collapsed), right.map(Tree::collapsed))
    }

    /// As `split`, both parts as high as this tree.
    fn cut(self, index: usize) -> (Option<Tree<L>>, Option<Tree<L>>) {
        if index == 0 {
            return (None, Some(self));
        }
        if index >= self.len() {
            return (Some(self), None);
        }
        match self {
            Tree::Leaf(mut leaf) => {
                let right = leaf.split_off(index);
                (Some(Tree::Leaf(leaf)), Some(Tree::Leaf(right)))
            }
            Tree::Node(node) => {
                let child = node.child_with(index);
                let inner = index - node.start(child);
                let mut left = node.into_inner().children;
                let mut right: Children<L> = left.split_off(child);
                let (before, after) = right.remove(0).cut(inner);
                left.extend(before);
                right.insert_all(0, after);
                let tree = |children: Children<L>| (!children.is_empty()).then(|| Tree::from_children(children));
                (tree(left), tree(right))
            }
        }
    }

    /// The same elements, as high as this: nodes with one child on top.
    fn raised(self, height: u32) -> Tree<L> {
        let mut tree = self;
        while tree.height() < height {
            tree = Tree::from_children(Few::from_iter([tree]));
        }
        tree
    }

    /// Without nodes with one child on top.
    pub(super) fn collapsed(self) -> Tree<L> {
        match self {
            Tree::Node(mut node) if node.children.len() == 1 => {
                node.make_mut().children.pop().expect("one child").collapsed()
            }
            tree => tree,
        }
    }

    /// The elements of two trees of equal height in one tree, or in two that are at least half full. What were their
    /// inner edges is at least half full afterwards; if there is one tree and it is thin, both were small.
    pub(super) fn zip(left: Tree<L>, right: Tree<L>) -> (Tree<L>, Option<Tree<L>>) {
        match (left, right) {
            (Tree::Leaf(left), Tree::Leaf(right)) if left.len() >= L::MAX / 2 && right.len() >= L::MAX / 2 => {
                (Tree::Leaf(left), Some(Tree::Leaf(right)))
            }
            (Tree::Leaf(mut left), Tree::Leaf(right)) => {
                let mut rest = None;
                left.append(right, &mut rest);
                (Tree::Leaf(left), rest.map(Tree::Leaf))
            }
            (Tree::Node(left), Tree::Node(right)) => {
                let mut children: Few<Tree<L>, { 2 * FANOUT }> = left.into_inner().children.split_off(0);
                let mut after = right.into_inner().children;
                let (last, first) = (children.pop().expect("a child"), after.remove(0));
                let seam = children.len();
                let (last, first) = Tree::zip(last, first);
                children.push(last);
                children.extend(first);
                children.append(after);
                if children[seam].is_thin() && children.len() > 1 {
                    merge_with_sibling(&mut children, seam);
                }
                let half = children.len() / 2;
                let second = (children.len() > FANOUT).then(|| children.split_off(half));
                (Tree::from_children(children.split_off(0)), second.map(Tree::from_children))
            }
            _ => unreachable!("trees of equal height"),
        }
    }
}

/// Merges a child with the one before it, or the one after it if it is the first; where it was.
pub(super) fn merge_with_sibling<L: Leaf, const N: usize>(children: &mut Few<Tree<L>, N>, child: usize) -> usize {
    let left = child.saturating_sub(1);
    let right = children.remove(left + 1);
    let (first, second) = Tree::zip(children.remove(left), right);
    children.insert(left, first);
    children.insert_all(left + 1, second);
    left
}

impl<L: Leaf> Node<L> {
    /// Adds a leaf at the end; when the node is full, the leaf comes back in a node of the same height.
    fn push_last(&mut self, leaf: L) -> Option<Tree<L>> {
        let last = self.children.len() - 1;
        let added = match &mut self.children[last] {
            Tree::Node(node) => node.make_mut().push_last(leaf),
            Tree::Leaf(_) => {
                let child = self.children.pop().expect("the last child");
                let (child, added) = Tree::zip(child, Tree::Leaf(leaf));
                self.children.push(child);
                added
            }
        };
        let overflow = match added {
            Some(child) if self.children.len() == FANOUT => Some(Tree::from_children(Few::from_iter([child]))),
            added => {
                self.children.extend(added);
                None
            }
        };
        self.describe_from(last);
        overflow
    }

    /// Adds a leaf at the start; when the node is full, the leaf comes back in a node of the same height.
    fn push_first(&mut self, leaf: L) -> Option<Tree<L>> {
        let count = self.children.len();
        let added = match &mut self.children[0] {
            Tree::Node(node) => node.make_mut().push_first(leaf),
            Tree::Leaf(_) => {
                let (added, child) = Tree::zip(Tree::Leaf(leaf), self.children.remove(0));
                match child {
                    Some(child) => {
                        self.children.insert(0, child);
                        Some(added)
                    }
                    None => {
                        self.children.insert(0, added);
                        None
                    }
                }
            }
        };
        let overflow = match added {
            Some(child) if self.children.len() == FANOUT => Some(Tree::from_children(Few::from_iter([child]))),
            added => {
                self.children.insert_all(0, added);
                None
            }
        };
        self.describe_first(self.children.len() > count);
        overflow
    }

    /// Removes the first leaf. The node may have no children afterwards.
    fn take_first_leaf(&mut self) -> L {
        let (leaf, is_empty) = match &mut self.children[0] {
            Tree::Node(node) => {
                let node = node.make_mut();
                (node.take_first_leaf(), node.children.is_empty())
            }
            Tree::Leaf(leaf) => (leaf.clone(), true),
        };
        if is_empty {
            self.children.remove(0);
            self.keys.remove(0);
            let gone = self.ends.remove(0);
            self.ends.iter_mut().for_each(|end| *end -= gone);
            self.find_regular(0);
        } else {
            self.describe_first(false);
        }
        leaf
    }

    /// Moves the second half of too many children into a node of its own.
    pub(super) fn split_overflow(&mut self) -> Option<Tree<L>> {
        if self.children.len() <= FANOUT {
            return None;
        }
        let half = self.children.len() / 2;
        let right = Tree::from_children(self.children.split_off(half));
        self.ends.truncate(half);
        self.keys.truncate(half);
        self.find_regular(half);
        Some(right)
    }

    /// Counts and names the first child anew, or the first two where one was inserted before the others. Those behind
    /// have only moved.
    fn describe_first(&mut self, is_inserted: bool) {
        if is_inserted {
            self.ends.insert(0, 0);
            self.keys.insert(0, self.children[0].first_key());
        }
        let changed = 1 + usize::from(is_inserted);
        let (before, mut end) = (self.ends[changed - 1], 0);
        for child in 0..changed {
            end += self.children[child].len();
            self.ends[child] = end;
            self.keys[child] = self.children[child].first_key();
        }
        let grown = end.wrapping_sub(before);
        self.ends[changed..].iter_mut().for_each(|end| *end = end.wrapping_add(grown));
        self.find_regular(0);
    }

    /// Counts and names the children from `child` on anew.
    pub(super) fn describe_from(&mut self, from: usize) {
        self.ends.truncate(from);
        self.keys.truncate(from);
        let mut end = self.ends.last().copied().unwrap_or(0);
        for child in &self.children[from..] {
            end += child.len();
            self.ends.push(end);
            self.keys.push(child.first_key());
        }
        self.find_regular(from);
    }
}
