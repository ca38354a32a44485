//! What a user meets in the first days: a server without providers, setup, badges, a configuration
//! that cannot be run yet.

use axum::http::StatusCode;
use roundel_config::Consequence;
use roundel_model::{forge::Role, time::Timestamp};
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
            "the settings file, <code>roundel.toml</code>",
            "[github]\nclient_id = \"…\"\nclient_secret_file = \"…\"</pre>",
            "[bitbucket]\nclient_id = \"…\"\nclient_secret_file = \"…\"</pre>",
            "ROUNDEL_GITHUB_CLIENT_ID",
        ] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
        assert!(!page.contains("[[forge]]"), "{page}");
    }
}

/// The page and the catalogue of diagnostics say the same; a code without an entry fails here.
#[tokio::test]
async fn the_page_of_what_is_planned_names_everything_that_is_not_supported() {
    let page = text(World::new().await.get("/docs/planned", None).await).await;
    let list = |id: &str| {
        let (_, list) = page.split_once(&format!("<section class=\"card\" id=\"{id}\">")).unwrap();
        list.split_once("</section>").unwrap().0
    };
    for code in roundel_config::codes::all() {
        // Which of the lists it is in says what happens to a pipeline that has it.
        let list = list(match code.consequence {
            Some(Consequence::PipelineRefused) => "pipelines",
            Some(Consequence::JobsRefused(_) | Consequence::NeverStarted) => "jobs",
            Some(Consequence::Ignored) => "ignored",
            None => continue,
        });
        let slug = code.slug;
        assert!(list.contains(&format!("href=\"/docs/diagnostics/{slug}\"")), "{slug}: {page}");
    }
}

/// The author's file is right; calling it an error sends them looking for a mistake.
#[tokio::test]
async fn what_cannot_be_run_yet_is_not_called_an_error() {
    let world = World::new().await;
    let config = "version: 2.1\njobs: { build: { machine: true, steps: [
      { restore_cache: { key: a } },
      { restore_cache: { key: b } }, { save_cache: { key: a, paths: [b] } }] } }
workflows: { w: { jobs: [build] } }\n";
    let pipeline = world.not_supported("Cache it", config).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("<strong>Not supported</strong>"), "{page}");
    assert!(page.contains(">2 parts of this configuration are not supported yet</h2>"), "{page}");
    assert!(page.contains("href=\"/docs/planned\""), "{page}");
    let lines = format!(
        "lines <a href=\"/pipeline/{pipeline}/config#L3\">3</a>, \
         <a href=\"/pipeline/{pipeline}/config#L4\">4</a></span>"
    );
    assert!(page.contains(&lines), "what is missing is one thing, on two lines: {page}");
    assert!(
        page.contains("<strong>Help:</strong> remove it: the job then works without the cache"),
        "{page}"
    );
    assert!(!page.contains("class=\"diagnostic is-error\""), "one box, not one for each: {page}");
    let list = text(world.get("/gh/acme/web", Some("reader")).await).await;
    for page in [page, list] {
        assert!(page.contains("#m-notsupported"), "{page}");
        assert!(!page.contains("Config error"), "{page}");
    }
}

/// Why nothing runs comes before what would only have warned. All that is not supported is in one box: the
/// heading counted one, and two more cards followed.
#[tokio::test]
async fn what_cannot_be_run_is_in_one_box_before_warnings() {
    let world = World::new().await;
    let config = "version: 2.1\njobs: { build: { docker: [{ image: a }, { image: b:1 }], steps: [
      { restore_cache: { key: a } }] } }\nworkflows: { w: { jobs: [build] },
  nightly: { triggers: [{ schedule: { cron: '0 0 * * *', filters: { branches: { only: main } } } }], jobs: [build] } }\n";
    let pipeline = world.not_supported("Cache it", config).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what}: {page}"));
    assert!(at(">3 parts of this configuration") < at("class=\"diagnostic is-warning\""), "{page}");
    assert!(!page.contains("class=\"diagnostic is-unsupported\""), "{page}");
}

#[tokio::test]
async fn the_badge_of_a_branch_that_needs_approval_says_on_hold() {
    let world = World::new().await;
    world.held("Deploy it").await;
    let badge = text(world.get("/gh/acme/web/tree/main.svg", Some("reader")).await).await;
    assert!(badge.contains(">ON HOLD</text>"), "{badge}");
    let query = "?style=shield&job=approve";
    let path = format!("/gh/acme/web/tree/main.svg{query}");
    let badge = text(world.get(&path, Some("reader")).await).await;
    assert!(badge.contains(">on hold</text>"), "{badge}");
}

async fn done_setup(world: &World) -> Setup {
    Setup {
        project: world.project.id,
        actor: world.account("admin").await.id,
        state: SetupState::Done,
        steps: Vec::new(),
        started_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    }
}

/// "The first pipeline" is number 1, and worth a button until there is a second.
#[tokio::test]
async fn setup_leads_to_the_first_pipeline() {
    let world = World::new().await;
    let first = world.pipeline("main", "One").await;
    world.app.store.save_setup(&done_setup(&world).await).await.unwrap();
    let page = text(world.get("/gh/acme/web/setup", Some("admin")).await).await;
    let link = format!("href=\"/pipeline/{first}\">Watch the first pipeline</a>");
    assert!(page.contains(&link), "{page}");
    // Setup may be run again much later.
    world.pipeline("main", "Two").await;
    let page = text(world.get("/gh/acme/web/setup", Some("admin")).await).await;
    assert!(page.contains(">Go to the project</a>") && !page.contains("first pipeline"), "{page}");
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

/// The badges of every README break with it: that takes two steps, as deleting does, and without script.
#[tokio::test]
async fn a_token_of_badges_is_replaced_only_after_a_question() {
    let world = World::new().await;
    let post = "action=\"/gh/acme/web/settings/badge-token\"";
    let settings = || async { text(world.get("/gh/acme/web/settings", Some("admin")).await).await };
    let page = settings().await;
    let (before, _) = page.split_once(post).unwrap();
    assert!(before.ends_with("<form method=\"post\" "), "{page}");
    assert!(page.contains("type=\"submit\">Generate token</button>"), "nothing breaks: {page}");
    let token = || async {
        let sent = world.post("/gh/acme/web/settings/badge-token", "", "admin").await;
        let back = sent.headers()["location"].to_str().unwrap().to_owned();
        text(world.get(&back, Some("admin")).await).await
    };
    assert!(!token().await.contains("The previous token"), "there was none");
    let page = settings().await;
    let (before, after) = page.split_once(post).unwrap();
    let question = "<details class=\"confirm\"><summary class=\"button danger\">Regenerate token\
                    </summary><form method=\"post\" ";
    assert!(before.ends_with(question), "{page}");
    assert!(
        after.contains("Badges that use the current token will show <em>unknown</em>"),
        "{page}"
    );
    assert!(token().await.contains("The previous token no longer works"));
}

/// A repository that is moved elsewhere must not be built twice, and can come back.
#[tokio::test]
async fn building_can_be_stopped_after_a_question_and_resumed() {
    let world = World::new().await;
    let settings = async |who| text(world.get("/gh/acme/web/settings", Some(who)).await).await;
    let page = settings("admin").await;
    let (before, _) = page.split_once("action=\"/gh/acme/web/settings/stop\"").unwrap();
    assert!(before.ends_with("Stop building</summary><form method=\"post\" "), "{page}");
    assert!(!settings("writer").await.contains("/settings/stop"));
    let answer = world.post("/gh/acme/web/settings/stop", "", "writer").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let active =
        || async { world.app.store.project(world.project.id).await.unwrap().unwrap().active };
    assert!(active().await);
    let answer = world.post("/gh/acme/web/settings/stop", "", "admin").await;
    assert_eq!(answer.headers()["location"], "/gh/acme/web/settings?done=stopped#building");
    assert!(!active().await);
    let page = settings("admin").await;
    assert!(page.contains("type=\"submit\">Run setup</button>"), "{page}");
    world.app.store.save_setup(&done_setup(&world).await).await.unwrap();
    let page = text(world.get("/gh/acme/web/setup", Some("admin")).await).await;
    assert!(page.contains("<h2>Stopped</h2>") && page.contains(">Run setup again<"), "{page}");
    assert!(!page.contains("setup-steps"), "what was done then is no longer so: {page}");
    // Who unfollows it as well must find it again.
    let page = text(world.get("/add", Some("admin")).await).await;
    let (_, entry) = page.split_once(">not building</span>").unwrap();
    assert!(entry.contains("href=\"/gh/acme/web\">Open"), "{page}");
    let page = text(world.get("/gh/acme/web", Some("writer")).await).await;
    assert!(page.contains("Pushes start no pipelines") && !page.contains("/trigger\""), "{page}");
    assert!(page.contains("start no pipelines: building was stopped."), "{page}");
    assert!(page.contains(">not building</span>") && !page.contains(">not set up<"), "{page}");
}

/// A user who looks for a project that they do not follow must not conclude that there is none.
#[tokio::test]
async fn the_list_of_projects_says_that_it_is_of_those_that_are_followed() {
    let world = World::new().await;
    let page = text(world.get("/projects", Some("reader")).await).await;
    assert!(page.contains("<h1>Projects you follow</h1>"), "{page}");
    assert!(page.contains("<a href=\"/add\">Add project</a> lists all repositories"), "{page}");
    world.post("/gh/acme/web/unfollow", "", "reader").await;
    let page = text(world.get("/projects", Some("reader")).await).await;
    assert!(page.contains("<h2>You follow no projects</h2>"), "{page}");
    assert!(page.contains("href=\"/add\">Add project</a>"), "{page}");
    let add = text(world.get("/add", Some("reader")).await).await;
    assert!(add.contains("href=\"/gh/acme/web\">Open"), "there it is: {add}");
}
