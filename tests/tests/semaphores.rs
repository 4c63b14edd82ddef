//! Random visitors of a semaphore, beside the rule in its plainest form: a list of all who have come, of whom the first
//! that fit are inside.

use std::collections::VecDeque;

use aivi::{Engine, Output};

const PROGRAM: &str = r#"module visitors
use aivi.clock (monotonicNanos)
use aivi.concurrency
use aivi.sync

export trial

now : Int -> Effect Text Int
now = start => do Effect {
  ns <- monotonicNanos
  pure (ns / 1000000 - start)
}

visit : Semaphore -> Ref Int -> Int -> Int -> Int -> Effect Text Unit
visit = gate entered start wants stays => withPermits wants gate (do Effect {
  at <- now start
  set entered at
  sleep stays
})

visitor : Semaphore -> Int -> (Int, Int, Int, Int) -> Effect Text Int
visitor = gate start (comes, wants, stays, patience) => do Effect {
  sleep comes
  entered <- makeRef (-1)
  if stays % 2 == 0 then do Effect {
    _ <- attempt (timeoutWith patience "late" (visit gate entered start wants stays))
    pure Unit
  } else race (visit gate entered start wants stays) (sleep patience)
  get entered
}

trial : Int -> List (Int, Int, Int, Int) -> Effect Text (List Int)
trial = permits visitors => do Effect {
  gate <- makeSemaphore permits
  start <- now 0
  entered <- parAll (List.map (visitor gate start) visitors)
  free <- freePermits gate
  given free == permits or fail "{free} permits are free at the end"
  pure entered
}
"#;

/// What a visitor does: comes at this moment, wants so many permits, stays so long when it has them, and leaves,
/// wherever it is, after so long.
type Visitor = (i64, i64, i64, i64);

/// When each of them comes in, by the rule.
fn rule(permits: i64, visitors: &[Visitor]) -> Vec<i64> {
    let mut entered = vec![-1; visitors.len()];
    let (mut free, mut line, mut inside) = (permits, VecDeque::new(), Vec::<(i64, usize)>::new());
    let last = visitors.iter().map(|visitor| visitor.0 + visitor.3).max().unwrap_or_default();
    for now in 0..=last {
        inside.retain(|(until, visitor)| {
            free += if *until == now { visitors[*visitor].1 } else { 0 };
            *until > now
        });
        line.retain(|visitor: &usize| visitors[*visitor].0 + visitors[*visitor].3 > now);
        line.extend((0..visitors.len()).filter(|visitor| visitors[*visitor].0 == now));
        while let Some(first) = line.front().copied().filter(|first| visitors[*first].1 <= free) {
            let (comes, wants, stays, patience) = visitors[first];
            line.pop_front();
            free -= wants;
            entered[first] = now;
            inside.push(((now + stays).min(comes + patience), first));
        }
    }
    assert_eq!(free, permits);
    entered
}

/// Numbers by a seed (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as i64
    }
}

/// C55
#[test]
fn visitors_come_in_by_the_rule() {
    const PERMITS: i64 = 3;
    let mut waited = 0;
    for seed in 1..=60 {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let count = 2 + numbers.below(14);
        // Each has moments of its own, so that no two things happen at the same one: what one brings about happens at
        // the moments of that one.
        let visitor = |index| {
            let mut time = |most| count * (1 + numbers.below(most));
            (time(20) + index, 0, time(9), time(30))
        };
        let mut visitors: Vec<Visitor> = (0..count).map(visitor).collect();
        visitors.iter_mut().for_each(|visitor| visitor.1 = numbers.below(PERMITS + 1));
        let engine = Engine::builder().simulated(seed).stderr(Output::buffer()).build().expect("an engine");
        let script = engine.compile("visitors", PROGRAM).expect("it compiles");
        let expected = rule(PERMITS, &visitors);
        let entered = script.call::<Vec<i64>, _>("trial", (PERMITS, visitors.clone()));
        assert_eq!(entered.as_ref(), Ok(&expected), "seed {seed}: {visitors:?}");
        let comes = visitors.iter().map(|visitor| visitor.0);
        waited += expected.iter().zip(comes).filter(|(entered, comes)| **entered > *comes).count();
    }
    assert!(waited > 50, "only {waited} had to wait and came in");
}
