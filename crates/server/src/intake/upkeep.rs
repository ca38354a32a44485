//! Deliveries that build nothing and report a change of the project itself: its webhook works, its names or its
//! visibility changed, a key or a hook that we created was removed at the forge.

use roundel_store::{
    deliveries::{IgnoredReason, Receipt},
    projects::{HookState, KeyState, RepositoryChanges},
};

use super::case::{Case, Postponed, ignored};
use crate::forges;

/// The forge says that the webhook works.
pub(super) async fn ping(case: &Case<'_>, hook_id: Option<String>) -> Result<Receipt, Postponed> {
    case.intake.store.hook_answered(case.delivery.hook, hook_id.as_deref()).await?;
    Ok(ignored("ping", IgnoredReason::Ping, "it is a test delivery: the webhook works"))
}

/// Names, addresses and visibility are refreshed from the API, which is authoritative. Jobs clone from the
/// address.
pub(super) async fn repository_changed(case: &Case<'_>, what: &str) -> Result<Receipt, Postponed> {
    let forge = &case.intake.forges.client(case.project.slug.forge).map_err(Postponed::Forge)?;
    let id = &case.project.repository;
    let found = case
        .intake
        .forges
        .call(case.project, |token| async move { forge.repository_by_id(&token, id).await })
        .await;
    let repository = match case.answered(found)? {
        Ok(repository) => repository,
        Err(error) => {
            let because = format!("the repository could not be read: {error}");
            return Ok(ignored(what, IgnoredReason::ForgeRefused, because));
        }
    };
    let slug = roundel_model::forge::ProjectSlug {
        forge: case.project.slug.forge,
        owner: repository.owner.login,
        repository: repository.name,
    };
    let because = format!("names, addresses and visibility were refreshed: {slug}");
    let changes = RepositoryChanges {
        slug: Some(slug),
        default_branch: repository.default_branch,
        private: Some(repository.private),
        ssh_url: Some(repository.ssh_url),
        web_url: Some(repository.web_url),
    };
    case.intake.store.update_repository(case.project.id, &changes).await?;
    case.intake.roles.forget_project(case.project.id);
    Ok(ignored(what, IgnoredReason::ProjectNews, because))
}

/// A key or a hook was removed at the forge: looks which of those that we created are gone (`VCS` §0 rule 8).
pub(super) async fn hook_or_key_removed(case: &Case<'_>, what: &str) -> Result<Receipt, Postponed> {
    let store = &case.intake.store;
    let forge = &case.intake.forges.client(case.project.slug.forge).map_err(Postponed::Forge)?;
    let repository = &forges::repository_ref(case.project);
    let found = case
        .intake
        .forges
        .call(case.project, |token| async move {
            let keys = forge.deploy_keys(&token, repository).await?;
            let hooks = forge.hooks(&token, repository).await?;
            Ok((keys, hooks))
        })
        .await;
    let (keys, hooks) = match case.answered(found)? {
        Ok(found) => found,
        Err(error) => {
            let because = format!("what is left could not be listed: {error}");
            return Ok(ignored(what, IgnoredReason::ForgeRefused, because));
        }
    };
    let mut missing = Vec::new();
    if let Some(key) = store.checkout_key(case.project.id).await?
        && let Some(id) = &key.forge_id
        && !keys.iter().any(|there| there.id == *id)
    {
        store.update_checkout_key(key.id, KeyState::Gone, None).await?;
        missing.push(format!("the {}", case.project.slug.forge.key_name()));
    }
    if let Some(hook) = store.hook_of(case.project.id).await?
        && let Some(id) = &hook.forge_id
        && !hooks.iter().any(|there| there.id == *id)
    {
        store.update_hook(hook.id, HookState::Missing, None).await?;
        missing.push("the webhook".to_owned());
    }
    Ok(if missing.is_empty() {
        ignored(what, IgnoredReason::ProjectNews, "it was not created by Roundel")
    } else {
        let are = if missing.len() > 1 { "are" } else { "is" };
        let names = missing.join(" and ");
        let because = format!("{names} of this project {are} missing; run setup again");
        ignored(what, IgnoredReason::SetupBroken, because)
    })
}
