//! Where an image comes from: a registry, or files on this host.

use std::sync::Arc;

use super::{files::Files, registry::Registry};

/// Progress of a pull, one line for people at a time.
pub type Progress<'a> = &'a (dyn Fn(String) + Send + Sync);

/// Where an image comes from.
pub(super) enum Source {
    Registry(Box<Registry>),
    Files(Arc<Files>),
}
