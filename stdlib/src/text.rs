//! Texts. Indices and lengths count scalar values.
//!
//! The empty needle is contained everywhere: first at index 0, last at the end. It is counted 0 times, splits a text
//! into its scalar values and is never replaced.

use std::cmp::Ordering;

use aivi_vm::collections::concat;
use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::debug_text;
use aivi_vm::{List, Text, TextRef, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::family::{charge, charge_bytes, count, done, family};

family! { "text"
    "isEmpty" / 1 pure |args| Value::bool(args[0].as_str().is_empty());
    "contains" / 2 pure over 1, |args| Value::bool(args[1].as_str().contains(args[0].as_str()));
    "startsWith" / 2 pure |args| Value::bool(args[1].as_str().starts_with(args[0].as_str()));
    "endsWith" / 2 pure |args| Value::bool(args[1].as_str().ends_with(args[0].as_str()));
    "indexOf" / 2 pure over 1, |args| position(&args[1], args[1].as_str().find(args[0].as_str()));
    "lastIndexOf" / 2 pure over 1, |args| position(&args[1], args[1].as_str().rfind(args[0].as_str()));
    "count" / 2 pure over 1, |args| int(occurrences(args[1].as_str(), args[0].as_str()));
    "compare" / 2 pure over 1, |args| Value::int(args[0].as_str().cmp(args[1].as_str()) as i64);
    "split" / 2 pieces of 1, |args| splits(args[1].as_str(), args[0].as_str()), |args| split(args[1].as_str(), args[0].as_str());
    "splitLines" / 1 pieces of 0, |args| splits(args[0].as_str(), "\n"), |args| texts(args[0].as_str().lines());
    "chunk" / 2 pieces of 1, |args| chunks(&args[1], count(number(&args[0]))), |args| chunk(args[1].as_str(), count(number(&args[0])));
    "join" / 2 = |cx, args| joined(cx, args.get(1).as_list(), args.text(0));
    "concat" / 1 = |cx, args| joined(cx, args.get(0).as_list(), "");
    "trim" / 1 pure over 0, |args| trimmed(&args[0], str::trim);
    "trimStart" / 1 pure over 0, |args| trimmed(&args[0], str::trim_start);
    "trimEnd" / 1 pure over 0, |args| trimmed(&args[0], str::trim_end);
    "toLower" / 1 pure over 0, |args| Text::from(args[0].as_str().to_lowercase()).into();
    "toUpper" / 1 pure over 0, |args| Text::from(args[0].as_str().to_uppercase()).into();
    "capitalize" / 1 pure over 0, |args| Text::from(capitalized(args[0].as_str(), str::to_owned)).into();
    "titleCase" / 1 pure over 0, |args| title_case(args[0].as_str());
    "caseFold" / 1 pure over 0, |args| case_fold(args[0].as_str());
    "normalizeNFC" / 1 pure over 0, |args| Text::from(args[0].as_str().nfc().collect::<String>()).into();
    "normalizeNFD" / 1 pure over 0, |args| Text::from(args[0].as_str().nfd().collect::<String>()).into();
    "normalizeNFKC" / 1 pure over 0, |args| Text::from(args[0].as_str().nfkc().collect::<String>()).into();
    "normalizeNFKD" / 1 pure over 0, |args| Text::from(args[0].as_str().nfkd().collect::<String>()).into();
    "reverse" / 1 pure over 0, |args| Text::from(args[0].as_str().graphemes(true).rev().collect::<String>()).into();
    "padStart" / 3 = |cx, args| pad(cx, args, |text, fill| fill + text);
    "padEnd" / 3 = |cx, args| pad(cx, args, |text, fill| text.to_owned() + &fill);
    "replace" / 3 = |cx, args| replaced(cx, args, args.text(1), 2, 1);
    "replaceAll" / 3 = |cx, args| replaced(cx, args, args.text(1), 2, usize::MAX);
    "remove" / 2 = |cx, args| replaced(cx, args, "", 1, usize::MAX);
    "repeat" / 2 = repeat;
    "parseInt" / 1 pure over 0, |args| parse_int(args[0].as_str()).map_or(Value::absent(), Value::int);
    "parseFloat" / 1 pure over 0, |args| parse_float(args[0].as_str()).map_or(Value::absent(), Value::float);
    "debugText" / 1 = |cx, args| done(Text::from(debug_text(args.get(0), cx.program().shapes())));
    "isDigit" / 1 pure |args| char(&args[0], |char| char.is_ascii_digit());
    "isAlpha" / 1 pure |args| char(&args[0], char::is_alphabetic);
    "isAlnum" / 1 pure |args| char(&args[0], char::is_alphanumeric);
    "isSpace" / 1 pure |args| char(&args[0], char::is_whitespace);
    "isUpper" / 1 pure |args| char(&args[0], char::is_uppercase);
    "isLower" / 1 pure |args| char(&args[0], char::is_lowercase);
}

/// Bytes of the longest text made by a number; arbitrary, and far below what an address space holds.
const BYTES_MAX: usize = 1 << 31;

/// Texts up to this length are made without a look at the limit of memory; arbitrary.
const LOOK_MAX: usize = 1 << 16;

fn int(value: usize) -> Value {
    Value::int(value as i64)
}

fn number(value: &Value) -> i64 {
    value.as_int().unwrap_or_default()
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::list(texts.map(Value::text))
}

fn char(value: &Value, test: impl Fn(char) -> bool) -> Value {
    Value::bool(value.as_char().is_some_and(test))
}

/// Index of the scalar value that starts at this byte of the text.
fn position(text: &Value, byte: Option<usize>) -> Value {
    let ascii = text.as_text().is_none_or(TextRef::is_ascii);
    let index = |byte: usize| if ascii { byte } else { text.as_str()[..byte].chars().count() };
    byte.map_or(Value::absent(), |byte| int(index(byte)))
}

fn occurrences(text: &str, needle: &str) -> usize {
    if needle.is_empty() { 0 } else { text.matches(needle).count() }
}

/// The text itself when there is nothing to trim.
fn trimmed(text: &Value, trim: impl Fn(&str) -> &str) -> Value {
    let (whole, part) = (text.as_str(), trim(text.as_str()));
    if part.len() == whole.len() { text.clone() } else { Value::text(part) }
}

fn split(text: &str, separator: &str) -> Value {
    if separator.is_empty() { letters(text) } else { texts(text.split(separator)) }
}

/// How many pieces `split` makes.
fn splits(text: &str, separator: &str) -> usize {
    if separator.is_empty() { text.chars().count() } else { occurrences(text, separator) + 1 }
}

/// How many `chunk` makes.
fn chunks(text: &Value, size: usize) -> usize {
    text.as_text().map_or(0, |text| text.chars()).checked_div(size).map_or(0, |whole| whole + 1)
}

/// A text for each scalar value.
fn letters(text: &str) -> Value {
    Value::list(text.chars().map(|char| Value::text(char.encode_utf8(&mut [0; 4]))))
}

fn chunk(text: &str, size: usize) -> Value {
    let mut rest = text;
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

fn joined(cx: &mut NativeCx<'_>, list: Option<&List>, separator: &str) -> NativeResult {
    let Some(list) = list else { return done(Text::default()) };
    let length = concat::length(list, separator);
    if length > BYTES_MAX {
        return too_long();
    }
    charge(cx, list.len());
    charge_bytes(cx, length);
    if !cx.may_make(length) {
        return too_long();
    }
    NativeResult::Done(concat::concat(list, separator, length))
}

/// The first scalar value in upper case, then the rest as `rest` makes it.
fn capitalized(text: &str, rest: impl Fn(&str) -> String) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &rest(chars.as_str())
}

fn title_case(text: &str) -> Value {
    let words = text.split_word_bounds();
    Text::from(words.map(|word| capitalized(word, str::to_lowercase)).collect::<String>()).into()
}

/// Down, up and down again, each scalar value for itself: what differs by case only becomes equal. The first step is
/// for `ẞ`, which is its own upper case.
fn case_fold(text: &str) -> Value {
    let folded = text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    Text::from(folded.collect::<String>()).into()
}

fn too_long() -> NativeResult {
    NativeResult::Fault("the text would be too long".to_owned())
}

fn pad(cx: &mut NativeCx<'_>, args: &Args<'_>, put: impl Fn(&str, String) -> String) -> NativeResult {
    let (fill, whole) = (args.text(1), args.text(2));
    let missing = count(args.int(0)).saturating_sub(args.get(2).as_text().map_or(0, TextRef::chars));
    if missing == 0 || fill.is_empty() {
        return NativeResult::Done(args.get(2).clone());
    }
    let turns = missing.div_ceil(fill.chars().count());
    match turns.checked_mul(fill.len()) {
        Some(bytes) if bytes <= BYTES_MAX && cx.may_make(bytes + whole.len()) => charge_bytes(cx, bytes),
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
    if most_found.saturating_mul(replacement.len()) > LOOK_MAX {
        let found = text.matches(needle).take(most).count();
        let added = found.saturating_mul(replacement.len());
        let length = added.saturating_add(text.len() - found * needle.len());
        if length > BYTES_MAX || !cx.may_make(length) {
            return too_long();
        }
    }
    done(Text::from(text.replacen(needle, replacement, most)))
}

fn repeat(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (times, whole) = (count(args.int(0)), args.text(1));
    match whole.len().checked_mul(times) {
        Some(bytes) if bytes <= BYTES_MAX && cx.may_make(bytes) => charge_bytes(cx, bytes),
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
