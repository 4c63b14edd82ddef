//! How much processor time a thread has had, and how often it has waited: what tells a task that holds its worker from
//! a system that does not run it.

/// Of the calling thread, so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Processor time, in nanoseconds.
    pub cpu_ns: u64,
    /// Times that it gave up the processor to wait for something.
    pub waits: u64,
}

impl Usage {
    /// `None` where the system does not tell it for a thread.
    #[cfg(all(target_os = "linux", not(loom)))]
    pub fn of_thread() -> Option<Usage> {
        // SAFETY: all fields are numbers, for which zero is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: `usage` is a valid `rusage` that outlives the call, which only writes to it.
        if unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) } < 0 {
            return None;
        }
        let ns = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
        Some(Usage { cpu_ns: ns(usage.ru_utime) + ns(usage.ru_stime), waits: usage.ru_nvcsw as u64 })
    }

    /// `None` where the system does not tell it for a thread.
    #[cfg(not(all(target_os = "linux", not(loom))))]
    pub fn of_thread() -> Option<Usage> {
        None
    }
}

#[cfg(all(test, target_os = "linux", not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn computing_uses_processor_time() {
        let before = Usage::of_thread().expect("Linux tells it");
        let mut after = before;
        while after.cpu_ns < before.cpu_ns + 2_000_000 {
            after = Usage::of_thread().expect("Linux tells it");
        }
        std::thread::park_timeout(std::time::Duration::from_millis(1));
        assert!(Usage::of_thread().expect("Linux tells it").waits > after.waits, "it has waited");
    }
}
