//! Operands whose type the compiler has checked, as what they hold.

/// What an operand holds, which is borrowed: the frame keeps it, also during a wait.
macro_rules! borrowed {
    ($regs:ident, $index:expr, $type:ty) => {{
        // SAFETY: see `ops/mod.rs`; nothing here writes the register or moves registers.
        match unsafe { $regs.value($index) }.payload::<$type>() {
            Some(payload) => payload,
            None => unreachable!("the compiler's types say what it is"),
        }
    }};
}
pub(super) use borrowed;

/// What an operand holds, which is taken out of its register.
macro_rules! taken {
    ($regs:ident, $index:expr, $type:ty) => {{
        // SAFETY: see `ops/mod.rs`; the operand is taken.
        match unsafe { $regs.take($index) }.into_payload::<$type>() {
            Ok(payload) => payload,
            Err(_) => unreachable!("the compiler's types say what it is"),
        }
    }};
}
pub(super) use taken;
