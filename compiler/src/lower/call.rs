//! Calls: known callees directly, everything else through a function value.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Count, Instruction, Reg};

use super::code::{Action, Class, Op};
use super::function::{Binding, Dest, Function};
use super::peek::Shown;
use super::program::{Callee, Named, peel};
use super::repr::Repr;
use crate::check::types::TyId;
use crate::core::{ConstructorId, Expr, ExprKind, Native};

/// Arguments that one instruction can count; more are applied in steps.
const ARGUMENTS_MAX: usize = 200;

/// A function value in a register.
#[derive(Clone, Copy)]
enum Head {
    /// A variable's: it stays.
    Variable(Reg),
    /// Made for this call.
    Temporary(Reg),
}

impl Function<'_, '_> {
    /// An application, to be performed when `run`.
    pub(super) fn apply(&mut self, expr: &Expr, function: &Expr, arguments: &[Expr], run: bool, dest: Dest) {
        let mut head = function;
        let mut all: Vec<&Expr> = arguments.iter().collect();
        while let ExprKind::Apply { function, arguments } = &head.kind {
            all.splice(0..0, arguments);
            head = function;
        }
        let mark = self.top;
        let outcome = self.outcome(expr.ty, run);
        match &head.kind {
            ExprKind::Lambda { .. } if peel(head).0.len() == all.len() => {
                let (parameters, body) = peel(head);
                for (parameter, argument) in parameters.into_iter().zip(all) {
                    self.bind_value(parameter, argument);
                }
                self.emit(body, run, dest);
            }
            ExprKind::Constructor(id) => self.construct(*id, &all, outcome, dest),
            ExprKind::Global(id) if self.each(*id, &all, outcome, run, dest) => {}
            ExprKind::Global(id) => match self.lowering.named(*id) {
                Named::Callee(callee) => self.call_known(&callee, None, &all, outcome, run, dest),
                Named::Native(native) if all.len() >= native.arity as usize && (run || !native.effect) => {
                    self.call_native(native, &all, expr.ty, run, dest);
                }
                Named::Native(_) => {
                    let callee = self.lowering.callee(*id);
                    self.call_known(&callee, None, &all, outcome, run, dest);
                }
                Named::Value(_) => self.call_computed(head, &all, outcome, run, dest),
            },
            ExprKind::Local(id) => match self.env.get(id).cloned() {
                Some(Binding::Function(callee)) => self.call_known(&callee, None, &all, outcome, run, dest),
                Some(Binding::Closure(reg, callee)) => self.call_known(&callee, Some(reg), &all, outcome, run, dest),
                Some(Binding::Reg(reg)) => self.call_value(Head::Variable(reg), &all, outcome, run, dest),
                Some(Binding::Bare(..)) | None => self.call_computed(head, &all, outcome, run, dest),
            },
            _ => self.call_computed(head, &all, outcome, run, dest),
        }
        self.top = mark;
    }

    fn call_computed(&mut self, head: &Expr, arguments: &[&Expr], outcome: Repr, run: bool, dest: Dest) {
        let function = self.alloc(1);
        self.value(head, function);
        self.call_value(Head::Temporary(function), arguments, outcome, run, dest);
    }

    /// Calls a function that is known; `closure` holds its captures.
    pub(super) fn call_known(
        &mut self,
        callee: &Callee,
        closure: Option<Reg>,
        arguments: &[&Expr],
        outcome: Repr,
        run: bool,
        dest: Dest,
    ) {
        let (arity, effect) = (callee.signature.arity(), callee.signature.effect);
        let partial = arguments.len() < arity || arguments.len() == arity && effect && !run;
        if partial || arguments.len() > arity && effect {
            match closure {
                Some(reg) if arguments.is_empty() => {
                    self.deliver(dest, outcome, |function, dst| function.code.push(Op::Take { dst, src: reg }));
                }
                Some(reg) => self.call_value(Head::Variable(reg), arguments, outcome, run, dest),
                None => self.deliver(dest, outcome, |function, dst| function.partial(callee, arguments, dst)),
            }
        } else if arguments.len() == arity && effect == run {
            self.call_direct(callee, closure, arguments, outcome, dest);
        } else {
            let function = self.alloc(1);
            self.call_direct(callee, closure, &arguments[..arity], Repr::Counted, Dest::Into(function));
            self.call_value(Head::Temporary(function), &arguments[arity..], outcome, run, dest);
        }
    }

    /// Calls a known function with all its arguments; an effect is performed.
    fn call_direct(&mut self, callee: &Callee, closure: Option<Reg>, arguments: &[&Expr], outcome: Repr, dest: Dest) {
        let proto = callee.proto;
        if dest == Dest::Return {
            if let Some(own) = self.own.filter(|own| own.proto == proto && closure.is_none()) {
                return self.call_itself(own.start, callee, arguments);
            }
            let base = self.alloc(0);
            let count = self.arguments(callee, closure, arguments);
            self.alloc(usize::from(count == 0));
            return self.code.act_on(Class::Plain, Instruction::TailCall { base, proto }, base, count);
        }
        self.deliver(dest, outcome, |function, dst| {
            let mark = function.top;
            let base = function.window(dst);
            let count = function.arguments(callee, closure, arguments);
            function.alloc(usize::from(count == 0));
            let class = outcome.result_class();
            function.code.act_on(class, Instruction::Call { base, proto }, base, count);
            function.top = mark;
            function.settle(base, dst);
        });
    }

    /// Arguments, and the closure behind them, in registers from the top on; how many.
    fn arguments(&mut self, callee: &Callee, closure: Option<Reg>, arguments: &[&Expr]) -> usize {
        for (index, argument) in arguments.iter().enumerate() {
            let reg = self.alloc(1);
            if callee.signature.parameters[index].scalar().is_some() {
                self.value(argument, reg);
            } else {
                self.tagged(argument, reg);
            }
        }
        if let Some(src) = closure {
            let dst = self.alloc(1);
            self.code.push(Op::Take { dst, src });
        }
        arguments.len() + usize::from(closure.is_some())
    }

    /// A tail call of the proto by itself: its parameters get new values.
    fn call_itself(&mut self, start: super::code::Label, callee: &Callee, arguments: &[&Expr]) {
        let raw = &callee.signature.parameters;
        let pairs = arguments
            .iter()
            .enumerate()
            .map(|(index, &argument)| (Reg(index as u16), argument, raw[index].scalar().is_some()));
        self.assign(pairs.collect());
        self.code.push(Op::Loop(start));
    }

    /// R[dst] := the function applied to some of its arguments, or to all of an effect's.
    fn partial(&mut self, callee: &Callee, arguments: &[&Expr], dst: Reg) {
        if arguments.is_empty() {
            return self.constant(dst, Constant::Function(callee.proto));
        }
        let mark = self.top;
        let base = self.window(dst);
        for argument in arguments {
            let reg = self.alloc(1);
            self.tagged(argument, reg);
        }
        self.act(
            Class::Owned,
            Instruction::Partial { count: Count(arguments.len() as u8), reg: base, proto: callee.proto },
        );
        self.top = mark;
        self.settle(base, dst);
    }

    /// Applies a function value, and runs the effect that results when `run`.
    fn call_value(&mut self, head: Head, arguments: &[&Expr], outcome: Repr, run: bool, dest: Dest) {
        if arguments.len() > ARGUMENTS_MAX {
            let (first, rest) = arguments.split_at(ARGUMENTS_MAX);
            let function = self.alloc(1);
            self.call_value(head, first, Repr::Counted, false, Dest::Into(function));
            return self.call_value(Head::Temporary(function), rest, outcome, run, dest);
        }
        if arguments.is_empty() && !run {
            let (Head::Variable(src) | Head::Temporary(src)) = head;
            return self.deliver(dest, outcome, |function, dst| function.code.push(Op::Take { dst, src }));
        }
        if dest == Dest::Return {
            let (base, function) = (self.alloc(0), self.applied(head, arguments));
            self.alloc(usize::from(self.top == u32::from(base.0)));
            let count = Count(arguments.len() as u8);
            let instruction = if run {
                Instruction::TailCallRun { count, base, function }
            } else {
                Instruction::TailCallValue { count, base, function }
            };
            return self.code.act_on(Class::Plain, instruction, base, arguments.len());
        }
        self.deliver(dest, outcome, |this, dst| {
            let mark = this.top;
            let base = this.window(dst);
            let function = this.applied(head, arguments);
            this.alloc(usize::from(this.top == u32::from(base.0)));
            let count = Count(arguments.len() as u8);
            let instruction = if run {
                Instruction::CallRun { count, base, function }
            } else {
                Instruction::CallValue { count, base, function }
            };
            let class = outcome.result_class();
            this.code.act_on(class, instruction, base, arguments.len());
            this.top = mark;
            this.settle(base, dst);
        });
    }

    /// Arguments in registers from the top on; the register of the function, which is the next one for a variable's.
    fn applied(&mut self, head: Head, arguments: &[&Expr]) -> Reg {
        for argument in arguments {
            let reg = self.alloc(1);
            self.tagged(argument, reg);
        }
        match head {
            Head::Temporary(reg) => reg,
            Head::Variable(src) => {
                let dst = self.alloc(1);
                self.code.push(Op::Take { dst, src });
                dst
            }
        }
    }

    /// A constructor with some or all of its arguments.
    fn construct(&mut self, id: ConstructorId, arguments: &[&Expr], outcome: Repr, dest: Dest) {
        let arity = self.program.constructors[id.0 as usize].arity as usize;
        if arguments.len() < arity || arity == 0 {
            let callee = self.lowering.constructor(id);
            return self.call_known(&callee, None, arguments, outcome, false, dest);
        }
        self.deliver(dest, outcome, |function, dst| {
            let Some(count) = function.count(arity, arguments[0].span) else { return };
            let mark = function.top;
            let first = function.window(dst);
            for argument in arguments {
                let reg = function.alloc(1);
                function.tagged(argument, reg);
            }
            let shape = function.lowering.constructor_shape(id);
            function.act(Class::Owned, Instruction::New { count, dst, first, shape });
            function.top = mark;
        });
    }

    /// A function of the machine with all its arguments, or more.
    fn call_native(&mut self, native: &Native, arguments: &[&Expr], whole: TyId, run: bool, dest: Dest) {
        let arity = native.arity as usize;
        if arguments.len() == arity && native.effect == run {
            let given: Vec<Arg<'_>> = arguments.iter().map(|argument| Arg::Expr(argument)).collect();
            return self.native_to(native, &given, self.outcome(whole, run), dest);
        }
        let function = self.alloc(1);
        let given: Vec<Arg<'_>> = arguments[..arity].iter().map(|argument| Arg::Expr(argument)).collect();
        self.native(native, &given, self.repr(whole), function);
        self.call_value(Head::Temporary(function), &arguments[arity..], self.outcome(whole, run), run, dest);
    }

    /// Runs the effect that `expr` computes.
    pub(super) fn run_computed(&mut self, expr: &Expr, dest: Dest) {
        let mark = self.top;
        let outcome = self.outcome(expr.ty, true);
        let head = match &expr.kind {
            ExprKind::Local(id) => match self.env.get(id).cloned() {
                Some(Binding::Function(callee)) => {
                    self.call_known(&callee, None, &[], outcome, true, dest);
                    self.top = mark;
                    return;
                }
                Some(Binding::Reg(reg) | Binding::Closure(reg, _)) => Some(Head::Variable(reg)),
                Some(Binding::Bare(..)) | None => None,
            },
            _ => None,
        };
        match head {
            Some(head) => self.call_value(head, &[], outcome, true, dest),
            None => self.call_computed(expr, &[], outcome, true, dest),
        }
        self.top = mark;
    }

    /// R[dst] := the effect in R[src], run.
    pub(super) fn run_register(&mut self, src: Reg, outcome: Repr, dst: Reg) {
        let mark = self.top;
        self.call_value(Head::Variable(src), &[], outcome, true, Dest::Into(dst));
        self.top = mark;
    }

    /// R[dst] := R[function] (a temporary) applied to R[argument] (kept or taken by need), run.
    pub(super) fn run_applied(&mut self, function: Reg, argument: Reg, given: Repr, outcome: Repr, dest: Dest) {
        self.deliver(dest, outcome, |this, dst| {
            let mark = this.top;
            let base = this.alloc(1);
            this.code.push(match given.scalar() {
                Some(_) => Op::Scalar { dst: base, src: argument },
                None => Op::Take { dst: base, src: argument },
            });
            this.tag_as(given, base);
            let class = outcome.result_class();
            this.code.act_on(class, Instruction::CallRun { count: Count(1), base, function }, base, 1);
            this.top = mark;
            this.settle(base, dst);
        });
    }

    /// R[dst] := a native function applied to all its arguments; an effect is performed.
    pub(super) fn call_import(&mut self, native: &Native, arguments: &[Arg<'_>], outcome: Repr, dst: Reg) {
        let id = self.lowering.native(native);
        let modes = native.modes.as_bytes();
        let owned = |index: usize| modes.get(index) == Some(&b'o');
        let mark = self.top;
        // The result takes the place of the first argument: one that is borrowed must live elsewhere.
        let mut kept: Vec<Option<Shown>> = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let shown = if owned(index) { None } else { self.borrowed(argument, arguments) };
            kept.push(shown.or_else(|| if index == 0 && !owned(0) { self.made(argument) } else { None }));
        }
        let is_kept = kept.first().is_some_and(Option::is_some) || self.top > mark;
        let base = if is_kept { self.alloc(0) } else { self.window(dst) };
        let (mut takes, mut reads) = (Vec::new(), Vec::new());
        for (index, argument) in arguments.iter().enumerate() {
            let reg = self.alloc(1);
            match kept[index] {
                Some(shown) => {
                    self.code.push(Op::Borrow { dst: reg, src: shown.reg });
                    reads.extend([shown.reg, shown.owner, reg]);
                }
                None => {
                    self.arg_tagged(argument, reg);
                    if owned(index) { &mut takes } else { &mut reads }.push(reg);
                }
            }
        }
        self.alloc(usize::from(arguments.is_empty()));
        let count = Count(arguments.len() as u8);
        let instruction = Instruction::CallNative { count, base, native: id };
        let class = outcome.result_class();
        self.code.push(Op::Do(Box::new(Action { instruction, class, takes, reads, name: None })));
        self.top = mark;
        self.settle(base, dst);
    }

    /// Where a counted argument is that needs no register of its own.
    fn borrowed(&mut self, argument: &Arg<'_>, arguments: &[Arg<'_>]) -> Option<Shown> {
        match self.variable(argument) {
            Some(reg) => Some(Shown { reg, owner: reg }),
            None => self.seen(argument, arguments),
        }
    }

    /// A counted argument, outside of the window.
    fn made(&mut self, argument: &Arg<'_>) -> Option<Shown> {
        if self.repr(argument.ty()).scalar().is_some() {
            return None;
        }
        let reg = self.alloc(1);
        self.arg_tagged(argument, reg);
        Some(Shown { reg, owner: reg })
    }

    /// The register of an argument that has one of its own and needs no tag.
    fn variable(&self, argument: &Arg<'_>) -> Option<Reg> {
        if self.repr(argument.ty()).scalar().is_some() {
            return None;
        }
        match argument {
            Arg::Reg(reg, _) => Some(*reg),
            Arg::Expr(Expr { kind: ExprKind::Local(id), .. }) => match self.env.get(id) {
                Some(Binding::Reg(reg) | Binding::Closure(reg, _)) => Some(*reg),
                _ => None,
            },
            Arg::Expr(_) => None,
        }
    }
}

/// An argument of a function of the machine.
#[derive(Clone, Copy)]
pub(super) enum Arg<'e> {
    /// To be computed.
    Expr(&'e Expr),
    /// In a register, held as its type says.
    Reg(Reg, TyId),
}

impl Arg<'_> {
    pub(super) fn ty(&self) -> TyId {
        match self {
            Arg::Expr(expr) => expr.ty,
            Arg::Reg(_, ty) => *ty,
        }
    }
}

impl Function<'_, '_> {
    /// A register with the argument, to be read only; scalars raw.
    pub(super) fn arg_operand(&mut self, argument: &Arg<'_>) -> Reg {
        match argument {
            Arg::Expr(expr) => self.operand(expr),
            Arg::Reg(reg, _) => *reg,
        }
    }

    /// R[dst] := the argument, tagged.
    pub(super) fn arg_tagged(&mut self, argument: &Arg<'_>, dst: Reg) {
        match argument {
            Arg::Expr(expr) => self.tagged(expr, dst),
            Arg::Reg(src, ty) => {
                let scalar = self.repr(*ty).scalar().is_some();
                self.code.push(if scalar { Op::Scalar { dst, src: *src } } else { Op::Take { dst, src: *src } });
                self.tag(*ty, dst);
            }
        }
    }

    /// A register on top with the argument, tagged, to be taken.
    pub(super) fn arg_taken(&mut self, argument: &Arg<'_>) -> Reg {
        let reg = self.alloc(1);
        self.arg_tagged(argument, reg);
        reg
    }
}
