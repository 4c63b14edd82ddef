//! Compile-time reports. Passes return them as data next to their result; nothing here prints.

pub mod codes;
pub mod foreign;
pub mod json;
pub mod many;
pub mod render;
pub mod source;

use crate::syntax::Span;
pub use codes::{Code, Severity};
pub use many::render_all;
pub use render::{Color, render};
pub use source::{LineIndex, Position, Source, Sources};

/// One report: what is wrong, on the smallest span that proves it.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// Its row in the table of codes.
    pub code: Code,
    /// What is wrong, in the language's words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Other places involved, each with what it has to do with this.
    pub labels: Vec<(Span, String)>,
    /// `note:` lines below the source: what else is known.
    pub notes: Vec<String>,
    /// `help:` lines at the end: what to do.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// A report without labels and notes.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { code, message: message.into(), span, labels: Vec::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// E1900 for a part of the language that `what` names.
    #[must_use]
    pub fn absent(span: Span, what: &str) -> Self {
        Diagnostic::new(Code::E1900, span, format!("{what} is not part of this version"))
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Adds a `note:` line.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a `help:` line. For what is sure to help, or asked as a question.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// The severity of its code.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}
