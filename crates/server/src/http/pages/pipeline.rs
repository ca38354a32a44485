//! The page of a pipeline: the commit, its workflows as graphs, what is wrong with its
//! configuration, which notifications were not delivered; and the buttons that change something.

use std::{collections::HashMap, fmt::Display};

use askama::Template;
use axum::extract::Path;
use roundel_config::{Consequence, Diagnostic, JobOfPlan, JobRefusal};
use roundel_engine::{Configuration, Effect, Event};
use roundel_model::{
    actor::Actor,
    forge::Role,
    id::{JobId, PipelineId, WorkflowId},
    limits,
    status::{JobStatus, PipelineStatus, WorkflowStatus},
    text::cut,
};
use roundel_store::{
    effects::UndeliveredEffect,
    reading::{JobRow, PipelineRow, WorkflowRow},
};

use super::{
    acted::acted,
    config_view::{self, DiagnosticKind, DiagnosticView, UnsupportedPart, Views},
    graph,
    job::decision,
    lists::{PipelineSummary, subject_of, tally},
    project::{ProjectHead, ProjectTab},
    status::{DisplayStatus, refusal, why_not_started, why_waiting},
    time::Elapsed,
};
use crate::{
    connected_runners::why_none_fits,
    drive::{self, Applied},
    http::{
        address::see_other,
        family::Family,
        form::{NoFields, PageForm},
        frame::{SOON, Shell},
        notice::{Notice, see_done},
        rights::{Pipeline, Reader, Writer},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Brief, Html, Untrusted, sentence},
};

/// Jobs that failed and are named above the graph of their workflow: it may be wider than a screen.
const FAILED: usize = 5;

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/pipeline/{pipeline}", page)
        .get("/pipeline/{pipeline}/live", live)
        .get("/pipeline/{pipeline}/config", config)
        .post("/pipeline/{pipeline}/cancel/{workflow}", cancel)
        .post("/pipeline/{pipeline}/approve/{job}", approve)
}

/// Routes below `/pipelines/gh/:owner/:repository`: the addresses that emails and clients know.
pub(crate) fn routes_below(base: &str) -> Routes {
    Routes::new()
        .get(&format!("{base}/{{number}}"), by_number)
        .get(&format!("{base}/{{number}}/workflows/{{workflow}}"), by_workflow)
}

#[derive(Template)]
#[template(path = "pipeline.html")]
struct PipelinePage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    row: PipelineSummary,
    subject: Untrusted,
    body: Untrusted,
    commit_url: Option<String>,
    delivery: Option<String>,
    before: Option<String>,
    live: PipelineLive,
}

#[derive(Template)]
#[template(path = "parts/pipeline.html")]
#[expect(clippy::struct_excessive_bools, reason = "the template asks each of them on its own")]
struct PipelineLive {
    id: String,
    row: PipelineSummary,
    family: Family,
    may_write: bool,
    compiling: bool,
    /// What is read out once it has ended, unless its only workflow says it.
    outcome: Html,
    workflows: Vec<WorkflowView>,
    errors: Vec<Html>,
    diagnostics: Vec<DiagnosticView>,
    /// Parts of the configuration that this release cannot run.
    unsupported: Vec<UnsupportedPart>,
    /// How many diagnostics there are besides.
    more: Option<Html>,
    /// Something is wrong in it, besides.
    has_errors: bool,
    has_config: bool,
    undelivered: Vec<Undelivered>,
    /// Why nothing runs though the configuration is right, for the page.
    nothing_runs: Option<Html>,
}

struct WorkflowView {
    id: String,
    name: Brief,
    status: DisplayStatus,
    /// What is read out once it has ended. Approvals say themselves that they wait.
    outcome: Html,
    elapsed: Elapsed,
    running: bool,
    /// Who canceled it, and when.
    canceled: Option<Html>,
    graph: Option<Html>,
    /// Jobs that were not allowed to run, and whose reason is not above.
    refused: Vec<RefusedJob>,
    /// The first jobs that failed: where to look.
    failed: Vec<FailedJob>,
    /// How many failed besides.
    more_failed: usize,
    jobs: Vec<JobLine>,
    tally: String,
}

/// A job that was not allowed to run.
struct RefusedJob {
    address: String,
    why: Html,
}

/// A line above the graph: a job that failed, and why.
struct FailedJob {
    address: String,
    name: Brief,
    status: DisplayStatus,
    /// Why, if no step says so.
    reason: Option<Html>,
}

/// A job in the list.
struct JobLine {
    id: String,
    name: Brief,
    status: DisplayStatus,
    number: Option<u64>,
    elapsed: Elapsed,
    needs: Vec<Brief>,
    /// How many jobs it requires; not all of them are named.
    all_needs: usize,
    why: Option<Html>,
    on_hold: bool,
    /// Who approved it, and when.
    approved: Option<Html>,
}

/// A commit status or an email that could not be sent so far.
struct Undelivered {
    what: Html,
    attempts: u32,
    error: Html,
    /// Whether it is tried again, and what sets it right if not.
    outlook: &'static str,
}

async fn page(Reader { visit, subject, role }: Reader<Pipeline>) -> Answer {
    let Pipeline { row, project } = subject;
    let head = ProjectHead::read(&visit, &project, role, ProjectTab::Pipelines).await?;
    let live = read(&visit, &row, head.may_write).await?;
    let workflows = visit.app.store.workflows(row.id).await?;
    let title = format!("{} · #{}", row.commit.subject, row.number);
    visit.page(&PipelinePage {
        shell: visit
            .shell(title, Section::Pipelines)
            .showing(live.family)
            .refreshing(live.row.status.is_going().then_some(SOON)),
        id: row.id.to_string(),
        subject: Untrusted(cut(&subject_of(&row), limits::WHOLE_TEXT_CHARS).into_owned()),
        body: Untrusted(cut(row.commit.body.trim(), limits::WHOLE_TEXT_CHARS).into_owned()),
        commit_url: row.commit.url.clone().filter(|url| url.starts_with("http")),
        // Deliveries are shown to those who have signed in.
        delivery: row
            .delivery
            .filter(|_| visit.account.is_some())
            .map(|id| format!("{}/deliveries/{id}", head.at)),
        before: row.before.as_ref().map(|sha| sha.short().to_owned()),
        row: PipelineSummary::new(&row, &workflows, visit.now),
        head,
        live,
    })
}

async fn live(Reader { visit, subject: Pipeline { row, .. }, role }: Reader<Pipeline>) -> Answer {
    let may_write = visit.account.is_some() && role >= Role::Write;
    visit.page(&read(&visit, &row, may_write).await?)
}

async fn read(
    visit: &Visit,
    row: &PipelineRow,
    may_write: bool,
) -> Result<PipelineLive, PageError> {
    let store = &visit.app.store;
    let workflows = store.workflows(row.id).await?;
    let Configuration { text, diagnostics, nothing_runs } =
        store.config_of(row.id).await?.unwrap_or_default();
    let mut found = config_view::read(row.id, diagnostics.as_deref());
    if row.status == PipelineStatus::Created {
        found.retain(|diagnostic| is_about_a_job_of(diagnostic, &workflows));
    }
    let undelivered = store.undelivered_effects(row.id).await?;
    let unfit = why_none_fits(store, row.id, visit.now).await?;
    let view = PipelineSummary::new(row, &workflows, visit.now);
    // The sentences repeat the diagnostics; they are shown only when there is nothing to underline.
    let errors = if found.is_empty() {
        row.errors.iter().map(|text| sentence(text)).collect()
    } else {
        Vec::new()
    };
    let Views { shown, more } = config_view::views(text.as_deref().unwrap_or_default(), &found);
    // One box has all that this release does not run of a pipeline that does not start.
    let is_refused = shown.iter().any(|view| view.kind == DiagnosticKind::PipelineRefused);
    let (unsupported, diagnostics): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|view| is_refused && view.kind.is_about_this_release());
    // A job whose refusal has a card, with its source and what to do, needs no banner.
    let has_card = |workflow: &WorkflowRow, job: &JobRow| {
        more.is_none() && found.iter().any(|one| refuses(one, workflow, job))
    };
    let workflow = |workflow| workflow_view(workflow, visit, &unfit, |job| has_card(workflow, job));
    let runs_nothing = DisplayStatus::of_pipeline(row, &workflows) == DisplayStatus::Nothing;
    Ok(PipelineLive {
        id: row.id.to_string(),
        outcome: if workflows.len() == 1 {
            Html::default()
        } else {
            outcome(view.status, "Pipeline")
        },
        family: view.status.family(),
        row: view,
        may_write,
        compiling: row.status == PipelineStatus::Pending,
        workflows: workflows.iter().map(workflow).collect(),
        errors,
        has_errors: diagnostics.iter().any(|view| view.kind == DiagnosticKind::Error),
        diagnostics,
        unsupported: config_view::grouped(unsupported),
        more,
        has_config: text.is_some(),
        nothing_runs: runs_nothing.then(|| why_nothing(nothing_runs.as_deref())),
        undelivered: undelivered
            .into_iter()
            .filter_map(|undelivered| {
                let error = sentence(undelivered.error.as_deref()?);
                Some(Undelivered {
                    what: sentence(&pending(&undelivered, &workflows)),
                    attempts: undelivered.attempts,
                    error,
                    outlook: if undelivered.given_up {
                        gave_up(undelivered.effect)
                    } else {
                        "retrying"
                    },
                })
            })
            .collect(),
    })
}

/// Says that nothing runs, and why. Pipelines of earlier releases have no reason of their own.
fn why_nothing(why: Option<&str>) -> Html {
    let valid = "The configuration is valid, and this pipeline runs nothing";
    match why {
        Some(why) => sentence(&format!("{valid}: {why}.")),
        None => sentence(&format!("{valid}.")),
    }
}

/// What is read out once a pipeline or a workflow has ended.
fn outcome(status: DisplayStatus, what: impl Display) -> Html {
    if status == DisplayStatus::Hold { Html::default() } else { status.outcome(what) }
}

/// Returns whether a diagnostic concerns a job of this pipeline, or no job at all.
fn is_about_a_job_of(diagnostic: &Diagnostic, workflows: &[WorkflowRow]) -> bool {
    let is_here = |named: &JobOfPlan| {
        let mut of_name = workflows.iter().filter(|flow| flow.name.as_str() == named.workflow);
        of_name.any(|flow| flow.jobs.iter().any(|job| job.name.as_str() == named.job))
    };
    // Not all are named if there are too many.
    let names_all = diagnostic.more_jobs == 0 && !diagnostic.jobs.is_empty();
    !names_all || diagnostic.jobs.iter().any(is_here)
}

/// Returns whether a diagnostic says why this job is refused.
fn refuses(diagnostic: &Diagnostic, workflow: &WorkflowRow, job: &JobRow) -> bool {
    let is_this = |named: &JobOfPlan| {
        named.workflow == workflow.name.as_str() && named.job == job.name.as_str()
    };
    let is_unauthorized = job.status == JobStatus::Unauthorized;
    let says_why = match diagnostic.consequence() {
        Consequence::JobsRefused(refusal) => (refusal == JobRefusal::Context) == is_unauthorized,
        Consequence::PipelineRefused | Consequence::NeverStarted | Consequence::Ignored => false,
    };
    says_why && diagnostic.jobs.iter().any(is_this)
}

/// Says what happens after delivery was given up: the next run sets a commit status again; an email is not
/// sent again.
const fn gave_up(effect: Effect) -> &'static str {
    match effect {
        Effect::ReportJob(_) | Effect::ReportConfigError => {
            "gave up; the next run on this commit will set it again"
        }
        Effect::OfferToRunners(_)
        | Effect::AnnounceWorkflow(_)
        | Effect::AnnounceApproval(_)
        | Effect::AnnounceConfigError => "gave up",
    }
}

fn workflow_view(
    workflow: &WorkflowRow,
    visit: &Visit,
    unfit: &HashMap<JobId, String>,
    has_card: impl Fn(&JobRow) -> bool,
) -> WorkflowView {
    let names: HashMap<JobId, &str> =
        workflow.jobs.iter().map(|job| (job.id, job.name.as_str())).collect();
    let line = |job: &JobRow| JobLine {
        id: job.id.to_string(),
        name: Brief::name(job.name.as_str()),
        status: DisplayStatus::from(job.status),
        number: job.number,
        elapsed: Elapsed::new(job.started_at, job.stopped_at, visit.now),
        needs: job
            .needs
            .iter()
            .filter_map(|id| names.get(id))
            .take(limits::LISTED_ENTRIES)
            .map(|name| Brief::name(name))
            .collect(),
        all_needs: job.needs.len(),
        why: why_waiting(job, &workflow.jobs, unfit)
            .or_else(|| job.reason.clone())
            .or_else(|| why_not_started(job, &workflow.jobs))
            .map(|why| sentence(&cut(&why, limits::LISTED_SENTENCE_CHARS)))
            .or_else(|| decision(job, visit.now)),
        on_hold: job.status == JobStatus::OnHold,
        approved: job.approved_by.as_ref().map(|by| acted("Approved", by, visit.now)),
    };
    let running = !workflow.status.is_final();
    // Canceling a workflow cancels its jobs, each in the name of the same person.
    let canceled = workflow.jobs.iter().find_map(|job| job.canceled_by.as_ref());
    let canceled = canceled.filter(|_| workflow.status == WorkflowStatus::Canceled);
    let has_failed = |job: &&JobRow| {
        DisplayStatus::from(job.status).is_bad() && job.status != JobStatus::Unauthorized
    };
    let failed: Vec<&JobRow> = workflow.jobs.iter().filter(has_failed).collect();
    let name = Brief::name(workflow.name.as_str());
    let status = DisplayStatus::from(workflow.status);
    WorkflowView {
        id: workflow.id.to_string(),
        outcome: outcome(status, format_args!("Workflow {name}")),
        name,
        status,
        elapsed: Elapsed::of_jobs(&workflow.jobs, visit.now),
        running,
        canceled: canceled.map(|by| acted("Canceled", by, visit.now)),
        more_failed: failed.len().saturating_sub(FAILED),
        failed: failed.into_iter().take(FAILED).map(FailedJob::new).collect(),
        refused: workflow
            .jobs
            .iter()
            .filter(|job| !has_card(job))
            .filter_map(|job| {
                Some(RefusedJob {
                    address: format!("/job/{}", job.id),
                    why: sentence(&refusal(job)?),
                })
            })
            .collect(),
        graph: graph::draw(workflow.name.as_str(), &workflow.jobs, visit.now),
        jobs: workflow.jobs.iter().map(line).collect(),
        tally: tally(workflow),
    }
}

impl FailedJob {
    fn new(job: &JobRow) -> Self {
        let reason = job.reason.as_ref().filter(|reason| !reason.trim().is_empty());
        Self {
            address: format!("/job/{}", job.id),
            name: Brief::name(job.name.as_str()),
            status: DisplayStatus::from(job.status),
            reason: reason.map(|reason| sentence(&cut(reason, limits::LISTED_SENTENCE_CHARS))),
        }
    }
}

/// A name in a sentence.
fn quoted(name: &str) -> String {
    format!("`{}`", cut(name, limits::LISTED_NAME_CHARS))
}

/// Says what was not sent: "yet", while it is tried again.
fn pending(undelivered: &UndeliveredEffect, workflows: &[WorkflowRow]) -> String {
    let yet = if undelivered.given_up { "" } else { " yet" };
    let job = |id: JobId| {
        let mut jobs = workflows.iter().flat_map(|workflow| &workflow.jobs);
        jobs.find(|job| job.id == id)
            .map_or_else(|| "a job".to_owned(), |job| quoted(job.name.as_str()))
    };
    match undelivered.effect {
        Effect::ReportJob(id) => format!("Commit status of {} not sent{yet}", job(id)),
        Effect::ReportConfigError => format!("Commit status of the config error not sent{yet}"),
        Effect::OfferToRunners(id) => format!("Runners not notified of {}{yet}", job(id)),
        Effect::AnnounceWorkflow(id) => {
            let name = workflows.iter().find(|workflow| workflow.id == id);
            let name = name.map_or_else(String::new, |workflow| quoted(workflow.name.as_str()));
            format!("Email about workflow {name} not sent{yet}")
        }
        Effect::AnnounceApproval(id) => {
            format!("Email about the approval of {} not sent{yet}", job(id))
        }
        Effect::AnnounceConfigError => format!("Email about the config error not sent{yet}"),
    }
}

#[derive(Template)]
#[template(path = "config.html")]
struct ConfigPage {
    shell: Shell,
    head: ProjectHead,
    row: PipelineSummary,
    source: Html,
    diagnostics: Vec<DiagnosticView>,
    /// What this release does not run of it.
    unsupported: Vec<UnsupportedPart>,
    /// How many diagnostics there are besides.
    more: Option<Html>,
}

async fn config(Reader { visit, subject, role }: Reader<Pipeline>) -> Answer {
    let Pipeline { row, project } = subject;
    let Configuration { text, diagnostics, .. } =
        visit.app.store.config_of(row.id).await?.unwrap_or_default();
    let text = text.ok_or_else(|| visit.not_found())?;
    let diagnostics = config_view::read(row.id, diagnostics.as_deref());
    let workflows = visit.app.store.workflows(row.id).await?;
    let source = config_view::source(&text, &diagnostics);
    let Views { shown, more } = config_view::views(&text, &diagnostics);
    let (unsupported, diagnostics): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|view| view.kind.is_about_this_release());
    visit.page(&ConfigPage {
        shell: visit.shell(format!("Configuration · #{}", row.number), Section::Pipelines),
        head: ProjectHead::read(&visit, &project, role, ProjectTab::Pipelines).await?,
        row: PipelineSummary::new(&row, &workflows, visit.now),
        source,
        diagnostics,
        unsupported: config_view::grouped(unsupported),
        more,
    })
}

async fn cancel(
    writer: Writer<Pipeline>,
    Path((_, workflow)): Path<(PipelineId, String)>,
    _: PageForm<NoFields>,
) -> Answer {
    let workflow: WorkflowId = workflow.parse().map_err(|_| writer.visit.not_found())?;
    let by = Actor::Account(writer.account);
    press(writer, &Event::WorkflowCanceled { workflow, by }, Notice::Canceled).await
}

async fn approve(
    writer: Writer<Pipeline>,
    Path((_, job)): Path<(PipelineId, String)>,
    _: PageForm<NoFields>,
) -> Answer {
    let job: JobId = job.parse().map_err(|_| writer.visit.not_found())?;
    let by = writer.account;
    press(writer, &Event::Approved { job, by }, Notice::Approved).await
}

/// Applies a click, through the one door.
async fn press(writer: Writer<Pipeline>, event: &Event, done: Notice) -> Answer {
    let Writer { visit, account, subject: Pipeline { row, project }, .. } = writer;
    let done = match drive::apply(&visit.app.drive, row.id, event, visit.now).await? {
        Applied::Changed => done,
        Applied::Ignored => Notice::Late,
    };
    tracing::info!(project = %project.slug, pipeline = row.number, %account, done = %done, "applied what a user asked for");
    Ok(see_done(&format!("/pipeline/{}", row.id), done))
}

async fn by_number(Reader { subject, .. }: Reader<Pipeline>) -> Answer {
    Ok(see_other(&format!("/pipeline/{}", subject.row.id)))
}

/// The workflow's place on the page of its pipeline.
#[derive(serde::Deserialize)]
struct Anchor {
    workflow: String,
}

async fn by_workflow(
    Reader { visit, subject, .. }: Reader<Pipeline>,
    Path(Anchor { workflow }): Path<Anchor>,
) -> Answer {
    let workflow: WorkflowId = workflow.parse().map_err(|_| visit.not_found())?;
    Ok(see_other(&format!("/pipeline/{}#w-{workflow}", subject.row.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Not sent yet (gave up)" is a contradiction.
    #[test]
    fn what_is_given_up_is_not_said_to_be_pending() {
        let said = |effect, given_up| {
            pending(&UndeliveredEffect { effect, attempts: 1, error: None, given_up }, &[])
        };
        for effect in [
            Effect::ReportJob(JobId::from_u128(1)),
            Effect::ReportConfigError,
            Effect::OfferToRunners(JobId::from_u128(1)),
            Effect::AnnounceWorkflow(WorkflowId::from_u128(1)),
            Effect::AnnounceApproval(JobId::from_u128(1)),
            Effect::AnnounceConfigError,
        ] {
            assert!(said(effect, false).ends_with(" yet"), "{effect:?}");
            assert_eq!(said(effect, false), said(effect, true) + " yet");
        }
    }
}
