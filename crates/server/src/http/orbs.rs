//! Orbs over HTTP: what is published here, for programs, other instances and `roundel orb`.
//!
//! The words are in [`wire`]. Reading without a token shows what is visible to everyone; the
//! administrator's token shows all and publishes. Browsers' cookies open nothing here.

use std::sync::Arc;

use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use roundel_model::time::Timestamp;
use roundel_protocol::ErrorCode;
use roundel_store::orbs::OrbReader;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{
    api_input::ApiInput,
    error_response::ErrorResponse,
    routes::{Right, Routes},
};
use crate::{
    app::App,
    orbs::{
        ORB_BYTES, catalog, digest,
        publish::{self, Publication, PublishError},
        wire::{DIGEST_HEADER, OrbList, OrbOutcome, OrbPublished, OrbVersions, PATH},
    },
};

/// Routes of publishing and reading orbs.
pub(crate) fn routes() -> Routes {
    let limit = usize::try_from(ORB_BYTES).unwrap_or(usize::MAX);
    let version = format!("{PATH}/{{namespace}}/{{name}}/{{version}}");
    Routes::new()
        .get(PATH, list)
        .get(&format!("{PATH}/{{namespace}}/{{name}}"), versions)
        .get(&version, source)
        .put(&version, publish)
        .layer(DefaultBodyLimit::max(limit))
}

/// Who asks, by the token that came along: the administrator, or anyone without one. A wrong one is
/// refused, not overlooked. What each may see is for [`catalog`] to say.
struct OrbCaller(OrbReader);

/// Came with the administrator's token.
struct Administrator;

impl Right for OrbCaller {
    fn name() -> String {
        "OrbReader".to_owned()
    }
}

/// The message for a caller without the token, perhaps a user of `roundel orb`.
const PUBLISH_NEEDS_TOKEN: &str = "publishing needs the administrator's token: give it with \
     `ROUNDEL_ADMIN_TOKEN` or `--admin-token-file`";

impl Right for Administrator {
    fn name() -> String {
        "Administrator".to_owned()
    }
}

impl FromRequestParts<Arc<App>> for Administrator {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ErrorResponse> {
        match OrbCaller::from_request_parts(parts, app).await?.0 {
            OrbReader::Administrator => Ok(Self),
            OrbReader::Anonymous | OrbReader::Project(_) => {
                Err(ErrorResponse::unauthorized(PUBLISH_NEEDS_TOKEN))
            }
        }
    }
}

impl FromRequestParts<Arc<App>> for OrbCaller {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ErrorResponse> {
        let Some(given) = parts.headers.get(header::AUTHORIZATION) else {
            return Ok(Self(OrbReader::Anonymous));
        };
        let given = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer "));
        let right = app.settings.admin_token.expose();
        let fits = given.is_some_and(|given| given.as_bytes().ct_eq(right.as_bytes()).into());
        if !fits || right.is_empty() {
            return Err(ErrorResponse::unauthorized("the token is not the administrator's"));
        }
        Ok(Self(OrbReader::Administrator))
    }
}

#[derive(Deserialize)]
struct Filter {
    namespace: Option<String>,
}

async fn list(
    OrbCaller(reader): OrbCaller,
    State(app): State<Arc<App>>,
    ApiInput(Query(filter)): ApiInput<Query<Filter>>,
) -> Result<Json<OrbList>, ErrorResponse> {
    Ok(Json(catalog::list(&app.store, reader, filter.namespace.as_deref()).await?))
}

async fn versions(
    OrbCaller(reader): OrbCaller,
    State(app): State<Arc<App>>,
    ApiInput(Path((namespace, name))): ApiInput<Path<(String, String)>>,
) -> Result<Json<OrbVersions>, ErrorResponse> {
    let found = catalog::versions(&app.store, reader, &namespace, &name).await?;
    found.map(Json).ok_or_else(not_found)
}

async fn source(
    OrbCaller(reader): OrbCaller,
    State(app): State<Arc<App>>,
    ApiInput(Path((namespace, name, version))): ApiInput<Path<(String, String, String)>>,
) -> Result<Response, ErrorResponse> {
    let found = catalog::source(&app.store, reader, &namespace, &name, &version).await?;
    let text = found.ok_or_else(not_found)?;
    let kind = (header::CONTENT_TYPE.as_str(), "application/yaml; charset=utf-8".to_owned());
    Ok(([kind, (DIGEST_HEADER, digest(&text))], text).into_response())
}

#[derive(Deserialize)]
struct Terms {
    organization: Option<String>,
    visibility: Option<String>,
    /// Who publishes, as they call themselves. The token is one for all administrators.
    by: Option<String>,
}

async fn publish(
    _: Administrator,
    State(app): State<Arc<App>>,
    ApiInput(Path((namespace, name, version))): ApiInput<Path<(String, String, String)>>,
    ApiInput(Query(terms)): ApiInput<Query<Terms>>,
    ApiInput(text): ApiInput<String>,
) -> Result<(StatusCode, Json<OrbPublished>), ErrorResponse> {
    let publication = Publication {
        orb: format!("{namespace}/{name}@{version}"),
        text,
        organization: terms.organization,
        visibility: terms.visibility,
        published_by: terms.by.unwrap_or_else(|| "administrator".to_owned()),
    };
    let published = publish::publish(&app.store, publication, Timestamp::now()).await?;
    let is_new = published.outcome.is(OrbOutcome::New);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(published)))
}

/// Answers for an orb that does not exist, and for one that the caller may not see.
fn not_found() -> ErrorResponse {
    let message = "there is no such orb, or it is not visible to you";
    ErrorResponse::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message)
}

impl From<PublishError> for ErrorResponse {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        let (status, code) = match error {
            PublishError::Store(error) => return error.into(),
            PublishError::Unsound { rendered, .. } => {
                let message = format!("{rendered}{message}");
                return Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::UnsoundOrb, message);
            }
            PublishError::Reference(_) | PublishError::Version(_) | PublishError::Visibility(_) => {
                (StatusCode::BAD_REQUEST, ErrorCode::BadRequest)
            }
            PublishError::Size => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge),
            PublishError::Organization(_) => {
                (StatusCode::BAD_REQUEST, ErrorCode::UnknownOrganization)
            }
            PublishError::Differs { .. } => (StatusCode::CONFLICT, ErrorCode::VersionExists),
            PublishError::NoOwner(_) => (StatusCode::BAD_REQUEST, ErrorCode::NoOwner),
            PublishError::OtherOwner(_) => (StatusCode::CONFLICT, ErrorCode::OtherOwner),
            PublishError::Full(_) => (StatusCode::CONFLICT, ErrorCode::TooManyVersions),
        };
        Self::new(status, code, message)
    }
}

#[cfg(test)]
mod tests;
