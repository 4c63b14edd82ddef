//! One instruction of the reference machine.

use aivi_bytecode::module::Shape;
use aivi_bytecode::{Instruction, Reg};

use super::heap::{Payload, Value};
use super::{Machine, Raise, Stop, Unwind};

/// Items of the longest list that is joined to another one: they are copied here.
const LIST_MAX: usize = 1 << 20;

fn fault(message: &str) -> Raise {
    Raise::Unwind(Unwind::Fault(message.into()))
}

impl Machine<'_> {
    fn int(&self, reg: Reg) -> i64 {
        self.get(reg).raw() as i64
    }

    fn float(&self, reg: Reg) -> f64 {
        f64::from_bits(self.get(reg).raw())
    }

    fn window(&mut self, first: Reg, count: usize) -> Vec<Value> {
        (0..count).map(|index| self.take(Reg(first.0 + index as u16))).collect()
    }

    fn jump(&mut self, by: i64) {
        let frame = self.frames.last_mut().expect("a frame");
        frame.pc = (frame.pc as i64 + by) as usize;
    }

    fn branch(&mut self, test: bool, by: i64) {
        if test {
            self.jump(by);
        }
    }

    fn index_of(&self, value: Value) -> u16 {
        let shape = match value {
            Value::Nullary(shape) => shape,
            other => match self.heap.get(other) {
                Payload::Object(shape, _) => *shape,
                other => panic!("{other:?} has no constructor"),
            },
        };
        match self.module.shapes[usize::from(shape.0)] {
            Shape::Constructor { index, .. } => index,
            ref other => panic!("{other:?} has no constructor"),
        }
    }

    fn fields(&self, reg: Reg) -> Vec<Value> {
        match self.heap.get(self.get(reg)) {
            Payload::Object(_, fields) | Payload::Closure(_, fields) => fields.clone(),
            other => panic!("{other:?} has no fields"),
        }
    }

    /// Executes the instruction; gives the value that the frame returns, if it does.
    pub(super) fn step(&mut self, instruction: Instruction) -> Result<Option<Value>, Raise> {
        use Instruction as I;
        match instruction {
            I::Call { base, proto } => {
                let base = self.at(base);
                self.enter(proto, base);
                return Ok(None);
            }
            I::TailCall { base, proto } => {
                let found = self.proto(proto);
                let count = usize::from(found.parameters) + usize::from(found.captures > 0);
                let (from, to) = (self.at(base), self.at(Reg(0)));
                self.registers.copy_within(from..from + count, to);
                let frame = self.frames.pop().expect("a frame");
                self.enter(proto, to);
                let new = self.frames.last_mut().expect("a frame");
                (new.then, new.is_cleanup) = (frame.then, frame.is_cleanup);
                return Ok(None);
            }
            I::CallValue { count, base, function } | I::CallRun { count, base, function } => {
                let arguments = self.window(base, count.0.into());
                let (function, base) = (self.take(function), self.at(base));
                let run = matches!(instruction, I::CallRun { .. });
                self.apply(function, arguments, run, base, false)?;
                return Ok(None);
            }
            I::TailCallValue { count, base, function } | I::TailCallRun { count, base, function } => {
                let arguments = self.window(base, count.0.into());
                let function = self.take(function);
                let run = matches!(instruction, I::TailCallRun { .. });
                // As a call whose result is returned: slow, and good enough here.
                let at = self.at(base);
                self.frames.last_mut().expect("a frame").pending = None;
                let depth = self.frames.len();
                self.apply(function, arguments, run, at, false)?;
                let frame_at = depth - 1;
                if self.frames.len() > depth {
                    let callee = self.frames.pop().expect("a frame");
                    let own = self.frames.remove(frame_at);
                    let proto = self.proto(callee.proto);
                    let length = usize::from(proto.parameters) + usize::from(proto.captures > 0);
                    self.registers.copy_within(callee.base..callee.base + length, own.base);
                    self.enter(callee.proto, own.base);
                    let new = self.frames.last_mut().expect("a frame");
                    new.is_cleanup = own.is_cleanup;
                    new.then = match (callee.then, own.then) {
                        (then, None) | (None, then) => then,
                        (Some(_), Some(_)) => return Err(Stop::Unknown("two continuations".into()).into()),
                    };
                    return Ok(None);
                }
                let value = self.registers[at];
                return Ok(Some(value));
            }
            I::Cleanup { base, effect } => {
                let (effect, base) = (self.take(effect), self.at(base));
                self.apply(effect, Vec::new(), true, base, true)?;
                return Ok(None);
            }
            I::Resume {} => {
                let pending = self.frames.last_mut().expect("a frame").pending.take();
                return Err(Raise::Unwind(pending.expect("something to go on with")));
            }
            I::ReturnNew { count, first, shape } => {
                let fields = self.window(first, count.0.into());
                return Ok(Some(self.heap.make(Payload::Object(shape, fields))));
            }
            I::Return { src } => return Ok(Some(self.take(src))),
            I::ReturnScalar { kind, src } => return Ok(Some(Value::Scalar(kind, self.get(src).raw()))),
            I::Fail { error } => {
                let error = self.take(error);
                return Err(Raise::Unwind(Unwind::Failure(error)));
            }
            I::Panic { message } => {
                let message = self.take(message);
                let text = self.heap.str(message).to_string();
                self.heap.release(message);
                return Err(fault(&text));
            }
            I::Fault { message } => {
                let text = self.heap.str(self.constants[message.0 as usize]).to_string();
                return Err(fault(&text));
            }
            _ => self.plain(instruction)?,
        }
        let frame = self.frames.last_mut().expect("a frame");
        frame.pc = frame.pc.wrapping_add(1);
        Ok(None)
    }

    fn plain(&mut self, instruction: Instruction) -> Result<(), Raise> {
        use Instruction as I;
        match instruction {
            I::Move { dst, src } => {
                let value = self.get(src);
                self.set(dst, value);
            }
            I::MoveRaw { dst, src } => {
                let bits = self.get(src).raw();
                self.set(dst, Value::Raw(bits));
            }
            I::Copy { dst, src } => {
                let value = self.heap.copy(self.get(src));
                self.set(dst, value);
            }
            I::Drop { src } => {
                let value = self.take(src);
                self.heap.release(value);
            }
            I::Int { dst, value } => self.set(dst, Value::Raw(i64::from(value.0) as u64)),
            I::Const { dst, value } => {
                let value = self.heap.copy(self.constants[value.0 as usize]);
                self.set(dst, value);
            }
            I::Tag { kind, dst, src } => {
                let bits = self.get(src).raw();
                self.set(dst, Value::Scalar(kind, bits));
            }
            I::Global { dst, global } => {
                let entry = &self.module.globals[global.0 as usize];
                if !self.globals.contains_key(&global.0) {
                    if self.computing.contains(&global.0) {
                        return Err(fault("recursive definition"));
                    }
                    self.computing.push(global.0);
                    let (depth, base) = (self.frames.len(), self.at(dst));
                    self.enter(entry.proto, base);
                    // The frame that asks must not be moved on by the return.
                    let pc = self.frames[depth - 1].pc;
                    let value = self.execute(depth)?;
                    self.frames[depth - 1].pc = pc;
                    self.globals.insert(global.0, value);
                    self.computing.pop();
                }
                let value = self.heap.copy(self.globals[&global.0]);
                self.set(dst, value);
            }
            I::EqValue { dst, left, right } => {
                let equal = self.heap.equal(self.get(left), self.get(right));
                self.set(dst, Value::Raw(u64::from(equal)));
            }
            I::LtValue { dst, left, right } => {
                let less = self.heap.str(self.get(left)) < self.heap.str(self.get(right));
                self.set(dst, Value::Raw(u64::from(less)));
            }
            I::LeValue { dst, left, right } => {
                let less = self.heap.str(self.get(left)) <= self.heap.str(self.get(right));
                self.set(dst, Value::Raw(u64::from(less)));
            }
            _ if self.arithmetic(instruction)? || self.jumps(instruction) => {}
            _ => self.heap_op(instruction)?,
        }
        Ok(())
    }

    /// `base` and the product of the two.
    fn product(&self, base: Reg, left: Reg, right: Reg) -> (f64, f64) {
        (self.float(base), self.float(left) * self.float(right))
    }

    fn arithmetic(&mut self, instruction: Instruction) -> Result<bool, Raise> {
        use Instruction as I;
        let (dst, bits) = match instruction {
            I::AddInt { dst, left, right } => (dst, self.int(left).wrapping_add(self.int(right)) as u64),
            I::SubInt { dst, left, right } => (dst, self.int(left).wrapping_sub(self.int(right)) as u64),
            I::MulInt { dst, left, right } => (dst, self.int(left).wrapping_mul(self.int(right)) as u64),
            I::DivInt { right, .. } | I::RemInt { right, .. } if self.int(right) == 0 => {
                return Err(fault("division by zero"));
            }
            I::DivInt { dst, left, right } => (dst, self.int(left).wrapping_div(self.int(right)) as u64),
            I::RemInt { dst, left, right } => (dst, self.int(left).wrapping_rem(self.int(right)) as u64),
            I::NegInt { dst, src } => (dst, self.int(src).wrapping_neg() as u64),
            I::AddIntImm { dst, left, right } => (dst, self.int(left).wrapping_add(right.0.into()) as u64),
            I::MulIntImm { dst, left, right } => (dst, self.int(left).wrapping_mul(right.0.into()) as u64),
            I::DivIntImm { dst, left, right } => (dst, (self.int(left) / i64::from(right.0)) as u64),
            I::RemIntImm { dst, left, right } => (dst, (self.int(left) % i64::from(right.0)) as u64),
            I::EqInt { dst, left, right } => (dst, u64::from(self.int(left) == self.int(right))),
            I::LtInt { dst, left, right } => (dst, u64::from(self.int(left) < self.int(right))),
            I::LeInt { dst, left, right } => (dst, u64::from(self.int(left) <= self.int(right))),
            I::Not { dst, src } => (dst, 1 - self.get(src).raw()),
            I::AddFloat { dst, left, right } => (dst, (self.float(left) + self.float(right)).to_bits()),
            I::SubFloat { dst, left, right } => (dst, (self.float(left) - self.float(right)).to_bits()),
            I::MulFloat { dst, left, right } => (dst, (self.float(left) * self.float(right)).to_bits()),
            I::DivFloat { dst, left, right } => (dst, (self.float(left) / self.float(right)).to_bits()),
            I::RemFloat { dst, left, right } => (dst, (self.float(left) % self.float(right)).to_bits()),
            I::NegFloat { dst, src } => (dst, (-self.float(src)).to_bits()),
            I::AddProduct { dst, base, left, right } => {
                let (base, product) = self.product(base, left, right);
                (Reg(dst.0.into()), (base + product).to_bits())
            }
            I::SubProduct { dst, base, left, right } => {
                let (base, product) = self.product(base, left, right);
                (Reg(dst.0.into()), (base - product).to_bits())
            }
            I::SqrtFloat { dst, src } => (dst, self.float(src).sqrt().to_bits()),
            I::FloatOfInt { dst, src } => (dst, (self.int(src) as f64).to_bits()),
            I::IntOfFloat { dst, src } => (dst, self.float(src) as i64 as u64),
            I::EqFloat { dst, left, right } => (dst, u64::from(self.float(left) == self.float(right))),
            I::LtFloat { dst, left, right } => (dst, u64::from(self.float(left) < self.float(right))),
            I::LeFloat { dst, left, right } => (dst, u64::from(self.float(left) <= self.float(right))),
            _ => return Ok(false),
        };
        self.set(dst, Value::Raw(bits));
        Ok(true)
    }

    fn jumps(&mut self, instruction: Instruction) -> bool {
        use Instruction as I;
        let (test, by) = match instruction {
            I::Jump { by } | I::Loop { by } => (true, i64::from(by.0)),
            I::JumpIf { test, by } => (self.get(test).raw() == 1, i64::from(by.0)),
            I::JumpUnless { test, by } => (self.get(test).raw() == 0, i64::from(by.0)),
            I::JumpEqInt { left, right, by } | I::LoopEqInt { left, right, by } => {
                (self.int(left) == self.int(right), by.0.into())
            }
            I::JumpNeInt { left, right, by } | I::LoopNeInt { left, right, by } => {
                (self.int(left) != self.int(right), by.0.into())
            }
            I::JumpLtInt { left, right, by } | I::LoopLtInt { left, right, by } => {
                (self.int(left) < self.int(right), by.0.into())
            }
            I::JumpLeInt { left, right, by } | I::LoopLeInt { left, right, by } => {
                (self.int(left) <= self.int(right), by.0.into())
            }
            I::JumpEqText { left, right, by } => {
                (self.heap.str(self.get(left)) == self.heap.str(self.get(right)), by.0.into())
            }
            I::JumpNeText { left, right, by } => {
                (self.heap.str(self.get(left)) != self.heap.str(self.get(right)), by.0.into())
            }
            I::JumpEqIntImm { left, right, by } | I::LoopEqIntImm { left, right, by } => {
                (self.int(left) == i64::from(right.0), by.0.into())
            }
            I::JumpNeIntImm { left, right, by } | I::LoopNeIntImm { left, right, by } => {
                (self.int(left) != i64::from(right.0), by.0.into())
            }
            I::JumpLtIntImm { left, right, by } | I::LoopLtIntImm { left, right, by } => {
                (self.int(left) < i64::from(right.0), by.0.into())
            }
            I::JumpLeIntImm { left, right, by } | I::LoopLeIntImm { left, right, by } => {
                (self.int(left) <= i64::from(right.0), by.0.into())
            }
            I::JumpGtIntImm { left, right, by } | I::LoopGtIntImm { left, right, by } => {
                (self.int(left) > i64::from(right.0), by.0.into())
            }
            I::JumpGeIntImm { left, right, by } | I::LoopGeIntImm { left, right, by } => {
                (self.int(left) >= i64::from(right.0), by.0.into())
            }
            I::JumpLtFloat { left, right, by } => (self.float(left) < self.float(right), by.0.into()),
            I::JumpNotLtFloat { left, right, by } => {
                let less = self.float(left) < self.float(right);
                (!less, by.0.into())
            }
            I::JumpLeFloat { left, right, by } => (self.float(left) <= self.float(right), by.0.into()),
            I::JumpNotLeFloat { left, right, by } => {
                let less = self.float(left) <= self.float(right);
                (!less, by.0.into())
            }
            I::JumpConstructor { subject, index, by } => (self.index_of(self.get(subject)) == index.0, by.0.into()),
            I::JumpNotConstructor { subject, index, by } => (self.index_of(self.get(subject)) != index.0, by.0.into()),
            I::SwitchConstructor { subject, .. } => (true, self.index_of(self.get(subject)).into()),
            I::JumpLength { list, length, by } => {
                (self.heap.items(self.get(list)).len() == usize::from(length.0), by.0.into())
            }
            I::JumpNotLength { list, length, by } => {
                (self.heap.items(self.get(list)).len() != usize::from(length.0), by.0.into())
            }
            I::JumpAbsent { src, by } => (self.get(src) == Value::ABSENT, by.0.into()),
            I::JumpOutside { list, index, by } => {
                let index = usize::try_from(self.int(index)).unwrap_or(usize::MAX);
                (index >= self.heap.items(self.get(list)).len(), by.0.into())
            }
            I::JumpShorter { list, length, by } => {
                (self.heap.items(self.get(list)).len() < usize::from(length.0), by.0.into())
            }
            _ => return false,
        };
        self.branch(test, by);
        true
    }

    fn heap_op(&mut self, instruction: Instruction) -> Result<(), Raise> {
        use Instruction as I;
        match instruction {
            I::New { count, dst, first, shape } => {
                let fields = self.window(first, count.0.into());
                let value = self.heap.make(Payload::Object(shape, fields));
                self.set(dst, value);
            }
            I::Field { dst, object, index } => {
                let field = self.fields(object)[usize::from(index.0)];
                let value = self.heap.copy(field);
                self.set(dst, value);
            }
            I::FieldPeek { dst, object, index } => {
                let field = self.fields(object)[usize::from(index.0)];
                self.set(dst, field);
            }
            I::FieldRaw { dst, object, index } => {
                let field = self.fields(object)[usize::from(index.0)];
                self.set_raw(dst, field);
            }
            I::FieldsRaw { count, first, object, index } => {
                let fields = self.fields(object);
                for at in 0..count.0 {
                    self.set_raw(Reg(first.0 + u16::from(at)), fields[usize::from(index.0) + usize::from(at)]);
                }
            }
            I::SetFieldsRaw { count, object, first, index } => {
                self.set_raw_fields(object, first, index.0, count.0.into())
            }
            I::Unpack { count, first, object } => {
                let object = self.take(object);
                let (Payload::Object(_, fields) | Payload::Closure(_, fields)) = self.heap.take(object) else {
                    panic!("no object")
                };
                assert_eq!(fields.len(), usize::from(count.0));
                for (index, field) in fields.into_iter().enumerate() {
                    self.set(Reg(first.0 + index as u16), field);
                }
            }
            I::SetField { object, value, index } => self.set_field(object, value, usize::from(index.0)),
            I::TakeField { dst, object, index } => {
                let value = self.get(object);
                let field = self.fields(object)[usize::from(index.0)];
                if self.heap.is_unique(value) {
                    let mut same = value;
                    let Payload::Object(_, fields) = self.heap.update(&mut same) else { panic!("no object") };
                    fields[usize::from(index.0)] = Value::Unit;
                } else {
                    self.heap.copy(field);
                }
                self.set(dst, field);
            }
            I::FieldNamed { dst, object } => {
                let index = self.named(object);
                let field = self.fields(object)[index];
                let value = self.heap.copy(field);
                self.set(dst, value);
                self.jump(1);
            }
            I::SetNamed { object, value } => {
                let index = self.named(object);
                self.set_field(object, value, index);
                self.jump(1);
            }
            I::TextJoin { dst, first, count } => {
                let parts = self.window(first, count.0.into());
                let text: String = parts.iter().map(|&part| self.heap.str(part)).collect();
                parts.into_iter().for_each(|part| self.heap.release(part));
                let value = self.heap.text(text);
                self.set(dst, value);
            }
            I::ToText { dst, src } => {
                let text = self.heap.show(&self.module.shapes, self.get(src));
                let value = self.heap.text(text);
                self.set(dst, value);
            }
            I::Closure { count, reg, proto } => {
                let captures = self.window(reg, count.0.into());
                let value = self.heap.make(Payload::Closure(proto, captures));
                self.set(reg, value);
            }
            I::Partial { count, reg, proto } => {
                let arguments = self.window(reg, count.0.into());
                let function = self.heap.make(Payload::Closure(proto, Vec::new()));
                let value = self.heap.make(Payload::Partial(function, arguments));
                self.set(reg, value);
            }
            I::CallNative { count, base, native } => {
                let import = &self.module.natives[native.0 as usize];
                let arguments: Vec<Value> =
                    (0..count.0).map(|index| self.get(Reg(base.0 + u16::from(index)))).collect();
                let value = self.native(&import.name, &arguments)?;
                for (index, argument) in arguments.into_iter().enumerate() {
                    if import.owned >> index & 1 == 1 {
                        self.heap.release(argument);
                    }
                }
                self.set(base, value);
            }
            _ => self.list_op(instruction)?,
        }
        Ok(())
    }

    fn set_raw(&mut self, reg: Reg, field: Value) {
        let Value::Scalar(_, bits) = field else { panic!("{field:?} is no scalar: {}", self.place()) };
        self.set(reg, Value::Raw(bits));
    }

    fn set_raw_fields(&mut self, object: Reg, first: Reg, index: u16, count: u16) {
        let bits: Vec<u64> = (0..count).map(|at| self.get(Reg(first.0 + at)).raw()).collect();
        let mut target = self.get(object);
        let Payload::Object(_, fields) = self.heap.update(&mut target) else { panic!("no object") };
        for (field, bits) in fields[usize::from(index)..].iter_mut().zip(bits) {
            let Value::Scalar(kind, _) = *field else { panic!("{field:?} is no scalar") };
            *field = Value::Scalar(kind, bits);
        }
        self.set(object, target);
    }

    fn set_field(&mut self, object: Reg, value: Reg, index: usize) {
        let value = self.take(value);
        let mut target = self.get(object);
        let Payload::Object(_, fields) = self.heap.update(&mut target) else { panic!("no object") };
        let old = std::mem::replace(&mut fields[index], value);
        self.heap.release(old);
        self.set(object, target);
    }

    fn named(&self, object: Reg) -> usize {
        let frame = self.frames.last().expect("a frame");
        let word = self.proto(frame.proto).code[frame.pc + 1];
        let Some(Instruction::Const { value, .. }) = Instruction::decode(word) else { panic!("no name") };
        let name = self.heap.str(self.constants[value.0 as usize]);
        let Payload::Object(shape, _) = self.heap.get(self.get(object)) else { panic!("no record") };
        let Shape::Record(names) = &self.module.shapes[usize::from(shape.0)] else { panic!("no record") };
        names.iter().position(|known| known == name).expect("a field")
    }

    fn list_op(&mut self, instruction: Instruction) -> Result<(), Raise> {
        use Instruction as I;
        match instruction {
            I::List { dst, first, count } => {
                let items = self.window(first, count.0.into());
                let value = self.heap.make(Payload::List(items));
                self.set(dst, value);
            }
            I::ListPush { list, item } => {
                let item = self.take(item);
                self.change(list, |items| items.push(item));
            }
            I::ListPrepend { list, item } => {
                let item = self.take(item);
                self.change(list, |items| items.insert(0, item));
            }
            I::ListSet { list, index, item } => {
                let index = usize::try_from(self.int(index)).unwrap_or(usize::MAX);
                let mut item = self.take(item);
                self.change(list, |items| {
                    if let Some(place) = items.get_mut(index) {
                        std::mem::swap(place, &mut item);
                    }
                });
                self.heap.release(item);
            }
            I::ListTake { dst, list, index } => {
                // It stays there too, which nobody can tell.
                let index = usize::try_from(self.int(index)).unwrap_or(usize::MAX);
                let item = self.heap.items(self.get(list)).get(index).copied();
                let value = item.map_or(Value::ABSENT, |item| self.heap.copy(item));
                self.set(dst, value);
            }
            I::ListConcat { left, right } => {
                let right = self.take(right);
                let Payload::List(more) = self.heap.take(right) else { panic!("no list") };
                if more.len() > LIST_MAX {
                    return Err(Stop::Unknown("a list that is too long to be copied here".into()).into());
                }
                self.change(left, |items| items.extend(more));
            }
            I::ListRange { dst, first, last } => {
                let items = (self.int(first)..=self.int(last)).map(Value::int).collect();
                let value = self.heap.make(Payload::List(items));
                self.set(dst, value);
            }
            I::ListLength { dst, list } => {
                let length = self.heap.items(self.get(list)).len();
                self.set(dst, Value::Raw(length as u64));
            }
            I::TextLength { dst, text } => {
                let length = self.heap.str(self.get(text)).chars().count();
                self.set(dst, Value::Raw(length as u64));
            }
            I::TextSlice { dst, text, first } => {
                let chars: Vec<char> = self.heap.str(self.get(text)).chars().collect();
                let place = |n: i64| usize::try_from(n).unwrap_or(0).min(chars.len());
                let (start, end) = (self.int(first), place(self.int(Reg(first.0 + 1))));
                let start = place(if start < 0 { chars.len() as i64 + start } else { start });
                let value = self.heap.text(chars[start.min(end)..end].iter().collect::<String>());
                self.set(dst, value);
            }
            I::ListGet { dst, list, index } => {
                let index = usize::try_from(self.int(index)).unwrap_or(usize::MAX);
                let item = self.heap.items(self.get(list)).get(index).copied();
                let Some(item) = item else { return Err(fault("index out of range")) };
                let value = self.heap.copy(item);
                self.set(dst, value);
            }
            I::ListPeek { dst, list, index } => {
                let index = usize::try_from(self.int(index)).unwrap_or(usize::MAX);
                let item = self.heap.items(self.get(list)).get(index).copied();
                let Some(item) = item else { return Err(fault("index out of range")) };
                self.set(dst, item);
            }
            I::ListItem { dst, list, index } => {
                let item = self.heap.items(self.get(list))[usize::from(index.0)];
                let value = self.heap.copy(item);
                self.set(dst, value);
            }
            I::ListDrop { dst, list, count } => {
                let list = self.take(list);
                let Payload::List(mut items) = self.heap.take(list) else { panic!("no list") };
                let rest = items.split_off(usize::from(count.0));
                items.into_iter().for_each(|item| self.heap.release(item));
                let value = self.heap.make(Payload::List(rest));
                self.set(dst, value);
            }
            I::ListUncons { head, list } => self.uncons(head, list)?,
            I::ListNext { list, by, .. } if self.heap.items(self.get(list)).is_empty() => {
                self.branch(true, by.0.into())
            }
            I::ListNext { head, list, .. } => self.uncons(head, list)?,
            other => self.map_op(other)?,
        }
        Ok(())
    }

    fn map_op(&mut self, instruction: Instruction) -> Result<(), Raise> {
        use Instruction as I;
        match instruction {
            I::MapGet { dst, map, key } => {
                let found = self.native("map.get", &[self.get(key), self.get(map)])?;
                self.set(dst, found);
            }
            I::MapGetOr { dst, map, key } => {
                let found = self.native("map.get", &[self.get(key), self.get(map)])?;
                if found != Value::ABSENT {
                    self.set_raw(dst, found);
                }
            }
            I::MapTake { dst, map, key } => {
                // What it leads to stays there too, which nobody can tell.
                let found = self.native("map.get", &[self.get(key), self.get(map)])?;
                self.set(dst, found);
            }
            I::MapHas { dst, map, key } => {
                let found = self.native("map.get", &[self.get(key), self.get(map)])?;
                self.set(dst, Value::Raw((found != Value::ABSENT).into()));
                self.heap.release(found);
            }
            I::MapInsert { map, key, value } => {
                let operands = [self.take(key), self.take(value), self.take(map)];
                let changed = self.native("map.insert", &operands)?;
                operands.into_iter().for_each(|operand| self.heap.release(operand));
                self.set(map, changed);
            }
            other => return Err(Stop::Unknown(format!("{other:?}")).into()),
        }
        Ok(())
    }

    fn uncons(&mut self, head: Reg, list: Reg) -> Result<(), Raise> {
        // Every item moves each time.
        if self.heap.items(self.get(list)).len() > 10_000 {
            return Err(Stop::Unknown("a list that is too long to be taken apart here".into()).into());
        }
        let mut first = Value::Empty;
        self.change(list, |items| first = items.remove(0));
        self.set(head, first);
        Ok(())
    }

    fn change(&mut self, list: Reg, change: impl FnOnce(&mut Vec<Value>)) {
        let mut value = self.get(list);
        let Payload::List(items) = self.heap.update(&mut value) else { panic!("no list") };
        change(items);
        self.set(list, value);
    }
}
