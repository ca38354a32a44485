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

/// A project's settings link to the keys and webhooks at the provider, at the provider's own addresses.
#[tokio::test]
async fn the_addresses_of_keys_and_webhooks_lead_to_them() {
    let world = World::new().await;
    for (kind, keys, hooks) in [
        (ForgeKind::GitHub, "settings/keys", "settings/hooks"),
        (ForgeKind::Bitbucket, "admin/access-keys/", "admin/webhooks"),
    ] {
        let page = format!("{}acme/web", world.forge.web_url(kind));
        for (path, id) in [(keys, "keys"), (hooks, "hooks")] {
            let sent = world.client.get(format!("{page}/{path}")).send().await.unwrap();
            assert_eq!(sent.status(), 303, "{path}");
            assert_eq!(sent.headers()["location"], format!("/acme/web#{id}"));
            let shown = world.client.get(&page).send().await.unwrap().text().await.unwrap();
            assert!(shown.contains(&format!("id=\"{id}\"")), "the page has that part");
        }
    }
}

/// Signs Ada in to the forge's pages and returns her cookie.
async fn sign_in(world: &World, kind: ForgeKind) -> String {
    let url = format!("{}session", world.forge.web_url(kind));
    let form = [("login", "ada"), ("return_to", "/new")];
    let signed = world.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(signed.headers()["location"], "/new");
    let cookie = signed.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The demo's visitor makes a repository that has something to build.
#[tokio::test]
async fn a_visitor_creates_a_repository_with_a_button() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        let url = format!("{}new", world.forge.web_url(kind));
        let form = [("owner", "acme"), ("name", "morning"), ("visibility", "private")];
        let home = world.client.get(world.forge.web_url(kind)).send().await.unwrap();
        assert!(home.text().await.unwrap().contains("href=\"/new\""));
        let stranger = world.client.post(&url).form(&form).send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        assert!(stranger.text().await.unwrap().contains("value=\"/new\""), "and comes back");

        let cookie = sign_in(&world, kind).await;
        let page = world.client.get(&url).header("cookie", &cookie).send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains("<option value=\"ada\"") && page.contains("<option value=\"acme\""));

        let send = async |form: &[(&str, &str)], (header, value): (&str, &str)| {
            let sent = world.client.post(&url).form(form).header("cookie", &cookie);
            sent.header(header, value).send().await.unwrap()
        };
        for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
            assert_eq!(send(&form, ("origin", origin)).await.status(), 403, "{origin}");
        }
        let made = send(&form, ("sec-fetch-site", "same-origin")).await;
        assert_eq!(
            (made.status().as_u16(), &made.headers()["location"]),
            (303, &"/acme/morning".parse().unwrap())
        );
        let sha = world.forge.head_of(kind, "acme", "morning", "main").await.unwrap();
        let raw =
            format!("{}acme/morning/raw/{sha}/.circleci/config.yml", world.forge.web_url(kind));
        let config = world.client.get(raw).send().await.unwrap().text().await.unwrap();
        assert!(config.contains("workflows:"), "{config}");

        for (owner, name, reason) in [
            (
                "acme",
                "MORNING",
                if kind == ForgeKind::GitHub { "already exists" } else { "lower-case" },
            ),
            ("acme", "morning", "already exists"),
            ("acme", "two words", "may only have"),
            ("acme", "", "Enter a name"),
            ("bob", "mine", "cannot create repositories for this owner"),
        ] {
            let form = [("owner", owner), ("name", name), ("visibility", "public")];
            let refused = send(&form, ("sec-fetch-site", "same-origin")).await;
            assert_eq!(refused.status(), 422, "{name}");
            let page = refused.text().await.unwrap();
            assert!(page.contains("role=\"alert\"") && page.contains(reason), "{name}: {page}");
        }
        assert!(world.forge.head_of(kind, "bob", "mine", "main").await.is_none());
    }
}
