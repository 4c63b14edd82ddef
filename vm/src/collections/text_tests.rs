//! `Text` against `String`, with several versions alive at once so that shared and unique paths mix.

use proptest::prelude::*;

use super::Text;

#[derive(Clone, Debug)]
enum Op {
    Push(String),
    Slice(u16, u16),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        "[a-zäß€😀]{0,60}".prop_map(Op::Push),
        "[a-z]{0,400}".prop_map(Op::Push),
        (any::<u16>(), any::<u16>()).prop_map(|(start, end)| Op::Slice(start, end)),
    ]
}

fn apply(op: &Op, text: &mut Text, model: &mut String) {
    match op {
        Op::Push(added) => {
            text.push_str(added);
            model.push_str(added);
        }
        Op::Slice(start, end) => {
            let length = model.chars().count();
            let scale = |n: u16| usize::from(n) * (length + 2) / usize::from(u16::MAX);
            let (start, end) = (scale(*start), scale(*end));
            *text = text.slice(start, end);
            *model = model.chars().take(end).skip(start).collect();
        }
    }
}

fn same(text: &Text, model: &str) {
    assert_eq!(text.as_str(), model);
    assert_eq!(text.chars(), model.chars().count());
    assert_eq!(text.len(), model.len());
    assert_eq!(text.is_ascii(), model.is_ascii());
}

proptest! {
    #[test]
    fn behaves_like_a_string(ops in prop::collection::vec((op(), any::<u8>(), any::<bool>()), 1..40)) {
        let mut versions = vec![(Text::default(), String::new())];
        for (op, which, keep) in ops {
            let which = usize::from(which) % versions.len();
            let (mut text, mut model) =
                if keep { versions[which].clone() } else { std::mem::take(&mut versions[which]) };
            apply(&op, &mut text, &mut model);
            same(&text, &model);
            if !keep {
                versions[which] = (text, model);
            } else if versions.len() < 6 {
                versions.push((text, model));
            }
        }
        for (text, model) in &versions {
            same(text, model);
        }
    }
}

#[test]
fn texts_stand_in_the_order_of_their_code_points() {
    let long = "a text that is too long to stand in its object";
    let texts = ["", "\0", "a", "a\0", "a\0b", "ab", "abcdefgh", "abcdefg", "abcdefghi", "ä", "日本", long, "a text"];
    for left in texts {
        for right in texts {
            assert_eq!(Text::from(left).order(&Text::from(right)), left.cmp(right), "{left:?} {right:?}");
        }
    }
}
