//! Memory that is asked for before it is needed.
//!
//! With a thousand connections nothing of a task is in the cache any more when its turn comes, and each line that it
//! touches, one after the other, costs what some fifty instructions cost. Who wakes many at once knows earlier than
//! they what they will touch (`Worker::wake_ready`): asked for together, the lines come together.

/// Bytes that a cache moves at once, on the processors that this was measured on.
const LINE: usize = 64;

/// Asks for the lines of `bytes` bytes at `at`. A hint, for any address: nothing is read as far as the program can
/// tell.
///
/// Where a line begins is not asked, so that a constant number of bytes is a constant number of instructions; the last
/// line may be asked for twice.
#[inline(always)]
pub fn prefetch<T: ?Sized>(at: *const T, bytes: usize) {
    let at = at.cast::<i8>();
    let mut offset = 0;
    while offset < bytes {
        ask(at.wrapping_add(offset));
        offset += LINE;
    }
    ask(at.wrapping_add(bytes.saturating_sub(1)));
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn ask(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every processor of this kind has the instruction, and it does nothing to memory, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
#[inline]
fn ask(_: *const i8) {}
