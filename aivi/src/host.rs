//! What a program sees of the process around it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aivi_stdlib::Input;
use aivi_vm::host::LineInput;
use aivi_vm::{Grants, Host, Power};

use crate::engine::Settings;
use crate::output::Output;
use crate::reports::Format;

/// The host of one program.
pub(crate) struct ProcessHost {
    stdout: Output,
    stderr: Output,
    format: Format,
    args: Vec<String>,
    grants: Arc<Grants>,
    /// Variables that the program has set or removed: the process's own are left alone, as other threads read them.
    variables: Mutex<HashMap<String, Option<String>>>,
    /// The process's standard input. Programs that read it at the same time take its lines from each other.
    input: Option<Arc<dyn LineInput>>,
}

impl ProcessHost {
    pub(crate) fn new(settings: &Settings, grants: Arc<Grants>) -> ProcessHost {
        // Nobody who may not read it keeps a descriptor for it.
        let has_input = settings.has_input && grants.permits_all(Power::Input);
        ProcessHost {
            stdout: settings.stdout.clone(),
            stderr: settings.stderr.clone(),
            format: settings.format,
            args: settings.args.clone(),
            grants,
            variables: Mutex::default(),
            input: has_input.then(|| Arc::new(Input::stdin()) as Arc<dyn LineInput>),
        }
    }

    /// The variables. A thread that panicked cannot leave them half changed.
    fn variables(&self) -> MutexGuard<'_, HashMap<String, Option<String>>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for ProcessHost {
    fn write_out(&self, text: &str) -> io::Result<()> {
        self.stdout.write(text.as_bytes())
    }

    fn write_err(&self, text: &str) {
        // In the order in which the program wrote.
        self.stdout.pass_on();
        // Who reads this has gone when it fails.
        let _ = self.stderr.write(text.as_bytes());
        let _ = self.stderr.flush();
    }

    fn warn(&self, text: &str) {
        self.warn_of(text, &[]);
    }

    fn warn_of(&self, text: &str, trace: &[String]) {
        self.write_err(&self.format.warning_of(text, trace));
    }

    fn args(&self) -> Vec<String> {
        self.args.clone()
    }

    fn env(&self, name: &str) -> Option<String> {
        if let Some(own) = self.variables().get(name) {
            return own.clone();
        }
        // `var_os` panics on names that no system can have.
        let possible = !name.is_empty() && !name.contains(['=', '\0']);
        possible.then(|| std::env::var_os(name)).flatten().map(|value| value.to_string_lossy().into_owned())
    }

    fn set_env(&self, name: &str, value: Option<&str>) {
        self.variables().insert(name.to_owned(), value.map(str::to_owned));
    }

    fn grants(&self) -> Arc<Grants> {
        self.grants.clone()
    }

    fn input(&self) -> Option<Arc<dyn LineInput>> {
        self.input.clone()
    }
}
