//! Readable text of trees and tokens, for `aivi parse` and golden tests.
//!
//! A tree is written as nested lists, `(head child child)`; a list that does not fit its line puts every child on a
//! line of its own, but for the first few names. Places are left out, names are written as in the source.

use std::fmt::Write;

use super::Interner;
use super::ast::{
    Arm, Binding, Block, ConstructorDecl, Decorator, DomainItem, Expr, ExprKind, Fallback, FieldPatternKind, File,
    ImportItem, Item, ItemKind, ListItem, MapItem, Name, Number, PatchAction, PatchItem, PatchSegment, Path, Pattern,
    PatternKind, RecordItem, Statement, StatementKind, TextPart, Type, TypeBody, TypeDecl, TypeKind, UseKind,
};
use crate::lex::{Token, TokenKind};

/// Lists that are longer are broken.
const WIDTH: usize = 100;

/// The tokens of `text`, one line of the file a line.
#[must_use]
pub fn dump_tokens(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.has_newline() && at > 0 {
            out.push('\n');
        } else if token.has_blank() && at > 0 {
            out.push(' ');
        }
        let _ = match token.kind {
            TokenKind::Eof => writeln!(out, "Eof"),
            kind if token.start == token.end => write!(out, "{kind:?}<>"),
            kind => write!(out, "{kind:?}<{}>", token.text(text).replace('\n', "\\n")),
        };
    }
    out
}

/// The tree of a file.
#[must_use]
pub fn dump_file(interner: &Interner, file: &File) -> String {
    let dump = Dump { interner };
    let mut out = String::new();
    for decorator in &file.decorators {
        dump.decorator(decorator).write(&mut out, 0);
    }
    if let Some(path) = &file.path {
        node("module", [dump.path(path)]).write(&mut out, 0);
    }
    for item in &file.items {
        dump.item(item).write(&mut out, 0);
    }
    out
}

/// The tree of an expression, in one line or several.
#[must_use]
pub fn dump_expr(interner: &Interner, expr: &Expr) -> String {
    let mut out = String::new();
    Dump { interner }.expr(expr).write(&mut out, 0);
    out
}

/// A list, or a leaf when it has no children.
struct Node {
    head: String,
    children: Vec<Node>,
    /// Columns when written in one line.
    width: usize,
}

fn leaf(text: impl Into<String>) -> Node {
    let head = text.into();
    Node { width: head.chars().count(), head, children: Vec::new() }
}

fn node(head: impl Into<String>, children: impl IntoIterator<Item = Node>) -> Node {
    let head = head.into();
    let children: Vec<Node> = children.into_iter().collect();
    let width = 2 + head.chars().count() + children.iter().map(|child| child.width + 1).sum::<usize>();
    if children.is_empty() { leaf(format!("({head})")) } else { Node { head, children, width } }
}

impl Node {
    fn write(&self, out: &mut String, indent: usize) {
        let _ = write!(out, "{:indent$}", "");
        if indent + self.width <= WIDTH || self.children.is_empty() {
            self.write_flat(out);
            out.push('\n');
            return;
        }
        out.push('(');
        out.push_str(&self.head);
        // Leaves at the front say what this is about, so they stay beside the head.
        let leaves = self.children.iter().take(3).take_while(|child| child.children.is_empty()).count();
        let (beside, below) = self.children.split_at(leaves);
        for child in beside {
            out.push(' ');
            out.push_str(&child.head);
        }
        out.push('\n');
        for child in below {
            child.write(out, indent + 2);
        }
        // The closing bracket goes behind the last child.
        out.pop();
        out.push_str(")\n");
    }

    fn write_flat(&self, out: &mut String) {
        if self.children.is_empty() {
            out.push_str(&self.head);
            return;
        }
        out.push('(');
        out.push_str(&self.head);
        for child in &self.children {
            out.push(' ');
            child.write_flat(out);
        }
        out.push(')');
    }
}

struct Dump<'a> {
    interner: &'a Interner,
}

impl Dump<'_> {
    fn text(&self, name: Name) -> &str {
        self.interner.text(name.symbol)
    }

    fn name(&self, name: Name) -> Node {
        leaf(self.text(name))
    }

    fn dotted(&self, names: &[Name]) -> String {
        names.iter().map(|name| self.text(*name)).collect::<Vec<_>>().join(".")
    }

    fn path(&self, path: &Path) -> Node {
        leaf(self.dotted(&path.segments))
    }

    fn item(&self, item: &Item) -> Node {
        let mut node = match &item.kind {
            ItemKind::ExportAll => leaf("(export *)"),
            ItemKind::Export(items) => node("export", items.iter().map(|item| self.import(item))),
            ItemKind::Use(import) => {
                let path = [self.path(&import.path)];
                match &import.what {
                    UseKind::All => node("use", path),
                    UseKind::As(name) => node("use-as", path.into_iter().chain([self.name(*name)])),
                    UseKind::Only(items) => node("use", path.into_iter().chain([self.imports("only", items)])),
                    UseKind::Hiding(items) => node("use", path.into_iter().chain([self.imports("hiding", items)])),
                }
            }
            ItemKind::Signature(signature) => node("signature", [self.name(signature.name), self.ty(&signature.ty)]),
            ItemKind::Binding(binding) => self.binding(binding),
            ItemKind::Type(decl) => self.type_decl(decl),
            ItemKind::Domain(domain) => {
                let head = [self.name(domain.name), self.ty(&domain.carrier)];
                node("domain", head.into_iter().chain(domain.items.iter().map(|item| self.domain_item(item))))
            }
            ItemKind::Error => leaf("<error>"),
        };
        if item.exported {
            node = self::node("export", [node]);
        }
        if item.decorators.is_empty() {
            return node;
        }
        let decorators = item.decorators.iter().map(|decorator| self.decorator(decorator));
        self::node("decorated", decorators.chain([node]))
    }

    fn decorator(&self, decorator: &Decorator) -> Node {
        node(format!("@{}", self.text(decorator.name)), decorator.argument.iter().map(|argument| self.expr(argument)))
    }

    fn imports(&self, head: &str, items: &[ImportItem]) -> Node {
        node(head, items.iter().map(|item| self.import(item)))
    }

    fn import(&self, item: &ImportItem) -> Node {
        let name = if item.domain { node("domain", [self.name(item.name)]) } else { self.name(item.name) };
        match item.alias {
            Some(alias) => node("as", [name, self.name(alias)]),
            None => name,
        }
    }

    fn binding(&self, binding: &Binding) -> Node {
        node("=", [self.pattern(&binding.pattern), self.expr(&binding.value)])
    }

    fn type_decl(&self, decl: &TypeDecl) -> Node {
        let name = leaf(self.text(decl.name));
        let name = match &decl.parameters[..] {
            [] => name,
            parameters => node(self.text(decl.name), parameters.iter().map(|parameter| self.name(*parameter))),
        };
        let body = match &decl.body {
            TypeBody::Abstract => None,
            TypeBody::Sum(constructors) => {
                Some(node("sum", constructors.iter().map(|constructor| self.constructor(constructor))))
            }
            TypeBody::AliasOrSum(ty) => Some(node("alias-or-sum", [self.ty(ty)])),
            TypeBody::Branded(ty) => Some(node("branded", [self.ty(ty)])),
        };
        node(if decl.opaque { "opaque-type" } else { "type" }, [name].into_iter().chain(body))
    }

    fn constructor(&self, constructor: &ConstructorDecl) -> Node {
        let name = self.text(constructor.name);
        match &constructor.arguments[..] {
            [] => leaf(name),
            arguments => node(name, arguments.iter().map(|argument| self.ty(argument))),
        }
    }

    fn domain_item(&self, item: &DomainItem) -> Node {
        match item {
            DomainItem::Type(decl) => self.type_decl(decl),
            DomainItem::Signature(signature) => node("signature", [self.name(signature.name), self.ty(&signature.ty)]),
            DomainItem::Binding(binding) => self.binding(binding),
            DomainItem::SuffixSignature { suffix, ty } => node("suffix-signature", [self.name(*suffix), self.ty(ty)]),
            DomainItem::Suffix { suffix, value } => node("suffix", [self.name(*suffix), self.expr(value)]),
        }
    }

    fn ty(&self, ty: &Type) -> Node {
        match &ty.kind {
            TypeKind::Constructor { qualifier, name } => leaf(self.dotted(&[&qualifier[..], &[*name]].concat())),
            TypeKind::Variable(name) => leaf(format!("'{}", self.text(*name))),
            TypeKind::Apply(head, arguments) => {
                let children = std::iter::once(self.ty(head)).chain(arguments.iter().map(|argument| self.ty(argument)));
                node("type-apply", children)
            }
            TypeKind::Function(from, to) => node("->", [self.ty(from), self.ty(to)]),
            TypeKind::Record(fields) => {
                node("record", fields.iter().map(|(name, ty)| node(self.text(*name), [self.ty(ty)])))
            }
            TypeKind::Tuple(items) => node("tuple", items.iter().map(|item| self.ty(item))),
            TypeKind::Unit => leaf("()"),
            TypeKind::With(left, right) => node("with", [self.ty(left), self.ty(right)]),
            TypeKind::Pipe(left, right) => node("|>", [self.ty(left), self.ty(right)]),
            TypeKind::Star => leaf("*"),
            TypeKind::Error => leaf("<error>"),
        }
    }

    fn expr(&self, expr: &Expr) -> Node {
        match &expr.kind {
            ExprKind::Int(value) => leaf(value.to_string()),
            ExprKind::Float(value) => leaf(format!("{value:?}")),
            ExprKind::Suffixed { number: Number::Int(number), suffix } => {
                leaf(format!("{number}{}", self.text(*suffix)))
            }
            ExprKind::Suffixed { number: Number::Float(number), suffix } => {
                leaf(format!("{number:?}{}", self.text(*suffix)))
            }
            ExprKind::SuffixApply { value, suffix } => node("suffix", [self.expr(value), self.name(*suffix)]),
            ExprKind::Text(parts) => self.text_literal(parts),
            ExprKind::Char(value) => leaf(format!("{value:?}")),
            ExprKind::Unit => leaf("()"),
            ExprKind::Name(name) => self.name(*name),
            ExprKind::Qualified(names) => leaf(self.dotted(names)),
            ExprKind::Placeholder => leaf("_"),
            ExprKind::Section(body) => node("section", [self.expr(body)]),
            ExprKind::Accessor(name) => leaf(format!(".{}", self.text(*name))),
            ExprKind::Paren(inner) => node("paren", [self.expr(inner)]),
            ExprKind::Tuple(items) => node("tuple", self.exprs(items)),
            ExprKind::List(items) => node("list", items.iter().map(|item| self.list_item(item))),
            ExprKind::Record(items) => node("record", items.iter().map(|item| self.record_item(item))),
            ExprKind::Block(block) => self.block(block),
            ExprKind::Do { monad, statements } => self.statements(&format!("do {}", self.text(*monad)), statements),
            ExprKind::Generate(statements) => self.statements("generate", statements),
            ExprKind::Resource(statements) => self.statements("resource", statements),
            ExprKind::PatchFunction(items) => node("patch", items.iter().map(|item| self.patch_item(item))),
            ExprKind::MapLiteral(items) => node("~map", items.iter().map(|item| self.map_item(item))),
            ExprKind::SetLiteral(items) => node("~set", items.iter().map(|item| self.list_item(item))),
            ExprKind::Sigil { name, body } => {
                let name = name.map_or("", |name| self.text(name));
                leaf(format!("~{name}{body:?}"))
            }
            ExprKind::Lambda { parameters, body } => {
                node("lambda", [node("parameters", parameters.iter().map(|p| self.pattern(p))), self.expr(body)])
            }
            ExprKind::Clauses(arms) => node("clauses", self.arms(arms)),
            ExprKind::If { condition, then, otherwise } => {
                node("if", [self.expr(condition), self.expr(then), self.expr(otherwise)])
            }
            ExprKind::Recurse(state) => node("recurse", [self.expr(state)]),
            ExprKind::Match { subject, arms } => node("match", [self.expr(subject)].into_iter().chain(self.arms(arms))),
            ExprKind::Or { value, fallback } => node("or", [self.expr(value), self.fallback(fallback)]),
            ExprKind::Binary { op, left, right, .. } => node(op.text(), [self.expr(left), self.expr(right)]),
            ExprKind::Unary { op, operand } => node(op.text(), [self.expr(operand)]),
            ExprKind::Apply { function, arguments } => {
                node("apply", [self.expr(function)].into_iter().chain(self.exprs(arguments)))
            }
            ExprKind::Field { base, name } => node("field", [self.expr(base), self.name(*name)]),
            ExprKind::Index { base, index } => node("index", [self.expr(base), self.expr(index)]),
            ExprKind::Patch { base, items } => {
                node("<|", [self.expr(base)].into_iter().chain(items.iter().map(|item| self.patch_item(item))))
            }
            ExprKind::Error => leaf("<error>"),
        }
    }

    fn exprs(&self, exprs: &[Expr]) -> impl Iterator<Item = Node> {
        exprs.iter().map(|expr| self.expr(expr))
    }

    fn text_literal(&self, parts: &[TextPart]) -> Node {
        let part = |part: &TextPart| match part {
            TextPart::Literal(text) => leaf(format!("{text:?}")),
            TextPart::Hole(expr) => node("hole", [self.expr(expr)]),
        };
        match parts {
            [] => leaf("\"\""),
            [TextPart::Literal(text)] => leaf(format!("{text:?}")),
            parts => node("text", parts.iter().map(part)),
        }
    }

    fn block(&self, block: &Block) -> Node {
        let result = block.result.iter().map(|result| self.expr(result));
        node("block", block.bindings.iter().map(|binding| self.binding(binding)).chain(result))
    }

    fn list_item(&self, item: &ListItem) -> Node {
        match item {
            ListItem::Item(expr) => self.expr(expr),
            ListItem::Spread(expr) => node("...", [self.expr(expr)]),
            ListItem::Range(from, to) => node("..", [self.expr(from), self.expr(to)]),
        }
    }

    fn record_item(&self, item: &RecordItem) -> Node {
        match item {
            RecordItem::Field(name, value) => node(format!("{}:", self.text(*name)), [self.expr(value)]),
            RecordItem::Spread(expr) => node("...", [self.expr(expr)]),
        }
    }

    fn map_item(&self, item: &MapItem) -> Node {
        match item {
            MapItem::Entry(key, value) => node("=>", [self.expr(key), self.expr(value)]),
            MapItem::Spread(expr) => node("...", [self.expr(expr)]),
        }
    }

    fn patch_item(&self, item: &PatchItem) -> Node {
        let segments = item.path.iter().map(|segment| match segment {
            PatchSegment::Name(name) => self.name(*name),
            PatchSegment::Every(_) => leaf("[*]"),
            PatchSegment::Index(index) => node("index", [self.expr(index)]),
        });
        let path = node("path", segments);
        match &item.action {
            PatchAction::Apply(value) => node("apply", [path, self.expr(value)]),
            PatchAction::Store(value) => node("store", [path, self.expr(value)]),
            PatchAction::Remove => node("remove", [path]),
        }
    }

    fn arms(&self, arms: &[Arm]) -> impl Iterator<Item = Node> {
        arms.iter().map(|arm| self.arm(arm))
    }

    fn arm(&self, arm: &Arm) -> Node {
        let guard = arm.guard.as_ref().map(|guard| {
            let word = if guard.negated { "unless" } else { "when" };
            node(word, [self.expr(&guard.condition)])
        });
        node("|", [self.pattern(&arm.pattern)].into_iter().chain(guard).chain([self.expr(&arm.body)]))
    }

    fn fallback(&self, fallback: &Fallback) -> Node {
        match fallback {
            Fallback::Value(value) => self.expr(value),
            Fallback::Arms(arms) => node("arms", self.arms(arms)),
        }
    }

    fn statements(&self, head: &str, statements: &[Statement]) -> Node {
        node(head, statements.iter().map(|statement| self.statement(statement)))
    }

    fn statement(&self, statement: &Statement) -> Node {
        match &statement.kind {
            StatementKind::Bind { pattern, value, fallback } => {
                let fallback = fallback.iter().map(|fallback| node("or", [self.fallback(fallback)]));
                node("<-", [self.pattern(pattern), self.expr(value)].into_iter().chain(fallback))
            }
            StatementKind::Let(binding) => self.binding(binding),
            StatementKind::Expr(expr) => self.expr(expr),
            StatementKind::When { negated, condition, effect } => {
                let head = if *negated { "unless" } else { "when" };
                node(head, [self.expr(condition), self.expr(effect)])
            }
            StatementKind::Given { condition, otherwise } => {
                node("given", [self.expr(condition), self.expr(otherwise)])
            }
            StatementKind::Loop { pattern, init, body } => {
                node("loop", [self.pattern(pattern), self.expr(init), self.statements("body", body)])
            }
            StatementKind::Yield(value) => node("yield", [self.expr(value)]),
            StatementKind::Filter { name, predicate } => node("filter", [self.name(*name), self.expr(predicate)]),
            StatementKind::Error => leaf("<error>"),
        }
    }

    fn patterns(&self, patterns: &[Pattern]) -> impl Iterator<Item = Node> {
        patterns.iter().map(|pattern| self.pattern(pattern))
    }

    fn pattern(&self, pattern: &Pattern) -> Node {
        match &pattern.kind {
            PatternKind::Wildcard => leaf("_"),
            PatternKind::Name(name) => self.name(*name),
            PatternKind::As(name, inner) => node("as", [self.name(*name), self.pattern(inner)]),
            PatternKind::Constructor { qualifier, name, arguments } => {
                let name = self.dotted(&[&qualifier[..], &[*name]].concat());
                if arguments.is_empty() { leaf(name) } else { node(name, self.patterns(arguments)) }
            }
            PatternKind::Int(value) => leaf(value.to_string()),
            PatternKind::Float(value) => leaf(format!("{value:?}")),
            PatternKind::Text(text) => leaf(format!("{text:?}")),
            PatternKind::Char(value) => leaf(format!("{value:?}")),
            PatternKind::Unit => leaf("()"),
            PatternKind::Tuple(items) => node("tuple", self.patterns(items)),
            PatternKind::List { items, rest } => {
                let rest = rest.map(|rest| leaf(format!("...{}", rest.map_or("", |name| self.text(name)))));
                node("list", self.patterns(items).chain(rest))
            }
            PatternKind::Record(fields) => node(
                "record",
                fields.iter().map(|field| {
                    let path = self.dotted(&field.path);
                    match &field.kind {
                        FieldPatternKind::Bind => leaf(path),
                        FieldPatternKind::Match(pattern) => node(format!("{path}:"), [self.pattern(pattern)]),
                        FieldPatternKind::BindAndMatch(pattern) => node(format!("{path} as"), [self.pattern(pattern)]),
                    }
                }),
            ),
            PatternKind::Error => leaf("<error>"),
        }
    }
}
