//! What a commit status is at GitHub, and when it counts as set.

use super::*;

#[tokio::test]
async fn a_status_is_worded_and_cut_for_github() {
    let words = [
        (CommitState::Pending, "pending"),
        (CommitState::Success, "success"),
        (CommitState::Failure, "failure"),
        (CommitState::Canceled, "error"),
        (CommitState::Error, "error"),
    ];
    for (state, word) in words {
        let fake = Fake::start(|seen, _| reply(201, seen.json())).await;
        let status = CommitStatus {
            state,
            description: "ü".repeat(200),
            branch: Some("main".into()),
            ..passed_status()
        };
        github(&fake).post_status(&token(), &web(), &sha(), &status).await.unwrap();
        let seen = &fake.seen()[0];
        assert_eq!(seen.line(), format!("POST /api/v3/repos/acme/web/statuses/{}", sha()));
        let body = json!({
            "state": word, "context": "ci/roundel: build", "target_url": "https://ci/job/1",
            "description": format!("{}…", "ü".repeat(139)),
        });
        assert_eq!(seen.json(), body);
    }
}

/// A proxy in between answers with success and sets nothing.
#[tokio::test]
async fn a_status_counts_as_set_only_when_github_repeats_it() {
    let status = passed_status();
    let other = r#"{"context":"ci/roundel: build","state":"pending"}"#;
    for body in ["<html>Welcome</html>", "", "{}", "[]", other] {
        let fake = Fake::start(move |_, _| reply(200, body)).await;
        let error = github(&fake).post_status(&token(), &web(), &sha(), &status).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable, "{body}: {error}");
        assert_eq!(fake.seen().len(), 1, "a late repeat would overwrite a newer status");
    }
}

// GitHub answers 422 to them, and a commit would be left without its status.
#[tokio::test]
async fn a_description_is_sent_without_emoji() {
    let fake = Fake::start(|seen, _| reply(201, seen.json())).await;
    let status = CommitStatus {
        state: CommitState::Pending,
        description: "Waiting for approval of 🚀 release".into(),
        ..passed_status()
    };
    github(&fake).post_status(&token(), &web(), &sha(), &status).await.unwrap();
    assert_eq!(fake.seen()[0].json()["description"], "Waiting for approval of release");
}
