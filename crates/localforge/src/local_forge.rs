//! The running pair of forges, and their addresses.

use std::sync::Arc;

use roundel_model::forge::ForgeKind;
use url::Url;

use crate::forge::{Forge, Shutdown};

/// A running forge pair. Dropping it stops it.
pub struct LocalForge {
    pub(crate) github: Arc<Forge>,
    pub(crate) bitbucket: Arc<Forge>,
    pub(crate) shutdown: Shutdown,
    pub(crate) known_hosts: String,
}

impl LocalForge {
    /// Returns the address of the pages, and the base of OAuth: `http://127.0.0.1:PORT`.
    pub fn web_url(&self, kind: ForgeKind) -> Url {
        self.forge(kind).web.clone()
    }

    /// Returns the address of the API: `…/api/v3` or `…/2.0`.
    pub fn api_url(&self, kind: ForgeKind) -> Url {
        let forge = self.forge(kind);
        let address = forge.api("");
        Url::parse(address.trim_end_matches('/')).unwrap_or_else(|_| forge.web.clone())
    }

    /// Returns the `known_hosts` lines of the SSH server.
    pub fn known_hosts(&self) -> String {
        self.known_hosts.clone()
    }

    pub(crate) fn forge(&self, kind: ForgeKind) -> &Arc<Forge> {
        match kind {
            ForgeKind::GitHub => &self.github,
            ForgeKind::Bitbucket => &self.bitbucket,
        }
    }
}

impl Drop for LocalForge {
    fn drop(&mut self) {
        self.shutdown.stop.cancel();
        self.shutdown.tasks.close();
        for forge in [&self.github, &self.bitbucket] {
            if let Err(error) = forge.save() {
                tracing::warn!(%error, "the forge's state cannot be saved");
            }
        }
    }
}
