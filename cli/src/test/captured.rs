//! What a test prints: kept, and shown when it fails.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aivi::Output;

/// More than this of one test's output is not kept. Arbitrary: nobody reads that much, and a test that prints for ever
/// should not take all memory.
const BYTES_MAX: usize = 256 << 10;

/// The output of one attempt. Clones are the same.
#[derive(Clone, Default)]
pub struct Captured {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    omitted: usize,
}

impl Captured {
    /// Where the program writes.
    pub fn output(&self) -> Output {
        Output::writer(self.clone())
    }

    /// Forgets what was written so far.
    pub fn clear(&self) {
        *self.lock() = Kept::default();
    }

    /// What was written so far.
    pub fn text(&self) -> String {
        let kept = self.lock();
        let mut text = String::from_utf8_lossy(&kept.bytes).into_owned();
        if kept.omitted > 0 {
            text.push_str(&format!("\n… {} more bytes", kept.omitted));
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.lock();
        let room = bytes.len().min(BYTES_MAX - kept.bytes.len());
        kept.bytes.extend_from_slice(&bytes[..room]);
        kept.omitted += bytes.len() - room;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_is_cut_and_counted() {
        let captured = Captured::default();
        let mut writer = captured.clone();
        writer.write_all(b"ab\n").expect("memory takes everything");
        assert_eq!(captured.text(), "ab\n");
        writer.write_all(&vec![b'x'; BYTES_MAX]).expect("memory takes everything");
        assert!(captured.text().ends_with("xx\n… 3 more bytes"));
    }
}
