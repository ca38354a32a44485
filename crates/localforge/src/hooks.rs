//! The webhooks of a repository: what both forges' APIs do with them.
//!
//! How a hook is written on the wire, which events there are and how many hooks a repository may
//! have is each forge's own rule. Delivering is in `deliver`.

use roundel_model::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{answer::flag, forge::Forge, model::Hook};

/// A webhook that is to be created.
pub(crate) struct NewHook {
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) events: Vec<String>,
    pub(crate) secret: Option<String>,
    /// `json` or `form`.
    pub(crate) content_type: String,
    pub(crate) skips_verification: bool,
}

/// Returns the webhooks of a repository, oldest first.
pub(crate) fn all(forge: &Forge, repository: u64) -> Vec<Hook> {
    forge.read(|state| state.hooks_of(repository).cloned().collect())
}

/// Finds a webhook of a repository.
pub(crate) fn find(forge: &Forge, repository: u64, is_it: impl Fn(&Hook) -> bool) -> Option<Hook> {
    forge.read(|state| state.hooks_of(repository).find(|one| is_it(one)).cloned())
}

/// Creates a webhook; it is active unless the body says otherwise.
pub(crate) fn create(forge: &Forge, repository: u64, new: NewHook, body: &Value) -> Hook {
    let now = Timestamp::now();
    forge.write(|state| {
        let hook = Hook {
            id: state.fresh_id(),
            uuid: Uuid::new_v4(),
            repository,
            url: new.url,
            description: new.description,
            active: flag(body, "active").unwrap_or(true),
            events: new.events,
            secret: new.secret,
            content_type: new.content_type,
            insecure_ssl: insecure_ssl(new.skips_verification),
            created_at: now,
            updated_at: now,
        };
        state.hooks.push(hook.clone());
        hook
    })
}

/// Stores a changed webhook, switched on or off as the body says.
pub(crate) fn update(forge: &Forge, mut hook: Hook, body: &Value) -> Hook {
    hook.active = flag(body, "active").unwrap_or(hook.active);
    hook.updated_at = Timestamp::now();
    forge.write(|state| {
        if let Some(one) = state.hooks.iter_mut().find(|one| one.id == hook.id) {
            one.clone_from(&hook);
        }
    });
    hook
}

/// Deletes a webhook.
pub(crate) fn delete(forge: &Forge, id: u64) {
    forge.write(|state| state.hooks.retain(|one| one.id != id));
}

/// Returns how GitHub writes whether a receiver's certificate is not checked.
pub(crate) fn insecure_ssl(skips_verification: bool) -> String {
    if skips_verification { "1" } else { "0" }.to_owned()
}
