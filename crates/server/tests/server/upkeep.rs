//! What is changed at the forge, and not by Roundel: names, and keys that are deleted.

use roundel_model::forge::ForgeKind;

use crate::world::{LOGIN, OWNER, World, plain_client, until};

const KIND: ForgeKind = ForgeKind::GitHub;

/// Calls the API of the forge as its user does.
async fn call(world: &World, method: &str, path: &str, body: &str) {
    let token = world.forge.grant_token(KIND, LOGIN, &["repo"]);
    let api = world.forge.api_url(KIND);
    let response = plain_client()
        .request(
            method.parse().unwrap(),
            format!("{}/repos/{OWNER}/web{path}", api.as_str().trim_end_matches('/')),
        )
        .header("user-agent", "test")
        .bearer_auth(token)
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success(), "{response:?}");
}

/// Jobs clone from the address: with the old one, they fail as soon as another repository has the name.
#[tokio::test]
async fn a_repository_that_is_renamed_is_cloned_from_its_new_address() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    call(&world, "PATCH", "", r#"{"name": "site"}"#).await;
    world.receipt(project, "renamed").await;
    let project = world.app().store.project(project).await.unwrap().unwrap();
    assert_eq!(project.slug.repository, "site");
    assert_eq!(Some(project.ssh_url), world.forge.ssh_url(KIND, OWNER, "site"));
    assert!(project.web_url.ends_with("/acme/site"), "{}", project.web_url);
}

#[tokio::test]
async fn a_deploy_key_that_is_deleted_at_the_forge_is_not_called_active() {
    let world = World::start().await;
    let project = world.project(KIND, "web").await;
    let visit = world.visit(project, "/settings").await;
    let page = async || {
        let request = plain_client().get(&visit.url).header("cookie", &visit.cookie);
        let page = request.header("accept", "text/html").send().await.unwrap();
        page.error_for_status().unwrap().text().await.unwrap()
    };
    let said = "read-only access to this repository";
    assert!(page().await.contains(said));
    let key = world.app().store.checkout_key(project).await.unwrap().unwrap();
    call(&world, "DELETE", &format!("/keys/{}", key.forge_id.unwrap()), "").await;
    until("the page to say so", async || (!page().await.contains(said)).then_some(())).await;
}
