//! The nominal types that the compiler itself knows, at fixed places in `Program::datas`, and their constructors at
//! fixed places in `Program::constructors`.

use crate::core::{ConstructorId, DataId};

macro_rules! datas {
    ($($name:ident = $id:literal $text:literal / $arity:literal),* $(,)?) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: DataId = DataId($id);)*
        /// Name and number of parameters, in order.
        pub const DATAS: &[(&str, u32)] = &[$(($text, $arity)),*];
    };
}

datas! {
    UNIT = 0 "Unit" / 0,
    BOOL = 1 "Bool" / 0,
    INT = 2 "Int" / 0,
    FLOAT = 3 "Float" / 0,
    TEXT = 4 "Text" / 0,
    CHAR = 5 "Char" / 0,
    BYTES = 6 "Bytes" / 0,
    LIST = 7 "List" / 1,
    OPTION = 8 "Option" / 1,
    RESULT = 9 "Result" / 2,
    MAP = 10 "Map" / 2,
    SET = 11 "Set" / 1,
    EFFECT = 12 "Effect" / 2,
    RESOURCE = 13 "Resource" / 2,
    QUEUE = 14 "Queue" / 1,
    DEQUE = 15 "Deque" / 1,
    HEAP = 16 "Heap" / 1,
    SENDER = 17 "Sender" / 1,
    RECEIVER = 18 "Receiver" / 1,
    SCOPE = 19 "Scope" / 0,
}

/// `True`
pub const TRUE: ConstructorId = ConstructorId(0);
/// `False`
pub const FALSE: ConstructorId = ConstructorId(1);
/// `None`
pub const NONE: ConstructorId = ConstructorId(2);
/// `Some`
pub const SOME: ConstructorId = ConstructorId(3);
/// `Err`
pub const ERR: ConstructorId = ConstructorId(4);
/// `Ok`
pub const OK: ConstructorId = ConstructorId(5);
/// `Unit`
pub const UNIT_VALUE: ConstructorId = ConstructorId(6);

/// Name, type, position and number of arguments, in order.
pub const CONSTRUCTORS: &[(&str, DataId, u32, u32)] = &[
    ("True", BOOL, 0, 0),
    ("False", BOOL, 1, 0),
    ("None", OPTION, 0, 0),
    ("Some", OPTION, 1, 1),
    ("Err", RESULT, 0, 1),
    ("Ok", RESULT, 1, 1),
    ("Unit", UNIT, 0, 0),
];
