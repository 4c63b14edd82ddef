//! Interned names: a `Symbol` is four bytes, compares in one instruction, and is looked up in the `Interner` of its
//! compilation.

use std::collections::HashMap;
use std::rc::Rc;

use crate::hash::TextState;

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(u32);

/// The names of one compilation. Symbols of two interners must not be mixed.
#[derive(Default)]
pub struct Interner {
    by_text: HashMap<Rc<str>, Symbol, TextState>,
    texts: Vec<Rc<str>>,
}

impl Interner {
    /// The symbol of `text`, the same for equal texts.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.by_text.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).expect("fewer names than bytes of source, which fit u32"));
        let text: Rc<str> = text.into();
        self.texts.push(text.clone());
        self.by_text.insert(text, symbol);
        symbol
    }

    /// The text that `symbol` was interned from.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol.0 as usize]
    }
}
