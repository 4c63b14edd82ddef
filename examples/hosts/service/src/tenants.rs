//! Tenants, and what the requests of each may use together.
//!
//! A tenant has a budget, and in it one for the present period. Of memory and fibers it may have so much at the same
//! time, whatever the period; its fuel comes again with the next one. What runs on from one period to the next is still
//! counted for the one in which it began.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aivi::{Budget, Engine, Limits};

/// So many tenants may be known before those are looked for who have gone (arbitrary).
const KNOWN: usize = 1024;

/// What scripts may use, from the innermost outwards.
#[derive(Clone, Copy)]
pub struct Quotas {
    /// Each request. It should have an end before the period has: then nothing of a tenant runs that is not known any
    /// more.
    pub request: Limits,
    /// All requests of a tenant that come in one period.
    pub period: Limits,
    /// How long a period is.
    pub every: Duration,
    /// All requests of a tenant at the same time.
    pub tenant: Limits,
    /// All requests.
    pub service: Limits,
}

/// Tenants by their names.
pub struct Tenants {
    engine: Engine,
    quotas: Quotas,
    known: Mutex<HashMap<String, Tenant>>,
}

struct Tenant {
    whole: Budget,
    period: Budget,
    since: Instant,
    /// When it last asked for something.
    seen: Instant,
}

impl Tenants {
    /// None yet.
    pub fn new(engine: Engine, quotas: Quotas) -> Tenants {
        Tenants { engine, quotas, known: Mutex::default() }
    }

    /// What a request of this tenant counts for.
    pub fn budget(&self, name: &str) -> Budget {
        let (now, every) = (Instant::now(), self.quotas.every);
        // Whoever panicked has left it as it was.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.retain(|_, tenant| now - tenant.seen < every);
        }
        let tenant = known.entry(name.to_owned()).or_insert_with(|| {
            let whole = self.engine.budget(name, self.quotas.tenant);
            Tenant { period: self.period(&whole), whole, since: now, seen: now }
        });
        if now - tenant.since >= every {
            (tenant.period, tenant.since) = (self.period(&tenant.whole), now);
        }
        tenant.seen = now;
        tenant.period.clone()
    }

    fn period(&self, whole: &Budget) -> Budget {
        whole.nested(whole.name(), self.quotas.period)
    }
}
