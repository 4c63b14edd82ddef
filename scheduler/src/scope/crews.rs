//! The crews of one task: nearly always one, rarely more. A chain, so that a task has one word for it.

use std::ptr::NonNull;

use super::{Crew, Scope};
use crate::Task;
use crate::sync::Arc;

/// One crew for each scope into which the task has spawned.
pub struct Crews<T: Task>(Option<Arc<Crew<T>>>);

impl<T: Task> Default for Crews<T> {
    fn default() -> Self {
        Crews(None)
    }
}

impl<T: Task> Crews<T> {
    /// Is there none?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The one in this scope. It lives until it is over, and the next one is added, or until all are taken out.
    #[inline]
    pub fn find(&self, scope: NonNull<Scope<T>>) -> Option<NonNull<Crew<T>>> {
        let first = self.0.as_ref()?;
        let is_wanted = |crew: &Crew<T>| NonNull::from(&**crew.scope()) == scope;
        match is_wanted(first) {
            true => Some(NonNull::from(&**first)),
            false => after(first).find(|crew| is_wanted(crew)).map(|crew| NonNull::from(&*crew)),
        }
    }

    /// Calls `visit` for each.
    pub fn each(&self, mut visit: impl FnMut(&Crew<T>)) {
        if let Some(first) = &self.0 {
            visit(first);
            after(first).for_each(|crew| visit(&crew));
        }
    }

    /// Adds one, and forgets those whose scope has ended.
    pub fn push(&mut self, crew: Arc<Crew<T>>) {
        let mut kept = Vec::new();
        self.take_each(|other| {
            if !other.is_over() {
                kept.push(other);
            }
        });
        kept.push(crew);
        while let Some(crew) = kept.pop() {
            crew.set_next(self.0.take());
            self.0 = Some(crew);
        }
    }

    /// Takes them all out.
    pub fn take_each(&mut self, mut take: impl FnMut(Arc<Crew<T>>)) {
        let mut next = self.0.take();
        while let Some(crew) = next {
            next = crew.set_next(None);
            take(crew);
        }
    }
}

impl<T: Task> Drop for Crews<T> {
    /// One after the other: a chain that drops itself would use the stack.
    fn drop(&mut self) {
        self.take_each(drop);
    }
}

/// Those behind this one.
fn after<T: Task>(first: &Crew<T>) -> impl Iterator<Item = Arc<Crew<T>>> {
    std::iter::successors(first.next(), |crew| crew.next())
}
