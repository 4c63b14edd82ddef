//! Whether modules are what they say.

use aivi_compiler::lex::is_keyword;

use super::{Function, HostModule, HostModuleError, HostModules};
use crate::convert::Declaration;
use crate::object::ObjectNames;
use crate::signature::Type;

impl HostModules {
    /// Compares the Rust side of every function with its signature.
    pub(super) fn check(&self) -> Result<(), HostModuleError> {
        for (index, module) in self.modules.iter().enumerate() {
            module.check_names()?;
            if self.modules[..index].iter().any(|other| other.name == module.name) {
                return Err(module.error(None, "the engine has two modules of this name"));
            }
            for function in &module.functions {
                module.check_function(function, &self.objects)?;
            }
        }
        Ok(())
    }
}

impl HostModule {
    fn error(&self, item: Option<&str>, problem: impl Into<String>) -> HostModuleError {
        HostModuleError { module: self.name.clone(), item: item.map(str::to_owned), problem: problem.into() }
    }

    fn check_names(&self) -> Result<(), HostModuleError> {
        if self.name == "aivi" || self.name.starts_with("aivi.") {
            return Err(self.error(None, "modules under aivi are the library's; give it another name"));
        }
        if !self.name.split('.').all(is_value_name) {
            return Err(self.error(None, "a module's name is like game or game.map"));
        }
        let functions = self.functions.iter().map(|function| function.name.as_str());
        let mut seen: Vec<&str> = Vec::new();
        for name in self.opaque_types().chain(self.declarations.iter().map(|it| it.name())).chain(functions) {
            if seen.contains(&name) {
                return Err(self.error(Some(name), "the module has two of this name"));
            }
            seen.push(name);
        }
        for declaration in &self.declarations {
            if let Some(field) = declaration.fields().into_iter().find(|name| is_keyword(name)) {
                let problem =
                    format!("its field '{field}' is a word of the language; rename it: #[aivi(rename = \"…\")]");
                return Err(self.error(Some(declaration.name()), problem));
            }
        }
        match self.opaque_types().find(|name| !is_type_name(name)) {
            Some(name) => {
                Err(self.error(Some(name), "a type's name is like Sprite; one capital letter is a type variable"))
            }
            None => Ok(()),
        }
    }

    fn check_function(&self, function: &Function, objects: &ObjectNames) -> Result<(), HostModuleError> {
        let Function { signature, name, declared, needed, arity, effect, .. } = function;
        let error = |problem| Err(self.error(Some(name), problem));
        let Some(declared) = declared else {
            return Err(self.error(Some(signature), "a signature is like name : Int -> Text"));
        };
        if !is_value_name(name) {
            return error("a function's name is like loadLevel".to_owned());
        }
        let known = self.with_aliases(declared);
        let Some(needed) = needed else { return self.check_dynamic(function, &known) };
        let needed = needed.with_names(objects);
        let result = (0..*arity).try_fold(&known, |ty, _| match ty {
            Type::Function(_, to) => Some(&**to),
            _ => None,
        });
        let is_effect = result.is_some_and(|result| result.is_effect_after(0));
        if *effect && !known.is_effect_after(known.arity()) {
            return error(format!(
                "it is declared as {declared}, which gives no Effect; its Rust function needs {needed}"
            ));
        }
        if known.arity() != *arity {
            let (counted, given) = (count(known.arity()), count(*arity));
            return error(format!(
                "it is declared as {declared}, with {counted}; its Rust function has {given} and needs {needed}"
            ));
        }
        if result.is_none() || *effect != is_effect || !covers(&needed, &known, *arity) {
            return error(format!("it is declared as {declared}, its Rust function needs {needed}"));
        }
        if function.result.has_any() {
            return error(format!(
                "its Rust function gives a Value, whose type nobody can check; it needs one that is {declared}"
            ));
        }
        for mentioned in function.mentioned.iter() {
            if !self.declarations.contains(mentioned) && matches!(mentioned, Declaration::Sum { .. }) {
                let name = mentioned.name();
                let other = self.declarations.iter().find(|known| known.name() == name);
                return error(match other {
                    Some(other) => format!("the module declares {other}, the Rust function has {mentioned}"),
                    None => format!("its type {name} is not declared; add .declare::<{name}>() to the module"),
                });
            }
        }
        Ok(())
    }

    /// Of a function that takes and gives data: whether what it gives can be checked.
    fn check_dynamic(&self, function: &Function, known: &Type) -> Result<(), HostModuleError> {
        let Function { name, arity, effect, .. } = function;
        let error = |problem: String| Err(self.error(Some(name), problem));
        if known.is_effect_after(*arity) != *effect {
            let kind =
                if *effect { "it gives no Effect; add it as a Function" } else { "it gives an Effect; add it as one" };
            return error(format!("it is declared as {known}: {kind}"));
        }
        let mut result = known;
        while let Type::Function(_, to) = result {
            result = to;
        }
        if result.has_function() || result.has(|ty| matches!(ty, Type::Variable(_))) {
            return error(format!(
                "it is declared as {known}: data has no functions, and nobody can check what a type variable stands for"
            ));
        }
        Ok(())
    }

    /// A type with what its other names stand for.
    pub(super) fn with_aliases(&self, ty: &Type) -> Type {
        ty.map(&mut |ty| {
            let Type::Named(name, arguments) = ty else { return None };
            if name == "Span" && self.mentions_span() {
                return Some(Type::record([("millis", Type::named("Int", []))]));
            }
            let arguments: Vec<Type> = arguments.iter().map(|argument| self.with_aliases(argument)).collect();
            self.declarations.iter().find_map(|declaration| match declaration {
                Declaration::Alias { name: known, ty, .. } if known == name => Some(ty.filled(&arguments)),
                _ => None,
            })
        })
    }

    /// Whether a signature has the library's `Span` in it.
    pub(super) fn mentions_span(&self) -> bool {
        let is_own = self.opaque_types().any(|name| name == "Span")
            || self.declarations.iter().any(|declaration| declaration.name() == "Span");
        let is_span = |ty: &Type| matches!(ty, Type::Named(name, _) if name == "Span");
        let mut declared = self.functions.iter().filter_map(|function| function.declared.as_ref());
        !is_own && declared.any(|declared| declared.has(is_span))
    }
}

/// Whether the parameters of a Rust function cover those that are declared, and its result the declared one.
fn covers(needed: &Type, declared: &Type, arity: usize) -> bool {
    match (needed, declared) {
        (Type::Function(from, to), Type::Function(declared_from, declared_to)) if arity > 0 => {
            from.covers(declared_from) && covers(to, declared_to, arity - 1)
        }
        (result, declared) => arity == 0 && result.covers(declared),
    }
}

/// A name in lower case that is no word of the language.
fn is_value_name(name: &str) -> bool {
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_');
    begins && name != "_" && is_name(name) && !is_keyword(name)
}

fn is_type_name(name: &str) -> bool {
    let is_variable = name.len() > 1 && name[1..].bytes().all(|byte| byte.is_ascii_digit()) || name.len() == 1;
    name.starts_with(|letter: char| letter.is_ascii_uppercase()) && is_name(name) && !is_variable
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// So many arguments, in words.
fn count(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        more => format!("{more} arguments"),
    }
}
