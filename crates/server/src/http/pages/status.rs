//! A status as pages show it: one roundel, with a ring, a glyph and its own label. Color alone
//! never tells two of them apart. And why a job is not running.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

use askama::filters::HtmlSafe;
use roundel_model::{
    id::JobId,
    limits,
    status::{JobStatus, PipelineErrorKind, PipelineStatus, StepStatus, WorkflowStatus},
    text::cut,
};
use roundel_store::reading::{JobRow, PipelineRow, WorkflowRow};

use crate::{http::family::Family, markup::Html};

/// A status as people see it: one roundel, with a ring, a glyph and its own label. Color alone
/// never tells two of them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DisplayStatus {
    /// Ended well.
    Passed,
    /// A step failed, or the configuration does.
    Failed,
    /// A runner has it.
    Running,
    /// Something failed, something still runs.
    Failing,
    /// Ready, waits for a runner.
    Queued,
    /// Waits for other jobs.
    Blocked,
    /// Waits for a person.
    Hold,
    /// Stopped by a person or a rule.
    Canceled,
    /// Never started.
    NotRun,
    /// Took too long.
    TimedOut,
    /// Roundel lost the job: not the fault of the configuration or the code.
    Infrastructure,
    /// Not allowed.
    Unauthorized,
    /// The configuration could not be compiled.
    ConfigError,
    /// The forge did not return the configuration.
    ConfigUnreadable,
    /// The configuration is right, and asks for what this release cannot run.
    NotSupported,
    /// The configuration is being compiled.
    Compiling,
    /// There is nothing to run.
    Nothing,
}

/// The worst first; what still runs hides what ended well.
const ORDER: [WorkflowStatus; 8] = [
    WorkflowStatus::Failing,
    WorkflowStatus::Running,
    WorkflowStatus::Failed,
    WorkflowStatus::Unauthorized,
    WorkflowStatus::OnHold,
    WorkflowStatus::Canceled,
    WorkflowStatus::Success,
    WorkflowStatus::NotRun,
];

impl DisplayStatus {
    /// Returns the label for people.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Running => "Running",
            Self::Failing => "Failing",
            Self::Queued => "Queued",
            Self::Blocked => "Blocked",
            Self::Hold => "Needs approval",
            Self::Canceled => "Canceled",
            Self::NotRun => "Not run",
            Self::TimedOut => "Timed out",
            Self::Infrastructure => "Infrastructure failure",
            Self::Unauthorized => "Unauthorized",
            Self::ConfigError => "Config error",
            Self::ConfigUnreadable => "Could not read config",
            Self::NotSupported => "Not supported",
            Self::Compiling => "Compiling",
            Self::Nothing => "Nothing to run",
        }
    }

    /// Returns the name of its symbol and of its class.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Queued => "queued",
            Self::Blocked => "blocked",
            Self::Hold => "hold",
            Self::Canceled => "canceled",
            Self::NotRun => "notrun",
            Self::TimedOut => "timedout",
            Self::Infrastructure => "infra",
            Self::Unauthorized => "unauthorized",
            Self::ConfigError => "configerror",
            Self::ConfigUnreadable => "configunreadable",
            Self::NotSupported => "notsupported",
            Self::Compiling => "compiling",
            Self::Nothing => "nothing",
        }
    }

    /// Returns the family that decides color and favicon.
    pub(crate) const fn family(self) -> Family {
        match self {
            Self::Passed => Family::Ok,
            Self::Failed
            | Self::Failing
            | Self::TimedOut
            | Self::Infrastructure
            | Self::Unauthorized
            | Self::ConfigError
            | Self::ConfigUnreadable => Family::Bad,
            Self::Running | Self::Queued | Self::Blocked | Self::Compiling => Family::Busy,
            Self::Hold => Family::Hold,
            Self::Canceled | Self::NotRun | Self::Nothing | Self::NotSupported => Family::None,
        }
    }

    /// The attribute with the sentence that is read out when this is reached, or nothing while it
    /// runs or waits. `what` is escaped.
    pub(crate) fn outcome(self, what: impl fmt::Display) -> Html {
        let verb = match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Hold => "needs approval",
            Self::Canceled => "was canceled",
            Self::NotRun => "was not run",
            Self::TimedOut => "timed out",
            Self::Infrastructure => "ended with an infrastructure failure",
            Self::Unauthorized => "was not authorized",
            Self::ConfigError => "has a config error",
            Self::ConfigUnreadable => "could not read its config",
            Self::NotSupported => "is not supported",
            Self::Nothing => "has nothing to run",
            Self::Running | Self::Failing | Self::Queued | Self::Blocked | Self::Compiling => {
                return Html::default();
            }
        };
        Html(format!(" data-outcome=\"{what} {verb}\""))
    }

    /// Returns whether it was never started.
    pub(crate) const fn is_not_run(self) -> bool {
        matches!(self, Self::NotRun)
    }

    /// Returns whether something went wrong that needs a look.
    pub(crate) const fn is_bad(self) -> bool {
        self.family().is_bad()
    }

    /// Returns whether the configuration asks for what this release cannot run.
    pub(crate) const fn is_not_supported(self) -> bool {
        matches!(self, Self::NotSupported)
    }

    /// Returns whether it will change by itself. What waits for a person does not.
    pub(crate) const fn is_going(self) -> bool {
        match self {
            Self::Running | Self::Failing | Self::Queued | Self::Blocked | Self::Compiling => true,
            Self::Passed
            | Self::Failed
            | Self::Hold
            | Self::Canceled
            | Self::NotRun
            | Self::TimedOut
            | Self::Infrastructure
            | Self::Unauthorized
            | Self::ConfigError
            | Self::ConfigUnreadable
            | Self::NotSupported
            | Self::Nothing => false,
        }
    }

    /// Returns the roundel alone, hidden from screen readers: for places where the word is next to it.
    pub(crate) const fn icon(self) -> Icon {
        Icon(self)
    }

    /// Returns the status of a whole pipeline.
    pub(crate) fn of_pipeline(row: &PipelineRow, workflows: &[WorkflowRow]) -> Self {
        match row.status {
            PipelineStatus::Pending => return Self::Compiling,
            PipelineStatus::Errored => return Self::of_error(row.error_kind),
            PipelineStatus::Created => {}
        }
        let has = |status| workflows.iter().any(|workflow| workflow.status == status);
        if has(WorkflowStatus::Running) && has(WorkflowStatus::Failed) {
            return Self::Failing;
        }
        ORDER.into_iter().find(|&status| has(status)).map_or(Self::Nothing, Self::from)
    }
}

impl DisplayStatus {
    /// Returns the status of a pipeline that could not be compiled; `None` is a row of an earlier release.
    const fn of_error(kind: Option<PipelineErrorKind>) -> Self {
        match kind {
            Some(PipelineErrorKind::Unsupported) => Self::NotSupported,
            Some(PipelineErrorKind::ConfigFetch) => Self::ConfigUnreadable,
            Some(
                PipelineErrorKind::Config | PipelineErrorKind::Plan | PipelineErrorKind::Other,
            )
            | None => Self::ConfigError,
        }
    }
}

/// The roundel with its label next to it.
impl fmt::Display for DisplayStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<span class="status s-{}">{}{}</span>"#,
            self.class(),
            Icon(*self),
            self.label()
        )
    }
}

impl HtmlSafe for DisplayStatus {}

/// A roundel without a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Icon(DisplayStatus);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.0.class();
        write!(
            f,
            r##"<svg class="icon m-{class}" viewBox="0 0 24 24" aria-hidden="true"><use href="#m-{class}"/></svg>"##
        )
    }
}

impl HtmlSafe for Icon {}

impl From<JobStatus> for DisplayStatus {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Blocked => Self::Blocked,
            JobStatus::NotRunning => Self::Queued,
            JobStatus::Running => Self::Running,
            JobStatus::OnHold => Self::Hold,
            JobStatus::Success => Self::Passed,
            JobStatus::Failed => Self::Failed,
            JobStatus::Timedout => Self::TimedOut,
            JobStatus::InfrastructureFail => Self::Infrastructure,
            JobStatus::Canceled => Self::Canceled,
            JobStatus::NotRun => Self::NotRun,
            JobStatus::Unauthorized => Self::Unauthorized,
        }
    }
}

impl From<WorkflowStatus> for DisplayStatus {
    fn from(status: WorkflowStatus) -> Self {
        match status {
            WorkflowStatus::Running => Self::Running,
            WorkflowStatus::Failing => Self::Failing,
            WorkflowStatus::OnHold => Self::Hold,
            WorkflowStatus::Success => Self::Passed,
            WorkflowStatus::Failed => Self::Failed,
            WorkflowStatus::Canceled => Self::Canceled,
            WorkflowStatus::Unauthorized => Self::Unauthorized,
            WorkflowStatus::NotRun => Self::NotRun,
        }
    }
}

impl From<StepStatus> for DisplayStatus {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Running => Self::Running,
            StepStatus::Success => Self::Passed,
            StepStatus::Failed => Self::Failed,
            StepStatus::Canceled => Self::Canceled,
            StepStatus::Timedout => Self::TimedOut,
            StepStatus::InfrastructureFail => Self::Infrastructure,
        }
    }
}

/// Names that a sentence lists.
const NAMED: usize = 4;

/// Says why a job waits (invariant 8), or nothing when it does not. `unfit` says of queued jobs what no
/// runner supports.
pub(crate) fn why_waiting(
    job: &JobRow,
    siblings: &[JobRow],
    unfit: &HashMap<JobId, String>,
) -> Option<String> {
    match job.status {
        JobStatus::Blocked => {
            let open: Vec<String> = required(job, siblings)
                .filter(|other| !other.status.is_final())
                .map(|other| format!("`{}`", listed_name(other)))
                .collect();
            Some(match open.as_slice() {
                [] => "Waiting for dependencies to be re-evaluated.".to_owned(),
                names => format!("Waiting for {} to finish.", join(names)),
            })
        }
        JobStatus::NotRunning => Some(unfit.get(&job.id).cloned().unwrap_or_else(|| {
            "Waiting for a runner that takes its resource class, architecture and executor."
                .to_owned()
        })),
        JobStatus::OnHold => Some("Waiting for approval by someone with write access.".to_owned()),
        JobStatus::Running
        | JobStatus::Success
        | JobStatus::Failed
        | JobStatus::Timedout
        | JobStatus::InfrastructureFail
        | JobStatus::Canceled
        | JobStatus::NotRun
        | JobStatus::Unauthorized => None,
    }
}

/// The jobs that a job requires, in the order of the file.
fn required<'a>(job: &JobRow, siblings: &'a [JobRow]) -> impl Iterator<Item = &'a JobRow> {
    let needs: HashSet<_> = job.needs.iter().copied().collect();
    siblings.iter().filter(move |other| needs.contains(&other.id))
}

/// Says why a job was not run: how the jobs that it requires ended.
pub(crate) fn why_not_started(job: &JobRow, siblings: &[JobRow]) -> Option<String> {
    if job.status != JobStatus::NotRun {
        return None;
    }
    let (passed, others): (Vec<&JobRow>, Vec<&JobRow>) =
        required(job, siblings).partition(|other| other.status == JobStatus::Success);
    // A job may also require that another one fails.
    let decisive = if others.is_empty() { passed } else { others };
    let causes: Vec<String> = decisive
        .into_iter()
        .filter_map(|other| Some(format!("`{}` {}", listed_name(other), ended(other.status)?)))
        .collect();
    (!causes.is_empty()).then(|| format!("Not run, because {}.", join(&causes)))
}

/// Says how a job ended.
const fn ended(status: JobStatus) -> Option<&'static str> {
    Some(match status {
        JobStatus::Success => "passed",
        JobStatus::Failed => "failed",
        JobStatus::Timedout => "timed out",
        JobStatus::InfrastructureFail => "ended with an infrastructure failure",
        JobStatus::Canceled => "was canceled",
        JobStatus::NotRun => "was not run",
        JobStatus::Unauthorized => "is unauthorized",
        JobStatus::Blocked | JobStatus::NotRunning | JobStatus::Running | JobStatus::OnHold => {
            return None;
        }
    })
}

/// Returns why a job is `unauthorized`: no step of it can say so, for none ran.
fn why_unauthorized(job: &JobRow) -> Option<&str> {
    let is_refused = job.status == JobStatus::Unauthorized;
    job.reason.as_deref().filter(|reason| is_refused && !reason.trim().is_empty())
}

/// Names a job that is `unauthorized`, and says why.
pub(crate) fn refusal(job: &JobRow) -> Option<String> {
    let why = cut(why_unauthorized(job)?, limits::LISTED_SENTENCE_CHARS);
    Some(format!("`{}`: {why}", listed_name(job)))
}

/// The name of a job in a sentence.
fn listed_name(job: &JobRow) -> Cow<'_, str> {
    cut(job.name.as_str(), limits::LISTED_NAME_CHARS)
}

/// Lists names; of many, the first few and how many more there are.
fn join(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        _ => {
            let first = names.iter().take(NAMED - 1).cloned().collect::<Vec<_>>().join(", ");
            format!("{first} and {} more jobs", names.len() + 1 - NAMED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_a_few_of_many() {
        let names = |count: usize| (1..=count).map(|n| format!("j{n}")).collect::<Vec<_>>();
        assert_eq!(join(&names(1)), "j1");
        assert_eq!(join(&names(4)), "j1, j2, j3 and j4");
        assert_eq!(join(&names(60)), "j1, j2, j3 and 57 more jobs");
    }

    /// Every status that a page can show.
    const ALL: [DisplayStatus; 17] = [
        DisplayStatus::Passed,
        DisplayStatus::Failed,
        DisplayStatus::Running,
        DisplayStatus::Failing,
        DisplayStatus::Queued,
        DisplayStatus::Blocked,
        DisplayStatus::Hold,
        DisplayStatus::Canceled,
        DisplayStatus::NotRun,
        DisplayStatus::TimedOut,
        DisplayStatus::Infrastructure,
        DisplayStatus::Unauthorized,
        DisplayStatus::ConfigError,
        DisplayStatus::ConfigUnreadable,
        DisplayStatus::NotSupported,
        DisplayStatus::Compiling,
        DisplayStatus::Nothing,
    ];

    #[test]
    fn every_status_has_a_word_and_a_symbol_of_its_own() {
        let sprite = include_str!("../../../templates/parts/icons.svg");
        let symbol = |status: DisplayStatus| {
            let id = format!("<symbol id=\"m-{}\"", status.class());
            let (_, rest) = sprite.split_once(&id).expect("a symbol");
            rest.split_once("</symbol>").unwrap().0
        };
        for (index, one) in ALL.into_iter().enumerate() {
            for &other in &ALL[index + 1..] {
                assert_ne!(one.label(), other.label());
                assert_ne!(symbol(one), symbol(other), "{one:?} and {other:?}");
            }
        }
    }
}
