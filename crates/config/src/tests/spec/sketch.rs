//! A plan as a short document, for comparing it with what the specification expects.

use roundel_model::{
    plan::{
        CheckoutMethod, ContainerSpec, Executor, JobBody, Plan, PlannedJob, PlannedJobKind,
        PlannedStep, PlannedStepKind, RunStep, When,
    },
    status::Outcome,
};
use serde_json::{Map, Value as Json, json};

/// Returns the first place at which the plan is not as expected.
pub(super) fn difference(expected: &Json, actual: &Json, path: &str) -> Option<String> {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            expected.iter().find_map(|(key, value)| {
                let found = actual.get(key).unwrap_or(&Json::Null);
                difference(value, found, &format!("{path}.{key}"))
            })
        }
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            let pairs = expected.iter().zip(actual).enumerate();
            pairs.into_iter().find_map(|(index, (expected, actual))| {
                difference(expected, actual, &format!("{path}[{index}]"))
            })
        }
        // A step, job or container by what names it.
        (Json::String(_), Json::Object(actual))
            if ["run", "name", "image"].iter().any(|key| actual.get(*key) == Some(expected)) =>
        {
            None
        }
        _ if text(expected) == text(actual) => None,
        _ => Some(format!("{path}: expected {expected}, found {actual}")),
    }
}

/// Variables are strings, and `A: 1` in the specification means the string.
fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Sketches a plan.
pub(super) fn plan(plan: &Plan) -> Json {
    let workflows = plan.workflows.iter().map(|workflow| {
        (workflow.name.to_string(), workflow.jobs.iter().map(job).collect::<Json>())
    });
    let reruns = plan
        .workflows
        .iter()
        .map(|workflow| (workflow.name.to_string(), workflow.max_auto_reruns.into()));
    json!({ "workflows": workflows.collect::<Map<_, _>>(), "reruns": reruns.collect::<Map<_, _>>() })
}

fn job(job: &PlannedJob) -> Json {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), job.name.as_str().into());
    let requires: Vec<Json> = job
        .requires
        .iter()
        .map(|requirement| {
            let name = requirement.job.as_str();
            if requirement.accepts == [Outcome::Success] {
                return name.into();
            }
            let accepts: Vec<_> =
                requirement.accepts.iter().map(|outcome| outcome.as_str()).collect();
            json!({ name: accepts })
        })
        .collect();
    add(&mut fields, "requires", requires);
    add(&mut fields, "contexts", job.contexts.clone());
    add(&mut fields, "serial_group", job.serial_group.clone());
    match &job.kind {
        PlannedJobKind::Build(build) => body(build, &mut fields),
        PlannedJobKind::Approval => add(&mut fields, "type", "approval"),
        PlannedJobKind::NoOp => add(&mut fields, "type", "no-op"),
        PlannedJobKind::Release { plan_name } => {
            add(&mut fields, "type", "release");
            add(&mut fields, "plan_name", plan_name.as_str());
        }
        PlannedJobKind::Lock { key } => {
            add(&mut fields, "type", "lock");
            add(&mut fields, "key", key.as_str());
        }
        PlannedJobKind::Unlock { key } => {
            add(&mut fields, "type", "unlock");
            add(&mut fields, "key", key.as_str());
        }
    }
    fields.into()
}

fn body(body: &JobBody, fields: &mut Map<String, Json>) {
    match &body.executor {
        Executor::Docker { containers } => {
            add(fields, "docker", containers.iter().map(container).collect::<Vec<_>>());
        }
        Executor::Machine { image, layer_caching } => {
            add(fields, "machine", image.clone().map_or(Json::Bool(true), Json::from));
            add(fields, "layer_caching", layer_caching.then_some(true));
        }
        Executor::Macos { xcode, code_signing } => {
            add(fields, "macos", xcode.as_str());
            add(fields, "code_signing", code_signing.clone());
        }
    }
    add(fields, "cache_days", body.cache_days);
    add(fields, "ip_ranges", body.ip_ranges.then_some(true));
    add(fields, "resource_class", body.resource_class.clone());
    add(fields, "environment", variables(&body.environment));
    add(fields, "working_directory", body.working_directory.as_str());
    add(fields, "shell", body.shell.clone());
    add(fields, "parallelism", body.parallelism);
    add(fields, "steps", body.steps.iter().map(step).collect::<Vec<_>>());
}

fn container(container: &ContainerSpec) -> Json {
    let mut fields = Map::new();
    add(&mut fields, "image", container.image.as_str());
    add(&mut fields, "name", container.name.clone());
    add(&mut fields, "entrypoint", container.entrypoint.clone());
    add(&mut fields, "command", container.command.clone());
    add(&mut fields, "user", container.user.clone());
    add(&mut fields, "environment", variables(&container.environment));
    if let Some(auth) = &container.auth {
        add(&mut fields, "auth", json!({ "username": auth.username, "password": auth.password }));
    }
    add(&mut fields, "cloud_auth", variables(&container.cloud_auth));
    if fields.len() == 1 { container.image.as_str().into() } else { fields.into() }
}

fn step(step: &PlannedStep) -> Json {
    let mut fields = Map::new();
    match &step.kind {
        PlannedStepKind::Run(run) => command(run, &mut fields),
        PlannedStepKind::Checkout { path, method } => {
            fields.insert("checkout".to_owned(), path.as_str().into());
            let method = match method {
                CheckoutMethod::Blobless => "blobless",
                CheckoutMethod::Full => "full",
                CheckoutMethod::Shallow { depth } => {
                    add(&mut fields, "depth", *depth);
                    "shallow"
                }
            };
            add(&mut fields, "method", method);
        }
        PlannedStepKind::SetupRemoteDocker { version, layer_caching } => {
            fields.insert("setup_remote_docker".to_owned(), true.into());
            add(&mut fields, "version", version.clone());
            add(&mut fields, "layer_caching", layer_caching.then_some(true));
        }
        PlannedStepKind::SaveCache { key, paths } => {
            fields.insert("save_cache".to_owned(), key.as_str().into());
            add(&mut fields, "paths", paths.clone());
        }
        PlannedStepKind::RestoreCache { keys } => {
            fields.insert("restore_cache".to_owned(), keys.clone().into());
        }
        PlannedStepKind::StoreArtifacts { path, destination } => {
            fields.insert("store_artifacts".to_owned(), path.as_str().into());
            add(&mut fields, "destination", destination.clone());
        }
        PlannedStepKind::StoreTestResults { path } => {
            fields.insert("store_test_results".to_owned(), path.as_str().into());
        }
        PlannedStepKind::PersistToWorkspace { root, paths } => {
            fields.insert("persist_to_workspace".to_owned(), root.as_str().into());
            add(&mut fields, "paths", paths.clone());
        }
        PlannedStepKind::AttachWorkspace { at } => {
            fields.insert("attach_workspace".to_owned(), at.as_str().into());
        }
        PlannedStepKind::AddSshKeys { fingerprints } => {
            fields.insert("add_ssh_keys".to_owned(), fingerprints.clone().into());
        }
        PlannedStepKind::InstallSigningBundle => {
            fields.insert("install_signing_bundle".to_owned(), true.into());
        }
    }
    add(&mut fields, "name", step.name.as_str());
    let when = match step.when {
        When::OnSuccess => None,
        When::Always => Some("always"),
        When::OnFail => Some("on_fail"),
    };
    add(&mut fields, "when", when);
    add(&mut fields, "line", step.line);
    fields.into()
}

fn command(run: &RunStep, fields: &mut Map<String, Json>) {
    fields.insert("run".to_owned(), run.command.as_str().into());
    add(fields, "shell", run.shell.clone());
    add(fields, "environment", variables(&run.environment));
    add(fields, "background", run.background.then_some(true));
    add(fields, "working_directory", run.working_directory.clone());
    add(fields, "no_output_timeout", format!("{}s", run.no_output_timeout.as_secs_f64()));
    add(fields, "max_auto_reruns", run.max_auto_reruns);
    add(fields, "auto_rerun_delay", format!("{}s", run.auto_rerun_delay.as_secs_f64()));
    add(fields, "after_all_tasks", run.after_all_tasks.then_some(true));
}

fn variables(variables: &[(String, String)]) -> Json {
    let fields = variables.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
    fields.collect::<Map<_, _>>().into()
}

/// Adds a field unless it says nothing.
fn add(fields: &mut Map<String, Json>, name: &str, value: impl Into<Json>) {
    let value = value.into();
    let is_empty = match &value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(items) => items.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    };
    if !is_empty {
        fields.insert(name.to_owned(), value);
    }
}
