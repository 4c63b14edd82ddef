//! A panic of the machine itself is the fault of the fiber that it ran.

mod common;

use aivi_bytecode::module::{Constant, NativeImport};
use aivi_bytecode::{Count, Imm32, Instruction as I, NativeId, ScalarKind};
use aivi_scheduler::{Mode, Outcome};
use aivi_vm::{Called, Caller, Limits, NativeFn, Start, Strand};
use common::{Asm, Body, Run, r};

/// A program whose global 0 calls a native function that has a bug, and whose global 1 sleeps and gives 7.
fn run() -> Run {
    let mut asm = Asm::new();
    asm.module.natives.push(NativeImport { name: "bug".into(), arity: 1, effect: false, owned: 0 });
    let text = asm.constant(Constant::Text("a text".into()));
    let bug = [
        I::Const { dst: r(0), value: text },
        I::CallNative { count: Count(1), base: r(0), native: NativeId(0) },
        I::Return { src: r(0) },
    ];
    let sleeper = [
        I::Int { dst: r(0), value: Imm32(20) },
        I::Sleep { dst: r(1), millis: r(0) },
        I::Int { dst: r(0), value: Imm32(7) },
        I::ReturnScalar { kind: ScalarKind::Int, src: r(0) },
    ];
    let bug = asm.proto(Body::new("bug", 0, 2, &bug).effect());
    let sleeper = asm.proto(Body::new("sleeper", 0, 2, &sleeper).effect());
    asm.function("bug", bug);
    asm.function("sleeper", sleeper);
    const BUG: &[NativeFn] = &[NativeFn::new("bug", 1, |_, _| panic!("oh"))];
    Run::with(asm, BUG, Limits::default())
}

fn start(run: &Run, global: u32) -> Strand {
    Strand::new(&run.world, Start::Global { global, arguments: vec![], run: true })
}

#[test]
fn others_go_on() {
    let run = run();
    for mode in [Mode::Real, Mode::Simulated { seed: 1 }] {
        let runtime = run.runtime(mode);
        let others = [1, 1, 1].map(|global| runtime.start(start(&run, global)));
        let Outcome::Faulted(fault) = runtime.run(start(&run, 0)) else { panic!("a fault") };
        assert_eq!(fault.message(), "a bug of the machine: oh");
        for other in others {
            assert!(matches!(other.wait(), Some(Outcome::Done(value)) if value.value().as_int() == Some(7)));
        }
        assert!(matches!(runtime.run(start(&run, 1)), Outcome::Done(_)), "also whoever comes later");
        assert_eq!(runtime.stats().tasks, 0, "nobody is left behind");
    }
}

#[test]
fn so_does_a_host_that_calls_in_place() {
    let run = run();
    assert!(matches!(run.runtime(Mode::Real).run(start(&run, 0)), Outcome::Faulted(_)), "now the global is evaluated");
    let mut caller = Caller::new(run.world.clone());
    for _ in 0..3 {
        let Called::Faulted(fault) = caller.call(0, vec![], true) else { panic!("a fault") };
        assert_eq!(fault.message(), "a bug of the machine: oh");
    }
}
