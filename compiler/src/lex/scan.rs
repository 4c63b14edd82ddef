//! The loop over the source: white space, comments, names, symbols.

use super::literal::Mode;
use super::{Comment, Lexed, Token, TokenKind, keyword};
use crate::diagnostic::{Code, Diagnostic, foreign};
use crate::syntax::{FileId, Span};

/// Tokens of `text`, whose length fits `u32`; brackets are not paired yet.
pub(super) fn scan(file: FileId, text: &str) -> Lexed {
    let mut scanner = Scanner::new(file, text);
    scanner.run();
    Lexed { tokens: scanner.tokens, pairs: Vec::new(), comments: scanner.comments, diagnostics: scanner.diagnostics }
}

pub(super) struct Scanner<'a> {
    file: FileId,
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) pos: usize,
    /// Flags of the next token.
    flags: u8,
    /// Open texts and holes, innermost last.
    pub(super) modes: Vec<Mode>,
    pub(super) tokens: Vec<Token>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Scanner<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        Scanner {
            file,
            text,
            bytes: text.as_bytes(),
            // A byte order mark is no character of the program.
            pos: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            flags: Token::BLANK | Token::NEWLINE,
            modes: Vec::new(),
            // Measured on the samples: one token for each 4 to 5 bytes.
            tokens: Vec::with_capacity(text.len() / 4 + 1),
            comments: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn run(&mut self) {
        loop {
            if matches!(self.modes.last(), Some(Mode::Text { .. })) {
                self.text_piece();
            } else {
                self.skip_blanks();
                if self.pos >= self.bytes.len() {
                    break;
                }
                self.token();
            }
        }
        self.close_texts();
        self.push(TokenKind::Eof, self.pos, self.pos);
    }

    pub(super) fn byte(&self, ahead: usize) -> u8 {
        // 0 stands for the end as well: no token has a NUL in it, so none can tell.
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(super) fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token::new(kind, self.flags, offset(start), offset(end)));
        self.flags = 0;
    }

    /// A token of `length` bytes from here.
    fn take(&mut self, kind: TokenKind, length: usize) {
        self.push(kind, self.pos, self.pos + length);
        self.pos += length;
    }

    pub(super) fn last_kind(&self) -> TokenKind {
        self.tokens.last().map_or(TokenKind::Eof, |token| token.kind)
    }

    pub(super) fn has_blank(&self) -> bool {
        self.flags & Token::BLANK != 0
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: offset(start), end: offset(end) }
    }

    pub(super) fn report(
        &mut self,
        code: Code,
        start: usize,
        end: usize,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = self.span(start, end);
        self.diagnostics.push(Diagnostic::new(code, span, message));
        self.diagnostics.last_mut().expect("pushed above")
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' => self.pos += 1,
                b'\n' => {
                    self.newline();
                    self.flags |= Token::NEWLINE;
                    self.pos += 1;
                }
                b'/' if self.byte(1) == b'/' => self.line_comment(),
                b'-' if self.byte(1) == b'-' => self.line_comment(),
                b'/' if self.byte(1) == b'*' => self.block_comment(),
                b';' => {
                    self.report(Code::E1006, self.pos, self.pos + 1, "there are no semicolons, a newline ends an item");
                    self.flags |= Token::NEWLINE;
                    self.pos += 1;
                }
                _ => return,
            }
            self.flags |= Token::BLANK;
        }
    }

    fn line_comment(&mut self) {
        let length =
            self.bytes[self.pos..].iter().position(|byte| *byte == b'\n').unwrap_or(self.bytes.len() - self.pos);
        let text = self.text[self.pos..self.pos + length].trim_ascii_end();
        self.comment(self.pos + text.len());
        self.pos += length;
    }

    fn block_comment(&mut self) {
        let start = self.pos;
        let Some(length) = self.text[start + 2..].find("*/").map(|length| length + 4) else {
            let report = self.report(Code::E1007, start, start + 2, "comment is not closed");
            report.helps.push("close it with `*/`; a comment up to the end of the line starts with `//`".into());
            self.comment(self.bytes.len());
            self.pos = self.bytes.len();
            return;
        };
        self.comment(start + length);
        if self.bytes[start..start + length].contains(&b'\n') {
            self.close_texts();
            self.flags |= Token::NEWLINE;
        }
        self.pos = start + length;
    }

    fn comment(&mut self, end: usize) {
        let leads_line = self.flags & Token::NEWLINE != 0;
        self.comments.push(Comment { span: self.span(self.pos, end), leads_line });
    }

    fn token(&mut self) {
        match self.byte(0) {
            b'a'..=b'z' | b'_' => self.word(TokenKind::Lower),
            b'A'..=b'Z' => self.word(TokenKind::Upper),
            b'0'..=b'9' => self.number(0),
            b'-' if self.byte(1).is_ascii_digit() && self.minus_is_sign() => self.number(1),
            b'"' => self.open_text(1),
            b'\\' if self.byte(1) == b'"' && !self.modes.is_empty() => self.open_text(2),
            b'\'' => self.character(),
            b'~' => self.sigil(),
            b'{' => self.brace_open(),
            b'}' => self.brace_close(),
            _ => match symbol(&self.bytes[self.pos..]) {
                Some((kind, length)) => self.take(kind, length),
                None => self.stray(),
            },
        }
    }

    /// The bytes of letters, digits and underscores `ahead` of here.
    pub(super) fn word_length(&self, ahead: usize) -> usize {
        let rest = &self.bytes[self.pos + ahead..];
        rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len())
    }

    /// A name, a keyword, or `_`.
    fn word(&mut self, case: TokenKind) {
        let length = self.word_length(0);
        if self.byte(length) >= 0x80 && self.foreign_length(length) > 0 {
            self.foreign_word(case);
            return;
        }
        let word = &self.bytes[self.pos..self.pos + length];
        let kind = match case {
            TokenKind::Upper => case,
            _ if word == b"_" => TokenKind::Underscore,
            _ => keyword::kind_of(word),
        };
        self.take(kind, length);
    }

    /// The bytes of letters `ahead` of here that no name may have.
    fn foreign_length(&self, ahead: usize) -> usize {
        let rest = &self.text[self.pos + ahead..];
        rest.find(|c: char| c.is_ascii() || !c.is_alphanumeric()).unwrap_or(rest.len())
    }

    /// A name with letters that no name may have: one mistake, and a name all the same.
    fn foreign_word(&mut self, case: TokenKind) {
        let rest = &self.text[self.pos..];
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let message = format!("names have ASCII letters only, found `{}`", &rest[..length]);
        self.report(Code::E1000, self.pos, self.pos + length, message);
        self.take(case, length);
    }

    /// `f -1` and `(-1)` have a sign, `n - 1` and `n-1` an operator.
    fn minus_is_sign(&self) -> bool {
        let before = self.last_kind();
        !before.ends_operand() || (self.has_blank() && before.ends_callee())
    }

    fn brace_open(&mut self) {
        if let Some(Mode::Hole { braces, .. }) = self.modes.last_mut() {
            *braces += 1;
        }
        self.take(TokenKind::BraceOpen, 1);
    }

    fn brace_close(&mut self) {
        let kind = match self.modes.last_mut() {
            Some(Mode::Hole { braces: 0, .. }) => {
                self.modes.pop();
                TokenKind::HoleClose
            }
            Some(Mode::Hole { braces, .. }) => {
                *braces -= 1;
                TokenKind::BraceClose
            }
            _ => TokenKind::BraceClose,
        };
        self.take(kind, 1);
    }

    /// What no token starts with.
    fn stray(&mut self) {
        let Some(c) = self.text[self.pos..].chars().next() else { return };
        if c.is_alphanumeric() {
            self.foreign_word(if c.is_uppercase() { TokenKind::Upper } else { TokenKind::Lower });
            return;
        }
        let shown = if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
        let is_field = self.byte(1) == b':';
        let report = self.report(Code::E1000, self.pos, self.pos + c.len_utf8(), format!("stray character `{shown}`"));
        let instead = if c == '?' && is_field {
            Some("a field that may be missing is an `Option`")
        } else {
            foreign::instead_of_character(c)
        };
        report.helps.extend(instead.map(str::to_owned));
        self.pos += c.len_utf8();
        self.flags |= Token::BLANK;
        if c == '#' {
            // A comment of another language; its words mean nothing.
            self.line_comment();
        }
    }
}

/// Source offsets fit: `lex` turned larger texts away.
pub(super) fn offset(position: usize) -> u32 {
    u32::try_from(position).expect("the text is shorter than 4 GiB")
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The longest symbol at the start of `rest`, and its length.
fn symbol(rest: &[u8]) -> Option<(TokenKind, usize)> {
    let longer = match rest {
        [b'.', b'.', b'.', ..] => Some((TokenKind::Ellipsis, 3)),
        [b'=', b'>', ..] => Some((TokenKind::FatArrow, 2)),
        [b'-', b'>', ..] => Some((TokenKind::Arrow, 2)),
        [b'<', b'-', ..] => Some((TokenKind::LeftArrow, 2)),
        [b'<', b'|', ..] => Some((TokenKind::PatchArrow, 2)),
        [b'|', b'>', ..] => Some((TokenKind::PipeForward, 2)),
        [b'=', b'=', ..] => Some((TokenKind::EqualEqual, 2)),
        [b'!', b'=', ..] => Some((TokenKind::NotEqual, 2)),
        [b'<', b'=', ..] => Some((TokenKind::LessEqual, 2)),
        [b'>', b'=', ..] => Some((TokenKind::GreaterEqual, 2)),
        [b'&', b'&', ..] => Some((TokenKind::AndAnd, 2)),
        [b'|', b'|', ..] => Some((TokenKind::OrOr, 2)),
        [b'+', b'+', ..] => Some((TokenKind::PlusPlus, 2)),
        [b'?', b'?', ..] => Some((TokenKind::QuestionQuestion, 2)),
        [b':', b'=', ..] => Some((TokenKind::ColonEqual, 2)),
        [b'.', b'.', ..] => Some((TokenKind::DotDot, 2)),
        // `×` in UTF-8.
        [0xc3, 0x97, ..] => Some((TokenKind::Times, 2)),
        _ => None,
    };
    longer.or_else(|| {
        let kind = match rest.first()? {
            b'(' => TokenKind::ParenOpen,
            b')' => TokenKind::ParenClose,
            b'[' => TokenKind::BracketOpen,
            b']' => TokenKind::BracketClose,
            b',' => TokenKind::Comma,
            b'.' => TokenKind::Dot,
            b':' => TokenKind::Colon,
            b'=' => TokenKind::Equal,
            b'+' => TokenKind::Plus,
            b'-' => TokenKind::Minus,
            b'*' => TokenKind::Star,
            b'/' => TokenKind::Slash,
            b'%' => TokenKind::Percent,
            b'|' => TokenKind::Bar,
            b'!' => TokenKind::Bang,
            b'<' => TokenKind::Less,
            b'>' => TokenKind::Greater,
            b'@' => TokenKind::At,
            _ => return None,
        };
        Some((kind, 1))
    })
}
