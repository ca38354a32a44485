//! Orbs that were published to this instance.
//!
//! A namespace that a project may see is answered here and nowhere else: otherwise any publisher could
//! publish `acme/tools@9` elsewhere and have it picked where `acme` meant its own.

use std::sync::Arc;

use roundel_config::orbs::{Orb, OrbReference};
use roundel_model::time::Timestamp;
use roundel_store::{Store, StoreError, orbs::OrbReader};

use super::answer::{Answer, best_first};

/// How diagnostics call this place.
pub(super) const SHOWN: &str = "the orbs published to this instance";

/// Where an orb was found, for people.
const ORIGIN: &str = "this instance";

/// Looks for the best version that was published here.
pub(super) async fn find(
    store: &Store,
    reader: OrbReader,
    reference: &OrbReference,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let rows = store.orb_versions(reader, &reference.namespace, &reference.name, now).await?;
    let best = reference.select(rows.iter().map(|row| row.version.as_str()));
    let row = best.and_then(|best| rows.iter().find(|row| row.version == best));
    let Some(row) = row else {
        return Ok(Answer::Absent(best_first(rows.into_iter().map(|row| row.version).collect())));
    };
    let text = store.orb_source(&row.digest).await?.ok_or(StoreError::Missing("orb source"))?;
    Ok(Answer::Found(Box::new(Orb {
        name: reference.orb(),
        version: row.version.clone(),
        origin: ORIGIN.to_owned(),
        text: Arc::from(text),
        digest: row.digest.clone(),
        notice: None,
    })))
}

/// Returns whether a namespace is one of this instance's, as far as the reader may know.
pub(super) async fn owns_namespace(
    store: &Store,
    reader: OrbReader,
    namespace: &str,
) -> Result<bool, StoreError> {
    let found = store.orb_namespace(namespace).await?;
    Ok(found.is_some_and(|found| found.is_seen_by(reader)))
}
