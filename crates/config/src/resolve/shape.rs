//! The shape of definitions, used or not, before any value is known (CFG §7.2).
//!
//! Whatever holds a template tag passes here; it is checked again once it is rendered. What
//! both phases report is reported once.

use std::collections::HashSet;

use crate::{
    codes,
    language::{
        data::ModuleId,
        definition::{Definition, Element},
        keys::{
            BUILTIN_STEPS, COMMAND, EXECUTOR, GROUP, JOB, Known, RUN, STEP_WORDS, WHEN_WORDS,
            script_key,
        },
        other_services::{self, Owner},
    },
    read::yaml::{
        At, Entries, Entry, View,
        scalar::{self, is_simple},
    },
    render::{Renderer, fields::with_unknown},
    resolve::{
        lookup::Lookup, modules::Modules, parameters::declare::stray_declarations,
        unnested::report_unnested,
    },
    text::{
        place::Place,
        problem::Problem,
        suggest::{list, nearest},
    },
};

/// An item of a list that names something, such as a step: the name alone, or as the key of a value.
pub(crate) struct NamedItem<'d> {
    pub(crate) name: &'d str,
    pub(crate) key: Place,
    pub(crate) value: Option<At>,
}

/// Checks every definition.
pub(super) fn check_shapes<'d>(render: &mut Renderer<'d>, modules: &mut Modules<'d>) {
    let sound = |definition: &&Definition| !definition.broken;
    let module = modules.get(ModuleId::CONFIG);
    let jobs: Vec<_> = module.jobs.values().filter(sound).cloned().collect();
    let commands: Vec<_> = module.commands.values().filter(sound).cloned().collect();
    let executors: Vec<_> = module.executors.values().filter(sound).cloned().collect();
    for job in jobs {
        Shapes::new(render, modules).check_definition(&job, JOB);
    }
    let mut followed = HashSet::new();
    for command in commands {
        let doc = render.doc();
        if let View::Scalar(..) = doc.view(command.body) {
            Lookup::new(render, modules).follow_command(command, &mut followed);
            continue;
        }
        Shapes::new(render, modules).check_definition(&command, COMMAND);
        Shapes::new(render, modules).steps_of_command_missing(&command);
    }
    for executor in executors {
        Shapes::new(render, modules).check_definition(&executor, EXECUTOR);
    }
    check_groups(render, modules);
}

/// Checks the groups themselves, used or not.
fn check_groups<'d>(render: &mut Renderer<'d>, modules: &Modules<'d>) {
    let groups = modules.get(ModuleId::CONFIG).groups.clone();
    for (name, group) in groups {
        if let Some(job) = modules.get(ModuleId::CONFIG).jobs.get(name) {
            let message = format!("`{name}` is already the name of a job");
            let problem = Problem::error(codes::GROUP_NAME, group.key, message);
            let problem = problem.related(job.key, "the job");
            render.report().add(problem.help("rename the group"));
        }
        if group.broken {
            continue;
        }
        let entries = render.doc().entries(group.body);
        let keys = || entries.iter().map(|entry| (entry.name, entry.key));
        render.check_keys(keys(), GROUP);
        if render.is_misspelled(keys(), GROUP, &["jobs"]) {
            continue;
        }
        let jobs = entries.get("jobs").map(|jobs| render.doc().view(jobs.value));
        if !matches!(jobs, Some(View::Seq(items)) if !items.is_empty()) {
            let message = format!("the job group `{name}` needs a list of `jobs`");
            let problem = Problem::error(codes::WORKFLOW_WITHOUT_JOBS, group.key, message);
            render.report().add(problem.help("add `jobs:` with at least one entry: `- build`"));
        }
    }
}

/// Checks shapes.
pub(crate) struct Shapes<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c Modules<'d>,
}

impl<'c, 'd> Shapes<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>, modules: &'c Modules<'d>) -> Self {
        Self { render, modules }
    }

    fn check_definition(&mut self, definition: &Definition, known: Known<'_>) {
        let entries = self.render.doc().entries(definition.body);
        let strays = stray_declarations(self.render.doc(), definition.body, known.keys);
        let bare = if known.keys.contains(&"steps") {
            self.bare_steps(definition, known)
        } else {
            Vec::new()
        };
        let unnested = report_unnested(self.render, definition.body, known);
        let reported = strays.iter().chain(&bare).chain(&unnested);
        let names: HashSet<&str> = reported.map(|entry| entry.name).collect();
        let is_reported = |entry: &Entry<'_>| names.contains(entry.name);
        let others = entries.iter().filter(|entry| !is_reported(entry));
        self.render.check_keys(others.map(|entry| (entry.name, entry.key)), known);
        self.key_of_steps_missing(&bare);
        if let Some(steps) = entries.get("steps") {
            self.check_steps(steps.value, steps.key);
        }
    }

    /// Returns the steps that are among the keys of a job or a command without `steps`.
    fn bare_steps(&self, definition: &Definition, known: Known<'_>) -> Vec<Entry<'d>> {
        let entries = self.render.doc().entries(definition.body);
        let has = |key| entries.get(key).is_some();
        if has("steps") || has("type") || !self.render.has_templates() {
            return Vec::new();
        }
        let is_bare = |entry: &Entry<'d>| !known.keys.contains(&entry.name) && self.is_step(entry);
        entries.iter().filter(is_bare).collect()
    }

    /// Reports steps that are among the keys of a job or a command without `steps`.
    fn key_of_steps_missing(&mut self, bare: &[Entry<'_>]) {
        const SHOWN: usize = 4;
        let Some(first) = bare.first() else { return };
        let message = format!("`{}` is a step: `steps:` is missing above it", first.name);
        let dashed: Vec<String> = bare.iter().take(SHOWN).map(|step| self.as_item(step)).collect();
        let more = if bare.len() > SHOWN { ", …" } else { "" };
        let help = format!(
            "write `steps:` above it, and each step below that with a dash: {}{more}",
            dashed.join(", ")
        );
        let problem = Problem::error(codes::STEPS_MISSING, first.key, message);
        self.render.report().add(problem.help(help));
    }

    /// Writes a step as an item of a list.
    fn as_item(&self, step: &Entry<'_>) -> String {
        let name = step.name;
        if self.render.doc().is_null(step.value) {
            format!("`- {name}`")
        } else {
            format!("`- {name}: …`")
        }
    }

    /// Reports that steps are missing.
    pub(crate) fn steps_missing(&mut self, place: Place, what: &str) {
        let problem = Problem::error(codes::STEPS_MISSING, place, format!("{what} needs `steps`"));
        self.render.report().add(problem.help("add `steps:` with at least one `- run: …`"));
    }

    /// Reports that a command has no steps, unless their key is misspelled.
    fn steps_of_command_missing(&mut self, command: &Definition) {
        let doc = self.render.doc();
        let keys = doc.entries(command.body).into_iter().map(|entry| (entry.name, entry.key));
        if doc.get(command.body, "steps").is_some()
            || self.render.is_misspelled(keys, COMMAND, &["steps"])
            || !self.bare_steps(command, COMMAND).is_empty()
        {
            return;
        }
        self.steps_missing(command.key, "a command");
    }

    /// Reports that a job has no steps, unless their key is misspelled or they are among its keys.
    pub(crate) fn steps_of_job_missing(&mut self, job: &Definition) {
        let doc = self.render.doc();
        let bare = self.bare_steps(job, JOB);
        if !bare.is_empty() {
            self.key_of_steps_missing(&bare);
            return;
        }
        let keys = || doc.entries(job.body).into_iter().map(|entry| (entry.name, entry.key));
        if self.render.is_misspelled(keys(), JOB, &["steps"]) {
            return;
        }
        let problem = Problem::error(codes::STEPS_MISSING, job.key, "a job needs `steps`");
        let problem = with_unknown(problem, keys(), JOB.keys);
        self.render.report().add(problem.help("add `steps:` with at least one `- run: …`"));
    }

    /// Checks a list of steps before rendering.
    pub(crate) fn check_steps(&mut self, list: At, place: Place) {
        match self.render.doc().view(list) {
            View::Seq(steps) => {
                for step in steps.iter() {
                    self.check_step(step);
                }
            }
            // A tag may stand for the whole list.
            View::Scalar(text, _) if text.contains("<<") => {}
            View::Broken => {}
            View::Scalar(..) if self.render.doc().is_null(list) => {
                let problem = Problem::error(codes::STEPS_MISSING, place, "`steps` is empty");
                self.render
                    .report()
                    .add(problem.help("list at least one step below it: `- run: …`"));
            }
            View::Scalar(..) | View::Map(_) => {
                let is_text = matches!(self.render.doc().view(list), View::Scalar(..));
                let place = if is_text { self.render.doc().place(list) } else { place };
                let problem = Problem::error(codes::STEPS_MISSING, place, "`steps` must be a list");
                self.render.report().add(problem.help("put a dash before each step: `- run: …`"));
            }
        }
    }

    fn check_step(&mut self, step: At) {
        let Some(NamedItem { name, value: Some(value), .. }) = self.step_shape(step) else {
            return;
        };
        match name {
            "run" => {
                let fields = self.render.doc().entries(value);
                let script = script_key(fields.iter().map(|field| (field.name, field.key)));
                let fields = fields.iter().map(|field| (field.name, field.key));
                self.render.check_keys(fields.filter(|field| Some(*field) != script), RUN);
            }
            "when" | "unless" if self.render.has_templates() => {
                if let Some(steps) = self.render.doc().get(value, "steps") {
                    self.check_steps_of_condition(steps.value, steps.key);
                }
            }
            _ => {}
        }
    }

    /// The schema tolerates a single step where a condition lists steps.
    fn check_steps_of_condition(&mut self, steps: At, key: Place) {
        match self.render.doc().view(steps) {
            View::Map(_) => self.check_step(steps),
            View::Scalar(..) | View::Seq(_) | View::Broken => self.check_steps(steps, key),
        }
    }

    /// Takes a step apart. Reports any other shape than a name, alone or with a value.
    pub(crate) fn step_shape(&mut self, step: At) -> Option<NamedItem<'d>> {
        let doc = self.render.doc();
        let place = doc.place(step);
        match doc.view(step) {
            View::Broken => None,
            View::Scalar(name, style) if matches!(scalar::resolve(name, style), scalar::Scalar::Text(text) if !text.is_empty()) => {
                Some(NamedItem { name, key: place, value: None })
            }
            View::Map(entries) if entries.len() == 1 => {
                let entry = entries.first()?;
                let value = (!doc.is_null(entry.value)).then_some(entry.value);
                Some(NamedItem { name: entry.name, key: entry.key, value })
            }
            View::Map(entries) if entries.len() > 1 => {
                self.several_keys(&entries);
                None
            }
            View::Seq(_) => {
                self.list_in_list(step);
                None
            }
            View::Scalar(..) | View::Map(_) => {
                let message = "a step must be a name or a mapping with one key";
                let problem = Problem::error(codes::BAD_STEP, place, message);
                self.render.report().add(problem.help("write the name of a step: `- checkout`"));
                None
            }
        }
    }

    /// Reports a list where a step is expected: where it is used, if it is behind an alias.
    fn list_in_list(&mut self, step: At) {
        let doc = self.render.doc();
        let (list, here) = (doc.place(step), doc.place_of_use(step));
        let message = if list == here {
            "this is a list where a step is expected".to_owned()
        } else {
            format!("`{}` is a list where a step is expected", doc.written(here))
        };
        let problem = Problem::error(codes::BAD_STEP, here, message)
            .help("lists cannot be spliced into lists: repeat the steps, or use a command");
        let list = (list != here).then_some(Place { via: None, ..list });
        self.render.report().add(match list {
            Some(list) => problem.related(list, "the list"),
            None => problem,
        });
    }

    /// Returns the text of a value as it is written.
    fn written(&self, entry: &Entry<'_>) -> &'d str {
        self.render.doc().written(self.render.doc().place(entry.value))
    }

    /// Says how a condition is written whose steps are next to it.
    fn one_condition(&self, entries: &Entries<'_>) -> Option<String> {
        let condition = entries.iter().find(|entry| matches!(entry.name, "when" | "unless"))?;
        let is_text = matches!(self.render.doc().view(condition.value), View::Scalar(..));
        let first = entries.first()?;
        let is_attribute = WHEN_WORDS.contains(&self.written(&condition));
        if is_attribute && (entries.get("run").is_some() || entries.get("command").is_some()) {
            // `when: on_fail` belongs to the step next to it.
            return None;
        }
        if !(is_text && first.name == condition.name) && entries.get("steps").is_none()
            || self.render.doc().get(condition.value, "condition").is_some()
        {
            return None;
        }
        let own = self.written(&condition);
        let condition_text = if own.contains('\n') || is_text && !is_simple(own) {
            "…".to_owned()
        } else if self.render.doc().is_map(condition.value) && !own.starts_with('{') {
            format!("{{ {own} }}")
        } else {
            own.to_owned()
        };
        Some(format!(
            "write `- {}: {{ condition: {condition_text}, steps: [...] }}`: a `when` or `unless` step \
             has `condition` and `steps` below it",
            condition.name
        ))
    }

    /// Says where the steps of a condition belong that are next to it.
    fn steps_of_condition(&self, entries: &Entries<'_>) -> Option<String> {
        let doc = self.render.doc();
        let condition = entries.iter().find(|entry| matches!(entry.name, "when" | "unless"))?;
        let has = |key: &str| doc.get(condition.value, key).is_some();
        let is_lacking = entries.len() == 2 && entries.get("steps").is_some() && !has("steps");
        if !is_lacking || !has("condition") {
            return None;
        }
        Some(if self.written(&condition).starts_with('{') {
            format!("move `steps` into the braces of `{}`", condition.name)
        } else {
            "indent `steps` as deep as `condition`".to_owned()
        })
    }

    /// Says how the attributes of a `run` step are written that are next to it.
    fn one_run(&self, entries: &Entries<'d>) -> Option<String> {
        let Some(run) = entries.get("run") else { return self.without_run(entries) };
        let is_text = matches!(self.render.doc().view(run.value), View::Scalar(..));
        let mut others: Vec<Entry<'d>> =
            entries.iter().filter(|entry| entry.name != "run").collect();
        for entry in &mut others {
            let meant = run_key(entry.name).filter(|_| !self.is_step(entry));
            entry.name = meant.unwrap_or(entry.name);
        }
        let fits = |entry: &Entry<'_>| {
            let is_condition = entry.name == "when" && self.render.doc().is_map(entry.value);
            RUN.keys.contains(&entry.name) && !is_condition
        };
        if !is_text || !others.iter().all(fits) {
            return None;
        }
        // With a command next to it, the text is what the step is called.
        let command = others.iter().position(|entry| entry.name == "command");
        let is_named = others.iter().any(|entry| entry.name == "name");
        let (before, after) = match command.map(|at| others.remove(at)) {
            Some(_) if is_named => return None,
            Some(command) => (Some(("name", run)), command),
            None => (None, run),
        };
        // As people write it: what is run, and then when.
        let (last, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|entry| entry.name == "when");
        let name = |entry: Entry<'d>| (entry.name, entry);
        let before = before.into_iter().chain(others.into_iter().map(name));
        let all = before.chain([("command", after)]).chain(last.into_iter().map(name));
        self.as_run(&all.collect::<Vec<_>>())
    }

    /// Says how a `run` step is written whose keys are there without `run:`.
    fn without_run(&self, entries: &Entries<'d>) -> Option<String> {
        let all: Vec<Entry<'d>> = entries.iter().collect();
        let fits = |entry: &Entry<'_>| {
            let is_condition = entry.name == "when" && self.render.doc().is_map(entry.value);
            RUN.keys.contains(&entry.name) && !is_condition
        };
        let is_run = all.iter().all(fits) && entries.get("command").is_some();
        let all: Vec<_> = all.into_iter().map(|entry| (entry.name, entry)).collect();
        is_run.then(|| self.as_run(&all)).flatten()
    }

    /// Says how a `run` step with these keys is written: in one line if that is easily read.
    fn as_run(&self, all: &[(&str, Entry<'_>)]) -> Option<String> {
        if all.iter().all(|(_, entry)| is_simple(self.written(entry))) {
            let all: Vec<String> = all
                .iter()
                .map(|(name, entry)| format!("{name}: {}", self.written(entry)))
                .collect();
            return Some(format!("write `- run: {{ {} }}`", all.join(", ")));
        }
        let names: Vec<String> = all.iter().map(|(name, _)| format!("`{name}: …`")).collect();
        let (last, others) = names.split_last()?;
        Some(format!("write `- run:`, with {} and {last} indented below it", others.join(", ")))
    }

    /// Says how two keys of a step are put together, or apart if the second is a separate step.
    fn one_step(&self, first: &Entry<'_>, second: &Entry<'_>) -> String {
        let is_text = matches!(self.render.doc().view(first.value), View::Scalar(..));
        let is_in_braces = self.written(first).starts_with('{');
        if !self.is_step(second) && is_in_braces && self.render.doc().is_map(first.value) {
            format!("move `{}` into the braces of `{}`", second.name, first.name)
        } else if self.is_step(second) {
            format!("start a new step with `- {}:`", second.name)
        } else if let Some(path) = self.with_path(first, second) {
            path
        } else if is_text {
            format!("a step has one key: remove `{}`", second.name)
        } else {
            format!("indent `{}` as deep as the keys below `{}:`", second.name, first.name)
        }
    }

    /// Says how what is stored is written together with how it is stored.
    fn with_path(&self, first: &Entry<'_>, second: &Entry<'_>) -> Option<String> {
        let is_stored = matches!(first.name, "store_artifacts" | "store_test_results");
        let (path, other) = (self.written(first), self.written(second));
        let is_plain = |entry: &Entry<'_>, text: &str| {
            matches!(self.render.doc().view(entry.value), View::Scalar(..)) && is_simple(text)
        };
        let fits = is_stored && is_plain(first, path) && is_plain(second, other);
        fits.then(|| {
            let (step, key) = (first.name, second.name);
            format!("write `- {step}:`, with `path: {path}` and `{key}: {other}` indented below it")
        })
    }

    /// Returns whether a key can be a separate step.
    pub(crate) fn is_step(&self, entry: &Entry<'_>) -> bool {
        let name = entry.name;
        // `when: always` is an attribute.
        if matches!(name, "when" | "unless") {
            return self.render.doc().is_map(entry.value);
        }
        STEP_WORDS.contains(&name)
            || BUILTIN_STEPS.contains(&name)
            || name.contains('/')
            || self.modules.get(ModuleId::CONFIG).commands.contains_key(name)
            || self.modules.names(self.render, ModuleId::CONFIG, Element::Command).contains(&name)
    }

    fn several_keys(&mut self, entries: &Entries<'d>) {
        let (Some(first), Some(second)) = (entries.first(), entries.iter().nth(1)) else { return };
        if first.name == second.name {
            // Reported as a duplicate key.
            return;
        }
        let message =
            format!("a step must have exactly one key; found a second key `{}`", second.name);
        let help = if first.name == "type" {
            "write the step's name as its key: `- run: { command: … }`".to_owned()
        } else if let Some(advice) = action(entries) {
            advice
        } else if self.render.doc().is_null(first.value) {
            indent_deeper(entries)
        } else {
            let condition =
                if self.render.has_templates() { self.one_condition(entries) } else { None };
            let steps =
                if self.render.has_templates() { self.steps_of_condition(entries) } else { None };
            let whole = condition.or(steps).or_else(|| self.one_run(entries));
            whole.unwrap_or_else(|| self.one_step(&first, &second))
        };
        let problem = Problem::error(codes::STEP_SEVERAL_KEYS, second.key, message);
        self.render.report().add(problem.help(help).related(first.key, "the first key"));
    }
}

/// Says what a step of GitHub Actions is here.
fn action(entries: &Entries<'_>) -> Option<String> {
    let mut keys = entries.iter().map(|entry| entry.name);
    let key = keys.find(|key| matches!(*key, "uses" | "if"))?;
    other_services::advice(Owner::Step, key).map(|help| help.text)
}

/// Returns the key of `run` that a name is, or was probably meant as.
fn run_key(name: &str) -> Option<&'static str> {
    let meant = match name {
        "working_dir" | "workdir" | "cwd" => "working_directory",
        "env" => "environment",
        "timeout" => "no_output_timeout",
        _ => name,
    };
    let known = RUN.keys.iter().copied();
    known.clone().find(|key| *key == meant).or_else(|| nearest(name, known))
}

/// Says that all keys but the first belong below it.
pub(crate) fn indent_deeper(entries: &Entries<'_>) -> String {
    const SHOWN: usize = 8;
    let first = entries.first().map_or("", |first| first.name);
    let others = entries.iter().skip(1).take(SHOWN).map(|entry| entry.name);
    format!("indent {} deeper than `{first}`", list(others))
}
