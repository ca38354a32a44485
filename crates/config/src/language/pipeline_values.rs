//! The names under `pipeline.` that exist (CFG §4.5), for absent values and for suggestions.
//!
//! A known name that does not apply to a pipeline is empty; an unknown one is a mistake.

use crate::{language::data::Data, text::suggest::nearest};

/// Every documented name, without `pipeline.`.
pub(crate) const KNOWN: &[&str] = &[
    "id",
    "number",
    "name",
    "definition.id",
    "integration_source",
    "project.git_url",
    "project.slug",
    "project.type",
    "git.branch",
    "git.tag",
    "git.branch.is_default",
    "git.revision",
    "git.base_revision",
    "git.repo_url",
    "git.repo_owner",
    "git.repo_name",
    "git.repo_id",
    "git.commit.url",
    "git.commit.subject",
    "git.commit.body",
    "git.commit.author_login",
    "git.commit.author_name",
    "git.commit.author_email",
    "git.commit.author_avatar_url",
    "git.ssh_checkout_url",
    "config.repository.name",
    "config.repository.url",
    "config.file_path",
    "config.ref",
    "config.sha",
    "trigger.received_at",
    "trigger.id",
    "trigger.name",
    "trigger.type",
    "trigger_source",
    "schedule.name",
    "schedule.id",
    "event.name",
    "event.action",
    "event.github.ref",
    "event.github.after",
    "event.github.head_commit.url",
    "event.github.sender.login",
    "event.github.sender.type",
    "event.github.sender.avatar_url",
    "event.github.repository.name",
    "event.github.repository.owner.login",
    "event.github.repository.url",
    "event.context.github.pr_url",
    "event.github.pull_request.base.ref",
    "event.github.pull_request.base.sha",
    "event.github.pull_request.head.ref",
    "event.github.pull_request.head.sha",
    "event.github.pull_request.title",
    "event.github.pull_request.url",
    "event.github.pull_request.number",
    "event.github.pull_request.draft",
    "event.github.pull_request.merged",
    "event.github.label.name",
    "event.github.comment.body",
    "trigger_parameters.webhook.body",
    "trigger_parameters.circleci.trigger_type",
    "trigger_parameters.circleci.event_time",
    "trigger_parameters.circleci.event_type",
    "deploy.component_name",
    "deploy.environment_name",
    "deploy.target_version",
    "deploy.current_version",
    "deploy.namespace",
    "deploy.reason",
];

/// Names that exist with any ending.
const FAMILIES: &[&str] = &["trigger_parameters.github_app.", "trigger_parameters.gitlab."];

/// Returns whether a name, without `pipeline.`, is documented.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Returns the documented name of what people call something else: `branch`, `git.sha`.
pub(crate) fn other_name(name: &str) -> Option<&'static str> {
    let word = name.strip_prefix("git.").unwrap_or(name);
    Some(match word {
        "branch" | "branch_name" => "git.branch",
        "tag" | "tag_name" => "git.tag",
        "sha" | "sha1" | "commit" | "commit_sha" | "commit.sha" | "hash" | "revision" => {
            "git.revision"
        }
        "repo" | "repo.name" | "repository" | "repository.name" => "git.repo_name",
        "owner" | "repo.owner" => "git.repo_owner",
        "url" | "repo.url" => "git.repo_url",
        _ => return None,
    })
}

/// Returns whether a documented name is a boolean, which is false rather than empty when absent.
pub(crate) fn is_boolean(name: &str) -> bool {
    matches!(
        name,
        "git.branch.is_default"
            | "event.github.pull_request.draft"
            | "event.github.pull_request.merged"
    )
}

/// A value that is put into a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineValue {
    Text(String),
    Integer(i64),
    Boolean(bool),
}

impl PipelineValue {
    /// Returns whether there are pipeline values with this name, which is after `pipeline.`.
    /// Parameters have no fixed names and are not among them.
    pub fn is_known(name: &str) -> bool {
        is_known(name)
    }

    /// Returns the known name that an unknown one was probably meant to be.
    pub fn nearest_name(name: &str) -> Option<&'static str> {
        nearest(name, KNOWN.iter().copied())
    }
}

/// Turns an input into a value.
pub(crate) fn data(value: &PipelineValue) -> Data {
    match value {
        PipelineValue::Text(text) => Data::text(text),
        PipelineValue::Integer(value) => Data::Int(*value),
        PipelineValue::Boolean(value) => Data::Bool(*value),
    }
}
