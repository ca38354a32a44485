//! Orbs from an address: `https://host/path/orb.yml` (CFG §4.13.5).
//!
//! A configuration comes from any branch, so an address is fetched only if it begins with one that
//! the administrator allowed, and a redirect is followed only to such a one. What was fetched is
//! good for five minutes, and for as long as its server is unavailable.

use std::sync::Arc;

use roundel_config::orbs::{Missing, Orb, OrbReference, Resolution};
use roundel_model::time::Timestamp;
use roundel_store::{Store, StoreError};
use url::Url;

use super::{
    answer::{ORB_BYTES, digest},
    fetch::{Fetched, Fetcher, Request},
    upstream::is_fresh,
};

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Addresses that may be fetched.
pub(super) struct Addresses {
    /// None: nothing may be fetched.
    fetcher: Option<Fetcher>,
    allowed: Vec<Url>,
    store: Store,
}

impl Addresses {
    pub(super) fn new(fetcher: Option<Fetcher>, allowed: Vec<Url>, store: Store) -> Self {
        Self { fetcher, allowed, store }
    }

    /// Fetches an orb, or finds what was fetched lately.
    pub(super) async fn find(
        &self,
        reference: &OrbReference,
        now: Timestamp,
    ) -> Result<Resolution, StoreError> {
        let address = reference.to_string();
        let url = Url::parse(&address).ok().filter(|url| self.allows(url));
        let (Some(url), Some(fetcher)) = (url, &self.fetcher) else {
            return Ok(Resolution::Missing(self.not_allowed(&address)));
        };
        let question = format!("url {address}");
        let kept = self.store.orb_answer(&question).await?;
        if let Some(answer) = &kept
            && is_fresh(answer, now)
            && let Some(source) = &answer.source
        {
            return Ok(found(reference, source.text.clone()));
        }
        match self.fetch(fetcher, url).await {
            Ok(text) => {
                self.store.put_orb_answer(&question, "", Some(&text), now).await?;
                Ok(found(reference, text))
            }
            Err(reason) => match kept.and_then(|kept| kept.source) {
                Some(source) => {
                    tracing::warn!(%address, %reason, "an older copy of an orb is used");
                    Ok(found(reference, source.text))
                }
                None => Ok(Resolution::Missing(Missing {
                    looked_in: vec![format!("`{address}`")],
                    error: Some(reason),
                    help: Some("put its source inline under `orbs`, or try again later".to_owned()),
                    ..Missing::default()
                })),
            },
        }
    }

    async fn fetch(&self, fetcher: &Fetcher, mut url: Url) -> Result<String, String> {
        for _ in 0..=REDIRECTS {
            let request = Request { url: &url, token: None, limit_bytes: ORB_BYTES };
            match fetcher.get(&request).await {
                Ok(Fetched::Text(text, _)) => return Ok(text),
                Ok(Fetched::Nothing) => return Err(format!("there is nothing at `{url}`")),
                Ok(Fetched::Elsewhere(next)) if self.allows(&next) => url = next,
                Ok(Fetched::Elsewhere(next)) => {
                    return Err(format!(
                        "`{url}` redirects to `{next}`, which no allowed prefix covers"
                    ));
                }
                Err(reason) => {
                    return Err(format!("`{}` {reason}", url.host_str().unwrap_or_default()));
                }
            }
        }
        Err(format!("`{url}` redirects in a loop"))
    }

    /// Returns whether an address begins with an allowed one: the same scheme, host and port, and a
    /// path below its path.
    fn allows(&self, url: &Url) -> bool {
        // What some servers read as a slash after we took it for a part of a name.
        let path = url.path().to_ascii_lowercase();
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && !path.contains("%2f")
            && !path.contains("%5c");
        is_plain && self.allowed.iter().any(|prefix| is_below(prefix, url))
    }

    fn not_allowed(&self, address: &str) -> Missing {
        let reason = if self.allowed.is_empty() {
            "this instance does not import orbs from URLs".to_owned()
        } else {
            let prefixes: Vec<String> = self.allowed.iter().map(|url| format!("`{url}`")).collect();
            format!("`{address}` begins with none of the allowed prefixes: {}", prefixes.join(", "))
        };
        Missing {
            looked_in: vec![format!("`{address}`")],
            error: Some(reason),
            help: Some(
                "put its source inline under `orbs`, or ask the administrator to allow its prefix \
                 with `[orbs] url_prefixes`"
                    .to_owned(),
            ),
            ..Missing::default()
        }
    }
}

fn is_below(prefix: &Url, url: &Url) -> bool {
    let rest = url.path().strip_prefix(prefix.path());
    let at_a_boundary =
        |rest: &str| rest.is_empty() || rest.starts_with('/') || prefix.path().ends_with('/');
    prefix.origin() == url.origin() && rest.is_some_and(at_a_boundary)
}

fn found(reference: &OrbReference, text: String) -> Resolution {
    let address = reference.to_string();
    Resolution::Found(Arc::new(Orb {
        name: address.clone(),
        version: String::new(),
        origin: address,
        digest: digest(&text),
        text: Arc::from(text),
        notice: None,
    }))
}

#[cfg(test)]
mod tests;
