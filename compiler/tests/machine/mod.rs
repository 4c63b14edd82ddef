//! A slow machine that checks what the fast one trusts: that registers hold what instructions expect, that nothing is
//! used after its release, and that a program leaves nothing behind, however it ends. It knows no fibers.

mod heap;
mod natives;
mod step;

use std::collections::HashMap;

use aivi_bytecode::module::{Constant, HandlerKind, Module, Proto};
use aivi_bytecode::{Instruction, ProtoId, Reg, ScalarKind};

use heap::{Heap, Payload, Value};

/// Why a program does not go on.
#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
pub enum Stop {
    /// An uncaught failure, as text.
    Failed(String),
    /// A fault.
    Faulted(String),
    /// Something that this machine does not know.
    Unknown(String),
}

#[derive(Clone)]
enum Unwind {
    Failure(Value),
    Fault(String),
}

struct Frame {
    proto: ProtoId,
    /// The instruction that is being executed.
    pc: usize,
    base: usize,
    /// What happens with the result before the caller gets it: more arguments, and running.
    then: Option<(Vec<Value>, bool)>,
    /// Its failure is dropped, as is its result.
    is_cleanup: bool,
    /// The unwinding that its cleanup handler goes on with.
    pending: Option<Unwind>,
}

pub struct Machine<'m> {
    module: &'m Module,
    heap: Heap,
    constants: Vec<Value>,
    registers: Vec<Value>,
    frames: Vec<Frame>,
    globals: HashMap<u32, Value>,
    /// Globals that are being computed.
    computing: Vec<u32>,
    pub output: String,
    steps: u64,
}

/// Instructions before a program counts as endless.
const STEPS_MAX: u64 = 30_000_000;

/// Runs `main`. Gives the output and how it ended; panics when something is wrong with the code.
pub fn run(module: &Module) -> (String, Result<(), Stop>) {
    let mut machine = Machine {
        module,
        heap: Heap::default(),
        constants: Vec::new(),
        registers: Vec::new(),
        frames: Vec::new(),
        globals: HashMap::new(),
        computing: Vec::new(),
        output: String::new(),
        steps: 0,
    };
    for constant in &module.constants {
        let value = machine.constant(constant);
        machine.constants.push(value);
    }
    let main = &module.globals[module.main.expect("a main") as usize];
    let result = if main.function {
        machine.enter(main.proto, 0);
        machine.execute(0)
    } else {
        Err(Stop::Unknown("main is computed".into()))
    };
    let result = result.map(|value| machine.heap.release(value));
    if !matches!(result, Err(Stop::Unknown(_))) {
        for value in std::mem::take(&mut machine.globals).into_values() {
            machine.heap.release(value);
        }
        let leaks = machine.heap.leaks();
        assert!(leaks.is_empty(), "never released: {leaks:#?}");
    }
    (machine.output, result)
}

impl<'m> Machine<'m> {
    fn constant(&mut self, constant: &Constant) -> Value {
        match constant {
            Constant::Int(value) => Value::int(*value),
            Constant::Float(value) => Value::Scalar(ScalarKind::Float, value.to_bits()),
            Constant::Char(value) => Value::Scalar(ScalarKind::Char, u64::from(u32::from(*value))),
            Constant::Bool(value) => Value::Scalar(ScalarKind::Bool, u64::from(*value)),
            Constant::Unit => Value::Unit,
            Constant::Nullary(shape) => Value::Nullary(*shape),
            Constant::Text(text) => self.heap.constant(Payload::Text(text.clone())),
            Constant::Function(proto) => self.heap.constant(Payload::Closure(*proto, Vec::new())),
            Constant::EmptyList => self.heap.constant(Payload::List(Vec::new())),
        }
    }

    fn proto(&self, id: ProtoId) -> &'m Proto {
        &self.module.protos[id.0 as usize]
    }

    /// Pushes a frame whose arguments are in place.
    fn enter(&mut self, proto: ProtoId, base: usize) {
        let found = self.proto(proto);
        let top = base + usize::from(found.registers);
        if self.registers.len() < top {
            self.registers.resize(top, Value::Empty);
        }
        let given = usize::from(found.parameters) + usize::from(found.captures > 0);
        self.registers[base + given..top].fill(Value::Empty);
        self.frames.push(Frame { proto, pc: 0, base, then: None, is_cleanup: false, pending: None });
    }

    fn at(&self, reg: Reg) -> usize {
        self.frames.last().expect("a frame").base + usize::from(reg.0)
    }

    fn get(&self, reg: Reg) -> Value {
        let value = self.registers[self.at(reg)];
        assert!(value != Value::Empty, "r{} is empty: {}", reg.0, self.place());
        value
    }

    fn take(&mut self, reg: Reg) -> Value {
        let value = self.get(reg);
        assert!(!matches!(value, Value::Raw(_)), "r{} has no tag: {}", reg.0, self.place());
        let at = self.at(reg);
        self.registers[at] = Value::Empty;
        value
    }

    fn set(&mut self, reg: Reg, value: Value) {
        let at = self.at(reg);
        self.registers[at] = value;
    }

    fn place(&self) -> String {
        let frame = self.frames.last().expect("a frame");
        format!("{} pc {}", self.proto(frame.proto).name, frame.pc)
    }

    /// Runs until there are only `depth` frames; the result of the last one that returned.
    fn execute(&mut self, depth: usize) -> Result<Value, Stop> {
        let mut result = Value::Empty;
        while self.frames.len() > depth {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err(Stop::Unknown("too many steps".into()));
            }
            let frame = self.frames.last().expect("a frame");
            let proto = self.proto(frame.proto);
            let instruction = Instruction::decode(proto.code[frame.pc]).expect("verified code");
            match self.step(instruction) {
                Ok(Some(value)) => result = self.returned(value)?,
                Ok(None) => {}
                Err(Raise::Unwind(unwind)) => self.unwind(unwind, depth)?,
                Err(Raise::Stop(stop)) => return Err(stop),
            }
        }
        Ok(result)
    }

    /// The top frame's result: to its caller, or on to further arguments.
    fn returned(&mut self, value: Value) -> Result<Value, Stop> {
        let frame = self.frames.pop().expect("a frame");
        if let Some((arguments, run)) = frame.then {
            self.frames.push(Frame { then: None, ..frame });
            // The caller's frame is the one below: apply as it would.
            let frame = self.frames.pop().expect("a frame");
            self.apply(value, arguments, run, frame.base, frame.is_cleanup)?;
            return Ok(Value::Empty);
        }
        if frame.is_cleanup {
            self.heap.release(value);
        } else {
            self.registers[frame.base] = value;
        }
        if let Some(caller) = self.frames.last_mut() {
            caller.pc += 1;
        }
        Ok(value)
    }

    /// Applies a function value (taken) to arguments (taken); what is called has its window at `base`.
    fn apply(
        &mut self,
        function: Value,
        arguments: Vec<Value>,
        run: bool,
        base: usize,
        cleanup: bool,
    ) -> Result<(), Stop> {
        let (mut callee, mut all) = (function, arguments);
        while let Payload::Partial(..) = self.heap.get(callee) {
            let Payload::Partial(inner, given) = self.heap.take(callee) else { panic!("a partial") };
            all = given.into_iter().chain(all).collect();
            callee = inner;
        }
        let Payload::Closure(proto, captures) = self.heap.get(callee) else { panic!("no function: {}", self.place()) };
        let (id, captures) = (*proto, captures.len());
        let proto = self.proto(id);
        let arity = usize::from(proto.parameters);
        if all.len() < arity || all.len() == arity && proto.effect && !run {
            assert!(!run, "too few arguments for an effect: {}", self.place());
            let value = if all.is_empty() { callee } else { self.heap.make(Payload::Partial(callee, all)) };
            self.registers[base] = value;
            self.frames.last_mut().expect("a frame").pc += 1;
            return Ok(());
        }
        let rest = all.split_off(arity);
        let top = base + usize::from(proto.registers);
        if self.registers.len() < top {
            self.registers.resize(top, Value::Empty);
        }
        self.registers[base..base + arity].copy_from_slice(&all);
        if captures > 0 {
            self.registers[base + arity] = callee;
        } else {
            self.heap.release(callee);
        }
        self.enter(id, base);
        let frame = self.frames.last_mut().expect("a frame");
        frame.is_cleanup = cleanup;
        if !rest.is_empty() || run && !proto.effect {
            frame.then = Some((rest, run));
        }
        Ok(())
    }

    fn unwind(&mut self, unwind: Unwind, depth: usize) -> Result<(), Stop> {
        while self.frames.len() > depth {
            let frame = self.frames.last().expect("a frame");
            let proto = self.proto(frame.proto);
            let pc = frame.pc as u32;
            let owned = proto.drops.iter().find(|drops| drops.pc == pc).map_or(&[][..], |drops| &drops.registers);
            let handler = proto.handlers.iter().find(|handler| {
                let matches = handler.kind == HandlerKind::Cleanup || matches!(unwind, Unwind::Failure(_));
                (handler.start..handler.end).contains(&pc) && matches
            });
            let keep = handler.map_or(&[][..], |handler| &handler.keep);
            // A kept register may hold a constant here, which nobody owns, and a counted value elsewhere in the
            // handler's range.
            let untagged = |reg: &&Reg| matches!(self.get(**reg), Value::Raw(_));
            assert!(!keep.iter().any(|reg| untagged(&reg)), "a handler keeps what has no tag: {}", self.place());
            for &reg in owned.iter().filter(|reg| !keep.contains(reg)) {
                let value = self.take(reg);
                self.heap.release(value);
            }
            if let Some(handler) = handler {
                match (handler.kind, unwind) {
                    (HandlerKind::Failure(reg), Unwind::Failure(error)) => self.set(reg, error),
                    (_, unwind) => self.frames.last_mut().expect("a frame").pending = Some(unwind),
                }
                self.frames.last_mut().expect("a frame").pc = handler.target as usize;
                return Ok(());
            }
            let frame = self.frames.pop().expect("a frame");
            if let Some((arguments, _)) = frame.then {
                arguments.into_iter().for_each(|argument| self.heap.release(argument));
            }
            if frame.is_cleanup {
                if let Unwind::Failure(error) = unwind {
                    self.heap.release(error);
                }
                self.frames.last_mut().expect("a frame").pc += 1;
                return Ok(());
            }
        }
        Err(match unwind {
            Unwind::Failure(error) => {
                let text = self.heap.show(&self.module.shapes, error);
                self.heap.release(error);
                Stop::Failed(text)
            }
            Unwind::Fault(message) => Stop::Faulted(message),
        })
    }
}

/// What keeps an instruction from going on with the next one.
enum Raise {
    Unwind(Unwind),
    Stop(Stop),
}

impl From<Stop> for Raise {
    fn from(stop: Stop) -> Self {
        Raise::Stop(stop)
    }
}
