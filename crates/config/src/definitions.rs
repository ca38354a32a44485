//! What a file defines: jobs, commands, executors, and the orbs that it names (CFG §2.1).

use std::{collections::HashSet, rc::Rc};

use indexmap::IndexMap;

use crate::{
    codes,
    compile::Context,
    parameters::{Declarations, Element},
    report::Problem,
    source::Place,
    suggest::did_you_mean,
    yaml::{At, Entry, View},
};

/// One job, command or executor.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// Its name's place.
    pub(crate) key: Place,
    /// A mapping, unless `broken`.
    pub(crate) body: At,
    /// Its parameters.
    pub(crate) parameters: Rc<Declarations>,
    /// Its shape is wrong, which was reported: nobody shall look inside.
    pub(crate) broken: bool,
}

/// Everything that a file defines, by name.
#[derive(Debug, Default)]
pub(crate) struct Definitions<'d> {
    pub(crate) jobs: IndexMap<&'d str, Definition>,
    pub(crate) commands: IndexMap<&'d str, Definition>,
    pub(crate) executors: IndexMap<&'d str, Definition>,
    /// Names under which orbs are imported.
    pub(crate) orbs: IndexMap<&'d str, Place>,
    /// Names of orbs that are used, not imported, and were reported.
    pub(crate) unknown_orbs: HashSet<String>,
    /// The key `jobs`.
    pub(crate) jobs_key: Option<Place>,
    /// `jobs` is there and empty, as in a document that ends a pipeline (CFG §1.7).
    pub(crate) jobs_empty: bool,
    /// There is at least one workflow.
    pub(crate) has_workflows: bool,
    /// `jobs` holds something that could not be read.
    pub(crate) jobs_broken: bool,
}

/// Keys of a job that give away a missing job name when they stand directly below `jobs`.
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

impl<'d> Context<'d> {
    /// Phases 5 and 7: collects definitions and checks their parameters, used or not.
    pub(crate) fn define(&mut self, root: At) {
        self.define_jobs(root);
        if !self.templates {
            return;
        }
        let commands = self.section(root, "commands");
        self.definitions.commands = self.collect(commands, Element::Command);
        let executors = self.section(root, "executors");
        self.definitions.executors = self.collect(executors, Element::Executor);
        self.define_orbs(root);
        if let Some(groups) = self.section(root, "job-groups").first() {
            let message = "job groups cannot be run by this release yet";
            let problem = Problem::error(codes::UNSUPPORTED_JOB_GROUPS, groups.key, message);
            self.report.add(problem.help("write the group's jobs into the workflow"));
        }
    }

    fn define_jobs(&mut self, root: At) {
        let Some(jobs) = self.doc.get(root, "jobs") else { return };
        self.definitions.jobs_key = Some(jobs.key);
        let errors = self.report.errors();
        let mut entries = self.section(root, "jobs");
        let nameless =
            |entry: &Entry<'_>| KEYS_OF_A_JOB.contains(&entry.name) && !self.is_job(entry.value);
        if let Some(stray) = entries.iter().find(|entry| nameless(entry)) {
            let message =
                format!("`{}` stands directly below `jobs`: the job's name is missing", stray.name);
            let problem = Problem::error(codes::STEPS_WITHOUT_JOB, stray.key, message);
            let help = "put a name between: `jobs:`, below it `build:`, below that the job's keys";
            self.report.add(problem.help(help).related(jobs.key, "jobs by name are expected here"));
            entries
                .retain(|entry| !KEYS_OF_A_JOB.contains(&entry.name) || self.is_job(entry.value));
            self.definitions.jobs_broken = true;
        }
        self.definitions.jobs_empty = entries.is_empty();
        self.definitions.jobs = self.collect(entries, Element::Job);
        self.definitions.jobs_broken |= self.report.errors() > errors;
    }

    /// Looks like the body of a job, whatever its name.
    fn is_job(&self, body: At) -> bool {
        self.doc.entries(body).iter().any(|entry| matches!(entry.name, "steps" | "type"))
    }

    fn define_orbs(&mut self, root: At) {
        for orb in self.section(root, "orbs") {
            self.definitions.orbs.insert(orb.name, orb.key);
            let place = self.doc.place(orb.value);
            let (message, place) = match self.doc.view(orb.value) {
                View::Scalar(..) => {
                    let reference = self.source(place);
                    (format!("the orb `{reference}` cannot be used by this release yet"), place)
                }
                View::Seq(_) | View::Map(_) => {
                    ("inline orbs cannot be used by this release yet".to_owned(), orb.key)
                }
                View::Broken => continue,
            };
            let help = "replace its commands and jobs by own ones; later releases resolve orbs";
            self.report.add(Problem::error(codes::UNSUPPORTED_ORBS, place, message).help(help));
        }
    }

    /// Returns the entries of a top-level section; null counts as empty (CFG §1.6).
    pub(crate) fn section(&mut self, root: At, name: &str) -> Vec<Entry<'d>> {
        let doc = self.doc;
        let Some(section) = doc.get(root, name) else { return Vec::new() };
        let found = match doc.view(section.value) {
            View::Map(entries) => return entries,
            View::Broken => return Vec::new(),
            View::Scalar(..) if doc.is_null(section.value) => return Vec::new(),
            View::Scalar(..) => "a text",
            View::Seq(_) => "a list",
        };
        let message = format!("`{name}` must be a mapping, found {found}");
        let problem = Problem::error(codes::SECTION_TYPE, section.key, message);
        self.report
            .add(problem.help(format!(
                "write names below it, without dashes: `{name}:`, then `  a-name:`"
            )));
        Vec::new()
    }

    fn collect(
        &mut self,
        entries: Vec<Entry<'d>>,
        element: Element,
    ) -> IndexMap<&'d str, Definition> {
        let what = match element {
            Element::Job => "job",
            Element::Command => "command",
            Element::Executor | Element::Pipeline => "executor",
        };
        let mut definitions = IndexMap::new();
        for entry in entries {
            let mut definition = Definition {
                key: entry.key,
                body: entry.value,
                parameters: Rc::default(),
                broken: false,
            };
            match self.doc.view(entry.value) {
                View::Map(_) => {
                    let owner = format!("{what} `{}`", entry.name);
                    let parameters = self.doc.get(entry.value, "parameters");
                    let parameters = parameters.filter(|_| self.templates).map(|entry| entry.value);
                    definition.parameters = Rc::new(self.declare(parameters, element, &owner));
                }
                View::Broken => definition.broken = true,
                // An executor may be another one's name (CFG §2.2).
                View::Scalar(..)
                    if element == Element::Executor && !self.doc.is_null(entry.value) => {}
                View::Scalar(..) | View::Seq(_) => {
                    definition.broken = true;
                    self.not_a_mapping_below(&entry, what, element);
                }
            }
            definitions.insert(entry.name, definition);
        }
        definitions
    }

    fn not_a_mapping_below(&mut self, entry: &Entry<'_>, what: &str, element: Element) {
        let is_empty = self.doc.is_null(entry.value);
        let code =
            if element == Element::Job { codes::JOB_NOT_A_MAPPING } else { codes::SECTION_TYPE };
        let message = format!("{what} `{}` must be a mapping", entry.name);
        let help = if is_empty {
            format!("indent what belongs to it deeper than `{}`", entry.name)
        } else {
            format!("write its keys below `{}`, without dashes", entry.name)
        };
        self.report.add(Problem::error(code, entry.key, message).help(help));
    }

    /// Describes an orb's element that cannot be found; `None` if its orb was reported already, as
    /// one that is unknown or that this release cannot use.
    pub(crate) fn missing_from_orb(
        &mut self,
        name: &str,
        place: Place,
        what: &str,
    ) -> Option<Problem> {
        let (orb, element) = name.split_once('/')?;
        let declared = self.definitions.orbs.contains_key(orb);
        if declared || !self.definitions.unknown_orbs.insert(orb.to_owned()) {
            return None;
        }
        let message = format!("cannot find orb `{orb}`, looking for the {what} `{element}`");
        let help = did_you_mean(orb, self.definitions.orbs.keys().copied())
            .unwrap_or_else(|| format!("add `{orb}: namespace/{orb}@1.0` under `orbs`"));
        Some(Problem::error(codes::UNKNOWN_ORB, place, message).help(help))
    }
}
