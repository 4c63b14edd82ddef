//! Two types side by side, with what they have in common left out once they are long.

use super::display::Place;
use super::{Namer, Node, TyId};

/// Types up to this many characters are shown as they are; arbitrary: two of them fit a line with the words around
/// them.
const SHORT: usize = 40;
/// Equal parts up to this many characters are shown: `…` would be no shorter to read.
const TINY: usize = 6;
/// Deeper parts are not compared.
const DEPTH_MAX: u32 = 12;

/// The two texts that grow side by side.
#[derive(Default)]
struct Pair {
    left: String,
    right: String,
}

impl Pair {
    fn push(&mut self, text: &str) {
        self.left.push_str(text);
        self.right.push_str(text);
    }
}

impl Namer<'_> {
    /// Both types as they would be written; long ones with `…` for what is the same in both.
    pub fn pair(&mut self, left: TyId, right: TyId) -> (String, String) {
        let (all_left, all_right) = (self.show(left), self.show(right));
        let is_short = |text: &str| text.chars().count() <= SHORT;
        if is_short(&all_left) && is_short(&all_right) {
            return (all_left, all_right);
        }
        let mut pair = Pair::default();
        self.differ(&mut pair, left, right, Place::Top, 0);
        (pair.left, pair.right)
    }

    fn differ(&mut self, pair: &mut Pair, left: TyId, right: TyId, place: Place, depth: u32) {
        let store = self.store;
        match (store.node(left), store.node(right)) {
            _ if depth > DEPTH_MAX => pair.push("…"),
            (Node::Data(data, a), Node::Data(other, b)) if data == other && a.len == b.len && a.len > 0 => {
                let parentheses = place == Place::Argument;
                pair.push(if parentheses { "(" } else { "" });
                pair.push(self.interner.text(self.datas[data.0 as usize].name));
                for (a, b) in store.arguments[a.range()].iter().zip(&store.arguments[b.range()]) {
                    pair.push(" ");
                    self.part(pair, *a, *b, Place::Argument, depth);
                }
                pair.push(if parentheses { ")" } else { "" });
            }
            (Node::Tuple(a), Node::Tuple(b)) if a.len == b.len => {
                pair.push("(");
                for (index, (a, b)) in store.arguments[a.range()].iter().zip(&store.arguments[b.range()]).enumerate() {
                    pair.push(if index == 0 { "" } else { ", " });
                    self.part(pair, *a, *b, Place::Top, depth);
                }
                pair.push(")");
            }
            (Node::Function(a, to), Node::Function(b, other)) => {
                let parentheses = place != Place::Top;
                pair.push(if parentheses { "(" } else { "" });
                self.part(pair, a, b, Place::From, depth);
                pair.push(" -> ");
                self.part(pair, to, other, Place::Top, depth);
                pair.push(if parentheses { ")" } else { "" });
            }
            (Node::Record(..), Node::Record(..)) => self.differ_in_fields(pair, left, right, depth),
            _ => {
                self.write(&mut pair.left, left, place, depth);
                self.write(&mut pair.right, right, place, depth);
            }
        }
    }

    /// A part of both: `…` when it is the same.
    fn part(&mut self, pair: &mut Pair, left: TyId, right: TyId, place: Place, depth: u32) {
        let shown = self.show(left);
        if shown != self.show(right) {
            self.differ(pair, left, right, place, depth + 1);
        } else if shown.chars().count() <= TINY && !shown.contains(' ') {
            pair.push(&shown);
        } else {
            pair.push("…");
        }
    }

    /// Fields that differ, or that only one side has.
    fn differ_in_fields(&mut self, pair: &mut Pair, left: TyId, right: TyId, depth: u32) {
        let ((a, a_rest), (b, b_rest)) = (self.store.flatten(left), self.store.flatten(right));
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        let mut same = false;
        for (name, ty) in &a {
            let label = self.interner.text(*name);
            match b.iter().find(|(other, _)| other == name) {
                Some((_, other)) if self.show(*ty) == self.show(*other) => same = true,
                Some((_, other)) => {
                    let mut inner = Pair::default();
                    self.differ(&mut inner, *ty, *other, Place::Top, depth + 1);
                    lefts.push(format!("{label}: {}", inner.left));
                    rights.push(format!("{label}: {}", inner.right));
                }
                None => lefts.push(format!("{label}: {}", self.show(*ty))),
            }
        }
        for (name, ty) in b.iter().filter(|(name, _)| a.iter().all(|(other, _)| other != name)) {
            rights.push(format!("{}: {}", self.interner.text(*name), self.show(*ty)));
        }
        let record = |mut fields: Vec<String>, more: bool| {
            if more {
                fields.push("…".into());
            }
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
        };
        pair.left.push_str(&record(lefts, same || a_rest.is_some()));
        pair.right.push_str(&record(rights, same || b_rest.is_some()));
    }
}
