//! Branches in place change nothing but the time: random programs of branches give on a worker what they give in the simulator,
//! where every branch is a task from the start, and leave no object behind.

use std::fmt::Write as _;

use aivi_tests::claims;

/// What the programs are made of. `spin` spends more than a slice, `hop` uses a channel, `held` has a cleanup, `never` waits and
/// `late` sleeps until it is cancelled, and `grown` makes objects on both sides of a call.
const PARTS: &str = "module input
use aivi.concurrency

spin : Int -> Effect Text (List Int)
spin = k => do Effect {
  loop (i, sum) = (0, 0) => { if i == 9000 then pure [sum + k] else recurse (i + 1, sum + 1) }
}

hop : Int -> Effect Text (List Int)
hop = k => do Effect {
  (tx, rx) <- makeBounded 1
  send tx [k, k]
  r <- recv rx
  pure (r or [])
}

held : Effect Text (List Int) -> Effect Text (List Int)
held = body => do Effect {
  kept <- block
  got <- body
  pure [...kept, ...got]
}

block : Resource Text (List Int)
block = resource {
  yield [1, 2]
  release
}

release : Effect Text Unit
release = do Effect {
  _ <- hop 1
  pure Unit
}

never : Effect Text (List Int)
never = do Effect {
  (tx, rx) <- makeBounded 1
  task <- spawn (waiting tx)
  r <- recv rx
  _ <- task.join
  pure (r or [])
}

late : Effect Text (List Int)
late = do Effect {
  sleep 100000
  pure [0]
}

waiting : Sender (List Int) -> Effect Text (List Int)
waiting = tx => do Effect {
  sleep 100000
  send tx [0]
  pure []
}

both : Effect Text (List Int) -> Effect Text (List Int) -> Effect Text (List Int)
both = left right => do Effect {
  (a, b) <- par left right
  pure [...a, ...b]
}

grown : Int -> Effect Text (List Int) -> Effect Text (List Int)
grown = k body => do Effect {
  before = [k, k + 1, k + 2]
  got <- body
  pure [...before, ...got]
}

tried : Effect Text (List Int) -> Effect Text (List Int)
tried = body => do Effect {
  r <- attempt body
  r match
    | Ok v  => pure v
    | Err e => pure [textLength e]
}

textLength : Text -> Int
textLength = t => if t == \"late\" then 4 else 7

main : Effect Text (List Int)
main = ";

/// Choices that follow from a seed.
struct Choice(u64);

impl Choice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    /// An effect whose outcome does not depend on who runs first.
    fn effect(&mut self, depth: u32, text: &mut String) {
        let count = if depth == 0 { 4 } else { 16 };
        let number = self.below(50);
        let (before, between, after) = match self.below(count) {
            0 => return write(text, format_args!("(pure [{number}])")),
            1 => return write(text, format_args!("(spin {number})")),
            2 => return write(text, format_args!("(hop {number})")),
            3 => ("(tried (both (fail \"no\") ", None, "))"),
            4 => ("(race never ", None, ")"),
            5 => ("(race ", None, " never)"),
            6 => ("(timeoutWith 100000 \"late\" ", None, ")"),
            7 => ("(tried (timeoutWith 1 \"late\" (both never ", None, ")))"),
            8 => ("(held ", None, ")"),
            9 => ("(grown 3 ", None, ")"),
            10 => ("(race (grown 4 late) ", None, ")"),
            11 => ("(race (held late) ", None, ")"),
            12 => ("(tried (race (grown 5 (grown 6 late)) (both (fail \"no\") ", None, ")))"),
            _ => ("(both ", Some(" "), ")"),
        };
        text.push_str(before);
        self.effect(depth.saturating_sub(1), text);
        if let Some(between) = between {
            text.push_str(between);
            self.effect(depth - 1, text);
        }
        text.push_str(after);
    }
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a text takes everything");
}

/// C2
#[test]
fn a_branch_in_place_is_a_branch() {
    for seed in 0..150 {
        let mut text = PARTS.to_owned();
        Choice(seed).effect(5, &mut text);
        text.push('\n');
        claims::work(&text);
    }
}
