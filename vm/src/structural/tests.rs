//! Equality, order and text forms.

use std::cmp::Ordering;
use std::sync::Arc;

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::Shape;
use proptest::prelude::*;

use super::{compare, debug_text, equal, to_text};
use crate::collections::{Map, Set};
use crate::value::Value;

const NODE: ShapeId = ShapeId(11);
const PERSON: ShapeId = ShapeId(12);
const NOTHING: ShapeId = ShapeId(13);

fn shapes() -> Vec<Shape> {
    let mut shapes = aivi_bytecode::module::well_known::shapes();
    assert_eq!(shapes.len(), usize::from(NODE.0));
    shapes.push(Shape::Constructor { data: "Tree".into(), name: "Node".into(), index: 1, arity: 2 });
    shapes.push(Shape::Record(vec!["age".into(), "name".into()]));
    shapes.push(Shape::Record(Vec::new()));
    shapes
}

fn int(n: i64) -> Value {
    Value::int(n)
}

#[test]
fn text_forms_follow_the_reference() {
    let shapes = shapes();
    let text = |value: Value| to_text(&value, &shapes);
    assert_eq!(text(int(-7)), "-7");
    assert_eq!(text(Value::float(3.0)), "3");
    assert_eq!(text(Value::float(0.1)), "0.1");
    assert_eq!(text(Value::float(1e21)), "1000000000000000000000");
    assert_eq!(text(Value::float(f64::NEG_INFINITY)), "-inf");
    assert_eq!(text(Value::float(f64::NAN)), "NaN");
    assert_eq!(text(Value::bool(true)), "True");
    assert_eq!(text(Value::unit()), "Unit");
    assert_eq!(text(Value::text("a\"b")), "a\"b");
    assert_eq!(text(Value::list([])), "[]");
    assert_eq!(text(Value::list([Value::text("a"), Value::char('b')])), "[a, b]");
    assert_eq!(text(Value::pair(int(1), Value::none())), "(1, None)");
    assert_eq!(text(Value::object(PERSON, 0, [int(3), Value::text("Ada")])), "{ age: 3, name: Ada }");
    assert_eq!(text(Value::object(NOTHING, 0, [])), "{}");
    let inner = Value::object(NODE, 1, [int(1), Value::some(int(-2))]);
    assert_eq!(text(Value::object(NODE, 1, [inner, Value::none()])), "Node (Node 1 (Some -2)) None");
    assert_eq!(text(Value::ok(Value::pair(int(1), int(2)))), "Ok (1, 2)");
    let map = Map::from_unsorted(vec![(int(2), Value::text("b")), (int(1), Value::some(int(0)))]).expect("comparable");
    assert_eq!(text(map.into()), "~map{1 => Some 0, 2 => b}");
    assert_eq!(text(Map::new().into()), "~map{}");
    assert_eq!(text(Set::from_elements([int(2), int(1)]).expect("comparable").into()), "~set[1, 2]");
    assert_eq!(text(Value::handle("socket", Arc::new(1))), "<socket>");
}

#[test]
fn debug_text_quotes_at_every_depth() {
    let shapes = shapes();
    let value = Value::some(Value::list([Value::text("a\"\n{\u{1}"), Value::char('\'')]));
    assert_eq!(debug_text(&value, &shapes), r#"Some ["a\"\n\{\u{1}", '\'']"#);
}

#[test]
fn the_order_is_that_of_the_reference() {
    let ascending = [
        vec![Value::bool(false), Value::bool(true)],
        vec![Value::float(f64::NEG_INFINITY), Value::float(-0.5), Value::float(2.0), Value::float(f64::NAN)],
        vec![Value::text(""), Value::text("Z"), Value::text("a"), Value::text("ab"), Value::text("é")],
        vec![Value::list([]), Value::list([int(1)]), Value::list([int(1), int(0)]), Value::list([int(2)])],
        vec![Value::none(), Value::some(int(1)), Value::some(int(2))],
        vec![Value::pair(int(1), int(9)), Value::pair(int(2), int(0))],
    ];
    for values in &ascending {
        for (i, left) in values.iter().enumerate() {
            for (j, right) in values.iter().enumerate() {
                assert_eq!(compare(left, right), Ok(i.cmp(&j)), "{left:?} {right:?}");
            }
        }
    }
    assert_eq!(compare(&Value::float(-0.0), &Value::float(0.0)), Ok(Ordering::Equal));
}

#[test]
fn equality_is_structural_and_nan_equals_nothing() {
    let list = |n: i64| Value::list((0..n).map(int));
    assert_eq!(equal(&list(200), &list(200)), Ok(true));
    assert_eq!(equal(&list(200), &list(201)), Ok(false));
    let nan = Value::list([Value::float(f64::NAN)]);
    assert_eq!(equal(&nan, &nan), Ok(false));
    assert_eq!(equal(&Value::float(-0.0), &Value::float(0.0)), Ok(true));
    assert_eq!(equal(&Value::text("ab"), &Value::text("ab")), Ok(true));
    assert_eq!(equal(&Value::some(int(1)), &Value::none()), Ok(false));
}

#[test]
fn handles_cannot_be_compared() {
    let handle = Value::handle("socket", Arc::new(1));
    let error = equal(&Value::some(handle.clone()), &Value::some(handle.clone())).expect_err("a handle");
    assert_eq!(error.to_string(), "cannot compare handles");
    assert!(Set::from_elements([handle]).is_err());
}

#[test]
fn deep_values_need_no_host_stack() {
    let deep = |leaf: i64| {
        let mut value = int(leaf);
        for i in 0..300_000 {
            value = if i % 2 == 0 { Value::some(value) } else { Value::list([value]) };
        }
        value
    };
    let body = move || {
        let (left, right) = (deep(1), deep(2));
        assert_eq!(compare(&left, &right), Ok(Ordering::Less));
        assert_eq!(equal(&left, &deep(1)), Ok(true));
        assert!(to_text(&left, &shapes()).ends_with(&"]".repeat(10)) || to_text(&left, &shapes()).ends_with("])"));
        let shared = left.share();
        drop(shared);
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(body).expect("a thread");
    thread.join().expect("no overflow");
}

/// A value and a model whose derived order is the expected one.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Model {
    Int(i64),
    Text(String),
    List(Vec<Model>),
    Pair(Box<(Model, Model)>),
}

fn build(model: &Model) -> Value {
    match model {
        Model::Int(n) => int(*n),
        Model::Text(text) => Value::text(text),
        Model::List(items) => Value::list(items.iter().map(build)),
        Model::Pair(pair) => Value::pair(build(&pair.0), build(&pair.1)),
    }
}

/// Values of one type, nested lists of pairs.
fn model() -> impl Strategy<Value = Model> {
    let pair = (-2i64..2, "[ab]{0,2}").prop_map(|(n, text)| Model::Pair(Box::new((Model::Int(n), Model::Text(text)))));
    let list = prop::collection::vec(pair, 0..4).prop_map(Model::List);
    prop::collection::vec(list, 0..4).prop_map(Model::List)
}

proptest! {
    #[test]
    fn order_and_equality_agree_with_the_model(left in model(), right in model()) {
        let expected = left.partial_cmp(&right).expect("no floats");
        prop_assert_eq!(compare(&build(&left), &build(&right)), Ok(expected));
        prop_assert_eq!(equal(&build(&left), &build(&right)), Ok(expected.is_eq()));
    }
}
