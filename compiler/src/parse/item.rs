//! The file, its header, exports and imports.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{Decorator, File, ImportItem, Item, ItemKind, Path, Use, UseKind};

/// The decorators that this version knows.
const DECORATORS: &[&str] = &["test", "no_prelude", "native", "deprecated"];
/// Those that belong to parts of the language that this version does not have.
const LATER_DECORATORS: &[&str] = &["static", "debug", "mock"];

impl Parser<'_> {
    /// The whole file.
    pub(super) fn file(&mut self) -> File {
        let decorators = self.decorators();
        let start = self.pos;
        let (path, mut pending) = if self.eat(TokenKind::Module) {
            let path = self.path();
            self.end_item(start);
            (path, None)
        } else {
            let report = Diagnostic::new(Code::E2006, self.here(), "a file starts with `module` and its name");
            self.add(report.help("write `module main` or the like in the first line"));
            (None, Some(decorators.clone()))
        };
        let mut items = Vec::new();
        while !self.at(TokenKind::Eof) {
            let decorators = pending.take().unwrap_or_default();
            self.item(decorators, &mut items);
        }
        let decorators = if path.is_some() { decorators } else { Vec::new() };
        File { decorators, path, items, lost: Vec::new() }
    }

    fn item(&mut self, mut decorators: Vec<Decorator>, items: &mut Vec<Item>) {
        let start_pos = self.start_item();
        let start = decorators.first().map_or(self.here(), |decorator| decorator.span);
        decorators.extend(self.decorators());
        let exported = self.at(TokenKind::Export) && !self.at_export_list();
        if exported {
            self.bump();
            decorators.extend(self.decorators());
        }
        self.height = 0;
        self.is_too_deep = false;
        let kinds = match self.kind() {
            TokenKind::Export => vec![self.export()],
            TokenKind::Use => vec![self.use_item()],
            _ => self.declaration(),
        };
        self.end_sections();
        self.end_item(start_pos);
        let span = self.span_from(start);
        items.extend(kinds.into_iter().map(|kind| Item {
            kind,
            exported,
            decorators: decorators.clone(),
            broken: false,
            span,
        }));
    }

    /// `@name argument`, any number of them.
    fn decorators(&mut self) -> Vec<Decorator> {
        let mut decorators = Vec::new();
        while self.at(TokenKind::At) {
            let start = self.here();
            self.bump();
            // `@static` and the like are told apart by name, keywords have none.
            if !self.at(TokenKind::Lower) {
                self.unexpected(Code::E1508, "the name of a decorator");
                self.skip_group();
                continue;
            }
            let name = self.name();
            let text = self.interner.text(name.symbol).to_owned();
            if LATER_DECORATORS.contains(&text.as_str()) {
                self.add(Diagnostic::absent(name.span, &format!("`@{text}`")));
            } else if !DECORATORS.contains(&text.as_str()) {
                let report = Diagnostic::new(Code::E1508, name.span, format!("there is no decorator `@{text}`"));
                self.add(report.help("decorators are `@test`, `@no_prelude` and `@deprecated`"));
            }
            let takes_argument = matches!(
                self.kind(),
                TokenKind::TextOpen | TokenKind::Int | TokenKind::BracketOpen | TokenKind::BraceOpen
            );
            let argument = (takes_argument && !self.at_newline()).then(|| self.postfix());
            decorators.push(Decorator { name, argument, span: self.span_from(start) });
        }
        decorators
    }

    /// `a.b.C`
    fn path(&mut self) -> Option<Path> {
        let start = self.here();
        let mut segments = Vec::new();
        loop {
            if !matches!(self.kind(), TokenKind::Lower | TokenKind::Upper) || (self.at_newline() && segments.is_empty())
            {
                let report = self.unexpected_report(Code::E1501, "the name of a module");
                self.add(match self.kind() {
                    TokenKind::Star => report.help("`use` imports everything by itself: `use aivi.list`"),
                    _ => report,
                });
                self.skip_group();
                break;
            }
            segments.push(self.name());
            if !self.eat(TokenKind::Dot) {
                break;
            }
        }
        let span = self.span_from(start);
        (!segments.is_empty()).then_some(Path { segments, span })
    }

    /// The `export` here stands before a list, and not before a declaration.
    fn at_export_list(&self) -> bool {
        let mut next = 1;
        let first = self.peek(next).kind;
        if first == TokenKind::Domain {
            return self.peek(3).kind != TokenKind::Over;
        }
        if first != TokenKind::Lower && first != TokenKind::Upper {
            return first == TokenKind::Star;
        }
        next += 1;
        let after = self.peek(next);
        after.has_newline() || matches!(after.kind, TokenKind::Comma | TokenKind::As | TokenKind::Eof)
    }

    /// `export *`, `export a, T, domain D`
    fn export(&mut self) -> ItemKind {
        self.bump();
        if self.eat(TokenKind::Star) {
            return ItemKind::ExportAll;
        }
        let mut items = Vec::new();
        loop {
            items.extend(self.import_item());
            if !self.eat(TokenKind::Comma) {
                return ItemKind::Export(items);
            }
        }
    }

    /// `use path [as q | (items) | hiding (items)]`
    pub(super) fn use_item(&mut self) -> ItemKind {
        self.bump();
        let Some(path) = self.path() else { return ItemKind::Error };
        let what = match self.kind() {
            _ if self.at_newline() => UseKind::All,
            TokenKind::As => {
                self.bump();
                if !matches!(self.kind(), TokenKind::Lower | TokenKind::Upper) {
                    self.unexpected(Code::E1501, "a name");
                    return ItemKind::Error;
                }
                UseKind::As(self.name())
            }
            TokenKind::ParenOpen => UseKind::Only(self.import_items()),
            TokenKind::Hiding => {
                self.bump();
                if !self.at(TokenKind::ParenOpen) {
                    self.unexpected(Code::E1501, "`(`");
                    return ItemKind::Error;
                }
                UseKind::Hiding(self.import_items())
            }
            _ => UseKind::All,
        };
        ItemKind::Use(Use { path, what })
    }

    fn import_items(&mut self) -> Vec<ImportItem> {
        self.separated(Parser::import_item).into_iter().flatten().collect()
    }

    /// `name [as alias]`, `domain D`
    fn import_item(&mut self) -> Option<ImportItem> {
        let domain = self.eat(TokenKind::Domain);
        if !matches!(self.kind(), TokenKind::Lower | TokenKind::Upper) {
            self.unexpected(Code::E1501, "a name");
            return None;
        }
        let name = self.name();
        let mut alias = None;
        if self.eat(TokenKind::As) {
            if !matches!(self.kind(), TokenKind::Lower | TokenKind::Upper) {
                self.unexpected(Code::E1501, "a name");
                return None;
            }
            alias = Some(self.name());
        }
        Some(ImportItem { domain, name, alias })
    }
}
