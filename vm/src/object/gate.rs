//! Gates: permits, and the line of those who wait for them. What semaphores are made of.
//!
//! A gate wakes nobody and waits for nothing. Who does not get in leaves the sending end of a channel, its *door*, and waits at the other end; who gives permits
//! back is handed the doors of those who may come in by that, and closes them. So waits, cancellation and the search for fibers that wait for ever are those of
//! channels.
//!
//! Visitors come in in the order of coming: nobody overtakes, not even who wants fewer permits. One who gives up stays in the line without a door until its turn would have
//! come, or until most in the line have given up.

use std::collections::VecDeque;

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::{Payload, Shared, Trace, Tracer};
use crate::value::{Kind, Value};

/// Permits, and who waits for some. The lock is held for a few steps, never while a value is freed.
pub struct Gate(Mutex<Line>);

struct Line {
    free: i64,
    /// The number of the next who has to wait.
    next: i64,
    /// By number.
    waiting: VecDeque<Visitor>,
    /// How many of them have given up.
    gone: usize,
}

struct Visitor {
    number: i64,
    wants: i64,
    /// Closed when it may come in; none if it has given up.
    door: Option<Shared>,
}

/// The doors of those who may come in: mostly one.
pub type Doors = SmallVec<[Value; 1]>;

impl Gate {
    /// A gate with so many permits, as a value.
    #[must_use]
    pub fn make(permits: i64) -> Value {
        Value::payload_of(Gate(Mutex::new(Line { free: permits, next: 0, waiting: VecDeque::new(), gone: 0 })))
    }

    /// How many permits nobody has.
    #[must_use]
    pub fn free(&self) -> i64 {
        self.0.lock().free
    }

    /// Takes so many permits, if nobody waits and as many are free.
    #[inline]
    pub fn enter(&self, wants: i64) -> bool {
        self.0.lock().enter(wants)
    }

    /// Takes the permits if they are free by now; otherwise the visitor stands in the line with this number.
    pub fn line_up(&self, wants: i64, door: Value) -> Option<i64> {
        let door = door.share();
        let mut line = self.0.lock();
        if line.enter(wants) {
            drop(line);
            drop(door);
            return None;
        }
        let number = line.next;
        line.next += 1;
        line.waiting.push_back(Visitor { number, wants, door: Some(door) });
        Some(number)
    }

    /// Gives permits back, if nobody waits.
    #[inline]
    pub fn give_back(&self, wants: i64) -> bool {
        let mut line = self.0.lock();
        let is_quiet = line.waiting.is_empty();
        if is_quiet {
            line.free += wants;
        }
        is_quiet
    }

    /// A visitor leaves that wanted so many permits: the line, if it stands there with this number, or else with its permits. The doors are the caller's to close.
    #[must_use = "who waits behind these doors may come in"]
    pub fn leave(&self, wants: i64, number: Option<i64>) -> Doors {
        let mut line = self.0.lock();
        let place = number.and_then(|number| line.waiting.binary_search_by_key(&number, |visitor| visitor.number).ok());
        let mut given_up = None;
        match place {
            Some(place) => {
                given_up = line.waiting[place].door.take();
                line.gone += 1;
            }
            None => line.free += wants,
        }
        let doors = line.let_in();
        line.close_up();
        drop(line);
        drop(given_up);
        doors
    }
}

impl Line {
    fn enter(&mut self, wants: i64) -> bool {
        let may_enter = self.waiting.is_empty() && wants <= self.free;
        if may_enter {
            self.free -= wants;
        }
        may_enter
    }

    /// Lets in who waits longest, as long as there are permits.
    fn let_in(&mut self) -> Doors {
        let mut doors = Doors::new();
        while let Some(first) = self.waiting.front_mut() {
            match first.door.take() {
                None => self.gone -= 1,
                Some(door) if first.wants <= self.free => {
                    self.free -= first.wants;
                    doors.push(door.into_value());
                }
                door => {
                    first.door = door;
                    break;
                }
            }
            self.waiting.pop_front();
        }
        doors
    }

    /// When most have given up, the others close up.
    fn close_up(&mut self) {
        if 2 * self.gone > self.waiting.len() {
            self.waiting.retain(|visitor| visitor.door.is_some());
            self.gone = 0;
        }
    }
}

impl Trace for Gate {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // As in a cell: doors are shared already, and in the search for fibers that wait for ever nobody has the lock.
        if !tracer.is_sharing()
            && let Some(line) = self.0.try_lock()
        {
            line.waiting.iter().flat_map(|visitor| &visitor.door).for_each(|door| tracer.value(door.value()));
        }
    }
}

// SAFETY: the only payload of this kind, which is of the payload family.
unsafe impl Payload for Gate {
    const KIND: Kind = Kind::Gate;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A gate with `permits`, of which everything that is let in is noted by its door, here a number.
    struct Scene(Value);

    impl Scene {
        fn new(permits: i64) -> Scene {
            Scene(Gate::make(permits))
        }

        fn gate(&self) -> &Gate {
            self.0.payload().expect("a gate")
        }

        fn stand(&self, wants: i64, door: i64) -> i64 {
            self.gate().line_up(wants, Value::int(door)).expect("it has to wait")
        }

        fn leave(&self, wants: i64, number: Option<i64>) -> Vec<i64> {
            self.gate().leave(wants, number).iter().filter_map(Value::as_int).collect()
        }
    }

    #[test]
    fn permits_are_taken_and_given_back() {
        let scene = Scene::new(3);
        assert!(scene.gate().enter(2));
        assert!(!scene.gate().enter(2));
        assert!(scene.gate().enter(1));
        assert!(scene.gate().give_back(2));
        assert_eq!(scene.gate().free(), 2);
        assert_eq!(scene.gate().line_up(2, Value::int(0)), None, "they are free by now");
    }

    #[test]
    fn nobody_overtakes() {
        let scene = Scene::new(3);
        assert!(scene.gate().enter(2));
        scene.stand(2, 10);
        assert!(!scene.gate().enter(1), "somebody waits");
        scene.stand(1, 11);
        scene.stand(1, 12);
        assert!(!scene.gate().give_back(2), "somebody waits");
        assert_eq!(scene.leave(2, None), [10, 11]);
        assert_eq!(scene.gate().free(), 0);
        assert_eq!(scene.leave(1, None), [12]);
    }

    #[test]
    fn who_gives_up_leaves_its_place() {
        let scene = Scene::new(1);
        assert!(scene.gate().enter(1));
        let first = scene.stand(1, 10);
        scene.stand(1, 11);
        assert_eq!(scene.leave(1, Some(first)), []);
        assert_eq!(scene.gate().free(), 0, "it had no permit");
        assert_eq!(scene.leave(1, None), [11]);
        assert!(scene.gate().give_back(1));
    }

    #[test]
    fn who_stood_in_front_lets_others_in_by_giving_up() {
        let scene = Scene::new(2);
        assert!(scene.gate().enter(1));
        let first = scene.stand(2, 10);
        scene.stand(1, 11);
        assert_eq!(scene.leave(2, Some(first)), [11]);
    }

    #[test]
    fn who_was_let_in_before_it_gave_up_gives_its_permits_back() {
        let scene = Scene::new(1);
        assert!(scene.gate().enter(1));
        let number = scene.stand(1, 10);
        assert_eq!(scene.leave(1, None), [10]);
        assert_eq!(scene.leave(1, Some(number)), []);
        assert_eq!(scene.gate().free(), 1);
    }

    #[test]
    fn the_line_takes_no_more_room_than_twice_those_who_wait() {
        let scene = Scene::new(1);
        assert!(scene.gate().enter(1));
        scene.stand(1, -1);
        for door in 0..1000 {
            let number = scene.stand(1, door);
            assert_eq!(scene.leave(1, Some(number)), []);
            assert!(scene.gate().0.lock().waiting.len() <= 3);
        }
        assert_eq!(scene.leave(1, None), [-1]);
    }

    /// What visitors do: come, wanting so many permits, or leave, the one of those who came that the number picks.
    fn steps() -> impl Strategy<Value = Vec<Result<i64, prop::sample::Index>>> {
        let step = prop_oneof![(0..4_i64).prop_map(Ok), any::<prop::sample::Index>().prop_map(Err)];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        /// Beside the rule in its plainest form: a list of all who are there, of whom the first that fit are inside.
        #[test]
        fn a_gate_keeps_the_rule(steps in steps()) {
            const PERMITS: i64 = 4;
            let scene = Scene::new(PERMITS);
            // Door, permits, number in the line, is inside.
            let mut visitors: Vec<(i64, i64, Option<i64>, bool)> = Vec::new();
            for (door, step) in (0..).zip(steps) {
                let taken = |visitors: &[(i64, i64, Option<i64>, bool)]| -> i64 {
                    visitors.iter().filter(|visitor| visitor.3).map(|visitor| visitor.1).sum()
                };
                match step {
                    Ok(wants) => {
                        let fits = visitors.iter().all(|visitor| visitor.3) && taken(&visitors) + wants <= PERMITS;
                        let number = scene.gate().line_up(wants, Value::int(door));
                        prop_assert_eq!(number.is_none(), fits);
                        visitors.push((door, wants, number, fits));
                    }
                    Err(index) if !visitors.is_empty() => {
                        let (_, wants, number, _) = visitors.remove(index.index(visitors.len()));
                        let mut let_in = Vec::new();
                        for at in 0..visitors.len() {
                            if visitors[at].3 {
                                continue;
                            }
                            if taken(&visitors) + visitors[at].1 > PERMITS {
                                break;
                            }
                            visitors[at].3 = true;
                            let_in.push(visitors[at].0);
                        }
                        prop_assert_eq!(scene.leave(wants, number), let_in);
                    }
                    Err(_) => {}
                }
                prop_assert_eq!(scene.gate().free(), PERMITS - taken(&visitors));
            }
        }
    }
}
