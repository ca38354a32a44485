//! Email about a workflow that ended, or a job that needs approval: to whom, and what it says (`VCS` §10.1).
//!
//! Every follower of the project whose account has an address and who wants it gets one. What it says is
//! read when it is sent. A retry leaves out the recipients that were reached before: they are remembered
//! in memory only, so that a restart between a failure and its retry repeats an email. The `Message-ID` is
//! the same in every try, by which email clients recognize the repetition.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use lettre::message::Mailbox;
use roundel_model::{
    id::{AccountId, EffectId, JobId, WorkflowId},
    secret::Secret,
    status::{JobStatus, PipelineErrorKind, PipelineStatus, StepStatus, WorkflowStatus},
    text::cut,
};
use roundel_store::{
    Store, StoreError,
    effects::PendingEffect,
    logs::LogKey,
    projects::Project,
    reading::{JobRow, PipelineRow, WorkflowRow},
};

use super::{
    email::{
        Email, EmailStatus, FailedJob, Mailer, SendError,
        preference::{self, EmailPreference},
        tail,
    },
    failure::EffectError,
};
use crate::{app::EmailSettings, links::Links};

/// Characters of a name, a subject or a message in an email.
const NAME_CHARS: usize = 500;

/// Jobs that one email lists; the page has the rest.
const MAX_FAILURES: usize = 5;

/// Lines of the failing step that an email shows.
const TAIL_LINES: usize = 15;

/// Bytes from the end of a log in which these lines are looked for.
const TAIL_BYTES: u64 = 16 << 10;

/// Effects whose reached recipients are remembered at once.
const MAX_REMEMBERED: usize = 1_024;

/// Sends email, and remembers which recipients were reached.
pub(crate) struct Announcer {
    store: Store,
    links: Links,
    mailer: Option<Mailer>,
    reached: Mutex<BTreeMap<EffectId, BTreeSet<AccountId>>>,
}

impl Announcer {
    /// Opens the email settings; none: no email is sent. Settings that cannot be used are logged: email
    /// must not keep a server from starting.
    pub(crate) fn open(
        store: Store,
        links: Links,
        settings: Option<&EmailSettings>,
        instance_key: &Secret<Vec<u8>>,
    ) -> Self {
        let mailer = settings.and_then(|settings| {
            Mailer::open(settings, links.clone(), instance_key.clone())
                .map_err(|error| tracing::error!(%error, "no email will be sent"))
                .ok()
        });
        Self { store, links, mailer, reached: Mutex::default() }
    }

    /// Logs whether the mail server can be reached, if there is one: a wrong setting shows at the start,
    /// not when the first email is missed.
    pub(super) async fn check_mail_server(&self) {
        let Some(mailer) = &self.mailer else { return };
        match mailer.check().await {
            Ok(()) => tracing::info!("the mail server answers"),
            Err(error) => tracing::warn!("the mail server is {error}; email is tried again later"),
        }
    }

    fn was_reached(&self, effect: EffectId, account: AccountId) -> bool {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(&effect).is_some_and(|accounts| accounts.contains(&account))
    }

    fn remember(&self, effect: EffectId, account: AccountId) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.entry(effect).or_default().insert(account);
        // Ids sort by time: the oldest goes first.
        while reached.len() > MAX_REMEMBERED {
            drop(reached.pop_first());
        }
    }

    fn forget(&self, effect: EffectId) {
        drop(self.reached.lock().unwrap_or_else(PoisonError::into_inner).remove(&effect));
    }
}

/// Emails the outcome of a workflow to the project's followers.
pub(super) async fn workflow(
    announcer: &Announcer,
    pending: &PendingEffect,
    id: WorkflowId,
) -> Result<(), EffectError> {
    let Some(about) = about(announcer, pending).await? else { return Ok(()) };
    let About { project, pipeline, .. } = &about;
    let workflows = announcer.store.workflows(pending.pipeline).await?;
    let Some(workflow) = workflows.into_iter().find(|workflow| workflow.id == id) else {
        return Ok(());
    };
    let before = announcer.store.previous_outcome(id).await?;
    let Some(status) = reported_status(workflow.status, before) else { return Ok(()) };
    let failures = failures(announcer, project, &workflow).await?;
    let announcement = Announcement {
        status,
        title: format!("workflow {}", shortened(workflow.name.as_str())),
        event: format!("{id}.{}", status.as_str()),
        link: announcer.links.workflow(&project.slug, pipeline.number, id),
        is_failure: !matches!(workflow.status, WorkflowStatus::Success),
        errors: Vec::new(),
        failures,
    };
    send_to_all(announcer, pending, &about, &announcement).await
}

/// Emails to the project's followers that a job needs approval. Nothing if it was decided meanwhile.
pub(super) async fn approval(
    announcer: &Announcer,
    pending: &PendingEffect,
    id: JobId,
) -> Result<(), EffectError> {
    let Some(about) = about(announcer, pending).await? else { return Ok(()) };
    let About { project, pipeline, .. } = &about;
    let workflows = announcer.store.workflows(pending.pipeline).await?;
    let waits = |job: &&JobRow| job.id == id && job.status == JobStatus::OnHold;
    let found = workflows
        .iter()
        .find_map(|workflow| workflow.jobs.iter().find(waits).map(|job| (workflow, job)));
    let Some((workflow, job)) = found else { return Ok(()) };
    let announcement = Announcement {
        status: EmailStatus::OnHold,
        title: format!(
            "job {} of workflow {}",
            shortened(job.name.as_str()),
            shortened(workflow.name.as_str())
        ),
        event: format!("{id}.{}", EmailStatus::OnHold.as_str()),
        link: announcer.links.workflow(&project.slug, pipeline.number, workflow.id),
        is_failure: true,
        errors: Vec::new(),
        failures: Vec::new(),
    };
    send_to_all(announcer, pending, &about, &announcement).await
}

/// Emails to the project's followers that a configuration does not compile, or could not be read.
pub(super) async fn config_error(
    announcer: &Announcer,
    pending: &PendingEffect,
) -> Result<(), EffectError> {
    let Some(about) = about(announcer, pending).await? else { return Ok(()) };
    let About { project, pipeline, .. } = &about;
    if pipeline.status != PipelineStatus::Errored {
        return Ok(());
    }
    let status = match pipeline.error_kind {
        Some(PipelineErrorKind::Unsupported) => EmailStatus::NotSupported,
        Some(PipelineErrorKind::ConfigFetch) => EmailStatus::ConfigUnreadable,
        Some(PipelineErrorKind::Config | PipelineErrorKind::Plan | PipelineErrorKind::Other)
        | None => EmailStatus::ConfigError,
    };
    let announcement = Announcement {
        status,
        title: format!("pipeline {}", pipeline.number),
        event: format!("{}.config", pipeline.id),
        link: announcer.links.pipeline(&project.slug, pipeline.number),
        is_failure: true,
        errors: pipeline.errors.clone(),
        failures: Vec::new(),
    };
    send_to_all(announcer, pending, &about, &announcement).await
}

/// What every email about a pipeline is made of.
struct About<'a> {
    mailer: &'a Mailer,
    project: Project,
    pipeline: PipelineRow,
}

/// Returns the mailer, and the effect's pipeline and project as they now are. `None` if there is nothing to
/// send: no email is set up, or the pipeline or its project is gone.
async fn about<'a>(
    announcer: &'a Announcer,
    pending: &PendingEffect,
) -> Result<Option<About<'a>>, StoreError> {
    let Some(mailer) = &announcer.mailer else { return Ok(None) };
    let Some(pipeline) = announcer.store.pipeline(pending.pipeline).await? else { return Ok(None) };
    let project = announcer.store.project(pipeline.project).await?;
    Ok(project.map(|project| About { mailer, project, pipeline }))
}

/// Returns the status to report of a workflow that ended, or `None` while there is nothing to report.
fn reported_status(status: WorkflowStatus, before: Option<WorkflowStatus>) -> Option<EmailStatus> {
    let was_bad = before == Some(WorkflowStatus::Failed);
    Some(match status {
        // What waits for a person is announced job by job.
        WorkflowStatus::OnHold
        | WorkflowStatus::Running
        | WorkflowStatus::Failing
        | WorkflowStatus::NotRun => return None,
        WorkflowStatus::Success if was_bad => EmailStatus::Fixed,
        WorkflowStatus::Success => EmailStatus::Success,
        WorkflowStatus::Failed => EmailStatus::Failed,
        WorkflowStatus::Canceled => EmailStatus::Canceled,
        WorkflowStatus::Unauthorized => EmailStatus::Unauthorized,
    })
}

/// What an email reports.
struct Announcement {
    status: EmailStatus,
    title: String,
    event: String,
    link: String,
    is_failure: bool,
    errors: Vec<String>,
    failures: Vec<FailedJob>,
}

async fn send_to_all(
    announcer: &Announcer,
    pending: &PendingEffect,
    about: &About<'_>,
    announcement: &Announcement,
) -> Result<(), EffectError> {
    let mut unavailable = None;
    for account in announcer.store.followers(about.project.id).await? {
        if announcer.was_reached(pending.id, account) {
            continue;
        }
        let to = address(announcer, account, about, announcement).await?;
        let Some(to) = to else { continue };
        match about.mailer.send(&email(account, to, about, announcement)).await {
            Ok(()) => announcer.remember(pending.id, account),
            // An address that is refused for good must not keep the others from their email.
            Err(SendError::Rejected(reason)) => {
                tracing::warn!(account.id = %account, reason, "an email was refused");
                announcer.remember(pending.id, account);
            }
            Err(SendError::Unavailable(reason)) => unavailable = Some(reason),
            Err(SendError::Malformed(reason)) => return Err(EffectError::never(reason)),
        }
    }
    match unavailable {
        None => {
            announcer.forget(pending.id);
            Ok(())
        }
        Some(reason) => {
            Err(EffectError::later(format!("the mail server did not take it: {reason}")))
        }
    }
}

/// Returns where to send it, if the follower wants it.
async fn address(
    announcer: &Announcer,
    account: AccountId,
    about: &About<'_>,
    announcement: &Announcement,
) -> Result<Option<Mailbox>, StoreError> {
    let wants = match preference::effective(&announcer.store, account, about.project.id).await? {
        EmailPreference::EveryResult => true,
        EmailPreference::ExceptPassed => {
            announcement.is_failure || announcement.status == EmailStatus::Fixed
        }
        EmailPreference::Nothing => false,
    };
    if !wants {
        return Ok(None);
    }
    let Some(person) = announcer.store.account(account).await? else { return Ok(None) };
    let Some(email) = person.email else { return Ok(None) };
    match email.parse() {
        Ok(address) => Ok(Some(Mailbox::new(Some(person.name), address))),
        Err(error) => {
            tracing::warn!(account.id = %account, %error, "an account's email address cannot be used");
            Ok(None)
        }
    }
}

/// Shortens what an email takes from commits and configurations: names have no limit, and an email of
/// megabytes is refused by its server forever.
fn shortened(text: &str) -> String {
    cut(text, NAME_CHARS).into_owned()
}

fn email(account: AccountId, to: Mailbox, about: &About<'_>, announcement: &Announcement) -> Email {
    let About { project, pipeline, .. } = about;
    Email {
        account,
        to,
        project: project.id,
        slug: project.slug.clone(),
        branch: shortened(pipeline.git_ref.name()),
        ref_kind: if pipeline.git_ref.tag().is_some() { "tag" } else { "branch" },
        number: pipeline.number,
        sha: pipeline.sha.short().to_owned(),
        subject: shortened(&pipeline.commit.subject),
        author: pipeline.commit.author_name.as_deref().map(shortened),
        status: announcement.status,
        title: shortened(&announcement.title),
        event: announcement.event.clone(),
        link: announcement.link.clone(),
        errors: announcement.errors.iter().map(|error| shortened(error)).collect(),
        failures: announcement.failures.clone(),
    }
}

/// The jobs that failed, each with the step that failed and the end of its log.
async fn failures(
    announcer: &Announcer,
    project: &Project,
    workflow: &WorkflowRow,
) -> Result<Vec<FailedJob>, StoreError> {
    let failed = workflow.jobs.iter().filter(|job| {
        matches!(
            job.status,
            JobStatus::Failed
                | JobStatus::Timedout
                | JobStatus::InfrastructureFail
                | JobStatus::Unauthorized
        )
    });
    let mut failures = Vec::new();
    for job in failed.take(MAX_FAILURES) {
        failures.push(failure(announcer, project, job).await?);
    }
    Ok(failures)
}

async fn failure(
    announcer: &Announcer,
    project: &Project,
    job: &JobRow,
) -> Result<FailedJob, StoreError> {
    let mut failure = FailedJob {
        job: shortened(&job.name.to_string()),
        status: job.status,
        reason: job.reason.as_deref().map(shortened),
        step: None,
        tail: Vec::new(),
        link: job.number.map(|number| announcer.links.job(&project.slug, number)),
    };
    let steps = announcer.store.steps(job.id).await?;
    let bad = steps.iter().find(|step| {
        matches!(
            step.status,
            StepStatus::Failed | StepStatus::Timedout | StepStatus::InfrastructureFail
        ) && !step.background
    });
    let Some(step) = bad else { return Ok(failure) };
    failure.step = Some(shortened(step.name.lines().next().unwrap_or_default()));
    let from = step.log_bytes.saturating_sub(TAIL_BYTES);
    let most = usize::try_from(TAIL_BYTES).unwrap_or(usize::MAX);
    let log = LogKey { job: job.id, task: step.task, step: step.number };
    let log = announcer.store.read_log(log, from, most).await?;
    failure.tail = tail::last_lines(&log.bytes, TAIL_LINES, job.reason.as_deref());
    Ok(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Fixed" is what people wait for after a red one; a green after a green is only "success".
    #[test]
    fn a_success_after_a_failure_is_called_fixed() {
        assert_eq!(
            reported_status(WorkflowStatus::Success, Some(WorkflowStatus::Failed)),
            Some(EmailStatus::Fixed)
        );
        assert_eq!(
            reported_status(WorkflowStatus::Success, Some(WorkflowStatus::Success)),
            Some(EmailStatus::Success)
        );
        assert_eq!(reported_status(WorkflowStatus::Success, None), Some(EmailStatus::Success));
        assert_eq!(reported_status(WorkflowStatus::Running, None), None);
    }

    /// Readers choose by these words: one that is missing is an email that surprises, or one in vain.
    #[test]
    fn the_preferences_name_everything_that_is_emailed_and_nothing_else() {
        let text = include_str!("../../templates/parts/email_words.html");
        let every = text.lines().find(|line| line.contains("Every result")).unwrap();
        // "Failures and fixed only" was sent of what was canceled, too.
        let except_passed = text.lines().find(|line| line.contains("Everything except")).unwrap();
        let (_, except_passed) = except_passed.split_once("<dd>").unwrap();
        for &status in WorkflowStatus::ALL {
            for before in [None, Some(WorkflowStatus::Failed)] {
                if let Some(word) = reported_status(status, before) {
                    assert!(every.contains(word.shown()), "{word:?}: {every}");
                    let is_said = except_passed.contains(word.shown());
                    assert_eq!(is_said, word != EmailStatus::Success, "{word:?}: {except_passed}");
                }
            }
        }
        for word in [
            EmailStatus::OnHold,
            EmailStatus::NotSupported,
            EmailStatus::ConfigError,
            EmailStatus::ConfigUnreadable,
        ] {
            assert!(every.contains(word.shown()), "{word:?}: {every}");
            assert!(except_passed.contains(word.shown()), "{word:?}: {except_passed}");
        }
        for status in [WorkflowStatus::NotRun, WorkflowStatus::Running, WorkflowStatus::OnHold] {
            assert_eq!(reported_status(status, None), None);
        }
        assert!(!every.contains("not run"), "{every}");
    }

    #[test]
    fn a_long_name_is_shortened_by_characters() {
        assert_eq!(shortened(&"ä".repeat(NAME_CHARS)), "ä".repeat(NAME_CHARS));
        let long = shortened(&"ä".repeat(1 << 20));
        assert_eq!(long, format!("{}…", "ä".repeat(NAME_CHARS)));
    }
}
