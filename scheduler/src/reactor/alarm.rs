//! The limit of a poll, exact below a millisecond.
//!
//! mio rounds its timeout up to whole milliseconds: asked for 100 us, a poll lasted 1,062 (measured). Linux has timers
//! that are files, so there the poll has no timeout of its own and a timer among its sources. Other systems round.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

#[cfg(target_os = "linux")]
pub(super) use linux::Alarm;

/// Passes timeouts on to the poll.
#[cfg(not(target_os = "linux"))]
pub(super) struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    pub fn new(_: &Registry, _: Token) -> io::Result<Self> {
        Ok(Alarm)
    }

    pub fn set(&mut self, timeout: Option<Duration>) -> io::Result<Option<Duration>> {
        Ok(timeout)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::ptr;

    use mio::Interest;
    use mio::unix::SourceFd;

    use super::{Duration, Registry, Token, io};

    /// A timer among the poll's sources.
    ///
    /// Its expiry is an edge even if the last one was never read, so it is never read.
    pub(in super::super) struct Alarm {
        timer: OwnedFd,
        is_set: bool,
    }

    /// Longer limits are cut to 31 years, which every kernel accepts.
    const SECONDS_MAX: u64 = 1_000_000_000;

    impl Alarm {
        pub fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            // SAFETY: the call takes no pointers.
            let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: `fd` was just opened by the call above and is owned by nobody else.
            let timer = unsafe { OwnedFd::from_raw_fd(fd) };
            registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
            Ok(Alarm { timer, is_set: false })
        }

        /// Sets the alarm for a poll that begins now, and returns the timeout to poll with.
        pub fn set(&mut self, timeout: Option<Duration>) -> io::Result<Option<Duration>> {
            match timeout {
                Some(Duration::ZERO) => return Ok(timeout),
                None if !self.is_set => return Ok(None),
                _ => {}
            }
            self.set_time(timeout.unwrap_or_default())?;
            self.is_set = timeout.is_some();
            Ok(None)
        }

        /// Zero switches it off.
        fn set_time(&self, after: Duration) -> io::Result<()> {
            let seconds = after.as_secs().min(SECONDS_MAX) as libc::time_t;
            let value = libc::timespec { tv_sec: seconds, tv_nsec: after.subsec_nanos() as libc::c_long };
            let once = libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            // SAFETY: `timer` is an open descriptor as long as `self` lives, `once` outlives the call, and a null
            // pointer as last argument is allowed (timerfd_settime(2)).
            let result = unsafe { libc::timerfd_settime(self.timer.as_raw_fd(), 0, &once, ptr::null_mut()) };
            if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
    }
}
