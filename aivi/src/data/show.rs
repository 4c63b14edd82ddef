//! Data as `debugText` shows values: with quotes around texts.

use std::fmt;

use super::Data;

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::Unit => f.write_str("Unit"),
            Data::Bool(true) => f.write_str("True"),
            Data::Bool(false) => f.write_str("False"),
            Data::Int(number) => write!(f, "{number}"),
            Data::Float(number) => write!(f, "{number}"),
            Data::Char(letter) => quoted(f, '\'', &letter.to_string()),
            Data::Text(text) => quoted(f, '"', text),
            Data::Bytes(_) => f.write_str("<bytes>"),
            Data::List(items) => listed(f, "[", items, Data::fmt, "]"),
            Data::Tuple(items) => listed(f, "(", items, Data::fmt, ")"),
            Data::Record(fields) if fields.is_empty() => f.write_str("{}"),
            Data::Record(fields) => listed(f, "{ ", fields, |(name, field), f| write!(f, "{name}: {field}"), " }"),
            Data::Constructor(name, arguments) => {
                f.write_str(name)?;
                arguments.iter().try_for_each(|argument| match argument {
                    Data::Constructor(_, inner) if !inner.is_empty() => write!(f, " ({argument})"),
                    _ => write!(f, " {argument}"),
                })
            }
            Data::Map(entries) => listed(f, "~map{", entries, |(key, value), f| write!(f, "{key} => {value}"), "}"),
            Data::Set(items) => listed(f, "~set[", items, Data::fmt, "]"),
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
