//! What a user meets in the first days: a server without providers, setup, badges, a configuration
//! that cannot be run yet.

use roundel_engine::{Configuration, Event};
use roundel_model::{forge::Role, status::PipelineErrorKind, time::Timestamp};
use roundel_store::projects::{Setup, SetupState};

use super::world::{PEOPLE, World, text};

/// Following it must end with a server that starts: the settings are tried in the tests of
/// `cli`, the callback in those of signing in.
#[tokio::test]
async fn a_fresh_server_says_what_to_put_where() {
    let world = World::without_providers().await;
    for path in ["/", "/login"] {
        let page = text(world.get(path, None).await).await;
        for part in [
            "http://127.0.0.1:1/login/github/callback",
            "http://127.0.0.1:1/login/bitbucket/callback",
            "<code>/srv/roundel/roundel.toml</code>",
            "[github]\nclient_id = \"…\"\nclient_secret = \"…\"</pre>",
            "[bitbucket]\nclient_id = \"…\"\nclient_secret = \"…\"</pre>",
            "ROUNDEL_GITHUB_CLIENT_ID",
        ] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
        assert!(!page.contains("[[forge]]"), "{page}");
    }
}

/// The author's file is right; calling it an error sends them looking for a mistake.
#[tokio::test]
async fn what_cannot_be_run_yet_is_not_called_an_error() {
    let world = World::new().await;
    let config = "version: 2.1\njobs: { build: { machine: true, steps: [
      { restore_cache: { key: a } }, { save_cache: { key: a, paths: [b] } }] } }
workflows: { w: { jobs: [build] } }\n";
    let compiled = roundel_config::compile(config, &roundel_config::Inputs::default());
    let found: Vec<_> = compiled.errors().collect();
    let failed = Event::CompileFailed {
        kind: PipelineErrorKind::Unsupported,
        errors: vec!["caches are not supported yet".to_owned()],
        configuration: Configuration {
            text: Some(config.to_owned()),
            diagnostics: Some(serde_json::to_string(&found).unwrap()),
        },
    };
    let pipeline = world.failed_to_compile("Cache it", failed).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("<strong>Not supported</strong>"), "{page}");
    assert!(page.contains(">2 parts of this configuration are not supported yet</h2>"), "{page}");
    assert!(page.contains("href=\"/docs/planned\""), "{page}");
    assert!(!page.contains("class=\"diagnostic is-error\""), "one box, not one for each: {page}");
    let list = text(world.get("/gh/acme/web", Some("reader")).await).await;
    for page in [page, list] {
        assert!(page.contains("#m-notsupported"), "{page}");
        assert!(!page.contains("Config error"), "{page}");
    }
}

/// "The first pipeline" is number 1, however many were started since.
#[tokio::test]
async fn setup_leads_to_the_first_pipeline() {
    let world = World::new().await;
    let first = world.pipeline("main", "One").await;
    let second = world.pipeline("main", "Two").await;
    let setup = Setup {
        project: world.project.id,
        actor: world.account("admin").await.id,
        state: SetupState::Done,
        steps: Vec::new(),
        started_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    };
    world.app.store.save_setup(&setup).await.unwrap();
    let page = text(world.get("/gh/acme/web/setup", Some("admin")).await).await;
    let link = format!("href=\"/pipeline/{first}\">Watch the first pipeline</a>");
    assert!(page.contains(&link) && !page.contains(&second.to_string()), "{page}");
}

/// A key or webhook that was deleted at the provider is made again by one button.
#[tokio::test]
async fn administrators_can_run_setup_again() {
    let world = World::new().await;
    let button = "action=\"/gh/acme/web/setup\"><button class=\"button primary\" \
                  type=\"submit\">Run setup again</button>";
    for (who, role) in PEOPLE.into_iter().filter_map(|(who, role)| Some((who, role?))) {
        let page = text(world.get("/gh/acme/web/settings", Some(who)).await).await;
        let buttons = page.matches(button).count();
        match role {
            Role::Admin => assert_eq!(buttons, 2, "for the key and for the webhook: {page}"),
            Role::Write | Role::Read => assert_eq!(buttons, 0, "{who}: {page}"),
        }
        if role == Role::Write {
            assert!(page.contains("An administrator of the repository can run setup again."));
        }
    }
    let answer = world.post("/gh/acme/web/setup", "", "admin").await;
    assert_eq!(answer.headers()["location"], "/gh/acme/web/setup");
    let setup = world.app.store.setup(world.project.id).await.unwrap();
    assert!(setup.is_some(), "it has begun");
}

/// They are copied into branch protection rules: a name that no status has blocks every merge.
#[tokio::test]
async fn the_settings_list_the_names_that_commit_statuses_have() {
    let world = World::new().await;
    world.held("Release").await;
    let page = text(world.get("/gh/acme/web/settings", Some("admin")).await).await;
    for name in ["ci/roundel: main/approve", "ci/roundel: test"] {
        assert!(page.contains(&format!("<code>{name}</code>")), "{name}: {page}");
    }
    assert!(!page.contains("<code>ci/roundel: approve</code>"), "{page}");
}

/// Code that shows "UNKNOWN" to everyone is worse than none.
#[tokio::test]
async fn a_badge_of_a_private_project_has_no_code_without_a_token() {
    let world = World::new().await;
    let page = text(world.get("/gh/acme/web/settings", Some("admin")).await).await;
    assert!(page.contains("there is no code to copy yet"), "{page}");
    assert!(!page.contains("Markdown"), "{page}");
    world.post("/gh/acme/web/settings/badge-token", "", "admin").await;
    let page = text(world.get("/gh/acme/web/settings", Some("admin")).await).await;
    assert!(page.contains("<h3>Markdown</h3>") && page.contains("token="), "{page}");
    let public = World::with(false).await;
    let page = text(public.get("/gh/acme/web/settings", Some("admin")).await).await;
    assert!(page.contains("<h3>Markdown</h3>") && !page.contains("token="), "{page}");
}

/// "Keys" are SSH keys to everyone who uses a CI server.
#[tokio::test]
async fn the_button_for_shortcuts_is_called_so() {
    let world = World::new().await;
    let page = text(world.get("/", Some("reader")).await).await;
    assert!(page.contains(">Shortcuts <kbd>?</kbd></button>"), "{page}");
    assert!(!page.contains(">Keys"), "{page}");
}
