//! Scripts that were compiled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aivi::{Engine, Script};

use crate::answer::Answer;

/// So many scripts are kept; then all are forgotten (arbitrary).
const KEPT: usize = 256;

/// Scripts by their sources.
pub struct Scripts {
    engine: Engine,
    compiled: Mutex<HashMap<String, Script>>,
}

impl Scripts {
    /// None yet.
    pub fn new(engine: Engine) -> Scripts {
        Scripts { engine, compiled: Mutex::default() }
    }

    /// The script, compiled now or before.
    pub async fn get(self: &Arc<Self>, source: String) -> Result<Script, Answer> {
        if let Some(script) = self.compiled().get(&source) {
            return Ok(script.clone());
        }
        let scripts = self.clone();
        let compiled = tokio::task::spawn_blocking(move || {
            let script = scripts.engine.compile("script.aivi", &source)?;
            let mut compiled = scripts.compiled();
            if compiled.len() >= KEPT {
                compiled.clear();
            }
            Ok::<_, aivi::CompileError>(compiled.entry(source).or_insert(script).clone())
        });
        match compiled.await {
            Ok(Ok(script)) => Ok(script),
            Ok(Err(error)) => Err(Answer::Incorrect(error.to_string())),
            Err(error) => Err(Answer::Faulty(error.to_string())),
        }
    }

    fn compiled(&self) -> std::sync::MutexGuard<'_, HashMap<String, Script>> {
        // Whoever panicked has left it as it was.
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
