//! Reference counts are changed atomically only where values are shared between fibers. Counted in debug builds.

#![cfg(debug_assertions)]

use std::sync::Mutex;

use aivi::Engine;
use aivi_bench::{run, script};
use aivi_vm::object::count::atomic_operations;

/// The counter is the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Atomic operations while the program does so many operations.
fn counted(name: &str, operations: i64) -> u64 {
    let engine = Engine::builder().simulated(1).build().expect("an engine");
    let script = script(&engine, name);
    let before = atomic_operations();
    run(&script, operations);
    atomic_operations() - before
}

#[test]
fn what_stays_with_one_fiber_is_counted_without_atomics() {
    let _alone = ALONE.lock();
    // What the call itself hands over, from the host to the fiber and back.
    let call = counted("fib", 1);
    for (name, operations) in
        [("fib", 15), ("turns", 1_000), ("trees", 8), ("lists", 1_000), ("sieve", 1_000), ("texts", 500)]
    {
        let atomic = counted(name, operations);
        assert_eq!(atomic, call, "{name} has {atomic} atomic operations, and its call {call}");
    }
}

#[test]
fn what_two_fibers_have_is_counted_with_atomics() {
    let _alone = ALONE.lock();
    let text = "
module shared
use aivi.concurrency
export run

measure : List Int -> Effect Text Int
measure = xs => do Effect {
  sleep 1
  pure (List.length xs)
}

run : Int -> Effect Text Int
run = n => do Effect {
  xs = List.map (_ * 2) [1..n]
  task <- spawn (measure xs)
  counted <- task.join
  pure (counted + List.length xs)
}";
    let script =
        Engine::builder().simulated(1).build().expect("an engine").compile("shared.aivi", text).expect("it compiles");
    let before = atomic_operations();
    assert_eq!(run(&script, 10), 20);
    assert!(atomic_operations() > before);
}
