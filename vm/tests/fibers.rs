//! Fiber instructions on the simulator, each with several seeds.

mod common;

use aivi_bytecode::module::{Constant, NativeImport};
use aivi_bytecode::{Count, Imm32, Index, Instruction as I, NativeId, ProtoId, ScalarKind};
use aivi_scheduler::{CancelKind, CancelReason, Mode, Place};
use aivi_vm::{NativeFn, NativeResult, Start, Strand, Value};
use common::*;

const SEEDS: std::ops::Range<u64> = 0..20;

fn asm() -> Asm {
    let mut asm = Asm::new();
    asm.module.natives.push(NativeImport { name: "say".into(), arity: 1, effect: true, owned: 0 });
    asm
}

const SAY: &[NativeFn] = &[NativeFn::new("say", 1, |cx, args| {
    cx.host().write_out(args.text(0)).expect("kept");
    NativeResult::Done(Value::unit())
})];

/// Makes `code` the main effect; runs it with all seeds, each of which must show the same.
fn check(mut asm: Asm, registers: u16, code: &[I], expected: &str) -> Vec<String> {
    let main = asm.proto(Body::new("main", 0, registers, code).effect());
    check_proto(asm, main, expected)
}

fn check_proto(mut asm: Asm, main: ProtoId, expected: &str) -> Vec<String> {
    asm.function("main", main);
    let run = Run::with(asm, SAY, aivi_vm::Limits::default());
    let mut outs = Vec::new();
    for seed in SEEDS {
        run.host.out.lock().clear();
        let shown = leak_checked(|| {
            let ended = run.effect(seed);
            run.show(&ended)
        });
        assert_eq!(shown, expected, "seed {seed}");
        outs.push(run.host.out.lock().clone());
    }
    outs
}

/// A constant: an effect that sleeps, then yields `value`.
fn sleeper(asm: &mut Asm, millis: i32, value: i32) -> aivi_bytecode::ConstId {
    let proto = asm.proto(
        Body::new(
            "sleeper",
            0,
            2,
            &[
                I::Int { dst: r(0), value: Imm32(millis) },
                I::Sleep { dst: r(1), millis: r(0) },
                I::Int { dst: r(0), value: Imm32(value) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
            ],
        )
        .effect(),
    );
    asm.constant(Constant::Function(proto))
}

/// As `sleeper`, then fails with `value`.
fn failer(asm: &mut Asm, millis: i32, value: i32) -> aivi_bytecode::ConstId {
    let proto = asm.proto(
        Body::new(
            "failer",
            0,
            2,
            &[
                I::Int { dst: r(0), value: Imm32(millis) },
                I::Sleep { dst: r(1), millis: r(0) },
                I::Int { dst: r(0), value: Imm32(value) },
                I::Tag { kind: ScalarKind::Int, dst: r(0), src: r(0) },
                I::Fail { error: r(0) },
            ],
        )
        .effect(),
    );
    asm.constant(Constant::Function(proto))
}

/// As `sleeper`, then faults.
fn faulter(asm: &mut Asm, millis: i32) -> aivi_bytecode::ConstId {
    let message = asm.text("a bug");
    let proto = asm.proto(
        Body::new(
            "faulter",
            0,
            2,
            &[I::Int { dst: r(0), value: Imm32(millis) }, I::Sleep { dst: r(1), millis: r(0) }, I::Fault { message }],
        )
        .effect(),
    );
    asm.constant(Constant::Function(proto))
}

/// An effect that sleeps for long and says `cleaned` when it is cancelled.
fn cleaner(asm: &mut Asm) -> aivi_bytecode::ConstId {
    let text = asm.text("cleaned;");
    let say = asm.proto(
        Body::new(
            "say",
            0,
            2,
            &[
                I::Int { dst: r(0), value: Imm32(5) },
                I::Sleep { dst: r(1), millis: r(0) },
                I::Const { dst: r(0), value: text },
                I::CallNative { count: Count(1), base: r(0), native: NativeId(0) },
                I::Return { src: r(0) },
            ],
        )
        .effect(),
    );
    let say = asm.constant(Constant::Function(say));
    let code = [
        I::Const { dst: r(0), value: say },
        I::Int { dst: r(1), value: Imm32(1_000_000) },
        I::Sleep { dst: r(2), millis: r(1) },
        I::Cleanup { base: r(3), effect: r(0) },
        I::Return { src: r(2) },
        I::Cleanup { base: r(3), effect: r(0) },
        I::Resume {},
    ];
    let body = Body::new("cleaner", 0, 4, &code).effect().drops(2, &[0]).drops(3, &[2]).cleanup(2, 3, 5, &[0]);
    let proto = asm.proto(body);
    asm.constant(Constant::Function(proto))
}

fn pair_of(
    make: fn(left: aivi_bytecode::Reg, right: aivi_bytecode::Reg) -> I,
    left: aivi_bytecode::ConstId,
    right: aivi_bytecode::ConstId,
) -> Vec<I> {
    vec![
        I::Const { dst: r(0), value: left },
        I::Const { dst: r(1), value: right },
        make(r(0), r(1)),
        I::Return { src: r(2) },
    ]
}

fn par(left: aivi_bytecode::Reg, right: aivi_bytecode::Reg) -> I {
    I::Par { dst: r(2), left, right }
}

fn race(left: aivi_bytecode::Reg, right: aivi_bytecode::Reg) -> I {
    I::Race { dst: r(2), left, right }
}

#[test]
fn par_gives_both() {
    let mut asm = asm();
    let (left, right) = (sleeper(&mut asm, 20, 1), sleeper(&mut asm, 10, 2));
    check(asm, 3, &pair_of(par, left, right), "(1, 2)");
}

#[test]
fn par_fails_with_the_first_failure_in_time_and_cleans_up() {
    let mut asm = asm();
    let (left, right) = (cleaner(&mut asm), failer(&mut asm, 10, 9));
    for out in check(asm, 3, &pair_of(par, left, right), "failed: 9") {
        assert_eq!(out, "cleaned;");
    }
}

#[test]
fn par_lets_a_fault_outrank_a_failure() {
    let mut asm = asm();
    let (left, right) = (failer(&mut asm, 10, 9), faulter(&mut asm, 10));
    check(asm, 3, &pair_of(par, left, right), "fault: a bug");
}

#[test]
fn race_gives_the_first_completion() {
    let mut asm = asm();
    let (left, right) = (cleaner(&mut asm), sleeper(&mut asm, 10, 2));
    for out in check(asm, 3, &pair_of(race, left, right), "2") {
        assert_eq!(out, "cleaned;");
    }
    let mut asm = self::asm();
    let (left, right) = (failer(&mut asm, 10, 4), sleeper(&mut asm, 10, 2));
    check(asm, 3, &pair_of(race, left, right), "failed: 4");
}

fn timeout(asm: &mut Asm, millis: i32, body: aivi_bytecode::ConstId) -> Vec<I> {
    let error = asm.text("late");
    vec![
        I::Int { dst: r(0), value: Imm32(millis) },
        I::Const { dst: r(1), value: error },
        I::Const { dst: r(2), value: body },
        I::Timeout { base: r(0) },
        I::Return { src: r(0) },
    ]
}

#[test]
fn timeout_fails_at_the_deadline_but_not_a_body_that_ends_there() {
    for (millis, expected) in [(5, "failed: late"), (10, "7"), (0, "failed: late"), (-3, "failed: late")] {
        let mut asm = asm();
        let body = sleeper(&mut asm, 10, 7);
        let code = timeout(&mut asm, millis, body);
        check(asm, 3, &code, expected);
    }
}

/// Spawns a constant, does `then` with the task in R[1], returns R[2].
fn spawned(effect: aivi_bytecode::ConstId, then: &[I]) -> Vec<I> {
    let begin = [I::Const { dst: r(0), value: effect }, I::Spawn { dst: r(1), effect: r(0) }];
    [&begin[..], then, &[I::Return { src: r(2) }]].concat()
}

#[test]
fn join_gives_a_tasks_outcome() {
    let join = [I::Join { dst: r(2), task: r(1) }];
    let mut asm = asm();
    let effect = sleeper(&mut asm, 10, 7);
    check(asm, 3, &spawned(effect, &join), "7");
    let mut asm = self::asm();
    let effect = failer(&mut asm, 10, 7);
    check(asm, 3, &spawned(effect, &join), "failed: 7");
    let mut asm = self::asm();
    let effect = faulter(&mut asm, 10);
    check(asm, 3, &spawned(effect, &join), "fault: a bug");
}

#[test]
fn join_of_a_cancelled_task_is_a_failure() {
    let mut asm = asm();
    let effect = cleaner(&mut asm);
    let then = [
        I::Int { dst: r(2), value: Imm32(1) },
        I::Sleep { dst: r(2), millis: r(2) },
        I::Copy { dst: r(2), src: r(1) },
        I::Cancel { dst: r(2), task: r(2) },
        I::Join { dst: r(2), task: r(1) },
    ];
    let main = asm.proto(Body::new("main", 0, 3, &spawned(effect, &then)).effect().drops(3, &[1]).drops(5, &[1]));
    for out in check_proto(asm, main, "failed: task cancelled") {
        assert_eq!(out, "cleaned;");
    }
}

#[test]
fn a_task_that_never_ran_is_cancelled() {
    let mut asm = asm();
    let effect = sleeper(&mut asm, 10, 7);
    let then = [
        I::Copy { dst: r(2), src: r(1) },
        I::Cancel { dst: r(2), task: r(2) },
        I::IsCancelled { dst: r(2), task: r(1) },
    ];
    check(asm, 3, &spawned(effect, &then), "True");
}

#[test]
fn the_fields_of_a_task_are_effects() {
    let mut asm = asm();
    let effect = sleeper(&mut asm, 10, 7);
    let then = [
        I::Field { dst: r(2), object: r(1), index: Index(2) },
        I::Drop { src: r(1) },
        I::CallRun { count: Count(0), base: r(2), function: r(2) },
    ];
    check(asm, 3, &spawned(effect, &then), "7");
    let mut asm = self::asm();
    let effect = sleeper(&mut asm, 10, 7);
    let then = [I::RunTaskField { dst: r(2), record: r(1), field: Index(2) }];
    check(asm, 4, &spawned(effect, &then), "7");
}

#[test]
fn a_scope_cancels_what_still_runs_and_waits_for_its_cleanup() {
    let mut asm = asm();
    let effect = cleaner(&mut asm);
    // body scope = spawnIn scope cleaner; sleep 1; 3
    let body = asm.proto(
        Body::new(
            "body",
            1,
            3,
            &[
                I::Const { dst: r(1), value: effect },
                I::SpawnIn { dst: r(1), scope: r(0), effect: r(1) },
                I::Drop { src: r(1) },
                I::Int { dst: r(1), value: Imm32(1) },
                I::Sleep { dst: r(2), millis: r(1) },
                I::Int { dst: r(1), value: Imm32(3) },
                I::ReturnScalar { kind: ScalarKind::Int, src: r(1) },
            ],
        )
        .effect(),
    );
    let body = asm.constant(Constant::Function(body));
    let code = [I::Const { dst: r(0), value: body }, I::Scope { dst: r(1), body: r(0) }, I::Return { src: r(1) }];
    for out in check(asm, 2, &code, "3") {
        assert_eq!(out, "cleaned;");
    }
}

#[test]
fn join_all_waits_for_members_and_a_members_fault_is_the_scopes() {
    for (fault, expected) in [(false, "3"), (true, "fault: a bug")] {
        let mut asm = asm();
        let effect = if fault { faulter(&mut asm, 5) } else { sleeper(&mut asm, 5, 0) };
        let body = asm.proto(
            Body::new(
                "body",
                1,
                3,
                &[
                    I::Const { dst: r(1), value: effect },
                    I::Copy { dst: r(2), src: r(0) },
                    I::SpawnIn { dst: r(1), scope: r(2), effect: r(1) },
                    I::Drop { src: r(1) },
                    I::JoinAll { dst: r(1), scope: r(0) },
                    I::Int { dst: r(1), value: Imm32(3) },
                    I::ReturnScalar { kind: ScalarKind::Int, src: r(1) },
                ],
            )
            .effect()
            .drops(2, &[0]),
        );
        let body = asm.constant(Constant::Function(body));
        let code = [I::Const { dst: r(0), value: body }, I::Scope { dst: r(1), body: r(0) }, I::Return { src: r(1) }];
        check(asm, 2, &code, expected);
    }
}

/// Makes a channel: sender in R[0], receiver in R[1].
fn channel(capacity: Option<i32>) -> Vec<I> {
    let mut code = match capacity {
        None => vec![I::ChanMake { dst: r(2) }],
        Some(capacity) => {
            vec![I::Int { dst: r(2), value: Imm32(capacity) }, I::ChanBounded { dst: r(2), capacity: r(2) }]
        }
    };
    code.push(I::Unpack { count: Count(2), first: r(0), object: r(2) });
    code
}

#[test]
fn a_channel_delivers_in_order_then_says_closed() {
    let text = "a message that is too long to be short";
    let mut asm = asm();
    let text_id = asm.text(text);
    let mut code = channel(None);
    for _ in 0..2 {
        code.extend([
            I::Const { dst: r(3), value: text_id },
            I::List { dst: r(3), first: r(3), count: Index(1) },
            I::ChanSend { dst: r(2), sender: r(0), value: r(3) },
        ]);
    }
    code.extend([
        I::ChanClose { dst: r(2), sender: r(0) },
        I::ChanRecv { dst: r(2), receiver: r(1) },
        I::ChanTryRecv { dst: r(3), receiver: r(1) },
        I::ChanRecv { dst: r(4), receiver: r(1) },
        I::ChanTryRecv { dst: r(5), receiver: r(1) },
        I::Drop { src: r(1) },
        I::Const { dst: r(7), value: text_id },
        I::ChanTrySend { dst: r(6), sender: r(0), value: r(7) },
        I::Const { dst: r(8), value: text_id },
        I::ChanSendResult { dst: r(7), sender: r(0), value: r(8) },
        I::Drop { src: r(0) },
        I::List { dst: r(2), first: r(2), count: Index(6) },
        I::Return { src: r(2) },
    ]);
    let expected = format!("[Ok [{text}], Ok [{text}], Err Closed, Err ReceiverClosed, Err SenderClosed, Err Closed]");
    check(asm, 9, &code, &expected);
}

/// C33
#[test]
fn send_on_a_closed_channel_is_a_fault_that_names_both_lines() {
    let mut code = channel(None);
    code.extend([
        I::Drop { src: r(1) },
        I::ChanClose { dst: r(2), sender: r(0) },
        I::ChanSend { dst: r(2), sender: r(0), value: r(2) },
        I::Return { src: r(2) },
    ]);
    let mut asm = asm();
    let main = asm.proto(Body::new("main", 0, 3, &code).effect().drops(4, &[0]));
    check_proto(asm, main, "fault: channel is closed: send at test.aivi:5:1, closed at test.aivi:4:1");
}

#[test]
fn a_negative_capacity_is_a_fault() {
    check(
        asm(),
        3,
        &[&channel(Some(-1))[..], &[I::Return { src: r(0) }]].concat(),
        "fault: makeBounded expects capacity >= 0",
    );
}

#[test]
fn a_rendezvous_hands_over_between_fibers() {
    let mut asm = asm();
    // producer, capturing the sender: sends 5, returns Unit
    let producer = asm.proto(
        Body::new(
            "producer",
            0,
            4,
            &[
                I::Field { dst: r(1), object: r(0), index: Index(0) },
                I::Drop { src: r(0) },
                I::Int { dst: r(2), value: Imm32(5) },
                I::Tag { kind: ScalarKind::Int, dst: r(2), src: r(2) },
                I::ChanSend { dst: r(0), sender: r(1), value: r(2) },
                I::Drop { src: r(1) },
                I::Return { src: r(0) },
            ],
        )
        .effect()
        .captures(1)
        .drops(4, &[1]),
    );
    let mut code = channel(Some(0));
    code.extend([
        I::Move { dst: r(2), src: r(0) },
        I::Closure { count: Count(1), reg: r(2), proto: producer },
        I::Spawn { dst: r(2), effect: r(2) },
        I::Drop { src: r(2) },
        I::ChanRecv { dst: r(2), receiver: r(1) },
        I::Drop { src: r(1) },
        I::Return { src: r(2) },
    ]);
    let main = asm.proto(Body::new("main", 0, 4, &code).effect().drops(5, &[1]).drops(7, &[1]));
    check_proto(asm, main, "Ok 5");
}

/// An effect that never ends and never calls the scheduler by itself.
fn spin(asm: &mut Asm) -> aivi_bytecode::ConstId {
    let proto = asm.proto(Body::new("spin", 0, 1, &[I::Loop { by: j32(-1) }, I::Return { src: r(0) }]).effect());
    asm.constant(Constant::Function(proto))
}

/// C8 C36
#[test]
fn pure_loops_are_preempted_and_cancelled() {
    let mut asm = asm();
    let (left, right) = (spin(&mut asm), sleeper(&mut asm, 0, 2));
    check(asm, 3, &pair_of(race, left, right), "2");
}

/// C9
#[test]
fn a_cancelled_root_ends() {
    let mut asm = asm();
    let spin = spin(&mut asm);
    let text = asm.text("begun");
    let main = asm.proto(
        Body::new(
            "main",
            0,
            2,
            &[
                I::Const { dst: r(0), value: text },
                I::CallNative { count: Count(1), base: r(0), native: NativeId(0) },
                I::Const { dst: r(0), value: spin },
                I::CallRun { count: Count(0), base: r(1), function: r(0) },
                I::Return { src: r(1) },
            ],
        )
        .effect(),
    );
    asm.function("main", main);
    let run = Run::with(asm, SAY, aivi_vm::Limits::default());
    let runtime = run.runtime(Mode::Real);
    let canceller = runtime.canceller();
    let fiber = Strand::new(&run.world, Start::Global { global: 0, arguments: vec![], run: true });
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            while run.host.out.lock().is_empty() {
                std::thread::yield_now();
            }
            canceller.cancel_roots(CancelReason { kind: CancelKind::Signal(2), place: Place(0) });
        });
        runtime.run(fiber)
    });
    assert_eq!(run.show(&ended), "cancelled: signal 2");
}

#[test]
fn everything_waiting_is_a_deadlock() {
    let mut code = channel(None);
    code.extend([I::ChanRecv { dst: r(2), receiver: r(1) }, I::Return { src: r(2) }]);
    let mut asm = asm();
    let main = asm.proto(Body::new("main", 0, 3, &code).effect().drops(2, &[0, 1]));
    check_proto(asm, main, "fault: deadlock");
}

#[test]
fn a_global_that_two_fibers_need_is_computed_once() {
    let mut asm = asm();
    // reader = global 1; global 1 = say-free loop, long enough to be preempted
    let reader = asm.proto(
        Body::new(
            "reader",
            0,
            1,
            &[I::Global { dst: r(0), global: aivi_bytecode::GlobalId(0) }, I::Return { src: r(0) }],
        )
        .effect(),
    );
    let slow = asm.proto(Body::new(
        "slow",
        0,
        2,
        &[
            I::Int { dst: r(0), value: Imm32(0) },
            I::AddIntImm { dst: r(0), left: r(0), right: aivi_bytecode::Imm16(1) },
            I::Const { dst: r(1), value: aivi_bytecode::ConstId(0) },
            I::JumpLeInt { left: r(1), right: r(0), by: j16(1) },
            I::Loop { by: j32(-4) },
            I::Tag { kind: ScalarKind::Int, dst: r(0), src: r(0) },
            I::List { dst: r(0), first: r(0), count: Index(1) },
            I::Return { src: r(0) },
        ],
    ));
    asm.constant(Constant::Int(100_000));
    let reader = asm.constant(Constant::Function(reader));
    asm.global("slow", slow, false);
    let main = asm.proto(Body::new("main", 0, 3, &pair_of(par, reader, reader)).effect());
    let main = asm.function("main", main);
    for seed in SEEDS {
        let mut copy = Asm::new();
        copy.module = asm.module.clone();
        let run = Run::with(copy, SAY, aivi_vm::Limits::default());
        let ended = run.start(seed, Start::Global { global: main, arguments: vec![], run: true });
        assert_eq!(run.show(&ended), "([100000], [100000])", "seed {seed}");
    }
}
