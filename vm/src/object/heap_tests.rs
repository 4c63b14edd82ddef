//! Blocks are disjoint, aligned, used again, and may be freed by whoever has them.

use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::thread;

use super::*;

/// A block on its way to another thread, filled with a pattern.
struct Sent(*mut u8, usize, u8);
// SAFETY: the block is not used by the sender any more.
unsafe impl Send for Sent {}

impl Sent {
    fn new(size: usize, pattern: u8) -> Sent {
        let block = allocate(size);
        assert_eq!(block.addr() % 16, 0);
        // SAFETY: a block of this size.
        unsafe { block.write_bytes(pattern, size) };
        Sent(block, size, pattern)
    }

    fn check_and_free(self) {
        let Sent(block, size, pattern) = self;
        // SAFETY: a block of this size, written by `new`, not used any more.
        unsafe {
            assert!(std::slice::from_raw_parts(block, size).iter().all(|&byte| byte == pattern));
            free(block);
        }
    }
}

fn pages_of(blocks: &[Sent]) -> HashSet<usize> {
    blocks.iter().map(|block| page_of(block.0).addr()).collect()
}

#[test]
fn blocks_of_all_sizes_are_disjoint_and_keep_what_is_in_them() {
    let mut blocks = Vec::new();
    for round in 0..2_000 {
        blocks.push(Sent::new(16 * (1 + round % (SMALL / 16)), round as u8));
        if round % 3 == 0 {
            blocks.swap_remove(round * 7 % blocks.len()).check_and_free();
        }
    }
    blocks.into_iter().for_each(Sent::check_and_free);
}

#[test]
fn full_pages_become_partial_and_their_blocks_are_used_again() {
    let make = || (0..5_000).map(|index| Sent::new(64, index as u8)).collect::<Vec<_>>();
    let mut blocks = make();
    let pages = pages_of(&blocks);
    assert!(pages.len() > 3);
    // Every second block of each page goes, and then as many come.
    let mut kept = Vec::new();
    for (index, block) in blocks.drain(..).enumerate() {
        if index % 2 == 0 { block.check_and_free() } else { kept.push(block) }
    }
    kept.extend((0..2_500).map(|index| Sent::new(64, index as u8)));
    assert!(pages_of(&kept).is_subset(&pages));
    kept.into_iter().for_each(Sent::check_and_free);
}

#[test]
fn empty_pages_serve_other_sizes() {
    let blocks: Vec<_> = (0..2_000).map(|_| Sent::new(480, 1)).collect();
    let pages = pages_of(&blocks);
    blocks.into_iter().for_each(Sent::check_and_free);
    let others: Vec<_> = (0..2_000).map(|_| Sent::new(208, 2)).collect();
    assert!(!pages_of(&others).is_disjoint(&pages));
    others.into_iter().for_each(Sent::check_and_free);
}

#[test]
fn blocks_freed_by_another_thread_come_back() {
    let (to, from) = channel::<Sent>();
    let (done, finished) = channel::<()>();
    let reader = thread::spawn(move || {
        for (index, block) in from.into_iter().enumerate() {
            block.check_and_free();
            if index % 100 == 99 && done.send(()).is_err() {
                return;
            }
        }
    });
    let mut pages = HashSet::new();
    for _ in 0..200 {
        for index in 0..100u8 {
            let block = Sent::new(96, index);
            pages.insert(page_of(block.0).addr());
            to.send(block).expect("the reader lives");
        }
        finished.recv().expect("the reader lives");
    }
    drop(to);
    reader.join().expect("the reader ends");
    // 20,000 blocks would fill 30 pages if none came back.
    assert!(pages.len() <= 4, "{} pages", pages.len());
}

#[test]
fn the_heap_of_a_thread_that_ended_is_used_again() {
    let blocks = thread::spawn(|| (0..1_000).map(|index| Sent::new(112, index as u8)).collect::<Vec<_>>());
    let blocks = blocks.join().expect("the thread ends");
    // Nobody owns these now; they are freed all the same.
    blocks.into_iter().for_each(Sent::check_and_free);
    let owners: HashSet<_> = (0..50)
        .map(|_| {
            let owner = thread::spawn(|| {
                let block = Sent::new(112, 7);
                // SAFETY: the block's page is alive.
                let owner = unsafe { (*page_of(block.0)).owner }.addr();
                block.check_and_free();
                owner
            });
            owner.join().expect("the thread ends")
        })
        .collect();
    // Other tests run at the same time and take heaps as well.
    assert!(owners.len() < 50, "every thread made a heap");
}
