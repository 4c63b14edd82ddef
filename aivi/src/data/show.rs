//! Data as `toText` and `debugText` show values.

use std::fmt;

use super::Data;

impl Data {
    /// As `debugText` shows it: with quotes around texts.
    #[must_use]
    pub fn debug_text(&self) -> String {
        Shown { data: self, quotes: true }.to_string()
    }
}

/// As `toText` shows it: texts are bare.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown { data: self, quotes: false }.fmt(f)
    }
}

#[derive(Clone, Copy)]
struct Shown<'d> {
    data: &'d Data,
    quotes: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quotes = self.quotes;
        let show = |data: &Data, f: &mut fmt::Formatter<'_>| Shown { data, quotes }.fmt(f);
        match self.data {
            Data::Unit => f.write_str("Unit"),
            Data::Bool(true) => f.write_str("True"),
            Data::Bool(false) => f.write_str("False"),
            Data::Int(number) => write!(f, "{number}"),
            Data::Float(number) => write!(f, "{number}"),
            Data::Char(letter) if quotes => quoted(f, '\'', &letter.to_string()),
            Data::Char(letter) => write!(f, "{letter}"),
            Data::Text(text) if quotes => quoted(f, '"', text),
            Data::Text(text) => f.write_str(text),
            Data::Bytes(_) => f.write_str("<bytes>"),
            Data::List(items) => listed(f, "[", items, show, "]"),
            Data::Tuple(items) => listed(f, "(", items, show, ")"),
            Data::Record(fields) if fields.is_empty() => f.write_str("{}"),
            Data::Record(fields) => {
                let field = |(name, field): &(String, Data), f: &mut fmt::Formatter<'_>| {
                    write!(f, "{name}: ")?;
                    show(field, f)
                };
                listed(f, "{ ", fields, field, " }")
            }
            Data::Constructor(name, arguments) => {
                f.write_str(name)?;
                arguments.iter().try_for_each(|data| match data {
                    Data::Constructor(_, inner) if !inner.is_empty() => write!(f, " ({})", Shown { data, quotes }),
                    _ => write!(f, " {}", Shown { data, quotes }),
                })
            }
            Data::Map(entries) => {
                let entry = |(key, value): &(Data, Data), f: &mut fmt::Formatter<'_>| {
                    show(key, f)?;
                    f.write_str(" => ")?;
                    show(value, f)
                };
                listed(f, "~map{", entries, entry, "}")
            }
            Data::Set(items) => listed(f, "~set[", items, show, "]"),
            Data::Object(object) => write!(f, "{object}"),
            Data::Function(function) => f.write_str(if function.ty().arity() == 0 { "<effect>" } else { "<function>" }),
            Data::Opaque(value) => write!(f, "{value}"),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, quote: char, text: &str) -> fmt::Result {
    let mut literal = String::with_capacity(text.len() + 2);
    text.chars().for_each(|letter| aivi_vm::structural::escape(&mut literal, letter, quote));
    write!(f, "{quote}{literal}{quote}")
}

/// All of them with commas between.
fn listed<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: &[T],
    show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        show(item, f)?;
    }
    f.write_str(close)
}
