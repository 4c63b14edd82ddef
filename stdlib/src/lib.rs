//! The AIVI library: modules in AIVI (`stdlib/aivi/`) and the native functions below them.
//!
//! A library function is written in AIVI unless it needs the machine's data structures, the host, or a loop too hot for
//! bytecode; then its module declares it with `@native "family.name modes"` and a file of that family here implements
//! it. Natives never call back into AIVI: functions of higher order are loops in AIVI, so the host's stack is never
//! used for the program's recursion.
//!
//! The comment above a public name is its entry in `spec/language/library/`; `tests/src/library.rs` tells its form.
#![forbid(unsafe_code)]

mod cause;
mod clock;
mod console;
mod deque;
mod family;
mod file;
mod gate;
mod json;
mod limits;
mod list;
mod log;
mod map;
mod math;
mod net;
mod random;
mod reference;
mod select;
mod set;
mod system;
mod text;
mod value;

use aivi_vm::native::NativeFn;

pub use cause::cause;
pub use console::{Input, Loss};

/// Every native function of the library, a table for each family of names: pure functions first, then those that act on
/// the world.
pub const NATIVES: &[&[NativeFn]] = &[
    list::NATIVES,
    map::NATIVES,
    set::NATIVES,
    deque::NATIVES,
    deque::heap::NATIVES,
    text::NATIVES,
    math::NATIVES,
    value::NATIVES,
    json::NATIVES,
    log::NATIVES,
    clock::NATIVES,
    console::NATIVES,
    file::NATIVES,
    net::NATIVES,
    random::NATIVES,
    gate::NATIVES,
    reference::NATIVES,
    select::NATIVES,
    limits::NATIVES,
    system::NATIVES,
];

/// Name and source text of every library module.
#[must_use]
pub fn modules() -> &'static [(&'static str, &'static str)] {
    MODULES
}

macro_rules! modules {
    ($($name:literal $file:literal)*) => {
        const MODULES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../aivi/", $file)))),*];
    };
}

modules! {
    "aivi" "aivi.aivi"
    "aivi.prelude" "prelude.aivi"
    "aivi.list" "list.aivi"
    "aivi.map" "map.aivi"
    "aivi.set" "set.aivi"
    "aivi.collections" "collections.aivi"
    "aivi.queue" "queue.aivi"
    "aivi.deque" "deque.aivi"
    "aivi.heap" "heap.aivi"
    "aivi.text" "text.aivi"
    "aivi.option" "option.aivi"
    "aivi.result" "result.aivi"
    "aivi.math" "math.aivi"
    "aivi.duration" "duration.aivi"
    "aivi.chronos.duration" "chronos/duration.aivi"
    "aivi.concurrency" "concurrency.aivi"
    "aivi.testing" "testing.aivi"
    "aivi.console" "console.aivi"
    "aivi.file" "file.aivi"
    "aivi.system" "system.aivi"
    "aivi.json" "json.aivi"
    "aivi.log" "log.aivi"
    "aivi.clock" "clock.aivi"
    "aivi.random" "random.aivi"
    "aivi.sync" "sync.aivi"
    "aivi.schedule" "schedule.aivi"
    "aivi.limits" "limits.aivi"
    "aivi.resilience" "resilience.aivi"
    "aivi.pipeline" "pipeline.aivi"
    "aivi.steps" "steps.aivi"
    "aivi.testing.clock" "testing/clock.aivi"
    "aivi.net.sockets" "net/sockets.aivi"
}

#[cfg(test)]
mod tests;
