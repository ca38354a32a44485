//! Pipeline values: what `<< pipeline.… >>` can read (CFG §4.5).

/// A pipeline value, by its full name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PipelineName {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) doc: &'static str,
}

const fn text(name: &'static str, doc: &'static str) -> PipelineName {
    PipelineName { name, kind: "string", doc }
}

const fn of(kind: &'static str, name: &'static str, doc: &'static str) -> PipelineName {
    PipelineName { name, kind, doc }
}

/// The values that are worth offering, the everyday ones first.
pub(crate) const PIPELINE_VALUES: &[PipelineName] = &[
    text("pipeline.git.branch", "The branch that is built; empty for tags."),
    text("pipeline.git.tag", "The tag that is built; empty for branches."),
    text("pipeline.git.revision", "The commit that is built, as 40 hexadecimal digits."),
    text(
        "pipeline.git.base_revision",
        "The commit of the previous pipeline on this branch, if there was one.",
    ),
    of(
        "boolean",
        "pipeline.git.branch.is_default",
        "Whether the branch is the repository's default branch.",
    ),
    text("pipeline.git.repo_url", "The repository's URL."),
    text("pipeline.git.repo_owner", "The owner of the repository."),
    text("pipeline.git.repo_name", "The repository's name."),
    text("pipeline.git.repo_id", "The repository's ID at the Git provider."),
    text("pipeline.git.commit.url", "The URL of the commit."),
    text("pipeline.git.commit.subject", "The first line of the commit's message."),
    text("pipeline.git.commit.body", "The rest of the commit's message."),
    text(
        "pipeline.git.commit.author_login",
        "The user name of the commit's author at the Git provider.",
    ),
    text("pipeline.git.commit.author_name", "The name of the commit's author."),
    text("pipeline.git.commit.author_email", "The author's email address."),
    text("pipeline.id", "The pipeline's ID."),
    of("integer", "pipeline.number", "The pipeline's number within the project."),
    text("pipeline.name", "The name of the pipeline definition."),
    text("pipeline.definition.id", "The ID of the pipeline definition."),
    text(
        "pipeline.integration_source",
        "The type of the project's connection: `github_app`, `bitbucket`, …",
    ),
    text("pipeline.project.git_url", "The URL of the project's repository."),
    text("pipeline.project.slug", "The project's slug: `gh/acme/shop`."),
    text("pipeline.project.type", "The Git provider: `github`, `bitbucket`."),
    text("pipeline.trigger.id", "The ID of the trigger."),
    text("pipeline.trigger.name", "The name of the trigger."),
    text(
        "pipeline.trigger.type",
        "What started the pipeline: `github_app`, `schedule`, `api`, `webhook`, …",
    ),
    text("pipeline.trigger.received_at", "When the pipeline was started, in ISO 8601 format."),
    text(
        "pipeline.trigger_source",
        "What started the pipeline, with older names: `webhook`, `api`, `scheduled_pipeline`.",
    ),
    text("pipeline.schedule.name", "The schedule that started the pipeline; otherwise empty."),
    text(
        "pipeline.schedule.id",
        "The ID of the schedule that started the pipeline; otherwise empty.",
    ),
    text(
        "pipeline.event.name",
        "The event: `push`, `pull_request`, `api`, `schedule`, `custom_webhook`.",
    ),
    text(
        "pipeline.event.action",
        "The event, or the action on the pull request: `opened`, `synchronize`, `closed`, …",
    ),
    text("pipeline.event.github.ref", "The full name of the ref that was pushed."),
    text("pipeline.event.github.after", "The commit after the push."),
    text("pipeline.event.github.sender.login", "The user who caused the event."),
    text("pipeline.event.github.pull_request.title", "The pull request's title."),
    text("pipeline.event.github.pull_request.url", "The URL of the pull request."),
    of("integer", "pipeline.event.github.pull_request.number", "The pull request's number."),
    of(
        "boolean",
        "pipeline.event.github.pull_request.draft",
        "Whether the pull request is a draft.",
    ),
    of(
        "boolean",
        "pipeline.event.github.pull_request.merged",
        "Whether the pull request was merged.",
    ),
    text("pipeline.event.github.pull_request.base.ref", "The base branch of the pull request."),
    text("pipeline.event.github.pull_request.base.sha", "The base commit of the pull request."),
    text("pipeline.event.github.pull_request.head.ref", "The head branch of the pull request."),
    text("pipeline.event.github.pull_request.head.sha", "The head commit of the pull request."),
    text("pipeline.event.github.label.name", "The label that was added."),
    text("pipeline.event.github.comment.body", "The comment that started the pipeline."),
    text("pipeline.config.file_path", "The path of this file."),
    text("pipeline.config.ref", "The ref from which this file was read."),
    text("pipeline.config.sha", "The commit from which this file was read."),
    text("pipeline.config.repository.name", "The repository from which this file was read."),
    text(
        "pipeline.config.repository.url",
        "The URL of the repository from which this file was read.",
    ),
    text("pipeline.trigger_parameters.webhook.body", "The body of a custom webhook."),
    text(
        "pipeline.deploy.component_name",
        "The component to deploy, in pipelines that deploy or roll back.",
    ),
    text("pipeline.deploy.environment_name", "The environment to deploy to."),
    text("pipeline.deploy.target_version", "The version to deploy."),
    text("pipeline.deploy.current_version", "The version that is currently deployed."),
];

/// Finds a value by its full name.
pub(crate) fn pipeline_value(name: &str) -> Option<&'static PipelineName> {
    PIPELINE_VALUES.iter().find(|value| value.name == name)
}
