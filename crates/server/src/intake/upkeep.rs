//! Deliveries that build nothing and report a change of the project itself: its webhook works, its names or its
//! visibility changed, a key or a hook that we created was removed at the forge.

use roundel_store::{
    deliveries::{IgnoredReason, Receipt},
    projects::{HookState, KeyState, RepositoryChanges},
};

use super::change_context::{ChangeContext, Postponed, ignored};
use crate::forges;

/// The forge says that the webhook works.
pub(super) async fn ping(
    context: &ChangeContext<'_>,
    hook_id: Option<String>,
) -> Result<Receipt, Postponed> {
    context.intake.store.hook_answered(context.delivery.hook, hook_id.as_deref()).await?;
    Ok(ignored("ping", IgnoredReason::Ping, "it is a test delivery: the webhook works"))
}

/// Names, addresses and visibility are refreshed from the API, which is authoritative. Jobs clone from the
/// address.
pub(super) async fn repository_changed(
    context: &ChangeContext<'_>,
    what: &str,
) -> Result<Receipt, Postponed> {
    let forge =
        &context.intake.forges.client(context.project.slug.forge).map_err(Postponed::Forge)?;
    let id = &context.project.repository;
    let found = context
        .intake
        .forges
        .call(context.project, |token| async move { forge.repository_by_id(&token, id).await })
        .await;
    let repository = match context.unless_postponed(found)? {
        Ok(repository) => repository,
        Err(error) => {
            let because = format!("the repository could not be read: {error}");
            return Ok(ignored(what, IgnoredReason::ForgeRefused, because));
        }
    };
    let slug = roundel_model::forge::ProjectSlug {
        forge: context.project.slug.forge,
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
    context.intake.store.update_repository(context.project.id, &changes).await?;
    context.intake.roles.forget_project(context.project.id);
    Ok(ignored(what, IgnoredReason::ProjectNews, because))
}

/// A key or a hook was removed at the forge: looks which of those that we created are gone (`VCS` §0 rule 8).
pub(super) async fn hook_or_key_removed(
    context: &ChangeContext<'_>,
    what: &str,
) -> Result<Receipt, Postponed> {
    let store = &context.intake.store;
    let forge =
        &context.intake.forges.client(context.project.slug.forge).map_err(Postponed::Forge)?;
    let repository = &forges::repository_ref(context.project);
    let found = context
        .intake
        .forges
        .call(context.project, |token| async move {
            let keys = forge.deploy_keys(&token, repository).await?;
            let hooks = forge.hooks(&token, repository).await?;
            Ok((keys, hooks))
        })
        .await;
    let (keys, hooks) = match context.unless_postponed(found)? {
        Ok(found) => found,
        Err(error) => {
            let because = format!("what is left could not be listed: {error}");
            return Ok(ignored(what, IgnoredReason::ForgeRefused, because));
        }
    };
    let mut missing = Vec::new();
    if let Some(key) = store.checkout_key(context.project.id).await?
        && let Some(id) = &key.forge_id
        && !keys.iter().any(|there| there.id == *id)
    {
        store.update_checkout_key(key.id, KeyState::Gone, None).await?;
        missing.push(format!("the {}", context.project.slug.forge.key_name()));
    }
    if let Some(hook) = store.hook_of(context.project.id).await?
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
