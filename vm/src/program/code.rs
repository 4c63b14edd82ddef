//! `Code`: a module as the machine runs it. Programs that were loaded from the same one share it.

use std::sync::Arc;

use aivi_bytecode::module::{Constant, Module, Proto, Shape};
use aivi_bytecode::verify;
use aivi_bytecode::{Index, Instruction, ProtoId, Reg, ShapeId};

use super::LoadError;
use crate::interp::{Scalars, note_wanted, set_guards, set_pairs, with_near_operands};
use crate::value::object_meta;

/// A verified module, and its instructions as they run.
pub struct Code {
    pub(super) module: Module,
    /// Per proto its instructions.
    pub(super) words: Box<[Box<[u64]>]>,
    /// Per shape what `Header::meta` of its objects is.
    pub(super) metas: Box<[u32]>,
    /// The functions of the fields of task handles: `cancel`, `isCancelled`, `join`.
    pub(super) task_fields: [ProtoId; 3],
    pub(super) cancels_tasks: bool,
    /// What is checked as it runs, of a module that nobody vouches for.
    pub(super) scalars: Option<Scalars>,
}

/// Who has written a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The compiler of this process. What the module says about kinds and ownership is believed.
    Compiler,
    /// Anybody: who owns what is verified, and values are looked at as it runs (`interp/guard.rs`). It can waste what
    /// its limits leave it, and no more.
    Elsewhere,
}

impl Code {
    /// Verifies a module.
    ///
    /// # Errors
    /// When it breaks a rule.
    pub fn new(mut module: Module, origin: Origin) -> Result<Arc<Code>, LoadError> {
        verify::verify(&module).map_err(|violations| {
            LoadError::Invalid(violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        if origin == Origin::Compiler {
            // Programs that would take long to follow are right as well.
            let broken = |module| verify::follow(module).err().filter(|violation| violation.rule != verify::Rule::V21);
            debug_assert_eq!(broken(&module), None, "the compiler keeps all rules");
        }
        let cancels_tasks = cancels_tasks(&module);
        let task_fields = add_task_fields(&mut module);
        let followed = match origin {
            Origin::Compiler => None,
            Origin::Elsewhere => {
                let scalars = verify::follow(&module).map_err(|violation| LoadError::Invalid(violation.to_string()))?;
                Some((verify::unproven(&module, &scalars), scalars))
            }
        };
        let metas = module.shapes.iter().enumerate().map(|(id, shape)| meta(id as u16, shape)).collect();
        let mut words: Box<[_]> = module.protos.iter().map(|proto| with_near_operands(&proto.code)).collect();
        let scalars = followed.map(|(unproven, scalars)| {
            words.iter_mut().zip(unproven).for_each(|(words, unproven)| set_guards(words, &unproven));
            scalars.into_iter().map(Vec::into_boxed_slice).collect()
        });
        for (words, proto) in words.iter_mut().zip(&module.protos) {
            note_wanted(words, &proto.code);
            set_pairs(words);
        }
        Ok(Arc::new(Code { module, words, metas, task_fields, cancels_tasks, scalars }))
    }

    /// The module, with what the machine has added.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The module as it was given to `new`.
    #[must_use]
    pub fn original(&self) -> Module {
        let mut module = self.module.clone();
        module.protos.truncate(module.protos.len() - self.task_fields.len());
        module
    }

    /// Who has written it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        if self.scalars.is_some() { Origin::Elsewhere } else { Origin::Compiler }
    }
}

fn meta(id: u16, shape: &Shape) -> u32 {
    match shape {
        Shape::Constructor { index, .. } => object_meta(ShapeId(id), *index),
        Shape::Tuple(_) | Shape::Record(_) => object_meta(ShapeId(id), 0),
    }
}

/// Does some instruction cancel a task, or look for a field of that name?
fn cancels_tasks(module: &Module) -> bool {
    let is_name = |constant: &Constant| matches!(constant, Constant::Text(text) if text == "cancel");
    module.protos.iter().flat_map(|proto| &proto.code).any(|word| match Instruction::decode(*word) {
        Some(Instruction::Cancel { .. } | Instruction::RunTaskField { field: Index(0), .. }) => true,
        Some(Instruction::Const { value, .. }) => module.constants.get(value.0 as usize).is_some_and(is_name),
        _ => false,
    })
}

/// Adds effects of one parameter, a task: what its handle's fields are when they are used as values.
fn add_task_fields(module: &mut Module) -> [ProtoId; 3] {
    let (dst, task) = (Reg(0), Reg(0));
    let instructions =
        [Instruction::Cancel { dst, task }, Instruction::IsCancelled { dst, task }, Instruction::Join { dst, task }];
    ["cancel", "isCancelled", "join"]
        .into_iter()
        .zip(instructions)
        .map(|(name, instruction)| {
            module.protos.push(Proto {
                name: format!("task.{name}"),
                parameters: 1,
                registers: 1,
                effect: true,
                code: vec![instruction.encode(), Instruction::Return { src: dst }.encode()],
                ..Proto::default()
            });
            ProtoId(module.protos.len() as u32 - 1)
        })
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_default()
}
