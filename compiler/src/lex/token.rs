//! Tokens.

/// A piece of source text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    pub(super) flags: u8,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

const _: () = assert!(size_of::<Token>() == 12);

impl Token {
    /// White space or a comment stands before it, or it is the first of its file.
    pub(super) const BLANK: u8 = 1;
    /// A newline stands between it and the token before, or it is the first of its file.
    pub(super) const NEWLINE: u8 = 2;

    pub(super) fn new(kind: TokenKind, flags: u8, start: u32, end: u32) -> Self {
        Token { kind, flags, start, end }
    }

    /// White space or a comment stands before it, or it is the first of its file.
    #[must_use]
    pub fn has_blank(self) -> bool {
        self.flags & Token::BLANK != 0
    }

    /// It is the first token of its line.
    #[must_use]
    pub fn has_newline(self) -> bool {
        self.flags & Token::NEWLINE != 0
    }

    /// The text it stands for.
    #[must_use]
    pub fn text(self, source: &str) -> &str {
        &source[self.start as usize..self.end as usize]
    }
}

macro_rules! kinds {
    (plain { $($plain:ident $what:literal)* } words { $($word:ident $word_text:literal)* } symbols { $($symbol:ident $symbol_text:literal)* }) => {
        /// Kinds of tokens.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum TokenKind {
            $(#[doc = $what] $plain,)*
            $(#[doc = concat!("`", $word_text, "`")] $word,)*
            $(#[doc = concat!("`", $symbol_text, "`")] $symbol,)*
        }

        impl TokenKind {
            /// All keywords.
            pub const WORDS: &[(&str, TokenKind)] = &[$(($word_text, TokenKind::$word),)*];

            /// How a message names it: keywords and symbols in backquotes.
            #[must_use]
            pub fn describe(self) -> &'static str {
                match self {
                    $(TokenKind::$plain => $what,)*
                    $(TokenKind::$word => concat!("`", $word_text, "`"),)*
                    $(TokenKind::$symbol => concat!("`", $symbol_text, "`"),)*
                }
            }
        }
    };
}

kinds! {
    plain {
        Eof "end of file"
        Lower "a name"
        Upper "an upper-case name"
        Int "a number"
        Float "a decimal number"
        Suffixed "a number with suffix"
        Char "a character"
        TextOpen "a text"
        TextChunk "text"
        TextClose "end of text"
        HoleOpen "a hole"
        HoleClose "`}`"
        Sigil "a sigil"
        TildeMap "`~map`"
        TildeSet "`~set`"
    }
    words {
        As "as" Class "class" Do "do" Domain "domain" Effect "effect" Else "else" Export "export" Generate "generate"
        Given "given" Hiding "hiding" If "if" Instance "instance" Loop "loop" Machine "machine" Match "match"
        Module "module" On "on" Opaque "opaque" Or "or" Over "over" Patch "patch" Recurse "recurse" Resource "resource"
        Then "then" Unless "unless" Use "use" When "when" With "with" Yield "yield"
    }
    symbols {
        Ellipsis "..." FatArrow "=>" Arrow "->" LeftArrow "<-" PatchArrow "<|" PipeForward "|>" EqualEqual "=="
        NotEqual "!=" LessEqual "<=" GreaterEqual ">=" AndAnd "&&" OrOr "||" PlusPlus "++" QuestionQuestion "??"
        ColonEqual ":=" DotDot ".." ParenOpen "(" ParenClose ")" BracketOpen "[" BracketClose "]" BraceOpen "{"
        BraceClose "}" Comma "," Dot "." Colon ":" Equal "=" Plus "+" Minus "-" Star "*" Slash "/" Percent "%"
        Times "×" Bar "|" Bang "!" Less "<" Greater ">" Tilde "~" At "@" Underscore "_"
    }
}

impl TokenKind {
    /// The token that closes what this one opens.
    #[must_use]
    pub fn closer(self) -> Option<TokenKind> {
        Some(match self {
            TokenKind::ParenOpen => TokenKind::ParenClose,
            TokenKind::BracketOpen => TokenKind::BracketClose,
            TokenKind::BraceOpen => TokenKind::BraceClose,
            TokenKind::TextOpen => TokenKind::TextClose,
            TokenKind::HoleOpen => TokenKind::HoleClose,
            _ => return None,
        })
    }

    /// It is a keyword.
    #[must_use]
    pub fn is_keyword(self) -> bool {
        (TokenKind::As as u8..=TokenKind::Yield as u8).contains(&(self as u8))
    }

    /// A keyword that never stands in an expression, so that somebody who writes it there takes it for a name.
    pub(crate) fn only_leads(self) -> bool {
        use TokenKind::{
            As, Class, Domain, Effect, Export, Hiding, Instance, Machine, Module, On, Opaque, Over, Use, With,
        };
        matches!(
            self,
            As | Class
                | Domain
                | Effect
                | Export
                | Hiding
                | Instance
                | Machine
                | Module
                | On
                | Opaque
                | Over
                | Use
                | With
        )
    }

    /// It closes a group.
    #[must_use]
    pub fn is_closer(self) -> bool {
        use TokenKind::{BraceClose, BracketClose, HoleClose, ParenClose, TextClose};
        matches!(self, ParenClose | BracketClose | BraceClose | TextClose | HoleClose)
    }

    /// It can be the last token of an operand.
    pub(crate) fn ends_operand(self) -> bool {
        use TokenKind::{
            BraceClose, BracketClose, Char, Float, Int, Lower, ParenClose, Sigil, Suffixed, TextClose, Underscore,
            Upper,
        };
        matches!(
            self,
            Lower
                | Upper
                | Int
                | Float
                | Suffixed
                | Char
                | TextClose
                | Sigil
                | ParenClose
                | BracketClose
                | BraceClose
                | Underscore
        )
    }

    /// It can be the last token of something that is called.
    pub(super) fn ends_callee(self) -> bool {
        matches!(self, TokenKind::Lower | TokenKind::Upper | TokenKind::ParenClose)
    }

    /// A newline behind this token does not end an item (rule 4).
    #[must_use]
    pub fn continues_behind(self) -> bool {
        use TokenKind::{
            Bar, Colon, ColonEqual, Comma, Do, Dot, Equal, Generate, Given, If, LeftArrow, Minus, ParenOpen, Patch,
            Recurse, Resource, Unless, When, Yield,
        };
        self.continues_line()
            || matches!(
                self,
                Bar | Colon
                    | ColonEqual
                    | Comma
                    | Do
                    | Dot
                    | Equal
                    | Generate
                    | Given
                    | If
                    | LeftArrow
                    | Minus
                    | ParenOpen
                    | Patch
                    | Recurse
                    | Resource
                    | Unless
                    | When
                    | Yield
            )
    }

    /// A newline before this token does not end an item (rule 4). `|` depends on the context.
    #[must_use]
    pub fn continues_line(self) -> bool {
        use TokenKind::{
            AndAnd, Arrow, Else, EqualEqual, FatArrow, Greater, GreaterEqual, Less, LessEqual, Match, NotEqual, Or,
            OrOr, PatchArrow, Percent, PipeForward, Plus, PlusPlus, QuestionQuestion, Slash, Star, Then, Times,
        };
        matches!(
            self,
            PipeForward
                | PatchArrow
                | QuestionQuestion
                | OrOr
                | AndAnd
                | EqualEqual
                | NotEqual
                | Less
                | LessEqual
                | Greater
                | GreaterEqual
                | Plus
                | Star
                | Times
                | Slash
                | Percent
                | PlusPlus
                | FatArrow
                | Arrow
                | Then
                | Else
                | Match
                | Or
        )
    }
}
