//! Composes the server: opens the store, connects the forges, and gives each part what it uses.
//!
//! Nothing here decides anything. Routes hold the whole [`App`]; loops and what they call get parts of
//! it. Every change of a status goes through [`crate::drive`].

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use roundel_forge::{Forge, ForgeSettings};
use roundel_model::{forge::ForgeKind, limits, secret::Secret};
use roundel_store::Store;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    drive::Drive,
    forges::Forges,
    health::Health,
    links::Links,
    live::Live,
    orbs,
    retry::RetryPace,
    role_cache::RoleCache,
    setup::{Setups, under_way::UnderWay},
    trigger::{FailingFiles, PipelineStarter},
    wake::WakeUps,
};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address and port of the HTTP server; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// How browsers and forges reach us: for hooks, links and callbacks. No trailing slash in use.
    pub public_url: Url,
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: String,
    /// Seals secrets at rest, signs task tokens. 32 bytes.
    pub instance_key: Secret<Vec<u8>>,
    /// Authenticates the claims of runners.
    pub runner_token: Secret<String>,
    /// The administrator's token, which publishing orbs requires. Empty: publishing over HTTP is off.
    pub admin_token: Secret<String>,
    /// The forges that people can sign in with.
    pub forges: Vec<ForgeSettings>,
    /// None: no email is sent, and the settings page says so.
    pub email: Option<EmailSettings>,
    /// Prefix of commit status contexts: `ci/roundel`.
    pub status_prefix: String,
    /// Where orbs come from.
    pub orbs: orbs::Settings,
    /// How fast it looks for work and tries again. Only tests need another than the default.
    pub pace: RetryPace,
}

/// How email is sent.
#[derive(Clone, Debug)]
pub struct EmailSettings {
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
    /// The HTTP client for orbs could not be set up.
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
    /// The forges that we are connected to.
    pub forges: Arc<Forges>,
    /// Addresses of our own pages.
    pub links: Links,
    /// Publishes updates to open pages.
    pub live: Arc<Live>,
    /// Wakes the loops and waiting claims.
    pub wake: Arc<WakeUps>,
    /// What every change of a status goes through.
    pub drive: Drive,
    /// What adding projects needs.
    pub setups: Arc<Setups>,
    /// Canceled when the server stops: long answers (claims, streams) end then.
    pub stopping: CancellationToken,
    /// Work that outlives the request that began it. Joined by [`crate::Server::stop`].
    pub tasks: TaskTracker,
    pub(crate) starter: PipelineStarter,
    pub(crate) roles: Arc<RoleCache>,
    pub(crate) health: Health,
    /// Room for large deliveries: each is held in memory until it is stored.
    pub(crate) large_deliveries: Arc<Semaphore>,
}

impl App {
    /// Opens the store and connects the forges.
    ///
    /// # Errors
    ///
    /// If the store does not open or a forge's settings do not work.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let mut clients = BTreeMap::new();
        for forge in &settings.forges {
            clients.insert(forge.kind, roundel_forge::connect(forge.clone())?);
        }
        Self::open_with(settings, clients).await
    }

    /// Opens the store, and uses these clients of forges.
    pub(crate) async fn open_with(
        settings: Settings,
        clients: BTreeMap<ForgeKind, Arc<dyn Forge>>,
    ) -> Result<Self, OpenError> {
        let store = Store::open(&roundel_store::Settings {
            url: settings.database_url.clone(),
            instance_key: settings.instance_key.clone(),
        })
        .await?;
        let orbs = Arc::new(orbs::Sources::new(&settings.orbs, store.clone())?);
        let forges = Arc::new(Forges::new(store.clone(), clients));
        let links = Links::new(settings.public_url.clone());
        let (live, wake) = (Arc::new(Live::default()), Arc::new(WakeUps::default()));
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        let drive = Drive::new(store.clone(), Arc::clone(&wake), Arc::clone(&live));
        let starter = PipelineStarter {
            store: store.clone(),
            forges: Arc::clone(&forges),
            orbs,
            drive: drive.clone(),
            failing_files: Arc::new(FailingFiles::new(settings.pace.give_up_file_after)),
        };
        let setups = Arc::new(Setups {
            store: store.clone(),
            forges: Arc::clone(&forges),
            links: links.clone(),
            live: Arc::clone(&live),
            starter: starter.clone(),
            under_way: UnderWay::default(),
            pace: settings.pace,
            tasks: tasks.clone(),
            stopping: stopping.clone(),
        });
        let roles = Arc::new(RoleCache::default());
        Ok(Self {
            settings,
            store,
            forges,
            links,
            live,
            wake,
            drive,
            setups,
            stopping,
            tasks,
            starter,
            roles,
            health: Health::default(),
            large_deliveries: Arc::new(Semaphore::new(limits::LARGE_DELIVERIES)),
        })
    }
}
