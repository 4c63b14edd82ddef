//! Where a program writes: a stream of the process, a buffer, or whatever the host likes.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::host_module::panics::catch;

/// A full buffer is written out; arbitrary, a page or two.
const BUFFER_BYTES: usize = 16 << 10;

/// A sink for text. Clones write to the same place. Each write is whole: nothing comes between its bytes.
#[derive(Clone)]
pub struct Output {
    sink: Arc<Mutex<Sink>>,
}

struct Sink {
    /// What is not written yet.
    buffer: Vec<u8>,
    /// So much is written out. Zero when there is a loss to be told: so the next write comes to tell it, and costs
    /// nothing more otherwise.
    full: usize,
    /// Why something was lost when nobody was there to be told.
    lost: Option<io::Error>,
    /// Absent for `Output::buffer`, which keeps everything.
    target: Option<Box<dyn Write + Send>>,
}

impl Output {
    /// Standard output. Written when the buffer is full, when all fibers wait, and at the end.
    #[must_use]
    pub fn stdout() -> Output {
        Output::writer(io::stdout())
    }

    /// Standard error.
    #[must_use]
    pub fn stderr() -> Output {
        Output::writer(io::stderr())
    }

    /// Any writer.
    #[must_use]
    pub fn writer(target: impl Write + Send + 'static) -> Output {
        Output::to(Some(Box::new(target)))
    }

    /// Memory: `text` gives what was written.
    #[must_use]
    pub fn buffer() -> Output {
        Output::to(None)
    }

    fn to(target: Option<Box<dyn Write + Send>>) -> Output {
        let sink = Sink { buffer: Vec::new(), full: BUFFER_BYTES, lost: None, target };
        Output { sink: Arc::new(Mutex::new(sink)) }
    }

    /// What was written to a buffer and not taken by a writer.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().buffer).into_owned()
    }

    /// Appends.
    ///
    /// # Errors
    /// When the writer does not take it, or has not taken what was written before.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut sink = self.lock();
        sink.buffer.extend_from_slice(bytes);
        if sink.buffer.len() >= sink.full { sink.flush() } else { Ok(()) }
    }

    /// Hands what is buffered to the writer.
    ///
    /// # Errors
    /// When the writer does not take it, or has not taken what was written before. A loss is told once.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    /// The same where nobody could be told: whoever writes or flushes next is.
    pub(crate) fn pass_on(&self) {
        let mut sink = self.lock();
        if let Err(error) = sink.flush() {
            (sink.lost, sink.full) = (Some(error), 0);
        }
    }

    /// The sink. A writer that panicked leaves it as usable as before.
    fn lock(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    fn flush(&mut self) -> io::Result<()> {
        let Some(target) = &mut self.target else { return Ok(()) };
        let written = if self.buffer.is_empty() {
            Ok(())
        } else {
            // What the writer refuses is gone: keeping it would grow without bound.
            let written = catch(|| target.write_all(&self.buffer).and_then(|()| target.flush()));
            self.buffer.clear();
            written.unwrap_or_else(|text| Err(io::Error::other(format!("the writer panicked: {text}"))))
        };
        self.full = BUFFER_BYTES;
        self.lost.take().map_or(written, Err)
    }
}

impl Drop for Sink {
    /// A worker may be the last who has it.
    fn drop(&mut self) {
        let target = self.target.take();
        // The panic hook has told of it.
        let _ = catch(|| drop(target));
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Output")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that more than one owner can see.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_sees_bytes_when_flushed_or_when_there_are_many() {
        let seen = Seen::default();
        let count = || seen.0.lock().expect("not poisoned").len();
        let output = Output::writer(seen.clone());
        output.write(b"abc").expect("memory takes everything");
        assert_eq!(count(), 0);
        output.flush().expect("memory takes everything");
        assert_eq!(count(), 3);
        output.write(&[b'x'; BUFFER_BYTES]).expect("memory takes everything");
        assert_eq!(count(), 3 + BUFFER_BYTES);
    }

    /// Takes so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken > 0 { Ok(taken) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_loss_is_told_once_to_whoever_comes_next() {
        let kind = |result: io::Result<()>| result.map_err(|error| error.kind());
        let output = Output::writer(Disk(3));
        output.write(b"abcdef").expect("it waits in the buffer");
        output.pass_on();
        assert_eq!(kind(output.write(b"g")), Err(io::ErrorKind::StorageFull));
        assert_eq!(kind(output.write(b"h")), Ok(()), "it waits in the buffer");
        output.pass_on();
        output.pass_on();
        assert_eq!(kind(output.flush()), Err(io::ErrorKind::StorageFull));
        assert_eq!(kind(output.flush()), Ok(()));
    }

    #[test]
    fn a_buffer_keeps_everything() {
        let output = Output::buffer();
        for _ in 0..3 {
            output.write(&[b'y'; BUFFER_BYTES]).expect("memory takes everything");
            output.flush().expect("memory takes everything");
        }
        assert_eq!(output.text().len(), 3 * BUFFER_BYTES);
    }
}
