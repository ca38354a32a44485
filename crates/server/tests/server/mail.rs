//! Mail over real SMTP (`VCS` §10.1).

use roundel_model::forge::ForgeKind;
use roundel_testkit::scripted_runner::ScriptedStep;

use super::world::{ONE_JOB, TIMEOUT, World, plain_client};

const KIND: ForgeKind = ForgeKind::GitHub;

/// What a person needs to know at a glance, and what their mail program needs to sort it.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_mailed_with_the_end_of_its_log() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    let sha = world.push(KIND, "web", ONE_JOB).await;
    let lines: Vec<String> = (1..=20).map(|line| format!("line {line}\r\n")).collect();
    let output = lines.concat();
    let step = ScriptedStep::new("make test", &output, 2);
    world.runner().claim().await.unwrap().play(&[step]).await.unwrap();
    let mails = world.sink.wait_for(1, TIMEOUT).await;
    let mail = &mails[0];
    assert_eq!(mail.to, ["ada@example.org"]);
    let subject = mail.header("Subject").unwrap();
    assert_eq!(subject, format!("[acme/web] failed: main on main ({})", &sha[..7]));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(mail.header("List-Id").unwrap().starts_with("acme/web <web.acme."));
    assert!(mail.header("Message-ID").unwrap().contains(".failed@"));
    assert!(mail.header("References").unwrap().starts_with("<thread."));
    assert!(mail.text.contains("make test"), "{}", mail.text);
    assert!(mail.text.contains("line 20") && mail.text.contains("line 6\n"), "{}", mail.text);
    assert!(!mail.text.contains("line 5\n"), "{}", mail.text);
    assert!(!mail.text.contains("no network"), "what a host lacks is not the cause: {}", mail.text);

    // The next success is mailed as fixed, in the same thread.
    world.commit(KIND, ("web", "main"), &[("fix", "1")], "fix it").await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let mails = world.sink.wait_for(2, TIMEOUT).await;
    assert!(mails[1].header("Subject").unwrap().starts_with("[acme/web] fixed: main on main"));
    assert_eq!(mails[1].header("References"), mail.header("References"));
    assert_ne!(mails[1].header("Message-ID"), mail.header("Message-ID"));
}

/// A mail server has bad minutes: the mail comes later, and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_refused_for_now_comes_later_and_once() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.sink.be_unavailable_for(2);
    world.push(KIND, "web", ONE_JOB).await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let mails = world.sink.wait_for(1, TIMEOUT).await;
    assert!(mails[0].header("Subject").unwrap().contains("passed"));
    world.outbox_is_empty().await;
    assert_eq!(world.sink.mails().len(), 1);
}

/// The address in the `List-Unsubscribe` header of a mail.
fn link(mail: &roundel_testkit::smtp_sink::ReceivedMail) -> String {
    let link = mail.header("List-Unsubscribe").unwrap();
    link.trim_matches(['<', '>']).replace(' ', "")
}

/// Runs the newest commit to green, and waits until nothing is left to send.
async fn run_to_green(world: &World) {
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    world.outbox_is_empty().await;
}

/// RFC 8058: looking at the link changes nothing; one click stops the mail about this project, and
/// about no other. A user who unsubscribed from one project must not miss the failures of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn one_click_stops_the_mail_about_one_project() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    run_to_green(&world).await;
    let mails = world.sink.wait_for(1, TIMEOUT).await;
    let link = link(&mails[0]);
    assert_eq!(
        mails[0].header("List-Unsubscribe-Post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
    assert!(mails[0].text.contains("unsubscribe from this project: http"), "{}", mails[0].text);
    let client = plain_client();
    let page = client.get(&link).send().await.unwrap().error_for_status().unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Mail about <bdi>acme/web</bdi>") && page.contains("For ada"), "{page}");
    let broken = format!("{link}00");
    assert_eq!(client.post(&broken).send().await.unwrap().status(), 404);
    let body = [("List-Unsubscribe", "One-Click")];
    let answer = client.post(&link).form(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "a mail program must not be redirected");

    world.commit(KIND, ("web", "main"), &[("more", "1")], "again").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.mails().len(), 1);
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
async fn a_mails_link_leads_to_choices_that_can_be_undone() {
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
    choose("project", "trouble").await;
    world.commit(KIND, ("web", "main"), &[("more", "1")], "still green").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.mails().len(), 1, "a success is not mailed to those who chose failures");
    world.commit(KIND, ("web", "main"), &[("more", "2")], "break it").await;
    let step = ScriptedStep::new("make test", "boom\r\n", 2);
    world.runner().claim().await.unwrap().play(&[step]).await.unwrap();
    assert!(world.sink.wait_for(2, TIMEOUT).await[1].text.contains("boom"));

    let page = choose("follow", "no").await;
    assert!(page.contains("You do not follow this project"), "{page}");
    world.commit(KIND, ("web", "main"), &[("more", "3")], "fix it").await;
    run_to_green(&world).await;
    assert_eq!(world.sink.mails().len(), 2);
    let page = choose("follow", "yes").await;
    assert!(page.contains("Unfollow acme/web"), "{page}");
}
