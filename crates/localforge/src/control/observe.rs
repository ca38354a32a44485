//! What clients did to the forge: commit statuses, webhooks, keys.

use std::time::Duration;

use roundel_model::forge::ForgeKind;

use crate::{
    commit::{CommitName, RepositoryName},
    keys,
    local_forge::LocalForge,
    observed::{CommitStatus, DeployKey, Webhook, WebhookDelivery},
    shape::braced,
};

/// What clients did.
impl LocalForge {
    /// Returns the statuses of a commit: the newest of each context.
    pub fn statuses(
        &self,
        kind: ForgeKind,
        CommitName { owner, repository, sha }: CommitName<'_>,
    ) -> Vec<CommitStatus> {
        let forge = self.forge(kind);
        let Some(found) = forge.find(owner, repository) else { return Vec::new() };
        forge
            .read(|state| state.newest_statuses(found.id, sha))
            .into_iter()
            .map(|one| CommitStatus {
                context: one.name,
                state: one.state,
                description: one.description,
                target_url: one.target_url,
                creator: one.creator,
                created_at: one.updated_at,
            })
            .collect()
    }

    /// Waits until a condition on the statuses of a commit holds, or the time-out.
    pub async fn wait_for_statuses(
        &self,
        kind: ForgeKind,
        commit: CommitName<'_>,
        timeout: Duration,
        done: impl Fn(&[CommitStatus]) -> bool + Send,
    ) -> Vec<CommitStatus> {
        let mut changes = self.forge(kind).changes();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if done(&self.statuses(kind, commit)) {
                    return;
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // After the time-out the caller sees the statuses as they are.
        drop(tokio::time::timeout(timeout, wait).await);
        self.statuses(kind, commit)
    }

    /// Returns the webhooks of a repository and what they delivered.
    pub fn hooks_of(&self, kind: ForgeKind, owner: &str, name: &str) -> Vec<Webhook> {
        let forge = self.forge(kind);
        let Some(found) = forge.find(owner, name) else { return Vec::new() };
        forge.read(|state| {
            let hooks = state.hooks_of(found.id).map(|hook| Webhook {
                id: match kind {
                    ForgeKind::GitHub => hook.id.to_string(),
                    ForgeKind::Bitbucket => braced(hook.uuid),
                },
                url: hook.url.clone(),
                active: hook.active,
                events: hook.events.clone(),
                secret: hook.secret.clone(),
                deliveries: state
                    .deliveries
                    .iter()
                    .filter(|one| one.hook == hook.id)
                    .map(|one| WebhookDelivery {
                        guid: one.guid.clone(),
                        event: one.event.clone(),
                        status_code: one.status_code,
                        attempt: one.attempt,
                        redelivery: one.redelivery,
                        headers: one.request_headers.clone(),
                        payload: one.payload.clone(),
                    })
                    .collect(),
            });
            hooks.collect()
        })
    }

    /// Waits until a condition on the webhooks of a repository holds, or the time-out.
    pub async fn wait_for_hooks(
        &self,
        kind: ForgeKind,
        RepositoryName { owner, name }: RepositoryName<'_>,
        timeout: Duration,
        done: impl Fn(&[Webhook]) -> bool + Send,
    ) -> Vec<Webhook> {
        let mut changes = self.forge(kind).changes();
        let wait = async {
            loop {
                changes.mark_unchanged();
                if done(&self.hooks_of(kind, owner, name)) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        drop(tokio::time::timeout(timeout, wait).await);
        self.hooks_of(kind, owner, name)
    }

    /// Returns the deploy keys of a repository.
    pub fn keys_of(&self, kind: ForgeKind, owner: &str, name: &str) -> Vec<DeployKey> {
        let forge = self.forge(kind);
        let Some(found) = forge.find(owner, name) else { return Vec::new() };
        let all: Vec<_> = forge.read(|state| state.deploy_keys_of(found.id).cloned().collect());
        all.into_iter()
            .map(|key| DeployKey {
                id: key.id.to_string(),
                title: key.title,
                fingerprint: keys::fingerprint(&key.key),
                public: key.key,
                read_only: key.read_only,
                used: key.last_used.is_some(),
            })
            .collect()
    }
}
