//! What first users stumbled over: names from the wrong branch, pages that stand still without a
//! script, forms that are lost, logs that are waited for.

use axum::http::StatusCode;
use roundel_engine::{Configuration, Event};
use roundel_model::{
    kind::StepKind,
    status::{Outcome, PipelineErrorKind, StepStatus},
    time::Timestamp,
};
use roundel_store::{
    logs::{Appended, LogKey, LogPiece, Reported, StepRow},
    projects::{Setup, SetupState},
};

use super::world::{ADMIN_PICTURE, World, lease, text};

impl World {
    async fn page(&self, path: &str) -> String {
        text(self.get(path, Some("admin")).await).await
    }
}

/// A name that only a feature branch has, required by a rule, blocks every merge.
#[tokio::test]
async fn names_for_branch_protection_are_of_the_default_branch() {
    let world = World::new().await;
    let main = world.pipeline("main", "Add a door").await;
    world.pipeline("main-2", "Try a window").await;
    let mistake = Event::CompileFailed {
        kind: PipelineErrorKind::Config,
        errors: vec!["`chekout` is not a step".to_owned()],
        configuration: Configuration::default(),
    };
    world.failed_to_compile("Break it", mistake).await;
    let page = world.page("/gh/acme/web/settings").await;
    let said = format!(
        "of the default branch <code class=\"breaks\"><bdi>main</bdi></code>, \
         <a href=\"/pipeline/{main}\">#1</a>"
    );
    assert!(page.contains(&said), "{page}");
    assert!(page.contains("<code>ci/roundel: build</code>"), "{page}");

    let world = World::new().await;
    let page = world.page("/gh/acme/web/settings").await;
    assert!(page.contains("No jobs have run yet."), "{page}");
    let other = world.pipeline("feature", "Try a window").await;
    let page = world.page("/gh/acme/web/settings").await;
    assert!(page.contains("<bdi>main</bdi></code> has no pipeline with jobs yet."), "{page}");
    let said = format!(
        "<a href=\"/pipeline/{other}\">#1</a> on <code class=\"breaks\"><bdi>feature</bdi>"
    );
    assert!(page.contains(&said), "{page}");
    assert!(page.contains("<code>ci/roundel: build</code>"), "{page}");
}

#[tokio::test]
async fn the_status_of_a_project_is_that_of_its_default_branch() {
    let world = World::new().await;
    let feature = world.pipeline("feature", "Try a window").await;
    let page = world.page("/projects").await;
    assert!(page.contains(&format!("/pipeline/{feature}")), "{page}");
    assert!(page.contains("<bdi>main</bdi></code> has no pipeline yet."), "{page}");
    let main = world.pipeline("main", "Add a door").await;
    let feature = world.pipeline("feature", "Try another window").await;
    let page = world.page("/projects").await;
    assert!(page.contains(&format!("/pipeline/{main}")), "{page}");
    assert!(!page.contains(&format!("/pipeline/{feature}")), "{page}");
    assert!(page.contains("default branch, <time") && !page.contains("no pipeline yet"), "{page}");
}

/// With a script the page is updated by its stream; without one it is loaded again.
#[tokio::test]
async fn without_script_a_page_is_loaded_again_while_something_changes() {
    let world = World::new().await;
    let refresh = |seconds: u32| {
        format!("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>")
    };
    let pipeline = world.pipeline("main", "Add a door").await;
    let job = world.claim(pipeline, "build").await;
    let live = [
        ("/".to_owned(), 30),
        ("/gh/acme/web".to_owned(), 30),
        (format!("/pipeline/{pipeline}"), 5),
        (format!("/job/{job}"), 5),
    ];
    for (path, seconds) in &live {
        let page = world.page(path).await;
        assert!(page.contains(&refresh(*seconds)), "{path}: {page}");
    }
    let workflow = world.app.store.workflows(pipeline).await.unwrap()[0].id;
    world.post(&format!("/pipeline/{pipeline}/cancel/{workflow}"), "", "admin").await;
    for (path, _) in &live {
        let page = world.page(path).await;
        assert!(!page.contains("http-equiv=\"refresh\""), "{path}: {page}");
    }

    for (state, is_under_way) in [
        (SetupState::Running, true),
        (SetupState::Compensating, true),
        (SetupState::Done, false),
        (SetupState::Failed, false),
    ] {
        let (now, actor) = (Timestamp::now(), world.account("admin").await.id);
        let project = world.project.id;
        let steps = Vec::new();
        let setup = Setup { project, actor, state, steps, started_at: now, updated_at: now };
        world.app.store.save_setup(&setup).await.unwrap();
        let page = world.page("/gh/acme/web/setup").await;
        assert_eq!(page.contains(&refresh(5)), is_under_way, "{state:?}: {page}");
    }
}

/// What was typed is kept, except for a value: it may be a secret.
#[tokio::test]
async fn a_refused_variable_comes_back_in_its_form_with_the_reason_at_the_field() {
    let world = World::new().await;
    let at = "/gh/acme/web/settings/variables";
    for (form, field, reason) in [
        ("name=A-B%22&value=s3cr3t", "name", "is not a valid name"),
        // 101 characters in 202 bytes: not too long, but not a name.
        (&format!("name={}&value=s3cr3t", "%C3%A4".repeat(101)), "name", "is not a valid name"),
        (&format!("name={}&value=s3cr3t", "n".repeat(300)), "name", "longer than 200 characters"),
        ("name=CIRCLE_BRANCH&value=s3cr3t", "name", "<code>CIRCLE_BRANCH</code> is a built-in"),
        ("name=GOOD&value=", "value", "must not be empty"),
        ("name=GOOD&value=s3cr3t%00", "value", "contain a NUL byte"),
    ] {
        let answer = world.post(at, form, "admin").await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        let page = text(answer).await;
        assert!(page.contains("<h1>Settings</h1>"), "{form}: {page}");
        let error = format!("id=\"variable-{field}-error\">");
        let (_, said) = page.split_once(&error).unwrap();
        assert!(said.split_once("</p>").unwrap().0.contains(reason), "{form}: {page}");
        let described = format!("aria-invalid=\"true\" aria-describedby=\"variable-{field}-error");
        assert_eq!(page.matches(&described).count(), 1, "{form}: {page}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{form}: {page}");
        assert!(!page.contains("s3cr3t"), "{form}: {page}");
    }
    let endless = format!("name={}&value=x", "n".repeat(10_000));
    let page = text(world.post(at, &endless, "admin").await).await;
    assert!(page.contains(&"n".repeat(300)) && !page.contains(&"n".repeat(500)), "{page}");
    let page = text(world.post(at, "name=A-B%22&value=x", "admin").await).await;
    assert!(page.contains("name=\"name\" value=\"A-B&quot;\""), "{page}");
    assert!(page.contains("<title>Error: Settings"), "{page}");
    assert!(world.app.store.variables(world.project.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_branch_comes_back_in_its_form_with_the_reason_at_the_field() {
    let world = World::new().await;
    let at = "/gh/acme/web/trigger?branch=feature";
    let answer = world.post(at, "branch=no%3Cwhere", "writer").await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(answer).await;
    for part in [
        "<details class=\"menu\" open>",
        "name=\"branch\" value=\"no&lt;where\"",
        "aria-describedby=\"trigger-error\"",
        "id=\"trigger-error\">",
        // The list is still the one that was shown.
        "<option value=\"feature\" selected>",
        "action=\"/gh/acme/web/trigger?branch=feature\"",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

/// The page counted among the first hundred tasks only: those of one job may be more.
#[tokio::test]
async fn the_page_of_runners_counts_every_job_that_waits() {
    let world = World::new().await;
    for queued in ["No jobs queued.", "1 job queued.", "2 jobs queued."] {
        let page = world.page("/runners").await;
        assert!(page.contains(&format!("<p class=\"lead\">{queued}</p>")), "{page}");
        let many = roundel_testkit::planned::build("build", 120);
        world.pipeline_of("main", "Split it", (many, &[], Configuration::default())).await;
    }
}

/// The option is in one job; the others have nothing to do with it.
#[tokio::test]
async fn an_option_without_effect_is_a_note_on_its_job() {
    let world = World::new().await;
    let config = "version: 2.1
jobs:
  build: { machine: true, steps: [checkout: { method: shallow, depth: 1 }] }
  test: { machine: true, steps: [checkout] }
workflows: { main: { jobs: [build, test] } }
";
    let pipeline = world.noted("Be quick", config).await;
    let note = "shallow clones are not supported in this release: a full clone is made";
    for (job, is_noted) in [("build", true), ("test", false)] {
        let id = world.job(pipeline, job).await;
        for path in [format!("/job/{id}"), format!("/job/{id}/live")] {
            let page = world.page(&path).await;
            assert_eq!(page.contains(note), is_noted, "{path}: {page}");
        }
    }
    let page = world.page(&format!("/job/{}", world.job(pipeline, "build").await)).await;
    assert!(page.contains(&format!("/pipeline/{pipeline}/config#L3\">line 3</a>")), "{page}");
}

/// The compiler said before that the job would fail, and then the job says why it did.
#[tokio::test]
async fn what_a_job_failed_of_is_not_said_again_by_a_note() {
    let world = World::new().await;
    let config = "version: 2.1
jobs:
  build: { docker: [{ image: a:1 }, { image: b:1 }], steps: [checkout: { method: shallow, depth: 1 }] }
  test: { machine: true, steps: [checkout] }
workflows: { main: { jobs: [build, test] } }
";
    let pipeline = world.noted("Use a database", config).await;
    let job = world.claim(pipeline, "build").await;
    let page = world.page(&format!("/job/{job}")).await;
    let (note, other) =
        ("service containers are not supported", "shallow clones are not supported");
    assert!(page.contains(note) && page.contains(other), "{page}");
    let reason = "Service containers are not supported: remove them.";
    world.finish_because(pipeline, job, (Outcome::Failed, Some(reason))).await;
    let page = world.page(&format!("/job/{job}")).await;
    assert!(page.contains(reason) && page.contains(other), "{page}");
    assert!(!page.contains(note), "{page}");
}

/// A diagnostic does not name all of very many jobs: the others have the note, with how many they are.
#[tokio::test]
async fn an_option_of_very_many_jobs_is_a_note_on_each() {
    let world = World::new().await;
    let numbers: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let config = format!(
        "version: 2.1
jobs:
  all:
    parameters: {{ n: {{ type: integer }} }}
    machine: true
    steps: [checkout: {{ method: shallow, depth: 1 }}]
workflows: {{ main: {{ jobs: [all: {{ matrix: {{ parameters: {{ n: [{}] }} }} }}] }} }}
",
        numbers.join(", ")
    );
    let pipeline = world.noted("Be quick", &config).await;
    let page = world.page(&format!("/job/{}", world.job(pipeline, "test").await)).await;
    let note = "shallow clones are not supported in this release: a full clone is made";
    assert!(page.contains(note) && page.contains("30 jobs have this"), "{page}");
}

#[tokio::test]
async fn what_is_not_supported_is_not_marked_as_failed_and_counts_its_reasons() {
    let world = World::new().await;
    let failed = Event::CompileFailed {
        kind: PipelineErrorKind::Unsupported,
        errors: ["`save_cache` is not", "`x` is not", "`y` is not"].map(str::to_owned).into(),
        configuration: Configuration::default(),
    };
    let pipeline = world.failed_to_compile("Cache it", failed).await;
    let list = world.page("/gh/acme/web").await;
    assert!(list.contains("class=\"pipeline fam-none is-notsupported\""), "{list}");
    let said =
        format!("<code>save_cache</code> is not <a href=\"/pipeline/{pipeline}\">and 2 more</a>");
    assert!(list.contains(&said), "{list}");
    assert!(list.contains("<div class=\"live\" data-family=\"none\">"), "{list}");
}

/// The job has no step that could say it.
#[tokio::test]
async fn why_a_job_is_unauthorized_is_said_wherever_its_pipeline_is_shown() {
    let world = World::new().await;
    let pipeline = world.unauthorized("Deploy it", &["aws-prod"]).await;
    let job = world.job(pipeline, "build").await;
    let why = "<code>build</code>: context <code>aws-prod</code> does not exist";
    let list = world.page("/gh/acme/web").await;
    assert!(list.contains(&format!("class=\"row-error\">{why}</p>")), "{list}");
    let page = world.page(&format!("/pipeline/{pipeline}")).await;
    assert!(page.contains(&format!("<p>{why}. <a href=\"/job/{job}\">")), "{page}");
}

#[tokio::test]
async fn a_canceled_job_says_how_to_run_it_again() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let job = world.claim(pipeline, "build").await;
    let page = world.page(&format!("/job/{job}")).await;
    assert!(!page.contains("To run this again"), "{page}");
    world.post(&format!("/job/{job}/cancel"), "", "admin").await;
    let page = world.page(&format!("/job/{job}")).await;
    assert!(page.contains("To run this again"), "{page}");
}

/// The list of pipelines shows the forge's picture: initials in another color look like another
/// person.
#[tokio::test]
async fn the_header_shows_the_picture_that_the_forge_has() {
    let world = World::new().await;
    let page = world.page("/").await;
    assert!(page.contains(&format!("<img class=\"face\" src=\"{ADMIN_PICTURE}\"")), "{page}");
    let page = text(world.get("/", Some("reader")).await).await;
    assert!(page.contains(">TR</span>"), "without one, initials: {page}");
}

/// A push names its author without a picture.
#[tokio::test]
async fn an_author_has_the_same_picture_in_lists_as_in_the_header() {
    let world = World::new().await;
    let picture = format!("<span class=\"by\"><img class=\"face\" src=\"{ADMIN_PICTURE}\"");
    // Logins change hands: without the account it may be another person.
    let pipeline = world.pushed_by("admin", None, "Add a door").await;
    for path in ["/".to_owned(), format!("/pipeline/{pipeline}")] {
        let page = text(world.get(&path, Some("reader")).await).await;
        assert!(!page.contains(&picture), "{path}: {page}");
    }
    let admin = world.account("admin").await.id;
    let pipeline = world.pushed_by("admin", Some(admin), "Add a door").await;
    for path in ["/".to_owned(), format!("/pipeline/{pipeline}")] {
        let page = text(world.get(&path, Some("reader")).await).await;
        assert!(page.contains(&picture), "{path}: {page}");
    }
}

/// A log of many times what one request reads.
struct LargeLog {
    world: World,
    at: String,
    job: String,
    bytes: u64,
}

const LINES: u64 = 30_000;

async fn large_log() -> LargeLog {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Talk").await;
    let job = world.claim(pipeline, "build").await;
    let log: Vec<u8> =
        (1..=LINES).flat_map(|n| format!("row {n} of the large log\n").into_bytes()).collect();
    let now = Timestamp::now();
    let step = StepRow {
        job,
        task: 0,
        number: 101,
        name: "Talk".to_owned(),
        kind: StepKind::Run.into(),
        status: StepStatus::Failed,
        command: None,
        line: None,
        background: false,
        exit_code: Some(1),
        started_at: now,
        ended_at: Some(now),
        truncated: false,
        log_bytes: 0,
    };
    let reported = world.app.store.put_step(&step, lease(job)).await.unwrap();
    assert_eq!(reported, Reported::Stored);
    let mut offset = 0;
    for piece in log.chunks(64 * 1024) {
        let key = LogKey { job, task: 0, step: 101 };
        let piece = LogPiece { offset, bytes: piece };
        let appended = world.app.store.append_log(key, lease(job), piece, now).await.unwrap();
        offset += u64::try_from(piece.bytes.len()).unwrap();
        assert_eq!(appended, Appended::Committed(offset));
    }
    let (at, job) = (format!("/job/{job}/log/0/101"), format!("/job/{job}"));
    LargeLog { world, at, job, bytes: offset }
}

impl LargeLog {
    async fn json(&self, query: &str) -> serde_json::Value {
        serde_json::from_str(&self.world.page(&format!("{}{query}", self.at)).await).unwrap()
    }
}

/// Readers want to see its end, and not to wait for all that is before it.
#[tokio::test]
async fn a_large_log_is_shown_at_once_and_read_portion_by_portion() {
    let log = large_log().await;
    let page = log.world.page(&log.job).await;
    assert!(page.contains(&format!("row {LINES} of the large log")), "the end is there: {page}");
    assert!(page.contains("These are the last lines."), "{page}");
    assert!(!page.contains("href=\"#step-101-L"), "numbers are not known yet: {page}");

    let first = log.json("?from=0&count=2").await;
    assert_eq!(first["lines"][1][0], "row 2 of the large log");
    let mut left = first["left"].as_u64().unwrap();
    assert!(left > log.bytes / 2, "one answer reads a portion: {first}");
    let mut answers = 1;
    while left > 0 {
        let answer = log.json("?from=0&count=0").await;
        let now = answer["left"].as_u64().unwrap();
        assert!(now < left, "each one comes further");
        assert_eq!(answer["bytes"].as_u64().unwrap() + now, log.bytes);
        (left, answers) = (now, answers + 1);
    }
    assert!(answers > 2, "{answers}");
    let last = log.json(&format!("?from={}&count=5", LINES - 1)).await;
    assert_eq!((&last["total"], &last["left"]), (&LINES.into(), &0.into()));
    assert_eq!(last["lines"][0][0], format!("row {LINES} of the large log"));
    let page = log.world.page(&log.job).await;
    assert!(page.contains(&format!("href=\"#step-101-L{LINES}\"")), "now they are: {page}");
}

/// One answer for the whole log would say nothing for as long as it takes, and could not be stopped.
#[tokio::test]
async fn a_search_goes_through_a_large_log_portion_by_portion_and_finds_each_line_once() {
    let log = large_log().await;
    let (mut from, mut found, mut total, mut searched) = (Some(0), Vec::new(), 0, 0);
    let mut answers = 0;
    while let Some(line) = from {
        let answer = log.json(&format!("/search?q=ROW+299&from={line}")).await;
        found.extend(
            answer["lines"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64),
        );
        total += answer["total"].as_u64().unwrap();
        let now = answer["searched"].as_u64().unwrap();
        assert!(now >= searched, "{answer}");
        assert_eq!(answer["bytes"], log.bytes);
        (searched, from) = (now, answer["next"].as_u64());
        answers += 1;
    }
    assert!(answers > 2, "{answers}");
    assert_eq!(searched, log.bytes);
    let right: Vec<u64> =
        (1..=LINES).filter(|n| n.to_string().starts_with("299")).map(|n| n - 1).collect();
    assert_eq!((found, total), (right.clone(), u64::try_from(right.len()).unwrap()));
}
