//! What routes and loops share: settings, the store, the forges, and the bells.
//!
//! Nothing here decides anything. Whoever holds an [`App`] can read; whoever wants to change a
//! status goes through [`crate::drive`].

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use roundel_forge::{Forge, ForgeSettings};
use roundel_model::{forge::ForgeKind, secret::Secret};
use roundel_store::Store;
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{access::role_cache::RoleCache, live::Live, orbs, setup::under_way::UnderWay};

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
    /// Opens what only the instance's administrator may do, as publishing orbs. Empty: nobody may.
    pub admin_token: Secret<String>,
    /// The forges that people can sign in with.
    pub forges: Vec<ForgeSettings>,
    /// None: no mail is sent, and the settings page says so.
    pub mail: Option<MailSettings>,
    /// Prefix of commit status contexts: `ci/roundel`.
    pub status_prefix: String,
    /// Where orbs come from.
    pub orbs: orbs::Settings,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `smtp://host:port` (no TLS; loopback), `smtps://user:password@host`, as `lettre` reads it.
    pub smtp_url: Secret<String>,
    /// `Roundel <ci@example.org>`
    pub from: String,
}

/// Why what routes and loops share could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] roundel_store::StoreError),
    /// There can be no client for a registry of orbs.
    #[error(transparent)]
    Orbs(#[from] orbs::ClientError),
    /// A forge's settings do not work.
    #[error(transparent)]
    Forge(#[from] roundel_forge::ForgeError),
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
    pub wake: WakeUps,
    /// Canceled when the server stops: long answers (claims, streams) end then.
    pub stopping: CancellationToken,
    /// Work that outlives the request that began it. Joined by [`crate::Server::stop`].
    pub tasks: TaskTracker,
    pub(crate) orbs: orbs::Sources,
    pub(crate) roles: RoleCache,
    pub(crate) setups: UnderWay,
    /// One refresh of a rotating token at a time: two at once would burn each other's (`VCS` §4.2).
    pub(crate) refreshing: Semaphore,
}

/// One bell for each loop, and one for waiting claims. A lost ring is made up for by a period.
#[derive(Default)]
pub struct WakeUps {
    /// A delivery was stored.
    pub intake: Notify,
    /// An effect was saved.
    pub deliver: Notify,
    /// A task waits for a runner.
    pub offer: Notify,
}

impl App {
    /// Opens the store and connects the forges.
    ///
    /// # Errors
    ///
    /// If the store does not open or a forge's settings do not work.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let store = Store::open(&roundel_store::Settings {
            url: settings.database_url.clone(),
            instance_key: settings.instance_key.clone(),
        })
        .await?;
        let mut forges = BTreeMap::new();
        for forge in &settings.forges {
            forges.insert(forge.kind, roundel_forge::connect(forge.clone())?);
        }
        let orbs = orbs::Sources::new(&settings.orbs, store.clone())?;
        Ok(Self {
            settings,
            orbs,
            store,
            forges,
            live: Live::default(),
            wake: WakeUps::default(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            roles: RoleCache::default(),
            setups: UnderWay::default(),
            refreshing: Semaphore::new(1),
        })
    }

    /// Begins work that goes on by itself until it is done or the server stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            stopping.run_until_cancelled(work).await;
        });
    }
}
