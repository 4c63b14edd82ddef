//! `Map.update` and `Map.alter`: what the key leads to is moved out of the map, the function's body stands where it is
//! called, and what it makes goes back. A value that nobody else holds is so changed in place, and `alter` makes no
//! Option for it.
//!
//! `Map.insert` does the same when the value is made of what a look-up of the same entry gives, and the map is not used
//! otherwise: who groups things writes `Map.insert k [...Map.getOrElse k [] m, x] m`, and no list is copied for it. So
//! does `List.set`: the row of a table is changed in place in `set r (set c x table[r]) table`.
//!
//! While the body runs the map has a hole, which nobody sees: the register that holds it has no name, and is dropped
//! when the body fails.

use aivi_bytecode::{Instruction, Jump16, Reg};

use super::call::Arg;
use super::code::{Class, Op};
use super::free::Uses;
use super::function::{Binding, Dest, Function};
use super::repr::Repr;
use crate::check::types::TyId;
use crate::core::{Expr, ExprKind, GlobalBody, ListItem, LocalId, Native, Pattern, PatternKind, RecordItem};

/// A look-up whose value was moved out before.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// The expression of its key or index: which look-up it is.
    key: *const Expr,
    /// The value, or the absent value.
    pub bare: Reg,
    /// The map or list.
    pub from: Reg,
    /// The key or index.
    pub at: Reg,
}

impl Function<'_, '_> {
    /// R[dst] := `Map.insert key value map`
    pub(super) fn insert_entry(&mut self, key: &Arg<'_>, value: &Arg<'_>, map: &Arg<'_>, dst: Reg) {
        if let Some(look_up) = self.look_up_of(key, value, map, &["map.get", "map.getOrElse"]) {
            let at = self.arg_tagged_operand(key);
            self.arg_tagged(map, dst);
            let bare = self.take_entry(at, Repr::Counted, dst);
            let value = self.made_of(Taken { key: look_up, bare, from: dst, at }, value);
            self.put_entry(at, value, dst);
        } else {
            let (key, value) = (self.arg_taken(key), self.arg_taken(value));
            self.arg_tagged(map, dst);
            self.act(Class::Owned, Instruction::MapInsert { map: dst, key, value });
        }
    }

    /// R[dst] := `List.set index item list`
    pub(super) fn set_item(&mut self, index: &Arg<'_>, item: &Arg<'_>, list: &Arg<'_>, dst: Reg) {
        let look_up = self.look_up_of(index, item, list, &["list.at"]);
        let index = self.arg_operand(index);
        let item = if let Some(look_up) = look_up {
            self.arg_tagged(list, dst);
            let bare = self.alloc(1);
            self.act(Class::Owned, Instruction::ListTake { dst: bare, list: dst, index });
            self.made_of(Taken { key: look_up, bare, from: dst, at: index }, item)
        } else {
            let item = self.arg_taken(item);
            self.arg_tagged(list, dst);
            item
        };
        self.act(Class::Owned, Instruction::ListSet { list: dst, index, item });
    }

    /// A register with a value for which something was moved out.
    fn made_of(&mut self, taken: Taken, value: &Arg<'_>) -> Reg {
        let before = self.taken.replace(taken);
        let value = self.arg_taken(value);
        self.taken = before;
        value
    }

    /// What was moved out for the look-up with this key.
    pub(super) fn taken_by(&self, key: &Arg<'_>) -> Option<Taken> {
        let Arg::Expr(key) = key else { return None };
        self.taken.filter(|taken| std::ptr::eq(taken.key, *key))
    }

    /// The key of the look-up in a value that is all the value wants of the map or list: of the very entry that it will
    /// be. Scalars are not worth it.
    fn look_up_of<'e>(&self, key: &Arg<'e>, value: &Arg<'e>, from: &Arg<'e>, names: &[&str]) -> Option<&'e Expr> {
        let (Arg::Expr(key), Arg::Expr(value), Arg::Expr(from)) = (key, value, from) else { return None };
        let ExprKind::Local(variable) = from.kind else { return None };
        let is_worth_it = matches!(self.repr(value.ty), Repr::Counted);
        (is_worth_it && Uses::times(variable, value) == 1).then(|| self.look_up(value, key, variable, names)).flatten()
    }

    /// The key of a look-up of `from[key]` that is evaluated with `expr`, once at most.
    fn look_up<'e>(&self, expr: &'e Expr, key: &Expr, from: LocalId, names: &[&str]) -> Option<&'e Expr> {
        let is_from = |expr: &Expr| matches!(expr.kind, ExprKind::Local(id) if id == from);
        match &expr.kind {
            ExprKind::Apply { function, arguments } => {
                if let ExprKind::Global(id) = function.kind
                    && let GlobalBody::Native(native) = &self.program.globals[id.0 as usize].body
                    && names.contains(&&*native.name)
                    && arguments.len() == native.arity as usize
                    && arguments.last().is_some_and(is_from)
                {
                    return is_same(&arguments[0], key).then_some(&arguments[0]);
                }
            }
            ExprKind::Index { base, index } if is_from(base) && self.is_list(base) => {
                return is_same(index, key).then_some(index);
            }
            _ => {}
        }
        evaluated_with(expr).into_iter().find_map(|part| self.look_up(part, key, from, names))
    }

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

/// Parts of an expression that are evaluated when it is, or some of them.
fn evaluated_with<'e>(expr: &'e Expr) -> Vec<&'e Expr> {
    match &expr.kind {
        ExprKind::Apply { arguments, .. } => arguments.iter().collect(),
        ExprKind::Primitive(_, parts) | ExprKind::Tuple(parts) | ExprKind::Join(parts) => parts.iter().collect(),
        ExprKind::Default(left, right) => vec![left, right],
        ExprKind::If { condition, then, otherwise } => vec![condition, then, otherwise],
        ExprKind::Block { bindings, result } => bindings.iter().map(|(_, value)| value).chain([&**result]).collect(),
        ExprKind::Match { subject, arms } => {
            let arms = arms.iter().flat_map(|arm| arm.guard.iter().chain([&arm.body]));
            [&**subject].into_iter().chain(arms).collect()
        }
        ExprKind::List(items) => {
            let part = |item: &'e ListItem| match item {
                ListItem::Item(part) | ListItem::Spread(part) => vec![part],
                ListItem::Range(first, last) => vec![first, last],
            };
            items.iter().flat_map(part).collect()
        }
        ExprKind::Record(items) => {
            let part = |item: &'e RecordItem| match item {
                RecordItem::Field(_, part) | RecordItem::Spread(part) => part,
            };
            items.iter().map(part).collect()
        }
        ExprKind::Field { base, .. } | ExprKind::Patch { base, .. } | ExprKind::ToText(base) => vec![base],
        _ => Vec::new(),
    }
}

/// Whether two expressions have the same value, for sure.
fn is_same(left: &Expr, right: &Expr) -> bool {
    let all = |left: &[Expr], right: &[Expr]| {
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
    };
    match (&left.kind, &right.kind) {
        (ExprKind::Local(left), ExprKind::Local(right)) => left == right,
        (ExprKind::Int(left), ExprKind::Int(right)) => left == right,
        (ExprKind::Text(left), ExprKind::Text(right)) => left == right,
        (ExprKind::Char(left), ExprKind::Char(right)) => left == right,
        (ExprKind::Constructor(left), ExprKind::Constructor(right)) => left == right,
        (ExprKind::Primitive(left, lefts), ExprKind::Primitive(right, rights)) => left == right && all(lefts, rights),
        (ExprKind::Tuple(lefts), ExprKind::Tuple(rights)) => all(lefts, rights),
        (ExprKind::Field { base: left, name }, ExprKind::Field { base: right, name: other }) => {
            name == other && is_same(left, right)
        }
        _ => false,
    }
}
