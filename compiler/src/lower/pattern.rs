//! One pattern against one value: bindings, parameters, and the tests of a refutable `<-`.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Index, Instruction, Jump16, Reg};

use super::code::{Class, Label, Op};
use super::function::Function;
use super::repr::{Repr, is_task, may_be_task};
use crate::check::builtin;
use crate::check::types::TyId;
use crate::core::{ConstructorId, LocalId, Pattern, PatternKind};
use crate::syntax::Symbol;

/// Records with more fields than this are unpacked only when at least half of the fields are wanted. Arbitrary.
const UNPACK_ALL: usize = 4;

impl Function<'_, '_> {
    /// Binds the variables of `pattern` to the parts of the value in `reg`. A mismatch is a fault.
    pub(super) fn bind(&mut self, pattern: &Pattern, reg: Reg) {
        let mismatch = self.code.label();
        self.bind_or(pattern, reg, mismatch);
        if self.code.references(mismatch) > 0 {
            let matched = self.code.label();
            self.code.push(Op::Jump(matched));
            self.code.push(Op::Bind(mismatch));
            self.fault("pattern match failed");
            self.code.push(Op::Bind(matched));
        }
    }

    /// As `bind`; goes to `mismatch` instead.
    fn bind_or(&mut self, pattern: &Pattern, reg: Reg, mismatch: Label) {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Unit | PatternKind::Error => {}
            PatternKind::Local(id) => self.name_local(*id, reg),
            PatternKind::As(id, inner) => {
                self.name_local(*id, reg);
                self.bind_or(inner, reg, mismatch);
            }
            PatternKind::Constructor(id, arguments) => {
                self.test_constructor(reg, *id, mismatch);
                let first = self.unpack(reg, arguments);
                self.bind_parts(arguments, first, mismatch);
            }
            PatternKind::Tuple(items) => {
                let first = self.unpack(reg, items);
                self.bind_parts(items, first, mismatch);
            }
            PatternKind::Record(fields) => {
                let names: Vec<(Symbol, TyId)> = fields.iter().map(|(name, field)| (*name, field.ty)).collect();
                let parts = self.open_record(reg, pattern.ty, &names);
                for ((_, field), part) in fields.iter().zip(parts) {
                    self.bind_or(field, part, mismatch);
                }
            }
            PatternKind::List { items, rest } => {
                self.test_length(reg, items.len(), rest.is_some(), mismatch);
                for (index, item) in items.iter().enumerate() {
                    if let Some(part) = self.item(reg, index, item) {
                        self.bind_or(item, part, mismatch);
                    }
                }
                if let Some(Some(id)) = rest {
                    self.rest(reg, items.len(), *id);
                }
            }
            PatternKind::Int(_) | PatternKind::Char(_) | PatternKind::Text(_) => {
                self.test_literal(reg, pattern, mismatch)
            }
        }
    }

    fn bind_parts(&mut self, parts: &[Pattern], first: Reg, mismatch: Label) {
        for (index, part) in parts.iter().enumerate() {
            self.bind_or(part, Reg(first.0 + index as u16), mismatch);
        }
    }

    /// Whether a value of the constructor's type can be another constructor's.
    pub(super) fn is_refutable(&self, id: ConstructorId) -> bool {
        let data = self.program.constructors[id.0 as usize].data;
        self.program.datas[data.0 as usize].constructors.len() > 1
    }

    /// Goes to `mismatch` unless R[reg] was made by the constructor.
    pub(super) fn test_constructor(&mut self, reg: Reg, id: ConstructorId, mismatch: Label) {
        if id == builtin::TRUE || id == builtin::FALSE {
            self.jump_on(reg, id == builtin::FALSE, mismatch);
        } else if self.is_refutable(id) {
            let index = Index(self.program.constructors[id.0 as usize].index as u16);
            let jump = Instruction::JumpNotConstructor { subject: reg, index, by: Jump16(0) };
            self.code.push(Op::Branch(jump, mismatch));
        }
    }

    /// Goes to `mismatch` unless the list in R[list] has `length` items, or more when it may.
    pub(super) fn test_length(&mut self, list: Reg, length: usize, or_more: bool, mismatch: Label) {
        let (length, by) = (Index(length as u16), Jump16(0));
        if !or_more {
            self.code.push(Op::Branch(Instruction::JumpNotLength { list, length, by }, mismatch));
        } else if length.0 > 0 {
            self.code.push(Op::Branch(Instruction::JumpShorter { list, length, by }, mismatch));
        }
    }

    /// Goes to `mismatch` unless R[reg] is the literal.
    pub(super) fn test_literal(&mut self, reg: Reg, pattern: &Pattern, mismatch: Label) {
        let mark = self.top;
        let constant = match &pattern.kind {
            PatternKind::Int(value) => Constant::Int(*value),
            PatternKind::Char(value) => Constant::Int(i64::from(u32::from(*value))),
            PatternKind::Text(text) => Constant::Text(text.to_string()),
            _ => return,
        };
        match constant {
            Constant::Int(value) if i16::try_from(value).is_ok() => {
                self.branch_equal_immediate(reg, value as i16, false, mismatch);
            }
            Constant::Int(_) => {
                let right = self.alloc(1);
                self.constant(right, constant);
                let jump = Instruction::JumpNeInt { left: reg, right, by: Jump16(0) };
                self.code.push(Op::Branch(jump, mismatch));
            }
            _ => {
                let right = self.alloc(1);
                self.constant(right, constant);
                let jump = Instruction::JumpNeText { left: reg, right, by: Jump16(0) };
                self.code.push(Op::Branch(jump, mismatch));
            }
        }
        self.top = mark;
    }

    /// Registers with the parts of an object; parts that nobody looks at stay where they are.
    pub(super) fn unpack(&mut self, object: Reg, parts: &[Pattern]) -> Reg {
        let types: Vec<TyId> = parts.iter().map(|part| part.ty).collect();
        self.unpack_types(object, &types)
    }

    pub(super) fn unpack_types(&mut self, object: Reg, types: &[TyId]) -> Reg {
        let first = self.alloc(types.len());
        if !types.is_empty() {
            let fields = types.iter().map(|&ty| self.repr(ty).class()).collect();
            self.code.push(Op::Unpack { object, first, fields });
        }
        first
    }

    /// Registers with some fields of the record of type `ty` in R[object].
    pub(super) fn open_record(&mut self, object: Reg, ty: TyId, wanted: &[(Symbol, TyId)]) -> Vec<Reg> {
        let (fields, open) = self.fields_of(ty);
        if !open && is_task(self.program, ty) {
            return wanted.iter().map(|&(name, _)| self.task_field(object, &fields, name)).collect();
        }
        let most = fields.len() <= UNPACK_ALL || wanted.len() * 2 >= fields.len();
        if !open && most && fields.len() <= 255 && !may_be_task(self.program, ty) {
            let types: Vec<TyId> = fields.iter().map(|&(_, ty)| ty).collect();
            let first = self.unpack_types(object, &types);
            let position = |name| fields.iter().position(|&(known, _)| known == name).unwrap_or(0);
            return wanted.iter().map(|&(name, _)| Reg(first.0 + position(name) as u16)).collect();
        }
        let mut parts = Vec::new();
        for &(name, field) in wanted {
            let dst = self.alloc(1);
            self.field_of(dst, object, name, ty, field);
            parts.push(dst);
        }
        parts
    }

    /// A register with an effect of a task handle.
    fn task_field(&mut self, task: Reg, fields: &[(Symbol, TyId)], name: Symbol) -> Reg {
        let position = fields.iter().position(|&(known, _)| known == name).unwrap_or(0);
        let result = self.outcome(fields[position].1, true);
        let span = crate::syntax::Span { start: self.code.offset, end: self.code.offset, ..self.span() };
        let (proto, _) = self.inner(Vec::new(), span, |function, _| function.compile_task_field(position, result));
        let dst = self.alloc(1);
        self.code.push(Op::Take { dst, src: task });
        self.act(Class::Owned, Instruction::Closure { count: aivi_bytecode::Count(1), reg: dst, proto });
        dst
    }

    /// The effect that runs a field of the task that it captures.
    fn compile_task_field(&mut self, position: usize, result: Repr) {
        let (task, dst) = (self.start_capturing(1), self.alloc(1));
        let class = result.result_class();
        let field = Index(position as u16);
        self.act(class, Instruction::RunTaskField { dst, record: task, field });
        self.give_back(dst, result);
    }

    /// A register with item `index` of R[list], if the pattern looks at it.
    pub(super) fn item(&mut self, list: Reg, index: usize, pattern: &Pattern) -> Option<Reg> {
        if matches!(pattern.kind, PatternKind::Wildcard) {
            return None;
        }
        let dst = self.alloc(1);
        let class = self.repr(pattern.ty).result_class();
        self.act(class, Instruction::ListItem { dst, list, index: Index(index as u16) });
        Some(dst)
    }

    /// Binds what comes after the first `count` items of R[list].
    pub(super) fn rest(&mut self, list: Reg, count: usize, id: LocalId) {
        let dst = self.alloc(1);
        self.code.push(Op::Take { dst, src: list });
        if count > 0 {
            self.act(Class::Owned, Instruction::ListDrop { dst, list: dst, count: Index(count as u16) });
        }
        self.name_local(id, dst);
    }
}
