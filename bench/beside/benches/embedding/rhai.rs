//! Rhai.

use rhai::{AST, Array, Dynamic, Engine, Scope};

const SCRIPT: &str = "
fn add(a, b) { a + b }
fn sum(list) { let total = 0; for number in list { total += number; } total }
fn count(times) { let total = 0; for turn in 0..times { total = step(total); } total }
";

fn loaded(engine: &Engine) -> AST {
    engine.compile(SCRIPT).expect("the script is right")
}

pub fn adder() -> impl FnMut(i64, i64) -> i64 {
    let engine = Engine::new();
    let script = loaded(&engine);
    let mut scope = Scope::new();
    move |a, b| engine.call_fn(&mut scope, &script, "add", (a, b)).expect("it adds")
}

pub fn summer() -> impl FnMut(&[i64]) -> i64 {
    let engine = Engine::new();
    let script = loaded(&engine);
    let mut scope = Scope::new();
    move |numbers| {
        let list: Array = numbers.iter().copied().map(Dynamic::from).collect();
        engine.call_fn(&mut scope, &script, "sum", (list,)).expect("it adds")
    }
}

pub fn hosted() -> impl FnMut(i64) -> i64 {
    let mut engine = Engine::new();
    engine.register_fn("step", |total: i64| total + 1);
    let script = loaded(&engine);
    let mut scope = Scope::new();
    move |times| engine.call_fn(&mut scope, &script, "count", (times,)).expect("it counts")
}

pub fn engine() {
    drop(Engine::new());
}

pub fn compiler() -> impl FnMut() {
    let engine = Engine::new();
    move || drop(loaded(&engine))
}

pub fn side_by_side() -> impl FnMut(usize) -> i64 {
    let engine = Engine::new();
    let script = loaded(&engine);
    move |scripts| {
        let mut made: Vec<Scope<'_>> = (0..scripts).map(|_| Scope::new()).collect();
        let calls = made.iter_mut().zip(0_i64..);
        calls.map(|(scope, number)| engine.call_fn::<i64>(scope, &script, "add", (number, 0_i64)).expect("it adds")).sum()
    }
}
