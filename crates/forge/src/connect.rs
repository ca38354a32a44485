//! From settings to a client of the right kind.

use std::sync::Arc;

use roundel_model::forge::ForgeKind;

use crate::{
    api::{Forge, ForgeSettings},
    bitbucket::Bitbucket,
    error::ForgeError,
    github::GitHub,
};

/// Connects to a forge of either kind. Nothing is sent yet.
///
/// # Errors
/// If the HTTP client cannot be built.
pub fn connect(settings: ForgeSettings) -> Result<Arc<dyn Forge>, ForgeError> {
    Ok(match settings.kind {
        ForgeKind::GitHub => Arc::new(GitHub::new(settings)?),
        ForgeKind::Bitbucket => Arc::new(Bitbucket::new(settings)?),
    })
}
