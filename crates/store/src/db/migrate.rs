//! Brings the schema up to date.
//!
//! A migration is a plain file with a number. It is applied once and recorded with its checksum: a
//! file that changed after it was applied is refused, because it would be unknown which schema the
//! database then has. A database of a later release is accepted: migrations
//! only expand until no release that is still in use needs the old shape (expand, then contract).
//!
//! Deliberately absent: going back. A backup goes back.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Db, DriverError, Link, Session, in_time, values};
use crate::error::StoreError;

/// One step of the schema.
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

/// All of them, in order. Append, and change `schema.sql` as well; never change one that was released.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "start", sql: include_str!("../../migrations/0001_start.sql") },
    Migration { number: 2, name: "orbs", sql: include_str!("../../migrations/0002_orbs.sql") },
    Migration {
        number: 3,
        name: "error_kind",
        sql: include_str!("../../migrations/0003_error_kind.sql"),
    },
    Migration { number: 4, name: "actors", sql: include_str!("../../migrations/0004_actors.sql") },
    Migration { number: 5, name: "outbox", sql: include_str!("../../migrations/0005_outbox.sql") },
    Migration {
        number: 6,
        name: "runner_limitations",
        sql: include_str!("../../migrations/0006_runner_limitations.sql"),
    },
    Migration {
        number: 7,
        name: "variable_hints",
        sql: include_str!("../../migrations/0007_variable_hints.sql"),
    },
    Migration {
        number: 8,
        name: "runner_sign_off",
        sql: include_str!("../../migrations/0008_runner_sign_off.sql"),
    },
    Migration {
        number: 9,
        name: "architecture",
        sql: include_str!("../../migrations/0009_architecture.sql"),
    },
    Migration {
        number: 10,
        name: "write_checks",
        sql: include_str!("../../migrations/0010_write_checks.sql"),
    },
    Migration {
        number: 11,
        name: "nothing_runs",
        sql: include_str!("../../migrations/0011_nothing_runs.sql"),
    },
];

/// The schema that all of them leave. A new database gets it at once, for most of a migration changes what it
/// never had.
const SCHEMA: &str = include_str!("../../migrations/schema.sql");

impl Db {
    /// Applies the migrations that are missing. Servers that start together take turns.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_with(MIGRATIONS, Some(SCHEMA)).await
    }

    /// Applies what is missing in one transaction: a start that fails leaves the schema as it was. A new
    /// database gets `whole`, if there is one, instead of each migration.
    async fn migrate_with(
        &self,
        migrations: &[Migration],
        whole: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut session = self.write("bring its schema up to date").await?;
        session.take_turn("schema").await?;
        session
            .run(
                "CREATE TABLE IF NOT EXISTS schema_migrations (
                    number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
                values![],
            )
            .await?;
        let applied = session.applied().await?;
        let whole = whole.filter(|_| applied.is_empty());
        if let Some(schema) = whole {
            session.script(schema).await?;
        }
        let mut records = Vec::new();
        for migration in migrations {
            let Migration { number, name, sql } = migration;
            let checksum = hex::encode(Sha256::digest(sql));
            match applied.get(number) {
                Some(known) if *known == checksum => {}
                Some(_) => {
                    let what = format!(
                        "schema: migration {number} ({name}) was applied in another wording"
                    );
                    return Err(StoreError::Unreadable { what });
                }
                None => {
                    if whole.is_none() {
                        session.script(sql).await?;
                    }
                    records.push(values![*number, *name, checksum]);
                }
            }
        }
        let count = records.len();
        if count > 0 {
            let head = "INSERT INTO schema_migrations (number, name, checksum)";
            session.insert_all(head, records, "").await?;
        }
        session.commit().await?;
        let number = migrations.last().map_or(0, |newest| newest.number);
        match whole {
            Some(_) => tracing::info!(number, "created the schema of a new database"),
            None if count > 0 => tracing::info!(number, count, "applied migrations of the schema"),
            None => {}
        }
        Ok(())
    }
}

impl Session {
    /// Returns the checksums of the migrations that were applied, by number.
    async fn applied(&mut self) -> Result<HashMap<u32, String>, StoreError> {
        let rows = self.rows("SELECT number, checksum FROM schema_migrations", values![]).await?;
        rows.iter().map(|row| Ok((row.get("number")?, row.get("checksum")?))).collect()
    }

    /// Runs the statements of a migration, with the one word in which the databases differ.
    async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let blob = if self.is_postgres() { "BYTEA" } else { "BLOB" };
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.replace("{blob}", blob)));
        let done = match &mut self.link {
            Link::SqliteTransaction(transaction) => {
                in_time(script.execute(&mut **transaction)).await.map(drop)
            }
            Link::PostgresTransaction(transaction) => {
                in_time(script.execute(&mut **transaction)).await.map(drop)
            }
            Link::Sqlite(_) | Link::Postgres(_) => {
                Err(DriverError::Protocol("a migration needs a transaction".to_owned()))
            }
        };
        done.map_err(|source| StoreError::Database { action: self.action, source })
    }
}

#[cfg(test)]
mod tests;
