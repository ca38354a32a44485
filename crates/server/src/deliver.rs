//! Pays what the world is owed: the second loop.
//!
//! An effect names what is owed, never what to say: whoever pays reads the rows as they then are, so
//! a slow report cannot paint an old status over a new one. What concerns one commit and context is
//! paid in order, everything else side by side. What fails is tried again, as often as it takes
//! within a limit; what cannot succeed is parked with the reason, which the pipeline's page shows.
//!
//! Here: the loop and the retries. In [`report`]: marks on commits. In [`announce`]: mail.

mod announce;
pub(crate) mod mail;
mod report;

use std::{sync::Arc, time::Duration};

use roundel_engine::Effect;
use roundel_forge::{ErrorClass, ForgeError};
use roundel_model::{limits, time::Timestamp};
use roundel_store::{StoreError, effects::OwedEffect};

use self::{announce::Post, report::Report};
use crate::{app::App, lanes::Lanes, retry, tokens::CallError};

/// Makes up for a lost ring, and finds what is due again.
const PERIOD: Duration = Duration::from_secs(1);

/// Effects that are paid, or wait in their lane, at a time.
const WIDTH: usize = 64;

/// How long a taken effect is kept from other payers, with its wait in its lane.
const LEASE: Duration = Duration::from_mins(1);

/// How long one payment may take. It ends before its lease does, so that nobody pays beside us.
const PAYMENT: Duration = Duration::from_secs(30);

/// How long a mark that is not final is worth retrying (`VCS` §2.10).
const PENDING_RETRY: Duration = Duration::from_mins(10);

/// How often something that the forge does not find is looked for again: it may be behind itself.
const NOT_FOUND_TRIES: u32 = 4;

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let post = Arc::new(Post::open(&app));
    let mut lanes: Lanes<String, Debt> = Lanes::new();
    let work = |debt: Debt| {
        let (app, post) = (Arc::clone(&app), Arc::clone(&post));
        async move { settle(&app, &post, debt).await }
    };
    loop {
        if let Err(error) = take(&app, &mut lanes, &work).await {
            tracing::error!(%error, "could not take what is owed");
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = app.nudges.deliver.notified() => {}
            () = lanes.advance(&work) => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// An effect that was taken, until `leased_until`.
struct Debt {
    owed: OwedEffect,
    leased_until: Timestamp,
}

async fn take<F>(
    app: &App,
    lanes: &mut Lanes<String, Debt>,
    work: &impl Fn(Debt) -> F,
) -> Result<(), StoreError>
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let room = u32::try_from(WIDTH.saturating_sub(lanes.taken())).unwrap_or(0);
        if room == 0 {
            return Ok(());
        }
        let now = Timestamp::now();
        let leased_until = now.plus(LEASE);
        let due = app.store.due_effects(now, leased_until, room).await?;
        if due.is_empty() {
            return Ok(());
        }
        for owed in due {
            let key = lane(app, &owed).await?;
            lanes.push(key, Debt { owed, leased_until }, work);
        }
    }
}

/// Names the lane of an effect: marks of one context on one commit share one.
async fn lane(app: &App, owed: &OwedEffect) -> Result<String, StoreError> {
    Ok(match owed.effect {
        Effect::ReportJob(job) => match report::subject(app, owed.pipeline, job).await? {
            Some(subject) => subject,
            None => format!("job/{job}"),
        },
        Effect::ReportConfigError => format!("config/{}", owed.pipeline),
        Effect::OfferToRunners(job) => format!("offer/{job}"),
        Effect::AnnounceWorkflow(workflow) => format!("mail/{workflow}"),
        Effect::AnnounceConfigError => format!("mail/{}", owed.pipeline),
    })
}

/// Pays one effect and writes down what came of it.
async fn settle(app: &App, post: &Post, debt: Debt) {
    let Debt { owed, leased_until } = debt;
    if Timestamp::now().plus(PAYMENT) >= leased_until {
        return; // It waited too long: somebody else may have it by the time it is paid.
    }
    let paid = tokio::time::timeout(PAYMENT, pay(app, post, &owed)).await;
    let paid = paid.unwrap_or_else(|_| Err(Unpaid::later("it took too long")));
    let now = Timestamp::now();
    let saved = match paid {
        Ok(()) => app.store.effect_paid(&owed, now).await,
        Err(unpaid) if unpaid.is_hopeless(&owed, now) => {
            tracing::warn!(pipeline.id = %owed.pipeline, effect = ?owed.effect, reason = %unpaid.reason, "gave up on what is owed");
            app.store.effect_parked(&owed, &unpaid.reason, now).await
        }
        Err(unpaid) => {
            let retry_at =
                now.plus(retry::pause(owed.attempts.saturating_sub(1), unpaid.retry_after));
            tracing::info!(pipeline.id = %owed.pipeline, effect = ?owed.effect, reason = %unpaid.reason, %retry_at, "will pay later");
            app.store.effect_failed(&owed, &unpaid.reason, retry_at).await
        }
    };
    if let Err(error) = saved {
        // Its lease runs out, and it is paid again: every payment may be repeated.
        tracing::error!(pipeline.id = %owed.pipeline, %error, "could not write down a payment");
    }
}

async fn pay(app: &App, post: &Post, owed: &OwedEffect) -> Result<(), Unpaid> {
    match owed.effect {
        Effect::OfferToRunners(_) => {
            app.nudges.offer.notify_waiters();
            Ok(())
        }
        Effect::ReportJob(job) => match report::of_job(app, owed.pipeline, job).await? {
            Some(report) => send(app, &report).await,
            None => Ok(()),
        },
        Effect::ReportConfigError => match report::of_config(app, owed.pipeline).await? {
            Some(report) => send(app, &report).await,
            None => Ok(()),
        },
        Effect::AnnounceWorkflow(workflow) => announce::workflow(app, post, owed, workflow).await,
        Effect::AnnounceConfigError => announce::config_error(app, post, owed).await,
    }
}

async fn send(app: &App, report: &Report) -> Result<(), Unpaid> {
    report::send(app, report).await.map_err(|error| {
        let mut unpaid = Unpaid::from(error);
        unpaid.is_final_mark = report.is_final();
        unpaid
    })
}

/// Why something could not be paid.
#[derive(Debug)]
struct Unpaid {
    reason: String,
    retry_after: Option<Duration>,
    chance: Chance,
    is_final_mark: bool,
}

/// What trying again is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chance {
    /// It may pass.
    Good,
    /// It may pass within a few tries.
    Small,
    /// None.
    None,
}

impl Unpaid {
    fn later(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: None, chance: Chance::Good, is_final_mark: true }
    }

    fn never(reason: impl Into<String>) -> Self {
        Self { chance: Chance::None, ..Self::later(reason) }
    }

    /// A final mark is worth a day of retries, a pending one ten minutes (`VCS` §2.10).
    fn is_hopeless(&self, owed: &OwedEffect, now: Timestamp) -> bool {
        let patience = if self.is_final_mark { limits::REPORT_RETRY } else { PENDING_RETRY };
        match self.chance {
            Chance::None => true,
            Chance::Small => owed.attempts >= NOT_FOUND_TRIES,
            Chance::Good => now.since(owed.created_at) > patience,
        }
    }
}

impl From<StoreError> for Unpaid {
    fn from(error: StoreError) -> Self {
        Self::later(error.to_string())
    }
}

impl From<ForgeError> for Unpaid {
    fn from(error: ForgeError) -> Self {
        // A refused token is as good as transient: as soon as its owner signs in again, what waited
        // is delivered (VCS-079).
        let chance = if error.is_transient() || error.class == ErrorClass::Unauthorized {
            Chance::Good
        } else if error.class == ErrorClass::Invalid {
            Chance::None
        } else {
            Chance::Small
        };
        Self { chance, retry_after: error.retry_after, ..Self::later(error.message) }
    }
}

impl From<CallError> for Unpaid {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Store(error) => error.into(),
            CallError::Forge(error) => error.into(),
        }
    }
}
