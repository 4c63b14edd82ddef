//! Splitting rows by what they ask in one column.

use std::collections::{BTreeSet, HashMap};

use super::pattern::{Literal, Pat};
use super::witness::Head;
use super::{MISSING_MAX, Row, Tables};
use crate::core::{ConstructorId, DataId};
use crate::hash::{IdMap, IdSet};
use crate::syntax::Symbol;

/// An answer, the columns that it opens, and the rows that it leaves.
type Branch<'p> = (Head<'p>, usize, Vec<Row<'p>>);

/// What the patterns of a column tell about its type.
pub(super) enum Columns<'p> {
    Constructors(Tables<'p>, DataId),
    Literals,
    /// Lengths that the rows tell apart, the longest standing for all longer ones too.
    Lists(Vec<usize>),
    Tuple(usize),
    /// All fields that some row asks for.
    Record(Vec<Symbol>),
}

static ANY: Pat<'static> = Pat::Any;

impl<'p> Columns<'p> {
    /// What `column` is about; some row asks something there.
    pub(super) fn of(tables: Tables<'p>, rows: &[Row<'p>], column: usize) -> Self {
        let asked = rows.iter().map(|row| row.cells[column]);
        let first = asked.clone().find(|cell| !matches!(cell, Pat::Any)).expect("some row asks");
        match first {
            Pat::Constructor(constructor, _) => {
                Columns::Constructors(tables, tables.constructors[constructor.0 as usize].data)
            }
            Pat::Literal(_) | Pat::Any => Columns::Literals,
            Pat::List { .. } => Columns::Lists(lengths(asked)),
            Pat::Tuple(items) => Columns::Tuple(items.len()),
            Pat::Record(_) => Columns::Record(fields(asked)),
        }
    }

    /// The branches, each with the rows that are left; in them, what an answer opens stands before the other columns.
    pub(super) fn split(&self, rows: &[Row<'p>], column: usize) -> Vec<Branch<'p>> {
        match self {
            Columns::Constructors(tables, data) => constructor_branches(*tables, *data, rows, column),
            Columns::Literals => literal_branches(rows, column),
            Columns::Lists(lengths) => list_branches(lengths, rows, column),
            Columns::Tuple(arity) => {
                let rows = rows.iter().map(|row| match row.cells[column] {
                    Pat::Tuple(items) => row.open(column, items.iter()),
                    _ => row.open_any(column, *arity),
                });
                vec![(Head::Tuple, *arity, rows.collect())]
            }
            Columns::Record(names) => {
                let rows = rows.iter().map(|row| match row.cells[column] {
                    Pat::Record(fields) => row.open(column, names.iter().map(|name| field(fields, *name))),
                    _ => row.open_any(column, names.len()),
                });
                vec![(Head::Record(names.clone()), names.len(), rows.collect())]
            }
        }
    }
}

impl<'p> Row<'p> {
    /// The row with `inner` in place of `column`.
    fn open(&self, column: usize, inner: impl Iterator<Item = &'p Pat<'p>>) -> Row<'p> {
        let others = self.cells.iter().enumerate().filter(|(at, _)| *at != column).map(|(_, cell)| *cell);
        Row { arm: self.arm, cells: inner.chain(others).collect() }
    }

    /// The row with `arity` columns about which it asks nothing in place of `column`.
    fn open_any(&self, column: usize, arity: usize) -> Row<'p> {
        self.open(column, std::iter::repeat_n(&ANY, arity))
    }
}

fn field<'p>(fields: &'p [(Symbol, Pat<'p>)], name: Symbol) -> &'p Pat<'p> {
    fields.iter().find(|(known, _)| *known == name).map_or(&ANY, |(_, field)| field)
}

fn fields<'p>(cells: impl Iterator<Item = &'p Pat<'p>>) -> Vec<Symbol> {
    let mut seen = IdSet::default();
    let records = cells.filter_map(|cell| if let Pat::Record(fields) = cell { Some(fields) } else { None });
    records.flatten().map(|(name, _)| *name).filter(|name| seen.insert(*name)).collect()
}

/// Lengths between which some row's answer changes. A length that is not among them is treated by all rows like the
/// next smaller one.
fn lengths<'p>(cells: impl Iterator<Item = &'p Pat<'p>>) -> Vec<usize> {
    let mut lengths = BTreeSet::from([0]);
    for cell in cells {
        if let Pat::List { items, rest } = cell {
            lengths.insert(items.len());
            if !rest {
                lengths.insert(items.len() + 1);
            }
        }
    }
    lengths.into_iter().collect()
}

fn list_branches<'p>(lengths: &[usize], rows: &[Row<'p>], column: usize) -> Vec<Branch<'p>> {
    let branch = |(at, &length): (usize, &usize)| {
        let rows = rows.iter().filter_map(|row| match row.cells[column] {
            Pat::List { items, rest } if items.len() == length || (*rest && items.len() < length) => {
                Some(row.open(column, items.iter().chain(std::iter::repeat_n(&ANY, length - items.len()))))
            }
            Pat::List { .. } => None,
            _ => Some(row.open_any(column, length)),
        });
        (Head::List { open: at + 1 == lengths.len() }, length, rows.collect())
    };
    lengths.iter().enumerate().map(branch).collect()
}

/// Branches that grow while the rows are gone through in order. Each new one starts with the rows so far that fit all.
struct Growing<'p> {
    column: usize,
    branches: Vec<Branch<'p>>,
    /// Rows that ask nothing in the column.
    open: Vec<Row<'p>>,
}

impl<'p> Growing<'p> {
    fn new(column: usize) -> Self {
        Growing { column, branches: Vec::new(), open: Vec::new() }
    }

    /// A row that asks nothing here goes into every branch.
    fn add_open(&mut self, row: &Row<'p>) {
        for (_, arity, rows) in &mut self.branches {
            rows.push(row.open_any(self.column, *arity));
        }
        self.open.push(row.clone());
    }

    fn new_branch(&mut self, head: Head<'p>, arity: usize) -> usize {
        let rows = self.open.iter().map(|row| row.open_any(self.column, arity)).collect();
        self.branches.push((head, arity, rows));
        self.branches.len() - 1
    }

    fn add(&mut self, branch: usize, row: &Row<'p>, inner: &'p [Pat<'p>]) {
        self.branches[branch].2.push(row.open(self.column, inner.iter()));
    }
}

fn constructor_branches<'p>(tables: Tables<'p>, data: DataId, rows: &[Row<'p>], column: usize) -> Vec<Branch<'p>> {
    let mut growing = Growing::new(column);
    let mut known: IdMap<ConstructorId, usize> = IdMap::default();
    for row in rows {
        match row.cells[column] {
            Pat::Constructor(constructor, arguments) => {
                let new = || growing.new_branch(Head::Constructor(*constructor), arguments.len());
                let branch = *known.entry(*constructor).or_insert_with(new);
                growing.add(branch, row, arguments);
            }
            _ => growing.add_open(row),
        }
    }
    let unnamed = tables.datas[data.0 as usize].constructors.iter().filter(|id| !known.contains_key(id));
    // Without rows for them each is a missing case; with rows one stands for all.
    let shown = if growing.open.is_empty() { MISSING_MAX + 1 } else { 1 };
    for constructor in unnamed.take(shown) {
        let arity = tables.constructors[constructor.0 as usize].arity as usize;
        growing.new_branch(Head::Constructor(*constructor), arity);
    }
    let position = |branch: &Branch<'p>| match branch.0 {
        Head::Constructor(id) => tables.constructors[id.0 as usize].index,
        _ => 0,
    };
    growing.branches.sort_by_key(position);
    growing.branches
}

fn literal_branches<'p>(rows: &[Row<'p>], column: usize) -> Vec<Branch<'p>> {
    let mut growing = Growing::new(column);
    let mut known: HashMap<Literal<'p>, usize> = HashMap::new();
    for row in rows {
        match row.cells[column] {
            Pat::Literal(literal) => {
                let branch = *known.entry(*literal).or_insert_with(|| growing.new_branch(Head::Literal(*literal), 0));
                growing.add(branch, row, &[]);
            }
            _ => growing.add_open(row),
        }
    }
    growing.new_branch(Head::Other, 0);
    growing.branches
}
