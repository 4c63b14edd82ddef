//! Failures, faults, cleanups, natives; every path gives back what it holds.

mod common;

use aivi_bytecode::module::{Constant, NativeImport};
use aivi_bytecode::{ConstId, Count, Imm32, Index, Instruction as I, NativeId, ProtoId, ScalarKind};
use aivi_vm::{NativeFn, NativeResult, Shared, Then, Value};
use common::*;

/// Native functions of these tests.
const NATIVES: &[NativeFn] = &[
    NativeFn::new("say", 1, |cx, args| {
        cx.host().write_out(args.text(0)).expect("kept");
        NativeResult::Done(Value::unit())
    }),
    NativeFn::new("box", 1, |_, args| {
        NativeResult::Done(Value::list([args.take(0), Value::text("a text that is too long to be short")]))
    }),
    NativeFn::new("refuse", 1, |_, args| NativeResult::Failed(args.take(0))),
    NativeFn::new("break", 0, |_, _| NativeResult::Fault("broken".into())),
    NativeFn::new("later", 1, |cx, args| {
        let number = args.int(0);
        cx.blocking(Box::new(move || -> Shared { Value::err(Value::int(number + 1)).share() }), Then::Decode)
    }),
];

const SAY: NativeId = NativeId(0);
const BOX: NativeId = NativeId(1);
const REFUSE: NativeId = NativeId(2);
const BREAK: NativeId = NativeId(3);
const LATER: NativeId = NativeId(4);

fn asm() -> Asm {
    let mut asm = Asm::new();
    for (name, arity, owned) in [("say", 1, 0), ("box", 1, 1), ("refuse", 1, 1), ("break", 0, 0), ("later", 1, 0)] {
        asm.module.natives.push(NativeImport { name: name.into(), arity, effect: true, owned });
    }
    asm
}

/// A new list with a text in `register`.
fn boxed(register: u16) -> [I; 3] {
    [
        I::Int { dst: r(register), value: Imm32(7) },
        I::Tag { kind: ScalarKind::Int, dst: r(register), src: r(register) },
        I::CallNative { count: Count(1), base: r(register), native: BOX },
    ]
}

fn say(asm: &mut Asm, text: &str) -> ProtoId {
    let text = asm.text(text);
    asm.proto(
        Body::new(
            "say",
            0,
            1,
            &[
                I::Const { dst: r(0), value: text },
                I::CallNative { count: Count(1), base: r(0), native: SAY },
                I::Return { src: r(0) },
            ],
        )
        .effect(),
    )
}

fn run(asm: Asm) -> (String, String, Vec<String>) {
    let run = Run::with(asm, NATIVES, aivi_vm::Limits::default());
    let shown = leak_checked(|| {
        let ended = run.effect(0);
        run.show(&ended)
    });
    let out = run.host.out.lock().clone();
    let warnings = run.host.warnings.lock().clone();
    (shown, out, warnings)
}

/// An effect that fails with a fresh list while it holds another.
fn failing(asm: &mut Asm) -> ProtoId {
    let code = [&boxed(0)[..], &boxed(1)[..], &[I::Fail { error: r(1) }]].concat();
    asm.proto(Body::new("failing", 0, 2, &code).effect().drops(5, &[0]).drops(6, &[0]))
}

#[test]
fn a_failure_is_caught_and_frames_between_are_released() {
    let mut asm = asm();
    let failing = failing(&mut asm);
    let middle =
        [&boxed(0)[..], &[I::Call { base: r(1), proto: failing }, I::Drop { src: r(0) }, I::Return { src: r(1) }]];
    let middle = asm.proto(Body::new("middle", 0, 3, &middle.concat()).effect().drops(3, &[0]));
    // The handler keeps R[0] and drops R[1].
    let main = [
        &boxed(0)[..],
        &boxed(1)[..],
        &[
            I::Call { base: r(3), proto: middle },
            I::Return { src: r(3) },
            I::Drop { src: r(2) },
            I::ListLength { dst: r(1), list: r(0) },
            I::Drop { src: r(0) },
            I::ReturnScalar { kind: ScalarKind::Int, src: r(1) },
        ],
    ];
    let body = Body::new("main", 0, 4, &main.concat()).effect();
    let main = asm.proto(body.drops(5, &[0]).drops(6, &[0, 1]).catch(6, 7, 8, 2, &[0]));
    asm.function("main", main);
    assert_eq!(run(asm).0, "2");
}

#[test]
fn a_failure_without_a_handler_ends_the_fiber() {
    let mut asm = asm();
    let failing = failing(&mut asm);
    asm.function("main", failing);
    assert_eq!(run(asm).0, "failed: [7, a text that is too long to be short]");
}

/// Calls `body` with two cleanups around it, the inner of which fails.
fn with_cleanups(asm: &mut Asm, body: ProtoId) {
    let outer = say(asm, "outer;");
    let bad = asm.text("bad");
    let inner = asm.proto(
        Body::new(
            "inner",
            0,
            1,
            &[
                I::Const { dst: r(0), value: bad },
                I::CallNative { count: Count(1), base: r(0), native: REFUSE },
                I::Return { src: r(0) },
            ],
        )
        .effect(),
    );
    let outer = asm.constant(Constant::Function(outer));
    let inner = asm.constant(Constant::Function(inner));
    let main = [
        I::Const { dst: r(0), value: outer },
        I::Const { dst: r(1), value: inner },
        I::Call { base: r(2), proto: body },
        I::Cleanup { base: r(3), effect: r(1) },
        I::Cleanup { base: r(3), effect: r(0) },
        I::Return { src: r(2) },
        // unwinding
        I::Cleanup { base: r(3), effect: r(1) },
        I::Cleanup { base: r(3), effect: r(0) },
        I::Resume {},
    ];
    let body = Body::new("main", 0, 4, &main).effect().drops(2, &[0, 1]).drops(3, &[0, 2]).drops(4, &[2]);
    let main = asm.proto(body.drops(6, &[0]).cleanup(2, 3, 6, &[0, 1]));
    asm.module.globals.clear();
    asm.function("main", main);
}

#[test]
fn cleanups_run_on_success() {
    let mut asm = asm();
    let body = say(&mut asm, "body;");
    with_cleanups(&mut asm, body);
    let (shown, out, warnings) = run(asm);
    assert_eq!((shown.as_str(), out.as_str()), ("Unit", "body;outer;"));
    assert_eq!(warnings, ["cleanup failed: bad"]);
}

#[test]
fn cleanups_run_on_failure_and_their_own_failures_are_warnings() {
    let mut asm = asm();
    let body = failing(&mut asm);
    with_cleanups(&mut asm, body);
    let (shown, out, warnings) = run(asm);
    assert_eq!((shown.as_str(), out.as_str()), ("failed: [7, a text that is too long to be short]", "outer;"));
    assert_eq!(warnings, ["cleanup failed: bad"]);
}

#[test]
fn cleanups_run_on_a_fault() {
    let mut asm = asm();
    let body = asm.proto(
        Body::new(
            "bug",
            0,
            2,
            &[
                I::Int { dst: r(0), value: Imm32(1) },
                I::Int { dst: r(1), value: Imm32(0) },
                I::DivInt { dst: r(0), left: r(0), right: r(1) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            ],
        )
        .effect(),
    );
    with_cleanups(&mut asm, body);
    let (shown, out, _) = run(asm);
    assert_eq!((shown.as_str(), out.as_str()), ("fault: division by zero", "outer;"));
}

#[test]
fn natives_fail_fault_and_wait() {
    for (code, expected) in [
        (vec![I::CallNative { count: Count(0), base: r(0), native: BREAK }], "fault: broken"),
        (
            vec![
                I::Int { dst: r(0), value: Imm32(41) },
                I::Tag { kind: ScalarKind::Int, dst: r(0), src: r(0) },
                I::CallNative { count: Count(1), base: r(0), native: LATER },
            ],
            "failed: 42",
        ),
    ] {
        let mut asm = asm();
        let code = [&code[..], &[I::Return { src: r(0) }]].concat();
        let main = asm.proto(Body::new("main", 0, 1, &code).effect());
        asm.function("main", main);
        assert_eq!(run(asm).0, expected);
    }
}

#[test]
fn unique_objects_are_updated_in_place_and_shared_ones_are_not() {
    let mut asm = asm();
    let pair = aivi_bytecode::module::well_known::PAIR;
    let make = [
        I::Int { dst: r(0), value: Imm32(1) },
        I::Tag { kind: ScalarKind::Int, dst: r(0), src: r(0) },
        I::Const { dst: r(1), value: ConstId(0) },
        I::New { count: Count(2), dst: r(0), first: r(0), shape: pair },
    ];
    asm.constant(Constant::Text("long enough to stand on the heap, surely".into()));
    asm.constant(Constant::Text("another one".into()));
    // shared: a copy in R[2] keeps the old field
    let code = [
        &make[..],
        &[
            I::Copy { dst: r(2), src: r(0) },
            I::Const { dst: r(1), value: ConstId(1) },
            I::SetField { object: r(0), value: r(1), index: Index(1) },
            I::Const { dst: r(1), value: ConstId(1) },
            I::SetField { object: r(0), value: r(1), index: Index(0) },
            I::Unpack { count: Count(2), first: r(3), object: r(2) },
            I::Drop { src: r(3) },
            I::Move { dst: r(2), src: r(4) },
            I::TakeField { dst: r(3), object: r(0), index: Index(1) },
            I::SetField { object: r(0), value: r(2), index: Index(1) },
            I::Field { dst: r(4), object: r(0), index: Index(1) },
            I::Move { dst: r(2), src: r(4) },
            I::List { dst: r(2), first: r(2), count: Index(2) },
            I::Drop { src: r(0) },
            I::Return { src: r(2) },
        ],
    ];
    let main = asm.proto(Body::new("main", 0, 5, &code.concat()).effect());
    asm.function("main", main);
    assert_eq!(run(asm).0, "[long enough to stand on the heap, surely, another one]");
}
