//! The receiver: verify, store, answer. Nothing is decided here.
//!
//! The order is that of `VCS` §3.1. A delivery is on disk before it is answered, so that a push is
//! never lost (invariant 1); whatever else must happen is [`crate::intake`]'s. The answer's body can
//! be read by the administrators of the repository: it names no secret and no decision.
//!
//! Anyone can reach the address. Bodies for unknown hooks are discarded, and a semaphore limits how many large
//! bodies are in memory: a delivery that gets no permit waits for a moment, as a forge does not send a refused
//! delivery again by itself.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts as _, Path, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use roundel_forge::{event, signature};
use roundel_model::{
    forge::ForgeKind,
    id::{DeliveryId, HookId},
    limits,
    time::Timestamp,
};
use roundel_store::{
    deliveries::{NewDelivery, Recorded},
    projects::{Hook, HookState},
};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    body_size,
    routes::{Right, Routes},
};
use crate::{app::App, live::Update};

/// How long a large delivery waits for a permit. GitHub gives up after ten seconds.
const PERMIT_WAIT: Duration = Duration::from_secs(4);

/// How long a delivery may take to arrive.
const ARRIVAL_TIME: Duration = Duration::from_secs(30);

/// Seconds after which a delivery that got no permit may be sent again.
const RETRY_AFTER: &str = "30";

/// Returns the routes of the receiver.
pub(crate) fn routes() -> Routes {
    Routes::new().post("/hooks/{forge}/{hook}", receive)
}

/// Takes a delivery.
async fn receive(signed: Signed) -> Result<Response, Rejected> {
    let Signed { app, hook, headers, body, _permit } = signed;
    let named = event::headers(hook.forge, |name| headers.get(name)?.to_str().ok())
        .map_err(|_| Rejected(StatusCode::BAD_REQUEST, "the headers of a delivery are missing"))?;
    let (status, word) = match record(&app, &hook, &named, body).await? {
        Recorded::New => (StatusCode::ACCEPTED, "queued"),
        Recorded::Duplicate(_) => (StatusCode::OK, "duplicate"),
    };
    Ok((status, Json(json!({ "status": word, "delivery": named.guid }))).into_response())
}

/// A delivery of a hook that we know, signed with its secret.
struct Signed {
    app: Arc<App>,
    hook: Hook,
    headers: HeaderMap,
    body: Bytes,
    /// Held until the body is stored; a small body needs none.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Right for Signed {
    fn name() -> String {
        "Signed".to_owned()
    }
}

impl FromRequest<Arc<App>> for Signed {
    type Rejection = Rejected;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Rejected> {
        // Before it is known which hook it is for: the answer says nothing of that.
        if body_size::is_beyond(request.headers(), limits::DELIVERY_BYTES) {
            body_size::discard(app, request.into_body(), body_size::LARGE_REST_BYTES);
            return Err(TOO_LARGE);
        }
        let (mut parts, body) = request.into_parts();
        let address = Path::<(String, String)>::from_request_parts(&mut parts, app).await;
        let Path((forge, hook)) = address.map_err(|_| UNKNOWN)?;
        let Some(hook) = find(app, &forge, &hook).await? else {
            body_size::discard(app, body, body_size::SMALL_REST_BYTES);
            return Err(UNKNOWN);
        };
        let headers = parts.headers;
        let permit = match permit_for(app, &headers).await {
            Ok(permit) => permit,
            Err(rejected) => {
                tracing::warn!(hook.id = %hook.id, "a delivery was refused: too many large ones at once");
                body_size::discard(app, body, body_size::LARGE_REST_BYTES);
                return Err(rejected);
            }
        };
        let arrived = axum::body::to_bytes(body, limits::DELIVERY_BYTES);
        let arrived = tokio::time::timeout(ARRIVAL_TIME, arrived).await.map_err(|_| TOO_SLOW)?;
        let body = arrived.map_err(|_| TOO_LARGE)?;
        let signature = event::signature(hook.forge, |name| headers.get(name)?.to_str().ok());
        if !is_signed(&hook, &body, signature) {
            tracing::warn!(hook.id = %hook.id, "a delivery with a wrong signature was refused");
            return Err(NOT_SIGNED);
        }
        Ok(Self { app: Arc::clone(app), hook, headers, body, _permit: permit })
    }
}

/// Waits for the permit to keep a large delivery in memory. A small one needs none; one that announces no size
/// counts as large.
async fn permit_for(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<OwnedSemaphorePermit>, Rejected> {
    if body_size::announced(headers).is_some_and(|bytes| bytes <= limits::SMALL_DELIVERY_BYTES) {
        return Ok(None);
    }
    let permit = Arc::clone(&app.large_deliveries).acquire_owned();
    match tokio::time::timeout(PERMIT_WAIT, permit).await {
        Ok(Ok(permit)) => Ok(Some(permit)),
        Ok(Err(_)) | Err(_) => Err(BUSY),
    }
}

/// A rejected delivery, with the one sentence that the forge shows to administrators.
struct Rejected(StatusCode, &'static str);

const UNKNOWN: Rejected = Rejected(StatusCode::NOT_FOUND, "there is no such hook");
const TOO_LARGE: Rejected =
    Rejected(StatusCode::PAYLOAD_TOO_LARGE, "the delivery is larger than 25 MB, or was cut off");
const TOO_SLOW: Rejected =
    Rejected(StatusCode::REQUEST_TIMEOUT, "the delivery did not arrive in time; send it again");
const BUSY: Rejected =
    Rejected(StatusCode::SERVICE_UNAVAILABLE, "too many large deliveries at once; send it again");
const NOT_SIGNED: Rejected =
    Rejected(StatusCode::UNAUTHORIZED, "the signature is missing or wrong");

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = (self.0, self.1).into_response();
        if self.0 == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

async fn find(app: &App, forge: &str, hook: &str) -> Result<Option<Hook>, Rejected> {
    let (Ok(forge), Ok(id)) = (forge.parse::<ForgeKind>(), hook.parse::<HookId>()) else {
        return Ok(None);
    };
    let found = app.store.hook(id).await.map_err(|error| unavailable(&error))?;
    Ok(found.filter(|hook| hook.forge == forge && hook.state != HookState::Gone))
}

fn is_signed(hook: &Hook, body: &[u8], signature: Option<&str>) -> bool {
    let Some(signature) = signature else { return false };
    signature::verify(hook.secret.expose().as_bytes(), body, signature)
}

async fn record(
    app: &App,
    hook: &Hook,
    named: &event::DeliveryHeaders,
    body: Bytes,
) -> Result<Recorded, Rejected> {
    let recorded = app
        .store
        .record_delivery(NewDelivery {
            id: DeliveryId::fresh(),
            hook: hook.id,
            project: hook.project,
            forge: hook.forge,
            guid: named.guid.clone(),
            event: named.event.clone(),
            body: body.into(),
            received_at: Timestamp::now(),
        })
        .await
        .map_err(|error| unavailable(&error))?;
    if recorded == Recorded::New {
        app.wake.intake.notify_one();
        app.live.publish(Update::Delivery { project: hook.project });
    }
    Ok(recorded)
}

/// The forge then records a failure, which can be found and redelivered.
fn unavailable(error: &roundel_store::StoreError) -> Rejected {
    tracing::error!(%error, "a delivery could not be stored");
    Rejected(StatusCode::SERVICE_UNAVAILABLE, "the delivery could not be stored; send it again")
}
