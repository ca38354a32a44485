//! The decision about a configuration that is pushed to this release: one answer for the server's
//! pages, `validate`, `process` and `migrate-check`.
//!
//! ```text
//! Compiled::support        decides whether its pipeline starts
//! Compiled::refused_jobs   decides which of its jobs are refused though it does
//! Compiled::never_started  decides which of its workflows no pipeline starts
//! Compiled::nothing_runs   decides why a pipeline that starts runs nothing
//! ```
//!
//! Deliberately absent: guesses from the text of commands, which only `migrate-check` makes.

use std::{collections::BTreeSet, fmt};

use roundel_model::{
    name::GitRef,
    plan::{PlannedJob, UnsupportedContainer},
};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::{
    api::{compiled::Compiled, support::Support},
    read::document::Node,
};

/// The decision about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
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

/// Why a configuration that is right [runs nothing](Decision::NothingRuns). Its `Display` is the end of
/// a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NothingRuns {
    /// There are jobs, and their filters leave out what was pushed.
    Filtered(GitRef),
    /// There are jobs, and their filters leave out whatever is pushed.
    AlwaysFiltered,
    /// All workflows have a schedule.
    Scheduled,
    /// The conditions of these workflows do not hold, and no other starts for a push.
    Inactive(Vec<String>),
    /// There is no job to filter.
    NoJobs,
}

/// A job that this release refuses, though the pipeline starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedJob {
    pub workflow: String,
    pub job: String,
    pub reason: RefusalReason,
}

/// Why a job is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalReason {
    /// It names contexts, which do not exist: it ends as `unauthorized`.
    Contexts(Vec<String>),
    /// It has service containers, of which the first has this image: it fails.
    ServiceContainers(String),
    /// Its first image has an `entrypoint` or a `command`: it fails.
    ContainerProgram,
}

impl Compiled {
    /// Decides what a push of it does.
    pub fn decision(&self) -> Decision {
        match self.support() {
            Support::Invalid => Decision::Invalid,
            Support::Unsupported => Decision::Unsupported,
            Support::Runs if self.has_no_job() => Decision::NothingRuns,
            Support::Runs if !self.refused_jobs().is_empty() => Decision::SomeJobsRefused,
            Support::Runs if self.never_started().next().is_some() => {
                Decision::SomeWorkflowsNeverStarted
            }
            Support::Runs => Decision::Runs,
        }
    }

    /// Says why nothing runs for the branch or tag that it was compiled for, or for any push, if that is
    /// the decision.
    pub fn nothing_runs(&self, git_ref: Option<&GitRef>) -> Option<NothingRuns> {
        if self.decision() != Decision::NothingRuns {
            return None;
        }
        // The document keeps the jobs that filters leave out of the plan.
        let workflows = self.document.as_ref().and_then(|document| document.get("workflows"));
        let has_jobs = match workflows {
            Some(Node::Map(workflows)) => {
                let is_of_push = |workflow: &Node| {
                    workflow.get("jobs").is_some() && workflow.get("triggers").is_none()
                };
                workflows.iter().any(|(_, workflow)| is_of_push(workflow))
            }
            _ => false,
        };
        Some(match git_ref {
            Some(git_ref) if has_jobs => NothingRuns::Filtered(git_ref.clone()),
            None if has_jobs => NothingRuns::AlwaysFiltered,
            Some(_) | None if !self.inactive_workflows.is_empty() => {
                NothingRuns::Inactive(self.inactive_workflows.clone())
            }
            Some(_) | None if self.never_started().next().is_some() => NothingRuns::Scheduled,
            Some(_) | None => NothingRuns::NoJobs,
        })
    }

    fn has_no_job(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.workflows.is_empty())
    }

    /// Returns the jobs of the plan that this release refuses, each reason once.
    pub fn refused_jobs(&self) -> BTreeSet<RefusedJob> {
        let workflows = self.plan.iter().flat_map(|plan| &plan.workflows);
        let jobs =
            workflows.flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)));
        let refused = jobs.flat_map(|(workflow, job)| {
            refusal_reasons(job).map(|reason| RefusedJob {
                workflow: workflow.name.to_string(),
                job: job.name.to_string(),
                reason,
            })
        });
        refused.collect()
    }
}

fn refusal_reasons(job: &PlannedJob) -> impl Iterator<Item = RefusalReason> + use<> {
    let contexts = job.missing_contexts();
    let contexts = (!contexts.is_empty()).then_some(RefusalReason::Contexts(contexts));
    let container = job.unsupported_container().map(|unsupported| match unsupported {
        UnsupportedContainer::Service { image } => {
            RefusalReason::ServiceContainers(image.to_owned())
        }
        UnsupportedContainer::Program => RefusalReason::ContainerProgram,
    });
    contexts.into_iter().chain(container)
}

impl fmt::Display for NothingRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filtered(GitRef::Branch(branch)) => {
                write!(f, "no job's filters match branch `{branch}`")
            }
            Self::Filtered(GitRef::Tag(tag)) => write!(
                f,
                "no job runs for tag `{tag}`: it needs `filters` with `tags`, and so do the jobs that it requires"
            ),
            Self::AlwaysFiltered => f.write_str("no job's filters match any branch or tag"),
            Self::Scheduled => f.write_str("all workflows run only on a schedule"),
            Self::Inactive(workflows) => match workflows.as_slice() {
                [workflow] => write!(f, "the condition of workflow `{workflow}` does not hold"),
                workflows => {
                    write!(f, "the conditions of {} workflows do not hold", workflows.len())
                }
            },
            Self::NoJobs => f.write_str("no workflow has a job"),
        }
    }
}

/// `{workflow, job, reason, names}`, whatever the reason is.
impl Serialize for RefusedJob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (reason, names) = match &self.reason {
            RefusalReason::Contexts(names) => ("contexts", names.as_slice()),
            RefusalReason::ServiceContainers(image) => {
                ("service_containers", std::slice::from_ref(image))
            }
            RefusalReason::ContainerProgram => ("container_program", [].as_slice()),
        };
        let mut object = serializer.serialize_struct("RefusedJob", 4)?;
        object.serialize_field("workflow", &self.workflow)?;
        object.serialize_field("job", &self.job)?;
        object.serialize_field("reason", reason)?;
        object.serialize_field("names", names)?;
        object.end()
    }
}
