//! One of the two forges while it runs: its state, its addresses, its tasks.
//!
//! The state is behind one lock that is never held while something waits. Every change wakes the
//! saver, which writes the whole of it to a temporary file and renames it, at most every
//! [`SAVE_EVERY`].

use std::{
    collections::{BTreeMap, HashMap},
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use roundel_model::{forge::ForgeKind, time::Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    faults::Faults,
    git::{Answers, Git, Refs},
    model::{Repository, State, User},
};

/// Bounds how often the state is written while it changes all the time.
const SAVE_EVERY: Duration = Duration::from_millis(200);

/// How many webhook requests may be in flight.
const DELIVERIES_AT_ONCE: usize = 64;

/// How all tasks of a running forge are stopped and awaited.
#[derive(Clone, Default)]
pub(crate) struct Shutdown {
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// Where a forge is.
pub(crate) struct Addresses {
    pub(crate) web: SocketAddr,
    pub(crate) ssh: SocketAddr,
    pub(crate) directory: PathBuf,
}

/// One of the two while it runs; shared by its web server, its SSH server and its tasks.
pub(crate) struct Forge {
    pub(crate) kind: ForgeKind,
    pub(crate) web: Url,
    pub(crate) ssh: SocketAddr,
    pub(crate) faults: Faults,
    pub(crate) shutdown: Shutdown,
    pub(crate) client: reqwest::Client,
    pub(crate) slots: Semaphore,
    /// What each repository's refs were when hooks last fired.
    pub(crate) known_refs: tokio::sync::Mutex<HashMap<u64, Refs>>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    directory: PathBuf,
    answers: Arc<Answers>,
}

impl Forge {
    /// Opens a forge, with the state of its last run.
    pub(crate) async fn open(
        kind: ForgeKind,
        at: Addresses,
        shutdown: Shutdown,
    ) -> std::io::Result<Arc<Self>> {
        let directory = at.directory;
        tokio::fs::create_dir_all(directory.join(kind.long_slug())).await?;
        let state = load(&directory.join(format!("{}.json", kind.long_slug())))?;
        // Hooks go to loopback without TLS: a proxy from the environment would only be in the way,
        // and reading the system's certificates would take longer than all the rest.
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(std::io::Error::other)?;
        let web = Url::parse(&format!("http://{}", at.web)).map_err(std::io::Error::other)?;
        let forge = Arc::new(Self {
            kind,
            web,
            ssh: at.ssh,
            faults: Faults::default(),
            shutdown,
            client,
            slots: Semaphore::new(DELIVERIES_AT_ONCE),
            known_refs: tokio::sync::Mutex::new(HashMap::new()),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            directory,
            answers: Arc::default(),
        });
        forge.remember_refs().await;
        forge.shutdown.tasks.spawn(Arc::clone(&forge).save_on_change());
        Ok(forge)
    }

    /// Takes the refs as they are for known, so that only what comes later counts as a push.
    async fn remember_refs(&self) {
        let ids = self.read(|state| state.repositories.keys().copied().collect::<Vec<_>>());
        let mut known = self.known_refs.lock().await;
        for id in ids {
            let refs = self.git(id).refs().await.unwrap_or_else(|error| {
                tracing::warn!(repository.id = id, %error, "refs of a repository cannot be read");
                BTreeMap::new()
            });
            known.insert(id, refs);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the state.
    pub(crate) fn read<T>(&self, ask: impl FnOnce(&State) -> T) -> T {
        ask(&self.lock())
    }

    /// Changes the state, and wakes all that wait for changes.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
        result
    }

    /// Returns a receiver that is woken by every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Returns git in a repository's directory.
    pub(crate) fn git(&self, repository: u64) -> Git {
        let directory = self.repositories().join(format!("{repository}.git"));
        Git::at(directory, Arc::clone(&self.answers))
    }

    /// Returns where the bare repositories are.
    pub(crate) fn repositories(&self) -> PathBuf {
        self.directory.join(self.kind.long_slug())
    }

    /// Returns an address below the web root.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{}", self.web, path.trim_start_matches('/'))
    }

    /// Returns an address below the API's root.
    pub(crate) fn api(&self, path: &str) -> String {
        let prefix = match self.kind {
            ForgeKind::GitHub => "api/v3",
            ForgeKind::Bitbucket => "2.0",
        };
        format!("{}{prefix}/{}", self.web, path.trim_start_matches('/'))
    }

    /// Returns how a repository is cloned over SSH. The forge is named in the path, for both share
    /// one port.
    pub(crate) fn ssh_url(&self, repository: &Repository) -> String {
        format!("ssh://git@{}/{}/{}.git", self.ssh, self.kind.long_slug(), repository.full_name())
    }

    /// Returns how a repository is cloned over HTTP.
    pub(crate) fn clone_url(&self, repository: &Repository) -> String {
        self.page(&format!("{}.git", repository.full_name()))
    }

    /// Finds a repository by its names.
    pub(crate) fn find(&self, owner: &str, name: &str) -> Option<Repository> {
        self.read(|state| state.repository(owner, name).cloned())
    }

    /// Finds a user; one that does not exist is shown by the login.
    pub(crate) fn person(&self, login: &str) -> User {
        self.read(|state| state.user(login).cloned()).unwrap_or_else(|| User {
            id: 0,
            uuid: uuid::Uuid::nil(),
            login: login.to_owned(),
            name: login.to_owned(),
            email: format!("{login}@users.invalid"),
            created_at: Timestamp::from_micros(0),
        })
    }

    async fn save_on_change(self: Arc<Self>) {
        let mut changes = self.changes();
        loop {
            tokio::select! {
                () = self.shutdown.stop.cancelled() => return,
                result = changes.changed() => if result.is_err() { return },
            }
            let forge = Arc::clone(&self);
            let saved = tokio::task::spawn_blocking(move || forge.save()).await;
            if let Ok(Err(error)) = saved {
                tracing::warn!(%error, "the forge's state cannot be saved");
            }
            tokio::time::sleep(SAVE_EVERY).await;
        }
    }

    /// Writes the state to disk, whole or not at all.
    pub(crate) fn save(&self) -> std::io::Result<()> {
        let state = self.lock().clone();
        let text = serde_json::to_vec(&state)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        std::io::Write::write_all(&mut file, &text)?;
        let name = format!("{}.json", self.kind.long_slug());
        file.persist(self.directory.join(name)).map(drop).map_err(|error| error.error)
    }
}

/// Reads the state of the last run. A file that cannot be understood is left as it is, and no forge
/// starts: the next save would replace it by an empty state.
fn load(path: &Path) -> std::io::Result<State> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => {
            let message = format!("failed to read `{}`: {error}", path.display());
            return Err(std::io::Error::new(error.kind(), message));
        }
    };
    // An object: serde would read a list, too, as the fields in their order.
    let fields = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text);
    let state = fields.and_then(|fields| serde_json::from_value(fields.into()));
    state.map_err(|error| {
        let message = format!(
            "`{}`, the state of the local forge, is damaged: {error}; repair it, or move it away to \
             start without users and repositories",
            path.display()
        );
        std::io::Error::new(ErrorKind::InvalidData, message)
    })
}
