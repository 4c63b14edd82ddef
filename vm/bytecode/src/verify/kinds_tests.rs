use super::tests::{RETURN, module};
use super::*;
use crate::isa::Instruction as I;
use crate::module::{Drops, Handler, HandlerKind};
use crate::operand::{ConstId, Count, Imm32, Index, Jump16, Jump32, NativeId, Reg, ScalarKind, ShapeId};

/// The instructions of proto 0 that have to be looked at.
fn left(module: &Module) -> Vec<u32> {
    assert_eq!(verify(module), Ok(()));
    let scalars = follow(module).unwrap_or_else(|violation| panic!("{violation}"));
    unproven(module, &scalars)[0].iter().map(|look| look.pc).collect()
}

/// The same, of this code, which is a function of two values.
fn looks(code: &[I]) -> Vec<u32> {
    left(&of_two(code))
}

fn of_two(code: &[I]) -> Module {
    let mut module = module(code);
    module.protos[0].parameters = 2;
    module.constants.extend([Constant::EmptyList, Constant::Bool(true), Constant::Char('x'), Constant::Int(0xd800)]);
    module
}

const LIST: u32 = 2;
const BOOL: u32 = 3;
const CHAR: u32 = 4;
const SURROGATE: u32 = 5;

fn r(index: u16) -> Reg {
    Reg(index)
}

fn constant(dst: u16, value: u32) -> I {
    I::Const { dst: r(dst), value: ConstId(value) }
}

fn moved(dst: u16, src: u16) -> I {
    I::Move { dst: r(dst), src: r(src) }
}

fn length(list: u16) -> I {
    I::ListLength { dst: r(7), list: r(list) }
}

fn item(list: u16, index: u16) -> I {
    I::ListItem { dst: r(6), list: r(list), index: Index(index) }
}

fn push(list: u16) -> I {
    I::ListPush { list: r(list), item: r(5) }
}

fn list(dst: u16, count: u16) -> I {
    I::List { dst: r(dst), first: r(2), count: Index(count) }
}

fn number(dst: u16, value: i32) -> I {
    I::Int { dst: r(dst), value: Imm32(value) }
}

fn tag(kind: ScalarKind, src: u16) -> I {
    I::Tag { kind, dst: r(6), src: r(src) }
}

fn pair(dst: u16) -> I {
    I::New { count: Count(2), dst: r(dst), first: r(2), shape: ShapeId(9) }
}

fn field(index: u16) -> I {
    I::Field { dst: r(6), object: r(4), index: Index(index) }
}

#[test]
fn a_constant_is_what_it_is() {
    assert_eq!(looks(&[constant(2, LIST), length(2), RETURN]), []);
    assert_eq!(looks(&[constant(2, BOOL), length(2), RETURN]), [1]);
}

#[test]
fn what_was_seen_is_known_from_there_on() {
    assert_eq!(looks(&[length(0), length(0), length(1), RETURN]), [0, 2]);
    assert_eq!(looks(&[length(0), moved(2, 0), length(2), RETURN]), [0]);
    assert_eq!(looks(&[length(0), I::Copy { dst: r(2), src: r(0) }, length(2), RETURN]), [0]);
    assert_eq!(looks(&[length(0), I::TextLength { dst: r(7), text: r(0) }, RETURN]), [0, 1]);
}

#[test]
fn a_register_that_is_written_holds_something_else() {
    assert_eq!(looks(&[length(0), moved(0, 1), length(0), RETURN]), [0, 2]);
    let raw = [length(0), number(0, 1), tag(ScalarKind::Int, 0), moved(0, 6), length(0), RETURN];
    assert_eq!(looks(&raw), [0, 4]);
    // Only the payload is written, and the tag means nothing any more.
    let payload = I::MoveRaw { dst: r(0), src: r(7) };
    assert_eq!(looks(&[length(0), payload, tag(ScalarKind::Bool, 0), moved(0, 6), RETURN]), [0, 2]);
    let next = I::ListUncons { head: r(0), list: r(1) };
    assert_eq!(looks(&[length(0), next, length(0), length(1), RETURN]), [0, 1, 2]);
    let peek = I::ListPeek { dst: r(0), list: r(1), index: r(7) };
    assert_eq!(looks(&[number(7, 0), length(0), peek, length(0), moved(0, 1), RETURN]), [1, 2, 3]);
    let get_or = I::MapGetOr { dst: r(7), map: r(0), key: r(1) };
    assert_eq!(looks(&[number(7, 0), get_or, tag(ScalarKind::Bool, 7), RETURN]), [1, 2]);
}

#[test]
fn where_ways_meet_both_are_possible() {
    let test = |by| I::JumpIf { test: r(7), by: Jump32(by) };
    let either = |other| [number(7, 1), constant(2, LIST), test(1), constant(2, other), length(2), RETURN];
    assert_eq!(looks(&either(LIST)), []);
    assert_eq!(looks(&either(BOOL)), [4]);
    let tagged = |other| [number(6, 1), number(7, 1), test(1), number(7, other), tag(ScalarKind::Bool, 7), RETURN];
    assert_eq!(looks(&tagged(0)), []);
    assert_eq!(looks(&tagged(2)), [4]);
    let lists = |count| {
        [constant(2, LIST), constant(3, LIST), number(7, 1), list(4, 2), test(1), list(4, count), item(4, 1), RETURN]
    };
    assert_eq!(looks(&lists(1)), [6]);
    // Seen on one way only.
    assert_eq!(looks(&[number(7, 1), test(1), length(0), length(0), RETURN]), [2, 3]);
}

#[test]
fn a_loop_comes_back_with_what_it_has_made() {
    let looped = |made| {
        let back = I::Loop { by: Jump32(-4) };
        looks(&[
            constant(2, LIST),
            number(7, 1),
            length(2),
            I::JumpIf { test: r(7), by: Jump32(2) },
            constant(2, made),
            back,
            RETURN,
        ])
    };
    assert_eq!(looped(LIST), []);
    assert_eq!(looped(BOOL), [2]);
}

#[test]
fn a_list_that_gets_shorter_in_a_loop_is_looked_at() {
    let next = I::ListUncons { head: r(5), list: r(4) };
    let test = I::JumpIf { test: r(7), by: Jump32(2) };
    let begin = [constant(2, LIST), constant(3, LIST), list(4, 2), number(7, 1)];
    assert_eq!(looks(&[&begin[..], &[next, next, next, RETURN]].concat()), [6]);
    assert_eq!(looks(&[&begin[..], &[next, test, I::Loop { by: Jump32(-3) }, RETURN, RETURN]].concat()), [4]);
}

#[test]
fn lengths_are_counted() {
    let begin = [constant(2, LIST), constant(3, LIST), constant(5, LIST), list(4, 2)];
    let after = |code: &[I]| looks(&[&begin[..], code, &[RETURN]].concat());
    assert_eq!(after(&[item(4, 1)]), []);
    assert_eq!(after(&[item(4, 2)]), [4]);
    assert_eq!(after(&[push(4), item(4, 2), item(4, 3)]), [6]);
    assert_eq!(after(&[item(0, 3), item(0, 3), item(0, 4)]), [4, 6]);
    let concat = |right| I::ListConcat { left: r(4), right: r(right) };
    assert_eq!(after(&[concat(5), item(4, 1), item(4, 2)]), [6]);
    let drop = |count| I::ListDrop { dst: r(4), list: r(4), count: Index(count) };
    assert_eq!(after(&[drop(1), item(4, 0), item(4, 1)]), [6]);
    assert_eq!(after(&[drop(3)]), [4]);
}

#[test]
fn a_test_of_the_length_tells_it() {
    let (list, length, by) = (r(0), Index(2), Jump16(2));
    let both = |test| looks(&[test, item(0, 1), RETURN, item(0, 1), RETURN]);
    assert_eq!(both(I::JumpLength { list, length, by }), [0, 1]);
    assert_eq!(both(I::JumpNotLength { list, length, by }), [0, 3]);
    assert_eq!(both(I::JumpShorter { list, length, by }), [0, 3]);
}

#[test]
fn an_object_has_the_fields_it_was_made_of() {
    let begin = [constant(2, BOOL), constant(3, BOOL), pair(4)];
    let after = |code: &[I]| looks(&[&begin[..], code, &[RETURN]].concat());
    let unpack = |count| I::Unpack { count: Count(count), first: r(2), object: r(4) };
    assert_eq!(after(&[field(1)]), []);
    assert_eq!(after(&[field(2)]), [3]);
    assert_eq!(after(&[unpack(2)]), []);
    assert_eq!(after(&[unpack(1)]), [3]);
    assert_eq!(after(&[unpack(3)]), [3]);
    // At least as many as were seen, not as many.
    let peek = I::FieldPeek { dst: r(6), object: r(4), index: Index(1) };
    assert_eq!(looks(&[moved(4, 0), peek, field(0), unpack(2), moved(0, 6), RETURN]), [1, 3]);
    let set = I::SetField { object: r(4), value: r(1), index: Index(1) };
    assert_eq!(after(&[set, field(1)]), []);
    let take = I::TakeField { dst: r(6), object: r(4), index: Index(1) };
    assert_eq!(after(&[take, set, unpack(2)]), []);
}

#[test]
fn what_is_inside_of_objects_is_looked_at_each_time() {
    let always = |instruction: I| {
        let code = [constant(2, BOOL), constant(3, BOOL), pair(4), instruction, instruction, RETURN];
        assert_eq!(looks(&code), [3, 4], "{instruction:?}");
    };
    let (object, index) = (r(4), Index(0));
    always(I::FieldRaw { dst: r(7), object, index });
    always(I::FieldsRaw { count: Count(1), first: r(7), object, index });
    let set = |first| I::SetFieldsRaw { count: Count(1), object, first: r(first), index };
    assert_eq!(looks(&[constant(2, BOOL), constant(3, BOOL), pair(4), number(7, 1), set(7), RETURN]), [4]);
    let name = constant(0, 0);
    let named = |instruction| looks(&[constant(2, BOOL), constant(3, BOOL), pair(4), instruction, name, RETURN]);
    assert_eq!(named(I::FieldNamed { dst: r(5), object }), [3]);
    assert_eq!(named(I::SetNamed { object, value: r(1) }), [3]);
    let join = I::RunTaskField { dst: r(5), record: r(4), field: index };
    assert_eq!(looks(&[constant(2, BOOL), constant(3, BOOL), pair(4), join, RETURN]), [3]);
    let switch = I::SwitchConstructor { subject: r(4), count: Index(1) };
    let to = I::Jump { by: Jump32(0) };
    assert_eq!(looks(&[constant(2, BOOL), constant(3, BOOL), pair(4), switch, to, RETURN]), [3]);
}

#[test]
fn all_operands_of_a_window_count() {
    let join = |second| {
        looks(&[constant(2, 0), constant(3, second), I::TextJoin { dst: r(4), first: r(2), count: Index(2) }, RETURN])
    };
    assert_eq!(join(0), []);
    assert_eq!(join(LIST), [2]);
    let timeout = I::Timeout { base: r(2) };
    assert_eq!(looks(&[number(2, 1), constant(3, 0), constant(4, LIST), timeout, RETURN]), [3]);
    let partial = |first: I, second: I| {
        let mut module = of_two(&[first, second, I::Partial { count: Count(2), reg: r(2), proto: ProtoId(1) }, RETURN]);
        module.protos[1].raw = vec![(r(0), ScalarKind::Int), (r(1), ScalarKind::Bool)];
        module.protos[1].effect = true;
        module.protos[1].code = vec![I::ReturnScalar { kind: ScalarKind::Int, src: r(0) }.encode()];
        left(&module)
    };
    assert_eq!(partial(number(2, 7), number(3, 1)), []);
    assert_eq!(partial(number(2, 7), number(3, 7)), [2]);
}

#[test]
fn payloads_are_those_of_their_kinds() {
    let is_left = |begin: I, kind| !looks(&[begin, tag(kind, 7), RETURN]).is_empty();
    let kinds = [ScalarKind::Bool, ScalarKind::Char, ScalarKind::Int, ScalarKind::Float];
    let left = |begin: I| kinds.map(|kind| is_left(begin, kind));
    assert_eq!(left(number(7, 1)), [false; 4]);
    assert_eq!(left(number(7, 2)), [true, false, false, false]);
    assert_eq!(left(number(7, 0xd800)), [true, true, false, false]);
    assert_eq!(left(number(7, -1)), [true, true, false, false]);
    assert_eq!(left(constant(7, BOOL)), [false; 4]);
    assert_eq!(left(constant(7, CHAR)), [true, false, false, false]);
    assert_eq!(left(constant(7, SURROGATE)), [true, true, false, false]);
    assert_eq!(left(constant(7, LIST)), [true, true, false, false]);
    assert_eq!(left(I::EqValue { dst: r(7), left: r(0), right: r(1) }), [false; 4]);
    assert_eq!(left(I::AddInt { dst: r(7), left: r(0), right: r(1) }), [true, true, false, false]);
    let returned = I::ReturnScalar { kind: ScalarKind::Bool, src: r(7) };
    assert_eq!(looks(&[number(7, 1), returned]), []);
    assert_eq!(looks(&[number(7, 2), returned]), [1]);
}

#[test]
fn what_a_call_may_use_is_unknown() {
    let begin = [constant(4, LIST), constant(5, LIST), constant(2, LIST)];
    let call = I::Call { base: r(4), proto: ProtoId(1) };
    assert_eq!(looks(&[&begin[..], &[call, length(2), length(4), RETURN]].concat()), [5]);
    let native = I::CallNative { base: r(4), count: Count(2), native: NativeId(0) };
    assert_eq!(looks(&[&begin[..], &[native, length(2), length(4), length(5), RETURN]].concat()), [5, 6]);
}

#[test]
fn a_handler_knows_only_what_its_range_leaves() {
    let caught = |middle: I, keep: u16, end: I| {
        let mut module = of_two(&[constant(2, LIST), constant(3, LIST), middle, RETURN, end, RETURN]);
        module.protos[0].drops.push(Drops { pc: 2, registers: vec![r(keep)] });
        let kind = HandlerKind::Failure(r(3));
        module.protos[0].handlers.push(Handler { start: 2, end: 3, target: 4, kind, keep: vec![r(keep)] });
        left(&module)
    };
    let compare = I::EqValue { dst: r(7), left: r(0), right: r(1) };
    assert_eq!(caught(compare, 2, length(2)), []);
    assert_eq!(caught(compare, 2, length(3)), [4], "the error");
    // An update that unwinds half way.
    let insert = I::MapInsert { map: r(0), key: r(2), value: r(3) };
    let has = I::MapHas { dst: r(7), map: r(0), key: r(1) };
    assert_eq!(caught(insert, 0, has), [2, 4]);
}

#[test]
fn a_register_that_was_consumed_is_a_scalar_only_if_that_is_known() {
    let twice = |value| {
        looks(&[constant(2, value), moved(4, 0), I::Drop { src: r(4) }, I::Drop { src: r(0) }, constant(0, 0), RETURN])
    };
    assert_eq!(twice(LIST), [3]);
    let scalar = [
        number(7, 1),
        tag(ScalarKind::Int, 7),
        moved(0, 6),
        I::Drop { src: r(6) },
        I::Drop { src: r(0) },
        constant(0, 0),
        RETURN,
    ];
    assert_eq!(looks(&scalar), []);
    // No list is a scalar: this is as far as it gets.
    let module = of_two(&[length(0), moved(4, 0), I::Drop { src: r(4) }, length(0), moved(0, 1), RETURN]);
    let scalars = follow(&module).expect("it keeps the rules");
    let looks = unproven(&module, &scalars);
    assert_eq!(looks[0].iter().map(|look| (look.pc, look.scalars)).collect::<Vec<_>>(), [(0, false), (3, true)]);
}

#[test]
fn code_that_takes_too_long_is_looked_at_everywhere() {
    let jumps = std::iter::repeat_n(I::Jump { by: Jump32(0) }, 100);
    let code: Vec<I> = [constant(2, LIST), length(2)].into_iter().chain(jumps).chain([RETURN]).collect();
    let mut module = of_two(&code);
    assert_eq!(left(&module), []);
    module.protos[0].registers = 3_000;
    assert_eq!(left(&module), [1]);
}
