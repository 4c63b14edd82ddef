//! The module format: a whole program, its library included, as the compiler writes it and the machine runs it.

use crate::operand::{ProtoId, Reg, ScalarKind, ShapeId};

/// A compiled program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// The entry module's name.
    pub name: String,
    /// Functions, effects and initialisers.
    pub protos: Vec<Proto>,
    /// Constants of all protos.
    pub constants: Vec<Constant>,
    /// Layouts of objects; starts with `WELL_KNOWN`.
    pub shapes: Vec<Shape>,
    /// Top-level values.
    pub globals: Vec<Global>,
    /// Native functions that it calls.
    pub natives: Vec<NativeImport>,
    /// The types of those that are a host's.
    pub host_types: Vec<HostType>,
    /// Source files, for places.
    pub sources: Vec<SourceFile>,
    /// What a host can look up, and the entry points.
    pub exports: Vec<Export>,
    /// Index of the entry module's `main` in `globals`.
    pub main: Option<u32>,
    /// `@test` bindings of the entry module, in source order.
    pub tests: Vec<Test>,
    /// Nominal types of values that it may hand to its host and get from it.
    pub types: Vec<DataType>,
}

/// A function: code and what the machine must know about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proto {
    /// `module.name`, and for inner functions `module.name/line`.
    pub name: String,
    /// Parameters; they arrive in `R[0]`, `R[1]`, … A closure arrives in the register after the last one.
    pub parameters: u16,
    /// Registers of its window, parameters included.
    pub registers: u16,
    /// Running it acts: it is the body of an effect. Applied to all its parameters as a value it makes an effect, which
    /// `call.run` runs.
    pub effect: bool,
    /// It captures values: its closure is passed in `R[parameters]`.
    pub captures: u8,
    /// Which parameters it expects raw (as scalars); others arrive tagged. A tagged scalar may arrive for a raw one.
    pub raw: Vec<(Reg, ScalarKind)>,
    /// Instruction words.
    pub code: Vec<u64>,
    /// Handlers, innermost first.
    pub handlers: Vec<Handler>,
    /// Per pc that can unwind or wait: what its frame owns then. Sorted by pc; a pc without an entry owns nothing.
    pub drops: Vec<Drops>,
    /// Where instructions come from, sorted by pc; each holds up to the next.
    pub lines: Vec<Line>,
}

/// A range of pcs under the protection of a handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    /// First protected pc.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// Where to go on.
    pub target: u32,
    /// What it catches.
    pub kind: HandlerKind,
    /// Registers that own values, or hold constants, at the target: everything else that the frame owns is released
    /// first.
    pub keep: Vec<Reg>,
}

/// What a handler catches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// Typed failures; the error is moved into the register.
    Failure(Reg),
    /// Everything: code that runs cleanups and ends with `resume`.
    Cleanup,
}

/// What a frame owns while the instruction at `pc` runs: operands that the instruction takes and call arguments not
/// included.
#[derive(Clone, Debug, PartialEq)]
pub struct Drops {
    /// The instruction.
    pub pc: u32,
    /// Registers with tagged, owned values.
    pub registers: Vec<Reg>,
}

/// Where code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// First pc.
    pub pc: u32,
    /// Index in `Module::sources`.
    pub source: u32,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// A source file's name and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As given to the compiler.
    pub path: String,
    /// Its lines can be shown in reports; empty for library modules.
    pub text: String,
}

/// The largest `Proto::registers`: their numbers, doubled, are 16 bits.
pub const REGISTERS_MAX: u16 = 1 << 15;

/// A constant.
#[derive(Clone, Debug)]
pub enum Constant {
    /// An integer that does not fit `int`.
    Int(i64),
    /// A double.
    Float(f64),
    /// A character.
    Char(char),
    /// A truth value.
    Bool(bool),
    /// `Unit`
    Unit,
    /// A text.
    Text(String),
    /// A constructor without arguments.
    Nullary(ShapeId),
    /// A function that captures nothing.
    Function(ProtoId),
    /// `[]`
    EmptyList,
}

impl PartialEq for Constant {
    /// Floats are equal when their bits are, so that constants can be shared.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Constant::Int(a), Constant::Int(b)) => a == b,
            (Constant::Float(a), Constant::Float(b)) => a.to_bits() == b.to_bits(),
            (Constant::Char(a), Constant::Char(b)) => a == b,
            (Constant::Bool(a), Constant::Bool(b)) => a == b,
            (Constant::Text(a), Constant::Text(b)) => a == b,
            (Constant::Nullary(a), Constant::Nullary(b)) => a == b,
            (Constant::Function(a), Constant::Function(b)) => a == b,
            (Constant::Unit, Constant::Unit) | (Constant::EmptyList, Constant::EmptyList) => true,
            _ => false,
        }
    }
}

/// The layout of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A constructor.
    Constructor {
        /// Name of its type.
        data: String,
        /// Its name.
        name: String,
        /// Position in its type.
        index: u16,
        /// Number of arguments.
        arity: u16,
    },
    /// A tuple of this many.
    Tuple(u16),
    /// A record: field names sorted; fields are stored in this order.
    Record(Vec<String>),
}

impl Shape {
    /// Number of fields of an object with this shape.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            Shape::Constructor { arity, .. } | Shape::Tuple(arity) => usize::from(*arity),
            Shape::Record(names) => names.len(),
        }
    }
}

/// Constructors that the machine itself makes: the first shapes of every module, in this order: type, name, position,
/// arity.
pub const WELL_KNOWN: &[(&str, &str, u16, u16)] = &[
    ("Option", "None", 0, 0),
    ("Option", "Some", 1, 1),
    ("Result", "Err", 0, 1),
    ("Result", "Ok", 1, 1),
    ("ChannelError", "Closed", 0, 0),
    ("TrySendError", "Full", 0, 0),
    ("TrySendError", "SenderClosed", 1, 0),
    ("TryRecvError", "Empty", 0, 0),
    ("TryRecvError", "ReceiverClosed", 1, 0),
];

/// The shapes of `WELL_KNOWN` by name, and the pair, which follows them.
#[allow(missing_docs)]
pub mod well_known {
    use super::{Shape, ShapeId, WELL_KNOWN};

    pub const NONE: ShapeId = ShapeId(0);
    pub const SOME: ShapeId = ShapeId(1);
    pub const ERR: ShapeId = ShapeId(2);
    pub const OK: ShapeId = ShapeId(3);
    pub const CLOSED: ShapeId = ShapeId(4);
    pub const FULL: ShapeId = ShapeId(5);
    pub const SENDER_CLOSED: ShapeId = ShapeId(6);
    pub const EMPTY: ShapeId = ShapeId(7);
    pub const RECEIVER_CLOSED: ShapeId = ShapeId(8);
    pub const PAIR: ShapeId = ShapeId(9);
    /// `{ cancel, isCancelled, join }`
    pub const TASK: ShapeId = ShapeId(10);

    /// The shapes that every module starts with.
    #[must_use]
    pub fn shapes() -> Vec<Shape> {
        WELL_KNOWN
            .iter()
            .map(|&(data, name, index, arity)| Shape::Constructor {
                data: data.into(),
                name: name.into(),
                index,
                arity,
            })
            .chain([Shape::Tuple(2), Shape::Record(vec!["cancel".into(), "isCancelled".into(), "join".into()])])
            .collect()
    }
}

/// A top-level value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// `module.name`
    pub name: String,
    /// A proto without parameters that computes it; for a function (or an effect) without captures, `function` says so.
    pub proto: ProtoId,
    /// The global is the function or effect of `proto` itself; nothing is to be computed.
    pub function: bool,
}

/// A native function that the module calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeImport {
    /// Its name in the table of native functions.
    pub name: String,
    /// Number of arguments.
    pub arity: u8,
    /// Running it acts.
    pub effect: bool,
    /// Bit i: argument i is taken; else borrowed.
    pub owned: u32,
}

/// A native function of a host, as it was when the module was compiled. Only hosts read this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostType {
    /// Its name in `Module::natives`.
    pub name: String,
    /// Its type, with what the types in it were declared as.
    pub ty: String,
}

/// A binding with `@test`, of whatever type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Index in `Module::globals`.
    pub global: u32,
    /// The decorator's text.
    pub description: String,
    /// Its type, as the language writes it: one that is no effect fails.
    pub ty: String,
}

/// A nominal type, for hosts to compare with their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataType {
    /// Its name.
    pub name: String,
    /// Names of its constructors and their types, as the language writes them: `Float -> Shape`. None of a handle; one
    /// that is [`HIDDEN`] of a type that only its module knows as a record, a tuple or the like.
    pub constructors: Vec<(String, String)>,
}

/// In place of a constructor's name, which begins with a capital letter.
pub const HIDDEN: &str = "opaque";

/// A value that a host can look up by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Index in `Module::globals`.
    pub global: u32,
    /// Its type, as the language writes it.
    pub ty: String,
}
