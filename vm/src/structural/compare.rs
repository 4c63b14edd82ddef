//! Equality and order.
//!
//! The order: `False < True`; numbers numerically, where `-0.0` equals `0.0` and NaN, equal to itself here, comes after
//! all others; texts and characters by code point; lists, tuples and maps lexicographically; records by sorted field
//! names; sum types by the constructor's position, then its arguments. Equality agrees with it except that NaN equals
//! nothing.

use std::cmp::Ordering;
use std::fmt;

use smallvec::SmallVec;

use crate::fiber::patience::{PIECE, goes_on};
use crate::value::{Handle, Kind, Value};

/// Two functions, effects or handles were to be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Incomparable {
    what: &'static str,
}

/// The step that compares was told not to go on; see `fiber/patience.rs`.
const STOPPED: Incomparable = Incomparable { what: "values for longer: the fiber was asked to end" };

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot compare {}", self.what)
    }
}

/// `left == right`
#[inline]
pub fn equal(left: &Value, right: &Value) -> Result<bool, Incomparable> {
    if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
        return Ok(left.is_equal(right));
    }
    walk(left, right, Mode::Equality, &mut 0).map(Ordering::is_eq)
}

/// The built-in total order.
#[inline]
pub fn compare(left: &Value, right: &Value) -> Result<Ordering, Incomparable> {
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(left.cmp(&right));
    }
    if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
        return Ok(left.order(right));
    }
    walk(left, right, Mode::Order, &mut 0)
}

/// Many comparisons of one step: looks after each piece of them whether the step is to go on. So a step of a million
/// short comparisons can be stopped as one long comparison can.
#[derive(Default)]
pub struct Comparisons {
    /// What they looked at: one for each, and one for each part.
    parts: usize,
}

impl Comparisons {
    /// None yet.
    #[must_use]
    pub fn new() -> Comparisons {
        Comparisons::default()
    }

    /// As [`compare`].
    #[inline]
    pub fn compare(&mut self, left: &Value, right: &Value) -> Result<Ordering, Incomparable> {
        count(&mut self.parts)?;
        match (left.as_int(), right.as_int()) {
            (Some(left), Some(right)) => Ok(left.cmp(&right)),
            _ => walk(left, right, Mode::Order, &mut self.parts),
        }
    }

    /// As [`equal`].
    #[inline]
    pub fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, Incomparable> {
        count(&mut self.parts)?;
        walk(left, right, Mode::Equality, &mut self.parts).map(Ordering::is_eq)
    }
}

/// One more part; an error if the step is not to go on.
#[inline]
fn count(parts: &mut usize) -> Result<(), Incomparable> {
    *parts += 1;
    if parts.is_multiple_of(PIECE) && !goes_on() { Err(STOPPED) } else { Ok(()) }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Whatever is not equal may be reported as less.
    Equality,
    Order,
}

/// Parts that are left to compare.
enum Frame<'a> {
    /// Fields of objects with the same shape.
    Fields(std::slice::Iter<'a, Value>, std::slice::Iter<'a, Value>),
    /// Elements of collections; when those that both have are equal, the lengths decide.
    Elements(Box<dyn Iterator<Item = (&'a Value, &'a Value)> + 'a>, Ordering),
}

type Stack<'a> = SmallVec<[Frame<'a>; 4]>;

fn walk<'a>(left: &'a Value, right: &'a Value, mode: Mode, parts: &mut usize) -> Result<Ordering, Incomparable> {
    let mut stack = Stack::new();
    let mut order = step(left, right, mode, &mut stack)?;
    while order == Ordering::Equal {
        let Some(frame) = stack.last_mut() else { break };
        count(parts)?;
        let (pair, end) = match frame {
            Frame::Fields(left, right) => (left.next().zip(right.next()), Ordering::Equal),
            Frame::Elements(pairs, lengths) => (pairs.next(), *lengths),
        };
        order = match pair {
            Some((left, right)) => step(left, right, mode, &mut stack)?,
            None => {
                stack.pop();
                end
            }
        };
    }
    Ok(order)
}

/// Compares two values as far as that needs no look at their parts, and pushes these.
#[inline]
fn step<'a>(left: &'a Value, right: &'a Value, mode: Mode, stack: &mut Stack<'a>) -> Result<Ordering, Incomparable> {
    let elements = |pairs, left: usize, right: usize| Frame::Elements(pairs, left.cmp(&right));
    match (left.kind(), right.kind()) {
        (Kind::Int, Kind::Int) => Ok(left.as_int().cmp(&right.as_int())),
        (Kind::Float, Kind::Float) => Ok(floats(left, right, mode)),
        (Kind::Bool, Kind::Bool) => Ok(left.as_bool().cmp(&right.as_bool())),
        (Kind::Char, Kind::Char) => Ok(left.as_char().cmp(&right.as_char())),
        (Kind::Unit, Kind::Unit) => Ok(Ordering::Equal),
        (Kind::Nullary | Kind::Object, Kind::Nullary | Kind::Object) => {
            let order = position(left).cmp(&position(right));
            if let (Ordering::Equal, Some(left), Some(right)) = (order, left.as_object(), right.as_object()) {
                stack.push(Frame::Fields(left.fields().iter(), right.fields().iter()));
            }
            Ok(order)
        }
        (Kind::InlineText | Kind::Text, Kind::InlineText | Kind::Text) => Ok(texts(left, right)),
        (Kind::List, Kind::List) => {
            let (Some(left), Some(right)) = (left.as_list(), right.as_list()) else { return Ok(Ordering::Equal) };
            if mode == Mode::Equality && left.len() != right.len() {
                return Ok(Ordering::Less);
            }
            stack.push(elements(Box::new(left.iter().zip(right.iter())), left.len(), right.len()));
            Ok(Ordering::Equal)
        }
        (Kind::Map, Kind::Map) => {
            let (Some(left), Some(right)) = (left.as_map(), right.as_map()) else { return Ok(Ordering::Equal) };
            if mode == Mode::Equality && left.len() != right.len() {
                return Ok(Ordering::Less);
            }
            let pairs = left.iter().zip(right.iter()).flat_map(|(left, right)| [(left.0, right.0), (left.1, right.1)]);
            stack.push(elements(Box::new(pairs), left.len(), right.len()));
            Ok(Ordering::Equal)
        }
        (Kind::Set, Kind::Set) => {
            let (Some(left), Some(right)) = (left.as_set(), right.as_set()) else { return Ok(Ordering::Equal) };
            if mode == Mode::Equality && left.len() != right.len() {
                return Ok(Ordering::Less);
            }
            stack.push(elements(Box::new(left.elements().zip(right.elements())), left.len(), right.len()));
            Ok(Ordering::Equal)
        }
        (Kind::Bytes, Kind::Bytes) => {
            let bytes = |value: &'a Value| value.as_bytes().map(|bytes| bytes.as_slice());
            Ok(bytes(left).cmp(&bytes(right)))
        }
        (Kind::Handle, Kind::Handle) if mode == Mode::Equality => match is_same_handle(left, right) {
            Some(true) => Ok(Ordering::Equal),
            Some(false) => Ok(Ordering::Less),
            None => Err(Incomparable { what: "handles" }),
        },
        (a, b) => match opaque(left).or_else(|| opaque(right)) {
            Some(what) => Err(Incomparable { what }),
            None => Ok(a.cmp(&b)),
        },
    }
}

fn is_same_handle(left: &Value, right: &Value) -> Option<bool> {
    left.payload::<Handle>()?.is_same(right.payload()?)
}

fn floats(left: &Value, right: &Value, mode: Mode) -> Ordering {
    let (Some(left), Some(right)) = (left.as_float(), right.as_float()) else { return Ordering::Equal };
    left.partial_cmp(&right).unwrap_or_else(|| match mode {
        Mode::Equality => Ordering::Less,
        Mode::Order => left.is_nan().cmp(&right.is_nan()),
    })
}

fn texts(left: &Value, right: &Value) -> Ordering {
    if left.is_same(right) {
        return Ordering::Equal;
    }
    match (left.as_text(), right.as_text()) {
        (Some(left), Some(right)) => left.order(right),
        _ => Ordering::Equal,
    }
}

/// Position of a constructor in its type.
fn position(value: &Value) -> u16 {
    match value.as_nullary() {
        Some((_, position)) => position,
        None => value.as_object().map_or(0, |object| object.position()),
    }
}

/// What it is when it cannot be compared.
fn opaque(value: &Value) -> Option<&'static str> {
    match value.kind() {
        Kind::Function | Kind::Partial if value.as_function().is_some_and(|function| function.is_effect()) => {
            Some("effects")
        }
        Kind::Function | Kind::Partial => Some("functions"),
        Kind::Task | Kind::EndedTask => Some("tasks"),
        Kind::Scope => Some("scopes"),
        Kind::Sender | Kind::Receiver => Some("channels"),
        Kind::Handle | Kind::Cell | Kind::Case | Kind::Gate => Some("handles"),
        _ => None,
    }
}
