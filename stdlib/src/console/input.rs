//! Standard input, line by line, shared by all fibers.
//!
//! Taking a line and getting more bytes are separate steps: `take_line` never waits, `fill` takes nothing away. So a
//! fiber that is cancelled while it waits loses no input.
//!
//! A terminal, pipe or socket is watched by the reactor. Its descriptor stays in blocking mode, because the mode
//! belongs to everybody who has the same terminal open; so it is read once per rise and registered anew each time,
//! which tells whether there is more. Files cannot be watched, and need not be: they are read on the pool of blocking
//! jobs.
//!
//! Rejected: a thread that reads for ever (it would take input that the program never asks for, and outlive it).

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use aivi_scheduler::reactor::{Attempt, IoSource, Registry};
use aivi_vm::host::{Fill, LineInput};
use parking_lot::Mutex;

/// Bytes asked for at once: a pipe's capacity on Linux.
const READ_MAX: usize = 64 * 1024;

/// Lines from a stream of bytes.
pub struct Input {
    buffer: Mutex<Buffer>,
    stream: Mutex<Stream>,
}

#[derive(Default)]
struct Buffer {
    bytes: VecDeque<u8>,
    /// There is no newline before this.
    searched: usize,
    /// Why there is no more.
    end: Option<String>,
}

impl Input {
    /// Lines of a stream that only blocking reads can get.
    pub fn blocking(stream: Box<dyn Read + Send>) -> Self {
        Input { buffer: Mutex::default(), stream: Mutex::new(Stream::Blocking(stream)) }
    }

    /// Lines of standard input.
    #[must_use]
    pub fn stdin() -> Self {
        #[cfg(unix)]
        if let Ok(descriptor) = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned() {
            return Input::watched(descriptor);
        }
        Input::blocking(Box::new(io::stdin()))
    }

    fn read(&self, stream: &mut Stream) {
        let mut bytes = vec![0; READ_MAX];
        let read = loop {
            match stream.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let mut buffer = self.buffer.lock();
        match read {
            Ok(0) => buffer.end = Some("end of input".into()),
            Ok(count) => buffer.bytes.extend(&bytes[..count]),
            // Somebody else made the descriptor non-blocking and took what was there.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => buffer.end = Some(format!("cannot read the input: {error}")),
        }
    }
}

impl LineInput for Input {
    fn take_line(&self) -> Option<Result<String, String>> {
        self.buffer.lock().take_line()
    }

    fn fill(&self, registry: &Registry) -> Fill {
        let mut stream = self.stream.lock();
        if self.buffer.lock().end.is_some() {
            return Fill::Done;
        }
        match stream.is_ready(registry) {
            Ready::Wait(source, attempt) => Fill::Wait(source, attempt),
            Ready::Block => Fill::Block,
            Ready::Now => {
                self.read(&mut stream);
                Fill::Done
            }
        }
    }

    fn fill_blocking(&self) {
        let mut stream = self.stream.lock();
        if self.buffer.lock().end.is_none() {
            self.read(&mut stream);
        }
    }
}

impl Buffer {
    fn take_line(&mut self) -> Option<Result<String, String>> {
        let newline = self.bytes.range(self.searched..).position(|byte| *byte == b'\n');
        let Some(length) = newline.map(|after| self.searched + after) else {
            self.searched = self.bytes.len();
            let end = self.end.clone()?;
            let rest = (self.searched > 0).then(|| self.take(self.searched));
            return Some(rest.map_or(Err(end), text));
        };
        let mut line = self.take(length + 1);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(text(line))
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.searched = 0;
        self.bytes.drain(..length).collect()
    }
}

fn text(line: Vec<u8>) -> Result<String, String> {
    String::from_utf8(line).map_err(|_| "the line is not valid UTF-8".into())
}

/// Where bytes come from.
enum Stream {
    #[cfg(unix)]
    Watched(watched::Watched),
    Blocking(Box<dyn Read + Send>),
}

/// May the stream be read?
enum Ready {
    Now,
    Wait(IoSource, Attempt),
    Block,
}

impl Stream {
    fn is_ready(&mut self, registry: &Registry) -> Ready {
        match self {
            #[cfg(unix)]
            Stream::Watched(stream) => stream.is_ready(registry),
            Stream::Blocking(_) => Ready::Block,
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Stream::Watched(stream) => stream.read(bytes),
            Stream::Blocking(stream) => stream.read(bytes),
        }
    }
}

#[cfg(unix)]
mod watched {
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::fd::{AsRawFd, OwnedFd};

    use aivi_scheduler::reactor::{Attempt, Interest, Io, Registry};
    use mio::Token;
    use mio::event::Source;
    use mio::unix::SourceFd;
    use parking_lot::Mutex;

    use super::{Input, Ready, Stream};

    /// A descriptor that the reactor watches while somebody waits for it.
    pub struct Watched {
        file: File,
        watch: Option<Io<Descriptor>>,
    }

    /// A descriptor of its own for the poller.
    pub struct Descriptor(OwnedFd);

    impl Input {
        /// Lines of a descriptor, waited for by the reactor if it can be.
        pub fn watched(descriptor: OwnedFd) -> Self {
            let stream = Watched { file: File::from(descriptor), watch: None };
            Input { buffer: Mutex::default(), stream: Mutex::new(Stream::Watched(stream)) }
        }
    }

    impl Watched {
        pub fn is_ready(&mut self, registry: &Registry) -> Ready {
            let attempt = Attempt::first(Interest::Read);
            if self.watch.is_none() {
                match self.file.try_clone().and_then(|file| registry.register(Descriptor(file.into()))) {
                    Ok(watch) => self.watch = Some(watch),
                    // The poller does not take files.
                    Err(_) => return Ready::Block,
                }
            }
            match &self.watch {
                Some(watch) if !watch.source().has_risen(attempt) => Ready::Wait(watch.source().clone(), attempt),
                _ => Ready::Now,
            }
        }

        /// Reads once. Others who wait are woken and watch anew.
        pub fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let read = self.file.read(bytes);
            self.watch = None;
            read
        }
    }

    impl Source for Descriptor {
        fn register(&mut self, registry: &mio::Registry, token: Token, interest: mio::Interest) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
        }

        fn reregister(&mut self, registry: &mio::Registry, token: Token, interest: mio::Interest) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
        }

        fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).deregister(registry)
        }
    }
}

#[cfg(test)]
mod tests {
    use aivi_vm::host::LineInput;

    use super::Input;

    /// Every line of an input that arrives in pieces of `step` bytes.
    fn lines(text: &'static [u8], step: usize) -> Vec<Result<String, String>> {
        let pieces =
            text.chunks(step).fold(Box::new(std::io::empty()) as Box<dyn std::io::Read + Send>, |before, piece| {
                Box::new(std::io::Read::chain(before, piece))
            });
        let input = Input::blocking(pieces);
        let mut lines = Vec::new();
        loop {
            match input.take_line() {
                None => input.fill_blocking(),
                Some(line) => {
                    let is_end = line == Err("end of input".into());
                    lines.push(line);
                    if is_end {
                        assert_eq!(input.take_line(), lines.last().cloned(), "the end stays the end");
                        return lines;
                    }
                }
            }
        }
    }

    #[test]
    fn lines_end_in_lf_or_crlf_or_with_the_input() {
        for step in [1, 2, 3, 100] {
            let ok = |line: &str| Ok(line.to_string());
            let end = || Err("end of input".to_string());
            assert_eq!(lines(b"one\ntwo\r\n\nl\rast", step), [ok("one"), ok("two"), ok(""), ok("l\rast"), end()]);
            assert_eq!(lines(b"", step), [end()]);
            assert_eq!(lines(b"\n", step), [ok(""), end()]);
        }
    }

    #[test]
    fn a_line_that_is_not_text_is_an_error_and_the_next_one_is_read() {
        let lines = lines(b"\xff\xfe\nfine\n", 100);
        assert!(lines[0].is_err());
        assert_eq!(lines[1], Ok("fine".into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_waited_for_and_a_file_is_not() {
        use std::io::Write;
        use std::os::fd::OwnedFd;
        use std::time::Duration;

        use aivi_scheduler::reactor::{Reactor, WaitKey};

        use aivi_vm::host::Fill;

        let mut reactor = Reactor::new().unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let input = Input::watched(OwnedFd::from(reader));
        for line in ["first", "second"] {
            let Fill::Wait(source, attempt) = input.fill(&reactor.registry()) else { panic!("an empty pipe waits") };
            assert_eq!(input.take_line(), None);
            let waits = source.wait(attempt, WaitKey(0, 0));
            writeln!(writer, "{line}").unwrap();
            let mut woken = Vec::new();
            while waits && woken.is_empty() {
                reactor.poll(Some(Duration::from_secs(60)), &mut woken).unwrap();
            }
            assert!(matches!(input.fill(&reactor.registry()), Fill::Done));
            assert_eq!(input.take_line(), Some(Ok(line.into())));
        }
        assert_eq!(reactor.registry().waiting(), 0);

        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(Input::watched(OwnedFd::from(file)).fill(&reactor.registry()), Fill::Block));
    }
}
