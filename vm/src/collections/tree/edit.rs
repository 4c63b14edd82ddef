//! Changes that add or remove elements inside a tree.

use super::join::merge_with_sibling;
use super::{Leaf, Node, Tree};

/// What a change of a leaf did to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Its length and its first key are what they were.
    Same,
    /// It has another length.
    Length,
    /// It has another length and another first key.
    First,
}

impl<L: Leaf> Tree<L> {
    /// Changes the leaf where a key belongs and restores the balance; whether the number of elements changed.
    /// `is_before` tells whether that key stands before a given one.
    #[inline]
    pub(crate) fn edit_where<S>(
        &mut self,
        state: &mut S,
        is_before: impl Fn(&S, &L::Key) -> bool,
        change: impl FnOnce(&mut S, &mut L) -> Edit,
    ) -> bool {
        let edit = self.edit_where_inner(state, &is_before, change);
        if edit != Edit::Same {
            self.restore_root();
        }
        edit != Edit::Same
    }

    fn edit_where_inner<S>(
        &mut self,
        state: &mut S,
        is_before: &impl Fn(&S, &L::Key) -> bool,
        change: impl FnOnce(&mut S, &mut L) -> Edit,
    ) -> Edit {
        match self {
            Tree::Leaf(leaf) => change(state, leaf),
            Tree::Node(node) => {
                let node = node.make_mut();
                let child = node.keys[1..].partition_point(|first| !is_before(state, first));
                let edit = node.children[child].edit_where_inner(state, is_before, change);
                if edit != Edit::Same {
                    node.restore(child, edit == Edit::First);
                }
                if edit == Edit::First && child > 0 { Edit::Length } else { edit }
            }
        }
    }

    /// Changes the leaf around an index, which may grow to one element more than full or shrink, then restores the
    /// balance. `insert` says that a new element will stand at `index`, which then may be the tree's length.
    pub(crate) fn edit<R>(&mut self, index: usize, insert: bool, change: impl FnOnce(&mut L, usize) -> R) -> R {
        let result = self.edit_inner(index, insert, change);
        self.restore_root();
        result
    }

    fn restore_root(&mut self) {
        if self.is_overfull() {
            let second = self.split_overflow();
            *self = Tree::from_children(std::iter::once(self.clone()).chain(second).collect());
        } else if let Tree::Node(node) = self
            && node.children.len() == 1
        {
            *self = node.make_mut().children.pop().expect("one child").collapsed();
        }
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

    fn split_overflow(&mut self) -> Option<Tree<L>> {
        match self {
            Tree::Leaf(leaf) => Some(Tree::Leaf(leaf.split_off(leaf.len() / 2))),
            Tree::Node(node) => node.make_mut().split_overflow(),
        }
    }
}

impl<L: Leaf> Node<L> {
    /// After a change of a child: splits it, merges it with a sibling, and brings its description up to date.
    fn restore(&mut self, child: usize, first_changed: bool) {
        if self.children[child].is_overfull() {
            let rest = self.children[child].split_overflow();
            self.children.insert_all(child + 1, rest);
            self.describe_from(child);
            return;
        }
        if self.children[child].is_thin() && self.children.len() > 1 {
            let changed = merge_with_sibling(&mut self.children, child);
            self.describe_from(changed);
            return;
        }
        let length = self.children[child].len();
        let before = self.ends[child] - self.start(child);
        if length != before {
            for end in &mut self.ends[child..] {
                *end = *end + length - before;
            }
            self.find_regular(child);
        }
        if first_changed {
            self.keys[child] = self.children[child].first_key();
        }
    }
}
