//! What pages call things: each by one name, and by one that is true.

use axum::http::StatusCode;
use roundel_engine::{Configuration, Event};
use roundel_model::{name::GitRef, status::Outcome};

use super::world::{World, text};

/// "1 of 2 jobs done" of a workflow that is over reads as if the other were still to come.
#[tokio::test]
async fn a_workflow_that_is_over_says_how_its_jobs_ended() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Break it").await;
    let page =
        async || text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    let job = world.claim(pipeline, "build").await;
    let running = page().await;
    assert!(running.contains("0 of 2 jobs done"), "{running}");
    world.finish(pipeline, job, Outcome::Failed).await;
    let over = page().await;
    assert!(over.contains("1 failed, 1 not run") && !over.contains("jobs done"), "{over}");
}

#[tokio::test]
async fn a_workflow_whose_jobs_all_passed_says_so() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Do it").await;
    for name in ["build", "test"] {
        let job = world.claim(pipeline, name).await;
        world.finish(pipeline, job, Outcome::Success).await;
    }
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("2 jobs passed"), "{page}");
}

/// A warning keeps nothing from running; these do.
#[tokio::test]
async fn what_keeps_a_job_from_running_is_not_called_a_warning() {
    let world = World::new().await;
    let config = "version: 2.1
jobs:
  build: { docker: [{ image: a:1 }, { image: b:1 }], steps: [checkout] }
  test: { machine: true, steps: [checkout] }
workflows: { main: { jobs: [build, test: { context: aws-prod }] } }\n";
    let pipeline = world.noted("Use a database", config).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    let says = |word: &str, code: &str| {
        format!(
            "<span class=\"diag-word\">{word}</span> <a class=\"diag-code\" href=\"/docs/diagnostics/{code}\">"
        )
    };
    assert!(page.contains(&says("Not supported", "unsupported-service-container")), "{page}");
    assert!(page.contains(&says("Unauthorized", "unsupported-context")), "{page}");
    assert!(!page.contains("is-warning") && !page.contains("sq-warning"), "{page}");
    for (job, said) in
        [("build", "<strong>Not supported:</strong>"), ("test", "<strong>Unauthorized:</strong>")]
    {
        let job = world.job(pipeline, job).await;
        let page = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
        assert!(page.contains(said) && !page.contains("<li class=\"notice warn\">"), "{page}");
    }
}

/// One banner for each read as so many mistakes, and they were underlined as mistakes are.
#[tokio::test]
async fn the_configuration_page_lists_what_is_not_supported_in_one_box() {
    let world = World::new().await;
    let config = "version: 2.1\njobs: { build: { docker: [{ image: a }], steps: [
      { restore_cache: { key: a } },
      { restore_cache: { key: b } }, { save_cache: { key: a, paths: [b] } }] } }
workflows: { w: { jobs: [build] } }\n";
    let pipeline = world.not_supported("Cache it", config).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}/config"), Some("reader")).await).await;
    assert_eq!(page.matches("class=\"card unsupported\"").count(), 1, "{page}");
    let lines = "lines <a href=\"#L3\">3</a>, <a href=\"#L4\">4</a></span>";
    assert!(
        page.contains("<h2 class=\"section-title\" id=\"unsupported\">Not supported</h2>"),
        "{page}"
    );
    assert!(page.contains(lines), "{page}");
    assert_eq!(page.matches("<p class=\"notice").count(), 1, "the image without a tag: {page}");
    assert!(page.contains("<mark class=\"sq sq-unsupported\">restore_cache</mark>"), "{page}");
    assert!(!page.contains("sq-error"), "{page}");
}

/// People who speak to their browser say what they see; the name of a link must contain it.
#[tokio::test]
async fn the_name_of_a_node_is_what_is_shown_in_it() {
    let world = World::new().await;
    let long = "unit-18-debian-12-with-a-long-name";
    let job = roundel_testkit::planned::build(long, 1);
    let pipeline = world.pipeline_of("main", "Name it", (job, &[], Configuration::default())).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("aria-label=\"test Blocked\""), "{page}");
    let (_, node) = page.split_once("<text class=\"node-name\"").unwrap();
    let (shown, _) = node.split_once('>').unwrap().1.split_once('<').unwrap();
    assert!(shown.contains('…'), "{shown}");
    assert!(page.contains(&format!("aria-label=\"{shown} Queued ({long})\"")), "{page}");
}

/// The graph stood still while everything around it counted.
#[tokio::test]
async fn the_time_of_a_node_counts_while_its_job_runs() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Take long").await;
    let job = world.claim(pipeline, "build").await;
    let address = format!("/pipeline/{pipeline}");
    let time = |page: &str| {
        let (_, node) = page.split_once("<text class=\"node-time\"").unwrap();
        node.split_once('>').unwrap().0.to_owned()
    };
    let page = text(world.get(&address, Some("reader")).await).await;
    assert!(time(&page).contains(" data-since=\""), "{page}");
    world.finish(pipeline, job, Outcome::Success).await;
    let page = text(world.get(&address, Some("reader")).await).await;
    assert!(!time(&page).contains("data-since"), "{page}");
}

/// Scripts read out what ended, and what waits for a person; nothing else is worth an interruption.
#[tokio::test]
async fn what_ended_has_a_sentence_to_be_read_out() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Say so").await;
    let job = world.claim(pipeline, "build").await;
    let live = format!("/pipeline/{pipeline}/live");
    let part = text(world.get(&live, Some("reader")).await).await;
    assert!(!part.contains("data-outcome"), "{part}");
    world.finish(pipeline, job, Outcome::Failed).await;
    let part = text(world.get(&live, Some("reader")).await).await;
    assert_eq!(part.matches("data-outcome").count(), 1, "{part}");
    assert!(part.contains(" data-outcome=\"Workflow main failed\""), "{part}");
    let part = text(world.get(&format!("/job/{job}/live"), Some("reader")).await).await;
    assert!(part.contains(" data-outcome=\"build failed\""), "{part}");
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("<p class=\"vh\" id=\"outcomes\" role=\"status\"></p>"), "{page}");
}

/// The page that is most often missed is that of a repository that has not been added yet.
#[tokio::test]
async fn the_address_of_a_project_that_was_not_added_leads_to_adding_it() {
    let world = World::new().await;
    let add = "<a class=\"button\" href=\"/add\">Add project</a>";
    for path in
        ["/gh/acme/unknown", "/github/acme/unknown/settings", "/pipelines/bb/acme/unknown/1"]
    {
        let answer = world.get(path, Some("reader")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let page = text(answer).await;
        assert!(page.contains(add) && page.contains("when it is added as a project"), "{page}");
    }
    for path in ["/nosuch", "/gh/acme", "/job/no/such"] {
        let page = text(world.get(path, Some("reader")).await).await;
        assert!(!page.contains(add), "{path}: {page}");
    }
}

/// It said that a repository gets its pages when it is added, of one that was.
#[tokio::test]
async fn what_is_missing_in_a_project_is_named_to_those_who_may_see_the_project() {
    let world = World::new().await;
    for (path, missing) in [
        ("/pipelines/gh/acme/web/99", "There is no pipeline 99 in acme/web."),
        ("/gh/acme/web/99", "There is no job 99 in acme/web."),
        ("/gh/acme/web/settings/x", "There is no page <code>settings/x</code> in acme/web."),
    ] {
        let answer = world.get(path, Some("reader")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let page = text(answer).await;
        let link = "<a class=\"button\" href=\"/gh/acme/web\">Go to acme/web</a>";
        assert!(page.contains(missing) && page.contains(link), "{page}");
        assert!(!page.contains("when it is added"), "{page}");
        // To others it is as if there were no such project.
        let page = text(world.get(path, Some("stranger")).await).await;
        assert!(!page.contains("There is no p") && !page.contains("There is no job"), "{page}");
        assert!(page.contains("when it is added as a project"), "{page}");
        let page = text(world.get(path, None).await).await;
        assert!(!page.contains("in acme/web."), "{page}");
    }
}

/// Who is not signed in has no account that could lack access.
#[tokio::test]
async fn a_page_that_is_not_found_says_to_the_signed_out_to_sign_in() {
    let world = World::new().await;
    let page = text(world.get("/nosuch", None).await).await;
    assert!(page.contains("Page not found") && !page.contains("your account"), "{page}");
    assert!(page.contains("or sign in to see the pages of your projects"), "{page}");
    assert!(page.contains("<a class=\"button\" href=\"/login\">Sign in</a>"), "{page}");
    let page = text(world.get("/nosuch", Some("reader")).await).await;
    assert!(page.contains("or your account has no access to it"), "{page}");
}

/// "Add", "Add a project", "Add projects" and "All repositories" led to the same page.
#[tokio::test]
async fn adding_a_project_has_one_name() {
    let world = World::new().await;
    for path in ["/", "/projects", "/add", "/preferences"] {
        let page = text(world.get(path, Some("admin")).await).await;
        for link in page.split("href=\"/add\"").skip(1) {
            let (_, name) = link.split_once('>').unwrap();
            assert!(name.starts_with("Add project</a>"), "{path}: {name}");
        }
    }
    let page = text(world.get("/add", Some("admin")).await).await;
    assert!(page.contains("<title>Add project · Roundel</title>"), "{page}");
    assert!(page.contains("<h1>Add project</h1>"), "{page}");
}

/// The reason why nothing runs is the answer that people look for: a warning next to it must not hide it, and the
/// page must say what `validate` says.
#[tokio::test]
async fn why_nothing_runs_is_said_next_to_a_warning() {
    let world = World::new().await;
    let config = "version: 2.1
jobs: { build: { docker: [{ image: 'cimg/base:latest' }], steps: [checkout] } }
workflows: { main: { jobs: [build: { filters: { branches: { only: main } } }] } }\n";
    let git_ref = Some(GitRef::Branch("quick-fix".into()));
    let inputs = roundel_config::Inputs { git_ref: git_ref.clone(), ..Default::default() };
    let compiled = roundel_config::compile(config, &inputs);
    assert!(compiled.notes().next().is_some(), "the file has a warning");
    let why = compiled.nothing_runs(git_ref.as_ref()).unwrap().to_string();
    let notes: Vec<_> = compiled.notes().collect();
    let mut configuration = Configuration {
        text: Some(config.to_owned()),
        diagnostics: Some(serde_json::to_string(&notes).unwrap()),
        nothing_runs: Some(why),
    };
    let event = Event::Compiled { workflows: vec![], configuration: configuration.clone() };
    let pipeline = world.planned(("quick-fix", "Fix it"), &event).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    let said =
        "this pipeline runs nothing: no job&#39;s filters match branch <code>quick-fix</code>.";
    assert!(page.contains("<h2>Nothing to run</h2>") && page.contains(said), "{page}");
    assert!(page.contains("is-warning"), "{page}");

    // An earlier release kept no reason.
    configuration.nothing_runs = None;
    let event = Event::Compiled { workflows: vec![], configuration };
    let pipeline = world.planned(("quick-fix", "Fix it again"), &event).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("this pipeline runs nothing.</p>"), "{page}");
}
