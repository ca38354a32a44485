//! Marks on commits: which, in which words, for whom (`VCS` §2.10, §4.10).
//!
//! A mark is made from the newest run of each job of that name on the commit, and shows the worst of
//! them: "last writer wins" would paint a green over a red (invariant 4).

use std::time::Duration;

use roundel_forge::{CommitState, CommitStatus};
use roundel_model::{
    id::{JobId, PipelineId},
    kind::JobKind,
    limits,
    name::CommitSha,
    status::{JobStatus, PipelineErrorKind, PipelineStatus},
};
use roundel_store::{
    StoreError,
    projects::Project,
    reading::{JobRow, PipelineRow},
};
use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    links,
    tokens::{self, CallError},
};

/// Characters of a context. Longer names are cut, with a digest so that they stay apart.
const CONTEXT_CHARS: usize = 200;

/// How long a commit status that is not final is worth retrying (`VCS` §2.10).
const PENDING_RETRY: Duration = Duration::from_mins(10);

/// A commit status that is about to be set.
pub(super) struct Report {
    project: Project,
    sha: CommitSha,
    status: CommitStatus,
}

impl Report {
    /// For how long setting it is tried again: a final status for a day, a pending one only for as
    /// long as it is likely to be true (`VCS` §2.10).
    pub(super) fn is_worth(&self) -> Duration {
        if self.status.state == CommitState::Pending { PENDING_RETRY } else { limits::REPORT_RETRY }
    }
}

/// Sets a mark, with the first token of the project that works.
pub(super) async fn send(app: &App, report: &Report) -> Result<(), CallError> {
    let forge = &tokens::forge_of(app, report.project.slug.forge)?;
    let repository = &tokens::repository_ref(&report.project);
    tokens::call(app, &report.project, |token| async move {
        forge.post_status(&token, repository, &report.sha, &report.status).await
    })
    .await?;
    tracing::info!(
        project = %report.project.slug, sha = %report.sha, context = %report.status.context,
        state = ?report.status.state, "a commit was marked"
    );
    Ok(())
}

/// What a mark stands for; marks with the same subject overwrite each other.
pub(super) async fn subject(
    app: &App,
    pipeline: PipelineId,
    job: JobId,
) -> Result<Option<String>, StoreError> {
    let (Some(row), Some(job)) = (app.store.pipeline(pipeline).await?, app.store.job(job).await?)
    else {
        return Ok(None);
    };
    let context = context(app, &job).await?;
    Ok(Some(format!("{}/{}/{context}", row.project, row.sha)))
}

/// Reads where the job is now, and says so. `None` if there is nothing to say.
pub(super) async fn of_job(
    app: &App,
    pipeline: PipelineId,
    job: JobId,
) -> Result<Option<Report>, StoreError> {
    let Some((project, row)) = surroundings(app, pipeline).await? else { return Ok(None) };
    let Some(job) = app.store.job(job).await? else { return Ok(None) };
    let runs = if job.kind == JobKind::Build {
        let mut runs = app.store.jobs_for_commit(project.id, &row.sha, &job.name).await?;
        runs.retain(|run| run.kind == job.kind);
        runs
    } else {
        // Waiting for approval, or nothing at all: its context names its workflow, so it is alone.
        vec![job.clone()]
    };
    let Some(worst) = worst(&runs) else { return Ok(None) };
    let target_url = match worst.number {
        Some(number) => links::job(app, &project.slug, number),
        None => links::workflow(app, &project.slug, row.number, worst.workflow),
    };
    let Some((state, description)) = words(worst) else { return Ok(None) };
    let status = CommitStatus {
        state,
        context: context(app, &job).await?,
        description: cut(&description),
        target_url,
        branch: row.git_ref.branch().map(ToString::to_string),
    };
    Ok(Some(Report { project, sha: row.sha, status }))
}

/// A configuration that does not compile must not leave the commit silently unmarked.
pub(super) async fn of_config(
    app: &App,
    pipeline: PipelineId,
) -> Result<Option<Report>, StoreError> {
    let Some((project, row)) = surroundings(app, pipeline).await? else { return Ok(None) };
    if row.status != PipelineStatus::Errored {
        return Ok(None);
    }
    let reason = row.errors.first().map_or("the configuration has errors", String::as_str);
    let reason = match row.error_kind {
        Some(PipelineErrorKind::Unsupported) => format!("Not supported yet: {reason}"),
        Some(_) | None => reason.to_owned(),
    };
    let status = CommitStatus {
        state: CommitState::Error,
        context: format!("{}: config", app.settings.status_prefix),
        description: cut(&reason),
        target_url: links::pipeline(app, &project.slug, row.number),
        branch: row.git_ref.branch().map(ToString::to_string),
    };
    Ok(Some(Report { project, sha: row.sha, status }))
}

async fn surroundings(
    app: &App,
    pipeline: PipelineId,
) -> Result<Option<(Project, PipelineRow)>, StoreError> {
    let Some(row) = app.store.pipeline(pipeline).await? else { return Ok(None) };
    Ok(app.store.project(row.project).await?.map(|project| (project, row)))
}

/// The names that branch protections list: stable, and the same in every run.
async fn context(app: &App, job: &JobRow) -> Result<String, StoreError> {
    let prefix = &app.settings.status_prefix;
    if job.kind == JobKind::Build {
        return Ok(shorten(&format!("{prefix}: {}", job.name)));
    }
    let workflows = app.store.workflows(job.pipeline).await?;
    let workflow = workflows.iter().find(|workflow| workflow.id == job.workflow);
    let name = workflow.map_or("", |workflow| workflow.name.as_str());
    Ok(shorten(&format!("{prefix}: {name}/{}", job.name)))
}

fn shorten(context: &str) -> String {
    if context.chars().count() <= CONTEXT_CHARS {
        return context.to_owned();
    }
    let digest = hex::encode(Sha256::digest(context.as_bytes()));
    let kept: String = context.chars().take(CONTEXT_CHARS - 7).collect();
    format!("{kept}~{}", digest.get(..6).unwrap_or_default())
}

/// Counts characters, as the forges do, not bytes.
fn cut(description: &str) -> String {
    let line = description.lines().next().unwrap_or_default();
    if line.chars().count() <= limits::STATUS_DESCRIPTION_CHARS {
        return line.to_owned();
    }
    let kept: String = line.chars().take(limits::STATUS_DESCRIPTION_CHARS - 1).collect();
    format!("{kept}…")
}

/// The run that decides: error before failure before pending before success.
fn worst(runs: &[JobRow]) -> Option<&JobRow> {
    runs.iter()
        .filter_map(|run| Some((rank(words(run)?.0), run)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, run)| run)
}

const fn rank(state: CommitState) -> u8 {
    match state {
        CommitState::Success => 0,
        CommitState::Pending => 1,
        CommitState::Failure => 2,
        CommitState::Canceled => 3,
        CommitState::Error => 4,
    }
}

/// State and words for where a job is; `None` where nothing is said (`VCS` §2.10).
fn words(job: &JobRow) -> Option<(CommitState, String)> {
    let (state, words) = match job.status {
        JobStatus::Blocked | JobStatus::NotRun => return None,
        JobStatus::NotRunning => {
            (CommitState::Pending, "Roundel is queueing your tests".to_owned())
        }
        JobStatus::Running => (CommitState::Pending, "Roundel is running your tests".to_owned()),
        JobStatus::OnHold => {
            (CommitState::Pending, format!("Waiting for approval of {}", job.name))
        }
        JobStatus::Success if job.kind == JobKind::Approval => {
            (CommitState::Success, format!("{} was approved", job.name))
        }
        JobStatus::Success => (CommitState::Success, "Your tests passed on Roundel!".to_owned()),
        JobStatus::Failed => (CommitState::Failure, "Your tests failed on Roundel".to_owned()),
        JobStatus::Timedout => {
            let reason = job.reason.as_deref().unwrap_or("see the job's page");
            (CommitState::Failure, format!("Your tests timed out on Roundel: {reason}"))
        }
        JobStatus::Canceled => (CommitState::Canceled, "Your tests were canceled".to_owned()),
        JobStatus::Unauthorized => {
            let reason = job.reason.as_deref().unwrap_or("see the job's page");
            (CommitState::Error, format!("Not authorized: {reason}"))
        }
        JobStatus::InfrastructureFail => {
            let reason = job.reason.as_deref().unwrap_or("see the job's page");
            (CommitState::Error, format!("Roundel could not run your tests: {reason}"))
        }
    };
    Some((state, words))
}

#[cfg(test)]
mod tests {
    use roundel_model::{id::WorkflowId, name::JobName};

    use super::*;

    fn run(status: JobStatus) -> JobRow {
        JobRow {
            id: JobId::from_u128(1),
            workflow: WorkflowId::from_u128(2),
            pipeline: PipelineId::from_u128(3),
            name: JobName::from("build"),
            number: Some(1),
            kind: JobKind::Build,
            status,
            tasks: 1,
            needs: Vec::new(),
            queued_at: None,
            started_at: None,
            stopped_at: None,
            reason: None,
            approved_by: None,
            canceled_by: None,
            runners: Vec::new(),
        }
    }

    /// Two workflows may have a job of the same name: a green one must not hide the red one.
    #[test]
    fn a_mark_shows_the_worst_of_the_latest_runs() {
        let runs = [run(JobStatus::Success), run(JobStatus::Failed), run(JobStatus::Running)];
        assert_eq!(worst(&runs).map(|run| run.status), Some(JobStatus::Failed));
        let runs = [run(JobStatus::Success), run(JobStatus::Running), run(JobStatus::NotRun)];
        assert_eq!(worst(&runs).map(|run| run.status), Some(JobStatus::Running));
        assert!(worst(&[run(JobStatus::NotRun), run(JobStatus::Blocked)]).is_none());
    }

    #[test]
    fn a_job_that_timed_out_says_so_and_why() {
        let reason = Some("No output for 10 minutes.".to_owned());
        let job = JobRow { reason, ..run(JobStatus::Timedout) };
        let (state, text) = words(&job).unwrap();
        assert_eq!(state, CommitState::Failure);
        assert_eq!(text, "Your tests timed out on Roundel: No output for 10 minutes.");
    }

    /// GitHub answers 422 to 141 characters, and counts characters.
    #[test]
    fn a_description_is_cut_by_characters() {
        assert_eq!(cut(&"ä".repeat(140)), "ä".repeat(140));
        assert_eq!(cut(&"ä".repeat(141)), format!("{}…", "ä".repeat(139)));
        assert_eq!(cut("first\nsecond"), "first");
    }

    #[test]
    fn two_long_names_with_the_same_beginning_stay_apart() {
        let (one, other) = ("x".repeat(300), format!("{}y", "x".repeat(299)));
        assert_ne!(shorten(&one), shorten(&other));
        assert_eq!(shorten(&one).chars().count(), CONTEXT_CHARS);
    }
}
