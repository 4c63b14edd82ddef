//! Which function runs which instruction, and the two forms of dispatch that follow from it.

use aivi_bytecode::Opcode;

use super::ops::{
    call, channel, control, crowd, fiber, float, int, jump, list, map, native, object, permits, register, select, text,
    value,
};
use super::{Exit, Go, Word, guard, settle};
use crate::fiber::Fiber;

/// Opcodes of the machine's own code, see `fiber/frame.rs`; the verifier rejects them in modules.
pub(crate) mod internal {
    pub(crate) const APPLY_REST: u8 = 0xf0;
    pub(crate) const RUN_RESULT: u8 = 0xf1;
    pub(crate) const GLOBAL_END: u8 = 0xf2;
    pub(crate) const CLEANUP_END: u8 = 0xf3;
    pub(crate) const ROOT_END: u8 = 0xf4;
    pub(crate) const BRANCH_END: u8 = 0xf5;
    /// A guard that many instructions share; others have their own (`guard.rs`).
    pub(crate) const GUARD: u8 = 0xf6;
    /// `return.new` in a program with guards.
    pub(crate) const RETURN_NEW: u8 = 0xf7;
}

/// `$with!` applied to all rows. `quick(f)`: f never leaves. `full(g)`: g may do everything. `either(f, g)`: g when f
/// says no.
///
/// A handler that calls a function anywhere saves all its registers at its start, whether it gets there or not. So
/// where the usual case calls nothing, it is an `f` of its own: `staged(f, q)` goes on with the quick q when f says no,
/// `staged(f, h, g)` with `either(h, g)`. `asked(p, f, g)`: f is tried only if the question p, which costs next to
/// nothing, is answered with yes; `asked(p, f, h, g)`: h if it is not.
macro_rules! with_instructions {
    ($with:ident) => {
        $with! {
            Move: quick(register::mov);
            MoveRaw: quick(register::mov_raw);
            Copy: quick(register::copy);
            Drop: staged(register::drop_counted, register::drop_value);
            Int: quick(register::int);
            Const: quick(register::constant);
            Tag: quick(register::tag);
            Global: either(register::global, register::global_first);
            AddInt: quick(int::add);
            SubInt: quick(int::sub);
            MulInt: quick(int::mul);
            DivInt: either(int::div, int::by_zero);
            RemInt: either(int::rem, int::by_zero);
            NegInt: quick(int::neg);
            AddIntImm: quick(int::add_imm);
            MulIntImm: quick(int::mul_imm);
            DivIntImm: quick(int::div_imm);
            RemIntImm: quick(int::rem_imm);
            EqInt: quick(int::eq);
            LtInt: quick(int::lt);
            LeInt: quick(int::le);
            Not: quick(int::not);
            AddFloat: quick(float::add);
            SubFloat: quick(float::sub);
            MulFloat: quick(float::mul);
            DivFloat: quick(float::div);
            RemFloat: full(float::rem);
            NegFloat: quick(float::neg);
            EqFloat: quick(float::eq);
            LtFloat: quick(float::lt);
            LeFloat: quick(float::le);
            SqrtFloat: quick(float::sqrt);
            AddProduct: quick(float::add_product);
            SubProduct: quick(float::sub_product);
            FloatOfInt: quick(float::of_int);
            IntOfFloat: quick(float::to_int);
            EqValue: either(value::eq_scalar, value::eq);
            LtValue: either(value::lt_inline, value::lt);
            LeValue: either(value::le_inline, value::le);
            Jump: quick(jump::jump);
            Loop: either(jump::back, jump::back_tick);
            JumpIf: quick(jump::when);
            JumpUnless: quick(jump::unless);
            JumpEqInt: quick(jump::eq);
            JumpNeInt: quick(jump::ne);
            JumpLtInt: quick(jump::lt);
            JumpLeInt: quick(jump::le);
            JumpEqIntImm: quick(jump::eq_imm);
            JumpNeIntImm: quick(jump::ne_imm);
            JumpLtIntImm: quick(jump::lt_imm);
            JumpLeIntImm: quick(jump::le_imm);
            JumpGtIntImm: quick(jump::gt_imm);
            JumpGeIntImm: quick(jump::ge_imm);
            LoopEqInt: quick(jump::back_eq);
            LoopNeInt: quick(jump::back_ne);
            LoopLtInt: quick(jump::back_lt);
            LoopLeInt: quick(jump::back_le);
            LoopEqIntImm: quick(jump::back_eq_imm);
            LoopNeIntImm: quick(jump::back_ne_imm);
            LoopLtIntImm: quick(jump::back_lt_imm);
            LoopLeIntImm: quick(jump::back_le_imm);
            LoopGtIntImm: quick(jump::back_gt_imm);
            LoopGeIntImm: quick(jump::back_ge_imm);
            JumpLtFloat: quick(jump::lt_float);
            JumpNotLtFloat: quick(jump::not_lt_float);
            JumpLeFloat: quick(jump::le_float);
            JumpNotLeFloat: quick(jump::not_le_float);
            JumpConstructor: quick(jump::constructor);
            JumpNotConstructor: quick(jump::not_constructor);
            SwitchConstructor: quick(jump::switch);
            JumpAbsent: quick(jump::absent);
            New: staged(object::new, object::new_slowly);
            Field: either(object::field, object::field_of_task);
            FieldRaw: quick(object::field_raw);
            FieldPeek: quick(object::field_peek);
            FieldsRaw: staged(object::fields_raw_few, object::fields_raw);
            Unpack: staged(object::unpack_own, object::unpack, object::unpack_shared);
            SetField: either(object::set_field, object::set_field_shared);
            SetFieldsRaw: either(object::set_fields_raw, object::set_fields_raw_full);
            TakeField: quick(object::take_field);
            FieldNamed: full(object::field_named);
            SetNamed: full(object::set_named);
            List: full(list::make);
            ListPush: either(list::push, list::push_full);
            ListPrepend: staged(list::prepend_flat, list::prepend, list::prepend_full);
            ListConcat: full(list::concat);
            ListRange: full(list::range);
            ListLength: quick(list::length);
            ListGet: staged(list::get_flat, list::get, list::get_full);
            ListPeek: staged(list::peek_flat, list::peek, list::peek_full);
            ListItem: staged(list::item_flat, list::item);
            ListDrop: either(list::emptied, list::skip);
            ListUncons: staged(list::uncons_flat, list::uncons, list::uncons_full);
            ListNext: either(list::next, list::next_full);
            ListSet: staged(list::set_flat, list::set, list::set_full);
            ListTake: either(list::take_flat, list::take);
            JumpLength: quick(list::jump_length);
            JumpNotLength: quick(list::jump_not_length);
            JumpShorter: quick(list::jump_shorter);
            JumpOutside: quick(list::jump_outside);
            TextJoin: either(text::join_inline, text::join);
            ToText: either(text::to_inline_text, text::to_text);
            TextSlice: either(text::slice_inline, text::slice);
            TextLength: quick(text::length);
            JumpEqText: either(jump::eq_text, jump::eq_text_long);
            JumpNeText: either(jump::ne_text, jump::ne_text_long);
            MapGet: staged(map::get_guessed, map::get, map::get_full);
            MapGetOr: staged(map::get_or_guessed, map::get_or, map::get_or_full);
            MapInsert: staged(map::insert_guessed, map::insert, map::insert_full);
            MapTake: staged(map::take_guessed, map::take, map::take_full);
            MapHas: either(map::has, map::has_full);
            SetInsert: full(map::set_insert);
            SetHas: either(map::set_has, map::set_has_full);
            Closure: quick(call::closure);
            Partial: full(call::partial);
            Call: either(call::call, call::call_full);
            TailCall: either(call::tail_call, call::tail_call_full);
            CallValue: either(call::call_value, call::call_value_full);
            TailCallValue: full(call::tail_call_value);
            CallRun: either(call::call_run, call::call_run_full);
            TailCallRun: full(call::tail_call_run);
            CallNative: either(native::quick, native::full);
            Return: quick(call::ret);
            ReturnScalar: quick(call::ret_scalar);
            ReturnNew: staged(call::ret_unpacked, call::ret_new, call::ret_new_slowly);
            Fail: full(control::fail);
            Panic: full(control::panic);
            Fault: full(control::fault);
            Cleanup: full(control::cleanup);
            Resume: full(control::resume);
            Sleep: full(fiber::sleep);
            Spawn: full(fiber::spawn);
            SpawnIn: full(fiber::spawn_in);
            Join: full(fiber::join);
            Cancel: full(fiber::cancel);
            IsCancelled: full(fiber::is_cancelled);
            JoinAll: full(fiber::join_all);
            Par: full(fiber::par);
            Race: full(fiber::race);
            Timeout: full(fiber::timeout);
            Scope: full(fiber::scope);
            RunTaskField: full(fiber::run_task_field);
            ParAll: full(crowd::par_all);
            ParSettled: full(crowd::par_settled);
            RaceAll: full(crowd::race_all);
            RaceAny: full(crowd::race_any);
            ParEach: full(crowd::par_each);
            ParEachSettled: full(crowd::par_each_settled);
            ChanMake: full(channel::make);
            ChanBounded: full(channel::bounded);
            ChanSend: asked(channel::is_not_awaited, channel::send_at_hand, channel::hand_at_hand, channel::send);
            ChanRecv: asked(channel::is_buffered, channel::recv_at_hand, channel::recv);
            ChanClose: full(channel::close);
            ChanSendResult: asked(
                channel::is_not_awaited, channel::send_result_at_hand, channel::hand_result_at_hand, channel::send_result
            );
            ChanTrySend: full(channel::try_send);
            ChanTryRecv: full(channel::try_recv);
            PermitsMake: full(permits::make);
            PermitsTake: either(permits::take_at_hand, permits::take);
            PermitsGive: either(permits::give_at_hand, permits::give);
            Select: full(select::select);
            SelectInOrder: full(select::select_in_order);
        }
    };
}

/// The machine's own instructions, when the word's opcode is none of the table.
fn run_internal(fiber: &mut Fiber, word: Word) -> Go {
    match word.opcode() {
        internal::APPLY_REST => call::apply_rest(fiber),
        internal::RUN_RESULT => call::run_result(fiber),
        internal::GLOBAL_END => register::global_end(fiber),
        internal::CLEANUP_END => control::cleanup_end(fiber),
        internal::ROOT_END => control::root_end(fiber),
        internal::BRANCH_END => fiber.end_branch(),
        other => unreachable!("opcode {other:#x} passed the verifier"),
    }
}

#[cfg(any(debug_assertions, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod form {
    use super::*;

    /// One row inside the loop; `continue` is the next instruction.
    macro_rules! arm {
        ($regs:ident, $word:ident, quick($quick:path)) => {
            $quick(&mut $regs, $word)
        };
        ($regs:ident, $word:ident, either($quick:path, $full:path)) => {
            if !$quick(&mut $regs, $word) {
                arm!($regs, $word, full($full))
            }
        };
        ($regs:ident, $word:ident, staged($first:path, $second:path)) => {
            if !$first(&mut $regs, $word) {
                $second(&mut $regs, $word)
            }
        };
        ($regs:ident, $word:ident, staged($first:path, $second:path, $full:path)) => {
            if !$first(&mut $regs, $word) {
                arm!($regs, $word, either($second, $full))
            }
        };
        ($regs:ident, $word:ident, asked($question:path, $quick:path, $full:path)) => {
            if !$question(&$regs, $word) || !$quick(&mut $regs, $word) {
                arm!($regs, $word, full($full))
            }
        };
        ($regs:ident, $word:ident, asked($question:path, $yes:path, $no:path, $full:path)) => {
            if !(if $question(&$regs, $word) { $yes(&mut $regs, $word) } else { $no(&mut $regs, $word) }) {
                arm!($regs, $word, full($full))
            }
        };
        ($regs:ident, $word:ident, full($full:path)) => {{
            let fiber = &mut *$regs.fiber;
            fiber.store($regs);
            let go = $full(fiber, $word);
            if go != Go::On
                && let Some(exit) = settle(fiber, go)
            {
                return exit;
            }
            $regs = fiber.load();
        }};
    }

    macro_rules! make {
        ($($name:ident: $kind:ident($($function:path),+);)*) => {
            pub(in crate::interp) fn run(fiber: &mut Fiber) -> Exit {
                let mut regs = fiber.load();
                loop {
                    // SAFETY: pc stands inside verified code or on one of the machine's own instructions; operands of
                    // an instruction mean what its row in the instruction table says (verify).
                    unsafe {
                        let word = Word::at(regs.pc);
                        regs.pc = regs.pc.add(1);
                        let Some(opcode) = guard::instruction_allowed(&regs, word) else {
                            arm!(regs, word, full(guard::refuse));
                            continue;
                        };
                        if word.opcode() == internal::RETURN_NEW && call::ret_unpacked_guarded(&mut regs, word) {
                            continue;
                        }
                        match opcode {
                            $(Some(Opcode::$name) => arm!(regs, word, $kind($($function),+)),)*
                            None => arm!(regs, word, full(run_internal)),
                        }
                    }
                }
            }
        };
    }
    with_instructions!(make);
}

#[cfg(all(not(debug_assertions), any(target_arch = "x86_64", target_arch = "aarch64")))]
mod form {
    use super::*;
    use crate::fiber::Frame;
    use crate::interp::guard::Look;
    use crate::interp::{Regs, pairs};
    use crate::value::Slot;

    /// pc points behind the handler's instruction; the table is passed on from handler to handler, so that none loads
    /// its address.
    type Handler =
        unsafe extern "C-unwind" fn(*const u64, *mut Slot, *mut Frame, u64, *mut Fiber, &'static Table) -> Exit;

    /// Handlers by opcode.
    struct Table([Handler; 256]);

    /// Tail-calls the handler of the next instruction.
    macro_rules! next {
        ($regs:ident, $table:expr) => {{
            let table: &'static Table = $table;
            // SAFETY of all of it: see `make`.
            let opcode = Word::at($regs.pc).opcode();
            return (*table.0.get_unchecked(usize::from(opcode)))(
                $regs.pc.add(1),
                $regs.base,
                $regs.frame,
                $regs.fuel,
                $regs.fiber,
                table,
            );
        }};
    }

    /// Runs a full function, then goes on.
    macro_rules! full {
        ($regs:ident, $word:expr, $full:path) => {{
            /// Never inlined: a handler whose frame holds a local with an address is not left by a jump, and the host's
            /// stack would grow with each instruction.
            #[inline(never)]
            unsafe fn apart(fiber: *mut Fiber, word: Word) -> Go {
                // SAFETY: the handler's fiber, borrowed by `run`; see `make`.
                $full(unsafe { &mut *fiber }, word)
            }
            let fiber = $regs.fiber;
            (*fiber).store($regs);
            let go = apart(fiber, $word);
            if go != Go::On {
                return leave(fiber, go);
            }
            let regs = (*fiber).load();
            next!(regs, &TABLE)
        }};
    }

    /// Unwinds or leaves.
    #[cold]
    #[inline(never)]
    unsafe extern "C-unwind" fn leave(fiber: *mut Fiber, go: Go) -> Exit {
        // SAFETY: the handlers' fiber, which `run` borrows; see `make`.
        unsafe {
            if let Some(exit) = settle(&mut *fiber, go) {
                return exit;
            }
            let regs = (*fiber).load();
            next!(regs, &TABLE)
        }
    }

    macro_rules! handler {
        ($name:ident, quick($quick:path)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                // SAFETY: see `make`.
                unsafe {
                    let mut regs = Regs { pc, base, frame, fuel, fiber };
                    $quick(&mut regs, Word::at(pc.sub(1)));
                    next!(regs, table)
                }
            }
        };
        ($name:ident, full($full:path)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                _: &'static Table,
            ) -> Exit {
                // SAFETY: see `make`.
                unsafe {
                    let regs = Regs { pc, base, frame, fuel, fiber };
                    full!(regs, Word::at(pc.sub(1)), $full)
                }
            }
        };
        ($name:ident, either($quick:path, $full:path)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                /// Apart, so that the quick path needs no stack frame.
                #[cold]
                #[inline(never)]
                unsafe extern "C-unwind" fn otherwise(
                    pc: *const u64,
                    base: *mut Slot,
                    frame: *mut Frame,
                    fuel: u64,
                    fiber: *mut Fiber,
                    _: &'static Table,
                ) -> Exit {
                    // SAFETY: see `make`.
                    unsafe {
                        let regs = Regs { pc, base, frame, fuel, fiber };
                        full!(regs, Word::at(pc.sub(1)), $full)
                    }
                }
                // SAFETY: see `make`.
                unsafe {
                    let mut regs = Regs { pc, base, frame, fuel, fiber };
                    if $quick(&mut regs, Word::at(pc.sub(1))) {
                        next!(regs, table)
                    }
                    otherwise(pc, base, frame, fuel, fiber, table)
                }
            }
        };
        ($name:ident, staged($first:path, $($rest:path),+)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                handler!(Rest, rest($($rest),+));
                // SAFETY: see `make`.
                unsafe {
                    let mut regs = Regs { pc, base, frame, fuel, fiber };
                    if $first(&mut regs, Word::at(pc.sub(1))) {
                        next!(regs, table)
                    }
                    Rest(pc, base, frame, fuel, fiber, table)
                }
            }
        };
        ($name:ident, asked($question:path, $quick:path, $full:path)) => {
            handler!($name, choice($question, {
                handler!(Full, full($full));
                handler!(Quick, tried($quick, Full));
            }, Quick, Full));
        };
        ($name:ident, asked($question:path, $yes:path, $no:path, $full:path)) => {
            handler!($name, choice($question, {
                handler!(Full, full($full));
                handler!(Yes, tried($yes, Full));
                handler!(No, tried($no, Full));
            }, Yes, No));
        };
        ($name:ident, choice($question:path, { $($handlers:item)* }, $yes:ident, $no:ident)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                $($handlers)*
                // SAFETY: see `make`.
                unsafe {
                    let regs = Regs { pc, base, frame, fuel, fiber };
                    if $question(&regs, Word::at(pc.sub(1))) {
                        return $yes(pc, base, frame, fuel, fiber, table);
                    }
                    $no(pc, base, frame, fuel, fiber, table)
                }
            }
        };
        ($name:ident, tried($quick:path, $full:ident)) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                // SAFETY: see `make`.
                unsafe {
                    let mut regs = Regs { pc, base, frame, fuel, fiber };
                    if $quick(&mut regs, Word::at(pc.sub(1))) {
                        next!(regs, table)
                    }
                    $full(pc, base, frame, fuel, fiber, table)
                }
            }
        };
        ($name:ident, rest($quick:path)) => {
            handler!($name, quick($quick));
        };
        ($name:ident, rest($quick:path, $full:path)) => {
            handler!($name, either($quick, $full));
        };
    }

    /// The handler of a pair (`pairs.rs`), whose second instruction may say no: then it runs by itself.
    macro_rules! pair {
        ($name:ident, both($first:path, $second:path)) => {
            pair!($name, |regs, next| {
                $first(&mut regs, Word::at(next.place().sub(1)));
                $second(&mut regs, next);
                true
            });
        };
        ($name:ident, either($first:path, $second:path)) => {
            pair!($name, |regs, next| {
                $first(&mut regs, Word::at(next.place().sub(1)));
                $second(&mut regs, next)
            });
        };
        ($name:ident, unless($test:path, $second:path)) => {
            pair!($name, |regs, next| {
                if !$test(&regs, Word::at(next.place().sub(1))) {
                    $second(&mut regs, next);
                }
                true
            });
        };
        ($name:ident, |$regs:ident, $next:ident| $run:block) => {
            #[allow(non_snake_case)]
            #[inline(never)]
            unsafe extern "C-unwind" fn $name(
                pc: *const u64,
                base: *mut Slot,
                frame: *mut Frame,
                fuel: u64,
                fiber: *mut Fiber,
                table: &'static Table,
            ) -> Exit {
                // SAFETY: see `make`; `set_pairs` saw which two instructions stand there.
                unsafe {
                    let mut $regs = Regs { pc: pc.add(1), base, frame, fuel, fiber };
                    let $next = Word::at(pc);
                    if $run {
                        next!($regs, table)
                    }
                    let regs = Regs { pc, base, frame, fuel, fiber };
                    next!(regs, table)
                }
            }
        };
    }

    macro_rules! make_pairs {
        ($($name:ident: $first:ident, $second:ident, $kind:ident($($function:path),+);)*) => {
            $(pair!($name, $kind($($function),+));)*

            const fn handler_of_pair(pair: pairs::Pair) -> Handler {
                match pair { $(pairs::Pair::$name => $name,)* }
            }
        };
    }
    with_pairs!(make_pairs);

    handler!(Refused, full(guard::refuse));
    handler!(ReturnNewGuarded, staged(call::ret_unpacked_guarded, call::ret_new, call::ret_new_slowly));

    /// Looks at the values of one instruction, and goes on to its handler.
    #[inline(never)]
    unsafe extern "C-unwind" fn guarded<const OPCODE: u8>(
        pc: *const u64,
        base: *mut Slot,
        frame: *mut Frame,
        fuel: u64,
        fiber: *mut Fiber,
        table: &'static Table,
    ) -> Exit {
        // SAFETY: see `make`.
        unsafe {
            let regs = Regs { pc, base, frame, fuel, fiber };
            if let Some(opcode) = const { Opcode::from_byte(OPCODE) }
                && !Look::at(opcode, &regs).is_allowed()
            {
                return Refused(pc, base, frame, fuel, fiber, table);
            }
            (const { handler_of(Opcode::from_byte(OPCODE)) })(pc, base, frame, fuel, fiber, table)
        }
    }

    /// Asks the program which instruction it is, and looks at all that there is to see.
    #[inline(never)]
    unsafe extern "C-unwind" fn guarded_by_all(
        pc: *const u64,
        base: *mut Slot,
        frame: *mut Frame,
        fuel: u64,
        fiber: *mut Fiber,
        table: &'static Table,
    ) -> Exit {
        /// Never inlined, as in `full`.
        #[inline(never)]
        unsafe fn allowed(pc: *const u64, base: *mut Slot, frame: *mut Frame, fiber: *mut Fiber) -> Option<Opcode> {
            // SAFETY: see `make`.
            unsafe { guard::allowed(&Regs { pc, base, frame, fuel: 0, fiber }) }
        }
        // SAFETY: see `make`.
        unsafe {
            match allowed(pc, base, frame, fiber) {
                Some(opcode) => (*table.0.get_unchecked(opcode as usize))(pc, base, frame, fuel, fiber, table),
                None => Refused(pc, base, frame, fuel, fiber, table),
            }
        }
    }

    // SAFETY of the handlers: pc stands inside verified code or on one of the machine's own instructions, base and
    // frame are those of the fiber's top frame, the fiber is borrowed exclusively by `run`; operands of an instruction
    // mean what its row in the instruction table says (verify).
    macro_rules! make {
        ($($name:ident: $kind:ident($($function:path),+);)*) => {
            $(handler!($name, $kind($($function),+));)*
            handler!(Internal, full(run_internal));

            const fn handler_of(opcode: Option<Opcode>) -> Handler {
                match opcode { $(Some(Opcode::$name) => $name,)* None => Internal }
            }

            const fn guard_of(opcode: Opcode) -> Handler {
                match opcode { $(Opcode::$name => guarded::<{ Opcode::$name as u8 }>,)* }
            }
        };
    }
    with_instructions!(make);

    static TABLE: Table = {
        let mut table: [Handler; 256] = [Internal; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = match (guard::guarded(byte as u8), pairs::pair(byte as u8)) {
                (Some(opcode), _) => guard_of(opcode),
                (None, Some(pair)) => handler_of_pair(pair),
                _ if byte as u8 == internal::GUARD => guarded_by_all,
                _ if byte as u8 == internal::RETURN_NEW => ReturnNewGuarded,
                _ => handler_of(Opcode::from_byte(byte as u8)),
            };
            byte += 1;
        }
        Table(table)
    };

    pub(in crate::interp) fn run(fiber: &mut Fiber) -> Exit {
        let regs = fiber.load();
        // SAFETY: see `make`.
        unsafe { next!(regs, &TABLE) }
    }
}

pub(super) use form::run;
