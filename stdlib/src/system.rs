//! Natives of `aivi.system`: what the host tells the program about its surroundings.

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::{Power, Value};

use crate::family::family;

family! { "system"
    "args" / 0 = args;
    "exit" / 1 needs Exit, exit;
    "localeTag" / 0 needs Environment, locale_tag;
    "getVariable" / 1 needs Environment, get_variable;
    "setVariable" / 2 needs Environment, set_variable;
    "removeVariable" / 1 needs Environment, remove_variable;
}

fn args(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    NativeResult::Done(Value::list(cx.host().args().iter().map(|argument| Value::text(argument))))
}

/// Codes that the system cannot hold become the nearest that the machine can.
fn exit(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    if let Err(refusal) = cx.grants(Power::Exit).simple(Power::Exit, "ending the program by `exit`") {
        return NativeResult::Fault(refusal.to_string());
    }
    cx.exit(args.int(0).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
}

fn locale_tag(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let grants = cx.grants(Power::Environment);
    let seen = names.into_iter().filter(|name| grants.variable(name).is_ok());
    let set = seen.into_iter().find_map(|name| cx.host().env(name).filter(|value| !value.is_empty()));
    let tag = set.as_deref().and_then(language_tag);
    NativeResult::Done(tag.map_or(Value::none(), |tag| Value::some(Value::text(&tag))))
}

fn get_variable(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    refused(cx, args.text(0)).unwrap_or_else(|| {
        let value = cx.host().env(args.text(0));
        NativeResult::Done(value.map_or(Value::none(), |value| Value::some(Value::text(&value))))
    })
}

fn set_variable(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    refused(cx, args.text(0)).unwrap_or_else(|| {
        cx.host().set_env(args.text(0), Some(args.text(1)));
        NativeResult::Done(Value::unit())
    })
}

fn remove_variable(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    refused(cx, args.text(0)).unwrap_or_else(|| {
        cx.host().set_env(args.text(0), None);
        NativeResult::Done(Value::unit())
    })
}

/// The failure, when the program may not have to do with the variable.
fn refused(cx: &NativeCx<'_>, name: &str) -> Option<NativeResult> {
    let refusal = cx.grants(Power::Environment).variable(name).err()?;
    Some(NativeResult::Failed(Value::text(&refusal.to_string())))
}

/// `en_GB.UTF-8@euro` is `en-GB`; `C` and `POSIX` are no language.
fn language_tag(locale: &str) -> Option<String> {
    let name = locale.split(['.', '@']).next().unwrap_or_default();
    (!["", "C", "POSIX"].contains(&name)).then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::language_tag;

    #[test]
    fn locales_become_tags() {
        assert_eq!(language_tag("en_GB.UTF-8").as_deref(), Some("en-GB"));
        assert_eq!(language_tag("sr_RS@latin").as_deref(), Some("sr-RS"));
        assert_eq!(language_tag("de").as_deref(), Some("de"));
        assert_eq!(language_tag("C.UTF-8"), None);
        assert_eq!(language_tag("POSIX"), None);
    }
}
