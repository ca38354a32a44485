//! The running pair of forges, and their addresses.

use std::sync::Arc;

use roundel_model::forge::ForgeKind;
use url::Url;

use crate::side::{Life, Side};

/// A running forge pair. Dropping it stops it.
pub struct LocalForge {
    pub(crate) github: Arc<Side>,
    pub(crate) bitbucket: Arc<Side>,
    pub(crate) life: Life,
    pub(crate) known_hosts: String,
}

impl LocalForge {
    /// Returns the address of the pages, and the base of OAuth: `http://127.0.0.1:PORT`.
    pub fn web_url(&self, kind: ForgeKind) -> Url {
        self.side(kind).web.clone()
    }

    /// Returns the address of the API: `…/api/v3` or `…/2.0`.
    pub fn api_url(&self, kind: ForgeKind) -> Url {
        let side = self.side(kind);
        let address = side.api("");
        Url::parse(address.trim_end_matches('/')).unwrap_or_else(|_| side.web.clone())
    }

    /// Returns the `known_hosts` lines of the SSH server.
    pub fn known_hosts(&self) -> String {
        self.known_hosts.clone()
    }

    pub(crate) fn side(&self, kind: ForgeKind) -> &Arc<Side> {
        match kind {
            ForgeKind::GitHub => &self.github,
            ForgeKind::Bitbucket => &self.bitbucket,
        }
    }
}

impl Drop for LocalForge {
    fn drop(&mut self) {
        self.life.stop.cancel();
        self.life.tasks.close();
        for side in [&self.github, &self.bitbucket] {
            if let Err(error) = side.save() {
                tracing::warn!(%error, "the forge's state cannot be saved");
            }
        }
    }
}
