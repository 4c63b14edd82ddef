//! Seats: what others see of a worker, and where the worker is kept while no thread drives it.
//!
//! Seat 0 belongs to the callers of `Runtime::run`: whoever comes first takes the worker and drives it until its own
//! run is over; the others wait, and one of them takes over. Where nobody does, and there are runs, a thread is put
//! there (`Shared::man_first_seat`). So a program on one worker needs no second thread, and a call into a script no
//! thread switch. The other seats have threads of their own, started when there is work to steal.

use crate::Task;
use crate::config::Config;
use crate::io_waits::IoWaits;
use crate::park::Parker;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use crate::sync::deque::Stealer;
use crate::sync::thread::JoinHandle;
use crate::sync::{Lock, Mutex, TIMERS};
use crate::task::record::Raw;
use crate::timer::Wheel;
use crate::worker::Core;

/// The timers of a worker: whom to wake. Without holes, as there may be a million: with it a timer takes 40 bytes.
#[repr(C, packed)]
pub struct TimerEntry<T: Task> {
    pub raw: Raw<T>,
    pub generation: u32,
    /// The limit of a group: told after everything else of the same instant.
    pub is_limit: bool,
}

impl<T: Task> Clone for TimerEntry<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Task> Copy for TimerEntry<T> {}

/// What others see of a worker.
pub struct Seat<T: Task> {
    /// Children, oldest first for thieves.
    pub children: Stealer<Raw<T>>,
    /// Woken and yielded tasks.
    pub woken: Stealer<Raw<T>>,
    /// May thieves take? Set by the owner when there is a reason to share (`worker/gate.rs`).
    pub is_open: AtomicBool,
    pub timers: Lock<Wheel<TimerEntry<T>>, TIMERS>,
    pub parker: Parker,
    /// What the worker works with, while no thread drives it.
    pub core: Mutex<Option<Box<Core<T>>>>,
    /// Has a thread of its own been started?
    pub has_thread: AtomicBool,
    pub thread: Mutex<Option<JoinHandle<()>>>,
    /// Waits for sources that began here, less those that ended here.
    pub io_waits: IoWaits,
    /// Does it wait for the home of a try to take what it has (`worker/gate.rs`)?
    pub is_leaving: AtomicBool,
    /// How far tasks have come here, for `sharing.rs`: only differences count.
    pub done: AtomicU64,
    /// Changes whenever its worker passes (`passes.rs`).
    pub passed: AtomicU32,
}

impl<T: Task> Seat<T> {
    /// A seat that nobody has taken.
    pub fn new(index: usize, config: &Config) -> Self {
        let core = Core::new(index, config);
        Seat {
            children: core.queue.children_stealer(),
            woken: core.queue.woken_stealer(),
            is_open: AtomicBool::new(false),
            timers: Lock::new(Wheel::new(0)),
            parker: Parker::new(),
            core: Mutex::new(Some(Box::new(core))),
            has_thread: AtomicBool::new(false),
            thread: Mutex::new(None),
            io_waits: IoWaits::default(),
            is_leaving: AtomicBool::new(false),
            done: AtomicU64::new(0),
            passed: AtomicU32::new(0),
        }
    }
}
