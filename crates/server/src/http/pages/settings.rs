//! Settings of a project: its key, its hook, its variables, its badge, the names of its commit
//! statuses.
//!
//! Private keys and values never come here: the page shows what is public of a key, and only the
//! names of variables (VCS §7.1).

use std::collections::BTreeSet;

use askama::Template;
use roundel_model::{
    forge::{ForgeKind, Role},
    limits,
    secret::Secret,
    text::cut,
};
use roundel_store::{
    projects::{CheckoutKey, Hook, HookState, KeyState, Project, VariableRow},
    reading::{PipelineRow, WorkflowRow},
};

use super::{
    project::{ProjectHead, ProjectTab},
    time::TimeAgo,
    variables::{self, ImportForm, ImportRequest, ImportResult},
};
use crate::{
    http::{
        address::{address, encode, see_other},
        badges,
        form::{NoFields, PageForm},
        frame::Shell,
        notice::{Notice, see_done},
        rights::{Admin, SecretsAdmin, Writer},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Brief, Html, Untrusted, sentence},
    status_name::{self, Named},
    variable_rules::{self, TooManyVariables},
};

/// Pipelines that are searched for one with jobs: the newest may have a mistake in its configuration.
const LOOK_BACK: u32 = 10;

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes(base: &str) -> Routes {
    Routes::new()
        .get(&format!("{base}/settings"), page)
        .get(&format!("{base}/settings/variables"), to_variables)
        .post(&format!("{base}/settings/variables"), set_variable)
        .post(&format!("{base}/settings/variables/delete"), delete_variable)
        .post(&format!("{base}/settings/variables/import"), import_variables)
        .post(&format!("{base}/settings/badge-token"), badge_token)
        .post(&format!("{base}/settings/stop"), stop)
}

#[derive(Template)]
#[template(path = "settings.html")]
struct ProjectSettingsPage {
    shell: Shell,
    head: ProjectHead,
    key: Option<KeyView>,
    hook: Option<HookView>,
    variables: Vec<VariableView>,
    /// Names of those that replace a variable of the environment.
    replacing: Vec<Untrusted>,
    statuses: Option<StatusNames>,
    badge: BadgeView,
    email: bool,
    form: VariableForm,
    /// For administrators who follow another project with variables.
    import: Option<ImportForm>,
}

/// Names of commit statuses, and the pipeline that set them.
struct StatusNames {
    names: Vec<Untrusted>,
    number: u64,
    pipeline: String,
    /// Its branch or tag.
    git_ref: Brief,
    /// It is the default branch, whose names branch protection needs.
    is_default: bool,
}

/// The form that sets a variable: what was typed into it, and what is wrong with that. A value is
/// never sent back to the browser.
#[derive(Default)]
struct VariableForm {
    name: Untrusted,
    name_error: Option<Html>,
    value_error: Option<Html>,
    /// What an import did, or why it did nothing.
    import: ImportResult,
}

struct VariableView {
    name: Untrusted,
    /// `xxxx`, and the last four characters of a value that is long enough.
    value: Untrusted,
    set: TimeAgo,
}

struct KeyView {
    fingerprint: String,
    public: String,
    state: String,
    good: bool,
    forge_id: Option<String>,
    created: TimeAgo,
    used: Option<TimeAgo>,
    at_forge: String,
}

struct HookView {
    state: String,
    good: bool,
    forge_id: Option<String>,
    address: String,
    last: Option<TimeAgo>,
    created: TimeAgo,
    at_forge: String,
}

struct BadgeView {
    preview: String,
    preview_shield: String,
    private: bool,
    has_token: bool,
    snippets: [BadgeSnippet; 8],
    branches: Vec<Untrusted>,
    branch: String,
}

async fn page(Writer { visit, subject: project, role, .. }: Writer<Project>) -> Answer {
    visit.page(&read(&visit, &project, role, VariableForm::default()).await?)
}

async fn read(
    visit: &Visit,
    project: &Project,
    role: Role,
    form: VariableForm,
) -> Result<ProjectSettingsPage, PageError> {
    let store = &visit.app.store;
    let key = store.checkout_key(project.id).await?;
    let hook = store.hook_of(project.id).await?;
    let variables = store.variable_rows(project.id).await?;
    let replacing = variables.iter().filter(|row| variable_rules::replaces_environment(&row.name));
    let replacing = replacing.map(|row| Untrusted(row.name.clone())).collect();
    let variable = |row: VariableRow| VariableView {
        name: Untrusted(row.name),
        value: Untrusted(format!("xxxx{}", row.hint.unwrap_or_default())),
        set: TimeAgo::new(row.updated_at, visit.now),
    };
    let head = ProjectHead::read(visit, project, role, ProjectTab::Settings).await?;
    let import = match role {
        Role::Admin => ImportForm::read(visit, project).await?,
        Role::Write | Role::Read => None,
    };
    let is_refused =
        form.name_error.is_some() || form.value_error.is_some() || form.import.is_refused();
    let error = if is_refused { "Error: " } else { "" };
    Ok(ProjectSettingsPage {
        shell: visit
            .shell(format!("{error}Settings · {}", project.slug.full_name()), Section::Projects),
        key: key.map(|key| key_view(visit, project, &key)),
        hook: hook.map(|hook| hook_view(visit, project, &hook)),
        variables: variables.into_iter().map(variable).collect(),
        replacing,
        statuses: statuses(visit, project).await?,
        badge: badge_view(visit, project).await?,
        email: visit.app.settings.email.is_some(),
        form,
        import,
        head,
    })
}

fn key_view(visit: &Visit, project: &Project, key: &CheckoutKey) -> KeyView {
    let provider = project.slug.forge.title();
    let (state, good) = match key.state {
        KeyState::Active => {
            (format!("Created at {provider}, with read-only access to this repository"), true)
        }
        KeyState::Pending => (format!("Not created at {provider} yet"), false),
        KeyState::Gone => (format!("Deleted at {provider}"), false),
    };
    let tail = match project.slug.forge {
        ForgeKind::GitHub => "settings/keys",
        ForgeKind::Bitbucket => "admin/access-keys/",
    };
    KeyView {
        fingerprint: key.fingerprint.clone(),
        public: key.public.clone(),
        state,
        good,
        forge_id: key.forge_id.clone(),
        created: TimeAgo::new(key.created_at, visit.now),
        used: key.last_used_at.map(|at| TimeAgo::new(at, visit.now)),
        at_forge: format!("{}/{tail}", project.web_url.trim_end_matches('/')),
    }
}

fn hook_view(visit: &Visit, project: &Project, hook: &Hook) -> HookView {
    let provider = project.slug.forge.title();
    let (state, good) = match (hook.state, hook.last_delivery_at) {
        (HookState::Active, _) if !project.active => {
            ("Active; pushes are ignored while building is stopped".to_owned(), true)
        }
        (HookState::Active, Some(_)) => ("Active: deliveries arrive".to_owned(), true),
        (HookState::Active, None) => ("Active: no deliveries yet".to_owned(), true),
        (HookState::Pending, _) => (format!("Not created at {provider} yet"), false),
        (HookState::Missing | HookState::Gone, _) => (format!("Deleted at {provider}"), false),
    };
    let tail = match project.slug.forge {
        ForgeKind::GitHub => "settings/hooks",
        ForgeKind::Bitbucket => "admin/webhooks",
    };
    HookView {
        state,
        good,
        forge_id: hook.forge_id.clone(),
        address: visit.app.links.hook(hook.forge, hook.id),
        last: hook.last_delivery_at.map(|at| TimeAgo::new(at, visit.now)),
        created: TimeAgo::new(hook.created_at, visit.now),
        at_forge: format!("{}/{tail}", project.web_url.trim_end_matches('/')),
    }
}

/// Names of commit statuses, to be copied into branch protection: those of the newest pipeline of the
/// default branch that has jobs, or else of any branch.
async fn statuses(visit: &Visit, project: &Project) -> Result<Option<StatusNames>, PageError> {
    let has_jobs = |(_, workflows): &(PipelineRow, Vec<WorkflowRow>)| {
        workflows.iter().any(|workflow| !workflow.jobs.is_empty())
    };
    let default = visit.pipelines_of(project, Some(&project.default_branch), LOOK_BACK).await?;
    let mut found = default.into_iter().find(has_jobs);
    let is_default = found.is_some();
    if !is_default {
        let any = visit.pipelines_of(project, None, LOOK_BACK).await?;
        found = any.into_iter().find(has_jobs);
    }
    let Some((row, workflows)) = found else { return Ok(None) };
    let names: BTreeSet<String> = workflows
        .iter()
        .flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)))
        .map(|(workflow, job)| {
            let (workflow, name) = (workflow.name.as_str(), job.name.as_str());
            let named = Named { kind: job.kind, workflow, job: name };
            status_name::of_job(&visit.app.settings.status_prefix, named)
        })
        .collect();
    Ok(Some(StatusNames {
        names: names.into_iter().map(Untrusted).collect(),
        number: row.number,
        pipeline: format!("/pipeline/{}", row.id),
        git_ref: Brief::name(row.git_ref.name()),
        is_default,
    }))
}

async fn badge_view(visit: &Visit, project: &Project) -> Result<BadgeView, PageError> {
    let branch = visit.parameter("badge-branch").unwrap_or_else(|| project.default_branch.clone());
    let token = badges::token(&visit.app, project.id).await?;
    let at = address(&project.slug);
    let path = if branch == project.default_branch {
        format!("{at}.svg")
    } else {
        let branch: Vec<String> = branch.split('/').map(encode).collect();
        format!("{at}/tree/{}.svg", branch.join("/"))
    };
    let query = match (&token, project.private) {
        (Some(token), true) => format!("&token={token}"),
        _ => String::new(),
    };
    let base = visit.app.settings.public_url.as_str().trim_end_matches('/').to_owned();
    let image = format!("{base}{path}?style=shield{query}");
    let mut link = visit.app.links.project(&project.slug);
    if branch != project.default_branch {
        link.push_str("?branch=");
        link.push_str(&encode(&branch));
    }
    let branches = visit.app.store.branches(project.id, 100).await?;
    Ok(BadgeView {
        preview: path.clone(),
        preview_shield: format!("{path}?style=shield"),
        private: project.private,
        has_token: token.is_some(),
        snippets: snippets(&image, &link),
        branches: branches
            .into_iter()
            .filter(|name| name.chars().count() <= limits::BRANCH_CHARS)
            .map(Untrusted)
            .collect(),
        branch,
    })
}

/// The badge in a language of READMEs.
struct BadgeSnippet {
    language: &'static str,
    text: String,
}

/// The badge in the languages of READMEs (`VCS` §9).
fn snippets(image: &str, link: &str) -> [BadgeSnippet; 8] {
    [
        ("Markdown", format!("[![Roundel]({image})]({link})")),
        ("HTML", format!("<a href=\"{link}\"><img src=\"{image}\" alt=\"Roundel\"></a>")),
        ("AsciiDoc", format!("image:{image}[\"Roundel\", link=\"{link}\"]")),
        ("reStructuredText", format!(".. image:: {image}\n   :target: {link}")),
        ("Textile", format!("!{image}!:{link}")),
        ("RDoc", format!("{{<img src=\"{image}\" alt=\"Roundel\" />}}[{link}]")),
        ("POD", format!("=for HTML <a href=\"{link}\"><img src=\"{image}\"></a>")),
        ("Image URL", image.to_owned()),
    ]
    .map(|(language, text)| BadgeSnippet { language, text })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    value: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DeletedVariable {
    name: String,
}

/// The address of a refused form, opened again: where the form is.
async fn to_variables(SecretsAdmin { subject: project, .. }: SecretsAdmin<Project>) -> Answer {
    Ok(see_other(&format!("{}/settings#variables", address(&project.slug))))
}

async fn set_variable(
    SecretsAdmin { visit, subject: project }: SecretsAdmin<Project>,
    PageForm(request): PageForm<Variable>,
) -> Answer {
    let name = request.name.trim();
    let known = visit.app.store.variable_rows(project.id).await?;
    let is_full = known.len() >= limits::VARIABLES_PER_PROJECT
        && !known.iter().any(|other| other.name == name);
    let name_error = match variable_rules::check_name(name) {
        Err(error) => Some(error.to_string()),
        Ok(()) if is_full => Some(TooManyVariables.to_string()),
        Ok(()) => None,
    };
    let value_error = variable_rules::check_value(&request.value).err();
    let form = VariableForm {
        name: Untrusted(cut(name, 2 * limits::VARIABLE_NAME_CHARS).into_owned()),
        name_error: name_error.as_deref().map(sentence),
        value_error: value_error.map(|error| sentence(&error.to_string())),
        import: ImportResult::None,
    };
    if form.name_error.is_some() || form.value_error.is_some() {
        return visit.refused_form(&read(&visit, &project, Role::Admin, form).await?);
    }
    let value = Secret::new(request.value);
    visit.app.store.set_variable(project.id, name, &value, visit.now).await?;
    tracing::info!(project = %project.slug, variable = name, "a variable was set");
    Ok(see_done(&format!("{}/settings#variables", address(&project.slug)), Notice::VariableSaved))
}

async fn delete_variable(
    SecretsAdmin { visit, subject: project }: SecretsAdmin<Project>,
    PageForm(request): PageForm<DeletedVariable>,
) -> Answer {
    if request.name.chars().count() > limits::VARIABLE_NAME_CHARS {
        let most = limits::VARIABLE_NAME_CHARS;
        return Err(PageError::Bad(format!("The name has more than {most} characters.")));
    }
    visit.app.store.delete_variable(project.id, &request.name).await?;
    tracing::info!(project = %project.slug, variable = request.name, "a variable was deleted");
    Ok(see_done(&format!("{}/settings#variables", address(&project.slug)), Notice::VariableDeleted))
}

/// Answers with the settings and the result for each name, which an address could not hold. A browser
/// that sends the form again finds all of them kept.
async fn import_variables(
    SecretsAdmin { visit, subject: project }: SecretsAdmin<Project>,
    PageForm(request): PageForm<ImportRequest>,
) -> Answer {
    let import = variables::import(&visit, &project, &request).await?;
    let is_refused = import.is_refused();
    let form = VariableForm { import, ..VariableForm::default() };
    let page = read(&visit, &project, Role::Admin, form).await?;
    if is_refused { visit.refused_form(&page) } else { visit.page(&page) }
}

async fn badge_token(
    SecretsAdmin { visit, subject: project }: SecretsAdmin<Project>,
    _: PageForm<NoFields>,
) -> Answer {
    let replaced = badges::renew_token(&visit.app, project.id).await?;
    let done = if replaced { Notice::TokenReplaced } else { Notice::TokenGenerated };
    Ok(see_done(&format!("{}/settings#badge", address(&project.slug)), done))
}

/// Ends building: pushes start no pipelines until setup is run again. What was created at the forge
/// stays there, so that deliveries still have receipts; what runs, runs to its end.
async fn stop(
    Admin { visit, account, subject: project }: Admin<Project>,
    _: PageForm<NoFields>,
) -> Answer {
    visit.app.store.stop_building(project.id).await?;
    tracing::info!(project = %project.slug, %account, "building was stopped");
    Ok(see_done(&format!("{}/settings#building", address(&project.slug)), Notice::Stopped))
}
