//! What to do about a mismatch, where that can be told from the two types.

use super::builtin;
use super::checker::Checker;
use super::types::{TyId, View};
use crate::core::{Expr, ExprKind};
use crate::diagnostic::{Diagnostic, foreign};

/// Deeper parts of types are taken to fit.
const DEPTH_MAX: u32 = 8;

impl Checker<'_> {
    /// Adds what helps when a `found` stands where a `wanted` has to.
    pub(super) fn with_hint(
        &self,
        diagnostic: Diagnostic,
        wanted: TyId,
        found: TyId,
        expr: Option<&Expr>,
    ) -> Diagnostic {
        if let Some(hint) = self.hint(wanted, found, expr) {
            return diagnostic.help(hint);
        }
        [wanted, found]
            .into_iter()
            .find_map(|ty| self.lower_case_type(ty).or_else(|| self.opaque_type(ty)))
            .into_iter()
            .fold(diagnostic, Diagnostic::help)
    }

    /// What to do about an opaque type of another module.
    pub(super) fn opaque_type(&self, ty: TyId) -> Option<String> {
        let data = self.types.hidden(ty)?;
        let alias = self.tables.opaque.get(&data)?;
        let owner = self.text(self.tables.module(self.tables.aliases[alias.0 as usize].module).path);
        let name = self.text(self.tables.datas[data.0 as usize].name);
        Some(format!(
            "`{name}` is opaque, only module `{owner}` knows what it is made of: use a function that it exports"
        ))
    }

    fn hint(&self, wanted: TyId, found: TyId, expr: Option<&Expr>) -> Option<String> {
        let result = self.result_when_complete(wanted, found);
        if let Some(missing) = result {
            let plural = if missing == 1 { "" } else { "s" };
            return Some(format!("this is a function: it still needs {missing} argument{plural}"));
        }
        if self.types.is_error(wanted) || self.types.is_unknown(wanted) {
            return None;
        }
        let (head, of) = (self.types.head(found), self.types.data_arguments(found));
        let wanted_of = self.types.data_arguments(wanted);
        match self.types.head(wanted) {
            Some(builtin::EFFECT) if head != Some(builtin::EFFECT) && self.could_be(wanted_of[1], found) => {
                return Some("`pure value` is the effect that gives a value".into());
            }
            Some(builtin::OPTION) if self.could_be(wanted_of[0], found) && head != Some(builtin::OPTION) => {
                return Some("wrap the value: `Some value`".into());
            }
            Some(builtin::RESULT) if self.could_be(wanted_of[1], found) && head != Some(builtin::RESULT) => {
                return Some("wrap the value: `Ok value`".into());
            }
            Some(builtin::LIST) if self.could_be(wanted_of[0], found) && head != Some(builtin::LIST) => {
                return Some("a list of one item is written `[item]`".into());
            }
            _ => {}
        }
        match head {
            Some(builtin::EFFECT) if self.could_be(wanted, of[1]) => {
                return Some("an effect gives its value where it is run: bind it in `do Effect`, `x <- effect`".into());
            }
            Some(builtin::RESOURCE) if self.could_be(wanted, of[1]) => {
                return Some("a resource gives its value where it is acquired: `x <- resource` in `do Effect`".into());
            }
            Some(builtin::OPTION) if self.could_be(wanted, of[0]) => {
                return Some(
                    "the value may be missing: give a default with `??`, or take it apart with `match`".into(),
                );
            }
            Some(builtin::RESULT) if self.could_be(wanted, of[1]) => {
                return Some("this may be an error: go on with `value or other`, or take it apart with `match`".into());
            }
            _ => {}
        }
        self.hint_on_scalars(wanted, found, expr)
    }

    fn hint_on_scalars(&self, wanted: TyId, found: TyId, expr: Option<&Expr>) -> Option<String> {
        let is = |ty, data| self.types.head(ty) == Some(data);
        if self.types.is_float(wanted) && self.types.is_int(found) {
            return Some(match expr.map(|expr| &expr.kind) {
                Some(ExprKind::Int(value)) => format!("write it as a Float: `{value}.0`"),
                _ => "`toFloat` of `use aivi.math (toFloat)` makes a Float of an Int".into(),
            });
        }
        if self.types.is_int(wanted) && self.types.is_float(found) {
            return Some("`toInt` of `use aivi.math (toInt)` makes an Int of a Float, towards zero".into());
        }
        if self.types.is_text(wanted)
            && let Some(ExprKind::Int(value)) = expr.map(|expr| &expr.kind)
        {
            return Some(format!("a text stands between double quotes: \"{value}\""));
        }
        if self.types.is_text(wanted) && is(found, builtin::CHAR) {
            return Some("a text stands between double quotes".into());
        }
        if self.types.is_text(wanted) && !self.types.is_unknown(found) && !self.types.is_function(found) {
            return Some("`toText value` gives the text of a value, and so does a hole: \"{value}\"".into());
        }
        let is_literal = matches!(expr.map(|expr| &expr.kind), Some(ExprKind::Text(_)));
        if self.types.is_int(wanted) && self.types.is_text(found) && !is_literal {
            return Some("`parseInt` of `aivi.text` reads a number from a text".into());
        }
        if self.types.is_unit(found) && self.types.is_effect(wanted) {
            return Some("`pure Unit` is the effect that does nothing".into());
        }
        None
    }

    /// The number of arguments after which `found` is a `wanted`; none when it is not a function, or more is wrong.
    fn result_when_complete(&self, wanted: TyId, found: TyId) -> Option<usize> {
        let more = self.parameter_count(found).checked_sub(self.parameter_count(wanted)).filter(|more| *more > 0)?;
        if self.types.is_function(wanted) || self.types.is_unknown(wanted) {
            return None;
        }
        let mut result = found;
        for _ in 0..more {
            let View::Function(_, to) = self.types.view(result) else { return None };
            result = to;
        }
        self.could_be(wanted, result).then_some(more)
    }

    /// The two types can be made equal, as far as can be told without doing so.
    pub(super) fn could_be(&self, a: TyId, b: TyId) -> bool {
        self.could_be_within(a, b, 0)
    }

    fn could_be_within(&self, a: TyId, b: TyId, depth: u32) -> bool {
        let unknown = |ty| self.types.is_unknown(ty) || self.types.is_error(ty);
        if depth > DEPTH_MAX || unknown(a) || unknown(b) {
            return true;
        }
        let all = |a: &[TyId], b: &[TyId]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.could_be_within(*a, *b, depth + 1))
        };
        match (self.types.view(a), self.types.view(b)) {
            (View::Variable, View::Variable) => self.types.is_same(a, b),
            (View::Data(x, left), View::Data(y, right)) => x == y && all(left, right),
            (View::Tuple(left), View::Tuple(right)) => all(left, right),
            (View::Function(from, to), View::Function(other, end)) => all(&[from, to], &[other, end]),
            (View::Record { fields: a, open: false }, View::Record { fields: b, open: false }) => {
                let names = |fields: &[(_, TyId)]| fields.iter().map(|(name, _)| *name).collect::<Vec<_>>();
                let types = |fields: &[(_, TyId)]| fields.iter().map(|(_, ty)| *ty).collect::<Vec<_>>();
                names(&a) == names(&b) && all(&types(&a), &types(&b))
            }
            (View::Record { .. }, View::Record { .. }) => true,
            _ => false,
        }
    }

    /// `int` in a signature is a variable, which people do not mean.
    pub(super) fn lower_case_type(&self, ty: TyId) -> Option<String> {
        let name = self.text(self.types.rigid_name(ty)?);
        match foreign::instead_of_type(name) {
            Some(known) => Some(format!("did you mean `{known}`? `{name}` is a type variable, as it is lower case")),
            None => Some(format!("`{name}` stands for any type, which the caller chooses")),
        }
    }
}
