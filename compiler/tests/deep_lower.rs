//! The deepest programs that the parser lets through, lowered on the stack of a test thread.

mod shapes;

use aivi_compiler::{Options, Source, compile};

use shapes::{Nothing, SHAPES, module};

/// `levels` times `open`, `inner`, `levels` times `close`.
fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// Compiles `build(levels)` for the greatest number of levels, up to 600, that is not too deep.
fn deepest(name: &str, build: impl Fn(usize) -> String) {
    let compiles = |levels| {
        let text = format!("@no_prelude\nmodule deep\nexport *\n{}", build(levels));
        let compiled = compile(Source::new("deep.aivi", text), &Nothing, Options::default());
        let deep = compiled.diagnostics.iter().any(|diagnostic| diagnostic.code.name() == "E1008");
        assert!(deep || compiled.module.is_some(), "{name} {levels}: {:?}", compiled.diagnostics.first());
        compiled.module.is_some()
    };
    let (mut low, mut high) = (1, 600);
    assert!(compiles(low), "{name}");
    while low + 1 < high {
        let middle = (low + high) / 2;
        if compiles(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    assert!(low >= 40, "{name}: only {low} levels");
}

#[test]
fn the_deepest_programs_fit_the_stack() {
    deepest("sum", |n| format!("f = n => {}", vec!["n * n"; n].join(" + ")));
    deepest("right", |n| format!("f = n => {}", nested(n, "(n + ", "1", ")")));
    deepest("lists", |n| format!("f = n => {}", nested(n, "[", "n", "]")));
    deepest("tuples", |n| format!("f = n => {}", nested(n, "(n, ", "n", ")")));
    deepest("calls", |n| format!("f : Int -> Int\nf = n => {}", nested(n, "f (", "n", ")")));
    deepest("unknown calls", |n| format!("f = g n => {}", nested(n, "g (", "n", ")")));
    deepest("lambdas", |n| format!("f = {}", nested(n, "(a => (b => ", "(c => c)", ") a)")));
    deepest("ifs", |n| format!("f = n => {}", nested(n, "(if n then ", "1", " else 2)")));
    deepest("else", |n| format!("f = n => {} 0", "if n then 1 else ".repeat(n)));
    deepest("conditions", |n| format!("f = a b => if {} then 1 else 2", nested(n, "(a || b && ", "a", ")")));
    deepest("matches", |n| format!("f = n => {}", nested(n, "(n match | True => ", "1", " | _ => 2)")));
    deepest("blocks", |n| format!("f = n => {}", nested(n, "{ x = n\n ", "n", "\n}")));
    deepest("effects", |n| {
        format!("f : Effect E Int -> Effect E Int\nf = e => {}", nested(n, "do Effect { x <- ", "e", "\n e }"))
    });
    deepest("patterns", |n| format!("f = n => n match | {} => x | _ => 2", nested(n, "Some (", "x", ")")));
    deepest("texts", |n| format!("f = n => {}", nested(n, "(\"{", "n", "}\")")));
}

#[test]
fn long_programs_lower_to_modules_that_verify() {
    for (name, shape) in SHAPES.iter().filter(|(name, _)| !["mistakes", "fields"].contains(name)) {
        let compiled = compile(module(&shape(2_000)), &Nothing, Options::default());
        let lowered = compiled.module.unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics.first()));
        assert_eq!(aivi_bytecode::verify::verify(&lowered), Ok(()), "{name}");
    }
}

#[test]
fn a_record_of_too_many_fields_is_reported() {
    let fields = SHAPES.iter().find(|(name, _)| *name == "fields").expect("a shape").1;
    let compiled = compile(module(&fields(300)), &Nothing, Options::default());
    assert!(compiled.module.is_none());
    assert!(compiled.diagnostics.iter().any(|diagnostic| diagnostic.code.name() == "E4000"));
}
