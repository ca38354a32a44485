//! The decision about a configuration that is pushed to this release: one answer for `validate`,
//! `process` and `migrate-check`, made of what the server itself asks.
//!
//! ```text
//! Compiled::support         decides whether its pipeline starts
//! Compiled::never_started   decides which of its workflows no pipeline starts
//! Compiled::refusals        says where it is written that some of its jobs are refused
//! missing_contexts          decides which of its jobs end as `unauthorized`
//! unsupported_container     decides which of its jobs fail before their first step
//! ```
//!
//! Deliberately absent: guesses from the text of commands, which only `migrate-check` makes.

use std::collections::BTreeSet;

use roundel_config::{Compiled, Consequence, Diagnostic, JobOfPlan, Support};
use roundel_model::plan::{PlannedJob, PlannedJobKind, UnsupportedContainer};
use roundel_server::missing_contexts;
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::terminal;

/// Places that are named for one finding, and jobs; more of the same do not help.
const LINES: usize = 8;

/// The decision about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// It runs as it is.
    Runs,
    /// It is right. Its pipeline starts, and this release refuses some of its jobs; it may also never
    /// start some of its workflows.
    SomeJobsRefused,
    /// It is right. Every job of its pipeline runs, and this release never starts some of its workflows.
    SomeWorkflowsNeverStarted,
    /// It is right, and its pipeline does not start in this release.
    Unsupported,
    /// It has errors.
    Invalid,
}

/// A job that this release refuses, though the pipeline starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RefusedJob {
    pub(crate) workflow: String,
    pub(crate) job: String,
    pub(crate) reason: Reason,
}

/// Why a job is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It names contexts, which do not exist: it ends as `unauthorized`.
    Contexts(Vec<String>),
    /// It has service containers, of which the first has this image: it fails.
    ServiceContainers(String),
    /// Its first image has an `entrypoint` or a `command`: it fails.
    ContainerProgram,
}

/// What this release does not support, the same at several places once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported {
    pub(crate) message: String,
    /// The code of the diagnostics.
    pub(crate) code: String,
    pub(crate) help: Option<String>,
    /// `.circleci/config.yml:4:9`, `and 3 more`, ``job `build` of workflow `main` ``, `in the orb acme/kit@1.0.0`
    pub(crate) places: Vec<String>,
}

/// `{workflow, job, reason, names}`, whatever the reason is.
impl Serialize for RefusedJob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (reason, names) = match &self.reason {
            Reason::Contexts(names) => ("contexts", names.as_slice()),
            Reason::ServiceContainers(image) => ("service_containers", std::slice::from_ref(image)),
            Reason::ContainerProgram => ("container_program", [].as_slice()),
        };
        let mut object = serializer.serialize_struct("RefusedJob", 4)?;
        object.serialize_field("workflow", &self.workflow)?;
        object.serialize_field("job", &self.job)?;
        object.serialize_field("reason", reason)?;
        object.serialize_field("names", names)?;
        object.end()
    }
}

impl Decision {
    /// Decides about a configuration.
    pub(crate) fn of(compiled: &Compiled) -> Self {
        match compiled.support() {
            Support::Invalid => Self::Invalid,
            Support::Unsupported => Self::Unsupported,
            Support::Runs if !refused_jobs(compiled).is_empty() => Self::SomeJobsRefused,
            Support::Runs if compiled.never_started().next().is_some() => {
                Self::SomeWorkflowsNeverStarted
            }
            Support::Runs => Self::Runs,
        }
    }
}

/// Returns the jobs that this release refuses, each reason once.
pub(crate) fn refused_jobs(compiled: &Compiled) -> BTreeSet<RefusedJob> {
    let workflows = compiled.plan.iter().flat_map(|plan| &plan.workflows);
    let jobs = workflows.flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)));
    jobs.flat_map(|(workflow, job)| {
        reasons(job).into_iter().map(|reason| RefusedJob {
            workflow: workflow.name.to_string(),
            job: job.name.to_string(),
            reason,
        })
    })
    .collect()
}

fn reasons(job: &PlannedJob) -> Vec<Reason> {
    let contexts = missing_contexts(job);
    let contexts = (!contexts.is_empty()).then_some(Reason::Contexts(contexts));
    let container = match &job.kind {
        PlannedJobKind::Build(body) => body.executor.unsupported_container(),
        PlannedJobKind::Approval
        | PlannedJobKind::NoOp
        | PlannedJobKind::Release { .. }
        | PlannedJobKind::Lock { .. }
        | PlannedJobKind::Unlock { .. } => None,
    };
    let container = container.map(|unsupported| match unsupported {
        UnsupportedContainer::Service { image } => Reason::ServiceContainers(image.to_owned()),
        UnsupportedContainer::Program => Reason::ContainerProgram,
    });
    contexts.into_iter().chain(container).collect()
}

/// Returns what this release does not support of a kind, the same at several places once, in the order
/// of the text.
pub(crate) fn unsupported(
    compiled: &Compiled,
    is_wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Unsupported> {
    let mut groups: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for one in compiled.unsupported.iter().filter(|one| is_wanted(one)) {
        let message = one.message_within_orb();
        match groups.iter_mut().find(|(known, _)| *known == message) {
            Some((_, group)) => group.push(one),
            None => groups.push((message, vec![one])),
        }
    }
    let grouped = |(message, group): (&str, Vec<&Diagnostic>)| Unsupported {
        message: message.to_owned(),
        code: group.first().map(|one| one.code.clone()).unwrap_or_default(),
        help: group.first().and_then(|one| one.help.clone()),
        places: places(&group),
    };
    groups.into_iter().map(grouped).collect()
}

fn places(group: &[&Diagnostic]) -> Vec<String> {
    // As the renderer of diagnostics writes them: terminals and editors open the file there.
    let spots: BTreeSet<_> =
        group.iter().map(|one| (one.path.as_str(), one.line, one.column)).collect();
    let orbs: BTreeSet<&str> = group.iter().filter_map(|one| one.orb.as_deref()).collect();
    let mut places: Vec<String> = spots
        .iter()
        .take(LINES)
        .map(|(path, line, column)| format!("{path}:{line}:{column}"))
        .collect();
    if spots.len() > LINES {
        places.push(format!("and {} more", spots.len() - LINES));
    }
    let refused = group.iter().filter(|one| is_refusal(one));
    places.extend(jobs(&refused.copied().collect::<Vec<_>>()));
    places.extend(orbs.iter().map(|orb| format!("in the orb {orb}")));
    places
}

/// The jobs that what was found is about; the others of the plan run.
fn jobs(group: &[&Diagnostic]) -> Vec<String> {
    let mut named: Vec<&JobOfPlan> = Vec::new();
    for job in group.iter().flat_map(|one| &one.jobs) {
        if !named.contains(&job) {
            named.push(job);
        }
    }
    let name = |job: &&JobOfPlan| format!("job `{}` of workflow `{}`", job.job, job.workflow);
    let mut jobs: Vec<String> = named.iter().take(LINES).map(name).collect();
    let unnamed = group.iter().map(|one| one.more_jobs).max().unwrap_or_default();
    let left = named.len().saturating_sub(LINES) + unnamed;
    if left > 0 {
        jobs.push(format!("and {left} more jobs"));
    }
    jobs
}

fn is_refusal(found: &Diagnostic) -> bool {
    matches!(found.consequence(), Consequence::JobsRefused(_))
}

/// Writes, in indented lines, what this release refuses of a configuration that is right, and what
/// has no effect in it. Empty if there is nothing of either.
pub(crate) fn listed(compiled: &Compiled, notes: bool, width: Option<usize>) -> String {
    let mut text = String::new();
    let kind = |wanted: Consequence| {
        unsupported(compiled, move |one: &Diagnostic| one.consequence() == wanted)
    };
    let refused = kind(Consequence::PipelineRefused);
    let refusals: Vec<&Diagnostic> = compiled.refusals().map(|(_, found)| found).collect();
    let jobs = unsupported(compiled, |one| refusals.iter().any(|found| std::ptr::eq(*found, one)));
    if !(refused.is_empty() && jobs.is_empty()) && compiled.support() == Support::Invalid {
        // Under a count of errors they would be read as some of them.
        terminal::line(
            &mut text,
            "  and, once the errors are fixed, not supported by this release:",
        );
    }
    let mut list = |label: &str, found: Vec<Unsupported>| {
        for Unsupported { message, help, places, .. } in found {
            item(&mut text, &format!("{label}{message} ({})", places.join(", ")), width);
            if let Some(help) = help {
                advice(&mut text, &help, width);
            }
        }
    };
    list("", refused);
    list("", kind(Consequence::NeverStarted));
    list("", jobs);
    if notes {
        list("no effect: ", kind(Consequence::Ignored));
    }
    text
}

fn item(text: &mut String, line: &str, width: Option<usize>) {
    terminal::line(text, &format!("  - {}", terminal::wrapped(line, 4, width)));
}

fn advice(text: &mut String, line: &str, width: Option<usize>) {
    terminal::line(text, &format!("    {}", terminal::wrapped(line, 4, width)));
}

#[cfg(test)]
mod tests;
