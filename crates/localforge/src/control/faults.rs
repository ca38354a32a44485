//! Faults on purpose: calls that fail, tokens that expire, repositories that vanish.

use std::io;

use roundel_model::{forge::ForgeKind, time::Timestamp};

use super::find;
use crate::{
    commit::RepositoryName,
    faults::{DeliveryFault, Failure},
    local_forge::LocalForge,
    model::Token,
};

/// What can go wrong, made to go wrong.
impl LocalForge {
    /// Fails calls on purpose.
    pub fn inject(&self, failure: Failure) {
        self.forge(failure.kind).faults.inject(failure);
    }

    /// Disturbs the next webhook deliveries on purpose.
    pub fn disturb(&self, kind: ForgeKind, fault: DeliveryFault, times: u32) {
        self.forge(kind).faults.disturb(fault, times);
    }

    /// Forgets all injected failures.
    pub fn heal(&self) {
        self.github.faults.heal();
        self.bitbucket.faults.heal();
    }

    /// Allows or forbids deploy keys in a repository, as an organization's policy does on GitHub.
    ///
    /// # Errors
    ///
    /// When there is no such repository.
    pub fn allow_deploy_keys(
        &self,
        kind: ForgeKind,
        RepositoryName { owner, name }: RepositoryName<'_>,
        allowed: bool,
    ) -> io::Result<()> {
        let forge = self.forge(kind);
        let id = find(forge, owner, name)?.id;
        forge.write(|state| {
            if let Some(one) = state.repositories.get_mut(&id) {
                one.deploy_keys_enabled = allowed;
            }
        });
        Ok(())
    }

    /// Ends an application's authorization by a user: its tokens and the keys that it made go.
    pub fn revoke_grant(&self, kind: ForgeKind, client_id: &str, login: &str) {
        self.forge(kind).write(|state| state.revoke_grant(client_id, login));
    }

    /// Lets every token of a user that can be refreshed expire now.
    pub fn expire_tokens(&self, kind: ForgeKind, login: &str) {
        let now = Timestamp::now();
        self.forge(kind).write(|state| {
            let refreshable = |one: &&mut Token| one.login == login && one.refresh.is_some();
            for token in state.tokens.iter_mut().filter(refreshable) {
                token.expires_at = Some(now);
            }
        });
    }
}
