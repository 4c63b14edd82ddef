//! Matches and what is said about them. Patterns are parsed from source, so the cases read like programs.

use std::rc::Rc;

use super::{Kind, Tables, check_match};
use crate::check::builtin::{CONSTRUCTORS, DATAS};
use crate::check::types::TypeStore;
use crate::core::{Arm, Constructor, ConstructorId, Data, DataId, Expr, ExprKind, LocalId, Pattern, PatternKind};
use crate::parse::parse;
use crate::syntax::ast::{self, FieldPatternKind};
use crate::syntax::{FileId, Interner, Span};

/// The built-in types and `Color = Red | Green | Blue`, `Tree = Leaf | Node Tree Int Tree`.
struct World {
    interner: Interner,
    datas: Vec<Data>,
    constructors: Vec<Constructor>,
}

impl World {
    fn new() -> Self {
        let mut interner = Interner::default();
        let mut datas: Vec<Data> = DATAS
            .iter()
            .map(|(name, arity)| Data { name: interner.intern(name), arity: *arity, constructors: Vec::new() })
            .collect();
        let mut all: Vec<(&str, DataId, u32, u32)> = CONSTRUCTORS.to_vec();
        let own = |at: usize| DataId(u32::try_from(DATAS.len() + at).expect("few"));
        for name in ["Color", "Tree"] {
            datas.push(Data { name: interner.intern(name), arity: 0, constructors: Vec::new() });
        }
        all.extend([("Red", own(0), 0, 0), ("Green", own(0), 1, 0), ("Blue", own(0), 2, 0)]);
        all.extend([("Leaf", own(1), 0, 0), ("Node", own(1), 1, 3)]);
        let mut constructors = Vec::new();
        for (at, (name, data, index, arity)) in all.into_iter().enumerate() {
            datas[data.0 as usize].constructors.push(ConstructorId(u32::try_from(at).expect("few")));
            constructors.push(Constructor { name: interner.intern(name), data, index, arity, image: None });
        }
        World { interner, datas, constructors }
    }

    fn pattern(&self, pattern: &ast::Pattern) -> Pattern {
        let all = |patterns: &[ast::Pattern]| patterns.iter().map(|pattern| self.pattern(pattern)).collect();
        let kind = match &pattern.kind {
            ast::PatternKind::Wildcard => PatternKind::Wildcard,
            ast::PatternKind::Name(_) => PatternKind::Local(LocalId(0)),
            ast::PatternKind::As(_, inner) => PatternKind::As(LocalId(0), Box::new(self.pattern(inner))),
            ast::PatternKind::Constructor { name, arguments, .. } => {
                let at = self.constructors.iter().position(|it| it.name == name.symbol).expect("a known constructor");
                PatternKind::Constructor(ConstructorId(u32::try_from(at).expect("few")), all(arguments))
            }
            ast::PatternKind::Int(value) => PatternKind::Int(*value),
            ast::PatternKind::Text(text) => PatternKind::Text(Rc::from(text.as_str())),
            ast::PatternKind::Char(value) => PatternKind::Char(*value),
            ast::PatternKind::Unit => PatternKind::Unit,
            ast::PatternKind::Tuple(items) => PatternKind::Tuple(all(items)),
            ast::PatternKind::List { items, rest } => PatternKind::List { items: all(items), rest: rest.map(|_| None) },
            ast::PatternKind::Record(fields) => PatternKind::Record(fields.iter().map(|it| self.field(it)).collect()),
            ast::PatternKind::Float(_) | ast::PatternKind::Error => PatternKind::Error,
        };
        Pattern { kind, ty: TypeStore::UNIT, span: pattern.span }
    }

    fn field(&self, field: &ast::FieldPattern) -> (crate::syntax::Symbol, Pattern) {
        let leaf = match &field.kind {
            FieldPatternKind::Bind => {
                Pattern { kind: PatternKind::Wildcard, ty: TypeStore::UNIT, span: Span::default() }
            }
            FieldPatternKind::Match(pattern) | FieldPatternKind::BindAndMatch(pattern) => self.pattern(pattern),
        };
        let (first, more) = field.path.split_first().expect("a path has segments");
        let wrap = |inner: Pattern, name: &ast::Name| Pattern {
            kind: PatternKind::Record(vec![(name.symbol, inner)]),
            ty: TypeStore::UNIT,
            span: Span::default(),
        };
        (first.symbol, more.iter().rev().fold(leaf, wrap))
    }

    /// What is said about the arms `| …`, one line a report; arms are named by their line.
    fn check(&mut self, kind: Kind, arms: &str) -> Vec<String> {
        let text = format!("module m\nf =\n{arms}\n");
        let parsed = parse(FileId(0), &text, &mut self.interner);
        assert!(parsed.diagnostics.is_empty(), "{:?} in {text}", parsed.diagnostics);
        let ast::ItemKind::Binding(binding) = &parsed.file.items[0].kind else { panic!("a binding") };
        let ast::ExprKind::Clauses(clauses) = &binding.value.kind else { panic!("clauses") };
        let unit = || Expr { kind: ExprKind::Unit, ty: TypeStore::UNIT, span: Span::default() };
        let arm = |arm: &ast::Arm| Arm {
            pattern: self.pattern(&arm.pattern),
            guard: arm.guard.as_ref().map(|_| unit()),
            body: unit(),
            span: arm.span,
        };
        let arms: Vec<Arm> = clauses.iter().map(arm).collect();
        let tables = Tables { datas: &self.datas, constructors: &self.constructors, interner: &self.interner };
        let said = check_match(tables, kind, &arms, binding.span).into_iter().map(|diagnostic| {
            let line = text[..diagnostic.span.start as usize].matches('\n').count() - 1;
            if diagnostic.code.name() == "W3101" { format!("unreached {line}") } else { diagnostic.message }
        });
        said.collect()
    }
}

fn check(arms: &[&str]) -> Vec<String> {
    World::new().check(Kind::Values, &arms.iter().map(|arm| format!("  | {arm} => 0\n")).collect::<String>())
}

fn missing(cases: &str) -> Vec<String> {
    vec![format!("not every case is covered: {cases} missing")]
}

const NOTHING: Vec<String> = Vec::new();

#[test]
fn constructors() {
    assert_eq!(check(&["Red", "Green", "Blue"]), NOTHING);
    assert_eq!(check(&["Red", "_"]), NOTHING);
    assert_eq!(check(&["Red"]), missing("`Green` and `Blue` are"));
    assert_eq!(check(&["None", "Some 1"]), missing("`Some _` is"));
    assert_eq!(check(&["True"]), missing("`False` is"));
    assert_eq!(check(&["Ok x", "Err (Some True)"]), missing("`Err None` and `Err (Some False)` are"));
    assert_eq!(check(&["Node Leaf 1 _"]), missing("`Leaf`, `Node Leaf _ _` and `Node (Node _ _ _) _ _` are"));
}

#[test]
fn unreachable_arms() {
    assert_eq!(check(&["_", "Red"]), ["unreached 2"]);
    assert_eq!(check(&["Red", "Green", "Red", "Blue", "x"]), ["unreached 3", "unreached 5"]);
    assert_eq!(check(&["(True, _)", "(_, True)", "(True, True)", "(False, False)"]), ["unreached 3"]);
    assert_eq!(check(&["1", "2", "1", "_"]), ["unreached 3"]);
    assert_eq!(check(&["[a, ...]", "[]", "[a, b]"]), ["unreached 3"]);
}

#[test]
fn guards_cover_nothing_and_are_reached() {
    assert_eq!(check(&["Some n when n", "None"]), missing("`Some _` is"));
    assert_eq!(check(&["Some n unless n", "Some _", "None"]), NOTHING);
    assert_eq!(check(&["_", "Some n when n"]), ["unreached 2"]);
    assert_eq!(check(&["x when a", "x when b", "_"]), NOTHING);
}

#[test]
fn literals() {
    assert_eq!(check(&["1", "-2", "_"]), NOTHING);
    assert_eq!(check(&["1", "2"]), missing("`_` is"));
    assert_eq!(check(&["\"a\"", "\"a\"", "x"]), ["unreached 2"]);
    assert_eq!(check(&["('a', True)", "('b', _)", "(_, True)"]), missing("`('a', False)` and `(_, False)` are"));
    assert_eq!(check(&["Some (-1)", "None", "Some _"]), NOTHING);
    assert_eq!(check(&["(-1, True)", "(1, _)", "(_, True)", "(-1, _)"]), missing("`(_, False)` is"));
    assert_eq!(check(&["(\"\\\"\\{\", True)", "(_, True)"]), missing("`(\"\\\"\\{\", False)` and `(_, False)` are"));
}

#[test]
fn lists() {
    assert_eq!(check(&["[]", "[a]", "[a, b, ...rest]"]), NOTHING);
    assert_eq!(check(&["[]", "[a, ...]"]), NOTHING);
    assert_eq!(check(&["[...all]"]), NOTHING);
    assert_eq!(check(&["[]", "[a, b]"]), missing("`[_]` and `[_, _, _, ...]` are"));
    assert_eq!(check(&["[a]", "[a, b, c, ...]"]), missing("`[]` and `[_, _]` are"));
    assert_eq!(check(&["[]", "[True, ...]"]), missing("`[False, ...]` is"));
    assert_eq!(check(&["[1, ...]", "[]"]), missing("`[_, ...]` is"));
}

#[test]
fn tuples_and_records() {
    assert_eq!(check(&["(a, b)"]), NOTHING);
    assert_eq!(check(&["()"]), NOTHING);
    assert_eq!(check(&["(True, a)", "(a, True)"]), missing("`(False, False)` is"));
    assert_eq!(check(&["{ a }"]), NOTHING);
    assert_eq!(check(&["{ a: True, b }", "{ b: None }"]), missing("`{ a: False, b: Some _ }` is"));
    assert_eq!(check(&["{ a.b: True }", "{ a.c: True }"]), missing("`{ a: { b: False, c: False } }` is"));
    assert_eq!(check(&["{ a.b: True, a.c: True }", "{ a.b: False }"]), missing("`{ a: { b: True, c: False } }` is"));
    assert_eq!(check(&["whole as { a as Some x }", "{ a: None }"]), NOTHING);
}

#[test]
fn errors_of_or_may_be_passed_on() {
    let mut world = World::new();
    assert_eq!(world.check(Kind::Errors, "  | Some 1 => 0\n"), NOTHING);
    assert_eq!(world.check(Kind::Errors, "  | _ => 0\n  | None => 0\n"), ["unreached 2"]);
}

#[test]
fn long_lists_of_missing_cases_are_cut() {
    let arms = ["(Red, Red)", "(Green, Green)", "(Blue, Blue)"];
    assert_eq!(check(&arms), missing("`(Red, Green)`, `(Red, Blue)` and `(Green, Red)`, and more, are"));
}

#[test]
fn patterns_with_mistakes_are_left_alone() {
    assert_eq!(check(&["1.5"]), NOTHING);
}

#[test]
fn large_matches() {
    let arms = |count: usize| (0..count).map(|n| format!("  | {n} => 0\n")).collect::<String>();
    let mut world = World::new();
    assert_eq!(world.check(Kind::Values, &(arms(10_000) + "  | _ => 0\n")), NOTHING);
    assert_eq!(world.check(Kind::Values, &arms(10_000)), missing("`_` is"));
    assert_eq!(world.check(Kind::Values, &(arms(10_000) + "  | 77 => 0\n  | _ => 0\n")), ["unreached 10001"]);
    let tuple = format!("  | ({}) => 0\n  | _ => 0\n", vec!["1"; 1000].join(", "));
    assert_eq!(world.check(Kind::Values, &tuple), NOTHING);
    let lists = (0..60).map(|n| format!("  | [{}] => 0\n", vec!["1"; n].join(", "))).collect::<String>();
    assert_eq!(world.check(Kind::Values, &(lists + "  | [] => 0\n  | _ => 0\n")), ["unreached 61"]);
}

#[test]
fn too_much_work_is_given_up() {
    // Each column is asked by one arm only, so the tree of decisions doubles with every column.
    let row = |at: usize| (0..40).map(|n| if n == at { "True" } else { "_" }).collect::<Vec<_>>().join(", ");
    let pairs = |at: usize| (0..40).map(|n| if n / 2 == at { "True" } else { "_" }).collect::<Vec<_>>().join(", ");
    let arms = (0..20).map(|at| format!("  | ({}) => 0\n", pairs(at))).collect::<String>();
    let mut world = World::new();
    let said = world.check(Kind::Values, &arms);
    assert_eq!(said, ["these arms are too many or too large to tell what they cover"]);
    assert_eq!(world.check(Kind::Values, &(arms + "  | _ => 0\n")), NOTHING);
    let single = (0..40).map(|at| format!("  | ({}) => 0\n", row(at))).collect::<String>();
    assert_eq!(world.check(Kind::Values, &single).len(), 1);
}
