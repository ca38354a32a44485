//! Signing in with a forge, and out (`VCS` §2.3.2, §4.2). The page with the buttons is the
//! dashboard's.
//!
//! A state record ties the answer of the forge to the browser that asked: it is known by hash only,
//! is good once, for ten minutes, and in the browser that holds its cookie. A user who is signed in
//! already and signs in with the other forge links it to the same account.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, Uri, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use roundel_forge::{AuthorizeRequest, Forge, ForgeError};
use roundel_model::{forge::ForgeKind, id::AccountId, limits, time::Timestamp};
use roundel_store::{
    StoreError,
    accounts::{Account, SignIn, Token},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    address::{encode, is_local},
    form::{NoFields, PageForm},
    frame::{self, Link},
    notice::{Notice, see_done},
    rights::Anyone,
    routes::Routes,
};
use crate::{
    access::{self, SESSION_COOKIE, Visitor},
    app::App,
};

/// Holds the browser's half of a sign-in that is under way.
const FLOW_COOKIE: &str = "roundel_sign_in";

/// How long consent may take.
const FLOW_LASTS: Duration = Duration::from_mins(10);

/// How long a session lasts.
const SESSION_LASTS: Duration = Duration::from_hours(30 * 24);

/// Routes of signing in and out.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/login/{forge}", begin_by_link)
        .post("/login/{forge}", begin_by_button)
        .get("/login/{forge}/callback", callback)
        .post("/logout", sign_out)
}

/// What a link or a form may ask of a sign-in. What is empty is not asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    #[serde(default, rename = "return")]
    back: String,
    /// Suggests an account at the forge.
    #[serde(default)]
    login: String,
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

/// The query of an address, read value by value: what else is in it does no harm.
struct SignInQuery(Uri);

impl SignInQuery {
    /// Returns the first value of this name.
    fn get(&self, name: &str) -> Option<String> {
        let query = self.0.query().unwrap_or_default();
        let mut fields = url::form_urlencoded::parse(query.as_bytes());
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl FromRequestParts<Arc<App>> for SignInQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.clone()))
    }
}

/// The browser that asks: who is signed in with it, and its cookies.
struct Browser {
    visitor: Option<Account>,
    jar: CookieJar,
}

impl FromRequestParts<Arc<App>> for Browser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await;
        let Visitor(visitor) = visitor.map_err(IntoResponse::into_response)?;
        Ok(Self { visitor, jar: CookieJar::from_headers(&parts.headers) })
    }
}

async fn begin_by_link(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path(forge): Path<String>,
    browser: Browser,
    query: SignInQuery,
) -> Response {
    let value = |name| query.get(name).unwrap_or_default();
    begin(&app, &forge, browser, SignInRequest { back: value("return"), login: value("login") })
        .await
}

async fn begin_by_button(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path(forge): Path<String>,
    browser: Browser,
    PageForm(asked): PageForm<SignInRequest>,
) -> Response {
    begin(&app, &forge, browser, asked).await
}

async fn begin(app: &App, forge: &str, browser: Browser, asked: SignInRequest) -> Response {
    let answer = match connected(app, forge) {
        Ok(forge) => start(app, &*forge, browser, asked).await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(SignInError::into_page)
}

async fn start(
    app: &App,
    forge: &dyn Forge,
    Browser { visitor, jar }: Browser,
    asked: SignInRequest,
) -> Result<Response, SignInError> {
    let (state, verifier, browser) = (random(), random(), random());
    let flow = Flow {
        forge: forge.kind(),
        verifier: verifier.clone(),
        back: safe_path(&asked.back).to_owned(),
        browser: hex::encode(access::hash(&browser)),
        link_to: visitor.map(|account| account.id),
    };
    let payload = serde_json::to_string(&flow).map_err(|_| SignInError::Expired)?;
    let expires_at = Timestamp::now().plus(FLOW_LASTS);
    app.store.put_oauth_state(&access::hash(&state), &payload, expires_at).await?;
    let scopes = forge.requested_scopes();
    let address = forge.authorize_url(&AuthorizeRequest {
        redirect_uri: app.links.callback(forge.kind()),
        state,
        scopes: scopes.iter().map(|scope| scope.name.to_owned()).collect(),
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        login: Some(asked.login).filter(|login| !login.is_empty()),
    });
    let jar = jar.add(cookie(app, FLOW_COOKIE, browser, FLOW_LASTS));
    Ok((jar, Redirect::to(address.as_str())).into_response())
}

async fn callback(
    _: Anyone,
    State(app): State<Arc<App>>,
    Path(forge): Path<String>,
    browser: Browser,
    answer: SignInQuery,
) -> Response {
    finish(&app, &forge, browser, answer).await.unwrap_or_else(SignInError::into_page)
}

async fn finish(
    app: &App,
    forge: &str,
    Browser { visitor, jar }: Browser,
    answer: SignInQuery,
) -> Result<Response, SignInError> {
    let forge = connected(app, forge)?;
    // The state comes first: without it nothing that this request says is to be believed.
    let flow = flow(app, &*forge, &jar, answer.get("state").as_deref()).await?;
    if let Some(error) = answer.get("error") {
        if error == "access_denied" {
            let to = after_cancel(&flow.back, visitor.as_ref());
            let jar = jar.remove(removal(FLOW_COOKIE));
            return Ok((jar, see_done(&to, Notice::sign_in_canceled(forge.kind()))).into_response());
        }
        let description = answer.get("error_description").unwrap_or_default();
        return Err(SignInError::Denied { forge: forge.kind(), error, description });
    }
    let code = answer.get("code").ok_or(SignInError::Expired)?;
    let redirect_uri = app.links.callback(forge.kind());
    let failed = |error| SignInError::Forge(forge.kind(), error);
    let grant = forge.exchange_code(&code, &redirect_uri, &flow.verifier).await.map_err(failed)?;
    let (user, scopes) = forge.current_user(&grant.access).await.map_err(failed)?;
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
    open_session(app, jar, account, &flow.back, now).await
}

/// Returns where a user is after canceling at the forge: where they were, if that can be shown to them
/// without a session, else at the sign-in page, which leads there.
fn after_cancel(back: &str, visitor: Option<&Account>) -> String {
    if visitor.is_some() || back == "/" {
        back.to_owned()
    } else {
        format!("/login?return={}", encode(back))
    }
}

/// Opens a session with a new id, and closes the one before it.
async fn open_session(
    app: &App,
    jar: CookieJar,
    account: AccountId,
    back: &str,
    now: Timestamp,
) -> Result<Response, SignInError> {
    if let Some(old) = access::session_hash(&jar) {
        app.store.close_session(&old).await?;
    }
    let session = random();
    let expires_at = now.plus(SESSION_LASTS);
    app.store.open_session(&access::hash(&session), account, now, expires_at).await?;
    tracing::info!(account.id = %account, "a user signed in");
    let session = cookie(app, SESSION_COOKIE, session, SESSION_LASTS);
    let jar = jar.add(session).remove(removal(FLOW_COOKIE));
    Ok((jar, Redirect::to(back)).into_response())
}

/// Takes the record of a sign-in: once, in time, and in the browser that began it.
async fn flow(
    app: &App,
    forge: &dyn Forge,
    jar: &CookieJar,
    state: Option<&str>,
) -> Result<Flow, SignInError> {
    let state = state.ok_or(SignInError::Expired)?;
    let payload = app.store.take_oauth_state(&access::hash(state), Timestamp::now()).await?;
    let flow: Flow = payload
        .and_then(|payload| serde_json::from_str(&payload).ok())
        .ok_or(SignInError::Expired)?;
    let browser = jar.get(FLOW_COOKIE).map(|cookie| hex::encode(access::hash(cookie.value())));
    let same = browser
        .is_some_and(|browser| bool::from(browser.as_bytes().ct_eq(flow.browser.as_bytes())));
    if !same || flow.forge != forge.kind() {
        return Err(SignInError::Expired);
    }
    Ok(flow)
}

async fn sign_out(
    _: Anyone,
    State(app): State<Arc<App>>,
    jar: CookieJar,
    _: PageForm<NoFields>,
) -> Response {
    if let Some(session) = access::session_hash(&jar)
        && let Err(error) = app.store.close_session(&session).await
    {
        return SignInError::from(error).into_page();
    }
    (jar.remove(removal(SESSION_COOKIE)), Redirect::to("/")).into_response()
}

fn connected(app: &App, forge: &str) -> Result<Arc<dyn Forge>, SignInError> {
    let kind: ForgeKind = forge.parse().map_err(|_| SignInError::NotConnected(forge.to_owned()))?;
    app.forges
        .clients()
        .get(&kind)
        .cloned()
        .ok_or_else(|| SignInError::NotConnected(kind.to_string()))
}

/// 256 random bits as text.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Only a path on this server: one slash in front, no backslash, nothing that a browser reads as a host.
fn safe_path(path: &str) -> &str {
    if is_local(path) && path.len() <= limits::RETURN_PATH_CHARS { path } else { "/" }
}

/// Makes a cookie that scripts cannot read, and that other sites' forms do not send.
fn cookie(app: &App, name: &'static str, value: String, lasts: Duration) -> Cookie<'static> {
    let mut cookie = removal(name);
    cookie.set_value(value);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(app.settings.public_url.scheme() == "https");
    cookie.set_max_age(cookie.max_age().or_else(|| lasts.try_into().ok()));
    cookie
}

/// Names one of our cookies, to delete it: name and path must be those that it was set with.
fn removal(name: &'static str) -> Cookie<'static> {
    let mut cookie = Cookie::from(name);
    cookie.set_path("/");
    cookie
}

/// Why a sign-in did not work, for the user who tries.
#[derive(Debug)]
enum SignInError {
    NotConnected(String),
    /// No state, a used one, an old one, or one of another browser.
    Expired,
    Denied {
        forge: ForgeKind,
        error: String,
        description: String,
    },
    Forge(ForgeKind, ForgeError),
    Store(StoreError),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl SignInError {
    fn into_page(self) -> Response {
        let (status, title, text) = match self {
            Self::NotConnected(forge) => (
                StatusCode::NOT_FOUND,
                "Git provider not connected",
                format!("The server's settings do not connect a provider called `{forge}`."),
            ),
            Self::Expired => (
                StatusCode::BAD_REQUEST,
                "Sign-in expired",
                "It was started in another browser, more than ten minutes ago, or has already \
                 been used. Nothing was changed; please start again."
                    .to_owned(),
            ),
            Self::Denied { forge, error, description } => (
                StatusCode::BAD_GATEWAY,
                "Sign-in refused",
                format!("{forge} answered `{error}`. {description}"),
            ),
            Self::Forge(forge, error) if error.is_transient() => {
                tracing::warn!(%error, "a sign-in failed");
                let text = format!("{error}. Nothing was changed; please try again later.");
                let title = format!("{forge} could not be asked");
                return frame::error_page(
                    StatusCode::BAD_GATEWAY,
                    &title,
                    &text,
                    Some(Link::fixed("Try again", "/login")),
                );
            }
            Self::Forge(_, error) => {
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
        frame::error_page(status, title, &text, Some(Link::fixed("Sign in again", "/login")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An open redirect would lend our name to phishing.
    #[test]
    fn the_way_back_never_leaves_the_server() {
        assert_eq!(safe_path("/gh/acme/web?x=1"), "/gh/acme/web?x=1");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nb"]
        {
            assert_eq!(safe_path(bad), "/", "{bad}");
        }
        assert_eq!(safe_path(""), "/");
    }
}
