//! List literals, concatenation, and the list operations that are instructions.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Index, Instruction, Reg};

use super::code::{Class, Op};
use super::function::Function;
use crate::core::{Expr, ListItem};

/// Items that one instruction makes a list of; longer literals are put together from pieces. Arbitrary; bounds the
/// registers in use.
const PIECE_MAX: usize = 128;
/// Items before a spread that are prepended one by one rather than made a list of their own. Arbitrary.
pub(super) const PREPEND_MAX: usize = 4;
/// Operations between the test that found a list empty and the `[]` that it may become. Arbitrary; bounds the work.
const BUILT_MAX: usize = 16;

impl Function<'_, '_> {
    /// R[dst] := a list.
    pub(super) fn list(&mut self, items: &[ListItem], dst: Reg) {
        if items.is_empty() {
            return self.empty(dst);
        }
        if let [heads @ .., ListItem::Spread(rest)] = items
            && (1..=PREPEND_MAX).contains(&heads.len())
            && heads.iter().all(|item| matches!(item, ListItem::Item(_)))
        {
            return self.prepend(heads, rest, dst);
        }
        let list = dst;
        let mut rest = items;
        let mut started = false;
        while !rest.is_empty() {
            let mark = self.top;
            let count = rest.iter().take(PIECE_MAX).take_while(|item| matches!(item, ListItem::Item(_))).count();
            let piece = if started { self.alloc(1) } else { list };
            match (&rest[0], count) {
                (ListItem::Item(item), 1) if started => {
                    self.tagged(item, piece);
                    self.act(Class::Owned, Instruction::ListPush { list, item: piece });
                }
                (head, _) => {
                    match head {
                        ListItem::Item(_) => self.piece(&rest[..count], piece),
                        ListItem::Spread(spread) => self.value(spread, piece),
                        ListItem::Range(first, last) => {
                            let (first, last) = (self.operand(first), self.operand(last));
                            self.act(Class::Owned, Instruction::ListRange { dst: piece, first, last });
                        }
                    }
                    if started {
                        self.act(Class::Owned, Instruction::ListConcat { left: list, right: piece });
                    }
                }
            }
            rest = &rest[count.max(1)..];
            started = true;
            self.top = mark;
        }
    }

    /// R[dst] := `[]`. Right behind a test that found a list empty, that list, if nobody needs it any more: what is
    /// taken apart to be built anew then goes on in the same memory.
    fn empty(&mut self, dst: Reg) {
        match self.emptied {
            Some((list, from)) if self.code.is_straight(from, BUILT_MAX) => {
                let empty = self.lowering.constant(Constant::EmptyList);
                self.code.push(Op::Emptied { dst, list, empty });
            }
            _ => self.constant(dst, Constant::EmptyList),
        }
    }

    /// R[dst] := the list of a few items.
    fn piece(&mut self, items: &[ListItem], dst: Reg) {
        let mark = self.top;
        let first = self.alloc(0);
        for item in items {
            let reg = self.alloc(1);
            if let ListItem::Item(item) = item {
                self.tagged(item, reg);
            }
        }
        self.act(Class::Owned, Instruction::List { dst, first, count: Index(items.len() as u16) });
        self.top = mark;
    }

    fn prepend(&mut self, heads: &[ListItem], rest: &Expr, dst: Reg) {
        let first = self.alloc(heads.len());
        for (index, head) in heads.iter().enumerate() {
            if let ListItem::Item(head) = head {
                self.tagged(head, Reg(first.0 + index as u16));
            }
        }
        self.value(rest, dst);
        for index in (0..heads.len()).rev() {
            self.act(Class::Owned, Instruction::ListPrepend { list: dst, item: Reg(first.0 + index as u16) });
        }
    }

    /// R[dst] := left ++ right
    pub(super) fn concat(&mut self, left: &Expr, right: &Expr, dst: Reg) {
        self.value(left, dst);
        let right_reg = self.alloc(1);
        self.value(right, right_reg);
        self.act(Class::Owned, Instruction::ListConcat { left: dst, right: right_reg });
    }
}
