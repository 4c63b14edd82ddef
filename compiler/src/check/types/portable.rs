//! Types outside of any store: written down for another compilation, and read there.

use super::{Node, TyId, TypeStore};
use crate::core::DataId;
use crate::hash::IdMap;
use crate::syntax::{Interner, Symbol};

/// A type by itself. Data types and field names are numbers that its reader can resolve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Portable {
    /// A quantified variable, by order of appearance.
    Variable(u32),
    /// A nominal type with its arguments.
    Data(u32, Vec<Portable>),
    /// From, to.
    Function(Box<Portable>, Box<Portable>),
    /// Two or more.
    Tuple(Vec<Portable>),
    /// Fields, and the variable for those that are not known.
    Record(Vec<(u32, Portable)>, Option<u32>),
}

aivi_bytecode::wire_enums! {
    Portable {
        0 Variable(index), 1 Data(data, arguments), 2 Function(from, to), 3 Tuple(items), 4 Record(fields, row)
    }
}

/// Writes types that share their variables.
pub struct Writer<'a> {
    store: &'a TypeStore,
    /// The number of a field's name.
    name: &'a mut dyn FnMut(Symbol) -> u32,
    variables: IdMap<TyId, u32>,
}

impl<'a> Writer<'a> {
    /// No variable is numbered yet.
    pub fn new(store: &'a TypeStore, name: &'a mut dyn FnMut(Symbol) -> u32) -> Self {
        Writer { store, name, variables: IdMap::default() }
    }

    /// A type that stands for itself: everything unknown in it is quantified. Recurses, so only for types that people
    /// write.
    pub fn write(&mut self, id: TyId) -> Portable {
        let store = self.store;
        match store.node(id) {
            Node::Unbound | Node::Link(_) | Node::Rigid(_) | Node::Error => Portable::Variable(self.variable(id)),
            Node::Data(data, items) => Portable::Data(data.0, self.all(&store.arguments[items.range()])),
            // The library, which alone is written down, has none (`resolve/declare.rs`).
            Node::Opaque(..) => self.write(store.through(id)),
            Node::Tuple(items) => Portable::Tuple(self.all(&store.arguments[items.range()])),
            Node::Function(from, to) => {
                let from = Box::new(self.write(from));
                Portable::Function(from, Box::new(self.write(to)))
            }
            Node::Record(..) => {
                let (fields, row) = store.flatten(id);
                let fields = fields.into_iter().map(|(field, ty)| ((self.name)(field), self.write(ty))).collect();
                Portable::Record(fields, row.map(|row| self.variable(row)))
            }
        }
    }

    fn all(&mut self, ids: &[TyId]) -> Vec<Portable> {
        ids.iter().map(|id| self.write(*id)).collect()
    }

    /// The number of a variable.
    pub fn variable(&mut self, id: TyId) -> u32 {
        let next = self.variables.len() as u32;
        *self.variables.entry(self.store.find(id)).or_insert(next)
    }
}

/// Reads types that share their variables.
pub struct Reader<'a> {
    /// Where they go.
    pub store: &'a mut TypeStore,
    /// Names of fields.
    pub interner: &'a mut Interner,
    /// The data type with this number.
    pub data: &'a dyn Fn(u32) -> DataId,
    /// The field name with this number.
    pub name: &'a dyn Fn(u32) -> &'static str,
    /// The quantified variables met so far, by number.
    pub variables: Vec<TyId>,
}

impl Reader<'_> {
    /// The type in this store.
    pub fn read(&mut self, ty: &Portable) -> TyId {
        match ty {
            Portable::Variable(index) => self.variable(*index),
            Portable::Data(data, arguments) => {
                let arguments = self.all(arguments);
                self.store.data((self.data)(*data), &arguments)
            }
            Portable::Tuple(items) => {
                let items = self.all(items);
                self.store.tuple(&items)
            }
            Portable::Function(from, to) => {
                let (from, to) = (self.read(from), self.read(to));
                self.store.function(from, to)
            }
            Portable::Record(fields, row) => {
                let mut known = Vec::with_capacity(fields.len());
                for (field, ty) in fields {
                    known.push((self.interner.intern((self.name)(*field)), self.read(ty)));
                }
                let row = row.map(|row| self.variable(row));
                self.store.record(known, row, self.interner)
            }
        }
    }

    fn all(&mut self, items: &[Portable]) -> Vec<TyId> {
        items.iter().map(|item| self.read(item)).collect()
    }

    /// The variable with this number.
    pub fn variable(&mut self, index: u32) -> TyId {
        while self.variables.len() <= index as usize {
            let variable = self.store.quantified();
            self.variables.push(variable);
        }
        self.variables[index as usize]
    }
}
