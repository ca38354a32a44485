//! What a configuration is compiled with: the `<< pipeline.x >>` values that we know.

use roundel_config::{Inputs, PipelineValue};
use roundel_model::{
    forge::ForgeKind,
    name::{BranchName, CommitSha, TagName},
};
use roundel_store::{pipelines::TriggerKind, projects::Project, reading::PipelineRow};

use super::read::CONFIG_PATH;

/// Gathers the inputs for compiling a pipeline's configuration. Absent values are left out; the
/// compiler knows their names (language reference §4.5).
pub(super) fn inputs(project: &Project, row: &PipelineRow) -> Inputs {
    let mut values = Values(Vec::new());
    values.put("id", row.id.to_string());
    values.0.push(("number".to_owned(), number(row.number)));
    of_project(&mut values, project);
    of_git(&mut values, project, row);
    of_trigger(&mut values, project, row);
    Inputs {
        path: CONFIG_PATH.to_owned(),
        pipeline_values: values.0,
        parameters: Vec::new(),
        git_ref: Some(row.git_ref.clone()),
        ..Inputs::default()
    }
}

struct Values(Vec<(String, PipelineValue)>);

impl Values {
    fn put(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), PipelineValue::Text(value.into())));
    }

    fn put_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

fn number(number: u64) -> PipelineValue {
    i64::try_from(number)
        .map_or_else(|_| PipelineValue::Text(number.to_string()), PipelineValue::Integer)
}

fn of_project(values: &mut Values, project: &Project) {
    let slug = &project.slug;
    values.put("project.git_url", &project.web_url);
    values.put("project.slug", slug.to_string());
    values.put("project.type", slug.forge.long_slug());
    values.put("integration_source", slug.forge.long_slug());
    values.put("git.repo_url", &project.web_url);
    values.put("git.repo_owner", &slug.owner);
    values.put("git.repo_name", &slug.repository);
    values.put("git.repo_id", &project.repository.0);
    values.put("git.ssh_checkout_url", &project.ssh_url);
}

fn of_git(values: &mut Values, project: &Project, row: &PipelineRow) {
    let branch = row.git_ref.branch().map(BranchName::as_str);
    values.put_some("git.branch", branch);
    values.put_some("git.tag", row.git_ref.tag().map(TagName::as_str));
    let is_default = branch == Some(project.default_branch.as_str());
    values.0.push(("git.branch.is_default".to_owned(), PipelineValue::Boolean(is_default)));
    values.put("git.revision", row.sha.as_str());
    values.put_some("git.base_revision", row.before.as_ref().map(CommitSha::as_str));
    values.put_some("git.commit.url", row.commit.url.as_deref());
    values.put("git.commit.subject", &row.commit.subject);
    values.put("git.commit.body", &row.commit.body);
    values.put_some("git.commit.author_login", row.commit.author_login.as_deref());
    values.put_some("git.commit.author_name", row.commit.author_name.as_deref());
    values.put_some("git.commit.author_email", row.commit.author_email.as_deref());
    values.put_some("git.commit.author_avatar_url", row.commit.author_avatar.as_deref());
}

fn of_trigger(values: &mut Values, project: &Project, row: &PipelineRow) {
    let by_hand = matches!(row.trigger, TriggerKind::Manual | TriggerKind::Setup);
    values.put("trigger_source", if by_hand { "api" } else { "webhook" });
    let kind = match project.slug.forge {
        ForgeKind::GitHub => "github_oauth",
        ForgeKind::Bitbucket => "bitbucket_cloud",
    };
    values.put("trigger.type", if by_hand { "api" } else { kind });
    values.put("trigger.received_at", row.created_at.to_string());
    let event = match row.trigger {
        TriggerKind::Push | TriggerKind::Tag => "push",
        TriggerKind::Setup | TriggerKind::Manual => "api",
    };
    values.put("event.name", event);
    values.put("event.action", event);
    if project.slug.forge == ForgeKind::GitHub && !by_hand {
        values.put("event.github.ref", row.git_ref.full());
        values.put("event.github.after", row.sha.as_str());
        values.put_some("event.github.head_commit.url", row.commit.url.as_deref());
        values.put_some("event.github.sender.login", row.actor_login.as_deref());
        values.put("event.github.repository.name", &project.slug.repository);
        values.put("event.github.repository.owner.login", &project.slug.owner);
        values.put("event.github.repository.url", &project.web_url);
    }
}
