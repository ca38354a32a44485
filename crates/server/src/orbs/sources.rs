//! The places where a server looks for orbs, in their order, and one search through them.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use roundel_config::orbs::{Missing, Orb, OrbReference, OrbVersion, Resolution};
use roundel_model::{secret::Secret, time::Timestamp};
use roundel_store::{Store, StoreError, orbs::OrbReader};
use tokio::time::Instant;
use url::Url;

use super::{
    address::Addresses,
    answer::{Answer, best_first},
    directory::Directory,
    fetch::{Certificates, ClientError, Fetcher},
    published,
    upstream::Upstream,
};

/// How long a registry or an address may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// How long looking for all orbs of one configuration may take. Well below the time after which a
/// pipeline that does not move is taken up again.
const SEARCH_TIME: Duration = Duration::from_secs(20);

/// Orbs of one configuration, with all that they import.
const ORBS: usize = 500;

/// Orbs of one configuration that come from addresses (CFG §4.13.5).
const ADDRESSES: usize = 50;

/// Orbs that are looked for side by side.
const AT_A_TIME: usize = 8;

/// Where a server finds orbs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A directory in the layout `<namespace>/<name>/<version>.yml`.
    pub directory: Option<PathBuf>,
    /// Another registry; asked for what neither the directory nor this instance has.
    pub registry: Option<Url>,
    /// Token for the registry, if it asks for one.
    pub registry_token: Option<Secret<String>>,
    /// Orbs may be fetched from addresses that begin with one of these.
    pub url_prefixes: Vec<Url>,
    /// How long a registry or an address may take to answer.
    pub fetch_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            directory: None,
            registry: None,
            registry_token: None,
            url_prefixes: Vec::new(),
            fetch_timeout: FETCH_TIMEOUT,
        }
    }
}

/// The places where a server looks.
pub(crate) struct Sources {
    directory: Option<Directory>,
    store: Store,
    upstream: Option<Upstream>,
    addresses: Addresses,
}

/// Who publishes the orbs of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Publisher {
    /// Only this server: no other source is asked.
    ThisServer,
    Anyone,
}

impl Sources {
    /// Gets ready to look.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up on this machine.
    pub(crate) fn new(settings: &Settings, store: Store) -> Result<Self, ClientError> {
        let outside: Vec<&Url> = settings.registry.iter().chain(&settings.url_prefixes).collect();
        let fetcher = if outside.is_empty() {
            None
        } else {
            let is_plain = outside.iter().all(|url| url.scheme() == "http");
            let certificates = if is_plain { Certificates::None } else { Certificates::System };
            Some(Fetcher::new(settings.fetch_timeout, certificates)?)
        };
        let upstream = settings.registry.clone().zip(fetcher.clone()).map(|(base, fetcher)| {
            Upstream::new(base, settings.registry_token.clone(), fetcher, store.clone())
        });
        let addresses = Addresses::new(fetcher, settings.url_prefixes.clone(), store.clone());
        let directory = settings.directory.as_deref().map(Directory::of_server);
        Ok(Self { directory, store, upstream, addresses })
    }

    /// Begins to look for the orbs of one configuration. What was recorded for a reference is the
    /// answer to it.
    pub(crate) fn search(
        &self,
        reader: OrbReader,
        recorded: HashMap<String, Arc<Orb>>,
    ) -> Search<'_> {
        let ends = Instant::now() + SEARCH_TIME;
        Search { sources: self, reader, recorded, ends, orbs: 0, addresses: 0 }
    }

    async fn find(
        &self,
        reader: OrbReader,
        reference: &OrbReference,
    ) -> Result<Resolution, StoreError> {
        let now = Timestamp::now();
        if reference.version == OrbVersion::Url {
            return self.addresses.find(reference, now).await;
        }
        let mut answers = Answers::default();
        if let Some(directory) = &self.directory {
            let answer = ask_folder(directory, reference, Directory::find).await;
            if answers.takes(directory.shown.clone(), answer) {
                return Ok(answers.resolution(|| self.help(reference, Publisher::Anyone)));
            }
        }
        let answer = published::find(&self.store, reader, reference, now).await?;
        let is_ours = published::owns_namespace(&self.store, reader, &reference.namespace).await?;
        let publisher = if is_ours { Publisher::ThisServer } else { Publisher::Anyone };
        if answers.takes(published::SHOWN.to_owned(), answer) {
            return Ok(answers.resolution(|| self.help(reference, publisher)));
        }
        if let Some(upstream) = self.upstream.as_ref().filter(|_| publisher == Publisher::Anyone) {
            let answer = upstream.find(reference, now).await?;
            if answers.takes(upstream.shown(), answer) {
                return Ok(answers.resolution(|| self.help(reference, publisher)));
            }
        }
        if let Some(directory) = self.directory.as_ref().filter(|_| publisher == Publisher::Anyone)
        {
            let answer = ask_folder(directory, reference, Directory::find_stand_in).await;
            answers.takes(directory.shown.clone(), answer);
        }
        Ok(answers.resolution(|| self.help(reference, publisher)))
    }

    /// Says how to provide an orb.
    fn help(&self, reference: &OrbReference, publisher: Publisher) -> String {
        let publish =
            format!("publish it with `roundel orb publish FILE {}@VERSION`", reference.orb());
        if publisher == Publisher::ThisServer {
            return publish;
        }
        let directory = if self.directory.is_some() {
            "put it into the directory of orbs"
        } else {
            "name a directory that has it with `[orbs] directory`"
        };
        if self.upstream.is_some() {
            return format!("{publish}, or {directory}");
        }
        format!("{publish}, {directory}, or name a registry that has it with `[orbs] registry`")
    }
}

/// Reading a directory may block.
async fn ask_folder(
    directory: &Directory,
    reference: &OrbReference,
    ask: fn(&Directory, &OrbReference) -> Answer,
) -> Answer {
    let (directory, reference) = (directory.clone(), reference.clone());
    tokio::task::spawn_blocking(move || ask(&directory, &reference))
        .await
        .unwrap_or_else(|_| Answer::Failed("the directory of orbs could not be read".to_owned()))
}

/// What the places answered so far.
#[derive(Default)]
struct Answers {
    found: Option<Box<Orb>>,
    missing: Missing,
}

impl Answers {
    /// Takes an answer, and returns whether it is the last: a place that cannot be asked might have
    /// had it, and must not be passed over silently.
    fn takes(&mut self, place: String, answer: Answer) -> bool {
        if !self.missing.looked_in.contains(&place) {
            self.missing.looked_in.push(place);
        }
        match answer {
            Answer::Found(orb) => {
                self.found = Some(orb);
                true
            }
            Answer::Failed(reason) => {
                self.missing.error = Some(reason);
                true
            }
            Answer::Absent(versions) => {
                self.missing.versions.extend(versions);
                false
            }
        }
    }

    fn resolution(mut self, help: impl FnOnce() -> String) -> Resolution {
        if let Some(orb) = self.found {
            return Resolution::Found(Arc::from(orb));
        }
        let mut versions = self.missing.versions;
        versions.sort();
        versions.dedup();
        self.missing.versions = best_first(versions);
        self.missing.help = Some(help());
        Resolution::Missing(self.missing)
    }
}

/// Looking for the orbs of one configuration, within its limits.
pub(crate) struct Search<'a> {
    sources: &'a Sources,
    reader: OrbReader,
    recorded: HashMap<String, Arc<Orb>>,
    ends: Instant,
    orbs: usize,
    addresses: usize,
}

impl Search<'_> {
    /// Looks for several orbs.
    ///
    /// # Errors
    ///
    /// If the store cannot be read: then nothing is known about any of them.
    pub(crate) async fn find(
        &mut self,
        wanted: &[OrbReference],
    ) -> Result<Vec<(OrbReference, Resolution)>, StoreError> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut sought = Vec::new();
        for reference in wanted {
            match self.at_once(reference) {
                Some(resolution) => found.push((reference.clone(), resolution)),
                None => sought.push(reference),
            }
        }
        for some in sought.chunks(AT_A_TIME) {
            found.extend(try_join_all(some.iter().map(|reference| self.look(reference))).await?);
        }
        Ok(found)
    }

    /// Answers what needs no looking: what was recorded, and what is beyond the limits.
    fn at_once(&mut self, reference: &OrbReference) -> Option<Resolution> {
        if let Some(orb) = self.recorded.get(&reference.to_string()) {
            return Some(Resolution::Found(Arc::clone(orb)));
        }
        self.orbs += 1;
        let reason = if self.orbs > ORBS {
            format!("a configuration may use {ORBS} orbs, with all that they import")
        } else if reference.version == OrbVersion::Url {
            self.addresses += 1;
            if self.addresses <= ADDRESSES {
                return None;
            }
            format!("a configuration may use {ADDRESSES} orbs from addresses")
        } else {
            return None;
        };
        Some(Resolution::Missing(Missing { error: Some(reason), ..Missing::default() }))
    }

    async fn look(
        &self,
        reference: &OrbReference,
    ) -> Result<(OrbReference, Resolution), StoreError> {
        let looking = self.sources.find(self.reader, reference);
        let resolution = match tokio::time::timeout_at(self.ends, looking).await {
            Ok(resolution) => resolution?,
            Err(_) => Resolution::Missing(Missing {
                error: Some(format!(
                    "looking for the orbs of this configuration took longer than {} s",
                    SEARCH_TIME.as_secs()
                )),
                ..Missing::default()
            }),
        };
        Ok((reference.clone(), resolution))
    }
}

#[cfg(test)]
mod tests;
