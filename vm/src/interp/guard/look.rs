//! What is looked at before an instruction: kinds, numbers of fields and items, payloads. `prove` of the verifier's
//! `facts.rs` says when each of it need not be.

use aivi_bytecode::Reg;
use aivi_bytecode::isa::{self, Slot as Place};
use aivi_bytecode::module::Shape;
use aivi_bytecode::role::Kinds;
use aivi_bytecode::{Opcode, ScalarKind};

use crate::collections::List;
use crate::interp::near::is_near;
use crate::interp::{Regs, Word};
use crate::object::Header;
use crate::object::boxed::Boxed;
use crate::program::Program;
use crate::value::{Kind, Slot, Value};

const _: () = {
    use Kind as K;
    const fn are(kinds: Kinds, all: &[Kind]) -> bool {
        let (mut bits, mut at) = (0, 0);
        while at < all.len() {
            bits |= 1 << all[at] as u32;
            at += 1;
        }
        kinds.bits() == bits
    }
    assert!(are(Kinds::BOOL, &[K::Bool]) && are(Kinds::NULLARY, &[K::Nullary]) && are(Kinds::OBJECT, &[K::Object]));
    assert!(are(Kinds::CHAR, &[K::Char]) && are(Kinds::UNIT, &[K::Unit]) && are(Kinds::LIST, &[K::List]));
    assert!(are(Kinds::TEXT, &[K::InlineText, K::Text]) && are(Kinds::FUNCTION, &[K::Function, K::Partial]));
    assert!(are(Kinds::MAP, &[K::Map]) && are(Kinds::SET, &[K::Set]) && are(Kinds::TASK, &[K::EndedTask, K::Task]));
    assert!(are(Kinds::SCOPE, &[K::Scope]) && are(Kinds::SENDER, &[K::Sender]) && are(Kinds::RECEIVER, &[K::Receiver]));
    assert!(are(Kinds::GATE, &[K::Gate]));
    assert!(Kinds::SCALARS.bits() == (1 << K::Object as u32) - 1);
};

/// What the registers of an instruction have to hold, from its row: the operand's place, and the bits of the kinds.
const NEEDS: [[Option<(Place, u32)>; 3]; 256] = {
    let mut needs = [[None; 3]; 256];
    let mut row = 0;
    while row < isa::TABLE.len() {
        let info = &isa::TABLE[row];
        let (mut operand, mut count) = (0, 0);
        while operand < info.operands.len() {
            let kinds = info.operands[operand].needs().kinds().bits();
            if kinds != Kinds::ALL.bits() {
                needs[info.opcode as usize][count] = Some((info.operands[operand].slot, kinds));
                count += 1;
            }
            operand += 1;
        }
        row += 1;
    }
    needs
};

/// A look at an instruction that is about to run.
#[derive(Clone, Copy)]
pub(in crate::interp) struct Look {
    opcode: Opcode,
    word: Word,
    base: *const Slot,
}

impl Look {
    /// At the instruction before `pc`, which is this one.
    ///
    /// # Safety
    /// As for a handler. The verifier has seen that the registers are tagged which the instruction uses as values.
    #[inline(always)]
    pub(in crate::interp) unsafe fn at(opcode: Opcode, regs: &Regs) -> Look {
        // SAFETY: F3.
        let word = unsafe { Word::at(regs.pc.sub(1)) };
        Look { opcode, word, base: regs.base }
    }

    /// Whether its registers are as it expects, as far as they alone say.
    ///
    /// # Safety
    /// `at`: nothing has changed since.
    #[inline(always)]
    pub(in crate::interp) unsafe fn is_allowed(self) -> bool {
        let [first, second, third] = &NEEDS[self.opcode as usize];
        // SAFETY: what the row says is looked at first; the rest relies on it.
        unsafe { self.has(first) && self.has(second) && self.has(third) && self.fits() }
    }

    #[inline(always)]
    fn has(self, need: &Option<(Place, u32)>) -> bool {
        let &Some((place, bits)) = need else { return true };
        let reg = match place {
            Place::A => self.a(),
            Place::B => self.b(),
            _ => self.c(),
        };
        self.is_one_of(reg, bits)
    }

    #[inline(always)]
    fn a(self) -> usize {
        self.word.a() >> u32::from(is_near(self.opcode))
    }

    #[inline(always)]
    fn b(self) -> usize {
        self.word.b() >> u32::from(is_near(self.opcode))
    }

    /// A register or a number: no near instruction that is looked at has a register there.
    #[inline(always)]
    fn c(self) -> usize {
        self.word.c()
    }

    #[inline(always)]
    fn slot(self, reg: usize) -> *const Slot {
        // SAFETY: the verifier bounded the register (V3, V4).
        unsafe { self.base.add(reg) }
    }

    #[inline(always)]
    fn kind(self, reg: usize) -> u64 {
        // SAFETY: as above; what the kind of a raw register says is not used.
        unsafe { (*self.slot(reg)).kind }
    }

    #[inline(always)]
    fn payload(self, reg: usize) -> u64 {
        // SAFETY: as above.
        unsafe { (*self.slot(reg)).payload }
    }

    /// Whether a tagged register holds a value of one of the kinds with these bits.
    #[inline(always)]
    fn is_one_of(self, reg: usize, bits: u32) -> bool {
        let (kind, first) = (self.kind(reg), bits.trailing_zeros());
        let without_gaps = bits >> first;
        if (without_gaps & without_gaps.wrapping_add(1)) == 0 {
            return kind.wrapping_sub(first.into()) < bits.count_ones().into();
        }
        debug_assert!(kind < u32::BITS.into(), "a tag");
        bits.wrapping_shr(kind as u32) & 1 != 0
    }

    /// Whether a tagged register holds a scalar.
    pub(super) fn is_scalar(self, reg: Reg) -> bool {
        self.kind(reg.0.into()) < Kind::Object as u64
    }

    /// # Safety
    /// The register is tagged.
    unsafe fn value<'a>(self, reg: usize) -> &'a Value {
        // SAFETY: promised by the caller; nothing changes while the guard looks.
        unsafe { Slot::as_value(self.slot(reg)) }
    }

    /// The object of a register.
    ///
    /// # Safety
    /// The register is tagged with the kind of an object.
    #[inline(always)]
    unsafe fn header<'a>(self, reg: usize) -> &'a Header {
        // SAFETY: promised by the caller.
        unsafe { &*(self.payload(reg) as *const Header) }
    }

    /// Whether `count` fields from `first` on are there.
    ///
    /// # Safety
    /// The register is tagged with a kind that has fields.
    #[inline(always)]
    unsafe fn has_fields(self, reg: usize, first: usize, count: usize) -> bool {
        // SAFETY: promised by the caller.
        first + count <= unsafe { self.header(reg) }.length as usize
    }

    /// These fields, if they are there.
    ///
    /// # Safety
    /// As for `has_fields`.
    #[inline(always)]
    unsafe fn fields<'a>(self, reg: usize, first: usize, count: usize) -> Option<&'a [Value]> {
        // SAFETY: promised by the caller.
        unsafe { self.header(reg).fields() }.get(first..first + count)
    }

    /// The items of a list.
    ///
    /// # Safety
    /// The register holds a list.
    #[inline(always)]
    unsafe fn length(self, reg: usize) -> usize {
        // SAFETY: promised by the caller.
        unsafe { Boxed::<List>::payload(self.header(reg)) }.len()
    }

    /// What no row says, and registers alone tell.
    ///
    /// # Safety
    /// The registers are tagged that the instruction uses as values, and hold what its row says.
    #[inline(always)]
    unsafe fn fits(self) -> bool {
        use Opcode as O;
        let (a, b, c, x) = (self.a(), self.b(), self.c(), self.word.x());
        // SAFETY: promised by the caller.
        unsafe {
            match self.opcode {
                O::Tag => is_payload(x as u64, self.payload(b)),
                O::ReturnScalar => is_payload(x as u64, self.payload(a)),
                O::SwitchConstructor => self.position(a) < b,
                O::Field | O::RunTaskField => self.kind(b) >= Kind::EndedTask as u64 || self.has_fields(b, c, 1),
                O::FieldPeek | O::TakeField => self.has_fields(b, c, 1),
                O::SetField => self.has_fields(a, c, 1),
                O::FieldRaw => self.are_scalars(b, c, 1),
                O::FieldsRaw => self.are_scalars(b, c, x),
                O::SetFieldsRaw => {
                    let fields = self.fields(a, c, x);
                    fields.is_some_and(|fields| {
                        let mut sources = fields.iter().zip(b..);
                        sources.all(|(field, source)| is_payload(field.kind() as u64, self.payload(source)))
                    })
                }
                O::Unpack => self.header(b).length as usize == x,
                O::ListItem => c < self.length(b),
                O::ListDrop => c <= self.length(b),
                O::ListUncons => self.length(b) > 0,
                O::TextJoin => (b..b + c).all(|reg| self.is_one_of(reg, const { Kinds::TEXT.bits() })),
                O::Timeout => self.is_one_of(a + 2, const { Kinds::FUNCTION.bits() }),
                O::ParEach | O::ParEachSettled => {
                    self.is_one_of(a + 1, const { Kinds::FUNCTION.bits() })
                        && self.is_one_of(a + 2, const { Kinds::LIST.bits() })
                }
                _ => true,
            }
        }
    }

    /// Whether what it expects besides is so, which the program has to say.
    ///
    /// # Safety
    /// As for `is_allowed`, which has said yes.
    pub(super) unsafe fn is_allowed_by(self, program: &Program) -> bool {
        let (a, x) = (self.a(), self.word.x());
        match self.opcode {
            Opcode::Partial => {
                let raw = &program.module().protos[self.word.w()].raw;
                let mut given = raw.iter().filter(|(at, _)| usize::from(at.0) < x);
                given.all(|&(at, kind)| is_payload(kind as u64, self.payload(a + usize::from(at.0))))
            }
            // SAFETY: as the caller.
            Opcode::FieldNamed => unsafe { self.has_named(self.b(), program) },
            // SAFETY: as the caller.
            Opcode::SetNamed => unsafe { self.has_named(a, program) },
            _ => true,
        }
    }

    /// # Safety
    /// The register holds a constructor.
    #[inline(always)]
    unsafe fn position(self, subject: usize) -> usize {
        // SAFETY: promised by the caller.
        let value = unsafe { self.value(subject) };
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
    #[inline(always)]
    unsafe fn are_scalars(self, object: usize, first: usize, count: usize) -> bool {
        // SAFETY: promised by the caller.
        let fields = unsafe { self.fields(object, first, count) };
        fields.is_some_and(|fields| fields.iter().all(Value::is_scalar))
    }

    /// Whether the record has a field of the name in the word behind the instruction.
    ///
    /// # Safety
    /// The register holds a record or a task; the word is `const` of a text (V16).
    unsafe fn has_named(self, object: usize, program: &Program) -> bool {
        // SAFETY: promised by the caller.
        let (next, object) = unsafe { (Word::at(self.word.place().add(1)), self.value(object)) };
        let name = program.constants[next.w()].as_str();
        match object.as_object().map(|object| program.shape(object.shape())) {
            Some(Shape::Record(names)) => names.binary_search_by(|field| field.as_str().cmp(name)).is_ok(),
            Some(_) => false,
            None => ["cancel", "isCancelled", "join"].contains(&name),
        }
    }
}

/// Whether these are the bits of a scalar of this kind.
#[inline(always)]
fn is_payload(kind: u64, payload: u64) -> bool {
    const BOOL: u64 = ScalarKind::Bool as u64;
    const CHAR: u64 = ScalarKind::Char as u64;
    match kind {
        BOOL => payload <= 1,
        CHAR => u32::try_from(payload).is_ok_and(|code| char::from_u32(code).is_some()),
        kind => kind < BOOL,
    }
}
