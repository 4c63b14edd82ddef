//! What is left of programs that are gone, until no worker can have anything of theirs in hand (decision 0024).

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aivi_scheduler::{Passes, Runtime, Watcher};
use aivi_vm::{Program, Remains, Strand};

/// The remains of an engine's programs.
#[derive(Default)]
pub(crate) struct Graveyard {
    /// Whose workers they are; nobody's until there is a call that needs one.
    workers: OnceLock<Watcher<Strand>>,
    buried: Mutex<Vec<Buried>>,
}

struct Buried {
    /// Where the workers stood.
    passes: Option<Passes<Strand>>,
    remains: Remains,
}

impl Graveyard {
    /// From here on these workers run programs.
    pub(crate) fn watch(&self, runtime: &Runtime<Strand>) {
        _ = self.workers.set(runtime.watcher());
    }

    /// Will have what is left of a program.
    pub(crate) fn expect(self: &Arc<Self>, program: &Program) {
        let graveyard = self.clone();
        program.bury_with(Box::new(move |remains| graveyard.bury(remains)));
    }

    fn bury(&self, remains: Remains) {
        // Not of the runtime: while that ends, its workers do what they always do.
        let passes = self.workers.get().and_then(Watcher::passes);
        self.buried().push(Buried { passes, remains });
        self.sweep();
    }

    /// Frees those that nobody can have anything of. Called when a program comes or goes, so there are few of them.
    pub(crate) fn sweep(&self) {
        let is_over = |buried: &mut Buried| buried.passes.as_ref().is_none_or(Passes::are_over);
        let gone: Vec<Buried> = self.buried().extract_if(.., is_over).collect();
        // Without the lock: values of the host may be among the constants.
        gone.into_iter().for_each(|buried| drop(buried.remains));
    }

    fn buried(&self) -> MutexGuard<'_, Vec<Buried>> {
        self.buried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Graveyard {
    /// The programs hold it, so all are buried. If the engine goes in the middle of a turn, what cannot be freed yet
    /// never is.
    fn drop(&mut self) {
        self.sweep();
        self.buried().drain(..).for_each(|buried| std::mem::forget(buried.remains));
    }
}
