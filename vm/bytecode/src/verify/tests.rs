use super::code::window;
use super::*;
use crate::isa::{Instruction as I, TABLE};
use crate::module::{Drops, Global, Handler, HandlerKind, Line, NativeImport, REGISTERS_MAX, SourceFile, Test};
use crate::operand::{
    ConstId, Count, GlobalId, Imm16, Imm32, Index, Jump16, Jump32, NativeId, OperandKind, Reg, ScalarKind, ShapeId,
};

/// A module with one of everything that an id can name, whose proto 0 is `code` with 8 registers.
/// Proto 1 takes two arguments, proto 2 is an effect that captures one value.
pub(super) fn module(code: &[I]) -> Module {
    let end = vec![I::Return { src: Reg(0) }.encode()];
    let subject = Proto { registers: 8, code: code.iter().map(|word| word.encode()).collect(), ..Proto::default() };
    let pair = Proto { parameters: 2, registers: 4, code: end.clone(), ..Proto::default() };
    let closure = Proto { effect: true, captures: 1, registers: 2, code: end, ..Proto::default() };
    Module {
        protos: vec![subject, pair, closure],
        constants: vec![Constant::Text("name".into()), Constant::Int(7)],
        shapes: well_known::shapes(),
        globals: vec![Global { name: "g".into(), proto: ProtoId(1), function: true }],
        natives: vec![NativeImport { name: "n".into(), arity: 2, effect: false, owned: 1 }],
        sources: vec![SourceFile { path: "a.aivi".into(), text: String::new() }],
        ..Module::default()
    }
}

pub(super) const RETURN: I = I::Return { src: Reg(0) };

fn rules(module: &Module) -> Vec<Rule> {
    let mut rules: Vec<Rule> = verify(module).err().into_iter().flatten().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

fn breaks(code: &[I], rule: Rule) {
    assert_eq!(rules(&module(code)), [rule], "{code:?}");
}

fn holds(code: &[I]) {
    assert_eq!(verify(&module(code)), Ok(()), "{code:?}");
}

fn breaks_with(rule: Rule, change: impl FnOnce(&mut Module)) {
    let mut module =
        module(&[I::Int { dst: Reg(0), value: Imm32(1) }, I::Int { dst: Reg(0), value: Imm32(1) }, RETURN]);
    assert_eq!(verify(&module), Ok(()), "before the change");
    change(&mut module);
    assert_eq!(rules(&module), [rule]);
}

#[test]
fn v1_well_known_shapes() {
    breaks_with(Rule::V1, |module| module.shapes.swap(0, 1));
    breaks_with(Rule::V1, |module| module.shapes.truncate(5));
}

#[test]
fn v2_canonical_words() {
    breaks_with(Rule::V2, |module| module.protos[0].code[0] = 0xfe);
    // `return` uses no bits above 32.
    breaks_with(Rule::V2, |module| module.protos[0].code[2] |= 1 << 40);
    // `tag` knows four scalar kinds.
    breaks_with(Rule::V2, |module| {
        module.protos[0].code[0] = I::Tag { kind: ScalarKind::Int, dst: Reg(0), src: Reg(0) }.encode() | 4 << 8
    });
    let hidden = I::Const { dst: Reg(0), value: ConstId(0) };
    breaks_with(Rule::V2, |module| {
        module.protos[0].code[0] = I::FieldNamed { dst: Reg(0), object: Reg(1) }.encode();
        module.protos[0].code[1] = hidden.encode() | 1 << 8;
    });
}

#[test]
fn v3_registers() {
    breaks(&[I::Move { dst: Reg(8), src: Reg(0) }, RETURN], Rule::V3);
    breaks_with(Rule::V3, |module| module.protos[1].registers = REGISTERS_MAX + 1);
    breaks(&[I::Move { dst: Reg(0), src: Reg(u16::MAX) }, RETURN], Rule::V3);
    holds(&[I::Move { dst: Reg(7), src: Reg(0) }, RETURN]);
    breaks_with(Rule::V3, |module| module.protos[0].drops.push(Drops { pc: 0, registers: vec![Reg(8)] }));
    let handler = |kind, keep| Handler { start: 0, end: 1, target: 2, kind, keep };
    breaks_with(Rule::V3, |module| module.protos[0].handlers.push(handler(HandlerKind::Failure(Reg(8)), vec![])));
    breaks_with(Rule::V3, |module| module.protos[0].handlers.push(handler(HandlerKind::Cleanup, vec![Reg(9)])));
}

#[test]
fn v4_windows() {
    holds(&[I::Call { base: Reg(6), proto: ProtoId(1) }, RETURN]);
    breaks(&[I::Call { base: Reg(7), proto: ProtoId(1) }, RETURN], Rule::V4);
    breaks(&[I::CallRun { base: Reg(6), count: Count(3), function: Reg(0) }, RETURN], Rule::V4);
    breaks(&[I::CallNative { base: Reg(7), count: Count(2), native: NativeId(0) }, RETURN], Rule::V4);
    breaks(&[I::List { dst: Reg(0), first: Reg(1), count: Index(8) }, RETURN], Rule::V4);
    breaks(&[I::Timeout { base: Reg(6) }, RETURN], Rule::V4);
    breaks(&[I::TextSlice { dst: Reg(0), text: Reg(1), first: Reg(7) }, RETURN], Rule::V4);
    breaks(&[I::Unpack { count: Count(200), first: Reg(1), object: Reg(0) }, RETURN], Rule::V4);
}

#[test]
fn v4_every_row_with_a_count_has_a_window() {
    let module = module(&[RETURN]);
    // Numbers in the table that say how much, but not of registers.
    let others = ["switch.con", "list.drop"];
    // Rows whose windows have a fixed length.
    let fixed = ["text.slice", "timeout", "par.each", "par.each.settled"];
    for row in TABLE.iter().filter(|row| !others.contains(&row.mnemonic)) {
        let counts = row.operands.iter().any(|operand| operand.name == "count");
        let instruction = I::decode(row.opcode as u64 | 1 << 8 | 1 << 16 | 1 << 32 | 1 << 48);
        let calls = row.operands.iter().any(|operand| operand.kind == OperandKind::Proto);
        let found = instruction.and_then(|instruction| window(&module, instruction)).is_some();
        assert_eq!(found, counts || calls || fixed.contains(&row.mnemonic), "{}", row.mnemonic);
    }
}

#[test]
fn v5_jumps() {
    breaks(&[I::Jump { by: Jump32(1) }, RETURN], Rule::V5);
    breaks(&[I::Loop { by: Jump32(-3) }, RETURN], Rule::V5);
    breaks(&[I::Jump { by: Jump32(i32::MAX) }, RETURN], Rule::V5);
    holds(&[I::Jump { by: Jump32(0) }, RETURN]);
    let named = I::FieldNamed { dst: Reg(0), object: Reg(1) };
    let name = I::Const { dst: Reg(0), value: ConstId(0) };
    breaks(&[I::Jump { by: Jump32(1) }, named, name, RETURN], Rule::V5);
    let switch = I::SwitchConstructor { subject: Reg(0), count: Index(2) };
    let next = |by| I::Jump { by: Jump32(by) };
    holds(&[switch, next(1), next(0), RETURN]);
    breaks(&[switch, next(0), next(0), RETURN], Rule::V5);
    breaks(&[switch, next(1), next(1), RETURN], Rule::V5);
}

#[test]
fn v6_only_loop_goes_back() {
    breaks(&[I::JumpIf { test: Reg(0), by: Jump32(-1) }, RETURN], Rule::V6);
    breaks(&[I::JumpLtInt { left: Reg(0), right: Reg(1), by: Jump16(-1) }, RETURN], Rule::V6);
    breaks(&[I::Loop { by: Jump32(0) }, RETURN], Rule::V6);
    holds(&[I::Loop { by: Jump32(-1) }]);
}

#[test]
fn v7_ids() {
    breaks(&[I::Const { dst: Reg(0), value: ConstId(2) }, RETURN], Rule::V7);
    breaks(&[I::Global { dst: Reg(0), global: GlobalId(1) }, RETURN], Rule::V7);
    breaks(&[I::Call { base: Reg(0), proto: ProtoId(3) }, RETURN], Rule::V7);
    breaks(&[I::CallNative { base: Reg(0), count: Count(2), native: NativeId(1) }, RETURN], Rule::V7);
    breaks(&[I::New { count: Count(1), dst: Reg(0), first: Reg(1), shape: ShapeId(99) }, RETURN], Rule::V7);
    breaks(&[I::Fault { message: ConstId(5) }], Rule::V7);
    breaks_with(Rule::V7, |module| module.main = Some(1));
    breaks_with(Rule::V7, |module| {
        module.tests.push(Test { global: 1, description: String::new(), ty: String::new() })
    });
    breaks_with(Rule::V7, |module| module.globals[0].proto = ProtoId(3));
    breaks_with(Rule::V7, |module| module.constants.push(Constant::Function(ProtoId(3))));
    breaks_with(Rule::V7, |module| module.constants.push(Constant::Nullary(ShapeId(99))));
}

#[test]
fn v8_counts() {
    let new = |count, shape| I::New { count: Count(count), dst: Reg(0), first: Reg(1), shape };
    holds(&[new(1, well_known::SOME), RETURN]);
    breaks(&[new(2, well_known::SOME), RETURN], Rule::V8);
    breaks(&[new(0, well_known::NONE), RETURN], Rule::V8);
    breaks(&[I::Closure { count: Count(2), reg: Reg(0), proto: ProtoId(2) }, RETURN], Rule::V8);
    breaks(&[I::Closure { count: Count(0), reg: Reg(0), proto: ProtoId(1) }, RETURN], Rule::V8);
    breaks(&[I::Partial { count: Count(2), reg: Reg(0), proto: ProtoId(1) }, RETURN], Rule::V8);
    breaks(&[I::CallNative { base: Reg(0), count: Count(1), native: NativeId(0) }, RETURN], Rule::V8);
    breaks(&[I::CallValue { base: Reg(0), count: Count(0), function: Reg(1) }, RETURN], Rule::V8);
}

#[test]
fn v9_handlers() {
    let handler = |start, end, target| Handler { start, end, target, kind: HandlerKind::Cleanup, keep: vec![] };
    for (start, end, target) in [(1, 1, 2), (0, 9, 2), (0, 2, 9), (0, 2, 1)] {
        breaks_with(Rule::V9, |module| module.protos[0].handlers.push(handler(start, end, target)));
    }
}

#[test]
fn v10_drops() {
    let drops = |pc, registers: &[u16]| Drops { pc, registers: registers.iter().map(|&reg| Reg(reg)).collect() };
    breaks_with(Rule::V10, |module| module.protos[0].drops = vec![drops(1, &[]), drops(0, &[])]);
    breaks_with(Rule::V10, |module| module.protos[0].drops = vec![drops(1, &[]), drops(1, &[])]);
    breaks_with(Rule::V10, |module| module.protos[0].drops = vec![drops(3, &[])]);
    breaks_with(Rule::V10, |module| module.protos[0].drops = vec![drops(0, &[1, 2, 1])]);
}

#[test]
fn v11_lines() {
    let line = |pc, source| Line { pc, source, line: 1, column: 1 };
    breaks_with(Rule::V11, |module| module.protos[0].lines = vec![line(1, 0), line(0, 0)]);
    breaks_with(Rule::V11, |module| module.protos[0].lines = vec![line(0, 1)]);
}

#[test]
fn v12_the_end() {
    breaks(&[], Rule::V12);
    breaks(&[I::Int { dst: Reg(0), value: Imm32(1) }], Rule::V12);
    let named = I::FieldNamed { dst: Reg(0), object: Reg(1) };
    breaks(&[named, I::Const { dst: Reg(0), value: ConstId(0) }], Rule::V12);
    holds(&[I::Resume {}]);
}

#[test]
fn v13_divisors() {
    for right in [0, -1] {
        breaks(&[I::DivIntImm { dst: Reg(0), left: Reg(1), right: Imm16(right) }, RETURN], Rule::V13);
        breaks(&[I::RemIntImm { dst: Reg(0), left: Reg(1), right: Imm16(right) }, RETURN], Rule::V13);
    }
    holds(&[I::DivIntImm { dst: Reg(0), left: Reg(1), right: Imm16(-2) }, RETURN]);
}

#[test]
fn v14_parameters() {
    breaks_with(Rule::V14, |module| module.protos[1].parameters = 5);
    breaks_with(Rule::V14, |module| {
        module.protos[2].parameters = 2;
        module.globals.clear();
    });
    breaks_with(Rule::V14, |module| module.protos[1].raw = vec![(Reg(2), ScalarKind::Int)]);
    breaks_with(Rule::V14, |module| module.protos[1].raw = vec![(Reg(1), ScalarKind::Int), (Reg(0), ScalarKind::Int)]);
}

#[test]
fn v15_globals() {
    breaks_with(Rule::V15, |module| module.globals[0].function = false);
    breaks_with(Rule::V15, |module| module.globals[0].proto = ProtoId(2));
}

#[test]
fn v16_words_that_belong_together() {
    let named = I::SetNamed { object: Reg(0), value: Reg(1) };
    breaks(&[named, RETURN], Rule::V16);
    breaks(&[named, I::Const { dst: Reg(0), value: ConstId(1) }, RETURN], Rule::V16);
    breaks(&[I::SwitchConstructor { subject: Reg(0), count: Index(1) }, RETURN], Rule::V16);
    breaks(&[I::SwitchConstructor { subject: Reg(0), count: Index(0) }, RETURN], Rule::V16);
    breaks(&[I::Fault { message: ConstId(1) }], Rule::V16);
    holds(&[I::Fault { message: ConstId(0) }]);
}

#[test]
fn v17_constants() {
    breaks_with(Rule::V17, |module| module.constants.push(Constant::Nullary(well_known::SOME)));
    breaks_with(Rule::V17, |module| module.constants.push(Constant::Nullary(well_known::PAIR)));
    breaks_with(Rule::V17, |module| module.constants.push(Constant::Function(ProtoId(2))));
}

#[test]
fn v18_native_functions() {
    breaks_with(Rule::V18, |module| module.natives[0].arity = 33);
    breaks_with(Rule::V18, |module| module.natives[0].owned = 4);
}

#[test]
fn violations_are_bounded_and_say_where() {
    let code = vec![I::Move { dst: Reg(99), src: Reg(99) }; 1000];
    let violations = verify(&module(&code)).expect_err("registers out of range");
    assert_eq!(violations.len(), VIOLATIONS_MAX);
    let first = violations[0].to_string();
    assert!(first.starts_with("proto 0 pc 0: dst r99 of 8 (rule V3:"), "{first}");
}

/// Random words: whatever they are, the verifier says yes or no.
#[test]
fn any_words_get_an_answer() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..2000 {
        let mut module = module(&[]);
        module.protos[0].code = (0..next() % 12)
            .map(|_| {
                let opcode = TABLE[next() as usize % TABLE.len()].opcode as u64;
                // Small operands, so that a good part of the words is right.
                next() & 0x0003_0003_0003_0300 | opcode
            })
            .collect();
        let _ = verify(&module);
        assert!(!crate::disasm::module(&module, |_| true).is_empty());
    }
}
