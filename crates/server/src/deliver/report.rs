//! Commit statuses: which, with which description, for which repository (`VCS` §2.10, §4.10).
//!
//! A commit status is made from the newest run of each job of that name on the commit, and shows the
//! worst of them: "last writer wins" would put a success over a failure (invariant 4).

use std::{sync::Arc, time::Duration};

use roundel_forge::{CommitState, CommitStatus};
use roundel_model::{
    id::{JobId, PipelineId},
    kind::JobKind,
    limits,
    name::CommitSha,
    status::{JobStatus, PipelineErrorKind, PipelineStatus},
    text::one_line,
};
use roundel_store::{
    Store, StoreError,
    projects::Project,
    reading::{JobRow, PipelineRow},
};

use crate::{
    forges::{self, CallError, Forges},
    links::Links,
    markup::plain_sentence,
    status_name::{self, Named},
};

/// How long a commit status that is not final is retried (`VCS` §2.10).
const PENDING_RETRY: Duration = Duration::from_mins(10);

/// What setting commit statuses needs.
pub(crate) struct Reporter {
    pub(crate) store: Store,
    pub(crate) forges: Arc<Forges>,
    pub(crate) links: Links,
    /// What their names begin with: `ci/roundel`.
    pub(crate) prefix: String,
}

/// A commit status that is about to be set.
pub(super) struct Report {
    project: Project,
    sha: CommitSha,
    status: CommitStatus,
}

impl Report {
    /// For how long setting it is tried again: a final status for a day, a pending one only for as
    /// long as it is likely to be true (`VCS` §2.10).
    pub(super) fn retry_for(&self) -> Duration {
        if self.status.state == CommitState::Pending { PENDING_RETRY } else { limits::REPORT_RETRY }
    }
}

/// Reads where the job is now, and says so. `None` if there is nothing to say.
pub(super) async fn of_job(
    reporter: &Reporter,
    pipeline: PipelineId,
    job: JobId,
) -> Result<Option<Report>, StoreError> {
    let Some((project, row)) = pipeline_with_project(reporter, pipeline).await? else {
        return Ok(None);
    };
    let Some(job) = reporter.store.job(job).await? else { return Ok(None) };
    let runs = if job.kind == JobKind::Build {
        let mut runs = reporter.store.jobs_for_commit(project.id, &row.sha, &job.name).await?;
        runs.retain(|run| run.kind == job.kind);
        runs
    } else {
        // Waiting for approval, or nothing at all: its context names its workflow, so it is alone.
        vec![job.clone()]
    };
    let Some(worst) = worst(&runs) else { return Ok(None) };
    let target_url = match worst.number {
        Some(number) => reporter.links.job(&project.slug, number),
        None => reporter.links.workflow(&project.slug, row.number, worst.workflow),
    };
    let Some((state, description)) = state_and_description(worst) else { return Ok(None) };
    let status = CommitStatus {
        state,
        context: context(reporter, &job).await?,
        description: plain_description(&description),
        target_url,
        branch: row.git_ref.branch().map(ToString::to_string),
    };
    Ok(Some(Report { project, sha: row.sha, status }))
}

/// A configuration that does not compile must not leave the commit without a status.
pub(super) async fn of_config(
    reporter: &Reporter,
    pipeline: PipelineId,
) -> Result<Option<Report>, StoreError> {
    let Some((project, row)) = pipeline_with_project(reporter, pipeline).await? else {
        return Ok(None);
    };
    if row.status != PipelineStatus::Errored {
        return Ok(None);
    }
    let reason = row.errors.first().map_or("the configuration has errors", String::as_str);
    let reason = match row.error_kind {
        Some(PipelineErrorKind::Unsupported) => format!("Not supported yet: {reason}"),
        Some(PipelineErrorKind::ConfigFetch) => format!("Could not read configuration: {reason}"),
        Some(PipelineErrorKind::Config | PipelineErrorKind::Plan | PipelineErrorKind::Other)
        | None => reason.to_owned(),
    };
    let status = CommitStatus {
        state: CommitState::Error,
        context: status_name::of_config(&reporter.prefix),
        description: plain_description(&reason),
        target_url: reporter.links.pipeline(&project.slug, row.number),
        branch: row.git_ref.branch().map(ToString::to_string),
    };
    Ok(Some(Report { project, sha: row.sha, status }))
}

/// Sets a commit status, with the first token of the project that works.
pub(super) async fn send(reporter: &Reporter, report: &Report) -> Result<(), CallError> {
    let forge = &reporter.forges.client(report.project.slug.forge)?;
    let repository = &forges::repository_ref(&report.project);
    let post = |token| async move {
        forge.post_status(&token, repository, &report.sha, &report.status).await
    };
    reporter.forges.call(&report.project, post).await?;
    tracing::info!(
        project = %report.project.slug, sha = %report.sha, context = %report.status.context,
        state = ?report.status.state, "a commit status was set"
    );
    Ok(())
}

/// What a commit status stands for; those with the same subject overwrite each other.
pub(super) async fn subject(
    reporter: &Reporter,
    pipeline: PipelineId,
    job: JobId,
) -> Result<Option<String>, StoreError> {
    let (Some(row), Some(job)) =
        (reporter.store.pipeline(pipeline).await?, reporter.store.job(job).await?)
    else {
        return Ok(None);
    };
    let context = context(reporter, &job).await?;
    Ok(Some(format!("{}/{}/{context}", row.project, row.sha)))
}

async fn pipeline_with_project(
    reporter: &Reporter,
    pipeline: PipelineId,
) -> Result<Option<(Project, PipelineRow)>, StoreError> {
    let Some(row) = reporter.store.pipeline(pipeline).await? else { return Ok(None) };
    Ok(reporter.store.project(row.project).await?.map(|project| (project, row)))
}

/// The run that decides: error before failure before canceled before pending before success.
fn worst(runs: &[JobRow]) -> Option<&JobRow> {
    runs.iter()
        .filter_map(|run| Some((rank(state_and_description(run)?.0), run)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, run)| run)
}

const fn rank(state: CommitState) -> u8 {
    match state {
        CommitState::Success => 0,
        CommitState::Pending => 1,
        CommitState::Canceled => 2,
        CommitState::Failure => 3,
        CommitState::Error => 4,
    }
}

/// Returns what a commit status says of where a job is; `None` where there is none (`VCS` §2.10).
fn state_and_description(job: &JobRow) -> Option<(CommitState, String)> {
    let (state, description) = match job.status {
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
        // A job that this release refuses ran nothing, and its reason says so.
        JobStatus::Failed => match job.reason.as_deref() {
            Some(reason) => (CommitState::Failure, format!("Failed on Roundel: {reason}")),
            None => (CommitState::Failure, "Your tests failed on Roundel".to_owned()),
        },
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
    Some((state, description))
}

async fn context(reporter: &Reporter, job: &JobRow) -> Result<String, StoreError> {
    let workflows = reporter.store.workflows(job.pipeline).await?;
    let workflow = workflows.iter().find(|workflow| workflow.id == job.workflow);
    let workflow = workflow.map_or("", |workflow| workflow.name.as_str());
    let named = Named { kind: job.kind, workflow, job: job.name.as_str() };
    Ok(status_name::of_job(&reporter.prefix, named))
}

/// A description is one line of plain text, with what is hidden in it shown and back-quoted words in
/// quotes, for it shows no code; `forge` cuts it to what the forges take.
fn plain_description(text: &str) -> String {
    plain_sentence(&one_line(text.lines().next().unwrap_or_default()))
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

    /// Two workflows may have a job of the same name: a success must not hide a failure.
    #[test]
    fn a_commit_status_shows_the_worst_of_the_latest_runs() {
        let runs = [run(JobStatus::Success), run(JobStatus::Failed), run(JobStatus::Running)];
        assert_eq!(worst(&runs).map(|run| run.status), Some(JobStatus::Failed));
        let runs = [run(JobStatus::Success), run(JobStatus::Running), run(JobStatus::NotRun)];
        assert_eq!(worst(&runs).map(|run| run.status), Some(JobStatus::Running));
        let runs = [run(JobStatus::Canceled), run(JobStatus::Failed), run(JobStatus::Success)];
        assert_eq!(worst(&runs).map(|run| run.status), Some(JobStatus::Failed));
        assert!(worst(&[run(JobStatus::NotRun), run(JobStatus::Blocked)]).is_none());
    }

    #[test]
    fn a_job_that_timed_out_says_so_and_why() {
        let reason = Some("No output for 10 minutes.".to_owned());
        let job = JobRow { reason, ..run(JobStatus::Timedout) };
        let (state, text) = state_and_description(&job).unwrap();
        assert_eq!(state, CommitState::Failure);
        assert_eq!(text, "Your tests timed out on Roundel: No output for 10 minutes.");
    }

    #[test]
    fn a_description_is_one_line() {
        assert_eq!(plain_description("first\nsecond"), "first");
    }

    /// The forges show it as it is, without Markdown.
    #[test]
    fn a_description_quotes_what_pages_show_as_code() {
        assert_eq!(plain_description("unknown job key `step`"), "unknown job key \"step\"");
    }

    /// Names of jobs and messages of the compiler come from outside.
    #[test]
    fn a_description_shows_what_is_hidden() {
        let line =
            plain_description("Waiting for approval of \u{202E}a\u{2069}\x1b[1m\rb\u{2028}c");
        assert_eq!(line, "Waiting for approval of ⟦U+202E⟧a⟦U+2069⟧␛[1m b c");
    }
}
