//! Modules of the host.

use std::ffi::c_void;
use std::panic::resume_unwind;

use aivi::{Data, HostKind, HostModule};

use crate::callback::{Context, HostFunction, Tell};
use crate::error::{Error, required};
use crate::export::{ErrorOut, answer, answer_boxed, exports};
use crate::pointers::Name;

/// `aivi_module`
pub struct Module(Option<HostModule>);

impl Module {
    /// The module itself.
    pub fn into_inner(self) -> Option<HostModule> {
        self.0
    }

    /// Changes it.
    pub fn change(&mut self, change: impl FnOnce(HostModule) -> HostModule) {
        self.0 = self.0.take().map(change);
    }
}

exports! {
    fn aivi_module_new(name: Name<'_>, error: ErrorOut<'_>) -> Option<Box<Module>> {
        answer_boxed(error, || Ok(Module(Some(HostModule::new(name.get("name")?)))))
    }

    fn aivi_module_add(
        module: Option<&mut Module>,
        kind: i32,
        signature: Name<'_>,
        function: Option<HostFunction>,
        data: *mut c_void,
        release: Option<Tell>,
        error: ErrorOut<'_>,
    ) -> bool {
        // Goes with this call, unless the module keeps it.
        let context = Context::new(data, release);
        answer(error, move || {
            let (module, function) = (required(module, "module")?, required(function, "function")?);
            let (kind, signature) = (host_kind(kind)?, signature.get("signature")?);
            let call = move |arguments: Vec<Data>| {
                let arguments = Data::Tuple(arguments);
                // Unwinding is how a function of the host faults who called it; this one is not to be told on standard
                // error.
                context.call(function, &arguments).unwrap_or_else(|| resume_unwind(Box::new("it gave NULL")))
            };
            module.change(|module| module.dynamic(kind, signature, call));
            Ok(true)
        })
    }

    fn aivi_module_object(module: Option<&mut Module>, name: Name<'_>, error: ErrorOut<'_>) -> bool {
        answer(error, || {
            let (module, name) = (required(module, "module")?, name.get("name")?);
            module.change(|module| module.opaque(name));
            Ok(true)
        })
    }

    fn aivi_module_free(module: Option<Box<Module>>) {
        drop(module);
    }
}

fn host_kind(kind: i32) -> Result<HostKind, Error> {
    match kind {
        0 => Ok(HostKind::Function),
        1 => Ok(HostKind::Effect),
        2 => Ok(HostKind::Blocking),
        other => Err(Error::argument(format!("there is no kind {other} of functions"))),
    }
}
