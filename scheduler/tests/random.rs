//! Random programs: whatever they do, they end, leak nothing, and deliver each message once.
//!
//! `run` (see `toy`) checks after each program that no task, timer or wait is left and that all tasks were dropped.
//! Programs may deadlock; that is found and ends them too. Nothing is said of their results: `semantics.rs` does that.

mod toy;

use aivi_scheduler::{Config, Mode};
use toy::{Op, Program, program, run};

const CHANNELS: &[(usize, usize)] = &[(0, 0), (1, 1), (2, 3)];
const SIMULATED: u64 = 3000;
const REAL: u64 = 400;

/// Pseudo-random choices; the number of a program is its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

struct Writer {
    dice: Dice,
    /// Operations left: bounds the size of a program.
    left: u32,
    message: i64,
    scopes: usize,
}

impl Writer {
    fn block(&mut self, depth: u64, in_cleanup: bool) -> Program {
        let count = self.dice.roll(6);
        program((0..count).map(|_| self.op(depth, in_cleanup)).collect::<Vec<_>>())
    }

    fn op(&mut self, depth: u64, in_cleanup: bool) -> Op {
        if self.left == 0 {
            return Op::Yield;
        }
        self.left -= 1;
        let number = self.dice.roll(4) as usize;
        // Cleanups are masked: an endless wait there would end the run.
        let choices = if in_cleanup {
            9
        } else if depth == 0 {
            22
        } else {
            30
        };
        match self.dice.roll(choices) {
            0 => Op::Work(self.dice.roll(10_000) as u32),
            1 => Op::Yield,
            2 => Op::Sleep(self.dice.roll(4)),
            3 => Op::TrySend(number, self.next_message()),
            4 => Op::TryRecv(number),
            5 => Op::Cancel(number),
            6 => Op::OpenLatch(number),
            7 => Op::Value(3),
            8 => Op::Sleep(0),
            9..=11 => Op::Send(number, self.next_message()),
            12..=14 => Op::Recv(number),
            15 => {
                if self.dice.roll(4) == 0 {
                    Op::Close(number)
                } else {
                    Op::IsCancelled(number)
                }
            }
            16 | 17 => Op::Join(number),
            18 => Op::Fail(1),
            19 => {
                if self.dice.roll(4) == 0 {
                    Op::Fault("bug")
                } else {
                    Op::WaitLatch(number)
                }
            }
            20 => Op::Blocking(1),
            21 => Op::Defer(self.block(0, true)),
            22..=24 => Op::Spawn(number, self.block(depth - 1, in_cleanup)),
            25 => Op::Par(self.block(depth - 1, in_cleanup), self.block(depth - 1, in_cleanup)),
            26 => Op::Race(self.block(depth - 1, in_cleanup), self.block(depth - 1, in_cleanup)),
            27 => Op::Timeout(self.dice.roll(5), self.block(depth - 1, in_cleanup)),
            28 => self.scope(depth),
            _ => self.in_scope(depth),
        }
    }

    fn scope(&mut self, depth: u64) -> Op {
        let number = self.scopes;
        self.scopes += 1;
        let body = self.block(depth - 1, false);
        let with_join = [Op::JoinAll(number)];
        Op::Scope(number, if self.dice.roll(2) == 0 { body } else { body.iter().cloned().chain(with_join).collect() })
    }

    /// A scope that hands itself to a task outside of it, which spawns into it at any time.
    fn in_scope(&mut self, depth: u64) -> Op {
        let number = self.scopes;
        self.scopes += 1;
        let outside = program([Op::SpawnIn(number, 3, self.block(depth - 1, false)), Op::JoinAll(number)]);
        Op::Scope(
            number,
            program([Op::Spawn(2, outside), Op::Sleep(1), Op::SpawnIn(number, 1, self.block(depth - 1, false))]),
        )
    }

    fn next_message(&mut self) -> i64 {
        self.message += 1;
        self.message
    }
}

fn write(seed: u64) -> Program {
    let mut writer =
        Writer { dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), left: 60, message: 0, scopes: 0 };
    program((0..8).map(|_| writer.op(4, false)).collect::<Vec<_>>())
}

fn check(config: Config, seed: u64) {
    let test = run(config, &write(seed), CHANNELS);
    let mut received = test.received;
    let count = received.len();
    received.sort();
    received.dedup();
    assert_eq!(received.len(), count, "a message came twice: program {seed}, {}", test.mode);
}

/// C1 C2 C12 C29
#[test]
fn on_the_simulator() {
    for seed in 0..SIMULATED {
        let mode = Mode::Simulated { seed };
        check(Config { workers: 1, mode, blocking_threads: 1 }, seed);
    }
}

/// C1 C2 C12 C29
#[test]
fn on_real_workers() {
    for seed in 0..REAL {
        for workers in [1, 2, 4] {
            check(Config { workers, mode: Mode::Real, blocking_threads: 2 }, seed);
        }
    }
}
