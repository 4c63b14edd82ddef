//! The file's header, declarations, types.

use super::blocks::Part;
use super::brackets::no_children;
use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::lex::TokenKind;
use crate::syntax::ast::{ConstructorDecl, DomainDecl, DomainItem, File, Item, ItemKind, Type, TypeBody, TypeDecl};

impl<'a> Printer<'a> {
    /// Decorators and `module …`.
    pub(super) fn header(&mut self, file: &File) -> Doc<'a> {
        let Some(path) = &file.path else { return self.nil() };
        let module = self.tokens[..self.index(path.span.start)].last().map_or(0, |word| word.start);
        let doc = self.lead(Gap::Item).append(self.prefix(module));
        doc.append(self.tokens_to(path.span.end))
    }

    /// A declaration, gap included. One that the parser made two of was printed with the first.
    pub(super) fn top_item(&mut self, item: &Item) -> Doc<'a> {
        if self.here().start >= item.span.end {
            return self.nil();
        }
        let mut doc = self.lead(Gap::Item);
        let start = self.declaration_start(item);
        doc = doc.append(self.prefix(start));
        doc = doc.append(match &item.kind {
            ItemKind::Signature(signature) => self.signature(&signature.ty),
            ItemKind::Binding(binding) => self.binding(binding),
            ItemKind::Type(declaration) => self.type_declaration(declaration, item.span.end),
            ItemKind::Domain(domain) => self.domain(domain),
            ItemKind::ExportAll | ItemKind::Export(_) | ItemKind::Use(_) | ItemKind::Error => self.nil(),
        });
        let rest = if self.here().start == start {
            self.tokens_to(item.span.end)
        } else {
            self.rest(&mut no_children(), item.span.end, false)
        };
        doc.append(rest)
    }

    /// The comments behind the last item.
    pub(super) fn end(&mut self) -> Doc<'a> {
        self.lead(Gap::Item)
    }

    /// Where a declaration begins behind its decorators and `export`.
    fn declaration_start(&self, item: &Item) -> u32 {
        let behind = item.decorators.iter().map(|decorator| decorator.span.end).max();
        let mut at = self.pos;
        while behind.is_some_and(|behind| self.tokens[at].start < behind)
            || (item.exported && self.tokens[at].kind == TokenKind::Export)
        {
            at += 1;
        }
        self.tokens[at].start
    }

    /// Tokens up to the byte `start` where a declaration begins, and the gap there.
    fn prefix(&mut self, start: u32) -> Doc<'a> {
        let mut doc = self.nil();
        while self.here().start < start {
            doc = doc.append(self.element(&mut no_children()));
            let gap = if self.at_newline() { Gap::Newline } else { self.natural() };
            doc = doc.append(self.lead(gap));
        }
        doc
    }

    /// `name : Type`
    fn signature(&mut self, ty: &Type) -> Doc<'a> {
        let mut doc = self.element(&mut no_children());
        while !self.at(TokenKind::Colon) && self.here().start < ty.span.start {
            let gap = self.natural();
            doc = doc.append(self.spaced(gap));
        }
        doc.append(self.spaced(Gap::Blank)).append(self.type_to(ty.span.end))
    }

    /// The type up to the byte `end`, gap included. Arrows may begin lines.
    fn type_to(&mut self, end: u32) -> Doc<'a> {
        let is_broken = self.is_broken(self.pos - 1, self.index(end) - 1);
        let gap = self.break_before(true);
        let first = self.lead(gap).append(self.element(&mut no_children()));
        let mut is_nested = gap == Gap::Newline;
        let mut doc = if is_nested { first.nest(2) } else { first };
        while self.here().start < end {
            let gap = match self.here().kind {
                _ if self.at_newline() => Gap::Newline,
                TokenKind::Arrow if !is_broken => Gap::Soft,
                TokenKind::Bang => Gap::None,
                _ => self.natural(),
            };
            is_nested |= gap == Gap::Newline;
            let piece = self.lead(gap).append(self.element(&mut no_children()));
            doc = doc.append(if is_nested { piece.nest(2) } else { piece });
        }
        if is_broken { doc } else { doc.nest(2).group() }
    }

    /// `T A = …`
    fn type_declaration(&mut self, declaration: &TypeDecl, end: u32) -> Doc<'a> {
        let mut doc = self.token();
        while self.here().start < end && !self.at(TokenKind::Equal) {
            doc = doc.append(self.spaced(Gap::Blank));
        }
        if self.here().start >= end {
            return doc;
        }
        let doc = doc.append(self.spaced(Gap::Blank));
        match &declaration.body {
            TypeBody::Sum(constructors) => doc.append(self.constructors(constructors)),
            _ => doc.append(self.type_to(end)),
        }
    }

    /// Constructors with their bars, gap before the first one included.
    fn constructors(&mut self, constructors: &[ConstructorDecl]) -> Doc<'a> {
        let Some(last) = constructors.last() else { return self.nil() };
        let is_broken = self.is_broken(self.pos - 1, self.index(last.span.end) - 1);
        let mut doc = self.nil();
        while self.here().start < last.span.end {
            let gap = match self.here().kind {
                TokenKind::Bar if is_broken => Gap::Newline,
                TokenKind::Bar => Gap::Soft,
                _ if self.at_newline() => Gap::Newline,
                _ => self.natural(),
            };
            doc = doc.append(self.lead(gap)).append(self.element(&mut no_children()));
        }
        let doc = doc.nest(2);
        if is_broken { doc } else { doc.group() }
    }

    /// `domain D over C = { … }`
    fn domain(&mut self, domain: &DomainDecl) -> Doc<'a> {
        let mut doc = self.tokens_to(domain.carrier.span.end);
        while !self.at(TokenKind::BraceOpen) {
            doc = doc.append(self.spaced(Gap::Blank));
        }
        doc.append(self.lead(Gap::Blank)).append(self.braces(domain.items.iter().map(Part::Domain)))
    }

    pub(super) fn domain_item(&mut self, item: &DomainItem) -> Doc<'a> {
        match item {
            DomainItem::Type(declaration) => self.type_declaration(declaration, type_end(declaration)),
            DomainItem::Signature(signature) => self.signature(&signature.ty),
            DomainItem::SuffixSignature { ty, .. } => self.signature(ty),
            DomainItem::Binding(binding) => self.binding(binding),
            DomainItem::Suffix { value, .. } => self.token().append(self.spaced(Gap::Blank)).append(self.follow(value)),
        }
    }
}

/// Where a type declaration ends.
fn type_end(declaration: &TypeDecl) -> u32 {
    let head = declaration.parameters.last().unwrap_or(&declaration.name).span.end;
    match &declaration.body {
        TypeBody::Abstract => head,
        TypeBody::Sum(constructors) => constructors.last().map_or(head, |last| last.span.end),
        TypeBody::AliasOrSum(ty) => ty.span.end,
        // The `!`.
        TypeBody::Branded(ty) => ty.span.end + 1,
    }
}
