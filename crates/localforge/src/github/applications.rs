//! What an OAuth application may do with its tokens (`VCS` §2.4).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answers::{body, not_found, refuse};
use crate::{
    answer::{ErrorResponse, Outcome, nothing, ok, text},
    caller::{Credentials, credentials},
    forge::Forge,
    model::{Application, Token},
    shape::github as shape,
    stamp,
};

/// A call by an application that proved who it is, about one of its tokens.
pub(super) struct TokenCall {
    forge: Arc<Forge>,
    application: Application,
    token: Token,
}

impl FromRequest<Arc<Forge>> for TokenCall {
    type Rejection = Response;

    async fn from_request(request: Request, forge: &Arc<Forge>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let client_id = Path::<String>::from_request_parts(&mut parts, forge).await;
        let Path(client_id) = client_id.map_err(IntoResponse::into_response)?;
        let shown = credentials(&parts.headers);
        let bytes = Bytes::from_request(Request::from_parts(parts, body), forge).await;
        let bytes = bytes.map_err(IntoResponse::into_response)?;
        let proven = prove(forge, &client_id, &shown, &bytes);
        let (application, token) = proven.map_err(IntoResponse::into_response)?;
        Ok(Self { forge: Arc::clone(forge), application, token })
    }
}

/// Checks id and secret of the application, and finds the token of the body.
fn prove(
    forge: &Forge,
    client_id: &str,
    shown: &Credentials,
    bytes: &Bytes,
) -> Result<(Application, Token), ErrorResponse> {
    let application = forge.read(|state| state.application(client_id).cloned());
    let application = application.filter(|one| {
        *shown == Credentials::Basic(one.client_id.clone(), one.client_secret.clone())
    });
    let Some(application) = application else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "Bad credentials"));
    };
    let fields = body(bytes)?;
    let Some(token) = text(&fields, "access_token") else {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "access_token is missing"));
    };
    let found = forge.read(|state| {
        let ours = |one: &&Token| one.value == token && one.client_id.as_deref() == Some(client_id);
        state.tokens.iter().find(ours).cloned()
    });
    Ok((application, found.ok_or_else(not_found)?))
}

fn shown(forge: &Forge, application: &Application, token: &Token) -> Value {
    let tail: String = token.value.chars().rev().take(8).collect::<Vec<_>>().iter().rev().collect();
    let user = forge.person(&token.login);
    json!({
        "id": token.id,
        "url": forge.api(&format!("authorizations/{}", token.id)),
        "scopes": token.scopes,
        "token": token.value,
        "token_last_eight": tail,
        "hashed_token": hex::encode(Sha256::digest(token.value.as_bytes())),
        "app": {
            "client_id": application.client_id, "name": application.name,
            "url": application.redirect_uri,
        },
        "note": null,
        "note_url": null,
        "updated_at": stamp::seconds(token.created_at),
        "created_at": stamp::seconds(token.created_at),
        "fingerprint": null,
        "expires_at": token.expires_at.map(stamp::seconds),
        "user": shape::user(forge, &user),
    })
}

/// `POST /applications/{client_id}/token`
pub(super) async fn check(call: TokenCall) -> Outcome {
    let TokenCall { forge, application, token } = call;
    ok(StatusCode::OK, shown(&forge, &application, &token))
}

/// `PATCH /applications/{client_id}/token`: the same right under another word.
pub(super) async fn reset(call: TokenCall) -> Outcome {
    let TokenCall { forge, application, token } = call;
    let fresh = forge.write(|state| {
        let one = state.tokens.iter_mut().find(|one| one.id == token.id)?;
        one.value = format!("gho_{}", crate::random::text(40));
        Some(one.clone())
    });
    ok(StatusCode::OK, shown(&forge, &application, &fresh.ok_or_else(not_found)?))
}

/// `DELETE /applications/{client_id}/token`
pub(super) async fn delete(call: TokenCall) -> Outcome {
    let TokenCall { forge, token, .. } = call;
    forge.write(|state| state.tokens.retain(|one| one.id != token.id));
    nothing(StatusCode::NO_CONTENT)
}

/// `DELETE /applications/{client_id}/grant`: all tokens, and every key made with them.
pub(super) async fn revoke(call: TokenCall) -> Outcome {
    let TokenCall { forge, application, token } = call;
    forge.write(|state| state.revoke_grant(&application.client_id, &token.login));
    nothing(StatusCode::NO_CONTENT)
}
