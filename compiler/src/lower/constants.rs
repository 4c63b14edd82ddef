//! Constants, shapes and native imports: each is listed once.

use std::collections::HashMap;
use std::rc::Rc;

use aivi_bytecode::module::{Constant, NativeImport, Shape, WELL_KNOWN};
use aivi_bytecode::{ConstId, NativeId, ProtoId, ShapeId};

use super::program::Lowering;
use crate::core::{ConstructorId, Native};
use crate::syntax::{Span, Symbol};

/// What is known already.
#[derive(Default)]
pub(super) struct Pool {
    constants: HashMap<Key, ConstId>,
    constructors: HashMap<ConstructorId, ShapeId>,
    tuples: HashMap<usize, ShapeId>,
    records: HashMap<Vec<Symbol>, ShapeId>,
    /// Tuples and records of the code so far, wherever it comes from.
    structural: HashMap<Shape, ShapeId>,
    natives: HashMap<String, NativeId>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Int(i64),
    Float(u64),
    Char(char),
    Bool(bool),
    Unit,
    Text(Rc<str>),
    Nullary(ShapeId),
    Function(ProtoId),
    EmptyList,
}

impl Pool {
    /// The shape of a constructor, if it has been used.
    pub(super) fn known_constructor(&self, id: ConstructorId) -> Option<ShapeId> {
        self.constructors.get(&id).copied()
    }
}

impl Lowering<'_> {
    pub(super) fn constant(&mut self, constant: Constant) -> ConstId {
        let key = match &constant {
            Constant::Int(value) => Key::Int(*value),
            Constant::Float(value) => Key::Float(value.to_bits()),
            Constant::Char(value) => Key::Char(*value),
            Constant::Bool(value) => Key::Bool(*value),
            Constant::Unit => Key::Unit,
            Constant::Text(text) => Key::Text(text.as_str().into()),
            Constant::Nullary(shape) => Key::Nullary(*shape),
            Constant::Function(proto) => Key::Function(*proto),
            Constant::EmptyList => Key::EmptyList,
        };
        let constants = &mut self.module.constants;
        *self.pool.constants.entry(key).or_insert_with(|| {
            constants.push(constant);
            ConstId(constants.len() as u32 - 1)
        })
    }

    /// A new shape, or a well-known one.
    pub(super) fn add_shape(&mut self, shape: Shape) -> ShapeId {
        if let Some(index) = self.module.shapes.iter().take(WELL_KNOWN.len() + 2).position(|known| *known == shape) {
            return ShapeId(index as u16);
        }
        if self.module.shapes.len() > usize::from(u16::MAX) {
            self.error(Span::default(), "more than 65,536 constructors, tuples and kinds of records");
            return ShapeId(0);
        }
        self.module.shapes.push(shape);
        ShapeId((self.module.shapes.len() - 1) as u16)
    }

    pub(super) fn constructor_shape(&mut self, id: ConstructorId) -> ShapeId {
        if let Some(&shape) = self.pool.constructors.get(&id) {
            return shape;
        }
        let shape = match self.image_shape(id) {
            Some(number) => self.link_shape(number),
            None => self.own_constructor_shape(id),
        };
        self.pool.constructors.insert(id, shape);
        shape
    }

    fn own_constructor_shape(&mut self, id: ConstructorId) -> ShapeId {
        let program = self.program;
        let constructor = &program.constructors[id.0 as usize];
        self.add_shape(Shape::Constructor {
            data: program.interner.text(program.datas[constructor.data.0 as usize].name).into(),
            name: program.interner.text(constructor.name).into(),
            index: constructor.index as u16,
            arity: constructor.arity as u16,
        })
    }

    /// A tuple or record, the same for equal ones.
    pub(super) fn structural_shape(&mut self, shape: Shape) -> ShapeId {
        if let Some(&known) = self.pool.structural.get(&shape) {
            return known;
        }
        let id = self.add_shape(shape.clone());
        self.pool.structural.insert(shape, id);
        id
    }

    pub(super) fn tuple_shape(&mut self, count: usize) -> ShapeId {
        if let Some(&shape) = self.pool.tuples.get(&count) {
            return shape;
        }
        let shape = self.structural_shape(Shape::Tuple(count as u16));
        self.pool.tuples.insert(count, shape);
        shape
    }

    /// `names` are sorted by text.
    pub(super) fn record_shape(&mut self, names: &[Symbol]) -> ShapeId {
        if let Some(&shape) = self.pool.records.get(names) {
            return shape;
        }
        let program = self.program;
        let fields = names.iter().map(|&name| program.interner.text(name).into()).collect();
        let shape = self.structural_shape(Shape::Record(fields));
        self.pool.records.insert(names.to_vec(), shape);
        shape
    }

    pub(super) fn native(&mut self, native: &Native) -> NativeId {
        if let Some(&id) = self.pool.natives.get(&*native.name) {
            return id;
        }
        let modes = native.modes.bytes().take(32).enumerate();
        let owned = modes.filter(|&(_, mode)| mode == b'o').fold(0, |owned, (index, _)| owned | 1 << index);
        let (name, arity) = (native.name.to_string(), native.arity as u8);
        self.native_import(NativeImport { name, arity, effect: native.effect, owned })
    }

    /// A native function as the module lists it.
    pub(super) fn native_import(&mut self, native: NativeImport) -> NativeId {
        let natives = &mut self.module.natives;
        *self.pool.natives.entry(native.name.clone()).or_insert_with(|| {
            natives.push(native);
            NativeId(natives.len() as u32 - 1)
        })
    }
}
