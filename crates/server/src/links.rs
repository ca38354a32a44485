//! Addresses of our own pages, as emails and commit statuses need them: absolute, and stable.

use roundel_model::{
    forge::{ForgeKind, ProjectSlug},
    id::{AccountId, HookId, ProjectId, WorkflowId},
};
use url::Url;

/// Makes addresses below the address that browsers and forges reach this server by.
#[derive(Clone, Debug)]
pub struct Links {
    public_url: Url,
}

impl Links {
    pub(crate) const fn new(public_url: Url) -> Self {
        Self { public_url }
    }

    /// Returns the host of the public address, if it has one.
    pub fn host(&self) -> Option<&str> {
        self.public_url.host_str()
    }

    /// Returns the address of a page below the public address, with each segment escaped.
    pub fn page(&self, segments: &[&str]) -> String {
        below(&self.public_url, segments)
    }

    /// The page of a project: `/gh/acme/web`.
    pub fn project(&self, slug: &ProjectSlug) -> String {
        self.page(&[slug.forge.slug(), &slug.owner, &slug.repository])
    }

    /// The page of a pipeline: `/pipelines/gh/acme/web/12`.
    pub fn pipeline(&self, slug: &ProjectSlug, number: u64) -> String {
        let number = number.to_string();
        self.page(&["pipelines", slug.forge.slug(), &slug.owner, &slug.repository, &number])
    }

    /// The page of a workflow: `/pipelines/gh/acme/web/12/workflows/…`.
    pub fn workflow(&self, slug: &ProjectSlug, number: u64, id: WorkflowId) -> String {
        let (number, id) = (number.to_string(), id.to_string());
        self.page(&[
            "pipelines",
            slug.forge.slug(),
            &slug.owner,
            &slug.repository,
            &number,
            "workflows",
            &id,
        ])
    }

    /// The page of a job: `/gh/acme/web/34`, which is also `CIRCLE_BUILD_URL` (`RUN` §3.1).
    pub fn job(&self, slug: &ProjectSlug, number: u64) -> String {
        self.page(&[slug.forge.slug(), &slug.owner, &slug.repository, &number.to_string()])
    }

    /// The address that a forge sends deliveries to.
    pub fn hook(&self, forge: ForgeKind, id: HookId) -> String {
        self.page(&["hooks", forge.long_slug(), &id.to_string()])
    }

    /// Where a forge sends the browser after consent: exactly as registered there.
    pub fn callback(&self, forge: ForgeKind) -> String {
        self.page(&["login", forge.long_slug(), "callback"])
    }

    /// Where the emails about a project can be changed and stopped by the user to whom they were sent.
    pub fn email_preferences(
        &self,
        project: ProjectId,
        account: AccountId,
        signature: &str,
    ) -> String {
        self.page(&["mail", &project.to_string(), &account.to_string(), signature])
    }
}

fn below(base: &Url, segments: &[&str]) -> String {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_may_have_a_path_and_a_slash() {
        for base in ["https://ci.example.org/ci", "https://ci.example.org/ci/"] {
            let base = Url::parse(base).unwrap();
            assert_eq!(below(&base, &["gh", "acme"]), "https://ci.example.org/ci/gh/acme");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_segment() {
        let base = Url::parse("https://ci.example.org").unwrap();
        assert_eq!(below(&base, &["gh", "a/b?c"]), "https://ci.example.org/gh/a%2Fb%3Fc");
    }
}
