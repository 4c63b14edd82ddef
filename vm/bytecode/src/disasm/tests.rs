use super::*;
use crate::module::{Drops, Handler, SourceFile, well_known};
use crate::operand::{ConstId, Imm16, Jump16, ProtoId, Reg};

#[test]
fn a_proto_is_shown_with_names_labels_lines_and_handlers() {
    let code = [
        Instruction::MulInt { dst: Reg(2), left: Reg(0), right: Reg(1) },
        Instruction::JumpLtIntImm { left: Reg(2), right: Imm16(100), by: Jump16(2) },
        Instruction::Const { dst: Reg(3), value: ConstId(0) },
        Instruction::Call { base: Reg(3), proto: ProtoId(0) },
        Instruction::ReturnScalar { kind: ScalarKind::Int, src: Reg(2) },
        Instruction::Const { dst: Reg(4), value: ConstId(9) },
    ];
    let proto = Proto {
        name: "shop.total".into(),
        parameters: 2,
        registers: 5,
        raw: vec![(Reg(0), ScalarKind::Int)],
        code: code.iter().map(|instruction| instruction.encode()).chain([0xff]).collect(),
        handlers: vec![Handler { start: 3, end: 4, target: 4, kind: HandlerKind::Failure(Reg(3)), keep: vec![Reg(1)] }],
        drops: vec![Drops { pc: 3, registers: vec![Reg(1)] }],
        lines: vec![Line { pc: 0, source: 0, line: 2, column: 3 }, Line { pc: 3, source: 0, line: 9, column: 1 }],
        ..Proto::default()
    };
    let module = Module {
        name: "shop".into(),
        protos: vec![proto],
        constants: vec![Constant::Text("a\"b".into())],
        shapes: well_known::shapes(),
        sources: vec![SourceFile { path: "shop.aivi".into(), text: "module shop\n  total = price count =>\n".into() }],
        ..Module::default()
    };
    let expected = r#"module shop

proto shop.total: 2 parameters, 5 registers
  raw r0 Int
; 2 | total = price count =>
    0  mul.int          dst=r2 left=r0 right=r1
    1  jump.lt.int.imm  left=r2 right=100 by=L2
    2  const            dst=r3 value="a\"b"
 L1:
; 9
    3  call             base=r3 proto=shop.total                        ; owns r1
 L2:
    4  return.scalar    kind=Int src=r2
    5  const            dst=r4 value=?9
    6  .word            0x00000000000000ff
  handler L1..L2 -> L2 failure r3 keeps r1
"#;
    assert_eq!(super::module(&module, |_| true), expected);
}
