//! What a runner must know to run one task: the job spec.
//!
//! Built-in variables are those of `RUN` §3.1 that have a value here; one that has none is absent.
//! The deploy key and the values of project variables leave the server only in here, and only
//! toward the runner that is about to claim the task (`VCS` §0 rule 7).

use roundel_model::{
    id::{LeaseId, ProjectId},
    limits,
    plan::{JobBody, PlannedJobKind},
    secret::Secret,
};
use roundel_protocol::{
    CheckoutSpec, DeployKey, JobSpec, TaskLimits, TaskRef, Variable, VariableSource,
};
use roundel_store::{
    StoreError,
    pipelines::OfferedTask,
    projects::Project,
    reading::{JobRow, PipelineRow},
};

use super::token;
use crate::{app::App, resource_class};

/// Processes and threads of one task at once: far more than builds need, and the end of a step
/// that forks without end.
const PROCESSES: u32 = 4_096;

/// Bytes that one task may write to its file system.
const DISK_BYTES: u64 = 50 << 30;

/// Why there is no spec.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpecError {
    #[error(transparent)]
    Store(StoreError),
    /// Trying again does not help; the sentence goes to the job's page.
    #[error("{0}")]
    CannotBuild(String),
}

impl From<StoreError> for SpecError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Sealed { .. }
            | StoreError::Unreadable { .. }
            | StoreError::InstanceKey { .. } => {
                Self::CannotBuild(format!("Roundel could not read what this job needs: {error}"))
            }
            StoreError::Database { .. }
            | StoreError::NoDirectory { .. }
            | StoreError::File { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Missing(_)
            | StoreError::NoRandomness => Self::Store(error),
        }
    }
}

/// What is read to build a spec.
struct TaskRows<'a> {
    app: &'a App,
    project: Project,
    pipeline: PipelineRow,
    job: JobRow,
    body: JobBody,
    index: u32,
}

/// Builds the spec of an offered task, for a lease that is about to be claimed; with its project.
pub(super) async fn build(
    app: &App,
    offered: &OfferedTask,
    lease: LeaseId,
) -> Result<(JobSpec, ProjectId), SpecError> {
    let sources = read(app, offered).await?;
    let workflow = app
        .store
        .workflows(offered.pipeline)
        .await?
        .into_iter()
        .find(|workflow| workflow.id == sources.job.workflow)
        .ok_or_else(|| cannot_build("workflow"))?;
    let number = sources.job.number.ok_or_else(|| cannot_build("job number"))?;
    let mut variables: Vec<Variable> = app
        .store
        .variables(sources.project.id)
        .await?
        .into_iter()
        .map(|(name, value)| Variable { name, value, source: VariableSource::Project })
        .collect();
    variables.extend(built_in(&sources, number));
    let checkout = checkout(&sources).await?;
    let spec = JobSpec {
        task: TaskRef { job: offered.job, index: offered.index },
        lease,
        lease_duration: limits::LEASE,
        token: token::issue(&app.settings.instance_key, offered.job, offered.index, lease),
        project: sources.project.slug.clone(),
        pipeline: offered.pipeline,
        workflow: workflow.id,
        workflow_name: workflow.name,
        job_name: sources.job.name.clone(),
        job_number: number,
        limits: task_limits(sources.body.resource_class.as_deref()),
        body: sources.body,
        variables,
        checkout,
    };
    Ok((spec, sources.project.id))
}

fn cannot_build(what: &str) -> SpecError {
    SpecError::CannotBuild(format!(
        "internal error: the {what} of this job is missing; this is a bug in Roundel"
    ))
}

async fn read<'a>(app: &'a App, offered: &OfferedTask) -> Result<TaskRows<'a>, SpecError> {
    let store = &app.store;
    let job = store.job(offered.job).await?.ok_or_else(|| cannot_build("row"))?;
    let pipeline =
        store.pipeline(offered.pipeline).await?.ok_or_else(|| cannot_build("pipeline"))?;
    let project = store.project(pipeline.project).await?.ok_or_else(|| cannot_build("project"))?;
    let planned = store.job_body(offered.job).await?.ok_or_else(|| cannot_build("plan"))?;
    let PlannedJobKind::Build(body) = planned.kind else { return Err(cannot_build("plan")) };
    Ok(TaskRows { app, project, pipeline, job, body: *body, index: offered.index })
}

/// The built-in variables, in the order of `RUN` §3.1.
fn built_in(sources: &TaskRows<'_>, number: u64) -> Vec<Variable> {
    let TaskRows { app, project, pipeline, job, body, index } = sources;
    let slug = &project.slug;
    let mut variables = BuiltIns(Vec::new());
    variables.put("CI", "true");
    variables.put("CIRCLECI", "true");
    variables.put_some("CIRCLE_BRANCH", pipeline.git_ref.branch());
    variables.put_some("CIRCLE_TAG", pipeline.git_ref.tag());
    variables.put("CIRCLE_SHA1", &pipeline.sha);
    variables.put("CIRCLE_BUILD_NUM", &number);
    variables.put("CIRCLE_BUILD_URL", &app.links.job(slug, number));
    variables.put("CIRCLE_JOB", &job.name);
    variables.put("CIRCLE_STAGE", &job.name);
    variables.put("CIRCLE_NODE_INDEX", index);
    variables.put("CIRCLE_NODE_TOTAL", &body.parallelism);
    variables.put_some("CIRCLE_USERNAME", pipeline.actor_login.as_ref());
    variables.put("CIRCLE_PROJECT_USERNAME", &slug.owner);
    variables.put("CIRCLE_PROJECT_REPONAME", &slug.repository);
    variables.put("CIRCLE_REPOSITORY_URL", &project.ssh_url);
    if let Some(before) = &pipeline.before {
        let base = project.web_url.trim_end_matches('/');
        variables.put(
            "CIRCLE_COMPARE_URL",
            &format!("{base}/compare/{}...{}", before.short(), pipeline.sha.short()),
        );
    }
    variables.put("CIRCLE_WORKFLOW_ID", &job.workflow);
    variables.put("CIRCLE_WORKFLOW_JOB_ID", &job.id);
    variables.put("CIRCLE_WORKFLOW_WORKSPACE_ID", &job.workflow);
    if !job.needs.is_empty() {
        let needs: Vec<String> = job.needs.iter().map(ToString::to_string).collect();
        variables.put("CIRCLE_WORKFLOW_UPSTREAM_JOB_IDS", &needs.join(","));
    }
    variables.put("CIRCLE_PIPELINE_ID", &pipeline.id);
    variables.put("CIRCLE_PROJECT_ID", &project.id);
    variables.put("CIRCLE_ORGANIZATION_ID", &project.organization);
    variables.put("CIRCLE_WORKING_DIRECTORY", &body.working_directory);
    variables.0
}

struct BuiltIns(Vec<Variable>);

impl BuiltIns {
    fn put(&mut self, name: &str, value: &(impl ToString + ?Sized)) {
        self.0.push(Variable {
            name: name.to_owned(),
            value: Secret::new(value.to_string()),
            source: VariableSource::BuiltIn,
        });
    }

    fn put_some(&mut self, name: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

async fn checkout(sources: &TaskRows<'_>) -> Result<CheckoutSpec, SpecError> {
    let TaskRows { app, project, pipeline, .. } = sources;
    let key = app.store.checkout_key(project.id).await?;
    let known_hosts = app.forges.known_hosts(project.slug.forge);
    Ok(CheckoutSpec {
        url: project.ssh_url.clone(),
        sha: pipeline.sha.clone(),
        git_ref: pipeline.git_ref.clone(),
        fetch_ref: None,
        key: key.map(|key| DeployKey { private: key.private.clone(), public: key.public.clone() }),
        known_hosts,
    })
}

/// What a task may use, by the name of its class (`RUN` §6.3). A class that is not in the table is a
/// runner's own: its machine is the limit.
fn task_limits(class: Option<&str>) -> TaskLimits {
    let size = class.and_then(resource_class::size);
    TaskLimits {
        run_time: limits::JOB_RUN_TIME,
        log_bytes_per_step: limits::LOG_BYTES_PER_STEP,
        memory_bytes: size.map(|size| size.memory_gigabytes << 30),
        cpu_millis: size.map(|size| size.processors * 1_000),
        processes: Some(PROCESSES),
        disk_bytes: Some(DISK_BYTES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_with_a_known_name_has_its_size_and_others_have_the_machine() {
        let medium = task_limits(Some("medium.gen2"));
        assert_eq!((medium.cpu_millis, medium.memory_bytes), (Some(2_000), Some(4 << 30)));
        let own = task_limits(Some("acme/gpu"));
        assert_eq!((own.cpu_millis, own.memory_bytes), (None, None));
        assert!(own.processes.is_some());
    }
}
