//! How fast calls and loops are: `fib 35` and a loop of 50 million turns, hand-assembled. Run it in release mode; the
//! best of five runs counts. It does not show what the compiler's code looks like.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use aivi_bytecode::{Imm16, Imm32, Instruction as I, ProtoId, ScalarKind};
use aivi_vm::Value;
use common::{Asm, Body, Run, j16, j32, r};

fn fib() -> Asm {
    let mut asm = Asm::new();
    let itself = ProtoId(0);
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

/// `s := s + i % 7` for i below n, the test at the bottom.
fn turns() -> Asm {
    let mut asm = Asm::new();
    let proto = asm.proto(Body::new(
        "turns",
        1,
        4,
        &[
            I::Int { dst: r(1), value: Imm32(0) },
            I::Int { dst: r(2), value: Imm32(0) },
            I::RemIntImm { dst: r(3), left: r(1), right: Imm16(7) },
            I::AddInt { dst: r(2), left: r(2), right: r(3) },
            I::AddIntImm { dst: r(1), left: r(1), right: Imm16(1) },
            I::JumpLeInt { left: r(0), right: r(1), by: j16(1) },
            I::Loop { by: j32(-5) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(2) },
        ],
    ));
    asm.function("turns", proto);
    asm
}

fn measure(name: &str, asm: Asm, argument: i64, expected: &str) {
    let run = Run::new(asm);
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let ended = run.apply(vec![Value::int(argument)]);
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(run.show(&ended), expected);
    }
    println!("{name}: {best:.0} ms");
}

fn main() {
    measure("fib 35", fib(), 35, "9227465");
    measure("loop 50 M", turns(), 50_000_000, "149999997");
}
