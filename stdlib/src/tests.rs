//! Modules and native functions fit together.

use std::collections::BTreeMap;

/// Native names that the compiler turns into instructions, or what they begin with.
const INSTRUCTIONS: &[&str] = &[
    "effect.",
    "fiber.",
    "chan.",
    "permits.",
    "fault.",
    "text.length",
    "text.slice",
    "text.toText",
    "list.length",
    "list.push",
    "list.get",
    "list.at",
    "list.set",
    "list.concat",
    "map.update",
    "map.alter",
    "math.sqrt",
    "math.toFloat",
    "math.toInt",
];

fn is_instruction(name: &str) -> bool {
    INSTRUCTIONS.iter().any(|prefix| name.starts_with(prefix))
}

/// Number of arguments that a signature's text shows.
fn arity(signature: &str) -> usize {
    let ty = signature.split_once(" : ").map_or("", |(_, ty)| ty);
    let mut depth = 0;
    let mut arrows = 0;
    for (at, char) in ty.char_indices() {
        match char {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            '-' if depth == 0 && ty[at..].starts_with("->") => arrows += 1,
            _ => {}
        }
    }
    arrows
}

/// Every `@native`: where it stands, its name, its modes, and the number of arguments of its signature.
fn declarations() -> Vec<(String, &'static str, &'static str, usize)> {
    let mut found = Vec::new();
    for (module, text) in crate::modules() {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("@native \"") {
                let (name, modes) =
                    rest.trim_end_matches('"').split_once(' ').unwrap_or((rest.trim_end_matches('"'), ""));
                found.push((format!("{module}: {line}"), name, modes, lines.next().map_or(0, arity)));
            }
        }
    }
    found
}

#[test]
fn every_declared_native_exists_and_takes_as_many_arguments() {
    let natives: BTreeMap<&str, u8> =
        crate::NATIVES.concat().iter().map(|native| (native.name, native.arity)).collect();
    let declarations = declarations();
    assert!(declarations.len() > 100);
    for (place, name, modes, arity) in declarations {
        let modes = modes.trim_end_matches('?');
        assert!(modes.is_empty() || modes.len() == arity, "{place}: {arity} arguments");
        if !is_instruction(name) {
            assert_eq!(natives.get(name).copied().map(usize::from), Some(arity), "{place}");
        }
    }
}

#[test]
fn every_native_is_declared_once_and_used() {
    let declared: Vec<&str> = declarations().iter().map(|(_, name, ..)| *name).collect();
    let natives = crate::NATIVES.concat();
    for native in &natives {
        assert!(declared.contains(&native.name), "{} is in no module", native.name);
        let same = natives.iter().filter(|other| other.name == native.name).count();
        assert_eq!(same, 1, "{} is there twice", native.name);
    }
}

/// Words by which Rust code leaves the program.
const DOORS: &[&str] = &[
    "std::fs",
    "cap_std",
    "std::env",
    "std::process",
    "io::stdin",
    "SystemTime",
    "to_socket_addrs",
    "TcpListener",
    "TcpStream",
    ".wall_ms(",
    ".env(",
    ".set_env(",
    ".input(",
    ".exit(",
];

/// Where natives may reach outside, some say what they need; there they get the grants to be asked from their context,
/// which refuses those that do not.
#[test]
fn natives_leave_the_program_only_where_their_table_says_what_they_need() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut left = Vec::new();
    visit(&folder, &mut |path| {
        let text = std::fs::read_to_string(path).expect("a file of the crate");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let name = path.strip_prefix(&folder).expect("a file below").with_extension("");
        let family = name.iter().next().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with("tests") && !name.ends_with("socket_tests") && DOORS.iter().any(|door| code.contains(door)) {
            left.push(family);
        }
    });
    left.dedup();
    assert!(left.len() >= 5, "files, console, network, clock and system: {left:?}");
    for family in left {
        let of_family = |name: &str| name.split('.').next() == Some(&*family);
        let needs = crate::NATIVES
            .concat()
            .into_iter()
            .filter(|native| of_family(native.name))
            .any(|native| native.needs.is_some());
        assert!(needs, "{family} reaches outside of the program, and no row of its table says what it needs");
    }
}

/// Every file of a folder and below.
fn visit(folder: &std::path::Path, see: &mut impl FnMut(&std::path::Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder of the crate").flatten() {
        let path = entry.path();
        if path.is_dir() { visit(&path, see) } else { see(&path) }
    }
}

#[test]
fn every_file_of_the_library_is_a_module() {
    fn count(folder: &std::path::Path) -> usize {
        let paths = std::fs::read_dir(folder).expect("a folder of the crate").flatten().map(|entry| entry.path());
        paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("aivi");
    assert_eq!(count(&folder), crate::modules().len());
}
