//! Statuses and outcomes of pipelines, workflows, jobs and steps (`RUN` §1.2–§1.4, §1.8).
//!
//! These are the public words, spelled as in the API. What may follow what is decided in `engine`.

crate::words! {
    /// What a pipeline is doing (`RUN` §1.2).
    PipelineStatus ("status of a pipeline") {
        /// Its configuration is being read and compiled.
        Pending = "pending",
        /// Compiled; its workflows exist. Says nothing about whether they passed.
        Created = "created",
        /// It could not be compiled; its errors say why.
        Errored = "errored",
    }

    /// Why a pipeline is `errored`.
    PipelineErrorKind ("kind of pipeline error") {
        /// The configuration has errors: its author can fix them.
        Config = "config",
        /// The configuration is right, and asks for what this release cannot run.
        Unsupported = "unsupported",
        /// The forge did not return the configuration.
        ConfigFetch = "config-fetch",
        /// Its workflows can never end, or are too large.
        Plan = "plan",
        /// A fault of the server or the runner.
        Other = "other",
    }

    /// What a workflow is doing, or how it ended (`RUN` §1.3).
    WorkflowStatus ("status of a workflow") {
        /// Something runs or may still run, and nothing has failed.
        Running = "running",
        /// Something has failed while others still run or wait.
        Failing = "failing",
        /// Nothing runs; at least one approval job waits.
        OnHold = "on_hold",
        /// Every job that ran ended well.
        Success = "success",
        /// One or more jobs failed.
        Failed = "failed",
        /// Canceled by a person or a rule.
        Canceled = "canceled",
        /// A job used what its actor may not use, and nothing worse happened.
        Unauthorized = "unauthorized",
        /// No job could run at all.
        NotRun = "not_run",
    }

    /// What a job is doing, or how it ended (`RUN` §1.4).
    JobStatus ("status of a job") {
        /// Waits for the jobs that it requires.
        Blocked = "blocked",
        /// Ready; waits for a runner.
        NotRunning = "not_running",
        /// A runner has it.
        Running = "running",
        /// An approval job that waits for a person.
        OnHold = "on_hold",
        /// Ended well.
        Success = "success",
        /// A step failed.
        Failed = "failed",
        /// It exceeded the time that a job may take.
        Timedout = "timedout",
        /// We lost it; not the user's fault.
        InfrastructureFail = "infrastructure_fail",
        /// Canceled by a person or a rule.
        Canceled = "canceled",
        /// A requirement can no longer be met.
        NotRun = "not_run",
        /// It used what its actor may not use.
        Unauthorized = "unauthorized",
    }

    /// How a job, or one task of it, ended.
    Outcome ("outcome of a job") {
        /// Ended well.
        Success = "success",
        /// A step failed.
        Failed = "failed",
        /// It exceeded the time that a job may take.
        Timedout = "timedout",
        /// We lost it; not the user's fault.
        InfrastructureFail = "infrastructure_fail",
        /// Canceled by a person or a rule.
        Canceled = "canceled",
        /// A requirement can no longer be met.
        NotRun = "not_run",
        /// It used what its actor may not use.
        Unauthorized = "unauthorized",
    }

    /// What a step is doing, or how it ended (`RUN` §1.8).
    StepStatus ("status of a step") {
        /// Its process runs.
        Running = "running",
        /// Exit code 0, or a background step that lived to the end of the job.
        Success = "success",
        /// Any other exit code.
        Failed = "failed",
        /// Stopped because the job was canceled.
        Canceled = "canceled",
        /// Stopped because it was silent, or the job ran, for too long.
        Timedout = "timedout",
        /// Roundel lost it: not the fault of the configuration or the code.
        InfrastructureFail = "infrastructure_fail",
    }
}

impl WorkflowStatus {
    /// Returns whether nothing can happen to the workflow any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Failing | Self::OnHold)
    }
}

impl JobStatus {
    /// Returns whether nothing can happen to the job any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Blocked | Self::NotRunning | Self::Running | Self::OnHold)
    }
}

impl From<Outcome> for JobStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Failed => Self::Failed,
            Outcome::Timedout => Self::Timedout,
            Outcome::InfrastructureFail => Self::InfrastructureFail,
            Outcome::Canceled => Self::Canceled,
            Outcome::NotRun => Self::NotRun,
            Outcome::Unauthorized => Self::Unauthorized,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_back_from_its_word() {
        for &status in JobStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for &status in WorkflowStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("cancelled".parse::<JobStatus>().is_err());
    }
}
