//! Whether what was compiled can be run by this release, and why not: one answer for the server
//! and for every command that says what the server will do.

use crate::{
    api::compiled::Compiled,
    codes,
    text::diagnostic::{Diagnostic, Severity},
};

/// What becomes of a configuration when it is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Its plan is run. There may be [notes](Compiled::notes).
    Runs,
    /// It is right, and asks for something that this release cannot run. Nothing of it is run: a
    /// plan without one of its steps would pass for a plan that ran.
    Unsupported,
    /// It has errors.
    Invalid,
}

impl Compiled {
    /// Decides whether the configuration can be run. A warning never keeps it from running, be it
    /// about the configuration or about an option that has no effect here.
    pub fn support(&self) -> Support {
        if self.plan.is_none() || self.diagnostics.iter().any(is_error) {
            Support::Invalid
        } else if self.unsupported.iter().any(is_error) {
            Support::Unsupported
        } else {
            Support::Runs
        }
    }

    /// Returns why it is not run: the errors of the configuration, then what this release cannot
    /// run.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.unsupported).filter(|found| is_error(found))
    }

    /// Returns the workflows that no pipeline of this release starts, though the others run.
    pub fn never_started(&self) -> impl Iterator<Item = &Diagnostic> {
        self.unsupported.iter().filter(|found| found.is_never_started())
    }

    /// Returns what is worth knowing and refuses nothing: warnings, and options without effect here.
    pub fn notes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.unsupported).filter(|found| !is_error(found))
    }
}

impl Diagnostic {
    /// Returns whether it is about a workflow that this release never starts. It is a warning, for
    /// the pipeline runs without that workflow; commands that say what runs must not say "all".
    pub fn is_never_started(&self) -> bool {
        self.code == codes::UNSUPPORTED_SCHEDULE.slug
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

#[cfg(test)]
mod tests;
