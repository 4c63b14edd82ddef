//! Texts with holes, characters, sigils.
//!
//! A text becomes `TextOpen`, then `TextChunk`s and `HoleOpen … HoleClose` groups, then `TextClose`. The stack of modes
//! says what is open; a newline ends all of it.

use super::TokenKind;
use super::scan::{Scanner, is_word};
use super::text::{Escape, escape_at};
use crate::diagnostic::Code;

/// Something open that changes what the next bytes mean.
pub(super) enum Mode {
    /// Between the quotes of a text.
    Text {
        /// Opened with `\"`, inside of a hole.
        escaped: bool,
        /// Where.
        start: usize,
    },
    /// In a hole.
    Hole {
        /// Braces open in it.
        braces: u32,
        /// It spans lines, which was reported.
        spans_lines: bool,
    },
}

/// Lines that a hole which was not closed on its own line may take. Arbitrary: a few, so that a text without its quote
/// is not taken for one with a long hole.
const HOLE_LINES_MAX: usize = 10;
/// The same for a text.
const TEXT_LINES_MAX: usize = 10;

impl Scanner<'_> {
    /// A text that opens with a quote of `length` bytes.
    pub(super) fn open_text(&mut self, length: usize) {
        self.push(TokenKind::TextOpen, self.pos, self.pos + length);
        self.modes.push(Mode::Text { escaped: length == 2, start: self.pos });
        self.pos += length;
    }

    /// The chunk from here, and what ends it: a quote, a hole, or the end of the line.
    pub(super) fn text_piece(&mut self) {
        let Some(&Mode::Text { escaped, start: open }) = self.modes.last() else { return };
        let start = self.pos;
        let end = loop {
            match self.byte(0) {
                b'"' => break 1,
                b'\\' if escaped && self.byte(1) == b'"' => break 2,
                b'\\' => self.escape('"'),
                b'{' | b'\n' => break 0,
                b'\r' if self.byte(1) == b'\n' => break 0,
                _ if self.pos == self.bytes.len() => break 0,
                _ => self.pos += 1,
            }
        };
        if self.pos > start {
            self.push(TokenKind::TextChunk, start, self.pos);
        }
        if end > 0 {
            if escaped && end == 1 {
                self.report(Code::E1001, open, open + 2, "a text that opens with `\\\"` must close with `\\\"`");
            }
            self.push(TokenKind::TextClose, self.pos, self.pos + end);
            self.pos += end;
            self.modes.pop();
        } else if self.byte(0) == b'{' {
            self.push(TokenKind::HoleOpen, self.pos, self.pos + 1);
            self.modes.push(Mode::Hole { braces: 0, spans_lines: false });
            self.pos += 1;
        } else if let Some(end) = self.text_is_closed_below() {
            let report = self.report(Code::E1001, open, open + 1, "a text may not span lines");
            report.helps.push("a newline in a text is written `\\n`; a raw text of several lines is ~`…`".into());
            self.push(TokenKind::TextClose, self.pos, self.pos);
            self.modes.pop();
            self.pos = end;
        } else {
            self.close_texts();
        }
    }

    /// Where a text ends that goes on behind this line: at a quote that can only close one, before anything that looks
    /// like a declaration.
    fn text_is_closed_below(&self) -> Option<usize> {
        let mut start = self.pos + self.text[self.pos..].find('\n')? + 1;
        if self.modes.len() != 1 {
            return None;
        }
        for line in self.text[start..].split('\n').take(TEXT_LINES_MAX) {
            let declares = line.split([' ', '\t']).nth(1).is_some_and(|word| matches!(word, "=" | ":" | "<-"));
            if let Some(at) = line.find('"') {
                let (before, behind) = (line[..at].chars().last(), line[at + 1..].chars().next());
                let closes = before.is_none_or(|c| !c.is_whitespace() && !"([{,=".contains(c))
                    && behind.is_none_or(|c| c.is_whitespace() || ")]},".contains(c));
                return (closes && !declares).then_some(start + at + 1);
            }
            if declares || line.trim().is_empty() {
                return None;
            }
            start += line.len() + 1;
        }
        None
    }

    /// A newline between tokens: it ends what is open, unless a hole is closed a few lines below. Either is reported.
    pub(super) fn newline(&mut self) {
        let goes_on = self.hole_is_closed_below();
        let (start, [Mode::Text { .. }, Mode::Hole { spans_lines, .. }]) = (self.pos, &mut self.modes[..]) else {
            self.close_texts();
            return;
        };
        if !goes_on {
            self.close_texts();
        } else if !std::mem::replace(spans_lines, true) {
            let open = self.tokens.iter().rev().find(|token| token.kind == TokenKind::HoleOpen);
            let open = open.map_or(start, |token| token.start as usize);
            let report = self.report(Code::E1001, open, open + 1, "a hole of a text may not span lines");
            report.helps.push("bind the value to a name before, and put the name into the hole".into());
        }
    }

    /// The hole that is open here, in a text of its own, ends within the next lines, and behind it the text.
    fn hole_is_closed_below(&self) -> bool {
        let [Mode::Text { .. }, Mode::Hole { braces, .. }] = &self.modes[..] else { return false };
        let mut open = braces + 1;
        for line in self.text[self.pos..].split('\n').skip(1).take(HOLE_LINES_MAX) {
            if line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                return false;
            }
            for (at, c) in line.char_indices() {
                match c {
                    '{' => open += 1,
                    '}' if open == 1 => return line[at..].contains('"'),
                    '}' => open -= 1,
                    _ => {}
                }
            }
        }
        false
    }

    /// Ends what is open at the end of a line, and reports it.
    pub(super) fn close_texts(&mut self) {
        let Some(&Mode::Text { start, .. }) = self.modes.first() else { return };
        let in_hole = self.modes.len() > 1;
        let report = self.report(Code::E1001, start, start + 1, "text literal is not closed on its line");
        if in_hole {
            report.helps.push("a hole `{ … }` ends on its line; a brace that is meant as text is written `\\{`".into());
        } else {
            report.helps.push("close it with `\"`; a newline in a text is written `\\n`".into());
        }
        while let Some(mode) = self.modes.pop() {
            let kind = if matches!(mode, Mode::Text { .. }) { TokenKind::TextClose } else { TokenKind::HoleClose };
            self.push(kind, self.pos, self.pos);
        }
    }

    /// Steps over the escape here and reports what is wrong with it. `quote` may be escaped without a warning.
    fn escape(&mut self, quote: char) {
        let (escape, length) = escape_at(&self.text[self.pos..]);
        let end = self.pos + length;
        match escape {
            Escape::Itself(c) if c != quote && c != '"' => {
                let report = self.report(Code::W1001, self.pos, end, format!("unknown escape, this is just `{c}`"));
                report.helps.push("a backslash is written `\\\\`".into());
            }
            Escape::Invalid => {
                self.report(Code::E1000, self.pos, end, "`\\u{…}` needs the hexadecimal number of a character");
            }
            Escape::Itself(_) | Escape::Char(_) | Escape::Nothing => {}
        }
        self.pos = end;
    }

    /// `'x'`
    pub(super) fn character(&mut self) {
        let start = self.pos;
        self.pos += 1;
        let mut count = 0;
        loop {
            match self.byte(0) {
                b'\'' if count > 0 || self.byte(1) != b'\'' => break,
                b'\\' => self.escape('\''),
                _ => match self.text[self.pos..].chars().next() {
                    None | Some('\n') => {
                        self.report(Code::E1001, start, start + 1, "character literal is not closed");
                        self.push(TokenKind::Char, start, self.pos);
                        return;
                    }
                    Some(c) => self.pos += c.len_utf8(),
                },
            }
            count += 1;
        }
        self.pos += 1;
        if count != 1 {
            let text = self.text[start + 1..self.pos - 1].to_owned();
            let report = self.report(Code::E1000, start, self.pos, "a character literal holds exactly one character");
            report.helps.push(format!("a text stands between double quotes: \"{text}\""));
        }
        self.push(TokenKind::Char, start, self.pos);
    }

    /// `` ~`…` ``, `~r/…/`, `~map`, `~set`, or a lone `~`.
    pub(super) fn sigil(&mut self) {
        let start = self.pos;
        let name = if self.byte(1).is_ascii_lowercase() { self.word_length(1) } else { 0 };
        let delimiter = self.byte(1 + name);
        let word = &self.bytes[start + 1..start + 1 + name];
        let literal = match (word, delimiter) {
            (b"map", b'{') => Some(TokenKind::TildeMap),
            (b"set", b'[') => Some(TokenKind::TildeSet),
            _ if !matches!(delimiter, b'`' | b'/' | b'(' | b'[' | b'{') => Some(TokenKind::Tilde),
            _ => None,
        };
        if let Some(kind) = literal {
            let length = if kind == TokenKind::Tilde { 1 } else { 1 + name };
            self.push(kind, start, start + length);
            self.pos += length;
            return;
        }
        self.pos += 1 + name;
        match raw_length(&self.bytes[self.pos..]) {
            Some(length) => self.pos += length,
            None => {
                self.report(Code::E1005, start, self.pos + 1, "sigil is not closed");
                self.pos = self.bytes.len();
            }
        }
        self.push(TokenKind::Sigil, start, self.pos);
        debug_assert!(!is_word(delimiter));
    }
}

/// The bytes of a delimited raw text at the start of `rest`, both delimiters included. Brackets of the same kind nest.
fn raw_length(rest: &[u8]) -> Option<usize> {
    let open = rest[0];
    let close = match open {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        same => same,
    };
    let mut depth = 0_usize;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        if *byte == close {
            if depth == 0 {
                return Some(at + 1);
            }
            depth -= 1;
        } else if *byte == open {
            depth += 1;
        }
    }
    None
}
