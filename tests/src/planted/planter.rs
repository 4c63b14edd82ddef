//! Trees out of numbers.

use super::{Cleanup, Tree, With};

/// Longer than any script takes.
const NEVER: u64 = 60_000;

/// The tree of this number.
#[must_use]
pub fn plant(number: u64) -> Tree {
    Planter { state: number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, resources: 0, faults: true }.tree(5)
}

struct Planter {
    /// Of numbers that look random (xorshift).
    state: u64,
    resources: usize,
    faults: bool,
}

impl Planter {
    fn roll(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % sides
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        let index = self.roll(items.len() as u64);
        items[usize::try_from(index).expect("an index")]
    }

    fn tree(&mut self, depth: u32) -> Tree {
        if depth == 0 { self.leaf() } else { self.branch(depth) }
    }

    fn leaf(&mut self) -> Tree {
        match self.roll(12) {
            0..=2 => Tree::Value(self.value()),
            3 | 4 => Tree::Sleep(self.roll(4), Box::new(Tree::Value(self.value()))),
            5 => Tree::Spin(self.roll(3000), Box::new(Tree::Value(self.value()))),
            6 | 7 => Tree::Fail(100 + self.value()),
            8 | 9 => Tree::Permit(self.roll(3)),
            10 if self.faults && self.roll(4) == 0 => Tree::Fault,
            _ => Tree::Pipe {
                capacity: self.one_of(&[0, 1, 2, 100]),
                senders: 1 + self.roll(3),
                count: 1 + self.roll(5),
            },
        }
    }

    fn branch(&mut self, depth: u32) -> Tree {
        match self.roll(16) {
            0 => self.leaf(),
            1 => Tree::Sleep(self.roll(4), self.inner(depth)),
            2 => Tree::Spin(self.roll(3000), self.inner(depth)),
            3 | 4 => {
                self.resources += 1;
                let kinds = [Cleanup::Plain, Cleanup::Sleeps, Cleanup::Forks, Cleanup::RunsLate, Cleanup::Fails];
                Tree::Hold(self.resources, self.one_of(&kinds), self.inner(depth))
            }
            5..=7 => Tree::Par(self.inner(depth), self.inner(depth)),
            8..=10 => Tree::Race(self.inner(depth), self.inner(depth)),
            11 => Tree::Limit(self.one_of(&[0, 1, 3, NEVER]), self.inner(depth)),
            12 => Tree::Retry(1 + self.roll(2), self.inner(depth)),
            13 => Tree::Rescue(self.inner(depth)),
            14 => Tree::Task(self.one_of(&[With::Join, With::Cancel, With::Leave]), self.inner(depth)),
            _ => {
                let faults = std::mem::replace(&mut self.faults, false);
                let stray = Tree::Stray(self.inner(depth));
                self.faults = faults;
                stray
            }
        }
    }

    fn inner(&mut self, depth: u32) -> Box<Tree> {
        Box::new(self.tree(depth - 1))
    }

    fn value(&mut self) -> i64 {
        self.roll(5).cast_signed()
    }
}
