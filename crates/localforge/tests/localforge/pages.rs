//! The pages that a visitor of the demo sees.

use reqwest::Method;
use roundel_localforge::ForgeKind;
use serde_json::json;

use crate::world::World;

/// The demo's visitor pushes with a button and sees the status next to the commit.
#[tokio::test]
async fn a_visitor_commits_with_a_button_and_sees_the_statuses() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        world.commit(kind, "main", "first <b>bold</b>").await;
        let page = format!("{}acme/web", world.forge.web_url(kind));
        let form = [("message", "Hello from a visitor")];
        let sent = world.client.post(format!("{page}/commit-something")).form(&form);
        assert_eq!(sent.send().await.unwrap().status(), 303);
        let sha = world.forge.head_of(kind, "acme", "web", "main").await.unwrap();
        let ada = world.token(kind, "ada");
        let target = "http://127.0.0.1:4/job/7";
        let (path, body) = match kind {
            ForgeKind::GitHub => (
                format!("/repos/acme/web/statuses/{sha}"),
                json!({ "state": "failure", "context": "build", "target_url": target }),
            ),
            ForgeKind::Bitbucket => (
                format!("/repositories/acme/web/commit/{sha}/statuses/build"),
                json!({ "key": "build", "state": "FAILED", "url": target }),
            ),
        };
        assert_eq!(world.call((kind, &ada), Method::POST, &path, Some(body)).await.0, 201);
        let shown = world.client.get(&page).send().await.unwrap().text().await.unwrap();
        assert!(shown.contains("Hello from a visitor"));
        assert!(shown.contains(target) && shown.contains("failure: build"), "the state has a word");
        assert!(!shown.contains("<b>bold"), "what people write is not taken for markup");
        assert!(shown.contains("git clone http://"));
        for path in ["", "acme", "acme/web/hooks/1", "signin", "assets/forge.css", "avatars/ada"] {
            let url = format!("{}{path}", world.forge.web_url(kind));
            let status = world.client.get(url).send().await.unwrap().status();
            assert_eq!(status == 404, path.contains("hooks"), "{path}");
        }
        let foreign = world.client.post(format!("{page}/commit-something")).form(&form);
        let foreign = foreign.header("sec-fetch-site", "cross-site").send().await.unwrap();
        assert_eq!(foreign.status(), 403);
    }
}
