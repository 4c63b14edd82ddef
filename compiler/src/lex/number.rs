//! Number literals.

use super::scan::Scanner;
use super::{TokenKind, keyword};
use crate::diagnostic::Code;

impl Scanner<'_> {
    /// `12`, `1.5`, `500ms`, `10%`, each perhaps with a sign of `sign` bytes.
    pub(super) fn number(&mut self, sign: usize) {
        let start = self.pos;
        let whole = self.digits(sign);
        let mut length = sign + whole;
        let mut kind = TokenKind::Int;
        if self.byte(length) == b'.' && self.byte(length + 1).is_ascii_digit() {
            length += 1 + self.digits(length + 1);
            kind = TokenKind::Float;
        }
        let digits = &self.text[start + sign..start + length];
        if kind == TokenKind::Int && whole > 18 && digits.parse::<i64>().is_err() {
            let is_least = sign > 0 && digits == "9223372036854775808";
            let report = self.report(Code::E1002, start + sign, start + length, "integers end at 9223372036854775807");
            if is_least {
                report.helps.push("the least integer is written `-9223372036854775807 - 1`".into());
            }
        }
        let suffix = self.suffix(length);
        if suffix > 0 {
            length += suffix;
            kind = TokenKind::Suffixed;
        }
        self.push(kind, start, start + length);
        self.pos = start + length;
    }

    fn digits(&self, ahead: usize) -> usize {
        let rest = &self.bytes[self.pos + ahead..];
        rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
    }

    /// The bytes of the suffix, 0 without one. A keyword or a lone `_` is none.
    fn suffix(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'%' => 1,
            b'a'..=b'z' | b'_' => {
                let length = self.word_length(ahead);
                let word = &self.bytes[self.pos + ahead..self.pos + ahead + length];
                if word == b"_" || keyword::kind_of(word) != TokenKind::Lower { 0 } else { length }
            }
            _ => 0,
        }
    }
}
