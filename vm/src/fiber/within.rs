//! Parts of a call with limits of their own: a scope, whose fibers have a world and an account for themselves.
//!
//! The part is a scope of the scheduler, so it ends before its owner goes on, whatever it ends for. When a limit of it
//! is reached, its body is asked to end, as with limits of a call (`limited.rs`); what the owner gets then is a value.
//! Fibers that are spawned into a scope outside belong there (`handles.rs`).

use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::{GroupEnd, Outcome};

use super::pending::Came;
use super::world::WorldRef;
use super::{Fiber, Pending, Strand, World};
use crate::account::{Account, Limits, Reached, meter};
use crate::backtrace::Link;
use crate::fault::Fault;
use crate::object::Shared;
use crate::value::Value;

impl Fiber {
    /// Runs an effect within limits, and waits for its end.
    pub(crate) fn begin_within(&mut self, limits: &Limits, body: Shared) {
        let place = self.place();
        self.cx().set_place(place);
        let Limits { fuel, memory, fibers, messages, output, .. } = *limits;
        let limits = Limits { fuel, memory, fibers, messages, output, time: Duration::MAX, ..self.world.limits };
        let scope = self.cx().new_scope();
        let world = World::part_of(&self.world, limits);
        world.account.iter().for_each(|account| account.set_scope(&scope));
        let origins = self.child_origins();
        let made = || Strand::made(WorldRef::counted(world.clone()), Pending::Run(body), origins);
        let body = meter::run(world.account.as_ref(), made);
        self.cx().run_scope(&scope, body);
        self.pending = Pending::Within(world);
    }

    /// All fibers of a part have ended: its value, or the limit that was reached.
    pub(super) fn within_ended(&mut self, world: &World, mut end: GroupEnd<Shared, Fault>) -> Came {
        let (outcome, link) = match end.child_fault.take() {
            Some(fault) => (Outcome::Faulted(fault), Link::Member),
            None if end.first < end.outcomes.len() => (end.outcomes.swap_remove(end.first), Link::Scope),
            None => return self.first_outcome(end, Link::Scope),
        };
        match (&world.account, outcome) {
            (_, Outcome::Done(value)) => Came::Value(Value::ok(value.into_value())),
            (Some(account), outcome) if let Some(reached) = account.reason(&outcome) => {
                Came::Value(Value::err(told(&reached, account)))
            }
            (_, outcome) => self.adopt(outcome, link),
        }
    }
}

/// What a program is told of a limit: see `NativeCx::within`.
fn told(reached: &Reached, account: &Arc<Account>) -> Value {
    let number = Limits::PARTS.iter().position(|limit| *limit == reached.limit).unwrap_or_default();
    let int = |count: u64| Value::int(i64::try_from(count).unwrap_or(i64::MAX));
    let pair = |left, right| Value::pair(int(left), int(right));
    Value::pair(pair(number as u64, account.skipped()), pair(reached.allowed, reached.used))
}
