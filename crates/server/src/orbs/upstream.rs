//! Another registry that is asked over HTTP, by the API in [`wire`]: another instance, for example.
//!
//! Its answers are kept in the store: a released version forever, since it never changes; lists
//! and labels for five minutes, and for as long as the registry is unavailable.
//!
//! Deliberately absent: the hosted service's own registry, which speaks otherwise and only to its
//! customers.

use std::sync::Arc;

use roundel_config::orbs::{Orb, OrbReference, OrbVersion};
use roundel_model::{secret::Secret, time::Timestamp};
use roundel_store::{Store, StoreError, orbs::OrbAnswer};
use url::Url;

use super::{
    answer::{Answer, FRESH, ORB_BYTES, VERSIONS, best_first, digest},
    fetch::{Fetched, Fetcher, Request},
    wire::{self, OrbVersions},
};

/// Bytes of a list: room for some hundred bytes a version.
const LIST_BYTES: u64 = 4 << 20;

/// Another registry, as a source of orbs.
pub(super) struct Upstream {
    base: Url,
    token: Option<Secret<String>>,
    fetcher: Fetcher,
    store: Store,
}

/// A thing that may be at the registry, as far as it is known.
enum AtRegistry<T> {
    There(T),
    NotThere,
    Failed(String),
}

impl Upstream {
    pub(super) fn new(
        base: Url,
        token: Option<Secret<String>>,
        fetcher: Fetcher,
        store: Store,
    ) -> Self {
        Self { base, token, fetcher, store }
    }

    /// How diagnostics call it.
    pub(super) fn shown(&self) -> String {
        format!("the registry `{}`", self.base)
    }

    /// Looks for the best version that the registry has.
    pub(super) async fn find(
        &self,
        reference: &OrbReference,
        now: Timestamp,
    ) -> Result<Answer, StoreError> {
        match &reference.version {
            OrbVersion::Url => Ok(Answer::Absent(Vec::new())),
            OrbVersion::Exact(_) | OrbVersion::Dev(_) => {
                let version = reference.version.to_string();
                match self.source(reference, &version, now).await? {
                    AtRegistry::There(orb) => Ok(Answer::Found(Box::new(orb))),
                    AtRegistry::Failed(reason) => Ok(Answer::Failed(reason)),
                    AtRegistry::NotThere => Ok(match self.versions(reference, now).await? {
                        AtRegistry::There(versions) => Answer::Absent(best_first(versions)),
                        AtRegistry::NotThere => Answer::Absent(Vec::new()),
                        AtRegistry::Failed(reason) => Answer::Failed(reason),
                    }),
                }
            }
            OrbVersion::Minor(..) | OrbVersion::Major(_) | OrbVersion::Volatile => {
                self.best(reference, now).await
            }
        }
    }

    async fn best(&self, reference: &OrbReference, now: Timestamp) -> Result<Answer, StoreError> {
        let versions = match self.versions(reference, now).await? {
            AtRegistry::There(versions) => versions,
            AtRegistry::NotThere => return Ok(Answer::Absent(Vec::new())),
            AtRegistry::Failed(reason) => return Ok(Answer::Failed(reason)),
        };
        let Some(best) = reference.select(versions.iter().map(String::as_str)) else {
            return Ok(Answer::Absent(best_first(versions)));
        };
        Ok(match self.source(reference, best, now).await? {
            AtRegistry::There(orb) => Answer::Found(Box::new(orb)),
            AtRegistry::Failed(reason) => Answer::Failed(reason),
            AtRegistry::NotThere => Answer::Failed(format!(
                "{} lists {}@{best} and does not have it",
                self.shown(),
                reference.orb()
            )),
        })
    }

    /// Returns one version, from what is kept or from the registry.
    async fn source(
        &self,
        reference: &OrbReference,
        version: &str,
        now: Timestamp,
    ) -> Result<AtRegistry<Orb>, StoreError> {
        let question = format!("{} source {}@{version}", self.base, reference.orb());
        let kept = self.store.orb_answer(&question).await?;
        let is_label = version.starts_with("dev:");
        if let Some(answer) = &kept
            && (!is_label || is_fresh(answer, now))
            && let Some(orb) = self.kept_orb(answer, reference, version)
        {
            return Ok(AtRegistry::There(orb));
        }
        let url = self.address(&[&reference.namespace, &reference.name, version]);
        match self.get(&url, ORB_BYTES).await {
            Ok(Some((text, promised))) if promised.as_deref() == Some(&*digest(&text)) => {
                self.store.put_orb_answer(&question, "", Some(&text), now).await?;
                Ok(AtRegistry::There(self.orb(reference, version, text)))
            }
            Ok(Some(_)) => Ok(AtRegistry::Failed(format!(
                "the source of {}@{version} that {} sent does not have the digest that its header \
                 `{}` promises",
                reference.orb(),
                self.shown(),
                wire::DIGEST_HEADER
            ))),
            Ok(None) => Ok(AtRegistry::NotThere),
            Err(reason) => {
                let kept = kept.and_then(|answer| self.kept_orb(&answer, reference, version));
                Ok(self.fall_back(kept, reason))
            }
        }
    }

    /// Returns the versions of an orb, from what is kept or from the registry.
    async fn versions(
        &self,
        reference: &OrbReference,
        now: Timestamp,
    ) -> Result<AtRegistry<Vec<String>>, StoreError> {
        let question = format!("{} versions {}", self.base, reference.orb());
        let kept = self.store.orb_answer(&question).await?;
        if let Some(answer) = &kept
            && is_fresh(answer, now)
            && let Some(versions) = kept_versions(answer)
        {
            return Ok(known(versions));
        }
        let url = self.address(&[&reference.namespace, &reference.name]);
        let versions = match self.get(&url, LIST_BYTES).await {
            Ok(None) => Vec::new(),
            Ok(Some((text, _))) => match serde_json::from_str::<OrbVersions>(&text) {
                Ok(list) if list.versions.len() <= VERSIONS => {
                    list.versions.into_iter().map(|entry| entry.version).collect()
                }
                Ok(_) => {
                    let orb = reference.orb();
                    let shown = self.shown();
                    return Ok(AtRegistry::Failed(format!(
                        "{shown} lists more than {VERSIONS} versions of {orb}"
                    )));
                }
                Err(error) => {
                    let reason =
                        format!("{} did not send a list of versions: {error}", self.shown());
                    return Ok(self.fall_back(kept.and_then(|kept| kept_versions(&kept)), reason));
                }
            },
            Err(reason) => {
                return Ok(self.fall_back(kept.and_then(|kept| kept_versions(&kept)), reason));
            }
        };
        let answer = serde_json::to_string(&versions).unwrap_or_default();
        self.store.put_orb_answer(&question, &answer, None, now).await?;
        Ok(known(versions))
    }

    /// What was known before is better than nothing while the registry is unavailable.
    fn fall_back<T>(&self, kept: Option<T>, reason: String) -> AtRegistry<T> {
        match kept {
            Some(kept) => {
                tracing::warn!(registry = %self.base, %reason, "an older answer about an orb is used");
                AtRegistry::There(kept)
            }
            None => AtRegistry::Failed(reason),
        }
    }

    async fn get(
        &self,
        url: &Url,
        limit_bytes: u64,
    ) -> Result<Option<(String, Option<String>)>, String> {
        let request = Request { url, token: self.token.as_ref(), limit_bytes };
        match self.fetcher.get(&request).await {
            Ok(Fetched::Text(text, digest)) => Ok(Some((text, digest))),
            Ok(Fetched::Nothing) => Ok(None),
            Ok(Fetched::Elsewhere(_)) => {
                Err(format!("{} redirects; set its new address", self.shown()))
            }
            Err(reason) => Err(format!("{} {reason}", self.shown())),
        }
    }

    fn address(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(wire::PATH.trim_start_matches('/').split('/')).extend(parts);
        }
        url
    }

    fn orb(&self, reference: &OrbReference, version: &str, text: String) -> Orb {
        Orb {
            name: reference.orb(),
            version: version.to_owned(),
            origin: self.base.to_string(),
            digest: digest(&text),
            text: Arc::from(text),
            notice: None,
        }
    }

    fn kept_orb(&self, kept: &OrbAnswer, reference: &OrbReference, version: &str) -> Option<Orb> {
        Some(self.orb(reference, version, kept.source.as_ref()?.text.clone()))
    }
}

/// No versions and no orb are the same.
fn known(versions: Vec<String>) -> AtRegistry<Vec<String>> {
    if versions.is_empty() { AtRegistry::NotThere } else { AtRegistry::There(versions) }
}

fn kept_versions(kept: &OrbAnswer) -> Option<Vec<String>> {
    serde_json::from_str(&kept.answer).ok()
}

pub(super) fn is_fresh(answer: &OrbAnswer, now: Timestamp) -> bool {
    now.since(answer.asked_at) < FRESH
}

#[cfg(test)]
mod tests;
