//! Why an event was not applied, and whose mistake that is.
//!
//! Three different readers: the author of the configuration, the caller that sent the event, and we
//! ourselves. No one is blamed for the mistake of another.

use roundel_model::{name::JobName, status::JobStatus};

/// An event that was not applied. The pipeline is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalEvent {
    /// The configuration describes workflows that cannot run. Its author can fix them.
    #[error("the workflows cannot run: {0}")]
    Graph(#[from] BadGraph),
    /// The caller sent what is not possible in this state. Refuse it.
    #[error("`{event}` is not possible{}: {reason}", in_status(*status))]
    Protocol {
        /// Name of the event.
        event: &'static str,
        /// Status of the job that the event is about, if there is such a job.
        status: Option<JobStatus>,
        reason: &'static str,
    },
    /// The change would break an invariant: a bug in the server. Log it, and blame neither of the others.
    #[error("`{event}` would break an invariant: {broken}")]
    Invariant {
        /// Name of the event.
        event: &'static str,
        /// The invariant, in one sentence.
        broken: String,
    },
}

/// Workflows that can never end, or that are too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGraph {
    /// Together they have more jobs than a pipeline may have.
    #[error("they have {jobs} jobs; the limit is {limit}")]
    TooManyJobs {
        /// Of all workflows together.
        jobs: usize,
        /// Jobs that one pipeline may have.
        limit: usize,
    },
    /// A job has no task, or too many.
    #[error("job `{job}` has a parallelism of {tasks}; it must be between 1 and {limit}")]
    Parallelism {
        /// As the plan names it, with the values of its matrix.
        job: JobName,
        /// The tasks that the job asks for.
        tasks: u32,
        /// Tasks that one job may have.
        limit: u32,
    },
    /// A job requires one that its workflow does not have.
    #[error("job `{job}` requires a job that is not in its workflow")]
    MissingRequirement {
        /// The name of the job that requires it.
        job: JobName,
    },
    /// Jobs wait for each other.
    #[error("jobs require each other in a cycle: {}", names(jobs))]
    Cycle {
        /// Those that could never start, in the order of the file.
        jobs: Vec<JobName>,
    },
}

fn in_status(status: Option<JobStatus>) -> String {
    status.map(|status| format!(" while the job is `{status}`")).unwrap_or_default()
}

fn names(jobs: &[JobName]) -> String {
    let names: Vec<String> = jobs.iter().map(|job| format!("`{job}`")).collect();
    names.join(", ")
}
