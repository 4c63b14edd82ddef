//! Texts against `String`, with several versions alive at once so that shared and unique paths mix.

use proptest::prelude::*;

use super::digits::{self, decimal};
use super::{InlineText, Text, text};
use crate::structural::{compare, equal};
use crate::value::{Kind, Value};

#[derive(Clone, Debug)]
enum Op {
    /// To a `Text`.
    Push(String),
    /// As the instruction does it.
    Join(Vec<String>),
    Slice(u16, u16),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        "[a-zäß€😀]{0,60}".prop_map(Op::Push),
        "[a-z]{0,400}".prop_map(Op::Push),
        prop::collection::vec("[a-zß€😀]{0,5}", 0..4).prop_map(Op::Join),
        (any::<u16>(), any::<u16>()).prop_map(|(start, end)| Op::Slice(start, end)),
    ]
}

fn apply(op: &Op, text: Value, model: &mut String) -> Value {
    match op {
        Op::Push(added) => {
            model.push_str(added);
            let mut text = text.into_text().expect("a text");
            text.push_str(added);
            text.into()
        }
        Op::Join(added) => {
            added.iter().for_each(|added| model.push_str(added));
            joined(std::iter::once(text).chain(added.iter().map(|added| Value::text(added))).collect())
        }
        Op::Slice(start, end) => {
            let length = model.chars().count();
            let scale = |n: u16| usize::from(n) * (length + 2) / usize::from(u16::MAX);
            let (start, end) = (scale(*start), scale(*end));
            *model = model.chars().take(end).skip(start).collect();
            text.as_text().expect("a text").slice(start as i64, end as i64)
        }
    }
}

/// As the instruction does it.
fn joined(mut parts: Vec<Value>) -> Value {
    match InlineText::join(&parts) {
        Some(text) => text.into(),
        None => text::join(&mut parts),
    }
}

fn same(value: &Value, model: &str) {
    let text = value.as_text().expect("a text");
    assert_eq!(text.as_str(), model);
    assert_eq!(value.as_str(), model);
    assert_eq!(text.chars(), model.chars().count());
    assert_eq!(text.len(), model.len());
    assert_eq!(text.is_ascii(), model.is_ascii());
    assert_eq!(value.is_scalar(), model.len() <= InlineText::MAX, "{model:?}");
    assert_eq!(value.kind(), if value.is_scalar() { Kind::InlineText } else { Kind::Text });
    assert_eq!(equal(value, &Value::text(model)), Ok(true));
}

proptest! {
    #[test]
    fn behaves_like_a_string(ops in prop::collection::vec((op(), any::<u8>(), any::<bool>()), 1..40)) {
        let mut versions = vec![(Value::text(""), String::new())];
        for (op, which, keep) in ops {
            let which = usize::from(which) % versions.len();
            let (text, mut model) = if keep {
                versions[which].clone()
            } else {
                std::mem::replace(&mut versions[which], (Value::unit(), String::new()))
            };
            let text = apply(&op, text, &mut model);
            same(&text, &model);
            if !keep {
                versions[which] = (text, model);
            } else if versions.len() < 6 {
                versions.push((text, model));
            }
        }
        for (text, model) in &versions {
            same(text, model);
            for (other, other_model) in &versions {
                prop_assert_eq!(compare(text, other), Ok(model.cmp(other_model)));
                prop_assert_eq!(equal(text, other), Ok(model == other_model));
            }
        }
    }
}

/// Texts with so many bytes, of scalar values of one to four bytes.
fn texts_of(length: usize) -> impl Iterator<Item = String> {
    ["a", "z\0", "ß", "€", "😀", "aß", "€b"].into_iter().map(move |unit| {
        let mut text = unit.repeat(length / unit.len());
        text.extend(std::iter::repeat_n('~', length - text.len()));
        text
    })
}

#[test]
fn every_length_around_a_limit_makes_the_same_text_in_all_ways() {
    let lengths = (0..=10).chain(35..=40).chain(254..=260);
    for model in lengths.flat_map(texts_of) {
        let value = Value::text(&model);
        same(&value, &model);
        same(&Text::from(model.clone()).into(), &model);
        for end in model.char_indices().map(|(at, _)| at).chain([model.len()]) {
            let (before, after) = model.split_at(end);
            same(&joined(vec![Value::text(before), Value::text(after)]), &model);
            let chars = before.chars().count();
            same(&value.as_text().expect("a text").slice(0, chars as i64), before);
            same(&value.as_text().expect("a text").slice(chars as i64, i64::MAX), after);
        }
    }
}

#[test]
fn texts_stand_in_the_order_of_their_code_points() {
    let long = "a text that is too long to stand in its object";
    let some = [
        "",
        "\0",
        "a",
        "a\0",
        "a\0b",
        "ab",
        "abcdefgh",
        "abcdefg",
        "abcdefg\0",
        "abcdefghi",
        "ä",
        "日本",
        long,
        "a text",
    ];
    for left in some {
        for right in some {
            let (one, other) = (Value::text(left), Value::text(right));
            assert_eq!(compare(&one, &other), Ok(left.cmp(right)), "{left:?} {right:?}");
            assert_eq!(equal(&one, &other), Ok(left == right), "{left:?} {right:?}");
        }
    }
}

#[test]
fn numbers_of_every_length_are_written_as_rust_writes_them() {
    let powers = (0..19).map(|n| 10i64.pow(n)).flat_map(|power| [power - 1, power, power + 1, power / 3 * 2]);
    for number in powers.chain([i64::MAX, i64::MIN, i64::MIN + 1]) {
        for number in [number, number.wrapping_neg()] {
            let text = number.to_string();
            assert_eq!(decimal(number, &mut [0; digits::MAX]), text);
            let inline = InlineText::decimal(number);
            assert_eq!(inline.as_ref().map(InlineText::as_str), (text.len() <= 7).then_some(&*text));
            assert!(inline.is_none_or(|inline| Some(inline) == InlineText::new(&text)));
        }
    }
}
