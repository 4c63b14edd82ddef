//! Resources, without a run-time stack of cleanups.
//!
//! A resource is an effect that yields a pair: the value, and the effect that cleans up. A block that acquires one
//! keeps the cleanup in a register, under a handler that runs it whatever ends the block. The cleanup of a resource
//! that acquired others in its setup captures their cleanups and runs them after its own statements, in reverse order.
//!
//! One that is written where it is acquired is no effect of its own: its setup is part of the block, and so are the
//! cleanups of what that acquires.

use aivi_bytecode::module::{Constant, well_known};
use aivi_bytecode::{Count, Instruction, Reg};

use super::code::{Class, Op, RegionId};
use super::free::Uses;
use super::function::{Dest, Function, Signature};
use crate::core::{Expr, ExprKind, Pattern, Statement};

/// A resource that the code which is being compiled has acquired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleanup {
    /// The register of the cleanup.
    pub effect: Reg,
    /// Where the resource is held.
    pub region: RegionId,
}

impl Function<'_, '_> {
    /// `pattern <- resource`
    pub(super) fn acquire(&mut self, pattern: &Pattern, resource: &Expr) {
        if let ExprKind::Resource { setup, value, cleanup } = &resource.kind {
            let offset = self.code.offset;
            self.statements(setup);
            self.code.offset = offset;
            let reg = self.alloc(1);
            self.emit(value, false, Dest::Into(reg));
            let effect = self.cleanup(resource, cleanup, &[]);
            self.hold(effect);
            return self.bind(pattern, reg);
        }
        let value = self.repr(pattern.ty).class();
        let first = self.alloc(2);
        let effect = Reg(first.0 + 1);
        let pair = self.alloc(1);
        self.emit(resource, true, Dest::Into(pair));
        self.top -= 1;
        self.code.push(Op::Unpack { object: pair, first, fields: Box::new([value, Class::Owned]) });
        self.hold(effect);
        self.bind(pattern, first);
    }

    /// From here on, the cleanup in R[effect] runs whatever happens.
    fn hold(&mut self, effect: Reg) {
        let region = self.code.region(None);
        self.code.push(Op::Enter(region));
        self.cleanups.push(Cleanup { effect, region });
    }

    /// Releases, innermost first, what was acquired since there were `depth` cleanups.
    pub(super) fn release(&mut self, depth: usize) {
        let open = self.cleanups.split_off(depth);
        if open.is_empty() {
            return;
        }
        for cleanup in open.iter().rev() {
            self.code.push(Op::Leave(cleanup.region));
            self.clean(cleanup.effect);
        }
        let end = self.code.label();
        self.code.push(Op::Jump(end));
        self.pads(&open);
        self.code.push(Op::Bind(end));
    }

    /// Handlers: each runs its own cleanup and goes on with the one around it.
    fn pads(&mut self, open: &[Cleanup]) {
        for cleanup in open.iter().rev() {
            let pad = self.code.regions[cleanup.region.0 as usize].pad;
            self.code.push(Op::Bind(pad));
            self.clean(cleanup.effect);
        }
        self.act(Class::Plain, Instruction::Resume {});
    }

    /// R[dst] := the effect that sets the resource up.
    pub(super) fn resource_value(&mut self, expr: &Expr, dst: Reg) {
        let ExprKind::Resource { setup, value, cleanup } = &expr.kind else { return };
        let (proto, captures) = self.inner(Uses::of(expr), expr.span, |function, captured| {
            function.start(&Signature { effect: true, parameters: Vec::new() }, captured, 0);
            function.compile_setup(expr, setup, value, cleanup);
        });
        self.closure(proto, &captures, &[], dst);
    }

    /// Sets a resource up and returns the pair.
    pub(super) fn compile_setup(&mut self, expr: &Expr, setup: &[Statement], value: &Expr, cleanup: &[Statement]) {
        self.statements(setup);
        let first = self.alloc(1);
        self.tagged(value, first);
        let open = std::mem::take(&mut self.cleanups);
        let inner: Vec<Reg> = open.iter().map(|cleanup| cleanup.effect).collect();
        for cleanup in open.iter().rev() {
            self.code.push(Op::Leave(cleanup.region));
        }
        self.cleanup(expr, cleanup, &inner);
        self.act(Class::Owned, Instruction::New { count: Count(2), dst: first, first, shape: well_known::PAIR });
        self.act(Class::Plain, Instruction::Return { src: first });
        if !open.is_empty() {
            self.pads(&open);
        }
    }

    /// The effect that runs the statements behind `yield` of a resource, and then the cleanups in `inner`: its
    /// register.
    fn cleanup(&mut self, resource: &Expr, statements: &[Statement], inner: &[Reg]) -> Reg {
        let mut uses = Uses::default();
        uses.statements(statements);
        let (proto, captures) = self.inner(uses.order, resource.span, |function, captured| {
            let signature = Signature { effect: true, parameters: Vec::new() };
            let first = function.start(&signature, captured, inner.len());
            function.compile_cleanup(statements, first, inner.len());
        });
        let effect = self.alloc(1);
        self.closure(proto, &captures, inner, effect);
        effect
    }

    /// Runs the statements after `yield`, then the cleanups in the registers from `first` on, the last one first.
    fn compile_cleanup(&mut self, statements: &[Statement], first: Reg, count: usize) {
        for index in 0..count {
            self.hold(Reg(first.0 + index as u16));
        }
        self.statements(statements);
        self.release(0);
        let unit = self.alloc(1);
        self.constant(unit, Constant::Unit);
        self.act(Class::Plain, Instruction::Return { src: unit });
    }
}
