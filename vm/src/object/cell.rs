//! Cells: places for one value of the program, which fibers on any thread may look at and exchange.
//!
//! What is in a cell is shared, always, so whoever takes a copy may be anywhere. A cell may hold itself, through other
//! values; then it is never freed, as nothing here looks for circles.

use parking_lot::Mutex;

use super::{Payload, Shared, Trace, Tracer};
use crate::value::{Kind, Value};

/// A value that may be exchanged. The lock is held for a copy of it, never while a value is freed.
pub struct Cell(Mutex<Shared>);

impl Cell {
    /// A new cell, as a value, with its first value.
    #[must_use]
    pub fn make(first: Value) -> Value {
        Value::payload_of(Cell(Mutex::new(first.share())))
    }

    /// What it holds now.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Value {
        let held = self.0.lock().clone();
        held.into_value()
    }

    /// Puts another value into it.
    #[inline]
    pub fn set(&self, value: Value) {
        let value = value.share();
        let before = std::mem::replace(&mut *self.0.lock(), value);
        drop(before);
    }

    /// Puts another value into it, if it still holds `expected`: that very object, or an equal scalar.
    #[inline]
    pub fn swap(&self, expected: &Value, value: Value) -> bool {
        let value = value.share();
        let mut held = self.0.lock();
        if !held.value().is_same(expected) {
            return false;
        }
        let before = std::mem::replace(&mut *held, value);
        drop(held);
        drop(before);
        true
    }

    /// Adds to the Int that is the first field of the constructor that it holds, if it holds one with such a field, and
    /// the sum is not negative. Nothing is made if nobody else has what it holds.
    #[inline]
    pub fn add(&self, amount: i64) -> bool {
        let mut held = self.0.lock();
        let first = held.value().as_object().and_then(|object| object.fields().first().and_then(Value::as_int));
        let Some(sum) = first.and_then(|first| first.checked_add(amount)).filter(|sum| *sum >= 0) else { return false };
        let before = held.put_first(Value::int(sum));
        drop(held);
        drop(before);
        true
    }
}

impl Trace for Cell {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // What it holds is shared already. Otherwise this is the search for fibers that wait for ever: nobody runs, and
        // so nobody has the lock.
        if !tracer.is_sharing()
            && let Some(held) = self.0.try_lock()
        {
            tracer.value(held.value());
        }
    }
}

// SAFETY: the only payload of this kind, which is of the payload family.
unsafe impl Payload for Cell {
    const KIND: Kind = Kind::Cell;
}
