//! Putting trees together and taking them apart.

use smallvec::SmallVec;

use super::{FANOUT, Leaf, Node, Tree};

impl<L: Leaf> Tree<L> {
    /// The elements of both, in logarithmic time.
    pub(crate) fn join(self, right: Tree<L>) -> Tree<L> {
        if self.len() == 0 {
            return right;
        }
        if right.len() == 0 {
            return self;
        }
        let (first, second) = match (self, right) {
            (left, right) if left.height() == right.height() => Tree::combine(left, right),
            (Tree::Node(mut left), right) if left.height > right.height() => {
                let overflow = left.make_mut().graft_last(right);
                (Tree::Node(left), overflow)
            }
            (left, Tree::Node(mut right)) => match right.make_mut().graft_first(left) {
                Some(rest) => (Tree::Node(right), Some(rest)),
                None => (Tree::Node(right), None),
            },
            (_, Tree::Leaf(_)) => unreachable!("a leaf is not higher than anything"),
        };
        Tree::root(first, second)
    }

    /// As `join` of trees that may be missing.
    pub(crate) fn join_some(left: Option<Tree<L>>, right: Option<Tree<L>>) -> Option<Tree<L>> {
        match (left, right) {
            (Some(left), Some(right)) => Some(left.join(right)),
            (left, right) => left.or(right),
        }
    }

    /// A root above one or two trees of equal height.
    pub(super) fn root(first: Tree<L>, second: Option<Tree<L>>) -> Tree<L> {
        match second {
            Some(second) => Tree::from_children(SmallVec::from_iter([first, second])),
            None => first,
        }
    }

    /// The elements of two trees of equal height in one tree, or in two that are at least half full. Both trees are at most
    /// full.
    pub(super) fn combine(left: Tree<L>, right: Tree<L>) -> (Tree<L>, Option<Tree<L>>) {
        if !left.is_thin() && !right.is_thin() {
            return (left, Some(right));
        }
        match (left, right) {
            (Tree::Leaf(mut left), Tree::Leaf(right)) => {
                let mut rest = None;
                left.append(right, &mut rest);
                (Tree::Leaf(left), rest.map(Tree::Leaf))
            }
            (Tree::Node(mut left), Tree::Node(right)) => {
                let node = left.make_mut();
                let right = right.into_inner();
                let seam = node.children.len();
                node.children.extend(right.children);
                node.keys.extend(right.keys);
                node.count_from(seam);
                let rest = node.split_overflow();
                (Tree::Node(left), rest)
            }
            _ => unreachable!("trees of equal height"),
        }
    }

    /// The elements before an index, and those from it on.
    pub(crate) fn split(self, index: usize) -> (Option<Tree<L>>, Option<Tree<L>>) {
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
                let mut children = node.into_inner().children;
                let after = Tree::above(children.drain(child + 1..).collect());
                let middle = children.pop().expect("the child with the index");
                let before = Tree::above(children);
                let (left, right) = middle.split(inner);
                (Tree::join_some(before, left), Tree::join_some(right, after))
            }
        }
    }

    /// A tree of siblings.
    fn above(mut siblings: SmallVec<[Tree<L>; FANOUT]>) -> Option<Tree<L>> {
        match siblings.len() {
            0 => None,
            1 => siblings.pop(),
            _ => Some(Tree::from_children(siblings)),
        }
    }
}

impl<L: Leaf> Node<L> {
    /// Adds a lower tree behind the last child; what no longer fits becomes a node of the same height.
    fn graft_last(&mut self, tree: Tree<L>) -> Option<Tree<L>> {
        let last = self.children.len() - 1;
        let added = match &mut self.children[last] {
            Tree::Node(node) if node.height > tree.height() => node.make_mut().graft_last(tree),
            _ => {
                let child = self.children.pop().expect("a node has children");
                let (child, rest) = Tree::combine(child, tree);
                self.children.push(child);
                rest
            }
        };
        self.children.extend(added);
        self.describe_from(last);
        self.split_overflow()
    }

    /// Adds a lower tree before the first child; what no longer fits becomes a node of the same height, which comes after.
    fn graft_first(&mut self, tree: Tree<L>) -> Option<Tree<L>> {
        let added = match &mut self.children[0] {
            Tree::Node(node) if node.height > tree.height() => node.make_mut().graft_first(tree),
            _ => {
                let child = self.children.remove(0);
                let (child, rest) = Tree::combine(tree, child);
                self.children.insert(0, child);
                rest
            }
        };
        if let Some(added) = added {
            self.children.insert(1, added);
        }
        self.describe_from(0);
        self.split_overflow()
    }

    /// Counts and names the children from `child` on anew.
    pub(super) fn describe_from(&mut self, child: usize) {
        self.count_from(child);
        self.keys.truncate(child);
        for child in &self.children[child..] {
            self.keys.push(child.first_key());
        }
    }

    /// Moves the second half of too many children into a node of its own.
    pub(super) fn split_overflow(&mut self) -> Option<Tree<L>> {
        if self.children.len() <= FANOUT {
            return None;
        }
        let half = self.children.len() / 2;
        let right = Tree::from_children(self.children.drain(half..).collect());
        self.ends.truncate(half);
        self.keys.truncate(half);
        self.children.shrink_to_fit();
        self.keys.shrink_to_fit();
        self.ends.shrink_to_fit();
        Some(right)
    }
}
