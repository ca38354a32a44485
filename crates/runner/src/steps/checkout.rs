//! A `checkout` step (RUN §4).
//!
//! The runner fetches (`mirror`) and binds the result into the environment; a script inside clones
//! from there, so the job's own git does the work and the user sees an ordinary clone whose origin
//! is the forge. The key files, the pinned host keys and the git configuration stay, so that later
//! steps can fetch on their own.
//!
//! `method: blobless` gives a full clone: everything is at hand, so there is nothing to be lazy
//! about.

mod ssh;

use std::path::{Path, PathBuf};

use roundel_model::{
    kind::StepKind,
    plan::{CheckoutMethod, PlannedStep},
    status::StepStatus,
};

use super::{
    OpenStep, StepEnd,
    process::{Patience, Why, attend},
    report, stopped_status,
};
use crate::{
    inside::{Inside, SHARE},
    paths, phrases,
    task::{Task, Trouble},
};

/// Clones inside, with the environment's own git.
const CLONE: &str = include_str!("checkout/clone.sh");

/// Copies a work tree that was made on the host.
const COPY: &str = include_str!("checkout/copy.sh");

/// Exit code of [`CLONE`] that says that there is no git.
const NO_GIT: i32 = 201;

/// What a checkout asks for.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// As written.
    pub(crate) path: &'a str,
    /// As written; see above.
    pub(crate) method: CheckoutMethod,
}

/// Checks the code out.
///
/// # Errors
///
/// The environment or the runner is broken; the step has been reported so.
pub(crate) async fn checkout(
    task: &Task,
    inside: &Inside,
    number: u32,
    planned: &PlannedStep,
    wish: Wish<'_>,
) -> Result<StepEnd, Trouble> {
    let mut step = OpenStep::begin(task, number, report(planned, StepKind::Checkout))?;
    match fetch_and_clone(task, inside, &mut step, wish).await {
        Ok(end) => step.end(task, end),
        Err(trouble) => Err(step.fail(task, trouble)),
    }
}

async fn fetch_and_clone(
    task: &Task,
    inside: &Inside,
    step: &mut OpenStep,
    wish: Wish<'_>,
) -> Result<StepEnd, Trouble> {
    let checkout = &task.spec.checkout;
    step.line(&format!("Fetching {} for {}", checkout.url, checkout.git_ref.full()))?;
    let fetched = tokio::select! {
        fetched = task.repository() => fetched,
        reason = task.stop.stopped() => {
            return Ok(StepEnd { status: stopped_status(&reason), exit_code: None });
        }
    };
    let parcel = match fetched {
        Ok(parcel) => parcel,
        Err(trouble) => {
            for line in trouble.lines(&checkout.url) {
                step.line(&line)?;
            }
            return trouble.of_ours().map_or(Ok(StepEnd::FAILED), Err);
        }
    };
    ssh::install(inside, checkout).await?;
    let path = paths::resolve(wish.path, &inside.user.home, &inside.directory);
    tracing::debug!(method = ?wish.method, "a checkout clones from the mirror");
    let end = script(task, inside, step, CLONE, &path).await?;
    if end.exit_code != Some(NO_GIT) {
        return Ok(end);
    }
    step.line(
        "Warning: there is no `git` in this environment. The code is put in place by the runner; \
         commands that need git will not work.",
    )?;
    if let Some(lines) = without_git(task, parcel).await? {
        for line in lines {
            step.line(&line)?;
        }
        return Ok(StepEnd::FAILED);
    }
    script(task, inside, step, COPY, &path).await
}

/// Makes the work tree on the host. Returns what to say if that fails.
async fn without_git(task: &Task, parcel: &Path) -> Result<Option<Vec<String>>, Trouble> {
    let checkout = &task.spec.checkout;
    let tree = task.share().join("tree");
    let head = task.share().join("head");
    if head.exists() {
        return Ok(None);
    }
    match task.host.mirrors.work_tree(checkout, parcel, &tree).await {
        Ok(line) => {
            std::fs::write(head, format!("{line}\n")).map_err(|error| Trouble::disk(&error))?;
            Ok(None)
        }
        Err(trouble) => match trouble.of_ours() {
            Some(trouble) => Err(trouble),
            None => Ok(Some(trouble.lines(&checkout.url))),
        },
    }
}

/// Runs one of our scripts inside, as the step user.
async fn script(
    task: &Task,
    inside: &Inside,
    step: &mut OpenStep,
    text: &str,
    path: &Path,
) -> Result<StepEnd, Trouble> {
    let file = inside.write_script("checkout", text).await?;
    let argv = vec!["/bin/sh".to_owned(), file.to_string_lossy().into_owned()];
    let env = inside.variables.of_step(&variables(task, path), &inside.directory);
    let mut process = inside.spawn(argv, env, inside.directory.clone()).await??;
    let ending = async { Why::Stopped(task.stop.stopped().await) };
    let patience = Patience { silence: Some(roundel_model::limits::NO_OUTPUT_TIMEOUT) };
    let (end, leftover) = attend(&mut process, &mut step.log, patience, ending).await?;
    drop(leftover);
    let code = end.exit.map(phrases::exit_code);
    let status = match (&end.why, code) {
        (None, Some(0)) => StepStatus::Success,
        (None, _) => StepStatus::Failed,
        (Some(Why::Stopped(reason)), _) => stopped_status(reason),
        (Some(Why::Silent | Why::JobOver), _) => StepStatus::Timedout,
    };
    if let (StepStatus::Failed, Some(code)) = (status, code)
        && code != NO_GIT
    {
        step.line(&format!("Exited with code exit status {code}"))?;
    }
    Ok(StepEnd { status, exit_code: code })
}

/// What the scripts are told. Variables need no quoting.
fn variables(task: &Task, path: &Path) -> Vec<(String, String)> {
    let checkout = &task.spec.checkout;
    let share = PathBuf::from(SHARE);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (kind, name) = match checkout.git_ref.branch() {
        Some(branch) => ("branch", branch.as_str()),
        None => ("tag", checkout.git_ref.name()),
    };
    let mut variables = vec![
        ("ROUNDEL_PARCEL", text(&share.join("repository.git"))),
        ("ROUNDEL_TREE", text(&share.join("tree"))),
        ("ROUNDEL_HEAD", text(&share.join("head"))),
        ("ROUNDEL_PATH", text(path)),
        ("ROUNDEL_URL", checkout.url.clone()),
        ("ROUNDEL_SHA", checkout.sha.to_string()),
        ("ROUNDEL_KIND", kind.to_owned()),
        ("ROUNDEL_NAME", name.to_owned()),
        // Whatever image or project say, our git asks nobody and pages nothing.
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
        ("GIT_PAGER", "cat".to_owned()),
    ];
    if let Some(rewrite) = ssh::rewrite(&checkout.url) {
        variables.push(("ROUNDEL_SSH_BASE", rewrite.ssh));
        variables.push(("ROUNDEL_HTTPS_BASE", rewrite.https));
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
