//! Step 0, *Spin up environment* (RUN §1.7, §2.11): the image, the environment, the step user.
//!
//! A wrong image name or password is the user's error and fails the job here; a host that cannot do
//! its part is ours ([`TaskError`]).

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use roundel_container::{Bind, Environment, EnvironmentSpec, Limits, Root, image::Image};
use roundel_model::{
    kind::StepKind,
    plan::{ContainerSpec, Executor, UnsupportedContainer},
};
use tokio::{sync::mpsc, time::Instant};

use super::{OpenStep, SPIN_UP, end::StepEnd, own_report};
use crate::{
    job_environment::{JobEnvironment, JobEnvironmentSpec, SHARE},
    phrases,
    steps::context::Task,
    task_error::TaskError,
    variables::fill_in,
};

/// For pulling an image.
const PULL_TIMEOUT: Duration = Duration::from_mins(30);

/// Lines of progress that may wait to be written.
const PROGRESS_LINES: usize = 256;

/// An environment that runs.
pub(crate) struct SpunUp {
    /// Handle with which the task ends the environment.
    pub(crate) running: Arc<Environment>,
    /// What steps use to run processes in it.
    pub(crate) environment: JobEnvironment,
}

/// What the steps' environment is made of.
struct Base {
    root: Root,
    user: Option<String>,
    variables: Vec<(String, String)>,
    hosts: Vec<String>,
}

/// Spins up the environment of a task.
///
/// # Errors
///
/// The [`TaskError`] says whether the job or the runner is at fault; the step has been reported as
/// failed.
pub(crate) async fn spin_up(task: &Task) -> Result<SpunUp, TaskError> {
    let report = own_report("Spin up environment", StepKind::SpinUp);
    let mut step = OpenStep::begin(task, SPIN_UP, report)?;
    match prepare(task, &mut step).await {
        Ok(spun_up) => {
            step.end(task, StepEnd::SUCCESS)?;
            Ok(spun_up)
        }
        Err(error) => Err(step.fail(task, error)),
    }
}

async fn prepare(task: &Task, step: &mut OpenStep) -> Result<SpunUp, TaskError> {
    step.line(&format!(
        "Build-agent version {} (Roundel runner `{}`)",
        env!("CARGO_PKG_VERSION"),
        task.runner
    ))?;
    if let Some(unsupported) = task.spec.body.executor.unsupported_container() {
        return Err(TaskError::Job(cannot_start(unsupported)));
    }
    let base = match &task.spec.body.executor {
        Executor::Docker { containers } => docker(task, step, containers).await?,
        Executor::Machine { image, .. } => machine(step, image.as_deref())?,
        Executor::Macos { .. } => {
            let sentence = "The job needs macOS, and this runner is not a Mac.";
            return Err(TaskError::Infrastructure(sentence.to_owned()));
        }
    };
    let began_at = Instant::now();
    let spec = environment_spec(task, &base)?;
    let runtime = task.host.runtime.clone();
    let running =
        tokio::task::spawn_blocking(move || runtime.start(&spec)).await.map_err(|error| {
            TaskError::Infrastructure(format!("starting the environment failed: {error}"))
        })??;
    let running = Arc::new(running);
    for limitation in running.limitations() {
        step.line(&phrases::limitation(limitation))?;
    }
    let spec =
        JobEnvironmentSpec { user: base.user, image_variables: &base.variables, job: &task.spec };
    let environment = JobEnvironment::prepare(Arc::clone(&running), spec).await?;
    step.line(&format!(
        "Time to create the environment: {}",
        phrases::duration(Duration::from_millis(millis(began_at.elapsed())))
    ))?;
    Ok(SpunUp { running, environment })
}

fn environment_spec(task: &Task, base: &Base) -> Result<EnvironmentSpec, TaskError> {
    let share = task.share();
    open_directory(&share).map_err(|error| TaskError::disk(&error))?;
    let limits = &task.spec.limits;
    let id = task.spec.task.job.as_uuid().simple().to_string();
    Ok(EnvironmentSpec {
        name: format!("task-{id}-{}", task.spec.task.index),
        root: base.root.clone(),
        limits: Limits {
            memory_bytes: limits.memory_bytes,
            cpu_millis: limits.cpu_millis,
            processes: limits.processes,
            disk_bytes: limits.disk_bytes,
        },
        hostname: id.chars().skip(20).take(12).collect(),
        hosts: base.hosts.clone(),
        binds: vec![Bind { source: share, target: PathBuf::from(SHARE), read_only: true }],
        files: Vec::new(),
        network: true,
    })
}

/// Makes a directory that every user may read, whatever the runner's umask: the step user is another
/// one.
fn open_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Says what of a `docker:` list is in the way, and what to do instead.
fn cannot_start(unsupported: UnsupportedContainer<'_>) -> String {
    match unsupported {
        UnsupportedContainer::Service { image } => format!(
            "This job was not run: `{image}` is a service container, and this release starts none. \
             Remove it from `docker:`, or start the service in a `run` step with `background: true`."
        ),
        UnsupportedContainer::Program => {
            "This job was not run: `entrypoint` and `command` of the first image are not supported in \
             this release. Remove them, or start the program in a `run` step with `background: true`."
                .to_owned()
        }
    }
}

/// The primary container: its image, and what the configuration says of it.
async fn docker(
    task: &Task,
    step: &mut OpenStep,
    containers: &[ContainerSpec],
) -> Result<Base, TaskError> {
    let Some(primary) = containers.first() else {
        return Err(TaskError::Job("The job has no image: `docker:` is empty.".to_owned()));
    };
    step.line(&format!("Starting container {}", primary.image))?;
    let image = pull(task, step, primary).await?;
    let name = image.reference.split('@').next().unwrap_or_default();
    step.line(&format!("  using image {name}@{}", image.digest))?;
    let mut variables = image.env;
    variables.extend(primary.environment.iter().cloned());
    Ok(Base {
        root: Root::Layers(image.layers),
        user: primary.user.clone().or(image.user).filter(|user| !user.is_empty()),
        variables,
        hosts: primary.name.iter().cloned().collect(),
    })
}

/// The host's own toolchain.
fn machine(step: &mut OpenStep, image: Option<&str>) -> Result<Base, TaskError> {
    step.line("Starting a clean environment over the toolchain of this runner's host")?;
    if let Some(image) = image {
        step.line(&format!("  note: the host's toolchain replaces the machine image `{image}`"))?;
    }
    Ok(Base { root: Root::Host, user: None, variables: Vec::new(), hosts: Vec::new() })
}

/// Pulls an image and shows how it goes.
async fn pull(
    task: &Task,
    step: &mut OpenStep,
    container: &ContainerSpec,
) -> Result<Image, TaskError> {
    let auth = container.auth.as_ref().map(|auth| {
        let variables = &task.spec.variables;
        (fill_in(&auth.username, variables), fill_in(&auth.password, variables))
    });
    let auth = auth.as_ref().map(|(name, password)| (name.as_str(), password.as_str()));
    let (sender, mut lines) = mpsc::channel(PROGRESS_LINES);
    // A line that finds no room is dropped: progress is not worth waiting for.
    let progress = move |line: String| drop(sender.try_send(line));
    let pulling = task.host.images.pull(&container.image, auth, &progress);
    tokio::pin!(pulling);
    let deadline = tokio::time::sleep(PULL_TIMEOUT);
    tokio::pin!(deadline);
    let image = loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => step.line(&format!("  {line}"))?,
            image = &mut pulling => break image.map_err(TaskError::of_pull)?,
            _ = task.stop.stopped() => {
                return Err(TaskError::Infrastructure("The job was stopped.".to_owned()));
            }
            () = &mut deadline => {
                return Err(TaskError::Infrastructure(format!(
                    "Pulling the image `{}` took longer than {}: the registry or the network is too slow.",
                    container.image,
                    phrases::duration(PULL_TIMEOUT)
                )));
            }
        }
    };
    while let Ok(line) = lines.try_recv() {
        step.line(&format!("  {line}"))?;
    }
    Ok(image)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
