//! Whether the functions of a host are those that a program was compiled for.
//!
//! A program that was compiled before names the functions of its host, each with the type that it had then: as the host
//! declared it, with what the types in it were declared as. Here these texts are compared, so a program and a host
//! agree on every type or the program is not loaded. Who forges them gains nothing: values are looked at where they are
//! used (decision 0025).

use aivi_bytecode::module::{HostType, Module};

use super::{HostModule, HostModules, module_and_name};
use crate::convert::Declaration;
use crate::signature::Type;

/// A function that has another type in this host.
pub(crate) struct OtherType {
    pub(crate) function: String,
    pub(crate) compiled: String,
    pub(crate) here: String,
}

impl HostModules {
    /// The functions that a program calls, with their types.
    pub(crate) fn types_used(&self, program: &Module) -> Vec<HostType> {
        let used = program.natives.iter().filter_map(|import| {
            let ty = self.full_type(&import.name)?;
            Some(HostType { name: import.name.clone(), ty })
        });
        used.collect()
    }

    /// The first that has another type here. One that is not here at all is found when the program is linked.
    pub(crate) fn first_of_other_type(&self, program: &Module) -> Option<OtherType> {
        program.host_types.iter().find_map(|then| {
            let here = self.full_type(&then.name).filter(|here| *here != then.ty)?;
            let (module, name) = module_and_name(&then.name)?;
            Some(OtherType { function: format!("{module}.{name}"), compiled: then.ty.clone(), here })
        })
    }

    fn full_type(&self, import: &str) -> Option<String> {
        let (module, name) = module_and_name(import)?;
        self.get(module)?.full_type(name)
    }
}

impl HostModule {
    /// The type of a function, and what the types are declared as that it mentions:
    /// `Ship -> Int, where Ship = { hull: Int }`.
    fn full_type(&self, name: &str) -> Option<String> {
        let function = self.functions.iter().find(|function| function.name == name)?;
        let declared = function.declared.as_ref()?;
        let mut mentioned: Vec<&Declaration> = Vec::new();
        let mut left = vec![declared];
        while let Some(ty) = left.pop() {
            let is_named = |name: &str| ty.has(|part| matches!(part, Type::Named(named, _) if named == name));
            for declaration in self.declarations.iter().filter(|declaration| is_named(declaration.name())) {
                if !mentioned.contains(&declaration) {
                    mentioned.push(declaration);
                    left.extend(declaration.parts());
                }
            }
        }
        mentioned.sort_unstable_by_key(|declaration| declaration.name());
        let mut text = declared.to_string();
        for (index, declaration) in mentioned.into_iter().enumerate() {
            text.push_str(if index == 0 { ", where " } else { " and " });
            text.push_str(&declaration.to_string());
        }
        Some(text)
    }
}
