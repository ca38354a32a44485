//! A list of pipelines: the live part of the dashboard and of a project's page.

use askama::Template;
use roundel_model::{
    limits,
    status::{JobStatus, PipelineStatus},
    text::{counted, cut},
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    pipelines::TriggerKind,
    reading::{JobRow, PipelineFilter, PipelineRow, WorkflowRow},
};

use super::{
    status::{DisplayStatus, refusal},
    time::{Elapsed, TimeAgo},
};
use crate::{
    http::{
        address::{address, encode},
        family::Family,
        person::Person,
        visit::Visit,
    },
    markup::{Brief, Html, sentence},
};

/// Pipelines on one page of a list.
pub(crate) const PAGE: u32 = 25;
/// Segments of one workflow in a row; of a matrix of hundreds only numbers are shown.
const SEGMENTS: usize = 36;
/// Jobs that ended badly and are named in a row.
const CULPRITS: usize = 2;

/// A list of pipelines.
#[derive(Template)]
#[template(path = "parts/pipelines.html")]
pub(crate) struct PipelineList {
    /// Rows, newest first.
    pub(crate) rows: Vec<PipelineSummary>,
    /// The query of the next page, if there is more.
    pub(crate) older: Option<String>,
    /// Rows name their project.
    pub(crate) with_project: bool,
    /// A filter is on: an empty list means something else.
    pub(crate) filtered: bool,
}

/// A pipeline in a list.
pub(crate) struct PipelineSummary {
    pub(crate) id: String,
    pub(crate) status: DisplayStatus,
    pub(crate) subject: Brief,
    pub(crate) project: String,
    pub(crate) project_at: String,
    pub(crate) ref_icon: &'static str,
    pub(crate) ref_name: Brief,
    pub(crate) ref_at: String,
    pub(crate) sha: String,
    pub(crate) author: Person,
    pub(crate) author_name: Brief,
    pub(crate) number: u64,
    pub(crate) trigger: &'static str,
    /// The same in a sentence: "triggered by push".
    pub(crate) triggered: &'static str,
    /// Who asked for it; a push is its author's.
    pub(crate) triggered_by: Option<Brief>,
    pub(crate) elapsed: Elapsed,
    pub(crate) when: TimeAgo,
    pub(crate) workflows: Vec<WorkflowChip>,
    /// How many further workflows there are.
    pub(crate) more_workflows: usize,
    /// Why it does not run, or one of its jobs did not.
    pub(crate) reason: Option<Html>,
    /// How many further reasons there are.
    pub(crate) more_reasons: usize,
}

/// A workflow in a row.
pub(crate) struct WorkflowChip {
    pub(crate) id: String,
    pub(crate) name: Brief,
    pub(crate) status: DisplayStatus,
    pub(crate) segments: Vec<Segment>,
    /// The first jobs that ended badly: where to look.
    pub(crate) failed: Vec<Segment>,
    /// How many ended badly besides.
    pub(crate) more_failed: usize,
    pub(crate) done: usize,
    pub(crate) all: usize,
}

/// A job in a row.
pub(crate) struct Segment {
    pub(crate) status: DisplayStatus,
    pub(crate) name: Brief,
    pub(crate) at: String,
}

impl PipelineList {
    /// Reads a page of the list.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) async fn read(
        visit: &Visit,
        mut filter: PipelineFilter,
    ) -> Result<Self, StoreError> {
        filter.before = visit.parameter("before").and_then(|id| id.parse().ok());
        let filtered = filter.branch.is_some() || filter.before.is_some();
        let found = visit.app.store.pipelines(&filter, PAGE + 1).await?;
        let more = found.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
        let rows: Vec<PipelineSummary> = found
            .iter()
            .take(usize::try_from(PAGE).unwrap_or(usize::MAX))
            .map(|(row, workflows)| PipelineSummary::new(row, workflows, visit.now))
            .collect();
        let older = rows.last().filter(|_| more).map(|last| {
            let mut query = format!("?before={}", last.id);
            for name in ["project", "branch"] {
                if let Some(value) = visit.parameter(name) {
                    query.extend(["&", name, "=", &encode(&value)]);
                }
            }
            query
        });
        Ok(Self { rows, older, with_project: false, filtered })
    }

    /// Names the project in each row.
    pub(crate) fn with_project(self) -> Self {
        Self { with_project: true, ..self }
    }

    /// Whether a pipeline of the list will change.
    pub(crate) fn is_going(&self) -> bool {
        self.rows.iter().any(|row| row.status.is_going())
    }

    /// The family of the newest row, for the favicon.
    pub(crate) fn family(&self) -> Family {
        self.rows.first().map_or(Family::None, |row| row.status.family())
    }
}

impl PipelineSummary {
    /// Makes the view of a pipeline.
    pub(crate) fn new(row: &PipelineRow, workflows: &[WorkflowRow], now: Timestamp) -> Self {
        let project_at = address(&row.slug);
        let name = row.git_ref.name();
        // One that never ran has no duration.
        let elapsed = match row.status {
            PipelineStatus::Pending => Elapsed::new(Some(row.created_at), None, now),
            PipelineStatus::Created | PipelineStatus::Errored => {
                Elapsed::of_jobs(workflows.iter().flat_map(|workflow| &workflow.jobs), now)
            }
        };
        let reasons = reasons(row, workflows);
        let listed = workflows.len().min(limits::LISTED_ENTRIES);
        let author = Person::author(row);
        Self {
            id: row.id.to_string(),
            status: DisplayStatus::of_pipeline(row, workflows),
            subject: Brief::subject(&subject_of(row)),
            project: row.slug.full_name(),
            ref_icon: if row.git_ref.tag().is_some() { "tag" } else { "branch" },
            ref_at: match name.chars().count() {
                0..=limits::BRANCH_CHARS => format!("{project_at}?branch={}", encode(name)),
                _ => project_at.clone(),
            },
            ref_name: Brief::name(name),
            project_at,
            sha: row.sha.short().to_owned(),
            author_name: Brief::name(&author.name),
            author,
            number: row.number,
            trigger: trigger(row.trigger),
            triggered: triggered(row.trigger),
            triggered_by: (row.trigger == TriggerKind::Manual)
                .then(|| row.actor_login.as_deref().map(Brief::name))
                .flatten(),
            elapsed,
            when: TimeAgo::new(row.created_at, now),
            workflows: workflows.iter().take(listed).map(WorkflowChip::new).collect(),
            more_workflows: workflows.len() - listed,
            reason: reasons.first().map(|text| sentence(text)),
            more_reasons: reasons.len().saturating_sub(1),
        }
    }
}

/// The subject of a pipeline's commit, or else the commit.
pub(crate) fn subject_of(row: &PipelineRow) -> String {
    match row.commit.subject.trim() {
        "" => format!("Commit {}", row.sha.short()),
        subject => subject.to_owned(),
    }
}

/// Why a pipeline does not run; if it does, why jobs of it did not.
fn reasons(row: &PipelineRow, workflows: &[WorkflowRow]) -> Vec<String> {
    if !row.errors.is_empty() {
        let listed = |error: &String| cut(error, limits::LISTED_SENTENCE_CHARS).into_owned();
        return row.errors.iter().map(listed).collect();
    }
    let jobs = workflows.iter().flat_map(|workflow| &workflow.jobs);
    jobs.filter_map(refusal).collect()
}

impl WorkflowChip {
    fn new(row: &WorkflowRow) -> Self {
        let done = done(row);
        let failed = row.jobs.iter().filter(|job| DisplayStatus::from(job.status).is_bad());
        let more_failed = failed.clone().count().saturating_sub(CULPRITS);
        let segments = if row.jobs.len() > SEGMENTS { &[] } else { row.jobs.as_slice() };
        Self {
            id: row.id.to_string(),
            name: Brief::name(row.name.as_str()),
            status: DisplayStatus::from(row.status),
            segments: segments.iter().map(Segment::new).collect(),
            failed: failed.take(CULPRITS).map(Segment::new).collect(),
            more_failed,
            done,
            all: row.jobs.len(),
        }
    }
}

/// How many jobs are over, however they ended: one that was canceled before it started will not start.
fn done(workflow: &WorkflowRow) -> usize {
    workflow.jobs.iter().filter(|job| job.status.is_final()).count()
}

/// Says how far the jobs of a workflow are; of one that is over, how they ended.
pub(crate) fn tally(workflow: &WorkflowRow) -> String {
    let all = workflow.jobs.len();
    if !workflow.status.is_final() {
        return format!("{} of {all} jobs done", done(workflow));
    }
    let ended = |status| workflow.jobs.iter().filter(|job| job.status == status).count();
    if ended(JobStatus::Success) == all {
        return format!("{} passed", counted(all, "job"));
    }
    let counts = ENDED.map(|status| (ended(status), DisplayStatus::from(status).label()));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    counts
        .map(|(count, label)| format!("{count} {}", label.to_lowercase()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How jobs end, in the order in which they are counted.
const ENDED: [JobStatus; 7] = [
    JobStatus::Success,
    JobStatus::Failed,
    JobStatus::Timedout,
    JobStatus::InfrastructureFail,
    JobStatus::Unauthorized,
    JobStatus::Canceled,
    JobStatus::NotRun,
];

impl Segment {
    fn new(job: &JobRow) -> Self {
        Self {
            status: DisplayStatus::from(job.status),
            name: Brief::name(job.name.as_str()),
            at: format!("/job/{}", job.id),
        }
    }
}

/// Returns how a pipeline started, as part of a sentence. The user who triggered one follows.
const fn triggered(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Push => "triggered by push",
        TriggerKind::Tag => "triggered by tag",
        TriggerKind::Setup => "triggered by project setup",
        TriggerKind::Manual => "triggered",
    }
}

/// Returns how a pipeline started, in a word.
const fn trigger(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Push => "push",
        TriggerKind::Tag => "tag",
        TriggerKind::Setup => "project setup",
        TriggerKind::Manual => "manual",
    }
}
