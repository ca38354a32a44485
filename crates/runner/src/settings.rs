//! How a runner is set up.

use std::{path::PathBuf, time::Duration};

use roundel_model::secret::Secret;
use url::Url;

/// How a runner is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address.
    pub server: Url,
    /// Authenticates claims.
    pub token: Secret<String>,
    /// Shown to people.
    pub name: String,
    /// Scratch, layers, mirrors, spools. Only one runner at a time may use it.
    pub directory: PathBuf,
    /// How many tasks run at a time.
    pub slots: u32,
    /// Resource classes that it serves; empty: every class.
    pub resource_classes: Vec<String>,
    /// Programs such as `sudo` may gain the rights of their files' owners, inside their own
    /// environment only (decision 0007). Off: `no_new_privs`.
    pub allow_setuid: bool,
    /// After how long the server answers an idle claim; tests make it short.
    pub claim_wait: Duration,
}
