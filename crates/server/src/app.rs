//! What routes and loops share.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use roundel_forge::{Forge, ForgeSettings};
use roundel_model::{forge::ForgeKind, secret::Secret};
use roundel_store::Store;
use tokio::sync::Notify;
use url::Url;

use crate::live::Live;

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the world reaches us: for hooks, links and callbacks. No trailing slash in use.
    pub public_url: Url,
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: String,
    /// Seals secrets at rest, signs task tokens. 32 bytes.
    pub instance_key: Secret<Vec<u8>>,
    /// Opens `claim`.
    pub runner_token: Secret<String>,
    /// The forges that people can sign in with.
    pub forges: Vec<ForgeSettings>,
    /// None: no mail is sent, and the settings page says so.
    pub mail: Option<MailSettings>,
    /// Prefix of commit status contexts: `ci/roundel`.
    pub status_prefix: String,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `smtp://host:port` (no TLS; loopback), `smtps://user:password@host`, as `lettre` reads it.
    pub smtp_url: Secret<String>,
    /// `Roundel <ci@example.org>`
    pub from: String,
}

/// What routes and loops share.
pub struct App {
    /// How we are set up.
    pub settings: Settings,
    /// What survives a restart.
    pub store: Store,
    /// Clients of the forges, by kind.
    pub forges: BTreeMap<ForgeKind, Arc<dyn Forge>>,
    /// What pages that are open want to hear.
    pub live: Live,
    /// Wakes the loops and waiting claims.
    pub nudges: Nudges,
}

/// One bell for each loop, and one for waiting claims. A lost ring is made up for by a period.
#[derive(Default)]
pub struct Nudges {
    /// A delivery was stored.
    pub intake: Notify,
    /// An effect was saved.
    pub deliver: Notify,
    /// A task waits for a runner.
    pub offer: Notify,
}
