//! The web flow with its consent pages, and the life of tokens.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use roundel_localforge::ForgeKind;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{BITBUCKET, GITHUB, World};

/// An application that asks for consent, and where it is asked.
struct Application {
    kind: ForgeKind,
    id: String,
    secret: String,
    authorize: String,
    token: String,
    verifier: String,
}

const BACK: &str = "http://127.0.0.1:4/login/callback";

impl Application {
    fn register(world: &World, kind: ForgeKind) -> Self {
        let (id, secret) = world.forge.register_application(kind, "Roundel", BACK);
        let base = world.forge.web_url(kind);
        let (authorize, token) = match kind {
            ForgeKind::GitHub => ("login/oauth/authorize", "login/oauth/access_token"),
            ForgeKind::Bitbucket => ("site/oauth2/authorize", "site/oauth2/access_token"),
        };
        let (authorize, token) = (format!("{base}{authorize}"), format!("{base}{token}"));
        Self { kind, id, secret, authorize, token, verifier: "v".repeat(50) }
    }

    fn question(&self) -> Vec<(&'static str, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        vec![
            ("client_id", self.id.clone()),
            ("redirect_uri", BACK.to_owned()),
            ("scope", "repo user:email repo:status".to_owned()),
            ("state", "st&te".to_owned()),
            ("response_type", "code".to_owned()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    async fn page(&self, world: &World, cookie: &str) -> String {
        let request = world.client.get(&self.authorize).query(&self.question());
        request.header("cookie", cookie).send().await.unwrap().text().await.unwrap()
    }

    /// Decides, and returns the parameters with which the browser comes back.
    async fn decide(&self, world: &World, cookie: &str, decision: &str) -> HashMap<String, String> {
        let mut form = self.question();
        form.push(("decision", decision.to_owned()));
        let request = world.client.post(&self.authorize).header("cookie", cookie).form(&form);
        let place = request.send().await.unwrap().headers()["location"].clone();
        let place: url::Url = place.to_str().unwrap().parse().unwrap();
        assert!(place.as_str().starts_with(BACK));
        place.query_pairs().into_owned().collect()
    }

    async fn exchange(&self, world: &World, code: &str, verifier: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", verifier),
        ];
        self.ask_for_token(world, &form).await
    }

    async fn refresh(&self, world: &World, refresh: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("refresh_token", refresh),
        ];
        self.ask_for_token(world, &form).await
    }

    async fn ask_for_token(&self, world: &World, form: &[(&str, &str)]) -> (u16, Value) {
        let request = world.client.post(&self.token).form(form);
        let answer = request.header("accept", "application/json").send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Walks the whole way and returns the answer with the token.
    async fn token(&self, world: &World) -> Value {
        let cookie = sign_in(world, self.kind).await;
        let back = self.decide(world, &cookie, "allow").await;
        self.exchange(world, &back["code"], &self.verifier).await.1
    }
}

/// Signs Ada in to the forge's pages and returns her cookie.
async fn sign_in(world: &World, kind: ForgeKind) -> String {
    let form = [("login", "ada"), ("return_to", "/x")];
    let url = format!("{}session", world.forge.web_url(kind));
    let signed = world.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(signed.headers()["location"], "/x");
    let cookie = signed.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The whole web flow as a browser walks it, with PKCE, for both forges.
#[tokio::test]
async fn the_oauth_flow_ends_with_a_token_for_the_person_who_signed_in() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        let application = Application::register(&world, kind);
        assert!(application.page(&world, "").await.contains("choose a user"));
        let cookie = sign_in(&world, kind).await;
        let page = application.page(&world, &cookie).await;
        assert!(page.contains("Authorize Roundel") && page.contains("Ada Example"), "{page}");

        let no = application.decide(&world, &cookie, "deny").await;
        assert_eq!((no["error"].as_str(), no["state"].as_str()), ("access_denied", "st&te"));
        let yes = application.decide(&world, &cookie, "allow").await;
        assert_eq!(yes["state"], "st&te");
        let verifier = &application.verifier;
        let (_, answer) = application.exchange(&world, &yes["code"], verifier).await;
        let access = answer["access_token"].as_str().expect("a token");
        let (status, me) = world.call((kind, access), Method::GET, "/user", None).await;
        assert_eq!(status, 200, "{me}");
        let again = application.exchange(&world, &yes["code"], verifier).await;
        match kind {
            ForgeKind::GitHub => {
                assert_eq!(answer["scope"], "repo,user:email", "scopes are tidied");
                assert_eq!(me["login"], "ada");
                assert_eq!((again.0, &again.1["error"]), (200, &json!("bad_verification_code")));
            }
            ForgeKind::Bitbucket => {
                assert_eq!(me["nickname"], "ada");
                assert_eq!((again.0, &again.1["error"]), (400, &json!("invalid_grant")));
            }
        }
        // Who consented once is not asked again.
        assert!(application.page(&world, &cookie).await.is_empty());
    }
}

/// A wrong verifier uses the code up: who stole it gains nothing, not even by trying.
#[tokio::test]
async fn a_code_without_its_proof_is_worth_nothing() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        let application = Application::register(&world, kind);
        let cookie = sign_in(&world, kind).await;
        let code = application.decide(&world, &cookie, "allow").await["code"].clone();
        let (_, stolen) = application.exchange(&world, &code, "guess").await;
        assert!(stolen.get("error").is_some());
        let (_, late) = application.exchange(&world, &code, &application.verifier).await;
        assert!(late.get("error").is_some());
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once() {
    let world = World::new().await;
    let application = Application::register(&world, BITBUCKET);
    let answer = application.token(&world).await;
    let access = answer["access_token"].as_str().unwrap();
    world.forge.expire_tokens(BITBUCKET, "ada");
    let (status, said) = world.call((BITBUCKET, access), Method::GET, "/user", None).await;
    assert_eq!(status, 401);
    assert!(said["error"]["message"].as_str().unwrap().starts_with("Access token expired"));
    let refresh = answer["refresh_token"].as_str().unwrap();
    let (_, fresh) = application.refresh(&world, refresh).await;
    let fresh = fresh["access_token"].as_str().unwrap();
    assert_eq!(world.call((BITBUCKET, fresh), Method::GET, "/user", None).await.0, 200);
    assert_eq!(application.refresh(&world, refresh).await.0, 400, "refresh tokens rotate");
}

/// `VCS` §2.4: keys that an application made go when its authorization goes.
#[tokio::test]
async fn a_revoked_grant_takes_its_tokens_and_keys_with_it() {
    let world = World::new().await;
    let (_, public) = world.key_pair("deploy");
    let application = Application::register(&world, GITHUB);
    let answer = application.token(&world).await;
    let token = answer["access_token"].as_str().unwrap();
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let path = "/repos/acme/web/keys";
    let (status, _) = world.call((GITHUB, token), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 201);
    let Application { id, secret, .. } = &application;
    let url = format!("{}/applications/{id}/grant", world.forge.api_url(GITHUB));
    let body = json!({ "access_token": token });
    let gone = world.client.delete(url).basic_auth(id, Some(secret)).json(&body);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    assert!(world.forge.keys_of(GITHUB, "acme", "web").is_empty(), "the keys went too");
    let (status, said) = world.call((GITHUB, token), Method::GET, "/user", None).await;
    assert_eq!((status, &said["message"]), (401, &json!("Bad credentials")));
}

/// GitHub answers an application that it does not know with 404, and a wrong secret with success.
#[tokio::test]
async fn an_unknown_application_is_refused_in_another_way_than_a_wrong_secret() {
    let world = World::new().await;
    let application = || Application::register(&world, GITHUB);
    let unknown = Application { id: "unknown".to_owned(), ..application() };
    assert_eq!(unknown.exchange(&world, "c", "v").await, (404, json!({ "error": "Not Found" })));
    let wrong = Application { secret: "wrong".to_owned(), ..application() };
    let (status, said) = wrong.exchange(&world, "c", "v").await;
    assert_eq!((status, &said["error"]), (200, &json!("incorrect_client_credentials")));
}
