use super::tests::{RETURN, module};
use super::*;
use crate::isa::Instruction as I;
use crate::module::{Drops, Handler, HandlerKind};
use crate::operand::{ConstId, Count, Imm32, Index, Jump32, NativeId, Reg, ScalarKind, ShapeId};

/// The broken rule, if there is one.
fn rule(module: &Module) -> Option<Rule> {
    assert_eq!(verify(module), Ok(()), "only what keeps the other rules is followed");
    follow(module).err().map(|violation| violation.rule)
}

fn breaks(code: &[I], expected: Rule) {
    assert_eq!(rule(&module(code)), Some(expected), "{code:?}");
}

/// What is left to be checked of proto 0, as pc and register.
fn scalars(code: &[I]) -> Vec<(u32, u16)> {
    let followed = follow(&module(code)).unwrap_or_else(|violation| panic!("{violation}: {code:?}"));
    followed[0].iter().map(|at| (at.pc, at.reg.0)).collect()
}

fn holds(code: &[I]) {
    assert_eq!(scalars(code), [], "{code:?}");
}

fn r(index: u16) -> Reg {
    Reg(index)
}

fn constant(dst: u16) -> I {
    I::Const { dst: r(dst), value: ConstId(0) }
}

fn list(dst: u16) -> I {
    I::List { dst: r(dst), first: r(0), count: Index(0) }
}

fn drop_of(src: u16) -> I {
    I::Drop { src: r(src) }
}

fn moved(dst: u16, src: u16) -> I {
    I::Move { dst: r(dst), src: r(src) }
}

fn call(base: u16) -> I {
    I::Call { base: r(base), proto: ProtoId(1) }
}

#[test]
fn what_is_read_is_there() {
    holds(&[constant(0), RETURN]);
    breaks(&[moved(0, 1), RETURN], Rule::V19);
    breaks(&[RETURN], Rule::V19);
    breaks(&[I::AddInt { dst: r(0), left: r(1), right: r(1) }, constant(0), RETURN], Rule::V19);
    // On one way only.
    let int = I::Int { dst: r(2), value: Imm32(1) };
    let test = I::JumpIf { test: r(2), by: Jump32(1) };
    breaks(&[int, test, constant(0), RETURN], Rule::V19);
    holds(&[int, constant(0), test, constant(0), RETURN]);
}

#[test]
fn a_raw_scalar_is_no_value() {
    let int = I::Int { dst: r(0), value: Imm32(1) };
    breaks(&[int, RETURN], Rule::V19);
    breaks(&[int, drop_of(0), constant(0), RETURN], Rule::V19);
    breaks(&[int, I::Copy { dst: r(1), src: r(0) }, constant(0), RETURN], Rule::V19);
    // Also where nothing is joined: a guard reads its tag.
    let join = I::TextJoin { dst: r(1), first: r(0), count: Index(0) };
    breaks(&[int, join, moved(0, 1), RETURN], Rule::V19);
    holds(&[int, I::Tag { kind: ScalarKind::Int, dst: r(0), src: r(0) }, RETURN]);
    // A value with a tag is a scalar as well as it can be.
    holds(&[list(1), I::AddInt { dst: r(2), left: r(1), right: r(1) }, constant(0), RETURN]);
}

#[test]
fn a_value_is_consumed_once() {
    holds(&[list(1), drop_of(1), constant(0), RETURN]);
    // The second time it has to be a scalar, which the machine looks at.
    breaks(&[list(1), drop_of(1), drop_of(1), constant(0), RETURN], Rule::V19);
    assert_eq!(scalars(&[list(1), moved(2, 1), drop_of(2), drop_of(1), constant(0), RETURN]), [(3, 1)]);
    let pair = I::New { count: Count(2), dst: r(0), first: r(1), shape: ShapeId(9) };
    assert_eq!(scalars(&[list(1), moved(2, 1), pair, RETURN]), [(2, 2)]);
    holds(&[list(1), list(2), pair, RETURN]);
    holds(&[list(1), I::Copy { dst: r(2), src: r(1) }, pair, RETURN]);
}

#[test]
fn a_value_is_not_put_into_itself() {
    let push = I::ListPush { list: r(1), item: r(2) };
    assert_eq!(scalars(&[list(1), moved(2, 1), push, constant(0), RETURN]), [(2, 2)]);
}

#[test]
fn what_is_shown_lives_as_long_as_its_owner() {
    let peek = I::FieldPeek { dst: r(2), object: r(1), index: Index(0) };
    let copy = I::Copy { dst: r(0), src: r(2) };
    holds(&[list(1), peek, copy, drop_of(1), RETURN]);
    assert_eq!(scalars(&[list(1), peek, drop_of(1), copy, RETURN]), [(3, 2)]);
    assert_eq!(scalars(&[list(1), peek, moved(0, 2), RETURN]), [(3, 0)]);
    // An update ends what was shown, too.
    let push = I::ListPush { list: r(1), item: r(3) };
    assert_eq!(scalars(&[list(1), constant(3), peek, push, copy, RETURN]), [(4, 2)]);
}

#[test]
fn a_call_uses_the_registers_behind_its_base() {
    let arguments = [constant(5), constant(6)];
    holds(&[arguments[0], arguments[1], call(5), moved(0, 5), RETURN]);
    breaks(&[arguments[0], arguments[1], constant(7), call(5), moved(0, 7), RETURN], Rule::V19);
    breaks(&[constant(5), call(5), moved(0, 5), RETURN], Rule::V19);
    let native = I::CallNative { base: r(0), count: Count(2), native: NativeId(0) };
    holds(&[constant(0), list(1), native, drop_of(1), RETURN]);
    assert_eq!(scalars(&[list(0), moved(1, 0), native, RETURN]), [(2, 1)]);
}

#[test]
fn what_unwinding_releases_is_owned() {
    let releasing = |registers: &[u16]| {
        let mut module = module(&[list(0), list(1), moved(2, 1), constant(5), constant(6), call(5), RETURN]);
        let registers = registers.iter().map(|&reg| Reg(reg)).collect();
        module.protos[0].drops.push(Drops { pc: 5, registers });
        rule(&module)
    };
    assert_eq!(releasing(&[0, 1]), None);
    assert_eq!(releasing(&[0, 2]), None);
    assert_eq!(releasing(&[1, 2]), Some(Rule::V20), "the same value twice");
    assert_eq!(releasing(&[3]), Some(Rule::V20), "nothing");
    assert_eq!(releasing(&[5]), Some(Rule::V20), "an argument");
    // Also where the instruction itself cannot unwind: it can be refused.
    let mut refused = module(&[list(1), drop_of(1), constant(0), RETURN]);
    refused.protos[0].drops.push(Drops { pc: 2, registers: vec![r(1)] });
    assert_eq!(rule(&refused), Some(Rule::V20), "gone before");
}

#[test]
fn a_handler_finds_what_its_range_leaves() {
    let with = |keep: &[u16], kind, code: &[I]| {
        let mut module = module(code);
        let keep = keep.iter().map(|&reg| Reg(reg)).collect();
        module.protos[0].drops.push(Drops { pc: 3, registers: vec![r(1)] });
        module.protos[0].handlers.push(Handler { start: 3, end: 4, target: 5, kind, keep });
        module
    };
    let begin = [list(1), constant(5), constant(6), call(5)];
    let code = |end: I| [&begin[..], &[I::Return { src: r(5) }, end]].concat();
    let returns = |src: u16| I::Return { src: r(src) };
    let caught = HandlerKind::Failure(r(3));
    assert_eq!(rule(&with(&[], caught, &code(returns(3)))), None, "the error");
    assert_eq!(rule(&with(&[], HandlerKind::Cleanup, &code(returns(3)))), Some(Rule::V19), "no error");
    assert_eq!(rule(&with(&[], caught, &code(returns(5)))), Some(Rule::V19), "the callee's register");
    let left = |keep: &[u16]| follow(&with(keep, caught, &code(returns(1)))).expect("it can be followed")[0].len();
    assert_eq!((left(&[1]), left(&[])), (0, 1), "kept, or released and only good as a scalar");
}

#[test]
fn a_loop_is_followed_until_nothing_changes() {
    let int = I::Int { dst: r(2), value: Imm32(1) };
    let test = I::JumpIf { test: r(2), by: Jump32(3) };
    let back = I::Loop { by: Jump32(-4) };
    holds(&[int, list(1), test, drop_of(1), list(1), back, moved(0, 1), RETURN]);
    // The second time around it is gone.
    breaks(&[int, list(1), test, drop_of(1), constant(3), back, moved(0, 1), RETURN], Rule::V19);
    breaks(
        &[int, list(1), test, drop_of(1), I::Int { dst: r(1), value: Imm32(1) }, back, moved(0, 1), RETURN],
        Rule::V19,
    );
}

#[test]
fn following_takes_bounded_work() {
    let jumps = std::iter::repeat_n(I::Jump { by: Jump32(0) }, 1000);
    let code: Vec<I> = [constant(0)].into_iter().chain(jumps).chain([RETURN]).collect();
    let mut module = module(&code);
    assert_eq!(rule(&module), None);
    module.protos[0].registers = crate::module::REGISTERS_MAX;
    assert_eq!(rule(&module), Some(Rule::V21));
}
