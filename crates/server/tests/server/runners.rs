//! The protocol: who may say what about a task, and for how long.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::StatusCode;
use roundel_engine::{Event, Next, Pipeline, Transition};
use roundel_model::{
    actor::Actor,
    forge::ForgeKind,
    id::LeaseId,
    kind::StepKind,
    limits,
    status::{JobStatus, Outcome, PipelineStatus, StepStatus},
    time::Timestamp,
};
use roundel_protocol::{ApiError, ErrorCode, LEASE_HEADER};
use roundel_server::{Server, Settings, clock, drive};
use roundel_store::logs::LogKey;
use roundel_testkit::scripted_runner::ScriptedRunner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{ADMIN_TOKEN, ONE_JOB, RUNNER_TOKEN, World, plain_client};

/// Ends the tasks whose lease is over, as the clock does.
async fn expire_leases(world: &World, now: Timestamp) {
    let app = world.app();
    clock::expire_leases(&app.store, &app.drive, now).await.unwrap();
}

const KIND: ForgeKind = ForgeKind::GitHub;

/// It is unknown whether the lost runner was the last to change something outside: its outcome, however
/// right, comes too late, and the commit says that it was our fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_has_no_outcome_and_is_reported_on_the_commit() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    // The lease ends now, and is not renewed.
    let (now, of) = (Timestamp::now(), task.spec.task);
    let (job, lease) = (of.job, task.spec.lease);
    let ends = Event::Renewed { job, task: of.index, lease, expires_at: now };
    let pipeline = world.only_pipeline(project).await;
    drive::apply(&world.app().drive, pipeline, &ends, now).await.unwrap();
    expire_leases(&world, Timestamp::now()).await;

    let status = world.reported(KIND, "web", &sha, "error").await;
    assert!(status.description.starts_with("Roundel could not run your tests"), "{status:?}");
    let job = world.app().store.job(task.spec.task.job).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::InfrastructureFail);
    assert!(job.reason.unwrap().contains("lost contact"));

    let late = task.finish(Outcome::Success).await.unwrap();
    assert_eq!(late.status, StatusCode::GONE);
    assert_eq!(late.code, Some(ErrorCode::LeaseLost.into()));
    assert_eq!(task.renew().await.unwrap().status, StatusCode::GONE);
    world.reported(KIND, "web", &sha, "error").await;
}

/// A renewal keeps a slow job alive for as long as its runner is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_lease_does_not_end() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    let claimed = Timestamp::now();
    assert_eq!(task.renew().await.unwrap().status, StatusCode::OK);
    expire_leases(&world, claimed).await;
    assert_eq!(task.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
}

/// The first answer may be lost on the way: the same outcome again is accepted.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_may_be_repeated_but_not_changed() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    assert_eq!(task.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(task.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(task.finish(Outcome::Failed).await.unwrap().status, StatusCode::GONE);
}

/// The same for one of several tasks, while the others still run; and what ended takes no more steps
/// and logs, though its job continues.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_ended_is_over_while_its_job_still_runs() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let config = ONE_JOB.replace("machine: true", "machine: true\n    parallelism: 2");
    world.push(KIND, "web", &config).await;
    let (one, other) =
        (world.runner().claim().await.unwrap(), world.runner().claim().await.unwrap());
    assert_eq!(one.append_log(101, 0, b"hello ").await.unwrap().1, Some(6));
    assert_eq!(one.finish(Outcome::Failed).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(one.finish(Outcome::Failed).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(one.finish(Outcome::Success).await.unwrap().status, StatusCode::GONE);
    let (late, committed) = one.append_log(101, 6, b"world").await.unwrap();
    assert_eq!((late.status, committed), (StatusCode::GONE, None));

    assert_eq!(other.append_log(101, 0, b"fine").await.unwrap().1, Some(4));
    assert_eq!(other.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
    let status = world.app().store.job(other.spec.task.job).await.unwrap().unwrap().status;
    assert_eq!(status, JobStatus::Failed, "one of its tasks failed");
    assert_eq!(other.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(other.finish(Outcome::Failed).await.unwrap().status, StatusCode::GONE);
}

/// A cancel reaches the runner with the answer to its next message, and its steps do not run forever on the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_job_tells_its_runner_and_ends_its_steps() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    let step = roundel_protocol::StepReport {
        name: "sleep".to_owned(),
        kind: StepKind::Run.into(),
        status: StepStatus::Running,
        command: None,
        line: None,
        background: false,
        exit_code: None,
        started_at: Timestamp::now(),
        ended_at: None,
        truncated: false,
    };
    assert_eq!(task.report_step(101, &step).await.unwrap().status, StatusCode::NO_CONTENT);

    let pipeline = world.only_pipeline(project).await;
    let event = Event::WorkflowCanceled { workflow: task.spec.workflow, by: Actor::System };
    let now = Timestamp::now();
    drive::apply(&world.app().drive, pipeline, &event, now).await.unwrap();

    let answer = task.renew().await.unwrap();
    assert_eq!(answer.status, StatusCode::GONE);
    assert_eq!(answer.code, Some(ErrorCode::Canceled.into()));
    let steps = world.app().store.steps(task.spec.task.job).await.unwrap();
    assert_eq!(steps[0].status, StepStatus::Canceled);
    let status = world.reported(KIND, "web", &sha, "error").await;
    assert_eq!(status.description, "Your tests were canceled");
}

/// A job may leak its token; that must not open the task next to it, nor the claim.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_token_opens_nothing_but_its_task() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let config = ONE_JOB.replace("machine: true", "machine: true\n    parallelism: 2");
    world.push(KIND, "web", &config).await;
    let (mut one, other) =
        (world.runner().claim().await.unwrap(), world.runner().claim().await.unwrap());
    assert_ne!(one.spec.task.index, other.spec.task.index);
    one.spec.token = other.spec.token.clone();
    assert_eq!(one.renew().await.unwrap().status, StatusCode::UNAUTHORIZED);
    let thief = ScriptedRunner::new(world.url(""), other.spec.token.expose().clone());
    let refused = thief.try_claim(Duration::ZERO).await.err().unwrap().to_string();
    assert!(refused.starts_with("the claim was answered with 401"), "{refused}");
}

/// Invariant 3: a log has no hidden gap, and a repeated piece is not there twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_takes_pieces_in_order_and_each_once() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    assert_eq!(task.append_log(101, 0, b"hello ").await.unwrap().1, Some(6));
    assert_eq!(task.append_log(101, 0, b"hello ").await.unwrap().1, Some(6));
    let (answer, committed) = task.append_log(101, 9, b"gap").await.unwrap();
    assert_eq!((answer.status, committed), (StatusCode::CONFLICT, Some(6)));
    assert_eq!(task.append_log(101, 6, b"world").await.unwrap().1, Some(11));
    let log = LogKey { job: task.spec.task.job, task: 0, step: 101 };
    let log = world.app().store.read_log(log, 0, 100).await.unwrap();
    assert_eq!(log.bytes, b"hello world");
}

/// A bug in the server must not be answered as "broke the protocol", must not be saved, and must be found in
/// the log: a pipeline that the store holds in a state which cannot be.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_invariant_is_refused_logged_and_answered_as_our_error() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let task = world.runner().claim().await.unwrap();
    let pipeline = world.only_pipeline(project).await;
    let breaks = |before: &Pipeline| {
        let pipeline = Pipeline { status: PipelineStatus::Errored, ..before.clone() };
        let (effects, reasons, abandoned) = (Vec::new(), Vec::new(), Vec::new());
        Ok::<_, ()>(Transition::To(Next { pipeline, effects, reasons, abandoned }))
    };
    let store = &world.app().store;
    store.change(pipeline, &Event::Tick, Timestamp::now(), breaks).await.unwrap().unwrap();

    let answer = task.finish(Outcome::Success).await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.code.unwrap().is(ErrorCode::Internal));
    let job = store.job(task.spec.task.job).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::Running, "nothing was saved");
    let lines = log.lines();
    let error = lines.iter().find(|line| line.contains("an invariant would break"));
    let error = error.unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(error.contains("ERROR") && error.contains(&pipeline.to_string()), "{error}");
    assert!(error.contains("P1: only a created pipeline has workflows"), "{error}");
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A runner that waits gets the task when it is there, not when its wait is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_claim_is_answered_by_the_next_push() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let runner = world.runner();
    let waiting = tokio::spawn(async move { runner.claim().await });
    world.push(KIND, "web", ONE_JOB).await;
    let task = waiting.await.unwrap().unwrap();
    assert_eq!(task.spec.job_name.as_str(), "build");
}

/// Two runners that ask at the same moment get two tasks or one and nothing, never the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_claimed_once() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", ONE_JOB).await;
    world.reported(KIND, "web", &sha, "pending").await;
    let claims = (0..8).map(|_| {
        let runner = world.runner();
        tokio::spawn(async move { runner.try_claim(Duration::from_millis(200)).await.unwrap() })
    });
    let mut claimed = 0;
    for claim in claims.collect::<Vec<_>>() {
        claimed += usize::from(claim.await.unwrap().is_some());
    }
    assert_eq!(claimed, 1);
}

/// Jobs that no runner serves wait; those behind them must not wait for them, however many they are.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_no_runner_serves_do_not_keep_runners_from_the_others() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let elsewhere = "machine: true\n    parallelism: 200\n    resource_class: acme/elsewhere";
    let sha = world.push(KIND, "web", &ONE_JOB.replace("machine: true", elsewhere)).await;
    world.reported(KIND, "web", &sha, "pending").await;
    let sha = world.push(KIND, "web", &ONE_JOB.replace("build", "lint")).await;
    world.reported(KIND, "web", &sha, "pending").await;
    let mut runner = world.runner();
    runner.introduction.resource_classes = vec!["acme/here".to_owned()];
    let task = runner.try_claim(Duration::ZERO).await.unwrap().expect("a task that fits");
    assert_eq!(task.spec.job_name.as_str(), "lint");
}

/// A server that is killed just after it has handed a task out must not cost the task: its runner
/// never heard of it, and asks again.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_answer_was_lost_gets_the_same_task_again() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let asks = || world.runner().under(LeaseId::from_u128(7));
    let lost = asks().claim().await.unwrap();
    let task = asks().try_claim(Duration::ZERO).await.unwrap().unwrap();
    assert_eq!((task.spec.task, task.spec.lease), (lost.spec.task, lost.spec.lease));
    let other = world.runner().try_claim(Duration::ZERO).await.unwrap();
    assert!(other.is_none(), "no other runner gets it");
    assert_eq!(task.finish(Outcome::Success).await.unwrap().status, StatusCode::NO_CONTENT);
    let late = asks().try_claim(Duration::ZERO).await.unwrap();
    assert!(late.is_none(), "what has ended is not handed out again");
}

/// Programs read a code and a sentence from every refusal, also from those that come before a message
/// is understood.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_answered_with_a_code_and_a_sentence() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let spec = world.runner().claim().await.unwrap().spec;
    let task = format!("/runner/v1/tasks/{}/{}", spec.task.job, spec.task.index);
    let lease = spec.lease.to_string();
    let ask = async |method: &str, path: &str, kind: &str, body: Vec<u8>| {
        let token = match path {
            path if path.starts_with("/api") => ADMIN_TOKEN,
            path if path.ends_with("/claim") => RUNNER_TOKEN,
            _ => spec.token.expose().as_str(),
        };
        let request = plain_client()
            .request(method.parse().unwrap(), world.url(path))
            .bearer_auth(token)
            .header(LEASE_HEADER, &lease)
            .header("content-type", kind)
            .body(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        let error = serde_json::from_str::<ApiError>(&text);
        let error = error.unwrap_or_else(|_| panic!("{method} {path}: {status} {text}"));
        assert!((10..=600).contains(&error.message.len()), "{error:?}");
        (status.as_u16(), ErrorCode::ALL.iter().copied().find(|&code| error.code.is(code)))
    };
    let (bad, large) = (Some(ErrorCode::BadRequest), Some(ErrorCode::TooLarge));
    let step = format!("{task}/steps/101");
    let messages = [
        ("POST", "/runner/v1/claim".to_owned()),
        ("POST", format!("{task}/renew")),
        ("POST", format!("{task}/finish")),
        ("PUT", step.clone()),
    ];
    for (method, path) in &messages {
        let send = |kind, body| ask(method, path, kind, body);
        let json = "application/json";
        assert_eq!(send(json, b"{".to_vec()).await, (400, bad), "{path}");
        assert_eq!(send(json, b"7".to_vec()).await, (422, bad), "{path}");
        assert_eq!(send("text/plain", b"{}".to_vec()).await, (415, bad), "{path}");
        assert_eq!(send(json, vec![b' '; 5 << 20]).await, (413, large), "{path}");
    }
    let bytes = "application/octet-stream";
    for (path, body, wanted) in [
        (format!("{step}/log"), 1, (400, bad)),
        (format!("{step}/log?offset=x"), 1, (400, bad)),
        (format!("{task}/steps/x/log?offset=0"), 1, (400, bad)),
        (format!("{step}/log?offset=0"), limits::LOG_CHUNK_BYTES + 1, (413, large)),
    ] {
        assert_eq!(ask("PUT", &path, bytes, vec![b'x'; body]).await, wanted, "{path}");
    }
    let orb = "/api/roundel/v1/orbs/acme/greet/1.0.0";
    assert_eq!(ask("PUT", orb, bytes, vec![0xff]).await, (400, bad));
    assert_eq!(ask("PUT", orb, bytes, vec![b'x'; 6 << 20]).await, (413, large));
}

/// A client that writes all before it reads must not have its connection reset instead of an answer.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_can_send_it_all_and_reads_why_it_is_refused() {
    let world = World::start().await;
    let body = vec![b'x'; 24 << 20];
    for (token, status) in [(ADMIN_TOKEN, 413), ("a wrong one", 401)] {
        let mut stream = tokio::net::TcpStream::connect(world.settings.listen).await.unwrap();
        let head = format!(
            "PUT /api/roundel/v1/orbs/acme/greet/1.0.0 HTTP/1.1\r\nhost: ci\r\nauthorization: Bearer \
             {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

/// A runner reaches any of the servers that share a database, and each of them shows the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_signs_off_at_any_of_two_servers() {
    let test = "a_runner_signs_off_at_any_of_two_servers";
    let Some(database_url) = roundel_testkit::postgres::database_or_notice(test) else { return };
    let world = World::start().await;
    let mut servers = Vec::new();
    for _ in 0..2 {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let database_url = database_url.clone();
        let settings = Settings { listen, database_url, ..world.settings.clone() };
        servers.push(Server::start(settings).await.unwrap());
    }
    let runner =
        |server: &Server| ScriptedRunner::new(format!("http://{}", server.address), RUNNER_TOKEN);
    let [one, other] = &servers[..] else { panic!("two servers were started") };
    let row = async || one.app.store.runners().await.unwrap().remove(0);
    assert!(runner(one).try_claim(Duration::ZERO).await.unwrap().is_none());
    assert_eq!(row().await.signed_off_at, None);
    assert_eq!(runner(other).sign_off().await.unwrap(), StatusCode::NO_CONTENT);
    assert!(row().await.signed_off_at.is_some());
    // An earlier runner never signs off; whichever asks for a task is there.
    assert!(runner(other).try_claim(Duration::ZERO).await.unwrap().is_none());
    assert_eq!(row().await.signed_off_at, None);
    let stranger = ScriptedRunner::new(format!("http://{}", one.address), "another token");
    assert_eq!(stranger.sign_off().await.unwrap(), StatusCode::UNAUTHORIZED);
    for server in servers {
        server.stop().await;
    }
}

/// Its connection may still be open, through a proxy say: a job that it got would be lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_waits_ends_when_its_runner_signs_off() {
    let world = World::start().await;
    let runner = world.runner();
    let waits = runner.clone();
    let claim = tokio::spawn(async move { waits.try_claim(Duration::from_secs(20)).await });
    while world.app().store.runners().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(runner.sign_off().await.unwrap(), StatusCode::NO_CONTENT);
    let ended = tokio::time::timeout(Duration::from_secs(10), claim).await;
    assert!(ended.expect("the claim still waits").unwrap().unwrap().is_none());
}
