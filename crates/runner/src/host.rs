//! What all tasks of a runner share: the environment runtime, images, mirrors, the server.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, atomic::AtomicU32},
};

use nix::fcntl::{Flock, FlockArg};
use roundel_container::{Runtime, RuntimeSettings, image::ImageStore};

use crate::{
    client::ServerClient,
    mirror::Mirrors,
    phrases,
    programs::{PROGRAMS, Program},
    settings::Settings,
};

/// Why a runner cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The host cannot run environments.
    #[error(transparent)]
    Container(#[from] roundel_container::ContainerError),
    /// Its directory cannot be used.
    #[error("failed to use `{path}`")]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Another runner uses its directory.
    #[error("another Roundel uses `{path}`; give each one a directory of its own")]
    InUse { path: PathBuf },
    /// Requests to the server cannot be made, for lack of TLS roots, say.
    #[error("failed to set up requests to the server")]
    Client(#[from] reqwest::Error),
}

/// The host's side of a runner.
pub(crate) struct Host {
    pub(crate) settings: Settings,
    pub(crate) runtime: Runtime,
    pub(crate) images: ImageStore,
    pub(crate) mirrors: Mirrors,
    pub(crate) client: Arc<ServerClient>,
    /// How many tasks run now.
    pub(crate) running: AtomicU32,
    limitations: OnceLock<Vec<String>>,
    /// Held as long as the runner lives: two in one directory would sweep each other's tasks.
    _lock: Flock<File>,
}

impl Host {
    /// Opens everything and sweeps what a killed predecessor left.
    pub(crate) fn open(settings: Settings) -> Result<Self, OpenError> {
        let directory = settings.directory.clone();
        let tasks = tasks(&directory);
        create(&directory)?;
        let lock = lock(&directory)?;
        if tasks.exists() {
            std::fs::remove_dir_all(&tasks).map_err(|source| at(&tasks, source))?;
        }
        create(&tasks)?;
        let mirrors = directory.join("mirrors");
        create(&mirrors)?;
        let runtime = Runtime::open(RuntimeSettings {
            directory: directory.join("container"),
            helper_program: None,
        })?;
        if settings.allow_setuid {
            runtime.allow_setuid();
        }
        let client = ServerClient::new(settings.server.clone(), settings.token.clone())?;
        Ok(Self {
            images: runtime.images(),
            runtime,
            mirrors: Mirrors::new(mirrors),
            client: Arc::new(client),
            settings,
            running: AtomicU32::new(0),
            limitations: OnceLock::new(),
            _lock: lock,
        })
    }

    /// Starts an environment and ends it: the first task does not wait for what is made only once,
    /// and what the host lacks is known. Blocks.
    pub(crate) fn warm_up(&self) {
        let missing = PROGRAMS.iter().filter_map(Program::missing).map(|one| one.sentence());
        let mut sentences: Vec<String> = missing.collect();
        for sentence in &sentences {
            tracing::warn!("{sentence}");
        }
        match self.runtime.probe() {
            Ok(found) => sentences.extend(found.iter().map(phrases::limitation)),
            Err(error) => {
                tracing::warn!(%error, "no environment can be started on this host");
                sentences.push(phrases::no_environment(&error));
            }
        }
        // Set once: there is one runner for each host.
        drop(self.limitations.set(sentences));
    }

    /// Returns what the host lacks for jobs, one sentence each, once that is known.
    pub(crate) fn limitations(&self) -> Option<Vec<String>> {
        self.limitations.get().cloned()
    }

    /// Where tasks keep their files.
    pub(crate) fn tasks(&self) -> PathBuf {
        tasks(&self.settings.directory)
    }
}

fn tasks(directory: &Path) -> PathBuf {
    directory.join("tasks")
}

fn create(path: &Path) -> Result<(), OpenError> {
    std::fs::create_dir_all(path).map_err(|source| at(path, source))
}

fn lock(directory: &Path) -> Result<Flock<File>, OpenError> {
    let path = directory.join("runner.lock");
    let file = File::create(&path).map_err(|source| at(&path, source))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| OpenError::InUse { path: directory.to_owned() })
}

fn at(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Directory { path: path.to_owned(), source }
}
