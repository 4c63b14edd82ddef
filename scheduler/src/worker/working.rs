//! Which runtimes the calling thread works for: a task must not wait for another one by holding its worker.
//!
//! They are several when a task calls into another runtime, for which its thread then works too.

use std::cell::RefCell;

use crate::Task;
use crate::runtime::Shared;
use crate::sync::Arc;

thread_local! {
    /// The addresses of what they share, the innermost last.
    static RUNTIMES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The thread works for a runtime while this lives.
pub struct AtWork;

impl AtWork {
    /// It begins.
    pub fn for_runtime<T: Task>(shared: &Arc<Shared<T>>) -> AtWork {
        RUNTIMES.with_borrow_mut(|runtimes| runtimes.push(Arc::as_ptr(shared).addr()));
        AtWork
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        RUNTIMES.with_borrow_mut(Vec::pop);
    }
}

/// Does the calling thread work for this runtime?
pub fn is_at_work<T: Task>(shared: &Arc<Shared<T>>) -> bool {
    RUNTIMES.with_borrow(|runtimes| runtimes.contains(&Arc::as_ptr(shared).addr()))
}
