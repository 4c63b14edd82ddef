//! Places of operations: line and column of a byte offset in one source file.

use crate::diagnostic::LineIndex;

/// A text and its lines.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    index: LineIndex,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lines { text, index: LineIndex::new(text) }
    }

    /// 1-based line and column, the column in characters.
    pub(super) fn position(&self, offset: u32) -> (u32, u32) {
        let position = self.index.position(self.text, offset as usize);
        (position.line as u32, position.column as u32)
    }
}
