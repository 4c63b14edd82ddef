//! The front half of the compiler survives every text: no panic, no endless loop, no exhausted host stack.
//!
//! Three sources of trouble: shapes that nest or chain a hundred thousand times, random runs of tokens, and real
//! scripts with random damage. The random numbers are seeded, so a failure is found again.

use std::fs;
use std::path::Path;

use aivi_compiler::diagnostic::{Code, Color, Diagnostic, Source, Sources, render};
use aivi_compiler::parse;
use aivi_compiler::syntax::dump::{dump_file, dump_tokens};
use aivi_compiler::syntax::{FileId, Interner};

/// Parses on a stack of the size that Rust gives to test threads, whatever the environment says.
fn diagnostics_on_small_stack(text: String) -> Vec<Diagnostic> {
    let parse = move || parse::parse(FileId(0), &text, &mut Interner::default()).diagnostics;
    std::thread::Builder::new().stack_size(2 << 20).spawn(parse).expect("a thread").join().expect("no panic")
}

fn codes(body: &str) -> Vec<Code> {
    let diagnostics = diagnostics_on_small_stack(format!("module m\n\n{body}\n"));
    diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

const MANY: usize = 100_000;

fn nested(open: &str, middle: &str, close: &str) -> String {
    format!("a = {}{middle}{}", open.repeat(MANY), close.repeat(MANY))
}

#[test]
fn deep_nesting_is_one_diagnostic() {
    let cases = [
        nested("(", "x", ")"),
        nested("[", "", "]"),
        nested("{ ", "x", " }"),
        nested("{ x: ", "1", " }"),
        nested("do Effect { ", "x", " }"),
        nested("\"{", "x", "}\""),
        nested("([{ ", "x", " }])"),
        nested("x => ", "x", ""),
        nested("!", "x", ""),
        nested("- ", "x", ""),
        nested("x or ", "x", ""),
        nested("x match | y => ", "x", ""),
        nested("recurse ", "x", ""),
        nested("x as ", "y => x", ""),
        nested("(", "x", ")") + " => x",
        format!("a : {}X{}", "(".repeat(MANY), ")".repeat(MANY)),
        format!("A = {}X{}", "{ a: ".repeat(MANY), " }".repeat(MANY)),
    ];
    for case in cases {
        assert_eq!(codes(&case), [Code::E1008], "{}", &case[..40]);
    }
}

#[test]
fn long_chains_are_one_diagnostic() {
    let cases = [
        nested("1 + ", "x", ""),
        nested("x |> ", "f", ""),
        nested("if a then b else ", "x", ""),
        nested("x |> _ + 1 ?? ", "f", ""),
        format!("a = x{}", ".b".repeat(MANY)),
        format!("a = x{}", "[0]".repeat(MANY)),
        format!("a = x{}", " <| { a: 1 }".repeat(MANY)),
        format!("a : {}X", "X -> ".repeat(MANY)),
        format!("A = {}X", "X with ".repeat(MANY)),
    ];
    for case in cases {
        assert_eq!(codes(&case), [Code::E1008], "{}", &case[..40]);
    }
}

#[test]
fn ordinary_sizes_are_no_mistake() {
    let arms = |count: usize| (0..count).map(|n| format!("\n  | {n} => f {n}")).collect::<String>();
    let cases = [
        format!("a = {}x{}", "(".repeat(60), ")".repeat(60)),
        format!("a = {}x", "1 + ".repeat(400)),
        format!("a = {}x", "if a then b else ".repeat(400)),
        format!("a = x match{}\n  | _ => 0", arms(10_000)),
        format!("a = f{}", " x".repeat(MANY)),
        format!("a = [{}]", "x, ".repeat(MANY)),
        format!("a = \"{}\"", "{x} ".repeat(MANY)),
        format!("a = {{{}\n}}", "\n  x = 1 + 2".repeat(MANY)),
        "f = x => x\n".repeat(MANY),
    ];
    for case in cases {
        assert_eq!(codes(&case), [], "{}", &case[..20]);
    }
}

#[test]
fn mistakes_go_on_behind_what_is_too_deep() {
    let text = format!("{}\nb = * 1\n", nested("(", "x", ")"));
    assert_eq!(codes(&text), [Code::E1008, Code::E1502]);
}

#[test]
fn unfinished_input_of_every_kind_ends() {
    for piece in
        ["(", "([{", ")", "(]", "\"", "\"{", "'x", "~`", "/*", "\\", "|", ".", "..", "@", "\"\\", "{ x: ", "do "]
    {
        let codes = codes(&format!("a = {}", piece.repeat(20_001)));
        assert!(!codes.is_empty(), "{piece}");
    }
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % bound
    }
}

/// Parses, dumps and renders; every place must lie in the text.
fn survive(text: &str) {
    let mut interner = Interner::default();
    let parsed = parse::parse(FileId(0), text, &mut interner);
    let mut sources = Sources::default();
    sources.add(Source::new("soup", text));
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic:?} in {text:?}");
        assert!(text.is_char_boundary(span.start as usize), "{diagnostic:?} in {text:?}");
        assert!(!render(diagnostic, &sources, Color::Never).is_empty());
    }
    let dumps = [dump_file(&interner, &parsed.file), dump_tokens(text, &parsed.tokens)];
    assert!(dumps[1].ends_with("Eof\n"));
}

#[test]
fn random_tokens() {
    let pieces: Vec<&str> = "( ) [ ] { } , . : = + - * / % × | ! < > @ _ ... => -> <- <| |> == ?? := .. ; \" ' ~ ` \\ // -- /* */ \
        as class do domain effect else export generate given hiding if instance loop machine match module on opaque or over patch \
        recurse resource then unless use when with yield Effect x y f T None Some 1 -1 2.5 5ms \"t\" \"{x}\" 'c' ~map{ ~set[ {x:"
        .split(' ')
        .filter(|piece| !piece.is_empty())
        .collect();
    for seed in 1..=3000 {
        let mut random = Random(seed);
        let mut text = String::from(if random.below(4) == 0 { "" } else { "module m\n" });
        for _ in 0..random.below(60) {
            text.push_str(pieces[random.below(pieces.len())]);
            text.push_str(["", " ", " ", " ", "\n", "\n  "][random.below(6)]);
        }
        survive(&text);
    }
}

#[test]
fn damaged_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/parse");
    let mut scripts: Vec<_> = fs::read_dir(folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "aivi"));
    scripts.sort();
    for (number, path) in scripts.iter().enumerate() {
        let original: Vec<char> = fs::read_to_string(path).expect("text").chars().collect();
        for seed in 0..40 {
            let mut random = Random(1 + seed + 1000 * number as u64);
            let mut text = original.clone();
            for _ in 0..=random.below(4) {
                damage(&mut text, &mut random);
            }
            survive(&text.iter().collect::<String>());
        }
    }
}

/// Deletes, doubles, moves or replaces a stretch.
fn damage(text: &mut Vec<char>, random: &mut Random) {
    if text.is_empty() {
        return;
    }
    let start = random.below(text.len());
    let end = (start + 1 + random.below(12)).min(text.len());
    let piece: Vec<char> = match random.below(4) {
        0 => text.drain(start..end).collect(),
        1 => text[start..end].to_vec(),
        2 => vec![['(', ')', '{', '}', '[', ']', '"', '\n', '|', '=', '\0', 'é', '`'][random.below(13)]],
        _ => Vec::new(),
    };
    let at = random.below(text.len() + 1);
    text.splice(at..at, piece);
}
