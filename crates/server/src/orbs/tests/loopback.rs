//! Servers on loopback for the tests of this module: one that answers as the test says, and a real second
//! instance.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use roundel_config::orbs::{Missing, Orb, Resolution};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug, RepositoryId},
    secret::Secret,
    time::Timestamp,
};
use roundel_store::{
    Store,
    accounts::{SignIn, Token},
    projects::{NewProject, Project},
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    app::{App, Settings},
    orbs::{answer::digest, wire},
};

/// How long the tests let a server take.
pub(in crate::orbs) const FETCH_TIMEOUT: Duration = Duration::from_millis(500);

/// How a server answers for one path.
#[derive(Clone, Debug)]
pub(in crate::orbs) enum ResponseKind {
    /// With a source and its digest.
    Text(String),
    /// With a source and the digest of another one.
    WrongDigest(String),
    /// A response with this status and no body.
    Status(u16),
    /// No response at all.
    Silence,
    /// With more than is accepted.
    Flood,
    /// With half of what it promised.
    Half,
    /// A redirect to this address.
    Redirect(String),
}

#[derive(Default)]
struct Inner {
    responses: Mutex<HashMap<String, ResponseKind>>,
    asked: Mutex<Vec<String>>,
    token: Mutex<Option<String>>,
}

/// A server that answers as the test says.
#[derive(Clone)]
pub(in crate::orbs) struct Backend {
    pub(in crate::orbs) url: Url,
    inner: Arc<Inner>,
}

impl Backend {
    pub(in crate::orbs) async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        Self { url: serve(router).await, inner }
    }

    pub(in crate::orbs) fn put(&self, path: &str, response: ResponseKind) {
        self.inner.responses.lock().unwrap().insert(path.to_owned(), response);
    }

    /// Lists versions of an orb, and has the source of each.
    pub(in crate::orbs) fn publish(&self, orb: &str, versions: &[(&str, &str)]) {
        let entry = |(version, text): &(&str, &str)| {
            self.put(
                &format!("{}/{orb}/{version}", wire::PATH),
                ResponseKind::Text((*text).to_owned()),
            );
            wire::OrbVersionEntry {
                version: (*version).to_owned(),
                sha256: digest(text),
                published_at: None,
                published_by: String::new(),
                expires_at: None,
            }
        };
        let versions = versions.iter().map(entry).collect();
        let list = wire::OrbVersions { name: orb.to_owned(), versions, ..Default::default() };
        let text = serde_json::to_string(&list).unwrap();
        self.put(&format!("{}/{orb}", wire::PATH), ResponseKind::Text(text));
    }

    /// What was asked for since the last time.
    pub(in crate::orbs) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.inner.asked.lock().unwrap())
    }

    pub(in crate::orbs) fn last_token(&self) -> Option<String> {
        self.inner.token.lock().unwrap().clone()
    }

    pub(in crate::orbs) fn at(&self, path: &str) -> String {
        self.url.join(path).unwrap().to_string()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    inner.asked.lock().unwrap().push(path.clone());
    let token = headers.get(header::AUTHORIZATION).map(|token| token.to_str().unwrap().to_owned());
    *inner.token.lock().unwrap() = token;
    let response = inner.responses.lock().unwrap().get(&path).cloned();
    match response {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(ResponseKind::Text(text)) => {
            ([(wire::DIGEST_HEADER, digest(&text))], text).into_response()
        }
        Some(ResponseKind::WrongDigest(text)) => {
            ([(wire::DIGEST_HEADER, digest("another"))], text).into_response()
        }
        Some(ResponseKind::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(ResponseKind::Silence) => std::future::pending().await,
        Some(ResponseKind::Flood) => {
            let chunk = || Ok::<_, std::io::Error>(vec![b'x'; 1 << 16]);
            Body::from_stream(futures_util::stream::iter(std::iter::repeat_with(chunk)))
                .into_response()
        }
        Some(ResponseKind::Half) => {
            let chunks = [Ok("version: 2.1\n"), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures_util::stream::iter(chunks)).into_response()
        }
        Some(ResponseKind::Redirect(to)) => {
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
    }
}

/// Serves until the test ends.
pub(in crate::orbs) async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

pub(in crate::orbs) async fn store() -> Store {
    let url = "sqlite::memory:".to_owned();
    let settings = roundel_store::Settings { url, instance_key: Secret::new(vec![7; 32]) };
    Store::open(&settings).await.unwrap()
}

/// A whole instance, in memory.
pub(crate) async fn instance(admin_token: &str, orbs: crate::orbs::Settings) -> (Arc<App>, Url) {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        public_url: Url::parse("http://ci.test").unwrap(),
        database_url: "sqlite::memory:".to_owned(),
        instance_key: Secret::new(vec![7; 32]),
        runner_token: "runner".into(),
        admin_token: admin_token.into(),
        forges: Vec::new(),
        email: None,
        pace: crate::retry::RetryPace::default(),
        status_prefix: "ci/roundel".to_owned(),
        orbs,
    };
    let app = Arc::new(App::open(settings).await.unwrap());
    let url = serve(crate::http::router(Arc::clone(&app))).await;
    (app, url)
}

/// The orb, or the test ends.
pub(in crate::orbs) fn found(resolution: Resolution) -> Arc<Orb> {
    match resolution {
        Resolution::Found(orb) => orb,
        Resolution::Missing(missing) => panic!("{missing:?}"),
    }
}

/// Returns the reason for which it is missing, or ends the test.
pub(in crate::orbs) fn missing(resolution: Resolution) -> Missing {
    match resolution {
        Resolution::Missing(missing) => missing,
        Resolution::Found(orb) => panic!("{orb:?}"),
    }
}

/// Adds a project of an organization on GitHub.
pub(crate) async fn add_project(store: &Store, owner: &str) -> Project {
    let user = ForgeUserId("1".to_owned());
    let sign_in = SignIn::new(ForgeKind::GitHub, user, "ada", Token::new("token".into()));
    let integration = store.sign_in(&sign_in, Timestamp::now()).await.unwrap();
    let new = NewProject {
        slug: ProjectSlug {
            forge: ForgeKind::GitHub,
            owner: owner.to_owned(),
            repository: "web".to_owned(),
        },
        repository: RepositoryId(format!("repository of {owner}")),
        organization_forge_id: format!("id of {owner}"),
        default_branch: "main".to_owned(),
        private: true,
        ssh_url: String::new(),
        web_url: String::new(),
        integration,
    };
    store.upsert_project(&new, Timestamp::now()).await.unwrap()
}
