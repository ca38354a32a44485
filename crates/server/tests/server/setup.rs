//! Adding a project: once, thrice, and with a fault at every step (VCS-001, VCS-006, VCS-007).

use std::time::Duration;

use roundel_localforge::{Failure, FailureKind};
use roundel_model::{forge::ForgeKind, id::ProjectId, time::Timestamp};
use roundel_server::setup;
use roundel_store::{
    accounts::Token,
    projects::{HookState, KeyState, SetupState, SetupStepStatus},
};

use super::world::{LOGIN, ONE_JOB, OWNER, WEB, World};

#[tokio::test(flavor = "multi_thread")]
async fn setting_up_makes_one_key_and_one_hook_and_the_first_pipeline() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        world.add_repository(kind, "web", &[(".circleci/config.yml", ONE_JOB)]).await;
        let (project, setup) = world.set_up(kind, "web").await;
        assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
        for step in &setup.steps {
            // Bitbucket sends no test webhook: that one was received must not be said.
            let wanted = match (kind, step.key.as_str()) {
                (ForgeKind::Bitbucket, "ping") => SetupStepStatus::Skipped,
                _ => SetupStepStatus::Done,
            };
            assert_eq!(step.status, wanted, "{kind} {step:#?}");
        }
        let keys = world.forge.keys_of(kind, OWNER, "web");
        let ours = world.app().store.checkout_key(project).await.unwrap().unwrap();
        assert_eq!(keys.len(), 1);
        assert!(keys[0].read_only);
        assert!(keys[0].used, "real git has proven it");
        assert_eq!(keys[0].fingerprint, ours.fingerprint);
        assert_eq!(ours.state, KeyState::Active);
        let hooks = world.forge.hooks_of(kind, OWNER, "web");
        assert_eq!(hooks.len(), 1);
        assert!(hooks[0].active);
        let hook = world.app().store.hook_of(project).await.unwrap().unwrap();
        assert_eq!(hook.state, HookState::Active);
        assert_eq!(hooks[0].secret.as_deref(), Some(hook.secret.expose().as_str()));
        assert!(world.app().store.project(project).await.unwrap().unwrap().active);
        world.only_pipeline(project).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_up_thrice_leaves_one_key_and_one_hook() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        world.add_repository(kind, "web", &[(".circleci/config.yml", ONE_JOB)]).await;
        for _ in 0..3 {
            let (project, setup) = world.set_up(kind, "web").await;
            assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
            world.only_pipeline(project).await;
        }
        assert_eq!(world.forge.keys_of(kind, OWNER, "web").len(), 1);
        assert_eq!(world.forge.hooks_of(kind, OWNER, "web").len(), 1);
    }
}

/// A user who lost a webhook runs setup again; a deploy of the default branch was not asked for.
#[tokio::test(flavor = "multi_thread")]
async fn setup_that_is_run_again_starts_no_pipeline() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    world.add_repository(kind, "web", &[(".circleci/config.yml", ONE_JOB)]).await;
    let (project, setup) = world.set_up(kind, "web").await;
    let last = setup.steps.last().unwrap();
    assert_eq!(last.detail.as_deref(), Some("pipeline 1 on main"), "a first setup starts one");
    world.only_pipeline(project).await;
    // The head is then a commit that has no pipeline.
    world.app().store.stop_building(project).await.unwrap();
    world.push(kind, "web", ONE_JOB).await;
    world.receipt(project, "push to main").await;
    let (_, setup) = world.set_up(kind, "web").await;
    let last = setup.steps.last().unwrap();
    assert_eq!(last.status, SetupStepStatus::Skipped, "{setup:#?}");
    let said = "the project already has pipelines; none was triggered";
    assert_eq!(last.detail.as_deref(), Some(said));
    world.only_pipeline(project).await;
}

fn refusal(status: u16) -> FailureKind {
    let body = r#"{"message":"no","documentation_url":"https://docs.github.com/rest","type":"error","error":{"message":"no"}}"#.to_owned();
    FailureKind::Answer { status, headers: Vec::new(), body }
}

/// Whatever fails, afterwards either everything exists or nothing that we created remains, people can read
/// which step it was, and a second run succeeds.
async fn a_fault_at_any_step_leaves_all_or_nothing(kind: ForgeKind) {
    let world = World::start().await;
    let file = if kind == ForgeKind::GitHub { "/contents/" } else { "/src/" };
    let faults = [
        ("GET", file, refusal(403)),
        ("GET", "keys", refusal(403)),
        ("POST", "keys", refusal(403)),
        ("POST", "keys", refusal(422)),
        ("GET", "hooks", refusal(403)),
        ("POST", "hooks", refusal(403)),
        ("POST", "hooks", refusal(404)),
    ];
    for (number, (method, path, how)) in faults.into_iter().enumerate() {
        let name = format!("repo{number}");
        world.add_repository(kind, &name, &[("README.md", "x")]).await;
        let (method, path_contains) = (method.to_owned(), path.to_owned());
        // Only the listings before the thing was made: taking it back needs them, too.
        let times = if method == "GET" { 1 } else { u32::MAX };
        let what = format!("{kind} {method} {path_contains} {how:?}");
        world.forge.inject(Failure { kind, method, path_contains, after: 0, times, how });
        let (project, setup) = world.set_up(kind, &name).await;
        assert_eq!(setup.state, SetupState::Failed, "{what}: {setup:#?}");
        assert!(
            setup
                .steps
                .iter()
                .any(|step| step.status == SetupStepStatus::Failed && step.detail.is_some()),
            "{what}: {setup:#?}"
        );
        assert!(world.forge.keys_of(kind, OWNER, &name).is_empty(), "{what}");
        assert!(world.forge.hooks_of(kind, OWNER, &name).is_empty(), "{what}");
        assert!(!world.app().store.project(project).await.unwrap().unwrap().active);

        world.forge.heal();
        let (_, setup) = world.set_up(kind, &name).await;
        assert_eq!(setup.state, SetupState::Done, "{what}: {setup:#?}");
        assert_eq!(world.forge.keys_of(kind, OWNER, &name).len(), 1, "{what}");
        assert_eq!(world.forge.hooks_of(kind, OWNER, &name).len(), 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_github_leaves_all_or_nothing_and_the_next_run_succeeds() {
    a_fault_at_any_step_leaves_all_or_nothing(ForgeKind::GitHub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_bitbucket_leaves_all_or_nothing_and_the_next_run_succeeds() {
    a_fault_at_any_step_leaves_all_or_nothing(ForgeKind::Bitbucket).await;
}

/// The forge did it, but its answer was lost: looking again finds it, and nothing is there twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_again_by_looking() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        for path in ["keys", "hooks"] {
            let name = format!("lost{}", path.len());
            world.add_repository(kind, &name, &[("README.md", "x")]).await;
            let (method, path_contains) = ("POST".to_owned(), path.to_owned());
            let how = FailureKind::LoseAnswer;
            world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 1, how });
            let (_, setup) = world.set_up(kind, &name).await;
            assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
            assert_eq!(world.forge.keys_of(kind, OWNER, &name).len(), 1);
            assert_eq!(world.forge.hooks_of(kind, OWNER, &name).len(), 1);
            world.forge.heal();
        }
    }
}

/// VCS-008: keys and hooks need an administrator, and the page says so instead of a raw 404.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_not_an_administrator_reads_who_can_do_it() {
    let world = World::start().await;
    let kind = ForgeKind::GitHub;
    world.add_repository(kind, "web", &[]).await;
    let grace = world.sign_in_as(kind, "grace", "grace@example.org").await;
    let role = Some(roundel_model::forge::Role::Write);
    world.forge.set_role(kind, WEB, "grace", role).unwrap();
    let refused = setup::begin(&world.app().setups, grace, kind, OWNER, "web").await.unwrap_err();
    assert!(refused.to_string().contains("administrator"), "{refused}");
    let refused =
        setup::begin(&world.app().setups, grace, kind, OWNER, "nowhere").await.unwrap_err();
    assert!(refused.to_string().contains("account sees no repository"), "{refused}");
    // What the forge cannot answer is not the fault of the user who asks.
    let how = FailureKind::Answer { status: 503, headers: Vec::new(), body: "no".to_owned() };
    let (method, path_contains) = ("GET".to_owned(), "/repos/".to_owned());
    world.forge.inject(Failure { kind, method, path_contains, after: 0, times: u32::MAX, how });
    let failed = setup::begin(&world.app().setups, grace, kind, OWNER, "web").await.unwrap_err();
    assert!(matches!(failed, setup::SetupError::ForgeFailed(_)), "{failed}");
}

/// A server that dies in the middle of a setup continues with it when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_survives_a_crash() {
    let mut world = World::start().await;
    for kind in ForgeKind::ALL {
        for path in ["keys", "hooks"] {
            let name = format!("crash{}", path.len());
            world.add_repository(kind, &name, &[("README.md", "x")]).await;
            let account = world.sign_in(kind).await;
            let (method, path_contains) = ("POST".to_owned(), path.to_owned());
            let how = FailureKind::Delay(std::time::Duration::from_secs(5));
            world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 1, how });
            let project =
                setup::begin(&world.app().setups, account, kind, OWNER, &name).await.unwrap();
            let step = if path == "keys" { "key" } else { "hook" };
            super::world::until("the step to begin", async || {
                let setup = world.app().store.setup(project).await.unwrap()?;
                let at = setup.steps.into_iter().find(|found| found.key == step)?;
                (at.status == SetupStepStatus::Running).then_some(())
            })
            .await;
            world.restart().await;
            world.forge.heal();
            let setup = world.setup_ended(project).await;
            assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
            assert_eq!(world.forge.keys_of(kind, OWNER, &name).len(), 1, "{kind} {path}");
            assert_eq!(world.forge.hooks_of(kind, OWNER, &name).len(), 1, "{kind} {path}");
        }
    }
}

/// Begins a setup that ends with the server while it adds the webhook, by a user with this token.
async fn killed_at_the_hook(world: &mut World, kind: ForgeKind, token: Token) -> ProjectId {
    world.add_repository(kind, "web", &[("README.md", "x")]).await;
    let account = world.sign_in(kind).await;
    let (method, path_contains) = ("POST".to_owned(), "hooks".to_owned());
    let how = FailureKind::Delay(Duration::from_mins(1));
    world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 1, how });
    let project = setup::begin(&world.app().setups, account, kind, OWNER, "web").await.unwrap();
    super::world::until("the hook to be recorded", async || {
        world.app().store.hook_of(project).await.unwrap()
    })
    .await;
    world.app().store.replace_token(account, kind, &token).await.unwrap();
    world.kill();
    project
}

/// It ended as failed, with a page that said that everything was removed again, and a key at the forge.
#[tokio::test(flavor = "multi_thread")]
async fn a_setup_waits_for_a_forge_that_does_not_renew_its_token() {
    for kind in ForgeKind::ALL {
        let mut world = World::start().await;
        let settings = world.settings.forges.iter().find(|one| one.kind == kind).unwrap();
        let (access, refresh) = world.forge.grant_renewable_token(
            kind,
            LOGIN,
            &["repo", "account", "repository", "repository:admin", "webhook", "pullrequest"],
            &settings.client_id,
        );
        world.forge.expire_tokens(kind, LOGIN);
        let token = Token {
            refresh: Some(refresh.into()),
            expires_at: Some(Timestamp::now()),
            ..Token::new(access.into())
        };
        let project = killed_at_the_hook(&mut world, kind, token).await;
        world.forge.heal();
        let (method, path_contains) = ("POST".to_owned(), "access_token".to_owned());
        let how = FailureKind::Answer { status: 503, headers: Vec::new(), body: "no".to_owned() };
        world.forge.inject(Failure { kind, method, path_contains, after: 0, times: 3, how });
        world.restart().await;
        let setup = world.setup_ended(project).await;
        assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
        assert_eq!(world.forge.keys_of(kind, OWNER, "web").len(), 1, "{kind}");
    }
}

/// Nothing can be removed without a token, so people must read what to remove.
#[tokio::test(flavor = "multi_thread")]
async fn a_setup_whose_user_is_signed_out_names_what_is_left() {
    for kind in ForgeKind::ALL {
        let mut world = World::start().await;
        let token = Token { refused: true, ..Token::new("revoked".into()) };
        let project = killed_at_the_hook(&mut world, kind, token).await;
        world.forge.heal();
        world.restart().await;
        let setup = world.setup_ended(project).await;
        assert_eq!(setup.state, SetupState::Abandoned, "{setup:#?}");
        let step = |key: &str| setup.steps.iter().find(|step| step.key == key).unwrap();
        let said = |key: &str| step(key).detail.clone().unwrap_or_default();
        assert_eq!(step("config").status, SetupStepStatus::Done, "{setup:#?}");
        assert_eq!(step("hook").status, SetupStepStatus::Failed, "{setup:#?}");
        assert!(said("hook").starts_with("Your connection to"), "{setup:#?}");
        assert!(said("hook").contains("not removed: delete the webhook http"), "{setup:#?}");
        let key = format!("not removed: delete the {} SHA256:", kind.key_name());
        assert!(said("key").starts_with(&key), "{setup:#?}");
    }
}

/// The step that fails may be the one whose work is left: its reason alone named nothing to delete.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_and_leaves_something_says_both() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        world.add_repository(kind, "web", &[("README.md", "x")]).await;
        let inject = |method: &str, after, times, how| {
            let (method, path_contains) = (method.to_owned(), "hooks".to_owned());
            world.forge.inject(Failure { kind, method, path_contains, after, times, how });
        };
        inject("POST", 0, u32::MAX, refusal(403));
        // The listing before it is made is answered, those for taking it back are not.
        inject("GET", 1, u32::MAX, refusal(403));
        let (_, setup) = world.set_up(kind, "web").await;
        assert_eq!(setup.state, SetupState::Abandoned, "{setup:#?}");
        let hook = setup.steps.iter().find(|step| step.key == "hook").unwrap();
        let said = hook.detail.clone().unwrap_or_default();
        assert_eq!(hook.status, SetupStepStatus::Failed, "{setup:#?}");
        assert!(said.starts_with("could not "), "{said}");
        assert!(said.contains("not removed: delete the webhook http"), "{said}");
    }
}

/// A stranger in place of the forge's SSH server must not get a key that "works".
#[tokio::test(flavor = "multi_thread")]
async fn a_forge_with_an_unknown_host_key_is_not_trusted() {
    let mut world = World::start().await;
    for forge in &mut world.settings.forges {
        // The pinned keys of the public forges: not those of this machine.
        forge.known_hosts = roundel_forge::host_keys::pinned(forge.kind).to_owned();
    }
    world.restart().await;
    let kind = ForgeKind::GitHub;
    world.add_repository(kind, "web", &[("README.md", "x")]).await;
    let (_, setup) = world.set_up(kind, "web").await;
    assert_eq!(setup.state, SetupState::Failed, "{setup:#?}");
    assert!(world.forge.keys_of(kind, OWNER, "web").is_empty());
}
