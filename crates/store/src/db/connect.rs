//! Opening a database by its URL, with the settings that make an answer durable.
//!
//! Deliberately absent: the schema ([`super::migrate`]).

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, DriverError};
use crate::StoreError;

/// How long to wait for a free connection, and for the other side to answer a first call.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long SQLite waits for another process that writes (a backup, an `admin` command).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of the write-ahead log that are kept for reuse.
const WAL_BYTES: &str = "67108864";

/// Readers of SQLite. Each keeps about 2 MB of pages; more of them than cores gain nothing.
const SQLITE_READERS: u32 = 4;

/// Connections to PostgreSQL. Its own default allows 100 for all clients together.
const POSTGRES_CONNECTIONS: u32 = 16;

/// How long a reader that nobody uses stays open.
const IDLE: Duration = Duration::from_mins(2);

impl Db {
    /// Opens the database that the URL names.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        let opened = match url.split_once(':') {
            Some(("sqlite", ":memory:" | "//:memory:")) => in_memory().await,
            Some(("sqlite", path)) => {
                file(Path::new(path.strip_prefix("//").unwrap_or(path))).await
            }
            Some(("postgres" | "postgresql", _)) => postgres(url).await,
            Some(_) | None => {
                let wish = "the URL of a database begins with sqlite: or postgres://";
                Err(DriverError::Configuration(wish.into()))
            }
        };
        opened.map_err(|source| StoreError::Database { action: "be opened", source })
    }
}

/// One connection that never closes, for closing it would forget everything.
async fn in_memory() -> Result<Db, DriverError> {
    let options = SqliteConnectOptions::from_str("sqlite::memory:")?.foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(Db::Sqlite { writer: pool.clone(), readers: pool })
}

async fn file(path: &Path) -> Result<Db, DriverError> {
    let path = path.to_owned();
    let path = tokio::task::spawn_blocking(move || create_private(path))
        .await
        .map_err(|_| DriverError::WorkerCrashed)??;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // A burst makes the write-ahead log long; without this it would stay as long.
        .pragma("journal_size_limit", WAL_BYTES)
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new().test_before_acquire(false).acquire_timeout(ACQUIRE_TIMEOUT);
    let writer = pool
        .clone()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await?;
    let readers = pool
        .max_connections(SQLITE_READERS)
        .idle_timeout(IDLE)
        .max_lifetime(None)
        // Whoever writes through a reader has a bug that would show as "database is locked".
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Db::Sqlite { writer, readers })
}

/// Makes the file, readable by nobody else, before the driver would make it readable by all.
fn create_private(path: PathBuf) -> Result<PathBuf, DriverError> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?;
    Ok(path)
}

async fn postgres(url: &str) -> Result<Db, DriverError> {
    // What hangs must end: a statement, a wait for a lock, a transaction that nobody drives.
    let options = PgConnectOptions::from_str(url)?.application_name("roundel").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE)
        .connect_with(options)
        .await?;
    Ok(Db::Postgres(pool))
}
