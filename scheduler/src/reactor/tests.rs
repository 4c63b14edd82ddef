//! The reactor with real sockets and its own timer. Whether something blocks is decided by events, not by the clock;
//! the clock is only asked whether a limit was kept from below.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::thread;
use std::time::{Duration, Instant};

use mio::net::UnixStream;

use super::{Attempt, Interest, Io, Reactor, WaitKey, raise_descriptor_limit};

/// Only a failing test waits that long.
const LONG: Option<Duration> = Some(Duration::from_secs(60));

fn pair(reactor: &Reactor) -> (Io<UnixStream>, StdStream) {
    let (ours, theirs) = StdStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (reactor.registry().register(UnixStream::from_std(ours)).unwrap(), theirs)
}

fn poll(reactor: &mut Reactor, timeout: Option<Duration>) -> Vec<WaitKey> {
    let mut keys = Vec::new();
    reactor.poll(timeout, &mut keys).unwrap();
    keys
}

/// Polls until somebody is to be woken.
fn poll_wake(reactor: &mut Reactor) -> Vec<WaitKey> {
    let deadline = Instant::now() + LONG.unwrap();
    loop {
        let keys = poll(reactor, LONG);
        if !keys.is_empty() {
            return keys;
        }
        assert!(Instant::now() < deadline, "nobody was woken");
    }
}

/// An attempt to read that finds nothing.
fn read_nothing(stream: &Io<UnixStream>) -> Attempt {
    let attempt = stream.source().attempt(Interest::Read);
    assert_eq!((&**stream).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    attempt
}

#[test]
fn a_rise_wakes_everybody_who_waits_in_its_direction() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, mut theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let attempt = read_nothing(&ours);
    assert!(ours.source().wait(attempt, WaitKey(1, 0)));
    assert!(ours.source().wait(attempt, WaitKey(2, 0)));
    assert_eq!(reactor.registry().waiting(), 2);
    theirs.write_all(b"x").unwrap();
    assert_eq!(poll_wake(&mut reactor), [WaitKey(1, 0), WaitKey(2, 0)]);
    assert_eq!((&*ours).read(&mut [0]).unwrap(), 1);
    assert_eq!(reactor.registry().waiting(), 0);
}

#[test]
fn a_rise_before_the_wait_is_ready_now() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, mut theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let attempt = read_nothing(&ours);
    theirs.write_all(b"x").unwrap();
    let other = ours.source().attempt(Interest::Read);
    assert!(ours.source().wait(other, WaitKey(9, 9)));
    assert_eq!(poll_wake(&mut reactor), [WaitKey(9, 9)]);
    assert!(!ours.source().wait(attempt, WaitKey(1, 0)), "the rise came between the attempt and the wait");
}

#[test]
fn a_forgotten_wait_is_not_woken() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, mut theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let attempt = read_nothing(&ours);
    assert!(ours.source().wait(attempt, WaitKey(1, 0)));
    assert!(ours.source().wait(attempt, WaitKey(2, 0)));
    assert!(ours.source().forget(Interest::Read, WaitKey(1, 0)));
    assert!(!ours.source().forget(Interest::Read, WaitKey(1, 0)));
    theirs.write_all(b"x").unwrap();
    assert_eq!(poll_wake(&mut reactor), [WaitKey(2, 0)]);
}

#[test]
fn a_waiter_has_one_key_per_direction() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    for turn in 0..1_000 {
        let attempt = read_nothing(&ours);
        assert!(ours.source().wait(attempt, WaitKey(1, turn)));
    }
    drop(theirs);
    assert_eq!(poll_wake(&mut reactor), [WaitKey(1, 999)], "the end of the stream is a rise");
}

#[test]
fn writing_waits_until_the_other_side_reads() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, mut theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let mut sent = 0;
    let attempt = loop {
        let attempt = ours.source().attempt(Interest::Write);
        match (&*ours).write(&[0; 4096]) {
            Ok(bytes) => sent += bytes,
            Err(error) => break (error.kind() == ErrorKind::WouldBlock).then_some(attempt).unwrap(),
        }
    };
    assert!(ours.source().wait(attempt, WaitKey(3, 0)));
    theirs.read_exact(&mut vec![0; sent]).unwrap();
    assert_eq!(poll_wake(&mut reactor), [WaitKey(3, 0)]);
}

#[test]
fn dropping_a_source_wakes_who_waits_and_empties_the_table() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, _theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let source = ours.source().clone();
    assert!(source.wait(read_nothing(&ours), WaitKey(1, 0)));
    assert!(source.wait(source.attempt(Interest::Write), WaitKey(2, 0)));
    drop(ours);
    assert_eq!(poll_wake(&mut reactor), [WaitKey(1, 0), WaitKey(2, 0)]);
    assert!(reactor.registry().is_empty());
}

#[test]
fn a_rise_by_hand_is_one_for_both_sides_of_the_wait() {
    let mut reactor = Reactor::new().unwrap();
    let (ours, _theirs) = pair(&reactor);
    poll(&mut reactor, Some(Duration::ZERO));
    let attempt = ours.source().attempt(Interest::Write);
    assert!(ours.source().wait(attempt, WaitKey(1, 0)));
    assert!(!ours.source().has_risen(attempt));
    ours.wake(Interest::Write);
    assert!(ours.source().has_risen(attempt));
    assert_eq!(poll_wake(&mut reactor), [WaitKey(1, 0)]);
    assert!(!ours.source().wait(attempt, WaitKey(1, 1)), "the rise came first");
}

#[test]
fn a_waker_ends_a_poll_of_another_thread() {
    let mut reactor = Reactor::new().unwrap();
    let waker = reactor.waker();
    let waking = thread::spawn(move || waker.wake());
    let start = Instant::now();
    poll(&mut reactor, LONG);
    assert!(start.elapsed() < LONG.unwrap());
    waking.join().unwrap();
}

#[test]
fn timeouts_are_kept_and_do_not_outlive_their_poll() {
    let mut reactor = Reactor::new().unwrap();
    let mut shortest = Duration::MAX;
    for _ in 0..50 {
        let asked = Duration::from_micros(100);
        let start = Instant::now();
        poll(&mut reactor, Some(asked));
        assert!(start.elapsed() >= asked, "a poll ended early after {:?}", start.elapsed());
        shortest = shortest.min(start.elapsed());
    }
    if cfg!(target_os = "linux") {
        assert!(shortest < Duration::from_millis(1), "rounded to a millisecond: {shortest:?}");
    }
    // A short limit given up by a wake must not end the longer poll that follows.
    reactor.waker().wake();
    poll(&mut reactor, Some(Duration::from_millis(2)));
    let start = Instant::now();
    poll(&mut reactor, Some(Duration::from_millis(20)));
    assert!(start.elapsed() >= Duration::from_millis(20), "{:?}", start.elapsed());
}

#[test]
fn the_limit_of_descriptors_is_raised_once() {
    let limit = raise_descriptor_limit().unwrap();
    assert!(limit > 0);
    assert_eq!(raise_descriptor_limit().unwrap(), limit);
}

#[test]
fn ten_thousand_messages_over_many_sockets_and_threads() {
    const SOCKETS: usize = 20;
    const BYTES: usize = 500;
    let mut reactor = Reactor::new().unwrap();
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..SOCKETS).map(|_| pair(&reactor)).unzip();
    let writers: Vec<_> = theirs.into_iter().map(|theirs| thread::spawn(move || drip(theirs, BYTES))).collect();
    let mut read = [0; SOCKETS];
    let mut runnable: Vec<usize> = (0..SOCKETS).collect();
    let mut open = SOCKETS;
    while open > 0 {
        for nth in std::mem::take(&mut runnable) {
            let attempt = ours[nth].source().attempt(Interest::Read);
            match (&*ours[nth]).read(&mut [0; 3]) {
                Ok(0) => open -= 1,
                Ok(bytes) => {
                    read[nth] += bytes;
                    runnable.push(nth);
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    if !ours[nth].source().wait(attempt, WaitKey(nth as u64, 0)) {
                        runnable.push(nth);
                    }
                }
            }
        }
        let timeout = if runnable.is_empty() && open > 0 { LONG } else { Some(Duration::ZERO) };
        let start = Instant::now();
        let mut keys = Vec::new();
        reactor.poll(timeout, &mut keys).unwrap();
        runnable.extend(keys.iter().map(|key| key.0 as usize));
        assert!(start.elapsed() < LONG.unwrap(), "a rise was lost; read so far: {read:?}");
    }
    assert_eq!(read, [BYTES; SOCKETS]);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

/// Writes byte by byte, with other threads in between.
fn drip(mut stream: StdStream, bytes: usize) {
    for _ in 0..bytes {
        stream.write_all(&[7]).unwrap();
        thread::yield_now();
    }
}
