//! Programs that are made to break a compiler: each is answered in time and memory that grow with its length, with a
//! program or with errors. What is too deep, too large or too many has an error of its own.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use aivi::{CompileError, Engine};

const MANY: usize = 100_000;

/// None of these takes more than a few tenths of a second in a release build. A debug build on a busy machine may take
/// a hundred times as long; what is not linear takes far longer.
const LIMIT: Duration = Duration::from_secs(120);

/// Compiles on the stack of an ordinary small thread, and gives the codes of the errors.
fn codes(body: &str) -> Vec<&'static str> {
    let text = format!("module m\nexport *\n\n{body}\n");
    let start = Instant::now();
    let compile = move || {
        let engine = Engine::builder().build().expect("an engine");
        match engine.compile("hostile.aivi", &text) {
            Ok(_) => Vec::new(),
            Err(error @ CompileError::Rejected(_)) => {
                let shown = error.to_string();
                assert!(shown.len() < 1 << 20, "{} bytes of reports", shown.len());
                error.reports().map(|report| report.code.name()).filter(|name| name.starts_with('E')).collect()
            }
            Err(other) => panic!("{other}"),
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(compile).expect("a thread");
    let codes = thread.join().expect("no panic");
    assert!(start.elapsed() < LIMIT, "{:?} for {}", start.elapsed(), &body[..body.len().min(60)]);
    codes
}

/// The codes without repetitions.
fn kinds(body: &str) -> Vec<&'static str> {
    let mut found = codes(body);
    found.sort_unstable();
    found.dedup();
    found
}

fn lines(count: usize, line: impl Fn(&mut String, usize)) -> String {
    let mut text = String::new();
    (0..count).for_each(|index| line(&mut text, index));
    text
}

#[test]
fn brackets_without_partner() {
    for closer in [")", "]", " }", "}\"", ") }]"] {
        assert!(!codes(&format!("a = 1{}", closer.repeat(MANY / 4))).is_empty(), "{closer}");
    }
    for opener in ["(", "[", "{ ", "\"{", "do Effect { ", "([{ x: "] {
        assert!(!codes(&format!("a = {}", opener.repeat(MANY / 4))).is_empty(), "{opener}");
    }
}

#[test]
fn nesting_beyond_the_limit() {
    let shapes = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("if True then 1 else ", "1", ""),
        ("if True then ", "1", " else 2"),
        ("1 match | _ => ", "1", ""),
        ("x => ", "1", ""),
        ("\"{", "1", "}\""),
        ("([{ x: ", "1", " }])"),
    ];
    for (open, middle, close) in shapes {
        let text = format!("a = {}{middle}{}", open.repeat(MANY), close.repeat(MANY));
        assert_eq!(codes(&text), ["E1008"], "{open}");
    }
    for text in [
        format!("a : {}Int\na = 1", "Int -> ".repeat(MANY)),
        format!("a : {}Int{}\na = 1", "List (".repeat(MANY), ")".repeat(MANY)),
        format!("A = {}Int{}", "{ a: ".repeat(MANY), " }".repeat(MANY)),
        format!("a = | {}x{} => x", "Some (".repeat(MANY), ")".repeat(MANY)),
    ] {
        assert_eq!(kinds(&text), ["E1008"], "{}", &text[..20]);
    }
}

#[test]
fn a_million_of_one_character() {
    for (character, is_wrong) in [(" ", false), ("\n", false), ("|", true), ("x", true), ("9", true), ("@", true)] {
        let found = codes(&format!("a = 1\n{}", character.repeat(1 << 20)));
        assert_eq!(!found.is_empty(), is_wrong, "{character:?}");
    }
    for character in ["\0", "\u{feff}", "é", "\r", ";", "\""] {
        assert!(!codes(&format!("a = {}", character.repeat(1 << 16))).is_empty(), "{character:?}");
    }
    assert_eq!(codes(&format!("{} = 1", "x".repeat(1 << 20))), [] as [&str; 0]);
    assert_eq!(codes(&format!("a = \"{}\"", "x".repeat(1 << 20))), [] as [&str; 0]);
}

#[test]
fn many_arms_and_constructors() {
    let count = 10_000;
    let arms = lines(count, |text, n| writeln!(text, "  | {n} => {n}").expect("a String"));
    assert_eq!(codes(&format!("f = n => n match\n{arms}  | _ => 0")), [] as [&str; 0]);
    assert_eq!(codes(&format!("f = n => n match\n{arms}")), ["E3100"]);
    let cases = lines(count, |text, n| writeln!(text, "  | C{n}").expect("a String"));
    let arms = lines(count, |text, n| writeln!(text, "  | C{n} => {n}").expect("a String"));
    assert_eq!(codes(&format!("T =\n{cases}f = t => t match\n{arms}")), [] as [&str; 0]);
}

/// Arms over tuples of Bool; each column is `True`, `False` or `_`.
fn truth_table(rows: &[Vec<&str>]) -> String {
    let row = |(n, row): (usize, &Vec<&str>)| format!("  | ({}) => {n}\n", row.join(", "));
    format!("f =\n{}", rows.iter().enumerate().map(row).collect::<String>())
}

#[test]
fn wide_matches_are_decided_or_refused() {
    let columns = 20;
    let mut pairs = Vec::new();
    for (first, left, right) in (0..columns).step_by(2).flat_map(|at| [(at, "True", "False"), (at, "False", "True")]) {
        let mut row = vec!["_"; columns];
        (row[first], row[first + 1]) = (left, right);
        pairs.push(row);
    }
    assert_eq!(codes(&truth_table(&pairs)), ["E3100"]);
    pairs.push(vec!["_"; columns]);
    assert_eq!(codes(&truth_table(&pairs)), [] as [&str; 0]);
    let noisy =
        |seed: usize| (0..columns).map(move |at| ["True", "_", "False", "_", "_"][(seed * (at + 3) + at / 2) % 5]);
    let rows: Vec<Vec<&str>> = (0..200).map(|seed| noisy(seed * seed + 1).collect()).collect();
    assert!(codes(&truth_table(&rows)).iter().all(|code| *code == "E3100"));
}

#[test]
fn types_that_grow_exponentially() {
    let twice = lines(30, |text, n| writeln!(text, "p{} = x => p{n} (p{n} x)", n + 1).expect("a String"));
    assert_eq!(kinds(&format!("p0 = x => (x, x)\n{twice}")), ["E4000"]);
    let pairs = lines(60, |text, n| writeln!(text, "  f{} = x => (f{n} x, f{n} x)", n + 1).expect("a String"));
    assert_eq!(kinds(&format!("a = {{\n  f0 = x => x\n{pairs}  f60\n}}")), ["E4000"]);
    let values = lines(60, |text, n| writeln!(text, "x{} = (x{n}, x{n})", n + 1).expect("a String"));
    assert_eq!(codes(&format!("x0 = 1\n{values}")), [] as [&str; 0]);
    let aliases = lines(60, |text, n| writeln!(text, "Both{} = (Both{n}, Both{n})", n + 1).expect("a String"));
    assert_eq!(codes(&format!("Both0 = Int\n{aliases}x : Both60\nx = x")), [] as [&str; 0]);
}

#[test]
fn wide_records_functions_and_lists() {
    let fields = lines(10_000, |text, n| writeln!(text, "  f{n}: {n}").expect("a String"));
    assert_eq!(codes(&format!("r = {{\n{fields}}}")), ["E4000"]);
    let reads = lines(2_000, |text, n| writeln!(text, "  _x{n} = r.f{n}").expect("a String"));
    assert_eq!(codes(&format!("g = r => {{\n{reads}  1\n}}")), [] as [&str; 0]);
    let names = lines(10_000, |text, n| write!(text, "p{n} ").expect("a String"));
    assert!(codes(&format!("f = {names}=> 1")).iter().all(|code| *code == "E4000"));
    assert!(!codes(&format!("f = x => x\na = f{}", " 1".repeat(10_000))).is_empty());
    let items = lines(MANY, |text, n| write!(text, "{n}, ").expect("a String"));
    assert_eq!(codes(&format!("a = [{items}]")), [] as [&str; 0]);
    assert_eq!(codes(&format!("a = \"{}\"", "{1}".repeat(MANY))), [] as [&str; 0]);
}

#[test]
fn many_definitions() {
    let circle = lines(MANY / 4, |text, n| {
        writeln!(text, "f{n} = x => f{} x", (n + 1) % (MANY / 4)).expect("a String");
    });
    assert_eq!(codes(&circle), [] as [&str; 0]);
    assert_eq!(kinds(&"f = 1\n".repeat(MANY / 4)), ["E2007"]);
    let unknown = lines(MANY / 4, |text, n| writeln!(text, "f{n} = z{n}").expect("a String"));
    assert_eq!(kinds(&unknown), ["E3000"]);
}

#[test]
fn types_nested_by_binds() {
    let binds = "  x <- give [x]\n".repeat(4_000);
    let text = format!(
        "give : A -> Effect Text A\ngive = x => pure x\nmain : Effect Text Unit\nmain = do Effect {{\n  x <- give 1\n{binds}  pure Unit\n}}"
    );
    assert_eq!(codes(&text), [] as [&str; 0]);
}
