//! Phase 12: one job, for one invocation (CFG §2.9, §4.11).

use std::rc::Rc;

use roundel_model::{limits, plan::JobBody};

use crate::{
    budget::Draw,
    codes,
    compile::Context,
    definitions::Definition,
    executor::Found,
    report::Problem,
    steps::Expansion,
    value::{Bindings, Data, Scope},
    yaml::{At, Entry},
};

/// Where steps run unless the job says otherwise (CFG §2.8).
const WORKING_DIRECTORY: &str = "~/project";

/// Steps that an invocation puts around a job's own (CFG §4.10).
#[derive(Clone, Debug, Default)]
pub(crate) struct Around<'d> {
    pub(crate) before: Option<Entry<'d>>,
    pub(crate) after: Option<Entry<'d>>,
}

/// What a definition's `type` makes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobType {
    Build,
    Approval,
    NoOp,
    /// Wrong or not possible, which was reported.
    Unusable,
}

impl Context<'_> {
    /// Reads a definition's `type`.
    pub(crate) fn job_type(&mut self, name: &str, definition: &Definition) -> JobType {
        let Some(kind) = self.doc.get(definition.body, "type").filter(|_| self.templates) else {
            return JobType::Build;
        };
        let scope = Scope::outer(format!("job `{name}`"));
        let value = self.evaluate(kind.value, &scope);
        let text = match &value.data {
            Data::Unknown => return JobType::Unusable,
            data => data.scalar_text().unwrap_or_default(),
        };
        match &*text {
            "build" => JobType::Build,
            "approval" => JobType::Approval,
            "no-op" => JobType::NoOp,
            "release" | "lock" | "unlock" => {
                let message = format!("jobs of type `{text}` cannot be run by this release yet");
                self.report.add(Problem::error(codes::UNSUPPORTED_JOB_TYPE, value.place, message));
                JobType::Unusable
            }
            other => {
                let message = format!("`{other}` is no type of job");
                let help = "types: build, approval, no-op, release, lock, unlock";
                self.report
                    .add(Problem::error(codes::UNKNOWN_JOB_TYPE, value.place, message).help(help));
                JobType::Unusable
            }
        }
    }

    /// Compiles the body of a job; `None` if it cannot run, which was reported.
    pub(crate) fn job_body(
        &mut self,
        name: &str,
        definition: &Definition,
        bindings: Bindings,
        around: (&Around<'_>, &Rc<Scope>),
    ) -> Option<JobBody> {
        // Its keys are looked up about a dozen times.
        if !self.afford(Draw::Visits, 12 * self.doc.width(definition.body), definition.key) {
            return None;
        }
        let errors = self.report.errors();
        let scope = Rc::new(Scope {
            owner: format!("job `{name}`"),
            parameters: Some(Rc::new(bindings)),
            matrix: None,
        });
        let body = definition.body;
        let surroundings = self.surroundings_of_job(body, &scope, definition.key);
        let parallelism = self.parallelism(body, &scope);
        self.ignored_options(body);
        let mut expansion = Expansion::new(parallelism > 1);
        let (around, outer) = around;
        if let Some(before) = &around.before {
            self.expand(before.value, before.key, outer, &mut expansion);
        }
        match self.doc.get(body, "steps") {
            Some(steps) => self.expand(steps.value, steps.key, &scope, &mut expansion),
            None => self.steps_missing(definition.key, "a job"),
        }
        if let Some(after) = &around.after {
            self.expand(after.value, after.key, outer, &mut expansion);
        }
        let steps = expansion.finish();
        let Found::Known(executor) = surroundings.kind else { return None };
        if self.report.errors() > errors {
            return None;
        }
        if steps.is_empty() && self.report.errors() == 0 {
            let problem = Problem::warning(
                codes::IGNORED,
                definition.key,
                format!("job `{name}` has no steps"),
            );
            self.report.add(problem);
        }
        Some(JobBody {
            executor,
            resource_class: surroundings.resource_class,
            environment: surroundings.environment.into_iter().collect(),
            working_directory: surroundings
                .working_directory
                .filter(|directory| !directory.trim().is_empty())
                .unwrap_or_else(|| WORKING_DIRECTORY.to_owned()),
            shell: surroundings.shell,
            parallelism,
            steps,
            cache_days: None,
            ip_ranges: false,
        })
    }

    fn parallelism(&mut self, body: At, scope: &Rc<Scope>) -> u32 {
        let Some(entry) = self.doc.get(body, "parallelism") else { return 1 };
        let value = self.evaluate(entry.value, scope);
        let count = match &value.data {
            Data::Unknown | Data::Null => return 1,
            Data::Int(count) => u32::try_from(*count).ok().filter(|count| *count >= 1),
            _ => None,
        };
        let Some(count) = count else {
            let message =
                format!("parallelism must be a positive whole number, found {}", value.describe());
            let help = self.type_help(&value, "integer");
            let problem = Problem::error(codes::BAD_PARALLELISM, value.place, message);
            self.report.add(problem.maybe_help(help));
            return 1;
        };
        if count > limits::PARALLELISM {
            let message = format!("parallelism is at most {}", limits::PARALLELISM);
            self.report.add(Problem::error(codes::BAD_PARALLELISM, value.place, message));
            return 1;
        }
        count
    }

    /// Options of the hosted service that change nothing here.
    fn ignored_options(&mut self, body: At) {
        for entry in self.doc.entries(body) {
            let message = match entry.name {
                "circleci_ip_ranges" if self.source(self.doc.place(entry.value)) == "false" => {
                    continue;
                }
                "circleci_ip_ranges" => "jobs use the runner's own addresses",
                "retention" => "how long caches are kept is a setting of the server",
                "branches" if self.definitions.has_workflows => {
                    "`branches` in a job is ignored where there are workflows"
                }
                _ => continue,
            };
            let problem = Problem::warning(codes::UNSUPPORTED_OPTION, entry.key, message);
            let problem = if entry.name == "branches" {
                problem.help("write `filters: { branches: … }` at the job's entry in the workflow")
            } else {
                problem
            };
            self.report.add(problem);
        }
    }
}
