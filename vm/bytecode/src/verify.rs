//! Checks a module before the machine runs it: the machine's unchecked accesses rest on these rules.
//!
//! What a single row of the instruction table implies (registers, ids, jumps) is checked for every instruction by its
//! operand kinds, so a new row needs no code here unless it uses a window of registers. `verify` checks V1 to V18 for
//! every module that is loaded. `follow` checks the others, who owns what (`flow.rs`): of modules from elsewhere, and
//! in debug builds of all, so that the compiler keeps them. That a register holds the *kind* of value that an
//! instruction expects is no rule: the compiler guarantees it. Of modules from elsewhere `unproven` tells where it does
//! not follow from the code (`kinds.rs`), and there the machine looks when it runs
//! (`spec/decisions/0031-guards-where-needed.md`).
//!
//! Rules are numbered for good; `// SAFETY:` comments of the machine cite them.

mod code;
mod fact;
mod facts;
mod flow;
#[cfg(test)]
mod flow_tests;
mod kinds;
#[cfg(test)]
mod kinds_tests;
mod state;
#[cfg(test)]
mod tests;
mod ways;

use std::fmt;

pub use flow::{ScalarAt, follow, follow_proto};
pub use kinds::{Unproven, unproven};

use crate::module::{Constant, Module, Proto, REGISTERS_MAX, Shape, well_known};
use crate::operand::ProtoId;

macro_rules! rules {
    ($($name:ident $text:literal)*) => {
        /// What must hold of a module.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule { $(#[doc = $text] $name,)* }

        impl Rule {
            /// All rules in order.
            pub const ALL: &[Rule] = &[$(Rule::$name,)*];

            /// The rule in words.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Rule::$name => $text,)* }
            }
        }
    };
}

rules! {
    V1 "the shapes begin with the well-known ones"
    V2 "every word is an instruction whose unused bits are zero"
    V3 "every register is below the proto's number of registers, which is 32,768 at most"
    V4 "a window of registers lies inside the proto's registers: operands of an object, list, text, slice, closure or partial application; the arguments and the result of a call, and the closure behind the arguments when the callee captures"
    V5 "a jump lands on an instruction of the proto: not outside, not on the `const` word of `field.named` and `set.named`, not inside the table of a `switch.con`"
    V6 "only `loop` and its conditional forms jump backwards, and always; so every cycle charges fuel"
    V7 "every id names an entry of the module's table"
    V8 "counts agree: fields with the shape, captures with the closure's proto, arguments with the native function; a partial application has fewer arguments than parameters, or all of an effect's"
    V9 "a handler protects a non-empty range of the proto's code, and its target is an instruction behind the range"
    V10 "drops are sorted by pc, each pc once, each register once, and stand at instructions"
    V11 "lines are sorted by pc and name a source file"
    V12 "code does not run off the end: the last instruction ends the frame or jumps"
    V13 "the divisor of `div.int.imm` and `rem.int.imm` is neither 0 nor -1"
    V14 "parameters, and the closure when there are captures, fit the registers; raw registers are parameters, sorted, each once"
    V15 "a global's proto captures nothing, and has no parameters when it computes the global"
    V16 "`field.named` and `set.named` are followed by a `const` word with a text; `switch.con` by its jumps, at least one; messages are texts"
    V17 "a nullary constant names a constructor without arguments, a function constant a proto without captures"
    V18 "a native function has at most 32 arguments, and modes for no others"
    V19 "what an instruction reads is there on every way that leads to it; where it looks at the tag or consumes, it is a value"
    V20 "what unwinding from an instruction releases is owned there, each value once"
    V21 "following the code takes no more than a bounded number of looks at registers for each word"
}

/// Where a rule is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the tables of the module.
    Module,
    /// In a proto's description.
    Proto(ProtoId),
    /// At an instruction.
    Code(ProtoId, u32),
}

/// A broken rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Module => write!(f, "module: ")?,
            Place::Proto(proto) => write!(f, "proto {}: ", proto.0)?,
            Place::Code(proto, pc) => write!(f, "proto {} pc {pc}: ", proto.0)?,
        }
        write!(f, "{} (rule {:?}: {})", self.found, self.rule, self.rule.text())
    }
}

impl std::error::Error for Violation {}

/// Violations are collected up to this many; arbitrary, more help nobody and a hostile module could have millions.
const VIOLATIONS_MAX: usize = 100;

/// Checks a module.
///
/// # Errors
/// All broken rules, up to a hundred.
pub fn verify(module: &Module) -> Result<(), Vec<Violation>> {
    let mut verifier = Verifier { module, violations: Vec::new() };
    verifier.tables();
    for (index, proto) in module.protos.iter().enumerate() {
        if verifier.violations.len() >= VIOLATIONS_MAX {
            break;
        }
        verifier.proto(ProtoId(u32::try_from(index).unwrap_or(u32::MAX)), proto);
    }
    if verifier.violations.is_empty() { Ok(()) } else { Err(verifier.violations) }
}

/// Checks one proto of a module whose other parts keep the rules.
///
/// # Errors
/// As `verify`.
///
/// # Panics
/// When the module has no such proto.
pub fn verify_proto(module: &Module, id: ProtoId) -> Result<(), Vec<Violation>> {
    let mut verifier = Verifier { module, violations: Vec::new() };
    verifier.proto(id, &module.protos[id.0 as usize]);
    if verifier.violations.is_empty() { Ok(()) } else { Err(verifier.violations) }
}

struct Verifier<'a> {
    module: &'a Module,
    violations: Vec<Violation>,
}

impl Verifier<'_> {
    fn proto(&mut self, id: ProtoId, proto: &Proto) {
        self.description(id, proto);
        code::verify(self, id, proto);
    }

    fn check(&mut self, holds: bool, rule: Rule, place: Place, found: impl FnOnce() -> String) {
        if !holds && self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { rule, place, found: found() });
        }
    }

    /// Whether `index` names an entry of a table of `length` (rule V7).
    fn id(&mut self, index: u32, length: usize, what: &str, place: Place) -> bool {
        let holds = (index as usize) < length;
        self.check(holds, Rule::V7, place, || format!("{what} {index} of {length}"));
        holds
    }

    fn tables(&mut self) {
        let module = self.module;
        let place = Place::Module;
        self.check(module.shapes.starts_with(&well_known::shapes()), Rule::V1, place, || "other shapes".into());
        for constant in &module.constants {
            self.constant(constant);
        }
        for global in &module.globals {
            if self.id(global.proto.0, module.protos.len(), "proto", place) {
                let proto = &module.protos[global.proto.0 as usize];
                let holds = proto.captures == 0 && (global.function || proto.parameters == 0);
                self.check(holds, Rule::V15, place, || format!("global {}", global.name));
            }
        }
        for native in &module.natives {
            let holds = native.arity <= 32 && u64::from(native.owned) >> native.arity == 0;
            self.check(holds, Rule::V18, place, || format!("native function {}", native.name));
        }
        let exported = module.exports.iter().map(|export| export.global);
        let tested = module.tests.iter().map(|test| test.global);
        for global in exported.chain(tested).chain(module.main) {
            self.id(global, module.globals.len(), "global", place);
        }
    }

    fn constant(&mut self, constant: &Constant) {
        let module = self.module;
        match constant {
            Constant::Nullary(id) if self.id(u32::from(id.0), module.shapes.len(), "shape", Place::Module) => {
                let shape = &module.shapes[usize::from(id.0)];
                let holds = matches!(shape, Shape::Constructor { arity: 0, .. });
                self.check(holds, Rule::V17, Place::Module, || format!("shape {}", id.0));
            }
            Constant::Function(id) if self.id(id.0, module.protos.len(), "proto", Place::Module) => {
                let holds = module.protos[id.0 as usize].captures == 0;
                self.check(holds, Rule::V17, Place::Module, || format!("proto {}", id.0));
            }
            _ => {}
        }
    }

    /// Everything about a proto but its instructions.
    fn description(&mut self, id: ProtoId, proto: &Proto) {
        let place = Place::Proto(id);
        let needed = u32::from(proto.parameters) + u32::from(proto.captures > 0);
        self.check(needed <= u32::from(proto.registers), Rule::V14, place, || {
            format!("{needed} parameters in {} registers", proto.registers)
        });
        let few = proto.registers <= REGISTERS_MAX;
        self.check(few, Rule::V3, place, || format!("{} registers", proto.registers));
        let sorted = proto.raw.is_sorted_by(|left, right| left.0 < right.0);
        let inside = proto.raw.iter().all(|(reg, _)| reg.0 < proto.parameters);
        self.check(sorted && inside, Rule::V14, place, || "raw registers".into());
        let sorted = proto.lines.is_sorted_by(|left, right| left.pc < right.pc);
        let known = proto.lines.iter().all(|line| (line.source as usize) < self.module.sources.len());
        self.check(sorted && known, Rule::V11, place, || "lines".into());
    }
}
