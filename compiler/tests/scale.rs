//! Checking takes time in proportion to the program. Time itself is printed by `cargo run --example scale`; here the
//! number of types that are made stands for it, which is the same in every run.

mod shapes;

use aivi_compiler::diagnostic::Code;
use aivi_compiler::{Checked, check};
use shapes::{Nothing, SHAPES, module};

/// Nesting that the parser allows must not exhaust the host stack of a test thread, in any build.
fn nested(prefix: &str, open: &str, inside: &str, close: &str, levels: usize) -> Checked {
    let text = format!("{prefix}{}{inside}{}\n", open.repeat(levels), close.repeat(levels));
    check(module(&text), &Nothing)
}

#[test]
fn work_grows_with_the_program() {
    for (name, shape) in SHAPES.iter().filter(|(name, _)| *name != "mistakes") {
        let types = |lines| {
            let checked = check(module(&shape(lines)), &Nothing);
            assert!(checked.program.is_some(), "{name}: {:?}", checked.diagnostics.first());
            checked.program.map_or(0, |program| program.types.len())
        };
        let (once, twice) = (types(2_000), types(4_000));
        assert!(twice < once * 5 / 2, "{name}: {once} types, then {twice} for twice the lines");
    }
}

#[test]
fn every_mistake_is_reported() {
    let (_, shape) = SHAPES.iter().find(|(name, _)| *name == "mistakes").expect("there is such a shape");
    let checked = check(module(&shape(500)), &Nothing);
    assert!(checked.program.is_none());
    let unknown = checked.diagnostics.iter().filter(|report| report.message.contains("unknown name"));
    assert_eq!(unknown.count(), 500);
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    for (prefix, open, inside, close) in [
        ("x = ", "(", "1", ")"),
        ("x = ", "[", "1", "]"),
        ("x = ", "y => ", "1", ""),
        ("x = ", "if True then 1 else ", "1", ""),
        ("x = ", "{ y = 1 \n ", "y", "\n}"),
        ("x = ", "Some (", "1", ")"),
        ("x = ", "1 + (", "1", ")"),
        ("x = ", "", "1", " + 1"),
        ("x = ", "!", "True", ""),
        ("x : ", "List (", "Int", ")"),
        ("x = | ", "Some (", "y", ") "),
    ] {
        let suffix = if prefix == "x = | " { "=> 1 | _ => 2" } else { "" };
        for levels in [100, 240, 900] {
            // Whether it is too deep for the parser does not matter here, only that there is an answer.
            let checked = nested(prefix, open, inside, &format!("{close}{suffix}"), levels);
            assert!(!checked.sources.is_empty());
        }
    }
}

#[test]
fn exponential_types_are_refused() {
    let mut text = String::from("f0 = x => x\n");
    for level in 1..40 {
        text.push_str(&format!("f{level} = x => (f{0} x, f{0} x)\n", level - 1));
    }
    let checked = check(module(&text), &Nothing);
    assert!(checked.diagnostics.iter().any(|report| report.code == Code::E4000));
}
