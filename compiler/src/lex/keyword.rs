//! Which words are keywords.

use super::TokenKind;

/// The longest keyword has this many bytes; the test below keeps it true.
const LONGEST: usize = 8;

/// The kind of a lower-case word.
pub(super) fn kind_of(word: &[u8]) -> TokenKind {
    if !(2..=LONGEST).contains(&word.len()) {
        return TokenKind::Lower;
    }
    match word {
        b"as" => TokenKind::As,
        b"class" => TokenKind::Class,
        b"do" => TokenKind::Do,
        b"domain" => TokenKind::Domain,
        b"effect" => TokenKind::Effect,
        b"else" => TokenKind::Else,
        b"export" => TokenKind::Export,
        b"generate" => TokenKind::Generate,
        b"given" => TokenKind::Given,
        b"hiding" => TokenKind::Hiding,
        b"if" => TokenKind::If,
        b"instance" => TokenKind::Instance,
        b"loop" => TokenKind::Loop,
        b"machine" => TokenKind::Machine,
        b"match" => TokenKind::Match,
        b"module" => TokenKind::Module,
        b"on" => TokenKind::On,
        b"opaque" => TokenKind::Opaque,
        b"or" => TokenKind::Or,
        b"over" => TokenKind::Over,
        b"patch" => TokenKind::Patch,
        b"recurse" => TokenKind::Recurse,
        b"resource" => TokenKind::Resource,
        b"then" => TokenKind::Then,
        b"unless" => TokenKind::Unless,
        b"use" => TokenKind::Use,
        b"when" => TokenKind::When,
        b"with" => TokenKind::With,
        b"yield" => TokenKind::Yield,
        _ => TokenKind::Lower,
    }
}

/// Whether no name may be this word.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    kind_of(word.as_bytes()).is_keyword()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_keyword_of_the_token_table() {
        for (word, kind) in TokenKind::WORDS {
            assert_eq!(kind_of(word.as_bytes()), *kind, "{word}");
        }
        assert_eq!(kind_of(b"yields"), TokenKind::Lower);
    }
}
