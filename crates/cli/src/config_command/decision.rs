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

use roundel_config::{
    Compiled, Support,
    document::Node,
    listing::{Entry, Listing, Notes},
};
use roundel_model::{
    name::GitRef,
    plan::{PlannedJob, PlannedJobKind, UnsupportedContainer},
};
use roundel_server::missing_contexts;
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::terminal;

/// The decision about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// It runs as it is.
    Runs,
    /// It is right, and this push runs nothing: its pipeline ends as "Nothing to run".
    NothingRuns,
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
            Support::Runs if has_no_job(compiled) => Self::NothingRuns,
            Support::Runs => Self::Runs,
        }
    }
}

fn has_no_job(compiled: &Compiled) -> bool {
    compiled.plan.as_ref().is_some_and(|plan| plan.workflows.is_empty())
}

/// Says why a configuration [runs nothing](Decision::NothingRuns) for a branch or a tag.
pub(crate) fn why_nothing_runs(compiled: &Compiled, git_ref: Option<&GitRef>) -> String {
    let workflows = compiled.document.as_ref().and_then(|document| document.get("workflows"));
    let has_jobs = match workflows {
        Some(Node::Map(workflows)) => {
            workflows.iter().any(|(_, workflow)| workflow.get("jobs").is_some())
        }
        _ => false,
    };
    match git_ref.filter(|_| has_jobs) {
        Some(GitRef::Branch(branch)) => {
            format!("the filters of the jobs leave out the branch `{branch}`")
        }
        Some(GitRef::Tag(tag)) => format!(
            "no job runs for the tag `{tag}`: it needs `filters` with `tags`, and so do the jobs that it requires"
        ),
        None => "there are no workflows, their conditions do not hold, or their matrices are empty"
            .to_owned(),
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

/// Writes, in indented lines, what this release refuses of a configuration that is right, and what
/// has no effect in it. Empty if there is nothing of either.
pub(crate) fn listed(compiled: &Compiled, notes: Notes, width: Option<usize>) -> String {
    let mut text = String::new();
    let Listing { preface, entries } = Listing::of(compiled, notes);
    if let Some(preface) = preface {
        terminal::line(&mut text, preface);
    }
    for Entry { line, help } in entries {
        terminal::line(&mut text, &format!("  - {}", terminal::wrapped(&line, 4, width)));
        if let Some(help) = help {
            terminal::line(&mut text, &format!("    {}", terminal::wrapped(&help, 4, width)));
        }
    }
    text
}

#[cfg(test)]
mod tests;
