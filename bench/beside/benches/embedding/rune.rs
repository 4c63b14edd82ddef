//! Rune.

use std::sync::Arc;

use rune::runtime::RuntimeContext;
use rune::{Context, Module, Source, Sources, Unit, Vm};

const SCRIPT: &str = "
pub fn add(a, b) { a + b }
pub fn sum(list) { let total = 0; for number in list { total += number; } total }
";

const PLAIN: &str = "
pub fn count(times) { let total = 0; for _ in 0..times { total = step(total); } total }
";

const AWAITED: &str = "
pub async fn count(times) { let total = 0; for _ in 0..times { total = step(total).await; } total }
";

fn compiled(context: &Context, text: &str) -> Arc<Unit> {
    let mut sources = Sources::new();
    sources.insert(Source::memory(text).expect("a source")).expect("memory");
    Arc::new(rune::prepare(&mut sources).with_context(context).build().expect("the script is right"))
}

fn context(module: Option<Module>) -> (Context, Arc<RuntimeContext>) {
    let mut context = Context::with_default_modules().expect("the modules are there");
    if let Some(module) = module {
        context.install(module).expect("it fits");
    }
    let runtime = Arc::new(context.runtime().expect("memory"));
    (context, runtime)
}

fn machine(text: &str, module: Option<Module>) -> Vm {
    let (context, runtime) = context(module);
    Vm::new(runtime, compiled(&context, text))
}

pub fn adder() -> impl FnMut(i64, i64) -> i64 {
    let vm = machine(SCRIPT, None);
    let add = vm.lookup_function(["add"]).expect("it is there");
    move |a, b| add.call((a, b)).into_result().expect("it adds")
}

pub fn summer() -> impl FnMut(&[i64]) -> i64 {
    let vm = machine(SCRIPT, None);
    let sum = vm.lookup_function(["sum"]).expect("it is there");
    move |numbers| sum.call((numbers.to_vec(),)).into_result().expect("it adds")
}

pub fn hosted() -> impl FnMut(i64) -> i64 {
    let mut module = Module::new();
    module.function("step", |total: i64| total + 1).build().expect("a function");
    let vm = machine(PLAIN, Some(module));
    let count = vm.lookup_function(["count"]).expect("it is there");
    move |times| count.call((times,)).into_result().expect("it counts")
}

pub fn hosted_by_futures() -> impl FnMut(i64) -> i64 {
    let mut module = Module::new();
    module.function("step", |total: i64| async move { total + 1 }).build().expect("a function");
    let mut vm = machine(AWAITED, Some(module));
    move |times| {
        let run = async { vm.async_call(["count"], (times,)).await };
        rune::from_value(pollster::block_on(run).expect("it counts")).expect("a number")
    }
}

pub fn engine() {
    drop(context(None));
}

pub fn compiler() -> impl FnMut() {
    let (context, _) = context(None);
    move || drop(compiled(&context, SCRIPT))
}

pub fn side_by_side() -> impl FnMut(usize) -> i64 {
    let (context, runtime) = context(None);
    let unit = compiled(&context, SCRIPT);
    move |scripts| {
        let mut made: Vec<Vm> = (0..scripts).map(|_| Vm::new(runtime.clone(), unit.clone())).collect();
        let calls = made.iter_mut().zip(0_i64..);
        calls
            .map(|(vm, number)| {
                let total = vm.call(["add"], (number, 0_i64)).expect("it adds");
                rune::from_value::<i64>(total).expect("a number")
            })
            .sum()
    }
}
