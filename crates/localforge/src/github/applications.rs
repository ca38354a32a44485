//! What an OAuth application may do with its tokens (`VCS` §2.4).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    answers::{body, not_found, refuse},
    shape,
};
use crate::{
    answer::{Outcome, Refusal, nothing, ok, text},
    caller::{Credentials, credentials},
    model::{Application, Token},
    side::Side,
    stamp,
};

/// Checks id and secret of the application, and finds the token of the body.
fn prove(
    side: &Side,
    client_id: &str,
    headers: &HeaderMap,
    bytes: &Bytes,
) -> Result<(Application, Option<Token>), Refusal> {
    let application = side.read(|state| state.application(client_id).cloned());
    let shown = credentials(headers);
    let application = application.filter(|one| {
        shown == Credentials::Basic(one.client_id.clone(), one.client_secret.clone())
    });
    let Some(application) = application else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "Bad credentials"));
    };
    let wanted = body(bytes)?;
    let Some(token) = text(&wanted, "access_token") else {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "access_token is missing"));
    };
    let found = side.read(|state| {
        let ours = |one: &&Token| one.word == token && one.client_id.as_deref() == Some(client_id);
        state.tokens.iter().find(ours).cloned()
    });
    Ok((application, found))
}

fn shown(side: &Side, application: &Application, token: &Token) -> Value {
    let tail: String = token.word.chars().rev().take(8).collect::<Vec<_>>().iter().rev().collect();
    let user = side.person(&token.login);
    json!({
        "id": token.id,
        "url": side.api(&format!("authorizations/{}", token.id)),
        "scopes": token.scopes,
        "token": token.word,
        "token_last_eight": tail,
        "hashed_token": hex::encode(Sha256::digest(token.word.as_bytes())),
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
        "user": shape::user(side, &user),
    })
}

/// `POST /applications/{client_id}/token`
pub(super) async fn check(
    State(side): State<Arc<Side>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Outcome {
    let (application, token) = prove(&side, &client_id, &headers, &bytes)?;
    let token = token.ok_or_else(not_found)?;
    ok(StatusCode::OK, shown(&side, &application, &token))
}

/// `PATCH /applications/{client_id}/token`: the same right under another word.
pub(super) async fn reset(
    State(side): State<Arc<Side>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Outcome {
    let (application, token) = prove(&side, &client_id, &headers, &bytes)?;
    let token = token.ok_or_else(not_found)?;
    let fresh = side.write(|state| {
        let one = state.tokens.iter_mut().find(|one| one.id == token.id)?;
        one.word = format!("gho_{}", crate::random::word(40));
        Some(one.clone())
    });
    ok(StatusCode::OK, shown(&side, &application, &fresh.ok_or_else(not_found)?))
}

/// `DELETE /applications/{client_id}/token`
pub(super) async fn delete(
    State(side): State<Arc<Side>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Outcome {
    let (_, token) = prove(&side, &client_id, &headers, &bytes)?;
    let token = token.ok_or_else(not_found)?;
    side.write(|state| state.tokens.retain(|one| one.id != token.id));
    nothing(StatusCode::NO_CONTENT)
}

/// `DELETE /applications/{client_id}/grant`: all tokens, and every key made with them.
pub(super) async fn revoke(
    State(side): State<Arc<Side>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Outcome {
    let (_, token) = prove(&side, &client_id, &headers, &bytes)?;
    let token = token.ok_or_else(not_found)?;
    side.write(|state| state.revoke_grant(&client_id, &token.login));
    nothing(StatusCode::NO_CONTENT)
}
