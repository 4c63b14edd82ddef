//! What stands behind the door in models: Loom's, with the interfaces of the real ones.

mod clock;
pub mod deque;
mod lock;
mod mutex;

pub use clock::Instant;
pub use lock::{Lock, LockGuard};
pub use loom::sync::atomic;
pub use loom::thread;
pub use mutex::{Condvar, Mutex, MutexGuard};
