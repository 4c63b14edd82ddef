//! What single instructions compute: numbers, comparisons, jumps, lists, texts, records.

mod common;

use aivi_bytecode::module::{Constant, Shape};
use aivi_bytecode::{ConstId, Count, Imm16, Imm32, Index, Instruction as I, Jump16, ScalarKind, ShapeId};
use aivi_vm::Value;
use common::*;

/// Applies a function of two parameters with this body.
fn apply2(asm: Asm, code: &[I], left: Value, right: Value) -> String {
    let mut asm = asm;
    let proto = asm.proto(Body::new("f", 2, 8, code));
    asm.function("f", proto);
    let run = Run::new(asm);
    let shown = run.show(&run.apply(vec![left, right]));
    drop(run);
    // The arguments came from outside; a test that leaks nothing holds nothing between two calls.
    assert_eq!(aivi_vm::live_bytes(), 0, "objects leaked");
    shown
}

fn ints(instruction: I, left: i64, right: i64) -> String {
    let code = [instruction, I::ReturnScalar { kind: ScalarKind::Int, src: r(2) }];
    apply2(Asm::new(), &code, Value::int(left), Value::int(right))
}

fn floats(instruction: I, left: f64, right: f64, kind: ScalarKind) -> String {
    apply2(Asm::new(), &[instruction, I::ReturnScalar { kind, src: r(2) }], Value::float(left), Value::float(right))
}

#[test]
fn ints_wrap_and_divide_toward_zero() {
    let (dst, left, right) = (r(2), r(0), r(1));
    assert_eq!(ints(I::AddInt { dst, left, right }, i64::MAX, 1), i64::MIN.to_string());
    assert_eq!(ints(I::SubInt { dst, left, right }, i64::MIN, 1), i64::MAX.to_string());
    assert_eq!(ints(I::MulInt { dst, left, right }, i64::MAX, 2), "-2");
    assert_eq!(ints(I::DivInt { dst, left, right }, -7, 2), "-3");
    assert_eq!(ints(I::RemInt { dst, left, right }, -7, 2), "-1");
    assert_eq!(ints(I::DivInt { dst, left, right }, i64::MIN, -1), i64::MIN.to_string());
    assert_eq!(ints(I::RemInt { dst, left, right }, i64::MIN, -1), "0");
    for left_value in [0, 1, 7, 8, 1 << 40, i64::MAX, -1, -7, -8, i64::MIN] {
        for right_value in [1, 2, 8, 1 << 31, 1 << 62, i64::MIN, 3, -8, i64::MAX] {
            let rest = left_value.wrapping_rem(right_value).to_string();
            assert_eq!(ints(I::RemInt { dst, left, right }, left_value, right_value), rest);
        }
    }
    assert_eq!(ints(I::DivInt { dst, left, right }, 1, 0), "fault: division by zero");
    assert_eq!(ints(I::RemInt { dst, left, right }, 1, 0), "fault: division by zero");
    assert_eq!(ints(I::NegInt { dst, src: left }, i64::MIN, 0), i64::MIN.to_string());
    assert_eq!(ints(I::AddIntImm { dst, left, right: Imm16(-5) }, 3, 0), "-2");
    assert_eq!(ints(I::MulIntImm { dst, left, right: Imm16(-5) }, 3, 0), "-15");
    assert_eq!(ints(I::DivIntImm { dst, left, right: Imm16(-2) }, 7, 0), "-3");
    assert_eq!(ints(I::RemIntImm { dst, left, right: Imm16(-2) }, 7, 0), "1");
}

#[test]
fn floats_follow_ieee() {
    let (dst, left, right) = (r(2), r(0), r(1));
    let (float, truth) = (ScalarKind::Float, ScalarKind::Bool);
    assert_eq!(floats(I::AddFloat { dst, left, right }, 0.5, 0.25, float), "0.75");
    assert_eq!(floats(I::DivFloat { dst, left, right }, 1.0, 0.0, float), "inf");
    assert_eq!(floats(I::RemFloat { dst, left, right }, -7.5, 2.0, float), "-1.5");
    assert_eq!(floats(I::EqFloat { dst, left, right }, f64::NAN, f64::NAN, truth), "False");
    assert_eq!(floats(I::EqFloat { dst, left, right }, 0.0, -0.0, truth), "True");
    assert_eq!(floats(I::LtFloat { dst, left, right }, f64::NAN, 1.0, truth), "False");
    assert_eq!(floats(I::LeFloat { dst, left, right }, 1.0, 1.0, truth), "True");
}

/// Whether a jump over the one instruction behind it is taken.
fn jumps(instruction: I, left: Value, right: Value) -> bool {
    let code = [
        I::Int { dst: r(2), value: Imm32(1) },
        instruction,
        I::Int { dst: r(2), value: Imm32(0) },
        I::ReturnScalar { kind: ScalarKind::Bool, src: r(2) },
    ];
    apply2(Asm::new(), &code, left, right) == "True"
}

#[test]
fn jumps_compare() {
    let (left, right, by) = (r(0), r(1), j16(1));
    let int = Value::int;
    for (a, b) in [(1, 2), (2, 2), (3, 2), (-1, 2)] {
        assert_eq!(jumps(I::JumpEqInt { left, right, by }, int(a), int(b)), a == b);
        assert_eq!(jumps(I::JumpNeInt { left, right, by }, int(a), int(b)), a != b);
        assert_eq!(jumps(I::JumpLtInt { left, right, by }, int(a), int(b)), a < b);
        assert_eq!(jumps(I::JumpLeInt { left, right, by }, int(a), int(b)), a <= b);
        let right = Imm16(2);
        assert_eq!(jumps(I::JumpEqIntImm { left, right, by }, int(a), int(b)), a == 2);
        assert_eq!(jumps(I::JumpNeIntImm { left, right, by }, int(a), int(b)), a != 2);
        assert_eq!(jumps(I::JumpLtIntImm { left, right, by }, int(a), int(b)), a < 2);
        assert_eq!(jumps(I::JumpLeIntImm { left, right, by }, int(a), int(b)), a <= 2);
        assert_eq!(jumps(I::JumpGtIntImm { left, right, by }, int(a), int(b)), a > 2);
        assert_eq!(jumps(I::JumpGeIntImm { left, right, by }, int(a), int(b)), a >= 2);
    }
    for (a, b) in [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0), (f64::NAN, 2.0)] {
        let float = Value::float;
        assert_eq!(jumps(I::JumpLtFloat { left, right, by }, float(a), float(b)), a < b);
        assert_eq!(jumps(I::JumpLeFloat { left, right, by }, float(a), float(b)), a <= b);
        assert_eq!(jumps(I::JumpNotLtFloat { left, right, by }, float(a), float(b)), a.is_nan() || a >= b);
        assert_eq!(jumps(I::JumpNotLeFloat { left, right, by }, float(a), float(b)), a.is_nan() || a > b);
    }
    let texts = ["", "a", "seven c", "eight ch", "eight cH", "a text that is too long to stand in its object"];
    for (a, b) in texts.iter().flat_map(|a| texts.iter().map(move |b| (*a, *b))) {
        let drops = |jump| {
            let code = [
                I::Int { dst: r(2), value: Imm32(1) },
                jump,
                I::Int { dst: r(2), value: Imm32(0) },
                I::Drop { src: left },
                I::Drop { src: right },
                I::ReturnScalar { kind: ScalarKind::Bool, src: r(2) },
            ];
            apply2(Asm::new(), &code, Value::text(a), Value::text(b)) == "True"
        };
        assert_eq!(drops(I::JumpEqText { left, right, by }), a == b);
        assert_eq!(drops(I::JumpNeText { left, right, by }), a != b);
    }
    assert!(jumps(I::JumpIf { test: left, by: j32(1) }, Value::bool(true), int(0)));
    assert!(!jumps(I::JumpUnless { test: left, by: j32(1) }, Value::bool(true), int(0)));
}

#[test]
fn constructors_are_told_apart() {
    let code = [
        I::SwitchConstructor { subject: r(0), count: Index(2) },
        I::Jump { by: j32(1) },
        I::Jump { by: j32(3) },
        I::Drop { src: r(0) },
        I::Int { dst: r(2), value: Imm32(10) },
        I::ReturnScalar { kind: ScalarKind::Int, src: r(2) },
        I::Unpack { count: Count(1), first: r(2), object: r(0) },
        I::Return { src: r(2) },
    ];
    assert_eq!(apply2(Asm::new(), &code, Value::none(), Value::unit()), "10");
    assert_eq!(apply2(Asm::new(), &code, Value::some(Value::int(3)), Value::unit()), "3");
    let code = [
        I::JumpConstructor { subject: r(0), index: Index(1), by: j16(1) },
        I::Return { src: r(1) },
        I::Field { dst: r(2), object: r(0), index: Index(0) },
        I::Drop { src: r(0) },
        I::Return { src: r(2) },
    ];
    assert_eq!(apply2(Asm::new(), &code, Value::none(), Value::int(4)), "4");
    assert_eq!(
        apply2(Asm::new(), &code, Value::some(Value::text("inner text of some length")), Value::unit()),
        "inner text of some length"
    );
}

#[test]
fn values_compare_by_structure() {
    let pair = |text: &str| Value::pair(Value::int(1), Value::list([Value::text(text)]));
    let (left, right, dst) = (r(0), r(1), r(2));
    let end = [I::Drop { src: r(0) }, I::Drop { src: r(1) }, I::ReturnScalar { kind: ScalarKind::Bool, src: r(2) }];
    let compare = |instruction: I, a: Value, b: Value| apply2(Asm::new(), &[&[instruction][..], &end].concat(), a, b);
    assert_eq!(compare(I::EqValue { dst, left, right }, pair("a"), pair("a")), "True");
    assert_eq!(compare(I::EqValue { dst, left, right }, pair("a"), pair("b")), "False");
    assert_eq!(compare(I::EqValue { dst, left, right }, Value::int(1), Value::int(1)), "True");
    assert_eq!(compare(I::EqValue { dst, left, right }, Value::float(f64::NAN), Value::float(f64::NAN)), "False");
    assert_eq!(compare(I::LtValue { dst, left, right }, pair("a"), pair("b")), "True");
    assert_eq!(compare(I::LeValue { dst, left, right }, pair("b"), pair("a")), "False");
}

#[test]
fn functions_do_not_compare() {
    let mut asm = Asm::new();
    let f = asm.proto(Body::new("f", 1, 1, &[I::Return { src: r(0) }]));
    asm.constant(Constant::Function(f));
    let main = asm.proto(Body::new(
        "main",
        2,
        4,
        &[
            I::Const { dst: r(2), value: ConstId(0) },
            I::EqValue { dst: r(3), left: r(2), right: r(2) },
            I::ReturnScalar { kind: ScalarKind::Bool, src: r(3) },
        ],
    ));
    asm.function("main", main);
    let run = Run::new(asm);
    assert!(run.show(&run.apply(vec![Value::unit(), Value::unit()])).starts_with("fault: "));
}

#[test]
fn lists_grow_shrink_and_are_matched() {
    let (list, item) = (r(0), r(1));
    let items = || Value::list([Value::text("first"), Value::text("second")]);
    let run = |code: &[I]| apply2(Asm::new(), &[code, &[I::Return { src: r(0) }]].concat(), items(), Value::int(9));
    assert_eq!(run(&[I::ListPush { list, item }]), "[first, second, 9]");
    assert_eq!(run(&[I::ListPrepend { list, item }]), "[9, first, second]");
    assert_eq!(run(&[I::ListUncons { head: r(2), list }, I::Drop { src: r(2) }]), "[second]");
    assert_eq!(run(&[I::ListDrop { dst: list, list, count: Index(1) }]), "[second]");
    assert_eq!(run(&[I::ListDrop { dst: list, list, count: Index(0) }]), "[first, second]");
    // An empty list, its memory kept: to be filled from either end.
    let empty = |more: I| {
        let uncons = [I::ListUncons { head: r(2), list }, I::Drop { src: r(2) }];
        let emptied = I::ListDrop { dst: r(2), list, count: Index(0) };
        run(&[&uncons[..], &uncons[..], &[emptied, I::Move { dst: list, src: r(2) }, more]].concat())
    };
    assert_eq!(empty(I::ListPush { list, item }), "[9]");
    assert_eq!(empty(I::ListPrepend { list, item }), "[9]");
    // … and one whose elements somebody else still has.
    let shared = [
        I::Copy { dst: r(2), src: list },
        I::ListUncons { head: r(3), list },
        I::Drop { src: r(3) },
        I::ListUncons { head: r(3), list },
        I::Drop { src: r(3) },
        I::ListDrop { dst: list, list, count: Index(0) },
        I::ListPrepend { list, item },
        I::ListConcat { left: list, right: r(2) },
    ];
    assert_eq!(run(&shared), "[9, first, second]");
    assert_eq!(
        run(&[I::Copy { dst: r(2), src: list }, I::ListConcat { left: list, right: r(2) }]),
        "[first, second, first, second]"
    );
    assert_eq!(
        run(&[
            I::Copy { dst: r(2), src: list },
            I::ListPush { list, item },
            I::Drop { src: list },
            I::Move { dst: list, src: r(2) }
        ]),
        "[first, second]"
    );
    assert_eq!(
        run(&[
            I::ListItem { dst: r(2), list, index: Index(1) },
            I::Drop { src: list },
            I::Move { dst: list, src: r(2) }
        ]),
        "second"
    );
    let length = [
        I::ListLength { dst: r(2), list },
        I::Drop { src: list },
        I::ReturnScalar { kind: ScalarKind::Int, src: r(2) },
    ];
    assert_eq!(run(&length), "2");
    for (instruction, expected) in [
        (I::JumpLength { list, length: Index(2), by: j16(2) }, "[first, second]"),
        (I::JumpNotLength { list, length: Index(2), by: j16(2) }, "9"),
        (I::JumpShorter { list, length: Index(2), by: j16(2) }, "9"),
        (I::JumpShorter { list, length: Index(3), by: j16(2) }, "[first, second]"),
        (I::JumpOutside { list, index: r(1), by: j16(2) }, "[first, second]"),
        (I::JumpAbsent { src: list, by: j16(2) }, "9"),
    ] {
        assert_eq!(run(&[instruction, I::Drop { src: list }, I::Return { src: r(1) }]), expected);
    }
}

#[test]
fn lists_are_indexed_within_their_range() {
    let get = |index: i64| {
        let mut asm = Asm::new();
        let body = Body::new(
            "f",
            2,
            3,
            &[I::ListGet { dst: r(2), list: r(0), index: r(1) }, I::Drop { src: r(0) }, I::Return { src: r(2) }],
        );
        let proto = asm.proto(body.drops(0, &[0]));
        asm.function("f", proto);
        let run = Run::new(asm);
        leak_checked(|| {
            run.show(&run.apply(vec![Value::list([Value::text("a list's text of some length")]), Value::int(index)]))
        })
    };
    assert_eq!(get(0), "a list's text of some length");
    assert_eq!(get(1), "fault: index 1 is out of range for a list of length 1");
    assert_eq!(get(-1), "fault: index -1 is out of range for a list of length 1");
}

#[test]
fn ranges_are_inclusive() {
    let code = [I::ListRange { dst: r(2), first: r(0), last: r(1) }, I::Return { src: r(2) }];
    assert_eq!(apply2(Asm::new(), &code, Value::int(2), Value::int(5)), "[2, 3, 4, 5]");
    assert_eq!(apply2(Asm::new(), &code, Value::int(2), Value::int(1)), "[]");
    assert!(apply2(Asm::new(), &code, Value::int(i64::MIN), Value::int(i64::MAX)).starts_with("fault: range"));
}

#[test]
fn texts_are_joined_and_shown() {
    let code = [
        I::ToText { dst: r(2), src: r(0) },
        I::ToText { dst: r(3), src: r(1) },
        I::Drop { src: r(1) },
        I::TextJoin { dst: r(2), first: r(2), count: Index(2) },
        I::Return { src: r(2) },
    ];
    assert_eq!(apply2(Asm::new(), &code, Value::int(1), Value::list([Value::some(Value::int(2))])), "1[Some 2]");
}

#[test]
fn fields_are_found_by_name() {
    let mut asm = Asm::new();
    asm.module.shapes.push(Shape::Record(vec!["age".into(), "name".into()]));
    let shape = ShapeId(asm.module.shapes.len() as u16 - 1);
    asm.text("name");
    let name = I::Const { dst: r(0), value: ConstId(0) };
    let build = I::New { count: Count(2), dst: r(0), first: r(0), shape };
    let get = |asm: Asm| {
        let code =
            [build, I::FieldNamed { dst: r(2), object: r(0) }, name, I::Drop { src: r(0) }, I::Return { src: r(2) }];
        apply2(asm, &code, Value::int(3), Value::text("Ada"))
    };
    let copy = |asm: &Asm| Asm { module: asm.module.clone() };
    assert_eq!(get(copy(&asm)), "Ada");
    let code = [
        build,
        I::Copy { dst: r(2), src: r(0) },
        I::Int { dst: r(1), value: Imm32(7) },
        I::Tag { kind: ScalarKind::Int, dst: r(1), src: r(1) },
        I::SetNamed { object: r(0), value: r(1) },
        name,
        I::List { dst: r(0), first: r(0), count: Index(1) },
        I::ListPush { list: r(0), item: r(2) },
        I::Return { src: r(0) },
    ];
    assert_eq!(apply2(asm, &code, Value::int(3), Value::text("Ada")), "[{ age: 3, name: 7 }, { age: 3, name: Ada }]");
}

#[test]
fn maps_are_asked_and_changed() {
    let (map, key) = (r(0), r(1));
    type Key = fn(i64) -> Value;
    let entries = |make: Key, keys: &[i64]| {
        let entries = keys.iter().map(|key| (make(*key), Value::int(7))).collect();
        Value::from(aivi_vm::Map::from_unsorted(entries).expect("comparable"))
    };
    let text: Key = |i| Value::text(&format!("a key that is long enough to be kept apart: {i}"));
    let rows: [(Key, Vec<i64>, i64, i64); 4] = [
        (Value::int, (0..20).collect(), 19, 20),
        (Value::int, (0..20).map(|i| i * 5).collect(), 95, 4),
        (Value::int, vec![3, 1], 1, 2),
        (text, vec![1, 2, 3], 3, 4),
    ];
    for (make, keys, there, absent) in rows {
        let run = |code: &[I], key: i64| apply2(Asm::new(), code, entries(make, &keys), make(key));
        let ends = [I::Drop { src: map }, I::Drop { src: key }];
        let with = |code: &[I], end: I| [code, &ends, &[end]].concat();
        let show = |kind| I::ReturnScalar { kind, src: r(2) };
        let get = with(&[I::MapGet { dst: r(2), map, key }], I::Return { src: r(2) });
        assert_eq!(run(&get, there), "7");
        let or = [I::Int { dst: r(2), value: Imm32(9) }, I::MapGetOr { dst: r(2), map, key }];
        assert_eq!(run(&with(&or, show(ScalarKind::Int)), there), "7");
        assert_eq!(run(&with(&or, show(ScalarKind::Int)), absent), "9");
        let has = with(&[I::MapHas { dst: r(2), map, key }], show(ScalarKind::Bool));
        assert_eq!((run(&has, there), run(&has, absent)), ("True".to_owned(), "False".to_owned()));
        let take = [I::MapTake { dst: r(2), map, key }];
        assert_eq!(run(&with(&take, I::Return { src: r(2) }), there), "7");
        let none = [
            I::MapTake { dst: r(2), map, key },
            I::Drop { src: key },
            I::JumpAbsent { src: r(2), by: Jump16(2) },
            I::Drop { src: map },
            I::Return { src: r(2) },
            I::Return { src: map },
        ];
        assert_eq!(run(&none, absent).matches("=>").count(), keys.len());
        for (key, length) in [(there, keys.len()), (absent, keys.len() + 1)] {
            let value = I::Tag { kind: ScalarKind::Int, dst: r(3), src: r(2) };
            let insert = I::MapInsert { map, key: r(1), value: r(3) };
            let code = [I::Int { dst: r(2), value: Imm32(8) }, value, insert, I::Return { src: map }];
            let shown = run(&code, key);
            assert_eq!(shown.matches("=>").count(), length, "{shown}");
            assert_eq!(shown.matches("=> 8").count(), 1, "{shown}");
        }
    }
}

#[test]
fn sets_are_asked_and_changed() {
    let (set, item) = (r(0), r(1));
    let run = |code: &[I], item: Value| {
        let items = (0..20).map(|i| Value::int(i * 5));
        apply2(Asm::new(), code, aivi_vm::Set::from_elements(items).expect("comparable").into(), item)
    };
    let has = [
        I::SetHas { dst: r(2), set, item },
        I::Drop { src: set },
        I::ReturnScalar { kind: ScalarKind::Bool, src: r(2) },
    ];
    assert_eq!((run(&has, Value::int(95)), run(&has, Value::int(3))), ("True".to_owned(), "False".to_owned()));
    let insert = [I::SetInsert { set, item }, I::Return { src: set }];
    assert!(run(&insert, Value::int(3)).starts_with("~set[0, 3, 5, "));
}

#[test]
fn what_cannot_be_compared_is_no_key() {
    let mut asm = Asm::new();
    let other = asm.proto(Body::new("other", 1, 1, &[I::Return { src: r(0) }]));
    let function = asm.constant(Constant::Function(other));
    let code = [
        I::Const { dst: r(2), value: function },
        I::Const { dst: r(3), value: function },
        I::MapInsert { map: r(0), key: r(2), value: r(3) },
        I::Return { src: r(0) },
    ];
    let proto = asm.proto(Body::new("f", 1, 4, &code).drops(2, &[0]));
    asm.function("f", proto);
    let run = Run::new(asm);
    let shown = leak_checked(|| {
        let map = aivi_vm::Map::from_unsorted(vec![(
            Value::int(1),
            Value::text("a text that is long enough to be kept apart"),
        )]);
        run.show(&run.apply(vec![map.expect("comparable").into()]))
    });
    assert_eq!(shown, "fault: cannot compare functions");
}
