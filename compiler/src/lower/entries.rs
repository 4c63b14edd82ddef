//! `Map.update` and `Map.alter`: what the key leads to is moved out of the map, the function's body stands where it is called,
//! and what it makes goes back. A value that nobody else holds is so changed in place, and `alter` makes no Option for it.
//!
//! While the body runs the map has a hole, which nobody sees: the register that holds it has no name, and is dropped when the
//! body fails.

use aivi_bytecode::{Instruction, Jump16, Reg};

use super::call::Arg;
use super::code::{Class, Op};
use super::function::{Binding, Dest, Function};
use super::repr::Repr;
use crate::check::types::TyId;
use crate::core::{Expr, ExprKind, Native, Pattern, PatternKind};

impl Function<'_, '_> {
    /// R[dst] := `Map.update key function map`
    pub(super) fn update_entry(&mut self, key: &Arg<'_>, function: &Arg<'_>, map: &Arg<'_>, dst: Reg) {
        self.with_body(function, |this, parameter, body| {
            let behind = this.code.label();
            let key = this.arg_tagged_operand(key);
            this.arg_tagged(map, dst);
            let held = this.take_entry(key, this.repr(parameter.ty), dst);
            this.code.push(Op::Branch(Instruction::JumpAbsent { src: held, by: Jump16(0) }, behind));
            this.bind(parameter, held);
            let value = this.alloc(1);
            this.tagged(body, value);
            this.put_entry(key, value, dst);
            this.code.push(Op::Bind(behind));
        });
    }

    /// R[dst] := `Map.alter key function map`
    pub(super) fn alter_entry(&mut self, key: &Arg<'_>, function: &Arg<'_>, map: &Arg<'_>, dst: Reg) {
        let key_type = key.ty();
        self.with_body(function, |this, parameter, body| {
            let [none, end] = [this.code.label(), this.code.label()];
            let types = &this.program.types;
            let held = types.data_arguments(parameter.ty).last().map_or(Repr::Counted, |&ty| this.repr(ty));
            let key = this.arg_tagged_operand(key);
            this.arg_tagged(map, dst);
            let bare = this.take_entry(key, held, dst);
            this.bind_bare(parameter, bare, held);
            let value = this.alloc(1);
            this.emit(body, false, Dest::Held { into: value, held, none });
            this.tag_as(held, value);
            this.put_entry(key, value, dst);
            this.code.push(Op::Jump(end));
            this.code.push(Op::Bind(none));
            this.remove_entry(key, key_type, map.ty(), dst);
            this.code.push(Op::Bind(end));
        });
    }

    /// Calls `inside` with the parameter and the body of a function of one argument: those that are written out, or the
    /// call of the function it is.
    fn with_body(&mut self, function: &Arg<'_>, inside: impl FnOnce(&mut Self, &Pattern, &Expr)) {
        if let Arg::Expr(Expr { kind: ExprKind::Lambda { parameters, body }, .. }) = function
            && let [parameter] = parameters.as_slice()
        {
            return inside(self, parameter, body);
        }
        let (callee, span) = match function {
            Arg::Expr(Expr { kind: ExprKind::Global(id), span, .. }) => (ExprKind::Global(*id), *span),
            _ => {
                let reg = self.arg_taken(function);
                let local = self.fresh(function.ty());
                self.name_local(local, reg);
                (ExprKind::Local(local), self.span())
            }
        };
        if let Some((parameters, body)) = self.calling(callee, function.ty(), 1, span) {
            inside(self, &parameters[0], &body);
        }
    }

    /// A register with what R[key] leads to in R[map], moved out of it.
    fn take_entry(&mut self, key: Reg, held: Repr, map: Reg) -> Reg {
        let dst = self.alloc(1);
        self.act(held.result_class(), Instruction::MapTake { dst, map, key });
        dst
    }

    /// Puts R[value] into R[map].
    fn put_entry(&mut self, key: Reg, value: Reg, map: Reg) {
        let taken = self.alloc(1);
        self.code.push(Op::Take { dst: taken, src: key });
        self.act(Class::Owned, Instruction::MapInsert { map, key: taken, value });
    }

    /// R[map] := R[map] without R[key].
    fn remove_entry(&mut self, key: Reg, key_type: TyId, map_type: TyId, map: Reg) {
        let native = Native { name: "map.remove".into(), arity: 2, effect: false, modes: "bo".into() };
        self.call_import(&native, &[Arg::Reg(key, key_type), Arg::Reg(map, map_type)], Repr::Counted, map);
    }

    /// Makes names for the Option that R[bare] holds bare.
    fn bind_bare(&mut self, pattern: &Pattern, bare: Reg, held: Repr) {
        match pattern.kind {
            PatternKind::Wildcard => {}
            PatternKind::Local(id) => {
                self.env.insert(id, Binding::Bare(bare, held));
            }
            _ => {
                let option = self.alloc(1);
                self.option_of(bare, held, option);
                self.bind(pattern, option);
            }
        }
    }
}
