//! The claim about modules that anybody may have written: they are refused, or run and break nothing. An input decides
//! how a module of a sample is changed, change by change; a change that the verifier refuses is taken back, so that
//! most of them together run.

use std::sync::OnceLock;

use aivi_bytecode::isa::{OpcodeInfo, OperandInfo, TABLE};
use aivi_bytecode::module::{Constant, Drops, HandlerKind, Shape};
use aivi_bytecode::operand::OperandKind;
use aivi_bytecode::{Instruction, Module, Proto, ProtoId, Reg, ScalarKind, ShapeId, codec, verify};
use aivi_vm::Limits;

use super::program::{LIMITS, encoded, run_untrusted};
use crate::generate::Choices;

/// What the first byte of an input asks for: a sample that is changed, or else the input is a module itself.
const CHANGES: u8 = 4;

/// Any bytes are refused, or are a module that runs within its limits.
///
/// # Panics
/// When that does not hold; if memory is broken, anything may happen instead.
pub fn untrusted(bytes: &[u8]) {
    let [CHANGES, seed, choices @ ..] = bytes else {
        if let Ok(module) = codec::decode(bytes) {
            // That it is refused is an answer too.
            let _ = run_untrusted(module, 0, limits());
        }
        return;
    };
    let mut choices = Choices::new(choices);
    let programs = programs();
    let mut module = programs[choices.below(programs.len())].clone();
    while !choices.is_empty() {
        change(&mut module, &mut choices);
    }
    let _ = run_untrusted(module, u64::from(*seed), limits());
}

/// What breaks memory does so early, and most changed programs never end.
fn limits() -> Limits {
    LIMITS.fuel(16 * 4096)
}

/// Makes one change, if the verifier allows it.
fn change(module: &mut Module, choices: &mut Choices<'_>) {
    // Few protos are reached in a run; those of the program itself are the first or the last ones, as it was linked.
    let id = ProtoId(choices.below(module.protos.len()) as u32);
    match choices.below(16) {
        kind @ 0..=3 => change_tables(module, id, kind, choices),
        kind => change_proto(module, id, kind, choices),
    }
}

/// A change that other protos may see: all have to be checked again.
fn change_tables(module: &mut Module, id: ProtoId, kind: usize, choices: &mut Choices<'_>) {
    let proto = id.0 as usize;
    let before =
        (module.protos[proto].clone(), module.constants.clone(), module.natives.clone(), module.shapes.clone());
    match kind {
        0 => constant(module, choices),
        1 => native(module, choices),
        2 => shape(module, choices),
        _ => description(&mut module.protos[proto], choices),
    }
    if verify::verify(module).is_err() || verify::follow(module).is_err() {
        (module.protos[proto], module.constants, module.natives, module.shapes) = before;
    }
}

/// A change that no other proto sees.
fn change_proto(module: &mut Module, id: ProtoId, kind: usize, choices: &mut Choices<'_>) {
    let before = module.protos[id.0 as usize].clone();
    match kind {
        4 => unwinding(&mut module.protos[id.0 as usize], choices),
        _ => code(&mut module.protos[id.0 as usize].code, choices),
    }
    if verify::verify_proto(module, id).is_err() || verify::follow_proto(module, id).is_err() {
        module.protos[id.0 as usize] = before;
    }
}

/// Another instruction, or another operand.
fn code(code: &mut [u64], choices: &mut Choices<'_>) {
    let count = code.len();
    let (at, other) = (choices.below(count), choices.below(count));
    let kind = choices.below(10);
    let opcode = choices.below(TABLE.len());
    let numbers = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
    match kind {
        0 => code.swap(at, other),
        1 => code[at] = code[other],
        2 => code[at] = canonical(code[at] & !0xff | TABLE[opcode].opcode as u64),
        3 => code[at] = made(&TABLE[opcode], code[other], numbers),
        4 => retarget(code, at, other),
        5 => confuse(code, at, other, numbers),
        _ => {
            let operands = operands(code[at]);
            if let Some(operand) = operands.get(usize::from(numbers[0]) % operands.len().max(1)) {
                code[at] = operand.replaced(code[at], u32::from(numbers[1]) % 24);
            }
        }
    }
}

fn operands(word: u64) -> &'static [OperandInfo] {
    Instruction::decode(word).map_or(&[], |instruction| instruction.opcode().info().operands)
}

/// The next jump from `at` on leads to `target`: into another branch, or the body of a loop.
fn retarget(code: &mut [u64], at: usize, target: usize) {
    let jump = |word: u64| operands(word).iter().find(|operand| operand.kind == OperandKind::Jump);
    if let Some((pc, operand)) = (at..code.len()).find_map(|pc| Some((pc, jump(code[pc])?))) {
        code[pc] = operand.replaced(code[pc], (target as i64 - pc as i64 - 1) as u32);
    }
}

/// A register of one instruction gets what another one has in one of its own, with its tag or without; or the two
/// change places.
fn confuse(code: &mut [u64], at: usize, other: usize, numbers: [u8; 4]) {
    let register = |word: u64, number: u8| {
        let registers: Vec<_> = operands(word).iter().filter(|operand| operand.kind == OperandKind::Reg).collect();
        registers
            .get(usize::from(number) % registers.len().max(1))
            .map(|operand| (**operand, operand.value(word) as u32))
    };
    let (Some((from, src)), Some((to, dst))) = (register(code[at], numbers[0]), register(code[other], numbers[1]))
    else {
        return;
    };
    let (src, dst) = (Reg(src as u16), Reg(dst as u16));
    match numbers[2] % 4 {
        0 => code[at] = from.replaced(code[at], dst.0.into()),
        1 => code[at] = Instruction::Move { dst, src }.encode(),
        2 => code[at] = Instruction::MoveRaw { dst, src }.encode(),
        _ => {
            code[at] = from.replaced(code[at], dst.0.into());
            code[other] = to.replaced(code[other], src.0.into());
        }
    }
}

/// An instruction of this row with small numbers; where it jumps, it does so as another one.
fn made(row: &OpcodeInfo, like: u64, numbers: [u8; 4]) -> u64 {
    let fill = |word: u64, (operand, number): (&OperandInfo, u8)| match operand.kind {
        OperandKind::Jump => word,
        _ => operand.replaced(word, u32::from(number) % 16),
    };
    canonical(row.operands.iter().zip(numbers).fold(like & !0xff | row.opcode as u64, fill))
}

/// The word without bits that its instruction does not use.
fn canonical(word: u64) -> u64 {
    Instruction::decode(word).map_or(word, Instruction::encode)
}

fn constant(module: &mut Module, choices: &mut Choices<'_>) {
    if module.constants.is_empty() {
        return;
    }
    let at = choices.below(module.constants.len());
    module.constants[at] = match choices.below(10) {
        0 => Constant::Int(i64::from(choices.byte()) - 100),
        1 => Constant::Float(f64::from_bits(choices.number())),
        2 => Constant::Char('x'),
        3 => Constant::Bool(true),
        4 => Constant::Unit,
        5 => Constant::Text("some text that does not stand in a value".into()),
        6 => Constant::Nullary(ShapeId(choices.byte().into())),
        7 => Constant::Function(ProtoId(choices.below(module.protos.len()) as u32)),
        8 => module.constants[choices.below(module.constants.len())].clone(),
        _ => Constant::EmptyList,
    };
}

fn native(module: &mut Module, choices: &mut Choices<'_>) {
    if module.natives.is_empty() {
        return;
    }
    let at = choices.below(module.natives.len());
    let known = aivi_stdlib::NATIVES.concat();
    let native = &mut module.natives[at];
    match choices.below(3) {
        0 => native.owned = u32::from(choices.byte()),
        1 => native.effect = !native.effect,
        _ => {
            let fitting: Vec<&str> =
                known.iter().filter(|known| known.arity == native.arity).map(|known| known.name).collect();
            native.name = fitting[choices.below(fitting.len())].to_owned();
        }
    }
}

fn shape(module: &mut Module, choices: &mut Choices<'_>) {
    let at = choices.below(module.shapes.len());
    match &mut module.shapes[at] {
        Shape::Constructor { index, arity, .. } => {
            (*index, *arity) = (choices.byte().into(), choices.byte() as u16 % 4)
        }
        Shape::Tuple(arity) => *arity = choices.byte() as u16 % 5,
        Shape::Record(names) => _ = names.pop(),
    }
}

fn description(proto: &mut Proto, choices: &mut Choices<'_>) {
    let number = choices.byte();
    match choices.below(6) {
        0 => proto.parameters = u16::from(number % 6),
        1 => proto.captures = number % 4,
        2 => proto.effect = !proto.effect,
        3 => proto.registers = proto.registers.saturating_add(u16::from(number)),
        4 => _ = proto.raw.pop(),
        _ => {
            let reg = Reg(u16::from(number) % proto.parameters.max(1));
            if let Err(place) = proto.raw.binary_search_by_key(&reg, |raw| raw.0) {
                proto.raw.insert(place, (reg, ScalarKind::Int));
            }
        }
    }
}

fn unwinding(proto: &mut Proto, choices: &mut Choices<'_>) {
    let reg = Reg(u16::from(choices.byte() % 24));
    match choices.below(4) {
        0 if !proto.drops.is_empty() => {
            let at = choices.below(proto.drops.len());
            proto.drops[at].registers.push(reg);
        }
        1 if !proto.drops.is_empty() => {
            let at = choices.below(proto.drops.len());
            _ = proto.drops[at].registers.pop();
        }
        2 => {
            let pc = choices.below(proto.code.len()) as u32;
            if let Err(place) = proto.drops.binary_search_by_key(&pc, |drops| drops.pc) {
                proto.drops.insert(place, Drops { pc, registers: vec![reg] });
            }
        }
        _ if !proto.handlers.is_empty() => {
            let at = choices.below(proto.handlers.len());
            let handler = &mut proto.handlers[at];
            match choices.below(4) {
                0 => handler.keep.push(reg),
                1 => _ = handler.keep.pop(),
                2 => handler.kind = HandlerKind::Failure(reg),
                _ => handler.kind = HandlerKind::Cleanup,
            }
        }
        _ => {}
    }
}

/// Samples, as modules, and programs of a few lines that use much of the machine.
fn programs() -> &'static [Module] {
    static PROGRAMS: OnceLock<Vec<Module>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let root = crate::files::root();
        let folders = [
            "tests/samples",
            "tests/conformance/patterns",
            "tests/conformance/records",
            "tests/conformance/channels",
            "tests/conformance/resources",
        ]
        .map(|folder| root.join(folder));
        let texts = folders.iter().flat_map(|folder| crate::files::list(folder, "aivi", false));
        let modules = texts.filter_map(|path| encoded(&crate::files::read(&path)));
        modules
            .map(|bytes| codec::decode(&bytes).expect("encoded here"))
            .filter(|module| module.main.is_some())
            .collect()
    })
}
