//! What is published here, as lists: for the HTTP interface and `roundel orb list|info --data`.

use roundel_model::time::Timestamp;
use roundel_store::{
    Store, StoreError,
    orbs::{OrbReader, OrbVersionRow},
};

use super::{
    answer::rank,
    publish::word,
    wire::{OrbList, OrbSummary, OrbVersionEntry, OrbVersions},
};

/// Lists the orbs that a reader may see, or those of one namespace.
///
/// # Errors
///
/// If the store cannot be read.
pub async fn list(
    store: &Store,
    reader: OrbReader,
    namespace: Option<&str>,
) -> Result<OrbList, StoreError> {
    let rows = store.orbs(reader, namespace, Timestamp::now()).await?;
    let is_same =
        |a: &OrbVersionRow, b: &OrbVersionRow| (&a.namespace, &a.name) == (&b.namespace, &b.name);
    let orbs = rows.chunk_by(is_same).filter_map(summary).collect();
    Ok(OrbList { orbs })
}

fn summary(rows: &[OrbVersionRow]) -> Option<OrbSummary> {
    let best = rows.iter().min_by_key(|row| rank(&row.version))?;
    let is_label = best.version.starts_with("dev:");
    Some(OrbSummary {
        name: format!("{}/{}", best.namespace, best.name),
        latest: if is_label { String::new() } else { best.version.clone() },
        versions: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        visibility: word(best.visibility).to_owned(),
        owner: best.owner.clone(),
    })
}

/// Lists the versions of an orb. `None`: there is no such orb that the reader may see.
///
/// # Errors
///
/// If the store cannot be read.
pub async fn versions(
    store: &Store,
    reader: OrbReader,
    namespace: &str,
    name: &str,
) -> Result<Option<OrbVersions>, StoreError> {
    let mut rows = store.orb_versions(reader, namespace, name, Timestamp::now()).await?;
    rows.sort_by_cached_key(|row| rank(&row.version));
    let Some(first) = rows.first() else { return Ok(None) };
    let (visibility, owner) = (word(first.visibility).to_owned(), first.owner.clone());
    let entry = |row: OrbVersionRow| OrbVersionEntry {
        version: row.version,
        sha256: row.digest,
        published_at: Some(row.published_at),
        published_by: row.published_by,
        expires_at: row.expires_at,
    };
    Ok(Some(OrbVersions {
        name: format!("{namespace}/{name}"),
        versions: rows.into_iter().map(entry).collect(),
        visibility,
        owner,
    }))
}

/// Reads the source of a version, exactly named.
///
/// # Errors
///
/// If the store cannot be read.
pub async fn source(
    store: &Store,
    reader: OrbReader,
    namespace: &str,
    name: &str,
    version: &str,
) -> Result<Option<String>, StoreError> {
    let rows = store.orb_versions(reader, namespace, name, Timestamp::now()).await?;
    let Some(row) = rows.into_iter().find(|row| row.version == version) else { return Ok(None) };
    store.orb_source(&row.digest).await
}
