//! Memory for small objects: pages of blocks of one size, owned by threads.
//!
//! A *page* is 64 KiB at a multiple of 64 KiB, so a block's address gives its page. Its blocks have one size, a
//! multiple of 16 up to `SMALL`, and stand in the page's own list when they are free: objects made one after the other
//! stay neighbours, while one list of all dead objects of a size scatters them and makes every walk miss the cache
//! (measured: 3 times slower after a while). A *heap* is a thread's pages; only its thread touches them. A block that
//! another thread frees goes to the list `remote` of the heap that owns it, which takes them in when a page runs dry.
//!
//! What always holds:
//!
//! - H1. A page's `owner` never changes while one of its blocks is in use.
//! - H2. A page is one of these: the *current* one of its size; *partial*, in the list of its size; *full*, in no list;
//!   *spare*, without blocks in use.
//! - H3. `left` is how many blocks may still be freed before something has to be done: of a partial page those in use,
//!   of the current one 1 more (nothing is done when it becomes empty), of a full one 1 (it becomes partial).
//! - H4. A heap is never freed: a thread that ends leaves it to the next thread that begins.
//!
//! Rejected: the process's allocator for every object (an aligned allocation takes 52 instructions there with mimalloc,
//! more elsewhere, and a free 14; here 7 and 9), and a list of dead objects per thread before it (see above). Debug
//! builds use the process's allocator all the same, so that sanitizers see each object.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Bytes of a page. Smaller ones are changed more often, larger ones keep more memory for a size that is seldom used.
const PAGE: usize = 64 << 10;
/// Bytes of the largest block: a leaf of a list (`Chunk::LEAF`). Larger objects come from the process's allocator:
/// copying them costs more than allocating.
pub(super) const SMALL: usize = 1040;
/// Sizes of blocks: block `n` has `16 n` bytes.
const SIZES: usize = SMALL / 16 + 1;
/// Spare pages that a heap keeps (arbitrary): half a megabyte.
const SPARE: usize = 8;
/// Bytes that become blocks at once in a fresh page, so that a page that is little used stays untouched memory.
const CARVED: usize = 4096;
const PAGE_LAYOUT: Layout = match Layout::from_size_align(PAGE, PAGE) {
    Ok(layout) => layout,
    Err(_) => panic!("a power of two"),
};

/// A free block.
struct Block {
    next: *mut Block,
}

/// What stands at the start of a page.
#[repr(C, align(64))]
struct Page {
    /// Blocks to give out.
    free: *mut Block,
    owner: *const Heap,
    left: u32,
    is_full: bool,
    /// Bytes of a block, in 16.
    size: u8,
    /// Number of blocks, used or not.
    blocks: u32,
    /// Memory that is no block yet.
    fresh: *mut u8,
    end: *mut u8,
    /// Neighbours in the list of partial pages, or of spare ones.
    next: *mut Page,
    previous: *mut Page,
}

/// A thread's pages.
struct Heap {
    current: [Cell<*mut Page>; SIZES],
    partial: [Cell<*mut Page>; SIZES],
    spare: Cell<*mut Page>,
    spares: Cell<usize>,
    remote: AtomicPtr<Block>,
}

// SAFETY: other threads touch only `remote`; who owns the rest is H4 and `CURRENT`.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Send for Heap {}

/// The page of all sizes before there is one. Without free blocks, it is never written.
struct NoPage(Page);
// SAFETY: never written.
unsafe impl Sync for NoPage {}
static NO_PAGE: NoPage = NoPage(Page {
    free: null_mut(),
    owner: std::ptr::null(),
    left: 0,
    is_full: false,
    size: 0,
    blocks: 0,
    fresh: null_mut(),
    end: null_mut(),
    next: null_mut(),
    previous: null_mut(),
});

/// The heap of a thread that has none.
static NO_HEAP: Heap = Heap::empty();

/// Heaps of threads that have ended.
static LEFT: Mutex<Vec<&'static Heap>> = Mutex::new(Vec::new());

thread_local! {
    static CURRENT: Cell<&'static Heap> = const { Cell::new(&NO_HEAP) };
    /// Leaves the heap when the thread ends.
    static LEAVE: Leave = const { Leave };
}

struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        let heap = CURRENT.replace(&NO_HEAP);
        if let Ok(mut left) = LEFT.lock() {
            left.push(heap);
        }
    }
}

/// A block of `size` bytes, a multiple of 16 up to `SMALL`, if one is at hand. Calls nothing.
#[inline(always)]
pub(super) fn try_allocate(size: usize) -> Option<*mut u8> {
    debug_assert!(size.is_multiple_of(16) && size <= SMALL);
    // SAFETY: the thread's own heap and page; the block is free, so its first word is the list's.
    unsafe {
        let page = CURRENT.get().current.get_unchecked(size / 16).get();
        let block = (*page).free;
        if block.is_null() {
            return None;
        }
        (*page).free = (*block).next;
        (*page).left += 1;
        Some(block.cast())
    }
}

/// A block of `size` bytes, a multiple of 16 up to `SMALL`.
#[inline(always)]
pub(super) fn allocate(size: usize) -> *mut u8 {
    match try_allocate(size) {
        Some(block) => block,
        None => refill(size / 16),
    }
}

/// Gives a block back, if that is all there is to do. Calls nothing.
///
/// # Safety
/// As for `free`, if the result is true; else the block is still in use.
#[inline(always)]
pub(super) unsafe fn try_free(memory: *mut u8) -> bool {
    // SAFETY: H1; the thread's own page.
    unsafe {
        let page = page_of(memory);
        if !std::ptr::eq((*page).owner, CURRENT.get()) || (*page).left == 1 {
            return false;
        }
        (*page).left -= 1;
        put(page, memory);
        true
    }
}

/// Gives a block back.
///
/// # Safety
/// `memory` came from `allocate`, of whatever thread, and nothing refers to it.
#[inline(always)]
pub(super) unsafe fn free(memory: *mut u8) {
    // SAFETY: promised by the caller.
    unsafe {
        if !try_free(memory) {
            free_slowly(memory);
        }
    }
}

#[inline(always)]
fn page_of(memory: *mut u8) -> *mut Page {
    memory.map_addr(|address| address & !(PAGE - 1)).cast()
}

/// # Safety
/// The block is the thread's, and free.
#[inline(always)]
unsafe fn put(page: *mut Page, memory: *mut u8) {
    let block = memory.cast::<Block>();
    // SAFETY: promised by the caller.
    unsafe {
        (*block).next = (*page).free;
        (*page).free = block;
    }
}

/// # Safety
/// As for `free`.
#[cold]
#[inline(never)]
unsafe fn free_slowly(memory: *mut u8) {
    // SAFETY: H1: the page has its owner as long as the block is in use.
    unsafe {
        let owner = (*page_of(memory)).owner;
        if std::ptr::eq(owner, CURRENT.get()) {
            return (*owner).free_own(memory);
        }
        let block = memory.cast::<Block>();
        let mut first = (*owner).remote.load(Relaxed);
        loop {
            (*block).next = first;
            // Release: what this thread did with the object comes before its memory is used again; pairs with
            // `collect`.
            match (*owner).remote.compare_exchange_weak(first, block, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => first = now,
            }
        }
    }
}

#[cold]
#[inline(never)]
fn refill(size: usize) -> *mut u8 {
    if std::ptr::eq(CURRENT.get(), &NO_HEAP) {
        let left = LEFT.lock().ok().and_then(|mut left| left.pop());
        CURRENT.set(left.unwrap_or_else(|| Box::leak(Box::new(Heap::empty()))));
        // Without effect in a thread that is ending: what it still makes then keeps a heap for ever.
        let _ = LEAVE.try_with(|_| ());
    }
    let heap = CURRENT.get();
    loop {
        // SAFETY: `heap` is the thread's.
        unsafe { heap.supply(size) };
        if let Some(block) = try_allocate(size * 16) {
            return block;
        }
    }
}

impl Heap {
    const fn empty() -> Heap {
        Heap {
            current: [const { Cell::new((&raw const NO_PAGE.0).cast_mut()) }; SIZES],
            partial: [const { Cell::new(null_mut()) }; SIZES],
            spare: Cell::new(null_mut()),
            spares: Cell::new(0),
            remote: AtomicPtr::new(null_mut()),
        }
    }

    /// Makes the current page of the size have a free block.
    ///
    /// # Safety
    /// The heap is this thread's, and the current page has no free block.
    unsafe fn supply(&self, size: usize) {
        let page = self.current[size].get();
        // SAFETY: the thread's own pages.
        unsafe {
            if (*page).fresh != (*page).end {
                return carve(page);
            }
            self.collect();
            if !(*page).free.is_null() {
                return;
            }
            if (*page).blocks > 0 {
                (*page).is_full = true;
                (*page).left = 1;
            }
            let next = self.partial[size].get();
            let next = if next.is_null() {
                self.fresh_page(size)
            } else {
                self.unlink(next);
                next
            };
            (*next).left += 1;
            self.current[size].set(next);
        }
    }

    /// Takes in what other threads have freed.
    ///
    /// # Safety
    /// The heap is this thread's.
    unsafe fn collect(&self) {
        // Acquire: see `free_slowly`.
        let mut block = self.remote.swap(null_mut(), Acquire);
        while !block.is_null() {
            // SAFETY: blocks of this heap that nothing refers to.
            unsafe {
                let next = (*block).next;
                free(block.cast());
                block = next;
            }
        }
    }

    /// # Safety
    /// The block is of this heap, which is this thread's, and nothing refers to it.
    unsafe fn free_own(&self, memory: *mut u8) {
        let page = page_of(memory);
        // SAFETY: the thread's own page; H3.
        unsafe {
            put(page, memory);
            (*page).left -= 1;
            if (*page).left > 0 {
                return;
            }
            if (*page).is_full {
                (*page).is_full = false;
                (*page).left = (*page).blocks - 1;
                self.link(page);
                return;
            }
            self.unlink(page);
            self.put_aside(page);
        }
    }

    /// # Safety
    /// `page` is this heap's and in no list.
    unsafe fn link(&self, page: *mut Page) {
        // SAFETY: the thread's own pages.
        unsafe {
            let list = &self.partial[usize::from((*page).size)];
            (*page).previous = null_mut();
            (*page).next = list.get();
            if let Some(next) = (*page).next.as_mut() {
                next.previous = page;
            }
            list.set(page);
        }
    }

    /// # Safety
    /// `page` is in the list of partial pages of its size.
    unsafe fn unlink(&self, page: *mut Page) {
        // SAFETY: the thread's own pages.
        unsafe {
            let (next, previous) = ((*page).next, (*page).previous);
            if let Some(next) = next.as_mut() {
                next.previous = previous;
            }
            match previous.as_mut() {
                Some(previous) => previous.next = next,
                None => self.partial[usize::from((*page).size)].set(next),
            }
        }
    }

    /// Keeps a page without used blocks, or gives it back.
    ///
    /// # Safety
    /// `page` is this heap's and in no list.
    unsafe fn put_aside(&self, page: *mut Page) {
        // SAFETY: nothing refers into the page.
        unsafe {
            if self.spares.get() == SPARE {
                return dealloc(page.cast(), PAGE_LAYOUT);
            }
            self.spares.set(self.spares.get() + 1);
            (*page).next = self.spare.get();
            self.spare.set(page);
        }
    }

    /// A page that will have blocks of the size.
    fn fresh_page(&self, size: usize) -> *mut Page {
        // SAFETY: a spare page is this heap's; a new one has room for its head and is aligned for it.
        unsafe {
            let mut page = self.spare.get();
            if page.is_null() {
                page = alloc(PAGE_LAYOUT).cast();
                if page.is_null() {
                    handle_alloc_error(PAGE_LAYOUT);
                }
            } else {
                self.spare.set((*page).next);
                self.spares.set(self.spares.get() - 1);
            }
            let blocks = (PAGE - size_of::<Page>()) / (size * 16);
            let fresh = page.add(1).cast::<u8>();
            page.write(Page {
                free: null_mut(),
                owner: self,
                left: 0,
                is_full: false,
                size: size as u8,
                blocks: blocks as u32,
                fresh,
                end: fresh.add(blocks * size * 16),
                next: null_mut(),
                previous: null_mut(),
            });
            page
        }
    }
}

/// Makes some fresh memory blocks, in order.
///
/// # Safety
/// The page is the thread's, has fresh memory, and no free blocks.
unsafe fn carve(page: *mut Page) {
    // SAFETY: what lies between `fresh` and `end` is a whole number of blocks that nobody uses.
    unsafe {
        let size = usize::from((*page).size) * 16;
        let fresh = (*page).fresh;
        let count = (((*page).end.offset_from(fresh) as usize) / size).min(CARVED / size);
        for index in 0..count {
            let next = if index + 1 < count { fresh.add((index + 1) * size) } else { null_mut() };
            fresh.add(index * size).cast::<Block>().write(Block { next: next.cast() });
        }
        (*page).free = fresh.cast();
        (*page).fresh = fresh.add(count * size);
    }
}

#[cfg(test)]
#[path = "heap_tests.rs"]
mod tests;
