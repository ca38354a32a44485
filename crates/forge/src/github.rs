//! GitHub: github.com and Enterprise Server, as an OAuth application (`VCS` §2).
//!
//! Each file below answers one concern of [`crate::api`] with the fields that it reads. Fields that
//! we can do without are optional, for older servers lack some and newer ones drop some.
//!
//! Deliberately absent: GitHub Apps, the Checks API, users' SSH keys.

mod contents;
mod deploy_keys;
mod diagnose;
mod hooks;
mod repositories;
mod sign_in;
mod statuses;

#[cfg(test)]
mod tests;

use url::Url;

use crate::{
    api::{Forge, ForgeSettings, RepositoryRef},
    error::ForgeError,
    http::{self, Answer, Client, Dialect, Page},
    rest::Rest,
};

/// GitHub, called in the name of users.
pub(crate) struct GitHub {
    client: Client,
}

impl GitHub {
    /// Connects.
    ///
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new(settings: ForgeSettings) -> Result<Self, ForgeError> {
        let dialect = Dialect {
            headers: http::fixed_headers(&[
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ]),
            diagnose: diagnose::diagnose,
            page,
            page_size: "per_page",
        };
        Ok(Self { client: Client::new(settings, dialect)? })
    }
}

fn page(answer: &Answer) -> Result<Page, serde_json::Error> {
    Ok(Page { items: answer.json()?, next: http::link_next(answer.header("link")) })
}

impl Rest for GitHub {
    fn client(&self) -> &Client {
        &self.client
    }

    fn of(&self, repository: &RepositoryRef, segments: &[&str]) -> Result<Url, ForgeError> {
        let mut all = vec!["repos", &repository.owner, &repository.name];
        all.extend(segments);
        self.client.api(&all)
    }
}

impl Forge for GitHub {
    fn settings(&self) -> &ForgeSettings {
        self.client.settings()
    }
}
