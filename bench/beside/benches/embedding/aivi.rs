//! AIVI.

use aivi::{Engine, Function, HostModule, Script};

const SCRIPT: &str = "
module sums
export add, sum

add : Int -> Int -> Int
add = a b => a + b

sum : List Int -> Int
sum = numbers => List.foldl (total number => total + number) 0 numbers
";

const PLAIN: &str = "
module counts
use host (step)
export count

count : Int -> Int
count = times => go times 0

go : Int -> Int -> Int
go = left total => if left == 0 then total else go (left - 1) (step total)
";

const AWAITED: &str = "
module counts
use host (step)
export count

count : Int -> Effect Text Int
count = times => go times 0

go : Int -> Int -> Effect Text Int
go = left total =>
  if left == 0 then pure total
  else do Effect {
    next <- step total
    go (left - 1) next
  }
";

fn loaded(engine: &Engine, text: &str) -> Script {
    engine.compile("bench.aivi", text).expect("the script is right")
}

fn alone() -> Engine {
    Engine::builder().workers(1).build().expect("an engine")
}

pub fn adder() -> impl FnMut(i64, i64) -> i64 {
    let add = loaded(&alone(), SCRIPT).function::<(i64, i64), i64>("add").expect("it is there");
    move |a, b| add.call((a, b)).expect("it adds")
}

pub fn summer() -> impl FnMut(&[i64]) -> i64 {
    let sum = loaded(&alone(), SCRIPT).function::<(Vec<i64>,), i64>("sum").expect("it is there");
    move |numbers| sum.call((numbers.to_vec(),)).expect("it adds")
}

fn counter(module: HostModule, text: &str) -> Function<(i64,), i64> {
    let engine = Engine::builder().workers(1).module(module).build().expect("an engine");
    loaded(&engine, text).function("count").expect("it is there")
}

pub fn hosted() -> impl FnMut(i64) -> i64 {
    let count = counter(HostModule::new("host").function("step : Int -> Int", |total: i64| total + 1), PLAIN);
    move |times| count.call((times,)).expect("it counts")
}

pub fn hosted_by_futures() -> impl FnMut(i64) -> i64 {
    let step = |total: i64| async move { Ok::<i64, String>(total + 1) };
    let count = counter(HostModule::new("host").future("step : Int -> Effect Text Int", step), AWAITED);
    move |times| count.call((times,)).expect("it counts")
}

pub fn engine() {
    drop(alone());
}

pub fn compiler() -> impl FnMut() {
    let engine = alone();
    move || drop(loaded(&engine, SCRIPT))
}

/// Each is a script of its own, with its own globals, of one engine.
pub fn side_by_side() -> impl FnMut(usize) -> i64 {
    let engine = alone();
    let script = loaded(&engine, SCRIPT);
    move |scripts| {
        let made: Vec<Function<(i64, i64), i64>> = (0..scripts)
            .map(|_| {
                let script = engine.adopt(&script).expect("it was there before");
                script.function("add").expect("it is there")
            })
            .collect();
        let calls = made.iter().zip(0..);
        calls.map(|(add, number)| add.call((number, 0)).expect("it adds")).sum()
    }
}
