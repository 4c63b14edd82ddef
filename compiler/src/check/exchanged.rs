//! What a program and its host may hand each other: the types in the signatures of what is exported and of the host's
//! functions.
//!
//! The machine knows values by their shapes, and a host makes values of types that the program itself may only take
//! apart. So these shapes go into the module even when no code makes them, and the constructors with their types, so
//! that a host can compare them with its own.

use super::builtin;
use super::checker::Checker;
use super::types::{TyId, View};
use crate::core::{ConstructorId, DataId, Exchanged, GlobalId};
use crate::hash::IdSet;
use crate::resolve::{ModuleId, Source, Value};

impl Checker<'_> {
    /// Everything that the exports of `entry` and the functions of the host mention.
    pub(super) fn exchanged(&mut self, entry: ModuleId) -> Exchanged {
        let mut work: Vec<TyId> = self.exchanged_globals(entry).into_iter().map(|global| self.scheme(global)).collect();
        let (mut seen, mut datas) = (IdSet::default(), IdSet::default());
        let mut exchanged = Exchanged::default();
        while let Some(ty) = work.pop() {
            if !seen.insert(ty) {
                continue;
            }
            match self.types.view(ty) {
                View::Variable => {}
                View::Function(from, to) => work.extend([from, to]),
                View::Tuple(items) => {
                    exchanged.tuples.push(items.len());
                    work.extend(items);
                }
                View::Record { fields, .. } => {
                    work.extend(fields.iter().map(|(_, ty)| *ty));
                    exchanged.records.push(fields.into_iter().map(|(name, _)| name).collect());
                }
                View::Data(data, arguments) => {
                    work.extend(arguments);
                    if data.0 as usize >= builtin::DATAS.len() && datas.insert(data) {
                        let constructors = self.constructors_of(data);
                        work.extend(constructors.iter().map(|(_, ty)| *ty));
                        exchanged.datas.push((data, constructors));
                        exchanged.hidden.extend(self.tables.opaque.contains_key(&data).then_some(data));
                    }
                }
            }
        }
        exchanged
    }

    fn exchanged_globals(&self, entry: ModuleId) -> Vec<GlobalId> {
        let exports = self.tables.module(entry).exports.values.values().filter_map(|value| match value {
            Value::Global(global) => Some(*global),
            Value::Constructor(_) => None,
        });
        let of_host = self.tables.modules.iter().filter(|module| module.is_host).flat_map(|module| &module.definitions);
        let of_host = of_host.map(|id| &self.tables.definitions[id.0 as usize]);
        let natives = of_host.filter(|definition| matches!(definition.source, Source::Native { .. }));
        let mut globals: Vec<GlobalId> = exports.chain(natives.flat_map(|it| it.globals.iter().copied())).collect();
        // The tables are hashed, and the same program is to give the same module.
        globals.sort_unstable();
        globals
    }

    fn constructors_of(&mut self, data: DataId) -> Vec<(ConstructorId, TyId)> {
        let ids = self.tables.datas[data.0 as usize].constructors.clone();
        ids.into_iter().map(|id| (id, self.constructor_type(id))).collect()
    }
}
