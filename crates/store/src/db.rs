//! The two databases behind one interface: statements with `$1` parameters in, rows out.
//!
//! This file, what lies below it and `error` are the only ones that name the driver. SQL is written once and
//! runs on both; what differs is kept here: how a write transaction begins, how a claim skips rows
//! that another server holds, and how two servers take turns.
//!
//! SQLite has one writer connection, taken with `BEGIN IMMEDIATE`, so writers queue in this process
//! instead of failing with "database is locked"; readers have their own pool. PostgreSQL has
//! one pool for both.
//!
//! Deliberately absent: tables and their meaning; retries (the three loops of the server retry).

mod connect;
mod migrate;
pub(crate) mod value;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use roundel_model::time::Timestamp;
use sqlx::{
    Arguments, AssertSqlSafe, Database, Encode, PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr,
    Sqlite, SqliteConnection, SqlitePool, Transaction, Type, pool::PoolConnection,
};

pub use self::connect::{check_postgres_url, sqlite_file};
pub use crate::error::DriverError;
pub(crate) use value::{Row, Value, to_json, values, words};

use crate::error::StoreError;

/// How long one statement may take, with the way there and back. The server's own limit for a
/// statement is shorter, so that this one only speaks when the connection is dead.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(40);

/// Rows of one multi-row insert. Both databases take many thousands of parameters; beyond this the
/// gain is small and the statements kept prepared would be many.
const ROWS_PER_INSERT: usize = 32;

/// A write that is older says nothing about whether the database can be written now.
const RECENT: Duration = Duration::from_secs(10);

/// An open database, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    pools: Pools,
    last_write: LastWrite,
}

/// When a transaction was last made durable.
type LastWrite = Arc<Mutex<Option<Instant>>>;

/// The connections to a database.
#[derive(Clone, Debug)]
enum Pools {
    /// A file, or memory.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that only read. The writer itself when the database lives in memory.
        readers: SqlitePool,
    },
    /// A pool of connections; any of them may write.
    Postgres(PgPool),
}

/// A connection in use, alone or in a transaction. Dropping a transaction undoes it.
pub(crate) struct Session {
    action: &'static str,
    link: Link,
    last_write: LastWrite,
}

enum Link {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// The connection below a link, whichever kind it is.
enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// The text of a statement: written in the source, or assembled from such texts. Values are never
/// part of it, only placeholders.
pub(crate) struct Sql(SqlStr);

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(SqlStr::from_static(text))
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self(AssertSqlSafe(text).into_sql_str())
    }
}

impl Db {
    /// Takes a connection for one statement that reads.
    pub(crate) async fn read(&self, action: &'static str) -> Result<Session, StoreError> {
        let link = match &self.pools {
            Pools::Sqlite { readers, .. } => readers.acquire().await.map(Link::Sqlite),
            Pools::Postgres(pool) => pool.acquire().await.map(Link::Postgres),
        };
        self.session(action, link)
    }

    /// Takes a connection for several statements that read one and the same state.
    pub(crate) async fn snapshot(&self, action: &'static str) -> Result<Session, StoreError> {
        let link = match &self.pools {
            Pools::Sqlite { readers, .. } => readers.begin().await.map(Link::SqliteTransaction),
            Pools::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                in_time(pool.begin_with(begin)).await.map(Link::PostgresTransaction)
            }
        };
        self.session(action, link)
    }

    /// Begins a transaction that writes. Nothing of it is there until [`Session::commit`].
    pub(crate) async fn write(&self, action: &'static str) -> Result<Session, StoreError> {
        let link = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Link::SqliteTransaction)
            }
            Pools::Postgres(pool) => in_time(pool.begin()).await.map(Link::PostgresTransaction),
        };
        self.session(action, link)
    }

    /// Asks the database for nothing, and has it write something when its last write is not
    /// [`RECENT`]: a full disk or a writer that is stuck refuses no read. Waits no longer than this.
    pub(crate) async fn ping(&self, within: Duration) -> Result<(), StoreError> {
        let action = "answer a ping";
        let asked = async {
            self.read(action).await?.rows("SELECT 1", values![]).await?;
            if self.has_written_recently() { Ok(()) } else { self.write_check().await }
        };
        match tokio::time::timeout(within, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Database { action, source: timed_out() }),
        }
    }

    /// Waits for what is running and closes every connection.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Returns whether no other server can use this database.
    pub(crate) const fn has_one_server(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    fn has_written_recently(&self) -> bool {
        let last = *self.last_write.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < RECENT)
    }

    /// Writes one row. What is not committed reaches no disk, so a transaction that is undone shows
    /// nothing; neither does a row that stays as it was.
    async fn write_check(&self) -> Result<(), StoreError> {
        let mut session = self.write("be written").await?;
        let sql = "INSERT INTO write_checks (id, checked_at) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at";
        session.run(sql, values![Timestamp::now()]).await?;
        session.commit().await
    }

    fn session(
        &self,
        action: &'static str,
        link: Result<Link, DriverError>,
    ) -> Result<Session, StoreError> {
        match link {
            Ok(link) => Ok(Session { action, link, last_write: Arc::clone(&self.last_write) }),
            Err(source) => Err(StoreError::Database { action, source }),
        }
    }
}

impl Session {
    /// Runs a query and returns its rows.
    pub(crate) async fn rows(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let action = self.action;
        let Sql(sql) = sql.into();
        let answer = match self.connection() {
            Connection::Sqlite(connection) => {
                let query = async {
                    let query = sqlx::query_with(sql, arguments::<Sqlite>(values)?);
                    Ok(query.fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect())
                };
                in_time(query).await
            }
            Connection::Postgres(connection) => {
                let query = async {
                    let query = sqlx::query_with(sql, arguments::<Postgres>(values)?);
                    Ok(query.fetch_all(connection).await?.into_iter().map(Row::Postgres).collect())
                };
                in_time(query).await
            }
        };
        answer.map_err(|source| StoreError::Database { action, source })
    }

    /// Runs a query and returns its first row.
    pub(crate) async fn row(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs a statement and returns how many rows it touched.
    pub(crate) async fn run(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let action = self.action;
        let Sql(sql) = sql.into();
        let answer = match self.connection() {
            Connection::Sqlite(connection) => {
                let query = async {
                    let query = sqlx::query_with(sql, arguments::<Sqlite>(values)?);
                    Ok(query.execute(connection).await?.rows_affected())
                };
                in_time(query).await
            }
            Connection::Postgres(connection) => {
                let query = async {
                    let query = sqlx::query_with(sql, arguments::<Postgres>(values)?);
                    Ok(query.execute(connection).await?.rows_affected())
                };
                in_time(query).await
            }
        };
        answer.map_err(|source| StoreError::Database { action, source })
    }

    /// Inserts many rows with few statements, and returns what `tail` asks for (`RETURNING …`).
    /// `head` is `INSERT INTO table (columns)`; every row has a value for each column.
    pub(crate) async fn insert_all(
        &mut self,
        head: &str,
        rows: Vec<Vec<Value>>,
        tail: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let mut answer = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while let Some(columns) = rows.peek().map(Vec::len) {
            let batch: Vec<Vec<Value>> = rows.by_ref().take(ROWS_PER_INSERT).collect();
            let lists: Vec<String> =
                (0..batch.len()).map(|row| placeholders(row * columns, columns)).collect();
            let sql = format!("{head} VALUES {} {tail}", lists.join(", "));
            answer.extend(self.rows(sql, batch.into_iter().flatten().collect()).await?);
        }
        Ok(answer)
    }

    /// Waits until no other transaction works on the thing of this name, on any server. Held until
    /// the end of the transaction. SQLite has one writer, so there is nothing to wait for.
    pub(crate) async fn take_turn(&mut self, name: &str) -> Result<(), StoreError> {
        if self.is_postgres() {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.rows(sql, values![name]).await?;
        }
        Ok(())
    }

    /// What ends a query whose row no other transaction may change before this one ends.
    pub(crate) fn for_update(&self) -> &'static str {
        if self.is_postgres() { "FOR UPDATE" } else { "" }
    }

    /// What ends a query that takes rows which no other transaction is taking.
    pub(crate) fn skip_taken(&self) -> &'static str {
        if self.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" }
    }

    /// Makes durable what the transaction did.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let action = self.action;
        let done = match self.link {
            Link::SqliteTransaction(transaction) => in_time(transaction.commit()).await,
            Link::PostgresTransaction(transaction) => in_time(transaction.commit()).await,
            Link::Sqlite(_) | Link::Postgres(_) => return Ok(()),
        };
        done.map_err(|source| StoreError::Database { action, source })?;
        *self.last_write.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }

    const fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_) | Link::PostgresTransaction(_))
    }

    fn connection(&mut self) -> Connection<'_> {
        match &mut self.link {
            Link::Sqlite(connection) => Connection::Sqlite(connection),
            Link::SqliteTransaction(transaction) => Connection::Sqlite(transaction),
            Link::Postgres(connection) => Connection::Postgres(connection),
            Link::PostgresTransaction(transaction) => Connection::Postgres(transaction),
        }
    }
}

/// Writes `($1, $2, …)` for so many values after the first `skip`.
pub(crate) fn placeholders(skip: usize, count: usize) -> String {
    let list: Vec<String> = (skip + 1..=skip + count).map(|number| format!("${number}")).collect();
    format!("({})", list.join(", "))
}

fn arguments<D>(values: Vec<Value>) -> Result<D::Arguments, DriverError>
where
    D: Database,
    Option<i64>: Encode<'static, D> + Type<D>,
    Option<String>: Encode<'static, D> + Type<D>,
    Option<Vec<u8>>: Encode<'static, D> + Type<D>,
{
    let mut arguments = D::Arguments::default();
    for value in values {
        match value {
            Value::Int(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text.map(storable)),
            Value::Blob(bytes) => arguments.add(bytes),
        }
        .map_err(DriverError::Encode)?;
    }
    Ok(arguments)
}

/// PostgreSQL takes no NUL in a text, and a job's name may have one: its picture is kept on either
/// database, so that what was accepted can also be written.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "␀") } else { text }
}

/// Waits for the database, but not forever.
async fn in_time<T>(work: impl Future<Output = Result<T, DriverError>>) -> Result<T, DriverError> {
    match tokio::time::timeout(STATEMENT_TIMEOUT, work).await {
        Ok(answer) => answer,
        Err(_) => Err(timed_out()),
    }
}

fn timed_out() -> DriverError {
    DriverError::Io(std::io::ErrorKind::TimedOut.into())
}

#[cfg(test)]
mod tests;
