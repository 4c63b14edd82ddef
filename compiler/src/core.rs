//! Typed core: what the checker writes and lowering reads.
//!
//! Every name is resolved, every operator has its type, every coercion is explicit, every sugar that only saves typing
//! is gone (sections, accessors, pipes, suffixes, `when`, `given`). What remains is what lowering wants to see whole:
//! `match`, `do`, resources, loops, records, texts. A program with errors may hold `ExprKind::Error`; lowering is
//! called only when there is none.

use std::rc::Rc;

use crate::check::types::{TyId, TypeStore};
use crate::hash::IdSet;
use crate::syntax::{FileId, Interner, Span, Symbol};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);
    )*};
}

index! {
    /// A top-level binding of any module, an index into `Program::globals`.
    GlobalId
    /// A variable of a body, an index into `Program::locals`.
    LocalId
    /// A nominal type, an index into `Program::datas`.
    DataId
    /// A constructor, an index into `Program::constructors`.
    ConstructorId
}

/// All modules of a program, checked.
pub struct Program {
    /// Names.
    pub interner: Interner,
    /// Types of all expressions.
    pub types: TypeStore,
    /// Nominal types; the built-in ones come first, see `DataId`'s constants in `check::builtin`.
    pub datas: Vec<Data>,
    /// Constructors of all nominal types.
    pub constructors: Vec<Constructor>,
    /// Top-level bindings.
    pub globals: Vec<Global>,
    /// Variables of all bodies.
    pub locals: Vec<Local>,
    /// Source files of library modules, whose lines are not shown.
    pub library_files: IdSet<FileId>,
    /// The entry module's `main`.
    pub main: Option<GlobalId>,
    /// Bindings with `@test`, in source order.
    pub tests: Vec<Test>,
    /// Exported values of the entry module, for hosts.
    pub exports: Vec<(Symbol, GlobalId)>,
    /// What it may hand to its host and get from it.
    pub exchanged: Exchanged,
}

/// Types of values that a program and its host may hand each other.
#[derive(Default)]
pub struct Exchanged {
    /// Numbers of elements of tuples.
    pub tuples: Vec<usize>,
    /// Names of fields of records, sorted by text.
    pub records: Vec<Vec<Symbol>>,
    /// Nominal types with their constructors and the schemes of these.
    pub datas: Vec<(DataId, Vec<(ConstructorId, TyId)>)>,
    /// Those of them that are made of something which only their modules know.
    pub hidden: Vec<DataId>,
}

/// A nominal type.
pub struct Data {
    /// Its name.
    pub name: Symbol,
    /// Number of parameters.
    pub arity: u32,
    /// In source order; empty for primitive types and handles.
    pub constructors: Vec<ConstructorId>,
}

/// A constructor.
pub struct Constructor {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub data: DataId,
    /// Position among the constructors of its type.
    pub index: u32,
    /// Number of arguments.
    pub arity: u32,
    /// Its number in the image, if it is declared there.
    pub image: Option<u32>,
}

/// A variable.
pub struct Local {
    /// Its name in the source; made-up ones have an empty text.
    pub name: Symbol,
    /// Its type. Generalised local functions keep type variables in it.
    pub ty: TyId,
}

/// A top-level binding.
pub struct Global {
    /// `module.path`
    pub module: Symbol,
    /// Its name.
    pub name: Symbol,
    /// Its generalised type.
    pub ty: TyId,
    /// Where its name stands.
    pub span: Span,
    /// What it is bound to.
    pub body: GlobalBody,
}

/// The right side of a top-level binding.
pub enum GlobalBody {
    /// An expression.
    Expr(Expr),
    /// A function of the machine: `@native "name modes"` before a signature of a library module.
    Native(Native),
    /// Code of the image: the number of a global as the code there knows it.
    Image(u32),
    /// Reported.
    Error,
}

/// A function that the machine provides, as an instruction or as a native function.
pub struct Native {
    /// Its name in the table of native functions, as in `list.push`.
    pub name: Rc<str>,
    /// Number of arguments, from the signature.
    pub arity: u32,
    /// The result is an effect: it acts when run, not when called.
    pub effect: bool,
    /// One letter for each argument: `b`orrowed (the caller keeps it) or `o`wned (the function may update it in place).
    /// All borrowed when the decorator does not say. A `?` behind them: it gives an Option, as the bare value or the
    /// machine's absent value.
    pub modes: Rc<str>,
}

impl Native {
    /// Whether the value of the Option that it gives comes bare.
    pub fn gives_option(&self) -> bool {
        self.modes.ends_with('?')
    }
}

/// A `@test` binding.
pub struct Test {
    /// The binding.
    pub global: GlobalId,
    /// The decorator's text.
    pub description: Rc<str>,
}

/// An expression.
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: TyId,
    /// Its place.
    pub span: Span,
}

/// Forms of expressions.
pub enum ExprKind {
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A text without holes.
    Text(Rc<str>),
    /// A character.
    Char(char),
    /// `()`
    Unit,
    /// A variable.
    Local(LocalId),
    /// A top-level binding.
    Global(GlobalId),
    /// A constructor: a value when it takes no arguments, else a function. `True` and `False` too.
    Constructor(ConstructorId),
    /// A function. Clause functions, sections and accessors end here as well.
    Lambda {
        /// At least one, all irrefutable.
        parameters: Vec<Pattern>,
        /// The body.
        body: Box<Expr>,
    },
    /// An application to one or more arguments; may be partial or more than saturated.
    Apply {
        /// The function.
        function: Box<Expr>,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// Bindings, then a result.
    Block {
        /// Irrefutable patterns and values, in order.
        bindings: Vec<(Pattern, Expr)>,
        /// The result.
        result: Box<Expr>,
    },
    /// A choice. In an effect type, either branch is an effect.
    If {
        /// A Bool.
        condition: Box<Expr>,
        /// When true.
        then: Box<Expr>,
        /// When false.
        otherwise: Box<Expr>,
    },
    /// Arms in order; exhaustive.
    Match {
        /// Evaluated once.
        subject: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// A primitive operation on scalars of known type, both operands evaluated.
    Primitive(Primitive, Vec<Expr>),
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a == b` (or `!=` when negated) on any type; operands have one type.
    Equal {
        /// `!=`
        negated: bool,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `option ?? fallback`
    Default(Box<Expr>, Box<Expr>),
    /// `result or fallback`: the Ok value, else the fallback.
    OrValue(Box<Expr>, Box<Expr>),
    /// `result or | Err p => e …`: patterns match the *error*; exhaustive.
    OrArms(Box<Expr>, Vec<Arm>),
    /// The texts of all parts, each of type Text, one after the other.
    Join(Vec<Expr>),
    /// `toText` inserted by a coercion.
    ToText(Box<Expr>),
    /// Two or more.
    Tuple(Vec<Expr>),
    /// A list.
    List(Vec<ListItem>),
    /// A record of the (closed) type of this expression; later items win; evaluated in order.
    Record(Vec<RecordItem>),
    /// `base.name`; the base's type may be an open record.
    Field {
        /// A record.
        base: Box<Expr>,
        /// The field.
        name: Symbol,
    },
    /// `base <| { … }` on fields that exist; items apply in order.
    Patch {
        /// A record.
        base: Box<Expr>,
        /// The items.
        items: Vec<PatchItem>,
    },
    /// `base[index]` (Tier 2)
    Index {
        /// A list or map, by its type.
        base: Box<Expr>,
        /// An index or key.
        index: Box<Expr>,
    },
    /// `pure e` made by the checker, as for the `Unit` branch of an `if` statement.
    Pure(Box<Expr>),
    /// `do Effect { … }`: an effect.
    Do(Body),
    /// `loop p = init => { … }`: an effect.
    Loop {
        /// The state, irrefutable.
        pattern: Pattern,
        /// The initial state.
        init: Box<Expr>,
        /// The iteration.
        body: Body,
    },
    /// `recurse e`: an effect, in tail position of the innermost loop's body.
    Recurse(Box<Expr>),
    /// `resource { … }`
    Resource {
        /// Before `yield`.
        setup: Vec<Statement>,
        /// What is yielded.
        value: Box<Expr>,
        /// After `yield`.
        cleanup: Vec<Statement>,
    },
    /// Reported.
    Error,
}

/// Statements, then the effect whose outcome is the block's.
pub struct Body {
    /// In order.
    pub statements: Vec<Statement>,
    /// An effect.
    pub result: Box<Expr>,
}

/// A statement of a block that runs.
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its place.
    pub span: Span,
}

/// Forms of statements.
pub enum StatementKind {
    /// `p <- e`: runs `e`. A refutable pattern that does not match is a fault.
    Bind {
        /// The pattern.
        pattern: Pattern,
        /// An effect.
        effect: Expr,
        /// `or …`
        fallback: Option<Fallback>,
    },
    /// `p <- r` with a resource: acquires it until the end of the block.
    Acquire {
        /// The pattern.
        pattern: Pattern,
        /// A resource.
        resource: Expr,
    },
    /// `p = e`
    Let {
        /// Irrefutable.
        pattern: Pattern,
        /// A value.
        value: Expr,
    },
    /// An effect whose value is dropped.
    Run(Expr),
}

/// `or …` after `<-`, when the effect fails.
pub enum Fallback {
    /// The value instead.
    Value(Expr),
    /// Arms on the bare error; an error that none matches is passed on.
    Arms(Vec<FallbackArm>),
}

/// An arm of `or` after `<-`.
pub struct FallbackArm {
    /// The arm.
    pub arm: Arm,
    /// The body is an effect to be run.
    pub runs: bool,
}

/// `pattern [when guard] => body`; `unless` is already negated.
pub struct Arm {
    /// The pattern.
    pub pattern: Pattern,
    /// The guard.
    pub guard: Option<Expr>,
    /// The body.
    pub body: Expr,
    /// Its place.
    pub span: Span,
}

/// An item of a list.
pub enum ListItem {
    /// One element.
    Item(Expr),
    /// All elements of a list.
    Spread(Expr),
    /// The integers from the first to the second, inclusive.
    Range(Expr, Expr),
}

/// An item of a record.
pub enum RecordItem {
    /// A field.
    Field(Symbol, Expr),
    /// All fields of a record of known type.
    Spread(Expr),
}

/// An instruction of a patch: the fields that lead to the place, then what happens there.
pub struct PatchItem {
    /// At least one field.
    pub path: Vec<Symbol>,
    /// What happens.
    pub action: PatchAction,
}

/// What happens to the old value.
pub enum PatchAction {
    /// Replaced by this value.
    Store(Expr),
    /// Replaced by this function of it.
    Transform(Expr),
}

/// A pattern.
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Type of the values that it is matched against.
    pub ty: TyId,
    /// Its place.
    pub span: Span,
}

/// Forms of patterns.
pub enum PatternKind {
    /// Matches everything.
    Wildcard,
    /// Binds everything.
    Local(LocalId),
    /// Binds the whole, and matches.
    As(LocalId, Box<Pattern>),
    /// A constructor with all its arguments.
    Constructor(ConstructorId, Vec<Pattern>),
    /// An integer.
    Int(i64),
    /// A text.
    Text(Rc<str>),
    /// A character.
    Char(char),
    /// `()`
    Unit,
    /// Two or more.
    Tuple(Vec<Pattern>),
    /// Exactly these items, or at least these when there is a rest.
    List {
        /// Items at the head.
        items: Vec<Pattern>,
        /// The rest: absent, ignored, or bound.
        rest: Option<Option<LocalId>>,
    },
    /// Some fields of a record, which may be open.
    Record(Vec<(Symbol, Pattern)>),
    /// Reported.
    Error,
}

/// Operations on scalars. Operand and result types are part of the name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Primitive {
    AddInt,
    SubtractInt,
    MultiplyInt,
    /// Faults on zero.
    DivideInt,
    /// Faults on zero.
    RemainderInt,
    NegateInt,
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    DivideFloat,
    RemainderFloat,
    NegateFloat,
    LessInt,
    LessEqualInt,
    GreaterInt,
    GreaterEqualInt,
    LessFloat,
    LessEqualFloat,
    GreaterFloat,
    GreaterEqualFloat,
    /// On Text or Char, by code point.
    LessText,
    LessEqualText,
    GreaterText,
    GreaterEqualText,
    Not,
    /// `xs ++ ys` on lists.
    ConcatList,
}
