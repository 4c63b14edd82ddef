//! Programs that nobody vouches for: each instruction is looked at before it runs.
//!
//! The verifier has seen who owns what (`aivi_bytecode::verify`, rules V1 to V21). What it cannot see is *what* a register holds. So such
//! a program runs on a second table of handlers, in which every entry is this guard: it looks at the kinds of the values that
//! the row of the instruction names, at numbers of fields and items, and goes on to the ordinary handler, or ends the frame with a
//! fault. Programs of our own compiler run on the first table and pay nothing.
//!
//! What always holds: a guard reads tags only of registers that the verifier calls tagged, and follows only pointers with the tag of an
//! object. It changes nothing. A frame that is refused runs none of its handlers: what they may expect is known only where the
//! instruction itself can unwind.
//!
//! Native functions are called in their full form, and a panic in one of them is a fault.

use aivi_bytecode::module::Shape;
use aivi_bytecode::role::Holds;
use aivi_bytecode::verify::ScalarAt;
use aivi_bytecode::{Instruction, Opcode, Reg, ScalarKind, isa};

use super::{Go, Regs, Word};
use crate::fiber::Fiber;
use crate::object::Header;
use crate::program::Program;
use crate::value::{Kind, Slot, Value};

/// What is checked besides the instructions' rows: per proto the registers that hold scalars, sorted.
pub(crate) type Scalars = Box<[Box<[ScalarAt]>]>;

/// What the registers of an instruction have to hold, from its row: the bit where the register's number begins, and what.
const NEEDS: [[Option<(u32, Holds)>; 3]; 256] = {
    let mut needs = [[None; 3]; 256];
    let mut row = 0;
    while row < isa::TABLE.len() {
        let info = &isa::TABLE[row];
        let (mut operand, mut count) = (0, 0);
        while operand < info.operands.len() {
            let info_of = &info.operands[operand];
            if !matches!(info_of.holds, Holds::Any) {
                needs[info.opcode as usize][count] = Some((info_of.slot.shift(), info_of.holds));
                count += 1;
            }
            operand += 1;
        }
        row += 1;
    }
    needs
};

/// Whether the instruction before `pc` may run.
///
/// # Safety
/// As for a handler: the state is that of the running fiber (F1 to F3), whose program was loaded to be guarded.
#[inline(never)]
pub(super) unsafe fn allows(regs: &Regs) -> bool {
    // SAFETY: F1: the top frame; protos live as long as the program.
    let Some(code) = (unsafe { (*regs.frame).proto.as_ref() }) else {
        // One of the machine's own instructions.
        return true;
    };
    // SAFETY: the running fiber, which `run` borrows; it is only looked at.
    let fiber = unsafe { &*regs.fiber };
    let program = &**fiber.program();
    // SAFETY: F3.
    let at = unsafe { regs.pc.offset_from(code.code) } as usize - 1;
    // The module's own words: those that run may have other numbers for registers (`near.rs`).
    let words = &program.proto(code).code;
    let word = words[at];
    let guard = Guard { regs, program };
    let needs = &NEEDS[usize::from(word as u8)];
    // SAFETY: the verifier has seen that these registers are tagged, and those in `scalars` too.
    unsafe {
        let holds = needs.iter().flatten().all(|&(shift, holds)| guard.holds((word >> shift) as u16, holds));
        holds && guard.scalars(code.id.0 as usize, at as u32) && guard.fits(word, words.get(at + 1).copied())
    }
}

/// Ends the frame whose instruction is not allowed.
#[cold]
pub(super) fn refuse(fiber: &mut Fiber, word: Word) -> Go {
    let name = Opcode::from_byte(word.opcode()).map_or("?", |opcode| opcode.info().mnemonic);
    fiber.fault_leaving(format!("broken bytecode: '{name}' does not fit the values that it is given"))
}

struct Guard<'a> {
    regs: &'a Regs,
    program: &'a Program,
}

impl<'a> Guard<'a> {
    fn slot(&self, reg: u16) -> *const Slot {
        // SAFETY: the verifier bounded the register (V3, V4).
        unsafe { self.regs.base.add(usize::from(reg)) }
    }

    fn kind(&self, reg: u16) -> u64 {
        // SAFETY: as above; what the kind of a raw register says is not used.
        unsafe { (*self.slot(reg)).kind }
    }

    fn payload(&self, reg: u16) -> u64 {
        // SAFETY: as above.
        unsafe { (*self.slot(reg)).payload }
    }

    /// # Safety
    /// The register is tagged.
    unsafe fn value(&self, reg: u16) -> &'a Value {
        // SAFETY: promised by the caller; nothing changes while the guard looks.
        unsafe { Slot::as_value(self.slot(reg)) }
    }

    /// The object of a register.
    ///
    /// # Safety
    /// The register is tagged with the kind of an object.
    unsafe fn header(&self, reg: u16) -> &'a Header {
        // SAFETY: promised by the caller.
        unsafe { &*self.value(reg).pointer() }
    }

    /// # Safety
    /// The register is tagged.
    unsafe fn holds(&self, reg: u16, holds: Holds) -> bool {
        const fn bits(kinds: &[Kind]) -> u64 {
            let (mut bits, mut index) = (0, 0);
            while index < kinds.len() {
                bits |= 1 << kinds[index] as u64;
                index += 1;
            }
            bits
        }
        let kinds = match holds {
            Holds::Any => return true,
            Holds::Text => const { bits(&[Kind::InlineText, Kind::Text]) },
            Holds::List => const { bits(&[Kind::List]) },
            Holds::Map => const { bits(&[Kind::Map]) },
            Holds::Set => const { bits(&[Kind::Set]) },
            Holds::Object => const { bits(&[Kind::Object]) },
            Holds::Fields => const { bits(&[Kind::Object, Kind::Function, Kind::Partial]) },
            Holds::Parts => const { bits(&[Kind::Object, Kind::Function, Kind::Partial, Kind::Task]) },
            Holds::Record => const { bits(&[Kind::Object, Kind::Task]) },
            Holds::Subject => const { bits(&[Kind::Object, Kind::Nullary, Kind::Bool]) },
            Holds::Function => const { bits(&[Kind::Function, Kind::Partial]) },
            Holds::Task => const { bits(&[Kind::Task]) },
            Holds::Scope => const { bits(&[Kind::Scope]) },
            Holds::Sender => const { bits(&[Kind::Sender]) },
            Holds::Receiver => const { bits(&[Kind::Receiver]) },
        };
        let kind = self.kind(reg);
        kind < u64::from(u64::BITS) && kinds >> kind & 1 != 0
    }

    /// Whether the registers are scalars that the verifier asks to be.
    fn scalars(&self, proto: usize, pc: u32) -> bool {
        // What the machine has added to the program asks for nothing.
        let Some(all) = self.program.scalars().and_then(|scalars| scalars.get(proto)) else { return true };
        let first = all.partition_point(|at| at.pc < pc);
        all[first..].iter().take_while(|at| at.pc == pc).all(|at| self.kind(at.reg.0) < Kind::Object as u64)
    }

    /// Whether `count` fields from `first` on are there.
    ///
    /// # Safety
    /// The register is tagged with a kind that has fields.
    unsafe fn has_fields(&self, reg: Reg, first: usize, count: usize) -> bool {
        // SAFETY: promised by the caller.
        first + count <= unsafe { self.header(reg.0) }.length as usize
    }

    /// These fields, if they are there.
    ///
    /// # Safety
    /// As for `has_fields`.
    unsafe fn fields(&self, reg: Reg, first: usize, count: usize) -> Option<&'a [Value]> {
        // SAFETY: promised by the caller.
        unsafe { self.header(reg.0).fields() }.get(first..first + count)
    }

    /// Whether the payload of a register is a scalar of this kind.
    fn is_scalar(&self, reg: u16, kind: ScalarKind) -> bool {
        is_payload(kind as u64, self.payload(reg))
    }

    /// What no row says.
    ///
    /// # Safety
    /// The registers are tagged that the instruction looks at as values, and hold what its row says.
    unsafe fn fits(&self, word: u64, next: Option<u64>) -> bool {
        use Instruction as I;
        let Some(instruction) = Instruction::decode(word) else { return false };
        // SAFETY: promised by the caller.
        unsafe {
            match instruction {
                I::Tag { kind, src, .. } | I::ReturnScalar { kind, src } => self.is_scalar(src.0, kind),
                I::SwitchConstructor { subject, count } => self.position(subject) < usize::from(count.0),
                I::Field { object, index, .. } => {
                    self.kind(object.0) == Kind::Task as u64 || self.has_fields(object, index.0.into(), 1)
                }
                I::FieldPeek { object, index, .. }
                | I::TakeField { object, index, .. }
                | I::SetField { object, index, .. } => self.has_fields(object, index.0.into(), 1),
                I::FieldRaw { object, index, .. } => self.are_scalars(object, index.0, 1),
                I::FieldsRaw { object, index, count, .. } => self.are_scalars(object, index.0, count.0),
                I::SetFieldsRaw { object, index, count, first } => {
                    let fields = self.fields(object, index.0.into(), count.0.into());
                    let mut sources = (first.0..).map(|reg| self.payload(reg));
                    fields.is_some_and(|fields| {
                        fields.iter().zip(&mut sources).all(|(field, source)| is_payload(field.kind() as u64, source))
                    })
                }
                I::Unpack { object, count, .. } => self.header(object.0).length == u32::from(count.0),
                I::FieldNamed { object, .. } | I::SetNamed { object, .. } => self.has_named(object, next),
                I::ListItem { list, index, .. } => usize::from(index.0) < self.length(list),
                I::ListDrop { list, count, .. } => usize::from(count.0) <= self.length(list),
                I::ListUncons { list, .. } => self.length(list) > 0,
                I::TextJoin { first, count, .. } => (0..count.0).all(|at| self.holds(first.0 + at, Holds::Text)),
                I::Partial { reg, count, proto } => {
                    let raw = &self.program.module().protos[proto.0 as usize].raw;
                    let given = raw.iter().filter(|(at, _)| at.0 < count.0.into());
                    given.into_iter().all(|&(at, kind)| self.is_scalar(reg.0 + at.0, kind))
                }
                I::Timeout { base } => self.holds(base.0 + 2, Holds::Function),
                I::ParEach { base } | I::ParEachSettled { base } => {
                    self.holds(base.0 + 1, Holds::Function) && self.holds(base.0 + 2, Holds::List)
                }
                I::RunTaskField { record, field, .. } => {
                    self.kind(record.0) == Kind::Task as u64 || self.has_fields(record, field.0.into(), 1)
                }
                _ => true,
            }
        }
    }

    /// # Safety
    /// The register holds a constructor.
    unsafe fn position(&self, subject: Reg) -> usize {
        // SAFETY: promised by the caller.
        let value = unsafe { self.value(subject.0) };
        let position = match value.kind() {
            // True is 0.
            Kind::Bool => Some(u16::from(value.bits() == 0)),
            Kind::Nullary => value.as_nullary().map(|(_, position)| position),
            _ => value.as_object().map(crate::value::ObjectRef::position),
        };
        position.map_or(usize::MAX, usize::from)
    }

    /// # Safety
    /// The register holds what has fields.
    unsafe fn are_scalars(&self, object: Reg, first: u16, count: u8) -> bool {
        // SAFETY: promised by the caller.
        let fields = unsafe { self.fields(object, first.into(), count.into()) };
        fields.is_some_and(|fields| fields.iter().all(Value::is_scalar))
    }

    /// Whether the record has a field of the name in the word behind the instruction.
    ///
    /// # Safety
    /// The register is tagged.
    unsafe fn has_named(&self, object: Reg, next: Option<u64>) -> bool {
        let Some(Instruction::Const { value, .. }) = next.and_then(Instruction::decode) else { return false };
        let name = self.program.constants[value.0 as usize].as_str();
        // SAFETY: promised by the caller.
        let shape = unsafe { self.value(object.0) }.as_object().map(|object| self.program.shape(object.shape()));
        match shape {
            Some(Shape::Record(names)) => names.binary_search_by(|field| field.as_str().cmp(name)).is_ok(),
            Some(_) => false,
            None => ["cancel", "isCancelled", "join"].contains(&name),
        }
    }

    /// # Safety
    /// The register holds a list.
    unsafe fn length(&self, list: Reg) -> usize {
        // SAFETY: promised by the caller.
        unsafe { self.value(list.0) }.as_list().map_or(0, crate::collections::List::len)
    }
}

/// Whether these are the bits of a scalar of this kind.
fn is_payload(kind: u64, payload: u64) -> bool {
    match kind {
        kind if kind == Kind::Int as u64 || kind == Kind::Float as u64 => true,
        kind if kind == Kind::Bool as u64 => payload <= 1,
        kind if kind == Kind::Char as u64 => u32::try_from(payload).is_ok_and(|code| char::from_u32(code).is_some()),
        _ => false,
    }
}
