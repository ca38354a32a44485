//! Importing the variables of another project, for the settings page. The user who imports must administer both
//! repositories, as the forge reported within the last minutes: with the variables of a project, jobs of the
//! other one can do what they allow.
//!
//! Deliberately absent: values, which only the store sees; which names a project may have
//! ([`crate::variable`]).

use std::collections::BTreeSet;

use roundel_model::{
    forge::{ProjectSlug, Role},
    limits,
};
use roundel_store::projects::{ImportedVariables, Project, VariableImport};

use crate::{
    access,
    http::{
        rights,
        visit::{PageError, Visit},
    },
    markup::{Html, Untrusted, sentence},
    variable_rules::{self, TooManyVariables},
};

/// The form that imports variables.
pub(super) struct ImportForm {
    /// Projects that the visitor follows and administers, and that have variables.
    pub(super) sources: Vec<ImportSource>,
}

/// A project in the form.
pub(super) struct ImportSource {
    /// `gh/acme/web`
    pub(super) value: Untrusted,
    pub(super) name: Untrusted,
}

/// What the form sends.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportRequest {
    from: String,
}

/// The result of submitting the form.
#[derive(Default)]
pub(super) enum ImportResult {
    /// It was not sent.
    #[default]
    None,
    Refused(Html),
    Done(ImportReport),
}

/// The result for each variable, by name.
pub(super) struct ImportReport {
    pub(super) from: Untrusted,
    pub(super) added: Vec<Untrusted>,
    pub(super) kept: Vec<Untrusted>,
    /// Names that are built-in, and values that are too long: earlier releases took them.
    pub(super) invalid: Vec<Untrusted>,
}

impl ImportResult {
    /// Whether nothing was imported, because of what was sent.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl ImportForm {
    /// Lists what the visitor can import from. None: nothing, so there is no form.
    pub(super) async fn read(visit: &Visit, project: &Project) -> Result<Option<Self>, PageError> {
        let Some(account) = &visit.account else { return Ok(None) };
        let most = limits::IMPORT_SOURCES;
        let others = visit.app.store.projects_with_variables(account.id, project.id, most).await?;
        let mut sources = Vec::new();
        for other in others {
            if access::role(&visit.app, Some(account), &other).await == Some(Role::Admin) {
                let value = Untrusted(other.slug.to_string());
                sources.push(ImportSource { value, name: Untrusted(other.slug.full_name()) });
            }
        }
        Ok((!sources.is_empty()).then_some(Self { sources }))
    }
}

/// Imports the variables of the project that a form names. The visitor has been proven to administer
/// the project that gets them.
pub(super) async fn import(
    visit: &Visit,
    project: &Project,
    request: &ImportRequest,
) -> Result<ImportResult, PageError> {
    let store = &visit.app.store;
    let refused = |text: &str| Ok(ImportResult::Refused(sentence(text)));
    let Ok(slug) = request.from.parse::<ProjectSlug>() else {
        return refused("Choose the project that has the variables.");
    };
    let source = rights::secrets_admin(visit, store.project_by_slug(&slug).await?).await?;
    if source.id == project.id {
        return refused("These are the variables of this project. Choose another project.");
    }
    let rows = store.variable_rows(source.id).await?;
    let names = rows.into_iter().map(|row| row.name);
    let (names, mut invalid): (BTreeSet<String>, BTreeSet<String>) =
        names.partition(|name| variable_rules::check_name(name).is_ok());
    let imported = store.import_variables(source.id, project.id, &names, visit.now).await?;
    let ImportedVariables { added, kept, too_long } = match imported {
        VariableImport::Done(imported) => imported,
        VariableImport::Full => {
            return refused(&format!("{TooManyVariables} Nothing was imported."));
        }
    };
    invalid.extend(too_long);
    tracing::info!(
        project = %project.slug,
        from = %source.slug,
        added = added.len(),
        kept = kept.len(),
        invalid = invalid.len(),
        "variables were imported"
    );
    let shown = |names: Vec<String>| names.into_iter().map(Untrusted).collect();
    Ok(ImportResult::Done(ImportReport {
        from: Untrusted(source.slug.full_name()),
        added: shown(added),
        kept: shown(kept),
        invalid: shown(invalid.into_iter().collect()),
    }))
}
