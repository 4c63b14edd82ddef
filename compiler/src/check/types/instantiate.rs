//! Generalisation and its opposite: quantifying the variables of a finished binding, and copying its type for a use.

use super::{Node, QUANTIFIED, TyId, TypeStore};
use crate::hash::IdMap;

/// More types than this in one copy are an attack or a mistake: nested pairs of polymorphic functions grow as 2^n.
const COPY_MAX: usize = 200_000;

/// More types than this in all copies of a program would need more than half a gigabyte. Programs of 100,000
/// definitions make less than a tenth of it.
const COPIES_MAX: usize = 20_000_000;

impl TypeStore {
    /// Quantifies every variable below `id` that was made deeper than `level`. True when there was one.
    pub fn generalise(&mut self, id: TyId, level: u32) -> bool {
        let mut work = vec![id];
        let mut seen = crate::hash::IdSet::default();
        let mut any = false;
        while let Some(id) = work.pop() {
            let id = self.root(id);
            let entry = &mut self.entries[id.0 as usize];
            if entry.level <= level {
                continue;
            }
            if matches!(entry.node, Node::Unbound) {
                entry.level = QUANTIFIED;
                any = true;
            } else if seen.insert(id.0) {
                self.children(id, &mut work);
            }
        }
        // The bounds of what was visited were too high, or its variables have just been quantified.
        let bound = if any { QUANTIFIED } else { level };
        for id in seen {
            self.entries[id as usize].level = bound;
        }
        any
    }

    /// A copy of `id` with a fresh variable of `level` for every quantified one. `None` when the copy would be
    /// enormous.
    pub fn instantiate(&mut self, id: TyId, level: u32) -> Option<TyId> {
        self.substitute(id, &mut |store, _| store.fresh(level))
    }

    /// A copy of `id` in which `replace` gives what stands for each quantified variable.
    pub fn substitute(&mut self, id: TyId, replace: &mut dyn FnMut(&mut TypeStore, TyId) -> TyId) -> Option<TyId> {
        enum Step {
            Enter(TyId),
            Leave(TyId),
        }
        let mut done: IdMap<u32, TyId> = IdMap::default();
        let mut work = vec![Step::Enter(id)];
        let mut below = Vec::new();
        let mut entered = 0;
        while let Some(step) = work.pop() {
            match step {
                Step::Enter(id) => {
                    let id = self.root(id);
                    let entry = self.entries[id.0 as usize];
                    if done.contains_key(&id.0) {
                        continue;
                    }
                    match entry.node {
                        Node::Unbound if entry.level == QUANTIFIED => {
                            let copy = replace(self, id);
                            done.insert(id.0, copy);
                        }
                        Node::Unbound => {
                            done.insert(id.0, id);
                        }
                        _ if entry.level == 0 => {
                            done.insert(id.0, id);
                        }
                        _ => {
                            entered += 1;
                            if entered > COPY_MAX.min(COPIES_MAX - self.copied) {
                                return None;
                            }
                            work.push(Step::Leave(id));
                            below.clear();
                            self.children(id, &mut below);
                            work.extend(below.iter().rev().map(|id| Step::Enter(*id)));
                        }
                    }
                }
                Step::Leave(id) => {
                    if !done.contains_key(&id.0) {
                        let copy = self.rebuild(id, &done);
                        done.insert(id.0, copy);
                    }
                }
            }
        }
        self.copied += entered;
        Some(done[&self.root(id).0])
    }

    /// `id` with its parts replaced; itself when none changed.
    fn rebuild(&mut self, id: TyId, done: &IdMap<u32, TyId>) -> TyId {
        let mut before = Vec::new();
        self.children(id, &mut before);
        let after: Vec<TyId> = before.iter().map(|child| done[&self.find(*child).0]).collect();
        if before.iter().zip(&after).all(|(old, new)| self.find(*old) == self.find(*new)) {
            return id;
        }
        match self.node(id) {
            Node::Data(data, _) => self.data(data, &after),
            Node::Opaque(data, _) => self.opaque_of(data, &after),
            Node::Function(..) => self.function(after[0], after[1]),
            Node::Tuple(_) => self.tuple(&after),
            Node::Record(fields, rest) => {
                let names: Vec<_> = self.fields[fields.range()].iter().map(|(name, _)| *name).collect();
                let fields: Vec<_> = names.into_iter().zip(after.iter().copied()).collect();
                self.sorted_record(&fields, rest.map(|_| after[after.len() - 1]))
            }
            Node::Unbound | Node::Link(_) | Node::Rigid(_) | Node::Error => id,
        }
    }
}
