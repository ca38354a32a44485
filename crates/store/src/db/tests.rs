//! A database that cannot be written for a while: that is noticed, and it ends.

use super::*;

async fn file(directory: &tempfile::TempDir) -> Db {
    let db =
        Db::connect(&format!("sqlite:{}", directory.path().join("db").display())).await.unwrap();
    db.migrate().await.unwrap();
    db
}

/// Settings of SQLite hold for one connection.
async fn set_on_writer(db: &Db, pragma: &'static str) {
    let Pools::Sqlite { writer, .. } = &db.pools else { unreachable!("this is SQLite") };
    sqlx::query(pragma).execute(writer).await.unwrap();
}

async fn write(db: &Db, name: &str, bytes: usize) -> Result<(), StoreError> {
    let mut session = db.write("keep a setting").await?;
    let sql = "INSERT INTO settings (key, sealed_value) VALUES ($1, $2)";
    session.run(sql, values![name, vec![1; bytes]]).await?;
    session.commit().await
}

/// SQLite undoes the transaction by itself, so undoing it once more fails.
#[tokio::test]
async fn a_disk_that_was_full_stops_no_later_write() {
    let directory = tempfile::tempdir().unwrap();
    let db = file(&directory).await;
    set_on_writer(&db, "PRAGMA max_page_count = 1").await;
    let StoreError::Database { source, .. } = write(&db, "large", 1 << 20).await.unwrap_err()
    else {
        panic!("the database did not say why");
    };
    let error = source.as_database_error().unwrap();
    assert_eq!(error.message(), "database or disk is full");
    // The connection that the limit held for is replaced: there is space again.
    write(&db, "large", 1 << 20).await.unwrap();
    let rows = db.read("count").await.unwrap().rows("SELECT key FROM settings", values![]).await;
    assert_eq!(rows.unwrap().len(), 1);
}

/// Reading works all the same, and a runner's work would be lost.
#[tokio::test]
async fn a_database_that_cannot_be_written_does_not_answer_a_ping() {
    let directory = tempfile::tempdir().unwrap();
    let db = file(&directory).await;
    let ping = async || {
        *db.last_write.lock().unwrap() = None;
        db.ping(Duration::from_secs(1)).await
    };
    ping().await.unwrap();
    set_on_writer(&db, "PRAGMA query_only = ON").await;
    let words = "the database could not be written: attempt to write a readonly database";
    assert_eq!(ping().await.unwrap_err().to_string(), words);
    set_on_writer(&db, "PRAGMA query_only = OFF").await;
    ping().await.unwrap();
    ping().await.unwrap();
    assert!(db.has_written_recently());
    let writer = db.write("hold the writer").await.unwrap();
    let StoreError::Database { source, .. } = ping().await.unwrap_err() else {
        panic!("a writer that is stuck was not noticed");
    };
    assert_eq!(source.to_string(), timed_out().to_string());
    drop(writer);
    ping().await.unwrap();
}
