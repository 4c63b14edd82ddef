//! Functions that try, of fibers that are woken together: they are called again before the turns of those
//! (`Task::try_early`).

mod common;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use aivi_bytecode::module::NativeImport;
use aivi_bytecode::{Count, Instruction as I, NativeId};
use aivi_scheduler::reactor::{Interest, Io};
use aivi_scheduler::{CancelKind, CancelReason, Mode, Place, Runtime, Started, Turn};
use aivi_vm::native::Tried;
use aivi_vm::{Limits, NativeFn, Start, Strand, Value};
use common::*;
use mio::net::UnixStream;
use parking_lot::Mutex;

/// What fibers share: one each.
struct Socket {
    stream: Io<UnixStream>,
    tries: Arc<Mutex<usize>>,
}

const NATIVES: &[NativeFn] = &[NativeFn::trying(
    "take",
    1,
    |args| {
        let Some(socket) = args.get(0).as_handle::<Socket>() else { return Tried::WrongType };
        let source = socket.stream.source();
        let attempt = source.attempt(Interest::Read);
        *socket.tries.lock() += 1;
        let mut byte = [0];
        match (&*socket.stream).read(&mut byte) {
            Ok(_) => Tried::Done(Value::ok(Value::text(&format!("byte {}", byte[0])))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Tried::Wait(source.clone(), attempt),
            Err(_) => Tried::WrongType,
        }
    },
    512,
)];

/// Two fibers that wait, each for a byte of its own.
struct Waiting {
    run: Run,
    runtime: Runtime<Strand>,
    fibers: Vec<Started<Strand>>,
    writers: Vec<UnixStream>,
    tries: Arc<Mutex<usize>>,
}

impl Waiting {
    fn begin() -> Waiting {
        let mut asm = Asm::new();
        asm.module.natives.push(NativeImport { name: "take".into(), arity: 1, effect: true, owned: 1 });
        let code = [
            I::Move { dst: r(1), src: r(0) },
            I::CallNative { count: Count(1), base: r(1), native: NativeId(0) },
            I::Return { src: r(1) },
        ];
        let main = asm.proto(Body::new("main", 1, 2, &code).effect());
        asm.function("main", main);
        let run = Run::with(asm, NATIVES, Limits::default());
        let runtime = run.runtime_with(1, Mode::Driven);
        let tries = Arc::new(Mutex::new(0));
        let mut waiting = Waiting { run, runtime, fibers: Vec::new(), writers: Vec::new(), tries };
        for _ in 0..2 {
            let (reader, writer) = UnixStream::pair().expect("a pair of sockets");
            let stream = waiting.runtime.registry().expect("a reactor").register(reader).expect("a source");
            let socket = Value::handle("socket", Arc::new(Socket { stream, tries: waiting.tries.clone() }));
            let start = Start::Global { global: 0, arguments: vec![socket.share()], run: true };
            waiting.fibers.push(waiting.runtime.start(Strand::new(&waiting.run.world, start)));
            waiting.writers.push(writer);
        }
        waiting.work();
        waiting
    }

    /// Runs what is ready.
    fn work(&self) {
        while self.runtime.turn(Duration::from_millis(1)) == Turn::Ready {}
    }

    /// Asks the reactor, and runs nothing.
    fn ask(&self) {
        self.runtime.turn(Duration::ZERO);
    }

    fn write(&mut self, byte: u8) {
        self.writers.iter_mut().for_each(|writer| assert_eq!(writer.write(&[byte]).expect("room"), 1));
    }

    /// How often was the function called since the last time?
    fn tries(&self) -> usize {
        std::mem::take(&mut *self.tries.lock())
    }

    fn outcomes(self) -> Vec<String> {
        self.work();
        self.fibers.iter().map(|fiber| self.run.show(&fiber.wait().expect("an outcome"))).collect()
    }
}

#[test]
fn fibers_that_are_woken_together_try_before_their_turns() {
    let outcomes = leak_checked(|| {
        let mut waiting = Waiting::begin();
        waiting.tries();
        waiting.write(7);
        waiting.ask();
        assert_eq!(waiting.tries(), 2, "both have tried");
        waiting.work();
        assert_eq!(waiting.tries(), 0, "neither has tried again");
        waiting.outcomes()
    });
    assert_eq!(outcomes, ["Ok byte 7", "Ok byte 7"]);
}

#[test]
fn who_is_woken_alone_tries_in_its_turn() {
    let mut waiting = Waiting::begin();
    waiting.tries();
    assert_eq!(waiting.writers[0].write(&[7]).expect("room"), 1);
    waiting.ask();
    assert_eq!(waiting.tries(), 0);
    waiting.work();
    assert_eq!(waiting.tries(), 1);
    assert_eq!(waiting.writers[1].write(&[8]).expect("room"), 1);
    assert_eq!(waiting.outcomes(), ["Ok byte 7", "Ok byte 8"]);
}

#[test]
fn a_request_to_end_that_comes_between_finds_the_call_done() {
    let outcomes = leak_checked(|| {
        let mut waiting = Waiting::begin();
        waiting.write(7);
        waiting.ask();
        let reason = CancelReason { kind: CancelKind::Handle, place: Place::default() };
        waiting.fibers.iter().for_each(|fiber| fiber.cancel(reason));
        waiting.outcomes()
    });
    assert_eq!(outcomes, ["Ok byte 7", "Ok byte 7"]);
}
