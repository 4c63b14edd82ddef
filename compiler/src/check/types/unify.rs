//! Unification: makes two types equal by linking variables, or says why they cannot be.

use super::{Node, TyId, TypeStore};
use crate::syntax::Symbol;

/// Why two types do not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// They differ.
    Different,
    /// A type would contain itself.
    Infinite,
}

impl TypeStore {
    /// Makes `a` and `b` equal. After a mismatch the parts that did fit stay linked.
    pub fn unify(&mut self, a: TyId, b: TyId) -> Result<(), Mismatch> {
        let mut work = vec![(a, b)];
        while let Some((a, b)) = work.pop() {
            self.unify_step(a, b, &mut work)?;
        }
        Ok(())
    }

    fn unify_step(&mut self, a: TyId, b: TyId, work: &mut Vec<(TyId, TyId)>) -> Result<(), Mismatch> {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return Ok(());
        }
        match (self.entries[a.0 as usize].node, self.entries[b.0 as usize].node) {
            (Node::Error, Node::Unbound) => self.bind(b, a),
            (Node::Unbound, Node::Error) => self.bind(a, b),
            (Node::Error, _) => {
                self.spoil(b, work, a);
                Ok(())
            }
            (_, Node::Error) => {
                self.spoil(a, work, b);
                Ok(())
            }
            (Node::Unbound, Node::Unbound) => {
                // The newer one is linked to the older one, which keeps chains short.
                let (old, new) = (a.min(b), a.max(b));
                self.bind(new, old)
            }
            (Node::Unbound, _) => self.bind(a, b),
            (_, Node::Unbound) => self.bind(b, a),
            (Node::Data(x, left), Node::Data(y, right)) if x == y && left.len == right.len => {
                self.pairs(left, right, work);
                Ok(())
            }
            (Node::Opaque(x, left), Node::Opaque(y, right)) if x == y && left.len == right.len => {
                self.pairs(left, right, work);
                Ok(())
            }
            (Node::Opaque(data, parts), _) if self.sees(data) => {
                work.push((self.inside(parts), b));
                Ok(())
            }
            (_, Node::Opaque(data, parts)) if self.sees(data) => {
                work.push((a, self.inside(parts)));
                Ok(())
            }
            (Node::Tuple(left), Node::Tuple(right)) if left.len == right.len => {
                self.pairs(left, right, work);
                Ok(())
            }
            (Node::Function(from, to), Node::Function(other_from, other_to)) => {
                work.push((to, other_to));
                work.push((from, other_from));
                Ok(())
            }
            (Node::Record(..), Node::Record(..)) => self.unify_records(a, b, work),
            _ => Err(Mismatch::Different),
        }
    }

    /// What is unknown in a type that met an error stays unknown for good, so that nothing more is said about it.
    fn spoil(&mut self, id: TyId, work: &mut Vec<(TyId, TyId)>, error: TyId) {
        if self.entries[id.0 as usize].level > 0 {
            // Without unknown parts it is not visited again.
            self.entries[id.0 as usize].level = 0;
            let mut below = Vec::new();
            self.children(id, &mut below);
            work.extend(below.into_iter().map(|child| (child, error)));
        }
    }

    fn pairs(&self, left: super::Slice, right: super::Slice, work: &mut Vec<(TyId, TyId)>) {
        for (a, b) in left.range().zip(right.range()).rev() {
            work.push((self.arguments[a], self.arguments[b]));
        }
    }

    fn unify_records(&mut self, a: TyId, b: TyId, work: &mut Vec<(TyId, TyId)>) -> Result<(), Mismatch> {
        let (left, left_row) = self.flatten(a);
        let (right, right_row) = self.flatten(b);
        let (mut only_left, mut only_right) = (Vec::new(), Vec::new());
        let (mut i, mut j) = (0, 0);
        while i < left.len() || j < right.len() {
            match (left.get(i), right.get(j)) {
                (Some(x), Some(y)) if x.0 == y.0 => {
                    work.push((x.1, y.1));
                    (i, j) = (i + 1, j + 1);
                }
                (Some(x), Some(y)) if self.labels[&x.0] > self.labels[&y.0] => {
                    only_right.push(*y);
                    j += 1;
                }
                (Some(x), _) => {
                    only_left.push(*x);
                    i += 1;
                }
                (None, Some(y)) => {
                    only_right.push(*y);
                    j += 1;
                }
                (None, None) => break,
            }
        }
        self.unify_rows((left_row, &only_left), (right_row, &only_right))
    }

    /// Each side's row takes the fields that only the other side has.
    fn unify_rows(
        &mut self,
        (left, only_left): (Option<TyId>, &[(Symbol, TyId)]),
        (right, only_right): (Option<TyId>, &[(Symbol, TyId)]),
    ) -> Result<(), Mismatch> {
        if (left.is_none() && !only_right.is_empty()) || (right.is_none() && !only_left.is_empty()) {
            return Err(Mismatch::Different);
        }
        match (left, right) {
            (None, None) => Ok(()),
            (Some(row), None) => self.extend_row(row, only_right, None),
            (None, Some(row)) => self.extend_row(row, only_left, None),
            (Some(left), Some(right)) if left == right => {
                if only_left.is_empty() && only_right.is_empty() {
                    Ok(())
                } else {
                    Err(Mismatch::Infinite)
                }
            }
            (Some(left), Some(right)) if only_left.is_empty() && only_right.is_empty() => self.unify(left, right),
            (Some(left), Some(right)) => {
                let level = self.level(left).min(self.level(right));
                let rest = self.fresh(level);
                self.extend_row(left, only_right, Some(rest))?;
                self.extend_row(right, only_left, Some(rest))
            }
        }
    }

    /// Binds a row variable to a record of these fields.
    pub(crate) fn extend_row(
        &mut self,
        row: TyId,
        fields: &[(Symbol, TyId)],
        rest: Option<TyId>,
    ) -> Result<(), Mismatch> {
        let row = self.root(row);
        let record = self.sorted_record(fields, rest);
        match self.entries[row.0 as usize].node {
            Node::Unbound => self.bind(row, record),
            Node::Error => Ok(()),
            _ => Err(Mismatch::Different),
        }
    }

    /// Links the unbound `variable` to `target`, whose own variables sink to its level.
    fn bind(&mut self, variable: TyId, target: TyId) -> Result<(), Mismatch> {
        let level = self.entries[variable.0 as usize].level;
        self.sink(target, level, Some(variable))?;
        self.entries[variable.0 as usize].node = Node::Link(target);
        Ok(())
    }

    /// Lowers the variables below `id` to `level`; fails when `variable` is one of them.
    pub(crate) fn sink(&mut self, id: TyId, level: u32, variable: Option<TyId>) -> Result<(), Mismatch> {
        let mut work = vec![id];
        // Composites are lowered only once the whole type is known to be free of `variable`; until then a composite
        // that occurs twice is visited twice, except when its level already says that nothing is left to do.
        let mut lowered = Vec::new();
        let mut infinite = false;
        // There may be variables below. If not, the bounds of all that is visited become zero, so that no type without
        // variables is visited twice.
        let mut open = false;
        while let Some(id) = work.pop() {
            let id = self.root(id);
            if Some(id) == variable {
                infinite = true;
                break;
            }
            let entry = self.entries[id.0 as usize];
            match entry.node {
                Node::Unbound => {
                    open = true;
                    self.entries[id.0 as usize].level = entry.level.min(level);
                }
                _ if entry.level == 0 => {}
                // Below `level` the variable cannot occur, and nothing is left to lower.
                _ if entry.level < level => open = true,
                _ => {
                    lowered.push((id, entry.level));
                    self.entries[id.0 as usize].level = 0;
                    self.children(id, &mut work);
                }
            }
        }
        let bound = if open { level } else { 0 };
        for (id, old) in lowered {
            self.entries[id.0 as usize].level = if infinite { old } else { old.min(bound) };
        }
        if infinite { Err(Mismatch::Infinite) } else { Ok(()) }
    }
}
