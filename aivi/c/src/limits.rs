//! Limits by their numbers.

use std::time::Duration;

use aivi::{Limit, Limits, Used};

use crate::export::exports;

/// What `aivi_limit` numbers, from 0.
const LIMITS: [Limit; 6] = [Limit::Fuel, Limit::Memory, Limit::Time, Limit::Fibers, Limit::Messages, Limit::Output];

/// The number of a limit.
pub fn number_of(limit: Limit) -> i32 {
    LIMITS.iter().zip(0..).find(|(known, _)| **known == limit).map_or(-1, |(_, number)| number)
}

/// Limits with the one of this number changed.
pub fn limited(limits: Limits, number: i32, amount: u64) -> Option<Limits> {
    Some(match LIMITS.get(usize::try_from(number).ok()?)? {
        Limit::Fuel => limits.fuel(amount),
        Limit::Memory => limits.memory(amount),
        Limit::Time => limits.time(Duration::from_millis(amount)),
        Limit::Fibers => limits.fibers(amount),
        Limit::Messages => limits.messages(amount),
        Limit::Output => limits.output(amount),
        _ => return None,
    })
}

/// What `aivi_usage` numbers: so much of it was used.
pub fn used(used: Used, number: i32) -> u64 {
    match number {
        0 => used.fuel,
        1 => used.memory,
        2 => used.most_memory,
        3 => used.most_fibers,
        4 => used.most_messages,
        5 => used.output,
        6 => used.host_ns,
        _ => 0,
    }
}

exports! {
    fn aivi_limits_new() -> Option<Box<Limits>> {
        Some(Box::new(Limits::none()))
    }

    fn aivi_limits_set(limits: Option<&mut Limits>, limit: i32, amount: u64) -> bool {
        let Some(limits) = limits else { return false };
        let Some(changed) = limited(*limits, limit, amount) else { return false };
        *limits = changed;
        true
    }

    fn aivi_limits_free(limits: Option<Box<Limits>>) {
        drop(limits);
    }
}
