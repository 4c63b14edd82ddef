//! Changes that add or remove elements inside a tree.

use super::{Leaf, Node, Tree};

impl<L: Leaf> Tree<L> {
    /// Changes the leaf around an index, which may grow to one element more than full or shrink, then restores the balance.
    /// `insert` says that a new element will stand at `index`, which then may be the tree's length.
    pub(crate) fn edit<R>(&mut self, index: usize, insert: bool, change: impl FnOnce(&mut L, usize) -> R) -> R {
        let result = self.edit_inner(index, insert, change);
        if self.is_overfull() {
            let rest = self.split_overflow();
            let first = self.take();
            *self = Tree::root(first, rest);
        } else if let Tree::Node(node) = self
            && node.children.len() == 1
        {
            *self = node.make_mut().children.pop().expect("one child");
        }
        result
    }

    fn edit_inner<R>(&mut self, index: usize, insert: bool, change: impl FnOnce(&mut L, usize) -> R) -> R {
        match self {
            Tree::Leaf(leaf) => change(leaf, index),
            Tree::Node(node) => {
                let node = node.make_mut();
                // A new element goes behind the last one of the child before, so that a child's first key stays.
                let child = if insert { node.child_with(index.saturating_sub(1)) } else { node.child_with(index) };
                let inner = index - node.start(child);
                let result = node.children[child].edit_inner(inner, insert, change);
                node.restore(child, inner == 0);
                result
            }
        }
    }

    /// Removes the first leaf of a tree; the rest, if any.
    pub(crate) fn take_first_leaf(self) -> (L, Option<Tree<L>>) {
        match self {
            Tree::Leaf(leaf) => (leaf, None),
            Tree::Node(mut node) => {
                let leaf = node.make_mut().take_first_leaf();
                let rest = if node.children.len() == 1 {
                    node.make_mut().children.pop().expect("one child")
                } else {
                    Tree::Node(node)
                };
                (leaf, Some(rest))
            }
        }
    }

    fn split_overflow(&mut self) -> Option<Tree<L>> {
        match self {
            Tree::Leaf(leaf) => Some(Tree::Leaf(leaf.split_off(leaf.len() / 2))),
            Tree::Node(node) => node.make_mut().split_overflow(),
        }
    }

    /// A cheap copy in place of a value that is about to be overwritten.
    fn take(&mut self) -> Tree<L> {
        self.clone()
    }
}

impl<L: Leaf> Node<L> {
    /// After a change of a child: splits it, merges it with a sibling, and brings its description up to date.
    fn restore(&mut self, child: usize, first_changed: bool) {
        if self.children[child].is_overfull() {
            let rest = self.children[child].split_overflow();
            self.children.insert_many(child + 1, rest);
            self.describe_from(child);
        } else if self.children[child].is_thin() && self.children.len() > 1 {
            self.merge_with_sibling(child);
        } else {
            let start = self.start(child);
            let length = self.children[child].len();
            let before = self.ends[child] - start;
            if length != before {
                for end in &mut self.ends[child..] {
                    *end = *end + length - before;
                }
            }
            if first_changed {
                self.keys[child] = self.children[child].first_key();
            }
        }
    }

    fn merge_with_sibling(&mut self, child: usize) {
        let left = if child == 0 { 0 } else { child - 1 };
        let right = self.children.remove(left + 1);
        let (first, second) = Tree::combine(self.children.remove(left), right);
        self.children.insert(left, first);
        self.children.insert_many(left + 1, second);
        self.describe_from(left);
    }

    fn take_first_leaf(&mut self) -> L {
        let (leaf, rest) = self.children.remove(0).take_first_leaf();
        if let Some(rest) = rest {
            let thin = rest.is_thin();
            self.children.insert(0, rest);
            if thin && self.children.len() > 1 {
                self.merge_with_sibling(0);
            }
        }
        self.describe_from(0);
        leaf
    }
}
