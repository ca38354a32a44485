//! Email over real SMTP (`VCS` §10.1).

use roundel_engine::Event;
use roundel_model::{forge::ForgeKind, time::Timestamp};
use roundel_server::drive;
use roundel_testkit::scripted_runner::ScriptedStep;

use super::world::{ONE_JOB, TIMEOUT, World, plain_client};

const KIND: ForgeKind = ForgeKind::GitHub;

/// What a person needs to know at a glance, and what their email client needs to sort it.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_emailed_with_the_end_of_its_log() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", ONE_JOB).await;
    let lines: Vec<String> = (1..=20).map(|line| format!("line {line}\r\n")).collect();
    let output = lines.concat();
    let step = ScriptedStep::new("make test", &output, 2);
    world.runner().claim().await.unwrap().play(&[step]).await.unwrap();
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    let email = &emails[0];
    assert_eq!(email.to, ["ada@example.org"]);
    let subject = email.header("Subject").unwrap();
    assert_eq!(subject, format!("[acme/web] failed: workflow main on branch main ({})", &sha[..7]));
    assert_eq!(email.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(email.header("List-Id").unwrap().starts_with("acme/web <web.acme."));
    assert!(email.header("Message-ID").unwrap().contains(".failed@"));
    assert!(email.header("References").unwrap().starts_with("<thread."));
    assert!(email.text.contains("make test"), "{}", email.text);
    assert!(email.text.contains("line 20") && email.text.contains("line 6\n"), "{}", email.text);
    assert!(!email.text.contains("line 5\n"), "{}", email.text);
    assert!(
        !email.text.contains("no network"),
        "what a host lacks is not the cause: {}",
        email.text
    );

    // The next success is emailed as fixed, in the same thread.
    world.commit(KIND, ("web", "main"), &[("fix", "1")], "fix it").await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let emails = world.sink.wait_for(2, TIMEOUT).await;
    assert!(
        emails[1]
            .header("Subject")
            .unwrap()
            .starts_with("[acme/web] fixed: workflow main on branch main")
    );
    assert_eq!(emails[1].header("References"), email.header("References"));
    assert_ne!(emails[1].header("Message-ID"), email.header("Message-ID"));
}

/// A runner ends the log with the sentence that it reports as the reason: the email said it twice.
#[tokio::test(flavor = "multi_thread")]
async fn why_a_job_failed_is_emailed_once() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    let reason = "No such image.";
    let step = ScriptedStep::new("Spin up environment", "Pulling\r\nNo such image.\r\n", 1);
    world.runner().claim().await.unwrap().fail(&step, reason).await.unwrap();
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    let (plain, html) = emails[0].text.split_once("Content-Type: text/html").unwrap();
    for part in [plain, html] {
        assert!(part.contains("Pulling"), "{part}");
        assert_eq!(part.matches(reason).count(), 1, "{part}");
    }
}

/// Who has to approve must not wait for the end of jobs that have nothing to do with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_emailed_when_it_is_ready_and_once() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    let config = format!("{ONE_JOB}      - hold: {{ type: approval }}\n")
        .replace("[build]", "\n      - build");
    world.push(KIND, "web", &config).await;
    let slow = world.runner().claim().await.unwrap();
    // Its job still runs.
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    let subject = emails[0].header("Subject").unwrap();
    assert!(
        subject
            .starts_with("[acme/web] needs approval: job hold of workflow main on branch main ("),
        "{subject}"
    );
    assert!(emails[0].text.contains("needs approval"), "{}", emails[0].text);
    slow.play(&[]).await.unwrap();
    world.outbox_is_empty().await;
    assert_eq!(world.sink.emails().len(), 1, "that the rest has ended is not a second reason");

    let pipeline = world.only_pipeline(project).await;
    let workflows = world.app().store.workflows(pipeline).await.unwrap();
    let job = workflows[0].jobs.iter().find(|job| job.name.as_str() == "hold").unwrap().id;
    let by = world.sign_in(KIND).await;
    let (event, now) = (Event::Approved { job, by }, Timestamp::now());
    drive::apply(&world.app().drive, pipeline, &event, now).await.unwrap();
    let emails = world.sink.wait_for(2, TIMEOUT).await;
    assert!(
        emails[1]
            .header("Subject")
            .unwrap()
            .starts_with("[acme/web] passed: workflow main on branch main")
    );
}

/// A wrong setting must show when the server starts, not when a user misses an email.
#[tokio::test(flavor = "multi_thread")]
async fn the_mail_server_is_asked_at_the_start() {
    let world = World::start().await;
    world.sink.wait_until_asked(TIMEOUT).await;
    assert_eq!(world.sink.asked(), 1);
    assert!(world.sink.emails().is_empty());
}

/// A mail server has bad minutes: the email comes later, and once.
#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_was_refused_for_now_comes_later_and_once() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.sink.be_unavailable_for(2);
    world.push(KIND, "web", ONE_JOB).await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    assert!(emails[0].header("Subject").unwrap().contains("passed"));
    world.outbox_is_empty().await;
    assert_eq!(world.sink.emails().len(), 1);
}

/// The address in the `List-Unsubscribe` header of an email.
fn link(email: &roundel_testkit::smtp_sink::ReceivedEmail) -> String {
    let link = email.header("List-Unsubscribe").unwrap();
    link.trim_matches(['<', '>']).replace(' ', "")
}

/// Runs the newest commit to green, and waits until nothing is left to send.
async fn run_to_green(world: &World) {
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    world.outbox_is_empty().await;
}

/// RFC 8058: looking at the link changes nothing; one click stops the emails about this project, and
/// about no other. A user who unsubscribed from one project must not miss the failures of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn one_click_stops_the_emails_about_one_project() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    run_to_green(&world).await;
    let emails = world.sink.wait_for(1, TIMEOUT).await;
    let link = link(&emails[0]);
    assert_eq!(
        emails[0].header("List-Unsubscribe-Post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
    assert!(emails[0].text.contains("unsubscribe from this project: http"), "{}", emails[0].text);
    let client = plain_client();
    let page = client.get(&link).send().await.unwrap().error_for_status().unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Email notifications for <bdi>acme/web</bdi>") && page.contains("For ada"),
        "{page}"
    );
    let broken = format!("{link}00");
    assert_eq!(client.post(&broken).send().await.unwrap().status(), 404);
    let body = [("List-Unsubscribe", "One-Click")];
    let answer = client.post(&link).form(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "an email client must not be redirected");

    world.commit(KIND, ("web", "main"), &[("more", "1")], "again").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.emails().len(), 1);
    world.project(KIND, "api").await;
    world.push(KIND, "api", ONE_JOB).await;
    run_to_green(&world).await;
    assert_eq!(world.sink.wait_for(2, TIMEOUT).await.len(), 2);

    // It is undone on the page that the link leads to, without signing in.
    let again = client.post(&link).form(&[("project", "default")]).send().await.unwrap();
    assert!(again.text().await.unwrap().contains("Preferences saved."));
    world.commit(KIND, ("web", "main"), &[("more", "2")], "once more").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.wait_for(3, TIMEOUT).await.len(), 3);
}

/// The same page offers failures only, unfollowing, and following again.
#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_an_email_leads_to_choices_that_can_be_undone() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    run_to_green(&world).await;
    let link = link(&world.sink.wait_for(1, TIMEOUT).await[0]);
    let client = plain_client();
    let choose = async |field: &str, value: &str| {
        let answer = client.post(&link).form(&[(field, value)]).send().await.unwrap();
        answer.error_for_status().unwrap().text().await.unwrap()
    };
    choose("project", "failures").await;
    world.commit(KIND, ("web", "main"), &[("more", "1")], "still green").await;
    run_to_green(&world).await;
    assert_eq!(
        world.sink.emails().len(),
        1,
        "a success is not emailed to those who chose failures"
    );
    world.commit(KIND, ("web", "main"), &[("more", "2")], "break it").await;
    let step = ScriptedStep::new("make test", "boom\r\n", 2);
    world.runner().claim().await.unwrap().play(&[step]).await.unwrap();
    assert!(world.sink.wait_for(2, TIMEOUT).await[1].text.contains("boom"));

    let page = choose("follow", "no").await;
    assert!(page.contains("You do not follow this project"), "{page}");
    world.commit(KIND, ("web", "main"), &[("more", "3")], "fix it").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.emails().len(), 2);
    let page = choose("follow", "yes").await;
    assert!(page.contains("Unfollow acme/web"), "{page}");
}
