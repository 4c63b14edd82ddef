//! Where panics of the host's code end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use aivi_scheduler::panic_text;

/// Runs code of the host. A panic gives its text; nothing of the machine is in the midst of a change then.
#[inline]
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(panic_text)
}
