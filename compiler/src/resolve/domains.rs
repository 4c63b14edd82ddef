//! Domains: suffixes and operators become functions. `1ms = Millisecond 1` is a function of the number in place of `1`;
//! the clauses of an operator that follow its signature are one function.

use super::declare::Declare;
use super::tables::{DomainId, DomainInfo, Place, Source};
use crate::core::GlobalId;
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::IdMap;
use crate::syntax::{Span, Symbol, ast};

/// Signatures and the clauses that follow them.
#[derive(Default)]
struct Run {
    signatures: Vec<(Place, Span)>,
    clauses: Vec<(Place, Span)>,
}

/// Enters the signatures of plain functions, before any binding is looked at.
pub(super) fn signatures(declare: &mut Declare<'_>, domain: &ast::DomainDecl, item: u32) {
    for (inner, entry) in domain.items.iter().enumerate() {
        if let ast::DomainItem::Signature(signature) = entry
            && !is_operator(declare.tables.text(signature.name.symbol))
        {
            declare.plain_signature(signature.name, Place { item, inner: Some(inner as u32) });
        }
    }
}

/// Declares a domain and what its body defines, helper types excepted.
pub(super) fn declare(declare: &mut Declare<'_>, domain: &ast::DomainDecl, item: u32) {
    let mut info = DomainInfo { name: domain.name.symbol, suffixes: IdMap::default(), operators: IdMap::default() };
    let mut runs: IdMap<Symbol, Vec<Run>> = IdMap::default();
    for (inner, entry) in domain.items.iter().enumerate() {
        let place = Place { item, inner: Some(inner as u32) };
        match entry {
            // The type of a suffix is that of its template; the checker finds it when it checks the template.
            ast::DomainItem::Type(_) | ast::DomainItem::SuffixSignature { .. } => {}
            ast::DomainItem::Suffix { suffix, .. } => {
                let global = declare.define(*suffix, Source::Suffix(place), None);
                if info.suffixes.insert(suffix.symbol, global).is_some() {
                    let message = format!("suffix `{}` is defined twice", declare.tables.text(suffix.symbol));
                    declare.tables.report(Diagnostic::new(Code::E2007, suffix.span, message));
                }
            }
            ast::DomainItem::Signature(signature) => {
                let name = signature.name;
                if is_operator(declare.tables.text(name.symbol)) {
                    let runs = runs.entry(name.symbol).or_default();
                    if runs.last().is_none_or(|run| !run.clauses.is_empty()) {
                        runs.push(Run::default());
                    }
                    runs.last_mut().expect("just pushed").signatures.push((place, name.span));
                }
            }
            ast::DomainItem::Binding(binding) => match binding.pattern.kind {
                ast::PatternKind::Name(name) if is_operator(declare.tables.text(name.symbol)) => {
                    match runs.get_mut(&name.symbol).and_then(|runs| runs.last_mut()) {
                        Some(run) => run.clauses.push((place, name.span)),
                        None => {
                            let message = "an operator of a domain needs a signature before its binding";
                            declare.tables.report(Diagnostic::new(Code::E3000, name.span, message));
                        }
                    }
                }
                ast::PatternKind::Name(name) => declare.plain_named(name, Source::Value(place)),
                _ => {
                    let diagnostic = Diagnostic::absent(binding.pattern.span, "a pattern in the body of a domain");
                    declare.tables.report(diagnostic.help("bind a name"));
                }
            },
        }
    }
    let mut runs: Vec<(Symbol, Vec<Run>)> = runs.into_iter().collect();
    runs.sort_by_key(|(symbol, _)| *symbol);
    for (symbol, runs) in runs {
        let globals = runs.into_iter().flat_map(|run| operator(declare, symbol, run)).collect();
        info.operators.insert(symbol, globals);
    }
    let id = DomainId(declare.tables.domains.len() as u32);
    declare.tables.domains.push(info);
    let own = &mut declare.tables.module_mut(declare.module).own;
    if own.domains.insert(domain.name.symbol, id).is_some() {
        let message = format!("domain `{}` is defined twice", declare.tables.text(domain.name.symbol));
        declare.tables.report(Diagnostic::new(Code::E2007, domain.name.span, message));
    }
}

/// One function for a signature and its clauses, or one for each when there are as many of both.
fn operator(declare: &mut Declare<'_>, symbol: Symbol, run: Run) -> Vec<GlobalId> {
    let (signature, span) = run.signatures[0];
    let name = ast::Name { symbol, span };
    if run.clauses.is_empty() {
        let message = "the operator has a signature but no binding";
        declare.tables.report(Diagnostic::new(Code::E3003, span, message));
        return vec![declare.define(name, Source::Error, Some(signature))];
    }
    if run.signatures.len() == 1 {
        let clauses = run.clauses.into_iter().map(|(place, _)| place).collect();
        return vec![declare.define(name, Source::Operator(clauses), Some(signature))];
    }
    if run.signatures.len() != run.clauses.len() {
        let diagnostic = Diagnostic::absent(span, "a mix of signatures and clauses of one operator");
        declare.tables.report(diagnostic.help("put each signature before its own clauses"));
        return Vec::new();
    }
    run.signatures
        .into_iter()
        .zip(run.clauses)
        .map(|((signature, span), (clause, _))| {
            declare.define(ast::Name { symbol, span }, Source::Operator(vec![clause]), Some(signature))
        })
        .collect()
}

fn is_operator(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}
