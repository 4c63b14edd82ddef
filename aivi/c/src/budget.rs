//! What several calls may use together.

use aivi::{Budget, Engine, Limits};

use crate::error::required;
use crate::export::{ErrorOut, answer_boxed, exports};
use crate::limits::used;
use crate::pointers::{Name, OwnedText};

/// Of null: without limits.
fn or_none(limits: Option<&Limits>) -> Limits {
    limits.copied().unwrap_or_else(Limits::none)
}

exports! {
    fn aivi_budget_new(
        engine: Option<&Engine>,
        name: Name<'_>,
        limits: Option<&Limits>,
        error: ErrorOut<'_>,
    ) -> Option<Box<Budget>> {
        answer_boxed(error, || Ok(required(engine, "engine")?.budget(name.get("name")?, or_none(limits))))
    }

    fn aivi_budget_nested(
        budget: Option<&Budget>,
        name: Name<'_>,
        limits: Option<&Limits>,
        error: ErrorOut<'_>,
    ) -> Option<Box<Budget>> {
        answer_boxed(error, || Ok(required(budget, "budget")?.nested(name.get("name")?, or_none(limits))))
    }

    fn aivi_budget_name(budget: Option<&Budget>) -> OwnedText {
        budget.map_or_else(OwnedText::default, |budget| OwnedText::new(budget.name()))
    }

    fn aivi_budget_used(budget: Option<&Budget>, usage: i32) -> u64 {
        budget.map_or(0, |budget| used(budget.used(), usage))
    }

    fn aivi_budget_time_left(budget: Option<&Budget>) -> i64 {
        let left = budget.and_then(Budget::time_left);
        left.map_or(-1, |left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX))
    }

    fn aivi_budget_cancel(budget: Option<&Budget>) -> usize {
        budget.map_or(0, Budget::cancel)
    }

    fn aivi_budget_free(budget: Option<Box<Budget>>) {
        drop(budget);
    }
}
