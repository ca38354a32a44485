//! Signing in with a forge, and out (`VCS` §2.3.2, §4.2). The page with the buttons is the
//! dashboard's.
//!
//! A state record ties the answer of the forge to the browser that asked: it is known by hash only,
//! is good once, for ten minutes, and in the browser that holds its cookie. Whoever is signed in
//! already and signs in with the other forge links it to the same account.

use std::{sync::Arc, time::Duration};

use axum::{
    RequestExt as _,
    extract::{Form, FromRequest, Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use roundel_forge::{AuthorizeRequest, Forge, ForgeError};
use roundel_model::{forge::ForgeKind, id::AccountId, time::Timestamp};
use roundel_store::{
    StoreError,
    accounts::{SignIn, Token},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{pages::frame, rights::Anyone, routes::Routes};
use crate::{
    access::{self, SESSION_COOKIE, Visitor},
    app::App,
    links,
};

/// Holds the browser's half of a sign-in that is under way.
const FLOW_COOKIE: &str = "roundel_sign_in";

/// How long consent may take.
const FLOW_LASTS: Duration = Duration::from_mins(10);

/// How long a session lasts.
const SESSION_LASTS: Duration = Duration::from_hours(30 * 24);

/// Returns the routes.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/login/{forge}", begin)
        .post("/login/{forge}", begin)
        .get("/login/{forge}/callback", callback)
        .post("/logout", sign_out)
}

/// What a link or a form may say about a sign-in.
#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(rename = "return")]
    back: Option<String>,
    /// Suggests an account at the forge.
    login: Option<String>,
}

/// What is remembered until the forge sends the browser back.
#[derive(Serialize, Deserialize)]
struct Flow {
    forge: ForgeKind,
    verifier: String,
    back: String,
    /// SHA-256 of the browser's cookie, as hex.
    browser: String,
    link_to: Option<AccountId>,
}

impl FromRequest<Arc<App>> for Wanted {
    type Rejection = QueryRejection;

    async fn from_request(mut request: Request, app: &Arc<App>) -> Result<Self, QueryRejection> {
        let Query(asked) = request.extract_parts::<Query<Wanted>>().await?;
        // A button without fields sends no form at all.
        let form = Form::<Wanted>::from_request(request, app).await;
        let form = form.map(|Form(form)| form).unwrap_or_default();
        Ok(Self { back: form.back.or(asked.back), login: form.login.or(asked.login) })
    }
}

async fn begin(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path(forge): Path<String>,
    visitor: Visitor,
    wanted: Wanted,
) -> Response {
    start(&app, &forge, visitor, wanted).await.unwrap_or_else(Trouble::into_page)
}

async fn start(
    app: &App,
    forge: &str,
    Visitor(visitor): Visitor,
    wanted: Wanted,
) -> Result<Response, Trouble> {
    let forge = connected(app, forge)?;
    let (state, verifier, browser) = (random(), random(), random());
    let flow = Flow {
        forge: forge.kind(),
        verifier: verifier.clone(),
        back: safe_path(wanted.back.as_deref()).to_owned(),
        browser: hex::encode(access::hash(&browser)),
        link_to: visitor.map(|account| account.id),
    };
    let payload = serde_json::to_string(&flow).map_err(|_| Trouble::Spoiled)?;
    let expires_at = Timestamp::now().plus(FLOW_LASTS);
    app.store.put_oauth_state(&access::hash(&state), &payload, expires_at).await?;
    let scopes = forge.requested_scopes();
    let address = forge.authorize_url(&AuthorizeRequest {
        redirect_uri: links::callback(app, forge.kind()),
        state,
        scopes: scopes.iter().map(|scope| scope.name.to_owned()).collect(),
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        login: wanted.login,
    });
    let cookies = AppendHeaders([cookie(app, FLOW_COOKIE, &browser, FLOW_LASTS)]);
    Ok((cookies, Redirect::to(address.as_str())).into_response())
}

#[derive(Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path(forge): Path<String>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    finish(&app, &forge, &headers, answer).await.unwrap_or_else(Trouble::into_page)
}

async fn finish(
    app: &App,
    forge: &str,
    headers: &HeaderMap,
    answer: Answer,
) -> Result<Response, Trouble> {
    let forge = connected(app, forge)?;
    // The state comes first: without it nothing that this request says is to be believed.
    let flow = flow(app, &*forge, headers, answer.state.as_deref()).await?;
    if let Some(error) = answer.error {
        if error == "access_denied" {
            return Ok(Redirect::to(&flow.back).into_response());
        }
        let description = answer.error_description.unwrap_or_default();
        return Err(Trouble::Refused { forge: forge.kind(), error, description });
    }
    let code = answer.code.ok_or(Trouble::Spoiled)?;
    let redirect_uri = links::callback(app, forge.kind());
    let grant = forge.exchange_code(&code, &redirect_uri, &flow.verifier).await?;
    let (user, scopes) = forge.current_user(&grant.access).await?;
    let now = Timestamp::now();
    let token = Token {
        access: grant.access,
        // What the token really may do; people may have unticked something.
        scopes: if scopes.is_empty() { grant.scopes } else { scopes },
        expires_at: grant.expires_in.map(|lasts| now.plus(lasts)),
        refresh: grant.refresh,
        refused: false,
    };
    let account = app
        .store
        .sign_in(
            &SignIn {
                forge: forge.kind(),
                user: user.id,
                login: user.login,
                name: user.name,
                email: user.email,
                avatar_url: user.avatar_url,
                token,
                link_to: flow.link_to,
            },
            now,
        )
        .await?;
    app.roles.forget_account(account);
    open_session(app, headers, account, &flow.back, now).await
}

/// Opens a session with an id that nobody has seen before, and closes the one before it.
async fn open_session(
    app: &App,
    headers: &HeaderMap,
    account: AccountId,
    back: &str,
    now: Timestamp,
) -> Result<Response, Trouble> {
    if let Some(old) = access::session_hash(headers) {
        app.store.close_session(&old).await?;
    }
    let session = random();
    let expires_at = now.plus(SESSION_LASTS);
    app.store.open_session(&access::hash(&session), account, now, expires_at).await?;
    tracing::info!(account.id = %account, "somebody signed in");
    let cookies = AppendHeaders([
        cookie(app, SESSION_COOKIE, &session, SESSION_LASTS),
        cookie(app, FLOW_COOKIE, "", Duration::ZERO),
    ]);
    Ok((cookies, Redirect::to(back)).into_response())
}

/// Takes the record of a sign-in: once, in time, and in the browser that began it.
async fn flow(
    app: &App,
    forge: &dyn Forge,
    headers: &HeaderMap,
    state: Option<&str>,
) -> Result<Flow, Trouble> {
    let state = state.ok_or(Trouble::Spoiled)?;
    let payload = app.store.take_oauth_state(&access::hash(state), Timestamp::now()).await?;
    let flow: Flow =
        payload.and_then(|payload| serde_json::from_str(&payload).ok()).ok_or(Trouble::Spoiled)?;
    let jar = CookieJar::from_headers(headers);
    let browser = jar.get(FLOW_COOKIE).map(|cookie| hex::encode(access::hash(cookie.value())));
    let same = browser
        .is_some_and(|browser| bool::from(browser.as_bytes().ct_eq(flow.browser.as_bytes())));
    if !same || flow.forge != forge.kind() {
        return Err(Trouble::Spoiled);
    }
    Ok(flow)
}

async fn sign_out(_: Anyone, State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(session) = access::session_hash(&headers)
        && let Err(error) = app.store.close_session(&session).await
    {
        return Trouble::from(error).into_page();
    }
    let cookies = AppendHeaders([cookie(&app, SESSION_COOKIE, "", Duration::ZERO)]);
    (cookies, Redirect::to("/")).into_response()
}

fn connected(app: &App, forge: &str) -> Result<Arc<dyn Forge>, Trouble> {
    let kind: ForgeKind = forge.parse().map_err(|_| Trouble::NotConnected(forge.to_owned()))?;
    app.forges.get(&kind).cloned().ok_or_else(|| Trouble::NotConnected(kind.to_string()))
}

/// 256 random bits as text.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Only a path of ours: one slash in front, no backslash, nothing that a browser reads as a host.
fn safe_path(path: Option<&str>) -> &str {
    match path {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains('\\')
                && !path.chars().any(char::is_control) =>
        {
            path
        }
        _ => "/",
    }
}

/// Writes a `Set-Cookie` value. A life of zero takes the cookie away.
fn cookie(app: &App, name: &str, value: &str, lasts: Duration) -> (HeaderName, String) {
    let secure = if app.settings.public_url.scheme() == "https" { "; Secure" } else { "" };
    let seconds = lasts.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    (header::SET_COOKIE, text)
}

/// Why a sign-in did not work, for the person in front of it.
#[derive(Debug)]
enum Trouble {
    NotConnected(String),
    /// No state, a used one, an old one, or one of another browser.
    Spoiled,
    Refused {
        forge: ForgeKind,
        error: String,
        description: String,
    },
    Forge(ForgeError),
    Store(StoreError),
}

impl From<ForgeError> for Trouble {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    fn into_page(self) -> Response {
        let (status, title, text) = match self {
            Self::NotConnected(forge) => (
                StatusCode::NOT_FOUND,
                "Git provider not connected",
                format!("The server's settings do not connect a provider called `{forge}`."),
            ),
            Self::Spoiled => (
                StatusCode::BAD_REQUEST,
                "Sign-in expired",
                "It was started in another browser, more than ten minutes ago, or has already \
                 been used. Nothing was changed; please start again."
                    .to_owned(),
            ),
            Self::Refused { forge, error, description } => (
                StatusCode::BAD_GATEWAY,
                "Sign-in refused",
                format!("{forge} answered `{error}`. {description}"),
            ),
            Self::Forge(error) => {
                tracing::warn!(%error, "a sign-in failed");
                (StatusCode::BAD_GATEWAY, "Sign-in refused", error.to_string())
            }
            Self::Store(error) => {
                tracing::error!(%error, "a sign-in could not be stored");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Sign-in unavailable",
                    "The database is unavailable. Please try again in a minute.".to_owned(),
                )
            }
        };
        frame::error_page(status, title, &text, Some(("Sign in again", "/login")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An open redirect would lend our name to whoever wants to phish.
    #[test]
    fn the_way_back_never_leaves_the_server() {
        assert_eq!(safe_path(Some("/gh/acme/web?x=1")), "/gh/acme/web?x=1");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nb"]
        {
            assert_eq!(safe_path(Some(bad)), "/", "{bad}");
        }
        assert_eq!(safe_path(None), "/");
    }
}
