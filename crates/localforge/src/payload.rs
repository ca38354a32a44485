//! What webhooks carry, in each forge's shape.

pub(crate) mod bitbucket;
pub(crate) mod github;
