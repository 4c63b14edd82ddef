//! Orders definitions into groups: strongly connected components of the dependencies, what is used before what uses it
//! (Tarjan's algorithm, without recursion on the host stack).
//!
//! A mention of a global with a signature does not tie a group together, because its type is known without looking at
//! its definition; such a definition is visited on its own.

use super::load::Load;
use super::tables::{DefinitionId, Tables, TypeSource};
use super::{Source, dependencies};
use crate::hash::IdMap;

/// Visits definitions on demand; remembers which have been.
#[derive(Default)]
pub struct Groups {
    marks: IdMap<DefinitionId, Mark>,
    next: u32,
    open: Vec<DefinitionId>,
    waiting: Vec<DefinitionId>,
}

#[derive(Clone, Copy)]
struct Mark {
    order: u32,
    low: u32,
    open: bool,
}

struct Frame {
    definition: DefinitionId,
    dependencies: Vec<DefinitionId>,
    next: usize,
}

impl Groups {
    /// The groups that `root` needs and that were not visited before, in order.
    pub fn visit(
        &mut self,
        tables: &mut Tables,
        load: &mut Load<'_>,
        root: DefinitionId,
        out: &mut Vec<Vec<DefinitionId>>,
    ) {
        self.waiting.push(root);
        while let Some(root) = self.waiting.pop() {
            if !self.marks.contains_key(&root) {
                self.connect(tables, load, root, out);
            }
        }
    }

    fn connect(
        &mut self,
        tables: &mut Tables,
        load: &mut Load<'_>,
        root: DefinitionId,
        out: &mut Vec<Vec<DefinitionId>>,
    ) {
        let mut stack = vec![self.open(tables, load, root)];
        while let Some(frame) = stack.last_mut() {
            let definition = frame.definition;
            if let Some(next) = frame.dependencies.get(frame.next).copied() {
                frame.next += 1;
                match self.marks.get(&next).copied() {
                    None => stack.push(self.open(tables, load, next)),
                    Some(mark) if mark.open => self.lower(definition, mark.order),
                    Some(_) => {}
                }
                continue;
            }
            stack.pop();
            let mark = self.marks[&definition];
            if let Some(parent) = stack.last() {
                self.lower(parent.definition, mark.low);
            }
            if mark.low == mark.order {
                out.push(self.close(definition));
            }
        }
    }

    fn open(&mut self, tables: &mut Tables, load: &mut Load<'_>, definition: DefinitionId) -> Frame {
        self.marks.insert(definition, Mark { order: self.next, low: self.next, open: true });
        self.next += 1;
        self.open.push(definition);
        let mut needed = Vec::new();
        for global in dependencies::of(tables, load, definition) {
            let info = tables.global(global);
            let other = info.definition;
            let by_pattern = matches!(tables.definition(other).source, Source::Pattern(_));
            if info.signature == TypeSource::Inferred || by_pattern {
                needed.push(other);
            } else if !self.marks.contains_key(&other) {
                self.waiting.push(other);
            }
        }
        Frame { definition, dependencies: needed, next: 0 }
    }

    fn lower(&mut self, definition: DefinitionId, to: u32) {
        if let Some(mark) = self.marks.get_mut(&definition) {
            mark.low = mark.low.min(to);
        }
    }

    fn close(&mut self, root: DefinitionId) -> Vec<DefinitionId> {
        let mut group = Vec::new();
        while let Some(definition) = self.open.pop() {
            if let Some(mark) = self.marks.get_mut(&definition) {
                mark.open = false;
            }
            group.push(definition);
            if definition == root {
                break;
            }
        }
        group.reverse();
        group
    }
}
