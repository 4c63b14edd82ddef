//! What a log line may hold as it is.

use std::fmt::Write;

use aivi_vm::Value;
use aivi_vm::native::NativeResult;

use crate::family::family;

family! { "log"
    "onOneLine" / 1 = |_, args| NativeResult::Done(on_one_line(args.take(0)));
    "value" / 1 = |_, args| NativeResult::Done(quoted(args.take(0)));
}

/// Control characters, and what some readers take for the end of a line.
fn breaks_lines(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

/// The text itself when it is a line, else with escapes.
fn on_one_line(value: Value) -> Value {
    if value.as_str().contains(breaks_lines) { Value::text(&escaped(value.as_str(), &[])) } else { value }
}

/// The text itself when a reader of `key=value` sees where it ends, else in quotes.
fn quoted(value: Value) -> Value {
    let text = value.as_str();
    let is_plain = |char: char| !(char.is_whitespace() || breaks_lines(char) || matches!(char, '"' | '=' | '\\'));
    if !text.is_empty() && text.chars().all(is_plain) {
        return value;
    }
    Value::text(&format!("\"{}\"", escaped(text, &['"', '\\'])))
}

/// With a `\` before these characters, and escapes as in literals for what breaks lines.
fn escaped(text: &str, marked: &[char]) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if breaks_lines(char) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
            }
            _ => {
                out.extend(marked.contains(&char).then_some('\\'));
                out.push(char);
            }
        }
    }
    out
}
