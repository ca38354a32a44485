//! Signing in: no description has it, so here the two ends check each other.

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use roundel_forge::{AuthorizeRequest, ErrorClass, Forge, ForgeError, ForgeSettings};
use roundel_localforge::ForgeKind;
use roundel_model::secret::Secret;
use roundel_testkit::visitor::Visitor;
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

use super::world::{LOGIN, World};

const VERIFIER: &str = "0123456789-0123456789-0123456789-0123456789";

/// A server that a browser can come back to, and our client of a registered application.
struct OAuthClient<'a> {
    world: &'a World,
    client: Arc<dyn Forge>,
    settings: ForgeSettings,
    callback: String,
    task: JoinHandle<()>,
}

impl<'a> OAuthClient<'a> {
    async fn open(world: &'a World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback = format!("http://{}/login/callback", listener.local_addr().unwrap());
        let service = Router::new().fallback(|| async { "welcome back" });
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let (id, secret) = world.forge.register_application(world.kind, "Roundel", &callback);
        let mut settings = world.client(world.api_url()).settings().clone();
        settings.client_id = id;
        settings.client_secret = Secret::new(secret);
        let client = roundel_forge::connect(settings.clone()).unwrap();
        Self { world, client, settings, callback, task }
    }

    /// Lets a person consent; returns the code that the browser comes back with.
    async fn code(&self) -> String {
        let requested = self.client.requested_scopes();
        let mut scopes: Vec<String> = requested.iter().map(|scope| scope.name.into()).collect();
        if self.world.kind == ForgeKind::GitHub {
            // A token that expires, so that there is something to renew.
            scopes.push("offline_access".into());
        }
        let url = self.client.authorize_url(&AuthorizeRequest {
            redirect_uri: self.callback.clone(),
            state: "the state".into(),
            scopes,
            code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
            login: Some(LOGIN.into()),
        });
        let mut browser = Visitor::new().unwrap();
        let people = browser.open(url.clone()).await.unwrap();
        let mut page = browser.submit(&people, &[("login", LOGIN)]).await.unwrap();
        if !page.url.as_str().starts_with(&self.callback) {
            // The consent page sends back what it was asked, and the decision.
            let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let asked = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let answer: Vec<_> = asked.chain([("decision", "allow")]).collect();
            let mut address = url.clone();
            address.set_query(None);
            page = browser.send(address, &answer).await.unwrap();
        }
        assert!(page.url.as_str().starts_with(&self.callback), "{}: {}", page.url, page.text);
        let mut pairs: HashMap<_, _> = page.url.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "the state");
        pairs.remove("code").unwrap()
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Result<String, ForgeError> {
        let grant = self.client.exchange_code(code, &self.callback, verifier).await?;
        Ok(grant.access.expose().clone())
    }
}

impl Drop for OAuthClient<'_> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A person signs in, and the token is renewed.
pub(crate) async fn once(world: &World) {
    let office = OAuthClient::open(world).await;
    let code = office.code().await;
    let grant = office.client.exchange_code(&code, &office.callback, VERIFIER).await.unwrap();
    assert!(grant.expires_in.is_some());
    for scope in office.client.requested_scopes() {
        assert!(grant.scopes.iter().any(|one| one == scope.name), "{scope:?}: {:?}", grant.scopes);
    }
    let (user, _) = office.client.current_user(&grant.access).await.unwrap();
    assert_eq!(user.login, LOGIN);

    let old = grant.refresh.unwrap();
    let renewed = office.client.refresh(&old).await.unwrap();
    assert!(renewed.access != grant.access && renewed.refresh.as_ref() != Some(&old));
    office.client.current_user(&renewed.access).await.unwrap();
    let twice = office.client.refresh(&old).await.unwrap_err();
    assert_eq!(twice.class, ErrorClass::Unauthorized, "{twice}");
}

/// What must not lead to a token.
pub(crate) async fn wrongly(world: &World) {
    let office = OAuthClient::open(world).await;
    let code = office.code().await;
    office.exchange(&code, VERIFIER).await.unwrap();
    let used = office.exchange(&code, VERIFIER).await.unwrap_err();
    assert_eq!(used.class, ErrorClass::Invalid, "{used}");
    let invented = office.exchange("no-such-code", VERIFIER).await.unwrap_err();
    assert_eq!(invented.class, ErrorClass::Invalid, "{invented}");
    if world.kind == ForgeKind::GitHub {
        // A stolen code is worthless without the verifier.
        let stolen = office.exchange(&office.code().await, "another verifier").await.unwrap_err();
        assert_eq!(stolen.class, ErrorClass::Invalid, "{stolen}");
    }
    let mut settings = office.settings.clone();
    settings.client_secret = Secret::from("wrong");
    let stranger = roundel_forge::connect(settings).unwrap();
    let refused = stranger.exchange_code("code", &office.callback, VERIFIER).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Forbidden, "{refused}");
    assert!(refused.reason.contains("operator"), "{refused}");
}
