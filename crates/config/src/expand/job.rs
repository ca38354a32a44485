//! One job, for one invocation (CFG §2.9, §4.11).

use std::rc::Rc;

use roundel_model::{
    limits,
    plan::{Executor, JobBody},
};

use crate::{
    codes,
    expand::{
        Expander,
        builtin::ExecutorKind,
        executor::{ExecutionEnvironment, ExecutorReader, FoundExecutor},
        run::duration_of,
        steps::Expansion,
    },
    language::{
        data::{Bindings, Data, Field, Scope, Value},
        definition::Definition,
        keys::Known,
    },
    read::yaml::{At, Entry},
    render::{Renderer, budget::Resource, fields::Expected},
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
};

/// Where steps run unless the job says otherwise (CFG §2.8).
const WORKING_DIRECTORY: &str = "~/project";

/// Longest time for which caches are kept, in days (D-03).
const RETENTION: std::ops::RangeInclusive<u32> = 1..=30;

/// Steps that an invocation puts around a job's own (CFG §4.10).
#[derive(Clone, Debug)]
pub(crate) struct PrePostSteps<'d> {
    pub(crate) before: Option<Entry<'d>>,
    pub(crate) after: Option<Entry<'d>>,
    /// What their tags refer to.
    pub(crate) scope: &'d Rc<Scope>,
}

/// What a definition's `type` makes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobType {
    Build,
    Approval,
    NoOp,
    /// With the name of its plan.
    Release(String),
    /// With the key of the lock.
    Lock(String),
    Unlock(String),
    /// Wrong, which was reported.
    Unusable,
}

/// Reads what `type` says of a job.
pub(super) struct JobTypeReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> JobTypeReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Reads a definition's `type`. The compiled document has types too, and it is of version 2.
    pub(crate) fn job_type(
        &mut self,
        name: &str,
        definition: &Definition,
        scope: &Rc<Scope>,
    ) -> JobType {
        let Some(kind) = self.render.doc().get(definition.body, "type") else {
            return JobType::Build;
        };
        let value = self.render.evaluate(kind.value, scope);
        let text = match &value.data {
            Data::Unknown => return JobType::Unusable,
            data => data.scalar_text().unwrap_or_default(),
        };
        let kind = match &*text {
            "build" => return JobType::Build,
            "approval" => JobType::Approval,
            "no-op" => JobType::NoOp,
            "release" => {
                // If it were ignored, the job would look as if it had released something.
                self.unsupported_type(&text, value.place);
                self.check_validation(definition, scope);
                let plan = self.needed_key(definition, "plan_name", &value, scope);
                plan.map_or(JobType::Unusable, JobType::Release)
            }
            "lock" | "unlock" => {
                self.unsupported_type(&text, value.place);
                match self.needed_key(definition, "key", &value, scope) {
                    Some(key) if &*text == "lock" => JobType::Lock(key),
                    Some(key) => JobType::Unlock(key),
                    None => JobType::Unusable,
                }
            }
            other => {
                let message = format!("`{other}` is not a valid job type");
                let help = crate::text::suggest::did_you_mean(
                    other,
                    ["build", "approval", "no-op", "release", "lock", "unlock"],
                )
                .map_or_else(
                    || "allowed: build, approval, no-op".into(),
                    |help| match help.replacement.as_deref() {
                        Some("release" | "lock" | "unlock") => help.not_supported(),
                        _ => help,
                    },
                );
                self.render
                    .report()
                    .add(Problem::error(codes::UNKNOWN_JOB_TYPE, value.place, message).help(help));
                return JobType::Unusable;
            }
        };
        self.check_without_steps(name, definition, &text);
        kind
    }

    fn unsupported_type(&mut self, kind: &str, place: Place) {
        let message = format!("jobs of type `{kind}` are not supported in this release");
        let problem = Problem::unsupported(codes::UNSUPPORTED_JOB_TYPE, place, message);
        self.render.report().add_unsupported(problem);
    }

    fn needed_key(
        &mut self,
        definition: &Definition,
        key: &str,
        kind: &Value,
        scope: &Rc<Scope>,
    ) -> Option<String> {
        let text = self.render.doc().get(definition.body, key);
        let text = text.and_then(|entry| self.render.text_field(entry.value, key, scope));
        if text.is_none() {
            let word = kind.data.scalar_text().unwrap_or_default();
            let message = format!("a job of type `{word}` needs `{key}`");
            let problem = Problem::error(codes::JOB_TYPE_KEY, kind.place, message);
            self.render.report().add(problem.help(format!("add `{key}: …`")));
        }
        text
    }

    /// The keys of a release's `validation` (CFG §2.10).
    fn check_validation(&mut self, definition: &Definition, scope: &Rc<Scope>) {
        let Some(validation) = self.render.doc().get(definition.body, "validation") else { return };
        let value = self.render.evaluate(validation.value, scope);
        let known = Known {
            what: "`validation`",
            keys: &["enabled", "evaluation_time", "auto_rollback_on_failure", "webhooks"],
            code: codes::UNKNOWN_KEY,
            advice: Known::no_advice,
            tolerant: false,
        };
        self.render.check_keys(value.fields().iter().map(|field| (&*field.name, field.key)), known);
        if value.field("enabled").is_none() && !value.is_unknown() {
            let message = "`validation` needs `enabled`";
            let problem = Problem::error(codes::MISSING_KEY, validation.key, message);
            self.render.report().add(problem.help("add `enabled: true`"));
        }
        if let Some(time) = value.field("evaluation_time") {
            duration_of(self.render, &time.value, "evaluation_time");
        }
        let webhooks = value.field("webhooks").map(|field| field.value.clone());
        let Some(Data::List(webhooks)) = webhooks.map(|value| value.data) else { return };
        for webhook in webhooks.iter() {
            self.check_webhook(webhook);
        }
    }

    fn check_webhook(&mut self, webhook: &Value) {
        const PROVIDERS: [&str; 5] = ["datadog", "prometheus", "grafana", "alertmanager", "custom"];
        for key in ["name", "provider"] {
            if webhook.field(key).is_none() && !webhook.is_unknown() {
                let message = format!("a webhook needs `{key}`");
                let problem = Problem::error(codes::MISSING_KEY, webhook.place, message);
                self.render.report().add(problem.help(format!("add `{key}: …`")));
            }
        }
        let provider = webhook.field("provider").map(|field| &field.value);
        let Some((text, place)) =
            provider.and_then(|value| Some((value.data.scalar_text()?, value.place)))
        else {
            return;
        };
        if !PROVIDERS.contains(&&*text) {
            let message = format!("`{text}` is not a valid `provider`");
            let help = crate::text::suggest::did_you_mean(&text, PROVIDERS)
                .unwrap_or_else(|| format!("allowed: {}", PROVIDERS.join(", ")).into());
            self.render.report().add(Problem::error(codes::NOT_IN_ENUM, place, message).help(help));
        }
    }

    fn check_without_steps(&mut self, name: &str, definition: &Definition, kind: &str) {
        if let Some(steps) = self.render.doc().get(definition.body, "steps") {
            let message = format!("the steps of `{name}` do not run: its type is `{kind}`");
            self.render.report().add(Problem::warning(codes::IGNORED, steps.key, message));
        }
    }
}

impl Expander<'_, '_> {
    /// Compiles the body of a job, and renders it; `None` if it cannot run, which was reported.
    pub(crate) fn job_body(
        &mut self,
        owner: &Rc<str>,
        definition: &Definition,
        bindings: Bindings,
        around: &PrePostSteps<'_>,
    ) -> Option<(JobBody, Value)> {
        // Its keys are looked up about a dozen times.
        if !self.render.afford(
            Resource::Visits,
            12 * self.render.doc().width(definition.body),
            definition.key,
        ) {
            return None;
        }
        let errors = self.render.found().errors();
        let scope = Scope::inner(owner, definition.module, bindings);
        let body = definition.body;
        let execution = ExecutorReader::new(self.render, self.modules).execution_of_job(
            body,
            &scope,
            definition.key,
        );
        let (parallelism, written) = self.parallelism(body, &scope);
        let mut expansion = Expansion::new(parallelism, executor_kind(&execution.kind));
        if let Some(before) = &around.before {
            self.steps().expand(before.value, before.key, around.scope, &mut expansion);
        }
        match self.render.doc().get(body, "steps") {
            Some(steps) => self.steps().expand(steps.value, steps.key, &scope, &mut expansion),
            None => self.shapes().steps_of_job_missing(definition),
        }
        if let Some(after) = &around.after {
            self.steps().expand(after.value, after.key, around.scope, &mut expansion);
        }
        let (steps, rendered) = expansion.finish();
        if steps.is_empty()
            && self.render.found().errors() == 0
            && !self.render.found().is_lenient()
        {
            let message = format!("{owner} has no steps");
            self.render.report().add(Problem::warning(codes::IGNORED, definition.key, message));
        }
        let mut extras = Vec::new();
        extras.extend(written.map(|value| Field::new("parallelism", value)));
        let cache_days = self.retention(body, &scope, &mut extras);
        let ip_ranges = self.ip_ranges(body, &scope, &mut extras);
        lint_working_directory(self.render, &execution);
        self.ignored_branches(body);
        if self.render.found().errors() > errors {
            return None;
        }
        let steps_key = self.render.doc().get(body, "steps").map_or(definition.key, |at| at.key);
        let rendered = Value::new(Data::List(Rc::new(rendered)), steps_key);
        let document = job_document(definition, &execution, extras, rendered);
        let FoundExecutor::Known(executor) = execution.kind else { return None };
        let text =
            |setting: Option<crate::expand::executor::Setting>| setting.map(|setting| setting.text);
        let body = JobBody {
            executor,
            resource_class: text(execution.resource_class),
            environment: execution.environment.into_iter().collect(),
            working_directory: text(execution.working_directory)
                .filter(|directory| !directory.trim().is_empty())
                .unwrap_or_else(|| WORKING_DIRECTORY.to_owned()),
            shell: text(execution.shell),
            parallelism,
            steps,
            cache_days,
            ip_ranges,
        };
        Some((body, document))
    }

    fn parallelism(&mut self, body: At, scope: &Rc<Scope>) -> (u32, Option<Value>) {
        let Some(entry) = self.render.doc().get(body, "parallelism") else { return (1, None) };
        let value = self.render.evaluate(entry.value, scope);
        let count = match &value.data {
            Data::Unknown | Data::Null => return (1, None),
            Data::Int(count) => u32::try_from(*count).ok().filter(|count| *count >= 1),
            _ => None,
        };
        let Some(count) = count else {
            let message =
                format!("`parallelism` must be a positive integer, found {}", value.describe());
            let help = self.render.type_help(&value, Expected::Integer);
            let problem = Problem::error(codes::BAD_PARALLELISM, value.place, message);
            self.render.report().add(problem.maybe_help(help));
            return (1, None);
        };
        if count > limits::PARALLELISM {
            let message = format!("`parallelism` must be at most {}", limits::PARALLELISM);
            self.render.report().add(Problem::error(codes::BAD_PARALLELISM, value.place, message));
            return (1, None);
        }
        if count == 1 && !self.render.doc().written(value.place).contains("<<") {
            let message = "`parallelism: 1` is the default";
            self.render.report().add(Problem::warning(
                codes::POINTLESS_PARALLELISM,
                value.place,
                message,
            ));
        }
        (count, Some(value))
    }

    /// Reads `retention: { caches: 7d }` (CFG §2.9, Q-49).
    fn retention(&mut self, body: At, scope: &Rc<Scope>, extras: &mut Vec<Field>) -> Option<u32> {
        let entry = self.render.doc().get(body, "retention")?;
        let value = self.render.evaluate(entry.value, scope);
        if value.is_unknown() || value.is_null() {
            return None;
        }
        let text = value.field("caches").and_then(|field| field.value.data.scalar_text());
        let days = text.as_deref().and_then(|text| text.strip_suffix('d')?.parse().ok());
        let only = value.fields().len() == 1;
        let days = days.filter(|days| RETENTION.contains(days) && only);
        if days.is_none() && !value.field("caches").is_some_and(|field| field.value.is_unknown()) {
            let message = "`retention` must set `caches` to a number of days from `1d` to `30d`";
            let problem = Problem::error(codes::BAD_RETENTION, value.place, message);
            self.render.report().add(problem.help("write `retention: { caches: 7d }`"));
            return None;
        }
        let message = "`retention` is not supported in this release: there are no caches";
        let problem = Problem::unsupported(codes::UNSUPPORTED_OPTION, entry.key, message);
        self.render.report().add_unsupported(problem);
        extras.push(Field { name: "retention".into(), key: entry.key, value });
        days
    }

    fn ip_ranges(&mut self, body: At, scope: &Rc<Scope>, extras: &mut Vec<Field>) -> bool {
        let entry = self.render.doc().get(body, "circleci_ip_ranges");
        let Some(entry) = entry else { return false };
        let value = self.render.evaluate(entry.value, scope);
        let wanted = self.render.bool_of(&value, entry.name).unwrap_or(false);
        if wanted {
            let message = "`circleci_ip_ranges` is not supported in this release: jobs use the runner's IP address";
            let problem = Problem::unsupported(codes::UNSUPPORTED_OPTION, entry.key, message);
            self.render.report().add_unsupported(problem);
        }
        extras.push(Field { name: "circleci_ip_ranges".into(), key: entry.key, value });
        wanted
    }

    fn ignored_branches(&mut self, body: At) {
        let Some(entry) =
            self.render.doc().get(body, "branches").filter(|_| self.progress.has_workflows())
        else {
            return;
        };
        let message = "`branches` in a job is ignored when the configuration has workflows";
        let problem = Problem::warning(codes::DEPRECATED, entry.key, message);
        self.render.report().add(
            problem.help("write `filters: { branches: … }` in the job's entry in the workflow"),
        );
    }
}

/// Puts the rendered job together, as version 2.0 writes it (CFG §7.4).
fn job_document(
    definition: &Definition,
    execution: &ExecutionEnvironment,
    extras: Vec<Field>,
    steps: Value,
) -> Value {
    let mut fields: Vec<Field> = execution.block.iter().map(without_hoisted).collect();
    let mut setting = |name: &str, setting: &Option<crate::expand::executor::Setting>| {
        fields.extend(setting.iter().map(|setting| Field::new(name, setting.value.clone())));
    };
    setting("resource_class", &execution.resource_class);
    setting("shell", &execution.shell);
    setting("working_directory", &execution.working_directory);
    fields.extend(extras);
    let place = definition.key;
    if !execution.variables.is_empty() {
        // The hosted compiler lists the variables of a job one by one.
        let one = |(name, value): (&Rc<str>, &Value)| {
            let field = Field { name: name.clone(), key: value.place, value: value.clone() };
            Value::new(Data::Map(Rc::new(vec![field])), value.place)
        };
        let list = execution.variables.iter().map(one).collect();
        let list = Value::new(Data::List(Rc::new(list)), place);
        fields.push(Field::new("environment", list));
    }
    fields.push(Field::new("steps", steps));
    Value::new(Data::Map(Rc::new(fields)), place)
}

/// `machine` and `macos` without the keys that are next to them in the compiled job.
fn without_hoisted(block: &Field) -> Field {
    let mut block = block.clone();
    if let (Data::Map(fields), "machine" | "macos") = (&block.value.data, &*block.name) {
        let kept =
            fields.iter().filter(|field| !matches!(&*field.name, "resource_class" | "shell"));
        let kept: Vec<Field> = kept.cloned().collect();
        // A machine of which nothing is left is any machine.
        block.value.data =
            if kept.is_empty() { Data::Bool(true) } else { Data::Map(Rc::new(kept)) };
    }
    block
}

/// Directories are taken as they are written (W-09).
fn lint_working_directory(render: &mut Renderer<'_>, execution: &ExecutionEnvironment) {
    let Some(directory) = &execution.working_directory else { return };
    let place = directory.value.place;
    if directory.text.contains('$') && place.file == FileId::CONFIG {
        let message =
            format!("`{}` is used literally: variables are not expanded here", directory.text);
        let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
        render.report().add(problem.help("for the home directory, start with `~`"));
    }
}

fn executor_kind(host: &FoundExecutor) -> ExecutorKind {
    match host {
        FoundExecutor::Known(Executor::Docker { .. }) => ExecutorKind::Docker,
        FoundExecutor::Known(Executor::Machine { .. }) => ExecutorKind::Machine,
        FoundExecutor::Known(Executor::Macos { .. }) => ExecutorKind::Macos,
        FoundExecutor::Absent | FoundExecutor::Broken => ExecutorKind::Unknown,
    }
}
