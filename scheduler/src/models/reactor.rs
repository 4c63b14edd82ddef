//! The reactor: a rise of a source between a try that would block and the wait.

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Notify};
use loom::thread;

use super::{check, check_bounded};
use crate::reactor::{Interest, Readiness, Ready, WaitKey};

const READ: [bool; 2] = [true, false];

/// A socket as the kernel shows it: bytes to read, and the edge that follows their arrival. A lost rise leaves a
/// reader without notification, which loom reports as a deadlock.
struct Socket {
    bytes: AtomicUsize,
    is_closed: AtomicBool,
    readiness: Readiness,
    woken: [Notify; 2],
}

impl Socket {
    fn new() -> Arc<Self> {
        let woken = [Notify::new(), Notify::new()];
        let (bytes, is_closed) = (AtomicUsize::new(0), AtomicBool::new(false));
        Arc::new(Socket { bytes, is_closed, readiness: Readiness::default(), woken })
    }

    /// The arrival is visible to readers before the poller learns of it.
    fn arrive(&self, bytes: usize) -> usize {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
        let mut keys = Vec::new();
        self.readiness.rise(READ, &mut keys);
        keys.iter().for_each(|WaitKey(who, _)| self.woken[*who as usize].notify());
        keys.len()
    }

    /// The last bytes come, and the end of the stream with them: one rise for both.
    fn close(&self, bytes: usize) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.readiness.end(Interest::Read);
        self.arrive(bytes);
    }

    /// Takes all bytes at once, waiting for them; 0 at the end of the stream. A try that is known to be in vain is left
    /// out.
    fn read_all(&self) -> usize {
        loop {
            let noted = self.readiness.rises(Interest::Read);
            if !self.readiness.is_used_up(Interest::Read, noted) {
                let is_closed = self.is_closed.load(Ordering::SeqCst);
                let bytes = self.bytes.swap(0, Ordering::SeqCst);
                if bytes > 0 {
                    self.readiness.use_up(Interest::Read, noted);
                    return bytes;
                }
                if is_closed {
                    return 0;
                }
            }
            if self.readiness.wait(Interest::Read, noted, WaitKey(0, 0)) {
                self.woken[0].wait();
            }
        }
    }

    /// Takes one byte, waiting for it.
    fn read(&self, who: u64) {
        loop {
            let noted = self.readiness.rises(Interest::Read);
            let take = |bytes: usize| bytes.checked_sub(1);
            if self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                return;
            }
            if self.readiness.wait(Interest::Read, noted, WaitKey(who, 0)) {
                self.woken[who as usize].wait();
            }
        }
    }
}

#[test]
fn a_rise_between_would_block_and_wait_is_not_lost() {
    check(&["reactor.waits-after-the-rise"], || {
        let socket = Socket::new();
        let reader = thread::spawn({
            let socket = socket.clone();
            move || socket.read(0)
        });
        socket.arrive(1);
        reader.join().unwrap();
    });
}

#[test]
fn what_comes_after_all_was_used_up_is_read() {
    check(&["reactor.uses-up-a-later-rise"], || {
        let socket = Socket::new();
        let reader = thread::spawn({
            let socket = socket.clone();
            move || {
                let mut read = 0;
                while read < 2 {
                    read += socket.read_all();
                }
            }
        });
        socket.arrive(1);
        socket.arrive(1);
        reader.join().unwrap();
    });
}

#[test]
fn the_end_of_a_stream_is_found_after_its_last_bytes() {
    check(&["reactor.waits-for-a-rise-after-the-last"], || {
        let socket = Socket::new();
        let reader = thread::spawn({
            let socket = socket.clone();
            move || while socket.read_all() > 0 {}
        });
        socket.close(1);
        reader.join().unwrap();
    });
}

#[test]
fn two_readers_share_one_rise() {
    // All interleavings take minutes (and pass); three preemptions take a second.
    check_bounded(3, &["reactor.wakes-one-of-two"], || {
        let socket = Socket::new();
        let readers = [0, 1].map(|who| {
            let socket = socket.clone();
            thread::spawn(move || socket.read(who))
        });
        socket.arrive(2);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

#[test]
fn a_forgotten_key_is_either_taken_out_or_woken() {
    check(&["reactor.forgets-nothing"], || {
        let socket = Socket::new();
        let key = WaitKey(0, 0);
        assert!(socket.readiness.wait(Interest::Read, 0, key));
        let poller = thread::spawn({
            let socket = socket.clone();
            move || socket.arrive(1)
        });
        let forgotten = socket.readiness.forget(Interest::Read, key);
        let woken = poller.join().unwrap();
        assert_eq!(usize::from(forgotten) + woken, 1);
    });
}

/// Looks whether whoever it is told of has let go of its memory.
struct Look<'a>(&'a AtomicBool);

impl Ready for Look<'_> {
    fn ready(&mut self, _: WaitKey) {
        assert!(!self.0.load(Ordering::SeqCst), "a task is used that is gone");
    }
}

#[test]
fn who_has_taken_a_key_back_may_go() {
    check(&["reactor.forgets-nothing"], || {
        let shared = Arc::new((Readiness::default(), AtomicBool::new(false)));
        let key = WaitKey(0, 0);
        assert!(shared.0.wait(Interest::Read, 0, key));
        let poller = thread::spawn({
            let shared = shared.clone();
            move || shared.0.rise(READ, &mut Look(&shared.1))
        });
        shared.0.forget(Interest::Read, key);
        shared.1.store(true, Ordering::SeqCst);
        poller.join().unwrap();
    });
}
