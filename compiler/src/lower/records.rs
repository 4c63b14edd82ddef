//! Tuples, records, fields and patches.

use aivi_bytecode::{Count, Index, Instruction, Reg};

use super::code::{Action, Class, Op};
use super::free::Uses;
use super::function::{Binding, Dest, Function};
use super::repr::{Repr, may_be_task};
use crate::check::types::{TyId, View};
use crate::core::{Expr, ExprKind, LocalId, PatchAction, PatchItem, RecordItem};
use crate::syntax::{Span, Symbol};

/// Fields of one object: what the `new` instruction can count.
const FIELDS_MAX: usize = 255;

/// A record that is changed while its variable still gives fields to the new values.
struct Opened {
    /// The variable and where it was.
    variable: Option<(LocalId, Binding)>,
    /// How many fields were being moved before.
    moving: usize,
}

impl Function<'_, '_> {
    /// R[dst] := a tuple.
    pub(super) fn tuple(&mut self, items: &[Expr], dst: Reg) {
        let shape = self.lowering.tuple_shape(items.len());
        let Some(count) = self.count(items.len(), items[0].span) else { return };
        let first = self.alloc(0);
        for item in items {
            let reg = self.alloc(1);
            self.tagged(item, reg);
        }
        self.act(Class::Owned, Instruction::New { count, dst, first, shape });
    }

    pub(super) fn count(&mut self, count: usize, span: Span) -> Option<Count> {
        if count > FIELDS_MAX {
            self.lowering.error(span, "more than 255 fields");
            return None;
        }
        Some(Count(count as u8))
    }

    /// Fields of a record type, sorted by text; whether there may be more.
    pub(super) fn fields_of(&self, ty: TyId) -> (Vec<(Symbol, TyId)>, bool) {
        match self.program.types.view(ty) {
            View::Record { fields, open } => (fields, open),
            _ => (Vec::new(), true),
        }
    }

    /// R[dst] := a record of type `ty`.
    pub(super) fn record(&mut self, ty: TyId, items: &[RecordItem], dst: Reg) {
        let (fields, _) = self.fields_of(ty);
        let names: Vec<Symbol> = fields.iter().map(|&(name, _)| name).collect();
        if let [RecordItem::Spread(base), rest @ ..] = items
            && self.fields_of(base.ty).0.iter().map(|&(name, _)| name).eq(names.iter().copied())
            && let Some(stores) = rest.iter().map(as_field).collect::<Option<Vec<_>>>()
        {
            return self.update(base, &stores, &names, dst);
        }
        let Some(span) = items.iter().map(item_span).next() else { return self.empty_record(dst) };
        let Some(count) = self.count(names.len(), span) else { return };
        let first = self.alloc(names.len());
        // The last item that gives a field wins; the values of the others are computed all the same.
        let mut winners = vec![usize::MAX; names.len()];
        for (index, item) in items.iter().enumerate() {
            match item {
                RecordItem::Field(name, _) => self.wins(&mut winners, &names, *name, index),
                RecordItem::Spread(base) => {
                    let (given, _) = self.fields_of(base.ty);
                    given.iter().for_each(|&(name, _)| self.wins(&mut winners, &names, name, index));
                }
            }
        }
        for (index, item) in items.iter().enumerate() {
            let mark = self.top;
            match item {
                RecordItem::Field(name, value) => {
                    let field = names.iter().position(|known| known == name);
                    match field.filter(|&field| winners[field] == index) {
                        Some(field) => self.tagged(value, Reg(first.0 + field as u16)),
                        None => self.emit(value, false, Dest::Ignore),
                    }
                }
                RecordItem::Spread(base) => {
                    let object = self.operand(base);
                    for (position, &(name, ty)) in self.fields_of(base.ty).0.iter().enumerate() {
                        let field = names.iter().position(|&known| known == name);
                        if let Some(field) = field.filter(|&field| winners[field] == index) {
                            self.field_at(Reg(first.0 + field as u16), object, position, ty);
                            self.tag(ty, Reg(first.0 + field as u16));
                        }
                    }
                }
            }
            self.top = mark;
        }
        let shape = self.lowering.record_shape(&names);
        self.act(Class::Owned, Instruction::New { count, dst, first, shape });
    }

    fn wins(&self, winners: &mut [usize], names: &[Symbol], name: Symbol, item: usize) {
        if let Some(field) = names.iter().position(|&known| known == name) {
            winners[field] = item;
        }
    }

    /// `{}` has no object: nothing can be read from it.
    fn empty_record(&mut self, dst: Reg) {
        self.constant(dst, aivi_bytecode::module::Constant::Unit);
    }

    /// `{ ...base, field: value }` of the same type: the fields are set in place when the record dies here. A variable
    /// is taken last, so that the values may still use it.
    fn update(&mut self, base: &Expr, stores: &[(Symbol, &Expr)], names: &[Symbol], dst: Reg) {
        let object = dst;
        let replaced: Vec<Symbol> = stores.iter().map(|&(name, _)| name).collect();
        let early = self.open_early(base, &replaced, stores.iter().map(|&(_, value)| value), object);
        if let Some(fields) = self.scalar_fields(base.ty, stores) {
            let first = self.alloc(stores.len());
            let place = |field: usize| fields.iter().filter(|&&other| other < field).count() as u16;
            for (&(_, value), &field) in stores.iter().zip(&fields) {
                self.value(value, Reg(first.0 + place(field)));
            }
            self.open_late(base, early, object);
            return self.set_scalars(object, first, fields);
        }
        let kinds = self.fields_of(base.ty).0;
        let mut ready = Vec::new();
        for &(name, value) in stores {
            let field = names.iter().position(|&known| known == name).unwrap_or(0);
            let raw = kinds.get(field).is_some_and(|&(_, ty)| self.stays_scalar(ty, value.ty));
            let reg = self.alloc(1);
            if raw {
                self.value(value, reg)
            } else {
                self.tagged(value, reg)
            }
            ready.push((field, reg, raw));
        }
        self.open_late(base, early, object);
        for (field, reg, raw) in ready {
            self.set_field(object, reg, field, raw);
        }
    }

    /// Whether the field is a scalar of the same kind before and after: storing it need not say the kind.
    fn stays_scalar(&self, before: TyId, after: TyId) -> bool {
        matches!(self.repr(after), Repr::Scalar(_)) && self.repr(before) == self.repr(after)
    }

    /// Where the fields that are stored stand in the record, if each is stored once and is a scalar of the same kind
    /// before and after.
    fn scalar_fields(&self, record: TyId, stores: &[(Symbol, &Expr)]) -> Option<Vec<usize>> {
        let (known, _) = self.fields_of(record);
        let mut fields = Vec::new();
        for (name, value) in stores {
            let field = known.iter().position(|(known, ty)| known == name && self.stays_scalar(*ty, value.ty))?;
            if fields.contains(&field) {
                return None;
            }
            fields.push(field);
        }
        Some(fields)
    }

    /// Stores raw scalars, which stand in the order of their fields from R[first] on.
    fn set_scalars(&mut self, object: Reg, mut first: Reg, mut fields: Vec<usize>) {
        fields.sort_unstable();
        for run in fields.chunk_by(|left, right| left + 1 == *right) {
            let (count, index) = (Count(run.len() as u8), Index(run[0] as u16));
            self.act(Class::Plain, Instruction::SetFieldsRaw { count, object, first, index });
            first.0 += run.len() as u16;
        }
    }

    /// Moves the record that is to be changed to R[object], if its fields are all that the new values use of it, or if
    /// it is no variable. A field that is replaced and read just once is moved out of it, so that the new value can
    /// reuse it. Gives what to put right when the values are computed.
    fn open_early<'e>(
        &mut self,
        base: &Expr,
        replaced: &[Symbol],
        values: impl Iterator<Item = &'e Expr>,
        object: Reg,
    ) -> Option<Opened> {
        let ExprKind::Local(id) = base.kind else {
            self.changeable(base, object);
            return Some(Opened { variable: None, moving: self.moving.len() });
        };
        let binding = self.env.get(&id).cloned()?;
        let read = Uses::fields(id, values)?;
        self.changeable(base, object);
        let opened = Opened { variable: Some((id, binding)), moving: self.moving.len() };
        self.env.insert(id, Binding::Reg(object));
        let once = |name: &&Symbol| read.iter().filter(|known| known == name).count() == 1;
        let moving: Vec<_> = replaced.iter().filter(once).map(|&name| (id, name)).collect();
        self.moving.extend(moving);
        Some(opened)
    }

    /// The counterpart of `open_early`: the values are computed.
    fn open_late(&mut self, base: &Expr, opened: Option<Opened>, object: Reg) {
        let Some(Opened { variable, moving }) = opened else { return self.changeable(base, object) };
        self.moving.truncate(moving);
        if let Some((id, binding)) = variable {
            self.env.insert(id, binding);
        }
    }

    /// R[dst] := base, a record whose fields can be replaced.
    fn changeable(&mut self, base: &Expr, dst: Reg) {
        self.value(base, dst);
        self.as_ordinary(dst, base.ty);
    }

    /// R[object] := an ordinary record with its fields, if it may be a task handle, which has no place for others.
    fn as_ordinary(&mut self, object: Reg, ty: TyId) {
        if !may_be_task(self.program, ty) {
            return;
        }
        let (fields, _) = self.fields_of(ty);
        let first = self.alloc(fields.len());
        for (index, &(_, ty)) in fields.iter().enumerate() {
            let field = Reg(first.0 + index as u16);
            self.field_at(field, object, index, ty);
            self.tag(ty, field);
        }
        let names: Vec<Symbol> = fields.iter().map(|&(name, _)| name).collect();
        let (count, shape) = (Count(fields.len() as u8), self.lowering.record_shape(&names));
        self.act(Class::Owned, Instruction::New { count, dst: object, first, shape });
        self.top = first.0.into();
    }

    /// R[object].index := R[value], taken; a raw scalar of the field's kind when `raw`.
    fn set_field(&mut self, object: Reg, value: Reg, index: usize, raw: bool) {
        let (count, index) = (Count(1), Index(index as u16));
        self.act(
            Class::Plain,
            match raw {
                true => Instruction::SetFieldsRaw { count, object, first: value, index },
                false => Instruction::SetField { object, value, index },
            },
        );
    }

    /// R[dst] := base.name
    pub(super) fn field(&mut self, base: &Expr, name: Symbol, ty: TyId, dst: Reg) {
        if let Some(index) = self.position(base.ty, name)
            && let Some(record) = self.peek(base)
        {
            let (object, index) = (record.reg, Index(index as u16));
            let repr = self.repr(ty);
            return match repr.scalar() {
                Some(_) => self.look(Class::Scalar, Instruction::FieldRaw { dst, object, index }, record),
                None => self.look(repr.class(), Instruction::Field { dst, object, index }, record),
            };
        }
        let object = self.operand(base);
        if let ExprKind::Local(id) = base.kind
            && self.repr(ty) == Repr::Counted
            && self.moving.contains(&(id, name))
            && let Some(index) = self.position(base.ty, name)
        {
            let class = self.repr(ty).result_class();
            return self.act(class, Instruction::TakeField { dst, object, index: Index(index as u16) });
        }
        self.field_of(dst, object, name, base.ty, ty);
    }

    /// R[dst] := field `name` of the record in R[object].
    pub(super) fn field_of(&mut self, dst: Reg, object: Reg, name: Symbol, record: TyId, ty: TyId) {
        match self.position(record, name) {
            Some(index) => self.field_at(dst, object, index, ty),
            None => {
                let class = self.repr(ty).result_class();
                self.named(class, name, Instruction::FieldNamed { dst, object });
            }
        }
    }

    /// Where `name` stands in a record whose type is wholly known.
    pub(super) fn position(&self, record: TyId, name: Symbol) -> Option<usize> {
        if self.program.types.row_of(record).is_some() {
            // Told without listing the fields, of which an open record may have thousands.
            return None;
        }
        let (fields, open) = self.fields_of(record);
        if open { None } else { fields.iter().position(|&(known, _)| known == name) }
    }

    fn named(&mut self, class: Class, name: Symbol, instruction: Instruction) {
        let name = self.program.interner.text(name).to_string();
        let name = Some(self.text_constant(&name));
        self.code.push(Op::Do(Box::new(Action { instruction, class, takes: Vec::new(), reads: Vec::new(), name })));
    }

    /// R[dst] := base with changes. Values and functions are computed first, in order; then the items apply in order.
    pub(super) fn patch(&mut self, base: &Expr, items: &[PatchItem], dst: Reg) {
        let object = dst;
        let stored = |item: &PatchItem| item.path.len() == 1 && matches!(item.action, PatchAction::Store(_));
        let only_stored = |name: &Symbol| items.iter().all(|item| item.path[0] != *name || stored(item));
        let replaced: Vec<Symbol> = items.iter().map(|item| item.path[0]).filter(only_stored).collect();
        let values = items.iter().map(|item| match &item.action {
            PatchAction::Store(value) | PatchAction::Transform(value) => value,
        });
        let early = self.open_early(base, &replaced, values, object);
        let mut ready = Vec::new();
        for item in items {
            ready.push(match &item.action {
                PatchAction::Store(value) => {
                    let reg = self.alloc(1);
                    match self.is_raw(base.ty, item) {
                        true => self.value(value, reg),
                        false => self.tagged(value, reg),
                    }
                    Some(reg)
                }
                PatchAction::Transform(Expr { kind: ExprKind::Lambda { parameters, .. }, .. })
                    if parameters.len() == 1 =>
                {
                    None
                }
                PatchAction::Transform(function) => {
                    let reg = self.alloc(1);
                    self.value(function, reg);
                    Some(reg)
                }
            });
        }
        self.open_late(base, early, object);
        for (item, ready) in items.iter().zip(ready) {
            let mark = self.top;
            let raw = self.is_raw(base.ty, item);
            self.patch_path(object, base.ty, &item.path, (&item.action, raw), ready);
            self.top = mark;
        }
    }

    /// Whether the item gives a scalar to a field whose place is known.
    fn is_raw(&self, mut record: TyId, item: &PatchItem) -> bool {
        let after = match &item.action {
            PatchAction::Store(value) => value.ty,
            PatchAction::Transform(Expr { kind: ExprKind::Lambda { parameters, body }, .. })
                if parameters.len() == 1 =>
            {
                body.ty
            }
            PatchAction::Transform(_) => return false,
        };
        for name in &item.path {
            let Some(position) = self.position(record, *name) else { return false };
            record = self.fields_of(record).0[position].1;
        }
        self.stays_scalar(record, after)
    }

    /// Applies one item to the record in R[object]; what it changes is a raw scalar if the action says so.
    fn patch_path(&mut self, object: Reg, ty: TyId, path: &[Symbol], action: (&PatchAction, bool), ready: Option<Reg>) {
        let [name, rest @ ..] = path else { return };
        let raw = action.1 && rest.is_empty();
        let position = self.position(ty, *name);
        let field_ty = self.fields_of(ty).0.iter().find(|(known, _)| known == name).map(|&(_, ty)| ty);
        let value = if let (PatchAction::Store(_), [], Some(ready)) = (action.0, rest, ready) {
            ready
        } else {
            let old = self.alloc(1);
            let class = field_ty.map_or(Class::Owned, |ty| self.repr(ty).result_class());
            match position {
                Some(index) if raw => {
                    self.act(Class::Scalar, Instruction::FieldRaw { dst: old, object, index: Index(index as u16) });
                }
                Some(index) => {
                    self.act(class, Instruction::TakeField { dst: old, object, index: Index(index as u16) });
                }
                None => self.named(class, *name, Instruction::FieldNamed { dst: old, object }),
            }
            match (rest, field_ty) {
                ([], _) => self.transformed(old, action, ready),
                (_, Some(ty)) => {
                    self.as_ordinary(old, ty);
                    self.patch_path(old, ty, rest, action, ready);
                    old
                }
                (_, None) => old,
            }
        };
        match position {
            Some(index) => self.set_field(object, value, index, raw),
            None => self.named(Class::Plain, *name, Instruction::SetNamed { object, value }),
        }
    }

    /// A register with the transformed value, tagged unless the action says that it is raw.
    fn transformed(&mut self, old: Reg, (action, raw): (&PatchAction, bool), ready: Option<Reg>) -> Reg {
        match (action, ready) {
            (PatchAction::Transform(Expr { kind: ExprKind::Lambda { parameters, body }, .. }), None) => {
                let new = self.alloc(1);
                self.bind(&parameters[0], old);
                match raw {
                    true => self.value(body, new),
                    false => self.tagged(body, new),
                }
                new
            }
            (_, Some(function)) => {
                // A scalar that came out of a field has its tag.
                let base = self.alloc(1);
                self.code.push(Op::Take { dst: base, src: old });
                self.code.act_on(Class::Owned, Instruction::CallValue { count: Count(1), base, function }, base, 1);
                base
            }
            (_, None) => old,
        }
    }
}

fn as_field(item: &RecordItem) -> Option<(Symbol, &Expr)> {
    match item {
        RecordItem::Field(name, value) => Some((*name, value)),
        RecordItem::Spread(_) => None,
    }
}

fn item_span(item: &RecordItem) -> Span {
    match item {
        RecordItem::Field(_, expr) | RecordItem::Spread(expr) => expr.span,
    }
}
