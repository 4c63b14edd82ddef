//! What is run again and again, and how much memory the process has meanwhile. Alone in its file, as the memory is that
//! of the whole process. `stress.rs` has the command for half an hour of it.
#![cfg(target_os = "linux")]

mod toy;

use std::time::{Duration, Instant};

use aivi_scheduler::{Config, Mode};
use toy::{check, wanted};

const WORKERS: [usize; 3] = [2, 4, 8];
const SECONDS: u64 = 4;

/// Bytes that the process has in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("it is a number");
    pages * 4096
}

/// What is run again and again takes no more memory in the end than it did after a while.
#[test]
fn soak() {
    let begun = Instant::now();
    let limit = Duration::from_secs(wanted("AIVI_SOAK", SECONDS));
    let mut marks = Vec::new();
    let mut number = 0;
    while begun.elapsed() < limit {
        number += 1;
        check(number % 2000, Config { workers: WORKERS[number as usize % 3], mode: Mode::Real, blocking_threads: 1 });
        if begun.elapsed() > limit * (marks.len() as u32 + 1) / 10 {
            marks.push(resident() >> 10);
        }
    }
    let (early, late) = (marks.iter().take(3).max(), marks.iter().max());
    println!("{number} programs in {limit:?}, KiB in memory: {marks:?}");
    let (early, late) = (early.expect("marks"), late.expect("marks"));
    assert!(*late < early * 5 / 4, "memory grows: {marks:?} KiB");
}
