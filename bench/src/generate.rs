//! Large programs for measuring the front end: as much text as asked for, the same in every run.
//!
//! A program is a row of modules of a thousand lines. Each holds the same few kinds of declarations that people write
//! (records, sum types, functions by clauses, effects, with and without signatures) under names of its own, and uses
//! the module before it and one far before it, so that types and functions cross modules everywhere.

use std::fmt::Write;

use aivi_compiler::{Loader, Source};

/// Lines of each module, about.
pub const MODULE_LINES: usize = 1_000;

/// Some declarations; `$n` is the number of this copy, `$b` leads to the module before.
const BLOCK: &str = r#"
// An order of kind $n.
Order$n = { id: Int, name: Text, price: Int, tags: List Text, buyer: { name: Text, age: Int } }

Event$n =
  | Placed$n Int Text
  | Paid$n { amount: Int, by: Text }
  | Moved$n Event$n (List Int)
  | Closed$n

// What an event is called.
label$n : Event$n -> Text
label$n =
  | Placed$n id name when id > $n => "placed {name} as {id}"
  | Placed$n _ name              => "placed {name}"
  | Paid$n { amount, by }        => "paid {amount * 2} by {by}"
  | Moved$n inner [a, b, ...rest] => {
      more = List.length rest + a - b
      "moved {label$n inner} and {more}"
    }
  | Moved$n inner _              => label$n inner
  | Closed$n                     => "closed"

weigh$n = event factor => event match
  | Placed$n id _      => id * factor
  | Paid$n { amount }  => amount + $n
  | Moved$n inner path => weigh$n inner (factor + 1) + foldl (sum n => sum + n) 0 path
  | Closed$n           => if factor > 7 && factor < 70 then 0 - factor else factor

// Everything that is wrong with an order.
check$n : Order$n -> Result Text Order$n
check$n = order =>
  if order.price < 0 then Err "the price of {order.name} is negative"
  else if order.tags == [] then Ok (order <| { tags: ["none"], price: _ + $n, buyer.age: _ + 1 })
  else Ok { ...order, name: join "-" (filter (_ != "") order.tags) }

pair$n = a b => {
  both = (b, a)
  keep = x => (x, both)
  { first: keep a, second: keep "copy $n", count: $n }
}

amount$n : Text -> Int
amount$n = raw => (parseInt raw ?? $n) + (check$n (sample$n 3) or sample$n 4).price

sample$n : Int -> Order$n
sample$n = n => { id: n, name: "order {n}", price: n * $n, tags: ["a", "b"], buyer: { name: "Ada", age: 36 } }

settle$n : Int -> Effect Text Int
settle$n = limit => do Effect {
  order = sample$n (limit + $bamount$p "{limit}")
  given limit > 0 or fail "nothing is left of {order.name}"
  earlier <- $bsettle$p (limit - 1) or 0
  paid <- pure (weigh$n (Paid$n { amount: order.price, by: order.buyer.name }) 2) or 0
  when paid > 1000 <- println "much: {paid}"
  loop (n, sum) = (earlier, paid) => {
    if n >= limit then pure sum else recurse (n + 1, sum + n)
  }
}
"#;

/// A generated program.
pub struct Program {
    /// Name and text of each module, imports before importers.
    modules: Vec<(String, String)>,
}

impl Program {
    /// A program of so many modules.
    #[must_use]
    pub fn of_modules(count: usize) -> Program {
        Program { modules: (0..count).map(|index| (name(index), module(index, index + 1 == count))).collect() }
    }

    /// The module that uses all others, and has `main`.
    ///
    /// # Panics
    /// When the program has no modules.
    #[must_use]
    pub fn entry(&self) -> Source {
        let (name, text) = self.modules.last().expect("a program has modules");
        source(name, text)
    }

    /// The texts of all modules.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|(_, text)| text.as_str())
    }

    /// Lines of all modules together.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.texts().map(|text| text.lines().count()).sum()
    }
}

/// Finds the modules of the program and of the library.
impl Loader for Program {
    fn load(&self, module: &str) -> Option<Source> {
        let library = aivi_stdlib::modules().iter().map(|(name, text)| (*name, *text));
        let own = self.modules.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        library.chain(own).find(|(name, _)| *name == module).map(|(name, text)| source(name, text))
    }
}

fn source(name: &str, text: &str) -> Source {
    Source::new(format!("{name}.aivi"), text)
}

fn name(index: usize) -> String {
    format!("generated.m{index}")
}

fn module(index: usize, is_entry: bool) -> String {
    let mut text = format!("module {}\n\nuse aivi.list (filter, foldl)\nuse aivi.text (join, parseInt)\n", name(index));
    let blocks = MODULE_LINES / BLOCK.lines().count();
    // Numbers of declarations differ between all modules, so that whatever is imported fits in.
    let number = |module: usize, block: usize| module * 100 + block;
    let far = index / 2;
    if index > 0 {
        let (before, far_name, first) = (name(index - 1), name(far), number(far, 0));
        let _ = write!(text, "use {before} as before\nuse {far_name} (Event{first}, label{first})\n\nexport *\n");
        let _ = write!(text, "\nfarOff{index} : Event{first} -> Text\nfarOff{index} = event => label{first} event\n");
    } else {
        text.push_str("\nexport *\n");
    }
    for block in 0..blocks {
        let this = number(index, block);
        let (qualifier, other) = if index > 0 { ("before.", number(index - 1, block)) } else { ("", this) };
        let copy = BLOCK.replace("$n", &this.to_string()).replace("$b", qualifier).replace("$p", &other.to_string());
        text.push_str(&copy);
    }
    if is_entry {
        let _ = write!(text, "\nmain : Effect Text Unit\nmain = do Effect {{\n");
        for block in 0..blocks {
            let this = number(index, block);
            let _ = write!(text, "  total{block} <- settle{this} {block}\n  println \"{{total{block}}}\"\n");
        }
        text.push_str("}\n");
    }
    text
}
