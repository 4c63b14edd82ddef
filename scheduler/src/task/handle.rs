//! What others hold of a task.

use std::fmt;

use super::record::Ref;
use super::{Outcome, Task};

/// Names a task: to join it, to cancel it, to ask for its outcome. Clones name the same task.
pub struct TaskHandle<T: Task>(pub(crate) Ref<T>);

impl<T: Task> TaskHandle<T> {
    /// How the task ended; `None` while it has not.
    pub fn outcome(&self) -> Option<Outcome<T::Value, T::Fault>> {
        self.0.outcome().cloned()
    }

    /// Has it ended?
    pub fn has_ended(&self) -> bool {
        self.0.has_ended()
    }

    /// Was cancellation requested before the task ended by itself?
    pub fn is_cancelled(&self) -> bool {
        match self.0.outcome() {
            Some(outcome) => outcome.is_cancelled(),
            None => self.0.state.load().is_cancelled(),
        }
    }
}

impl<T: Task> Clone for TaskHandle<T> {
    fn clone(&self) -> Self {
        TaskHandle(self.0.clone())
    }
}

impl<T: Task> PartialEq for TaskHandle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.raw() == other.0.raw()
    }
}

impl<T: Task> Eq for TaskHandle<T> {}

impl<T: Task> fmt::Debug for TaskHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskHandle {{ is_ended: {} }}", self.0.has_ended())
    }
}
