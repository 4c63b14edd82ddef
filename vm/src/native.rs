//! The door to functions in Rust.
//!
//! A native function gets its arguments where the caller wrote them and a context. It never waits and never calls AIVI
//! code: to wait it says so and returns (`NativeResult::Wait`); the fiber goes on when the wait is over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use aivi_scheduler::reactor::{Attempt, IoSource};
use aivi_scheduler::{Blocking, CancelKind, CancelReason, Completer, Context, Keep};

use crate::account::{Limit, Limits};
use crate::capability::{Grants, Power};
use crate::fiber::{Awaited, Fiber, HostFuture, Pending, Strand, patience};
use crate::host::Host;
use crate::object::Shared;
use crate::program::Program;
use crate::shutdown::Why;
use crate::value::{Slot, Value};

/// A native function.
#[derive(Clone, Copy)]
pub struct NativeFn {
    /// Its name, as in `@native`.
    pub name: &'static str,
    /// Number of arguments.
    pub arity: u8,
    /// The function.
    pub code: NativeCode,
    /// As `code`, of arguments that make it so little work that the machine need not see fuel; nothing, with no
    /// argument taken, when `code` is to do it. A function that acts is called only while nobody wants the fiber to
    /// end.
    pub quick: Option<QuickFn>,
    /// What it needs to be granted, if it reaches anything outside of the program. Who acts on a handle needs nothing:
    /// whoever made the handle has asked.
    pub needs: Option<Power>,
}

/// What a native function does.
#[derive(Clone, Copy)]
pub enum NativeCode {
    /// Whatever its context allows.
    Calls(CallFn),
    /// It tries something with a call of the system that does not wait, which costs so much fuel; when the system would
    /// have to wait, the machine waits, and it tries again.
    Tries(TryFn, u32),
}

/// A function that is given a context.
pub type CallFn = fn(&mut NativeCx<'_>, &mut Args<'_>) -> NativeResult;

/// A function that tries. It takes no argument.
pub type TryFn = fn(&Args<'_>) -> Tried;

/// What trying gave.
pub enum Tried {
    /// It is done, with this value.
    Done(Value),
    /// It is to be tried again after the next rise of the source since the attempt.
    Wait(IoSource, Attempt),
    /// An argument is of the wrong type. The checker admits no such call; bytecode from outside might make it.
    WrongType,
}

/// Fuel of several slices: what takes so long as one step makes others wait (arbitrary).
const LONG: u32 = 8 * aivi_scheduler::FUEL;

/// The native function that runs an effect within limits; programs that have it are metered.
pub const WITHIN: &str = "limits.within";

/// What a function that needs no context makes of its arguments.
pub type QuickFn = fn(&mut Args<'_>) -> Option<Value>;

impl NativeFn {
    /// A function without a quick form.
    #[must_use]
    pub const fn new(name: &'static str, arity: u8, call: CallFn) -> NativeFn {
        NativeFn { name, arity, code: NativeCode::Calls(call), quick: None, needs: None }
    }

    /// One that tries, at this cost in fuel.
    #[must_use]
    pub const fn trying(name: &'static str, arity: u8, tries: TryFn, fuel: u32) -> NativeFn {
        NativeFn { name, arity, code: NativeCode::Tries(tries, fuel), quick: None, needs: None }
    }

    /// The same, with a quick form.
    #[must_use]
    pub const fn quickly(mut self, quick: QuickFn) -> NativeFn {
        self.quick = Some(quick);
        self
    }

    /// The same, as one that needs a power.
    #[must_use]
    pub const fn needing(mut self, power: Power) -> NativeFn {
        self.needs = Some(power);
        self
    }
}

/// A function that a program's host brings: as `NativeFn`, with closures.
#[derive(Clone)]
pub struct HostFn {
    /// Its name, as in `@native`.
    pub name: String,
    /// Number of arguments.
    pub arity: u8,
    /// It acts: its type says that it gives an effect.
    pub effect: bool,
    /// The function.
    pub call: Arc<HostCall>,
    /// As `NativeFn::quick`.
    pub quick: Option<Arc<HostQuick>>,
}

/// The function of a host.
pub type HostCall = dyn Fn(&mut NativeCx<'_>, &mut Args<'_>) -> NativeResult + Send + Sync;

/// What a host's function without effects makes of its arguments, or the fault that came of it.
pub type HostQuick = dyn Fn(&[Value]) -> Result<Value, String> + Send + Sync;

/// What a native function gives back.
pub enum NativeResult {
    /// Its value.
    Done(Value),
    /// A typed failure.
    Failed(Value),
    /// A fault.
    Fault(String),
    /// Nothing yet: a wait was registered through the context.
    Wait,
}

/// What comes after a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// The value of the job or completer is the result.
    Done,
    /// It is a `Result`: `Ok` is the result, `Err` a failure.
    Decode,
    /// It is a `Result`: `Ok` is to be decoded, `Err` is the text of a fault.
    DecodeOrFault,
    /// It is the result, a `Result`; or an Int, which is the number of bytes that it would have been, more than the
    /// call may have.
    Bounded,
}

/// Native functions by name. Those of the library stay in their tables: a program imports few of them, so that an index
/// would cost each process more than it saves.
#[derive(Clone, Default)]
pub struct Natives {
    tables: Vec<&'static [NativeFn]>,
    of_host: HashMap<String, HostFn>,
}

impl Natives {
    /// None.
    #[must_use]
    pub fn new() -> Natives {
        Natives::default()
    }

    /// Adds the functions of a family: those whose names begin with the same word, up to a dot.
    pub fn add(&mut self, table: &'static [NativeFn]) {
        debug_assert!(table.iter().all(|function| family(function.name) == family(table[0].name)));
        self.tables.push(table);
    }

    /// Adds one of the host; one of the library has precedence.
    pub fn add_host(&mut self, function: HostFn) {
        self.of_host.insert(function.name.clone(), function);
    }

    /// The one of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Found> {
        let is_family = |table: &&[NativeFn]| table.first().is_some_and(|first| family(first.name) == family(name));
        let mut of_library = self.tables.iter().copied().filter(is_family).flatten();
        let of_host = || self.of_host.get(name).cloned().map(Found::Host);
        of_library.find(|function| function.name == name).copied().map(Found::Library).or_else(of_host)
    }
}

/// The word before the dot of a name.
fn family(name: &str) -> &str {
    name.split_once('.').map_or("", |(family, _)| family)
}

/// A native function that a module asked for.
pub(crate) enum Found {
    Library(NativeFn),
    Host(HostFn),
}

impl Found {
    pub(crate) fn arity(&self) -> u8 {
        match self {
            Found::Library(function) => function.arity,
            Found::Host(function) => function.arity,
        }
    }
}

impl Extend<&'static [NativeFn]> for Natives {
    fn extend<I: IntoIterator<Item = &'static [NativeFn]>>(&mut self, tables: I) {
        tables.into_iter().for_each(|table| self.add(table));
    }
}

/// What a native function may use besides its arguments.
pub struct NativeCx<'a> {
    pub(crate) fiber: &'a mut Fiber,
    /// What the function says that it needs.
    pub(crate) needs: Option<Power>,
}

impl NativeCx<'_> {
    /// The program, for the names of shapes.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.fiber.world.program
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        &*self.fiber.world.host
    }

    /// What the program was granted, to be asked about this power.
    ///
    /// # Panics
    /// When the function does not say in its table that it needs it.
    #[must_use]
    pub fn grants(&self, power: Power) -> Arc<Grants> {
        assert_eq!(self.needs, Some(power), "what a native function needs stands in its row");
        self.fiber.world.host.grants()
    }

    /// Writes to standard output, as far as the limit of the call allows; beyond it nothing is written, and the call
    /// ends.
    ///
    /// # Errors
    /// As `Host::write_out`.
    pub fn write_out(&mut self, text: &str) -> std::io::Result<()> {
        if self.fiber.may_make(Limit::Output, text.len() as u64) { self.host().write_out(text) } else { Ok(()) }
    }

    /// The same for standard error.
    pub fn write_err(&mut self, text: &str) {
        if self.fiber.may_make(Limit::Output, text.len() as u64) {
            self.host().write_err(text);
        }
    }

    /// To be asked before so many bytes are made at once. False: the limit of the call says no. Then the function gives
    /// whatever it likes, which nobody sees: the call ends.
    #[must_use]
    pub fn may_make(&mut self, bytes: usize) -> bool {
        self.fiber.may_make(Limit::Memory, bytes as u64)
    }

    /// The bytes that the call may use at most; without a limit `u64::MAX`.
    #[must_use]
    pub fn memory_limit(&self) -> u64 {
        self.fiber.memory_limit()
    }

    /// The scheduler: clocks, chance, `registry`. Waits go through the functions below.
    pub fn sched(&mut self) -> &mut Context<'_, Strand> {
        self.fiber.cx()
    }

    /// Waits until the source has risen since `attempt`, then calls the native again with the same arguments (which it
    /// must not have taken).
    pub fn retry_when_ready(&mut self, source: IoSource, attempt: Attempt) -> NativeResult {
        let place = self.fiber.place();
        let cx = self.fiber.cx();
        cx.set_place(place);
        self.fiber.pending = Pending::Again;
        if cx.wait_io(source, attempt) {
            self.fiber.pending = Pending::AgainNow;
        }
        NativeResult::Wait
    }

    /// Runs a job on a thread that may block. When the wait is cancelled the job's result is dropped.
    pub fn blocking(&mut self, job: Box<dyn FnOnce() -> Shared + Send>, then: Then) -> NativeResult {
        self.blocking_while_wanted(Box::new(move |_: &dyn Fn() -> bool| job()), then)
    }

    /// The same for a job that may take long: it can ask whether anybody still waits for it.
    pub fn blocking_while_wanted(&mut self, job: Blocking<Shared>, then: Then) -> NativeResult {
        let place = self.fiber.place();
        let account = self.fiber.world.account.clone();
        let keep = self.keep();
        let cx = self.fiber.cx();
        cx.set_place(place);
        let job = match account {
            // What it makes is the call's, and so is its time.
            Some(account) => Box::new(move |is_wanted: &dyn Fn() -> bool| {
                let begun = Instant::now();
                let result = account.run(|| job(is_wanted));
                account.add_host_time(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
                result
            }),
            None => job,
        };
        cx.blocking(job, keep);
        self.fiber.pending = Pending::Completion(then);
        NativeResult::Wait
    }

    /// Waits for whoever gets the completer, from any thread; return `Wait`.
    pub fn completer(&mut self, then: Then) -> Completer<Strand> {
        self.fiber.pending = Pending::Completion(then);
        self.begin_outside()
    }

    /// Waits for whoever gets the completer.
    pub(crate) fn begin_outside(&mut self) -> Completer<Strand> {
        let (place, keep) = (self.fiber.place(), self.keep());
        let cx = self.fiber.cx();
        cx.set_place(place);
        cx.completer(keep)
    }

    /// The program, for whoever may have values of it when its calls have ended.
    fn keep(&self) -> Option<Keep> {
        let program: Arc<Program> = self.fiber.world.program.clone();
        Some(program)
    }

    /// Waits for a future, which is asked at once and then whenever its waker was called. It is dropped when the fiber
    /// is cancelled, before that unwinds.
    pub fn wait_future(&mut self, future: Box<dyn HostFuture>) -> NativeResult {
        Awaited::new(future).ask(self)
    }

    /// Charges fuel for work that takes longer than an instruction, so that the fiber's slice ends in time. To be
    /// called before what takes many slices, as other workers may take over what waits for this one then.
    pub fn charge(&mut self, fuel: u32) {
        self.fiber.charge(fuel.into());
        if self.fiber.has_branch() {
            patience::run_until(self.fiber.deadline_in_place());
        }
        if fuel >= LONG && self.fiber.is_running() {
            self.fiber.cx().begin_long();
        }
    }

    /// As `charge`, for a call of the system.
    pub fn charge_call(&mut self, fuel: u32) {
        self.charge(fuel);
        if self.fiber.is_running() {
            self.fiber.cx().note_call(fuel.into());
        }
    }

    /// Waits for a number of nanoseconds, then gives `Unit`.
    pub fn sleep(&mut self, ns: u64) -> NativeResult {
        let place = self.fiber.place();
        let cx = self.fiber.cx();
        cx.set_place(place);
        cx.sleep(ns);
        self.fiber.pending = Pending::Unit;
        NativeResult::Wait
    }

    /// Waits until a moment of the monotonic clock, then gives `Unit`.
    pub fn sleep_until(&mut self, deadline_ns: u64) -> NativeResult {
        let place = self.fiber.place();
        let cx = self.fiber.cx();
        cx.set_place(place);
        cx.sleep_until(deadline_ns);
        self.fiber.pending = Pending::Unit;
        NativeResult::Wait
    }

    /// Runs an effect as a part of the call with these limits of its own (`fiber/within.rs`), of which those of time,
    /// depth and cleanups do not count; return `Wait`. Gives `Ok` of its value, or `Err` of what was reached: the
    /// number of the limit, in the order of `Limits::PARTS`, with the number of cleanups that were not run to their
    /// end; and how much was allowed, and used.
    pub fn within(&mut self, limits: &Limits, body: Shared) -> NativeResult {
        self.fiber.begin_within(limits, body);
        NativeResult::Wait
    }

    /// Ends the program with this code: cancels the root, whose cleanups run; this fiber is cancelled with it. A
    /// cleanup that asks goes on, as nothing cancels a cleanup.
    pub fn exit(&mut self, code: i32) -> NativeResult {
        let place = self.fiber.place();
        self.fiber.begin_shutdown(Why::Exit(code));
        self.fiber.cx().cancel_root(CancelReason { kind: CancelKind::Exit(code), place });
        if self.fiber.is_masked() {
            return NativeResult::Done(Value::unit());
        }
        // Nothing may happen behind it, a success least of all: what remains is to wait for the cancellation.
        self.sleep(u64::MAX)
    }
}

/// The arguments of a call.
pub struct Args<'a> {
    slots: &'a mut [Slot],
    owned: u32,
}

impl<'a> Args<'a> {
    /// # Safety
    /// The slots hold tagged values; those whose bit is set in `owned` are the call's own.
    pub(crate) unsafe fn new(slots: &'a mut [Slot], owned: u32) -> Args<'a> {
        Args { slots, owned }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All of them.
    #[inline]
    #[must_use]
    pub fn values(&self) -> &[Value] {
        // SAFETY: `new` promised tagged values; a taken one has become `Unit`. A slot has the layout of a value.
        unsafe { std::slice::from_raw_parts(self.slots.as_ptr().cast(), self.slots.len()) }
    }

    /// An argument.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> &Value {
        &self.values()[index]
    }

    /// An argument of type Int.
    #[inline]
    #[must_use]
    pub fn int(&self, index: usize) -> i64 {
        self.get(index).as_int().unwrap_or_default()
    }

    /// An argument of type Float.
    #[must_use]
    pub fn float(&self, index: usize) -> f64 {
        self.get(index).as_float().unwrap_or_default()
    }

    /// An argument of type Bool.
    #[must_use]
    pub fn bool(&self, index: usize) -> bool {
        self.get(index).as_bool().unwrap_or_default()
    }

    /// An argument of type Text.
    #[inline]
    #[must_use]
    pub fn text(&self, index: usize) -> &str {
        self.get(index).as_str()
    }

    /// An argument, moved out when it is owned, else a copy. The argument is `Unit` afterwards, if it was owned.
    pub fn take(&mut self, index: usize) -> Value {
        let slot = &mut self.slots[index];
        if index < 32 && self.owned & 1 << index != 0 {
            // SAFETY: owned, says `new`; the slot gives it up.
            unsafe { std::mem::replace(slot, Slot::UNIT).into_value() }
        } else {
            // SAFETY: `new` promised a tagged value.
            unsafe { Slot::as_value(slot) }.clone()
        }
    }
}
