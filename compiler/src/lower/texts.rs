//! Texts put together from parts.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Index, Instruction, Reg};

use super::code::Class;
use super::function::Function;
use crate::core::Expr;

/// Parts that are joined at once: a longer text is joined in steps. Arbitrary; bounds the registers in use.
const PARTS_MAX: usize = 1_000;

impl Function<'_, '_> {
    /// R[dst] := the texts of `parts`, one after the other.
    pub(super) fn join(&mut self, parts: &[Expr], dst: Reg) {
        if parts.is_empty() {
            return self.constant(dst, Constant::Text(String::new()));
        }
        if let [part] = parts {
            return self.value(part, dst);
        }
        let first = self.alloc(1);
        let mut count = 1;
        self.value(&parts[0], first);
        for part in &parts[1..] {
            if count == PARTS_MAX {
                self.join_window(first, first, count);
                (self.top, count) = (u32::from(first.0) + 1, 1);
            }
            let reg = self.alloc(1);
            self.value(part, reg);
            count += 1;
        }
        self.join_window(dst, first, count);
    }

    fn join_window(&mut self, dst: Reg, first: Reg, count: usize) {
        self.act(Class::Owned, Instruction::TextJoin { dst, first, count: Index(count as u16) });
    }
}
