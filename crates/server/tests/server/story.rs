//! The story of a push, on both forges, with a runner that plays its part from a script.

use std::{collections::BTreeSet, time::Duration};

use roundel_localforge::{CommitName, DeliveryFault, Failure, FailureKind, NewTag};
use roundel_model::{
    forge::ForgeKind,
    name::TagName,
    status::{JobStatus, PipelineErrorKind, PipelineStatus, WorkflowStatus},
};
use roundel_store::deliveries::Receipt;
use roundel_testkit::scripted_runner::ScriptedStep;

use super::world::{LOGIN, ONE_JOB, OWNER, WEB, World, until, words};

/// The promise of the product in one test, for each forge.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_becomes_a_green_check_and_an_email() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let (pending, green, _) = words(kind);
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", ONE_JOB).await;
        let status = world.reported(kind, "web", &sha, pending).await;
        assert_eq!(status.context, "ci/roundel: build");

        let task = world.runner().claim().await.unwrap();
        let variable = |name: &str| {
            let found = task.spec.variables.iter().find(|variable| variable.name == name);
            found.map(|variable| variable.value.expose().clone())
        };
        assert_eq!(task.spec.checkout.sha.as_str(), sha);
        assert_eq!(variable("CIRCLE_SHA1").as_deref(), Some(sha.as_str()));
        assert_eq!(variable("CIRCLE_BRANCH").as_deref(), Some("main"));
        assert_eq!(variable("CIRCLE_TAG"), None);
        assert!(task.spec.checkout.key.is_some());
        task.play(&[ScriptedStep::new("echo hello", "hello\r\n", 0)]).await.unwrap();

        let status = world.reported(kind, "web", &sha, green).await;
        assert_eq!(status.description, "Your tests passed on Roundel!");
        assert!(status.target_url.starts_with(world.settings.public_url.as_str()));
        assert_eq!(status.creator, LOGIN);
        let receipt = world.receipt(project, "push to main").await;
        let pipelines = world.pipelines(project).await;
        let what = "push to main".to_owned();
        assert_eq!(receipt, Receipt::Started { pipeline: pipelines[0].0.id, number: 1, what });
        assert_eq!(pipelines[0].1[0].status, WorkflowStatus::Success);
    }
    let emails = world.sink.wait_for(2, super::world::TIMEOUT).await;
    assert_eq!(emails.len(), 2, "{emails:#?}");
}

/// A configuration that does not compile must not leave the commit without a status.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_is_reported_on_the_commit_and_on_the_page() {
    let world = World::start().await;
    for (kind, state) in [(ForgeKind::GitHub, "error"), (ForgeKind::Bitbucket, "FAILED")] {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", "version: 2.1\njobs: [this, is, no, map]\n").await;
        let status = world.reported(kind, "web", &sha, state).await;
        assert_eq!(status.context, "ci/roundel: config");
        let (pipeline, workflows) = world.pipelines(project).await.remove(0);
        assert_eq!(pipeline.status, PipelineStatus::Errored);
        assert!(pipeline.errors[0].contains(".circleci/config.yml:"), "{:?}", pipeline.errors);
        assert!(workflows.is_empty());
    }
}

/// A deploy that asks for credentials that are not there must not run as if it had them.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_context_does_not_exist_is_unauthorized_and_never_runs() {
    const CONFIG: &str = "version: 2.1
jobs: { deploy: { machine: true, steps: [{ run: echo deployed }] } }
workflows: { main: { jobs: [{ deploy: { context: [aws-prod] } }] } }
";
    let world = World::start().await;
    for (kind, state) in [(ForgeKind::GitHub, "error"), (ForgeKind::Bitbucket, "FAILED")] {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", CONFIG).await;
        let status = world.reported(kind, "web", &sha, state).await;
        assert_eq!(status.context, "ci/roundel: deploy");
        assert_eq!(status.description, "Not authorized: context \"aws-prod\" does not exist");
        let (pipeline, workflows) = world.pipelines(project).await.remove(0);
        assert_eq!(pipeline.status, PipelineStatus::Created);
        assert_eq!(workflows[0].status, WorkflowStatus::Unauthorized);
        let job = &workflows[0].jobs[0];
        assert_eq!(job.status, JobStatus::Unauthorized);
        assert_eq!(job.reason.as_deref(), Some("context `aws-prod` does not exist"));
        assert_eq!(job.started_at, None);
        assert_eq!(world.app().store.steps(job.id).await.unwrap(), []);
        assert_eq!(world.app().store.offered_tasks(10).await.unwrap(), []);
    }
}

/// "Why was my push not built?" has an answer (invariant 8).
#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_not_built_has_a_receipt_that_says_why() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    let project = world.project(kind, "web").await;

    world.commit(kind, ("web", "plain"), &[("x", "1")], "no config here").await;
    let receipt = world.receipt(project, "push to plain").await;
    assert!(because(&receipt).contains("no `.circleci/config.yml`"), "{receipt:?}");

    let config = [(".circleci/config.yml", ONE_JOB)];
    world.commit(kind, ("web", "quiet"), &config, "typo [skip ci]").await;
    let receipt = world.receipt(project, "push to quiet").await;
    assert!(because(&receipt).contains("[skip ci]"), "{receipt:?}");

    world.forge.delete_branch(kind, WEB, "quiet", LOGIN).await.unwrap();
    until("the deletion's receipt", async || {
        let deliveries = world.deliveries(project).await;
        let mut receipts = deliveries.iter().flat_map(|delivery| &delivery.receipts);
        receipts.any(|receipt| because(receipt).contains("deleted")).then_some(())
    })
    .await;
    assert!(world.pipelines(project).await.is_empty());
}

fn because(receipt: &Receipt) -> &str {
    match receipt {
        Receipt::Ignored { because, .. } => because,
        Receipt::Started { what, .. } | Receipt::Known { what, .. } => what,
    }
}

/// On GitHub an annotated tag arrives as the id of the tag object; what is built and reported is the
/// commit, and branch-only jobs stay away.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_built_on_its_commit() {
    let world = World::start().await;
    let config = ONE_JOB.replace(
        "jobs: [build]",
        "jobs:\n      - build:\n          filters: {branches: {ignore: /.*/}, tags: {only: /v.*/}}",
    );
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", &config).await;
        let message = Some("first");
        let tag = NewTag { tag: "v1", target: &sha, message, author: LOGIN };
        world.forge.push_tag(kind, WEB, &tag).await.unwrap();
        let task = world.runner().claim().await.unwrap();
        assert_eq!(task.spec.checkout.sha.as_str(), sha);
        assert_eq!(task.spec.checkout.git_ref.tag().map(TagName::as_str), Some("v1"));
        task.play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;
        let pipelines = world.pipelines(project).await;
        assert_eq!(pipelines.len(), 2);
        // The push to the branch says why it ran nothing.
        let (pushed, _) = pipelines.iter().find(|(row, _)| row.git_ref.branch().is_some()).unwrap();
        let configuration = world.app().store.config_of(pushed.id).await.unwrap().unwrap();
        let why = configuration.nothing_runs.unwrap();
        assert!(why.contains("no job's filters match branch"), "{why}");
    }
}

/// Two workflows may have a job of one name: the success must not hide the failure (invariant 4).
#[tokio::test(flavor = "multi_thread")]
async fn a_later_success_does_not_replace_a_failure_of_the_same_name() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    world.project(kind, "web").await;
    let config = format!("{ONE_JOB}  second:\n    jobs: [build]\n");
    let sha = world.push(kind, "web", &config).await;
    let failing = [ScriptedStep::new("false", "", 1)];
    world.runner().claim().await.unwrap().play(&failing).await.unwrap();
    world.reported(kind, "web", &sha, "failure").await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    // Both emails are out, so both reports have been processed.
    world.sink.wait_for(2, super::world::TIMEOUT).await;
    world.outbox_is_empty().await;
    world.reported(kind, "web", &sha, "failure").await;
}

/// A forge that is unavailable delays a push; it does not lose it (`VCS` §0 rule 9).
#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_is_unavailable_delays_a_push_and_does_not_lose_it() {
    let world = World::start().await;
    for (kind, path) in [(ForgeKind::GitHub, "/contents/"), (ForgeKind::Bitbucket, "/src/")] {
        let project = world.project(kind, "web").await;
        let how = FailureKind::Answer { status: 502, headers: Vec::new(), body: "no".to_owned() };
        let (method, path_contains) = (String::new(), path.to_owned());
        world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 2, how });
        let sha = world.push(kind, "web", ONE_JOB).await;
        world.runner().claim().await.unwrap().play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;
        assert_eq!(world.pipelines(project).await.len(), 1);
        world.forge.heal();
    }
}

/// A file that is never handed out, by a forge that is there: its author must not wait for a day without
/// a word on the commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_the_forge_never_returns_is_reported_on_the_commit() {
    let mut world = World::start().await;
    world.settings.pace.give_up_file_after = Duration::from_millis(500);
    world.restart().await;
    let cases =
        [(ForgeKind::GitHub, "/contents/", "error"), (ForgeKind::Bitbucket, "/src/", "FAILED")];
    let mut pushed = Vec::new();
    for (kind, path, state) in cases {
        let project = world.project(kind, "web").await;
        world.forge.inject(refuses(kind, path));
        pushed.push((kind, project, state, world.push(kind, "web", ONE_JOB).await));
    }
    for (kind, project, state, sha) in pushed {
        let status = world.reported(kind, "web", &sha, state).await;
        assert_eq!(status.context, "ci/roundel: config");
        let said =
            format!("{UNREADABLE}: {kind} did not return \".circleci/config.yml\": no (HTTP 500)");
        assert!(status.description.starts_with(&said), "{status:?}");
        let (pipeline, _) = world.pipelines(project).await.remove(0);
        assert_eq!(pipeline.error_kind, Some(PipelineErrorKind::ConfigFetch));
        assert!(
            pipeline.errors[0].contains("The Git provider answers other requests"),
            "{pipeline:?}"
        );
        world.receipt(project, "push to main").await;
    }
}

/// Begins the commit status of a pipeline whose configuration a forge did not return.
const UNREADABLE: &str = "Could not read configuration";

/// A forge that refuses to return a file says nothing about what is in it: no one must look for a mistake
/// in their configuration.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_the_forge_refuses_is_not_called_an_error_in_it() {
    let world = World::start().await;
    let body = r#"{"message":"Access denied","documentation_url":"https://docs.github.com/rest","type":"error","error":{"message":"Access denied"}}"#;
    let cases =
        [(ForgeKind::GitHub, "/contents/", "error"), (ForgeKind::Bitbucket, "/src/", "FAILED")];
    for (kind, path, state) in cases {
        let project = world.project(kind, "web").await;
        let how = FailureKind::Answer { status: 403, headers: Vec::new(), body: body.to_owned() };
        world.forge.inject(Failure { how, ..refuses(kind, path) });
        let sha = world.push(kind, "web", ONE_JOB).await;
        let status = world.reported(kind, "web", &sha, state).await;
        let refused =
            format!("{kind} refused to return `.circleci/config.yml`: Access denied (HTTP 403)");
        let said = format!("{UNREADABLE}: {}", refused.replace('`', "\""));
        assert!(status.description.starts_with(&said), "{status:?}");
        let (pipeline, _) = world.pipelines(project).await.remove(0);
        assert_eq!(pipeline.error_kind, Some(PipelineErrorKind::ConfigFetch));
        assert!(pipeline.errors[0].starts_with(&refused), "{pipeline:?}");
        assert!(pipeline.errors[0].contains("must be allowed to read"), "{pipeline:?}");
        let page = world.page(project, &format!("/pipeline/{}", pipeline.id)).await;
        assert!(page.contains("Could not read config<"), "{page}");
        assert!(!page.contains("Config error"), "{page}");
    }
    for email in world.sink.wait_for(2, super::world::TIMEOUT).await {
        let subject = email.header("Subject").unwrap();
        assert!(subject.contains("could not read configuration: pipeline 1"), "{subject}");
    }
}

/// What is wrong with the file itself is for its author to fix, also where it cannot be compiled at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_too_large_is_a_config_error() {
    let world = World::start().await;
    for (kind, state) in [(ForgeKind::GitHub, "error"), (ForgeKind::Bitbucket, "FAILED")] {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", &"# too much\n".repeat(100_000)).await;
        let status = world.reported(kind, "web", &sha, state).await;
        assert!(status.description.contains("1100000 bytes; the limit is"), "{status:?}");
        let (pipeline, _) = world.pipelines(project).await.remove(0);
        assert_eq!(pipeline.error_kind, Some(PipelineErrorKind::Config));
    }
}

/// After an outage of the server or of the whole forge, every push is old: one that meets a hiccup then must
/// be tried again like any other.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_push_is_not_given_up_for_one_failure() {
    let mut world = World::start().await;
    world.settings.pace.give_up_file_after = Duration::ZERO;
    world.restart().await;
    let kind = ForgeKind::GitHub;
    let project = world.project(kind, "web").await;
    // The client repeats a read twice by itself.
    world.forge.inject(Failure { times: 3, ..refuses(kind, "/contents/") });
    let sha = world.push(kind, "web", ONE_JOB).await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    world.reported(kind, "web", &sha, words(kind).1).await;
    let deliveries = world.deliveries(project).await;
    assert!(deliveries.iter().any(|found| found.attempts > 1), "{deliveries:?}");
}

/// A forge that answers nothing is down: a push waits for it until it is given up, and then says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_waits_for_a_forge_that_is_down_until_it_is_given_up() {
    let mut world = World::start().await;
    let kind = ForgeKind::GitHub;
    let project = world.project(kind, "web").await;
    world.settings.pace.give_up_file_after = Duration::ZERO;
    world.restart().await;
    world.forge.inject(Failure { method: "GET".to_owned(), ..refuses(kind, "/repo") });
    let sha = world.push(kind, "web", ONE_JOB).await;
    until("the push to be tried again", async || {
        let deliveries = world.deliveries(project).await;
        deliveries.iter().any(|found| found.attempts > 1).then_some(())
    })
    .await;
    assert_eq!(world.pipelines(project).await, []);
    world.settings.pace.give_up_after = Duration::ZERO;
    world.restart().await;
    let status = world.reported(kind, "web", &sha, "error").await;
    let said = format!("{UNREADABLE}: {kind} is unavailable: no (HTTP 500)");
    assert!(status.description.starts_with(&said), "{status:?}");
    let (pipeline, _) = world.pipelines(project).await.remove(0);
    assert!(pipeline.errors[0].contains("once the Git provider answers"), "{pipeline:?}");
}

/// What proxies, firewalls and API gateways answer on the way to a forge, close to the forges' own forms.
/// The client's own tests have many more.
const REFUSED_ON_THE_WAY: [(u16, &str); 2] =
    [(401, SIGN_IN_PAGE), (401, r#"{"error":{"message":"Unauthorized"}}"#)];
const ABSENT_ON_THE_WAY: [(u16, &str); 2] = [
    (404, r#"{"message":"no Route matched with those values"}"#),
    (404, r#"{"error":{"message":"Not Found"}}"#),
];

const SIGN_IN_PAGE: &str = "<html><head><title>Sign in to the network</title></head></html>";

/// What happens to a call that something on the way answers.
fn refused_on_the_way((status, body): (u16, &str)) -> FailureKind {
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    FailureKind::Answer { status, headers, body: body.to_owned() }
}

/// One answer 401 from a proxy disconnected the account, and pushes ended in errors until its owner
/// signed in again.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_outlives_a_proxy_that_refuses_every_call() {
    let world = World::start().await;
    let mut projects = Vec::new();
    for kind in ForgeKind::ALL {
        projects.push((kind, world.project(kind, "web").await));
    }
    let pages = [(404, SIGN_IN_PAGE), (422, SIGN_IN_PAGE)];
    let answers = REFUSED_ON_THE_WAY.into_iter().chain(ABSENT_ON_THE_WAY).chain(pages);
    for (turn, answer) in answers.enumerate() {
        let mut pushed = Vec::new();
        for &(kind, project) in &projects {
            world.forge.inject(Failure { how: refused_on_the_way(answer), ..refuses(kind, "") });
            let sha = world.push(kind, "web", &format!("{ONE_JOB}# {turn}\n")).await;
            pushed.push((kind, project, sha));
        }
        for (_, project, _) in &pushed {
            until("the push to be tried again", async || {
                let deliveries = world.deliveries(*project).await;
                let mut waiting = deliveries.iter().filter(|found| found.receipts.is_empty());
                waiting.any(|found| found.attempts > 1).then_some(())
            })
            .await;
        }
        world.forge.heal();
        for _ in &pushed {
            world.runner().claim().await.unwrap().play(&[]).await.unwrap();
        }
        for (kind, _, sha) in &pushed {
            world.reported(*kind, "web", sha, words(*kind).1).await;
            assert!(!world.is_disconnected(*kind).await, "{kind} {answer:?}");
        }
    }
}

/// One answer 404 from a gateway made a push vanish: its commit was said to have no configuration.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_a_gateway_denies_is_not_absent() {
    let world = World::start().await;
    for (kind, path) in [(ForgeKind::GitHub, "/contents/"), (ForgeKind::Bitbucket, "/src/")] {
        let project = world.project(kind, "web").await;
        for answer in ABSENT_ON_THE_WAY {
            let how = refused_on_the_way(answer);
            // The client repeats a read twice by itself.
            world.forge.inject(Failure { times: 3, how, ..refuses(kind, path) });
            let sha = world.push(kind, "web", &format!("{ONE_JOB}# {answer:?}\n")).await;
            world.runner().claim().await.unwrap().play(&[]).await.unwrap();
            world.reported(kind, "web", &sha, words(kind).1).await;
        }
        assert_eq!(world.pipelines(project).await.len(), ABSENT_ON_THE_WAY.len());
    }
}

/// Forges refuse a good token now and then, in their own words, for one call.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_for_one_call_only_is_used_again() {
    let world = World::start().await;
    for (kind, path, body) in [
        (ForgeKind::GitHub, "/contents/", BAD_CREDENTIALS),
        (ForgeKind::Bitbucket, "/src/", INVALID_TOKEN),
    ] {
        world.project(kind, "web").await;
        let how = FailureKind::Answer { status: 401, headers: Vec::new(), body: body.to_owned() };
        world.forge.inject(Failure { times: 2, how, ..refuses(kind, path) });
        let sha = world.push(kind, "web", ONE_JOB).await;
        world.runner().claim().await.unwrap().play(&[]).await.unwrap();
        world.reported(kind, "web", &sha, words(kind).1).await;
        assert!(!world.is_disconnected(kind).await, "{kind}");
    }
}

/// A token that was revoked is refused by every call: it is not used again, and people read what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_twice_disconnects_its_account() {
    let world = World::start().await;
    for (kind, body) in
        [(ForgeKind::GitHub, BAD_CREDENTIALS), (ForgeKind::Bitbucket, INVALID_TOKEN)]
    {
        let project = world.project(kind, "web").await;
        let how = FailureKind::Answer { status: 401, headers: Vec::new(), body: body.to_owned() };
        world.forge.inject(Failure { how, ..refuses(kind, "") });
        world.push(kind, "web", ONE_JOB).await;
        world.receipt(project, "push to main").await;
        assert!(world.is_disconnected(kind).await, "{kind}");
        let (pipeline, _) = world.pipelines(project).await.remove(0);
        assert!(pipeline.errors[0].contains("must sign in again with"), "{pipeline:?}");
    }
}

/// How GitHub refuses a token.
const BAD_CREDENTIALS: &str = r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#;

/// How Bitbucket refuses a token.
const INVALID_TOKEN: &str = r#"{"type":"error","error":{"message":"Token is invalid, expired, or not supported for this endpoint."}}"#;

/// Fails every call of a path.
fn refuses(kind: ForgeKind, path: &str) -> Failure {
    let how = FailureKind::Answer { status: 500, headers: Vec::new(), body: "no".to_owned() };
    let (method, path_contains) = (String::new(), path.to_owned());
    Failure { kind, method, path_contains, after: 0, times: u32::MAX, how }
}

/// A commit status that could not be set at once is set later, as the rows then are.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_status_that_was_refused_is_set_later() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        world.project(kind, "web").await;
        let failed =
            FailureKind::Answer { status: 500, headers: Vec::new(), body: "no".to_owned() };
        let [refused, absent] = [REFUSED_ON_THE_WAY[1], ABSENT_ON_THE_WAY[0]];
        let on_the_way = [refused, absent, (422, SIGN_IN_PAGE)].map(refused_on_the_way);
        let answers = on_the_way.into_iter().chain([failed, FailureKind::LoseAnswer]);
        // A push for each, because the pauses before further tries become long.
        for (number, how) in answers.enumerate() {
            let (method, path_contains) = ("POST".to_owned(), "/statuses".to_owned());
            world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 2, how });
            let sha = world.push(kind, "web", &format!("{ONE_JOB}# {number}\n")).await;
            world.runner().claim().await.unwrap().play(&[]).await.unwrap();
            world.reported(kind, "web", &sha, words(kind).1).await;
            world.forge.heal();
        }
    }
}

/// A token is a perishable loan: when it is refused, another follower's is used (`VCS` §0 rule 6).
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_replaced_by_another_followers() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    let project = world.project(kind, "web").await;
    let first = world.sign_in(kind).await;
    let second = world.sign_in_as(kind, "grace", "grace@example.org").await;
    world.forge.set_role(kind, WEB, "grace", Some(roundel_model::forge::Role::Write)).unwrap();
    let now = roundel_model::time::Timestamp::now();
    world.app().store.follow(second, project, now).await.unwrap();
    let store = &world.app().store;
    let token = store.identity(first, kind).await.unwrap().unwrap().token.unwrap();
    assert!(store.mark_token_refused(first, kind, &token.access).await.unwrap());
    let sha = world.push(kind, "web", ONE_JOB).await;
    let status = world.reported(kind, "web", &sha, "pending").await;
    assert_eq!(status.creator, "grace");
}

/// VCS-012: the configuration is that of the commit, however the branch has moved on since; and
/// deliveries that come twice, late or in the wrong order change nothing about that.
#[tokio::test(flavor = "multi_thread")]
async fn each_push_is_built_once_with_its_own_configuration_in_any_order() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let late = std::time::Duration::from_millis(500);
        world.forge.disturb(kind, DeliveryFault::Delay(late), 1);
        let first = world.push(kind, "web", ONE_JOB).await;
        world.forge.disturb(kind, DeliveryFault::Repeat, 1);
        let second = world.push(kind, "web", &ONE_JOB.replace("build", "check")).await;
        let mut claimed = Vec::new();
        for _ in 0..2 {
            let task = world.runner().claim().await.unwrap();
            let sha = task.spec.checkout.sha.as_str().to_owned();
            claimed.push((sha, task.spec.job_name.as_str().to_owned()));
            task.play(&[]).await.unwrap();
        }
        claimed.sort();
        let mut expected = vec![(first.clone(), "build".to_owned()), (second, "check".to_owned())];
        expected.sort();
        assert_eq!(claimed, expected);
        world.reported(kind, "web", &first, words(kind).1).await;
        assert_eq!(world.pipelines(project).await.len(), 2);
    }
}

/// The names on the settings page are copied into branch protections, which wait forever for a name
/// that is never set: approvals, jobs that do nothing, and names that are too long for a forge.
#[tokio::test(flavor = "multi_thread")]
async fn the_settings_page_lists_the_names_that_are_set_on_commits() {
    let world = World::start().await;
    let long = "long".repeat(80);
    let config = format!(
        "version: 2.1
jobs:
  first: {{machine: true, steps: [{{run: echo 1}}]}}
  {long}: {{machine: true, steps: [{{run: echo 1}}]}}
  nothing: {{type: no-op}}
workflows:
  ship it:
    jobs:
      - first
      - {long}
      - nothing
      - hold: {{type: approval, requires: [first]}}
"
    );
    for kind in ForgeKind::ALL {
        let project = world.project(kind, "web").await;
        let sha = world.push(kind, "web", &config).await;
        for _ in 0..2 {
            world.runner().claim().await.unwrap().play(&[]).await.unwrap();
        }
        world.outbox_is_empty().await;
        let statuses =
            world.forge.statuses(kind, CommitName { owner: OWNER, repository: "web", sha: &sha });
        let set: BTreeSet<String> = statuses.into_iter().map(|status| status.context).collect();
        assert!(set.contains("ci/roundel: first"), "{set:?}");
        assert!(set.contains("ci/roundel: ship it/hold"), "{set:?}");
        assert_eq!(set.len(), 4, "{set:?}");
        let listed: BTreeSet<String> =
            world.settings_page_names(project).await.into_iter().collect();
        assert_eq!(listed, set);
    }
}
