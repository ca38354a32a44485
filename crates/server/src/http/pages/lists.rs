//! A list of pipelines: the live part of the dashboard and of a project's page.

use askama::Template;
use roundel_model::{status::PipelineStatus, time::Timestamp};
use roundel_store::{
    StoreError,
    pipelines::TriggerKind,
    reading::{JobRow, PipelineFilter, PipelineRow, WorkflowRow},
};

use super::{
    address::{address, encode},
    person::Person,
    status::{DisplayStatus, why_not_run},
    time::{Elapsed, TimeAgo},
    visit::Visit,
};
use crate::markup::{Html, Untrusted, sentence};

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
    pub(crate) subject: Untrusted,
    pub(crate) project: String,
    pub(crate) project_at: String,
    pub(crate) ref_icon: &'static str,
    pub(crate) ref_name: Untrusted,
    pub(crate) ref_at: String,
    pub(crate) sha: String,
    pub(crate) author: Person,
    pub(crate) author_name: Untrusted,
    pub(crate) number: u64,
    pub(crate) trigger: &'static str,
    pub(crate) elapsed: Elapsed,
    pub(crate) when: TimeAgo,
    pub(crate) workflows: Vec<WorkflowChip>,
    /// Why it does not run, or why a job of it did not.
    pub(crate) reason: Option<Html>,
    /// How many further reasons there are.
    pub(crate) more_reasons: usize,
}

/// A workflow in a row.
pub(crate) struct WorkflowChip {
    pub(crate) id: String,
    pub(crate) name: Untrusted,
    pub(crate) status: DisplayStatus,
    pub(crate) segments: Vec<Segment>,
    /// The first jobs that ended badly: where to look.
    pub(crate) failed: Vec<Segment>,
    pub(crate) done: usize,
    pub(crate) all: usize,
}

/// A job in a row.
pub(crate) struct Segment {
    pub(crate) status: DisplayStatus,
    pub(crate) name: Untrusted,
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
        with_project: bool,
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
        Ok(Self { rows, older, with_project, filtered })
    }

    /// Whether a pipeline of the list will change.
    pub(crate) fn is_going(&self) -> bool {
        self.rows.iter().any(|row| row.status.is_going())
    }

    /// The family of the newest row, for the favicon.
    pub(crate) fn family(&self) -> &'static str {
        self.rows.first().map_or("none", |row| row.status.family())
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
        let subject = match row.commit.subject.trim() {
            "" => format!("Commit {}", row.sha.short()),
            subject => subject.to_owned(),
        };
        let reasons = reasons(row, workflows);
        let author = Person::author(row);
        Self {
            id: row.id.to_string(),
            status: DisplayStatus::of_pipeline(row, workflows),
            subject: Untrusted(subject),
            project: row.slug.full_name(),
            ref_icon: if row.git_ref.tag().is_some() { "tag" } else { "branch" },
            ref_at: format!("{project_at}?branch={}", encode(name)),
            ref_name: Untrusted(name.to_owned()),
            project_at,
            sha: row.sha.short().to_owned(),
            author_name: Untrusted(author.name.clone()),
            author,
            number: row.number,
            trigger: trigger(row.trigger),
            elapsed,
            when: TimeAgo::new(row.created_at, now),
            workflows: workflows.iter().map(WorkflowChip::new).collect(),
            reason: reasons.first().map(|text| sentence(text)),
            more_reasons: reasons.len().saturating_sub(1),
        }
    }
}

/// Why a pipeline does not run; if it does, why jobs of it did not.
fn reasons(row: &PipelineRow, workflows: &[WorkflowRow]) -> Vec<String> {
    if !row.errors.is_empty() {
        return row.errors.clone();
    }
    let jobs = workflows.iter().flat_map(|workflow| &workflow.jobs);
    jobs.filter_map(|job| why_not_run(job).map(|why| format!("`{}`: {why}", job.name))).collect()
}

impl WorkflowChip {
    fn new(row: &WorkflowRow) -> Self {
        let done = row.jobs.iter().filter(|job| job.status.is_final()).count();
        let failed =
            row.jobs.iter().filter(|job| DisplayStatus::from(job.status).family() == "bad");
        let segments = if row.jobs.len() > SEGMENTS { &[] } else { row.jobs.as_slice() };
        Self {
            id: row.id.to_string(),
            name: Untrusted(row.name.to_string()),
            status: DisplayStatus::from(row.status),
            segments: segments.iter().map(Segment::new).collect(),
            failed: failed.take(CULPRITS).map(Segment::new).collect(),
            done,
            all: row.jobs.len(),
        }
    }
}

impl Segment {
    fn new(job: &JobRow) -> Self {
        Self {
            status: DisplayStatus::from(job.status),
            name: Untrusted(job.name.to_string()),
            at: format!("/job/{}", job.id),
        }
    }
}

/// Returns why a pipeline was started, for people.
const fn trigger(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Push => "push",
        TriggerKind::Tag => "tag",
        TriggerKind::Setup => "initial setup",
        TriggerKind::Manual => "manual",
    }
}
