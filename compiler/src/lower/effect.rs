//! Effects in run position: blocks, failures, and the combinators that are inline code.

use aivi_bytecode::module::well_known;
use aivi_bytecode::{Count, Imm16, Index, Instruction, Jump16, Reg};

use super::call::Arg;
use super::code::{Class, Op};
use super::function::{Dest, Function};
use super::matching::Case;
use super::program::{Named, peel};
use super::repr::{Repr, is_task};
use crate::core::{Body, Expr, ExprKind, Fallback, Pattern, Statement, StatementKind};

impl Function<'_, '_> {
    /// Performs an effect without branches of its own.
    pub(super) fn run_leaf(&mut self, expr: &Expr, dest: Dest) {
        match &expr.kind {
            ExprKind::Pure(value) => self.emit(value, false, dest),
            ExprKind::Do(body) => self.body(body, self.outcome(expr.ty, true), dest),
            ExprKind::Loop { pattern, init, body } => {
                self.run_loop(pattern, init, body, self.outcome(expr.ty, true), dest)
            }
            ExprKind::Recurse(next) => self.recurse(next),
            // With nothing around it to release, the setup runs right here.
            ExprKind::Resource { setup, value, cleanup } if dest == Dest::Return => {
                self.compile_setup(expr, setup, value, cleanup);
            }
            ExprKind::Global(id) => match self.lowering.named(*id) {
                Named::Callee(callee) if callee.signature.arity() == 0 => {
                    self.call_known(&callee, None, &[], self.outcome(expr.ty, true), true, dest);
                }
                Named::Native(native) if native.arity == 0 && native.effect => {
                    self.native_to(native, &[], self.outcome(expr.ty, true), dest);
                }
                _ => self.run_computed(expr, dest),
            },
            ExprKind::Field { base, name } if is_task(self.program, base.ty) => {
                let result = self.outcome(expr.ty, true);
                self.deliver(dest, result, |function, dst| {
                    let mark = function.top;
                    let record = function.alloc(1);
                    function.value(base, record);
                    let window = function.alloc(1);
                    let names = ["cancel", "isCancelled", "join"];
                    let text = function.program.interner.text(*name);
                    let field = Index(names.iter().position(|known| *known == text).unwrap_or(0) as u16);
                    let class = result.result_class();
                    function.act(class, Instruction::RunTaskField { dst: window, record, field });
                    function.top = mark;
                    function.settle(window, dst);
                });
            }
            _ => self.run_computed(expr, dest),
        }
    }

    /// A block. One that acquires resources releases them at its end, so its result is no tail call.
    pub(super) fn body(&mut self, body: &Body, outcome: Repr, dest: Dest) {
        let mark = self.top;
        let (depth, known) = (self.cleanups.len(), self.ahead.mark());
        let acquires = body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Acquire { .. }));
        let result = if acquires && dest == Dest::Return { Dest::Into(self.alloc(1)) } else { dest };
        self.statements(&body.statements);
        self.emit(&body.result, true, result);
        self.release(depth);
        if let (Dest::Return, Dest::Into(reg)) = (dest, result) {
            self.give_back(reg, outcome);
        }
        self.ahead.forget(known);
        self.top = mark;
    }

    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.code.offset = statement.span.start;
            match &statement.kind {
                StatementKind::Let { pattern, value } => {
                    self.bind_value(pattern, value);
                    self.load_pending(pattern);
                }
                StatementKind::Run(effect) => self.emit(effect, true, Dest::Ignore),
                StatementKind::Acquire { pattern, resource } => self.acquire(pattern, resource),
                StatementKind::Bind { pattern, effect, fallback: None } => {
                    if matches!(pattern.kind, crate::core::PatternKind::Wildcard) {
                        self.emit(effect, true, Dest::Ignore);
                    } else {
                        let reg = self.alloc(1);
                        self.emit(effect, true, Dest::Into(reg));
                        self.bind(pattern, reg);
                        self.load_pending(pattern);
                    }
                }
                StatementKind::Bind { pattern, effect, fallback: Some(fallback) } => {
                    self.bind_with_fallback(pattern, effect, fallback);
                }
            }
        }
    }

    /// `p <- e or …`
    fn bind_with_fallback(&mut self, pattern: &Pattern, effect: &Expr, fallback: &Fallback) {
        let reg = self.alloc(1);
        let mark = self.top;
        let error = self.alloc(1);
        let handle = |function: &mut Self| match fallback {
            Fallback::Value(value) => function.emit(value, false, Dest::Into(reg)),
            Fallback::Arms(arms) => {
                let cases = arms.iter().map(|arm| Case::of(&arm.arm, arm.runs)).collect();
                function.cases(error, cases, Dest::Into(reg), |function| {
                    function.act(Class::Plain, Instruction::Fail { error });
                });
            }
        };
        self.protected(error, |function| function.emit(effect, true, Dest::Into(reg)), |_| {}, handle);
        self.top = mark;
        self.bind(pattern, reg);
    }

    /// Code under a handler of failures, what comes after it, and what happens with the failure in R[error] instead.
    fn protected(
        &mut self,
        error: Reg,
        guarded: impl FnOnce(&mut Self),
        then: impl FnOnce(&mut Self),
        handle: impl FnOnce(&mut Self),
    ) {
        let done = self.code.label();
        let region = self.code.region(Some(error));
        self.code.push(Op::Enter(region));
        guarded(self);
        self.code.push(Op::Leave(region));
        then(self);
        self.code.push(Op::Jump(done));
        let pad = self.code.regions[region.0 as usize].pad;
        self.code.push(Op::Bind(pad));
        self.code.push(Op::Caught { dst: error, class: Class::Owned });
        handle(self);
        self.code.push(Op::Bind(done));
    }

    /// Performs an effect that is an argument.
    fn run_arg(&mut self, effect: &Arg<'_>, dst: Reg) {
        match effect {
            Arg::Expr(expr) => self.emit(expr, true, Dest::Into(dst)),
            Arg::Reg(reg, ty) => self.run_register(*reg, self.outcome(*ty, true), dst),
        }
    }

    /// `attempt effect`
    pub(super) fn attempt(&mut self, effect: &Arg<'_>, dst: Reg) {
        let outcome = self.outcome(effect.ty(), true);
        let (error, first) = (self.alloc(1), self.alloc(1));
        self.protected(
            error,
            |function| function.run_arg(effect, first),
            |function| {
                function.tag_as(outcome, first);
                function.act(Class::Owned, Instruction::New { count: Count(1), dst, first, shape: well_known::OK });
            },
            |function| {
                let shape = well_known::ERR;
                function.act(Class::Owned, Instruction::New { count: Count(1), dst, first: error, shape });
            },
        );
    }

    /// `bind effect next`
    pub(super) fn bind_effect(&mut self, effect: &Expr, next: &Expr, outcome: Repr, dest: Dest) {
        let mark = self.top;
        let (parameters, body) = peel(next);
        if let [parameter] = parameters.as_slice() {
            let reg = self.alloc(1);
            self.emit(effect, true, Dest::Into(reg));
            self.bind(parameter, reg);
            self.emit_body(body, true, dest);
        } else {
            let function = self.alloc(1);
            self.value(next, function);
            let reg = self.alloc(1);
            self.emit(effect, true, Dest::Into(reg));
            self.run_applied(function, reg, self.outcome(effect.ty, true), outcome, dest);
        }
        self.top = mark;
    }

    /// `bind` of two values in registers.
    pub(super) fn bind_values(&mut self, effect: &Arg<'_>, next: &Arg<'_>, outcome: Repr, dst: Reg) {
        let function = self.arg_taken(next);
        let reg = self.alloc(1);
        self.run_arg(effect, reg);
        self.run_applied(function, reg, self.outcome(effect.ty(), true), outcome, Dest::Into(dst));
    }

    /// `retry times effect`: the effect is computed once and run until it succeeds.
    pub(super) fn retry(&mut self, times: &Arg<'_>, effect: &Arg<'_>, outcome: Repr, dst: Reg) {
        let left = self.arg_value(times);
        let effect = self.arg_taken(effect);
        let error = self.alloc(1);
        let [enough, again, start] = [self.code.label(), self.code.label(), self.code.label()];
        let by = Jump16(0);
        self.code.push(Op::Branch(Instruction::JumpGeIntImm { left, right: Imm16(1), by }, enough));
        self.fault("retry expects attempts > 0");
        self.code.push(Op::Bind(enough));
        self.code.push(Op::Bind(start));
        self.protected(
            error,
            |function| function.run_register(effect, outcome, dst),
            |_| {},
            |function| {
                function.act(Class::Scalar, Instruction::AddIntImm { dst: left, left, right: Imm16(-1) });
                function.code.push(Op::Branch(Instruction::JumpGeIntImm { left, right: Imm16(1), by }, again));
                function.act(Class::Plain, Instruction::Fail { error });
                function.code.push(Op::Bind(again));
                function.code.push(Op::Loop(start));
            },
        );
    }
}
