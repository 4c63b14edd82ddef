//! Programs that nobody vouches for: whatever their instructions find in their registers, they end with a fault.

mod common;

use aivi_bytecode::module::{Constant, NativeImport, Shape};
use aivi_bytecode::{Count, Imm32, Index, Instruction as I, NativeId, ScalarKind, ShapeId};
use aivi_vm::{LoadError, NativeFn, NativeResult, Value};
use common::{Asm, Body, Run, j16, r};

/// Constants that all programs have, by number.
const TEXT: u32 = 0;
const LONG_TEXT: u32 = 1;
const LIST: u32 = 2;
const INT: u32 = 3;

/// A program of one function, `code` with 8 registers, and a proto 1 that takes and returns one value.
fn asm(code: &[I]) -> Asm {
    let mut asm = Asm::new();
    asm.text("t");
    asm.text("more than stands in a value");
    asm.constant(Constant::EmptyList);
    asm.constant(Constant::Int(7));
    asm.module.shapes.push(Shape::Record(vec!["a".into(), "b".into()]));
    let main = asm.proto(Body::new("test.main", 0, 8, code).effect());
    asm.proto(Body::new("test.same", 1, 2, &[I::Return { src: r(0) }]));
    asm.function("main", main);
    asm
}

fn constant(dst: u16, number: u32) -> I {
    I::Const { dst: r(dst), value: aivi_bytecode::ConstId(number) }
}

fn int(dst: u16, value: i32) -> I {
    I::Int { dst: r(dst), value: Imm32(value) }
}

const END: [I; 2] = [
    I::Const { dst: aivi_bytecode::Reg(0), value: aivi_bytecode::ConstId(TEXT) },
    I::Return { src: aivi_bytecode::Reg(0) },
];

/// What comes of a program that may be loaded.
fn outcome(code: &[I]) -> String {
    let code = [code, &END].concat();
    let run = Run::untrusted(asm(&code), &[]).unwrap_or_else(|error| panic!("{error}: {code:?}"));
    run.show(&run.effect(0))
}

/// The last instruction is refused when it runs.
fn refused(code: &[I]) {
    let found = outcome(code);
    assert!(found.starts_with("fault: broken bytecode: '"), "{found}: {code:?}");
    let name = code.last().expect("code").opcode().info().mnemonic;
    assert!(found.contains(&format!("'{name}'")), "{found}: {code:?}");
}

fn allowed(code: &[I]) {
    assert_eq!(outcome(code), "t", "{code:?}");
}

/// A tuple of a text and an Int in register 1; uses registers 2 and 3.
fn pair() -> [I; 3] {
    let new = I::New { count: Count(2), dst: r(1), first: r(2), shape: ShapeId(9) };
    [constant(2, LONG_TEXT), constant(3, INT), new]
}

fn after_pair(instruction: I) -> Vec<I> {
    [&pair()[..], &[instruction]].concat()
}

#[test]
fn kinds_are_looked_at() {
    refused(&[constant(1, INT), I::ListLength { dst: r(2), list: r(1) }]);
    refused(&[constant(1, LONG_TEXT), I::ListLength { dst: r(2), list: r(1) }]);
    allowed(&[constant(1, LIST), I::ListLength { dst: r(2), list: r(1) }]);
    refused(&[constant(1, LIST), I::TextLength { dst: r(2), text: r(1) }]);
    refused(&[constant(1, LIST), constant(2, INT), I::MapGet { dst: r(3), map: r(1), key: r(2) }]);
    refused(&[constant(1, LIST), constant(2, INT), I::SetHas { dst: r(3), set: r(1), item: r(2) }]);
    refused(&[constant(1, INT), constant(2, LIST), I::ListConcat { left: r(2), right: r(1) }]);
    refused(&[constant(1, INT), I::JumpConstructor { subject: r(1), index: Index(0), by: j16(0) }]);
    refused(&[constant(1, INT), I::CallRun { count: Count(0), base: r(2), function: r(1) }]);
    refused(&[constant(1, TEXT), constant(2, LIST), I::TextJoin { dst: r(3), first: r(1), count: Index(2) }]);
    let (dst, task) = (r(2), r(1));
    refused(&[constant(1, INT), I::Join { dst, task }]);
    refused(&[constant(1, INT), I::Spawn { dst, effect: task }]);
    refused(&[constant(1, INT), I::ChanRecv { dst, receiver: task }]);
    refused(&[constant(1, INT), I::ChanClose { dst, sender: task }]);
    refused(&[constant(1, INT), I::JoinAll { dst, scope: task }]);
    refused(&[constant(1, INT), I::ParAll { dst, effects: task }]);
    refused(&[constant(1, INT), I::RunTaskField { dst, record: task, field: Index(0) }]);
}

#[test]
fn numbers_of_fields_and_items_are_looked_at() {
    let (dst, object) = (r(4), r(1));
    for (index, is_there) in [(1, true), (2, false), (u16::MAX, false)] {
        let check = if is_there { allowed } else { refused };
        check(&after_pair(I::Field { dst, object, index: Index(index) }));
        check(&after_pair(I::FieldPeek { dst, object, index: Index(index) }));
        check(&after_pair(I::FieldRaw { dst, object, index: Index(index) }));
        check(&[&pair()[..], &[constant(5, INT), I::SetField { object, value: r(5), index: Index(index) }]].concat());
    }
    refused(&after_pair(I::FieldsRaw { count: Count(2), first: r(4), object, index: Index(0) }));
    refused(&after_pair(I::FieldsRaw { count: Count(2), first: r(4), object, index: Index(1) }));
    refused(&after_pair(I::Unpack { count: Count(1), first: r(4), object }));
    refused(&after_pair(I::Unpack { count: Count(3), first: r(4), object }));
    allowed(&after_pair(I::Unpack { count: Count(2), first: r(4), object }));
    refused(&[constant(1, LIST), I::ListItem { dst, list: r(1), index: Index(0) }]);
    refused(&[constant(1, LIST), I::ListDrop { dst, list: r(1), count: Index(1) }]);
    refused(&[constant(1, LIST), I::ListUncons { head: dst, list: r(1) }]);
    let named = I::FieldNamed { dst, object };
    let found = outcome(&[&pair()[..], &[named, constant(0, TEXT)]].concat());
    assert!(found.starts_with("fault: broken bytecode: 'field.named'"), "{found}");
    let switch = I::SwitchConstructor { subject: r(1), count: Index(1) };
    let jump = I::Jump { by: aivi_bytecode::Jump32(0) };
    let some = I::New { count: Count(1), dst: r(1), first: r(2), shape: ShapeId(1) };
    let found = outcome(&[constant(2, INT), some, switch, jump]);
    assert!(found.starts_with("fault: broken bytecode: 'switch.con'"), "{found}");
}

#[test]
fn what_becomes_a_scalar_is_one() {
    allowed(&[int(1, 1), I::Tag { kind: ScalarKind::Bool, dst: r(2), src: r(1) }]);
    refused(&[int(1, 2), I::Tag { kind: ScalarKind::Bool, dst: r(2), src: r(1) }]);
    refused(&[int(1, 0xd800), I::Tag { kind: ScalarKind::Char, dst: r(2), src: r(1) }]);
    let set = |index| I::SetFieldsRaw { count: Count(1), object: r(1), first: r(4), index: Index(index) };
    refused(&[&pair()[..], &[int(4, 5), set(0)]].concat());
    allowed(&[&pair()[..], &[int(4, 5), set(1)]].concat());
}

#[test]
fn a_value_that_is_consumed_twice_is_a_scalar() {
    let drop_of = |reg| I::Drop { src: r(reg) };
    refused(&[&pair()[..], &[I::Move { dst: r(4), src: r(1) }, drop_of(4), drop_of(1)]].concat());
    let peek = I::FieldPeek { dst: r(4), object: r(1), index: Index(0) };
    refused(&[&pair()[..], &[peek, drop_of(1), I::Copy { dst: r(5), src: r(4) }]].concat());
    let peek = I::FieldPeek { dst: r(4), object: r(1), index: Index(1) };
    allowed(&[&pair()[..], &[peek, drop_of(1), I::Copy { dst: r(5), src: r(4) }]].concat());
    allowed(&[constant(1, INT), I::Move { dst: r(2), src: r(1) }, drop_of(1), drop_of(2)]);
}

#[test]
fn what_was_moved_out_leaves_unit() {
    let take = I::TakeField { dst: r(4), object: r(1), index: Index(0) };
    let again = I::Field { dst: r(5), object: r(1), index: Index(0) };
    allowed(&[&pair()[..], &[take, again]].concat());
    refused(&[&pair()[..], &[take, again, I::TextLength { dst: r(6), text: r(5) }]].concat());
    refused(&after_pair(I::TakeField { dst: r(4), object: r(1), index: Index(2) }));
}

#[test]
fn who_reads_what_is_not_there_is_not_loaded() {
    for code in [&[I::Drop { src: r(1) }][..], &[int(1, 1), I::Drop { src: r(1) }]] {
        let error = Run::untrusted(asm(&[code, &END].concat()), &[]).err().expect("it is not loaded");
        assert!(matches!(&error, LoadError::Invalid(why) if why.contains("rule V19")), "{error}");
    }
}

#[test]
fn a_frame_that_is_refused_runs_no_handler_and_its_caller_does() {
    let mut asm = asm(&[
        I::Call { base: r(1), proto: aivi_bytecode::ProtoId(2) },
        I::Return { src: r(1) },
        constant(0, TEXT),
        I::Cleanup { base: r(2), effect: r(0) },
        I::Resume {},
    ]);
    let handlers = Body::new("x", 0, 0, &[]).cleanup(0, 1, 2, &[]).proto.handlers;
    asm.module.protos[0].handlers = handlers;
    let broken = [constant(0, INT), I::ListLength { dst: r(1), list: r(0) }, I::Return { src: r(0) }, I::Resume {}];
    asm.proto(Body::new("test.broken", 0, 8, &broken).effect().cleanup(0, 2, 3, &[]));
    let run = Run::untrusted(asm, &[]).unwrap_or_else(|error| panic!("{error}"));
    let found = run.show(&run.effect(0));
    // The caller's cleanup is broken, too: that takes the place of the first fault.
    assert!(found.starts_with("fault: broken bytecode: 'cleanup'"), "{found}");
}

#[test]
fn a_native_function_that_panics_is_a_fault() {
    const PICKY: &[NativeFn] = &[NativeFn::new("test.picky", 1, |_, arguments| match arguments.get(0).as_int() {
        Some(number) => NativeResult::Done(Value::int(number + 1)),
        None => panic!("a number"),
    })];
    let run = |number: u32| {
        let call = I::CallNative { base: r(1), count: Count(1), native: NativeId(0) };
        let mut asm = asm(&[constant(1, number), call, I::Return { src: r(1) }]);
        let import = NativeImport { name: "test.picky".into(), arity: 1, effect: false, owned: 1 };
        asm.module.natives.push(import);
        let run = Run::untrusted(asm, PICKY).unwrap_or_else(|error| panic!("{error}"));
        run.show(&run.effect(0))
    };
    assert_eq!(run(INT), "8");
    assert_eq!(run(LIST), "fault: 'test.picky' was given values of other types");
}

#[test]
fn a_function_that_takes_nothing_is_none() {
    // It gives itself, so that running what comes out would never end, and charge nothing.
    let main = [constant(1, 4), I::CallRun { base: r(0), count: Count(0), function: r(1) }, I::Return { src: r(0) }];
    let mut asm = asm(&main);
    let itself = asm.proto(Body::new("test.endless", 0, 2, &[constant(0, 4), I::Return { src: r(0) }]));
    asm.constant(Constant::Function(itself));
    let run = Run::untrusted(asm, &[]).expect("it keeps all rules");
    assert_eq!(run.show(&run.effect(0)), "fault: what was to be applied takes nothing");
}
