//! Which ranks the thread holds: checked in debug builds, nothing otherwise.

#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local!(static HELD: Cell<u32> = const { Cell::new(0) });

    pub fn acquire(rank: u8) {
        let held = HELD.get();
        assert!(held >> rank == 0, "lock of rank {rank} taken while ranks {held:#b} are held");
        HELD.set(held | 1 << rank);
    }

    pub fn release(rank: u8) {
        HELD.set(HELD.get() & !(1 << rank));
    }
}

#[cfg(not(debug_assertions))]
mod held {
    pub fn acquire(_: u8) {}
    pub fn release(_: u8) {}
}

pub(super) use held::{acquire, release};
