//! What was found, for programs: one JSON document for all files.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use roundel_config::{
    Decision, Diagnostic, RefusedJob, Related, Severity, codes, orbs::ResolvedOrb,
};
use serde::Serialize;

use super::check::Checked;

/// All files that were checked.
#[derive(Serialize)]
pub(crate) struct Report<'c> {
    files: Vec<File<'c>>,
}

#[derive(Serialize)]
struct File<'c> {
    path: &'c str,
    /// It has no errors.
    valid: bool,
    /// The decision about it when it is pushed.
    decision: Decision,
    /// Why nothing runs, if that is the decision.
    reason: Option<String>,
    diagnostics: Vec<DiagnosticView<'c>>,
    /// What this release cannot run (errors) or gives no effect (warnings).
    unsupported: Vec<DiagnosticView<'c>>,
    refused_jobs: BTreeSet<RefusedJob>,
    /// The orbs that it was compiled with.
    orbs: &'c [ResolvedOrb],
    /// The compiled document, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'c roundel_config::document::Node>,
}

/// One diagnostic.
#[derive(Serialize)]
pub(crate) struct DiagnosticView<'c> {
    code: &'c str,
    number: Option<&'static str>,
    severity: Severity,
    message: &'c str,
    /// Where that is in the configuration: `jobs.build.steps[2].run.command`.
    at: &'c str,
    via: &'c [String],
    path: &'c str,
    span: Span,
    line: u32,
    column: u32,
    related: Vec<RelatedPlace<'c>>,
    help: Option<&'c str>,
    /// The page about the code, within the documentation.
    docs: Option<PathBuf>,
}

/// Bytes of the text: from the first to the one after the last.
#[derive(Serialize)]
struct Span {
    start: usize,
    end: usize,
}

/// A further place.
#[derive(Serialize)]
struct RelatedPlace<'c> {
    path: &'c str,
    span: Span,
    line: u32,
    column: u32,
    text: &'c str,
}

impl<'c> Report<'c> {
    /// Reports what was found in files.
    pub(crate) fn of(checked: &'c [Checked]) -> Self {
        Self { files: checked.iter().map(File::of).collect() }
    }

    /// Reports what a file compiles to, too.
    pub(crate) fn with_document(checked: &'c Checked) -> Self {
        let document = checked.compiled.document.as_ref();
        Self { files: vec![File { document, ..File::of(checked) }] }
    }
}

impl<'c> File<'c> {
    fn of(checked: &'c Checked) -> Self {
        Self {
            path: &checked.path,
            valid: checked.count(Severity::Error) == 0,
            decision: checked.decision(),
            reason: checked.why_nothing_runs(),
            diagnostics: checked.compiled.diagnostics.iter().map(DiagnosticView::of).collect(),
            unsupported: checked.compiled.unsupported.iter().map(DiagnosticView::of).collect(),
            refused_jobs: checked.compiled.refused_jobs(),
            orbs: &checked.compiled.orbs,
            document: None,
        }
    }
}

impl<'c> DiagnosticView<'c> {
    fn of(found: &'c Diagnostic) -> Self {
        let code = codes::code(&found.code);
        Self {
            code: &found.code,
            number: code.and_then(|code| code.number),
            severity: found.severity,
            message: &found.message,
            at: &found.at,
            via: &found.via,
            path: &found.path,
            span: Span { start: found.start, end: found.end },
            line: found.line,
            column: found.column,
            related: found
                .related
                .iter()
                .map(|related| RelatedPlace::of(related, &found.path))
                .collect(),
            help: found.help.as_deref(),
            docs: code
                .map(|code| Path::new("docs/diagnostics").join(code.slug).with_extension("md")),
        }
    }
}

impl<'c> RelatedPlace<'c> {
    fn of(related: &'c Related, path: &'c str) -> Self {
        Self {
            path: related.path.as_deref().unwrap_or(path),
            span: Span { start: related.start, end: related.end },
            line: related.line,
            column: related.column,
            text: &related.text,
        }
    }
}
