//! Branches and tasks in place, and lists of effects, change nothing but the time: random programs of them give on a
//! worker what they give in the simulator, where each is a fiber from the start, and leave no object behind.

use std::fmt::Write as _;

use aivi::{Ending, Output};
use aivi_tests::claims;
use aivi_tests::runs::Schedule;

/// What the programs are made of. `spin` spends more than a slice, `hop` uses a channel, `held` has a cleanup, `never`
/// waits and `late` sleeps until it is cancelled, and `grown` makes objects on both sides of a call. In `taken`,
/// `asked` and `counted` branches do what others notice without having to wait, and in `waited` they wait under limits.
/// The cleanups of `left` end where they begin, take more than a slice, wait or fail, and `gated` are visits of a
/// semaphore under limits, in which others have to wait.
const PARTS: &str = "module input
use aivi.concurrency
use aivi.sync (Ref, Semaphore, makeRef, update, get, makeSemaphore, withPermit, freePermits)

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

spawned : Effect Text (List Int) -> Effect Text (List Int)
spawned = body => do Effect {
  task <- spawn body
  a <- task.join
  b <- task.join
  pure [...a, ...b]
}

beside : Effect Text (List Int) -> Effect Text (List Int) -> Effect Text (List Int)
beside = left right => do Effect {
  task <- spawn left
  a <- right
  b <- task.join
  pure [...a, ...b]
}

inside : Effect Text (List Int) -> Effect Text (List Int)
inside = body => scope (here => do Effect {
  task <- spawnIn here body
  task.join
})

lost : Effect Text (List Int) -> Effect Text (List Int)
lost = body => do Effect {
  _ <- spawn (held (both (spin 1) (fail \"lost\")))
  body
}

every : List (Effect Text (List Int)) -> Effect Text (List Int)
every = bodies => do Effect {
  lists <- parAll bodies
  pure (List.foldl (a b => [...a, ...b]) [] lists)
}

apart : Int -> Effect Text (List Int)
apart = n => if n % 3 == 2 then hop n else if n % 7 == 6 then spin n else pure [n, n + 1]

mapped : Int -> Int -> Effect Text (List Int) -> Effect Text (List Int)
mapped = limit count last => do Effect {
  lists <- forEachPar limit (n => if n == count then last else apart n) [1..count]
  pure (List.foldl (a b => [...a, ...b]) [] lists)
}

taken : Effect Text (List Int) -> Effect Text (List Int)
taken = body => do Effect {
  (tx, rx) <- makeBounded 2
  first = [7, 8]
  send tx first
  (a, b) <- par (timeoutWith 100000 \"late\" (received rx)) (race (sent tx body) never)
  c <- race (received rx) never
  pure [...first, ...a, ...b, ...c]
}

received : Receiver (List Int) -> Effect Text (List Int)
received = rx => do Effect {
  r <- recv rx
  pure (r or [])
}

sent : Sender (List Int) -> Effect Text (List Int) -> Effect Text (List Int)
sent = tx body => do Effect {
  got <- body
  send tx [...got, 9]
  pure got
}

asked : Effect Text (List Int) -> Effect Text (List Int)
asked = body => do Effect {
  (tx, rx) <- makeBounded 1
  (back, answers) <- makeBounded 0
  task <- spawn (answer rx back)
  (a, b) <- par (timeoutWith 100000 \"late\" (asking tx answers)) body
  c <- task.join
  pure [...a, ...b, ...c]
}

answer : Receiver (List Int) -> Sender (List Int) -> Effect Text (List Int)
answer = rx back => do Effect {
  r <- recv rx
  send back [0, ...(r or [])]
  pure [3]
}

asking : Sender (List Int) -> Receiver (List Int) -> Effect Text (List Int)
asking = tx answers => do Effect {
  send tx [1, 2]
  r <- recv answers
  pure (r or [])
}

counted : Effect Text (List Int) -> Effect Text (List Int)
counted = body => do Effect {
  cell <- makeRef [0]
  (_, b) <- par (timeoutWith 100000 \"late\" (added cell)) body
  _ <- parAll [added cell, added cell, added cell]
  list <- get cell
  pure [...list, ...b]
}

added : Ref (List Int) -> Effect Text Unit
added = cell => update cell (list => [...list, 1])

waited : Effect Text (List Int) -> Effect Text (List Int)
waited = body => do Effect {
  (tx, rx) <- makeBounded 0
  task <- spawn (grown 4 (timeoutWith 100000 \"late\" (grown 1 (received rx))))
  other <- spawn (timeoutWith 100000 \"late\" (sent tx body))
  a <- timeoutWith 100000 \"late\" (grown 2 other.join)
  b <- timeoutWith 100000 \"late\" task.join
  c <- tried (timeoutWith 1 \"late\" (grown 3 (received rx)))
  d <- tried (timeoutWith 1 \"late\" (grown 3 late))
  e <- tried (timeoutWith 1 \"late\" (grown 3 (sent tx (pure [1]))))
  f <- nested rx 1 100000
  g <- nested rx 100000 1
  h <- nested rx 2 2
  pure [...a, ...b, ...c, ...d, ...e, ...f, ...g, ...h]
}

nested : Receiver (List Int) -> Int -> Int -> Effect Text (List Int)
nested = rx outer inner => tried (timeoutWith outer \"outer\" (grown 5 (do Effect {
  kept = [outer, inner]
  a <- tried (timeoutWith inner \"late\" (grown 6 (received rx)))
  b <- timeoutWith 100000 \"late\" (timeoutWith inner \"inner\" (grown 7 (timeoutWith 100000 \"late\" late)))
  pure [...kept, ...a, ...b]
})))

tried : Effect Text (List Int) -> Effect Text (List Int)
tried = body => do Effect {
  r <- attempt body
  r match
    | Ok v  => pure v
    | Err e => pure [textLength e]
}

left : Int -> Effect Text (List Int) -> Effect Text (List Int)
left = sort body => do Effect {
  cell <- makeRef [0, 0]
  got <- body
  kept <- timeoutWith 100000 \"late\" (leaving cell sort (pure [1]))
  (_, lost) <- par (leaving cell sort (pure [2])) (tried (leaving cell sort (both (pure [3]) (fail \"no\"))))
  _ <- parAll [leaving cell sort (pure [4]), leaving cell sort (leaving cell 0 (pure [5]))]
  r <- race (leaving cell sort (pure [6])) never
  e <- tried (timeoutWith 1 \"late\" (leaving cell sort late))
  f <- race (leaving cell sort late) (leaving cell sort (pure [7]))
  ends <- get cell
  pure [...got, ...kept, ...lost, ...r, ...e, ...f, ...ends]
}

leaving : Ref (List Int) -> Int -> Effect Text (List Int) -> Effect Text (List Int)
leaving = cell sort body => do Effect {
  kept <- ending cell sort
  got <- body
  pure [...kept, ...got]
}

ending : Ref (List Int) -> Int -> Resource Text (List Int)
ending = cell sort => resource {
  yield [sort, sort]
  cleanedUp cell sort
}

cleanedUp : Ref (List Int) -> Int -> Effect Text Unit
cleanedUp = cell sort => do Effect {
  update cell (began 1 0)
  _ <- if sort == 1 then spin 1 else if sort == 2 then hop 1 else if sort == 3 then both (hop 1) (timeoutWith 100000 \"late\" (hop 2)) else pure []
  update cell (began 0 1)
  if sort == 4 then fail \"cleanup\" else pure Unit
}

began : Int -> Int -> List Int -> List Int
began = begins ends counts => counts match
  | [a, b] => [a + begins, b + ends]
  | _      => []

gated : Effect Text (List Int) -> Effect Text (List Int)
gated = body => do Effect {
  gate <- makeSemaphore 1
  cell <- makeRef []
  visits <- forEachPar 100 (n => visited gate cell n) [1..20]
  got <- timeoutWith 100000 \"late\" (withPermit gate body)
  late <- tried (timeoutWith 1 \"late\" (withPermit gate (grown 1 never)))
  list <- get cell
  free <- freePermits gate
  pure [free, List.length list, List.foldl (a b => a + b) 0 list, ...got, ...late]
}

visited : Semaphore -> Ref (List Int) -> Int -> Effect Text Unit
visited = gate cell n => do Effect {
  loop k = 0 => {
    if k == 3 then pure Unit else do Effect {
      timeoutWith 100000 \"late\" (withPermit gate (changed cell n))
      _ <- if n % 5 == 4 then spin n else pure []
      recurse (k + 1)
    }
  }
}

changed : Ref (List Int) -> Int -> Effect Text Unit
changed = cell n => do Effect {
  list <- get cell
  _ <- if n % 7 == 3 then spin n else if n % 7 == 5 then hop n else pure []
  update cell (_ => [n, ...list])
}

textLength : Text -> Int
textLength = t => if t == \"late\" then 4 else if t == \"outer\" then 5 else if t == \"inner\" then 6 else 7

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
        let count = if depth == 0 { 4 } else { 39 };
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
            13 => ("(spawned ", None, ")"),
            14 => ("(tried (spawned (both (fail \"no\") ", None, ")))"),
            15 => ("(inside ", None, ")"),
            16 => ("(lost ", None, ")"),
            19 => ("(every [pure [1], ", Some(", "), ", pure [2, 3]])"),
            20 => ("(tried (every [", None, ", both (fail \"no\") (pure [1]), fail \"never\"]))"),
            21 => ("(mapped 2 4 ", None, ")"),
            22 => ("(mapped 100 5 ", None, ")"),
            23 => ("(raceAll [", None, ", never, late])"),
            24 => ("(taken ", None, ")"),
            25 => ("(asked ", None, ")"),
            26 => ("(counted ", None, ")"),
            27 => ("(waited ", None, ")"),
            28 => ("(left 0 ", None, ")"),
            29 => ("(left 1 ", None, ")"),
            30 => ("(left 2 ", None, ")"),
            31 => ("(left 3 ", None, ")"),
            32 => ("(left 4 ", None, ")"),
            33 => ("(gated ", None, ")"),
            17 | 18 => ("(beside ", Some(" "), ")"),
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
    for seed in 0..250 {
        let mut text = PARTS.to_owned();
        Choice(seed).effect(5, &mut text);
        text.push('\n');
        claims::work(&text);
    }
}

/// Tasks that compute and then say so, between others that only compute and so let the next ones begin in place.
const TOLD: &str = "module input
use aivi.concurrency

sumTo : Int -> Int -> Int
sumTo = n sum => if n == 0 then sum else sumTo (n - 1) (sum + n)

told : Int -> Effect Text Unit
told = n => do Effect {
  sum = sumTo n 0
  println \"task {n}: {sum}\"
}

turn : Int -> Effect Text Unit
turn = n => do Effect {
  quiet <- spawn (pure (sumTo n 0))
  task <- spawn (told n)
  println \"spawned {n}\"
  _ <- quiet.join
  task.join
}

main : Effect Text Unit
main = do Effect {
  loop n = 1 => {
    if n > 200 then pure Unit else do Effect {
      turn n
      recurse (n + 1)
    }
  }
}
";

/// C5
#[test]
fn nothing_is_seen_of_a_task_before_spawn_returns() {
    let (said, started) = on_a_worker(TOLD);
    let expected: String = (1..=200).map(|n| format!("spawned {n}\ntask {n}: {}\n", n * (n + 1) / 2)).collect();
    assert_eq!(said, expected);
    assert!((200..400).contains(&started), "of 400 tasks, of which the half only computes, {started} were fibers");
}

/// C5
#[test]
fn what_a_task_sends_or_changes_is_not_there_before_spawn_returns() {
    let (said, _) = on_a_worker(
        "module input
use aivi.concurrency
use aivi.sync (makeRef, update, get)

main : Effect Text Unit
main = do Effect {
  (tx, rx) <- makeBounded 4
  cell <- makeRef 0
  early <- do Effect {
    loop (n, early) = (0, 0) => {
      if n == 200 then pure early else do Effect {
        quiet <- spawn (pure n)
        _ <- quiet.join
        sends <- spawn (send tx n)
        sent <- tryRecv rx
        quieter <- spawn (pure n)
        _ <- quieter.join
        before <- get cell
        changes <- spawn (update cell (k => k + 1))
        changed <- get cell
        sends.join
        changes.join
        if isThere sent then pure Unit else drained rx
        recurse (n + 1, early + changed - before + (if isThere sent then 1 else 0))
      }
    }
  }
  println \"{early}\"
}

drained : Receiver Int -> Effect Text Unit
drained = rx => do Effect {
  _ <- recv rx
  pure Unit
}

isThere : Result TryRecvError Int -> Bool
isThere = r => r match
  | Ok _  => True
  | Err _ => False
",
    );
    assert_eq!(said, "0\n");
}

/// C5 C11
#[test]
fn a_task_that_never_ran_has_run_no_cleanup() {
    let stderr = Output::buffer();
    let engine = Schedule::Workers(1).engine().stderr(stderr.clone()).build().expect("an engine");
    let text = "module input
use aivi.concurrency

held : Resource Text Unit
held = resource {
  yield Unit
  fail \"the cleanup\"
}

body : Effect Text Int
body = do Effect {
  done <- do Effect {
    _ <- held
    pure 1
  }
  pure done
}

main : Effect Text Unit
main = do Effect {
  task <- spawn body
  task.cancel
  _ <- attempt task.join
  pure Unit
}
";
    let program = engine.compile("input", text).expect("a program");
    assert!(matches!(program.run_main(), Ending::Success));
    assert_eq!(stderr.text(), "");
}

/// C5
#[test]
fn who_only_computes_becomes_no_fiber() {
    let (said, started) = on_a_worker(
        "module input
use aivi.concurrency

main : Effect Text Unit
main = do Effect {
  sum <- do Effect {
    loop (n, sum) = (1, 0) => {
      if n > 1000 then pure sum else do Effect {
        task <- spawn (pure (n + 1))
        next <- task.join
        recurse (n + 1, sum + next)
      }
    }
  }
  println \"{sum}\"
}
",
    );
    assert_eq!(said, "501500\n");
    assert!(started < 100, "of a thousand tasks that end at once {started} were fibers");
}

/// C46
#[test]
fn items_that_only_compute_become_no_fibers() {
    let (said, started) = on_a_worker(
        "module input
use aivi.concurrency

main : Effect Text Unit
main = do Effect {
  _ <- forEachPar 4 (n => do Effect { sleep 1 }) [1..4]
  numbers <- forEachPar 100 (n => pure (n * 2)) [1..5000]
  println \"{List.foldl (a b => a + b) 0 numbers}\"
}
",
    );
    assert_eq!(said, "25005000\n");
    assert!(started < 100, "of five thousand items that end at once {started} were fibers");
}

/// C7 C11
#[test]
fn a_task_that_computes_is_cancelled_before_it_begins() {
    let (said, _) = on_a_worker(
        "module input
use aivi.concurrency

sumTo : Int -> Int -> Int
sumTo = n sum => if n == 0 then sum else sumTo (n - 1) (sum + n)

broken : Int -> Effect Text Int
broken = n => pure (sumTo n 0 / List.length [])

block : Resource Text Unit
block = resource {
  yield Unit
  println \"cleaned\"
}

held : Int -> Effect Text Unit
held = n => do Effect {
  _ <- block
  println \"never {n}\"
}

main : Effect Text Unit
main = do Effect {
  late <- spawn (broken 1000)
  late.cancel
  a <- attempt late.join
  isAsked <- late.isCancelled
  println \"{a} {isAsked}\"
  none <- spawn (held 1)
  none.cancel
  b <- attempt none.join
  println \"{b}\"
}
",
    );
    assert_eq!(said, "Err task cancelled True\nErr task cancelled\n");
}

/// What a program writes on one worker, and how many fibers it started.
fn on_a_worker(text: &str) -> (String, u64) {
    let stdout = Output::buffer();
    let engine = Schedule::Workers(1).engine().stdout(stdout.clone()).build().expect("an engine");
    let program = engine.compile("input", text).expect("a program");
    assert!(matches!(program.run_main(), Ending::Success));
    (stdout.text(), engine.stats().started)
}
