//! The page of a job: its steps and their logs, live; where it ran, why it waits, how it ended.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use askama::Template;
use axum::Extension;
use roundel_config::{Consequence, JobOfPlan, Severity};
use roundel_engine::Event;
use roundel_model::{
    actor::Actor,
    forge::Role,
    kind::JobKind,
    limits,
    plan::{Executor, PlannedJob, PlannedJobKind},
    status::{JobStatus, StepStatus},
    text::cut,
    time::Timestamp,
};
use roundel_store::{
    logs::{LogKey, StepRow},
    reading::{JobRow, WorkflowRow},
};

use super::{
    acted::acted,
    config_view::{self, Views},
    lists::PipelineSummary,
    log::{self, LogIndexes, Preview},
    project::{ProjectHead, ProjectTab},
    status::{DisplayStatus, why_not_started, why_waiting},
    time::{Elapsed, TimeAgo},
};
use crate::{
    connected_runners::why_none_fits,
    drive::{self, Applied},
    http::{
        address::{address, encode},
        family::Family,
        form::{NoFields, PageForm},
        frame::{SOON, Shell},
        notice::{Notice, see_done},
        rights::{Job, Reader, Writer},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Brief, Html, Untrusted, capitalized, sentence},
};

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/job/{job}", page)
        .get("/job/{job}/live", live)
        .post("/job/{job}/cancel", cancel)
}

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes_below(base: &str) -> Routes {
    Routes::new().get(&format!("{base}/{{number}}"), page)
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    row: PipelineSummary,
    workflow: Brief,
    workflow_id: String,
    task: u32,
    live: JobLive,
}

#[expect(clippy::struct_excessive_bools, reason = "what a template asks, one by one")]
#[derive(Template)]
#[template(path = "parts/job.html")]
struct JobLive {
    id: String,
    family: Family,
    status: DisplayStatus,
    name: Untrusted,
    /// The name in the strip that stays in view.
    brief: Brief,
    number: Option<u64>,
    elapsed: Elapsed,
    may_write: bool,
    approval: bool,
    on_hold: bool,
    going: bool,
    pipeline: String,
    facts: Vec<Fact>,
    why: Option<Html>,
    /// Who approved or canceled it, and when.
    decision: Option<Html>,
    /// Why it did not pass.
    cause: Option<Html>,
    /// The parallel run that failed, if it is not the one that is shown.
    failed_run: Option<u32>,
    /// Options of its configuration that have no effect here.
    notes: Option<Views>,
    /// The project's settings, if it asked for contexts: they do not exist yet.
    instead_of_contexts: Option<String>,
    task: u32,
    tasks: Vec<TaskTab>,
    steps: Vec<StepView>,
    /// Where a new pipeline of the branch can be started, once this job has failed or was canceled.
    again: Option<String>,
}

/// A tab of one parallel run.
struct TaskTab {
    index: u32,
    status: DisplayStatus,
    chosen: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "what a template asks, one by one")]
struct StepView {
    number: u32,
    name: Untrusted,
    status: DisplayStatus,
    elapsed: Elapsed,
    exit_code: Option<i32>,
    background: bool,
    truncated: bool,
    running: bool,
    open: bool,
    command: Option<Untrusted>,
    config: Option<String>,
    source: String,
    bytes: u64,
    preview: Option<Preview>,
}

async fn page(
    Reader { visit, subject, role }: Reader<Job>,
    Extension(indexes): Extension<Arc<LogIndexes>>,
) -> Answer {
    let workflows = visit.app.store.workflows(subject.pipeline.id).await?;
    let mut live = read(&visit, &subject, &workflows, role).await?;
    let Job { row: job, pipeline: row, project } = subject;
    for step in live.steps.iter_mut().filter(|step| step.open) {
        let key = LogKey { job: job.id, task: live.task, step: step.number };
        step.preview = Some(log::preview(&visit.app, &indexes, key, step.bytes).await?);
    }
    let workflow = workflows.iter().find(|workflow| workflow.id == job.workflow);
    visit.page(&JobPage {
        shell: visit
            .shell(format!("{} · {}", job.name, project.slug.full_name()), Section::Pipelines)
            .showing(live.family)
            .refreshing(live.going && live.status.is_going(), SOON),
        head: ProjectHead::read(&visit, &project, role, ProjectTab::Pipelines).await?,
        id: job.id.to_string(),
        row: PipelineSummary::new(&row, &workflows, visit.now),
        workflow: workflow.map(|workflow| Brief::name(workflow.name.as_str())).unwrap_or_default(),
        workflow_id: job.workflow.to_string(),
        task: live.task,
        live,
    })
}

async fn live(Reader { visit, subject, role }: Reader<Job>) -> Answer {
    let workflows = visit.app.store.workflows(subject.pipeline.id).await?;
    visit.page(&read(&visit, &subject, &workflows, role).await?)
}

async fn read(
    visit: &Visit,
    subject: &Job,
    workflows: &[WorkflowRow],
    role: Role,
) -> Result<JobLive, PageError> {
    let job = &subject.row;
    let store = &visit.app.store;
    let all = store.steps(job.id).await?;
    let body = store.job_body(job.id).await?;
    let task = visit
        .parameter("task")
        .and_then(|task| task.parse().ok())
        .filter(|task| *task < job.tasks)
        .unwrap_or_else(|| default_task(&all));
    let mut steps: Vec<&StepRow> = all.iter().filter(|step| step.task == task).collect();
    steps.sort_by_key(|step| step.number);
    let open = opened(&steps, job);
    let failed = failed_step(&steps);
    // A step that timed out fails its job; readers want to know which of the two it was.
    let status = match failed {
        Some(step) if job.status == JobStatus::Failed => DisplayStatus::from(step.status),
        _ => DisplayStatus::from(job.status),
    };
    let failed_run = failed_run(&all, job).filter(|run| *run != task && failed.is_none());
    let of_run = all.iter().filter(|step| Some(step.task) == failed_run).collect::<Vec<_>>();
    let cause = cause(job, failed.or_else(|| failed_step(&of_run)));
    let workflow = workflows.iter().find(|workflow| workflow.id == job.workflow);
    let siblings = workflow.map(|workflow| workflow.jobs.as_slice()).unwrap_or_default();
    let cause = cause.or_else(|| why_not_started(job, siblings));
    let unfit = if job.status == JobStatus::NotRunning {
        why_none_fits(store, job.pipeline, visit.now).await?
    } else {
        HashMap::new()
    };
    let why = why_waiting(job, siblings, &unfit);
    Ok(JobLive {
        id: job.id.to_string(),
        family: status.family(),
        status,
        name: Untrusted(cut(job.name.as_str(), limits::WHOLE_TEXT_CHARS).into_owned()),
        brief: Brief::name(job.name.as_str()),
        number: job.number,
        elapsed: Elapsed::new(job.started_at, job.stopped_at, visit.now),
        may_write: visit.account.is_some() && role >= Role::Write,
        approval: job.kind == JobKind::Approval,
        on_hold: job.status == JobStatus::OnHold,
        going: !job.status.is_final(),
        pipeline: job.pipeline.to_string(),
        facts: facts(job, body.as_ref(), task, visit.now),
        why: why.map(|why| sentence(&why)),
        decision: decision(job, visit.now),
        cause: cause.map(|cause| sentence(&cause)),
        failed_run,
        notes: match workflow {
            Some(workflow) => Some(notes(visit, job, workflow).await?),
            None => None,
        },
        task,
        tasks: tabs(&all, job, task),
        steps: steps.iter().map(|step| step_view(step, job, open, visit.now)).collect(),
        instead_of_contexts: (job.status == JobStatus::Unauthorized)
            .then(|| format!("{}/settings", address(&subject.project.slug))),
        again: (status.is_bad() || status == DisplayStatus::Canceled)
            .then(|| trigger_address(subject)),
    })
}

/// What the compiler said of this job that keeps nothing from running.
async fn notes(visit: &Visit, job: &JobRow, workflow: &WorkflowRow) -> Result<Views, PageError> {
    let diagnostics = visit.app.store.diagnostics_of(job.pipeline).await?;
    let mut found = config_view::read(job.pipeline, diagnostics.as_deref());
    // A job that was refused says why, with what to do instead: no note says it again.
    let has_said_why = job.reason.is_some() && is_refused(job.status);
    found.retain_mut(|one| {
        let is_this = |used: &JobOfPlan| {
            used.workflow == workflow.name.as_str() && used.job == job.name.as_str()
        };
        let is_named = one.jobs.iter().any(is_this);
        if !is_named && one.more_jobs > 0 {
            // Too many have it to be named one by one; a note too many is better than none.
            let all = one.jobs.len().saturating_add(one.more_jobs);
            let _ = write!(one.message, " ({all} jobs have this; this may be one of them)");
        }
        one.severity == Severity::Warning
            && (is_named || one.more_jobs > 0)
            && !(has_said_why && matches!(one.consequence(), Consequence::JobsRefused(_)))
    });
    Ok(config_view::views("", &found))
}

/// The statuses that a job ends with when this release cannot run it.
const fn is_refused(status: JobStatus) -> bool {
    matches!(status, JobStatus::Failed | JobStatus::Unauthorized)
}

/// Where a pipeline of the same branch can be started.
fn trigger_address(subject: &Job) -> String {
    let project = address(&subject.project.slug);
    match subject.pipeline.git_ref.tag() {
        Some(_) => format!("{project}#trigger"),
        None => {
            format!("{project}?branch={}#trigger", encode(subject.pipeline.git_ref.name()))
        }
    }
}

/// Says who approved or canceled a job, and when.
pub(super) fn decision(job: &JobRow, now: Timestamp) -> Option<Html> {
    let approved = job.approved_by.as_ref().map(|by| acted("Approved", by, now));
    approved.or_else(|| job.canceled_by.as_ref().map(|by| acted("Canceled", by, now)))
}

/// The first step that failed, of those that decide.
fn failed_step<'a>(steps: &[&'a StepRow]) -> Option<&'a StepRow> {
    let bad = |step: &&&StepRow| DisplayStatus::from(step.status).is_bad() && !step.background;
    steps.iter().find(bad).copied()
}

/// Why a job did not pass: what was reported, else the step that failed.
fn cause(job: &JobRow, failed: Option<&StepRow>) -> Option<String> {
    let name = |step: &StepRow| step.name.lines().next().unwrap_or_default().replace('`', "'");
    if let Some(reason) = job.reason.as_deref().filter(|reason| !reason.trim().is_empty()) {
        let stopped = failed.filter(|step| step.status == StepStatus::Timedout);
        let stopped = stopped.map(|step| format!(" Step `{}` was stopped.", name(step)));
        return Some(format!("{}{}", finished(reason), stopped.unwrap_or_default()));
    }
    let step = failed.filter(|_| job.status.is_final())?;
    let name = name(step);
    match (step.status, step.exit_code) {
        (StepStatus::Timedout, _) => Some(format!("Step `{name}` timed out.")),
        (_, Some(code)) => Some(format!("Step `{name}` exited with code {code}.")),
        (_, None) => Some(format!("Step `{name}` failed.")),
    }
}

/// Makes a sentence of a fragment.
fn finished(reason: &str) -> String {
    let stop = if reason.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{stop}", capitalized(reason))
}

/// The task that is shown when the address names none: the first that failed.
fn default_task(steps: &[StepRow]) -> u32 {
    let failed = steps.iter().find(|step| DisplayStatus::from(step.status).is_bad());
    failed.map_or(0, |step| step.task)
}

/// The first of several tasks in which a step failed that decides.
fn failed_run(steps: &[StepRow], job: &JobRow) -> Option<u32> {
    let all: Vec<&StepRow> = steps.iter().collect();
    failed_step(&all).filter(|_| job.tasks > 1).map(|step| step.task)
}

/// The step whose log is open: the one that failed, else the one that runs.
fn opened(steps: &[&StepRow], job: &JobRow) -> Option<u32> {
    let failed = steps.iter().find(|step| DisplayStatus::from(step.status).is_bad());
    let running =
        || steps.iter().rev().find(|step| step.status == StepStatus::Running && !step.background);
    let last = || if job.status.is_final() { None } else { steps.last() };
    failed.or_else(running).or_else(last).map(|step| step.number)
}

fn tabs(steps: &[StepRow], job: &JobRow, chosen: u32) -> Vec<TaskTab> {
    if job.tasks < 2 {
        return Vec::new();
    }
    let status = |index| {
        let mut statuses = steps.iter().filter(|step| step.task == index).map(|step| step.status);
        match statuses.clone().find(|&status| DisplayStatus::from(status).is_bad()) {
            Some(bad) => DisplayStatus::from(bad),
            None if statuses.clone().next().is_none() => DisplayStatus::Queued,
            None if statuses.any(|status| status == StepStatus::Running) => DisplayStatus::Running,
            None if job.status.is_final() => DisplayStatus::Passed,
            None => DisplayStatus::Running,
        }
    };
    (0..job.tasks)
        .map(|index| TaskTab { index, status: status(index), chosen: index == chosen })
        .collect()
}

fn step_view(step: &StepRow, job: &JobRow, open: Option<u32>, now: Timestamp) -> StepView {
    StepView {
        number: step.number,
        name: Untrusted(step.name.clone()),
        status: DisplayStatus::from(step.status),
        elapsed: Elapsed::new(Some(step.started_at), step.ended_at, now),
        // A step that was stopped ends by the runner's signal.
        exit_code: step.exit_code.filter(|_| step.status == StepStatus::Failed),
        background: step.background,
        truncated: step.truncated,
        running: step.status == StepStatus::Running,
        open: open == Some(step.number),
        command: step
            .command
            .clone()
            .filter(|command| command.trim() != step.name.trim())
            .map(Untrusted),
        config: step.line.map(|line| format!("/pipeline/{}/config#L{line}", job.pipeline)),
        source: format!("/job/{}/log/{}/{}", job.id, step.task, step.number),
        bytes: step.log_bytes,
        preview: None,
    }
}

/// Something known of where and when a job ran.
struct Fact {
    label: &'static str,
    value: Html,
}

impl Fact {
    const fn new(label: &'static str, value: Html) -> Self {
        Self { label, value }
    }
}

/// The facts about where and when it ran.
fn facts(job: &JobRow, body: Option<&PlannedJob>, task: u32, now: Timestamp) -> Vec<Fact> {
    let text = |text: &str| Html(Untrusted(text.to_owned()).to_string());
    let mut facts = Vec::new();
    if let Some(at) = job.queued_at {
        // What waits for a person is in no queue.
        let label = match (job.kind, job.status) {
            (JobKind::Approval, JobStatus::OnHold) => "Needs approval since",
            (JobKind::Approval, _) => "Approval requested",
            _ => "Queued",
        };
        facts.push(Fact::new(label, Html(TimeAgo::new(at, now).in_full().to_string())));
    }
    if let (Some(queued), Some(started)) = (job.queued_at, job.started_at) {
        facts.push(Fact::new(
            "Queue time",
            Html(Elapsed::new(Some(queued), Some(started), now).to_string()),
        ));
    }
    let runner = usize::try_from(task).ok().and_then(|task| job.runners.get(task)?.as_deref());
    if let Some(runner) = runner {
        facts.push(Fact::new("Runner", text(runner)));
    }
    let Some(PlannedJobKind::Build(body)) = body.map(|body| &body.kind) else { return facts };
    match &body.executor {
        Executor::Docker { containers } => {
            let images: Vec<&str> = containers.iter().map(|one| one.image.as_str()).collect();
            facts.push(Fact::new("Image", text(&images.join(" + "))));
        }
        Executor::Machine { image, .. } => {
            facts.push(Fact::new(
                "Machine",
                text(image.as_deref().unwrap_or("host environment (no image)")),
            ));
        }
        Executor::Macos { xcode, .. } => facts.push(Fact::new("Xcode", text(xcode))),
    }
    facts.push(Fact::new("Resource class", text(body.resource_class.as_deref().unwrap_or("any"))));
    if let Some(architecture) = body.architecture() {
        // What the job asks for: a runner that serves its class by name may be of another.
        facts.push(Fact::new("Requested architecture", text(architecture.as_str())));
    }
    if body.parallelism > 1 {
        facts.push(Fact::new("Parallelism", text(&body.parallelism.to_string())));
    }
    facts
}

async fn cancel(
    Writer { visit, account, subject: Job { row: job, .. }, .. }: Writer<Job>,
    _: PageForm<NoFields>,
) -> Answer {
    let event = Event::JobCanceled { job: job.id, by: Actor::Account(account) };
    let done = match drive::apply(&visit.app.drive, job.pipeline, &event, visit.now).await? {
        Applied::Changed => Notice::Canceled,
        Applied::Ignored => Notice::Late,
    };
    Ok(see_done(&format!("/job/{}", job.id), done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_becomes_a_sentence() {
        assert_eq!(finished("lost the runner"), "Lost the runner.");
        assert_eq!(finished("Ok."), "Ok.");
    }
}
