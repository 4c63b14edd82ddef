//! Standard output, shared by all fibers.
//!
//! The text of one call stays together: it enters the buffer under one lock. The buffer goes out when it is large, when a
//! worker has nothing to do (so a program that waits has shown everything), before standard error is written, and at the
//! end. On a terminal every call goes out at once.
//!
//! When the reader is gone (a broken pipe) the output is closed: later text is dropped, and `write` says so.

use std::io::{self, Write};

use parking_lot::Mutex;

/// Text in the buffer above which it is written out. Below 16 KiB system calls begin to show (arbitrary otherwise).
const BUFFER_MAX: usize = 64 * 1024;

/// A buffered writer that any thread may use.
pub struct Output {
    state: Mutex<State>,
    is_interactive: bool,
}

struct State {
    sink: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    is_closed: bool,
}

/// Nobody reads the output any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutputClosed;

impl Output {
    /// Buffers for `sink`, which does not buffer itself. An interactive one shows every call at once.
    pub fn new(sink: Box<dyn Write + Send>, is_interactive: bool) -> Self {
        let state = State { sink, buffer: Vec::new(), is_closed: false };
        Output { state: Mutex::new(state), is_interactive }
    }

    /// Adds the parts, one after the other and nothing between them.
    pub fn write(&self, parts: &[&str]) -> Result<(), OutputClosed> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(OutputClosed);
        }
        parts.iter().for_each(|part| state.buffer.extend_from_slice(part.as_bytes()));
        if self.is_interactive || state.buffer.len() >= BUFFER_MAX { state.flush() } else { Ok(()) }
    }

    /// Writes out what is buffered.
    pub fn flush(&self) -> Result<(), OutputClosed> {
        self.state.lock().flush()
    }

    /// Writes out what is buffered, unless another thread is at it.
    pub fn flush_when_idle(&self) {
        if let Some(mut state) = self.state.try_lock() {
            // Whoever writes next hears of a closed output.
            _ = state.flush();
        }
    }
}

impl State {
    fn flush(&mut self) -> Result<(), OutputClosed> {
        if self.buffer.is_empty() {
            return if self.is_closed { Err(OutputClosed) } else { Ok(()) };
        }
        let written = write_all(&mut self.sink, &self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER_MAX);
        self.is_closed |= written.is_err();
        written.map_err(|_| OutputClosed)
    }
}

/// Writes all, also to a sink that another process has made non-blocking.
fn write_all(sink: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match sink.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) => return Err(error),
        }
    }
    sink.flush()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Arc;
    use std::thread;

    use parking_lot::Mutex;

    use super::{BUFFER_MAX, Output, OutputClosed};

    /// Remembers what arrived, three bytes at a time at most; breaks after `room` bytes.
    #[derive(Clone)]
    struct Sink {
        arrived: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Sink {
        fn new(room: usize) -> Self {
            Sink { arrived: Arc::default(), room }
        }

        fn text(&self) -> String {
            String::from_utf8(self.arrived.lock().clone()).unwrap()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut arrived = self.arrived.lock();
            if arrived.len() >= self.room {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let taken = bytes.len().min(3);
            arrived.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn text_waits_for_a_flush_and_large_text_does_not() {
        let sink = Sink::new(usize::MAX);
        let output = Output::new(Box::new(sink.clone()), false);
        output.write(&["hello", "\n"]).unwrap();
        assert_eq!(sink.text(), "");
        output.flush_when_idle();
        assert_eq!(sink.text(), "hello\n");
        output.write(&[&"x".repeat(BUFFER_MAX)]).unwrap();
        assert_eq!(sink.text().len(), 6 + BUFFER_MAX);
    }

    #[test]
    fn interactive_text_is_shown_at_once() {
        let sink = Sink::new(usize::MAX);
        let output = Output::new(Box::new(sink.clone()), true);
        output.write(&["who", "? "]).unwrap();
        assert_eq!(sink.text(), "who? ");
    }

    #[test]
    fn a_broken_pipe_closes_the_output() {
        let output = Output::new(Box::new(Sink::new(6)), false);
        output.write(&["a line of text"]).unwrap();
        assert_eq!(output.flush(), Err(OutputClosed));
        assert_eq!(output.write(&["more"]), Err(OutputClosed));
        assert_eq!(output.flush(), Err(OutputClosed));
    }

    #[test]
    fn texts_of_many_threads_do_not_mix() {
        let sink = Sink::new(usize::MAX);
        let output = Arc::new(Output::new(Box::new(sink.clone()), false));
        let writers: Vec<_> = (0..4)
            .map(|name| {
                let (output, line) = (output.clone(), name.to_string().repeat(50));
                thread::spawn(move || (0..500).for_each(|_| output.write(&[&line, "\n"]).unwrap()))
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        output.flush().unwrap();
        let text = sink.text();
        assert_eq!(text.lines().count(), 2_000);
        assert!(text.lines().all(|line| line.len() == 50 && line.bytes().all(|byte| byte == line.as_bytes()[0])));
    }
}
