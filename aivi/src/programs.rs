//! The programs of an engine, and whose a place is.
//!
//! All fibers of an engine live in one scheduler, whatever program they run, and what that tells of them names places.
//! So each program has numbers of its own for its places (`Program::link`). There are four thousand million of them, a
//! program takes one for each function; when they have all been given, those of programs that are gone are given again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aivi_bytecode::module::Line;
use aivi_scheduler::Place;
use aivi_vm::{Code, LoadError, Natives, Program};

use crate::graveyard::Graveyard;

/// The programs.
#[derive(Default)]
pub(crate) struct Programs {
    numbers: Mutex<Numbers>,
    graveyard: Arc<Graveyard>,
}

#[derive(Default)]
struct Numbers {
    /// By the first number of each: one past its last, and itself. Those that are gone are removed when it has doubled.
    given: BTreeMap<u32, (u32, Weak<Program>)>,
    sweep_at: usize,
    next: u32,
}

/// Fewer programs than this are not worth a sweep (arbitrary).
const SWEEP_MIN: usize = 64;

impl Programs {
    /// Makes a program of this engine.
    pub(crate) fn link(&self, code: Arc<Code>, natives: &Natives) -> Result<Arc<Program>, LoadError> {
        let count = code.module().protos.len();
        let too_large = || LoadError::Invalid("there are too many functions".to_owned());
        let base = u32::try_from(count).ok().and_then(|count| self.numbers().give(count)).ok_or_else(too_large)?;
        let loaded = Program::link(base, code, natives);
        self.graveyard.sweep();
        loaded.iter().for_each(|program| self.graveyard.expect(program));
        let given = &mut self.numbers().given;
        match (&loaded, given.get_mut(&base)) {
            (Ok(program), Some((_, owner))) => *owner = Arc::downgrade(program),
            _ => _ = given.remove(&base),
        }
        loaded
    }

    /// The program that a place is in, while it is there.
    pub(crate) fn of(&self, place: Place) -> Option<Arc<Program>> {
        let numbers = self.numbers();
        let (_, (_, program)) = numbers.given.range(..=(place.0 >> 32) as u32).next_back()?;
        program.upgrade().filter(|program| program.has_place(place))
    }

    /// A place in words.
    pub(crate) fn describe(&self, place: Place) -> String {
        self.of(place).map_or_else(String::new, |program| program.describe(place))
    }

    /// Where in a source a place is.
    pub(crate) fn locate(&self, place: Place) -> Option<Line> {
        self.of(place)?.locate(place)
    }

    /// The text of the line at a place, if that can be shown.
    pub(crate) fn text_at(&self, place: Place) -> Option<String> {
        self.of(place)?.text_at(place).map(str::to_owned)
    }

    /// The name of the function at a place.
    pub(crate) fn name_at(&self, place: Place) -> String {
        self.of(place).map_or_else(String::new, |program| program.name_at(place).to_owned())
    }

    /// May a fiber of some program ask another one to end, through its handle?
    pub(crate) fn cancel_tasks(&self) -> bool {
        self.numbers()
            .given
            .values()
            .filter_map(|(_, program)| program.upgrade())
            .any(|program| program.cancels_tasks())
    }

    /// What is left of those that are gone.
    pub(crate) fn graveyard(&self) -> &Graveyard {
        &self.graveyard
    }

    /// The numbers. A thread that panicked cannot leave them half changed.
    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Numbers {
    /// Gives so many numbers in a row, and says which is the first.
    fn give(&mut self, count: u32) -> Option<u32> {
        if self.given.len() >= self.sweep_at {
            // One that is being loaded has no owner yet.
            self.given.retain(|_, (_, program)| program.ptr_eq(&Weak::new()) || program.strong_count() > 0);
            self.sweep_at = (self.given.len() * 2).max(SWEEP_MIN);
        }
        let first = self.find(self.next, count).or_else(|| self.find(0, count))?;
        self.next = first + count;
        self.given.insert(first, (self.next, Weak::new()));
        Some(first)
    }

    /// The first of so many numbers, from `from` on, that nobody has. The last number is that of no place.
    fn find(&self, mut from: u32, count: u32) -> Option<u32> {
        let before = self.given.range(..=from).next_back().map_or(0, |(_, (end, _))| *end);
        from = from.max(before);
        for (first, (end, _)) in self.given.range(from..) {
            if first - from >= count {
                break;
            }
            from = *end;
        }
        from.checked_add(count).is_some_and(|end| end < u32::MAX).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again_when_they_have_all_been_given() {
        let mut numbers = Numbers::default();
        assert_eq!([numbers.give(10), numbers.give(5), numbers.give(7)], [Some(0), Some(10), Some(15)]);
        numbers.next = u32::MAX - 20;
        assert_eq!(numbers.give(15), Some(u32::MAX - 20));
        numbers.given.remove(&10);
        assert_eq!(numbers.give(6), Some(22), "five are not enough");
        numbers.next = u32::MAX;
        assert_eq!(numbers.give(5), Some(10));
        assert_eq!(numbers.give(u32::MAX), None);
    }
}
