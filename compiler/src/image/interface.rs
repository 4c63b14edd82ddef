//! What a module of the image lets others use, in image numbers.

use crate::check::types::portable::Portable;

/// A module as others see it. Names are numbers of texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Modules that have to be declared before: their types and functions occur below.
    pub uses: Vec<u32>,
    /// The number of the first nominal type; the others follow.
    pub first_data: u32,
    /// The number of the first constructor; the others follow in the order of their types.
    pub first_constructor: u32,
    /// Nominal types.
    pub datas: Vec<DataDecl>,
    /// The number of the first alias; the others follow.
    pub first_alias: u32,
    /// Names of aliases.
    pub aliases: Vec<u32>,
    /// Domains.
    pub domains: Vec<DomainDecl>,
    /// Functions and values that others can reach, by name or through a domain.
    pub globals: Vec<GlobalDecl>,
    /// Exported values.
    pub values: Vec<(u32, ValueRef)>,
    /// Exported types.
    pub types: Vec<(u32, TypeRef)>,
    /// Exported domains.
    pub exported_domains: Vec<(u32, u32)>,
}

/// A nominal type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataDecl {
    /// Its name.
    pub name: u32,
    /// Number of parameters.
    pub arity: u32,
    /// Name and number of arguments of its constructors.
    pub constructors: Vec<(u32, u32)>,
}

/// A domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DomainDecl {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: u32,
    /// Suffixes and their functions.
    pub suffixes: Vec<(u32, u32)>,
    /// Operators and their functions.
    pub operators: Vec<(u32, Vec<u32>)>,
}

/// A function or value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalDecl {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: u32,
    /// Where its name begins in the module's source.
    pub start: u32,
    /// Where its name ends.
    pub end: u32,
    /// The text of its `@deprecated`.
    pub deprecated: Option<u32>,
}

/// A name that a module keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Private {
    /// The name.
    pub name: u32,
    /// Where it is defined, if it is a value.
    pub span: Option<(u32, u32)>,
}

/// Where a signature is written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignaturePlaces {
    /// Each parameter.
    pub parameters: Vec<(u32, u32)>,
    /// What is left behind no parameters, behind one, and so on.
    pub rests: Vec<(u32, u32)>,
}

/// Where a constructor is declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConstructorPlaces {
    /// Its module.
    pub module: u32,
    /// All of it.
    pub whole: Option<(u32, u32)>,
    /// Each argument.
    pub arguments: Vec<(u32, u32)>,
}

/// What an exported name of a value means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueRef {
    /// A function or value.
    Global(u32),
    /// A constructor.
    Constructor(u32),
}

/// What an exported name of a type means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeRef {
    /// A nominal type.
    Data(u32),
    /// An alias.
    Alias(u32),
}

/// What an alias stands for; its parameters are the first variables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AliasBody {
    /// Number of parameters.
    pub parameters: u32,
    /// The type.
    pub body: Portable,
}

/// What a global is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Code: the number of a global as the code knows it.
    Code(u32),
    /// A function of the machine: name, arity, whether it is an effect, modes.
    Native(String, u32, bool, String),
}

aivi_bytecode::wire_structs! {
    Interface {
        uses, first_data, first_constructor, datas, first_alias, aliases, domains, globals, values, types, exported_domains
    }
    DataDecl { name, arity, constructors }
    DomainDecl { number, name, suffixes, operators }
    GlobalDecl { number, name, start, end, deprecated }
    Private { name, span }
    SignaturePlaces { parameters, rests }
    ConstructorPlaces { module, whole, arguments }
    AliasBody { parameters, body }
}

aivi_bytecode::wire_enums! {
    ValueRef { 0 Global(number), 1 Constructor(number) }
    TypeRef { 0 Data(number), 1 Alias(number) }
    Body { 0 Code(number), 1 Native(name, arity, effect, modes) }
}
