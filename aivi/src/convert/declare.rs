//! What Rust types of the host say about the AIVI types that stand for them.

use std::fmt;

use aivi_bytecode::module::DataType;

use super::AiviType;
use crate::signature::{Type, variable};

/// A type that stands for a Rust type with `#[derive(Aivi)]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Declaration {
    /// Another name for a type.
    Alias {
        /// The name.
        name: &'static str,
        /// How many type variables it has: `A`, `B`, …
        parameters: usize,
        /// What it names.
        ty: Type,
    },
    /// A sum type.
    Sum {
        /// Its name.
        name: &'static str,
        /// How many type variables it has: `A`, `B`, …
        parameters: usize,
        /// Names of its constructors and the types of their arguments.
        constructors: Vec<(&'static str, Vec<Type>)>,
    },
}

/// Declarations of types that are mentioned somewhere, each once.
#[derive(Default)]
pub struct Declarations {
    /// Names of those that are there or on their way.
    names: Vec<&'static str>,
    list: Vec<Declaration>,
}

/// Stands for a type parameter of a generic type where that is declared: a type variable.
pub struct Placeholder<const INDEX: usize>;

impl<const INDEX: usize> AiviType for Placeholder<INDEX> {
    fn ty() -> Type {
        Type::Variable(variable(INDEX))
    }
}

impl Declarations {
    /// Those that `T` mentions.
    #[must_use]
    pub fn of<T: AiviType>() -> Declarations {
        let mut declarations = Declarations::default();
        T::declare(&mut declarations);
        declarations
    }

    /// Adds the declaration of `name`, unless it is there: `make` adds what that mentions, and gives it.
    pub fn add(&mut self, name: &'static str, make: impl FnOnce(&mut Declarations) -> Declaration) {
        if self.names.contains(&name) {
            return;
        }
        self.names.push(name);
        let declaration = make(self);
        self.list.push(declaration);
    }

    /// All of them; what one mentions comes before it, as far as that is possible.
    pub fn iter(&self) -> impl Iterator<Item = &Declaration> {
        self.list.iter()
    }

    /// Compares sum types with those that a program declares under their names.
    ///
    /// # Errors
    /// In words: the first that is another one.
    pub(crate) fn agree_with(&self, types: &[DataType]) -> Result<(), String> {
        for declaration in &self.list {
            let Declaration::Sum { name, constructors, .. } = declaration else { continue };
            let mut named = types.iter().filter(|ty| ty.name == *name).peekable();
            if named.peek().is_none() {
                return Err(format!("no function that the script exports mentions a type {name}"));
            }
            let first = named.peek().map(|ty| names(ty));
            for ty in named {
                if first.as_ref() != Some(&names(ty)) {
                    return Err(format!("the script's exports mention several types {name}"));
                }
                if !is_same(constructors, ty) {
                    let theirs = ty.constructors.iter().map(|(name, ty)| (name.as_str(), arguments(ty)));
                    let theirs = sum(theirs.collect::<Vec<_>>().iter().map(|(name, types)| (*name, types.as_slice())));
                    let ours = sum(constructors.iter().map(|(name, types)| (*name, types.as_slice())));
                    return Err(format!("the script has {name} = {theirs}, the host {name} = {ours}"));
                }
            }
        }
        Ok(())
    }
}

/// Of its constructors, in their order.
fn names(ty: &DataType) -> Vec<&str> {
    ty.constructors.iter().map(|(name, _)| name.as_str()).collect()
}

/// Have they the same constructors, in whatever order?
fn is_same(ours: &[(&'static str, Vec<Type>)], theirs: &DataType) -> bool {
    let fits = |name: &str, types: &[Type]| {
        let found = theirs.constructors.iter().find(|(other, _)| other == name);
        found.is_some_and(|(_, ty)| {
            let others = arguments(ty);
            others.len() == types.len() && others.iter().zip(types).all(|(other, ty)| other.fits(ty))
        })
    };
    ours.len() == theirs.constructors.len() && ours.iter().all(|(name, types)| fits(name, types))
}

/// The types of a constructor's arguments.
fn arguments(constructor: &str) -> Vec<Type> {
    let (mut types, mut left) = (Vec::new(), Type::parse(constructor));
    while let Some(Type::Function(from, to)) = left {
        types.push(*from);
        left = Some(*to);
    }
    types
}

/// `Circle Float | Square { side: Float }`
fn sum<'a>(constructors: impl Iterator<Item = (&'a str, &'a [Type])>) -> String {
    let one = |(name, types): (&str, &[Type])| {
        types.iter().fold(name.to_owned(), |text, ty| format!("{text} {}", ty.as_argument()))
    };
    constructors.map(one).collect::<Vec<_>>().join(" | ")
}

impl Declaration {
    /// The type's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Declaration::Alias { name, .. } | Declaration::Sum { name, .. } => name,
        }
    }

    /// Names of fields, wherever in it.
    pub(crate) fn fields(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut look = |ty: &Type| {
            let _ = ty.map(&mut |ty| {
                if let Type::Record(fields) = ty {
                    names.extend(fields.iter().map(|(name, _)| name.clone()));
                }
                None
            });
        };
        match self {
            Declaration::Alias { ty, .. } => look(ty),
            Declaration::Sum { constructors, .. } => constructors.iter().flat_map(|(_, types)| types).for_each(look),
        }
        names
    }
}

impl Declaration {
    /// The types that it is made of.
    pub(crate) fn parts(&self) -> Vec<&Type> {
        match self {
            Declaration::Alias { ty, .. } => vec![ty],
            Declaration::Sum { constructors, .. } => constructors.iter().flat_map(|(_, types)| types).collect(),
        }
    }
}

impl fmt::Display for Declaration {
    /// As the language writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Declaration::Alias { name, parameters, .. } | Declaration::Sum { name, parameters, .. }) = self;
        f.write_str(name)?;
        (0..*parameters).try_for_each(|index| write!(f, " {}", variable(index)))?;
        match self {
            Declaration::Alias { ty, .. } => write!(f, " = {ty}"),
            Declaration::Sum { constructors, .. } => {
                let sum = sum(constructors.iter().map(|(name, types)| (*name, types.as_slice())));
                // A bar in front says that it is a sum type, also when there is one constructor.
                write!(f, " = {}{sum}", if constructors.len() == 1 { "| " } else { "" })
            }
        }
    }
}
