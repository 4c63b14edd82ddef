//! `aivi.h` declares exactly the functions that the library exports, with their types.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Types of C for each function: those of its parameters, then that of its result.
type Functions = BTreeMap<String, Vec<String>>;

/// A text without comments, in which all space is one blank.
fn plain(text: &str) -> String {
    let mut code = String::new();
    let mut left = text;
    while let Some((before, rest)) = left.split_once("/*") {
        code.push_str(before);
        left = rest.split_once("*/").map_or("", |(_, rest)| rest);
    }
    code.push_str(left);
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `const char *` for `const char *name`: a type without the name of what it is of.
fn without_name(declared: &str) -> String {
    let end = declared.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    end.trim().replace("* ", "*")
}

/// Everything that the header declares.
fn declared() -> Functions {
    let header = plain(&fs::read_to_string(folder().join("aivi.h")).expect("the header"));
    let mut functions = Functions::new();
    for statement in header.split(';').filter(|statement| !statement.contains("typedef")) {
        let Some((before, parameters)) = statement.split_once('(') else { continue };
        let before = before.rsplit(['{', '}']).next().unwrap_or_default();
        let Some(at) = before.rfind("aivi_") else { continue };
        let (result, name) = before.split_at(at);
        let parameters = parameters.trim_end_matches(')');
        let mut types: Vec<String> = match parameters {
            "void" => Vec::new(),
            some => some.split(',').map(|parameter| without_name(parameter.trim())).collect(),
        };
        types.push(result.trim().to_owned());
        functions.insert(name.to_owned(), types);
    }
    functions
}

/// Everything that the code exports.
fn exported() -> Functions {
    let mut functions = Functions::new();
    for file in fs::read_dir(folder().join("src")).expect("the code") {
        let code = plain(&fs::read_to_string(file.expect("a file").path()).expect("a text"));
        for function in code.split(" fn aivi_").skip(1) {
            let (head, _) = function.split_once(" {").expect("a body");
            let (name, rest) = head.split_at(head.find(['(', '<']).expect("parameters"));
            let rest = rest.strip_prefix("<'a>").unwrap_or(rest).trim();
            let (parameters, result) = rest[1..].rsplit_once(')').expect("an end");
            let mut types: Vec<String> = split(parameters).iter().map(|parameter| parameter_type(parameter)).collect();
            types.push(
                result
                    .trim()
                    .strip_prefix("->")
                    .map_or_else(|| "void".to_owned(), |result| result_type(name, result.trim())),
            );
            functions.insert(format!("aivi_{name}"), types);
        }
    }
    functions
}

/// Parameters, between which commas stand outside of brackets.
fn split(parameters: &str) -> Vec<String> {
    let (mut depth, mut all, mut current) = (0, Vec::new(), String::new());
    for letter in parameters.chars() {
        depth += i32::from(letter == '<') - i32::from(letter == '>');
        if letter == ',' && depth == 0 {
            all.push(std::mem::take(&mut current));
        } else {
            current.push(letter);
        }
    }
    all.push(current);
    all.iter().map(|parameter| parameter.trim().to_owned()).filter(|parameter| !parameter.is_empty()).collect()
}

fn parameter_type(parameter: &str) -> String {
    let (name, ty) = parameter.split_once(": ").expect("a type");
    let ty = match (name, ty) {
        ("text", "Start<'_>") | (_, "Name<'_>") => "const char *",
        ("bytes", "Start<'_>") => "const uint8_t *",
        (_, "Values<'_>") => "aivi_value *const *",
        (_, "ErrorOut<'_>") => "aivi_error **",
        (_, "*mut c_void") => "void *",
        (_, "OwnedText") => "char *",
        (_, "Option<Begin>") => "aivi_begin",
        (_, "Option<Listen>") => "aivi_listen",
        (_, "Option<HostFunction>") => "aivi_host_function",
        (_, "Option<WriteBytes>") => "aivi_output",
        ("wake" | "tell", "Option<Tell>") => "aivi_wake",
        (_, "Option<Tell>") => "aivi_release",
        (_, "Out<'_, *mut c_void>") => "void **",
        (_, "Out<'_, CReport>") => "aivi_report *",
        (_, "Out<'_, Option<Box<Data>>>") => "aivi_value **",
        (_, out) if out.starts_with("Out<'_, ") => {
            return format!("{} *", scalar(out.trim_start_matches("Out<'_, ").trim_end_matches('>')));
        }
        (_, pointer) if pointer.starts_with("Option<") => return pointer_type(pointer),
        (_, other) => scalar(other),
    };
    ty.to_owned()
}

fn result_type(function: &str, ty: &str) -> String {
    let ty = match ty {
        "Borrowed<'a>" if function.ends_with("bytes") => "const uint8_t *",
        "Borrowed<'a>" | "CText" => "const char *",
        "OwnedText" => "char *",
        "State" => "aivi_state",
        "CTurn" => "aivi_turn",
        "CLevel" => "aivi_level",
        "Kind" if function.starts_with("error") => "aivi_error_kind_t",
        "Kind" => "aivi_kind",
        pointer if pointer.starts_with("Option<") => return pointer_type(pointer),
        other => scalar(other),
    };
    ty.to_owned()
}

/// Boxes are given and taken; what is lent is constant, unless it is changed.
fn pointer_type(pointer: &str) -> String {
    let inner = pointer.trim_start_matches("Option<").trim_end_matches('>');
    let is_constant = inner.starts_with('&') && !inner.contains("mut ");
    let name =
        inner.trim_start_matches("Box<").trim_start_matches('&').trim_start_matches("'a ").trim_start_matches("mut ");
    let name = match name {
        "Data" => "value",
        "Error" => "error",
        "Engine" => "engine",
        "Script" => "script",
        "Function" => "function",
        "CCall" => "call",
        "Module" => "module",
        "Options" => "options",
        "Limits" => "limits",
        "Completion" => "completion",
        "Budget" => "budget",
        other => panic!("what is {other} in C?"),
    };
    format!("{}aivi_{name} *", if is_constant { "const " } else { "" })
}

fn scalar(ty: &str) -> &'static str {
    match ty {
        "bool" => "bool",
        "i32" => "int32_t",
        "i64" => "int64_t",
        "u32" => "uint32_t",
        "u64" => "uint64_t",
        "usize" => "size_t",
        "f64" => "double",
        other => panic!("what is {other} in C?"),
    }
}

#[test]
fn the_header_declares_what_is_exported() {
    let (declared, exported) = (declared(), exported());
    assert!(exported.len() > 50, "the code was not read: {}", exported.len());
    for (name, types) in &exported {
        assert_eq!(declared.get(name), Some(types), "{name} in aivi.h");
    }
    for name in declared.keys() {
        assert!(exported.contains_key(name), "{name} is in aivi.h and nowhere else");
    }
}

#[test]
fn numbers_are_the_same_on_both_sides() {
    let header = plain(&fs::read_to_string(folder().join("aivi.h")).expect("the header"));
    let number = |code: &str, name: &str| {
        let at = code.find(&format!(" {name} = ")).unwrap_or_else(|| panic!("{name}"));
        code[at..].split_once("= ").and_then(|(_, rest)| rest.split([',', ' ']).next()?.parse::<u32>().ok())
    };
    for (file, prefix) in
        [("error.rs", "AIVI_ERROR_"), ("value.rs", "AIVI_"), ("engine.rs", "AIVI_TURN_"), ("function.rs", "AIVI_")]
    {
        let code = plain(&fs::read_to_string(Path::new(&folder()).join("src").join(file)).expect("the code"));
        let body = code.split_once("pub enum ").and_then(|(_, rest)| rest.split_once('}')).expect("an enumeration").0;
        let names = body.split([',', '{']).filter_map(|part| part.split_once(" = ").map(|(name, _)| name));
        let names: Vec<&str> = names.filter_map(|name| name.split_whitespace().last()).collect();
        assert!(names.len() > 2, "{file}: {names:?}");
        for name in names {
            let own = format!("{prefix}{}", name.to_uppercase());
            assert_eq!(number(&code, name), number(&header, &own), "{own}");
        }
    }
}
