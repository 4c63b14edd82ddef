//! `==` needs values without functions, effects and handles, as far as the type shows them.

use super::builtin;
use super::checker::Checker;
use super::types::{TyId, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::IdSet;

impl Checker<'_> {
    /// Reports E3022 for the comparisons of the finished group.
    pub(super) fn check_compared(&mut self) {
        for (ty, span) in std::mem::take(&mut self.compared) {
            if let Some(part) = self.incomparable_part(ty) {
                let message = format!("values of type {} cannot be compared", self.show(part));
                let diagnostic = Diagnostic::new(Code::E3022, span, message);
                self.tables.report(diagnostic.note("functions, effects and handles have no equality"));
            }
        }
    }

    fn incomparable_part(&self, ty: TyId) -> Option<TyId> {
        let mut work = vec![ty];
        let mut seen = IdSet::default();
        while let Some(ty) = work.pop() {
            if !seen.insert(ty) {
                continue;
            }
            match self.types.view(ty) {
                View::Variable => {}
                View::Function(..) => return Some(ty),
                View::Data(
                    builtin::EFFECT | builtin::RESOURCE | builtin::SENDER | builtin::RECEIVER | builtin::SCOPE,
                    _,
                ) => return Some(ty),
                View::Data(_, arguments) | View::Tuple(arguments) => work.extend(arguments),
                View::Record { fields, .. } => work.extend(fields.iter().map(|(_, ty)| *ty)),
            }
        }
        None
    }
}
