//! How much the store takes, durably: `cargo run --release --example throughput -p roundel-testkit`.
//!
//! Prints one line for each measurement. The first argument is the URL of an empty database; without
//! it, a SQLite file in the temporary directory, which should be on a real disk. Nothing is asserted:
//! the numbers depend on the machine and on what else it does.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use roundel_engine::{Configuration, Event, NewJob, NewWorkflow, advance};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug, RepositoryId},
    id::{DeliveryId, HookId, JobId, LeaseId, PipelineId, ProjectId, WorkflowId},
    name::GitRef,
    secret::Secret,
    status::Outcome,
    time::Timestamp,
};
use roundel_store::{
    Settings, Store,
    accounts::{SignIn, Token},
    deliveries::{NewDelivery, Recorded},
    logs::{Appended, LogKey, LogPiece},
    pipelines::{CommitInfo, NewPipeline, TriggerKind},
    projects::{Hook, HookState, NewProject},
};
use roundel_testkit::planned;

const FOR: Duration = Duration::from_secs(3);

/// Commits of a push that make a body of 20 KB.
const COMMITS: usize = 88;

#[tokio::main]
async fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = format!("sqlite:{}", directory.path().join("roundel.db").display());
    let url = std::env::args().nth(1).unwrap_or(file);
    let key = Secret::new(vec![1; 32]);
    let store = Store::open(&Settings { url, instance_key: key }).await?;
    let hook = hook(&store).await?;
    for callers in [1, 32, 128] {
        let hook = hook.clone();
        let what = format!("deliveries of 20 KB recorded, {callers} callers");
        measure(&store, &what, callers, move |store, turn| record(store, hook.clone(), turn))
            .await?;
    }
    for callers in [1, 8] {
        let project = hook.project;
        let what = format!("jobs from push to outcome (5 changes), {callers} callers");
        measure(&store, &what, callers, move |store, turn| job(store, project, turn)).await?;
    }
    let pipeline = pipeline(&store, hook.project, u64::MAX).await?;
    let job = compile(&store, pipeline, 8).await?;
    let mut leases = Vec::new();
    for task in 0..8 {
        leases.push(claim(&store, pipeline, (job, task)).await?);
    }
    let what = "pieces of 4 KB appended to logs, 8 callers".to_owned();
    measure(&store, &what, 8, move |store, turn| append(store, job, leases.clone(), turn)).await?;
    store.close().await;
    Ok(())
}

/// Which call it is: of which caller, and its number.
#[derive(Clone, Copy)]
struct CallNumber {
    caller: u32,
    number: u64,
}

impl CallNumber {
    fn unique(self) -> u64 {
        u64::from(self.caller) << 40 | self.number
    }
}

/// Lets so many callers repeat something for a while, and prints how often they did and how long
/// one took.
async fn measure<F: Future<Output = Result<()>> + Send + 'static>(
    store: &Store,
    what: &str,
    callers: u32,
    work: impl Fn(Store, CallNumber) -> F + Clone + Send + 'static,
) -> Result<()> {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let (store, work) = (store.clone(), work.clone());
        tasks.spawn(async move {
            let mut took = Vec::new();
            for number in 0.. {
                let start = Instant::now();
                if start.duration_since(begun) > FOR {
                    break;
                }
                work(store.clone(), CallNumber { caller, number }).await?;
                took.push(start.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(one) = tasks.join_next().await {
        took.extend(one??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    took.sort();
    let count = u32::try_from(took.len())?;
    let share = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let rate = f64::from(count) / seconds;
    writeln!(
        std::io::stdout(),
        "{what:<52} {rate:>9.0}/s   p50 {:>9.3?}   p99 {:>9.3?}",
        share(50),
        share(99)
    )?;
    Ok(())
}

async fn hook(store: &Store) -> Result<Hook> {
    let now = Timestamp::now();
    let user = ForgeUserId("1".to_owned());
    let sign_in = SignIn::new(ForgeKind::GitHub, user, "ada", Token::new("token".into()));
    let integration = store.sign_in(&sign_in, now).await?;
    let slug = ProjectSlug {
        forge: ForgeKind::GitHub,
        owner: "acme".to_owned(),
        repository: "web".to_owned(),
    };
    let project = NewProject {
        slug,
        repository: RepositoryId("1".to_owned()),
        organization_forge_id: "1".to_owned(),
        default_branch: "main".to_owned(),
        private: false,
        ssh_url: String::new(),
        web_url: String::new(),
        integration,
    };
    let project = store.upsert_project(&project, now).await?.id;
    let hook = Hook {
        id: HookId::fresh(),
        project,
        forge: ForgeKind::GitHub,
        forge_id: None,
        secret: "secret".into(),
        state: HookState::Active,
        created_at: now,
        last_delivery_at: None,
    };
    store.insert_hook(&hook).await?;
    Ok(hook)
}

async fn record(store: Store, hook: Hook, turn: CallNumber) -> Result<()> {
    let id = DeliveryId::fresh();
    let delivery = NewDelivery {
        id,
        hook: hook.id,
        project: hook.project,
        forge: hook.forge,
        guid: id.to_string(),
        event: "push".to_owned(),
        body: payload(turn.unique()),
        received_at: Timestamp::now(),
    };
    ensure!(store.record_delivery(delivery).await? == Recorded::New);
    Ok(())
}

/// About 20 KB that compress as a push does: fixed names, ids that do not repeat.
fn payload(seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let commit = || {
        let (one, two): (u128, u64) = (random.random(), random.random());
        format!(
            "{{\"commits_url\":\"https://api.forge.example/repos/acme/web/commits{{/sha}}\",\
             \"author\":{{\"name\":\"Ada\",\"email\":\"ada@example.org\"}},\"distinct\":true,\
             \"id\":\"{one:032x}{two:08x}\",\"number\":{two}}},"
        )
    };
    let body: Vec<String> = std::iter::repeat_with(commit).take(COMMITS).collect();
    body.concat().into_bytes()
}

async fn pipeline(store: &Store, project: ProjectId, number: u64) -> Result<PipelineId> {
    let new = NewPipeline {
        id: PipelineId::fresh(),
        project,
        trigger: TriggerKind::Manual,
        delivery: None,
        git_ref: GitRef::Branch("main".into()),
        sha: format!("{number:040x}").into(),
        before: None,
        commit: CommitInfo::default(),
        actor: None,
        actor_login: None,
        created_at: Timestamp::now(),
    };
    store.create_pipeline(&new).await?;
    Ok(new.id)
}

async fn compile(store: &Store, pipeline: PipelineId, tasks: u32) -> Result<JobId> {
    let job = JobId::fresh();
    let plan = planned::build("build", tasks);
    let jobs = vec![NewJob { id: job, plan, needs: Vec::new(), missing_contexts: Vec::new() }];
    let workflows = vec![NewWorkflow { id: WorkflowId::fresh(), name: "main".into(), jobs }];
    apply(store, pipeline, Event::Compiled { workflows, configuration: Configuration::default() })
        .await?;
    Ok(job)
}

async fn job(store: Store, project: ProjectId, turn: CallNumber) -> Result<()> {
    let pipeline = pipeline(&store, project, turn.unique()).await?;
    let job = compile(&store, pipeline, 1).await?;
    let task = 0;
    let lease = claim(&store, pipeline, (job, task)).await?;
    let expires_at = Timestamp::now().plus(Duration::from_secs(40));
    apply(&store, pipeline, Event::Renewed { job, task, lease, expires_at }).await?;
    let outcome = Outcome::Success;
    apply(&store, pipeline, Event::Finished { job, task, lease, outcome, reason: None }).await
}

async fn claim(store: &Store, pipeline: PipelineId, (job, task): (JobId, u32)) -> Result<LeaseId> {
    let lease = LeaseId::fresh();
    let expires_at = Timestamp::now().plus(Duration::from_secs(30));
    let runner = "runner".to_owned();
    apply(store, pipeline, Event::Claimed { job, task, lease, expires_at, runner }).await?;
    Ok(lease)
}

async fn apply(store: &Store, pipeline: PipelineId, event: Event) -> Result<()> {
    let now = Timestamp::now();
    store
        .change(pipeline, &event, now, |before| advance(before, &event, now))
        .await?
        .context("the engine refused")
        .map(drop)
}

async fn append(store: Store, job: JobId, leases: Vec<LeaseId>, turn: CallNumber) -> Result<()> {
    let piece = payload(turn.unique());
    let piece = piece.get(..4096).context("a payload is longer")?;
    let offset = turn.number * 4096;
    let log = LogKey { job, task: turn.caller, step: 0 };
    let lease = *leases.get(usize::try_from(turn.caller)?).context("each caller has a task")?;
    let appended =
        store.append_log(log, lease, LogPiece { offset, bytes: piece }, Timestamp::now()).await?;
    ensure!(appended == Appended::Committed(offset + 4096), "{appended:?}");
    Ok(())
}
