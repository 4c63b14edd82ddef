//! What a call may use, and which limit it has reached.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::Place;

/// What a call, or all calls of an engine together, may use. Without end unless said otherwise, but for the depth of
/// calls.
///
/// When something is used up, the call is cancelled: its cleanups run, with the fuel, the memory and the time that
/// `cleanup_*` give them on top. When that is used up as well, the call is stopped as it stands, and what its cleanups
/// left undone is reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Frames of a fiber; a call beyond is the fault "stack exhausted".
    pub frames: usize,
    /// Registers of a fiber (16 bytes each), likewise.
    pub registers: usize,
    /// Fuel: a call of a function or a turn of a loop is one, and native functions charge by the length of what they
    /// work on.
    pub fuel: u64,
    /// Bytes in use at the same time: values, fibers, and messages in channels. What a host is given of a value may
    /// take as much, or what other calls leave of a limit that they share; it is not counted as in use, as it is the
    /// host's.
    pub memory: u64,
    /// From the beginning of the call, by the engine's clock.
    pub time: Duration,
    /// Fibers that live at the same time. A call has at least one, which counts from its first turn on; others count
    /// from when they are started.
    pub fibers: u64,
    /// Messages that stand in channels at the same time; a bounded channel may not have room for more.
    pub messages: u64,
    /// Bytes that are written to standard output and standard error.
    pub output: u64,
    /// Fuel for cleanups, after a limit was reached.
    pub cleanup_fuel: u64,
    /// Memory for cleanups, likewise.
    pub cleanup_memory: u64,
    /// Time for cleanups, likewise.
    pub cleanup_time: Duration,
}

/// A limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Limit {
    /// `Limits::fuel`
    Fuel,
    /// `Limits::memory`, in bytes.
    Memory,
    /// `Limits::time`, in milliseconds.
    Time,
    /// `Limits::fibers`
    Fibers,
    /// `Limits::messages`
    Messages,
    /// `Limits::output`, in bytes.
    Output,
}

/// Whose limit it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Level {
    /// That of a part of a call: what the script itself has said.
    Scope,
    /// That of one call.
    Call,
    /// That of the budget of this name, for all calls within it together.
    Budget(Arc<str>),
    /// The engine's, for all calls together.
    Engine,
}

/// A limit that was reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reached {
    /// Which.
    pub limit: Limit,
    /// Whose.
    pub level: Level,
    /// How much was allowed.
    pub allowed: u64,
    /// How much would have been used, or was.
    pub used: u64,
    /// Where the fiber stood that reached it; nowhere for a time that was up while all waited.
    pub place: Place,
}

impl Limits {
    /// A million frames, as the language promises at least a tenth of it, with 16 registers for each (256 MiB);
    /// everything else without end. Cleanups after a limit have a quarter of a million units of fuel, a megabyte, and a
    /// tenth of a second.
    #[must_use]
    pub const fn none() -> Limits {
        Limits {
            frames: 1_000_000,
            registers: 16_000_000,
            fuel: u64::MAX,
            memory: u64::MAX,
            time: Duration::MAX,
            fibers: u64::MAX,
            messages: u64::MAX,
            output: u64::MAX,
            cleanup_fuel: 1 << 18,
            cleanup_memory: 1 << 20,
            cleanup_time: Duration::from_millis(100),
        }
    }

    /// The same with another limit of fuel.
    #[must_use]
    pub const fn fuel(self, fuel: u64) -> Limits {
        Limits { fuel, ..self }
    }

    /// The same with another limit of memory.
    #[must_use]
    pub const fn memory(self, memory: u64) -> Limits {
        Limits { memory, ..self }
    }

    /// The same with another limit of time.
    #[must_use]
    pub const fn time(self, time: Duration) -> Limits {
        Limits { time, ..self }
    }

    /// The same with another limit of fibers.
    #[must_use]
    pub const fn fibers(self, fibers: u64) -> Limits {
        Limits { fibers, ..self }
    }

    /// The same with another limit of messages.
    #[must_use]
    pub const fn messages(self, messages: u64) -> Limits {
        Limits { messages, ..self }
    }

    /// The same with another limit of output.
    #[must_use]
    pub const fn output(self, output: u64) -> Limits {
        Limits { output, ..self }
    }

    /// The same with another depth of calls.
    #[must_use]
    pub const fn frames(self, frames: usize) -> Limits {
        Limits { frames, ..self }
    }

    /// The same with another number of registers.
    #[must_use]
    pub const fn registers(self, registers: usize) -> Limits {
        Limits { registers, ..self }
    }

    /// The same with other reserves for cleanups.
    #[must_use]
    pub const fn cleanups(self, fuel: u64, memory: u64, time: Duration) -> Limits {
        Limits { cleanup_fuel: fuel, cleanup_memory: memory, cleanup_time: time, ..self }
    }

    /// What a part of a call may be bounded in.
    pub const PARTS: [Limit; 5] = [Limit::Fuel, Limit::Memory, Limit::Fibers, Limit::Messages, Limit::Output];

    /// Whether anything has to be counted.
    #[must_use]
    pub const fn is_metered(&self) -> bool {
        let counts = [self.fuel, self.memory, self.fibers, self.messages, self.output];
        let mut index = 0;
        while index < counts.len() {
            if counts[index] != u64::MAX {
                return true;
            }
            index += 1;
        }
        self.time.as_nanos() != Duration::MAX.as_nanos()
    }

    /// How much of this there may be.
    #[must_use]
    pub fn of(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Fuel => self.fuel,
            Limit::Memory => self.memory,
            Limit::Time => u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            Limit::Fibers => self.fibers,
            Limit::Messages => self.messages,
            Limit::Output => self.output,
        }
    }
}

impl Default for Limits {
    /// `Limits::none`
    fn default() -> Limits {
        Limits::none()
    }
}

impl Reached {
    /// The sentence for it.
    #[must_use]
    pub fn text(&self) -> String {
        let Reached { limit, level, allowed, used, .. } = self;
        let whose = match level {
            Level::Call => String::new(),
            Level::Scope => " of the scope".to_owned(),
            Level::Budget(name) => format!(" of the budget '{name}'"),
            Level::Engine => " of the engine".to_owned(),
        };
        match limit {
            Limit::Fuel => format!("fuel limit{whose} of {allowed} reached"),
            Limit::Memory => format!("memory limit{whose} of {allowed} bytes reached, {used} would be in use"),
            Limit::Time => format!("time limit{whose} of {allowed} ms reached"),
            Limit::Fibers => format!("limit{whose} of {allowed} fibers reached"),
            Limit::Messages => format!("limit{whose} of {allowed} messages in channels reached, there would be {used}"),
            Limit::Output => format!("output limit{whose} of {allowed} bytes reached"),
        }
    }
}

impl Level {
    /// The name of the budget, if it is one.
    #[must_use]
    pub fn budget(&self) -> Option<&str> {
        match self {
            Level::Budget(name) => Some(name),
            Level::Scope | Level::Call | Level::Engine => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Scope => "scope",
            Level::Call => "call",
            Level::Budget(_) => "budget",
            Level::Engine => "engine",
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Fuel => "fuel",
            Limit::Memory => "memory",
            Limit::Time => "time",
            Limit::Fibers => "fibers",
            Limit::Messages => "messages",
            Limit::Output => "output",
        })
    }
}
