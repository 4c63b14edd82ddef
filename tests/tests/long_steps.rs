//! Operations on large values, which are one step each: what they keep waiting, on real workers.

use aivi::{Ending, Output};
use aivi_tests::runs::Schedule;

/// What the program says, on so many workers.
fn said(workers: usize, text: &str) -> String {
    let stdout = Output::buffer();
    let engine = Schedule::Workers(workers).engine().stdout(stdout.clone()).build().expect("an engine");
    let program = engine.compile("input", text).expect("a program");
    assert!(matches!(program.run_main(), Ending::Success));
    stdout.text()
}

/// The step takes some milliseconds more than the limit, in every build. Nothing stands behind it but what others see.
/// C36
#[test]
fn what_follows_a_long_step_sees_the_limit() {
    let text = "module input
use aivi.concurrency

sorted : List Int -> Effect Text Unit
sorted = numbers => do Effect {
  println \"begins\"
  count = List.length (List.sort numbers)
  println \"sorted {count}\"
}

main : Effect Text Unit
main = do Effect {
  numbers = List.map (n => (n * 7919) % 1000003) [1..500000]
  r <- attempt (timeoutWith 1 \"late\" (sorted numbers))
  println \"{r}\"
  task <- spawn (sorted numbers)
  sleep 1
  task.cancel
  s <- attempt task.join
  println \"{s}\"
}
";
    for workers in [1, 2] {
        assert_eq!(said(workers, text), "begins\nErr late\nbegins\nErr task cancelled\n");
    }
}

/// Between the end of its sleep and its turn a sleeper sees the end of one step, or of some on a machine that runs
/// others. In the order of the queue it would see those of all.
/// C36
#[test]
fn who_is_late_by_long_steps_goes_first() {
    let text = "module input
use aivi.concurrency
use aivi.sync (Ref, makeRef, update, get)

hog : Ref Int -> List Int -> Effect Text Unit
hog = done numbers => do Effect {
  loop k = 0 => {
    if k == 3 then pure Unit else do Effect {
      count = List.length (List.sort numbers)
      update done (n => n + count / count)
      recurse (k + 1)
    }
  }
}

sleeper : Ref Int -> Effect Text Int
sleeper = done => do Effect {
  loop most = 0 => {
    before <- get done
    sleep 1
    after <- get done
    if after == 60 then pure most else recurse (if after - before > most then after - before else most)
  }
}

main : Effect Text Unit
main = do Effect {
  done <- makeRef 0
  numbers = List.map (n => (n * 7919) % 1000003) [1..200000]
  (most, _) <- par (sleeper done) (parAll (List.map (_ => hog done numbers) [1..20]))
  println \"{most}\"
}
";
    let most: u32 = said(1, text).trim().parse().expect("a number");
    assert!((1..10).contains(&most), "{most} steps of 20 fibers ended while one slept for a millisecond");
}

/// C36
#[test]
fn what_is_queued_before_a_long_step_is_taken_over() {
    let text = "module input
use aivi.concurrency
use aivi.sync (Ref, makeRef, set, get)

main : Effect Text Unit
main = do Effect {
  numbers = List.map (n => (n * 7919) % 1000003) [1..2000000]
  begun <- makeRef False
  task <- spawn (do Effect {
    sleep 0
    set begun True
  })
  count = List.length (List.sort numbers)
  has <- if count > 0 then get begun else pure False
  task.join
  println \"{has}\"
}
";
    assert_eq!(said(2, text), "True\n");
}

/// Each task makes the next one before its step, so there is always one that has not begun. A sleeper comes before most
/// of them all the same, and so do those who have had a step.
/// C36 C37
#[test]
fn tasks_that_make_others_before_long_steps_starve_nobody() {
    let text = "module input
use aivi.concurrency
use aivi.sync (Ref, makeRef, update, get)

step : Ref Int -> Ref Int -> List Int -> Int -> Effect Text Unit
step = begun ended numbers n => do Effect {
  update begun (k => k + 1)
  if n > 0 then do Effect {
    _ <- spawn (step begun ended numbers (n - 1))
    pure Unit
  } else pure Unit
  count = List.length (List.sort numbers)
  update ended (k => k + count / count)
}

main : Effect Text Unit
main = do Effect {
  begun <- makeRef 0
  ended <- makeRef 0
  numbers = List.map (n => (n * 7919) % 1000003) [1..200000]
  _ <- spawn (step begun ended numbers 60)
  sleep 1
  early <- get begun
  loop k = 0 => {
    if k == 10 then pure Unit else do Effect {
      sleep 1
      recurse (k + 1)
    }
  }
  most <- get begun
  some <- get ended
  println \"{early} {most} {some}\"
}
";
    let said = said(1, text);
    let numbers: Vec<u32> = said.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [early, most, some] = numbers[..] else { panic!("three numbers, not {said}") };
    assert!(early < 10, "{early} of 61 tasks began while one slept for a millisecond");
    assert!(most < 60, "{most} of 61 tasks began while one slept for eleven milliseconds");
    assert!(some > 0, "none of {most} tasks went on after its step");
}

/// A step of many comparisons, none of which takes long, looks between them. Alone on one worker nobody else can ask
/// for the end of it, but a limit whose body is in place is its own.
/// C36
#[test]
fn a_sort_is_left_in_the_middle() {
    let text = "module input
use aivi.concurrency
use aivi.clock (monotonicNanos)

sorted : List (Int, Int) -> Effect Text Int
sorted = pairs => do Effect {
  count = List.length (List.sort pairs)
  pure count
}

main : Effect Text Unit
main = do Effect {
  pairs = List.map (n => ((n * 7919) % 1000003, n)) [1..100000]
  t0 <- monotonicNanos
  _ <- sorted pairs
  t1 <- monotonicNanos
  r <- attempt (timeoutWith 1 \"late\" (sorted pairs))
  t2 <- monotonicNanos
  task <- spawn (sorted pairs)
  sleep 1
  task.cancel
  s <- attempt task.join
  t3 <- monotonicNanos
  println \"{r} {t2 - t1 < (t1 - t0) / 2} {s} {t3 - t2 < (t1 - t0) / 2}\"
}
";
    assert!(said(1, text).starts_with("Err late True "));
    assert_eq!(said(2, text), "Err late True Err task cancelled True\n");
}

/// A side of a race begins in place; with much to sort it gets a fiber of its own, and the other side goes on.
/// C36
#[test]
fn a_long_step_of_a_side_does_not_hold_up_the_other() {
    let text = "module input
use aivi.concurrency

sorted : List (Int, Int) -> Effect Text Int
sorted = pairs => do Effect {
  count = List.length (List.sort pairs)
  pure count
}

main : Effect Text Unit
main = do Effect {
  pairs = List.map (n => ((n * 7919) % 1000003, n)) [1..100000]
  first <- race (sorted pairs) (do Effect {
    sleep 2
    pure 7
  })
  second <- race (do Effect {
    sleep 2
    pure 8
  }) (sorted pairs)
  println \"{first} {second}\"
}
";
    assert_eq!(said(2, text), "7 8\n");
}
