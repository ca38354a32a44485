//! What one place answers about an orb, and the limits that all places share.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use roundel_config::orbs::{Missing, Orb, Resolution};
use semver::Version;
use sha2::{Digest as _, Sha256};

/// Bytes of an orb's source. The largest known one has less than one megabyte.
pub const ORB_BYTES: u64 = 5 << 20;

/// Versions of one orb that are considered.
pub(super) const VERSIONS: usize = 10_000;

/// How long an answer from outside is taken as it is, if it may change.
pub(super) const FRESH: Duration = Duration::from_mins(5);

/// Versions that a diagnostic names.
const VERSIONS_TOLD: usize = 10;

/// What one source answers for a reference.
#[derive(Debug)]
pub(super) enum Answer {
    Found(Box<Orb>),
    /// It has none that fits, but perhaps other versions, best first.
    Absent(Vec<String>),
    /// It could not be asked.
    Failed(String),
}

impl Answer {
    /// Turns it into the final answer, if this was the only source.
    pub(super) fn resolve(self, place: &str, help: impl FnOnce() -> String) -> Resolution {
        let looked_in = vec![place.to_owned()];
        let missing = match self {
            Self::Found(orb) => return Resolution::Found(Arc::from(orb)),
            Self::Absent(versions) => Missing { looked_in, versions, ..Missing::default() },
            Self::Failed(reason) => {
                Missing { looked_in, error: Some(reason), ..Missing::default() }
            }
        };
        Resolution::Missing(Missing { help: Some(help()), ..missing })
    }
}

/// Returns the digest by which a source is known: lower-case hex SHA-256.
pub(crate) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Where a version is among others when a person wants to choose: releases from the highest, then
/// pre-releases, then labels.
pub(super) fn rank(version: &str) -> impl Ord + use<> {
    let parsed = Version::parse(version).ok();
    let is_release = parsed.as_ref().is_some_and(|parsed| parsed.pre.is_empty());
    (Reverse(is_release), Reverse(parsed), version.to_owned())
}

/// Sorts versions as a person wants to choose from them, and keeps the first few.
pub(super) fn best_first(mut versions: Vec<String>) -> Vec<String> {
    versions.sort_by_cached_key(|version| rank(version));
    versions.truncate(VERSIONS_TOLD);
    versions
}
