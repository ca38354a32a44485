//! Why a project builds nothing: one answer for pages, deliveries and who triggers a pipeline.

use roundel_model::id::ProjectId;
use roundel_store::{Store, StoreError, projects::SetupState};

/// Says why pushes to a project start no pipelines: "Pushes start no pipelines: …".
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn reason(store: &Store, project: ProjectId) -> Result<&'static str, StoreError> {
    let setup = store.setup(project).await?;
    let was_ready = setup.is_some_and(|setup| setup.state == SetupState::Done);
    Ok(if was_ready { "building was stopped" } else { "the project is not set up" })
}
