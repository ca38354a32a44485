//! A `checkout` step (RUN §4).
//!
//! The runner fetches (`mirror`) and binds the result into the environment; a script inside clones
//! from there, so the job's own git does the work and the user sees an ordinary clone whose origin
//! is the forge. The key files, the pinned host keys and the git configuration stay, so that later
//! steps can fetch on their own.
//!
//! Every `method` gives a full clone: everything is on this host already, so there is nothing to fetch
//! later, and little to save. The compiler says so where another one is asked for.

mod ssh;

use std::path::{Path, PathBuf};

use roundel_model::{
    kind::StepKind,
    limits::NO_OUTPUT_TIMEOUT,
    plan::{CheckoutMethod, PlannedStep},
    status::StepStatus,
};

use super::{
    OpenStep,
    end::StepEnd,
    process::{EndReason, Timeouts, supervise},
    report,
};
use crate::{
    job_environment::{JobEnvironment, SHARE},
    paths, phrases,
    steps::context::Task,
    task_error::TaskError,
};

/// Clones inside, with the environment's own git.
const CLONE: &str = include_str!("checkout/clone.sh");

/// Copies a work tree that was made on the host.
const COPY: &str = include_str!("checkout/copy.sh");

/// Exit code of [`CLONE`] that says that there is no git.
const NO_GIT: i32 = 201;

/// The options of a checkout step.
#[derive(Clone, Copy)]
pub(crate) struct CheckoutRequest<'a> {
    /// Value of the step's `path`, as written.
    pub(crate) path: &'a str,
    /// Value of the step's `method`; as written.
    pub(crate) method: CheckoutMethod,
}

/// Checks the code out.
///
/// # Errors
///
/// The environment or the runner is broken; the step has been reported so.
pub(crate) async fn checkout(
    task: &Task,
    environment: &JobEnvironment,
    number: u32,
    planned: &PlannedStep,
    request: CheckoutRequest<'_>,
) -> Result<StepEnd, TaskError> {
    let mut step = OpenStep::begin(task, number, report(planned, StepKind::Checkout))?;
    match fetch_and_clone(task, environment, &mut step, request).await {
        Ok(end) => step.end(task, end),
        Err(error) => Err(step.fail(task, error)),
    }
}

async fn fetch_and_clone(
    task: &Task,
    environment: &JobEnvironment,
    step: &mut OpenStep,
    request: CheckoutRequest<'_>,
) -> Result<StepEnd, TaskError> {
    let checkout = &task.spec.checkout;
    step.line(&format!("Fetching {} for {}", checkout.url, checkout.git_ref.full()))?;
    let fetched = tokio::select! {
        fetched = task.repository() => fetched,
        reason = task.stop.stopped() => {
            return Ok(StepEnd::stopped(&reason, None));
        }
    };
    let bundle = match fetched {
        Ok(bundle) => bundle,
        Err(error) => {
            for line in error.lines(&checkout.url) {
                step.line(&line)?;
            }
            return error.of_runner().map_or(Ok(StepEnd::FAILED), Err);
        }
    };
    ssh::install(environment, checkout).await?;
    let path = paths::resolve(request.path, &environment.user.home, &environment.directory);
    tracing::debug!(method = ?request.method, "a checkout clones from the mirror");
    let end = script(task, environment, step, CLONE, &path).await?;
    if end.exit_code != Some(NO_GIT) {
        return Ok(end);
    }
    step.line(
        "Warning: there is no `git` in this environment. The runner copies the code instead; commands \
         that need git will not work.",
    )?;
    if let Some(lines) = without_git(task, bundle).await? {
        for line in lines {
            step.line(&line)?;
        }
        return Ok(StepEnd::FAILED);
    }
    script(task, environment, step, COPY, &path).await
}

/// Makes the work tree on the host. Returns what to say if that fails.
async fn without_git(task: &Task, bundle: &Path) -> Result<Option<Vec<String>>, TaskError> {
    let checkout = &task.spec.checkout;
    let tree = task.share().join("tree");
    let head = task.share().join("head");
    if head.exists() {
        return Ok(None);
    }
    match task.host.mirrors.work_tree(checkout, bundle, &tree).await {
        Ok(line) => {
            std::fs::write(head, format!("{line}\n")).map_err(|error| TaskError::disk(&error))?;
            Ok(None)
        }
        Err(error) => match error.of_runner() {
            Some(error) => Err(error),
            None => Ok(Some(error.lines(&checkout.url))),
        },
    }
}

/// Runs one of our scripts inside, as the step user.
async fn script(
    task: &Task,
    environment: &JobEnvironment,
    step: &mut OpenStep,
    text: &str,
    path: &Path,
) -> Result<StepEnd, TaskError> {
    let file = environment.write_script("checkout", text).await?;
    let argv = vec!["/bin/sh".to_owned(), file.to_string_lossy().into_owned()];
    let env = environment.variables.of_step(&variables(task, path), &environment.directory);
    let mut process = environment.spawn(argv, env, environment.directory.clone()).await??;
    let ending = async { EndReason::Stopped(task.stop.stopped().await) };
    let timeouts = Timeouts { no_output: Some(NO_OUTPUT_TIMEOUT) };
    let (end, terminal) = supervise(&mut process, &mut step.log, timeouts, ending).await?;
    drop(terminal);
    let code = end.exit.map(phrases::exit_code);
    let status = match (&end.reason, code) {
        (None, Some(0)) => StepStatus::Success,
        (None, _) => StepStatus::Failed,
        (Some(EndReason::Stopped(reason)), _) => return Ok(StepEnd::stopped(reason, code)),
        (Some(EndReason::NoOutput | EndReason::JobOver), _) => StepStatus::Timedout,
    };
    if end.reason == Some(EndReason::NoOutput) {
        step.line(&format!("{}.", phrases::no_output(NO_OUTPUT_TIMEOUT)))?;
    }
    if let (StepStatus::Failed, Some(code)) = (status, code)
        && code != NO_GIT
    {
        step.line(&format!("Exited with code {code}"))?;
    }
    Ok(StepEnd { status, exit_code: code })
}

/// The parameters of the scripts. Variables need no quoting.
fn variables(task: &Task, path: &Path) -> Vec<(String, String)> {
    let checkout = &task.spec.checkout;
    let share = PathBuf::from(SHARE);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (kind, name) = match checkout.git_ref.branch() {
        Some(branch) => ("branch", branch.as_str()),
        None => ("tag", checkout.git_ref.name()),
    };
    let mut variables = vec![
        ("ROUNDEL_BUNDLE", text(&share.join("repository.git"))),
        ("ROUNDEL_TREE", text(&share.join("tree"))),
        ("ROUNDEL_HEAD", text(&share.join("head"))),
        ("ROUNDEL_PATH", text(path)),
        ("ROUNDEL_URL", checkout.url.clone()),
        ("ROUNDEL_SHA", checkout.sha.to_string()),
        ("ROUNDEL_KIND", kind.to_owned()),
        ("ROUNDEL_NAME", name.to_owned()),
        // Whatever image or project set, this git does not prompt and uses no pager.
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
        ("GIT_PAGER", "cat".to_owned()),
    ];
    if let Some(rewrite) = ssh::rewrite(&checkout.url) {
        variables.push(("ROUNDEL_SSH_BASE", rewrite.ssh));
        variables.push(("ROUNDEL_HTTPS_BASE", rewrite.https));
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
