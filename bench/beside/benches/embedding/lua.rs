//! Lua 5.4 through mlua.

use mlua::{Function, Lua};

const SCRIPT: &str = "
function add(a, b) return a + b end
function sum(list) local total = 0 for _, number in ipairs(list) do total = total + number end return total end
function count(times) local total = 0 for _ = 1, times do total = step(total) end return total end
";

/// A function; it works as long as its state is there.
fn loaded(lua: &Lua, name: &str) -> Function {
    lua.load(SCRIPT).exec().expect("the script is right");
    lua.globals().get(name).expect("it is there")
}

pub fn adder() -> impl FnMut(i64, i64) -> i64 {
    let lua = Lua::new();
    let add = loaded(&lua, "add");
    move |a, b| {
        let _ = &lua;
        add.call((a, b)).expect("it adds")
    }
}

pub fn summer() -> impl FnMut(&[i64]) -> i64 {
    let lua = Lua::new();
    let sum = loaded(&lua, "sum");
    move |numbers| {
        let _ = &lua;
        sum.call(numbers.to_vec()).expect("it adds")
    }
}

pub fn hosted() -> impl FnMut(i64) -> i64 {
    let lua = Lua::new();
    let step = lua.create_function(|_, total: i64| Ok(total + 1)).expect("a function");
    lua.globals().set("step", step).expect("a global");
    let count = loaded(&lua, "count");
    move |times| {
        let _ = &lua;
        count.call(times).expect("it counts")
    }
}

pub fn hosted_by_futures() -> impl FnMut(i64) -> i64 {
    let lua = Lua::new();
    let step = lua.create_async_function(|_, total: i64| async move { Ok(total + 1) }).expect("a function");
    lua.globals().set("step", step).expect("a global");
    let count = loaded(&lua, "count");
    move |times| {
        let _ = &lua;
        pollster::block_on(count.call_async(times)).expect("it counts")
    }
}

pub fn engine() {
    drop(Lua::new());
}

pub fn compiler() -> impl FnMut() {
    let lua = Lua::new();
    move || drop(loaded(&lua, "add"))
}

/// As Lua has no program apart from its state, each script is a state and loads bytecode.
pub fn side_by_side() -> impl FnMut(usize) -> i64 {
    let compiled = Lua::new().load(SCRIPT).into_function().expect("the script is right").dump(true);
    move |scripts| {
        let made: Vec<(Lua, Function)> = (0..scripts)
            .map(|_| {
                let lua = Lua::new();
                lua.load(&compiled).set_mode(mlua::chunk::ChunkMode::Binary).exec().expect("bytecode");
                let add = lua.globals().get("add").expect("it is there");
                (lua, add)
            })
            .collect();
        let calls = made.iter().zip(0..);
        calls.map(|((_, add), number)| add.call::<i64>((number, 0)).expect("it adds")).sum()
    }
}
