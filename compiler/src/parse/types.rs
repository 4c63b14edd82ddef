//! Types as written.

use std::collections::HashSet;

use super::cursor::Parser;
use crate::diagnostic::Code;
use crate::lex::TokenKind;
use crate::syntax::ast::{Name, Type, TypeKind};

impl Parser<'_> {
    /// `A -> B`, arrows to the right.
    pub(super) fn ty(&mut self) -> Type {
        let Some(level) = self.enter() else { return self.error_type() };
        let mut parts = vec![self.merged()];
        while self.type_arrow() && self.link() {
            parts.push(self.merged());
        }
        self.leave(level);
        let result = parts.pop().expect("starts with one part");
        parts.into_iter().rev().fold(result, |result, parameter| {
            let span = parameter.span.to(result.span);
            Type { kind: TypeKind::Function(Box::new(parameter), Box::new(result)), span }
        })
    }

    fn error_type(&self) -> Type {
        Type { kind: TypeKind::Error, span: self.here() }
    }

    /// `A with B`
    fn merged(&mut self) -> Type {
        self.type_chain(TokenKind::With, Parser::piped, TypeKind::With)
    }

    /// `A |> F B`
    fn piped(&mut self) -> Type {
        self.type_chain(TokenKind::PipeForward, Parser::applied, TypeKind::Pipe)
    }

    fn type_chain(
        &mut self,
        operator: TokenKind,
        operand: fn(&mut Self) -> Type,
        node: fn(Box<Type>, Box<Type>) -> TypeKind,
    ) -> Type {
        let mut left = operand(self);
        while self.eat(operator) && self.link() {
            let right = operand(self);
            let span = left.span.to(right.span);
            left = Type { kind: node(Box::new(left), Box::new(right)), span };
        }
        left
    }

    /// `F A B`
    fn applied(&mut self) -> Type {
        let head = self.type_atom();
        let arguments = self.type_atoms();
        if arguments.is_empty() {
            return head;
        }
        let span = self.span_from(head.span);
        Type { kind: TypeKind::Apply(Box::new(head), arguments), span }
    }

    /// Atoms up to the end of the line.
    pub(super) fn type_atoms(&mut self) -> Vec<Type> {
        let mut atoms = Vec::new();
        while self.starts_type_atom() && !self.at_newline() {
            atoms.push(self.type_atom());
        }
        atoms
    }

    fn starts_type_atom(&self) -> bool {
        use TokenKind::{BraceOpen, Lower, ParenOpen, Star, Upper};
        matches!(self.kind(), Lower | Upper | Star | BraceOpen | ParenOpen)
    }

    fn type_atom(&mut self) -> Type {
        let start = self.here();
        let kind = match self.kind() {
            _ if self.at_next_binding() => self.no_type(),
            TokenKind::Lower | TokenKind::Upper => self.type_name(),
            TokenKind::Star => {
                self.bump();
                TypeKind::Star
            }
            TokenKind::BraceOpen => self.record_type(),
            TokenKind::ParenOpen => self.parens_type(),
            _ => self.no_type(),
        };
        Type { kind, span: self.span_from(start) }
    }

    fn no_type(&mut self) -> TypeKind {
        self.unexpected(Code::E1504, "a type");
        TypeKind::Error
    }

    /// `a`, `T`, `m.T`
    fn type_name(&mut self) -> TypeKind {
        let is_variable = self.at(TokenKind::Lower);
        let mut qualifier: Vec<Name> = Vec::new();
        let mut name = self.name();
        while self.at(TokenKind::Dot) && self.is_glued() {
            self.bump();
            if !matches!(self.kind(), TokenKind::Lower | TokenKind::Upper) {
                return self.no_type();
            }
            qualifier.push(std::mem::replace(&mut name, self.name_of(self.token())));
            self.bump();
        }
        if is_variable && qualifier.is_empty() {
            return TypeKind::Variable(name);
        }
        TypeKind::Constructor { qualifier, name }
    }

    /// `()`, `(T)`, `(A, B)`
    fn parens_type(&mut self) -> TypeKind {
        let mut items = self.parenthesised(Parser::ty);
        match items.len() {
            0 => TypeKind::Unit,
            1 => items.remove(0).kind,
            _ => TypeKind::Tuple(items),
        }
    }

    /// `{ a: A, b: B }`
    fn record_type(&mut self) -> TypeKind {
        let mut seen = HashSet::new();
        let fields = self.separated(|parser| {
            let name = parser.field_name()?;
            parser.check_repeated(name, &mut seen);
            let ty = if parser.expect_field_colon(name) { parser.ty() } else { parser.error_type() };
            Some((name, ty))
        });
        TypeKind::Record(fields.into_iter().flatten().collect())
    }
}
