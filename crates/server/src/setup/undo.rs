//! Takes back what a failed setup had made, in reverse order (`VCS` §8.2).
//!
//! Only what is `pending` belongs to the setup. An answer that was lost is resolved by listing:
//! what we created at the forge is deleted, whether we heard of it or not. What cannot be deleted is
//! named, so that a person can.

use roundel_forge::{ForgeError, keys};
use roundel_store::{
    StoreError,
    projects::{HookState, KeyState, SetupState},
};

use super::{
    record::{Record, Step},
    step::Run,
};

/// Takes everything back and ends the record.
pub(super) async fn run(run: &Run<'_>, record: &mut Record) -> Result<(), StoreError> {
    let hook = undo_hook(run, record).await?;
    let key = undo_key(run, record).await?;
    // What is left over is tried again at the next start, or when the project is set up again.
    let state = if hook && key { SetupState::Failed } else { SetupState::Abandoned };
    record.end(state).await
}

/// True if nothing that we created is left.
async fn undo_hook(run: &Run<'_>, record: &mut Record) -> Result<bool, StoreError> {
    let store = &run.setups.store;
    let Some(hook) = store.hook_of(run.project.id).await? else { return Ok(true) };
    if hook.state != HookState::Pending {
        return Ok(true);
    }
    let url = run.setups.links.hook(run.project.slug.forge, hook.id);
    match delete_hooks(run, &url).await {
        Ok(()) => {
            store.update_hook(hook.id, HookState::Gone, None).await?;
            record.undone(Step::Hook, "removed").await?;
            Ok(true)
        }
        Err(error) => {
            let left = format!("not removed: delete the webhook {url} manually ({error})");
            record.undone(Step::Hook, left).await?;
            Ok(false)
        }
    }
}

async fn delete_hooks(run: &Run<'_>, url: &str) -> Result<(), ForgeError> {
    for hook in run.retry(|| run.forge.hooks(&run.token, &run.repository)).await? {
        if hook.url == url {
            let id = &hook.id;
            run.retry(|| run.forge.delete_hook(&run.token, &run.repository, id)).await?;
        }
    }
    Ok(())
}

/// True if nothing that we created is left.
async fn undo_key(run: &Run<'_>, record: &mut Record) -> Result<bool, StoreError> {
    let store = &run.setups.store;
    let Some(key) = store.checkout_key(run.project.id).await? else { return Ok(true) };
    if key.state != KeyState::Pending {
        return Ok(true);
    }
    match delete_keys(run, &key.public).await {
        Ok(()) => {
            store.update_checkout_key(key.id, KeyState::Gone, None).await?;
            record.undone(Step::Key, "removed").await?;
            Ok(true)
        }
        Err(error) => {
            let fingerprint = &key.fingerprint;
            let key = run.project.slug.forge.key_name();
            let left = format!("not removed: delete the {key} {fingerprint} manually ({error})");
            record.undone(Step::Key, left).await?;
            Ok(false)
        }
    }
}

async fn delete_keys(run: &Run<'_>, public: &str) -> Result<(), ForgeError> {
    for key in run.retry(|| run.forge.deploy_keys(&run.token, &run.repository)).await? {
        if keys::is_same_key(&key.public, public) {
            let id = &key.id;
            run.retry(|| run.forge.delete_deploy_key(&run.token, &run.repository, id)).await?;
        }
    }
    Ok(())
}
