use super::*;
use crate::isa::Instruction;
use crate::module::{HostType, Test, well_known};
use crate::operand::{ConstId, Imm32, ScalarKind};

/// A module that uses every part of the format at least once.
fn sample() -> Module {
    let code = vec![
        Instruction::Int { dst: Reg(0), value: Imm32(-7) }.encode(),
        Instruction::Const { dst: Reg(1), value: ConstId(5) }.encode(),
        Instruction::Return { src: Reg(1) }.encode(),
    ];
    let proto = Proto {
        name: "demo.main".into(),
        parameters: 1,
        registers: 300,
        effect: true,
        captures: 2,
        raw: vec![(Reg(0), ScalarKind::Bool)],
        code,
        handlers: vec![
            Handler { start: 0, end: 1, target: 2, kind: HandlerKind::Failure(Reg(4)), keep: vec![Reg(1)] },
            Handler { start: 0, end: 2, target: 2, kind: HandlerKind::Cleanup, keep: vec![] },
        ],
        drops: vec![Drops { pc: 1, registers: vec![Reg(0), Reg(299)] }],
        lines: vec![Line { pc: 0, source: 0, line: 12, column: 3 }],
    };
    Module {
        name: "demo".into(),
        protos: vec![proto],
        constants: vec![
            Constant::Int(i64::MIN),
            Constant::Float(f64::NAN),
            Constant::Char('→'),
            Constant::Bool(true),
            Constant::Unit,
            Constant::Text("hi\n".into()),
            Constant::Nullary(well_known::NONE),
            Constant::Function(ProtoId(0)),
            Constant::EmptyList,
        ],
        shapes: well_known::shapes(),
        globals: vec![Global { name: "demo.main".into(), proto: ProtoId(0), function: true }],
        natives: vec![NativeImport { name: "text.length".into(), arity: 1, effect: false, owned: 1 }],
        host_types: vec![HostType { name: "host:game.hit".into(), ty: "Int -> Int".into() }],
        sources: vec![SourceFile { path: "demo.aivi".into(), text: "module demo\n".into() }],
        exports: vec![Export { name: "main".into(), global: 0, ty: "Effect E Unit".into() }],
        main: Some(0),
        tests: vec![Test { global: 0, description: "runs".into(), ty: "Effect Text Unit".into() }],
        types: vec![DataType { name: "Shape".into(), constructors: vec![("Circle".into(), "Float -> Shape".into())] }],
    }
}

#[test]
fn a_module_round_trips() {
    let module = sample();
    assert_eq!(decode(&encode(&module)), Ok(module));
}

#[test]
fn an_empty_module_round_trips() {
    assert_eq!(decode(&encode(&Module::default())), Ok(Module::default()));
}

#[test]
fn other_bytes_are_refused() {
    assert_eq!(decode(b""), Err(DecodeError::NotAModule));
    assert_eq!(decode(b"\x7fELF\x01"), Err(DecodeError::NotAModule));
    assert_eq!(decode(b"AIVI\x63"), Err(DecodeError::Version(99)));
    let mut bytes = encode(&sample());
    bytes.push(0);
    assert_eq!(decode(&bytes), Err(DecodeError::TrailingBytes));
}

#[test]
fn every_prefix_is_refused() {
    let bytes = encode(&sample());
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "the first {end} bytes decode");
    }
}

/// Each byte replaced by each of some telling values: an error or another module, never a panic; and what decodes
/// encodes to something that decodes to the same.
#[test]
fn damaged_bytes_do_no_harm() {
    let bytes = encode(&sample());
    for at in 0..bytes.len() {
        for value in [0, 1, 2, 9, 0x7f, 0x80, 0xc3, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            if let Ok(module) = decode(&damaged) {
                assert_eq!(decode(&encode(&module)), Ok(module), "byte {at} := {value}");
            }
        }
    }
}

/// A length far beyond the input is an error at once, wherever a length may stand.
#[test]
fn a_hostile_length_allocates_nothing() {
    let mut header = MAGIC.to_vec();
    VERSION.write(&mut header);
    let mut bytes = header.clone();
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(decode(&bytes), Err(DecodeError::Truncated));
    let mut bytes = header;
    bytes.push(0);
    bytes.extend([0xff; 10]);
    assert_eq!(decode(&bytes), Err(DecodeError::NumberRange));
}
