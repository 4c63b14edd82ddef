//! What literals say: escapes, raw texts, numbers.

use std::borrow::Cow;

/// What an escape stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Escape {
    /// A character that is written this way.
    Char(char),
    /// Not an escape: the character itself.
    Itself(char),
    /// `\u{…}` of no character.
    Invalid,
    /// A backslash at the end.
    Nothing,
}

/// The escape at the start of `rest`, which starts with a backslash, and its length.
pub(super) fn escape_at(rest: &str) -> (Escape, usize) {
    let Some(c) = rest[1..].chars().next() else { return (Escape::Nothing, 1) };
    let simple = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        '\\' | '{' | '}' => c,
        '\n' | '\r' => return (Escape::Nothing, 1),
        'u' if rest[2..].starts_with('{') => return unicode_escape(rest),
        _ => return (Escape::Itself(c), 1 + c.len_utf8()),
    };
    (Escape::Char(simple), 2)
}

/// `\u{HEX}` at the start of `rest`.
fn unicode_escape(rest: &str) -> (Escape, usize) {
    let digits = rest[3..].bytes().take_while(u8::is_ascii_hexdigit).count();
    let end = 3 + digits;
    if rest.as_bytes().get(end) != Some(&b'}') {
        return (Escape::Invalid, end);
    }
    let number = u32::from_str_radix(&rest[3..end], 16).ok();
    (number.and_then(char::from_u32).map_or(Escape::Invalid, Escape::Char), end + 1)
}

/// The text that `raw` stands for. Wrong escapes were reported by the lexer; an invalid one becomes U+FFFD.
#[must_use]
pub fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (escape, length) = escape_at(&rest[at..]);
        match escape {
            Escape::Char(c) | Escape::Itself(c) => text.push(c),
            Escape::Invalid => text.push('\u{fffd}'),
            Escape::Nothing => {}
        }
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text
}

/// The text of a raw sigil's body: when every line that is not blank starts with `|`, that margin goes, with one blank
/// behind it, and so does a blank first or last line.
#[must_use]
pub fn strip_margin(body: &str) -> Cow<'_, str> {
    let mut lines: Vec<&str> = body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let is_blank = |line: &str| line.trim().is_empty();
    let has_margin = |line: &&str| is_blank(line) || line.trim_start().starts_with('|');
    if lines.len() < 2 || !lines.iter().all(has_margin) || lines.iter().all(|line| is_blank(line)) {
        return Cow::Borrowed(body);
    }
    if is_blank(lines[0]) {
        lines.remove(0);
    }
    if lines.last().is_some_and(|line| is_blank(line)) {
        lines.pop();
    }
    let stripped: Vec<&str> = lines
        .iter()
        .map(|line| {
            let line = line.trim_start();
            let line = line.strip_prefix('|').unwrap_or(line);
            line.strip_prefix(' ').unwrap_or(line)
        })
        .collect();
    Cow::Owned(stripped.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(unescape(r#"a\n\t\\\"\{\}\u{48}\0\q"#), "a\n\t\\\"{}H\0q");
        assert_eq!(unescape(r"\u{110000}|\u{}|\u{d800}|\u{41"), "\u{fffd}|\u{fffd}|\u{fffd}|\u{fffd}");
        assert_eq!(unescape("\\"), "");
    }

    #[test]
    fn margins() {
        assert_eq!(strip_margin("\n  | a\n  |  b\n\n  |c\n  "), "a\n b\n\nc");
        assert_eq!(strip_margin("a\n| b"), "a\n| b");
        assert_eq!(strip_margin("| a"), "| a");
        assert_eq!(strip_margin("\n\n"), "\n\n");
    }
}
