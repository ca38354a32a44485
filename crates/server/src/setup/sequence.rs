//! The steps of a setup that change something (`VCS` §8.1, 4 to 12).
//!
//! Each step looks before it acts, so it may be repeated: after a crash, after an answer that was
//! lost on the way, or because a user pressed the button again. Our rows stay `pending` until the
//! project is activated: what is `pending` belongs to a setup, and is what [`super::undo`] takes back.

use std::time::Duration;

use roundel_forge::{ForgeHook, HookSpec, keys};
use roundel_model::{
    forge::ForgeKind,
    id::{CheckoutKeyId, HookId},
    secret::Secret,
    time::Timestamp,
};
use roundel_store::{
    StoreError,
    pipelines::TriggerKind,
    projects::{CheckoutKey, Hook, HookState, KeyState, Project, SetupState},
};
use tokio::time::Instant;

use super::{
    prove,
    record::{Record, Step},
    step::{Run, Setups, StepError},
    undo,
};
use crate::{
    forges::{self, CallError},
    retry::{self, Attempt},
    trigger::{
        self, Started,
        manual::{Head, start_on_head},
    },
};

/// A pair that was not used within this time is not used any more.
const PENDING_KEY_LASTS: Duration = Duration::from_hours(1);

/// How long we wait for the ping of a new hook.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked for within the period of the loops: a user watches.
const PING_CHECKS: u32 = 5;

/// Runs the sequence to its end, or takes it back.
pub(super) async fn run(setups: &Setups, project: &Project, mut record: Record) {
    if let Err(error) = walk(setups, project, &mut record).await {
        // Only the store can fail here: the record is unchanged, and the next start continues.
        tracing::error!(project = %project.slug, %error, "a setup was interrupted");
    }
}

async fn walk(setups: &Setups, project: &Project, record: &mut Record) -> Result<(), StoreError> {
    let run = match open_in_time(setups, project, record).await? {
        Ok(run) => run,
        Err(error) => {
            tracing::warn!(project = %project.slug, %error, "a setup cannot continue");
            record.interrupted(error.to_string()).await?;
            return undo::leave(setups, project, record).await;
        }
    };
    if record.is_compensating() {
        return undo::run(&run, record).await;
    }
    match forward(&run, record).await? {
        Ok(()) => {
            tracing::info!(project = %project.slug, "a project was set up");
            record.end(SetupState::Done).await
        }
        Err((step, error)) => {
            tracing::warn!(project = %project.slug, ?step, %error, "a setup failed");
            record.failed(step, error.to_string()).await?;
            undo::run(&run, record).await
        }
    }
}

/// Waits for a forge that is unavailable: a token may have to be renewed first, and what was begun stays as it
/// is until then. The outer error is the store's; with the inner one, nothing at the forge can be reached.
async fn open_in_time<'a>(
    setups: &'a Setups,
    project: &'a Project,
    record: &Record,
) -> Result<Result<Run<'a>, StepError>, StoreError> {
    let started = Instant::now();
    let mut tries = 0;
    loop {
        match open(setups, project, record).await {
            Err(StepError::Store(error)) => return Err(error),
            Err(StepError::Forge(error))
                if Attempt::after(started.elapsed(), setups.pace).postpones(&error) =>
            {
                tracing::warn!(project = %project.slug, %error, "a setup waits for the forge");
                let pause = retry::pause(setups.pace, tries, error.retry_after);
                tries += 1;
                tokio::time::sleep(pause).await;
            }
            opened => return Ok(opened),
        }
    }
}

async fn open<'a>(
    setups: &'a Setups,
    project: &'a Project,
    record: &Record,
) -> Result<Run<'a>, StepError> {
    let kind = project.slug.forge;
    let forge = setups.forges.client(kind)?;
    let token = match setups.forges.token(record.actor(), kind).await {
        Ok(Some(token)) => token,
        Ok(None) => {
            return Err(StepError::Message(format!(
                "Your connection to {kind} has ended; sign in with {kind} and run setup again"
            )));
        }
        Err(CallError::Forge(error)) => return Err(error.into()),
        Err(CallError::Store(error)) => return Err(error.into()),
    };
    Ok(Run { setups, project, forge, repository: forges::repository_ref(project), token })
}

/// The steps in order. The outer error is the store's; the inner one ends the setup.
async fn forward(
    run: &Run<'_>,
    record: &mut Record,
) -> Result<Result<(), (Step, StepError)>, StoreError> {
    macro_rules! step {
        ($step:expr, $work:expr) => {{
            record.started($step).await?;
            match $work.await {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(($step, error))),
            }
        }};
    }
    let has_config = step!(Step::Config, has_config(run));
    let said = if has_config { "found" } else { "not there yet; you can push it later" };
    record.done(Step::Config, said).await?;

    let key = step!(Step::Key, ensure_key(run));
    record.done(Step::Key, key.fingerprint.clone()).await?;

    let proof = step!(Step::Proof, prove::prove(run, &key));
    match proof {
        prove::Proof::Works => record.done(Step::Proof, "the repository can be read").await?,
        prove::Proof::NoGit => {
            let said = "not verified: git or ssh is not installed on this server's host";
            record.warned(Step::Proof, said).await?;
        }
    }

    let made = step!(Step::Hook, ensure_hook(run));
    record.done(Step::Hook, run.setups.links.hook(run.project.slug.forge, made.id)).await?;

    match step!(Step::Ping, wait_for_ping(run, &made)) {
        Ping::Received => record.done(Step::Ping, "GitHub reaches this server").await?,
        Ping::NotSent(why) => record.skipped(Step::Ping, why).await?,
        Ping::NotReceived(warning) => record.warned(Step::Ping, warning).await?,
    }

    step!(Step::Activate, activate(run, record, &key, &made));
    record.done(Step::Activate, "each push starts a pipeline from now on").await?;

    if has_earlier_pipeline(run, record).await? {
        record
            .skipped(Step::Pipeline, "the project already has pipelines; none was triggered")
            .await?;
        return Ok(Ok(()));
    }
    record.started(Step::Pipeline).await?;
    match first_pipeline(run, record, has_config).await {
        Ok(said) => record.done(Step::Pipeline, said).await?,
        // The project is set up; an error in its first pipeline does not undo that.
        Err(warning) => record.warned(Step::Pipeline, warning).await?,
    }
    Ok(Ok(()))
}

async fn has_config(run: &Run<'_>) -> Result<bool, StepError> {
    let branch = &run.project.default_branch;
    let head = run.retry(|| run.forge.branch_head(&run.token, &run.repository, branch)).await?;
    let Some(sha) = head else { return Ok(false) };
    let path = trigger::CONFIG_PATH;
    let found = run.retry(|| run.forge.file_at(&run.token, &run.repository, &sha, path)).await?;
    Ok(found.is_some())
}

/// Makes sure that there is one key that we created, and that the forge has it.
async fn ensure_key(run: &Run<'_>) -> Result<CheckoutKey, StepError> {
    let store = &run.setups.store;
    let there = run.retry(|| run.forge.deploy_keys(&run.token, &run.repository)).await?;
    let is_there =
        |key: &CheckoutKey| there.iter().any(|one| keys::is_same_key(&one.public, &key.public));
    let now = Timestamp::now();
    let mut key = match store.checkout_key(run.project.id).await? {
        Some(key) if is_there(&key) => key,
        Some(key)
            if key.state == KeyState::Pending && now.since(key.created_at) < PENDING_KEY_LASTS =>
        {
            key
        }
        old => {
            if let Some(old) = old {
                store.update_checkout_key(old.id, KeyState::Gone, None).await?;
            }
            new_key(run, now).await?
        }
    };
    let forge_id = upload_key(run, &key).await?;
    store.update_checkout_key(key.id, key.state, Some(&forge_id)).await?;
    key.forge_id = Some(forge_id);
    Ok(key)
}

async fn new_key(run: &Run<'_>, now: Timestamp) -> Result<CheckoutKey, StepError> {
    let comment = format!("roundel {}", run.project.slug);
    let pair = keys::generate(&comment).map_err(StepError::Message)?;
    let key = CheckoutKey {
        id: CheckoutKeyId::fresh(),
        project: run.project.id,
        state: KeyState::Pending,
        forge_id: None,
        public: pair.public,
        fingerprint: pair.fingerprint,
        private: pair.private,
        created_at: now,
        last_used_at: None,
    };
    run.setups.store.insert_checkout_key(&key).await?;
    Ok(key)
}

/// Looks, adds if it is not there, and looks again if the answer was lost.
async fn upload_key(run: &Run<'_>, key: &CheckoutKey) -> Result<String, StepError> {
    let host = run.setups.links.host().unwrap_or("server").to_owned();
    let title = format!("Roundel {host}");
    let mut tries = run.tries();
    loop {
        let there = run.retry(|| run.forge.deploy_keys(&run.token, &run.repository)).await?;
        if let Some(found) = there.iter().find(|one| keys::is_same_key(&one.public, &key.public)) {
            return Ok(found.id.clone());
        }
        let made =
            run.forge.create_deploy_key(&run.token, &run.repository, &title, &key.public).await;
        match made {
            Ok(made) => return Ok(made.id),
            Err(error) => tries.again(error).await?,
        }
    }
}

/// A hook that the forge has, and whether this run made it.
pub(super) struct MadeHook {
    pub(super) id: HookId,
    forge_id: String,
    state: HookState,
    is_new: bool,
}

/// Makes sure that there is one hook that we created, with our secret and events.
async fn ensure_hook(run: &Run<'_>) -> Result<MadeHook, StepError> {
    let store = &run.setups.store;
    let hook = match store.hook_of(run.project.id).await? {
        Some(hook) => hook,
        None => new_hook(run).await?,
    };
    let wanted = HookSpec {
        url: run.setups.links.hook(run.project.slug.forge, hook.id),
        secret: hook.secret.clone(),
    };
    let InstalledHook { hook: there, is_new } = install_hook(run, &wanted).await?;
    let state = match hook.state {
        HookState::Active => HookState::Active,
        HookState::Pending | HookState::Missing | HookState::Gone => HookState::Pending,
    };
    store.update_hook(hook.id, state, Some(&there.id)).await?;
    Ok(MadeHook { id: hook.id, forge_id: there.id, state, is_new })
}

async fn new_hook(run: &Run<'_>) -> Result<Hook, StepError> {
    let hook = Hook {
        id: HookId::fresh(),
        project: run.project.id,
        forge: run.project.slug.forge,
        forge_id: None,
        secret: Secret::new(hex::encode(rand::random::<[u8; 32]>())),
        state: HookState::Pending,
        created_at: Timestamp::now(),
        last_delivery_at: None,
    };
    run.setups.store.insert_hook(&hook).await?;
    Ok(hook)
}

/// A hook at the forge: one that was there, or a new one.
struct InstalledHook {
    hook: ForgeHook,
    is_new: bool,
}

async fn install_hook(run: &Run<'_>, wanted: &HookSpec) -> Result<InstalledHook, StepError> {
    let mut tries = run.tries();
    loop {
        let hooks = run.retry(|| run.forge.hooks(&run.token, &run.repository)).await?;
        let made = match hooks.iter().find(|hook| hook.url == wanted.url) {
            // Its secret may be another one: an answer was lost, or it was edited at the forge.
            Some(there) => {
                let id = &there.id;
                run.retry(|| run.forge.update_hook(&run.token, &run.repository, id, wanted))
                    .await
                    .map(|hook| InstalledHook { hook, is_new: false })
            }
            None => run
                .forge
                .create_hook(&run.token, &run.repository, wanted)
                .await
                .map(|hook| InstalledHook { hook, is_new: true }),
        };
        match made {
            Ok(made) => return Ok(made),
            Err(error) => tries.again(error).await?,
        }
    }
}

/// The result of the test that a forge sends to a new hook.
enum Ping {
    Received,
    /// The forge sends none, for this reason.
    NotSent(&'static str),
    /// It should have come: what to do.
    NotReceived(String),
}

/// Waits for the ping of a new hook. That it does not come is a warning, not a failure.
async fn wait_for_ping(run: &Run<'_>, made: &MadeHook) -> Result<Ping, StepError> {
    if run.project.slug.forge == ForgeKind::Bitbucket {
        return Ok(Ping::NotSent(
            "Bitbucket sends no test webhook: the first push shows whether it reaches this server",
        ));
    }
    if !made.is_new {
        return Ok(Ping::NotSent(
            "the webhook existed already, and GitHub sends a test only to a new one",
        ));
    }
    let heard = tokio::time::timeout(PING_TIMEOUT, async {
        loop {
            let hook = run.setups.store.hook(made.id).await?;
            if hook.is_some_and(|hook| hook.last_delivery_at.is_some()) {
                return Ok::<_, StoreError>(());
            }
            tokio::time::sleep(run.setups.pace.period / PING_CHECKS).await;
        }
    })
    .await;
    if let Ok(heard) = heard {
        heard?;
        return Ok(Ping::Received);
    }
    let said = last_response(run, made).await.unwrap_or_else(|| "nothing yet".to_owned());
    let url = run.setups.links.hook(run.project.slug.forge, made.id);
    Ok(Ping::NotReceived(format!(
        "GitHub has not reached this server at {url} (its last answer: {said}). Pushes are not seen \
         until it can: check the public address, the firewall and the certificate."
    )))
}

async fn last_response(run: &Run<'_>, made: &MadeHook) -> Option<String> {
    let hooks = run.forge.hooks(&run.token, &run.repository).await;
    let hooks = hooks
        .inspect_err(|error| tracing::warn!(%error, "the last answer to a ping could not be read"))
        .ok()?;
    hooks.into_iter().find(|hook| hook.id == made.forge_id)?.last_response
}

async fn activate(
    run: &Run<'_>,
    record: &Record,
    key: &CheckoutKey,
    hook: &MadeHook,
) -> Result<(), StepError> {
    let store = &run.setups.store;
    store.update_checkout_key(key.id, KeyState::Active, key.forge_id.as_deref()).await?;
    if hook.state != HookState::Active {
        store.update_hook(hook.id, HookState::Active, Some(&hook.forge_id)).await?;
    }
    store.follow(record.actor(), run.project.id, Timestamp::now()).await?;
    store.start_building(run.project.id).await?;
    Ok(())
}

/// Whether the project had a pipeline before this setup: one that is run again repairs, and starts none.
/// A pipeline that this setup started itself, before a crash, is not an earlier one.
async fn has_earlier_pipeline(run: &Run<'_>, record: &Record) -> Result<bool, StoreError> {
    let first = run.setups.store.pipeline_by_number(run.project.id, 1).await?;
    Ok(first.is_some_and(|first| first.created_at < record.started_at()))
}

async fn first_pipeline(
    run: &Run<'_>,
    record: &Record,
    has_config: bool,
) -> Result<String, String> {
    if !has_config {
        return Ok(format!("none: the first push with a `{}` starts one", trigger::CONFIG_PATH));
    }
    let branch = &run.project.default_branch;
    let head = Head { actor: record.actor(), branch, kind: TriggerKind::Setup };
    let started = start_on_head(&run.setups.starter, run.project, head).await;
    match started.map_err(|error| error.to_string())? {
        Some(Started::Pipeline { number, .. } | Started::Known { number, .. }) => {
            Ok(format!("pipeline {number} on {branch}"))
        }
        Some(Started::NoConfig) | None => Ok("none: the branch changed in the meantime".to_owned()),
    }
}
