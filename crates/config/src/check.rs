//! Phase 6: what nothing runs, and orbs by themselves.

pub(crate) mod check_orb;
mod checker;
pub(crate) mod dormant;
pub(crate) mod lints;

pub(crate) use checker::Checker;

use crate::read::yaml::At;

impl Checker<'_, '_> {
    /// Checks what does not run today, and lints all definitions.
    pub(crate) fn check(&mut self, root: At) {
        self.check_dormant(root);
        self.lint_definitions(root);
    }
}
