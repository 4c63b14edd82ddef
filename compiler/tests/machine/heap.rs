//! Values and counted cells of the reference machine. Nothing is ever reused, so a use after release is seen.

use aivi_bytecode::module::Shape;
use aivi_bytecode::{ProtoId, ScalarKind, ShapeId};

/// What a register or a field holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// Nothing: reading it is a mistake.
    Empty,
    /// A scalar without a tag.
    Raw(u64),
    Scalar(ScalarKind, u64),
    Unit,
    Nullary(ShapeId),
    Cell(usize),
}

impl Value {
    /// What a native function of an Option gives for None.
    pub const ABSENT: Value = Value::Nullary(ShapeId(u16::MAX));

    /// The payload of a scalar, tagged or not.
    pub fn raw(self) -> u64 {
        match self {
            Value::Raw(bits) | Value::Scalar(_, bits) => bits,
            other => panic!("{other:?} is no scalar"),
        }
    }

    pub fn int(value: i64) -> Value {
        Value::Scalar(ScalarKind::Int, value as u64)
    }

    fn tagged(self) -> Value {
        assert!(!matches!(self, Value::Empty | Value::Raw(_)), "{self:?} has no tag");
        self
    }
}

#[derive(Clone, Debug)]
pub enum Payload {
    Object(ShapeId, Vec<Value>),
    List(Vec<Value>),
    Text(String),
    Closure(ProtoId, Vec<Value>),
    Partial(Value, Vec<Value>),
    Map(Vec<(Value, Value)>),
}

pub struct Cell {
    /// 0 when it was released; constants have a great number.
    pub count: i64,
    pub payload: Payload,
}

const FOREVER: i64 = 1 << 40;

#[derive(Default)]
pub struct Heap {
    cells: Vec<Cell>,
}

impl Heap {
    pub fn make(&mut self, payload: Payload) -> Value {
        self.cells.push(Cell { count: 1, payload });
        Value::Cell(self.cells.len() - 1)
    }

    pub fn constant(&mut self, payload: Payload) -> Value {
        self.cells.push(Cell { count: FOREVER, payload });
        Value::Cell(self.cells.len() - 1)
    }

    pub fn text(&mut self, text: impl Into<String>) -> Value {
        self.make(Payload::Text(text.into()))
    }

    pub fn get(&self, value: Value) -> &Payload {
        let Value::Cell(id) = value else { panic!("{value:?} is no object") };
        assert!(self.cells[id].count > 0, "use after release: {:?}", self.cells[id].payload);
        &self.cells[id].payload
    }

    pub fn is_unique(&self, value: Value) -> bool {
        matches!(value, Value::Cell(id) if self.cells[id].count == 1)
    }

    pub fn copy(&mut self, value: Value) -> Value {
        if let Value::Cell(id) = value {
            assert!(self.cells[id].count > 0, "copy after release: {:?}", self.cells[id].payload);
            self.cells[id].count += 1;
        }
        value.tagged()
    }

    pub fn release(&mut self, value: Value) {
        let mut work = vec![value.tagged()];
        while let Some(value) = work.pop() {
            let Value::Cell(id) = value else { continue };
            let cell = &mut self.cells[id];
            assert!(cell.count > 0, "released twice: {:?}", cell.payload);
            cell.count -= 1;
            if cell.count == 0 {
                work.extend(parts(&cell.payload));
            }
        }
    }

    /// The payload of a value that is taken: moved when it is unique, else copied with its parts.
    pub fn take(&mut self, value: Value) -> Payload {
        let payload = self.get(value).clone();
        let Value::Cell(id) = value else { panic!("no cell") };
        if self.cells[id].count == 1 {
            self.cells[id].count = 0;
        } else {
            parts(&payload).into_iter().for_each(|part| {
                self.copy(part);
            });
            self.cells[id].count -= 1;
        }
        payload
    }

    /// The payload of a value that is updated: in place when unique, else of a copy that replaces it.
    pub fn update(&mut self, value: &mut Value) -> &mut Payload {
        if !self.is_unique(*value) {
            let payload = self.take(*value);
            *value = self.make(payload);
        }
        let Value::Cell(id) = *value else { panic!("no cell") };
        &mut self.cells[id].payload
    }

    /// What was not released, constants aside.
    pub fn leaks(&self) -> Vec<String> {
        let left = self.cells.iter().filter(|cell| cell.count > 0 && cell.count < FOREVER / 2);
        left.map(|cell| format!("{} x {:?}", cell.count, cell.payload)).collect()
    }

    pub fn str(&self, value: Value) -> &str {
        match self.get(value) {
            Payload::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    pub fn items(&self, value: Value) -> &[Value] {
        match self.get(value) {
            Payload::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }

    pub fn equal(&self, left: Value, right: Value) -> bool {
        let all = |left: &[Value], right: &[Value]| {
            left.len() == right.len() && left.iter().zip(right).all(|(&left, &right)| self.equal(left, right))
        };
        match (left, right) {
            (Value::Cell(_), Value::Cell(_)) => match (self.get(left), self.get(right)) {
                (Payload::Object(a, left), Payload::Object(b, right)) => a == b && all(left, right),
                (Payload::List(left), Payload::List(right)) => all(left, right),
                (Payload::Text(left), Payload::Text(right)) => left == right,
                (Payload::Map(left), Payload::Map(right)) => {
                    let same =
                        |(&(a, b), &(c, d)): (&(Value, Value), &(Value, Value))| self.equal(a, c) && self.equal(b, d);
                    left.len() == right.len() && left.iter().zip(right).all(same)
                }
                (left, right) => panic!("comparing {left:?} and {right:?}"),
            },
            (Value::Scalar(ScalarKind::Float, left), Value::Scalar(_, right)) => {
                f64::from_bits(left) == f64::from_bits(right)
            }
            _ => left.tagged() == right.tagged(),
        }
    }

    /// As `toText`.
    pub fn show(&self, shapes: &[Shape], value: Value) -> String {
        let all = |items: &[Value], open: &str, close: &str| {
            let shown: Vec<String> = items.iter().map(|&item| self.show(shapes, item)).collect();
            format!("{open}{}{close}", shown.join(", "))
        };
        match value {
            Value::Empty | Value::Raw(_) => panic!("{value:?} has no text"),
            Value::Scalar(ScalarKind::Int, bits) => (bits as i64).to_string(),
            Value::Scalar(ScalarKind::Float, bits) => f64::from_bits(bits).to_string(),
            Value::Scalar(ScalarKind::Bool, bits) => if bits == 1 { "True" } else { "False" }.into(),
            Value::Scalar(ScalarKind::Char, bits) => char::from_u32(bits as u32).expect("a character").to_string(),
            Value::Unit => "Unit".into(),
            Value::Nullary(shape) => name(shapes, shape),
            Value::Cell(_) => match self.get(value) {
                Payload::Text(text) => text.clone(),
                Payload::List(items) => all(items, "[", "]"),
                Payload::Map(entries) => {
                    let show = |value| self.show(shapes, value);
                    let shown: Vec<String> =
                        entries.iter().map(|&(k, v)| format!("{} => {}", show(k), show(v))).collect();
                    format!("~map{{{}}}", shown.join(", "))
                }
                Payload::Closure(..) | Payload::Partial(..) => "<function>".into(),
                Payload::Object(shape, fields) => match &shapes[usize::from(shape.0)] {
                    Shape::Tuple(_) => all(fields, "(", ")"),
                    Shape::Record(names) => {
                        let shown: Vec<String> = names
                            .iter()
                            .zip(fields)
                            .map(|(name, &field)| format!("{name}: {}", self.show(shapes, field)))
                            .collect();
                        format!("{{ {} }}", shown.join(", "))
                    }
                    Shape::Constructor { name, .. } => {
                        let shown = fields.iter().map(|&field| {
                            let text = self.show(shapes, field);
                            let nested = matches!(field, Value::Cell(_))
                                && matches!(self.get(field), Payload::Object(shape, _)
                                    if matches!(shapes[usize::from(shape.0)], Shape::Constructor { .. }));
                            if nested { format!(" ({text})") } else { format!(" {text}") }
                        });
                        name.clone() + &shown.collect::<String>()
                    }
                },
            },
        }
    }
}

fn name(shapes: &[Shape], shape: ShapeId) -> String {
    match &shapes[usize::from(shape.0)] {
        Shape::Constructor { name, .. } => name.clone(),
        other => panic!("{other:?} is no constructor"),
    }
}

fn parts(payload: &Payload) -> Vec<Value> {
    match payload {
        Payload::Object(_, parts) | Payload::List(parts) | Payload::Closure(_, parts) => parts.clone(),
        Payload::Partial(function, arguments) => std::iter::once(*function).chain(arguments.iter().copied()).collect(),
        Payload::Map(entries) => entries.iter().flat_map(|&(key, value)| [key, value]).collect(),
        Payload::Text(_) => Vec::new(),
    }
}
