//! Claiming: each slot asks for a task, runs it, and asks again.

use std::{sync::Arc, time::Duration};

use roundel_model::{id::LeaseId, kind::ExecutorKind, limits::CLAIM_WAIT};
use roundel_protocol::{ClaimRequest, JobSpec};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{backoff::Backoff, client::CallError, host::Host, task};

/// The least time between two claims of a slot that found nothing, whatever the server does.
const PAUSE: Duration = Duration::from_millis(50);

/// Claims and runs, one task after another, until `stop` is canceled.
pub(crate) async fn serve(
    host: Arc<Host>,
    slot: u32,
    stop: CancellationToken,
    stop_now: CancellationToken,
) {
    loop {
        // One lease for each task: a claim whose answer is lost is repeated under the same.
        let request = request(&host, slot, LeaseId::fresh());
        let claimed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = stop_now.cancelled() => return,
            claimed = claim(&host, &request) => claimed,
        };
        // In a task of its own: should it panic, the slot lives on.
        let mut one = JoinSet::new();
        one.spawn(task::run(Arc::clone(&host), claimed, stop_now.clone()));
        if let Some(Err(error)) = one.join_next().await {
            tracing::error!(%error, "a task was lost");
        }
    }
}

/// Asks until there is a task.
async fn claim(host: &Host, request: &ClaimRequest) -> JobSpec {
    let mut backoff = Backoff::new();
    loop {
        let asked_at = Instant::now();
        match host.client.claim(request).await {
            Ok(Some(spec)) => return spec,
            Ok(None) => {
                backoff.reset();
                // A server that answers at once is not asked in a tight circle.
                sleep(PAUSE.saturating_sub(asked_at.elapsed())).await;
            }
            Err(error) => {
                let pause = backoff.next();
                match error {
                    CallError::Away(message) => tracing::warn!(message, ?pause, "no claim"),
                    error @ (CallError::Gone(_) | CallError::Refused { .. }) => {
                        tracing::error!(%error, ?pause, "the server does not let us claim");
                    }
                }
                sleep(pause).await;
            }
        }
    }
}

fn request(host: &Host, slot: u32, lease: LeaseId) -> ClaimRequest {
    let settings = &host.settings;
    ClaimRequest {
        runner: format!("{}-{}", settings.name, slot + 1),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        resource_classes: settings.resource_classes.clone(),
        executors: vec![ExecutorKind::Docker.into(), ExecutorKind::Machine.into()],
        wait: settings.claim_wait.min(CLAIM_WAIT),
        lease: Some(lease),
    }
}
