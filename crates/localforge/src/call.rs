//! What most routes of both APIs start with: who calls about which repository, and which page of a
//! list is asked for.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{answer::ErrorResponse, caller::Caller, forge::Forge, model::Repository};

/// A call about one repository, which the first two parts of the path name.
pub(crate) struct Call {
    pub(crate) forge: Arc<Forge>,
    pub(crate) caller: Caller,
    pub(crate) owner: String,
    pub(crate) name: String,
}

/// What one forge's API demands of a caller before it lets them use a repository.
pub(crate) trait Right {
    /// Finds the repository, or refuses in the forge's own words.
    fn check(self, call: &Call) -> Result<Repository, ErrorResponse>;
}

impl Call {
    /// Finds the repository of the call, if the caller has the right.
    pub(crate) fn repository(&self, right: impl Right) -> Result<Repository, ErrorResponse> {
        right.check(self)
    }
}

impl FromRequestParts<Arc<Forge>> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, forge: &Arc<Forge>) -> Result<Self, Response> {
        let caller = parts.extensions.get::<Caller>().cloned().unwrap_or_default();
        let params = RawPathParams::from_request_parts(parts, forge).await;
        let params = params.map_err(IntoResponse::into_response)?;
        let mut names = params.iter().map(|(_, value)| value.to_owned());
        let (Some(owner), Some(name)) = (names.next(), names.next()) else {
            // Only a route without the two names comes here.
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        Ok(Self { forge: Arc::clone(forge), caller, owner, name })
    }
}
