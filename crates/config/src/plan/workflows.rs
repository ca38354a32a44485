//! Which workflows run, and the plan that comes of them (CFG §5.1, §5.5).

use std::{collections::HashSet, rc::Rc};

use roundel_model::{limits, plan::Plan};

use crate::{
    codes,
    expand::invocation::{Draft, invoked_name},
    language::{
        data::{Data, Field, ModuleId, Scope, Value},
        definition::Definition,
        keys::Known,
        profile::Profile,
        template,
    },
    plan::{
        InactiveWorkflow, Planned, Planner, compiled_document,
        compiled_document::Sections,
        emit::{ExpandedWorkflow, WorkflowKeys},
        names,
        triggers::Start,
        unreached_jobs::Invoked,
    },
    read::{
        report::Strictness,
        yaml::{At, Entries, Entry, View, scalar},
    },
    render::logic::{CONDITION_HELP, Statements},
    resolve::{
        misindented_keys::{Stray, WORKFLOWS, take_strays},
        section::{first_key, section},
    },
    text::{help::Help, place::PlacedText, problem::Problem, suggest::nearest},
};

const WORKFLOW: Known<'static> = Known {
    what: "workflow",
    keys: &["jobs", "when", "unless", "triggers", "max_auto_reruns", "description"],
    code: codes::UNKNOWN_KEY,
    advice: workflow_key_advice,
    tolerant: false,
};

fn workflow_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "filters" => Some("move it to each entry of the workflow's `jobs`"),
        "steps" | "docker" | "machine" => Some("move it to a job under the top-level `jobs`"),
        _ => None,
    }
}

/// Runs of a workflow that it may ask for (CFG §5.9).
const RERUNS: std::ops::RangeInclusive<u32> = 1..=5;

/// Contexts of one configuration (CFG §1.5).
const CONTEXTS: usize = 100;

/// Name of the workflow of a lone `build` job.
const IMPLICIT: &str = "workflow";

impl<'d> Planner<'_, 'd> {
    /// Makes the plan, and the compiled document.
    pub(crate) fn plan(mut self, root: At) -> Planned {
        let made = self.make(root);
        let names = self.inactive.iter().map(|workflow| workflow.entry.name.to_owned());
        let inactive = names.collect();
        let Self { schedules, is_setup, progress, .. } = self;
        Planned { made, schedules, inactive, is_setup, progress }
    }

    fn make(&mut self, root: At) -> Option<(Plan, Value)> {
        let entries: Vec<_> = self.workflow_entries(root);
        let mut live = Vec::new();
        if entries.is_empty() {
            live.extend(self.implicit_workflow(root));
        } else {
            self.progress.note_workflows();
        }
        let mut count = 0;
        let mut invoked = HashSet::new();
        let mut is_readable = self.has_readable_workflows(root) && self.has_readable_groups();
        if entries.is_empty() {
            is_readable &= !live.is_empty();
        }
        for entry in &entries {
            is_readable &= self.is_readable(entry);
            self.render.report_blank_name("workflow", entry.name, entry.key);
            self.render.report_hidden_characters("workflow", entry.name, entry.key);
            let what: Rc<str> = format!("workflow `{}`", entry.name).into();
            self.render.report().enter(&what, entry.key);
            live.extend(self.workflow(entry, &mut invoked));
            self.render.report().leave();
            count = live.iter().map(|workflow| workflow.drafts.len()).sum();
            if count > limits::JOBS_PER_PIPELINE {
                break;
            }
        }
        if !entries.is_empty() && is_readable {
            self.unused_jobs(&invoked);
        }
        if count > limits::JOBS_PER_PIPELINE {
            let message = format!("a pipeline can have at most {} jobs", limits::JOBS_PER_PIPELINE);
            let place = entries
                .first()
                .map_or_else(|| first_key(self.render.doc(), root), |entry| entry.key);
            self.render.report().add(Problem::error(codes::EXPANDS_TOO_FAR, place, message));
            return None;
        }
        let drafts: Vec<&[Draft]> =
            live.iter().map(|workflow| workflow.drafts.as_slice()).collect();
        let names = names::number(&drafts);
        let mut document = compiled_document::Builder::default();
        let mut workflows = Vec::new();
        let mut running = Vec::new();
        for (workflow, names) in live.iter().zip(&names) {
            let what: Rc<str> = format!("workflow `{}`", workflow.name).into();
            self.render
                .report()
                .enter(&what, workflow.drafts.first().map(|draft| draft.key).unwrap_or_default());
            let emitted = self.emit(workflow, names, &mut document);
            self.render.report().leave();
            workflows.extend(emitted);
            if self.is_setup && (!workflow.runs || self.begins(&workflow.drafts)) {
                running.push(workflow.name.as_str());
            }
        }
        self.check_setup_workflows(&entries, &running);
        self.check_unreached_jobs(&Invoked { names: &invoked, is_complete: is_readable });
        self.check_inactive_workflows();
        Some((Plan { workflows }, document.finish(self.sections(root))))
    }

    /// Returns where the sections of the document are written.
    fn sections(&mut self, root: At) -> Sections {
        let first = first_key(self.render.doc(), root);
        let key = |name| self.render.doc().get(root, name).map_or(first, |section| section.key);
        Sections { version: key("version"), jobs: key("jobs"), workflows: key("workflows") }
    }

    /// Returns whether a workflow has a job to begin with on its branch or tag.
    fn begins(&mut self, drafts: &[Draft]) -> bool {
        let Some(git_ref) = &self.inputs.git_ref else { return true };
        let mut first = drafts.iter().filter(|draft| draft.requires.is_empty());
        first.any(|draft| draft.filters.passes(self.render, git_ref))
    }

    /// A setup configuration runs one workflow (CFG §8.1, E-092).
    fn check_setup_workflows(&mut self, entries: &[Entry<'_>], running: &[&str]) {
        let [_, second, ..] = running else { return };
        let Some(entry) = entries.iter().find(|entry| entry.name == *second) else { return };
        let message = "a setup configuration must run exactly one workflow";
        let problem = Problem::error(codes::SETUP_WORKFLOWS, entry.key, message);
        self.render
            .report()
            .add(problem.help("disable the others with `when`, or merge them into one"));
    }

    /// Returns the workflows of the file, without `version`.
    fn workflow_entries(&mut self, root: At) -> Vec<Entry<'d>> {
        if let Some(section) = self.render.doc().get(root, "workflows")
            && let View::Seq(_) = self.render.doc().view(section.value)
        {
            let problem = Problem::error(
                codes::SECTION_TYPE,
                section.key,
                "`workflows` must be a mapping, found a list",
            );
            self.render.report().add(problem.help("remove the dashes before the workflows' names"));
            // One mistake, not also "nothing to run".
            self.progress.note_unreadable_workflows();
            return Vec::new();
        }
        let mut entries = section(self.render, root, "workflows");
        let version = entries.iter().position(|entry| entry.name == "version");
        let named = version.filter(|&at| !self.render.doc().is_map(entries[at].value));
        if let Some(at) = named {
            self.check_workflows_version(&entries[at]);
            entries.remove(at);
        }
        if let Some(Stray { owner, .. }) = take_strays(self.render, &mut entries, WORKFLOWS) {
            entries.retain(|entry| entry.key != owner.key);
            self.progress.note_unreadable_workflows();
        }
        entries
    }

    /// Version 2.1 has no use for it (W-03).
    fn check_workflows_version(&mut self, version: &Entry<'_>) {
        let written = self.render.doc().written(self.render.doc().place(version.value));
        if self.render.has_templates() && !matches!(written, "2" | "2.0" | "2.1") {
            let message =
                format!("`version` of `workflows` must be 2, found `{written}`; it is ignored");
            self.render.report().add(Problem::warning(codes::DEPRECATED, version.key, message));
        }
    }

    /// Runs the job called `build` where there is no workflow at all.
    fn implicit_workflow(&mut self, root: At) -> Option<ExpandedWorkflow> {
        let build = self.modules.get(ModuleId::CONFIG).jobs.get("build").cloned();
        if let Some(definition) = build {
            let drafts = vec![self.expander().implicit_build(&definition)];
            let name = IMPLICIT.to_owned();
            let keys = WorkflowKeys { name: definition.key, jobs: definition.key };
            return Some(ExpandedWorkflow {
                name,
                keys,
                drafts,
                runs: true,
                max_auto_reruns: 0,
                rendered: Vec::new(),
            });
        }
        let section = self.modules.jobs_section();
        // A document without any work ends a pipeline (CFG §1.7).
        let is_empty = section.empty && self.render.doc().get(root, "workflows").is_some();
        // Without a version it is probably no configuration of this kind at all.
        let has_version = self.render.doc().get(root, "version").is_some();
        if is_empty || section.broken || self.progress.are_workflows_unreadable() || !has_version {
            return None;
        }
        let place = section.key.unwrap_or_else(|| first_key(self.render.doc(), root));
        let message = "cannot find a job named `build` to run, and there are no workflows";
        let misspelled = |name: &str| nearest(name, ["workflows"]).is_some();
        let entries = self.render.doc().entries(root);
        if let Some(entry) = entries.iter().find(|entry| misspelled(entry.name)) {
            self.render.report().withdraw(codes::UNKNOWN_SECTION, entry.key);
            let problem = Problem::error(codes::NOTHING_TO_RUN, entry.key, message);
            self.render.report().add(problem.help(Help::did_you_mean("workflows")));
            return None;
        }
        let jobs = |name: &str| nearest(name, ["jobs"]).is_some();
        if section.key.is_none()
            && let Some(entry) = entries.iter().find(|entry| jobs(entry.name))
        {
            self.render.report().withdraw(codes::UNKNOWN_SECTION, entry.key);
            let problem = Problem::error(codes::NOTHING_TO_RUN, entry.key, message);
            self.render.report().add(problem.help(Help::did_you_mean("jobs")));
            return None;
        }
        if let Some(workflows) = entries.get("workflows") {
            let message = "cannot find a job named `build` to run, and `workflows` is empty";
            let problem = Problem::error(codes::NOTHING_TO_RUN, workflows.key, message);
            self.render.report().add(problem.help(
                "write a workflow below it, indented deeper than `workflows`: `main: { jobs: [ … ] }`",
            ));
            return None;
        }
        let problem = Problem::error(codes::NOTHING_TO_RUN, place, message);
        self.render
            .report()
            .add(problem.help("add a top-level key `workflows:`, or rename the job to `build`"));
        None
    }

    /// Compiles a workflow; `None` if it does not run.
    fn workflow(
        &mut self,
        entry: &Entry<'d>,
        invoked: &mut HashSet<&'d str>,
    ) -> Option<ExpandedWorkflow> {
        let fields = match self.render.doc().view(entry.value) {
            View::Map(fields) => fields,
            View::Broken => return None,
            View::Scalar(..) | View::Seq(_) => {
                let message = format!("workflow `{}` must be a mapping with `jobs`", entry.name);
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, entry.key, message);
                self.render.report().add(problem.help(
                    "write `jobs:` below it, and list the jobs below that, each with a dash",
                ));
                return None;
            }
        };
        self.render.check_keys(fields.iter().map(|field| (field.name, field.key)), WORKFLOW);
        let get = |name: &str| fields.get(name);
        let items = self.workflow_jobs(entry, fields);
        invoked.extend(items.iter().filter_map(|&item| invoked_name(self.render.doc(), item)));
        let mut rendered = Vec::new();
        let selected = self.selected(entry, fields);
        // A mistake in the condition, which was reported, must not hide those in the jobs.
        let selected = selected.unwrap_or(true);
        let start = self.start(entry, get("triggers"), selected, &mut rendered);
        let max_auto_reruns = self.workflow_reruns(get("max_auto_reruns"), &mut rendered);
        if !selected && !self.inputs.all_workflows {
            self.mention_groups(&items, invoked);
            self.inactive.push(InactiveWorkflow { entry: *entry, items });
            return None;
        }
        let strictness = if selected { Strictness::Strict } else { Strictness::Lenient };
        let before = self.render.report().set_strictness(strictness);
        let mut drafts: Vec<Draft> = Vec::new();
        for (index, &item) in items.iter().enumerate() {
            if drafts.len() > limits::JOBS_PER_PIPELINE {
                break;
            }
            let invoked = self.expander().invoke(item, index, entry.name);
            self.count_contexts(&invoked);
            drafts.extend(invoked);
        }
        self.mention_groups(&items, invoked);
        self.expander().drop_repeated_groups(&mut drafts);
        self.lint_workflow(&drafts);
        if !selected {
            // Its graph is not needed, but its requirements may be misspelled all the same.
            self.check_inactive_graph(entry.name, &mut drafts);
        }
        self.render.report().set_strictness(before);
        let name = entry.name.to_owned();
        let runs = start != Start::Scheduled;
        let jobs = get("jobs").map_or(entry.key, |jobs| jobs.key);
        let keys = WorkflowKeys { name: entry.key, jobs };
        selected.then_some(ExpandedWorkflow { name, keys, drafts, runs, max_auto_reruns, rendered })
    }

    /// Counts the contexts that live workflows use.
    fn count_contexts(&mut self, drafts: &[Draft]) {
        for PlacedText { text, place } in drafts.iter().flat_map(|draft| &draft.contexts) {
            self.contexts.insert(text.clone());
            if self.contexts.len() > CONTEXTS {
                let message = format!("a configuration can use at most {CONTEXTS} contexts");
                let problem = Problem::error(codes::TOO_MANY_CONTEXTS, *place, message);
                self.render.report().add(problem);
                break;
            }
        }
    }

    /// Jobs that a group's members run are used.
    fn mention_groups(&self, items: &[At], invoked: &mut HashSet<&'d str>) {
        let groups = &self.modules.get(ModuleId::CONFIG).groups;
        let group = |&item: &At| groups.get(invoked_name(self.render.doc(), item)?);
        let jobs = items.iter().filter_map(group).flat_map(|group| self.jobs_of(group));
        invoked.extend(jobs);
    }

    /// Names the jobs of a group.
    fn jobs_of(&self, group: &Definition) -> Vec<&'d str> {
        let doc = self.render.doc();
        let jobs = doc.get(group.body, "jobs").map(|jobs| doc.view(jobs.value));
        match jobs {
            Some(View::Seq(jobs)) => jobs.iter().filter_map(|job| invoked_name(doc, job)).collect(),
            Some(View::Scalar(..) | View::Map(_) | View::Broken) | None => Vec::new(),
        }
    }

    fn workflow_reruns(&mut self, reruns: Option<Entry<'d>>, rendered: &mut Vec<Field>) -> u32 {
        let Some(entry) = reruns else { return 0 };
        let scope = Scope::outer("workflow", ModuleId::CONFIG);
        let value = self.render.evaluate(entry.value, &scope);
        let count = match &value.data {
            Data::Unknown | Data::Null => return 0,
            Data::Int(count) => u32::try_from(*count).ok(),
            _ => None,
        };
        let Some(count) = count.filter(|count| RERUNS.contains(count)) else {
            let message = "max_auto_reruns must be between 1 and 5";
            let code = codes::CONFLICTING_ATTRIBUTES;
            self.render.report().add(Problem::error(code, value.place, message));
            return 0;
        };
        if self.is_setup {
            let message = "a setup workflow cannot be rerun: `max_auto_reruns` has no effect";
            self.render.report().add(Problem::warning(codes::IGNORED, entry.key, message));
        }
        let message = "`max_auto_reruns` of a workflow is not supported in this release";
        let problem = Problem::unsupported(codes::UNSUPPORTED_OPTION, entry.key, message);
        self.render.report().add_unsupported(problem);
        rendered.push(Field { name: entry.name.into(), key: entry.key, value });
        count
    }

    fn workflow_jobs(&mut self, entry: &Entry<'_>, fields: Entries<'d>) -> Vec<At> {
        let jobs = fields.get("jobs").or_else(|| self.jobs_in_condition(fields));
        let place = jobs.map_or(entry.key, |jobs| jobs.key);
        match jobs.map(|jobs| self.render.doc().view(jobs.value)) {
            Some(View::Seq(items)) if !items.is_empty() => return items.iter().collect(),
            Some(View::Broken) => return Vec::new(),
            Some(View::Map(_)) => {
                let message = "the jobs of a workflow must be a list";
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, place, message);
                self.render.report().add(problem.help("put a dash before each job: `- build`"));
            }
            Some(View::Scalar(..))
                if jobs.is_some_and(|jobs| !self.render.doc().is_null(jobs.value)) =>
            {
                let place = jobs.map_or(place, |jobs| self.render.doc().place(jobs.value));
                let message = "the jobs of a workflow must be a list";
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, place, message);
                self.render.report().add(problem.help("put a dash before each job: `- build`"));
            }
            None if self.render.is_misspelled(
                fields.iter().map(|field| (field.name, field.key)),
                WORKFLOW,
                &["jobs"],
            ) => {}
            None | Some(View::Seq(_) | View::Scalar(..)) => {
                let message = format!("workflow `{}` has no jobs", entry.name);
                let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, place, message);
                self.render
                    .report()
                    .add(problem.help("add `jobs:` with at least one entry: `- build`"));
            }
        }
        Vec::new()
    }

    /// Reports `jobs` that are indented too deeply, so that they are part of the condition above them, and
    /// returns them.
    fn jobs_in_condition(&mut self, fields: Entries<'d>) -> Option<Entry<'d>> {
        let doc = self.render.doc();
        let mut conditions = ["when", "unless"].into_iter().filter_map(|name| fields.get(name));
        let inside = |condition: Entry<'d>| Some((condition, doc.get(condition.value, "jobs")?));
        let (condition, jobs) = conditions.find_map(inside)?;
        let message = format!("`jobs` is inside `{}`", condition.name);
        let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, jobs.key, message);
        self.render
            .report()
            .add(problem.help(format!("indent `jobs` as deep as `{}`", condition.name)));
        Some(jobs)
    }

    /// Decides `when` and `unless`; `None` if that cannot be known, which was reported.
    fn selected(&mut self, entry: &Entry<'_>, fields: Entries<'d>) -> Option<bool> {
        let (when, unless) = (fields.get("when"), fields.get("unless"));
        if !self.render.has_templates() {
            // Ignoring it would run what was not to run (CFG §0.2).
            for condition in when.iter().chain(&unless) {
                let message = format!("the `{}` of a workflow needs version 2.1", condition.name);
                let problem = Problem::error(codes::NEEDS_2_1, condition.key, message);
                self.render
                    .report()
                    .add(problem.help("change the version to `2.1` and escape `<<` as `\\<<`"));
            }
            return Some(true);
        }
        if let (Some(when), Some(unless)) = (when, unless) {
            let problem = Problem::error(
                codes::WHEN_AND_UNLESS,
                unless.key,
                "use only one of `when` and `unless`",
            );
            self.render.report().add(
                problem
                    .related(when.key, "the other one")
                    .help("combine both with `and` and `not`"),
            );
            return None;
        }
        match (when, unless) {
            // With `jobs` in it, which was reported, it is not what is meant.
            (Some(condition), _) | (None, Some(condition))
                if fields.get("jobs").is_none()
                    && self.render.doc().get(condition.value, "jobs").is_some() =>
            {
                None
            }
            (Some(when), _) => self.condition(entry, &when),
            (None, Some(unless)) => self.condition(entry, &unless).map(|holds| !holds),
            (None, None) => Some(true),
        }
    }

    fn condition(&mut self, entry: &Entry<'_>, condition: &Entry<'_>) -> Option<bool> {
        let scope = Scope::outer(format!("workflow `{}`", entry.name), ModuleId::CONFIG);
        let place = self.render.doc().place(condition.value);
        let View::Scalar(text, style) = self.render.doc().view(condition.value) else {
            let statement = Statements::new(self.render).statement(condition.value, &scope);
            return Statements::new(self.render).decide(&statement, 0);
        };
        if self.render.doc().is_null(condition.value) {
            let runs = if condition.name == "when" { "never" } else { "always" };
            let message = format!("`{}` is empty: the workflow {runs} runs", condition.name);
            let problem = Problem::warning(codes::IGNORED, condition.key, message);
            self.render.report().add(problem.help(CONDITION_HELP));
        }
        let value = self.render.evaluate(condition.value, &scope);
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
            let data = self.render.express(trimmed, place, codes::EXPRESSION_VALUE, &scope);
            return data.map(|data| data.is_truthy());
        }
        let is_sole_tag =
            template::parse(text).is_ok_and(|pieces| template::sole_tag(&pieces).is_some());
        if !is_sole_tag {
            let message =
                "this condition mixes text and tags: it is a string, and always true unless empty";
            let strict = self.render.profile() == Profile::Next;
            let make = if strict { Problem::error } else { Problem::warning };
            let problem = make(codes::ALWAYS_TRUE, place, message.to_owned());
            self.render.report().add(problem.help("write the expression without `<< >>`"));
        }
        Some(value.data.is_truthy())
    }

    /// Returns whether all jobs that a workflow names can be read. What cannot was reported, and may
    /// name any job.
    fn is_readable(&self, workflow: &Entry<'_>) -> bool {
        let doc = self.render.doc();
        let View::Map(fields) = doc.view(workflow.value) else { return false };
        let Some(jobs) = fields.get("jobs") else { return false };
        let View::Seq(items) = doc.view(jobs.value) else { return false };
        items.iter().all(|item| !matches!(doc.view(item), View::Broken))
    }

    /// Returns whether the jobs of every group can be read.
    fn has_readable_groups(&self) -> bool {
        let doc = self.render.doc();
        let mut groups = self.modules.get(ModuleId::CONFIG).groups.values();
        groups.all(|group| {
            let jobs = doc.get(group.body, "jobs").map(|jobs| doc.view(jobs.value));
            matches!(jobs, Some(View::Seq(_)))
        })
    }

    fn unused_jobs(&mut self, invoked: &HashSet<&str>) {
        let jobs = &self.modules.get(ModuleId::CONFIG).jobs;
        // What a misspelled name is meant for is used, or will be.
        let report = self.render.found();
        let groups = self.modules.get(ModuleId::CONFIG).groups.iter();
        let groups = groups.filter(|(name, _)| report.is_meant(name));
        let of_groups: HashSet<&str> = groups.flat_map(|(_, group)| self.jobs_of(group)).collect();
        let is_unused = |name: &str| {
            !invoked.contains(name) && !report.is_meant(name) && !of_groups.contains(name)
        };
        let unused = jobs.iter().filter(|(name, _)| is_unused(name));
        let unused: Vec<_> = unused.map(|(name, job)| (*name, job.key)).collect();
        for (name, key) in unused {
            let problem = Problem::warning(
                codes::UNUSED_JOB,
                key,
                format!("job `{name}` is not used in any workflow"),
            );
            self.render
                .report()
                .add(problem.help(format!("add `- {name}` to a workflow, or remove the job")));
        }
    }
}
