//! Do the arms of a match cover every case, and is every arm reached?
//!
//! The arms are rows of a matrix of patterns, as in Maranget's "Warnings for pattern matching" and "Compiling pattern
//! matching to good decision trees". The search follows the tree of decisions that the matrix stands for: it picks the
//! first column in which the first row asks something, and splits the rows by what they ask there. A leaf whose first
//! row asks nothing more reaches that row's arm; a leaf without rows is a case that nothing covers, and the decisions
//! that led to it are printed as a pattern. One search answers both questions.
//!
//! What always holds: an arm with a guard covers nothing but can be reached. The search needs no types: what a column's
//! patterns ask tells which constructors there are. It keeps its work on a list, so patterns of any size are no problem
//! for the host stack, and it gives up after `WORK_MAX` copied cells; then only a catch-all arm at the end counts as
//! covering everything, and no arm is called unreachable. Ten thousand arms on literals take a fraction of that.

mod body;
mod columns;
mod pattern;
#[cfg(test)]
mod tests;
mod witness;

pub use body::check_body;

use crate::core::{Arm, Constructor, Data};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Interner, Span};
use columns::Columns;
use pattern::{Pat, Simplified};
use witness::Steps;

/// Cells of rows that may be copied before the search gives up: some hundredths of a second.
const WORK_MAX: usize = 3_000_000;
/// What a decision costs besides its cells. This bounds the list of decisions to some ten megabytes.
const STEP_COST: usize = 8;
/// Missing cases that a report lists.
const MISSING_MAX: usize = 3;

/// The tables that patterns refer to.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// Nominal types.
    pub datas: &'a [Data],
    /// Their constructors.
    pub constructors: &'a [Constructor],
    /// Names.
    pub interner: &'a Interner,
}

/// What the arms stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `e match | …` and clause functions: every value must be covered.
    Values,
    /// Arms of `or`. On an effect, an error that no arm matches is passed on; on a Result, the last arm catches
    /// everything, or the parser has reported E1531.
    Errors,
}

/// Reports what `arms` leave out (E3100, at `place`) and which of them are never reached (W3101).
#[must_use]
pub fn check_match<'p>(
    tables: Tables<'p>,
    kind: Kind,
    arms: impl IntoIterator<Item = &'p Arm>,
    place: Span,
) -> Vec<Diagnostic> {
    let arms: Vec<&Arm> = arms.into_iter().collect();
    let Some(rows) = arms.iter().map(|arm| pattern::simplify(arm)).collect::<Option<Vec<Simplified<'_>>>>() else {
        return Vec::new();
    };
    let mut search = Search::new(tables, &rows);
    search.run();
    let mut diagnostics = Vec::new();
    if kind == Kind::Values {
        diagnostics.extend(search.missing_report(place));
    }
    if search.is_complete() {
        let unreached = arms.into_iter().zip(&search.reached).filter(|(_, reached)| !**reached);
        diagnostics.extend(unreached.map(|(arm, _)| {
            Diagnostic::new(Code::W3101, arm.pattern.span, "this arm is never reached: the arms above cover it")
        }));
    }
    diagnostics
}

/// Whether `arms` cover every case: of `or` on an effect, whether no error is passed on.
#[must_use]
pub fn covers_all<'p>(tables: Tables<'p>, arms: &'p [Arm]) -> bool {
    let rows: Option<Vec<Simplified<'_>>> = arms.iter().map(pattern::simplify).collect();
    rows.is_some_and(|rows| {
        let mut search = Search::new(tables, &rows);
        search.run();
        search.covers_all()
    })
}

/// An arm, and what its pattern asks of each column that has not been looked at yet.
#[derive(Clone)]
struct Row<'p> {
    arm: usize,
    cells: Vec<&'p Pat<'p>>,
}

/// Rows that are left after the decisions up to `step`.
struct Task<'p> {
    rows: Vec<Row<'p>>,
    /// Columns left, the cells of each row; known here because there may be no row.
    width: usize,
    step: Option<usize>,
}

struct Search<'p> {
    tables: Tables<'p>,
    arms: &'p [Simplified<'p>],
    tasks: Vec<Task<'p>>,
    steps: Steps<'p>,
    reached: Vec<bool>,
    /// Printed patterns of cases that nothing covers.
    missing: Vec<String>,
    work_left: usize,
}

impl<'p> Search<'p> {
    fn new(tables: Tables<'p>, arms: &'p [Simplified<'p>]) -> Self {
        let rows = arms.iter().enumerate().map(|(arm, row)| Row { arm, cells: vec![&row.pattern] }).collect();
        Search {
            tables,
            arms,
            tasks: vec![Task { rows, width: 1, step: None }],
            steps: Steps::default(),
            reached: vec![false; arms.len()],
            missing: Vec::new(),
            work_left: WORK_MAX,
        }
    }

    fn run(&mut self) {
        while let Some(task) = self.tasks.pop() {
            let cost = STEP_COST + task.width * task.rows.len();
            if cost >= self.work_left {
                self.work_left = 0;
                return;
            }
            self.work_left -= cost;
            self.task(task);
        }
    }

    /// The search did not give up.
    fn is_complete(&self) -> bool {
        self.work_left > 0
    }

    fn task(&mut self, mut task: Task<'p>) {
        let mut first = 0;
        // Rows that ask nothing more: an arm with a guard lets the next one try, any other takes the case.
        while let Some(row) = task.rows.get(first).filter(|row| row.cells.iter().all(|cell| cell.is_any())) {
            self.reached[row.arm] = true;
            if !self.arms[row.arm].may_fail {
                return;
            }
            first += 1;
        }
        task.rows.drain(..first);
        let Some(row) = task.rows.first() else {
            if self.missing.len() <= MISSING_MAX {
                self.missing.push(self.steps.print(self.tables, task.step, task.width));
            }
            return;
        };
        let column = row.cells.iter().position(|cell| !cell.is_any()).expect("rows that ask nothing are gone");
        self.split(&task, column);
    }

    /// Makes a task of each answer that the rows tell apart in `column`.
    fn split(&mut self, task: &Task<'p>, column: usize) {
        let columns = Columns::of(self.tables, &task.rows, column);
        // The last task is done first, so that missing cases come in the order of declarations.
        for (head, arity, rows) in columns.split(&task.rows, column).into_iter().rev() {
            let step = self.steps.push(task.step, head, arity, column);
            self.tasks.push(Task { rows, width: task.width - 1 + arity, step: Some(step) });
        }
    }

    fn covers_all(&self) -> bool {
        match self.is_complete() {
            true => self.missing.is_empty(),
            false => self.arms.last().is_some_and(|arm| !arm.may_fail && arm.pattern.is_any()),
        }
    }

    fn missing_report(&self, place: Span) -> Option<Diagnostic> {
        if self.covers_all() {
            return None;
        }
        if !self.is_complete() {
            let message = "these arms are too many or too large to tell what they cover";
            return Some(Diagnostic::new(Code::E3100, place, message).help("a last arm `| _ => …` covers the rest"));
        }
        let shown: Vec<String> = self.missing.iter().take(MISSING_MAX).map(|case| format!("`{case}`")).collect();
        let (last, before) = shown.split_last()?;
        let verb = if before.is_empty() { "is" } else { "are" };
        let list = if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) };
        let more = if self.missing.len() > MISSING_MAX { ", and more," } else { "" };
        let message = format!("not every case is covered: {list}{more} {verb} missing");
        let help = if before.is_empty() && more.is_empty() {
            format!("add the arm `| {} => …`", last.trim_matches('`'))
        } else {
            "add arms for them, or `| _ => …` for all the others".to_owned()
        };
        Some(Diagnostic::new(Code::E3100, place, message).help(help))
    }
}
