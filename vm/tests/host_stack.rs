//! The host stack does not grow with the number of instructions, nor with the depth of values.

mod common;

use aivi_bytecode::{Imm16, Imm32, Instruction as I, ScalarKind};
use aivi_vm::Value;
use common::*;

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).expect("a thread");
    thread.join().expect("it does not overflow");
}

#[test]
fn fifty_million_instructions_run_on_a_small_stack() {
    on_a_small_stack(|| {
        let mut asm = Asm::new();
        let one = asm.proto(Body::new(
            "one",
            1,
            1,
            &[
                I::AddIntImm { dst: r(0), left: r(0), right: Imm16(1) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            ],
        ));
        let main = asm.proto(Body::new(
            "main",
            1,
            3,
            &[
                I::Int { dst: r(1), value: Imm32(0) },
                I::Tag { kind: ScalarKind::Int, dst: r(2), src: r(1) },
                I::Call { base: r(2), proto: one },
                I::Move { dst: r(1), src: r(2) },
                I::JumpLeInt { left: r(0), right: r(1), by: j16(1) },
                I::Loop { by: j32(-5) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(1) },
            ],
        ));
        asm.function("main", main);
        let run = Run::new(asm);
        // Seven instructions a turn.
        assert_eq!(run.show(&run.apply(vec![Value::int(7_200_000)])), "7200000");
    });
}

#[test]
fn deep_values_are_released_on_a_small_stack() {
    on_a_small_stack(|| {
        leak_checked(|| {
            let mut constructors = Value::none();
            let mut lists = Value::list([]);
            let mut mixed = Value::unit();
            for _ in 0..1_000_000 {
                constructors = Value::some(constructors);
                lists = Value::list([lists]);
                mixed = Value::list([Value::some(mixed)]);
            }
            drop(constructors);
            drop(lists.share());
            drop(mixed);
        });
    });
}
