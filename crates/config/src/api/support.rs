//! Whether what was compiled can be run by this release, and why not: one answer for the server
//! and for every command that says what the server will do.

use crate::{
    api::compiled::Compiled,
    codes::{
        self,
        consequence::{Consequence, JobRefusal},
    },
    text::diagnostic::{Diagnostic, Severity},
};

/// What happens to a configuration when it is pushed.
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
        let is_one = |found: &&Diagnostic| found.consequence() == Consequence::NeverStarted;
        self.unsupported.iter().filter(is_one)
    }

    /// Returns why jobs of the plan are refused, though their pipeline starts; with errors, why jobs
    /// will be once those are fixed.
    pub fn refusals(&self) -> impl Iterator<Item = (JobRefusal, &Diagnostic)> {
        let is_planned = self.plan.is_some();
        self.unsupported.iter().filter_map(move |found| match found.consequence() {
            // Without jobs it is about some that this branch does not run.
            Consequence::JobsRefused(why) if !is_planned || !found.jobs.is_empty() => {
                Some((why, found))
            }
            Consequence::JobsRefused(_)
            | Consequence::PipelineRefused
            | Consequence::NeverStarted
            | Consequence::Ignored => None,
        })
    }

    /// Returns what is worth knowing and refuses nothing: warnings, and options without effect here.
    pub fn notes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().chain(&self.unsupported).filter(|found| !is_error(found))
    }
}

impl Diagnostic {
    /// Returns whether it is about this release: what it is about is right, and cannot be run yet, or
    /// not fully.
    pub fn is_about_this_release(&self) -> bool {
        codes::code(&self.code).is_some_and(|code| code.consequence.is_some())
    }

    /// Returns what this release does about it, as the catalogue says. It is about something in
    /// [`Compiled::unsupported`].
    pub fn consequence(&self) -> Consequence {
        let known = codes::code(&self.code).and_then(|code| code.consequence);
        // A newer release may have stored it.
        let refuses = is_error(self);
        known.unwrap_or(if refuses { Consequence::PipelineRefused } else { Consequence::Ignored })
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

#[cfg(test)]
mod tests;
