//! Git over HTTP: git's own CGI program behind three routes.

use std::{process::Stdio, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::StreamExt;
use roundel_model::forge::{ForgeKind, Role};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdout, Command},
};
use tokio_util::io::ReaderStream;

use crate::{
    access::{GONE_ON_BITBUCKET, Service},
    answer::{ErrorResponse, Outcome},
    caller::{Credentials, Identity, TokenCheck, credentials},
    forge::Forge,
    git,
    model::Repository,
    push,
};

/// Lines of a CGI header.
const HEADER_LINES: usize = 100;

/// Routes of clone and push over HTTP.
pub(crate) fn router() -> Router<Arc<Forge>> {
    Router::new()
        .route("/{owner}/{repo}/info/refs", get(refs))
        .route("/{owner}/{repo}/git-upload-pack", post(fetch))
        .route("/{owner}/{repo}/git-receive-pack", post(receive))
        .layer(axum::extract::DefaultBodyLimit::disable())
}

/// Which service the refs are for.
#[derive(Debug, Deserialize)]
struct ServiceQuery {
    service: Option<String>,
}

async fn refs(
    State(forge): State<Arc<Forge>>,
    Path((owner, name)): Path<(String, String)>,
    Query(wanted): Query<ServiceQuery>,
    request: Request,
) -> Outcome {
    let Some(service) = wanted.service.as_deref().and_then(Service::named) else {
        return Err(ErrorResponse::new((
            StatusCode::FORBIDDEN,
            "Please upgrade your git client.\n",
        )));
    };
    let pass = admit(&forge, request.headers(), &owner, &name, service)?;
    run(&forge, pass, "info/refs", request).await
}

async fn fetch(
    State(forge): State<Arc<Forge>>,
    Path((owner, name)): Path<(String, String)>,
    request: Request,
) -> Outcome {
    let pass = admit(&forge, request.headers(), &owner, &name, Service::Fetch)?;
    run(&forge, pass, "git-upload-pack", request).await
}

async fn receive(
    State(forge): State<Arc<Forge>>,
    Path((owner, name)): Path<(String, String)>,
    request: Request,
) -> Outcome {
    let pass = admit(&forge, request.headers(), &owner, &name, Service::Push)?;
    run(&forge, pass, "git-receive-pack", request).await
}

/// Who goes in, to what.
struct Admitted {
    repository: Repository,
    actor: String,
    service: Service,
}

fn identify(forge: &Forge, headers: &HeaderMap) -> Result<Option<Identity>, ErrorResponse> {
    let check = match credentials(headers) {
        Credentials::Nothing => return Ok(None),
        Credentials::Bearer(token) => forge.check_token(&token),
        Credentials::Basic(name, password) => match forge.check_token(&password) {
            TokenCheck::Unknown => forge.check_token(&name),
            check @ (TokenCheck::Good(_) | TokenCheck::Expired) => check,
        },
    };
    match check {
        TokenCheck::Good(identity) => Ok(Some(identity)),
        TokenCheck::Expired | TokenCheck::Unknown => Err(ask(forge)),
    }
}

/// Asks for a name and a token.
fn ask(forge: &Forge) -> ErrorResponse {
    let realm = format!("Basic realm=\"{}\"", forge.kind);
    let text = match forge.kind {
        ForgeKind::GitHub => "Invalid username or token.\n",
        ForgeKind::Bitbucket => "Invalid credentials\n",
    };
    ErrorResponse::new((StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, realm)], text))
}

fn admit(
    forge: &Forge,
    headers: &HeaderMap,
    owner: &str,
    name: &str,
    service: Service,
) -> Result<Admitted, ErrorResponse> {
    let gone = || {
        let text = match forge.kind {
            ForgeKind::GitHub => "Repository not found.\n".to_owned(),
            ForgeKind::Bitbucket => format!("{GONE_ON_BITBUCKET}\n"),
        };
        ErrorResponse::new((StatusCode::NOT_FOUND, text))
    };
    let identity = identify(forge, headers)?;
    let found = forge.find(owner, name.strip_suffix(".git").unwrap_or(name));
    let role = match (&identity, &found) {
        (Some(identity), Some(found)) => forge.read(|state| state.role(&identity.login, found)),
        (_, _) => None,
    };
    let Some(found) = found else {
        return Err(if identity.is_none() { ask(forge) } else { gone() });
    };
    let Some(identity) = identity else {
        if found.private || service == Service::Push {
            return Err(ask(forge));
        }
        return Ok(Admitted { repository: found, actor: String::new(), service });
    };
    let scopes: &[&str] = match (forge.kind, found.private, service) {
        (ForgeKind::GitHub, true, _) => &["repo"],
        (ForgeKind::GitHub, false, _) => &["repo", "public_repo"],
        (ForgeKind::Bitbucket, _, Service::Fetch) => &["repository", "repository:write"],
        (ForgeKind::Bitbucket, _, Service::Push) => &["repository:write"],
    };
    let permitted = identity.has_any(scopes) || (!found.private && service == Service::Fetch);
    if role.is_none() || (!permitted && found.private && service == Service::Fetch) {
        return Err(gone());
    }
    if service == Service::Push && (role < Some(Role::Write) || !permitted || found.archived) {
        let text = match forge.kind {
            ForgeKind::GitHub => "Write access to repository not granted.\n",
            ForgeKind::Bitbucket => {
                "Your credentials lack one or more required privilege scopes.\n"
            }
        };
        return Err(ErrorResponse::new((StatusCode::FORBIDDEN, text)));
    }
    Ok(Admitted { repository: found, actor: identity.login, service })
}

fn broken(error: &std::io::Error) -> ErrorResponse {
    tracing::warn!(%error, "git http-backend failed");
    ErrorResponse::new((StatusCode::INTERNAL_SERVER_ERROR, "git cannot be run\n"))
}

/// Returns git's CGI program with the request in its environment.
fn prepare(forge: &Forge, pass: &Admitted, path: &str, request: &Request) -> Command {
    let mut command = git::command();
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", forge.repositories())
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{}.git/{path}", pass.repository.id))
        .env("REQUEST_METHOD", request.method().as_str())
        .env("QUERY_STRING", request.uri().query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("REMOTE_USER", if pass.actor.is_empty() { "anonymous" } else { &pass.actor })
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"));
    if !header("content-length").is_empty() {
        command.env("CONTENT_LENGTH", header("content-length"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

async fn run(forge: &Arc<Forge>, pass: Admitted, path: &str, request: Request) -> Outcome {
    let mut command = prepare(forge, &pass, path, &request);
    let mut child = command.spawn().map_err(|error| broken(&error))?;
    feed(forge, &mut child, request.into_body());
    let Some(stdout) = child.stdout.take() else {
        return Err(broken(&std::io::ErrorKind::BrokenPipe.into()));
    };
    let mut stdout = BufReader::new(stdout);
    let mut response = cgi_headers(&mut stdout).await.map_err(|error| broken(&error))?;
    *response.body_mut() = answer_body(forge, pass, child, stdout);
    Ok(response)
}

/// Hands the request's body to git while git already answers.
fn feed(forge: &Arc<Forge>, child: &mut Child, body: Body) {
    let Some(mut stdin) = child.stdin.take() else { return };
    let stop = forge.shutdown.stop.clone();
    forge.shutdown.tasks.spawn(async move {
        let mut chunks = body.into_data_stream();
        let work = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                // Git may stop reading; it then says why in its answer.
                if stdin.write_all(&chunk).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! { () = stop.cancelled() => {}, () = work => {} }
    });
}

async fn cgi_headers(stdout: &mut BufReader<ChildStdout>) -> std::io::Result<Response> {
    let mut response = ().into_response();
    for _ in 0..HEADER_LINES {
        let mut line = String::new();
        if stdout.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(response) };
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse::<u16>().ok());
            let code = code.and_then(|code| StatusCode::from_u16(code).ok());
            *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) =
            (header::HeaderName::try_from(name), header::HeaderValue::try_from(value))
        {
            response.headers_mut().insert(name, value);
        }
    }
    Err(std::io::ErrorKind::InvalidData.into())
}

/// Streams git's answer; when it has ended after a push, webhooks fire before the last byte is
/// given away, so that a caller that waits for the push sees its events.
fn answer_body(
    forge: &Arc<Forge>,
    pass: Admitted,
    mut child: Child,
    stdout: BufReader<ChildStdout>,
) -> Body {
    let forge = Arc::clone(forge);
    let rest = futures_util::stream::once(async move {
        if let Err(error) = child.wait().await {
            tracing::debug!(%error, "git http-backend is gone");
        }
        if pass.service == Service::Push
            && let Err(error) = push::notice(&forge, pass.repository.id, &pass.actor).await
        {
            tracing::warn!(%error, "webhooks cannot be notified of a push");
        }
        Ok(bytes::Bytes::new())
    });
    Body::from_stream(ReaderStream::new(stdout).chain(rest))
}
