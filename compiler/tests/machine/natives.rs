//! The few native functions that the reference machine knows.

use std::cmp::Ordering;

use aivi_bytecode::ScalarKind;

use super::heap::{Heap, Payload, Value};
use super::{Machine, Stop};

impl Machine<'_> {
    /// Calls a native function; owned arguments are released by `release_owned` afterwards.
    pub(super) fn native(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Stop> {
        let heap = &mut self.heap;
        Ok(match (name, arguments) {
            ("console.println", &[text]) => {
                self.output += heap.str(text);
                self.output.push('\n');
                Value::Unit
            }
            ("console.print", &[text]) => {
                self.output += heap.str(text);
                Value::Unit
            }
            ("list.take", &[count, list]) => {
                let items = heap.items(list);
                let items = items[..items.len().min((count.raw() as i64).max(0) as usize)].to_vec();
                copied(heap, items)
            }
            ("list.drop", &[count, list]) => {
                let items = heap.items(list);
                let items = items[items.len().min((count.raw() as i64).max(0) as usize)..].to_vec();
                copied(heap, items)
            }
            ("list.reverse", &[list]) => {
                let items = heap.items(list).iter().rev().copied().collect();
                copied(heap, items)
            }
            ("text.join", &[separator, list]) => {
                let parts: Vec<&str> = heap.items(list).iter().map(|&item| heap.str(item)).collect();
                let text = parts.join(heap.str(separator));
                heap.text(text)
            }
            ("text.length", &[text]) => Value::int(heap.str(text).chars().count() as i64),
            ("text.split", &[separator, text]) => {
                let parts: Vec<String> = heap.str(text).split(heap.str(separator)).map(String::from).collect();
                let items = parts.into_iter().map(|part| heap.text(part)).collect();
                heap.make(Payload::List(items))
            }
            ("text.parseInt", &[text]) => match heap.str(text).parse::<i64>() {
                Ok(value) => Value::int(value),
                Err(_) => Value::ABSENT,
            },
            ("map.fromList", &[list]) => {
                let pairs: Vec<Value> = heap.items(list).to_vec();
                let mut map = Vec::new();
                for pair in pairs {
                    let Payload::Object(_, fields) = heap.get(pair).clone() else { panic!("no pair") };
                    if !is_key(heap, fields[0]) {
                        return Err(Stop::Unknown("a key that is neither Int nor Text".into()));
                    }
                    insert(heap, &mut map, fields[0], fields[1]);
                }
                heap.make(Payload::Map(map))
            }
            ("map.insert", &[key, value, map]) if is_key(heap, key) => {
                let mut entries = entries(heap, map);
                entries.iter().for_each(|&(key, value)| {
                    heap.copy(key);
                    heap.copy(value);
                });
                insert(heap, &mut entries, key, value);
                heap.make(Payload::Map(entries))
            }
            ("map.get", &[key, map]) => {
                let found = entries(heap, map).into_iter().find(|&(known, _)| heap.equal(known, key));
                found.map_or(Value::ABSENT, |(_, value)| heap.copy(value))
            }
            ("map.getOrElse", &[key, fallback, map]) => {
                let found = entries(heap, map).into_iter().find(|&(known, _)| heap.equal(known, key));
                let value = found.map_or(fallback, |(_, value)| value);
                heap.copy(value)
            }
            ("map.size", &[map]) => Value::int(entries(heap, map).len() as i64),
            _ => return Err(Stop::Unknown(format!("native {name}"))),
        })
    }
}

fn copied(heap: &mut Heap, items: Vec<Value>) -> Value {
    items.iter().for_each(|&item| {
        heap.copy(item);
    });
    heap.make(Payload::List(items))
}

fn entries(heap: &Heap, map: Value) -> Vec<(Value, Value)> {
    match heap.get(map) {
        Payload::Map(entries) => entries.clone(),
        other => panic!("{other:?} is no map"),
    }
}

/// Whether maps can be sorted by it here.
fn is_key(heap: &Heap, key: Value) -> bool {
    match key {
        Value::Cell(_) => matches!(heap.get(key), Payload::Text(_)),
        Value::Scalar(kind, _) => kind == ScalarKind::Int,
        _ => false,
    }
}

/// Inserts copies; keys are Ints or Texts.
fn insert(heap: &mut Heap, entries: &mut Vec<(Value, Value)>, key: Value, value: Value) {
    let order = |heap: &Heap, other: Value| match (other, key) {
        (Value::Cell(_), Value::Cell(_)) => heap.str(other).cmp(heap.str(key)),
        _ => (other.raw() as i64).cmp(&(key.raw() as i64)),
    };
    heap.copy(value);
    let at = entries.partition_point(|&(other, _)| order(heap, other) == Ordering::Less);
    match entries.get(at) {
        Some(&(other, old)) if order(heap, other) == Ordering::Equal => {
            entries[at].1 = value;
            heap.release(old);
        }
        _ => {
            heap.copy(key);
            entries.insert(at, (key, value));
        }
    }
}
