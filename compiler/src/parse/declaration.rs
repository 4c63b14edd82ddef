//! Signatures, bindings and types at top level.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{
    ConstructorDecl, ItemKind, Name, Pattern, PatternKind, Signature, Type, TypeBody, TypeDecl, TypeKind,
};

impl Parser<'_> {
    /// A declaration; two when signature and body stand on one line.
    pub(super) fn declaration(&mut self) -> Vec<ItemKind> {
        if let Some(items) = self.foreign_declaration() {
            return items;
        }
        match self.kind() {
            TokenKind::Lower if self.peek(1).kind == TokenKind::Colon => self.signature(),
            TokenKind::Upper | TokenKind::Opaque => vec![self.type_decl().map_or(ItemKind::Error, ItemKind::Type)],
            TokenKind::Domain => vec![self.domain()],
            TokenKind::Class | TokenKind::Instance | TokenKind::Machine | TokenKind::Effect => {
                self.add(Diagnostic::absent(self.here(), self.kind().describe()));
                self.skip_item();
                vec![ItemKind::Error]
            }
            _ => self.binding_item(),
        }
    }

    fn binding_item(&mut self) -> Vec<ItemKind> {
        let end = self.tokens[self.pattern_end()].kind;
        if end == TokenKind::Equal {
            return vec![ItemKind::Binding(self.binding())];
        }
        match self.kind() {
            TokenKind::Module => {
                let message = "a file has one `module` line, before everything else";
                self.report(Code::E1505, self.here(), message);
            }
            _ if end == TokenKind::LeftArrow => {
                self.pos = self.pattern_end();
                self.unexpected(Code::E1536, "`=`");
            }
            _ => {
                let report = self.unexpected_report(Code::E1505, "a declaration");
                let is_expression = self.starts_atom() && !self.kind().only_leads();
                self.add(if is_expression {
                    report.help("an expression stands behind the `=` of a name, such as `main = …`")
                } else {
                    report
                });
            }
        }
        self.skip_item();
        vec![ItemKind::Error]
    }

    /// `name : Type`
    fn signature(&mut self) -> Vec<ItemKind> {
        let name = self.name();
        self.bump();
        let ty = self.ty();
        let mut items = vec![ItemKind::Signature(Signature { name, ty })];
        if let Some(binding) = self.body_behind_signature(name) {
            items.push(ItemKind::Binding(binding));
        }
        items
    }

    /// The mistaken `= e` behind a signature.
    pub(super) fn body_behind_signature(&mut self, name: Name) -> Option<crate::syntax::ast::Binding> {
        if !self.at(TokenKind::Equal) || self.at_newline() {
            return None;
        }
        let text = self.interner.text(name.symbol);
        let message = format!("a signature stands on a line of its own: write `{text} = …` on the next one");
        self.add(Diagnostic::new(Code::E1528, self.here(), message));
        self.bump();
        let pattern = Pattern { kind: PatternKind::Name(name), span: name.span };
        let value = self.right_side();
        let span = self.span_from(name.span);
        Some(crate::syntax::ast::Binding { pattern, value, span })
    }

    /// `[opaque] T A B [= …]`
    pub(super) fn type_decl(&mut self) -> Option<TypeDecl> {
        let opaque = self.eat(TokenKind::Opaque);
        if !self.at(TokenKind::Upper) {
            self.unexpected(Code::E1504, "the name of a type");
            self.skip_group();
            return None;
        }
        let name = self.name();
        let mut parameters = Vec::new();
        while matches!(self.kind(), TokenKind::Upper | TokenKind::Lower) && !self.at_newline() {
            parameters.push(self.name());
        }
        let body = if self.at(TokenKind::Equal) && !self.at_newline() {
            self.bump();
            self.type_body()
        } else {
            TypeBody::Abstract
        };
        Some(TypeDecl { opaque, name, parameters, body })
    }

    fn type_body(&mut self) -> TypeBody {
        if self.at(TokenKind::Bar) {
            return TypeBody::Sum(self.constructors(Vec::new()));
        }
        if matches!(self.kind(), TokenKind::Int | TokenKind::Float | TokenKind::TextOpen | TokenKind::BracketOpen) {
            let report = self.unexpected_report(Code::E1504, "a type");
            self.add(report.help("an upper-case name declares a type; names of values begin in lower case"));
        }
        let first = self.ty();
        if self.at(TokenKind::Bang) && !self.at_newline() {
            self.bump();
            return TypeBody::Branded(first);
        }
        if !self.at(TokenKind::Bar) {
            return TypeBody::AliasOrSum(first);
        }
        let first = self.constructor_of(first);
        TypeBody::Sum(self.constructors(first.into_iter().collect()))
    }

    /// `| A | B …` behind the constructors `known`.
    fn constructors(&mut self, mut known: Vec<ConstructorDecl>) -> Vec<ConstructorDecl> {
        while self.eat(TokenKind::Bar) {
            let start = self.here();
            if !self.at(TokenKind::Upper) {
                self.unexpected(Code::E1504, "a constructor");
                self.skip_group();
                continue;
            }
            let name = self.name();
            let arguments = self.type_atoms();
            known.push(ConstructorDecl { name, arguments, span: self.span_from(start) });
        }
        known
    }

    /// The constructor that was read as a type.
    fn constructor_of(&mut self, ty: Type) -> Option<ConstructorDecl> {
        let span = ty.span;
        let (head, arguments) = match ty.kind {
            TypeKind::Apply(head, arguments) => (head.kind, arguments),
            kind => (kind, Vec::new()),
        };
        if let TypeKind::Constructor { qualifier, name } = head
            && qualifier.is_empty()
        {
            return Some(ConstructorDecl { name, arguments, span });
        }
        self.report(Code::E1504, span, "expected a constructor before `|`");
        None
    }
}
