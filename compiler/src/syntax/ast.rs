//! Syntax tree nodes.
//!
//! Every node carries its span. Where the source was wrong the parser has reported a diagnostic and leaves an `Error`
//! node, so that later passes go on without reporting the same mistake again.
//!
//! Two things are decided while parsing because they depend on syntax alone: the extent of a placeholder section
//! (`ExprKind::Section` around an expression that contains `ExprKind::Placeholder`), and application by adjacency.

use super::{Span, Symbol};

/// A name where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    /// The interned text.
    pub symbol: Symbol,
    /// Its place.
    pub span: Span,
}

/// A dotted module path.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    /// At least one segment.
    pub segments: Vec<Name>,
    /// From the first to the last segment.
    pub span: Span,
}

/// One source file: its module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// Decorators before `module`.
    pub decorators: Vec<Decorator>,
    /// The module's path; `None` when the header is missing (reported as E2006).
    pub path: Option<Path>,
    /// Items in source order.
    pub items: Vec<Item>,
    /// Names that items of which little was understood may define or import.
    pub lost: Vec<Symbol>,
}

/// A top-level item.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// `export` in front of the declaration.
    pub exported: bool,
    /// Decorators in front.
    pub decorators: Vec<Decorator>,
    /// It was read with mistakes: its tree may not be what was meant.
    pub broken: bool,
    /// Its place, decorators included.
    pub span: Span,
}

/// `@name argument`.
#[derive(Clone, PartialEq, Debug)]
pub struct Decorator {
    /// The name after `@`.
    pub name: Name,
    /// The argument, if any.
    pub argument: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// Top-level declarations.
#[derive(Clone, PartialEq, Debug)]
pub enum ItemKind {
    /// `export *`
    ExportAll,
    /// `export a, T, domain D`
    Export(Vec<ImportItem>),
    /// `use path …`
    Use(Use),
    /// `name : Type`
    Signature(Signature),
    /// `pattern = expr`
    Binding(Binding),
    /// A type declaration.
    Type(TypeDecl),
    /// `domain D over C = { … }`
    Domain(DomainDecl),
    /// Reported.
    Error,
}

/// `use path [as q | (items) | hiding (items)]`
#[derive(Clone, PartialEq, Debug)]
pub struct Use {
    /// The module.
    pub path: Path,
    /// What of it.
    pub what: UseKind,
}

/// The forms of `use`.
#[derive(Clone, PartialEq, Debug)]
pub enum UseKind {
    /// Everything, unqualified.
    All,
    /// `as name`
    As(Name),
    /// `(a, b as c)`
    Only(Vec<ImportItem>),
    /// `hiding (a)`
    Hiding(Vec<ImportItem>),
}

/// One name of an import or export list.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportItem {
    /// `domain` stands in front.
    pub domain: bool,
    /// The name.
    pub name: Name,
    /// `as alias`
    pub alias: Option<Name>,
}

/// `name : Type`
#[derive(Clone, PartialEq, Debug)]
pub struct Signature {
    /// The name; for an operator of a domain its symbol, as in `+`.
    pub name: Name,
    /// The type.
    pub ty: Type,
}

/// `pattern = value`. A function by clauses (`f = | p => …`) has a value of kind `ExprKind::Clauses`.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The left side.
    pub pattern: Pattern,
    /// The right side.
    pub value: Expr,
    /// Both sides.
    pub span: Span,
}

/// `[opaque] T A B [= …]`
#[derive(Clone, PartialEq, Debug)]
pub struct TypeDecl {
    /// `opaque` stands in front.
    pub opaque: bool,
    /// The type's name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Name>,
    /// The right side.
    pub body: TypeBody,
}

/// Right sides of type declarations.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeBody {
    /// No right side.
    Abstract,
    /// At least one constructor, with a leading or separating `|`.
    Sum(Vec<ConstructorDecl>),
    /// No `|`: an alias, or a sum type with one constructor when the head names no type in scope [D-7].
    AliasOrSum(Type),
    /// `Type !`
    Branded(Type),
}

/// `Name TAtom…`
#[derive(Clone, PartialEq, Debug)]
pub struct ConstructorDecl {
    /// The constructor's name.
    pub name: Name,
    /// Types of its arguments.
    pub arguments: Vec<Type>,
    /// Its place.
    pub span: Span,
}

/// `domain D over C = { … }`
#[derive(Clone, PartialEq, Debug)]
pub struct DomainDecl {
    /// The domain's name.
    pub name: Name,
    /// The carrier.
    pub carrier: Type,
    /// Helper types, signatures, operator and suffix definitions.
    pub items: Vec<DomainItem>,
}

/// What a domain's body holds.
#[derive(Clone, PartialEq, Debug)]
pub enum DomainItem {
    /// A helper type.
    Type(TypeDecl),
    /// A signature; operators are named by their symbol.
    Signature(Signature),
    /// A function or operator.
    Binding(Binding),
    /// `1ms : Delta`
    SuffixSignature {
        /// The suffix.
        suffix: Name,
        /// The type.
        ty: Type,
    },
    /// `1ms = Millisecond 1`
    Suffix {
        /// The suffix.
        suffix: Name,
        /// The template; the literal `1` in it is the hole.
        value: Expr,
    },
}

/// A type as written.
#[derive(Clone, PartialEq, Debug)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Its place.
    pub span: Span,
}

/// Forms of types.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeKind {
    /// `Int`, `text.Encoding`: a name, perhaps qualified, upper case.
    Constructor {
        /// Qualifying segments, often none.
        qualifier: Vec<Name>,
        /// The name.
        name: Name,
    },
    /// A lower-case type variable.
    Variable(Name),
    /// `F A B`
    Apply(Box<Type>, Vec<Type>),
    /// `A -> B`
    Function(Box<Type>, Box<Type>),
    /// `{ a: T, … }`
    Record(Vec<(Name, Type)>),
    /// Two or more.
    Tuple(Vec<Type>),
    /// `()`
    Unit,
    /// `A with B` (Tier 2)
    With(Box<Type>, Box<Type>),
    /// `A |> F` (Tier 2)
    Pipe(Box<Type>, Box<Type>),
    /// `*`
    Star,
    /// Reported.
    Error,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// Forms of expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// `42`
    Int(i64),
    /// `4.2`
    Float(f64),
    /// `500ms`
    Suffixed {
        /// The number.
        number: Number,
        /// The suffix, `%` included.
        suffix: Name,
    },
    /// `(e)ms`
    SuffixApply {
        /// The parenthesised expression.
        value: Box<Expr>,
        /// The suffix.
        suffix: Name,
    },
    /// A text literal with its holes.
    Text(Vec<TextPart>),
    /// `'x'`
    Char(char),
    /// `()`
    Unit,
    /// A lower-case or upper-case name without qualifier.
    Name(Name),
    /// `List.map`, `A.b.C`: upper-case segments joined by dots, the last one of either case. `r.f` and `text.length`
    /// are `Field`: only name resolution can tell them apart.
    Qualified(Vec<Name>),
    /// `_`, somewhere inside a `Section`.
    Placeholder,
    /// A placeholder section: a function of one parameter, which every `Placeholder` that belongs to it denotes.
    Section(Box<Expr>),
    /// `.name`
    Accessor(Name),
    /// `(e)`; kept for the formatter.
    Paren(Box<Expr>),
    /// Two or more.
    Tuple(Vec<Expr>),
    /// `[a, ...xs, 1..n]`
    List(Vec<ListItem>),
    /// `{ ...r, f: v }`
    Record(Vec<RecordItem>),
    /// `{ x = 1 \n e }`
    Block(Block),
    /// `do M { … }`
    Do {
        /// `Effect`, or another type constructor (Tier 2).
        monad: Name,
        /// Statements.
        statements: Vec<Statement>,
    },
    /// `generate { … }` (Tier 2)
    Generate(Vec<Statement>),
    /// `resource { … }`
    Resource(Vec<Statement>),
    /// `patch { … }` (Tier 2)
    PatchFunction(Vec<PatchItem>),
    /// `~map{ … }` (Tier 2)
    MapLiteral(Vec<MapItem>),
    /// `~set[ … ]` (Tier 2)
    SetLiteral(Vec<ListItem>),
    /// A raw sigil: name (perhaps empty) and body. The raw text has an empty name.
    Sigil {
        /// The name, if any.
        name: Option<Name>,
        /// The text between the delimiters, margins removed.
        body: String,
    },
    /// `p q => e`
    Lambda {
        /// At least one.
        parameters: Vec<Pattern>,
        /// The body.
        body: Box<Expr>,
    },
    /// `| p => e | q => f` on the right of a binding: a function of one argument.
    Clauses(Vec<Arm>),
    /// `if c then a else b`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// When true.
        then: Box<Expr>,
        /// When false.
        otherwise: Box<Expr>,
    },
    /// `recurse e`
    Recurse(Box<Expr>),
    /// `e match | …`
    Match {
        /// The subject.
        subject: Box<Expr>,
        /// At least one arm.
        arms: Vec<Arm>,
    },
    /// `e or fallback`; after `<-` the statement holds the fallback instead.
    Or {
        /// A `Result`.
        value: Box<Expr>,
        /// What to do about an `Err`.
        fallback: Box<Fallback>,
    },
    /// `a + b`, `xs |> f`, …
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its place.
        op_span: Span,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `!a`, `-a`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `f a b`, all arguments at once.
    Apply {
        /// What is applied.
        function: Box<Expr>,
        /// At least one.
        arguments: Vec<Expr>,
    },
    /// `e.name`; also a qualified name whose qualifier is lower case.
    Field {
        /// The record, or the qualifier.
        base: Box<Expr>,
        /// The field.
        name: Name,
    },
    /// `e[i]` (Tier 2)
    Index {
        /// The list or map.
        base: Box<Expr>,
        /// Index or key.
        index: Box<Expr>,
    },
    /// `e <| { … }`
    Patch {
        /// The record.
        base: Box<Expr>,
        /// Instructions, in order.
        items: Vec<PatchItem>,
    },
    /// Reported.
    Error,
}

/// The number of a suffixed literal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Number {
    /// `5` in `5ms`
    Int(i64),
    /// `1.5` in `1.5s`
    Float(f64),
}

/// Infix operators, `|>` and `??` included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum BinaryOp {
    PipeForward,
    Default,
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Concat,
    Multiply,
    Times,
    Divide,
    Remainder,
}

impl BinaryOp {
    /// How it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::PipeForward => "|>",
            BinaryOp::Default => "??",
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Concat => "++",
            BinaryOp::Multiply => "*",
            BinaryOp::Times => "×",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }
}

/// Prefix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Not,
    Negate,
}

impl UnaryOp {
    /// How it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            UnaryOp::Not => "!",
            UnaryOp::Negate => "-",
        }
    }
}

/// A piece of a text literal.
#[derive(Clone, PartialEq, Debug)]
pub enum TextPart {
    /// Text, escapes resolved.
    Literal(String),
    /// `{ e }`
    Hole(Expr),
}

/// An item of a list literal.
#[derive(Clone, PartialEq, Debug)]
pub enum ListItem {
    /// `e`
    Item(Expr),
    /// `...e`
    Spread(Expr),
    /// `a..b`
    Range(Expr, Expr),
}

/// An item of a record literal.
#[derive(Clone, PartialEq, Debug)]
pub enum RecordItem {
    /// `name: e`
    Field(Name, Expr),
    /// `...e`
    Spread(Expr),
}

/// An item of a map literal.
#[derive(Clone, PartialEq, Debug)]
pub enum MapItem {
    /// `k => v`
    Entry(Expr, Expr),
    /// `...e`
    Spread(Expr),
}

/// One instruction of a patch.
#[derive(Clone, PartialEq, Debug)]
pub struct PatchItem {
    /// Where.
    pub path: Vec<PatchSegment>,
    /// What.
    pub action: PatchAction,
    /// Its place.
    pub span: Span,
}

/// A step of a patch path.
#[derive(Clone, PartialEq, Debug)]
pub enum PatchSegment {
    /// `name` or `Constructor`
    Name(Name),
    /// `[*]`
    Every(Span),
    /// `[e]`
    Index(Expr),
}

/// What a patch instruction does.
#[derive(Clone, PartialEq, Debug)]
pub enum PatchAction {
    /// A value, or a function of the old value, by type.
    Apply(Expr),
    /// `:= e`, always a value.
    Store(Expr),
    /// `-`
    Remove,
}

/// `| pattern [when guard] => body`
#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    /// The pattern.
    pub pattern: Pattern,
    /// The guard; `unless g` has `negated` set.
    pub guard: Option<Guard>,
    /// The body.
    pub body: Expr,
    /// From `|` to the body's end.
    pub span: Span,
}

/// `when e`, `unless e`
#[derive(Clone, PartialEq, Debug)]
pub struct Guard {
    /// `unless`
    pub negated: bool,
    /// The condition.
    pub condition: Expr,
}

/// The right side of `or`.
#[derive(Clone, PartialEq, Debug)]
pub enum Fallback {
    /// `or e`
    Value(Expr),
    /// `or | …`
    Arms(Vec<Arm>),
}

/// `{ bindings… result }`
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Local bindings, in order.
    pub bindings: Vec<Binding>,
    /// The result; `Unit` without one.
    pub result: Option<Box<Expr>>,
}

/// A statement of a `do`, `generate` or `resource` block.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its place.
    pub span: Span,
}

/// Forms of statements.
#[derive(Clone, PartialEq, Debug)]
pub enum StatementKind {
    /// `p <- e [or …]`
    Bind {
        /// The pattern.
        pattern: Pattern,
        /// An effect, a resource, or a generator's source.
        value: Expr,
        /// `or …` of the effect.
        fallback: Option<Box<Fallback>>,
    },
    /// `p = e`
    Let(Binding),
    /// An expression; the last one is the block's result.
    Expr(Expr),
    /// `when c <- e`, `unless c <- e`
    When {
        /// `unless`
        negated: bool,
        /// The condition.
        condition: Expr,
        /// The effect.
        effect: Expr,
    },
    /// `given c or e`
    Given {
        /// The condition.
        condition: Expr,
        /// Run when it is false.
        otherwise: Expr,
    },
    /// `loop p = init => { … }`
    Loop {
        /// The state's pattern.
        pattern: Pattern,
        /// The initial state.
        init: Expr,
        /// The body.
        body: Vec<Statement>,
    },
    /// `yield e`
    Yield(Expr),
    /// `x -> predicate` (Tier 2)
    Filter {
        /// The element's name.
        name: Name,
        /// The predicate.
        predicate: Expr,
    },
    /// Reported.
    Error,
}

/// A pattern.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Its place.
    pub span: Span,
}

/// Forms of patterns.
#[derive(Clone, PartialEq, Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A variable.
    Name(Name),
    /// `name as pattern`
    As(Name, Box<Pattern>),
    /// `Ok x`, `m.C x`; arguments as written, so constructor chains are not yet grouped [D-16].
    Constructor {
        /// Qualifying segments, often none.
        qualifier: Vec<Name>,
        /// The constructor.
        name: Name,
        /// Atoms that follow.
        arguments: Vec<Pattern>,
    },
    /// `42`, `-1`
    Int(i64),
    /// `4.2`: reported by the resolver, Float patterns are rejected.
    Float(f64),
    /// `"x"`, without holes.
    Text(String),
    /// `'x'`
    Char(char),
    /// `()`
    Unit,
    /// Two or more.
    Tuple(Vec<Pattern>),
    /// `[a, b]`, `[a, ...rest]`
    List {
        /// Items before the rest.
        items: Vec<Pattern>,
        /// `...`: `Some(None)` ignores the rest, `Some(Some(name))` binds it.
        rest: Option<Option<Name>>,
    },
    /// `{ a, b: p, c.d, e as p }`
    Record(Vec<FieldPattern>),
    /// Reported.
    Error,
}

/// A field of a record pattern.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldPattern {
    /// `a.b.c`, at least one segment.
    pub path: Vec<Name>,
    /// What follows the path.
    pub kind: FieldPatternKind,
}

/// What follows the path of a field pattern.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldPatternKind {
    /// Nothing: binds the last segment.
    Bind,
    /// `: p`
    Match(Pattern),
    /// `as p`: binds the last segment and matches `p`.
    BindAndMatch(Pattern),
}
