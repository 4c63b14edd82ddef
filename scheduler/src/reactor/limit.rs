//! How many sockets a process may have.

use std::io;

/// Raises the process's soft limit of open descriptors to the hard one and returns it.
///
/// The soft limit, often 1,024, exists for programs that use `select`. It belongs to the whole process, so this is for
/// the `aivi` program to call, and for a host that wants it. Systems without such a limit return `u64::MAX`.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid `rlimit` that outlives the call, which only writes to it.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is a valid `rlimit` that outlives the call, which only reads it.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// There is no such limit.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> io::Result<u64> {
    Ok(u64::MAX)
}
