//! The sum types of a program by name, as a host that has no types of its own finds them.
//!
//! A value says by the number of a shape which constructor made it. Shapes of types that exports mention come first in
//! a module, before those of other types with the same names (`compiler/src/lower/program.rs`). When exports mention
//! two types of a name they are refused, since nothing else in a signature tells them apart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::{DataType, Module, Shape, well_known};

use crate::convert::{Mismatch, Shapes};
use crate::signature::Type;

/// The constructor `name` of the type `of` with these arguments, those of the language included, and the types of its
/// own.
pub(super) fn arguments(
    of: &str,
    name: &str,
    types: &[Type],
    shapes: &Shapes,
) -> Result<Option<(Built, Vec<Type>)>, Mismatch> {
    Ok(Some(match (of, name, types) {
        ("Option", "None", [_]) => (Built { shape: well_known::NONE, position: 0 }, Vec::new()),
        ("Option", "Some", [ty]) => (Built { shape: well_known::SOME, position: 1 }, vec![ty.clone()]),
        ("Result", "Err", [ty, _]) => (Built { shape: well_known::ERR, position: 0 }, vec![ty.clone()]),
        ("Result", "Ok", [_, ty]) => (Built { shape: well_known::OK, position: 1 }, vec![ty.clone()]),
        _ => return shapes.sums()?.constructor(of, name, types),
    }))
}

/// What the machine needs to make a value of a constructor.
#[derive(Clone, Copy)]
pub(super) struct Built {
    pub(super) shape: ShapeId,
    pub(super) position: u16,
}

/// Sum types that functions of the program mention, for its host.
pub(crate) struct Sums(HashMap<String, Found>);

enum Found {
    One(Vec<Constructor>),
    /// There are several of the name, what it is made of is hidden, or the module is damaged.
    Unclear,
}

impl Found {
    fn is_opaque(&self) -> bool {
        matches!(self, Found::One(constructors) if constructors.is_empty())
    }
}

struct Constructor {
    name: String,
    built: Built,
    arguments: Vec<Type>,
    /// What its type's parameters are called in `arguments`.
    parameters: Vec<String>,
}

impl Sums {
    /// Those of a module. What its bytes may claim and does not fit together is left out.
    pub(crate) fn new(module: &Module) -> Sums {
        let mut sums: HashMap<String, Found> = HashMap::new();
        for ty in &module.types {
            let constructors = (0..ty.constructors.len()).map(|position| constructor(ty, position, module));
            let found = constructors.collect::<Option<_>>().map_or(Found::Unclear, Found::One);
            match sums.entry(ty.name.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(found);
                }
                // What only handles are made of, none of which looks like another to those who look into them.
                Entry::Occupied(entry) if entry.get().is_opaque() && found.is_opaque() => {}
                Entry::Occupied(mut entry) => {
                    entry.insert(Found::Unclear);
                }
            }
        }
        Sums(sums)
    }

    /// Whether the type of this name is one that only hosts and natives look into.
    pub(crate) fn is_opaque(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Found::is_opaque)
    }

    /// The constructor `name` of the type `of` with these arguments, and the types of its own; `None` when it has no
    /// such.
    fn constructor(&self, of: &str, name: &str, types: &[Type]) -> Result<Option<(Built, Vec<Type>)>, Mismatch> {
        let constructors = match self.0.get(of) {
            Some(Found::One(constructors)) => constructors,
            Some(Found::Unclear) => {
                return Err(Mismatch::new(
                    of,
                    "a program in which several types may have this name, or that hides what it is",
                ));
            }
            None => return Ok(None),
        };
        let found = constructors.iter().find(|constructor| constructor.name == name);
        Ok(found.map(|found| (found.built, found.arguments.iter().map(|ty| found.filled(ty, types)).collect())))
    }

    /// The only type with a constructor of this name.
    pub(super) fn type_with(&self, name: &str) -> Result<Type, Mismatch> {
        let mut types = self.0.iter().filter_map(|(ty, found)| match found {
            Found::One(constructors) => {
                constructors.iter().find(|constructor| constructor.name == name).map(|found| (ty, found))
            }
            Found::Unclear => None,
        });
        match (types.next(), types.next()) {
            (Some((ty, found)), None) => Ok(Type::named(ty, vec![Type::any(); found.parameters.len()])),
            (None, _) => Err(Mismatch::new("a value", format!("{name}, which no type of the program's exports has"))),
            (Some(_), Some(_)) => Err(Mismatch::new("a value", format!("{name}, which several types have"))),
        }
    }
}

impl Constructor {
    /// A type of it with these types for its parameters.
    fn filled(&self, ty: &Type, types: &[Type]) -> Type {
        ty.map(&mut |part| match part {
            Type::Variable(name) => {
                let index = self.parameters.iter().position(|parameter| parameter == name)?;
                types.get(index).cloned()
            }
            _ => None,
        })
    }
}

/// A constructor as a module tells it, if there is a shape for it.
fn constructor(of: &DataType, position: usize, module: &Module) -> Option<Constructor> {
    let (name, signature) = of.constructors.get(position)?;
    let position = u16::try_from(position).ok()?;
    let (mut arguments, mut left) = (Vec::new(), Type::parse(signature)?);
    while let Type::Function(from, to) = left {
        arguments.push(*from);
        left = *to;
    }
    let parameters = match left {
        Type::Named(_, parameters) => parameters,
        _ => return None,
    };
    let parameters = parameters.into_iter().map(|ty| match ty {
        Type::Variable(name) => Some(name),
        _ => None,
    });
    let is_it = |shape: &Shape| match shape {
        Shape::Constructor { data, name: other, index, arity } => {
            *data == of.name && other == name && *index == position && usize::from(*arity) == arguments.len()
        }
        Shape::Tuple(_) | Shape::Record(_) => false,
    };
    let id = module.shapes.iter().position(is_it)?;
    let built = Built { shape: ShapeId(u16::try_from(id).ok()?), position };
    Some(Constructor { name: name.clone(), built, arguments, parameters: parameters.collect::<Option<_>>()? })
}
