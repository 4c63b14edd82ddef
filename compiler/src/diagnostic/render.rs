//! Diagnostics as text for a terminal.
//!
//! ```text
//! error[E3000] shop/cart.aivi:12:9 unknown name `prise`
//!    |
//! 12 | total = prise * 2
//!    |         ^^^^^ unknown name `prise`
//! note: a note
//! help: a help
//! ```
//!
//! Carets stand under the span's first line only. Other places involved follow, underlined with dashes, and get a line
//! with their path when they are in another file. What the source holds never reaches the terminal as control
//! characters, and of a long line only the part around the span is shown.

use std::borrow::Cow;
use std::fmt::Write;

use super::source::{Source, Sources};
use super::{Diagnostic, Severity};
use crate::syntax::Span;

/// Whether to write escape sequences for colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Ansi,
}

/// Longer lines are cut on both sides of the span. Arbitrary: twice a usual terminal.
const COLUMNS_MAX: usize = 160;
/// Of a line of many bytes only so many on both sides of the span's start are looked at: enough for `COLUMNS_MAX`.
const BYTES_AROUND: usize = 4096;
/// Columns kept before the span when a line is cut.
const COLUMNS_BEFORE: usize = 60;
/// Characters of a message. Arbitrary: more than those have that quote names and types of usual length.
const MESSAGE_MAX: usize = 1000;
/// Columns of a tab.
const TAB: usize = 4;

/// The text of a diagnostic, with a newline at its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: Color) -> String {
    let mut renderer = Renderer { sources, color, out: String::new(), gutter: gutter_width(diagnostic, sources) };
    renderer.diagnostic(diagnostic);
    renderer.out
}

/// The digits of the largest line number shown.
fn gutter_width(diagnostic: &Diagnostic, sources: &Sources) -> usize {
    let spans = std::iter::once(diagnostic.span).chain(diagnostic.labels.iter().map(|(span, _)| *span));
    let lines = spans.filter_map(|span| Some(sources.get(span.file)?.position(span.start).line));
    lines.max().unwrap_or(1).to_string().len()
}

struct Renderer<'a> {
    sources: &'a Sources,
    color: Color,
    out: String,
    gutter: usize,
}

impl Renderer<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let (word, style) = match diagnostic.severity() {
            Severity::Error => ("error", "31;1"),
            Severity::Warning => ("warning", "33;1"),
        };
        let code = diagnostic.code.name();
        let place = self.sources.locate(diagnostic.span).map_or(String::new(), |place| format!(" {place}"));
        let severity = self.paint(style, &format!("{word}[{code}]"));
        let text = shortened(&diagnostic.message);
        let message = self.paint("1", &text);
        let _ = writeln!(self.out, "{severity}{place} {message}");
        self.snippet(diagnostic.span, '^', style, &text, None);
        let mut shown = diagnostic.span;
        // Labels on the line of the mistake first, so that the line is shown once.
        let line = |span: Span| self.sources.get(span.file).map(|source| (span.file, source.position(span.start).line));
        let here = line(diagnostic.span);
        let mut labels: Vec<&(Span, String)> = diagnostic.labels.iter().collect();
        labels.sort_by_key(|(span, _)| line(*span) != here);
        for (span, text) in labels {
            self.snippet(*span, '-', "34;1", text, Some(shown));
            shown = *span;
        }
        for (word, texts) in [("note:", &diagnostic.notes), ("help:", &diagnostic.helps)] {
            for text in texts {
                let word = self.paint("1", word);
                let _ = writeln!(self.out, "{word} {text}");
            }
        }
    }

    /// A source line with its span underlined; the line itself is left out when `above` is on it.
    fn snippet(&mut self, span: Span, mark: char, style: &str, text: &str, above: Option<Span>) {
        let Some(source) = self.sources.get(span.file) else { return };
        let line = source.position(span.start).line;
        let excerpt = Excerpt::new(source, line, span);
        let same_file = above.is_none_or(|above| above.file == span.file);
        let same_line = same_file && above.is_some_and(|above| source.position(above.start).line == line);
        if !same_file {
            let place = self.sources.locate(span).unwrap_or_default();
            let arrow = self.paint("34;1", "::");
            let _ = writeln!(self.out, "{:width$} {arrow} {place}", "", width = self.gutter);
        }
        // A cut line is shown again: its label may lie outside of the part that was shown.
        if !same_line || excerpt.is_cut {
            self.gutter_line("", "");
            self.gutter_line(&line.to_string(), &excerpt.text);
        }
        let marks = self.paint(style, &mark.to_string().repeat(excerpt.width));
        let text = self.paint(style, text.lines().next().unwrap_or(""));
        self.gutter_line("", &format!("{:indent$}{marks} {text}", "", indent = excerpt.indent));
    }

    fn gutter_line(&mut self, number: &str, text: &str) {
        let gutter = self.paint("34;1", &format!("{number:>width$} |", width = self.gutter));
        let space = if text.is_empty() { "" } else { " " };
        let _ = writeln!(self.out, "{gutter}{space}{text}");
    }

    fn paint(&self, style: &str, text: &str) -> String {
        match self.color {
            Color::Never => text.to_owned(),
            Color::Ansi => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
        }
    }
}

/// A message that quotes a long name from the source, cut.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The part of a line that is shown, and where the span lies in it.
struct Excerpt {
    text: String,
    /// Columns before the span.
    indent: usize,
    /// Columns of the span, at least one.
    width: usize,
    is_cut: bool,
}

impl Excerpt {
    fn new(source: &Source, line: usize, span: Span) -> Self {
        let (mut start, mut text) = (source.lines().start(line), source.line_text(line));
        if text.len() > 4 * BYTES_AROUND {
            let at = (span.start as usize).saturating_sub(start);
            let (first, last) = (at.saturating_sub(BYTES_AROUND), (at + BYTES_AROUND).min(text.len()));
            let (first, last) = (text.floor_char_boundary(first), text.ceil_char_boundary(last));
            (start, text) = (start + first, &text[first..last]);
        }
        let (from, to) = ((span.start as usize).saturating_sub(start), (span.end as usize).saturating_sub(start));
        let mut excerpt = Excerpt { text: String::new(), indent: 0, width: 0, is_cut: false };
        // First columns of the span, then the window around it.
        let indent: usize = text.char_indices().take_while(|(at, _)| *at < from).map(|(_, c)| columns(c)).sum();
        let is_long = text.len() > COLUMNS_MAX && text.chars().map(columns).sum::<usize>() > COLUMNS_MAX;
        let first = if is_long { indent.saturating_sub(COLUMNS_BEFORE) } else { 0 };
        let last = if is_long { first + COLUMNS_MAX } else { usize::MAX };
        let mut column = 0;
        for (at, c) in text.char_indices() {
            if (first..last).contains(&column) {
                excerpt.push(c, at, from, to);
            } else {
                excerpt.is_cut = true;
            }
            column += columns(c);
        }
        if first > 0 {
            excerpt.text.insert(0, '…');
            excerpt.indent += 1;
        }
        if column > last {
            excerpt.text.push('…');
        }
        excerpt.width = excerpt.width.max(1);
        excerpt
    }

    fn push(&mut self, c: char, at: usize, from: usize, to: usize) {
        if at < from {
            self.indent += columns(c);
        } else if at < to {
            self.width += columns(c);
        }
        match c {
            '\t' => self.text.push_str(&" ".repeat(TAB)),
            c if c.is_control() => self.text.push('\u{fffd}'),
            c => self.text.push(c),
        }
    }
}

/// The columns that a character takes on a terminal, as far as that can be told without tables.
fn columns(c: char) -> usize {
    match c {
        '\t' => TAB,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::syntax::FileId;

    fn sources(files: &[(&str, &str)]) -> Sources {
        let mut sources = Sources::default();
        for (path, text) in files {
            sources.add(Source::new(*path, *text));
        }
        sources
    }

    fn span(file: u32, start: u32, end: u32) -> Span {
        Span { file: FileId(file), start, end }
    }

    fn plain(diagnostic: &Diagnostic, sources: &Sources) -> String {
        render(diagnostic, sources, Color::Never)
    }

    #[test]
    fn follows_the_format_of_the_language_reference() {
        let text = format!("{}total = prise * 2\n", "\n".repeat(11));
        let diagnostic =
            Diagnostic::new(Code::E3000, span(0, 19, 24), "unknown name `prise`").note("a note").help("a help");
        let expected = "\
error[E3000] shop/cart.aivi:12:9 unknown name `prise`
   |
12 | total = prise * 2
   |         ^^^^^ unknown name `prise`
note: a note
help: a help
";
        assert_eq!(plain(&diagnostic, &sources(&[("shop/cart.aivi", &text)])), expected);
    }

    #[test]
    fn labels_on_the_same_line_another_line_and_in_another_file() {
        let sources = sources(&[("a", "f (x]\ng"), ("b", "h")]);
        let diagnostic = Diagnostic::new(Code::E1003, span(0, 4, 5), "m")
            .label(span(0, 2, 3), "same")
            .label(span(0, 6, 7), "below")
            .label(span(1, 0, 1), "elsewhere");
        let expected = "\
error[E1003] a:1:5 m
  |
1 | f (x]
  |     ^ m
  |   - same
  |
2 | g
  | - below
  :: b:1:1
  |
1 | h
  | - elsewhere
";
        assert_eq!(plain(&diagnostic, &sources), expected);
    }

    #[test]
    fn tabs_wide_characters_and_control_characters_keep_carets_in_place() {
        let text = "\tx\u{1b}漢字y";
        let at = u32::try_from(text.find('y').expect("there is one")).expect("short");
        let rendered = plain(&Diagnostic::new(Code::E1000, span(0, at, at + 1), "m"), &sources(&[("f", text)]));
        assert_eq!(rendered, "error[E1000] f:1:6 m\n  |\n1 |     x\u{fffd}漢字y\n  |           ^ m\n");
    }

    #[test]
    fn empty_files_ends_of_files_and_spans_over_lines() {
        let at_end = |text: &str, start, end| {
            plain(&Diagnostic::new(Code::E1000, span(0, start, end), "m"), &sources(&[("f", text)]))
        };
        assert_eq!(at_end("", 0, 0), "error[E1000] f:1:1 m\n  |\n1 |\n  | ^ m\n");
        assert_eq!(at_end("ab", 2, 2), "error[E1000] f:1:3 m\n  |\n1 | ab\n  |   ^ m\n");
        assert_eq!(at_end("a\n", 2, 2), "error[E1000] f:2:1 m\n  |\n2 |\n  | ^ m\n");
        assert_eq!(at_end("abc\r\nde", 1, 7), "error[E1000] f:1:2 m\n  |\n1 | abc\n  |  ^^ m\n");
        assert_eq!(at_end("abc", 99, 120), "error[E1000] f:1:4 m\n  |\n1 | abc\n  |    ^ m\n");
    }

    #[test]
    fn long_lines_are_cut_around_the_span() {
        let text = "x".repeat(1_000_000);
        let rendered = plain(&Diagnostic::new(Code::E1000, span(0, 500_000, 500_003), "m"), &sources(&[("f", &text)]));
        let lines: Vec<&str> = rendered.lines().collect();
        assert_eq!(lines[2], format!("1 | …{}…", "x".repeat(COLUMNS_MAX)));
        assert_eq!(lines[3], format!("  | {}^^^ m", " ".repeat(COLUMNS_BEFORE + 1)));
        let rendered = plain(&Diagnostic::new(Code::E1000, span(0, 0, 1_000_000), &text), &sources(&[("f", &text)]));
        assert_eq!(rendered.matches('x').count(), 2 * MESSAGE_MAX + COLUMNS_MAX);
    }

    #[test]
    fn colour_is_only_added() {
        let sources = sources(&[("f", "a")]);
        let diagnostic = Diagnostic::new(Code::W2500, span(0, 0, 1), "m").note("n");
        let mut stripped = String::new();
        let painted = render(&diagnostic, &sources, Color::Ansi);
        assert!(painted.starts_with("\u{1b}[33;1mwarning[W2500]"));
        for (at, piece) in painted.split('\u{1b}').enumerate() {
            let behind_escape = piece.split_once('m').map_or(piece, |(_, rest)| rest);
            stripped.push_str(if at == 0 { piece } else { behind_escape });
        }
        assert_eq!(stripped, plain(&diagnostic, &sources));
    }

    #[test]
    fn a_file_that_nobody_knows_has_no_place() {
        let diagnostic = Diagnostic::new(Code::E2008, span(7, 0, 0), "m");
        assert_eq!(plain(&diagnostic, &Sources::default()), "error[E2008] m\n");
    }
}
