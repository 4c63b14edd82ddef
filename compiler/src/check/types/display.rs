//! Types as they are written in the source, variables as `A B C …` in order of appearance.

use std::fmt::Write as _;

use super::{Node, Slice, TyId, TypeStore};
use crate::core::{Data, DataId};
use crate::hash::IdMap;
use crate::syntax::{Interner, Symbol};

/// Deeper parts are printed as `…`: nobody reads them, and types can be as deep as a program is long.
const DEPTH_MAX: u32 = 12;
/// Where printing stops; a type can be exponentially larger than its program.
const LENGTH_MAX: usize = 2_000;

/// Names variables. Types that are printed with one namer share their names.
pub struct Namer<'a> {
    pub(super) store: &'a TypeStore,
    pub(super) interner: &'a Interner,
    pub(super) datas: &'a [Data],
    names: IdMap<u32, String>,
    next: usize,
}

/// Where a type stands, which decides about parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Top,
    From,
    Argument,
}

impl TypeStore {
    /// `id` as it would be written.
    #[must_use]
    pub fn display(&self, id: TyId, interner: &Interner, datas: &[Data]) -> String {
        Namer::new(self, interner, datas).show(id)
    }
}

impl<'a> Namer<'a> {
    /// No variable is named yet.
    #[must_use]
    pub fn new(store: &'a TypeStore, interner: &'a Interner, datas: &'a [Data]) -> Self {
        Namer { store, interner, datas, names: IdMap::default(), next: 0 }
    }

    /// `id` as it would be written.
    pub fn show(&mut self, id: TyId) -> String {
        let mut out = String::new();
        self.write(&mut out, id, Place::Top, 0);
        out
    }

    pub(super) fn write(&mut self, out: &mut String, id: TyId, place: Place, depth: u32) {
        if depth > DEPTH_MAX || out.len() > LENGTH_MAX {
            out.push('…');
            return;
        }
        let root = self.store.find(id);
        match self.store.node(root) {
            Node::Error => out.push('?'),
            Node::Unbound | Node::Link(_) => {
                let name = self.name(root, None);
                out.push_str(&name);
            }
            Node::Rigid(name) => {
                let name = self.name(root, Some(name));
                out.push_str(&name);
            }
            Node::Data(data, arguments) => self.write_data(out, data, arguments, place, depth),
            Node::Opaque(data, parts) => self.write_data(out, data, parts.without_last(), place, depth),
            Node::Function(..) => self.write_function(out, root, place, depth),
            Node::Tuple(items) => {
                out.push('(');
                for (index, item) in self.store.arguments[items.range()].iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    self.write(out, *item, Place::Top, depth + 1);
                }
                out.push(')');
            }
            Node::Record(..) => self.write_record(out, root, depth),
        }
    }

    fn write_data(&mut self, out: &mut String, data: DataId, arguments: Slice, place: Place, depth: u32) {
        let arguments = &self.store.arguments[arguments.range()];
        let parentheses = place == Place::Argument && !arguments.is_empty();
        self.open(out, parentheses);
        out.push_str(self.interner.text(self.datas[data.0 as usize].name));
        for argument in arguments {
            out.push(' ');
            self.write(out, *argument, Place::Argument, depth + 1);
        }
        self.close(out, parentheses);
    }

    fn write_function(&mut self, out: &mut String, id: TyId, place: Place, depth: u32) {
        let parentheses = place != Place::Top;
        self.open(out, parentheses);
        let mut at = id;
        while let Node::Function(from, to) = self.store.node(at) {
            if out.len() > LENGTH_MAX {
                break;
            }
            self.write(out, from, Place::From, depth + 1);
            out.push_str(" -> ");
            at = to;
        }
        self.write(out, at, Place::From, depth + 1);
        self.close(out, parentheses);
    }

    fn write_record(&mut self, out: &mut String, id: TyId, depth: u32) {
        let (fields, row) = self.store.flatten(id);
        if fields.is_empty() && row.is_none() {
            out.push_str("{}");
            return;
        }
        out.push_str("{ ");
        for (index, (name, ty)) in fields.iter().enumerate() {
            let _ = write!(out, "{}{}: ", if index == 0 { "" } else { ", " }, self.interner.text(*name));
            self.write(out, *ty, Place::Top, depth + 1);
        }
        if row.is_some() {
            out.push_str(if fields.is_empty() { "…" } else { ", …" });
        }
        out.push_str(" }");
    }

    fn open(&self, out: &mut String, parentheses: bool) {
        if parentheses {
            out.push('(');
        }
    }

    fn close(&self, out: &mut String, parentheses: bool) {
        if parentheses {
            out.push(')');
        }
    }

    /// A variable of a signature keeps its name; the others take the next free letter.
    fn name(&mut self, root: TyId, written: Option<Symbol>) -> String {
        if let Some(name) = self.names.get(&root.0) {
            return name.clone();
        }
        let name = match written {
            Some(symbol) => self.interner.text(symbol).to_owned(),
            None => loop {
                let name = letter(self.next);
                self.next += 1;
                if !self.names.values().any(|taken| *taken == name) {
                    break name;
                }
            },
        };
        self.names.insert(root.0, name.clone());
        name
    }
}

/// `A` to `Z`, then `A1` and so on.
fn letter(index: usize) -> String {
    let base = char::from(b'A' + (index % 26) as u8);
    if index < 26 { base.to_string() } else { format!("{base}{}", index / 26) }
}
