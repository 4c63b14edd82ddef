//! Source files of a compilation, and places in them as people count: lines and columns from 1, columns in characters.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::syntax::{FileId, Span};

/// Where each line of a text starts.
#[derive(Clone, Debug)]
pub struct LineIndex {
    /// Byte offsets, the first is 0.
    starts: Vec<usize>,
    /// How many characters begin before each multiple of `STEP`, so that a column costs no walk along a line of a
    /// megabyte.
    characters: Vec<usize>,
}

/// Arbitrary: few enough bytes to count at once, many enough that ordinary files have one step.
const STEP: usize = 4096;

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl LineIndex {
    /// The lines of `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let behind_newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(behind_newlines).collect();
        let mut total = 0;
        let counted = text.as_bytes().chunks(STEP).map(|bytes| {
            total += count_characters(bytes);
            total
        });
        LineIndex { starts, characters: std::iter::once(0).chain(counted).collect() }
    }

    /// The number of lines, at least one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The line, from 1, that holds the byte at `offset`. An offset behind the text is on its last line.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// The byte at which a line starts; `line` counts from 1 and lines behind the last start where the last one does.
    #[must_use]
    pub fn start(&self, line: usize) -> usize {
        self.starts[line.clamp(1, self.starts.len()) - 1]
    }

    /// Line and column of the byte at `offset` of `text`, which must be the text of this index.
    #[must_use]
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.line(offset);
        let end = text.floor_char_boundary(offset.min(text.len()));
        let start = self.start(line);
        let before = if end - start < STEP {
            count_characters(&text.as_bytes()[start..end])
        } else {
            self.characters_before(text, end) - self.characters_before(text, start)
        };
        Position { line, column: before + 1 }
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let step = offset / STEP;
        self.characters[step] + count_characters(&text.as_bytes()[step * STEP..offset])
    }
}

/// How many characters begin in these bytes of a text.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// A file: its path as shown to people, its text, its lines.
#[derive(Clone, Debug)]
pub struct Source {
    /// As shown to people.
    pub path: String,
    /// All of it.
    pub text: Cow<'static, str>,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// A source file.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Source { path: path.into(), text: Cow::Owned(text.into()), lines: OnceLock::new() }
    }

    /// A source file that is part of the program that reads it.
    #[must_use]
    pub fn built_in(path: impl Into<String>, text: &'static str) -> Self {
        Source { path: path.into(), text: Cow::Borrowed(text), lines: OnceLock::new() }
    }

    /// Its lines, which are looked for when somebody asks.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Line and column of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(&self.text, offset as usize)
    }

    /// A line's text without its end; `line` counts from 1.
    #[must_use]
    pub fn line_text(&self, line: usize) -> &str {
        let rest = &self.text[self.lines().start(line)..];
        let text = rest.split('\n').next().unwrap_or("");
        text.strip_suffix('\r').unwrap_or(text)
    }
}

/// All files of a compilation; a `FileId` is an index into it.
#[derive(Clone, Default, Debug)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and names it.
    pub fn add(&mut self, source: Source) -> FileId {
        self.files.push(source);
        FileId(u32::try_from(self.files.len() - 1).expect("fewer files than bytes of source, which fit u32"))
    }

    /// All files in the order of their ids.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.files.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file of that name.
    #[must_use]
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// `path:line:column` of a span's start.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<String> {
        let source = self.get(span.file)?;
        let Position { line, column } = source.position(span.start);
        Some(format!("{}:{line}:{column}", source.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (usize, usize) {
        let Position { line, column } = LineIndex::new(text).position(text, offset);
        (line, column)
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("a\nßb\n", 0), (1, 1));
        assert_eq!(at("a\nßb\n", 1), (1, 2));
        assert_eq!(at("a\nßb\n", 4), (2, 2));
        assert_eq!(at("a\nßb\n", 6), (3, 1));
    }

    #[test]
    fn long_lines_are_counted_in_steps() {
        let text = "aß".repeat(2 * STEP) + "\n" + &"ßa".repeat(STEP) + &"b".repeat(2 * STEP);
        let text = &text[..text.len() / STEP * STEP];
        let lines = LineIndex::new(text);
        for offset in (0..=text.len()).filter(|offset| offset % 97 == 0 || offset % STEP < 2) {
            let before = &text[..text.floor_char_boundary(offset)];
            let start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let Position { line, column } = lines.position(text, offset);
            assert_eq!((line, column), (before.matches('\n').count() + 1, before[start..].chars().count() + 1));
        }
    }

    #[test]
    fn offsets_inside_of_characters_and_behind_the_text_are_harmless() {
        assert_eq!(at("ß", 1), (1, 1));
        assert_eq!(at("a\nb", 99), (2, 2));
    }

    #[test]
    fn lines_end_in_either_form() {
        let source = Source::new("f", "a\r\nb\nc");
        assert_eq!([1, 2, 3, 9].map(|line| source.line_text(line)), ["a", "b", "c", "c"]);
        assert_eq!(source.lines().line_count(), 3);
    }
}
