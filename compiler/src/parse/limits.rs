//! Bounds on nesting, so that neither this pass nor a later one exhausts the host stack.
//!
//! `depth` counts how deep the parser itself has recursed. `height` counts, bottom up, how high the tree is that has
//! been built: chains such as `a + b + c` or `a.b.c` are parsed by a loop but nest to the left. Both are maintained by
//! `enter` and `leave` around every recursive rule, and by `link` for every step of a chain.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};

/// Levels of nested brackets, lambdas and the like. A level takes about ten host frames; in a debug build 200 levels
/// were measured to need 1.2 MiB, which leaves room on the 2 MiB stack of a test thread.
const DEPTH_MAX: u32 = 200;

/// Height of the tree of one declaration, chains included. Arbitrary: far above what people write, and low enough that
/// a recursive pass in a debug build gets by with the 2 MiB stack of a test.
const HEIGHT_MAX: u32 = 500;

/// The height of what was parsed before on the same level.
#[must_use]
pub(super) struct Level(u32);

impl Parser<'_> {
    /// Goes one level down, or reports that this is too deep and skips to the end of the innermost bracket.
    pub(super) fn enter(&mut self) -> Option<Level> {
        if self.depth == DEPTH_MAX {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        Some(Level(std::mem::take(&mut self.height)))
    }

    /// Comes back up.
    pub(super) fn leave(&mut self, Level(before): Level) {
        self.depth -= 1;
        self.height = before.max(self.height + 1);
    }

    /// Another step of a chain that nests to the left; false when it may not get any longer and the rest was skipped.
    pub(super) fn link(&mut self) -> bool {
        self.height += 1;
        let fits = self.height <= HEIGHT_MAX;
        if !fits {
            self.too_deep();
        }
        fits
    }

    fn too_deep(&mut self) {
        let report = Diagnostic::new(Code::E1008, self.here(), "this is nested too deeply");
        self.add(report.help("give parts of it names"));
        self.is_too_deep = true;
        self.skip_group();
    }
}
