//! What a record needs only when its task waits for children: made at the first group, and kept for the next ones.

use std::cell::UnsafeCell;

use crate::group::{Group, Kind};
use crate::sync::{GROUP, Lock};
use crate::{GroupEnd, Task};

/// The children of a task, and what came of them.
pub struct Family<T: Task>(UnsafeCell<Option<Box<Members<T>>>>);

struct Members<T: Task> {
    group: Lock<Group<T>, GROUP>,
    /// How the children of the last group ended, until the task asks.
    end: UnsafeCell<Option<GroupEnd<T::Value, T::Fault>>>,
}

// SAFETY of the accesses below: the box is made once, by the running side, before there is a child (`begin`), and
// stays. Others look at it while the task waits for a group, or while the world is stopped: so after that.
impl<T: Task> Family<T> {
    /// No children so far.
    pub fn new() -> Self {
        Family(UnsafeCell::new(None))
    }

    /// Has the task never had children?
    #[inline]
    pub fn is_empty(&mut self) -> bool {
        self.0.get_mut().is_none()
    }

    /// Begins with a new group.
    ///
    /// # Safety
    /// The caller is the running side, and the task has no children.
    pub unsafe fn begin(&self, group: Group<T>) {
        // SAFETY: the caller is the running side, and nobody else looks (above).
        let members = unsafe { &mut *self.0.get() };
        match members {
            Some(members) => *members.group.lock() = group,
            None => {
                let members_of = Members { group: Lock::new(group), end: UnsafeCell::new(None) };
                *members = Some(Box::new(members_of));
            }
        }
    }

    /// The children; `None` if there never were any.
    #[inline]
    pub fn group(&self) -> Option<&Lock<Group<T>, GROUP>> {
        // SAFETY: said above.
        unsafe { &*self.0.get() }.as_ref().map(|members| &members.group)
    }

    /// The kind of the last group.
    pub fn kind(&self) -> Kind {
        self.group().map_or(Kind::Par, |group| group.lock().kind)
    }

    /// What came of the children of the last group.
    ///
    /// # Safety
    /// The caller is the running side, and holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn end(&self) -> Option<&mut Option<GroupEnd<T::Value, T::Fault>>> {
        // SAFETY: said above; the end is the running side's.
        unsafe { (*self.0.get()).as_ref().map(|members| &mut *members.end.get()) }
    }
}
