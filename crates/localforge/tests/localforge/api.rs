//! The REST sides: statuses, what one may see, lists, renamed repositories, a restart.

use reqwest::{Client, Method};
use roundel_localforge::{CommitName, CommitState, ForgeKind, NewRepository};
use serde_json::{Value, json};

use crate::world::{BITBUCKET, GITHUB, TIMEOUT, World, hook, receiver, start};

#[tokio::test]
async fn statuses_follow_each_forges_rules() {
    let world = World::new().await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/statuses/{sha}");
    let status = |state: &str, description: &str| {
        json!({
            "state": state, "context": "ci/roundel: build", "description": description,
            "target_url": "http://127.0.0.1:4/job/1",
        })
    };
    let call = |body: Value| world.call((GITHUB, &ada), Method::POST, &path, Some(body));
    assert_eq!(call(status("pending", "running")).await.0, 201);
    assert_eq!(call(status("success", "passed")).await.0, 201);
    assert_eq!(call(status("great", "")).await.0, 422);
    let (code, said) = call(status("success", &"x".repeat(141))).await;
    assert_eq!(code, 422);
    assert!(said["errors"][0]["message"].as_str().unwrap().contains("maximum is 140 characters"));
    let statuses =
        world.forge.statuses(GITHUB, CommitName { owner: "acme", repository: "web", sha: &sha });
    assert_eq!(statuses.len(), 1, "the newest of each context");
    assert_eq!(statuses[0].state, CommitState::Success);
    let combined = format!("/repos/acme/web/commits/{sha}/status");
    let (_, combined) = world.call((GITHUB, &ada), Method::GET, &combined, None).await;
    assert_eq!(combined["state"], "success");
    let unknown = format!("/repos/acme/web/statuses/{}", "a".repeat(40));
    let body = Some(status("success", ""));
    let (code, said) = world.call((GITHUB, &ada), Method::POST, &unknown, body).await;
    assert_eq!(code, 422);
    assert!(said["message"].as_str().unwrap().starts_with("No commit found for SHA"));
    let bob = world.token(GITHUB, "bob");
    let body = Some(status("success", ""));
    assert_eq!(world.call((GITHUB, &bob), Method::POST, &path, body).await.0, 404);

    let sha = world.commit(BITBUCKET, "main", "first").await;
    let ada = world.token(BITBUCKET, "ada");
    let path = format!("/repositories/acme/web/commit/{sha}/statuses/build");
    let build = |key: &str, state: &str| {
        json!({
            "type": "build", "key": key, "state": state, "name": "ci/roundel: build",
            "url": "http://127.0.0.1:4/job/1", "description": "", "refname": "main",
        })
    };
    let call = |body: Value| world.call((BITBUCKET, &ada), Method::POST, &path, Some(body));
    assert_eq!(call(build("k", "INPROGRESS")).await.0, 201);
    assert_eq!(call(build("k", "SUCCESSFUL")).await.0, 201);
    let (code, said) = call(build(&"k".repeat(48), "FAILED")).await;
    assert_eq!(code, 400);
    assert_eq!(
        said["error"]["message"],
        "key: Ensure this value has at most 40 characters (it has 48)."
    );
    let statuses =
        world.forge.statuses(BITBUCKET, CommitName { owner: "acme", repository: "web", sha: &sha });
    assert_eq!(statuses.len(), 1, "a status is put in the place of the one with its key");
    assert_eq!(
        (statuses[0].state, statuses[0].context.as_str()),
        (CommitState::Successful, "ci/roundel: build")
    );
}

/// As GitHub does, so that a client that would lose its status there loses it here too.
#[tokio::test]
async fn github_refuses_a_description_with_characters_above_the_basic_plane() {
    let world = World::new().await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/statuses/{sha}");
    let body = json!({ "state": "success", "description": "shipped 🚢" });
    let (status, said) = world.call((GITHUB, &ada), Method::POST, &path, Some(body)).await;
    assert_eq!(status, 422);
    assert_eq!(said["errors"][0]["message"], "description doesn't accept 4-byte Unicode");
    assert!(
        world
            .forge
            .statuses(GITHUB, CommitName { owner: "acme", repository: "web", sha: &sha })
            .is_empty()
    );
    let body = json!({ "state": "success", "description": "Größe ✓ 測試" });
    let (status, _) = world.call((GITHUB, &ada), Method::POST, &path, Some(body)).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn waiting_for_a_status_ends_when_it_comes() {
    let world = World::new().await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/statuses/{sha}");
    let waiting = world.forge.wait_for_statuses(
        GITHUB,
        CommitName { owner: "acme", repository: "web", sha: &sha },
        TIMEOUT,
        |statuses| statuses.iter().any(|status| status.state == CommitState::Success),
    );
    let body = json!({ "state": "success", "context": "build" });
    let posting = world.call((GITHUB, &ada), Method::POST, &path, Some(body));
    let (statuses, (status, _)) = tokio::join!(waiting, posting);
    assert_eq!(status, 201);
    assert_eq!(statuses[0].context, "build");
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let world = World::new().await;
    let bob = world.token(GITHUB, "bob");
    let poor = world.forge.grant_token(GITHUB, "ada", &["user:email"]);
    assert_eq!(world.call((GITHUB, &bob), Method::GET, "/repos/acme/web", None).await.0, 404);
    assert_eq!(world.call((GITHUB, &poor), Method::GET, "/repos/acme/web", None).await.0, 404);
    assert_eq!(world.call((GITHUB, "nonsense"), Method::GET, "/user", None).await.0, 401);
    let (status, _) = world.call((GITHUB, &poor), Method::GET, "/user/orgs", None).await;
    assert_eq!(status, 403);
    let url = format!("{}/user", world.forge.api_url(GITHUB));
    let bare = Client::builder().no_proxy().build().unwrap();
    let answer = bare.get(&url).bearer_auth(&poor).send().await.unwrap();
    assert_eq!(answer.status(), 403, "GitHub wants a User-Agent");
    let answer = world.client.get(&url).bearer_auth(&poor).send().await.unwrap();
    assert_eq!(answer.headers()["x-oauth-scopes"], "user:email");
    let etag = answer.headers()["etag"].clone();
    let answer = world.client.get(&url).bearer_auth(&poor).header("if-none-match", etag);
    assert_eq!(answer.send().await.unwrap().status(), 304);

    let poor = world.forge.grant_token(BITBUCKET, "ada", &["repository"]);
    let path = "/repositories/acme/web/hooks";
    let (status, said) = world.call((BITBUCKET, &poor), Method::GET, path, None).await;
    assert_eq!(status, 403);
    assert_eq!(said["error"]["detail"]["required"], json!(["webhook"]));
    let (status, _) = world.call((BITBUCKET, &poor), Method::GET, "/workspaces", None).await;
    assert_eq!(status, 410, "removed from Bitbucket");
}

#[tokio::test]
async fn lists_come_in_pages_and_files_in_both_forms() {
    let world = World::new().await;
    for number in 0..5 {
        let name = format!("more-{number}");
        world
            .forge
            .add_repository(
                GITHUB,
                NewRepository { owner: "acme", name: &name, private: true, admin: "ada" },
            )
            .await
            .unwrap();
        world
            .forge
            .add_repository(
                BITBUCKET,
                NewRepository { owner: "acme", name: &name, private: true, admin: "ada" },
            )
            .await
            .unwrap();
    }
    let ada = world.token(GITHUB, "ada");
    let mut next = Some(format!("{}/user/repos?per_page=4", world.forge.api_url(GITHUB)));
    let mut names = Vec::new();
    while let Some(url) = next {
        let answer = world.client.get(&url).bearer_auth(&ada).send().await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = answer.json().await.unwrap();
        names.extend(page.as_array().unwrap().iter().map(|one| one["full_name"].clone()));
        next = link.and_then(|link| {
            let part = link.split(", ").find(|part| part.ends_with("rel=\"next\""))?.to_owned();
            Some(part[1..part.find('>').unwrap()].to_owned())
        });
    }
    assert_eq!(names.len(), 6);

    let bob = world.token(BITBUCKET, "ada");
    let path = "/repositories/acme?role=admin&pagelen=4";
    let (_, page) = world.call((BITBUCKET, &bob), Method::GET, path, None).await;
    assert_eq!(page["values"].as_array().unwrap().len(), 4);
    let next = page["next"].as_str().unwrap();
    let answer = world.client.get(next).bearer_auth(&bob).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    assert_eq!(page["values"].as_array().unwrap().len(), 2);

    let sha = world.commit(GITHUB, "main", "first").await;
    let path = format!("/repos/acme/web/contents/.circleci%2Fconfig.yml?ref={sha}");
    let (_, file) = world.call((GITHUB, &ada), Method::GET, &path, None).await;
    assert_eq!(file["encoding"], "base64");
    assert_eq!(file["path"], ".circleci/config.yml");
    let url = format!("{}{path}", world.forge.api_url(GITHUB));
    let raw = world.client.get(url).bearer_auth(&ada);
    let raw = raw.header("accept", "application/vnd.github.raw+json").send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "version: 2.1\n");
    let sha = world.commit(BITBUCKET, "main", "first").await;
    let path = format!("/repositories/acme/web/src/{sha}/.circleci/config.yml");
    let (_, file) = world.call((BITBUCKET, &bob), Method::GET, &path, None).await;
    assert_eq!(file, json!("version: 2.1\n"));
}

/// A restart keeps people, tokens, keys, hooks and statuses; the host key stays pinned.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let World { forge, folder, client } = World::new().await;
    let directory = folder.path().join("forge");
    let world = World { forge, folder, client };
    let receiver = receiver(&[]).await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let body = Some(hook(&receiver.url));
    world.call((GITHUB, &ada), Method::POST, "/repos/acme/web/hooks", body).await;
    let path = format!("/repos/acme/web/statuses/{sha}");
    let body = Some(json!({ "state": "success", "context": "build" }));
    world.call((GITHUB, &ada), Method::POST, &path, body).await;
    let id = world.forge.repository_id(GITHUB, "acme", "web");
    let (_, host_key) = world
        .forge
        .known_hosts()
        .split_once(' ')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let World { forge, folder, client } = world;
    forge.stop().await.unwrap();

    let forge = start(&directory).await;
    forge
        .add_repository(
            GITHUB,
            NewRepository { owner: "acme", name: "web", private: true, admin: "ada" },
        )
        .await
        .unwrap();
    let world = World { forge, folder, client };
    assert_eq!(world.forge.repository_id(GITHUB, "acme", "web"), id);
    assert!(world.forge.known_hosts().ends_with(&host_key));
    assert_eq!(world.call((GITHUB, &ada), Method::GET, "/user", None).await.0, 200);
    assert_eq!(
        world.forge.statuses(GITHUB, CommitName { owner: "acme", repository: "web", sha: &sha })[0]
            .state,
        CommitState::Success
    );
    let hooks = world.forge.hooks_of(GITHUB, "acme", "web");
    assert_eq!(hooks[0].secret.as_deref(), Some("s3cret"));
    assert_eq!(world.forge.head_of(GITHUB, "acme", "web", "main").await, Some(sha));
}

/// Who moved a repository meets its old name, and the id that stays.
#[tokio::test]
async fn a_renamed_repository_is_found_by_its_id() {
    let world = World::new().await;
    let ada = world.token(GITHUB, "ada");
    let body = Some(json!({ "name": "site" }));
    let (status, new) = world.call((GITHUB, &ada), Method::PATCH, "/repos/acme/web", body).await;
    assert_eq!((status, &new["full_name"]), (200, &json!("acme/site")));
    let url = format!("{}/repos/acme/web", world.forge.api_url(GITHUB));
    let moved = world.client.get(url).bearer_auth(&ada).send().await.unwrap();
    assert_eq!(moved.status(), 301);
    let place = moved.headers()["location"].to_str().unwrap().to_owned();
    let found: Value =
        world.client.get(place).bearer_auth(&ada).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["full_name"], "acme/site");
}

/// A client must be able to tell a forge's refusal from a proxy's, so each of them has the forge's form.
#[tokio::test]
async fn every_refusal_has_the_form_of_the_forge() {
    let world = World::new().await;
    let calls = [
        (Method::GET, "/repos/acme/none"),
        (Method::GET, "/nothing/here"),
        (Method::GET, "/repositories/not-a-number"),
        (Method::GET, "/repositories/acme/none"),
        (Method::PUT, "/user"),
        (Method::GET, "/user/emails"),
    ];
    for kind in ForgeKind::ALL {
        for token in [world.token(kind, "ada"), "wrong".to_owned()] {
            for (method, path) in calls.clone() {
                let (status, said) = world.call((kind, &token), method, path, None).await;
                let own = match kind {
                    ForgeKind::GitHub => {
                        said["message"].is_string() && said["documentation_url"].is_string()
                    }
                    ForgeKind::Bitbucket => {
                        said["type"] == "error" && said["error"]["message"].is_string()
                    }
                };
                assert!(own || status == 200, "{kind} {path}: {status} {said}");
            }
        }
    }
}
