//! Texts. Indices and lengths count scalar values.
//!
//! The empty needle is contained everywhere: first at index 0, last at the end. It is counted 0 times, splits a text into
//! its scalar values and is never replaced.

use std::cmp::Ordering;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::debug_text;
use aivi_vm::{List, Text, Value};
use unicode_segmentation::UnicodeSegmentation;

use crate::family::{bool, charge, count, done, family, int, option};

family! { "text"
    "length" / 1 = |_, args| int(args.get(0).as_text().map_or(0, Text::chars));
    "isEmpty" / 1 = |_, args| bool(args.text(0).is_empty());
    "contains" / 2 = |_, args| bool(args.text(1).contains(args.text(0)));
    "startsWith" / 2 = |_, args| bool(args.text(1).starts_with(args.text(0)));
    "endsWith" / 2 = |_, args| bool(args.text(1).ends_with(args.text(0)));
    "indexOf" / 2 = |_, args| position(args, args.text(1).find(args.text(0)));
    "lastIndexOf" / 2 = |_, args| position(args, args.text(1).rfind(args.text(0)));
    "count" / 2 = occurrences;
    "compare" / 2 = |_, args| done(Value::int(args.text(0).cmp(args.text(1)) as i64));
    "slice" / 3 = slice;
    "split" / 2 = split;
    "splitLines" / 1 = |_, args| texts(args.text(0).lines());
    "chunk" / 2 = chunk;
    "join" / 2 = join;
    "concat" / 1 = |cx, args| concat(cx, args.get(0).as_list(), "");
    "trim" / 1 = |_, args| text(args.text(0).trim());
    "trimStart" / 1 = |_, args| text(args.text(0).trim_start());
    "trimEnd" / 1 = |_, args| text(args.text(0).trim_end());
    "toLower" / 1 = |_, args| done(Text::from(args.text(0).to_lowercase()));
    "toUpper" / 1 = |_, args| done(Text::from(args.text(0).to_uppercase()));
    "capitalize" / 1 = |_, args| done(Text::from(capitalized(args.text(0), str::to_owned)));
    "titleCase" / 1 = title_case;
    "caseFold" / 1 = case_fold;
    "reverse" / 1 = |_, args| done(Text::from(args.text(0).graphemes(true).rev().collect::<String>()));
    "padStart" / 3 = |_, args| pad(args, |text, fill| fill + text);
    "padEnd" / 3 = |_, args| pad(args, |text, fill| text.to_owned() + &fill);
    "replace" / 3 = replace;
    "replaceAll" / 3 = replace_all;
    "remove" / 2 = remove;
    "repeat" / 2 = repeat;
    "parseInt" / 1 = |_, args| option(parse_int(args.text(0)).map(Value::int));
    "parseFloat" / 1 = |_, args| option(parse_float(args.text(0)).map(Value::float));
    "debugText" / 1 = |cx, args| done(Text::from(debug_text(args.get(0), cx.program().shapes())));
    "isDigit" / 1 = |_, args| char(args, |char| char.is_ascii_digit());
    "isAlpha" / 1 = |_, args| char(args, char::is_alphabetic);
    "isAlnum" / 1 = |_, args| char(args, char::is_alphanumeric);
    "isSpace" / 1 = |_, args| char(args, char::is_whitespace);
    "isUpper" / 1 = |_, args| char(args, char::is_uppercase);
    "isLower" / 1 = |_, args| char(args, char::is_lowercase);
}

/// Bytes of the longest text made by a number; arbitrary, and far below what an address space holds.
const BYTES_MAX: usize = 1 << 31;

fn text(text: &str) -> NativeResult {
    done(Text::from(text))
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> NativeResult {
    NativeResult::Done(Value::list(texts.map(Value::text)))
}

fn char(args: &Args<'_>, test: impl Fn(char) -> bool) -> NativeResult {
    bool(args.get(0).as_char().is_some_and(test))
}

/// Index of the scalar value that starts at this byte of the second argument.
fn position(args: &Args<'_>, byte: Option<usize>) -> NativeResult {
    let ascii = args.get(1).as_text().is_none_or(Text::is_ascii);
    let index = |byte: usize| if ascii { byte } else { args.text(1)[..byte].chars().count() };
    option(byte.map(|byte| Value::int(index(byte) as i64)))
}

fn occurrences(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    int(if args.text(0).is_empty() { 0 } else { args.text(1).matches(args.text(0)).count() })
}

fn slice(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(whole) = args.get(2).as_text() else { return text("") };
    let (start, end) = (args.int(0), count(args.int(1)));
    let start = if start < 0 { whole.chars().saturating_sub(start.unsigned_abs() as usize) } else { start as usize };
    done(whole.slice(start, end))
}

fn split(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge(cx, args.text(1).len());
    let (separator, whole) = (args.text(0), args.text(1));
    if separator.is_empty() {
        let mut buffer = [0; 4];
        return NativeResult::Done(Value::list(whole.chars().map(|char| Value::text(char.encode_utf8(&mut buffer)))));
    }
    texts(whole.split(separator))
}

fn chunk(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge(cx, args.text(1).len());
    let (size, mut rest) = (count(args.int(0)), args.text(1));
    texts(std::iter::from_fn(|| {
        if size == 0 || rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    }))
}

fn join(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    concat(cx, args.get(1).as_list(), args.text(0))
}

fn concat(cx: &mut NativeCx<'_>, list: Option<&List>, separator: &str) -> NativeResult {
    charge(cx, list.map_or(0, List::len));
    let pieces = || list.into_iter().flat_map(List::iter).filter_map(Value::as_text).map(Text::as_str);
    let mut joined = String::with_capacity(pieces().map(|piece| piece.len() + separator.len()).sum());
    for (i, piece) in pieces().enumerate() {
        if i > 0 {
            joined.push_str(separator);
        }
        joined.push_str(piece);
    }
    done(Text::from(joined))
}

/// The first scalar value in upper case, then the rest as `rest` makes it.
fn capitalized(text: &str, rest: impl Fn(&str) -> String) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &rest(chars.as_str())
}

fn title_case(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let words = args.text(0).split_word_bounds();
    done(Text::from(words.map(|word| capitalized(word, str::to_lowercase)).collect::<String>()))
}

/// Up and down again, each scalar value for itself: what differs by case only becomes equal.
fn case_fold(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let folded: String = args.text(0).chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    done(Text::from(folded))
}

fn too_long() -> NativeResult {
    NativeResult::Fault("the text would be too long".to_owned())
}

fn pad(args: &Args<'_>, put: impl Fn(&str, String) -> String) -> NativeResult {
    let (fill, whole) = (args.text(1), args.text(2));
    let missing = count(args.int(0)).saturating_sub(args.get(2).as_text().map_or(0, Text::chars));
    if missing == 0 || fill.is_empty() {
        return NativeResult::Done(args.get(2).clone());
    }
    if missing > BYTES_MAX {
        return too_long();
    }
    done(Text::from(put(whole, fill.chars().cycle().take(missing).collect())))
}

fn replaced(args: &Args<'_>, replacement: &str, whole: usize, most: usize) -> NativeResult {
    if args.text(0).is_empty() || !args.text(whole).contains(args.text(0)) {
        return NativeResult::Done(args.get(whole).clone());
    }
    done(Text::from(args.text(whole).replacen(args.text(0), replacement, most)))
}

fn replace(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    replaced(args, args.text(1), 2, 1)
}

fn replace_all(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    replaced(args, args.text(1), 2, usize::MAX)
}

fn remove(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    replaced(args, "", 1, usize::MAX)
}

fn repeat(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (times, whole) = (count(args.int(0)), args.text(1));
    match whole.len().checked_mul(times) {
        Some(bytes) if bytes <= BYTES_MAX => done(Text::from(whole.repeat(times))),
        _ => too_long(),
    }
}

/// Decimal digits, perhaps with `-` before them.
fn parse_int(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// Decimal digits, perhaps with `-` before them, a fraction and an exponent behind.
fn parse_float(text: &str) -> Option<f64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if digits(whole) && digits(fraction) && digits(exponent) { text.parse().ok() } else { None }
}

const _: () = assert!(Ordering::Less as i64 == -1 && Ordering::Greater as i64 == 1);
