//! Types during and after inference.
//!
//! A `TyId` is an index into a `TypeStore`; unification links entries, so an id stays valid for good and every reader
//! sees what is known by now through `view`.
//!
//! - A *variable* has a level: how many bindings deep it was made. What is left above the level of a finished binding
//!   is *quantified*, in place: its level becomes `QUANTIFIED`, and `instantiate` copies it for each use.
//! - A *rigid* type stands for a variable of a signature while its binding is checked.
//! - A record is a list of fields and an optional *rest*, which is a variable (the record is open) or another record.
//! - An *opaque* type is nominal and has its representation besides, behind its arguments. Who may look inside sees
//!   that instead (`Sight`), so no value is wrapped, and code is the same as for an alias.
//! - The *error* type fits everything, so that one mistake is reported once.
//! - Every composite type carries an upper bound of the levels below it. Zero means that there is no variable below, so
//!   generalisation, instantiation and the occurs check stop there. That keeps inference near-linear.
//!
//! Nothing here recurses on the host stack: types grow as deep as a program is long.

mod differ;
mod display;
mod instantiate;
pub mod portable;
mod unify;

use std::rc::Rc;

use super::builtin;
use crate::core::DataId;
use crate::hash::IdMap;
use crate::resolve::ModuleId;
use crate::syntax::{Interner, Symbol};

pub use display::Namer;
pub use unify::Mismatch;

/// A type, an index into its `TypeStore`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TyId(pub u32);

/// What a type is, links followed. Effects are `Data(EFFECT, [error, value])`, functions are binary.
#[derive(Clone, PartialEq, Debug)]
pub enum View<'a> {
    /// Unknown or quantified.
    Variable,
    /// A nominal type with its arguments: `Int`, `List A`, `Effect E A`, …
    Data(DataId, &'a [TyId]),
    /// From, to.
    Function(TyId, TyId),
    /// Two or more.
    Tuple(&'a [TyId]),
    /// Fields, sorted by the *text* of their names; an open record may have more.
    Record {
        /// All known fields.
        fields: Vec<(Symbol, TyId)>,
        /// A row variable is left.
        open: bool,
    },
}

/// Whose opaque types are seen through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Those that this module declares.
    From(ModuleId),
    /// Nobody's.
    Outside,
    /// All: what values are made of is no secret for the machine.
    Through,
}

/// The level of quantified variables, above all others.
const QUANTIFIED: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
enum Node {
    Unbound,
    Link(TyId),
    Rigid(Symbol),
    Error,
    Data(DataId, Slice),
    /// Its arguments, and behind them what it is made of.
    Opaque(DataId, Slice),
    Function(TyId, TyId),
    Tuple(Slice),
    Record(Slice, Option<TyId>),
}

/// A range of `TypeStore::arguments` or, for records, of `TypeStore::fields`.
#[derive(Clone, Copy, Debug)]
struct Slice {
    start: u32,
    len: u32,
}

impl Slice {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }

    /// All but the last.
    fn without_last(self) -> Slice {
        Slice { len: self.len - 1, ..self }
    }
}

/// A type's node and its level; for a composite the greatest level below it, or more.
#[derive(Clone, Copy)]
struct Entry {
    node: Node,
    level: u32,
}

/// All types of one compilation.
pub struct TypeStore {
    entries: Vec<Entry>,
    arguments: Vec<TyId>,
    fields: Vec<(Symbol, TyId)>,
    /// Texts of field names, so that fields can be kept in their order.
    labels: IdMap<Symbol, Rc<str>>,
    /// Who declares an opaque type.
    owners: IdMap<DataId, ModuleId>,
    sight: Sight,
    /// How many types have been copied for uses of polymorphic values.
    copied: usize,
}

impl TypeStore {
    /// `Unit`
    pub const UNIT: TyId = TyId(0);
    /// `Bool`
    pub const BOOL: TyId = TyId(1);
    /// `Int`
    pub const INT: TyId = TyId(2);
    /// `Float`
    pub const FLOAT: TyId = TyId(3);
    /// `Text`
    pub const TEXT: TyId = TyId(4);
    /// `Char`
    pub const CHAR: TyId = TyId(5);
    /// Fits everything: stands where a mistake was reported.
    pub const ERROR: TyId = TyId(6);

    /// A store with the types that have constants here.
    #[must_use]
    pub fn new() -> Self {
        let mut store = TypeStore {
            entries: Vec::new(),
            arguments: Vec::new(),
            fields: Vec::new(),
            labels: IdMap::default(),
            owners: IdMap::default(),
            sight: Sight::Outside,
            copied: 0,
        };
        for data in [builtin::UNIT, builtin::BOOL, builtin::INT, builtin::FLOAT, builtin::TEXT, builtin::CHAR] {
            store.data(data, &[]);
        }
        store.push(Node::Error, 0);
        store
    }

    /// Number of types made so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never, see `new`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What `id` is, as far as it is known by now.
    #[must_use]
    pub fn view(&self, id: TyId) -> View<'_> {
        match self.seen(id) {
            Node::Unbound | Node::Link(_) | Node::Rigid(_) | Node::Error => View::Variable,
            Node::Data(data, arguments) => View::Data(data, &self.arguments[arguments.range()]),
            Node::Opaque(data, parts) => View::Data(data, &self.arguments[parts.without_last().range()]),
            Node::Function(from, to) => View::Function(from, to),
            Node::Tuple(items) => View::Tuple(&self.arguments[items.range()]),
            Node::Record(..) => {
                let (fields, rest) = self.flatten(id);
                View::Record { fields, open: rest.is_some() }
            }
        }
    }

    /// The nominal type of `id`, if it is one.
    #[must_use]
    pub fn head(&self, id: TyId) -> Option<DataId> {
        match self.seen(id) {
            Node::Data(data, _) | Node::Opaque(data, _) => Some(data),
            _ => None,
        }
    }

    /// The opaque type that `id` is to us.
    #[must_use]
    pub fn hidden(&self, id: TyId) -> Option<DataId> {
        match self.seen(id) {
            Node::Opaque(data, _) => Some(data),
            _ => None,
        }
    }

    /// The arguments of a nominal type; none for other types.
    #[must_use]
    pub fn data_arguments(&self, id: TyId) -> &[TyId] {
        match self.seen(id) {
            Node::Data(_, arguments) => &self.arguments[arguments.range()],
            Node::Opaque(_, parts) => &self.arguments[parts.without_last().range()],
            _ => &[],
        }
    }

    /// `Int`?
    #[must_use]
    pub fn is_int(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::INT)
    }

    /// `Float`?
    #[must_use]
    pub fn is_float(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::FLOAT)
    }

    /// `Bool`?
    #[must_use]
    pub fn is_bool(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::BOOL)
    }

    /// `Unit`?
    #[must_use]
    pub fn is_unit(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::UNIT)
    }

    /// `Text`?
    #[must_use]
    pub fn is_text(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::TEXT)
    }

    /// `Effect E A`?
    #[must_use]
    pub fn is_effect(&self, id: TyId) -> bool {
        self.head(id) == Some(builtin::EFFECT)
    }

    /// A function?
    #[must_use]
    pub fn is_function(&self, id: TyId) -> bool {
        matches!(self.seen(id), Node::Function(..))
    }

    /// Not known yet, and no mistake was reported for it.
    #[must_use]
    pub fn is_unknown(&self, id: TyId) -> bool {
        matches!(self.seen(id), Node::Unbound)
    }

    /// Not known yet, and made deeper than `level`.
    #[must_use]
    pub fn is_deeper(&self, id: TyId, level: u32) -> bool {
        self.is_unknown(id) && self.level(id) > level
    }

    /// The two are one type by now.
    #[must_use]
    pub fn is_same(&self, a: TyId, b: TyId) -> bool {
        self.find(a) == self.find(b)
    }

    /// The name of the variable of a signature that a rigid type stands for.
    #[must_use]
    pub fn rigid_name(&self, id: TyId) -> Option<Symbol> {
        match self.seen(id) {
            Node::Rigid(name) => Some(name),
            _ => None,
        }
    }

    /// A mistake was reported for it.
    #[must_use]
    pub fn is_error(&self, id: TyId) -> bool {
        matches!(self.seen(id), Node::Error)
    }

    /// Number of arguments that a function of this type takes, results that are functions included.
    #[must_use]
    pub fn arity(&self, mut id: TyId) -> u32 {
        let mut arity = 0;
        while let Node::Function(_, to) = self.seen(id) {
            arity += 1;
            id = to;
        }
        arity
    }

    /// A new unknown type.
    pub fn fresh(&mut self, level: u32) -> TyId {
        self.push(Node::Unbound, level)
    }

    /// A quantified variable, for types of declarations.
    pub fn quantified(&mut self) -> TyId {
        self.push(Node::Unbound, QUANTIFIED)
    }

    /// A variable of a signature while its binding is checked.
    pub fn rigid(&mut self, name: Symbol) -> TyId {
        self.push(Node::Rigid(name), 0)
    }

    /// A nominal type.
    pub fn data(&mut self, data: DataId, arguments: &[TyId]) -> TyId {
        let level = self.level_of(arguments);
        let slice = self.slice(arguments);
        self.push(Node::Data(data, slice), level)
    }

    /// An opaque type of this module, with its arguments and what it is made of.
    pub fn opaque(&mut self, data: DataId, owner: ModuleId, arguments: &[TyId], inside: TyId) -> TyId {
        self.owners.insert(data, owner);
        self.opaque_of(data, &[arguments, &[inside]].concat())
    }

    fn opaque_of(&mut self, data: DataId, parts: &[TyId]) -> TyId {
        let level = self.level_of(parts);
        let slice = self.slice(parts);
        self.push(Node::Opaque(data, slice), level)
    }

    /// From now on opaque types are seen like this.
    pub fn look(&mut self, sight: Sight) {
        self.sight = sight;
    }

    /// `from -> to`
    pub fn function(&mut self, from: TyId, to: TyId) -> TyId {
        let level = self.level_of(&[from, to]);
        self.push(Node::Function(from, to), level)
    }

    /// `a -> b -> … -> to`
    pub fn functions(&mut self, parameters: &[TyId], to: TyId) -> TyId {
        parameters.iter().rev().fold(to, |to, from| self.function(*from, to))
    }

    /// A tuple of two or more.
    pub fn tuple(&mut self, items: &[TyId]) -> TyId {
        let level = self.level_of(items);
        let slice = self.slice(items);
        self.push(Node::Tuple(slice), level)
    }

    /// A record, open when there is a rest. Field names must differ.
    pub fn record(&mut self, mut fields: Vec<(Symbol, TyId)>, rest: Option<TyId>, interner: &Interner) -> TyId {
        for (name, _) in &fields {
            self.labels.entry(*name).or_insert_with(|| interner.text(*name).into());
        }
        fields.sort_by(|a, b| self.labels[&a.0].cmp(&self.labels[&b.0]));
        self.sorted_record(&fields, rest)
    }

    /// The type of field `name` of a record, if it is known to have it.
    #[must_use]
    pub fn field(&self, record: TyId, name: Symbol) -> Option<TyId> {
        let mut next = Some(record);
        while let Some(id) = next {
            let Node::Record(fields, rest) = self.seen(id) else { return None };
            if let Some((_, ty)) = self.fields[fields.range()].iter().find(|(field, _)| *field == name) {
                return Some(*ty);
            }
            next = rest;
        }
        None
    }

    /// A record whose fields are not all known: its last rest, the row variable.
    #[must_use]
    pub fn row_of(&self, record: TyId) -> Option<TyId> {
        let record = self.through(record);
        let mut id = record;
        loop {
            match self.node(id) {
                Node::Record(_, Some(rest)) => id = rest,
                Node::Record(_, None) => return None,
                _ => return (self.find(id) != self.find(record)).then(|| self.find(id)),
            }
        }
    }

    fn sorted_record(&mut self, fields: &[(Symbol, TyId)], rest: Option<TyId>) -> TyId {
        let mut level = rest.map_or(0, |rest| self.level(rest));
        for (_, ty) in fields {
            level = level.max(self.level(*ty));
        }
        let start = self.fields.len() as u32;
        self.fields.extend_from_slice(fields);
        self.push(Node::Record(Slice { start, len: fields.len() as u32 }, rest), level)
    }

    /// All fields in the order of their texts, and the row variable of an open record.
    fn flatten(&self, record: TyId) -> (Vec<(Symbol, TyId)>, Option<TyId>) {
        let mut all = Vec::new();
        let mut id = self.through(record);
        let mut parts = 0;
        loop {
            match self.entries[id.0 as usize].node {
                Node::Record(fields, rest) => {
                    parts += 1;
                    all.extend_from_slice(&self.fields[fields.range()]);
                    match rest {
                        Some(rest) => id = self.find(rest),
                        None => break,
                    }
                }
                _ => {
                    self.sort_parts(&mut all, parts);
                    return (all, Some(id));
                }
            }
        }
        self.sort_parts(&mut all, parts);
        (all, None)
    }

    fn sort_parts(&self, fields: &mut [(Symbol, TyId)], parts: usize) {
        if parts > 1 {
            fields.sort_by(|a, b| self.labels[&a.0].cmp(&self.labels[&b.0]));
        }
    }

    fn push(&mut self, node: Node, level: u32) -> TyId {
        let id = TyId(u32::try_from(self.entries.len()).expect("fewer types than memory holds"));
        self.entries.push(Entry { node, level });
        id
    }

    fn slice(&mut self, ids: &[TyId]) -> Slice {
        let start = self.arguments.len() as u32;
        self.arguments.extend_from_slice(ids);
        Slice { start, len: ids.len() as u32 }
    }

    fn level_of(&self, ids: &[TyId]) -> u32 {
        ids.iter().map(|id| self.level(*id)).max().unwrap_or(0)
    }

    fn level(&self, id: TyId) -> u32 {
        self.entries[self.find(id).0 as usize].level
    }

    fn node(&self, id: TyId) -> Node {
        self.entries[self.find(id).0 as usize].node
    }

    /// The node that shows from here.
    fn seen(&self, id: TyId) -> Node {
        self.entries[self.through(id).0 as usize].node
    }

    /// `find` that goes on inside of opaque types, as far as they are seen through.
    fn through(&self, id: TyId) -> TyId {
        let mut id = self.find(id);
        while let Node::Opaque(data, parts) = self.entries[id.0 as usize].node {
            if !self.sees(data) {
                break;
            }
            id = self.find(self.inside(parts));
        }
        id
    }

    /// Is the opaque type seen through?
    fn sees(&self, data: DataId) -> bool {
        match self.sight {
            Sight::From(module) => self.owners.get(&data) == Some(&module),
            Sight::Outside => false,
            Sight::Through => true,
        }
    }

    /// What an opaque type with these parts is made of.
    fn inside(&self, parts: Slice) -> TyId {
        self.arguments[parts.range().end - 1]
    }

    /// The end of `id`'s links.
    fn find(&self, mut id: TyId) -> TyId {
        while let Node::Link(next) = self.entries[id.0 as usize].node {
            id = next;
        }
        id
    }

    /// `find` that shortens the links it follows.
    fn root(&mut self, id: TyId) -> TyId {
        let root = self.find(id);
        let mut at = id;
        while let Node::Link(next) = self.entries[at.0 as usize].node {
            self.entries[at.0 as usize].node = Node::Link(root);
            at = next;
        }
        root
    }

    /// Pushes the types directly below `id`.
    fn children(&self, id: TyId, out: &mut Vec<TyId>) {
        match self.node(id) {
            Node::Unbound | Node::Link(_) | Node::Rigid(_) | Node::Error => {}
            Node::Data(_, slice) | Node::Opaque(_, slice) | Node::Tuple(slice) => {
                out.extend_from_slice(&self.arguments[slice.range()])
            }
            Node::Function(from, to) => out.extend([from, to]),
            Node::Record(fields, rest) => {
                out.extend(self.fields[fields.range()].iter().map(|(_, ty)| *ty));
                out.extend(rest);
            }
        }
    }
}

impl Default for TypeStore {
    fn default() -> Self {
        Self::new()
    }
}
