//! One server on one SQLite database.
//!
//! Two would hand out the same job, release each other's leases and write into the same log. The lock is
//! taken before the server listens. It is a file lock of the operating system: it ends with the process, however that ends, so
//! a file that was left behind stops no server. PostgreSQL is made for several servers and needs none.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long the processes of a server that was killed may take to end.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// How often the lock is tried meanwhile.
const PERIOD: Duration = Duration::from_millis(50);

/// Held as long as the server lives.
#[derive(Debug)]
pub(crate) struct DatabaseLock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error(
        "the database `{}` is in use by another server ({holder}): stop that one, or give this one \
         a data directory of its own with `--data`", database.display()
    )]
    Held {
        /// The file of the database.
        database: PathBuf,
        /// "process 123".
        holder: String,
    },
    /// The file of the lock could not be opened or locked.
    #[error("failed to lock `{}`", path.display())]
    Io {
        /// The file of the lock.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DatabaseLock {
    /// Takes the lock of the database that a URL names. `None`: the database needs none.
    pub(crate) async fn take(url: &str) -> Result<Option<Self>, LockError> {
        let Some(database) = roundel_store::sqlite_file(url) else { return Ok(None) };
        let path = lock_path(&database);
        let failed = |source| LockError::Io { path: path.clone(), source };
        let mut file = match open(&path) {
            // There is no such directory: the store says it better.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let process = holder(&mut file);
            // A child of a server that was killed may hold its files for a moment.
            let is_leftover = process.is_some_and(|id| !is_alive(id));
            if !is_leftover || began.elapsed() > LEFTOVERS {
                let holder =
                    process.map_or("another process".to_owned(), |id| format!("process {id}"));
                return Err(LockError::Held { database, holder });
            }
            tokio::time::sleep(PERIOD).await;
        }
        write_process_id(&mut file).map_err(failed)?;
        Ok(Some(Self { _file: file }))
    }
}

/// Next to the database, whichever way leads to it.
fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.canonicalize().unwrap_or_else(|_| database.to_owned()).into_os_string();
    path.push(".lock");
    path.into()
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads which process wrote itself into the file.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn is_alive(process: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new(&format!("/proc/{process}")).exists()
}

fn write_process_id(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_has_one_server_at_a_time_and_the_second_reads_whose_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("roundel.db");
        let url = format!("sqlite:{}", database.display());
        let first = DatabaseLock::take(&url).await.unwrap();
        assert!(first.is_some());
        let error = DatabaseLock::take(&url).await.unwrap_err().to_string();
        let process = format!("another server (process {})", std::process::id());
        assert!(error.contains(&process) && error.contains("`--data`"), "{error}");
        // Another way to the same file.
        std::fs::write(&database, "").unwrap();
        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink(&database, &link).unwrap();
        let by_link = DatabaseLock::take(&format!("sqlite://{}", link.display())).await;
        assert!(matches!(by_link, Err(LockError::Held { .. })), "{by_link:?}");
        drop(first);
        assert!(DatabaseLock::take(&url).await.unwrap().is_some());
    }

    /// A process that was killed leaves its file, but not its lock.
    #[tokio::test]
    async fn a_file_that_was_left_behind_stops_no_server() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("roundel.db");
        for content in ["1", "99999999", "", "not a number"] {
            std::fs::write(lock_path(&database), content).unwrap();
            let url = format!("sqlite:{}", database.display());
            assert!(DatabaseLock::take(&url).await.unwrap().is_some(), "{content}");
        }
    }

    #[tokio::test]
    async fn what_has_no_file_needs_no_lock() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "postgres://roundel@localhost/roundel"]
        {
            assert!(DatabaseLock::take(url).await.unwrap().is_none(), "{url}");
        }
    }
}
