//! Random programs with a sequential model: trees of which can be said, without running them, how they may end.

use std::collections::BTreeSet;

use aivi_scheduler::{Config, Outcome};

use super::{CANCELLED, End, Op, Program, TIMED_OUT, program, run};

/// Pipelines take numbers from here on; those below are for nobody else.
const CHANNELS: usize = 1000;

/// Longer than any program takes.
const NEVER: u64 = 50_000_000;

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// A program and its model.
pub enum Tree {
    Value(i64),
    Fail(i64),
    Sleep(u64, Box<Tree>),
    Work(u32, Box<Tree>),
    /// Something held meanwhile.
    Hold(Box<Tree>),
    Par(Box<Tree>, Box<Tree>),
    Race(Box<Tree>, Box<Tree>),
    /// A limit that passes or not.
    Limit(u64, Box<Tree>),
    /// A task by this number in a scope; what the body does with it.
    Task(usize, With, Box<Tree>),
    /// So many messages through a channel of this number; the last one is the value.
    Pipe(usize, i64),
}

#[derive(Clone, Copy)]
pub enum With {
    Join,
    Cancel,
    /// It ends with the scope.
    Leave,
}

struct Planter {
    dice: Dice,
    tasks: usize,
    pipes: usize,
}

impl Planter {
    fn tree(&mut self, depth: u32) -> Tree {
        let kinds = if depth == 0 { 5 } else { 14 };
        match self.dice.roll(kinds) {
            0 => Tree::Value(self.dice.roll(5) as i64),
            1 => Tree::Work(self.dice.roll(12) as u32, Box::new(Tree::Value(self.dice.roll(5) as i64))),
            2 => Tree::Fail(100 + self.dice.roll(3) as i64),
            3 => Tree::Sleep(self.dice.roll(4), Box::new(Tree::Value(self.dice.roll(5) as i64))),
            4 => {
                self.pipes += 1;
                Tree::Pipe(CHANNELS + self.pipes, 1 + self.dice.roll(4) as i64)
            }
            5 => Tree::Sleep(self.dice.roll(4), self.inner(depth)),
            6 => Tree::Work(self.dice.roll(12) as u32, self.inner(depth)),
            7 => Tree::Hold(self.inner(depth)),
            8 | 9 => Tree::Par(self.inner(depth), self.inner(depth)),
            10 | 11 => Tree::Race(self.inner(depth), self.inner(depth)),
            12 => Tree::Limit([1, 3, NEVER][self.dice.roll(3) as usize], self.inner(depth)),
            _ => {
                self.tasks += 1;
                let with = [With::Join, With::Cancel, With::Leave][self.dice.roll(3) as usize];
                Tree::Task(self.tasks, with, self.inner(depth))
            }
        }
    }

    fn inner(&mut self, depth: u32) -> Box<Tree> {
        Box::new(self.tree(depth - 1))
    }
}

impl Tree {
    pub fn code(&self) -> Program {
        match self {
            Tree::Value(value) => program([Op::Value(*value)]),
            Tree::Fail(value) => program([Op::Fail(*value)]),
            Tree::Sleep(units, inner) => behind(Op::Sleep(*units), inner),
            Tree::Work(slices, inner) => behind(Op::Compute(*slices), inner),
            Tree::Hold(inner) => behind(Op::Hold, inner),
            Tree::Par(left, right) => program([Op::Par(left.code(), right.code())]),
            Tree::Race(left, right) => program([Op::Race(left.code(), right.code())]),
            Tree::Limit(units, inner) => program([Op::Timeout(*units, inner.code())]),
            Tree::Task(task, with, inner) => {
                let spawn = Op::Spawn(*task, inner.code());
                let body = match with {
                    With::Join => program([spawn, Op::Join(*task)]),
                    With::Cancel => program([spawn, Op::Cancel(*task), Op::Join(*task)]),
                    With::Leave => program([spawn, Op::Yield, Op::Value(7)]),
                };
                program([Op::Scope(*task, body)])
            }
            Tree::Pipe(channel, count) => {
                let sends = program((1..=*count).map(|number| Op::Send(*channel, unique(*channel, number))));
                let receives = program((1..=*count).map(|_| Op::Recv(*channel)).chain([Op::LastOf(*channel as i64)]));
                program([Op::Par(sends.iter().cloned().chain([Op::Value(0)]).collect(), receives)])
            }
        }
    }

    /// The ends that it may have.
    pub fn ends(&self) -> BTreeSet<Ended> {
        match self {
            Tree::Value(value) => BTreeSet::from([Ended::Done(*value)]),
            Tree::Fail(value) => BTreeSet::from([Ended::Failed(*value)]),
            Tree::Sleep(_, inner) | Tree::Work(_, inner) | Tree::Hold(inner) => inner.ends(),
            Tree::Par(left, right) => {
                let (left, right) = (left.ends(), right.ends());
                let failures = left.iter().chain(&right).filter(|end| matches!(end, Ended::Failed(_))).copied();
                let mut ends: BTreeSet<Ended> = failures.collect();
                for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
                    if let (Ended::Done(a), Ended::Done(b)) = (a, b) {
                        ends.insert(Ended::Done(a + b));
                    }
                }
                ends
            }
            Tree::Race(left, right) => left.ends().into_iter().chain(right.ends()).collect(),
            Tree::Limit(units, inner) => {
                let mut ends = inner.ends();
                if *units < NEVER {
                    ends.insert(Ended::Done(TIMED_OUT));
                }
                ends
            }
            Tree::Task(_, With::Leave, _) => BTreeSet::from([Ended::Done(7)]),
            Tree::Task(_, with, inner) => {
                let joined = |end| match end {
                    Ended::Done(value) => Ended::Done(value),
                    Ended::Failed(value) => Ended::Done(-value),
                };
                let mut ends: BTreeSet<Ended> = inner.ends().into_iter().map(joined).collect();
                if matches!(with, With::Cancel) {
                    ends.insert(Ended::Done(CANCELLED));
                }
                ends
            }
            Tree::Pipe(_, count) => BTreeSet::from([Ended::Done(*count)]),
        }
    }
}

fn behind(first: Op, inner: &Tree) -> Program {
    std::iter::once(first).chain(inner.code().iter().cloned()).collect()
}

/// Messages differ, so that one that comes twice is seen.
fn unique(channel: usize, number: i64) -> i64 {
    channel as i64 * 1000 + number
}

/// How a program may end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ended {
    Done(i64),
    Failed(i64),
}

impl Ended {
    fn of(end: &End) -> Option<Ended> {
        match end {
            Outcome::Done(value) => Some(Ended::Done(*value)),
            Outcome::Failed(value) => Some(Ended::Failed(*value)),
            _ => None,
        }
    }
}

pub fn plant(number: u64) -> Tree {
    let dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    Planter { dice, tasks: 0, pipes: 0 }.tree(5)
}

/// Runs a program and compares its end with the model. Gives how many tasks went from one worker to another.
pub fn check(number: u64, config: Config) -> u64 {
    let tree = plant(number);
    let test = run(config, &tree.code(), &[]);
    let ends = tree.ends();
    let is_allowed = Ended::of(&test.end).is_some_and(|end| ends.contains(&end));
    assert!(is_allowed, "program {number} in {}: {:?} is none of {ends:?}", test.mode, test.end);
    let mut received = test.received;
    let count = received.len();
    received.sort_unstable();
    received.dedup();
    assert_eq!(received.len(), count, "program {number} in {}: a message came twice", test.mode);
    test.stats.steals
}
