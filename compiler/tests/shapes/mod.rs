//! Generated programs, each about as long as asked for. They need no library.

use std::fmt::Write;

use aivi_compiler::{Loader, Source};

/// There are no other modules.
pub struct Nothing;

impl Loader for Nothing {
    fn load(&self, _module: &str) -> Option<Source> {
        None
    }
}

/// A module that exports everything.
pub fn module(body: &str) -> Source {
    Source::new("generated.aivi", format!("module generated\nexport *\n{body}"))
}

/// A way to make a program of about so many lines.
pub type Shape = fn(usize) -> String;

/// Name and maker of every shape.
pub const SHAPES: &[(&str, Shape)] = &[
    ("functions", functions),
    ("chain of calls", chain),
    ("circle of calls", circle),
    ("statements", statements),
    ("bindings", bindings),
    ("list items", list_items),
    ("match arms", match_arms),
    ("deep type", deep_type),
    ("unknown operands", unknown_operands),
    ("fields", fields),
    ("sum types", sum_types),
    ("mistakes", mistakes),
];

fn lines(count: usize, mut line: impl FnMut(&mut String, usize)) -> String {
    let mut text = String::new();
    (0..count).for_each(|index| line(&mut text, index));
    text
}

fn functions(count: usize) -> String {
    lines(count / 4, |text, n| {
        let _ = write!(
            text,
            "area{n} : Int -> Int -> Int\narea{n} = width height => width * height + {n}\n\
             swap{n} = (a, b) => {{ first: b, second: a, both: [a, b] }}\n\
             name{n} = person => if person.age > {n} then \"old {{person.name}}\" else \"young\"\n"
        );
    })
}

fn chain(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "step{} = x => step{n} (x + 1)", n + 1);
    });
    format!("step0 = x => x * 2\n{body}")
}

fn circle(count: usize) -> String {
    lines(count, |text, n| {
        let _ = writeln!(text, "turn{n} = x => if x == 0 then x else turn{} (x - 1)", (n + 1) % count);
    })
}

fn statements(count: usize) -> String {
    let body = lines(count / 2, |text, n| {
        let _ = write!(text, "  a{n} <- give {n}\n  show \"a {{a{n} + 1}}\"\n");
    });
    format!(
        "give : A -> Effect E A\ngive = x => give x\nshow : Text -> Effect E Unit\nshow = x => show x\nmain = do Effect {{\n{body}}}\n"
    )
}

fn bindings(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "  keep{n} = x y => (x, y, {n})");
    });
    format!("block = {{\n{body}  keep0 1 2\n}}\n")
}

fn list_items(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "  {{ name: \"n{n}\", value: {n}, more: Some [{n}] }}");
    });
    format!("list = [\n{body}]\n")
}

fn match_arms(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "  | {n} => \"text {n}\"");
    });
    format!("names =\n{body}  | _ => \"other\"\n")
}

fn deep_type(count: usize) -> String {
    let body = lines(count, |text, _| text.push_str("  x = [x]\n"));
    format!("deep = y => {{\n  x = (y, 1)\n{body}  x\n}}\n")
}

fn unknown_operands(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "  s{n} = a + b * {n} - a");
    });
    format!("sums = a b => {{\n{body}  s0\n}}\n")
}

fn fields(count: usize) -> String {
    let body = lines(count, |text, n| {
        let _ = writeln!(text, "  field{n}: {n}");
    });
    let uses = lines(count / 10, |text, n| {
        let _ = writeln!(text, "use{n} = r => r.a{n} + r.b{n} + r.c{n}");
    });
    format!("record = {{\n{body}}}\n{uses}")
}

fn sum_types(count: usize) -> String {
    lines(count / 2, |text, n| {
        let _ = write!(
            text,
            "Tree{n} A = Leaf{n} | Node{n} (Tree{n} A) A\nsize{n} = | Leaf{n} => 0 | Node{n} rest _ => 1 + size{n} rest\n"
        );
    })
}

fn mistakes(count: usize) -> String {
    lines(count, |text, n| {
        let _ = writeln!(text, "wrong{n} = 1 + missing{n} \"a\" + \"b\"");
    })
}
