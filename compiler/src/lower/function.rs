//! One proto in the making: registers, names, and the way from operations to the finished proto.
//!
//! Registers are handed out like a stack: what an expression needs lies above what is in use around it, and is given
//! back when the expression is done. A variable keeps its register until its scope ends.

use std::collections::HashMap;
use std::rc::Rc;

use aivi_bytecode::module::{Constant, Proto};
use aivi_bytecode::{ConstId, Count, Instruction, ProtoId, Reg};

use super::ahead::Ahead;
use super::code::{Class, Code, Label, Op};
use super::entries::Taken;
use super::free::Uses;
use super::loops::Loop;
use super::ownership::resolve;
use super::program::{Callee, Lowering, peel, raw};
use super::repr::{Repr, effect_result, repr};
use super::resource::Cleanup;
use crate::check::builtin;
use crate::check::types::TyId;
use crate::core::{ConstructorId, Expr, LocalId, Pattern, PatternKind, Program};
use crate::syntax::{Span, Symbol};

/// Registers of one proto; a few less than operands can name.
const REGISTERS_MAX: u32 = 32_000;
/// Values that one closure captures: what the `closure` instruction can count.
const CAPTURES_MAX: usize = 255;

/// What a proto expects and does.
#[derive(Clone, Default, Debug)]
pub(super) struct Signature {
    /// It is an effect: calling it performs.
    pub effect: bool,
    /// How each parameter arrives.
    pub parameters: Vec<Repr>,
}

impl Signature {
    pub(super) fn of(program: &Program, parameters: &[&Pattern], body: &Expr) -> Signature {
        Signature {
            effect: effect_result(program, body.ty).is_some(),
            parameters: parameters.iter().map(|pattern| repr(program, pattern.ty)).collect(),
        }
    }

    pub(super) fn arity(&self) -> usize {
        self.parameters.len()
    }
}

/// Where a variable is.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// In a register.
    Reg(Reg),
    /// Nowhere: it is a function without captures.
    Function(Callee),
    /// The register holds a closure of a known function.
    Closure(Reg, Callee),
    /// Of an Option: the register holds what `Some` would, or the absent value.
    Bare(Reg, Repr),
}

impl Binding {
    fn reg(&self) -> Option<Reg> {
        match self {
            Binding::Reg(reg) | Binding::Closure(reg, _) | Binding::Bare(reg, _) => Some(*reg),
            Binding::Function(_) => None,
        }
    }
}

/// A variable and where it is.
pub(super) type Bound = (LocalId, Binding);

/// What becomes of an expression's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dest {
    /// The proto returns it.
    Return,
    /// It goes into the register, which holds nothing yet.
    Into(Reg),
    /// Nobody wants it.
    Ignore,
    /// Of an Option: what `Some` holds goes into the register, which holds nothing yet; None goes on at `none`.
    Held {
        /// The register.
        into: Reg,
        /// How it holds what `Some` does.
        held: Repr,
        /// Where to go on.
        none: Label,
    },
}

/// A call of a proto by itself that can be a jump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub proto: ProtoId,
    pub start: Label,
}

/// A proto in the making.
pub(super) struct Function<'l, 'p> {
    pub lowering: &'l mut Lowering<'p>,
    pub program: &'p Program,
    pub code: Code,
    pub top: u32,
    registers: u32,
    pub env: HashMap<LocalId, Binding>,
    pub loops: Vec<Loop>,
    /// Types of the variables that lowering made, which are numbered from the other end.
    unnamed: Vec<TyId>,
    pub cleanups: Vec<Cleanup>,
    pub own: Option<Own>,
    /// Fields of a record under construction that are read for the last time: moved out rather than copied.
    pub moving: Vec<(LocalId, Symbol)>,
    /// What was moved out of a map, to be put back.
    pub taken: Option<Taken>,
    /// The list that the innermost test around found empty, and the operation behind the test.
    pub emptied: Option<(Reg, usize)>,
    /// Fields of records that are in registers.
    pub ahead: Ahead,
    pub proto: Proto,
    arguments: Vec<(Reg, Class)>,
    /// The top-level name that names of inner protos start with.
    pub name: String,
    span: Span,
}

impl<'l, 'p> Function<'l, 'p> {
    pub(super) fn new(lowering: &'l mut Lowering<'p>, name: String, span: Span) -> Self {
        let program = lowering.program;
        let mut code = Code::default();
        code.offset = span.start;
        let proto = Proto { name: name.clone(), ..Proto::default() };
        Function {
            lowering,
            program,
            code,
            top: 0,
            registers: 0,
            env: HashMap::new(),
            loops: Vec::new(),
            unnamed: Vec::new(),
            cleanups: Vec::new(),
            own: None,
            moving: Vec::new(),
            taken: None,
            emptied: None,
            ahead: Ahead::default(),
            proto,
            arguments: Vec::new(),
            name,
            span,
        }
    }

    /// Compiles a function or effect; `captured` variables arrive as fields of the closure.
    pub(super) fn compile_body(
        &mut self,
        parameters: &[&Pattern],
        body: &Expr,
        captured: &[Bound],
        own: Option<ProtoId>,
    ) {
        let signature = Signature::of(self.program, parameters, body);
        self.start(&signature, captured, 0);
        if let Some(proto) = own {
            let start = self.code.label();
            self.code.push(Op::Bind(start));
            self.own = Some(Own { proto, start });
        }
        for (index, pattern) in parameters.iter().enumerate() {
            self.bind(pattern, Reg(index as u16));
        }
        self.emit_body(body, signature.effect, Dest::Return);
    }

    /// Registers for parameters and captures: variables, and `more` values without names, whose first register it
    /// gives.
    pub(super) fn start(&mut self, signature: &Signature, captured: &[Bound], more: usize) -> Reg {
        let arity = signature.arity();
        let first = self.alloc(arity);
        for (index, parameter) in signature.parameters.iter().enumerate() {
            self.arguments.push((Reg(first.0 + index as u16), parameter.class()));
        }
        self.proto.parameters = arity as u16;
        self.proto.effect = signature.effect;
        self.proto.raw = raw(&signature.parameters);
        let fields = captured.iter().map(|(id, _)| self.local_repr(*id).class()).collect();
        let first = self.capture(fields, more);
        for (index, (id, binding)) in captured.iter().enumerate() {
            let reg = Reg(first.0 + index as u16);
            let binding = match binding {
                Binding::Closure(_, callee) => Binding::Closure(reg, callee.clone()),
                _ => Binding::Reg(reg),
            };
            self.env.insert(*id, binding);
        }
        Reg(first.0 + captured.len() as u16)
    }

    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Starts an effect without parameters that captures `count` values without names; they are in the registers from
    /// the one that it gives.
    pub(super) fn start_capturing(&mut self, count: usize) -> Reg {
        self.start(&Signature { effect: true, parameters: Vec::new() }, &[], count)
    }

    /// Registers for captured values: variables of these classes, and `more` values that have no names.
    fn capture(&mut self, mut fields: Vec<Class>, more: usize) -> Reg {
        fields.extend(std::iter::repeat_n(Class::Owned, more));
        self.proto.captures = fields.len() as u8;
        let closure = self.alloc(usize::from(!fields.is_empty()));
        let first = self.alloc(fields.len());
        if !fields.is_empty() {
            self.arguments.push((closure, Class::Owned));
            self.code.push(Op::Unpack { object: closure, first, fields: fields.into() });
        }
        first
    }

    /// The finished proto.
    pub(super) fn finish(self) -> Proto {
        let Function { lowering, mut code, registers, mut proto, arguments, span, .. } = self;
        if registers > REGISTERS_MAX {
            lowering.error(span, "this function needs more than 32,000 registers");
            return proto;
        }
        proto.registers = registers as u16;
        let assembled = resolve(&mut code, registers as usize, &arguments);
        if !assembled.mistakes.is_empty() && lowering.errors.is_empty() {
            debug_assert!(false, "{}: {:?}\n{}", proto.name, assembled.mistakes, code.dump());
            lowering.error(span, &format!("this function cannot be compiled: {}", assembled.mistakes[0]));
        }
        if let Some(source) = lowering.source(span.file) {
            assembled.finish(&mut proto, span.file.0, source);
        }
        proto
    }

    /// `count` registers in a row on top of those in use.
    pub(super) fn alloc(&mut self, count: usize) -> Reg {
        let first = self.top.min(REGISTERS_MAX);
        self.top = first.saturating_add(count as u32).min(REGISTERS_MAX + 1);
        self.registers = self.registers.max(self.top);
        Reg(first as u16)
    }

    /// The first register of a window whose result is wanted in `dst`: `dst` itself when nothing lies above it.
    pub(super) fn window(&mut self, dst: Reg) -> Reg {
        if u32::from(dst.0) + 1 == self.top {
            self.top -= 1;
        }
        Reg(self.top.min(REGISTERS_MAX) as u16)
    }

    /// After a computation in a window at `base` that was made for `dst`.
    pub(super) fn settle(&mut self, base: Reg, dst: Reg) {
        if base != dst {
            self.code.push(Op::Take { dst, src: base });
        }
    }

    pub(super) fn act(&mut self, class: Class, instruction: Instruction) {
        self.code.act(class, instruction);
    }

    pub(super) fn repr(&self, ty: TyId) -> Repr {
        repr(self.program, ty)
    }

    pub(super) fn local_repr(&self, id: LocalId) -> Repr {
        let known = self.program.locals.get(id.0 as usize).map(|local| local.ty);
        self.repr(known.unwrap_or_else(|| self.unnamed[(u32::MAX - id.0) as usize]))
    }

    /// A variable that no program named.
    pub(super) fn fresh(&mut self, ty: TyId) -> LocalId {
        self.unnamed.push(ty);
        LocalId(u32::MAX - (self.unnamed.len() - 1) as u32)
    }

    /// How the outcome of an expression is held: its value, or what running it gives.
    pub(super) fn outcome(&self, ty: TyId, run: bool) -> Repr {
        match effect_result(self.program, ty) {
            // Running a resource gives a pair.
            Some(_) if run && self.program.types.head(ty) == Some(builtin::RESOURCE) => Repr::Counted,
            Some(result) if run => self.repr(result),
            _ => self.repr(ty),
        }
    }

    pub(super) fn constant(&mut self, dst: Reg, constant: Constant) {
        let scalar = matches!(constant, Constant::Int(_) | Constant::Float(_) | Constant::Char(_) | Constant::Bool(_));
        let value = self.lowering.constant(constant);
        self.act(if scalar { Class::Tagged } else { Class::Plain }, Instruction::Const { dst, value });
    }

    pub(super) fn text_constant(&mut self, text: &str) -> ConstId {
        self.lowering.constant(Constant::Text(text.into()))
    }

    pub(super) fn fault(&mut self, message: &str) {
        let message = self.text_constant(message);
        self.act(Class::Plain, Instruction::Fault { message });
    }

    /// Returns what is in `reg`.
    pub(super) fn give_back(&mut self, reg: Reg, repr: Repr) {
        let instruction = self.code.unmake(reg).unwrap_or(match repr {
            Repr::Scalar(kind) => Instruction::ReturnScalar { kind, src: reg },
            Repr::Plain | Repr::Counted => Instruction::Return { src: reg },
        });
        self.act(Class::Plain, instruction);
    }

    /// Computes a value that is held as `repr` says with `write`, and does with it what `dest` says.
    pub(super) fn deliver(&mut self, dest: Dest, repr: Repr, write: impl FnOnce(&mut Self, Reg)) {
        if let Dest::Into(dst) = dest {
            return write(self, dst);
        }
        let mark = self.top;
        let reg = self.alloc(1);
        write(self, reg);
        match dest {
            Dest::Return => self.give_back(reg, repr),
            Dest::Held { into, held, none } => self.open_some(reg, into, held, none),
            Dest::Into(_) | Dest::Ignore => {}
        }
        self.top = mark;
    }

    /// Variables of this proto that code outside its own scope needs: to be captured, or known functions.
    fn captures(&self, used: Vec<LocalId>) -> (Vec<Bound>, Vec<Bound>) {
        let bound = used.into_iter().filter_map(|id| self.env.get(&id).map(|binding| (id, binding.clone())));
        bound.partition(|(_, binding)| binding.reg().is_some())
    }

    /// Compiles an inner proto that uses the variables `used`; gives it and the variables to capture.
    pub(super) fn inner(
        &mut self,
        used: Vec<LocalId>,
        span: Span,
        compile: impl FnOnce(&mut Function<'_, 'p>, &[Bound]),
    ) -> (ProtoId, Vec<LocalId>) {
        let (captured, known) = self.captures(used);
        if captured.len() > CAPTURES_MAX {
            self.lowering.error(span, "this function uses more than 255 variables from around it");
            return (ProtoId(0), Vec::new());
        }
        let proto = self.lowering.reserve();
        let name = format!("{}/{}", self.name, self.lowering.line(span));
        let mut function = Function::new(self.lowering, self.name.clone(), span);
        function.proto.name = name;
        function.env.extend(known);
        compile(&mut function, &captured);
        let done = function.finish();
        self.lowering.module.protos[proto.0 as usize] = done;
        (proto, captured.into_iter().map(|(id, _)| id).collect())
    }

    /// Compiles a lambda.
    pub(super) fn lambda(&mut self, expr: &Expr) -> (Callee, Vec<LocalId>) {
        let (parameters, body) = peel(expr);
        let signature = Rc::new(Signature::of(self.program, &parameters, body));
        let (proto, captures) = self.inner(Uses::of(expr), expr.span, |function, captured| {
            function.compile_body(&parameters, body, captured, None);
        });
        (Callee { proto, signature }, captures)
    }

    /// R[dst] := the function of `proto` that captures the variables and, after them, what is in `more`.
    pub(super) fn closure(&mut self, proto: ProtoId, captures: &[LocalId], more: &[Reg], dst: Reg) {
        if captures.is_empty() && more.is_empty() {
            return self.constant(dst, Constant::Function(proto));
        }
        let mark = self.top;
        let base = self.window(dst);
        for &id in captures {
            let reg = self.alloc(1);
            self.load(id, reg);
            if let Repr::Scalar(kind) = self.local_repr(id) {
                self.code.push(Op::Tag(kind, reg));
            }
        }
        for &src in more {
            let reg = self.alloc(1);
            self.code.push(Op::Take { dst: reg, src });
        }
        let instruction = Instruction::Closure { count: Count((captures.len() + more.len()) as u8), reg: base, proto };
        self.act(Class::Owned, instruction);
        self.top = mark;
        self.settle(base, dst);
    }

    /// R[dst] := a variable's value.
    pub(super) fn load(&mut self, id: LocalId, dst: Reg) {
        match self.env.get(&id).cloned() {
            Some(Binding::Reg(src) | Binding::Closure(src, _)) if src == dst => {}
            Some(Binding::Reg(src) | Binding::Closure(src, _)) => {
                let scalar = self.local_repr(id).scalar().is_some();
                self.code.push(if scalar { Op::Scalar { dst, src } } else { Op::Take { dst, src } });
            }
            Some(Binding::Function(callee)) => self.constant(dst, Constant::Function(callee.proto)),
            Some(Binding::Bare(src, held)) => self.option_of(src, held, dst),
            None => self.lost(id),
        }
    }

    /// A variable without a place: the checker resolves all names, so this cannot happen.
    fn lost(&mut self, id: LocalId) {
        let name = self.program.interner.text(self.program.locals[id.0 as usize].name);
        self.lowering.error(self.span, &format!("variable `{name}` has no place"));
    }

    /// Makes `id` another name of what is in `reg`.
    pub(super) fn name_local(&mut self, id: LocalId, reg: Reg) {
        self.env.insert(id, Binding::Reg(reg));
    }

    /// `p = e`
    pub(super) fn bind_value(&mut self, pattern: &Pattern, value: &Expr) {
        use crate::core::ExprKind;
        match (&pattern.kind, &value.kind) {
            (PatternKind::Local(id), ExprKind::Lambda { .. }) => {
                let (callee, captures) = self.lambda(value);
                let binding = if captures.is_empty() {
                    Binding::Function(callee)
                } else {
                    let reg = self.alloc(1);
                    self.closure(callee.proto, &captures, &[], reg);
                    Binding::Closure(reg, callee)
                };
                self.env.insert(*id, binding);
            }
            (PatternKind::Local(id), ExprKind::Local(other)) if self.env.contains_key(other) => {
                let binding = self.env[other].clone();
                self.env.insert(*id, binding);
            }
            (PatternKind::Tuple(patterns), ExprKind::Tuple(values)) => {
                for (pattern, value) in patterns.iter().zip(values) {
                    self.bind_value(pattern, value);
                }
            }
            _ => {
                let reg = self.alloc(1);
                self.emit(value, false, Dest::Into(reg));
                self.bind(pattern, reg);
            }
        }
    }

    /// A proto that applies a constructor to its parameters.
    pub(super) fn compile_constructor(&mut self, id: ConstructorId) {
        let arity = self.program.constructors[id.0 as usize].arity as usize;
        self.start(&Signature { effect: false, parameters: vec![Repr::Counted; arity] }, &[], 0);
        let shape = self.lowering.constructor_shape(id);
        let (count, dst) = (Count(arity as u8), Reg(0));
        self.act(Class::Owned, Instruction::New { count, dst, first: Reg(0), shape });
        self.act(Class::Plain, Instruction::Return { src: dst });
    }
}
