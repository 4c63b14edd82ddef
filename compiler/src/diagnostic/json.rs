//! Diagnostics as JSON, for tools: one object a line. `spec/language/commands.md` describes its fields; they stay as
//! they are, others may join them.

use serde::Serialize;

use super::source::Sources;
use super::{Diagnostic, Severity};
use crate::syntax::Span;

#[derive(Serialize)]
struct Object<'a> {
    severity: &'static str,
    /// None for what is about no text, such as a file that cannot be read.
    code: Option<&'static str>,
    message: &'a str,
    /// As it was given, or found for a module.
    path: Option<&'a str>,
    span: Option<Range>,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    helps: &'a [String],
}

#[derive(Serialize)]
struct Label<'a> {
    path: Option<&'a str>,
    span: Option<Range>,
    message: &'a str,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    /// Behind the last character.
    end: Place,
}

/// Line and column from 1, the column in characters; the offset from 0, in bytes.
#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
    offset: usize,
}

/// The line for a diagnostic, with a newline at its end.
#[must_use]
pub fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let labels = diagnostic.labels.iter().map(|(span, message)| {
        let (path, span) = place(*span, sources);
        Label { path, span, message }
    });
    let (path, span) = place(diagnostic.span, sources);
    write(&Object {
        severity: match diagnostic.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        code: Some(diagnostic.code.name()),
        message: &diagnostic.message,
        path,
        span,
        labels: labels.collect(),
        notes: &diagnostic.notes,
        helps: &diagnostic.helps,
    })
}

/// The line for an error about a file and not about its text.
#[must_use]
pub fn line_of_file(path: Option<&str>, message: &str) -> String {
    let (labels, notes, helps) = (Vec::new(), &[][..], &[][..]);
    write(&Object { severity: "error", code: None, message, path, span: None, labels, notes, helps })
}

fn place(span: Span, sources: &Sources) -> (Option<&str>, Option<Range>) {
    let Some(source) = sources.get(span.file) else { return (None, None) };
    let at = |offset: u32| {
        let position = source.position(offset);
        Place { line: position.line, column: position.column, offset: (offset as usize).min(source.text.len()) }
    };
    (Some(&source.path), Some(Range { start: at(span.start), end: at(span.end.max(span.start)) }))
}

fn write(object: &Object<'_>) -> String {
    let mut line = serde_json::to_string(object).expect("texts and numbers are JSON");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Source};
    use crate::syntax::FileId;

    fn span(file: u32, start: u32, end: u32) -> Span {
        Span { file: FileId(file), start, end }
    }

    #[test]
    fn every_field_is_there_and_places_count_characters_and_bytes() {
        let mut sources = Sources::default();
        sources.add(Source::new("a \"b\".aivi", "é = x\nf"));
        let diagnostic = Diagnostic::new(Code::E3000, span(0, 5, 6), "unknown name `x`")
            .label(span(0, 7, 8), "here")
            .label(span(9, 0, 0), "nowhere")
            .note("a note")
            .help("a help");
        let expected = concat!(
            r#"{"severity":"error","code":"E3000","message":"unknown name `x`","path":"a \"b\".aivi","#,
            r#""span":{"start":{"line":1,"column":5,"offset":5},"end":{"line":1,"column":6,"offset":6}},"#,
            r#""labels":[{"path":"a \"b\".aivi","span":{"start":{"line":2,"column":1,"offset":7},"#,
            r#""end":{"line":2,"column":2,"offset":8}},"message":"here"},"#,
            r#"{"path":null,"span":null,"message":"nowhere"}],"notes":["a note"],"helps":["a help"]}"#,
            "\n"
        );
        assert_eq!(line(&diagnostic, &sources), expected);
    }

    #[test]
    fn an_error_about_a_file_has_no_place_in_it() {
        let expected = concat!(
            r#"{"severity":"error","code":null,"message":"cannot read","path":"a.aivi","span":null,"#,
            r#""labels":[],"notes":[],"helps":[]}"#,
            "\n"
        );
        assert_eq!(line_of_file(Some("a.aivi"), "cannot read"), expected);
    }
}
