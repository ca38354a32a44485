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

/// What one database says of its schema: tables, columns, constraints and indexes, a line for each.
async fn described(db: &Db) -> BTreeSet<String> {
    let mut session = db.read("describe its schema").await.unwrap();
    let queries: &[&'static str] = if session.is_postgres() {
        &[
            "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable,
                column_default) AS line
             FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) AS line
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
            "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public'",
        ]
    } else {
        &[
            "SELECT format('%s %s %s %s %s %s %s', m.name, c.cid, c.name, c.type, c.\"notnull\",
                c.dflt_value, c.pk) AS line
             FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
            "SELECT format('%s.%s to %s.%s %s', m.name, k.\"from\", k.\"table\", k.\"to\", k.on_delete) AS line
             FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table'",
            "SELECT format('%s on %s %d (%s) %s', i.name, m.name, i.\"unique\",
                (SELECT group_concat(c.name) FROM pragma_index_info(i.name) c), x.sql) AS line
             FROM sqlite_master m JOIN pragma_index_list(m.name) i
             LEFT JOIN sqlite_master x ON x.name = i.name WHERE m.type = 'table'",
        ]
    };
    let mut lines = BTreeSet::new();
    for query in queries {
        let rows = session.rows(*query, values![]).await.unwrap();
        lines.extend(rows.iter().map(|row| row.get::<String>("line").unwrap()));
    }
    lines
}

/// A migration that was not written into the schema of new databases would be missing only there.
#[tokio::test]
async fn a_new_database_has_the_schema_that_all_migrations_make() {
    let postgres = || {
        roundel_testkit::postgres::database_or_notice(
            "a_new_database_has_the_schema_that_all_migrations_make",
        )
    };
    let memory = || Some("sqlite::memory:".to_owned());
    for (new, old) in [(memory(), memory()), (postgres(), postgres())] {
        let (Some(new), Some(old)) = (new, old) else { return };
        let (new, old) = (Db::connect(&new).await.unwrap(), Db::connect(&old).await.unwrap());
        new.migrate().await.unwrap();
        old.migrate_with(MIGRATIONS, None).await.unwrap();
        let schema = described(&new).await;
        assert!(schema.len() > 200, "{schema:#?}");
        let step_by_step = described(&old).await;
        let differs: Vec<&String> = schema.symmetric_difference(&step_by_step).collect();
        assert!(differs.is_empty(), "{differs:#?}");
    }
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
