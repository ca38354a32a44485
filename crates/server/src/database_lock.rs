//! One server on one SQLite database.
//!
//! Two would hand out the same job, release each other's leases and write into the same log. The lock is
//! taken before the server listens. It is a file lock of the operating system: it ends with the process,
//! however that ends, so a file that was left behind stops no server. PostgreSQL is made for several
//! servers and needs none.
//!
//! A file next to the database says which process has it. The database itself is locked as well, for a
//! hard link has another name, perhaps in another directory. SQLite has locks of another kind
//! (`fcntl`), which this one (`flock`) does not touch.

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
    _marker: File,
    /// None: the database could not be opened, which the store reports.
    _database: Option<File>,
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
        let held = |holder| LockError::Held { database: database.clone(), holder };
        let mut marker = match open(&path) {
            // There is no such directory: the store says it better.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        if let Some(holder) = wait_for(&mut marker, holder).await.map_err(failed)? {
            return Err(held(holder));
        }
        // It is made here if there is none, as the store does: a link may be made to it later.
        let mut itself = open(&database).ok();
        if let Some(file) = &mut itself {
            let failed = |source| LockError::Io { path: database.clone(), source };
            if let Some(holder) = wait_for(file, |file| holder_of(file)).await.map_err(failed)? {
                return Err(held(holder));
            }
        }
        write_process_id(&mut marker).map_err(failed)?;
        Ok(Some(Self { _marker: marker, _database: itself }))
    }
}

/// Locks a file. Returns who has the lock instead.
async fn wait_for(
    file: &mut File,
    holder: fn(&mut File) -> Option<u32>,
) -> io::Result<Option<String>> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        let process = holder(file);
        // A child of a server that was killed may hold its files for a moment.
        let may_end = process.is_none_or(|id| !is_alive(id));
        if !may_end || began.elapsed() > LEFTOVERS {
            let holder = process.map_or("another process".to_owned(), |id| format!("process {id}"));
            return Ok(Some(holder));
        }
        tokio::time::sleep(PERIOD).await;
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

/// Finds which process has a lock on a file that says nothing about it. `None`: the system does not say,
/// or names several.
fn holder_of(file: &File) -> Option<u32> {
    let inode = std::os::unix::fs::MetadataExt::ino(&file.metadata().ok()?).to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // `7: FLOCK ADVISORY WRITE 1234 fe:01:5678 0 EOF`. File systems do not agree on the device.
    let holders = locks.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let kind = words.next()?;
        let process = words.nth(2)?;
        let is_it = words.next()?.rsplit(':').next() == Some(&*inode);
        (kind == "FLOCK" && is_it).then_some(process)
    });
    let mut holders = holders.collect::<Vec<_>>();
    holders.dedup();
    let [only] = holders.as_slice() else { return None };
    only.parse().ok().filter(|process| *process != 0)
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
        let began = Instant::now();
        let error = DatabaseLock::take(&url).await.unwrap_err().to_string();
        assert!(began.elapsed() < LEFTOVERS, "a server that is alive is not waited for");
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

    /// The same file by another name, in another directory, has another file next to it.
    #[tokio::test]
    async fn a_hard_link_leads_to_the_same_database() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = directory.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let (database, link) = (directory.path().join("a.db"), elsewhere.join("b.db"));
        let take = |path: &Path| {
            let url = format!("sqlite:{}", path.display());
            async move { DatabaseLock::take(&url).await }
        };
        let first = take(&database).await.unwrap();
        std::fs::hard_link(&database, &link).unwrap();
        let symlink = elsewhere.join("c.db");
        std::os::unix::fs::symlink(&link, &symlink).unwrap();
        for other in [&link, &symlink] {
            let refused = take(other).await;
            let error = refused.unwrap_err().to_string();
            let process = format!("in use by another server (process {})", std::process::id());
            assert!(error.contains(&process), "{error}");
        }
        drop(first);
        let second = take(&link).await.unwrap();
        assert!(matches!(take(&database).await, Err(LockError::Held { .. })));
        drop(second);
        assert!(take(&database).await.unwrap().is_some());
        std::fs::copy(&database, elsewhere.join("copy.db")).unwrap();
        assert!(take(&elsewhere.join("copy.db")).await.unwrap().is_some(), "a copy is another one");
    }

    /// A process that was killed leaves its file, but not its lock.
    #[tokio::test]
    async fn a_file_that_was_left_behind_stops_no_server() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("roundel.db");
        for content in ["1", "99999999", "", "not a number", "1\n2\n3\n4\n5\n6\n7\n8\n"] {
            std::fs::write(lock_path(&database), content).unwrap();
            let url = format!("sqlite:{}", database.display());
            let lock = DatabaseLock::take(&url).await.unwrap();
            assert!(lock.is_some(), "{content}");
            // Nothing is left of what was in it, however long that was.
            let error = DatabaseLock::take(&url).await.unwrap_err().to_string();
            let process = format!("(process {})", std::process::id());
            assert!(error.contains(&process), "{content}: {error}");
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
