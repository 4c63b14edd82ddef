//! `Entries`: a leaf of the tree of a sorted table.

use super::sorted::Entry;
use super::tree::Leaf;
use crate::account::meter::Charge;
use crate::object::{Ref, Trace, Tracer};
use crate::value::Value;

/// Entries of a full leaf: half a kilobyte of keys. More make insertion move more, fewer make the tree deeper.
pub(crate) const LEAF: usize = 32;

/// What a leaf holds: keys and, at the same places, what belongs to them.
pub(crate) struct Run<V: Entry> {
    pub(crate) keys: Vec<Value>,
    pub(crate) values: Vec<V>,
    /// As if both were full, which spares counting what comes and goes.
    _charge: Charge,
}

impl<V: Entry> Clone for Run<V> {
    fn clone(&self) -> Run<V> {
        Run::new(self.keys.clone(), self.values.clone())
    }
}

impl<V: Entry> Run<V> {
    fn new(keys: Vec<Value>, values: Vec<V>) -> Run<V> {
        Run { keys, values, _charge: Charge::new(LEAF * (size_of::<Value>() + size_of::<V>())) }
    }
}

/// A counted run.
pub(crate) struct Entries<V: Entry>(pub(crate) Ref<Run<V>>);

impl<V: Entry> Trace for Run<V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.keys.iter().for_each(|key| tracer.value(key));
        self.values.iter().for_each(|value| value.trace(tracer));
    }
}

impl<V: Entry> Entries<V> {
    /// Keys and, at the same places, what belongs to them.
    pub(crate) fn new(keys: Vec<Value>, values: Vec<V>) -> Entries<V> {
        Entries(Ref::new(Run::new(keys, values)))
    }
}

impl<V: Entry> Clone for Entries<V> {
    fn clone(&self) -> Entries<V> {
        Entries(self.0.clone())
    }
}

impl<V: Entry> Leaf for Entries<V> {
    type Key = Value;
    const MAX: usize = LEAF;

    fn len(&self) -> usize {
        self.0.keys.len()
    }

    fn first_key(&self) -> Value {
        self.0.keys[0].clone()
    }

    fn split_off(&mut self, at: usize) -> Entries<V> {
        let run = self.0.make_mut();
        Entries::new(run.keys.split_off(at), run.values.split_off(at))
    }

    fn append(&mut self, other: Entries<V>, rest: &mut Option<Entries<V>>) {
        let other = other.0.into_inner();
        let run = self.0.make_mut();
        run.keys.extend(other.keys);
        run.values.extend(other.values);
        if self.len() > LEAF {
            *rest = Some(self.split_off(self.len() / 2));
        }
    }

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.part(&self.0);
    }

    fn trace_key(key: &Value, tracer: &mut Tracer<'_>) {
        tracer.value(key);
    }
}
