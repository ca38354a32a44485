//! Phase 8 and the end: which workflows run, and the plan that comes of them (CFG §5.1, §5.5).

use std::collections::HashSet;

use roundel_model::{
    limits,
    name::{JobName, WorkflowName},
    plan::{Plan, PlannedJob, PlannedWorkflow, Requirement},
};

use crate::{
    codes,
    compile::Context,
    expression,
    fields::Known,
    filters::settle,
    invocation::{Draft, Presence},
    names,
    report::Problem,
    template,
    value::{Data, Scope},
    yaml::{At, Entry, View, scalar},
};

const WORKFLOW: Known<'static> = Known {
    what: "a workflow",
    keys: &["jobs", "when", "unless", "triggers", "max_auto_reruns", "description"],
    code: codes::UNKNOWN_KEY,
    advice: workflow_key_advice,
};

fn workflow_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "filters" => Some("it belongs to each entry of the workflow's `jobs`"),
        "steps" | "docker" | "machine" => Some("it belongs to a job under the top-level `jobs`"),
        _ => None,
    }
}

/// Name of the workflow of a lone `build` job.
const IMPLICIT: &str = "workflow";

/// A workflow whose jobs are known.
struct Live {
    name: String,
    drafts: Vec<Draft>,
}

impl<'d> Context<'d> {
    /// Makes the plan.
    pub(crate) fn plan(&mut self, root: At) -> Option<Plan> {
        let entries: Vec<_> = self.workflow_entries(root);
        self.definitions.has_workflows = !entries.is_empty();
        let mut live = Vec::new();
        if entries.is_empty() {
            live.extend(self.implicit_workflow(root));
        }
        let mut count = 0;
        let mut invoked = HashSet::new();
        for entry in &entries {
            live.extend(self.workflow(entry, &mut invoked));
            count = live.iter().map(|workflow| workflow.drafts.len()).sum();
            if count > limits::JOBS_PER_PIPELINE {
                break;
            }
        }
        if !entries.is_empty() {
            self.unused_jobs(&invoked);
        }
        if count > limits::JOBS_PER_PIPELINE {
            let message = format!("a pipeline has at most {} jobs", limits::JOBS_PER_PIPELINE);
            let place = entries.first().map_or_else(|| self.first_key(root), |entry| entry.key);
            self.report.add(Problem::error(codes::EXPANDS_TOO_FAR, place, message));
            return None;
        }
        let drafts: Vec<&[Draft]> =
            live.iter().map(|workflow| workflow.drafts.as_slice()).collect();
        let names = names::number(&drafts);
        let workflows: Vec<_> = live
            .iter()
            .zip(&names)
            .filter_map(|(workflow, names)| self.emit(workflow, names))
            .collect();
        Some(Plan { workflows })
    }

    /// Returns the workflows of the file, without `version`.
    fn workflow_entries(&mut self, root: At) -> Vec<Entry<'d>> {
        if let Some(section) = self.doc.get(root, "workflows")
            && let View::Seq(_) = self.doc.view(section.value)
        {
            let problem = Problem::error(
                codes::SECTION_TYPE,
                section.key,
                "`workflows` must be a mapping, found a list",
            );
            self.report.add(problem.help("remove the dashes before the workflows' names"));
            // One mistake, not also "nothing to run".
            self.definitions.jobs_empty = true;
            self.definitions.jobs_broken = true;
            return Vec::new();
        }
        let mut entries = self.section(root, "workflows");
        let version = entries.iter().position(|entry| entry.name == "version");
        let named = version.filter(|&at| !self.is_mapping(entries[at].value));
        if let Some(at) = named {
            entries.remove(at);
        }
        entries
    }

    /// Runs the job called `build` where there is no workflow at all.
    fn implicit_workflow(&mut self, root: At) -> Option<Live> {
        if let Some(definition) = self.definitions.jobs.get("build").cloned() {
            let drafts = vec![self.implicit_build(&definition)];
            return Some(Live { name: IMPLICIT.to_owned(), drafts });
        }
        // A document without any work ends a pipeline (CFG §1.7).
        let is_empty = self.definitions.jobs_empty && self.doc.get(root, "workflows").is_some();
        // Without a version it is probably no configuration of this kind at all.
        let has_version = self.doc.get(root, "version").is_some();
        if is_empty || self.definitions.jobs_broken || !has_version {
            return None;
        }
        let place = self.definitions.jobs_key.unwrap_or_else(|| self.first_key(root));
        let message = "cannot find a job named `build` to run, and there are no workflows";
        let problem = Problem::error(codes::NOTHING_TO_RUN, place, message);
        self.report.add(problem.help("add a top-level key `workflows:`, or call the job `build`"));
        None
    }

    /// Compiles a workflow; `None` if it does not run.
    fn workflow(&mut self, entry: &Entry<'d>, invoked: &mut HashSet<&'d str>) -> Option<Live> {
        let fields = match self.doc.view(entry.value) {
            View::Map(fields) => fields,
            View::Broken => return None,
            View::Scalar(..) | View::Seq(_) => {
                let message = format!("workflow `{}` must be a mapping with `jobs`", entry.name);
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, entry.key, message);
                self.report.add(
                    problem.help("write `jobs:` below it, and below that the jobs with dashes"),
                );
                return None;
            }
        };
        self.check_keys(fields.iter().map(|field| (field.name, field.key)), WORKFLOW);
        let get = |name: &str| fields.iter().find(|field| field.name == name);
        let items = self.workflow_jobs(entry, get("jobs"));
        invoked.extend(items.iter().filter_map(|&item| self.invoked_name(item)));
        if let Some(reruns) = get("max_auto_reruns") {
            let message = "this release does not rerun workflows by itself";
            self.report.add(Problem::warning(codes::UNSUPPORTED_OPTION, reruns.key, message));
        }
        if let Some(triggers) = get("triggers").filter(|triggers| !self.doc.is_null(triggers.value))
        {
            let message = format!(
                "workflow `{}` runs on its schedule only, and this release starts no schedules",
                entry.name
            );
            self.report.add(Problem::warning(codes::UNSUPPORTED_SCHEDULE, triggers.key, message));
            return None;
        }
        if !self.selected(entry, get("when"), get("unless"))? {
            return None;
        }
        let mut drafts: Vec<Draft> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if drafts.len() > limits::JOBS_PER_PIPELINE {
                break;
            }
            drafts.extend(self.invoke(item, index, entry.name));
        }
        Some(Live { name: entry.name.to_owned(), drafts })
    }

    fn workflow_jobs(&mut self, entry: &Entry<'_>, jobs: Option<&Entry<'d>>) -> Vec<At> {
        let place = jobs.map_or(entry.key, |jobs| jobs.key);
        match jobs.map(|jobs| self.doc.view(jobs.value)) {
            Some(View::Seq(items)) if !items.is_empty() => return items,
            Some(View::Broken) => return Vec::new(),
            Some(View::Map(_)) => {
                let message = "the jobs of a workflow are a list";
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, place, message);
                self.report.add(problem.help("put a dash before each job: `- build`"));
            }
            None | Some(View::Seq(_) | View::Scalar(..)) => {
                let message = format!("workflow `{}` has no jobs", entry.name);
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, place, message);
                self.report.add(problem.help("add `jobs:` with at least one entry: `- build`"));
            }
        }
        Vec::new()
    }

    /// Decides `when` and `unless`; `None` if that cannot be known, which was reported.
    fn selected(
        &mut self,
        entry: &Entry<'_>,
        when: Option<&Entry<'d>>,
        unless: Option<&Entry<'d>>,
    ) -> Option<bool> {
        if !self.templates {
            return Some(true);
        }
        if let (Some(when), Some(unless)) = (when, unless) {
            let problem = Problem::error(
                codes::WHEN_AND_UNLESS,
                unless.key,
                "use only one of `when` and `unless`",
            );
            self.report.add(
                problem
                    .related(when.key, "the other one")
                    .help("fold both into one with `and` and `not`"),
            );
            return None;
        }
        match (when, unless) {
            (Some(when), _) => self.condition(entry, when),
            (None, Some(unless)) => self.condition(entry, unless).map(|holds| !holds),
            (None, None) => Some(true),
        }
    }

    fn condition(&mut self, entry: &Entry<'_>, condition: &Entry<'_>) -> Option<bool> {
        let scope = Scope::outer(format!("workflow `{}`", entry.name));
        let place = self.doc.place(condition.value);
        let View::Scalar(text, style) = self.doc.view(condition.value) else {
            let statement = self.evaluate(condition.value, &scope);
            return self.decide(&statement, 0);
        };
        let value = self.evaluate(condition.value, &scope);
        if matches!(value.data, Data::Unknown) {
            return None;
        }
        let trimmed = text.trim();
        let is_text = matches!(scalar::resolve(text, style), scalar::Scalar::Text(_));
        let is_text = is_text && !trimmed.is_empty();
        if !is_text {
            return Some(value.data.is_truthy());
        }
        if !trimmed.contains("<<") {
            return match expression::evaluate(trimmed, &mut |name| self.lookup(name, &scope)) {
                Ok(data) => Some(data.is_truthy()),
                Err(error) => {
                    let message = format!("error evaluating the condition: {}", error.message);
                    let problem = Problem::error(error.code, place, message);
                    self.report.add(problem.maybe_help(error.help));
                    None
                }
            };
        }
        let is_sole_tag =
            template::parse(text).is_ok_and(|pieces| template::sole_tag(&pieces).is_some());
        if !is_sole_tag {
            let message =
                "this condition mixes text and tags: it is a text, and always true unless empty";
            let problem = Problem::warning(codes::ALWAYS_TRUE, place, message);
            self.report.add(problem.help("write the expression without `<< >>`"));
        }
        Some(value.data.is_truthy())
    }

    fn unused_jobs(&mut self, invoked: &HashSet<&str>) {
        let unused = self.definitions.jobs.iter().filter(|(name, _)| !invoked.contains(*name));
        let unused: Vec<_> = unused.map(|(name, job)| (*name, job.key)).collect();
        for (name, key) in unused {
            let problem = Problem::warning(
                codes::UNUSED_JOB,
                key,
                format!("no workflow runs the job `{name}`"),
            );
            self.report.add(problem);
        }
    }

    /// Resolves requirements, applies the filters, and puts the workflow into the plan.
    fn emit(&mut self, workflow: &Live, names: &[String]) -> Option<PlannedWorkflow> {
        let drafts = &workflow.drafts;
        let edges = self.graph(&workflow.name, drafts, names);
        // With any error there is no plan, and filters need not be tried.
        if self.report.errors() > 0 {
            return None;
        }
        let mut kept: Vec<bool> =
            drafts.iter().map(|draft| draft.presence != Presence::Empty).collect();
        if let Some(git_ref) = &self.inputs.git_ref {
            for (kept, draft) in kept.iter_mut().zip(drafts) {
                *kept = *kept && self.passes(&draft.filters, git_ref);
            }
        }
        let requires: Vec<Vec<usize>> =
            edges.iter().map(|edges| edges.iter().map(|edge| edge.job).collect()).collect();
        settle(&mut kept, &requires);
        let mut jobs = Vec::new();
        for (job, draft) in drafts.iter().enumerate().filter(|&(job, _)| kept[job]) {
            let left = edges[job].iter().filter(|edge| kept[edge.job]);
            let requires = left.map(|edge| Requirement {
                job: JobName::new(names[edge.job].clone()),
                accepts: edge.accepts.clone(),
            });
            jobs.push(PlannedJob {
                name: JobName::new(names[job].clone()),
                kind: draft.kind.clone()?,
                requires: requires.collect(),
                contexts: draft.contexts.clone(),
                serial_group: None,
            });
        }
        (!jobs.is_empty()).then(|| PlannedWorkflow {
            name: WorkflowName::new(workflow.name.clone()),
            jobs,
            max_auto_reruns: 0,
        })
    }
}
