//! Heap objects: what the pointer in a heap `Value` points at.
//!
//! Every object starts with a `Header` of 16 bytes. Two families follow it:
//!
//! - *fields*: constructors, tuples, records, functions, partial applications, chunks of lists. `length` values stand
//!   behind the header.
//! - *payloads*: a Rust value (a list, a text, a channel end, a node inside a collection) behind a pointer to its
//!   `Vtable`.
//!
//! What always holds:
//!
//! - O1. The count of a *local* object is positive, and every reference to it is held by one thread; counting it needs
//!   no atomic operation. The count of a *shared* object is negative; it is counted atomically. 0 marks an *immortal*
//!   object (a constant of a program), which is never counted, never unique, and freed with its program
//!   (`immortal.rs`).
//! - O2. Whatever a shared or immortal object refers to is shared or immortal. `share` establishes it,
//!   `unshare_if_unique` (which turns a shared object with a single reference back into a local one before it is
//!   written) keeps it.
//! - O3. `kind` tells the family, and for payloads the Rust type (`Payload::KIND`, `boxed.rs`); it never changes.
//! - O4. An object is written only through its single reference.
//!
//! The scheme is that of Lean 4 ("Counting Immutable Beans"). Rejected: atomics throughout (+26 % on trees), a tracing
//! collector (pauses; unique values could not be updated in place), untagged words (see design, section 4).

pub mod alloc;
pub mod boxed;
pub mod cell;
pub mod count;
mod heap;
pub(crate) mod immortal;
pub(crate) mod references;
pub mod release;
pub mod shared;

use std::sync::atomic::AtomicI32;

pub use boxed::{Payload, Ref, Trace, Tracer};
pub use cell::Cell;
pub use shared::Shared;

use crate::value::{Kind, Slot, Value};

/// What every heap object starts with.
#[repr(C, align(16))]
pub struct Header {
    /// References; see O1. While an object is being destroyed, this word and `meta` hold a link (`release.rs`).
    pub(crate) count: AtomicI32,
    /// Objects: shape in the low half, position of the constructor in the high half. Functions and partials: the proto.
    pub(crate) meta: u32,
    /// Number of fields.
    pub(crate) length: u32,
    /// Functions and partials: how many parameters are still missing.
    pub(crate) missing: u16,
    /// Functions and partials: 1 when running it acts. Chunks: 1 when a value that needs counting was ever written.
    pub(crate) effect: u8,
    /// A `Kind`.
    pub(crate) kind: u8,
}

const _: () = assert!(size_of::<Header>() == 16);

impl Header {
    /// A header with count 1.
    pub(crate) const fn new(kind: Kind, meta: u32, length: u32) -> Header {
        Header { count: AtomicI32::new(1), meta, length, missing: 0, effect: 0, kind: kind as u8 }
    }

    /// Whether fields follow.
    #[inline]
    pub(crate) fn has_fields(&self) -> bool {
        self.kind < Kind::List as u8
    }

    /// Whether it is a chunk that never held a value that needs counting.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.kind == Kind::Chunk as u8 && self.effect == 0
    }

    /// The fields.
    ///
    /// # Safety
    /// `self` heads an object of the fields family.
    #[inline]
    pub(crate) unsafe fn fields(&self) -> &[Value] {
        debug_assert!(self.has_fields());
        // SAFETY: the caller promises the family; `new_object` wrote `length` values behind the header.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).add(1).cast::<Value>(), self.length as usize) }
    }
}

/// A new object with the fields of another, of kind `Object`, but for the one at `index`.
///
/// # Safety
/// `object` is live and of that kind, and has a field at `index`.
pub(crate) unsafe fn copy_with(object: *const Header, index: usize, value: Value) -> *mut Header {
    // SAFETY: promised by the caller; all fields of the copy are written, each once, before anything can see it.
    unsafe {
        let fields = (*object).fields();
        debug_assert!(index < fields.len());
        let copy = alloc::allocate(size_of::<Header>() + size_of_val(fields)).cast::<Header>();
        copy.write(Header::new(Kind::Object, (*object).meta, (*object).length));
        let first = copy.add(1).cast::<Value>();
        for (at, field) in fields.iter().enumerate() {
            if at != index {
                first.add(at).write(field.clone());
            }
        }
        first.add(index).write(value);
        copy
    }
}

/// A new object with counted copies of the fields of another, of kind `Object`.
///
/// # Safety
/// `object` is live and of that kind.
pub(crate) unsafe fn copy_of(object: *const Header) -> *mut Header {
    // SAFETY: promised by the caller; all fields of the copy are written before anything can see it.
    unsafe {
        let fields = (*object).fields();
        let copy = alloc::allocate(size_of::<Header>() + size_of_val(fields)).cast::<Header>();
        copy.write(Header::new(Kind::Object, (*object).meta, (*object).length));
        for (at, field) in fields.iter().enumerate() {
            copy.add(1).cast::<Value>().add(at).write(field.clone());
        }
        copy
    }
}

/// A new object of the fields family, with count 1, that owns the `length` values at `fields`, which are moved.
///
/// # Safety
/// `fields` points at `length` valid values that the caller gives up; `kind` is of the fields family.
#[inline]
pub(crate) unsafe fn new_object(header: Header, fields: *const Value) -> *mut Header {
    let object = alloc::allocate(size_of_object(&header)).cast();
    // SAFETY: room for this object; the rest is promised by the caller.
    unsafe { fill(object, header, fields) };
    object
}

/// As `new_object`, if memory is at hand; else the values stay where they are. Calls nothing.
///
/// # Safety
/// As for `new_object`, if there is a result.
#[inline(always)]
pub(crate) unsafe fn try_new_object(header: Header, fields: *const Value) -> Option<*mut Header> {
    let object = alloc::try_allocate(size_of_object(&header))?.cast();
    // SAFETY: as in `new_object`.
    unsafe { fill(object, header, fields) };
    Some(object)
}

/// As `new_object`, where the first field stands apart from the others.
///
/// # Safety
/// As for `new_object`: `rest` points at all valid values but the first, which the header counts too.
#[inline]
pub(crate) unsafe fn new_object_after(header: Header, first: Value, rest: *const Value) -> *mut Header {
    let length = header.length as usize;
    let object = alloc::allocate(size_of_object(&header)).cast::<Header>();
    // SAFETY: as in `new_object`.
    unsafe {
        object.write(header);
        let fields = object.add(1).cast::<Value>();
        fields.write(first);
        std::ptr::copy_nonoverlapping(rest, fields.add(1), length - 1);
    }
    object
}

#[inline(always)]
fn size_of_object(header: &Header) -> usize {
    size_of::<Header>() + header.length as usize * size_of::<Value>()
}

/// # Safety
/// `object` has room for the header and its fields, aligned to 16; for the values see `new_object`.
#[inline(always)]
unsafe fn fill(object: *mut Header, header: Header, fields: *const Value) {
    let length = header.length as usize;
    // SAFETY: promised by the caller.
    unsafe {
        object.write(header);
        Slot::copy_row(fields.cast(), object.add(1).cast(), length);
    }
}
