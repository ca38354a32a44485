//! The pages over a real store and a fake forge: what is shown, and to whom.

mod first_days;
mod first_use;
mod forms;
mod outage;
mod rights;
mod sizes;
mod variables;
mod waiting;
mod why_red;
mod wording;
mod world;

use axum::http::{StatusCode, header};
use roundel_model::{
    forge::Role,
    kind::Architecture,
    status::{Outcome, StepStatus},
    time::Timestamp,
};
use roundel_store::runners::RunnerRow;

use world::{World, text};

#[tokio::test]
async fn a_stranger_gets_the_same_404_for_a_private_project_and_for_nothing() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    for path in [
        "/gh/acme/web".to_owned(),
        "/gh/acme/web/settings".to_owned(),
        "/gh/acme/web/deliveries".to_owned(),
        "/gh/acme/web/setup".to_owned(),
        "/gh/acme/web/1".to_owned(),
        format!("/pipeline/{pipeline}"),
        format!("/pipeline/{pipeline}/live"),
        format!("/pipeline/{pipeline}/config"),
        format!("/events?topic=pipeline:{pipeline}"),
        "/pipelines/gh/acme/web/1".to_owned(),
    ] {
        let answer = world.get(&path, Some("stranger")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let body = text(answer).await;
        // What is said goes by the form of the address, which the stranger chose.
        let nowhere = if path.contains("/gh/") { "/gh/no/such" } else { "/nosuch" };
        let nothing = text(world.get(nowhere, Some("stranger")).await).await;
        assert_eq!(body, nothing, "{path}");
        assert!(!body.contains("Add a door"), "{path}");
    }
}

/// The address of every commit status and email: it must open after signing in, too.
#[tokio::test]
async fn a_link_to_a_private_job_leads_there_by_way_of_the_sign_in_page() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let job = world.claim(pipeline, "build").await;
    for path in [format!("/job/{job}"), "/gh/no/such/12".to_owned()] {
        let answer = world.get(&path, None).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        assert_eq!(to, format!("/login?return={}", crate::http::address::encode(&path)));
        let page = text(world.get(&to, None).await).await;
        assert!(page.contains(&format!("name=\"return\" value=\"{path}\"")), "{page}");
        let said = format!("Then you return to <code class=\"breaks\"><bdi>{path}</bdi></code>.");
        assert!(page.contains(&said), "{page}");
    }
    for path in ["/login", "/login?return=%2FYour%20password%20has%20expired"] {
        let page = text(world.get(path, None).await).await;
        assert!(!page.contains("you return to"), "{page}");
    }
    // A page that is open must learn that the session ended, and not show the sign-in page inside.
    let answer = world.fetch(&format!("/job/{job}/live?task=0"), None).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// Whatever text a page got into its title, an attribute or a separate part: a reader sees what is
/// in it, and a name that is written from right to left stays readable.
#[tokio::test]
async fn no_page_sends_a_character_that_is_hidden() {
    const TRICKS: &str = "\u{202E}\u{2066}\u{200F}\u{9b}\x1b[2J\x07";
    let world = World::new().await;
    let name = format!("בדיקה{TRICKS}");
    let build = roundel_testkit::planned::build(&name, 1);
    let job: (_, &[&str], _) = (build, &[], roundel_engine::Configuration::default());
    let pipeline = world.pipeline_of(&name, &format!("Add\r{name}"), job).await;
    let job = world.claim(pipeline, &name).await;
    for path in [
        "/".to_owned(),
        "/gh/acme/web".to_owned(),
        format!("/pipeline/{pipeline}"),
        format!("/pipeline/{pipeline}/live"),
        format!("/job/{job}"),
        format!("/job/{job}/live"),
        "/gh/acme/web/settings".to_owned(),
        format!("/gh/acme/web?branch={}", crate::http::address::encode(&name)),
    ] {
        let page = text(world.get(&path, Some("admin")).await).await;
        let hidden = |c| roundel_model::text::is_hidden(c) && !matches!(c, '\n' | '\t');
        let found =
            page.find(hidden).map(|at| page[..at].chars().rev().take(80).collect::<String>());
        assert_eq!(found.map(|text| text.chars().rev().collect::<String>()), None, "{path}");
        assert!(page.contains("בדיקה⟦U+202E⟧"), "{path}: {page}");
    }
}

#[tokio::test]
async fn the_sign_in_link_of_a_public_page_leads_back_to_it() {
    let world = World::with(false).await;
    let page = text(world.get("/gh/acme/web", None).await).await;
    assert!(page.contains("href=\"/login?return=%2Fgh%2Facme%2Fweb\""), "{page}");
}

#[tokio::test]
async fn an_error_page_keeps_the_navigation_and_a_way_back() {
    let world = World::new().await;
    let page = text(world.get("/nosuch", Some("writer")).await).await;
    for part in ["href=\"/projects\"", "Sign out", "Go to pipelines"] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let from = ("/add", "forge=no&owner=a&name=b", "http://127.0.0.1:1/gh/acme/web?branch=x");
    let answer = world.post_referred(from.0, from.1, "writer", from.2).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(answer).await;
    for part in ["href=\"/projects\"", "href=\"/gh/acme/web?branch=x\">Go back</a>"] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page_and_a_slash_at_the_end_is_forgiven() {
    let world = World::new().await;
    for path in ["/nosuch", "/settings", "/docs", "/gh/acme"] {
        let answer = world.get(path, Some("writer")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let page = text(answer).await;
        assert!(page.contains("Page not found") && page.contains("Sign out"), "{path}: {page}");
    }
    for (asked, right) in
        [("/projects/", "/projects"), ("/gh/acme/web/?branch=a", "/gh/acme/web?branch=a")]
    {
        let answer = world.get(asked, Some("writer")).await;
        assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(answer.headers()[header::LOCATION], right);
    }
    let answer = world.get("//evil.test/", Some("writer")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "no slash leads to another server");
    assert_eq!(text(world.fetch("/nosuch", None).await).await, "not found\n");
}

/// The router itself answers these; its answer has no body.
#[tokio::test]
async fn a_method_that_an_address_does_not_answer_is_said_to_people_and_to_programs() {
    use axum::http::Method;
    let world = World::new().await;
    for (method, path) in [(Method::DELETE, "/projects"), (Method::GET, "/gh/acme/web/follow")] {
        let answer = world.send(method.clone(), path, "", Some("writer")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(answer.headers().contains_key(header::ALLOW), "{path}");
        assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
        let page = text(answer).await;
        let said = format!("does not answer <code>{method}</code>");
        assert!(page.contains(&said) && page.contains("Sign out"), "{path}: {page}");
    }
    for (path, status, code) in [
        ("/runner/v1/claim", StatusCode::METHOD_NOT_ALLOWED, "bad-request"),
        ("/runner/v1/tasks/1", StatusCode::NOT_FOUND, "not-found"),
        ("/api/roundel/v1/orbs/a/b/c/d", StatusCode::NOT_FOUND, "not-found"),
    ] {
        for answer in [world.fetch(path, None).await, world.get(path, Some("writer")).await] {
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json", "{path}");
            let error = serde_json::from_str::<serde_json::Value>(&text(answer).await).unwrap();
            assert_eq!(error["code"], code, "{path}: {error}");
            assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
        }
    }
}

/// A form that is not one of our forms, or of an older page, must not be answered with "saved".
#[tokio::test]
async fn a_form_with_an_unknown_field_or_value_saves_nothing() {
    let world = World::new().await;
    let project = format!("project-{}", world.project.id);
    let reader = world.account("reader").await.id;
    let link = {
        let key = &world.app.settings.instance_key;
        let signature = crate::deliver::email::preference::signature(key, reader, world.project.id);
        format!("/mail/{}/{reader}/{signature}", world.project.id)
    };
    for (path, form) in [
        ("/preferences", format!("account=failures&{project}=everythin")),
        ("/preferences", format!("account=failures&{project}=")),
        ("/preferences", "account=failures&acount=nothing".to_owned()),
        ("/preferences", format!("{project}=nothing&account=all")),
        ("/preferences", "account=failures&project-1=nothing".to_owned()),
        ("/preferences", "unfollow=everything&account=failures".to_owned()),
        (
            "/preferences",
            "account=failures&project-00000000-0000-0000-0000-000000000000=nothing".to_owned(),
        ),
        ("/preferences", String::new()),
        (&link, "account=failures&project=everythin".to_owned()),
        (&link, "project=nothing&account=all".to_owned()),
        (&link, "project=nothing&follow=maybe".to_owned()),
        (&link, "project=nothing&color=red".to_owned()),
        (&link, String::new()),
    ] {
        let answer = world.post(path, &form, "reader").await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path} {form}");
        let page = text(answer).await;
        assert!(page.contains("Nothing was saved"), "{form}: {page}");
        let page = text(world.get("/preferences", Some("reader")).await).await;
        assert!(page.contains("value=\"everything\" checked"), "{path} {form}");
        assert!(page.contains("value=\"default\" selected"), "{path} {form}");
    }
    let answer = world.post(&link, "List-Unsubscribe=One-Click", "reader").await;
    assert_eq!(answer.status(), StatusCode::OK, "the one click of an email client");
    let long = "x".repeat(10_000);
    for (path, form) in [
        ("/gh/acme/web/trigger", format!("branch={long}")),
        ("/add", format!("forge=gh&owner={long}&name=web")),
        ("/gh/acme/web/settings/variables/delete", format!("name={long}")),
    ] {
        let answer = world.post(path, &form, "admin").await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let page = text(answer).await;
        assert!(page.contains("characters.") && page.len() < 10_000, "{path}: {page}");
    }
}

#[tokio::test]
async fn preferences_are_kept_for_all_projects_and_for_each() {
    let world = World::new().await;
    let page = text(world.get("/preferences", Some("reader")).await).await;
    assert!(page.contains("value=\"everything\" checked"), "{page}");
    let field = format!("project-{}", world.project.id);
    let form = format!("account=failures&{field}=nothing");
    let answer = world.post("/preferences", &form, "reader").await;
    assert_eq!(answer.headers()[header::LOCATION], "/preferences?done=email-saved");
    let page = text(world.get("/preferences", Some("reader")).await).await;
    assert!(page.contains("value=\"failures\" checked"), "{page}");
    assert!(page.contains("value=\"nothing\" selected"), "{page}");
    assert!(page.contains("Default (everything except passed)"), "{page}");
    let form = format!("unfollow={}", world.project.id);
    world.post("/preferences", &form, "reader").await;
    let page = text(world.get("/preferences", Some("reader")).await).await;
    assert!(page.contains("You follow no projects") && !page.contains(&field), "{page}");
    // Others have their own.
    let page = text(world.get("/preferences", Some("writer")).await).await;
    assert!(page.contains("value=\"everything\" checked"), "{page}");
}

#[tokio::test]
async fn a_reader_sees_the_pipeline_but_no_buttons() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("Add a door"), "{page}");
    assert!(!page.contains("/cancel/"), "a reader gets no button to cancel");
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("writer")).await).await;
    assert!(page.contains("/cancel/"), "{page}");
}

#[tokio::test]
async fn a_press_by_a_reader_changes_nothing() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let workflow = world.app.store.workflows(pipeline).await.unwrap()[0].id;
    let path = format!("/pipeline/{pipeline}/cancel/{workflow}");
    assert_eq!(world.post(&path, "", "reader").await.status(), StatusCode::FORBIDDEN);
    let status = || async { world.app.store.workflows(pipeline).await.unwrap()[0].status.as_str() };
    assert_eq!(status().await, "running");
    let answer = world.post(&path, "", "writer").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(status().await, "canceled");
    let late = world.post(&path, "", "writer").await;
    assert!(late.headers()[header::LOCATION].to_str().unwrap().ends_with("done=late"));
}

/// An approval without a name and a time is not an audit trail.
#[tokio::test]
async fn pages_name_who_approved_and_who_canceled() {
    let world = World::new().await;
    let pipeline = world.held("Release").await;
    let approval = world.job(pipeline, "approve").await;
    world.post(&format!("/pipeline/{pipeline}/approve/{approval}"), "", "writer").await;
    let said = "Approved by <bdi>writer</bdi> <time";
    for path in [format!("/job/{approval}"), format!("/pipeline/{pipeline}")] {
        let page = text(world.get(&path, Some("reader")).await).await;
        assert!(page.contains(said), "{path}: {page}");
        assert!(!page.contains("Canceled by"), "{path}: {page}");
    }
    let job = world.claim(pipeline, "test").await;
    let workflow = world.app.store.workflows(pipeline).await.unwrap()[0].id;
    let answer = world.post(&format!("/pipeline/{pipeline}/cancel/{workflow}"), "", "admin").await;
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let page = text(world.get(&to, Some("reader")).await).await;
    let said = "Canceled by <bdi>admin</bdi> <time";
    assert_eq!(page.matches(said).count(), 2, "the workflow and its job: {page}");
    // The banner of the button must not speak of something to come when it is done.
    assert!(page.contains("role=\"status\">Canceled.</p>"), "{page}");
    let page = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
    assert!(page.contains(said), "{page}");
}

/// No runner will ever take it: a reader of "queued" waits for nothing.
#[tokio::test]
async fn what_needs_approval_is_called_so_on_every_page() {
    let world = World::new().await;
    let pipeline = world.held("Release").await;
    let job = world.job(pipeline, "approve").await;
    for (path, words) in [
        ("/gh/acme/web".to_owned(), "approve: Needs approval"),
        (format!("/pipeline/{pipeline}"), "aria-label=\"approve Needs approval"),
        (
            format!("/pipeline/{pipeline}"),
            "<td>Waiting for approval by someone with write access.</td>",
        ),
        (format!("/job/{job}"), "<strong class=\"s-hold\">Needs approval</strong>"),
        (format!("/job/{job}"), "<dt>Needs approval since</dt>"),
    ] {
        let page = text(world.get(&path, Some("writer")).await).await;
        assert!(page.contains(words), "{path}: {words} is missing in {page}");
        let main = page.split_once("<main").unwrap().1;
        assert!(!main.to_lowercase().contains("queue"), "{path}: {page}");
    }
    world.post(&format!("/pipeline/{pipeline}/approve/{job}"), "", "writer").await;
    let page = text(world.get(&format!("/job/{job}"), Some("writer")).await).await;
    assert!(page.contains("<dt>Approval requested</dt>"), "{page}");
    assert!(!page.contains("<dt>Queued</dt>"), "{page}");
}

#[tokio::test]
async fn another_spelling_of_a_project_moves_to_the_right_one() {
    let world = World::new().await;
    world.pipeline("main", "Add a door").await;
    for (asked, right) in [
        ("/github/acme/web", "/gh/acme/web"),
        ("/gh/ACME/Web", "/gh/acme/web"),
        ("/github/Acme/web/settings", "/gh/acme/web/settings"),
        ("/github/acme/web?branch=a%2Fb", "/gh/acme/web?branch=a%2Fb"),
        ("/pipelines/github/acme/Web/1?x=y", "/pipelines/gh/acme/web/1?x=y"),
    ] {
        let answer = world.get(asked, Some("writer")).await;
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY, "{asked}");
        assert_eq!(answer.headers()[header::LOCATION], right);
    }
    assert_eq!(world.get("/gh/ACME/web", Some("stranger")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_hostile_commit_message_is_shown_as_text() {
    let world = World::new().await;
    let subject = "<script>alert(1)</script>\u{202E}\"'&";
    let pipeline = world.pipeline("x\"><img src=x>", subject).await;
    for path in ["/".to_owned(), "/gh/acme/web".to_owned(), format!("/pipeline/{pipeline}")] {
        let page = text(world.get(&path, Some("writer")).await).await;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(!page.contains("<img src=x"), "{path}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
    }
}

#[tokio::test]
async fn every_page_forbids_foreign_scripts_and_frames() {
    let world = World::new().await;
    for path in ["/", "/login", "/projects", "/gh/acme/web", "/gh/no/such"] {
        let answer = world.get(path, Some("writer")).await;
        if answer.status().is_redirection() {
            continue;
        }
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = World::new().await;
    // Old browsers do not say from where a form is.
    let answer = world.post_from_nowhere("/gh/acme/web/follow", "writer").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(text(answer).await.contains("did not say from where"));
    for origin in ["https://evil.test", "null"] {
        let answer = world.post_from("/gh/acme/web/follow", "", "writer", origin).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let page = text(answer).await;
        assert!(page.contains("sent from another website") && page.contains("Sign out"), "{page}");
    }
    let answer = world.post("/gh/acme/web/follow", "", "reader").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_variable_can_be_set_and_deleted_but_never_read() {
    let world = World::new().await;
    let at = "/gh/acme/web/settings/variables";
    let form = "name=NPM_TOKEN&value=s3cr3t-value";
    assert_eq!(world.post(at, form, "writer").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(world.post(at, form, "admin").await.status(), StatusCode::SEE_OTHER);
    let page = text(world.get("/gh/acme/web/settings", Some("admin")).await).await;
    assert!(page.contains("NPM_TOKEN") && !page.contains("s3cr3t"), "{page}");
    assert!(
        page.contains("<code>xxxxalue</code></td><td class=\"quiet\" data-label=\"Set\"><time"),
        "{page}"
    );
    let short = "name=CIRCLE_TOKEN&value=hunter2";
    assert_eq!(world.post(at, short, "admin").await.status(), StatusCode::SEE_OTHER);
    let settings = text(world.get("/gh/acme/web/settings", Some("admin")).await).await;
    assert!(
        settings.contains("CIRCLE_TOKEN</code></td><td data-label=\"Value\"><code>xxxx</code>"),
        "{settings}"
    );
    world.post(&format!("{at}/delete"), "name=CIRCLE_TOKEN", "admin").await;
    for name in ["A-B", "CIRCLE_BRANCH", "CI"] {
        let bad = world.post(at, &format!("name={name}&value=x"), "admin").await;
        assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
    assert!(page.contains("The value cannot be recovered."), "deleting asks first: {page}");
    let delete = format!("{at}/delete");
    assert_eq!(
        world.post(&delete, "name=NPM_TOKEN", "admin").await.status(),
        StatusCode::SEE_OTHER
    );
    assert!(world.app.store.variables(world.project.id).await.unwrap().is_empty());
}

/// `VCS` §7.4: while the forge is unavailable, an older role is good for writing, but not for secrets
/// and keys: someone who lost their access must not be able to replace them.
#[tokio::test]
async fn secrets_are_not_changed_with_a_role_that_the_forge_cannot_confirm() {
    let world = World::new().await;
    let settings = "/gh/acme/web/settings";
    let at = |path: &str| format!("{settings}/{path}");
    let page = text(world.get(settings, Some("admin")).await).await;
    assert!(page.contains("Commit statuses"), "{page}");
    let set = world.post(&at("variables"), "name=KEPT&value=x", "admin").await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);

    world.forges_vanish(std::time::Duration::from_mins(6));
    for (path, form) in
        [("variables", "name=NEW&value=x"), ("variables/delete", "name=KEPT"), ("badge-token", "")]
    {
        let refused = world.post(&at(path), form, "admin").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        let page = text(refused).await;
        assert!(page.contains("GitHub does not answer"), "{path}: {page}");
        assert!(page.contains("Nothing was changed"), "{path}: {page}");
    }
    let variables = world.app.store.variable_rows(world.project.id).await.unwrap();
    assert_eq!(variables.len(), 1, "{variables:?}");
    assert_eq!(variables[0].name, "KEPT");
    let key = world.post("/gh/acme/web/setup", "", "admin").await;
    assert_ne!(key.status(), StatusCode::SEE_OTHER, "setting up again makes keys");

    let pipeline = world.pipeline("main", "Add a door").await;
    let job = world.claim(pipeline, "build").await;
    let canceled = world.post(&format!("/job/{job}/cancel"), "", "admin").await;
    assert_eq!(canceled.status(), StatusCode::SEE_OTHER, "other writes are possible");
    let page = world.get(settings, Some("admin")).await;
    assert_eq!(page.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_failing_step_is_open_and_its_bytes_are_harmless() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Break it").await;
    let job = world.claim(pipeline, "build").await;
    world.step(job, (101, "Checkout code"), StepStatus::Success, b"ok\n").await;
    world.step(job, (102, "Test"), StepStatus::Failed, b"\x1b[31m<b>boom</b>\x1b[0m\n\xff\n").await;
    let page = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
    assert!(page.contains("<span class=\"f1\">&lt;b&gt;boom&lt;/b&gt;</span>"), "{page}");
    let open: Vec<&str> = page.split("<details class=\"step\"").skip(1).collect();
    assert!(!open[0].split('>').next().unwrap().contains(" open"));
    assert!(open[1].split('>').next().unwrap().contains(" open"));
}

/// The box in red is for the cause; a reader must not have to open the log to learn which step it was.
#[tokio::test]
async fn a_failed_job_says_which_step_failed_and_how() {
    let world = World::new().await;
    for (status, sentence, word) in [
        (StepStatus::Failed, "Step <code>Tests</code> exited with code 2.", ">Failed<"),
        (StepStatus::Timedout, "Step <code>Tests</code> timed out.", ">Timed out<"),
    ] {
        let pipeline = world.pipeline("main", "Break it").await;
        let job = world.claim(pipeline, "build").await;
        world.step(job, (101, "Checkout code"), StepStatus::Success, b"ok\n").await;
        world.step(job, (102, "Tests"), status, b"boom\n").await;
        world.finish(pipeline, job, Outcome::Failed).await;
        let page = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
        assert!(page.contains(&format!("<p class=\"notice bad\">{sentence}</p>")), "{page}");
        assert!(page.contains(word), "{page}");
        let again = "href=\"/gh/acme/web?branch=main#trigger\"";
        assert!(page.contains(again), "what to do is a link: {page}");
    }
}

/// Who follows one run of a parallel job sees it turn red above steps that all passed.
#[tokio::test]
async fn a_run_that_passed_names_the_run_that_failed() {
    let world = World::new().await;
    let split: (_, &[&str], _) = (
        roundel_testkit::planned::build("build", 2),
        &[],
        roundel_engine::Configuration::default(),
    );
    let pipeline = world.pipeline_of("main", "Split it", split).await;
    let job = world.claim(pipeline, "build").await;
    world.step(job, (101, "Tests"), StepStatus::Failed, b"boom\n").await;
    world.other_task_passes(pipeline, job, 1).await;
    world.finish(pipeline, job, Outcome::Failed).await;
    let cause = "Step <code>Tests</code> exited with code 2.</p>";
    let passed = text(world.get(&format!("/job/{job}?task=1"), Some("reader")).await).await;
    let named = format!("<p class=\"notice bad\"><a href=\"?task=0\">Run 0</a>: {cause}");
    assert!(passed.contains(&named), "{passed}");
    let failed = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
    assert!(failed.contains(&format!("<p class=\"notice bad\">{cause}")), "{failed}");
}

/// A pipeline that no one pushed is its author's by the commit, and someone else's by the button.
#[tokio::test]
async fn a_pipeline_that_was_triggered_by_hand_says_by_whom() {
    let world = World::new().await;
    let pipeline = world.triggered_by("ada", "Again").await;
    let list = text(world.get("/gh/acme/web", Some("reader")).await).await;
    assert!(list.contains("manual by <bdi>ada</bdi>"), "{list}");
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("triggered by <bdi>ada</bdi>"), "{page}");
}

/// A workflow that was over showed 1/2 forever, as if the other job were still to come. "4 of 4 jobs
/// finished" of one that was canceled reads as if all had run: its page says how they ended.
#[tokio::test]
async fn a_job_that_will_not_run_is_done() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Break it").await;
    let job = world.claim(pipeline, "build").await;
    world.finish(pipeline, job, Outcome::Failed).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("1 failed, 1 not run"), "{page}");
    let list = text(world.get("/gh/acme/web", Some("reader")).await).await;
    assert!(list.contains("<span class=\"tally\" title=\"2 of 2 jobs done\">2/2</span>"), "{list}");
}

/// Readers of a list want to know whether to look for a mistake or for something that hangs.
#[tokio::test]
async fn a_job_that_timed_out_is_called_so_wherever_it_is_named() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Hang").await;
    let job = world.claim(pipeline, "build").await;
    world.step(job, (101, "Tests"), StepStatus::Timedout, b"waiting\n").await;
    let ended = (Outcome::Timedout, Some("No output for 10 minutes."));
    world.finish_because(pipeline, job, ended).await;
    let list = text(world.get("/gh/acme/web", Some("reader")).await).await;
    assert!(list.contains("<use href=\"#m-timedout\"/>"), "{list}");
    assert!(list.contains("<bdi>build</bdi><span class=\"vh\">: Timed out</span>"), "{list}");
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains("aria-label=\"build Timed out"), "the graph: {page}");
    assert!(page.contains("<td>No output for 10 minutes.</td>"), "the list of jobs: {page}");
    let page = text(world.get(&format!("/job/{job}"), Some("reader")).await).await;
    let cause = "No output for 10 minutes. Step <code>Tests</code> was stopped.";
    assert!(page.contains(&format!("<p class=\"notice bad\">{cause}</p>")), "{page}");
    assert!(page.contains("<strong class=\"s-timedout\">Timed out</strong>"), "{page}");
}

/// A host that lacks something is a matter for its administrator, not a reason why a job failed.
#[tokio::test]
async fn what_a_host_lacks_is_a_neutral_line_on_the_page_of_runners() {
    let world = World::new().await;
    let runner = RunnerRow {
        name: "build-1".to_owned(),
        version: "1".to_owned(),
        resource_classes: Vec::new(),
        executors: Vec::new(),
        architecture: Some(Architecture::Arm64.into()),
        limitations: Some(vec!["Jobs on this runner have no network: `nft` <is> missing.".into()]),
        last_seen_at: Timestamp::now(),
        signed_off_at: None,
    };
    world.app.store.touch_runner(&runner).await.unwrap();
    let page = text(world.get("/runners", Some("reader")).await).await;
    let line = "<ul class=\"limitations quiet\"><li>Jobs on this runner have no network: \
        <code>nft</code> &lt;is&gt; missing.</li></ul>";
    assert!(page.contains(line), "{page}");
    assert!(page.contains("<dt>Architecture</dt><dd>arm64</dd>"), "{page}");
    assert!(!page.contains("notice bad"), "{page}");
    assert!(page.contains("Online"), "{page}");
    world.app.store.sign_off_runner("build-1", Timestamp::now()).await.unwrap();
    let page = text(world.get("/runners", Some("reader")).await).await;
    assert!(page.contains("Offline") && !page.contains("Online"), "{page}");
    assert!(page.contains("shut down"), "{page}");
    // A server of an earlier release that sees it again leaves the time in place.
    world.app.store.touch_runner(&runner).await.unwrap();
    let before = runner.last_seen_at.minus(std::time::Duration::from_micros(1));
    world.app.store.sign_off_runner("build-1", before).await.unwrap();
    let page = text(world.get("/runners", Some("reader")).await).await;
    assert!(page.contains("Online") && !page.contains("shut down"), "{page}");
    // One that was killed says nothing, and is offline all the same.
    let long_ago = runner.last_seen_at.minus(std::time::Duration::from_mins(3));
    let runner = RunnerRow { last_seen_at: long_ago, ..runner };
    world.app.store.touch_runner(&runner).await.unwrap();
    let page = text(world.get("/runners", Some("reader")).await).await;
    assert!(page.contains("Offline") && !page.contains("Online"), "{page}");
    assert!(!page.contains("shut down"), "{page}");
    // Of several slots of a host, the first says it; another host says it again.
    for name in ["big-1", "big-2", "other-1"] {
        let last_seen_at = Timestamp::now();
        let runner = RunnerRow { name: name.to_owned(), last_seen_at, ..runner.clone() };
        world.app.store.touch_runner(&runner).await.unwrap();
    }
    let page = text(world.get("/runners", Some("reader")).await).await;
    assert_eq!(page.matches(line).count(), 3, "`build-1`, `big-1` and `other-1`: {page}");
    let reference = "Limited as <bdi>big-1</bdi>, on the same host.";
    assert_eq!(page.matches(reference).count(), 1, "{page}");
}

/// "No pipelines yet" under a project that the address names, and that is not there, is not so.
#[tokio::test]
async fn a_filter_that_nothing_matches_is_named_as_the_cause() {
    let world = World::new().await;
    let known = world.project.id;
    let unknown = roundel_model::id::ProjectId::fresh();
    let is_said = async |query: &str, title: &str| {
        for path in ["/", "/live/pipelines"] {
            let page = text(world.get(&format!("{path}{query}"), Some("reader")).await).await;
            assert!(page.contains(title), "{path}{query}: {page}");
        }
    };
    is_said("", "No pipelines yet").await;
    is_said(&format!("?project={known}"), "No matching pipelines").await;
    world.pipeline("main", "Add a door").await;
    is_said("", "Add a door").await;
    for query in ["?project=unknown".to_owned(), format!("?project={unknown}")] {
        is_said(&query, "No matching pipelines").await;
    }
}

/// Joining late shows everything: any piece of the answer is the same at any time.
#[tokio::test]
async fn lines_of_a_long_log_are_found_by_number_and_by_text() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Talk").await;
    let job = world.claim(pipeline, "build").await;
    let lines: Vec<String> = (1..=4_321).map(|n| format!("line {n}")).collect();
    let log = lines.join("\n") + "\n";
    world.step(job, (101, "Talk"), StepStatus::Running, log.as_bytes()).await;
    let answer =
        world.get(&format!("/job/{job}/log/0/101?from=4000&count=3"), Some("reader")).await;
    assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], "default-src 'none'; sandbox");
    let lines: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(lines["total"], 4_321);
    assert_eq!(lines["lines"][0][0], "line 4001");
    assert_eq!(lines["lines"].as_array().unwrap().len(), 3);
    assert!(lines["lines"][0][1].is_i64(), "each line has a time: {lines}");
    let hits = world.get(&format!("/job/{job}/log/0/101/search?q=LINE+432"), Some("reader")).await;
    let hits: serde_json::Value = serde_json::from_str(&text(hits).await).unwrap();
    assert_eq!(hits["lines"], serde_json::json!([431, 4319, 4320]), "432, 4320, 4321");
    let raw = text(world.get(&format!("/job/{job}/log/0/101/raw"), Some("reader")).await).await;
    assert_eq!(raw, log);
    for nowhere in ["0/9999/raw", "9999/101/raw", "0/9999", "0/9999/search?q=x"] {
        let address = format!("/job/{job}/log/{nowhere}");
        let status = world.get(&address, Some("reader")).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{address}");
    }
    let stranger = world.get(&format!("/job/{job}/log/0/101/raw"), Some("stranger")).await;
    assert_eq!(stranger.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_live_part_is_the_same_as_in_its_page() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("writer")).await).await;
    let part = text(world.get(&format!("/pipeline/{pipeline}/live"), Some("writer")).await).await;
    // Durations move on between the two; everything else must not.
    let still = |html: &str| {
        let moves = |tag: &&str| tag.contains("node-time") || tag.contains("data-");
        html.trim().split('<').filter(|tag| !moves(tag)).collect::<Vec<_>>().join("<")
    };
    let inside = page.split("<live-region").nth(1).unwrap();
    let inside = &inside[inside.find('>').unwrap() + 1..inside.find("</live-region>").unwrap()];
    assert_eq!(still(inside), still(&part));
    assert!(part.contains("class=\"workflow"), "{part}");
}

#[tokio::test]
async fn a_badge_tells_strangers_nothing() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Add a door").await;
    let job = world.claim(pipeline, "build").await;
    world.finish(pipeline, job, Outcome::Success).await;
    let bytes = |path: &'static str, who: Option<&'static str>| {
        let world = &world;
        async move { text(world.get(path, who).await).await }
    };
    let unknown = bytes("/gh/no/such.svg", None).await;
    assert!(unknown.contains("UNKNOWN"));
    assert_eq!(bytes("/gh/acme/web.svg", None).await, unknown);
    assert_eq!(bytes("/gh/acme/web.svg?token=wrong", Some("admin")).await, unknown);
    assert_eq!(bytes("/gh/acme/web/tree/feature/x.svg", Some("stranger")).await, unknown);
    assert!(bytes("/gh/acme/web/tree/feature/x.svg", Some("reader")).await.contains("NO BUILDS"));
    world.post("/gh/acme/web/settings/badge-token", "", "admin").await;
    let token = crate::http::badges::token(&world.app, world.project.id).await.unwrap().unwrap();
    let with = world.get(&format!("/gh/acme/web.svg?style=shield&token={token}"), None).await;
    assert!(with.headers()[header::CACHE_CONTROL].to_str().unwrap().starts_with("private"));
    assert!(!text(with).await.contains("unknown"), "the token opens the badge");
    let moved = world.get("/gh/acme/web.png?style=shield", None).await;
    assert_eq!(moved.headers()[header::LOCATION], "/gh/acme/web.svg?style=shield");
}

#[tokio::test]
async fn repositories_to_add_are_grouped_and_marked() {
    let world = World::new().await;
    let page = text(world.get("/add", Some("admin")).await).await;
    assert!(page.contains("Connect Bitbucket"), "the other forge offers to be connected");
    assert!(page.contains("Set up project") && page.contains(">added<"), "{page}");
    assert!(page.contains("requires administrator access"), "{page}");
}

#[tokio::test]
async fn roles_are_asked_of_the_forge() {
    let world = World::new().await;
    for (who, role) in
        [("reader", Some(Role::Read)), ("admin", Some(Role::Admin)), ("stranger", None)]
    {
        let account = world.account(who).await;
        assert_eq!(crate::access::role(&world.app, Some(&account), &world.project).await, role);
    }
}

/// A link in an email is followed by people who are not signed in.
#[tokio::test]
async fn anyone_may_read_what_a_diagnostic_means() {
    let world = World::new().await;
    let page = text(world.get("/docs/diagnostics/unknown-parameter", None).await).await;
    for part in ["E-033", "Output", "did you mean `version`?", "<h2 class=\"section-title\">Right"]
    {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let list = text(world.get("/docs/diagnostics", None).await).await;
    assert!(list.contains("href=\"/docs/diagnostics/unknown-parameter\""), "{list}");
    let nothing = world.get("/docs/diagnostics/no-such-code", None).await;
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
}
