//! What this release does about something in a configuration that is right.

/// What this release does about something in a configuration that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The pipeline does not start.
    PipelineRefused,
    /// No pipeline starts the workflow; the others run. Commands that say what runs must not say
    /// "all".
    NeverStarted,
    /// The pipeline starts, and the jobs that have it do not do their work.
    JobsRefused(JobRefusal),
    /// It has no effect.
    Ignored,
}

/// The advice about a workflow that [no pipeline starts](Consequence::NeverStarted).
pub const NEVER_STARTED_HELP: &str = "remove `triggers`; to start the workflow by hand, limit it to \
     a branch of its own with `when: { equal: [nightly, << pipeline.git.branch >>] }`, and push that branch";

/// Why a job is refused in a pipeline that starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobRefusal {
    /// It names a context, which does not exist: it ends as `unauthorized`.
    Context,
    /// It has a service container: it fails.
    ServiceContainer,
    /// Its first image has an `entrypoint` or a `command`: it fails.
    ContainerProgram,
}

impl JobRefusal {
    /// Says what to do instead.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Context => "set the variables in the project's settings, and remove `context`",
            Self::ServiceContainer => "start the service in a `run` step with `background: true`",
            Self::ContainerProgram => "start the program in a `run` step with `background: true`",
        }
    }
}
