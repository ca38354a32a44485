//! One runner, one server, and words for job specs.

use std::{collections::BTreeMap, future::Future, pin::Pin, time::Duration};

use roundel_model::{
    forge::{ForgeKind, ProjectSlug},
    id::{JobId, LeaseId, PipelineId, WorkflowId},
    name::{CommitSha, GitRef},
    plan::{Executor, JobBody, PlannedStep, PlannedStepKind, RunStep, When},
    secret::Secret,
    status::{Outcome, StepStatus},
};
use roundel_protocol::{
    CheckoutSpec, FinishReport, JobSpec, TaskLimits, TaskRef, Variable, VariableSource,
};
use roundel_runner::{RunError, Runner, Settings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::server::{Server, Step};

type Story = fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// A test with the sentence that it proves.
#[derive(Clone)]
pub(crate) struct Named(pub(crate) &'static str, pub(crate) Story);

impl Named {
    pub(crate) fn trial(self) -> libtest_mimic::Trial {
        libtest_mimic::Trial::test(self.0, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(self.1());
            Ok(())
        })
    }
}

/// Lists async functions as tests.
#[macro_export]
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn trials() -> Vec<$crate::story::world::Named> {
            vec![$($crate::story::world::Named(
                stringify!($name),
                || Box::pin($name()),
            )),*]
        }
    };
}

/// A runner and its server.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) stop: CancellationToken,
    pub(crate) stop_now: CancellationToken,
    _directory: tempfile::TempDir,
    runner: Option<JoinHandle<Result<(), RunError>>>,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) finish: FinishReport,
    steps: BTreeMap<u32, Step>,
}

/// How a runner differs from the usual.
pub(crate) struct Setup {
    pub(crate) allow_setuid: bool,
    pub(crate) slots: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self { allow_setuid: false, slots: 1 }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (server, url) = Server::start().await;
        let (stop, stop_now) = (CancellationToken::new(), CancellationToken::new());
        let runner = Runner::open(Settings {
            server: url,
            token: Secret::from("runner-token"),
            name: "test".to_owned(),
            directory: directory.path().join("runner"),
            slots: setup.slots,
            resource_classes: Vec::new(),
            allow_setuid: setup.allow_setuid,
            claim_wait: Duration::from_secs(5),
        })
        .unwrap();
        let runner = tokio::spawn(runner.run(stop.clone(), stop_now.clone()));
        Self { server, stop, stop_now, _directory: directory, runner: Some(runner) }
    }

    /// Runs a job to its end.
    pub(crate) async fn run(&self, spec: JobSpec) -> Ended {
        self.server.offer(spec);
        self.ended().await
    }

    /// Waits for the end of the job that runs.
    pub(crate) async fn ended(&self) -> Ended {
        self.server
            .until("the job has ended", |known| {
                let finish = known.finish.clone()?;
                Some(Ended { finish, steps: known.steps.clone() })
            })
            .await
    }

    /// Waits until a step has printed something.
    pub(crate) async fn printed(&self, number: u32, text: &str) {
        self.server
            .until(&format!("step {number} printed {text}"), |known| {
                let log = &known.steps.get(&number)?.log;
                String::from_utf8_lossy(log).contains(text).then_some(())
            })
            .await;
    }

    /// Waits until the runner has come to its end.
    pub(crate) async fn runner_ends(&mut self) -> Result<(), RunError> {
        self.runner.take().unwrap().await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop_now.cancel();
    }
}

impl Ended {
    pub(crate) fn outcome(&self) -> Outcome {
        self.finish.outcome
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.steps.keys().copied().collect()
    }

    pub(crate) fn status(&self, number: u32) -> Option<StepStatus> {
        self.steps.get(&number)?.report.as_ref().map(|report| report.status)
    }

    pub(crate) fn exit_code(&self, number: u32) -> Option<i32> {
        self.steps.get(&number)?.report.as_ref()?.exit_code
    }

    pub(crate) fn duration(&self, number: u32) -> Duration {
        let report = self.steps[&number].report.as_ref().unwrap();
        report.ended_at.unwrap().since(report.started_at)
    }

    pub(crate) fn is_truncated(&self, number: u32) -> bool {
        self.steps[&number].report.as_ref().unwrap().truncated
    }

    pub(crate) fn command(&self, number: u32) -> Option<String> {
        self.steps.get(&number)?.report.as_ref()?.command.clone()
    }

    pub(crate) fn log_bytes(&self, number: u32) -> usize {
        self.steps[&number].log.len()
    }

    /// What a step printed, with plain line ends.
    pub(crate) fn log(&self, number: u32) -> String {
        let bytes = self.steps.get(&number).map(|step| step.log.clone()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}

/// A job of `machine` with these steps.
pub(crate) fn job(steps: Vec<PlannedStep>) -> JobSpec {
    JobSpec {
        task: TaskRef { job: JobId::fresh(), index: 0 },
        lease: LeaseId::fresh(),
        lease_duration: Duration::from_secs(3),
        token: Secret::from("task-token"),
        project: ProjectSlug {
            forge: ForgeKind::GitHub,
            owner: "acme".to_owned(),
            repository: "web".to_owned(),
        },
        pipeline: PipelineId::fresh(),
        workflow: WorkflowId::fresh(),
        workflow_name: "main".into(),
        job_name: "test".into(),
        job_number: 1,
        body: JobBody {
            executor: Executor::Machine { image: None, layer_caching: false },
            resource_class: None,
            environment: Vec::new(),
            working_directory: "~/project".to_owned(),
            shell: None,
            parallelism: 1,
            steps,
            cache_days: None,
            ip_ranges: false,
        },
        variables: Vec::new(),
        checkout: CheckoutSpec {
            url: "git@github.com:acme/web.git".to_owned(),
            sha: CommitSha::new("0123456789012345678901234567890123456789"),
            git_ref: GitRef::Branch("main".into()),
            fetch_ref: None,
            key: None,
            known_hosts: String::new(),
        },
        limits: TaskLimits {
            run_time: Duration::from_mins(2),
            log_bytes_per_step: 1 << 20,
            memory_bytes: None,
            cpu_millis: None,
            processes: None,
            disk_bytes: None,
        },
    }
}

/// A run step.
pub(crate) fn run(command: &str) -> PlannedStep {
    run_with(command, |_| {})
}

/// A run step with more to it.
pub(crate) fn run_with(command: &str, change: impl FnOnce(&mut RunStep)) -> PlannedStep {
    let mut step = RunStep {
        command: command.to_owned(),
        shell: None,
        environment: Vec::new(),
        background: false,
        working_directory: None,
        no_output_timeout: Duration::from_secs(30),
        max_auto_reruns: 0,
        auto_rerun_delay: Duration::ZERO,
        after_all_tasks: false,
    };
    change(&mut step);
    PlannedStep {
        name: command.to_owned(),
        when: When::OnSuccess,
        kind: PlannedStepKind::Run(step),
        line: Some(7),
    }
}

/// The same step at another time.
pub(crate) fn when(when: When, step: PlannedStep) -> PlannedStep {
    PlannedStep { when, ..step }
}

pub(crate) fn variable(name: &str, value: &str, source: VariableSource) -> Variable {
    Variable { name: name.to_owned(), value: Secret::from(value), source }
}
