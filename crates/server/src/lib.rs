//! The server: routes, three loops, one door; and the dashboard.
//!
//! Read the way of a push downwards: [`http::webhooks`] stores a delivery and answers; [`intake`]
//! turns it into a pipeline; [`drive`] is the one door through which every status changes;
//! [`http::runners`] hands tasks to runners and takes their outcomes; [`deliver`] delivers the
//! effects in the outbox; [`clock`] notices what did not happen.

pub mod access;
pub mod app;
pub mod clock;
mod connected_runners;
mod database_lock;
pub mod deliver;
pub mod drive;
pub mod forges;
mod health;
pub mod http;
pub mod intake;
mod lanes;
pub mod links;
pub mod live;
mod markup;
pub mod orbs;
mod resource_class;
pub mod retry;
mod role_cache;
pub mod setup;
mod signing;
pub mod status_name;
mod supervisor;
mod trigger;
mod variable_rules;
pub mod wake;
mod why_not_building;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::ListenerExt as _;
use tokio::{net::TcpListener, task::JoinSet};

pub use app::{App, EmailSettings, OpenError, Settings};
pub use database_lock::LockError;
pub use http::assets::ICON;

use crate::{
    database_lock::DatabaseLock,
    deliver::{Announcer, Deliver, Reporter},
    intake::Intake,
};

/// How long open requests and loops may take to end when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server. Owns its listener and its loops. Dropping it stops them where they are, as a
/// crash would.
pub struct Server {
    /// What everything shares; tests and `demo` look at it.
    pub app: Arc<App>,
    /// The address that it listens on.
    pub address: SocketAddr,
    work: JoinSet<()>,
    /// Dropped last, so that the next server starts only when this one has stopped writing.
    _lock: Option<DatabaseLock>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("failed to listen on `{address}`")]
    Listen {
        /// The address that it should have listened on.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another server works on the same database.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// What everything shares could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The leases of the time before could not be released.
    #[error(transparent)]
    Store(#[from] roundel_store::StoreError),
}

impl Server {
    /// Opens the store, starts the loops and listens. When this returns, requests are answered.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store, a forge or the address is not available.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let address = settings.listen;
        let failed = |source| StartError::Listen { address, source };
        // A second server on the same data must not get as far as the address, nor the store.
        let lock = DatabaseLock::take(&settings.database_url).await?;
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let app = Arc::new(App::open(settings).await?);
        app.store.release_leases().await?;

        let mut work = JoinSet::new();
        work.spawn(serve(listener, Arc::clone(&app)));
        keep_loops_running(&app, &mut work);
        setup::resume_all(&app.setups).await;
        tracing::debug!(%address, public_url = %app.settings.public_url, "the server started");
        Ok(Self { app, address, work, _lock: lock })
    }

    /// Stops listening, lets the loops end their turn, and closes the store.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        self.app.tasks.close();
        let ended = async {
            self.app.tasks.wait().await;
            while self.work.join_next().await.is_some() {}
        };
        if tokio::time::timeout(STOP_TIMEOUT, ended).await.is_err() {
            tracing::warn!("some work did not end in time and is left to the next start");
            self.work.abort_all();
        }
        self.app.store.close().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stopping.cancel();
    }
}

/// Starts the three loops, each with what it uses.
fn keep_loops_running(app: &Arc<App>, work: &mut JoinSet<()>) {
    let stopping = &app.stopping;
    let of = Arc::clone(app);
    let begin =
        move || intake::run(parts_of_intake(&of), Arc::clone(&of.wake), of.stopping.clone());
    work.spawn(supervisor::keep_running("intake", stopping.clone(), begin));
    let of = Arc::clone(app);
    let begin = move || deliver::run(parts_of_deliver(&of), of.stopping.clone());
    work.spawn(supervisor::keep_running("deliver", stopping.clone(), begin));
    let of = Arc::clone(app);
    let begin = move || clock::run(of.starter.clone(), of.settings.pace, of.stopping.clone());
    work.spawn(supervisor::keep_running("clock", stopping.clone(), begin));
}

/// Gives the first loop what it uses.
fn parts_of_intake(app: &App) -> Intake {
    Intake {
        store: app.store.clone(),
        forges: Arc::clone(&app.forges),
        starter: app.starter.clone(),
        roles: Arc::clone(&app.roles),
        live: Arc::clone(&app.live),
        pace: app.settings.pace,
    }
}

/// Gives the second loop what it uses.
fn parts_of_deliver(app: &App) -> Deliver {
    let Settings { email, instance_key, status_prefix, .. } = &app.settings;
    let (store, links) = (app.store.clone(), app.links.clone());
    Deliver {
        store: store.clone(),
        wake: Arc::clone(&app.wake),
        pace: app.settings.pace,
        announcer: Announcer::open(store.clone(), links.clone(), email.as_ref(), instance_key),
        reporter: Reporter {
            store,
            forges: Arc::clone(&app.forges),
            links,
            prefix: status_prefix.clone(),
        },
    }
}

/// Answers requests until the server stops.
async fn serve(listener: TcpListener, app: Arc<App>) {
    let stopping = app.stopping.clone();
    let listener = listener.tap_io(|stream| {
        // Small answers must be sent at once: the latency of claims and logs is seen by users.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "failed to set TCP_NODELAY");
        }
    });
    // Made once: `axum` would copy the whole router for each connection.
    let served = axum::serve(listener, http::router(app).into_make_service())
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the listener failed");
    }
}
