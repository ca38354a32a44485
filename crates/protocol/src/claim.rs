//! Claiming: what a runner offers, and the job spec that it gets.

use std::time::Duration;

use roundel_model::{
    forge::ProjectSlug,
    id::{JobId, LeaseId, PipelineId, WorkflowId},
    kind::{Architecture, ExecutorKind},
    name::{CommitSha, GitRef, JobName, WorkflowName},
    plan::JobBody,
    secret::Secret,
    word::Word,
};
use serde::{Deserialize, Serialize};

/// A runner asks for a task. The server holds the request until there is one, or for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Name of the runner, for people. Unique by convention: the host's name and a number.
    pub runner: String,
    /// Version of the runner.
    pub version: String,
    /// Resource classes that it serves. Empty: every class.
    #[serde(default)]
    pub resource_classes: Vec<String>,
    /// The executors that its host can provide. Empty: all.
    #[serde(default)]
    pub executors: Vec<Word<ExecutorKind>>,
    /// The architecture of its host. None: a runner of an earlier release, which did not say;
    /// it gets no job that asks for a certain one, unless it serves the job's resource class by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Word<Architecture>>,
    /// The limitations of its host, one sentence each, for the page of runners. None: the runner does
    /// not know yet, and what the server knows stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limitations: Option<Vec<String>>,
    /// How long the server may hold the request, at most. Zero: answer at once.
    #[serde(default)]
    pub wait: Duration,
    /// The id that the lease is to have: the same in every repetition of a request whose answer did
    /// not arrive. A task that was handed out then is handed out again, and not lost with the
    /// answer. Without it the server makes one up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseId>,
}

/// A runner ends, and asks for no more tasks: the page of runners then shows it as offline at once. It is
/// sent once and not waited for. Earlier runners end without it, and earlier servers answer 404.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOffRequest {
    /// As in its [`ClaimRequest`].
    pub runner: String,
}

/// One of the parallel runs of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskRef {
    pub job: JobId,
    /// `CIRCLE_NODE_INDEX`: 0 to `parallelism` − 1.
    pub index: u32,
}

/// Everything that a runner must know to run one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    pub task: TaskRef,
    /// The right to it.
    pub lease: LeaseId,
    /// How long the lease lasts from now, and from each renewal.
    pub lease_duration: Duration,
    /// Opens the requests of this task, and nothing else.
    pub token: Secret<String>,
    /// The project, for names and messages.
    pub project: ProjectSlug,
    pub pipeline: PipelineId,
    pub workflow: WorkflowId,
    pub workflow_name: WorkflowName,
    /// The job's name in its workflow.
    pub job_name: JobName,
    /// The job's number in its project.
    pub job_number: u64,
    /// What to do and where.
    pub body: JobBody,
    /// Built-in, project and context variables (`RUN` §3.1), in rising order of precedence. The
    /// runner adds what only it knows (`HOME`, `PATH`, `BASH_ENV`, …) and the job's own.
    pub variables: Vec<Variable>,
    /// How to get the code.
    pub checkout: CheckoutSpec,
    pub limits: TaskLimits,
}

/// A variable of the job's environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    pub name: String,
    pub value: Secret<String>,
    /// Its origin, which decides precedence, masking and display.
    pub source: VariableSource,
}

/// Where a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableSource {
    /// Set by Roundel; shown in clear.
    BuiltIn,
    /// Project settings; masked.
    Project,
    /// A context; masked.
    Context,
    /// Set by Roundel and secret; masked. Runners honor it; servers of this release send none.
    BuiltInSecret,
}

/// How to get the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutSpec {
    /// `CIRCLE_REPOSITORY_URL`: `git@github.com:acme/web.git`, or `ssh://git@host:2222/acme/web.git`.
    pub url: String,
    pub sha: CommitSha,
    /// The branch or tag it was pushed to.
    pub git_ref: GitRef,
    /// The forge's ref that holds the commit, if neither branch nor tag: `refs/pull/7/head`. The job
    /// then sees nothing of other branches. Servers of this release build no pull requests and leave
    /// it out; runners honor it, because one that did not would show a fork the other branches.
    #[serde(default)]
    pub fetch_ref: Option<String>,
    /// The key that opens the repository. None for a public repository without a key.
    pub key: Option<DeployKey>,
    /// `known_hosts` lines of the forge: pinned, never learned on first use.
    pub known_hosts: String,
}

/// A key pair for one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployKey {
    /// OpenSSH private key, not encrypted.
    pub private: Secret<String>,
    /// One line: `ssh-ed25519 AAAA… comment`.
    pub public: String,
}

/// What a task may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLimits {
    /// From claim to end.
    pub run_time: Duration,
    /// Of one step's output.
    pub log_bytes_per_step: u64,
    /// Of all its processes together. None: what the host has.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// In thousandths of a core. None: what the host has.
    #[serde(default)]
    pub cpu_millis: Option<u32>,
    /// Processes and threads at once.
    #[serde(default)]
    pub processes: Option<u32>,
    /// Of what it writes to its file system.
    #[serde(default)]
    pub disk_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runners are updated after their server, and before it.
    #[test]
    fn a_claim_of_an_earlier_release_says_nothing_about_its_host() {
        let text = r#"{"runner":"a-1","version":"0.1.0","wait":{"secs":1,"nanos":0}}"#;
        let claim: ClaimRequest = serde_json::from_str(text).unwrap();
        assert_eq!((claim.limitations.as_ref(), claim.architecture.as_ref()), (None, None));
        let sent = serde_json::to_string(&claim).unwrap();
        assert!(!sent.contains("limitations") && !sent.contains("architecture"), "{sent}");
    }
}
