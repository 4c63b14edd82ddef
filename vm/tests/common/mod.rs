//! A small assembler, and a world to run its programs in.

#![allow(dead_code)]

use std::sync::Arc;

use aivi_bytecode::module::{Constant, Drops, Global, Handler, HandlerKind, Line, Module, SourceFile, well_known};
use aivi_bytecode::{ConstId, Instruction, Jump16, Jump32, Proto, ProtoId, Reg};
use aivi_scheduler::{Config, Mode, Observer, Outcome, Place, Report, Runtime};
use aivi_vm::{
    Code, Failure, Fault, Host, Limits, LoadError, NativeFn, Natives, Origin, Program, Shared, Start, Strand, Value,
    World,
};
use parking_lot::Mutex;

pub type Ended = Outcome<Shared, Fault>;

/// Shorthand for a register.
pub fn r(index: u16) -> Reg {
    Reg(index)
}

/// A module under construction.
pub struct Asm {
    pub module: Module,
}

/// A proto under construction.
#[derive(Default)]
pub struct Body {
    pub proto: Proto,
}

impl Asm {
    pub fn new() -> Asm {
        let source = SourceFile { path: "test.aivi".into(), text: String::new() };
        Asm { module: Module { shapes: well_known::shapes(), sources: vec![source], ..Module::default() } }
    }

    /// Adds a proto; lines are its pcs.
    pub fn proto(&mut self, body: Body) -> ProtoId {
        let mut proto = body.proto;
        let lines = 0..proto.code.len() as u32;
        proto.lines = lines.map(|pc| Line { pc, source: 0, line: pc + 1, column: 1 }).collect();
        self.module.protos.push(proto);
        ProtoId(self.module.protos.len() as u32 - 1)
    }

    pub fn constant(&mut self, constant: Constant) -> ConstId {
        self.module.constants.push(constant);
        ConstId(self.module.constants.len() as u32 - 1)
    }

    pub fn text(&mut self, text: &str) -> ConstId {
        self.constant(Constant::Text(text.into()))
    }

    /// A global that is the function of a proto.
    pub fn function(&mut self, name: &str, proto: ProtoId) -> u32 {
        self.global(name, proto, true)
    }

    pub fn global(&mut self, name: &str, proto: ProtoId, function: bool) -> u32 {
        self.module.globals.push(Global { name: name.into(), proto, function });
        self.module.globals.len() as u32 - 1
    }
}

impl Body {
    pub fn new(name: &str, parameters: u16, registers: u16, code: &[Instruction]) -> Body {
        let code = code.iter().map(|instruction| instruction.encode()).collect();
        Body { proto: Proto { name: name.into(), parameters, registers, code, ..Proto::default() } }
    }

    pub fn effect(mut self) -> Body {
        self.proto.effect = true;
        self
    }

    pub fn captures(mut self, captures: u8) -> Body {
        self.proto.captures = captures;
        self
    }

    pub fn drops(mut self, pc: u32, registers: &[u16]) -> Body {
        self.proto.drops.push(Drops { pc, registers: registers.iter().map(|index| Reg(*index)).collect() });
        self
    }

    pub fn catch(self, start: u32, end: u32, target: u32, error: u16, keep: &[u16]) -> Body {
        self.handler(start, end, target, HandlerKind::Failure(Reg(error)), keep)
    }

    pub fn cleanup(self, start: u32, end: u32, target: u32, keep: &[u16]) -> Body {
        self.handler(start, end, target, HandlerKind::Cleanup, keep)
    }

    fn handler(mut self, start: u32, end: u32, target: u32, kind: HandlerKind, keep: &[u16]) -> Body {
        let keep = keep.iter().map(|index| Reg(*index)).collect();
        self.proto.handlers.push(Handler { start, end, target, kind, keep });
        self
    }
}

pub fn j16(by: i16) -> Jump16 {
    Jump16(by)
}

pub fn j32(by: i32) -> Jump32 {
    Jump32(by)
}

/// A host that keeps what is written.
#[derive(Default)]
pub struct Kept {
    pub out: Mutex<String>,
    pub warnings: Mutex<Vec<String>>,
}

impl Host for Kept {
    fn write_out(&self, text: &str) -> std::io::Result<()> {
        self.out.lock().push_str(text);
        Ok(())
    }
    fn write_err(&self, text: &str) {
        self.warnings.lock().push(text.to_owned());
    }
    fn warn(&self, text: &str) {
        self.warnings.lock().push(text.to_owned());
    }
}

struct Reports(Arc<Kept>);

impl Observer<Strand> for Reports {
    fn report(&self, report: Report<'_, Strand>) {
        let text = match report {
            Report::UnjoinedFailure { .. } => "unjoined failure".to_owned(),
            Report::LostFault { fault, .. } => format!("lost fault: {fault}"),
            Report::GivenUp { .. } => "given up".to_owned(),
            Report::Stuck { .. } | Report::CutOff { .. } | Report::Held(_) => return,
        };
        self.0.warnings.lock().push(text);
    }
    fn describe_place(&self, place: Place) -> String {
        format!("{}:{}", place.0 >> 32, place.0 as u32)
    }
}

/// A program, and what it wrote.
pub struct Run {
    pub host: Arc<Kept>,
    pub world: Arc<World>,
}

impl Run {
    pub fn new(asm: Asm) -> Run {
        Run::with(asm, &[], Limits::default())
    }

    pub fn with(asm: Asm, natives: &'static [NativeFn], limits: Limits) -> Run {
        let mut table = Natives::new();
        table.add(natives);
        Run::of(Program::load(asm.module, &table).unwrap_or_else(|error| panic!("{error}")), limits)
    }

    /// A program that nobody vouches for.
    pub fn untrusted(asm: Asm, natives: &'static [NativeFn]) -> Result<Run, LoadError> {
        let mut table = Natives::new();
        table.add(natives);
        Ok(Run::of(Program::link(0, Code::new(asm.module, Origin::Elsewhere)?, &table)?, Limits::default()))
    }

    fn of(program: Arc<Program>, limits: Limits) -> Run {
        let host = Arc::new(Kept::default());
        Run { world: Arc::new(World::new(program, host.clone(), limits)), host }
    }

    pub fn runtime(&self, mode: Mode) -> Runtime<Strand> {
        self.runtime_with(2, mode)
    }

    pub fn runtime_with(&self, workers: usize, mode: Mode) -> Runtime<Strand> {
        let config = Config { workers, mode, blocking_threads: 2 };
        Runtime::new(config, Arc::new(Reports(self.host.clone()))).expect("a runtime")
    }

    /// Runs global 0 as an effect on the simulator.
    pub fn effect(&self, seed: u64) -> Ended {
        self.start(seed, Start::Global { global: 0, arguments: vec![], run: true })
    }

    /// Applies global 0 to arguments on the simulator.
    pub fn apply(&self, arguments: Vec<Value>) -> Ended {
        let arguments = arguments.into_iter().map(Value::share).collect();
        self.start(0, Start::Global { global: 0, arguments, run: false })
    }

    pub fn start(&self, seed: u64, start: Start) -> Ended {
        self.runtime(Mode::Simulated { seed }).run(Strand::new(&self.world, start))
    }

    pub fn show(&self, ended: &Ended) -> String {
        let text = |value: &Value| aivi_vm::structural::to_text(value, self.world.program.shapes());
        match ended {
            Outcome::Done(value) => text(value.value()),
            Outcome::Failed(error) => format!("failed: {}", text(Failure::unpack(error.clone()).error())),
            Outcome::Cancelled(reason) => format!("cancelled: {}", reason.kind),
            Outcome::Faulted(fault) => format!("fault: {fault}"),
        }
    }
}

/// Runs `work` and checks that it left no object behind.
pub fn leak_checked<T>(work: impl FnOnce() -> T) -> T {
    let before = aivi_vm::live_bytes();
    let result = work();
    assert_eq!(aivi_vm::live_bytes(), before, "objects leaked");
    result
}
