//! `spec/bytecode.md` is generated from the instruction table and the verifier's rules. `UPDATE_GOLDEN=1` rewrites it.

use std::fmt::Write;
use std::path::Path;

use aivi_bytecode::isa::{OpcodeInfo, Slot, TABLE};
use aivi_bytecode::role::{Holds, Role};
use aivi_bytecode::verify::Rule;

const INTRODUCTION: &str = "\
# Bytecode

Generated from `vm/bytecode/src/isa.rs` and `vm/bytecode/src/verify.rs`; a test fails when this page is stale.

A proto is a function: a window of registers and a list of 64-bit words. An instruction is one word:

```text
bits  0..8    8..16   16..32   32..48   48..64
      opcode  X       A        B        C
                               W (32..64)
```

`R[a]` is a register of the frame's window, `:=` moves the right side in. An instruction *takes* an operand when the register is
dead afterwards, *borrows* it when the register keeps it, *copies* it when it makes a counted copy. A *raw* register holds an untagged
scalar; all others hold a tagged value. Jumps count from the next instruction. The window of a callee starts at the register
where the caller wrote the first argument, and the result arrives there.

Behind a register stands what happens to it, and what it has to hold: it *reads* or *sets* a raw scalar (*adjusts* does both), *sees* a value
that the register keeps, *takes* one, *edits* one (takes it and puts another in its place), *gives* one that the register owns, *shows* one
that stays with its owner, *becomes* what the other register is; *calls* with the arguments from there on, or *clears* for a callee.

Flags: `fuel` charges fuel and may yield; `checkpoint` polls cancellation and may wait; `fails`, `faults` may unwind; `calls` pushes
a frame; `ends` does not go on with the next instruction.

## Instructions

| code | instruction | operands | meaning | flags |
|---|---|---|---|---|
";

const RULES: &str = "
## Rules

The verifier checks V1 to V18 before a module runs; unchecked accesses of the machine cite them. It checks the others of modules that
the running program has not compiled itself, and of all in debug builds.

| rule | what holds |
|---|---|
";

fn row(row: &OpcodeInfo, page: &mut String) {
    let operands: Vec<String> = row
        .operands
        .iter()
        .map(|operand| {
            let slot = match operand.slot {
                Slot::X => "X",
                Slot::A => "A",
                Slot::B => "B",
                Slot::C => "C",
                Slot::W => "W",
            };
            let role = match (operand.role, operand.holds) {
                (Role::none, _) => String::new(),
                (role, Holds::Any) => format!(" {role:?}"),
                (role, holds) => format!(" {role:?} {holds:?}"),
            };
            format!("{}: {:?}@{slot}{role}", operand.name, operand.kind)
        })
        .collect();
    let flags: Vec<String> = row.flags.iter().map(|flag| format!("{flag:?}")).collect();
    let doc = row.doc.join("").replace('|', "\\|");
    let (code, name) = (row.opcode as u8, row.mnemonic);
    writeln!(page, "| {code:02x} | `{name}` | {} | {} | {} |", operands.join(", "), doc.trim(), flags.join(", "))
        .expect("a String takes everything");
}

#[test]
fn the_page_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for info in TABLE {
        row(info, &mut page);
    }
    page.push_str(RULES);
    for rule in Rule::ALL {
        writeln!(page, "| {rule:?} | {} |", rule.text()).expect("a String takes everything");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/bytecode.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &page).expect("spec/ can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "spec/bytecode.md is stale: run this test with UPDATE_GOLDEN=1");
}

#[test]
fn mnemonics_are_unique() {
    let mut names: Vec<&str> = TABLE.iter().map(|row| row.mnemonic).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TABLE.len());
}
