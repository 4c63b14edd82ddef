//! What do arming, disarming and firing cost, with few and with a million timers pending?
//!
//! One thread, no scheduler around it, so cache misses of the tasks themselves are not shown.
//! Run with `cargo run --release -p aivi-scheduler --example timer_wheel`.

#[path = "../src/timer/mod.rs"]
#[allow(dead_code, unused_imports)]
mod timer;

use std::hint::black_box;
use std::time::Instant;

use timer::Wheel;

const PENDING: [u64; 3] = [0, 1_000, 1_000_000];
const ROUNDS: u64 = 2_000_000;
const BURST: u64 = 1_000_000;
const REPEATS: usize = 5;
const MS: u64 = 1_000_000;

fn main() {
    for pending in PENDING {
        report(&format!("arm + disarm, {pending} pending"), || arm_and_disarm(pending));
    }
    report("arm + fire, 1M in one tick", || burst(|_| MS));
    report("arm + fire, 1M over one second", || {
        burst(|nth| MS + nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (1_000 * MS))
    });
    report("arm + fire, 1M armed 150 ns apart for 1 s", || burst(|nth| 1_000 * MS + nth * 150));
    report("tick by tick, 1,000 sleepers of 1..16 ms", steady);
    report("jump over an hour, one timer", jump);
}

/// Prints the median and the range of a measurement in nanoseconds per operation.
fn report(name: &str, measure: impl Fn() -> f64) {
    let mut ns: Vec<f64> = (0..REPEATS).map(|_| measure()).collect();
    ns.sort_by(f64::total_cmp);
    println!("{name:<44} {:>7.1} ns  ({:.1} .. {:.1})", ns[REPEATS / 2], ns[0], ns[REPEATS - 1]);
}

fn arm_and_disarm(pending: u64) -> f64 {
    let mut wheel = Wheel::new(0);
    for nth in 0..pending {
        wheel.arm(1_000 * MS + nth * 997, nth);
    }
    per_op(ROUNDS, || {
        for nth in 0..ROUNDS {
            let key = wheel.arm(MS + nth % (60 * MS), nth);
            black_box(wheel.disarm(key));
        }
    })
}

fn burst(deadline_ns: impl Fn(u64) -> u64) -> f64 {
    let mut wheel = Wheel::new(0);
    let mut fired = 0;
    let ns = per_op(BURST, || {
        for nth in 0..BURST {
            wheel.arm(deadline_ns(nth), nth);
        }
        wheel.advance(2_000 * MS, &mut |nth| fired += u64::from(black_box(nth) < BURST));
    });
    assert_eq!(fired, BURST, "every timer fires once");
    ns
}

fn steady() -> f64 {
    let mut wheel = Wheel::new(0);
    let mut woken = Vec::new();
    let (mut now_ns, mut fired) = (0, 0);
    for nth in 0..1_000 {
        wheel.arm(nth % 16 * MS, nth);
    }
    let start = Instant::now();
    while fired < ROUNDS {
        now_ns += timer::TICK_NS;
        wheel.advance(now_ns, &mut |nth| woken.push(nth));
        fired += woken.len() as u64;
        for nth in woken.drain(..) {
            wheel.arm(now_ns + (1 + nth % 16) * MS, nth);
        }
    }
    start.elapsed().as_nanos() as f64 / fired as f64
}

fn jump() -> f64 {
    let mut wheel = Wheel::new(0);
    per_op(ROUNDS, || {
        for hour in 1..=ROUNDS {
            let deadline_ns = hour * 3_600_000 * MS % (1 << 62);
            wheel.arm(deadline_ns, hour);
            wheel.advance(deadline_ns, &mut |hour| _ = black_box(hour));
        }
    })
}

fn per_op(ops: u64, run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_nanos() as f64 / ops as f64
}
