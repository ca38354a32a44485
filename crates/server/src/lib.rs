//! The server: routes, three loops, one door; and the dashboard.
//!
//! The story of a push reads downwards: [`http::webhooks`] stores a delivery and answers; [`intake`]
//! turns it into a pipeline; [`drive`] is the one door through which every status changes;
//! [`http::runners`] hands tasks to runners and takes their verdicts; [`deliver`] pays what the
//! world is owed; [`clock`] notices what did not happen.

pub mod access;
pub mod app;
pub mod clock;
pub mod deliver;
pub mod drive;
pub mod http;
pub mod intake;
pub mod live;
pub mod setup;

use std::{net::SocketAddr, sync::Arc};

pub use app::{App, MailSettings, Settings};

/// A running server. Owns its listener and its loops.
pub struct Server {
    /// What everything shares; tests and `demo` look at it.
    pub app: Arc<App>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("failed to listen on `{address}`")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] roundel_store::StoreError),
    /// A forge's settings do not work.
    #[error(transparent)]
    Forge(#[from] roundel_forge::ForgeError),
}

impl Server {
    /// Opens the store, starts the loops and listens. When this returns, requests are answered.
    pub async fn start(settings: Settings) -> Result<Self, StartError> { let _ = settings; todo!() }
    /// Stops listening, lets the loops end their turn, and closes the store.
    pub async fn stop(self) { todo!() }
}
