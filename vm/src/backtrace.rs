//! The way of an error: the calls that it has left, and from fiber to fiber to the one that sees it.
//!
//! It is noted when an error goes, so success costs nothing. Of a failure that is caught in the frame where it happened
//! nothing is noted; otherwise each frame that it leaves adds its call, the first ones without a further allocation.
//! Nothing catches a fault, so all calls of a fiber are noted at once.

use aivi_scheduler::Place;
use smallvec::SmallVec;

use crate::program::Program;

/// Calls of the fiber where it happened that are listed (arbitrary).
const CALLS_FIRST: usize = 32;

/// Calls of each other fiber (arbitrary).
const CALLS: usize = 8;

/// Fibers; of more, those in the middle are left out (arbitrary).
const FIBERS: usize = 16;

/// The way of an error.
#[derive(Clone, Default)]
pub struct Backtrace {
    /// By fibers, the one where it happened first; the last one is the one where it is.
    passages: SmallVec<[Passage; 1]>,
    omitted: usize,
}

/// Its way through one fiber.
#[derive(Clone, Default)]
pub struct Passage {
    /// Where the calls stood, innermost first.
    pub calls: SmallVec<[Place; 4]>,
    /// How many outer ones there were besides.
    pub omitted: usize,
    /// Where the fiber was started, and where the one that did was, the last few; none for the fiber of `main`.
    pub started_at: SmallVec<[Place; 3]>,
    /// How it came to the next fiber, whose first call says where.
    pub link: Option<Link>,
    /// How many frames the fiber had below the last one that was noted.
    depth: Option<usize>,
}

/// How an error comes from a fiber to the one that waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// It joined the task.
    Join,
    /// It was a side of its `par`.
    Par,
    /// It was one of a list of effects that it ran at once.
    Branch,
    /// It was a side of its race.
    Race,
    /// It was the body of its timeout.
    Timeout,
    /// It was the body of its scope.
    Scope,
    /// It was a task in its scope.
    Member,
}

impl Backtrace {
    /// Its way through fibers, the one where it happened first.
    #[must_use]
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// How many fibers are left out, and behind how many of the others they were.
    #[must_use]
    pub fn omitted(&self) -> (usize, usize) {
        (FIBERS / 2, self.omitted)
    }

    /// Where it happened, as the author of the program knows it: the innermost call outside of the library.
    #[must_use]
    pub fn origin(&self, program: &Program) -> Option<Place> {
        self.passages.first()?.calls.iter().copied().find(|call| program.text_at(*call).is_some())
    }

    /// The error leaves a frame with so many below it, or goes on after a cleanup there.
    pub(crate) fn left(&mut self, place: Place, depth: usize) {
        if self.current().depth.replace(depth) != Some(depth) {
            self.add([place]);
        }
    }

    /// These calls of the fiber where it is, innermost first.
    pub(crate) fn add(&mut self, calls: impl IntoIterator<Item = Place>) {
        let limit = if self.passages.len() > 1 { CALLS } else { CALLS_FIRST };
        let passage = self.current();
        for place in calls {
            if passage.calls.len() < limit { passage.calls.push(place) } else { passage.omitted += 1 }
        }
    }

    /// It has ended the fiber where it is.
    pub(crate) fn ended(&mut self, started_at: impl Iterator<Item = Place>) {
        self.current().started_at = started_at.collect();
    }

    /// The fiber that waited has it now.
    pub(crate) fn passed(&mut self, link: Link) {
        self.current().link = Some(link);
        if self.passages.len() == FIBERS {
            self.passages.remove(FIBERS / 2);
            self.omitted += 1;
        }
        self.passages.push(Passage::default());
    }

    /// Where the fiber stood where it is.
    pub(crate) fn place(&self) -> Option<Place> {
        self.passages.last()?.calls.first().copied()
    }

    fn current(&mut self) -> &mut Passage {
        if self.passages.is_empty() {
            self.passages.push(Passage::default());
        }
        let last = self.passages.len() - 1;
        &mut self.passages[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_way_keeps_its_beginning_and_its_end() {
        let mut trace = Backtrace::default();
        for fiber in 0..100 {
            trace.add((0..50).map(|call| Place(1000 * fiber + call)));
            trace.ended([Place(fiber)].into_iter());
            trace.passed(Link::Par);
        }
        trace.add([Place(1)]);
        let started: Vec<u64> =
            trace.passages().iter().flat_map(|passage| &passage.started_at).map(|at| at.0).collect();
        assert_eq!(started, [0, 1, 2, 3, 4, 5, 6, 7, 93, 94, 95, 96, 97, 98, 99]);
        assert_eq!(trace.omitted(), (8, 85));
        let calls: Vec<(usize, usize)> =
            trace.passages().iter().map(|passage| (passage.calls.len(), passage.omitted)).collect();
        assert_eq!((calls[0], calls[1], calls[15]), ((32, 18), (8, 42), (1, 0)));
    }

    #[test]
    fn a_frame_with_cleanups_is_noted_once() {
        let mut trace = Backtrace::default();
        for (place, depth) in [(7, 2), (8, 2), (9, 2), (3, 1)] {
            trace.left(Place(place), depth);
        }
        assert_eq!(trace.passages()[0].calls[..], [Place(7), Place(3)]);
    }
}
