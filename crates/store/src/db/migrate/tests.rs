//! Both databases have the same tables, and a migration is applied once.

use std::collections::BTreeSet;

use super::*;
use crate::db::Row;

mod earlier;

async fn sqlite() -> Db {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.migrate().await.unwrap();
    db
}

/// Every (table, column, whether it may be empty) of a database.
async fn columns(db: &Db, sql: &'static str) -> BTreeSet<(String, String, bool)> {
    let mut session = db.read("list its columns").await.unwrap();
    let column = |row: &Row| {
        let get = |name| row.get::<String>(name).unwrap();
        (get("table_name"), get("column_name"), get("nullable") == "YES")
    };
    session.rows(sql, values![]).await.unwrap().iter().map(column).collect()
}

/// One file for both promises it; a clever substitution could break it.
#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(url) = roundel_testkit::postgres::database_or_notice(
        "both_databases_have_the_same_tables_and_columns",
    ) else {
        return;
    };
    let postgres = Db::connect(&url).await.unwrap();
    postgres.migrate().await.unwrap();
    let on_postgres = columns(
        &postgres,
        "SELECT table_name::text, column_name::text, is_nullable::text AS nullable
         FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .await;
    let on_sqlite = columns(
        &sqlite().await,
        "SELECT m.name AS table_name, c.name AS column_name,
            CASE WHEN c.\"notnull\" = 1 THEN 'NO' ELSE 'YES' END AS nullable
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    )
    .await;
    assert!(on_sqlite.len() > 100, "{on_sqlite:?}");
    assert_eq!(on_sqlite, on_postgres);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let db = sqlite().await;
    db.migrate().await.unwrap();
    let mut session = db.read("count").await.unwrap();
    let applied = session.rows("SELECT number FROM schema_migrations", values![]).await.unwrap();
    assert_eq!(applied.len(), MIGRATIONS.len());
}

/// It would be unknown which schema such a database has.
#[tokio::test]
async fn a_migration_that_was_applied_in_another_wording_is_refused() {
    let db = sqlite().await;
    let mut session = db.write("tamper").await.unwrap();
    let sql = "UPDATE schema_migrations SET checksum = 'other'";
    session.run(sql, values![]).await.unwrap();
    session.commit().await.unwrap();
    let refused = db.migrate().await.unwrap_err();
    assert!(refused.to_string().contains("migration 1 (start)"), "{refused}");
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    for (migration, number) in MIGRATIONS.iter().zip(1..) {
        assert_eq!(migration.number, number);
    }
}
