//! The crews of one task: nearly always one, rarely more, so kept in two words.

use super::Crew;
use crate::Task;
use crate::sync::Arc;

/// One crew for each scope into which the task has spawned.
pub struct Crews<T: Task> {
    first: Option<Arc<Crew<T>>>,
    /// One word in every task for what few need.
    #[allow(clippy::box_collection)]
    others: Option<Box<Vec<Arc<Crew<T>>>>>,
}

impl<T: Task> Default for Crews<T> {
    fn default() -> Self {
        Crews { first: None, others: None }
    }
}

impl<T: Task> Crews<T> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Crew<T>>> {
        self.first.iter().chain(self.others.iter().flat_map(|others| others.iter()))
    }

    /// Adds one, and forgets those whose scope has ended.
    pub fn push(&mut self, crew: Arc<Crew<T>>) {
        if let Some(others) = &mut self.others {
            others.retain(|crew| !crew.is_over());
        }
        match &self.first {
            Some(first) if !first.is_over() => self.others.get_or_insert_default().push(crew),
            _ => self.first = Some(crew),
        }
    }

    /// Takes them all out.
    pub fn take_each(&mut self, mut take: impl FnMut(Arc<Crew<T>>)) {
        if let Some(first) = self.first.take() {
            take(first);
            self.others.take().into_iter().flat_map(|others| *others).for_each(take);
        }
    }
}
