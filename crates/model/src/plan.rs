//! The plan: what a configuration asks for, compiled for one revision.
//!
//! `config` makes it, `engine` walks its graph, a runner gets one job of it. Everything is resolved:
//! no parameter, no reference, no filter is left. Filters were applied for the branch or tag that
//! the pipeline was started for, so every job in here is meant to run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    kind::{Architecture, ExecutorKind},
    name::{JobName, WorkflowName},
    status::Outcome,
};

/// The result of compiling a configuration, as the engine runs it.
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
    /// How often it is run again from its failed jobs, at most (CFG §5.9).
    #[serde(default)]
    pub max_auto_reruns: u32,
}

/// One job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedJob {
    /// Its name in the workflow.
    pub name: JobName,
    pub kind: PlannedJobKind,
    /// The jobs of the same workflow that must have ended first, and how.
    pub requires: Vec<Requirement>,
    /// Contexts whose variables it gets; later ones win.
    pub contexts: Vec<String>,
    /// The key under which it runs alone in its organization (CFG §5.10).
    #[serde(default)]
    pub serial_group: Option<String>,
}

impl PlannedJob {
    /// Names its contexts that do not exist, each once. Organizations have no contexts yet, so none
    /// does: a job that asks for one must not run without its variables, and ends as `unauthorized`.
    pub fn missing_contexts(&self) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for context in &self.contexts {
            if !missing.contains(context) {
                missing.push(context.clone());
            }
        }
        missing
    }

    /// Returns what of its environment the runners of this release cannot start; `None` also for a job
    /// that has no environment. See [`Executor::unsupported_container`].
    pub fn unsupported_container(&self) -> Option<UnsupportedContainer<'_>> {
        match &self.kind {
            PlannedJobKind::Build(body) => body.executor.unsupported_container(),
            PlannedJobKind::Approval
            | PlannedJobKind::NoOp
            | PlannedJobKind::Release { .. }
            | PlannedJobKind::Lock { .. }
            | PlannedJobKind::Unlock { .. } => None,
        }
    }
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
    /// Marks a release (CFG §2.10).
    Release {
        /// The release plan's name, as written.
        plan_name: String,
    },
    /// Waits for, and takes, a lock of the organization.
    Lock {
        /// The lock's name.
        key: String,
    },
    /// Gives a lock back.
    Unlock {
        /// The lock's name.
        key: String,
    },
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
    /// The environment of its steps.
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
    /// Days for which its caches are kept, if it says (CFG §2.9).
    #[serde(default)]
    pub cache_days: Option<u32>,
    /// It asks for the hosted service's fixed addresses; runners have their own.
    #[serde(default)]
    pub ip_ranges: bool,
}

impl JobBody {
    /// Returns the processors that it asks for; `None` if any will do.
    pub fn architecture(&self) -> Option<Architecture> {
        let by_class = self.resource_class.as_deref().and_then(Architecture::of_resource_class);
        by_class.or_else(|| match &self.executor {
            Executor::Machine { image: Some(image), .. } => Architecture::of_machine_image(image),
            Executor::Machine { image: None, .. }
            | Executor::Docker { .. }
            | Executor::Macos { .. } => None,
        })
    }
}

/// Where steps run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    /// Containers; the first is where steps run, the others are service containers.
    Docker {
        /// Never empty.
        containers: Vec<ContainerSpec>,
    },
    /// A whole machine. By default a clean environment over the runner's own toolchain.
    Machine {
        /// The image's name, as written; `None` for `machine: true`.
        image: Option<String>,
        /// Layers of images that it builds are kept for the next job.
        #[serde(default)]
        layer_caching: bool,
    },
    /// A runner on a Mac.
    Macos {
        /// Version of Xcode, as written.
        xcode: String,
        /// Names of the signing bundles that it may install.
        code_signing: Vec<String>,
    },
}

impl Executor {
    /// Returns what a runner must offer for it.
    pub const fn kind(&self) -> ExecutorKind {
        match self {
            Self::Docker { .. } => ExecutorKind::Docker,
            Self::Machine { .. } => ExecutorKind::Machine,
            Self::Macos { .. } => ExecutorKind::Macos,
        }
    }

    /// Returns what of a `docker:` list the runners of this release cannot start. A job that asks
    /// for it fails before its first step, so code that says what runs has to ask here too.
    pub fn unsupported_container(&self) -> Option<UnsupportedContainer<'_>> {
        let Self::Docker { containers } = self else { return None };
        let [primary, services @ ..] = containers.as_slice() else { return None };
        if let Some(service) = services.first() {
            return Some(UnsupportedContainer::Service { image: &service.image });
        }
        let has_program = primary.entrypoint.is_some() || primary.command.is_some();
        has_program.then_some(UnsupportedContainer::Program)
    }
}

/// A part of a `docker:` list that cannot be started yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsupportedContainer<'e> {
    /// Entries after the first one.
    Service {
        /// The image of the first of them.
        image: &'e str,
    },
    /// `entrypoint` or `command` of the first entry.
    Program,
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
    /// Login at Amazon's or Google's registry by their own means, keys in lower case, values as
    /// written.
    #[serde(default)]
    pub cloud_auth: Vec<(String, String)>,
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
    /// Title on the job's page.
    pub name: String,
    /// When it runs, given how the earlier ones ended.
    pub when: When,
    pub kind: PlannedStepKind,
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
    /// Whether or not an earlier step failed.
    Always,
    /// Only after a failure.
    OnFail,
}

/// The action of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedStepKind {
    /// Runs a command in a shell.
    Run(RunStep),
    /// Fetches the code.
    Checkout {
        /// Directory, relative to the working directory; `~` allowed.
        path: String,
        /// How much history and content is fetched.
        method: CheckoutMethod,
    },
    /// Gives the job its own Docker daemon (CFG §3.4).
    SetupRemoteDocker {
        /// The daemon's version, as written.
        version: Option<String>,
        /// Layers are kept for the next job.
        layer_caching: bool,
    },
    /// Keeps files for later jobs of the project (CFG §3.5).
    SaveCache {
        /// Its name, with `{{ … }}` to be filled in at run time.
        key: String,
        /// Files and directories.
        paths: Vec<String>,
    },
    /// Brings files of an earlier job back (CFG §3.6).
    RestoreCache {
        /// Beginnings of names, tried in order; `{{ … }}` to be filled in. Never empty.
        keys: Vec<String>,
    },
    /// Keeps files for people (CFG §3.8).
    StoreArtifacts {
        /// A file or directory.
        path: String,
        /// Their path in the list of artifacts; `None` derives it from `path`.
        destination: Option<String>,
    },
    /// Reads test reports (CFG §3.9).
    StoreTestResults {
        /// A file or directory.
        path: String,
    },
    /// Hands files to later jobs of the workflow (CFG §3.10).
    PersistToWorkspace {
        /// The directory that paths are relative to.
        root: String,
        /// Glob patterns.
        paths: Vec<String>,
    },
    /// Takes the files of earlier jobs of the workflow (CFG §3.11).
    AttachWorkspace {
        /// The directory that they are laid into.
        at: String,
    },
    /// Gives the job further SSH keys (CFG §3.12).
    AddSshKeys {
        /// Fingerprints as written; empty means all of the project's.
        fingerprints: Vec<String>,
    },
    /// Installs what a Mac signs code with (CFG §3.13).
    InstallSigningBundle,
}

impl PlannedStepKind {
    /// Returns the key that asks for it in a configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Checkout { .. } => "checkout",
            Self::SetupRemoteDocker { .. } => "setup_remote_docker",
            Self::SaveCache { .. } => "save_cache",
            Self::RestoreCache { .. } => "restore_cache",
            Self::StoreArtifacts { .. } => "store_artifacts",
            Self::StoreTestResults { .. } => "store_test_results",
            Self::PersistToWorkspace { .. } => "persist_to_workspace",
            Self::AttachWorkspace { .. } => "attach_workspace",
            Self::AddSshKeys { .. } => "add_ssh_keys",
            Self::InstallSigningBundle => "install_signing_bundle",
        }
    }
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
    /// Runs concurrently with the steps that follow.
    pub background: bool,
    /// Relative to the job's working directory; `None` is the job's.
    pub working_directory: Option<String>,
    /// How long it may be silent.
    pub no_output_timeout: Duration,
    /// How often it is tried again in the same environment, at most.
    pub max_auto_reruns: u32,
    /// Pause before each of these.
    pub auto_rerun_delay: Duration,
    /// In a parallel job it runs in the first task only, once all tasks have come so far: the old
    /// step `deploy` (CFG §3.14).
    #[serde(default)]
    pub after_all_tasks: bool,
}

/// How much a checkout fetches (`RUN` §4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutMethod {
    /// All history, file contents on demand.
    #[default]
    Blobless,
    /// All of the history.
    Full,
    /// The newest commits only (CFG §3.3).
    Shallow {
        /// Number of commits.
        depth: u32,
    },
}
