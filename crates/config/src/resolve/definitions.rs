//! What the configuration itself defines (CFG §2.1).

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::{
    codes,
    language::{
        data::ModuleId,
        definition::{Definition, Element, Users},
    },
    read::yaml::{At, Entry, View},
    resolve::{
        Resolver,
        headers::{Headless, define_headless, take_headless},
        images::report_steps_among_images,
        lookup::Lookup,
        misindented_keys::{
            COMMANDS, EXECUTORS, GROUPS, JOBS, Owners, Stray, broken, next_to_its_owner,
            report_nested_section, report_steps_inside, take_strays, take_unindented_definitions,
        },
        section::section,
    },
    text::{place::FileId, problem::Problem},
};

/// Keys of a job that give away a missing job name when they are directly below `jobs`.
const KEYS_OF_A_JOB: &[&str] = &[
    "steps",
    "docker",
    "machine",
    "macos",
    "executor",
    "environment",
    "working_directory",
    "parallelism",
    "resource_class",
];

impl<'d> Resolver<'_, 'd> {
    /// Collects definitions and checks their parameters, used or not. `users` says where they are used.
    pub(crate) fn define(&mut self, root: At, users: Users) {
        let mut headless: Vec<_> = self.define_jobs(root).into_iter().collect();
        if self.render.has_templates() {
            let mut commands = section(self.render, root, "commands");
            let taken = take_headless(self.render, root, Element::Command, &mut commands);
            headless.extend(taken);
            let commands = self.collect_owners(commands, Element::Command, COMMANDS);
            let mut executors = section(self.render, root, "executors");
            let taken = take_headless(self.render, root, Element::Executor, &mut executors);
            headless.extend(taken);
            let executors = self.collect_owners(executors, Element::Executor, EXECUTORS);
            let groups = section(self.render, root, "job-groups");
            let groups = self.collect_owners(groups, Element::Group, GROUPS);
            let module = self.modules.get_mut(ModuleId::CONFIG);
            (module.commands, module.executors, module.groups) = (commands, executors, groups);
        }
        define_headless(self.modules, headless);
        self.modules.get_mut(ModuleId::CONFIG).complete = true;
        take_unindented_definitions(self.render, self.modules, ModuleId::CONFIG, root, users);
    }

    /// Collects definitions but for keys next to them, whose owner then counts as broken.
    fn collect_owners(
        &mut self,
        mut entries: Vec<Entry<'d>>,
        element: Element,
        owners: Owners,
    ) -> IndexMap<&'d str, Definition> {
        let stray = take_strays(self.render, &mut entries, owners);
        entries.retain(|entry| {
            stray.as_ref().is_none_or(|Stray { owner, .. }| entry.key != owner.key)
        });
        let mut definitions = self.collect(entries, element);
        if let Some(Stray { owner, stray }) = stray {
            definitions.insert(owner.name, broken(&owner, stray.value, ModuleId::CONFIG));
        }
        definitions
    }

    /// Collects the jobs, and returns workflows that are among them.
    fn define_jobs(&mut self, root: At) -> Option<Headless<'d>> {
        let jobs = self.render.doc().get(root, "jobs")?;
        self.modules.jobs_section.key = Some(jobs.key);
        let errors = self.render.found().errors();
        let mut entries = section(self.render, root, "jobs");
        entries.retain(|entry| !report_nested_section(self.render, entry, "jobs"));
        let headless = take_headless(self.render, root, Element::Job, &mut entries);
        let nameless =
            |entry: &Entry<'_>| KEYS_OF_A_JOB.contains(&entry.name) && !self.is_job(entry.value);
        let mut owners = self.owners_of_strays(&entries, nameless);
        let stray = entries.iter().filter(|entry| entry.name == "steps" && nameless(entry));
        let stray: Vec<_> = stray.map(|entry| (entry.value, entry.key)).collect();
        owners.extend(self.left_of_jobs(root, &entries));
        if !owners.is_empty() {
            for Stray { owner, stray } in &owners {
                self.left_of_its_job(*owner, *stray);
            }
            let doc = self.render.doc();
            let is_owner =
                |entry: &Entry<'d>| owners.iter().any(|Stray { owner, .. }| owner.key == entry.key);
            entries.retain(|entry| {
                let is_empty = is_owner(entry) && doc.is_null(entry.value);
                !is_empty && (!KEYS_OF_A_JOB.contains(&entry.name) || self.is_job(entry.value))
            });
            self.modules.jobs_section.broken = true;
        } else if let Some(stray) = entries.iter().find(|entry| nameless(entry)) {
            let message =
                format!("`{}` is directly below `jobs`: the job name is missing", stray.name);
            let problem = Problem::error(codes::STEPS_WITHOUT_JOB, stray.key, message);
            let help = "add a job name: `jobs:`, below it `build:`, and below that the job's keys";
            self.render
                .report()
                .add(problem.help(help).related(jobs.key, "expected job names here"));
            entries
                .retain(|entry| !KEYS_OF_A_JOB.contains(&entry.name) || self.is_job(entry.value));
            self.modules.jobs_section.broken = true;
        }
        let within = self.steps_too_deep(&entries);
        for (outer, Stray { stray, .. }) in &within {
            report_steps_inside(self.render, *outer, *stray);
        }
        owners.extend(within.into_iter().map(|(_, owner)| owner));
        let without_steps = report_steps_among_images(self.render, root, &entries);
        self.modules.jobs_section.stray_steps = stray;
        self.modules.jobs_section.empty = entries.is_empty();
        let mut jobs = self.collect(entries, Element::Job);
        for Stray { owner, stray } in &owners {
            // What it lacks is next to it.
            jobs.insert(owner.name, broken(owner, stray.value, ModuleId::CONFIG));
        }
        for job in &without_steps {
            jobs.insert(job.name, broken(job, job.value, ModuleId::CONFIG));
        }
        self.modules.get_mut(ModuleId::CONFIG).jobs = jobs;
        self.modules.jobs_section.broken |= self.render.found().errors() > errors;
        headless
    }

    /// Returns each job that lacks a key that is next to it, with the first such key.
    fn owners_of_strays(
        &self,
        entries: &[Entry<'d>],
        nameless: impl Fn(&Entry<'d>) -> bool,
    ) -> Vec<Stray<'d>> {
        let mut owners: Vec<Stray<'d>> = Vec::new();
        let mut before = None;
        for (at, entry) in entries.iter().enumerate() {
            if !nameless(entry) {
                before = Some(*entry);
                continue;
            }
            let lacks = |other: Entry<'d>| self.owner_of_stray(&other, entry);
            let below = || entries[at..].iter().find(|entry| !nameless(entry)).copied();
            let owner = before.and_then(lacks).or_else(|| lacks(below()?));
            if let Some(owner) = owner
                && owners.last().is_none_or(|last| last.owner.key != owner.key)
            {
                owners.push(Stray { owner, stray: *entry });
            }
        }
        owners
    }

    /// Returns the jobs without steps that have them inside of another of their keys, with that key.
    fn steps_too_deep(&self, jobs: &[Entry<'d>]) -> Vec<(Entry<'d>, Stray<'d>)> {
        let doc = self.render.doc();
        let inside = |outer: Entry<'d>| {
            let is_list = |entry: &Entry<'d>| matches!(doc.view(entry.value), View::Seq(_));
            let first = match doc.view(outer.value) {
                View::Seq(items) => items.iter().find_map(|item| doc.get(item, "steps")),
                View::Map(entries) => entries.get("steps"),
                View::Scalar(..) | View::Broken => None,
            };
            first.filter(is_list)
        };
        let places = ["environment", "docker", "machine", "macos", "executor"];
        let of_job = |job: &Entry<'d>| {
            let keys = doc.entries(job.value);
            if keys.get("steps").is_some() || keys.get("type").is_some() {
                return None;
            }
            let mut outer = keys.iter().filter(|key| places.contains(&key.name));
            let (outer, stray) = outer.find_map(|outer| Some((outer, inside(outer)?)))?;
            Some((outer, Stray { owner: *job, stray }))
        };
        jobs.iter().filter_map(of_job).collect()
    }

    /// Returns a key of a job that is right below the section instead of in it, with the last job, if
    /// that one cannot be without it.
    fn left_of_jobs(&self, root: At, jobs: &[Entry<'d>]) -> Option<Stray<'d>> {
        let doc = self.render.doc();
        let is_job = |job: &&Entry<'d>| {
            !KEYS_OF_A_JOB.contains(&job.name) && (doc.is_map(job.value) || doc.is_null(job.value))
        };
        let owner = *jobs.last().filter(is_job)?;
        let has = |keys: &[&str]| keys.iter().any(|key| doc.get(owner.value, key).is_some());
        let where_it_runs = ["docker", "machine", "macos", "executor"];
        let lacks = |key: &str| match key {
            "steps" => !has(&["steps", "type"]),
            key => where_it_runs.contains(&key) && has(&["steps"]) && !has(&where_it_runs),
        };
        let all = doc.entries(root);
        let below = all.iter().skip_while(|entry| entry.name != "jobs").skip(1);
        // A key that holds an anchor may have any name.
        let mut keys =
            below.take_while(|entry| KEYS_OF_A_JOB.contains(&entry.name) && !doc.has_anchor(entry));
        keys.find(|entry| lacks(entry.name)).map(|stray| Stray { owner, stray })
    }

    /// Returns the job before a key of a job that is directly below `jobs`, if it lacks that key:
    /// then the key is probably its own, indented too little.
    fn owner_of_stray(&self, before: &Entry<'d>, stray: &Entry<'d>) -> Option<Entry<'d>> {
        let keys = self.render.doc().entries(before.value);
        let is_null = self.render.doc().is_null(before.value);
        let lacks = keys.get(stray.name).is_none() && (is_null || !keys.is_empty());
        (lacks && !KEYS_OF_A_JOB.contains(&before.name)).then_some(*before)
    }

    fn left_of_its_job(&mut self, owner: Entry<'d>, stray: Entry<'d>) {
        let sibling = self.render.doc().entries(owner.value).first();
        let is_above = stray.key.span.start < owner.key.span.start;
        let Some(sibling) = sibling.filter(|_| !is_above) else {
            next_to_its_owner(self.render, stray, owner, JOBS);
            return;
        };
        let message = format!("`{}` is next to job `{}`, not inside it", stray.name, owner.name);
        let problem = Problem::error(JOBS.code, stray.key, message);
        let lines = self.render.doc().file(FileId::CONFIG).lines();
        let column = lines.position(sibling.key.span.start()).column;
        let help = format!("indent it to column {column}, where the job's other keys are");
        self.render.report().add(problem.help(help).related(owner.key, "the job"));
    }

    /// Looks like the body of a job, whatever its name.
    fn is_job(&self, body: At) -> bool {
        self.render.doc().entries(body).iter().any(|entry| matches!(entry.name, "steps" | "type"))
    }

    fn collect(
        &mut self,
        entries: Vec<Entry<'d>>,
        element: Element,
    ) -> IndexMap<&'d str, Definition> {
        let mut definitions = IndexMap::with_capacity(entries.len());
        let mut folded: HashMap<String, Entry<'d>> = HashMap::new();
        for entry in entries {
            // Both work; the documentation asks for names that differ in more.
            // The very same name is a duplicate key, which is an error.
            if let Some(first) = folded.insert(entry.name.to_lowercase(), entry)
                && first.name != entry.name
            {
                let message = format!("`{}` and `{}` differ only in case", first.name, entry.name);
                let problem = Problem::warning(codes::SUSPICIOUS_NAME, entry.key, message);
                let problem = problem.related(first.key, "the other one");
                self.render.report().add(problem.help("rename one of them"));
            }
            self.check_definition_name(&entry, element);
            let definition = Lookup::new(self.render, self.modules).definition(
                ModuleId::CONFIG,
                element,
                &entry,
            );
            definitions.insert(entry.name, definition);
        }
        definitions
    }

    /// Names are documented narrowly and used widely (CFG §2.1, D-04).
    fn check_definition_name(&mut self, entry: &Entry<'_>, element: Element) {
        if !self.render.has_templates() || entry.name.trim().is_empty() {
            return;
        }
        let word = element.word();
        if element == Element::Command && matches!(entry.name, "run" | "when" | "unless" | "steps")
        {
            let message = format!(
                "command `{}` is never used: a built-in step has the same name",
                entry.name
            );
            let problem = Problem::warning(codes::SUSPICIOUS_NAME, entry.key, message);
            self.render.report().add(problem.help("rename the command"));
            return;
        }
        if entry.name.contains('/') {
            let message = format!("{word} names cannot contain a slash: `{}`", entry.name);
            let problem = Problem::error(codes::SUSPICIOUS_NAME, entry.key, message);
            self.render
                .report()
                .add(problem.help("rename it: a slash separates an orb from what it defines"));
            return;
        }
        let usual = entry.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && entry.name.chars().all(|c| c.is_ascii_alphanumeric() || "_. -".contains(c));
        if !usual {
            let message = format!("unusual {word} name `{}`", entry.name);
            let problem = Problem::warning(codes::SUSPICIOUS_NAME, entry.key, message);
            self.render.report().add(problem.help("use only letters, digits, `_` and `-`"));
        }
    }
}
