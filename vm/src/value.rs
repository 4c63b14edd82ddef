//! Values: 16 bytes, a payload and a kind.
//!
//! A value describes itself, so that `==`, ordering and `toText` work on every type without a class constraint. Scalars
//! and constructors without arguments and texts of seven bytes live in the value; everything else is a counted pointer
//! to an object (`object/mod.rs`). `Clone` is a counted copy, `Drop` a release.
//!
//! In registers a value is a `Slot`: plain bits that know no ownership; which slots own values is the compiler's
//! knowledge (the table `drops`). A slot that holds a *raw* scalar has a valid payload and a meaningless kind.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aivi_bytecode::module::well_known;
use aivi_bytecode::{ProtoId, ScalarKind, ShapeId};
use aivi_scheduler::prefetch;
use smallvec::SmallVec;

use crate::collections::InlineText;
use crate::object::boxed::{Boxed, Payload, Trace, Tracer};
use crate::object::{Header, Shared, alloc, count, new_object};

/// What a value is. The first four are numbered as `ScalarKind`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u64)]
pub enum Kind {
    /// A 64-bit integer.
    Int = 0,
    /// A double.
    Float = 1,
    /// A truth value.
    Bool = 2,
    /// A Unicode scalar value.
    Char = 3,
    /// `Unit`
    Unit = 4,
    /// A constructor without arguments.
    Nullary = 5,
    /// A text that stands in the payload: all texts of seven bytes at most.
    InlineText = 6,

    /// A constructor with arguments, a tuple, a record. From here on the payload points at an object.
    Object = 8,
    /// A proto with its captures: a function, or an effect.
    Function = 9,
    /// A function applied to some of its arguments, or an effect's function applied to all of them.
    Partial = 10,

    /// A run of a list's elements; never the kind of a value.
    Chunk = 11,

    /// A handle to a task that has ended in place, with its value as the only field. To programs it is as `Task`.
    EndedTask = 12,

    /// A list. From here on the object holds a Rust value.
    List = 16,
    /// A longer text.
    Text = 17,
    /// A map.
    Map = 18,
    /// A set.
    Set = 19,
    /// A byte string.
    Bytes = 20,
    /// A task handle.
    Task = 21,
    /// A scope handle.
    Scope = 22,
    /// The sending end of a channel.
    Sender = 23,
    /// The receiving end of a channel.
    Receiver = 24,
    /// A value of the host.
    Handle = 25,
    /// A cell whose value may be exchanged.
    Cell = 26,
    /// A case of a select.
    Case = 27,
    /// Permits, and who waits for them.
    Gate = 28,
    /// A part of a collection; never the kind of a value.
    Part = 29,
}

/// A value.
#[repr(C)]
pub struct Value {
    payload: u64,
    kind: Kind,
}

const _: () = assert!(size_of::<Value>() == 16 && size_of::<Option<Value>>() == 16);
const _: () = assert!(Kind::Int as u64 == ScalarKind::Int as u64 && Kind::Float as u64 == ScalarKind::Float as u64);
const _: () = assert!(Kind::Bool as u64 == ScalarKind::Bool as u64 && Kind::Char as u64 == ScalarKind::Char as u64);

impl Value {
    /// An `Int`.
    #[inline]
    #[must_use]
    pub const fn int(value: i64) -> Value {
        Value { payload: value as u64, kind: Kind::Int }
    }

    /// A `Float`.
    #[inline]
    #[must_use]
    pub const fn float(value: f64) -> Value {
        Value { payload: value.to_bits(), kind: Kind::Float }
    }

    /// A `Bool`.
    #[inline]
    #[must_use]
    pub const fn bool(value: bool) -> Value {
        Value { payload: value as u64, kind: Kind::Bool }
    }

    /// A `Char`.
    #[inline]
    #[must_use]
    pub const fn char(value: char) -> Value {
        Value { payload: value as u64, kind: Kind::Char }
    }

    /// `Unit`
    #[inline]
    #[must_use]
    pub const fn unit() -> Value {
        Value { payload: 0, kind: Kind::Unit }
    }

    /// A constructor without arguments, at `position` of its type.
    #[inline]
    #[must_use]
    pub const fn nullary(shape: ShapeId, position: u16) -> Value {
        Value { payload: (position as u64) << 32 | shape.0 as u64, kind: Kind::Nullary }
    }

    /// A constructor at `position` of its type, with arguments; for tuples and records the position is 0. Records have
    /// their fields in the order of the shape's names.
    #[must_use]
    pub fn object(shape: ShapeId, position: u16, fields: impl IntoIterator<Item = Value>) -> Value {
        let fields: SmallVec<[Value; 8]> = fields.into_iter().collect();
        let header = Header::new(Kind::Object, object_meta(shape, position), fields.len() as u32);
        Value::from_fields(Kind::Object, header, fields)
    }

    /// As `object`, of a known number of fields: they go from the array into the object.
    #[inline]
    fn object_of<const N: usize>(shape: ShapeId, position: u16, fields: [Value; N]) -> Value {
        let fields = ManuallyDrop::new(fields);
        let header = Header::new(Kind::Object, object_meta(shape, position), N as u32);
        // SAFETY: the array holds N values, which it gives up.
        unsafe { Value::from_heap(Kind::Object, new_object(header, fields.as_ptr())) }
    }

    /// A function that has its captures; `missing` parameters are to come.
    pub(crate) fn function(proto: ProtoId, missing: u16, effect: bool, captures: SmallVec<[Value; 8]>) -> Value {
        let mut header = Header::new(Kind::Function, proto.0, captures.len() as u32);
        header.missing = missing;
        header.effect = u8::from(effect);
        Value::from_fields(Kind::Function, header, captures)
    }

    /// An object of the fields family.
    pub(crate) fn from_fields(kind: Kind, header: Header, fields: SmallVec<[Value; 8]>) -> Value {
        debug_assert!(header.kind == kind as u8 && header.has_fields() && header.length as usize == fields.len());
        let mut fields = ManuallyDrop::new(fields);
        // SAFETY: the vector holds `length` values, which it gives up: its length becomes 0 before its buffer is
        // dropped.
        unsafe {
            let object = new_object(header, fields.as_ptr());
            fields.set_len(0);
            ManuallyDrop::drop(&mut fields);
            Value::from_heap(kind, object)
        }
    }

    /// A handle to a task that has ended with this value, and was never more than that.
    pub(crate) fn ended_task(result: Value) -> Value {
        let result = ManuallyDrop::new(result);
        // SAFETY: the value is given up.
        unsafe {
            let object = new_object(Header::new(Kind::EndedTask, 0, 1), &raw const *result);
            Value::from_heap(Kind::EndedTask, object)
        }
    }

    /// The value of such a task.
    #[inline]
    pub(crate) fn into_result(self) -> Value {
        debug_assert!(self.kind == Kind::EndedTask);
        let this = ManuallyDrop::new(self);
        let object = this.pointer();
        // SAFETY: a value of this kind points at a live object with one field. The reference is given up; if it is the
        // only one, the field is moved and nothing but memory is left.
        unsafe {
            let field = object.add(1).cast::<Value>();
            if count::unshare_if_unique(object) {
                let result = field.read();
                alloc::free(object.cast(), size_of::<Header>() + size_of::<Value>());
                return result;
            }
            let result = (*field).clone();
            drop(ManuallyDrop::into_inner(this));
            result
        }
    }

    /// `Some value`
    #[must_use]
    pub fn some(value: Value) -> Value {
        Value::object_of(well_known::SOME, 1, [value])
    }

    /// `None`
    #[must_use]
    pub const fn none() -> Value {
        Value::nullary(well_known::NONE, 0)
    }

    /// What a native function of an Option gives for `None`, as it gives what `Some` holds bare; no expression has this
    /// value.
    #[must_use]
    pub const fn absent() -> Value {
        Value::nullary(well_known::NONE, u16::MAX)
    }

    /// Whether it is the absent value.
    #[inline]
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Nullary) && self.payload == Value::absent_payload()
    }

    #[inline]
    const fn absent_payload() -> u64 {
        (u16::MAX as u64) << 32 | well_known::NONE.0 as u64
    }

    /// `Ok value`
    #[must_use]
    pub fn ok(value: Value) -> Value {
        Value::object_of(well_known::OK, 1, [value])
    }

    /// `Err value`
    #[must_use]
    pub fn err(value: Value) -> Value {
        Value::object_of(well_known::ERR, 0, [value])
    }

    /// `(left, right)`
    #[must_use]
    pub fn pair(left: Value, right: Value) -> Value {
        Value::object_of(well_known::PAIR, 0, [left, right])
    }

    /// A value of the host; `name` is its text form, as in `<name>`.
    #[must_use]
    pub fn handle<T: Any + Send + Sync>(name: &'static str, value: Arc<T>) -> Value {
        Value::payload_of(Handle { name: Cow::Borrowed(name), value, is_of_host: false })
    }

    /// The same of the program's host, which can be compared: it equals itself.
    #[must_use]
    pub fn handle_of_host<T: Any + Send + Sync>(name: impl Into<Cow<'static, str>>, value: Arc<T>) -> Value {
        Value::payload_of(Handle { name: name.into(), value, is_of_host: true })
    }

    /// A value with this Rust value as payload.
    #[must_use]
    pub fn payload_of<T: Payload>(payload: T) -> Value {
        let object = Boxed::allocate(T::KIND, payload);
        // SAFETY: a new object of this kind, whose only reference goes into the value.
        unsafe { Value::from_heap(T::KIND, object.as_ptr().cast()) }
    }

    /// Its kind.
    #[inline]
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The lowest byte of what may be an Int; `seen` knows afterwards whether all that were asked are bytes.
    #[inline(always)]
    pub(crate) fn low_byte(&self, seen: &mut Bytes) -> u8 {
        seen.kinds |= self.kind as u8 ^ Kind::Int as u8;
        seen.payloads |= self.payload;
        self.payload as u8
    }

    /// The integer.
    #[inline]
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        if matches!(self.kind, Kind::Int) { Some(self.payload as i64) } else { None }
    }

    /// The double.
    #[inline]
    #[must_use]
    pub const fn as_float(&self) -> Option<f64> {
        if matches!(self.kind, Kind::Float) { Some(f64::from_bits(self.payload)) } else { None }
    }

    /// The truth value.
    #[inline]
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if matches!(self.kind, Kind::Bool) { Some(self.payload != 0) } else { None }
    }

    /// The character.
    #[inline]
    #[must_use]
    pub fn as_char(&self) -> Option<char> {
        if self.kind == Kind::Char { char::from_u32(self.payload as u32) } else { None }
    }

    /// Shape and position of a constructor without arguments.
    #[inline]
    #[must_use]
    pub const fn as_nullary(&self) -> Option<(ShapeId, u16)> {
        if matches!(self.kind, Kind::Nullary) {
            Some((ShapeId(self.payload as u16), (self.payload >> 32) as u16))
        } else {
            None
        }
    }

    /// The text, if it stands in the payload.
    #[inline]
    pub(crate) fn as_inline_text(&self) -> Option<&InlineText> {
        // SAFETY: a value of this kind is made of an `InlineText` only (`From<InlineText>`), which has the layout of
        // the payload.
        (self.kind == Kind::InlineText).then(|| unsafe { &*(&raw const self.payload).cast::<InlineText>() })
    }

    /// The constructor with arguments, tuple or record.
    #[inline]
    #[must_use]
    pub fn as_object(&self) -> Option<ObjectRef<'_>> {
        // SAFETY: a value of this kind points at a live object, which it keeps alive for the borrow.
        (self.kind == Kind::Object).then(|| ObjectRef(unsafe { &*self.pointer() }))
    }

    /// The function, effect or partial application.
    #[inline]
    #[must_use]
    pub fn as_function(&self) -> Option<FunctionRef<'_>> {
        // SAFETY: a value of these kinds points at a live object, which it keeps alive for the borrow.
        matches!(self.kind, Kind::Function | Kind::Partial).then(|| FunctionRef(unsafe { &*self.pointer() }))
    }

    /// The host's value.
    #[must_use]
    pub fn as_handle<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.payload::<Handle>()?.value.downcast_ref()
    }

    /// Asks for the memory of what may be a value of the host.
    pub(crate) fn prefetch_handle(&self) {
        if self.kind == Handle::KIND {
            prefetch(self.pointer(), size_of::<Boxed<Handle>>());
        }
    }

    /// The same for the Rust value that it holds.
    pub(crate) fn prefetch_what_it_holds(&self) {
        if let Some(handle) = self.payload::<Handle>() {
            prefetch(&raw const *handle.value, size_of_val(&*handle.value));
        }
    }

    /// The host's value, to be kept.
    #[must_use]
    pub fn to_handle<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.payload::<Handle>()?.value.clone().downcast().ok()
    }

    /// The Rust value inside, if this value is of its kind.
    #[inline]
    #[must_use]
    pub fn payload<T: Payload>(&self) -> Option<&T> {
        // SAFETY: `Payload` promises that objects of this kind are `Boxed<T>`; the value keeps it alive for the borrow.
        (self.kind == T::KIND).then(|| unsafe { Boxed::payload(self.pointer()) })
    }

    /// The Rust value inside, for writing: a copy of it when it is not unique.
    #[inline]
    pub fn payload_mut<T: Payload + Clone>(&mut self) -> Option<&mut T> {
        if self.kind != T::KIND {
            return None;
        }
        if !self.is_unique_mut() {
            let copy = self.payload::<T>()?.clone();
            *self = Value::payload_of(copy);
        }
        // SAFETY: as in `payload`, and this is the only reference: it was, or the object is new.
        Some(unsafe { Boxed::payload_mut(self.pointer()) })
    }

    /// The Rust value inside: moved out when it is unique, else a copy; the value itself when it is of another kind.
    #[inline]
    pub fn into_payload<T: Payload + Clone>(mut self) -> Result<T, Value> {
        if self.kind != T::KIND {
            return Err(self);
        }
        if self.is_unique_mut() {
            let this = ManuallyDrop::new(self);
            // SAFETY: the only reference, which `this` gives up.
            return Ok(unsafe { Boxed::take(this.pointer().cast()) });
        }
        self.payload::<T>().cloned().ok_or_else(Value::unit)
    }

    /// The fields of an object, for writing, when it is unique.
    #[inline]
    pub fn fields_mut(&mut self) -> Option<&mut [Value]> {
        if self.kind != Kind::Object || !self.is_unique_mut() {
            return None;
        }
        let object = self.pointer();
        // SAFETY: the only reference; the object has `length` fields (`new_object`).
        Some(unsafe { std::slice::from_raw_parts_mut(object.add(1).cast(), (*object).length as usize) })
    }

    /// Whether no other reference to its object exists. Scalars are not unique: there is nothing to update in place.
    #[inline]
    #[must_use]
    pub fn is_unique(&self) -> bool {
        // SAFETY: the value holds a reference, so the header is live.
        self.heap().is_some_and(|object| matches!(unsafe { &(*object).count }.load(Ordering::Acquire), 1 | -1))
    }

    /// As `is_unique`; a shared object with this one reference becomes local.
    #[inline]
    pub(crate) fn is_unique_mut(&mut self) -> bool {
        // SAFETY: the value holds a reference and is borrowed exclusively.
        self.heap().is_some_and(|object| unsafe { count::unshare_if_unique(object) })
    }

    /// Whether it has no object: copying it costs nothing.
    #[inline]
    #[must_use]
    pub const fn is_scalar(&self) -> bool {
        (self.kind as u64) < Kind::Object as u64
    }

    /// Marks everything reachable as shared, so that it can cross threads.
    #[inline]
    #[must_use]
    pub fn share(self) -> Shared {
        Shared::new(self)
    }

    /// Whether both are the same scalar, or the same object in memory. Equal values need not be.
    #[inline]
    #[must_use]
    pub fn is_same(&self, other: &Value) -> bool {
        self.kind == other.kind && self.payload == other.payload
    }

    /// The payload; of scalars it says which one it is.
    #[inline(always)]
    pub(crate) const fn bits(&self) -> u64 {
        self.payload
    }

    /// The object, if it has one.
    #[inline(always)]
    pub(crate) fn heap(&self) -> Option<*mut Header> {
        (self.kind >= Kind::Object).then(|| self.pointer())
    }

    /// The payload as an address; meaningful for heap kinds.
    #[inline(always)]
    pub(crate) fn pointer(&self) -> *mut Header {
        std::ptr::with_exposed_provenance_mut(self.payload as usize)
    }

    /// # Safety
    /// `object` is a live object of this kind; its reference moves into the value.
    #[inline(always)]
    pub(crate) unsafe fn from_heap(kind: Kind, object: *mut Header) -> Value {
        Value { payload: object.expose_provenance() as u64, kind }
    }

    /// The value as plain bits; who holds the slot owns the reference.
    #[inline(always)]
    pub(crate) fn into_slot(self) -> Slot {
        let this = ManuallyDrop::new(self);
        Slot { payload: this.payload, kind: this.kind as u64 }
    }
}

impl From<InlineText> for Value {
    #[inline]
    fn from(text: InlineText) -> Value {
        Value { payload: text.to_bits(), kind: Kind::InlineText }
    }
}

/// Shape and position as a header holds them.
#[inline]
pub(crate) const fn object_meta(shape: ShapeId, position: u16) -> u32 {
    (position as u32) << 16 | shape.0 as u32
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        if let Some(object) = self.heap() {
            // SAFETY: `self` holds a reference.
            unsafe { count::retain(object) };
        }
        Value { payload: self.payload, kind: self.kind }
    }
}

impl Drop for Value {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(object) = self.heap() {
            // SAFETY: `self` holds a reference and ends here.
            unsafe { count::release(object) };
        }
    }
}

impl fmt::Debug for Value {
    /// For tests and panics; the language's text form is in `structural`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Int => write!(f, "{}", self.payload as i64),
            Kind::Float => write!(f, "{:?}", f64::from_bits(self.payload)),
            Kind::Bool => write!(f, "{}", self.payload != 0),
            _ => write!(f, "{:?}({:#x})", self.kind, self.payload),
        }
    }
}

/// A constructor with arguments, a tuple or a record.
#[derive(Clone, Copy)]
pub struct ObjectRef<'a>(&'a Header);

impl<'a> ObjectRef<'a> {
    /// Its shape.
    #[inline]
    #[must_use]
    pub fn shape(self) -> ShapeId {
        ShapeId(self.0.meta as u16)
    }

    /// Position of the constructor in its type; 0 for tuples and records.
    #[inline]
    #[must_use]
    pub fn position(self) -> u16 {
        (self.0.meta >> 16) as u16
    }

    /// Its fields; those of a record in the order of the shape's names.
    #[inline]
    #[must_use]
    pub fn fields(self) -> &'a [Value] {
        // SAFETY: `as_object` saw the kind `Object`, which is of the fields family.
        unsafe { self.0.fields() }
    }
}

/// A function, an effect, or a partial application.
#[derive(Clone, Copy)]
pub struct FunctionRef<'a>(&'a Header);

impl<'a> FunctionRef<'a> {
    /// How many arguments it waits for; 0 for an effect that can be run.
    #[must_use]
    pub fn missing(self) -> u16 {
        self.0.missing
    }

    /// Whether it is an effect: nothing is missing, and running it acts.
    #[must_use]
    pub fn is_effect(self) -> bool {
        self.0.missing == 0
    }

    /// Whether running it acts, once nothing is missing.
    pub(crate) fn acts(self) -> bool {
        self.0.effect != 0
    }

    /// The proto that it enters.
    pub(crate) fn proto(self) -> ProtoId {
        ProtoId(self.0.meta)
    }

    /// Captures of a function; of a partial application the function and then its arguments.
    pub(crate) fn fields(self) -> &'a [Value] {
        // SAFETY: `as_function` saw a kind of the fields family.
        unsafe { self.0.fields() }
    }
}

/// A value of the host.
#[derive(Clone)]
pub struct Handle {
    name: Cow<'static, str>,
    value: Arc<dyn Any + Send + Sync>,
    is_of_host: bool,
}

impl Handle {
    /// Its text form, without the angle brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they are the same value of the program's host; nothing when one is no such value.
    pub(crate) fn is_same(&self, other: &Handle) -> Option<bool> {
        (self.is_of_host && other.is_of_host).then(|| Arc::ptr_eq(&self.value, &other.value))
    }
}

impl Trace for Handle {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: the only payload of this kind.
unsafe impl Payload for Handle {
    const KIND: Kind = Kind::Handle;
}

/// What values have shown so far whose bytes were asked for (`Value::low_byte`).
#[derive(Default)]
pub(crate) struct Bytes {
    payloads: u64,
    kinds: u8,
}

impl Bytes {
    /// Were all of them Ints from 0 to 255?
    pub(crate) fn are_bytes(&self) -> bool {
        self.kinds == 0 && self.payloads <= 255
    }
}

/// A register: the bits of a value, or a raw scalar with a meaningless kind.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Slot {
    /// The scalar, or the address of the object.
    pub(crate) payload: u64,
    /// A `Kind`, unless raw.
    pub(crate) kind: u64,
}

const _: () = assert!(size_of::<Slot>() == size_of::<Value>() && align_of::<Slot>() == align_of::<Value>());

/// A loop's count, in a way that keeps the compiler from unrolling the loop: rows are short, and an unrolled loop costs
/// more to set up than it saves, and makes a handler save registers.
#[inline(always)]
fn rolled(count: usize) -> usize {
    #[cfg(all(not(debug_assertions), any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let mut count = count;
        // SAFETY: no instruction, no effect.
        unsafe { std::arch::asm!("/* {0} */", inout(reg) count, options(pure, nomem, nostack, preserves_flags)) }
        count
    }
    #[cfg(any(debug_assertions, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    count
}

impl Slot {
    /// `Unit`
    pub(crate) const UNIT: Slot = Slot { payload: 0, kind: Kind::Unit as u64 };

    /// Copies a slot, word by word. One access of 16 bytes would be an instruction less, but reading what was just
    /// written as two words has to wait until both have left the store buffer, and most slots are read soon after they
    /// are written.
    ///
    /// # Safety
    /// `from` can be read and `to` written.
    #[inline(always)]
    pub(crate) unsafe fn copy(from: *const Slot, to: *mut Slot) {
        // SAFETY: promised by the caller. Volatile, or the compiler makes one access of the two.
        unsafe {
            let payload = (&raw const (*from).payload).read_volatile();
            let kind = (&raw const (*from).kind).read_volatile();
            *to = Slot { payload, kind };
        }
    }

    /// As `copy`, of slots in a row, the first one first.
    ///
    /// # Safety
    /// As for `copy`, for all of them; none but the first may be written before it is read.
    #[inline(always)]
    pub(crate) unsafe fn copy_row(from: *const Slot, to: *mut Slot, count: usize) {
        let (mut index, mut left) = (0, count);
        while left > 0 {
            // SAFETY: promised by the caller.
            unsafe { Slot::copy(from.add(index), to.add(index)) }
            index += 1;
            left = rolled(left - 1);
        }
    }

    /// As `copy_row`, payloads only: the kinds stay, or mean nothing.
    ///
    /// # Safety
    /// As for `copy_row`.
    #[inline(always)]
    pub(crate) unsafe fn copy_payloads(from: *const Slot, to: *mut Slot, count: usize) {
        for index in 0..count {
            // SAFETY: promised by the caller.
            unsafe { (*to.add(index)).payload = (*from.add(index)).payload }
        }
    }

    /// As `copy_payloads`, of few; false when they are more. A copy of its own for each count: to count them takes more
    /// than to copy them.
    ///
    /// # Safety
    /// As for `copy_row`.
    #[inline(always)]
    pub(crate) unsafe fn copy_few_payloads(from: *const Slot, to: *mut Slot, count: usize) -> bool {
        // SAFETY: promised by the caller.
        unsafe {
            match count {
                1 => Slot::copy_payloads(from, to, 1),
                2 => Slot::copy_payloads(from, to, 2),
                3 => Slot::copy_payloads(from, to, 3),
                4 => Slot::copy_payloads(from, to, 4),
                5 => Slot::copy_payloads(from, to, 5),
                6 => Slot::copy_payloads(from, to, 6),
                7 => Slot::copy_payloads(from, to, 7),
                8 => Slot::copy_payloads(from, to, 8),
                _ => return false,
            }
        }
        true
    }

    /// The value, whose reference moves out of the slot.
    ///
    /// # Safety
    /// The slot holds a tagged value that the caller owns.
    #[inline(always)]
    pub(crate) unsafe fn into_value(self) -> Value {
        debug_assert!(self.kind <= Kind::Part as u64, "a raw scalar is not a value");
        // SAFETY: a tagged slot is the bits of a value (`into_slot`, `Tag`, constants).
        unsafe { std::mem::transmute::<Slot, Value>(self) }
    }

    /// The value, which stays with the slot.
    ///
    /// # Safety
    /// The slot holds a tagged value, which lives as long as `'a`.
    #[inline(always)]
    pub(crate) unsafe fn as_value<'a>(slot: *const Slot) -> &'a Value {
        // SAFETY: promised by the caller; the layouts are equal.
        unsafe {
            debug_assert!((*slot).kind <= Kind::Part as u64, "a raw scalar is not a value");
            &*slot.cast::<Value>()
        }
    }
}
