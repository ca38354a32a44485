//! Delivers effects from the outbox: the second loop.
//!
//! An effect names its subject, never what to say: delivering it reads the rows as they then are,
//! so a slow report cannot put an old status over a new one. Effects about one commit and
//! context are delivered in order, up to [`WIDTH`] others concurrently. What fails is
//! tried again within a limit; what cannot succeed is given up with the reason, which the
//! pipeline's page shows.
//!
//! Here: the loop and the retries. In [`report`]: commit statuses. In [`announce`]: email. What
//! [`failure`] says decides whether there is another try.

mod announce;
pub(crate) mod email;
mod failure;
mod report;

use std::{sync::Arc, time::Duration};

use roundel_engine::Effect;
use roundel_model::time::Timestamp;
use roundel_store::{Store, StoreError, effects::PendingEffect};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{announce::Announcer, report::Reporter};
use self::{failure::EffectError, report::Report};
use crate::{
    lanes::Lanes,
    retry::{self, RetryPace},
    wake::WakeUps,
};

/// What delivering effects needs.
pub(crate) struct Deliver {
    pub(crate) store: Store,
    pub(crate) wake: Arc<WakeUps>,
    pub(crate) pace: RetryPace,
    pub(crate) reporter: Reporter,
    pub(crate) announcer: Announcer,
}

/// Effects that are delivered, or wait in their lane, at once.
const WIDTH: usize = 64;

/// How long a taken effect is kept from other servers, with its wait in its lane.
const LEASE: Duration = Duration::from_mins(1);

/// How long one delivery may take. It ends before its lease does, so that no other server delivers
/// the same at the same time.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs until the server stops.
pub(crate) async fn run(deliver: Deliver, stopping: CancellationToken) {
    let context = Arc::new(deliver);
    let check = stopping.run_until_cancelled(context.announcer.check_mail_server());
    tokio::join!(deliver_all(&context, &stopping), check);
}

async fn deliver_all(context: &Arc<Deliver>, stopping: &CancellationToken) {
    let mut lanes: Lanes<String, Leased> = Lanes::new();
    let work = |leased: Leased| {
        let context = Arc::clone(context);
        async move { process(&context, leased).await }
    };
    loop {
        if let Err(error) = take_due(context, &mut lanes, &work).await {
            tracing::error!(%error, "could not take effects from the outbox");
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = context.wake.deliver.notified() => {}
            () = lanes.advance(&work) => {}
            () = tokio::time::sleep(context.pace.period) => {}
        }
    }
}

/// An effect that was taken, until `leased_until`.
struct Leased {
    effect: PendingEffect,
    leased_until: Timestamp,
}

/// Takes effects that are due into their lanes, until these hold [`WIDTH`].
async fn take_due<F>(
    context: &Deliver,
    lanes: &mut Lanes<String, Leased>,
    work: &impl Fn(Leased) -> F,
) -> Result<(), StoreError>
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let free = u32::try_from(WIDTH.saturating_sub(lanes.taken())).unwrap_or(0);
        if free == 0 {
            return Ok(());
        }
        let now = Timestamp::now();
        let leased_until = now.plus(LEASE);
        let due = context.store.due_effects(now, leased_until, free).await?;
        if due.is_empty() {
            return Ok(());
        }
        for effect in due {
            let key = lane(&context.reporter, &effect).await;
            lanes.push(key, Leased { effect, leased_until }, work);
        }
    }
}

/// Names the lane of an effect: commit statuses of one context on one commit share one.
///
/// Nothing fails here: the effects are leased by now, and those that were not pushed would wait for a minute.
async fn lane(reporter: &Reporter, taken: &PendingEffect) -> String {
    if let Effect::ReportJob(job) = taken.effect {
        match report::subject(reporter, taken.pipeline, job).await {
            Ok(Some(subject)) => return subject,
            Ok(None) => {}
            Err(error) => {
                tracing::error!(pipeline.id = %taken.pipeline, job.id = %job, %error, "the commit of an effect could not be read");
            }
        }
    }
    own_lane(taken)
}

/// Names the lane of an effect by its subject alone.
fn own_lane(taken: &PendingEffect) -> String {
    match taken.effect {
        Effect::ReportJob(job) => format!("job/{job}"),
        Effect::ReportConfigError => format!("config/{}", taken.pipeline),
        Effect::OfferToRunners(job) => format!("offer/{job}"),
        Effect::AnnounceWorkflow(workflow) => format!("mail/{workflow}"),
        Effect::AnnounceApproval(job) => format!("mail/{job}"),
        Effect::AnnounceConfigError => format!("mail/{}", taken.pipeline),
    }
}

/// Delivers one effect and records the result.
async fn process(context: &Deliver, leased: Leased) {
    let Leased { effect, leased_until } = leased;
    if Timestamp::now().plus(TIMEOUT) >= leased_until {
        // It waited too long: another server may have it by the time it is delivered.
        if let Err(error) = context.store.effect_not_tried(&effect).await {
            tracing::error!(pipeline.id = %effect.pipeline, %error, "failed to take back the attempt that was not made");
        }
        return;
    }
    let delivered = tokio::time::timeout(TIMEOUT, deliver(context, &effect)).await;
    let delivered = delivered.unwrap_or_else(|_| Err(EffectError::later("it took too long")));
    let now = Timestamp::now();
    let recorded = match delivered {
        Ok(()) => context.store.effect_delivered(&effect, now).await,
        Err(error) if error.should_give_up(&effect, now) => {
            tracing::warn!(pipeline.id = %effect.pipeline, effect = ?effect.effect, %error, "gave up on an effect");
            context.store.effect_given_up(&effect, &error.reason, now).await
        }
        Err(error) => {
            let pause =
                retry::pause(context.pace, effect.attempts.saturating_sub(1), error.retry_after);
            let retry_at = now.plus(pause);
            tracing::info!(pipeline.id = %effect.pipeline, effect = ?effect.effect, %error, %retry_at, "an effect will be tried again");
            context.store.effect_failed(&effect, &error.reason, retry_at).await
        }
    };
    if let Err(error) = recorded {
        // Its lease runs out, and it is delivered again: every delivery may be repeated.
        tracing::error!(pipeline.id = %effect.pipeline, %error, "could not record an effect's delivery");
    }
}

async fn deliver(context: &Deliver, taken: &PendingEffect) -> Result<(), EffectError> {
    match taken.effect {
        Effect::OfferToRunners(_) => {
            context.wake.offer.notify_waiters();
            Ok(())
        }
        Effect::ReportJob(job) => {
            match report::of_job(&context.reporter, taken.pipeline, job).await? {
                Some(report) => send(&context.reporter, &report).await,
                None => Ok(()),
            }
        }
        Effect::ReportConfigError => {
            match report::of_config(&context.reporter, taken.pipeline).await? {
                Some(report) => send(&context.reporter, &report).await,
                None => Ok(()),
            }
        }
        Effect::AnnounceWorkflow(workflow) => {
            announce::workflow(&context.announcer, taken, workflow).await
        }
        Effect::AnnounceApproval(job) => announce::approval(&context.announcer, taken, job).await,
        Effect::AnnounceConfigError => announce::config_error(&context.announcer, taken).await,
    }
}

async fn send(reporter: &Reporter, report: &Report) -> Result<(), EffectError> {
    let sent = report::send(reporter, report).await;
    sent.map_err(|error| EffectError::of_call(error, report.retry_for()))
}
