//! The decisions of the search, and how a run of them is printed as a pattern.

use super::Tables;
use super::pattern::Literal;
use crate::core::ConstructorId;
use crate::syntax::Symbol;

/// An answer in a column.
#[derive(Clone, Debug)]
pub(super) enum Head<'p> {
    /// This constructor.
    Constructor(ConstructorId),
    /// This literal.
    Literal(Literal<'p>),
    /// None of the literals.
    Other,
    /// A list with the items that follow, and perhaps more.
    List {
        /// More may follow.
        open: bool,
    },
    /// A tuple.
    Tuple,
    /// A record with these fields, perhaps among others.
    Record(Vec<Symbol>),
}

struct Step<'p> {
    before: Option<usize>,
    head: Head<'p>,
    arity: usize,
    column: usize,
}

/// All decisions made, each with the one before it: a tree.
#[derive(Default)]
pub(super) struct Steps<'p> {
    steps: Vec<Step<'p>>,
}

impl<'p> Steps<'p> {
    /// Adds a decision and names it.
    pub(super) fn push(&mut self, before: Option<usize>, head: Head<'p>, arity: usize, column: usize) -> usize {
        self.steps.push(Step { before, head, arity, column });
        self.steps.len() - 1
    }

    /// The pattern of the values that come to `step`, where `width` columns have not been looked at.
    pub(super) fn print(&self, tables: Tables<'_>, mut step: Option<usize>, width: usize) -> String {
        let mut columns = vec![Text::any(); width];
        while let Some(at) = step {
            let Step { before, head, arity, column } = &self.steps[at];
            let inner: Vec<Text> = columns.drain(..*arity).collect();
            columns.insert(*column, head.print(tables, &inner));
            step = *before;
        }
        columns.pop().map_or_else(String::new, |column| column.text)
    }
}

/// A printed pattern.
#[derive(Clone)]
struct Text {
    text: String,
    /// It must stand in parentheses as an argument.
    is_open: bool,
}

impl Text {
    fn any() -> Self {
        Text::closed("_")
    }

    fn closed(text: impl Into<String>) -> Self {
        Text { text: text.into(), is_open: false }
    }

    fn is_any(&self) -> bool {
        self.text == "_"
    }

    fn argument(&self) -> String {
        if self.is_open { format!("({})", self.text) } else { self.text.clone() }
    }
}

impl Head<'_> {
    fn print(&self, tables: Tables<'_>, inner: &[Text]) -> Text {
        let list = || inner.iter().map(|item| item.text.clone()).collect::<Vec<_>>();
        match self {
            Head::Constructor(id) => {
                let name = tables.interner.text(tables.constructors[id.0 as usize].name).to_owned();
                let text = inner.iter().fold(name, |text, argument| format!("{text} {}", argument.argument()));
                Text { text, is_open: !inner.is_empty() }
            }
            Head::Literal(Literal::Int(value)) => Text { text: value.to_string(), is_open: *value < 0 },
            Head::Literal(Literal::Text(text)) => Text::closed(quoted(text)),
            Head::Literal(Literal::Char(value)) => Text::closed(format!("{value:?}")),
            Head::Other => Text::any(),
            Head::List { open: true } if inner.is_empty() => Text::any(),
            Head::List { open } => {
                let mut items = list();
                items.extend(open.then(|| "...".to_owned()));
                Text::closed(format!("[{}]", items.join(", ")))
            }
            Head::Tuple if inner.iter().all(Text::is_any) => Text::any(),
            Head::Tuple => Text::closed(format!("({})", list().join(", "))),
            Head::Record(names) => {
                let asked = names.iter().zip(inner).filter(|(_, text)| !text.is_any());
                let fields: Vec<String> =
                    asked.map(|(name, text)| format!("{}: {}", tables.interner.text(*name), text.text)).collect();
                if fields.is_empty() { Text::any() } else { Text::closed(format!("{{ {} }}", fields.join(", "))) }
            }
        }
    }
}

/// A text literal as it is written.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
