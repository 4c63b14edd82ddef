//! Texts. Indices and lengths count scalar values.
//!
//! The empty needle is contained everywhere: first at index 0, last at the end. It is counted 0 times, splits a text into
//! its scalar values and is never replaced.

use std::cmp::Ordering;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::debug_text;
use aivi_vm::{List, Text, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::family::{bool, charge, charge_bytes, count, done, family, int, option};

family! { "text"
    "length" / 1 = |_, args| int(args.get(0).as_text().map_or(0, Text::chars));
    "isEmpty" / 1 = |_, args| bool(args.text(0).is_empty());
    "contains" / 2 = |cx, args| searched(cx, args, |text, needle| bool(text.contains(needle)));
    "startsWith" / 2 = |_, args| bool(args.text(1).starts_with(args.text(0)));
    "endsWith" / 2 = |_, args| bool(args.text(1).ends_with(args.text(0)));
    "indexOf" / 2 = |cx, args| position(cx, args, args.text(1).find(args.text(0)));
    "lastIndexOf" / 2 = |cx, args| position(cx, args, args.text(1).rfind(args.text(0)));
    "count" / 2 = |cx, args| searched(cx, args, occurrences);
    "compare" / 2 = |cx, args| searched(cx, args, |right, left| done(Value::int(left.cmp(right) as i64)));
    "slice" / 3 = slice;
    "split" / 2 = |cx, args| searched(cx, args, split);
    "splitLines" / 1 = |cx, args| changed(cx, args, |text| texts(text.lines()));
    "chunk" / 2 = chunk;
    "join" / 2 = |cx, args| concat(cx, args.get(1).as_list(), args.text(0));
    "concat" / 1 = |cx, args| concat(cx, args.get(0).as_list(), "");
    "trim" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.trim())));
    "trimStart" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.trim_start())));
    "trimEnd" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.trim_end())));
    "toLower" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.to_lowercase())));
    "toUpper" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.to_uppercase())));
    "capitalize" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(capitalized(text, str::to_owned))));
    "titleCase" / 1 = |cx, args| changed(cx, args, title_case);
    "caseFold" / 1 = |cx, args| changed(cx, args, case_fold);
    "normalizeNFC" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.nfc().collect::<String>())));
    "normalizeNFD" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.nfd().collect::<String>())));
    "normalizeNFKC" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.nfkc().collect::<String>())));
    "normalizeNFKD" / 1 = |cx, args| changed(cx, args, |text| done(Text::from(text.nfkd().collect::<String>())));
    "reverse" / 1 = |cx, args| changed(cx, args, reverse);
    "padStart" / 3 = |cx, args| pad(cx, args, |text, fill| fill + text);
    "padEnd" / 3 = |cx, args| pad(cx, args, |text, fill| text.to_owned() + &fill);
    "replace" / 3 = |cx, args| replaced(cx, args, args.text(1), 2, 1);
    "replaceAll" / 3 = |cx, args| replaced(cx, args, args.text(1), 2, usize::MAX);
    "remove" / 2 = |cx, args| replaced(cx, args, "", 1, usize::MAX);
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

/// What is made of a text by going through it.
fn changed(cx: &mut NativeCx<'_>, args: &Args<'_>, change: impl Fn(&str) -> NativeResult) -> NativeResult {
    charge_bytes(cx, args.text(0).len());
    change(args.text(0))
}

/// What is made of a text, the second argument, and what is looked for in it, the first one.
fn searched(cx: &mut NativeCx<'_>, args: &Args<'_>, search: impl Fn(&str, &str) -> NativeResult) -> NativeResult {
    charge_bytes(cx, args.text(1).len());
    search(args.text(1), args.text(0))
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> NativeResult {
    NativeResult::Done(Value::list(texts.map(Value::text)))
}

fn char(args: &Args<'_>, test: impl Fn(char) -> bool) -> NativeResult {
    bool(args.get(0).as_char().is_some_and(test))
}

/// Index of the scalar value that starts at this byte of the second argument.
fn position(cx: &mut NativeCx<'_>, args: &Args<'_>, byte: Option<usize>) -> NativeResult {
    charge_bytes(cx, args.text(1).len());
    let ascii = args.get(1).as_text().is_none_or(Text::is_ascii);
    let index = |byte: usize| if ascii { byte } else { args.text(1)[..byte].chars().count() };
    option(byte.map(|byte| Value::int(index(byte) as i64)))
}

fn occurrences(text: &str, needle: &str) -> NativeResult {
    int(if needle.is_empty() { 0 } else { text.matches(needle).count() })
}

fn slice(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(whole) = args.get(2).as_text() else { return done(Text::default()) };
    if !whole.is_ascii() {
        charge_bytes(cx, whole.len());
    }
    let (start, end) = (args.int(0), count(args.int(1)));
    let start = if start < 0 { whole.chars().saturating_sub(start.unsigned_abs() as usize) } else { start as usize };
    done(whole.slice(start, end))
}

fn split(text: &str, separator: &str) -> NativeResult {
    if separator.is_empty() { letters(text) } else { texts(text.split(separator)) }
}

/// A text for each scalar value; equal ASCII ones are the same object.
fn letters(text: &str) -> NativeResult {
    let mut ascii = [const { None::<Value> }; 128];
    let mut buffer = [0; 4];
    NativeResult::Done(Value::list(text.chars().map(|char| match ascii.get_mut(char as usize) {
        Some(known) => known.get_or_insert_with(|| Value::text(char.encode_utf8(&mut buffer))).clone(),
        None => Value::text(char.encode_utf8(&mut buffer)),
    })))
}

fn chunk(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_bytes(cx, args.text(1).len());
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

fn concat(cx: &mut NativeCx<'_>, list: Option<&List>, separator: &str) -> NativeResult {
    let pieces = || list.into_iter().flat_map(List::iter).filter_map(Value::as_text).map(Text::as_str);
    let length: usize = pieces().map(|piece| piece.len() + separator.len()).sum();
    if length > BYTES_MAX {
        return too_long();
    }
    charge(cx, list.map_or(0, List::len));
    charge_bytes(cx, length);
    let mut joined = String::with_capacity(length);
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

fn title_case(text: &str) -> NativeResult {
    let words = text.split_word_bounds();
    done(Text::from(words.map(|word| capitalized(word, str::to_lowercase)).collect::<String>()))
}

/// Down, up and down again, each scalar value for itself: what differs by case only becomes equal. The first step is for `ẞ`,
/// which is its own upper case.
fn case_fold(text: &str) -> NativeResult {
    let folded = text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    done(Text::from(folded.collect::<String>()))
}

fn reverse(text: &str) -> NativeResult {
    done(Text::from(text.graphemes(true).rev().collect::<String>()))
}

fn too_long() -> NativeResult {
    NativeResult::Fault("the text would be too long".to_owned())
}

fn pad(cx: &mut NativeCx<'_>, args: &Args<'_>, put: impl Fn(&str, String) -> String) -> NativeResult {
    let (fill, whole) = (args.text(1), args.text(2));
    let missing = count(args.int(0)).saturating_sub(args.get(2).as_text().map_or(0, Text::chars));
    if missing == 0 || fill.is_empty() {
        return NativeResult::Done(args.get(2).clone());
    }
    let turns = missing.div_ceil(fill.chars().count());
    match turns.checked_mul(fill.len()) {
        Some(bytes) if bytes <= BYTES_MAX => charge_bytes(cx, bytes),
        _ => return too_long(),
    }
    done(Text::from(put(whole, fill.chars().cycle().take(missing).collect())))
}

/// `whole` is the number of the argument that is changed.
fn replaced(cx: &mut NativeCx<'_>, args: &Args<'_>, replacement: &str, whole: usize, most: usize) -> NativeResult {
    let (needle, text) = (args.text(0), args.text(whole));
    charge_bytes(cx, text.len());
    if needle.is_empty() || !text.contains(needle) {
        return NativeResult::Done(args.get(whole).clone());
    }
    // Counting takes as long as replacing: it is left out where even a text of nothing but needles would stay short.
    let most_found = most.min(text.len() / needle.len());
    if most_found.saturating_mul(replacement.len()) > BYTES_MAX {
        let found = text.matches(needle).take(most).count();
        let added = found.saturating_mul(replacement.len());
        if added.saturating_add(text.len() - found * needle.len()) > BYTES_MAX {
            return too_long();
        }
    }
    done(Text::from(text.replacen(needle, replacement, most)))
}

fn repeat(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (times, whole) = (count(args.int(0)), args.text(1));
    match whole.len().checked_mul(times) {
        Some(bytes) if bytes <= BYTES_MAX => charge_bytes(cx, bytes),
        _ => return too_long(),
    }
    done(Text::from(whole.repeat(times)))
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
