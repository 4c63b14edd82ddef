//! Functions on values of any type.

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::constructor;
use aivi_vm::{Text, Value};

use crate::family::{done, family};

family! { "value"
    "constructorName" / 1 = constructor_name;
    "constructorOrdinal" / 1 = constructor_ordinal;
}

fn constructor_name(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match constructor(args.get(0), cx.program().shapes()) {
        Some((name, _)) => done(Text::from(name)),
        None => NativeResult::Fault("constructorName expects a constructor".to_owned()),
    }
}

fn constructor_ordinal(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match constructor(args.get(0), cx.program().shapes()) {
        Some((_, position)) => done(Value::int(position.into())),
        None => NativeResult::Fault("constructorOrdinal expects a constructor".to_owned()),
    }
}
