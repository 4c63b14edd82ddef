//! Calls, closures, partial application, recursion, fuel.

mod common;

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Count, Imm16, Imm32, Instruction as I, ScalarKind};
use aivi_vm::{Limits, Value};
use common::*;

/// `fib n`, arguments raw.
fn fib() -> Asm {
    let mut asm = Asm::new();
    let itself = aivi_bytecode::ProtoId(0);
    let mut body = Body::new(
        "fib",
        1,
        4,
        &[
            I::JumpGeIntImm { left: r(0), right: Imm16(2), by: j16(1) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            I::AddIntImm { dst: r(1), left: r(0), right: Imm16(-1) },
            I::Call { base: r(1), proto: itself },
            I::AddIntImm { dst: r(2), left: r(0), right: Imm16(-2) },
            I::Call { base: r(2), proto: itself },
            I::AddInt { dst: r(1), left: r(1), right: r(2) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(1) },
        ],
    );
    body.proto.raw = vec![(r(0), ScalarKind::Int)];
    let proto = asm.proto(body);
    asm.function("fib", proto);
    asm
}

#[test]
fn calls_itself() {
    let run = Run::new(fib());
    assert_eq!(run.show(&run.apply(vec![Value::int(20)])), "6765");
}

/// `sum n = if n <= 0 then 0 else n + sum (n - 1)`
fn sum() -> Asm {
    let mut asm = Asm::new();
    let itself = aivi_bytecode::ProtoId(0);
    let mut body = Body::new(
        "sum",
        1,
        2,
        &[
            I::JumpGtIntImm { left: r(0), right: Imm16(0), by: j16(2) },
            I::Int { dst: r(0), value: Imm32(0) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            I::AddIntImm { dst: r(1), left: r(0), right: Imm16(-1) },
            I::Call { base: r(1), proto: itself },
            I::AddInt { dst: r(0), left: r(0), right: r(1) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
        ],
    );
    body.proto.raw = vec![(r(0), ScalarKind::Int)];
    let proto = asm.proto(body);
    asm.function("sum", proto);
    asm
}

#[test]
fn recursion_goes_deep() {
    let run = Run::new(sum());
    assert_eq!(run.show(&run.apply(vec![Value::int(100_000)])), "5000050000");
}

#[test]
fn endless_recursion_is_a_fault() {
    let run = Run::with(sum(), &[], Limits::none().frames(100_000));
    let ended = run.apply(vec![Value::int(i64::MAX)]);
    assert_eq!(run.show(&ended), "fault: stack exhausted");
    let aivi_scheduler::Outcome::Faulted(fault) = ended else { unreachable!() };
    assert_eq!(run.world.program.describe(fault.trace().passages()[0].calls[0]), "test.aivi:5:1");
    assert!(fault.trace().passages()[0].omitted > 90_000);
}

#[test]
fn registers_have_a_limit_too() {
    let run = Run::with(sum(), &[], Limits::none().registers(1000));
    assert_eq!(run.show(&run.apply(vec![Value::int(i64::MAX)])), "fault: stack exhausted");
}

#[test]
fn a_tail_call_needs_no_frame() {
    let mut asm = Asm::new();
    let itself = aivi_bytecode::ProtoId(0);
    let mut body = Body::new(
        "down",
        1,
        2,
        &[
            I::JumpGtIntImm { left: r(0), right: Imm16(0), by: j16(1) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            I::AddIntImm { dst: r(1), left: r(0), right: Imm16(-1) },
            I::TailCall { base: r(1), proto: itself },
        ],
    );
    body.proto.raw = vec![(r(0), ScalarKind::Int)];
    let proto = asm.proto(body);
    asm.function("down", proto);
    let run = Run::with(asm, &[], Limits::none().frames(10).registers(100));
    assert_eq!(run.show(&run.apply(vec![Value::int(100_000)])), "0");
}

/// Global 0 applies `add3 a b c` (tagged) in the ways that the caller's code says; `add3` is constant 0.
fn with_add3(code: &[I], registers: u16) -> Asm {
    let mut asm = Asm::new();
    let add3 = asm.proto(Body::new(
        "add3",
        3,
        3,
        &[
            I::AddInt { dst: r(0), left: r(0), right: r(1) },
            I::AddInt { dst: r(0), left: r(0), right: r(2) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
        ],
    ));
    // adder a b = closure over a: x => (y => a + x + y), so that too many arguments reach through two functions
    let inner = asm.proto(
        Body::new(
            "inner",
            1,
            4,
            &[
                I::Field { dst: r(2), object: r(1), index: aivi_bytecode::Index(0) },
                I::AddInt { dst: r(3), left: r(2), right: r(0) },
                I::Drop { src: r(1) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(3) },
            ],
        )
        .captures(1),
    );
    let outer = asm.proto(Body::new(
        "outer",
        2,
        3,
        &[
            I::AddInt { dst: r(2), left: r(0), right: r(1) },
            I::Tag { kind: ScalarKind::Int, dst: r(2), src: r(2) },
            I::Closure { count: Count(1), reg: r(2), proto: inner },
            I::Return { src: r(2) },
        ],
    ));
    asm.constant(Constant::Function(add3));
    asm.constant(Constant::Function(outer));
    let main = asm.proto(Body::new("main", 3, registers, code));
    asm.function("main", main);
    asm
}

fn three() -> Vec<Value> {
    vec![Value::int(100), Value::int(20), Value::int(3)]
}

#[test]
fn an_exact_call_of_a_value() {
    let code = [
        I::Const { dst: r(3), value: aivi_bytecode::ConstId(0) },
        I::CallValue { count: Count(3), base: r(0), function: r(3) },
        I::Return { src: r(0) },
    ];
    let run = Run::new(with_add3(&code, 4));
    assert_eq!(leak_checked(|| run.show(&run.apply(three()))), "123");
}

#[test]
fn partial_applications_collect_arguments() {
    let code = [
        I::Const { dst: r(3), value: aivi_bytecode::ConstId(0) },
        I::Move { dst: r(4), src: r(0) },
        I::CallValue { count: Count(1), base: r(4), function: r(3) },
        I::Move { dst: r(5), src: r(1) },
        I::CallValue { count: Count(1), base: r(5), function: r(4) },
        I::Move { dst: r(6), src: r(2) },
        I::CallValue { count: Count(1), base: r(6), function: r(5) },
        I::Return { src: r(6) },
    ];
    let run = Run::new(with_add3(&code, 8));
    assert_eq!(leak_checked(|| run.show(&run.apply(three()))), "123");
}

#[test]
fn too_many_arguments_go_to_the_result() {
    let code = [
        I::Const { dst: r(3), value: aivi_bytecode::ConstId(1) },
        I::CallValue { count: Count(3), base: r(0), function: r(3) },
        I::Return { src: r(0) },
    ];
    let run = Run::new(with_add3(&code, 4));
    assert_eq!(leak_checked(|| run.show(&run.apply(three()))), "123");
}

#[test]
fn a_tail_call_of_a_value_with_too_many_arguments() {
    let code = [
        I::Const { dst: r(3), value: aivi_bytecode::ConstId(1) },
        I::TailCallValue { count: Count(3), base: r(0), function: r(3) },
    ];
    let run = Run::new(with_add3(&code, 4));
    assert_eq!(leak_checked(|| run.show(&run.apply(three()))), "123");
}

#[test]
fn a_global_is_computed_once_and_found_recursive() {
    let mut asm = Asm::new();
    let main = asm.proto(Body::new(
        "main",
        1,
        3,
        &[
            I::Global { dst: r(1), global: aivi_bytecode::GlobalId(1) },
            I::Global { dst: r(2), global: aivi_bytecode::GlobalId(1) },
            I::AddInt { dst: r(0), left: r(1), right: r(2) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
        ],
    ));
    let value = asm.proto(Body::new(
        "value",
        0,
        1,
        &[I::Int { dst: r(0), value: Imm32(21) }, I::ReturnScalar { kind: ScalarKind::Int, src: r(0) }],
    ));
    asm.function("main", main);
    asm.global("value", value, false);
    let run = Run::new(asm);
    assert_eq!(run.show(&run.apply(vec![Value::unit()])), "42");

    let mut asm = Asm::new();
    let itself = asm.proto(Body::new(
        "x",
        0,
        1,
        &[I::Global { dst: r(0), global: aivi_bytecode::GlobalId(0) }, I::Return { src: r(0) }],
    ));
    asm.global("x", itself, false);
    let run = Run::new(asm);
    for _ in 0..2 {
        assert_eq!(run.show(&run.apply(vec![])), "fault: recursive definition of x");
    }
}
