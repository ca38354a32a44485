//! The plan: what a configuration asks for, compiled for one revision.
//!
//! `config` makes it, `engine` walks its graph, a runner gets one job of it. Everything is resolved:
//! no parameter, no reference, no filter is left. Filters were applied for the branch or tag that
//! the pipeline was started for, so every job in here is meant to run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    name::{JobName, WorkflowName},
    status::Outcome,
};

/// A compiled configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The workflows that run, in the order of the file.
    pub workflows: Vec<PlannedWorkflow>,
}

/// One workflow: jobs and their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWorkflow {
    /// Its key in the file.
    pub name: WorkflowName,
    /// Its jobs, in the order of the file. Names are unique within it.
    pub jobs: Vec<PlannedJob>,
}

/// One job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedJob {
    /// Its name in the workflow.
    pub name: JobName,
    /// What it is.
    pub kind: PlannedJobKind,
    /// The jobs of the same workflow that must have ended first, and how.
    pub requires: Vec<Requirement>,
    /// Contexts whose variables it gets; later ones win.
    pub contexts: Vec<String>,
}

/// What a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedJobKind {
    /// Steps in an environment.
    Build(Box<JobBody>),
    /// Waits for a person.
    Approval,
    /// Succeeds at once.
    NoOp,
}

/// A job that must have ended in one of some ways (`RUN` §1.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The job, by its name in the workflow.
    pub job: JobName,
    /// The endings that will do. Never empty.
    pub accepts: Vec<Outcome>,
}

/// What one job does, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobBody {
    /// Where its steps run.
    pub executor: Executor,
    /// The label that routes it to a runner, as written.
    pub resource_class: Option<String>,
    /// Variables of executor and job, job last, in order.
    pub environment: Vec<(String, String)>,
    /// As written; `~/project` when it was not.
    pub working_directory: String,
    /// Command line of the shell, as written. `None` is the environment's default (`RUN` §2.2).
    pub shell: Option<String>,
    /// How many tasks run it side by side. At least 1.
    pub parallelism: u32,
    /// Its steps, in order, with commands and conditions expanded.
    pub steps: Vec<PlannedStep>,
}

/// Where steps run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    /// Containers; the first is where steps run, the others are services beside it.
    Docker {
        /// Never empty.
        containers: Vec<ContainerSpec>,
    },
    /// A whole machine. By default a clean environment over the runner's own toolchain.
    Machine {
        /// The image's name, as written; `None` for `machine: true`.
        image: Option<String>,
    },
}

/// One entry of a `docker:` list (`RUN` §2.11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// The image reference, as written.
    pub image: String,
    /// Host name under which the others find it.
    pub name: Option<String>,
    /// Replaces the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command.
    pub command: Option<Vec<String>>,
    /// Replaces the image's user.
    pub user: Option<String>,
    /// Variables of this container.
    pub environment: Vec<(String, String)>,
    /// Registry credentials; `$NAME` in them is filled from project and context variables.
    pub auth: Option<RegistryAuth>,
}

/// Credentials for pulling an image, as written: values may be `$NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryAuth {
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// What people see.
    pub name: String,
    /// When it runs, given how the earlier ones ended.
    pub when: When,
    /// What it does.
    pub kind: StepKind,
    /// The line of the configuration that asks for it (1-based), for links.
    pub line: Option<u32>,
}

/// When a step runs (`RUN` §2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// While nothing has failed.
    #[default]
    OnSuccess,
    /// In any case.
    Always,
    /// Only after a failure.
    OnFail,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Runs a command in a shell.
    Run(RunStep),
    /// Fetches the code.
    Checkout {
        /// Directory, relative to the working directory; `~` allowed.
        path: String,
        /// How much history and content is fetched.
        method: CheckoutMethod,
    },
}

/// A `run` step (`RUN` §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {
    /// The script, as it is handed to the shell.
    pub command: String,
    /// Command line of the shell; `None` is the job's.
    pub shell: Option<String>,
    /// Variables of this step.
    pub environment: Vec<(String, String)>,
    /// Runs beside the steps that follow.
    pub background: bool,
    /// Relative to the job's working directory; `None` is the job's.
    pub working_directory: Option<String>,
    /// How long it may be silent.
    pub no_output_timeout: Duration,
    /// How often it is tried again in the same environment, at most.
    pub max_auto_reruns: u32,
    /// Pause before each of these.
    pub auto_rerun_delay: Duration,
}

/// How much a checkout fetches (`RUN` §4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutMethod {
    /// All history, file contents on demand.
    #[default]
    Blobless,
    /// Everything.
    Full,
}
