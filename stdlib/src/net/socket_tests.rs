//! Sockets on the loopback, driven by a reactor and no scheduler.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::reactor::{Reactor, WaitKey};

use super::{Connection, Listener, Try, Unsent};

/// Only a failing test waits that long.
const LONG: Duration = Duration::from_secs(60);
/// More than the system takes at once.
const LARGE: usize = 32 << 20;

/// Does what a fiber does: try, wait, try again.
fn run<T>(reactor: &mut Reactor, mut operation: impl FnMut() -> Try<T>) -> io::Result<T> {
    loop {
        match operation() {
            Try::Done(done) => return done,
            Try::Wait(source, attempt) => {
                let waits = source.wait(attempt, WaitKey(0, 0));
                let mut woken = Vec::new();
                while waits && woken.is_empty() {
                    reactor.poll(Some(LONG), &mut woken).unwrap();
                }
            }
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Two ends of a connection.
fn connected(reactor: &mut Reactor) -> [Arc<Connection>; 2] {
    let listener = Listener::bind(loopback(0), &reactor.registry()).unwrap();
    let client = Connection::start_connect(listener.address().unwrap(), &reactor.registry()).unwrap();
    let server = run(reactor, || listener.accept()).unwrap();
    run(reactor, || client.finish_connect()).unwrap();
    [Arc::new(client), Arc::new(server)]
}

fn receive(reactor: &mut Reactor, connection: &Connection) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 16];
    let count = run(reactor, || connection.receive(&mut buffer)).unwrap();
    buffer.truncate(count);
    buffer
}

fn send(connection: &Arc<Connection>, bytes: &[u8]) -> Try<Option<Unsent>> {
    connection.send(bytes, || Some(connection.clone()))
}

/// Starts to send more than fits.
fn send_large(connection: &Arc<Connection>) -> Unsent {
    match send(connection, &vec![1; LARGE]) {
        Try::Done(Ok(Some(unsent))) => unsent,
        _ => panic!("{LARGE} bytes fit into the system's buffers"),
    }
}

fn waits<T>(tried: Try<T>) -> bool {
    matches!(tried, Try::Wait(..))
}

#[test]
fn bytes_arrive_and_the_end_is_empty() {
    let mut reactor = Reactor::new().unwrap();
    let [client, server] = connected(&mut reactor);
    assert!(matches!(send(&client, b"hello"), Try::Done(Ok(None))));
    assert_eq!(receive(&mut reactor, &server), b"hello");
    client.close();
    assert_eq!(receive(&mut reactor, &server), b"");
}

#[test]
fn the_end_is_found_when_it_came_with_the_last_bytes() {
    let mut reactor = Reactor::new().unwrap();
    let [client, server] = connected(&mut reactor);
    assert!(matches!(send(&client, b"hello"), Try::Done(Ok(None))));
    client.close();
    // Its rise may come before the first read, or between the two.
    let mut woken = Vec::new();
    reactor.poll(Some(Duration::ZERO), &mut woken).unwrap();
    assert!(woken.is_empty(), "nobody waits");
    assert_eq!(receive(&mut reactor, &server), b"hello");
    assert_eq!(receive(&mut reactor, &server), b"");
}

#[test]
fn bytes_that_come_between_two_reads_are_read() {
    let mut reactor = Reactor::new().unwrap();
    let [client, server] = connected(&mut reactor);
    for turn in 0..1000 {
        assert!(matches!(send(&client, &[turn as u8; 10]), Try::Done(Ok(None))));
        let mut buffer = [0; 7];
        let first = run(&mut reactor, || server.receive(&mut buffer)).unwrap();
        let second = receive(&mut reactor, &server);
        assert_eq!((first, second.len()), (7, 3));
        assert!(waits(server.receive(&mut buffer)));
    }
}

#[test]
fn a_large_message_goes_out_in_steps_and_in_order() {
    let mut reactor = Reactor::new().unwrap();
    let [client, server] = connected(&mut reactor);
    let unsent = send_large(&client);
    let mut received = 0;
    while received < LARGE {
        if let Try::Done(done) = unsent.finish() {
            done.unwrap();
        }
        received += receive(&mut reactor, &server).len();
    }
    assert_eq!(received, LARGE);
}

#[test]
fn a_second_sender_waits_for_its_turn() {
    let mut reactor = Reactor::new().unwrap();
    let [client, server] = connected(&mut reactor);
    let unsent = send_large(&client);
    let Try::Wait(source, attempt) = send(&client, &[2]) else { panic!("two messages at once") };
    assert!(source.wait(attempt, WaitKey(2, 0)));
    let mut received = 0;
    while waits(unsent.finish()) {
        received += receive(&mut reactor, &server).len();
    }
    drop(unsent);
    assert!(matches!(send(&client, &[2]), Try::Done(Ok(None))) || source.has_risen(attempt));
    while received < LARGE {
        let bytes = receive(&mut reactor, &server);
        received += bytes.iter().filter(|byte| **byte == 1).count();
        assert!(received == LARGE || bytes.iter().all(|byte| *byte == 1), "the messages are mixed");
    }
}

#[test]
fn a_sender_that_gives_up_leaves_the_turn_to_the_next() {
    let mut reactor = Reactor::new().unwrap();
    let [client, _server] = connected(&mut reactor);
    let unsent = send_large(&client);
    let Try::Wait(source, attempt) = send(&client, &[2]) else { panic!("two messages at once") };
    assert!(source.wait(attempt, WaitKey(2, 0)));
    drop(unsent);
    let mut woken = Vec::new();
    reactor.poll(Some(LONG), &mut woken).unwrap();
    assert_eq!(woken, [WaitKey(2, 0)]);
}

#[test]
fn closing_wakes_a_reader_who_finds_it_closed() {
    let mut reactor = Reactor::new().unwrap();
    let [client, _server] = connected(&mut reactor);
    let Try::Wait(source, attempt) = client.receive(&mut [0]) else { panic!("there is nothing to read") };
    assert!(source.wait(attempt, WaitKey(1, 0)));
    client.close();
    client.close();
    let mut woken = Vec::new();
    reactor.poll(Some(LONG), &mut woken).unwrap();
    assert_eq!(woken, [WaitKey(1, 0)]);
    assert!(matches!(client.receive(&mut [0]), Try::Done(Err(_))));
    assert!(matches!(send(&client, &[1]), Try::Done(Err(_))));
}

#[test]
fn a_refused_connection_is_an_error() {
    let mut reactor = Reactor::new().unwrap();
    let listener = Listener::bind(loopback(0), &reactor.registry()).unwrap();
    let address = listener.address().unwrap();
    listener.close();
    let error = Connection::start_connect(address, &reactor.registry())
        .and_then(|client| run(&mut reactor, || client.finish_connect()))
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_port_is_taken_over_from_a_closed_listener_with_connections() {
    let mut reactor = Reactor::new().unwrap();
    let listener = Listener::bind(loopback(0), &reactor.registry()).unwrap();
    let address = listener.address().unwrap();
    let client = Connection::start_connect(address, &reactor.registry()).unwrap();
    let server = run(&mut reactor, || listener.accept()).unwrap();
    run(&mut reactor, || client.finish_connect()).unwrap();
    server.close();
    client.close();
    listener.close();
    Listener::bind(address, &reactor.registry()).expect("SO_REUSEADDR");
}

#[cfg(target_os = "linux")]
#[test]
fn clients_that_come_at_once_are_kept_until_they_are_accepted() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let count = allowed.trim().parse::<usize>().unwrap().min(500);
    let reactor = Reactor::new().unwrap();
    let listener = Listener::bind(loopback(0), &reactor.registry()).unwrap();
    let address = listener.address().unwrap();
    // The system would try again after a second.
    let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(900)).unwrap();
    let clients: Vec<_> = (0..count).map(connect).collect();
    for _ in &clients {
        assert!(matches!(listener.accept(), Try::Done(Ok(_))));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_wrong_with_a_connection_is_told_from_what_is_wrong_with_the_process() {
    use rustix::io::Errno;

    use super::is_of_new_connection;

    let of_connection = [Errno::CONNABORTED, Errno::PROTO, Errno::NETUNREACH, Errno::HOSTDOWN];
    assert!(of_connection.iter().all(|errno| is_of_new_connection(&(*errno).into())));
    let of_others = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::INVAL, Errno::AGAIN, Errno::INTR];
    assert!(!of_others.iter().any(|errno| is_of_new_connection(&(*errno).into())));
}
