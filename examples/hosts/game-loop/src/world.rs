//! The world of the game: where its guards are, and what they have not heard yet.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Guards. Scripts change them while they run, which is during the game's own call of `turn`.
pub struct World {
    guards: Vec<Mutex<Guard>>,
    /// What is to be said of behaviours that have ended.
    notes: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Guard {
    position: i64,
    steps: u32,
    events: VecDeque<String>,
    /// Who waits for the next event.
    waker: Option<Waker>,
}

impl World {
    /// So many guards, all at the same place.
    pub fn new(guards: usize) -> World {
        World { guards: (0..guards).map(|_| Mutex::default()).collect(), notes: Mutex::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.guards.len()
    }

    /// Where one stands.
    pub fn position(&self, id: usize) -> i64 {
        self.guard(id).position
    }

    /// How often it has walked.
    pub fn steps(&self, id: usize) -> u32 {
        self.guard(id).steps
    }

    /// One of them walks.
    pub fn walk(&self, id: i64, by: i64) -> Result<(), String> {
        let mut guard = self.guard(self.index(id)?);
        guard.position += by;
        guard.steps += 1;
        Ok(())
    }

    /// One of them hears something: the script that waits for it will run in the next turn.
    pub fn tell(&self, id: usize, event: &str) {
        let mut guard = self.guard(id);
        guard.events.push_back(event.to_owned());
        let waker = guard.waker.take();
        drop(guard);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Keeps something to be said.
    pub fn note(&self, text: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What was kept.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What one of them hears next.
    pub async fn next_event(world: Arc<World>, id: i64) -> Result<String, String> {
        let index = world.index(id)?;
        let event = poll_fn(|cx| {
            let mut guard = world.guard(index);
            if let Some(event) = guard.events.pop_front() {
                return Poll::Ready(event);
            }
            guard.waker = Some(cx.waker().clone());
            Poll::Pending
        });
        Ok(event.await)
    }

    fn index(&self, id: i64) -> Result<usize, String> {
        let index = usize::try_from(id).ok().filter(|index| *index < self.len());
        index.ok_or_else(|| format!("there is no guard {id}"))
    }

    fn guard(&self, id: usize) -> MutexGuard<'_, Guard> {
        self.guards[id].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
