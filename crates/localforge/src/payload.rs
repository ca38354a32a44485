//! The payloads of webhooks, in each forge's format.

pub(crate) mod bitbucket;
pub(crate) mod github;
