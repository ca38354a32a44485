//! Mail over real SMTP (`VCS` §10.1).

use roundel_model::forge::ForgeKind;
use roundel_testkit::scripted_runner::ScriptedStep;

use super::world::{ONE_JOB, PATIENCE, World};

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
    let mails = world.sink.wait_for(1, PATIENCE).await;
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

    // The next green one is good news of its own kind, in the same thread.
    world.commit(KIND, ("web", "main"), &[("fix", "1")], "mend it").await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let mails = world.sink.wait_for(2, PATIENCE).await;
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
    let mails = world.sink.wait_for(1, PATIENCE).await;
    assert!(mails[0].header("Subject").unwrap().contains("success"));
    super::world::until("everything to be paid", async || {
        world.app().store.next_effect_at().await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(world.sink.mails().len(), 1);
}

/// RFC 8058: looking at the link changes nothing, posting to it stops the mail.
#[tokio::test(flavor = "multi_thread")]
async fn one_click_stops_the_mail() {
    let world = World::start().await;
    world.project(KIND, "web").await;
    world.push(KIND, "web", ONE_JOB).await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    let mails = world.sink.wait_for(1, PATIENCE).await;
    let link = mails[0].header("List-Unsubscribe").unwrap();
    let link = link.trim_matches(['<', '>']).replace(' ', "");
    let client = reqwest::Client::new();
    assert!(client.get(&link).send().await.unwrap().status().is_success());
    let broken = format!("{link}00");
    assert_eq!(client.post(&broken).send().await.unwrap().status(), 404);
    let body = [("List-Unsubscribe", "One-Click")];
    assert!(client.post(&link).form(&body).send().await.unwrap().status().is_success());

    world.commit(KIND, ("web", "main"), &[("more", "1")], "again").await;
    world.runner().claim().await.unwrap().play(&[]).await.unwrap();
    super::world::until("everything to be paid", async || {
        world.app().store.next_effect_at().await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(world.sink.mails().len(), 1);
}
