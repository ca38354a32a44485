//! A mistake on its way into the report: what is wrong, where, and what to do about it.

use crate::{
    codes::{Code, consequence::Consequence},
    text::{
        diagnostic::Severity,
        help::Help,
        place::{FileId, Place},
    },
};

/// A mistake on its way into the report.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<Help>,
    pub(crate) related: Vec<(Place, String)>,
}

impl Problem {
    /// Something that keeps the configuration from running.
    pub(crate) fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, severity: Severity::Error, place, message, help: None, related: Vec::new() }
    }

    /// Something that runs, but perhaps not as meant.
    pub(crate) fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// Something that is right, and that this release does not run: an error if the pipeline does not
    /// start for it, as the [catalogue](crate::codes) says.
    pub(crate) fn unsupported(code: Code, place: Place, message: impl Into<String>) -> Self {
        let refuses = code.consequence == Some(Consequence::PipelineRefused);
        let severity = if refuses { Severity::Error } else { Severity::Warning };
        Self { severity, ..Self::error(code, place, message) }
    }

    /// Says how to fix it.
    pub(crate) fn help(mut self, help: impl Into<Help>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says how to fix it, if that is known.
    pub(crate) fn maybe_help(mut self, help: Option<impl Into<Help>>) -> Self {
        self.help = help.map(Into::into).or(self.help);
        self
    }

    /// Adds another place that belongs to it.
    pub(crate) fn related(mut self, place: Place, text: impl Into<String>) -> Self {
        self.related.push((place, text.into()));
        self
    }

    /// The same in another file: an orb's text is parsed before its place among the sources is known.
    pub(crate) fn in_file(mut self, file: FileId) -> Self {
        self.place.file = file;
        for (place, _) in &mut self.related {
            place.file = file;
        }
        self
    }

    /// Returns whether it keeps the configuration from running.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
