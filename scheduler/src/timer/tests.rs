//! The wheel against a sorted map, and the promises of its documentation one by one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{TICK_NS, TimerKey, Wheel};

/// What the wheel promises, in the obvious data structure. A timer's handle is its arming number.
#[derive(Default)]
struct Model {
    pending: BTreeMap<(u64, u32), TimerKey>,
    /// Whose time has not begun: how long they run.
    beginning: Vec<(u64, u32, TimerKey)>,
    armed: u32,
}

struct Pair {
    wheel: Wheel<u32>,
    model: Model,
    now_ns: u64,
    gone: Vec<TimerKey>,
}

#[derive(Clone, Debug)]
enum Op {
    Arm { after_ns: u64 },
    ArmFromNext { ns: u64 },
    Begin { by_ns: u64 },
    Disarm { nth: usize },
    DisarmGone { nth: usize },
    Advance { by_ns: u64 },
    AdvanceToNext,
}

impl Pair {
    fn new(now_ns: u64) -> Self {
        Pair { wheel: Wheel::new(now_ns), model: Model::default(), now_ns, gone: Vec::new() }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Arm { after_ns } => self.arm(self.now_ns.saturating_add(after_ns)),
            Op::ArmFromNext { ns } => self.arm_from_next(ns),
            Op::Begin { by_ns } => {
                self.now_ns = self.now_ns.saturating_add(by_ns);
                self.wheel.begin(self.now_ns);
                self.begin();
            }
            Op::Disarm { nth } => self.disarm(nth),
            Op::DisarmGone { nth } => self.disarm_gone(nth),
            Op::Advance { by_ns } => self.advance(self.now_ns.saturating_add(by_ns)),
            Op::AdvanceToNext => {
                if let Some(next_ns) = self.wheel.next_deadline() {
                    self.advance(next_ns.max(self.now_ns));
                }
            }
        }
        self.check();
    }

    fn arm(&mut self, deadline_ns: u64) {
        let handle = self.model.armed;
        self.model.armed += 1;
        let key = self.wheel.arm(deadline_ns, handle);
        self.model.pending.insert((deadline_ns, handle), key);
    }

    fn arm_from_next(&mut self, ns: u64) {
        let handle = self.model.armed;
        self.model.armed += 1;
        let key = self.wheel.arm_from_next(ns, handle);
        self.model.beginning.push((ns, handle, key));
    }

    fn begin(&mut self) {
        for (ns, handle, key) in self.model.beginning.drain(..) {
            self.model.pending.insert((self.now_ns.saturating_add(ns), handle), key);
        }
    }

    fn disarm(&mut self, nth: usize) {
        let beginning = self.model.beginning.len();
        if nth % 2 == 1 && beginning > 0 {
            let (_, _, key) = self.model.beginning.remove(nth / 2 % beginning);
            assert!(self.wheel.disarm(key), "a timer can be disarmed before its time begins");
            return self.gone.push(key);
        }
        if self.model.pending.is_empty() {
            return;
        }
        let (at, key) = self.model.pending.iter().nth(nth % self.model.pending.len()).map(|(a, k)| (*a, *k)).unwrap();
        self.model.pending.remove(&at);
        assert!(self.wheel.disarm(key), "an armed timer can be disarmed");
        self.gone.push(key);
    }

    fn disarm_gone(&mut self, nth: usize) {
        if !self.gone.is_empty() {
            assert!(!self.wheel.disarm(self.gone[nth % self.gone.len()]), "a key hits once");
        }
    }

    fn advance(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
        self.begin();
        let mut fired = Vec::new();
        self.wheel.advance(now_ns, &mut |handle| fired.push(handle));
        let mut expected = Vec::new();
        while let Some(entry) = self.model.pending.first_entry().filter(|entry| entry.key().0 <= now_ns) {
            expected.push(entry.key().1);
            self.gone.push(entry.remove());
        }
        assert_eq!(fired, expected, "exactly the due timers, by deadline, then by arming");
    }

    fn check(&self) {
        assert_eq!(self.wheel.len(), self.model.pending.len() + self.model.beginning.len());
        let first = self.model.pending.keys().next().map(|(deadline_ns, _)| *deadline_ns);
        let beginning = self.model.beginning.iter().map(|(ns, ..)| self.now_ns.saturating_add(*ns));
        let first = first.into_iter().chain(beginning).min();
        let next = self.wheel.next_deadline();
        assert_eq!(next.is_some(), first.is_some());
        assert!(next <= first, "next_deadline {next:?} is later than {first:?}");
    }

    /// Only by asking for the next deadline, everything fires at its own time, and soon.
    fn drain(&mut self) {
        let bound = 16 * (self.model.pending.len() + self.model.beginning.len() + self.gone.len()) + 16;
        for _ in 0..bound {
            let Some(next_ns) = self.wheel.next_deadline() else { return };
            self.advance(next_ns.max(self.now_ns));
            self.check();
        }
        panic!("draining by next_deadline makes no progress");
    }
}

/// Spans of every magnitude, with a liking for equal deadlines and the edges of slots.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        0..4 * TICK_NS,
        (0..130u64).prop_map(|ticks| ticks * TICK_NS),
        (0..48u32, 0..3u64).prop_map(|(bits, off)| ((TICK_NS << bits) + off).saturating_sub(1)),
        (0..64u32).prop_flat_map(|bits| 0..=(u64::MAX >> bits)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => span().prop_map(|after_ns| Op::Arm { after_ns }),
        2 => span().prop_map(|ns| Op::ArmFromNext { ns }),
        1 => span().prop_map(|by_ns| Op::Begin { by_ns }),
        2 => any::<usize>().prop_map(|nth| Op::Disarm { nth }),
        1 => any::<usize>().prop_map(|nth| Op::DisarmGone { nth }),
        1 => span().prop_map(|by_ns| Op::Advance { by_ns }),
        1 => Just(Op::AdvanceToNext),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// C25
    #[test]
    fn behaves_like_a_sorted_map(start in span(), ops in prop::collection::vec(op(), 1..200)) {
        let mut pair = Pair::new(start);
        for op in ops {
            pair.apply(op);
        }
        pair.drain();
    }
}

/// C25
#[test]
fn never_early_within_a_tick() {
    let mut pair = Pair::new(0);
    pair.arm(TICK_NS + 10);
    pair.arm(TICK_NS + 20);
    for now_ns in [TICK_NS, TICK_NS + 9, TICK_NS + 10, TICK_NS + 19, TICK_NS + 20] {
        pair.advance(now_ns);
        pair.check();
    }
    assert!(pair.wheel.is_empty());
}

/// C26
#[test]
fn equal_deadlines_fire_in_order_of_arming_from_every_level() {
    let deadline_ns = 5_000_000_000;
    let mut pair = Pair::new(0);
    for step in 0..2_000 {
        pair.arm(deadline_ns);
        pair.advance(step * deadline_ns / 2_000);
    }
    pair.drain();
}

#[test]
fn next_deadline_is_exact_without_disarming() {
    let mut wheel = Wheel::new(0);
    for (nth, deadline_ns) in [7_200_000_000_000, 3_600_000_000_123, 1_000_007, 99_999_999].into_iter().enumerate() {
        wheel.arm(deadline_ns, nth);
    }
    for deadline_ns in [1_000_007, 99_999_999, 3_600_000_000_123, 7_200_000_000_000] {
        assert_eq!(wheel.next_deadline(), Some(deadline_ns));
        let mut fired = 0;
        wheel.advance(deadline_ns, &mut |_| fired += 1);
        assert_eq!(fired, 1);
    }
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn time_does_not_run_backwards() {
    let mut wheel = Wheel::new(1_000);
    wheel.arm(1_500, ());
    wheel.advance(400, &mut |()| panic!("early"));
    let mut fired = 0;
    wheel.advance(1_500, &mut |()| fired += 1);
    wheel.arm(3, ());
    wheel.advance(0, &mut |()| fired += 1);
    assert_eq!(fired, 2, "a deadline that has passed fires in the next advance");
}

#[test]
fn memory_comes_back_when_the_clock_stands_still() {
    let mut wheel = Wheel::new(0);
    for turn in 0..100_000_u64 {
        let inside = wheel.arm(TICK_NS / 2, turn);
        let beyond = wheel.arm(TICK_NS * 70, turn);
        assert!(wheel.disarm(inside) && wheel.disarm(beyond));
    }
    assert!(wheel.is_empty());
    assert!(wheel.retained_bytes() < 256 * 1024, "{} bytes", wheel.retained_bytes());
}

#[test]
fn memory_comes_back_after_a_burst() {
    let mut wheel = Wheel::new(0);
    for nth in 0..200_000_u64 {
        wheel.arm(1_000_000 + nth % 7, nth);
    }
    let mut fired = 0;
    wheel.advance(2_000_000, &mut |_| fired += 1);
    assert_eq!(fired, 200_000);
    assert!(wheel.retained_bytes() < 256 * 1024, "{} bytes", wheel.retained_bytes());
}
