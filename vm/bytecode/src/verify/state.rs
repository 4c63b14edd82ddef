//! What a frame's registers hold at one place of the code, as far as the code says.
//!
//! Registers that hold the same value share a *token*, which stands for its one reference: consuming it through one of
//! them uses it up for all. Where ways meet, each register is what it is on the worst of them, so states only ever get
//! worse, and the search for them ends.

use crate::operand::Reg;

/// What a register holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    /// Nothing that may be looked at.
    Empty,
    /// A scalar whose tag means nothing.
    Raw,
    /// The bits of a value that was consumed elsewhere: still good if that is a scalar.
    Spent,
    /// A value that those with these tokens own.
    Lent(Vec<u32>),
    /// A value, with its reference.
    Held(u32),
    /// A value that is not counted: a constant or a scalar.
    Plain,
}

impl Cell {
    /// The better, the higher.
    fn rank(&self) -> u8 {
        match self {
            Cell::Empty => 0,
            Cell::Raw => 1,
            Cell::Spent => 2,
            Cell::Lent(_) => 3,
            Cell::Held(_) => 4,
            Cell::Plain => 5,
        }
    }

    /// What stands for the reference that it has.
    fn token(&self) -> Option<u32> {
        match self {
            Cell::Held(token) => Some(*token),
            _ => None,
        }
    }

    /// Whether it has a tag that can be believed.
    pub(super) fn is_tagged(&self) -> bool {
        !matches!(self, Cell::Empty | Cell::Raw)
    }
}

/// What consuming a register asks of the value in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// Nothing: it was the register's own.
    Owned,
    /// That it is a scalar, since it was not.
    Scalar,
    /// There was no value.
    Nothing,
}

/// All registers of a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct State {
    cells: Vec<Cell>,
    /// The next token; of those at the entries of blocks all are below the number of registers.
    next: u32,
}

impl State {
    /// Nothing anywhere.
    pub(super) fn empty(registers: usize) -> State {
        State { cells: vec![Cell::Empty; registers], next: registers as u32 }
    }

    /// How many registers there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn get(&self, reg: Reg) -> &Cell {
        self.cells.get(usize::from(reg.0)).unwrap_or(&Cell::Empty)
    }

    pub(super) fn put(&mut self, reg: Reg, cell: Cell) {
        if let Some(place) = self.cells.get_mut(usize::from(reg.0)) {
            *place = cell;
        }
    }

    /// A new value in a register, which owns it.
    pub(super) fn give(&mut self, reg: Reg) {
        let token = self.next;
        self.next += 1;
        self.put(reg, Cell::Held(token));
    }

    /// Consumes the value of a register. All that hold it or look into it have only its bits afterwards.
    pub(super) fn take(&mut self, reg: Reg) -> Taken {
        match *self.get(reg) {
            Cell::Plain => Taken::Owned,
            Cell::Held(token) => {
                for cell in &mut self.cells {
                    match cell {
                        Cell::Held(other) if *other == token => *cell = Cell::Spent,
                        Cell::Lent(owners) if owners.contains(&token) => *cell = Cell::Spent,
                        _ => {}
                    }
                }
                Taken::Owned
            }
            Cell::Lent(_) | Cell::Spent => Taken::Scalar,
            Cell::Empty | Cell::Raw => Taken::Nothing,
        }
    }

    /// What a register holds that was shown a part of the value in this one.
    pub(super) fn part_of(&self, reg: Reg) -> Cell {
        match self.get(reg) {
            Cell::Held(token) => Cell::Lent(vec![*token]),
            cell => cell.clone(),
        }
    }

    /// Nobody knows what registers from this one on hold.
    pub(super) fn clear_from(&mut self, first: Reg) {
        self.cells.iter_mut().skip(usize::from(first.0)).for_each(|cell| *cell = Cell::Empty);
    }

    /// What is known where this way and another one meet.
    pub(super) fn join(&self, other: &State) -> State {
        let count = self.cells.len();
        let worst = |index: usize| self.cells[index].rank().min(other.cells[index].rank());
        let is_held = |index: usize| worst(index) == 4;
        let mut groups = Groups::new(count);
        // Per way the tokens that still have an owner, in order, and the first register that is one.
        let owners = [self, other].map(|way| {
            let held = way.cells.iter().enumerate().filter(|&(index, _)| is_held(index));
            let mut owners: Vec<(u32, usize)> = held.filter_map(|(index, cell)| Some((cell.token()?, index))).collect();
            owners.sort_unstable();
            for pair in owners.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                groups.unite(pair[0].1, pair[1].1);
            }
            owners
        });
        let mut lenders = |index: usize| {
            let ways = [self, other].into_iter().zip(&owners);
            let mut all: Vec<u32> = ways
                .flat_map(|(way, owners)| {
                    let tokens = match &way.cells[index] {
                        Cell::Held(token) => std::slice::from_ref(token),
                        Cell::Lent(tokens) => tokens,
                        _ => &[],
                    };
                    tokens.iter().filter_map(|token| {
                        let first = owners.partition_point(|owner| owner.0 < *token);
                        owners.get(first).filter(|owner| owner.0 == *token).map(|owner| owner.1)
                    })
                })
                .map(|owner| groups.first(owner) as u32)
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let cells = (0..count)
            .map(|index| match worst(index) {
                0 => Cell::Empty,
                1 => Cell::Raw,
                2 => Cell::Spent,
                3 => Cell::Lent(lenders(index)),
                4 => Cell::Held(u32::MAX),
                _ => Cell::Plain,
            })
            .collect();
        let mut joined = State { cells, next: count as u32 };
        for (index, cell) in joined.cells.iter_mut().enumerate() {
            if let Cell::Held(token) = cell {
                *token = groups.first(index) as u32;
            }
        }
        joined
    }
}

/// Which registers share a token: each set is known by its lowest member.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Groups {
        Groups((0..count).collect())
    }

    fn first(&mut self, index: usize) -> usize {
        let mut first = index;
        while self.0[first] != first {
            self.0[first] = self.0[self.0[first]];
            first = self.0[first];
        }
        first
    }

    fn unite(&mut self, left: usize, right: usize) {
        let (left, right) = (self.first(left), self.first(right));
        self.0[left.max(right)] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(cells: &[Cell]) -> State {
        State { cells: cells.to_vec(), next: 100 }
    }

    #[test]
    fn a_value_is_consumed_once_through_whichever_register() {
        let mut state = state(&[Cell::Held(1), Cell::Held(1), Cell::Lent(vec![1, 2]), Cell::Held(2), Cell::Plain]);
        assert_eq!(state.take(Reg(1)), Taken::Owned);
        assert_eq!(state.cells[..3], [Cell::Spent, Cell::Spent, Cell::Spent]);
        assert_eq!([Reg(0), Reg(3), Reg(4), Reg(4)].map(|reg| state.take(reg)), {
            [Taken::Scalar, Taken::Owned, Taken::Owned, Taken::Owned]
        });
    }

    #[test]
    fn where_ways_meet_registers_are_what_they_are_on_the_worst() {
        let all = [Cell::Empty, Cell::Raw, Cell::Spent, Cell::Lent(vec![]), Cell::Held(0), Cell::Plain];
        for (low, left) in all.iter().enumerate() {
            for right in &all[low..] {
                let (left, right) = (state(std::slice::from_ref(left)), state(std::slice::from_ref(right)));
                assert_eq!(left.join(&right).cells[0], all[low]);
                assert_eq!(right.join(&left).cells[0], all[low]);
            }
        }
    }

    #[test]
    fn registers_that_share_a_value_on_one_way_share_it_behind() {
        let left = state(&[Cell::Held(7), Cell::Held(8), Cell::Held(7)]);
        let right = state(&[Cell::Held(1), Cell::Held(2), Cell::Held(2)]);
        let joined = left.join(&right);
        assert_eq!(joined.cells, [Cell::Held(0), Cell::Held(0), Cell::Held(0)]);
        assert_eq!(joined.join(&left), joined);
    }

    #[test]
    fn what_is_lent_on_one_way_belongs_to_the_owners_of_both() {
        let left = state(&[Cell::Held(5), Cell::Held(6), Cell::Lent(vec![5])]);
        let right = state(&[Cell::Held(3), Cell::Held(4), Cell::Held(4)]);
        assert_eq!(left.join(&right).cells[2], Cell::Lent(vec![0, 1]));
    }
}
