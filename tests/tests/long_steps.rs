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
