//! TCP sockets, without the machine around them.
//!
//! Every operation is tried at once and says [`Try::Wait`] when the system would have to wait; the caller waits for
//! that readiness and tries again. So nothing here blocks, and a cancelled caller has either done the whole step or
//! none.
//!
//! Sending is whole or last: the bytes of one `send` are never mixed with those of another. Mostly the system takes
//! them all at once. If it does not, the rest is an [`Unsent`], which holds the connection's turn until it is written
//! or dropped (its fiber was cancelled); other senders wait for the turn as for room.
//!
//! Closing takes the socket out; whoever waits for it is woken and finds it closed.

use std::io::{self, ErrorKind};
#[cfg(not(target_os = "linux"))]
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use aivi_scheduler::reactor::{Attempt, Interest, Io, IoSource, Registry};
use mio::net::{TcpListener, TcpStream};
use parking_lot::{Mutex, RwLock};
#[cfg(target_os = "linux")]
use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::net::{RecvFlags, SendFlags};

/// Does every arrival of bytes come as a rise? On Linux it does; elsewhere the poller is told by a read that found
/// nothing.
const EDGES_OF_STREAMS: bool = cfg!(target_os = "linux");

/// Connections that the system keeps until they are accepted, or as many as it allows (`net.core.somaxconn` of Linux is
/// 4,096). Who comes when they are all taken tries again after a second: of 1,000 clients that come at once, those
/// beyond 128 would wait for one to seven.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

/// What trying gave.
pub(crate) enum Try<T> {
    /// It happened, or failed for good.
    Done(io::Result<T>),
    /// Try again after the next rise.
    Wait(IoSource, Attempt),
}

/// A bound socket that accepts connections.
pub(crate) struct Listener {
    socket: RwLock<Option<Io<TcpListener>>>,
}

/// A connected socket.
pub(crate) struct Connection {
    socket: RwLock<Option<Io<TcpStream>>>,
    /// Is there an [`Unsent`]? Held while bytes are handed to the system.
    is_sending: Mutex<bool>,
}

/// The rest of a message, and the turn to send.
pub(crate) struct Unsent {
    connection: Arc<Connection>,
    bytes: Vec<u8>,
    sent: Mutex<usize>,
}

impl Listener {
    /// Binds and listens. Addresses of connections that linger are taken over (`SO_REUSEADDR`).
    pub fn bind(address: SocketAddr, registry: &Registry) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        // Again, as `bind` says 128.
        #[cfg(unix)]
        rustix::net::listen(&listener, BACKLOG)?;
        let socket = registry.register(listener)?;
        Ok(Listener { socket: RwLock::new(Some(socket)) })
    }

    /// The next connection that is not broken already: one whose client has gone meanwhile is left out.
    pub fn accept(&self) -> Try<Connection> {
        // Each turn takes one of those that the system keeps, or is the last.
        attempt(&self.socket, Interest::Read, |listener| {
            loop {
                match listener.accept() {
                    Ok((stream, _)) if stream.set_nodelay(true).is_err() => {}
                    Ok((stream, _)) => return Ok(Connection::new(listener.registry().register(stream)?)),
                    Err(error) if is_of_new_connection(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// Where it listens; tells the port that the system chose for port 0.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.read().as_ref().ok_or_else(closed)?.local_addr()
    }

    /// Stops listening.
    pub fn close(&self) {
        let socket = self.socket.write().take();
        drop(socket);
    }
}

impl Connection {
    fn new(socket: Io<TcpStream>) -> Self {
        Connection { socket: RwLock::new(Some(socket)), is_sending: Mutex::new(false) }
    }

    /// Starts to connect; `finish_connect` waits for the result.
    pub fn start_connect(address: SocketAddr, registry: &Registry) -> io::Result<Self> {
        Ok(Connection::new(registry.register(TcpStream::connect(address)?)?))
    }

    /// Waits for the connection to stand.
    pub fn finish_connect(&self) -> Try<()> {
        attempt(&self.socket, Interest::Write, |stream| {
            if let Some(error) = stream.take_error()? {
                return Err(error);
            }
            match stream.peer_addr() {
                Err(error) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
                Err(error) => Err(error),
                Ok(_) => stream.set_nodelay(true),
            }
        })
    }

    /// Reads what is there, at least one byte; zero is the end of the stream.
    pub fn receive(&self, buffer: &mut [u8]) -> Try<usize> {
        let socket = self.socket.read();
        let Some(stream) = &*socket else { return Try::Done(Err(closed())) };
        let source = stream.source();
        let attempt = source.attempt(Interest::Read);
        if source.is_used_up(attempt) {
            return Try::Wait(source.clone(), attempt);
        }
        let received = try_now(stream, |stream| read_from(stream, buffer));
        if EDGES_OF_STREAMS && matches!(received, Some(Ok(count)) if 0 < count && count < buffer.len()) {
            source.use_up(attempt);
        }
        received.map_or_else(|| Try::Wait(source.clone(), attempt), Try::Done)
    }

    /// Sends as much as the system takes at once; the rest, if any, is returned, for which `this` gives the connection
    /// itself.
    pub fn send(&self, bytes: &[u8], this: impl FnOnce() -> Option<Arc<Connection>>) -> Try<Option<Unsent>> {
        let socket = self.socket.read();
        let Some(stream) = &*socket else { return Try::Done(Err(closed())) };
        // Noted before looking at `is_sending`: the end of another's turn is a rise after that.
        let turn = stream.source().attempt(Interest::Write);
        let mut is_sending = self.is_sending.lock();
        if *is_sending {
            return Try::Wait(stream.source().clone(), turn);
        }
        let mut sent = 0;
        match try_now(stream, |stream| write_on(stream, bytes, &mut sent)) {
            Some(done) => Try::Done(done.map(|()| None)),
            None => {
                let Some(connection) = this() else { return Try::Done(Err(closed())) };
                *is_sending = true;
                Try::Done(Ok(Some(Unsent { connection, bytes: bytes[sent..].into(), sent: Mutex::new(0) })))
            }
        }
    }

    /// Ends the connection in both directions.
    pub fn close(&self) {
        let socket = self.socket.write().take();
        drop(socket);
    }
}

impl Unsent {
    /// Sends more, until all is sent.
    pub fn finish(&self) -> Try<()> {
        let mut sent = self.sent.lock();
        attempt(&self.connection.socket, Interest::Write, |stream| write_on(stream, &self.bytes, &mut sent))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        *self.connection.is_sending.lock() = false;
        if let Some(socket) = &*self.connection.socket.read() {
            socket.wake(Interest::Write);
        }
    }
}

/// Writes what of the bytes was not sent yet.
fn write_on(stream: &TcpStream, bytes: &[u8], sent: &mut usize) -> io::Result<()> {
    while *sent < bytes.len() {
        match write_to(stream, &bytes[*sent..])? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => *sent += written,
        }
    }
    Ok(())
}

/// Reads, by the call of the system itself: the C library's notes each time that the thread may be cancelled in it.
#[cfg(target_os = "linux")]
fn read_from(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::net::recv(stream, buffer, RecvFlags::empty())?.1)
}

#[cfg(not(target_os = "linux"))]
fn read_from(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read(buffer)
}

/// Writes, as `read_from` reads.
#[cfg(target_os = "linux")]
fn write_to(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(stream, bytes, SendFlags::NOSIGNAL)?)
}

#[cfg(not(target_os = "linux"))]
fn write_to(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    stream.write(bytes)
}

/// Tries once, noting first what the reactor had to say so far.
fn attempt<S: mio::event::Source, T>(
    socket: &RwLock<Option<Io<S>>>,
    interest: Interest,
    operation: impl FnMut(&Io<S>) -> io::Result<T>,
) -> Try<T> {
    let socket = socket.read();
    let Some(socket) = &*socket else { return Try::Done(Err(closed())) };
    let attempt = socket.source().attempt(interest);
    try_now(socket, operation).map_or_else(|| Try::Wait(socket.source().clone(), attempt), Try::Done)
}

/// Nothing: the system would have to wait.
fn try_now<S: mio::event::Source, T>(
    socket: &Io<S>,
    mut operation: impl FnMut(&Io<S>) -> io::Result<T>,
) -> Option<io::Result<T>> {
    loop {
        match operation(socket) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            done => return Some(done),
        }
    }
}

/// Whether an error of `accept` is one of the connection that was to be accepted, and not of the listener or the
/// process. Linux tells what has happened to it meanwhile: accept(2), "error handling".
fn is_of_new_connection(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    if let Some(
        Errno::NETDOWN
        | Errno::PROTO
        | Errno::NOPROTOOPT
        | Errno::HOSTDOWN
        | Errno::NONET
        | Errno::HOSTUNREACH
        | Errno::OPNOTSUPP
        | Errno::NETUNREACH,
    ) = Errno::from_io_error(error)
    {
        return true;
    }
    error.kind() == ErrorKind::ConnectionAborted
}

fn closed() -> io::Error {
    io::Error::new(ErrorKind::NotConnected, "the socket is closed")
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
