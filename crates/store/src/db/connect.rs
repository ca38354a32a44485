//! Opening a database by its URL, with the settings that make an answer durable.
//!
//! Deliberately absent: the schema ([`super::migrate`]).

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, SqliteConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, DriverError, LastWrite, Pools};
use crate::error::{StoreError, reason};

/// How long to wait for a free connection to SQLite: its one writer is taken by turns.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for PostgreSQL, with the time that the other side takes to answer a first call. A page that
/// cannot be read must say so while its reader still looks, and a forge waits ten seconds for an answer.
const POSTGRES_TIMEOUT: Duration = Duration::from_secs(5);

/// How long SQLite waits for another process that writes (a backup, an `admin` command).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long PostgreSQL may take to answer at the start. A pool would keep trying, without
/// saying why.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of the write-ahead log that are kept for reuse.
const WAL_BYTES: &str = "67108864";

/// Readers of SQLite. Each keeps about 2 MB of pages; more of them than cores gain nothing.
const SQLITE_READERS: u32 = 4;

/// Connections to PostgreSQL. Its own default allows 100 for all clients together.
const POSTGRES_CONNECTIONS: u32 = 16;

/// How long an unused reader stays open.
const IDLE: Duration = Duration::from_mins(2);

impl Db {
    /// Opens the database that the URL names.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = sqlite_file(url) {
            return file(&path).await.map(Self::over);
        }
        let opened = match url.split_once(':') {
            Some(("sqlite", _)) => in_memory().await,
            Some(("postgres" | "postgresql", _)) => return postgres(url).await.map(Self::over),
            Some(_) | None => {
                let expected = "the URL of a database begins with sqlite: or postgres://";
                Err(DriverError::Configuration(expected.into()))
            }
        };
        let opened = opened.map_err(|source| StoreError::Database { action: "be opened", source });
        opened.map(Self::over)
    }

    fn over(pools: Pools) -> Self {
        Self { pools, last_write: LastWrite::default() }
    }

    /// Says why PostgreSQL cannot be reached, as far as one attempt without the pool shows: the pool
    /// only says that its time is over. `None`: a new connection is answered.
    pub(crate) async fn why_unreachable(&self, within: Duration) -> Option<StoreError> {
        let Pools::Postgres(pool) = &self.pools else { return None };
        reach(&pool.connect_options(), within).await.err()
    }
}

/// Returns the file of a SQLite database. `None`: it is in memory, or the URL names another database.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (path != ":memory:").then(|| path.into())
}

/// One connection that never closes, for closing it would forget everything.
async fn in_memory() -> Result<Pools, DriverError> {
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
    Ok(Pools::Sqlite { writer: pool.clone(), readers: pool })
}

async fn file(path: &Path) -> Result<Pools, StoreError> {
    // A misspelled path must not become a new, empty database.
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty())
        && !directory.is_dir()
    {
        return Err(StoreError::NoDirectory {
            database: path.to_owned(),
            directory: directory.to_owned(),
        });
    }
    let opened = pools(path.to_owned()).await;
    opened.map_err(|source| StoreError::File { path: path.to_owned(), source })
}

async fn pools(path: PathBuf) -> Result<Pools, DriverError> {
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
    let pool = SqlitePoolOptions::new()
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_release(|connection, _| Box::pin(is_usable(connection)));
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
        // Writing through a reader is a bug that would show as "database is locked".
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools::Sqlite { writer, readers })
}

/// Returns whether a connection that comes back from a transaction can begin the next one. When the disk
/// is full SQLite itself undoes the transaction; the driver's `ROLLBACK` then fails, it counts the
/// transaction as open forever, and would refuse every next one. Such a connection is replaced.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, DriverError> {
    // The answer comes after a rollback that is still queued.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Makes the file, readable by no other user, before the driver would make it readable by all.
fn create_private(path: PathBuf) -> Result<PathBuf, DriverError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?;
    Ok(path)
}

/// Parameters of the URL that the driver knows, besides `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Says what the driver does not take in the address of a PostgreSQL server, without trying to reach it.
///
/// # Errors
///
/// The words of the driver: ``unknown value "x" for `ssl_mode` ``.
pub fn check_postgres_url(url: &str) -> Result<(), String> {
    let (known, _) = with_known_parameters(url);
    PgConnectOptions::from_str(&known).map(drop).map_err(|error| {
        // One error is within another.
        let said = error.to_string();
        said.trim_start_matches("error with configuration: ").to_owned()
    })
}

/// Leaves out the parameters that the driver does not know: it logs them with their values, and a misspelled
/// one may be the password. Returns how many these are, too.
fn with_known_parameters(url: &str) -> (String, usize) {
    let url = url.split('#').next().unwrap_or_default();
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let is_known = |parameter: &&str| {
        // The driver decodes names, too.
        let name = url::form_urlencoded::parse(parameter.as_bytes()).next().map(|(name, _)| name);
        name.is_some_and(|name| PARAMETERS.contains(&&*name) || name.starts_with("options["))
    };
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|parameter| !parameter.is_empty()).partition(is_known);
    let query = if known.is_empty() { String::new() } else { format!("?{}", known.join("&")) };
    (format!("{address}{query}"), unknown.len())
}

async fn postgres(url: &str) -> Result<Pools, StoreError> {
    let failed = |source| StoreError::Database { action: "be opened", source };
    // What hangs must end: a statement, a wait for a lock, a transaction whose owner is gone.
    let (url, ignored) = with_known_parameters(url);
    if ignored > 0 {
        tracing::warn!(
            ignored,
            known = PARAMETERS.join(", "),
            "the URL of the database has parameters that are not known, and they are ignored"
        );
    }
    let options = PgConnectOptions::from_str(&url).map_err(failed)?;
    let options = options.application_name("roundel").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    reach(&options, CONNECT_TIMEOUT).await?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(POSTGRES_TIMEOUT)
        .idle_timeout(IDLE)
        .connect_with(options)
        .await
        .map_err(failed)?;
    Ok(Pools::Postgres(pool))
}

/// Connects once, without a pool. A pool takes a refusal for a passing state, tries again until its
/// time is over, and then only says that its time is over.
async fn reach(options: &PgConnectOptions, within: Duration) -> Result<(), StoreError> {
    let tried = tokio::time::timeout(within, PgConnection::connect_with(options)).await;
    let cause = match tried {
        Ok(Ok(connection)) => {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "the first connection did not close cleanly");
            }
            return Ok(());
        }
        Ok(Err(error)) => reason(&error),
        Err(_) => format!("no answer in {within:?}"),
    };
    let address = match options.get_socket() {
        Some(folder) => {
            folder.join(format!(".s.PGSQL.{}", options.get_port())).display().to_string()
        }
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Err(StoreError::Unreachable { address, cause })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{super::values, *};

    #[test]
    fn only_parameters_that_the_driver_knows_reach_it() {
        for (given, passed) in [
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u@h/d?sslmode=require&port=1", "postgres://u@h/d?sslmode=require&port=1"),
            ("postgres://u@h/d?options[a]=b", "postgres://u@h/d?options[a]=b"),
            ("postgres://u@h/d?Password=hush&user=x", "postgres://u@h/d?user=x"),
            ("postgres://u@h/d?hush", "postgres://u@h/d"),
            (
                "postgres://u@h/d?options%5Ba%5D=b&ssl%6dode=c",
                "postgres://u@h/d?options%5Ba%5D=b&ssl%6dode=c",
            ),
        ] {
            assert_eq!(with_known_parameters(given).0, passed);
        }
    }

    /// Whatever was answered is on disk, other users cannot read it, and a method that writes has to say so.
    #[tokio::test]
    async fn a_file_of_sqlite_is_private_and_durable_and_readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roundel.db");
        let db = Db::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut session = db.write("test").await.unwrap();
        let row = session.row("PRAGMA synchronous", values![]).await.unwrap().unwrap();
        assert_eq!(row.get::<i64>("synchronous").unwrap(), 2, "FULL");
        session.run("CREATE TABLE a (b)", values![]).await.unwrap();
        session.commit().await.unwrap();
        let mut reader = db.read("test").await.unwrap();
        let refused = reader.run("INSERT INTO a (b) VALUES (1)", values![]).await.unwrap_err();
        let StoreError::Database { source, .. } = refused else { panic!("{refused}") };
        let words = "attempt to write a readonly database";
        assert_eq!(source.as_database_error().unwrap().message(), words);
        let elsewhere = directory.path().join("nowhere/roundel.db");
        let error = Db::connect(&format!("sqlite:{}", elsewhere.display())).await.err().unwrap();
        assert!(matches!(error, StoreError::NoDirectory { .. }), "{error}");
    }

    /// The pool's own time-out is 30 seconds, and does not say why.
    #[tokio::test]
    async fn a_postgres_that_is_not_there_is_reported_at_once_with_its_address() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let began = std::time::Instant::now();
        let url = format!("postgres://roundel:hunter2@{free}/roundel");
        let error = Db::connect(&url).await.err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("cannot connect to PostgreSQL at {free}: connection refused")
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let socket = "postgres://roundel@localhost/roundel?host=/nowhere";
        let error = Db::connect(socket).await.err().unwrap();
        assert_eq!(
            error.to_string(),
            "cannot connect to PostgreSQL at /nowhere/.s.PGSQL.5432: no such file or directory"
        );
    }
}
