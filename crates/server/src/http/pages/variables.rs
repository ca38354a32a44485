//! Which variables a project may have, and importing them from another project.
//!
//! The settings page shows what is decided here. The user who imports must administer both repositories, as
//! the forge reported within the last minutes: with the variables of a project, jobs of the other one
//! can do what they allow.
//!
//! Deliberately absent: values, which only the store sees.

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

/// What became of the form.
#[derive(Default)]
pub(super) enum ImportResult {
    /// It was not sent.
    #[default]
    None,
    Refused(Html),
    Done(ImportReport),
}

/// What became of each variable, by name.
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
    let Some(slug) = slug(&request.from) else {
        return refused("Choose the project that has the variables.");
    };
    let source = rights::secrets_admin(visit, store.project_by_slug(&slug).await?).await?;
    if source.id == project.id {
        return refused("These are the variables of this project. Choose another project.");
    }
    let rows = store.variable_rows(source.id).await?;
    let names = rows.into_iter().map(|row| row.name);
    let (names, mut invalid): (BTreeSet<String>, BTreeSet<String>) =
        names.partition(|name| name_error(name, false).is_none());
    let imported = store.import_variables(source.id, project.id, &names, visit.now).await?;
    let ImportedVariables { added, kept, too_long } = match imported {
        VariableImport::Done(imported) => imported,
        VariableImport::Full => return refused(&format!("{} Nothing was imported.", full())),
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

/// Reads `gh/acme/web`.
fn slug(text: &str) -> Option<ProjectSlug> {
    let mut parts = text.splitn(3, '/');
    let (forge, owner, repository) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name =
        |name: &str| !name.is_empty() && name.chars().count() <= limits::REPOSITORY_NAME_CHARS;
    let forge = forge.parse().ok()?;
    (is_name(owner) && is_name(repository)).then(|| ProjectSlug {
        forge,
        owner: owner.to_owned(),
        repository: repository.to_owned(),
    })
}

fn full() -> String {
    format!("A project can have at most {} variables.", limits::VARIABLES_PER_PROJECT)
}

/// Says why a variable cannot have this name.
pub(super) fn name_error(name: &str, is_full: bool) -> Option<String> {
    let text = if !is_variable_name(name) {
        // What is typed here by mistake may be a secret of any length.
        let name: String = name.chars().take(40).collect();
        format!(
            "`{}` is not a valid name: use letters, digits and `_`, and do not begin with a digit.",
            name.replace('`', "'")
        )
    } else if is_reserved(name) {
        format!(
            "`{name}` is a built-in variable of every job, or may become one. Choose a name that is \
             not `CI` and does not begin with `CIRCLE_`."
        )
    } else if is_full {
        full()
    } else {
        return None;
    };
    Some(text)
}

/// Says why a variable cannot have this value. The value itself is never repeated.
pub(super) fn value_error(value: &str) -> Option<String> {
    let is_wrong =
        value.is_empty() || value.len() > limits::VARIABLE_VALUE_BYTES || value.contains('\0');
    is_wrong.then(|| {
        format!(
            "The value must not be empty, contain a NUL byte, or be longer than {} bytes. \
             Enter it again.",
            limits::VARIABLE_VALUE_BYTES
        )
    })
}

/// Names that users set themselves at the hosted service: its programs read them.
const CLIENT_VARIABLES: [&str; 7] = [
    "CIRCLE_TOKEN",
    "CIRCLE_API_TOKEN",
    "CIRCLE_CLI_TOKEN",
    "CIRCLE_HOST",
    "CIRCLE_URL",
    "CIRCLE_API_URL",
    "CIRCLE_RUNNER_HOST",
];

/// Names of built-in variables: another value would hide what scripts rely on.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let built_in = name == "CI" || name == "CIRCLECI" || name.starts_with("CIRCLE_");
    built_in && !CLIENT_VARIABLES.contains(&name.as_str())
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_variables_are_reserved_and_those_of_clients_are_not() {
        for name in ["CI", "CIRCLECI", "CIRCLE_BRANCH", "circle_sha1"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["CIRCLE_TOKEN", "CIRCLECI_TOKEN", "CI_KEY"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn a_variable_has_a_name_that_a_shell_can_read() {
        for name in ["A", "_x", "NPM_TOKEN2"] {
            assert!(is_variable_name(name), "{name}");
        }
        for name in ["", "2A", "A-B", "A B", "Ä", "A=B", "A\n"] {
            assert!(!is_variable_name(name), "{name}");
        }
    }
}
