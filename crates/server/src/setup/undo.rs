//! Takes back what a failed setup had made, in reverse order (`VCS` §8.2).
//!
//! Only what is `pending` belongs to the setup. An answer that was lost is resolved by listing:
//! what we created at the forge is deleted, whether we heard of it or not. What cannot be deleted is
//! named, so that a person can.

use roundel_forge::{ForgeError, keys};
use roundel_store::{
    StoreError,
    projects::{CheckoutKey, Hook, HookState, KeyState, Project, SetupState},
};

use super::{
    record::{Record, Step},
    step::{Run, Setups},
};

/// Takes everything back and ends the record.
pub(super) async fn run(run: &Run<'_>, record: &mut Record) -> Result<(), StoreError> {
    let hook = undo_hook(run, record).await?;
    let key = undo_key(run, record).await?;
    // Nothing removes later what is left over: a user deletes it, or runs setup again, which takes over the
    // webhook, and the key while it is young.
    let state = if hook && key { SetupState::Failed } else { SetupState::Abandoned };
    record.end(state).await
}

/// Ends the record of a setup that cannot reach the forge any more, and names what may be left there.
pub(super) async fn leave(
    setups: &Setups,
    project: &Project,
    record: &mut Record,
) -> Result<(), StoreError> {
    let mut state = SetupState::Failed;
    if let Some(hook) = pending_hook(setups, project).await? {
        let url = setups.links.hook(project.slug.forge, hook.id);
        record.left(Step::Hook, left_hook(&url)).await?;
        state = SetupState::Abandoned;
    }
    if let Some(key) = pending_key(setups, project).await? {
        record.left(Step::Key, left_key(project, &key)).await?;
        state = SetupState::Abandoned;
    }
    record.end(state).await
}

async fn pending_hook(setups: &Setups, project: &Project) -> Result<Option<Hook>, StoreError> {
    let hook = setups.store.hook_of(project.id).await?;
    Ok(hook.filter(|hook| hook.state == HookState::Pending))
}

async fn pending_key(
    setups: &Setups,
    project: &Project,
) -> Result<Option<CheckoutKey>, StoreError> {
    let key = setups.store.checkout_key(project.id).await?;
    Ok(key.filter(|key| key.state == KeyState::Pending))
}

fn left_hook(url: &str) -> String {
    format!("not removed: delete the webhook {url} manually")
}

fn left_key(project: &Project, key: &CheckoutKey) -> String {
    let name = project.slug.forge.key_name();
    format!("not removed: delete the {name} {} manually", key.fingerprint)
}

/// True if nothing that we created is left.
async fn undo_hook(run: &Run<'_>, record: &mut Record) -> Result<bool, StoreError> {
    let store = &run.setups.store;
    let Some(hook) = pending_hook(run.setups, run.project).await? else { return Ok(true) };
    let url = run.setups.links.hook(run.project.slug.forge, hook.id);
    match delete_hooks(run, &url).await {
        Ok(()) => {
            store.update_hook(hook.id, HookState::Gone, None).await?;
            record.undone(Step::Hook).await?;
            Ok(true)
        }
        Err(error) => {
            record.left(Step::Hook, format!("{} ({error})", left_hook(&url))).await?;
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
    let Some(key) = pending_key(run.setups, run.project).await? else { return Ok(true) };
    match delete_keys(run, &key.public).await {
        Ok(()) => {
            store.update_checkout_key(key.id, KeyState::Gone, None).await?;
            record.undone(Step::Key).await?;
            Ok(true)
        }
        Err(error) => {
            record.left(Step::Key, format!("{} ({error})", left_key(run.project, &key))).await?;
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
