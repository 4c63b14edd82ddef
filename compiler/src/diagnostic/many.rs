//! All reports of a compilation as text. A file can have a hundred thousand mistakes, and showing one takes time in
//! proportion to its line; nobody reads more than the first ones.

use std::fmt::Write;

use super::render::{Color, render};
use super::source::Sources;
use super::{Diagnostic, Severity};

/// So many errors are shown, and so many warnings. Arbitrary: more than people read before they change something.
const SHOWN_MAX: usize = 100;

/// The text of these diagnostics, in their order; of very many the first errors and the first warnings, and how many
/// more there are.
#[must_use]
pub fn render_all<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    color: Color,
) -> String {
    let mut out = String::new();
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in diagnostics {
        let count = match diagnostic.severity() {
            Severity::Error => &mut errors,
            Severity::Warning => &mut warnings,
        };
        *count += 1;
        if *count <= SHOWN_MAX {
            out.push_str(&render(diagnostic, sources, color));
        }
    }
    for (count, what) in [(errors, "error"), (warnings, "warning")] {
        if let Some(more @ 1..) = usize::checked_sub(count, SHOWN_MAX) {
            let plural = if more == 1 { "" } else { "s" };
            let _ = writeln!(out, "and {more} more {what}{plural}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::syntax::{FileId, Span};

    #[test]
    fn errors_are_shown_behind_many_warnings_and_the_rest_is_counted() {
        let place = Span { file: FileId(0), start: 0, end: 0 };
        let mut all = vec![Diagnostic::new(Code::W2101, place, "unused"); 102];
        all.extend(vec![Diagnostic::new(Code::E1000, place, "stray"); 101]);
        let text = render_all(&all, &Sources::default(), Color::Never);
        assert_eq!((text.matches("warning[").count(), text.matches("error[").count()), (100, 100));
        assert!(text.ends_with("\nand 1 more error\nand 2 more warnings\n"), "{text}");
    }
}
