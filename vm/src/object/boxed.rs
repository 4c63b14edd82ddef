//! Rust values in objects: payloads of values, and `Ref`, the pointer between the parts of a collection.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::{Header, alloc, count};
use crate::collections::chunk::Chunk;
use crate::value::{Kind, Value};

/// What a Rust value inside an object refers to.
pub trait Trace: 'static {
    /// Shows every `Value` and every `Ref` in `self` to `tracer`, each once; nothing for scalars and plain Rust data.
    fn trace(&self, tracer: &mut Tracer<'_>);
}

/// A Rust type that is the payload of one kind of value.
///
/// # Safety
/// No other type has the same `KIND`, and `KIND` is of the payload family: values of that kind are read as `Self`.
pub unsafe trait Payload: Trace + Sized {
    /// The kind of its values.
    const KIND: Kind;
}

/// Collects what an object refers to.
pub struct Tracer<'a> {
    pub(super) found: &'a mut Vec<*const Header>,
    /// For `share`, by the owner; else somebody only looks, while the owner may be elsewhere.
    pub(super) is_sharing: bool,
}

impl Tracer<'_> {
    /// Will other threads read what is shown? Then its owner brings it into a form that reading does not change.
    #[inline]
    pub fn is_sharing(&self) -> bool {
        self.is_sharing
    }

    /// A value in the traced object.
    #[inline]
    pub fn value(&mut self, value: &Value) {
        if let Some(object) = value.heap() {
            self.found.push(object);
        }
    }

    /// A chunk of a list.
    #[inline]
    pub(crate) fn chunk(&mut self, chunk: &Chunk) {
        self.found.push(chunk.object());
    }

    /// A part of a collection.
    #[inline]
    pub fn part<T: Trace>(&mut self, part: &Ref<T>) {
        self.found.push(part.0.as_ptr().cast());
    }
}

/// What the machine must know about a payload's type.
pub(super) struct Vtable {
    pub(super) size: usize,
    pub(super) drop: unsafe fn(*mut Header),
    pub(super) trace: unsafe fn(*const Header, &mut Tracer<'_>),
}

/// An object of the payload family.
#[repr(C)]
pub(crate) struct Boxed<T> {
    header: Header,
    vtable: &'static Vtable,
    payload: T,
}

impl<T: Trace> Boxed<T> {
    const VTABLE: &'static Vtable = &Vtable { size: size_of::<Boxed<T>>(), drop: drop_as::<T>, trace: trace_as::<T> };

    /// A new object with one reference.
    pub(crate) fn allocate(kind: Kind, payload: T) -> NonNull<Boxed<T>> {
        const { assert!(align_of::<Boxed<T>>() == 16) };
        let memory = alloc::allocate(size_of::<Boxed<T>>()).cast::<Boxed<T>>();
        // SAFETY: `allocate` gave memory of this size, aligned to 16.
        unsafe {
            memory.write(Boxed { header: Header::new(kind, 0, 0), vtable: Self::VTABLE, payload });
            NonNull::new_unchecked(memory)
        }
    }

    /// Moves the payload out and frees the object.
    ///
    /// # Safety
    /// The caller gives up the only reference.
    pub(crate) unsafe fn take(object: *mut Boxed<T>) -> T {
        // SAFETY: nothing else refers to the object; the payload is read once.
        unsafe {
            let payload = (&raw const (*object).payload).read();
            alloc::free(object.cast(), size_of::<Boxed<T>>());
            payload
        }
    }

    /// The payload.
    ///
    /// # Safety
    /// `object` is live as long as `'a`, and a `Boxed<T>`.
    #[inline]
    pub(crate) unsafe fn payload<'a>(object: *const Header) -> &'a T {
        // SAFETY: promised by the caller.
        unsafe { &(*object.cast::<Boxed<T>>()).payload }
    }

    /// The payload, for writing.
    ///
    /// # Safety
    /// As for `payload`, and the caller holds the only reference.
    #[inline]
    pub(crate) unsafe fn payload_mut<'a>(object: *mut Header) -> &'a mut T {
        // SAFETY: promised by the caller.
        unsafe { &mut (*object.cast::<Boxed<T>>()).payload }
    }
}

/// Drops the payload of a dead object and frees it.
///
/// # Safety
/// Nothing refers to `object`, which is of the payload family.
pub(super) unsafe fn drop_payload(object: *mut Header) {
    // SAFETY: every payload object is a `Boxed<T>` whose vtable is that of `T`; `Boxed<()>` shares its prefix.
    unsafe {
        let vtable = (*object.cast::<Boxed<()>>()).vtable;
        (vtable.drop)(object);
        alloc::free(object.cast(), vtable.size);
    }
}

/// The vtable of a payload object.
///
/// # Safety
/// `object` is live and of the payload family.
pub(super) unsafe fn vtable(object: *const Header) -> &'static Vtable {
    // SAFETY: as in `drop_payload`.
    unsafe { (*object.cast::<Boxed<()>>()).vtable }
}

/// # Safety
/// `object` is a dead `Boxed<T>`.
unsafe fn drop_as<T: Trace>(object: *mut Header) {
    // SAFETY: promised by the caller; the payload is dropped once.
    unsafe { std::ptr::drop_in_place(&raw mut (*object.cast::<Boxed<T>>()).payload) }
}

/// # Safety
/// `object` is a live `Boxed<T>`.
unsafe fn trace_as<T: Trace>(object: *const Header, tracer: &mut Tracer<'_>) {
    // SAFETY: promised by the caller.
    unsafe { Boxed::<T>::payload(object) }.trace(tracer);
}

/// A counted pointer to a part of a collection: local while its collection is, shared with it (`object/mod.rs`).
///
/// Not `Send`: what crosses threads is a `Shared`.
pub struct Ref<T: Trace>(NonNull<Boxed<T>>);

impl<T: Trace> Ref<T> {
    /// A new part.
    pub fn new(payload: T) -> Ref<T> {
        Ref(Boxed::allocate(Kind::Part, payload))
    }

    /// The part, for writing, if this is the only pointer to it.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        let object = self.0.as_ptr();
        // SAFETY: `self` owns a reference and is borrowed exclusively; when it is the only one nobody else reads the
        // part.
        unsafe { count::unshare_if_unique(object.cast()).then(|| &mut (*object).payload) }
    }

    /// The part, for writing, if it is local and this is the only pointer to it; calls nothing.
    #[inline(always)]
    pub(crate) fn local_mut(&mut self) -> Option<&mut T> {
        let object = self.0.as_ptr();
        // SAFETY: a count of 1 says that `self` is the only reference, and it is borrowed exclusively.
        unsafe {
            let count = (*object).header.count.load(std::sync::atomic::Ordering::Relaxed);
            (count == 1).then(|| &mut (*object).payload)
        }
    }

    /// The part, for writing: a copy of it when there are other pointers.
    #[inline]
    pub fn make_mut(&mut self) -> &mut T
    where
        T: Clone,
    {
        if self.get_mut().is_none() {
            *self = Ref::new(T::clone(self));
        }
        // SAFETY: either `get_mut` found the only reference, or the part is new.
        unsafe { &mut (*self.0.as_ptr()).payload }
    }

    /// The part itself, moved out when this is the only pointer.
    pub fn try_unwrap(mut self) -> Result<T, Ref<T>> {
        if self.get_mut().is_none() {
            return Err(self);
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: `get_mut` found the only reference, which `this` gives up.
        Ok(unsafe { Boxed::take(this.0.as_ptr()) })
    }

    /// The part itself, moved out when this is the only pointer, else a copy.
    pub fn into_inner(self) -> T
    where
        T: Clone,
    {
        Ref::try_unwrap(self).unwrap_or_else(|shared| T::clone(&shared))
    }

    /// Whether both point at the same part.
    #[inline]
    #[must_use]
    pub fn ptr_eq(left: &Ref<T>, right: &Ref<T>) -> bool {
        left.0 == right.0
    }

    /// Whether `get_mut` would give the part.
    #[inline]
    #[must_use]
    pub fn is_unique(&self) -> bool {
        // SAFETY: `self` owns a reference, so the header is live.
        matches!(unsafe { &self.0.as_ref().header }.count.load(std::sync::atomic::Ordering::Acquire), 1 | -1)
    }
}

impl<T: Trace> Clone for Ref<T> {
    #[inline]
    fn clone(&self) -> Ref<T> {
        // SAFETY: `self` owns a reference.
        unsafe { count::retain(self.0.as_ptr().cast()) };
        Ref(self.0)
    }
}

impl<T: Trace> Drop for Ref<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `self` owns a reference and ends here.
        unsafe { count::release(self.0.as_ptr().cast()) };
    }
}

impl<T: Trace> Deref for Ref<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `self` owns a reference, so the object is live, and a `Boxed<T>` since `new`.
        unsafe { Boxed::payload(self.0.as_ptr().cast()) }
    }
}
