//! Step 0, *Spin up environment* (RUN §1.7, §2.11): the image, the environment, the step user.
//!
//! A wrong image name or password is the user's error and fails the job here; a host that cannot do
//! its part is ours ([`Trouble`]).

use roundel_model::kind::StepKind;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use roundel_container::{Bind, Environment, EnvironmentSpec, Limits, Root, image::Image};
use roundel_model::plan::{ContainerSpec, Executor};
use tokio::{sync::mpsc, time::Instant};

use super::{OpenStep, SPIN_UP, StepEnd, own_report};
use crate::{
    inside::{Inside, Preparation, SHARE},
    phrases,
    task::{Task, Trouble},
    variables::fill_in,
};

/// How long an image may take to come.
const PULL: Duration = Duration::from_mins(30);

/// Lines of progress that may wait to be written.
const PROGRESS_LINES: usize = 256;

/// An environment that runs, and its inside.
pub(crate) struct SpunUp {
    /// For ending it.
    pub(crate) environment: Arc<Environment>,
    /// For the steps.
    pub(crate) inside: Inside,
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
/// Whose trouble it is stands in the [`Trouble`]; the step has been reported as failed then.
pub(crate) async fn spin_up(task: &Task) -> Result<SpunUp, Trouble> {
    let report = own_report("Spin up environment", StepKind::SpinUp);
    let mut step = OpenStep::begin(task, SPIN_UP, report)?;
    match prepare(task, &mut step).await {
        Ok(spun_up) => {
            step.end(task, StepEnd::SUCCESS)?;
            Ok(spun_up)
        }
        Err(trouble) => Err(step.fail(task, trouble)),
    }
}

async fn prepare(task: &Task, step: &mut OpenStep) -> Result<SpunUp, Trouble> {
    let settings = &task.host.settings;
    step.line(&format!(
        "Build-agent version {} (Roundel runner `{}`)",
        env!("CARGO_PKG_VERSION"),
        settings.name
    ))?;
    let base = match &task.spec.body.executor {
        Executor::Docker { containers } => docker(task, step, containers).await?,
        Executor::Machine { image, .. } => machine(step, image.as_deref())?,
        Executor::Macos { .. } => {
            let sentence = "this runner is no Mac; the job needs one";
            return Err(Trouble::Infrastructure(sentence.to_owned()));
        }
    };
    let began_at = Instant::now();
    let spec = environment_spec(task, &base)?;
    let runtime = task.host.runtime.clone();
    let environment = tokio::task::spawn_blocking(move || runtime.start(&spec))
        .await
        .map_err(|error| Trouble::Infrastructure(format!("the environment was lost: {error}")))??;
    let environment = Arc::new(environment);
    let limitations: Vec<String> = environment
        .limitations()
        .iter()
        .map(|limitation| limitation.sentence("Jobs on this runner"))
        .collect();
    for sentence in &limitations {
        step.line(sentence)?;
    }
    task.not_enforced.set(limitations).ok();
    let preparation =
        Preparation { user: base.user, image_variables: &base.variables, spec: &task.spec };
    let inside = Inside::prepare(Arc::clone(&environment), preparation).await?;
    step.line(&format!(
        "Time to create the environment: {}",
        phrases::duration(Duration::from_millis(millis(began_at.elapsed())))
    ))?;
    Ok(SpunUp { environment, inside })
}

fn environment_spec(task: &Task, base: &Base) -> Result<EnvironmentSpec, Trouble> {
    let share = task.share();
    open_directory(&share).map_err(|error| Trouble::disk(&error))?;
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

/// Makes a directory that everybody may read, whatever the runner's umask: the step user is somebody
/// else.
fn open_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// The primary container: its image, and what the configuration says of it.
async fn docker(
    task: &Task,
    step: &mut OpenStep,
    containers: &[ContainerSpec],
) -> Result<Base, Trouble> {
    let [primary, services @ ..] = containers else {
        return Err(Trouble::Request("The job names no image: `docker:` is empty.".to_owned()));
    };
    if let Some(service) = services.first() {
        return Err(Trouble::Request(format!(
            "Service containers are not supported by this version of Roundel: `{}` and whatever \
             else follows the first entry of `docker:` cannot be started. Leave them out, or start \
             the service in a `run` step with `background: true`.",
            service.image
        )));
    }
    if primary.entrypoint.is_some() || primary.command.is_some() {
        return Err(Trouble::Request(
            "`entrypoint` and `command` of the first image are not supported by this version of \
             Roundel. Leave them out, or start the program in a `run` step with \
             `background: true`."
                .to_owned(),
        ));
    }
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
fn machine(step: &mut OpenStep, image: Option<&str>) -> Result<Base, Trouble> {
    step.line("Starting a clean environment over the toolchain of this runner's host")?;
    if let Some(image) = image {
        step.line(&format!("  note: the host stands in for the machine image `{image}`"))?;
    }
    Ok(Base { root: Root::Host, user: None, variables: Vec::new(), hosts: Vec::new() })
}

/// Pulls an image and shows how it goes.
async fn pull(
    task: &Task,
    step: &mut OpenStep,
    container: &ContainerSpec,
) -> Result<Image, Trouble> {
    let auth = container.auth.as_ref().map(|auth| {
        let variables = &task.spec.variables;
        (fill_in(&auth.username, variables), fill_in(&auth.password, variables))
    });
    let auth = auth.as_ref().map(|(name, password)| (name.as_str(), password.as_str()));
    let (sender, mut lines) = mpsc::channel(PROGRESS_LINES);
    // A line that finds no room is lost: progress is not worth waiting for.
    let progress = move |line: String| drop(sender.try_send(line));
    let pulling = task.host.images.pull(&container.image, auth, &progress);
    tokio::pin!(pulling);
    let deadline = tokio::time::sleep(PULL);
    tokio::pin!(deadline);
    let image = loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => step.line(&format!("  {line}"))?,
            image = &mut pulling => break image?,
            _ = task.stop.stopped() => {
                return Err(Trouble::Infrastructure("The job was stopped.".to_owned()));
            }
            () = &mut deadline => {
                return Err(Trouble::Infrastructure(format!(
                    "The image `{}` was not here after {}: the registry or the network is too slow.",
                    container.image,
                    phrases::duration(PULL)
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
