//! Natives of `aivi.json`: texts to values and back. The values are those of the type that the module declares; its
//! constructors are known by their positions there, and by a value of each that `parse` is given.

mod parse;
mod write;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::{Text, Value};

use crate::family::{charge_bytes, done, family};
use parse::Refusal;

family! { "json"
    "parse" / 2 = parse;
    "toText" / 1 = to_text;
}

/// Positions of the constructors.
const NULL: u16 = 0;
const BOOL: u16 = 1;
const INT: u16 = 2;
const FLOAT: u16 = 3;
const STRING: u16 = 4;
const ARRAY: u16 = 5;
const OBJECT: u16 = 6;

/// Makes values like samples: a value of each constructor in order.
struct Maker {
    samples: Vec<Value>,
}

impl Maker {
    /// From a tuple of samples, all of which but the first have an argument.
    fn new(samples: &Value) -> Option<Maker> {
        let samples = samples.as_object()?.fields().to_vec();
        let is_complete = samples.len() == usize::from(OBJECT) + 1;
        (is_complete && samples[1..].iter().all(|sample| sample.as_object().is_some())).then_some(Maker { samples })
    }

    fn null(&self) -> Value {
        self.samples[usize::from(NULL)].clone()
    }

    fn make(&self, constructor: u16, argument: Value) -> Value {
        match self.samples[usize::from(constructor)].as_object() {
            Some(sample) => Value::object(sample.shape(), constructor, [argument]),
            None => argument,
        }
    }
}

/// samples, text -> `Result Text JsonValue`
fn parse(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_bytes(cx, args.text(1).len() * 8);
    let Some(maker) = Maker::new(args.get(0)) else {
        return NativeResult::Fault("expected a value of each constructor".to_owned());
    };
    done(match parse::parse(args.text(1), &maker) {
        Ok(value) => Value::ok(value),
        Err(Refusal::Wrong(problem)) => Value::err(Value::text(&problem)),
        Err(Refusal::TooLarge(bytes)) => {
            // The limit is reached, and nobody sees this; unless others have given back memory just now. What was made
            // is gone already.
            let all = usize::try_from(cx.memory_limit()).unwrap_or(usize::MAX);
            _ = cx.may_make(all.max(bytes));
            Value::err(Value::text("the text has more in it than there is memory left"))
        }
    })
}

fn to_text(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let text = write::to_text(args.get(0));
    charge_bytes(cx, text.len() * 8);
    done(Text::from(text))
}
