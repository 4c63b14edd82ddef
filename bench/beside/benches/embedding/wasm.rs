//! WebAssembly through wasmtime, which compiles to machine code. Its programs are written in the text form, as a
//! compiler from another language would leave them.

use wasmtime::{Caller, Config, Engine, Instance, Linker, Module, Store, TypedFunc};

const SCRIPT: &str = r#"(module
  (func (export "add") (param i64 i64) (result i64) local.get 0 local.get 1 i64.add)
)"#;

const COUNT: &str = r#"(module
  (import "host" "step" (func $step (param i64) (result i64)))
  (func (export "count") (param $times i64) (result i64) (local $total i64)
    (loop $again
      (local.set $total (call $step (local.get $total)))
      (local.set $times (i64.sub (local.get $times) (i64.const 1)))
      (br_if $again (i64.gt_s (local.get $times) (i64.const 0))))
    local.get $total)
)"#;

fn loaded(engine: &Engine) -> Module {
    Module::new(engine, SCRIPT).expect("the script is right")
}

pub fn adder() -> impl FnMut(i64, i64) -> i64 {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &loaded(&engine), &[]).expect("an instance");
    let add = instance.get_typed_func::<(i64, i64), i64>(&mut store, "add").expect("it is there");
    move |a, b| add.call(&mut store, (a, b)).expect("it adds")
}

pub fn hosted() -> impl FnMut(i64) -> i64 {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "step", |_: Caller<'_, ()>, total: i64| total + 1).expect("a function");
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, COUNT).expect("the script is right");
    let instance = linker.instantiate(&mut store, &module).expect("an instance");
    let count = instance.get_typed_func::<i64, i64>(&mut store, "count").expect("it is there");
    move |times| count.call(&mut store, times).expect("it counts")
}

pub fn hosted_by_futures() -> impl FnMut(i64) -> i64 {
    let engine = Engine::new(&Config::new()).expect("an engine");
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("host", "step", |_: Caller<'_, ()>, (total,): (i64,)| Box::new(async move { total + 1 }))
        .expect("a function");
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, COUNT).expect("the script is right");
    let instance = pollster::block_on(linker.instantiate_async(&mut store, &module)).expect("an instance");
    let count = instance.get_typed_func::<i64, i64>(&mut store, "count").expect("it is there");
    move |times| pollster::block_on(count.call_async(&mut store, times)).expect("it counts")
}

pub fn engine() {
    drop(Engine::default());
}

pub fn compiler() -> impl FnMut() {
    let engine = Engine::default();
    move || drop(loaded(&engine))
}

pub fn side_by_side() -> impl FnMut(usize) -> i64 {
    let engine = Engine::default();
    let module = loaded(&engine);
    move |scripts| {
        let mut made: Vec<(Store<()>, TypedFunc<(i64, i64), i64>)> = (0..scripts)
            .map(|_| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
                let add = instance.get_typed_func(&mut store, "add").expect("it is there");
                (store, add)
            })
            .collect();
        let calls = made.iter_mut().zip(0..);
        calls.map(|((store, add), number)| add.call(store, (number, 0)).expect("it adds")).sum()
    }
}
