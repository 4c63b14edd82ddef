//! The text of a tree: one function for each node, so that each has a line of its own.

use std::fmt::Write as _;

use super::{Cleanup, PERMITS, Tree, With};

/// What every script has. A resource says when it is taken and when it is given back.
const COMMON: &str = r#"module planted
use aivi.concurrency

Pool = { back: Sender Unit, permits: Receiver Unit }

spin : Int -> Int
spin = n => if n <= 0 then 0 else spin (n - 1)

held : Int -> Effect Text Unit -> Effect Text Unit -> Resource Text Unit
held = id before after => resource {
  println "+{id}"
  yield Unit
  before
  println "-{id}"
  after
}

permit : Pool -> Resource Text Unit
permit = pool => resource {
  _ <- recv pool.permits
  yield Unit
  send pool.back Unit
}

produce : Sender Int -> Int -> Int -> Effect Text Unit
produce = to number count => if number > count then pure Unit else do Effect {
  send to number
  produce to (number + 1) count
}

produceAll : Sender Int -> Int -> Int -> Effect Text Unit
produceAll = to senders count => if senders == 0 then pure Unit else do Effect {
  _ <- par (produce to 1 count) (produceAll to (senders - 1) count)
  pure Unit
}

pipe : Int -> Int -> Int -> Effect Text Int
pipe = capacity senders count => do Effect {
  (to, from) <- makeBounded capacity
  (_, sum) <- par (do Effect {
    produceAll to senders count
    close to
  }) (fold 0 (acc n => pure (acc + n)) from)
  pure sum
}

left : Int -> Receiver Unit -> Effect Text Int
left = n permits => do Effect {
  next <- tryRecv permits
  next match
    | Ok _  => left (n + 1) permits
    | Err _ => pure n
}
"#;

/// The script of a tree. It prints `+n` and `-n` for what is held, then `end` and how the tree ended, then how many
/// permits are left.
#[must_use]
pub fn script(tree: &Tree) -> String {
    let mut script = Script { text: COMMON.to_owned(), nodes: 0 };
    let root = script.node(tree);
    let main = format!(
        r#"
main : Effect Text Unit
main = do Effect {{
  (back, permits) <- makeBounded {PERMITS}
  _ <- List.traverse (_ => send back Unit) [1..{PERMITS}]
  end <- attempt (scope (_ => {root} {{ back: back, permits: permits }}))
  println "end {{end}}"
  n <- left 0 permits
  println "permits {{n}}"
}}
"#
    );
    script.text + &main
}

struct Script {
    text: String,
    nodes: usize,
}

impl Script {
    /// Writes the function of a node. Its name.
    fn node(&mut self, tree: &Tree) -> String {
        let body = self.body(tree);
        self.nodes += 1;
        let name = format!("n{}", self.nodes);
        write!(self.text, "\n{name} : Pool -> Effect Text Int\n{name} = pool => {body}\n").expect("a text takes all");
        name
    }

    fn body(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Value(value) => format!("pure {value}"),
            Tree::Fail(number) => format!("fail \"f{number}\""),
            Tree::Fault => "pure (1 / spin 1)".to_owned(),
            Tree::Sleep(millis, inner) => self.after(&format!("sleep {millis}"), inner),
            Tree::Spin(turns, inner) => {
                let inner = self.node(inner);
                format!("if spin {turns} > 0 then fail \"spin\" else {inner} pool")
            }
            Tree::Hold(id, cleanup, inner) => {
                let (before, after) = match cleanup {
                    Cleanup::Plain => ("(pure Unit)", "(pure Unit)"),
                    Cleanup::Sleeps => ("(sleep 1)", "(pure Unit)"),
                    Cleanup::Forks => {
                        ("(do Effect {\n    _ <- par (sleep 1) (sleep 0)\n    pure Unit\n  })", "(pure Unit)")
                    }
                    Cleanup::RunsLate => (
                        "(do Effect {\n    _ <- attempt (timeoutWith 1 \"late\" (sleep 60000))\n    pure Unit\n  })",
                        "(pure Unit)",
                    ),
                    Cleanup::Fails => ("(pure Unit)", "(fail \"cleanup\")"),
                };
                self.after(&format!("_ <- held {id} {before} {after}"), inner)
            }
            Tree::Permit(millis) => {
                format!("do Effect {{\n  _ <- permit pool\n  sleep {millis}\n  pure 1\n}}")
            }
            Tree::Par(left, right) => {
                let (left, right) = (self.node(left), self.node(right));
                format!("do Effect {{\n  (a, b) <- par ({left} pool) ({right} pool)\n  pure (a + b)\n}}")
            }
            Tree::Race(left, right) => {
                let (left, right) = (self.node(left), self.node(right));
                format!("race ({left} pool) ({right} pool)")
            }
            Tree::Limit(millis, inner) => {
                let inner = self.node(inner);
                format!("timeoutWith {millis} \"late\" ({inner} pool)")
            }
            Tree::Retry(attempts, inner) => {
                let inner = self.node(inner);
                format!("retry {attempts} ({inner} pool)")
            }
            Tree::Rescue(inner) => {
                let inner = self.node(inner);
                format!("do Effect {{\n  end <- {inner} pool or 50\n  pure end\n}}")
            }
            Tree::Task(with, inner) => {
                let inner = self.node(inner);
                let rest = match with {
                    With::Join => "task.join",
                    With::Cancel => "task.cancel\n    task.join",
                    With::Leave => "sleep 0\n    pure 7",
                };
                format!("scope (_ => do Effect {{\n    task <- spawn ({inner} pool)\n    {rest}\n  }})")
            }
            Tree::Stray(inner) => self.after_spawn(inner),
            Tree::Pipe { capacity, senders, count } => format!("pipe {capacity} {senders} {count}"),
        }
    }

    fn after(&mut self, first: &str, inner: &Tree) -> String {
        let inner = self.node(inner);
        format!("do Effect {{\n  {first}\n  {inner} pool\n}}")
    }

    fn after_spawn(&mut self, inner: &Tree) -> String {
        let inner = self.node(inner);
        format!("do Effect {{\n  _ <- spawn ({inner} pool)\n  pure 3\n}}")
    }
}
