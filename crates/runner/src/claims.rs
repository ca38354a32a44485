//! Claiming: each slot asks for a task, runs it, and asks again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use roundel_model::{
    id::LeaseId,
    kind::{Architecture, ExecutorKind},
    limits::CLAIM_WAIT,
    word::Word,
};
use roundel_protocol::{ClaimRequest, JobSpec, SignOffRequest};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{client::CallError, host::Host, task};

/// The least time between two claims of a slot that found nothing, however fast the server responds.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the server may hold a claim that cannot say yet what the host lacks.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The time after a claim that the server refused, for reasons that an administrator has to fix.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(10);

/// Claims and runs, one task after another, until `stop` is canceled; then signs off.
///
/// # Errors
///
/// The server does not accept the runner's token.
pub(crate) async fn serve(
    host: Arc<Host>,
    slot: u32,
    stop: CancellationToken,
    stop_now: CancellationToken,
) -> Result<(), CallError> {
    serve_tasks(&host, slot, stop, stop_now).await?;
    let request = SignOffRequest { runner: name(&host, slot) };
    if let Err(error) = host.client.sign_off(&request).await {
        // The server finds it out by itself; one of an earlier release does not know the request.
        tracing::debug!(%error, "could not sign off from the server");
    }
    Ok(())
}

async fn serve_tasks(
    host: &Arc<Host>,
    slot: u32,
    stop: CancellationToken,
    stop_now: CancellationToken,
) -> Result<(), CallError> {
    loop {
        // One lease for each task: a claim whose response is lost is repeated under the same.
        let lease = LeaseId::fresh();
        let claimed = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = stop_now.cancelled() => return Ok(()),
            claimed = claim(host, slot, lease) => claimed?,
        };
        // In a separate task: if it panics, the slot continues.
        host.running.fetch_add(1, Ordering::Relaxed);
        let mut one = JoinSet::new();
        one.spawn(task::run(Arc::clone(host), name(host, slot), claimed, stop_now.clone()));
        if let Some(Err(error)) = one.join_next().await {
            tracing::error!(%error, "a task ended unexpectedly");
        }
        host.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks until there is a task.
async fn claim(host: &Host, slot: u32, lease: LeaseId) -> Result<JobSpec, CallError> {
    let client = &host.client;
    loop {
        let request = request(host, slot, lease);
        let asked_at = Instant::now();
        match client.until_reached(|| client.claim(&request)).await {
            Ok(Some(spec)) => return Ok(spec),
            // A server that responds at once is not asked in a tight loop.
            Ok(None) => sleep(PAUSE.saturating_sub(asked_at.elapsed())).await,
            Err(error) if error.is_unauthorized() => return Err(error),
            Err(error) => {
                client.outage.failed(&error, PAUSE_AFTER_REFUSAL);
                sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}

fn request(host: &Host, slot: u32, lease: LeaseId) -> ClaimRequest {
    let settings = &host.settings;
    let limitations = host.limitations();
    let wait = settings.claim_wait.min(CLAIM_WAIT);
    ClaimRequest {
        runner: name(host, slot),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        resource_classes: settings.resource_classes.clone(),
        executors: vec![ExecutorKind::Docker.into(), ExecutorKind::Machine.into()],
        architecture: Architecture::OWN.map(Word::from),
        wait: if limitations.is_some() { wait } else { wait.min(FIRST_WAIT) },
        limitations,
        lease: Some(lease),
    }
}

/// Names a slot: to the server, each is a runner.
fn name(host: &Host, slot: u32) -> String {
    format!("{}-{}", host.settings.name, slot + 1)
}
