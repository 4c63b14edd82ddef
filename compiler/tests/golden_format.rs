//! The formatter: golden cases in `tests/golden/format`, and what holds for every program in the repository.
//! `UPDATE_GOLDEN=1` rewrites the `.out` files; review reads the difference.

use std::fs;
use std::path::{Path, PathBuf};

use aivi_compiler::diagnostic::Severity;
use aivi_compiler::format::format;
use aivi_compiler::lex::TokenKind;
use aivi_compiler::parse;
use aivi_compiler::syntax::dump::dump_file;
use aivi_compiler::syntax::{FileId, Interner};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The scripts below a folder, sorted.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("folder can be read").path();
        if path.is_dir() {
            found.extend(scripts(&path));
        } else if path.extension().is_some_and(|extension| extension == "aivi") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every program that parses, with its path.
fn programs() -> Vec<(PathBuf, String)> {
    let folders =
        ["tests/samples", "examples", "stdlib/aivi", "bench/programs", "tests/conformance", "tests/golden/parse"];
    let paths = folders.iter().flat_map(|folder| scripts(&root().join(folder)));
    let texts = paths.map(|path| (fs::read_to_string(&path).expect("a script can be read"), path));
    texts.filter(|(text, _)| tree(text).is_some()).map(|(text, path)| (path, text)).collect()
}

/// The tree without places, if the text has no errors.
fn tree(text: &str) -> Option<String> {
    let mut interner = Interner::default();
    let parsed = parse::parse(FileId(0), text, &mut interner);
    let is_wrong = parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    (!is_wrong).then(|| dump_file(&interner, &parsed.file))
}

/// The comments, each without blanks at its end.
fn comments(text: &str) -> Vec<String> {
    let parsed = parse::parse(FileId(0), text, &mut Interner::default());
    let spans = parsed.comments.iter().map(|comment| comment.span);
    spans.map(|span| text[span.start as usize..span.end as usize].trim_end().to_owned()).collect()
}

/// The text with blanks where they mean nothing: at the ends of lines.
fn with_blanks_at_ends(text: &str) -> String {
    text.lines().map(|line| format!("{line}  \n")).collect()
}

/// Lays out `text` and looks at everything that must hold.
fn checked(path: &Path, text: &str) -> String {
    let result = format(text).unwrap_or_else(|reports| panic!("{}: {reports:?}", path.display()));
    assert_eq!(tree(text), tree(&result), "{}: another tree", path.display());
    assert_eq!(comments(text), comments(&result), "{}: other comments", path.display());
    assert_eq!(format(&result).as_ref(), Ok(&result), "{}: not stable", path.display());
    result
}

#[test]
fn golden_cases() {
    let mut wrong = Vec::new();
    let cases = scripts(&root().join("tests/golden/format"));
    assert!(!cases.is_empty());
    for case in cases {
        let text = fs::read_to_string(&case).expect("a case can be read");
        let actual = checked(&case, &text);
        let golden = case.with_extension("out");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, actual).expect("golden file can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("{}: expected what its .out file says, found\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn programs_keep_their_tree_and_comments() {
    let programs = programs();
    assert!(programs.len() > 200, "only {} programs", programs.len());
    let mut untouched = Vec::new();
    for (path, text) in &programs {
        let result = checked(path, text);
        // Blanks at the ends of lines are always removed, so a text that keeps them was given up.
        let has_raw_text = text.contains('~') || text.contains("/*");
        let given_up = format(&with_blanks_at_ends(text)).is_ok_and(|result| result.contains("  \n"));
        if given_up && !has_raw_text {
            untouched.push(path.display().to_string());
        }
        let too_long = result.lines().zip(1..).find(|(line, _)| line.chars().count() > 110 && !text.contains(*line));
        assert_eq!(too_long, None, "{}: a longer line than before", path.display());
    }
    assert!(untouched.is_empty(), "given up:\n{}", untouched.join("\n"));
}

#[test]
fn samples_are_as_they_should_be() {
    for path in scripts(&root().join("tests/samples")) {
        let text = fs::read_to_string(&path).expect("a sample can be read");
        // One has arrows further to the right than they need to be.
        assert_eq!(format(&text) != Ok(text), path.ends_with("03_shapes.aivi"), "{}", path.display());
    }
}

/// A text with tokens removed, doubled, swapped, or with blanks and newlines between them changed.
fn damaged(text: &str, random: &mut u64) -> String {
    let mut next = |bound: usize| {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        usize::try_from(*random % bound as u64).expect("below a usize")
    };
    let parsed = parse::parse(FileId(0), text, &mut Interner::default());
    let bounds: Vec<usize> = parsed.tokens.iter().map(|token| token.start as usize).collect();
    let mut pieces: Vec<&str> = bounds.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
    pieces.insert(0, &text[..bounds[0]]);
    for _ in 0..=next(4) {
        let at = next(pieces.len());
        match next(7) {
            0 => _ = pieces.remove(at),
            1 => pieces.insert(at, pieces[at]),
            2 => pieces.insert(at, "\n"),
            3 => pieces.insert(at, "// note\n"),
            4 => pieces.insert(at, "/* note */"),
            5 => pieces[at] = pieces[at].trim_end(),
            _ => {
                let other = next(pieces.len());
                pieces.swap(at, other);
            }
        }
        if pieces.is_empty() {
            break;
        }
    }
    pieces.concat()
}

#[test]
fn damaged_programs_that_parse_keep_their_tree_and_comments() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let mut count = 0;
    for (path, text) in programs() {
        for _ in 0..20 {
            let text = with_blanks_at_ends(&damaged(&text, &mut random));
            if tree(&text).is_some() {
                count += 1;
                assert_ne!(checked(&path, &text), text, "{}: given up", path.display());
            }
        }
    }
    assert!(count > 1000, "only {count} texts parsed");
}

/// The text with names that are longer, so that lines no longer fit.
fn stretched(text: &str, more: usize) -> String {
    let parsed = parse::parse(FileId(0), text, &mut Interner::default());
    let mut result = String::new();
    let mut end = 0;
    for token in parsed.tokens.iter().filter(|token| token.kind == TokenKind::Lower) {
        let name = token.text(text);
        result.push_str(&text[end..token.end as usize]);
        result.push_str(&name.repeat(more));
        end = token.end as usize;
    }
    result + &text[end..]
}

#[test]
fn programs_with_long_names_keep_their_tree_and_comments() {
    let mut count = 0;
    for (path, text) in programs() {
        for more in [1, 2, 4] {
            let text = with_blanks_at_ends(&stretched(&text, more));
            if tree(&text).is_some() {
                count += 1;
                assert_ne!(checked(&path, &text), text, "{}: given up", path.display());
            }
        }
    }
    assert!(count > 1000, "only {count} texts parsed");
}

/// The text has no errors.
fn parses(text: &str) -> bool {
    let parsed = parse::parse(FileId(0), text, &mut Interner::default());
    parsed.diagnostics.iter().all(|diagnostic| diagnostic.severity() != Severity::Error)
}

#[test]
fn what_parses_can_be_laid_out_on_a_small_stack() {
    let shapes = [
        ("(", "x", ")"),
        ("[", "1", "]"),
        ("{ x: ", "1", " }"),
        ("do Effect { ", "x", " }"),
        ("x => ", "x", ""),
        ("x match | y => ", "x", ""),
        ("x or ", "x", ""),
        ("if a then b else ", "x", ""),
        ("1 + ", "x", ""),
        ("", "x", ".b"),
    ];
    for (open, middle, close) in shapes {
        let nested = |depth: usize| format!("module m\n\na = {}{middle}{}\n", open.repeat(depth), close.repeat(depth));
        let deepest = (1..600).rev().map(nested).find(|text| parses(text)).expect("some depth parses");
        let result = std::thread::Builder::new().stack_size(1 << 20).spawn(move || format(&deepest));
        let result = result.expect("a thread").join().expect("no panic").expect("it parses");
        assert!(parses(&result), "{result}");
    }
}

#[test]
fn lines_may_end_in_carriage_returns() {
    let text = "module m\r\n\r\n\r\nx=1 // one\r\n/* two\r\n   lines */\r\ny = {\r\n  x\r\n}";
    let result = "module m\n\nx = 1 // one\n/* two\r\n   lines */\ny = {\n  x\n}\n";
    assert_eq!(format(text).as_deref(), Ok(result));
}

#[test]
fn long_files_are_no_trouble() {
    let statements = "  x = f a b |> g (y => y + 1)\n".repeat(20_000);
    let text = format!("module m\n\na = do Effect {{\n{statements}  pure x\n}}\n");
    assert_eq!(format(&text), Ok(text));
}
