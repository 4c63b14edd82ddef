//! `#[derive(Aivi)]`: Rust types as records and sum types.

use std::collections::BTreeMap;

use aivi::{Aivi, CallError, Engine, HostModule, LookupError, Script};

#[derive(Aivi, Clone, PartialEq, Debug)]
struct Player {
    name: String,
    lives: u8,
    at: Point,
    #[aivi(rename = "on_")]
    on: bool,
}

#[derive(Aivi, Clone, Copy, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Aivi, Clone, Copy, PartialEq, Eq, Debug)]
struct Id(i64);

#[derive(Aivi, Clone, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Line(Point, Point),
    #[aivi(rename = "Rect")]
    Rectangle {
        w: f64,
        h: f64,
    },
}

#[derive(Aivi, Clone, PartialEq, Debug)]
enum Tree<T> {
    Leaf,
    Node(Box<Tree<T>>, T, Box<Tree<T>>),
}

#[derive(Aivi, Clone, PartialEq, Debug)]
struct Pair<A, B> {
    first: A,
    second: Vec<B>,
}

fn player() -> Player {
    Player { name: "Ada".to_owned(), lives: 3, at: Point { x: 1.0, y: -0.5 }, on: true }
}

fn compile(module: HostModule, text: &str) -> Script {
    let engine = Engine::builder().workers(1).module(module).build().unwrap_or_else(|error| panic!("{error}"));
    engine.compile("t.aivi", text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn declared_types_can_be_named_by_scripts() {
    let module = HostModule::new("game")
        .declare::<Player>()
        .declare::<Shape>()
        .declare::<Tree<i64>>()
        .declare::<Pair<i64, i64>>()
        .function("spawn : Text -> Player", |name: String| Player { name, ..player() })
        .function("grow : Shape -> Shape", |shape: Shape| match shape {
            Shape::Empty => Shape::Circle(1.0),
            Shape::Circle(radius) => Shape::Rectangle { w: radius, h: radius },
            other => other,
        })
        .function("sum : Tree Int -> Int", |tree: Tree<i64>| sum(&tree))
        .function("swap : Pair Int Text -> Pair Text Int", |pair: Pair<i64, String>| Pair {
            second: vec![pair.first],
            first: pair.second.concat(),
        });
    assert_eq!(
        module.text().lines().filter(|line| line.contains(" = ")).collect::<Vec<_>>(),
        [
            "Point = { x: Float, y: Float }",
            "Player = { at: { x: Float, y: Float }, lives: Int, name: Text, on_: Bool }",
            "Shape = Empty | Circle Float | Line { x: Float, y: Float } { x: Float, y: Float } | Rect { h: Float, w: Float }",
            "Tree A = Leaf | Node (Tree A) A (Tree A)",
            "Pair A B = { first: A, second: List B }",
        ]
    );
    let script = compile(
        module,
        "module t\nuse game (spawn, grow, sum, swap, Player, Shape, Tree, Pair)\nexport *\n\n\
         hero : Text -> Player\nhero = name => spawn name <| { lives: 9 }\n\n\
         steps : Shape -> List Shape\nsteps = shape => [grow shape, grow (grow shape), Circle 2.0]\n\n\
         width : Shape -> Float\nwidth =\n  | Rect { w } => w\n  | _ => 0.0\n\n\
         total : Int\ntotal = sum (Node (Node Leaf 1 Leaf) 2 Leaf)\n\n\
         swapped : (Text, List Int)\nswapped = {\n  p = swap { first: 1, second: [\"a\", \"b\"] }\n  (p.first, p.second)\n}\n",
    );
    let hero: Player = script.call("hero", ("Bo",)).expect("it succeeds");
    assert_eq!(hero, Player { name: "Bo".to_owned(), lives: 9, ..player() });
    let steps: Vec<Shape> = script.call("steps", (Shape::Empty,)).expect("it succeeds");
    assert_eq!(steps, [Shape::Circle(1.0), Shape::Rectangle { w: 1.0, h: 1.0 }, Shape::Circle(2.0)]);
    assert_eq!(script.call::<f64, _>("width", (Shape::Rectangle { w: 4.0, h: 1.0 },)), Ok(4.0));
    assert_eq!(script.call::<i64, _>("total", ()), Ok(3));
    assert_eq!(script.call::<(String, Vec<i64>), _>("swapped", ()), Ok(("ab".to_owned(), vec![1])));
}

fn sum(tree: &Tree<i64>) -> i64 {
    match tree {
        Tree::Leaf => 0,
        Tree::Node(left, value, right) => sum(left) + value + sum(right),
    }
}

#[test]
fn types_of_the_script_itself_are_converted_when_they_agree() {
    let script = compile(
        HostModule::new("unused"),
        "module t\nexport *\n\nPlace = { x: Float, y: Float }\n\n\
         // Other constructors first: names count.\n\
         Shape = Rect { w: Float, h: Float } | Line Place Place | Circle Float | Empty\n\n\
         turned : Shape -> Shape\nturned =\n  | Rect { w, h } => Rect { w: h, h: w }\n  | Line a b => Line b a\n  | other => other\n\n\
         corner : Place -> Place\ncorner = p => p <| { x: 0.0 }\n\n\
         same : Int -> Int\nsame = n => n\n",
    );
    let turned = |shape| script.call::<Shape, _>("turned", (shape,));
    let (a, b) = (Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 });
    assert_eq!(turned(Shape::Rectangle { w: 1.0, h: 2.0 }), Ok(Shape::Rectangle { w: 2.0, h: 1.0 }));
    assert_eq!(turned(Shape::Line(a, b)), Ok(Shape::Line(b, a)));
    assert_eq!(turned(Shape::Empty), Ok(Shape::Empty));
    assert_eq!(script.call::<Point, _>("corner", (a,)), Ok(Point { x: 0.0, y: 2.0 }));
    assert_eq!(script.call::<Id, _>("same", (Id(7),)), Ok(Id(7)));
}

#[test]
fn sum_types_that_differ_are_refused_when_the_function_is_looked_up() {
    let script = compile(
        HostModule::new("unused"),
        "module t\nexport *\n\nShape = Empty | Circle Int\n\nf : Shape -> Int\nf = s => 1\n",
    );
    let error = script.call::<i64, _>("f", (Shape::Empty,)).expect_err("other constructors");
    assert_eq!(
        error.to_string(),
        "'f' has other types than the call: the script has Shape = Empty | Circle Int, the host Shape = Empty | \
         Circle Float | Line { x: Float, y: Float } { x: Float, y: Float } | Rect { h: Float, w: Float }"
    );
    let other = script.call::<i64, _>("f", (Point { x: 0.0, y: 0.0 },)).expect_err("no shape");
    assert!(matches!(other, CallError::Lookup(LookupError::Type { .. })), "{other}");
}

#[test]
fn what_does_not_fit_is_said_with_the_way_to_it() {
    let script = compile(
        HostModule::new("unused"),
        "module t\nexport *\n\nsame : A -> A\nsame = a => a\n\n\
         players : Int -> List { at: { x: Float, y: Float }, lives: Int, name: Text, on_: Bool }\n\
         players = n => [{ at: { x: 0.0, y: 0.0 }, lives: n, name: \"a\", on_: True }]\n\n\
         Shape = Empty | Circle Float | Line { x: Float, y: Float } { x: Float, y: Float } | Rect { h: Float, w: Float }\n\n\
         shape : Shape\nshape = Circle 1.0\n",
    );
    let mismatch = |error: CallError| match error {
        CallError::Mismatch(mismatch) => mismatch.to_string(),
        other => panic!("no mismatch, but {other}"),
    };
    let lives = script.call::<Vec<Player>, _>("players", (256,)).expect_err("too many");
    assert_eq!(mismatch(lives), "[0].lives: expected an Int from 0 to 255, found 256");
    let map = BTreeMap::from([("a".to_owned(), vec![Some(1)])]);
    let deep = script.call::<BTreeMap<String, Vec<Option<bool>>>, _>("same", (map,)).expect_err("an Int");
    assert_eq!(mismatch(deep), "[\"a\"][0]: expected Bool, found Int");
    let shape = script.call::<Player, _>("same", (vec![1],)).expect_err("a list");
    assert!(mismatch(shape).ends_with("found List"));
}

#[test]
fn values_that_nest_too_deep_for_the_stack_are_refused() {
    let script = compile(
        HostModule::new("unused"),
        "module t\nexport *\n\nTree A = Leaf | Node (Tree A) A (Tree A)\n\n\
         tall : Int -> Tree Int\ntall = n => grow n Leaf\n\n\
         grow : Int -> Tree Int -> Tree Int\ngrow = n tree => if n == 0 then tree else grow (n - 1) (Node tree n Leaf)\n",
    );
    let tree = script.call::<Tree<i64>, _>("tall", (100,)).expect("not too deep");
    assert_eq!(sum(&tree), 5050);
    let error = script.call::<Tree<i64>, _>("tall", (100_000,)).expect_err("too deep");
    assert!(error.to_string().ends_with("expected values that nest at most 128 deep, found a deeper one"), "{error}");
    // A long way to it is shown with its ends only.
    assert!(error.to_string().contains('…') && error.to_string().len() < 250, "{error}");
}

#[test]
fn a_field_that_is_a_word_of_the_language_is_refused() {
    #[derive(Aivi)]
    struct Switch {
        on: bool,
    }
    let error = Engine::builder().module(HostModule::new("game").declare::<Switch>()).build().expect_err("an error");
    assert_eq!(
        error.to_string(),
        "host module 'game', 'Switch': its field 'on' is a word of the language; rename it: #[aivi(rename = \"…\")]"
    );
    let _ = Switch { on: true };
}

#[test]
fn sum_types_are_declared_as_the_functions_have_them() {
    mod other {
        #[derive(aivi::Aivi)]
        pub enum Shape {
            Circle(String),
        }
    }
    let refused = |module: HostModule| Engine::builder().module(module).build().expect_err("an error").to_string();
    let area = |shape: Shape| if shape == Shape::Empty { 0 } else { 1 };
    assert_eq!(
        refused(HostModule::new("game").function("area : Shape -> Int", area)),
        "host module 'game', 'area': its type Shape is not declared; add .declare::<Shape>() to the module"
    );
    let error = refused(HostModule::new("game").declare::<other::Shape>().function("area : Shape -> Int", area));
    assert!(
        error.contains("the module declares Shape = | Circle Text, the Rust function has Shape = Empty"),
        "{error}"
    );
    let _ = other::Shape::Circle(String::new());
}

#[test]
fn types_of_the_same_name_in_other_modules_are_not_mistaken() {
    #[derive(Aivi, PartialEq, Debug)]
    enum Mode {
        Slow,
        Fast(String),
    }

    let folder = std::env::temp_dir().join(format!("aivi-derive-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a temporary file");
    let other = "\nother : Int -> Mode\nother = n => if n > 0 then Fast \"a\" else Slow\n";
    file("other.aivi", &format!("module other\nexport *\n\nMode = Fast Text | Slow\n{other}"));
    let text = "
module entry
use aivi.text (debugText)
use other (other)
export *

Mode = Slow | Fast Text

seen : Mode -> (Text, Text)
seen = mode => mode match
  | Slow      => (\"slow\", debugText (other 0))
  | Fast text => (text, debugText (other 1))
";
    file("entry.aivi", text);
    let engine = aivi::Engine::builder().build().expect("an engine");
    let script = engine.compile_file(&folder.join("entry.aivi")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::remove_dir_all(&folder).expect("a temporary folder");
    let seen = script.function::<(Mode,), (String, String)>("seen").unwrap_or_else(|error| panic!("{error}"));
    let texts = |left: &str, right: &str| Ok((left.to_owned(), right.to_owned()));
    assert_eq!(seen.call((Mode::Slow,)), texts("slow", "Slow"));
    assert_eq!(seen.call((Mode::Fast("x".to_owned()),)), texts("x", "Fast \"a\""));
}
