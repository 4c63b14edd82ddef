//! Functions of the machine that are instructions.

use aivi_bytecode::{Instruction, Jump16, Reg};

use super::call::Arg;
use super::code::{Class, Op};
use super::function::{Dest, Function, Signature};
use super::program::parameter_types;
use super::repr::Repr;
use crate::check::types::{TyId, View};
use crate::core::Native;

impl Function<'_, '_> {
    /// A native function with all its arguments; an effect is performed. `outcome` says how that is held.
    pub(super) fn native_to(&mut self, native: &Native, arguments: &[Arg<'_>], outcome: Repr, dest: Dest) {
        match (&*native.name, arguments) {
            ("effect.pure", [Arg::Expr(value)]) => self.emit(value, false, dest),
            ("effect.bind", [Arg::Expr(effect), Arg::Expr(next)]) => self.bind_effect(effect, next, outcome, dest),
            _ => self.deliver(dest, outcome, |function, dst| function.native(native, arguments, outcome, dst)),
        }
    }

    /// As `native_to`, into a register.
    pub(super) fn native(&mut self, native: &Native, arguments: &[Arg<'_>], outcome: Repr, dst: Reg) {
        if native.gives_option() {
            return self.option(native, arguments, dst);
        }
        let mark = self.top;
        let mut reads = Vec::new();
        match self.instruction(&native.name, arguments, dst, &mut reads) {
            Some(
                scalar @ (Instruction::ListLength { .. }
                | Instruction::TextLength { .. }
                | Instruction::MapHas { .. }
                | Instruction::SetHas { .. }
                | Instruction::SqrtFloat { .. }
                | Instruction::FloatOfInt { .. }
                | Instruction::IntOfFloat { .. }),
            ) => self.code.act_reading(Class::Scalar, scalar, reads),
            Some(instruction) => self.code.act_reading(outcome.result_class(), instruction, reads),
            None => self.control(native, arguments, outcome, dst),
        }
        self.top = mark;
    }

    /// The instruction that does what a native function does, if there is a single one; its operands are computed. It
    /// `reads` other registers as well.
    fn instruction(
        &mut self,
        name: &str,
        arguments: &[Arg<'_>],
        dst: Reg,
        reads: &mut Vec<Reg>,
    ) -> Option<Instruction> {
        use Instruction as I;
        let mut operand = |this: &mut Self, argument: &Arg<'_>| match this.seen(argument, arguments) {
            Some(shown) => {
                reads.push(shown.owner);
                shown.reg
            }
            None => this.arg_operand(argument),
        };
        Some(match (name, arguments) {
            ("list.length", [list]) => I::ListLength { dst, list: operand(self, list) },
            ("list.get", [list, index]) => {
                let (list, index) = (operand(self, list), self.arg_operand(index));
                I::ListGet { dst, list, index }
            }
            ("map.has", [key, map]) => {
                let (key, map) = (self.arg_tagged_operand(key), operand(self, map));
                I::MapHas { dst, map, key }
            }
            ("set.has", [item, set]) => {
                let (item, set) = (self.arg_tagged_operand(item), operand(self, set));
                I::SetHas { dst, set, item }
            }
            ("math.sqrt", [number]) => I::SqrtFloat { dst, src: self.arg_operand(number) },
            ("math.toFloat", [number]) => I::FloatOfInt { dst, src: self.arg_operand(number) },
            ("math.toInt", [number]) => I::IntOfFloat { dst, src: self.arg_operand(number) },
            ("list.range", [first, last]) => {
                let (first, last) = (self.arg_operand(first), self.arg_operand(last));
                I::ListRange { dst, first, last }
            }
            ("text.length", [text]) => I::TextLength { dst, text: operand(self, text) },
            ("text.slice", [start, end, text]) => {
                let first = self.arg_value(start);
                self.arg_value(end);
                I::TextSlice { dst, text: self.arg_operand(text), first }
            }
            ("text.toText", [value]) => I::ToText { dst, src: self.arg_tagged_operand(value) },
            ("fiber.sleep", [millis]) => I::Sleep { dst, millis: self.arg_operand(millis) },
            ("fiber.spawn", [effect]) => I::Spawn { dst, effect: self.arg_taken(effect) },
            ("fiber.spawnIn", [scope, effect]) => {
                let (scope, effect) = (self.arg_taken(scope), self.arg_taken(effect));
                I::SpawnIn { dst, scope, effect }
            }
            ("fiber.joinAll", [scope]) => I::JoinAll { dst, scope: self.arg_taken(scope) },
            ("fiber.par", [left, right]) => {
                let (left, right) = (self.arg_taken(left), self.arg_taken(right));
                I::Par { dst, left, right }
            }
            ("fiber.race", [left, right]) => {
                let (left, right) = (self.arg_taken(left), self.arg_taken(right));
                I::Race { dst, left, right }
            }
            ("fiber.parAll", [effects]) => I::ParAll { dst, effects: self.arg_taken(effects) },
            ("fiber.parSettled", [effects]) => I::ParSettled { dst, effects: self.arg_taken(effects) },
            ("fiber.raceAll", [effects]) => I::RaceAll { dst, effects: self.arg_taken(effects) },
            ("fiber.raceAny", [effects]) => I::RaceAny { dst, effects: self.arg_taken(effects) },
            ("fiber.select", [cases]) => I::Select { dst, cases: self.arg_taken(cases) },
            ("fiber.selectInOrder", [cases]) => I::SelectInOrder { dst, cases: self.arg_taken(cases) },
            ("fiber.scope", [body]) => I::Scope { dst, body: self.arg_taken(body) },
            ("chan.makeBounded", [capacity]) => I::ChanBounded { dst, capacity: self.arg_operand(capacity) },
            ("chan.recv", [receiver]) => I::ChanRecv { dst, receiver: operand(self, receiver) },
            ("chan.tryRecv", [receiver]) => I::ChanTryRecv { dst, receiver: operand(self, receiver) },
            ("chan.close", [sender]) => I::ChanClose { dst, sender: operand(self, sender) },
            ("permits.make", [permits]) => I::PermitsMake { dst, permits: self.arg_operand(permits) },
            ("permits.take", [gate, permits]) => {
                I::PermitsTake { dst, gate: operand(self, gate), permits: self.arg_operand(permits) }
            }
            ("permits.give", [gate, permits]) => {
                I::PermitsGive { dst, gate: operand(self, gate), permits: self.arg_operand(permits) }
            }
            ("chan.send" | "chan.sendResult" | "chan.trySend", [sender, value]) => {
                let (sender, value) = (operand(self, sender), self.arg_taken(value));
                match name {
                    "chan.send" => I::ChanSend { dst, sender, value },
                    "chan.sendResult" => I::ChanSendResult { dst, sender, value },
                    _ => I::ChanTrySend { dst, sender, value },
                }
            }
            ("chan.make", [sample]) => {
                // The sample only fixes the type.
                self.arg_taken(sample);
                I::ChanMake { dst }
            }
            _ => return None,
        })
    }

    /// Native functions that take more than one instruction, or are called.
    fn control(&mut self, native: &Native, arguments: &[Arg<'_>], outcome: Repr, dst: Reg) {
        use Instruction as I;
        match (&*native.name, arguments) {
            ("list.push", [list, item]) => {
                self.arg_tagged(list, dst);
                let item = self.arg_taken(item);
                self.act(Class::Owned, I::ListPush { list: dst, item });
            }
            ("list.set", [index, item, list]) => self.set_item(index, item, list, dst),
            ("list.prepend", [item, list]) => {
                let item = self.arg_taken(item);
                self.arg_tagged(list, dst);
                self.act(Class::Owned, I::ListPrepend { list: dst, item });
            }
            ("list.concat", [left, right]) => {
                self.arg_tagged(left, dst);
                let right = self.arg_taken(right);
                self.act(Class::Owned, I::ListConcat { left: dst, right });
            }
            ("map.insert", [key, value, map]) => self.insert_entry(key, value, map, dst),
            ("map.getOrElse", [key, fallback, map]) if outcome.scalar().is_some() => {
                let (key, found) = (self.arg_tagged_operand(key), self.arg_value(fallback));
                let map = self.arg_operand(map);
                self.act(Class::Scalar, I::MapGetOr { dst: found, map, key });
                self.code.push(Op::Scalar { dst, src: found });
            }
            ("map.getOrElse", [key, fallback, map]) => {
                let [none, end] = [self.code.label(), self.code.label()];
                let otherwise = match self.taken_by(key) {
                    Some(taken) => {
                        let otherwise = self.arg_taken(fallback);
                        self.split_bare(taken.bare, outcome, none, dst);
                        otherwise
                    }
                    None => {
                        let (key, otherwise) = (self.arg_tagged_operand(key), self.arg_taken(fallback));
                        let map = self.arg_operand(map);
                        self.act(outcome.result_class(), I::MapGet { dst, map, key });
                        self.code.push(Op::Branch(I::JumpAbsent { src: dst, by: Jump16(0) }, none));
                        otherwise
                    }
                };
                self.code.push(Op::Jump(end));
                self.code.push(Op::Bind(none));
                self.settle(otherwise, dst);
                self.code.push(Op::Bind(end));
            }
            ("map.update", [key, function, map]) => self.update_entry(key, function, map, dst),
            ("map.alter", [key, function, map]) => self.alter_entry(key, function, map, dst),
            ("set.insert", [item, set]) => {
                let item = self.arg_taken(item);
                self.arg_tagged(set, dst);
                self.act(Class::Owned, I::SetInsert { set: dst, item });
            }
            ("fiber.timeout" | "fiber.forEachPar" | "fiber.forEachParSettled", [number, second, third]) => {
                let base = self.arg_value(number);
                self.arg_taken(second);
                self.arg_taken(third);
                let instruction = match &*native.name {
                    "fiber.timeout" => I::Timeout { base },
                    "fiber.forEachPar" => I::ParEach { base },
                    _ => I::ParEachSettled { base },
                };
                self.act(outcome.result_class(), instruction);
                self.settle(base, dst);
            }
            ("fault.panic", [message]) => {
                let message = self.arg_taken(message);
                self.act(Class::Plain, I::Panic { message });
            }
            ("effect.fail", [error]) => {
                let error = self.arg_taken(error);
                self.act(Class::Plain, I::Fail { error });
            }
            ("effect.pure", [value]) => self.arg_tagged(value, dst),
            ("effect.attempt", [effect]) => self.attempt(effect, dst),
            ("effect.bind", [effect, next]) => self.bind_values(effect, next, outcome, dst),
            ("fiber.retry", [times, effect]) => self.retry(times, effect, outcome, dst),
            _ => self.call_import(native, arguments, outcome, dst),
        }
    }

    /// A register on top with the argument, scalars raw.
    pub(super) fn arg_value(&mut self, argument: &Arg<'_>) -> Reg {
        let reg = self.alloc(1);
        match argument {
            Arg::Expr(expr) => self.value(expr, reg),
            Arg::Reg(..) => self.arg_tagged(argument, reg),
        }
        reg
    }

    /// A register with the argument, tagged, to be read only.
    pub(super) fn arg_tagged_operand(&mut self, argument: &Arg<'_>) -> Reg {
        match argument {
            Arg::Expr(expr) => self.tagged_operand(expr),
            Arg::Reg(reg, ty) if self.repr(*ty).scalar().is_none() => *reg,
            Arg::Reg(..) => self.arg_taken(argument),
        }
    }

    /// The proto of a native function used as a value.
    pub(super) fn compile_native(&mut self, native: &Native, ty: TyId, signature: &Signature) {
        self.start(signature, &[], 0);
        let parameters = parameter_types(self.program, native, ty);
        let arguments: Vec<Arg<'_>> =
            parameters.iter().enumerate().map(|(index, &ty)| Arg::Reg(Reg(index as u16), ty)).collect();
        let mut result = ty;
        for _ in &parameters {
            if let View::Function(_, to) = self.program.types.view(result) {
                result = to;
            }
        }
        self.native_to(native, &arguments, self.outcome(result, native.effect), Dest::Return);
    }
}
