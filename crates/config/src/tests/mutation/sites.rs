//! Where a configuration can be damaged so that it should be noticed.
//!
//! The walk follows the language from the workflows down: their jobs, the commands and executors
//! that those use. So no site lies in a shell script, a comment, a name that may be chosen freely, a
//! definition that nothing uses, or a top-level key that means nothing. Two more kinds of edits are
//! left out, and only these: one after which the text means exactly what it meant (`Tree::is_same`),
//! and a misspelling that happens to be another word of the language.

mod bodies;
mod edits;

use crate::tests::rng::Rng;
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    lines,
    tree::{Entry, Id, Tree},
    words::misspell,
};

/// An edit, and where it should be noticed.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Kind of edit, for statistics.
    pub(super) sort: &'static str,
    /// Bytes that are replaced.
    pub(super) span: Range<usize>,
    /// Replacement of `span`.
    pub(super) new: String,
    /// Further places at which it may be noticed: where the name is defined or used, what a missing
    /// key belongs to.
    pub(super) near: Vec<usize>,
}

/// Finds the sites of a source.
pub(super) fn find(text: &str, seed: u64) -> Vec<Site> {
    let Some(tree) = Tree::parse(text) else { return Vec::new() };
    let mut walk = Walk {
        text,
        tree: &tree,
        chance: Rng(seed),
        sites: Vec::new(),
        seen: HashSet::new(),
        uses: HashMap::new(),
        scope: Vec::new(),
        keys: Vec::new(),
        dashes: Vec::new(),
    };
    walk.root();
    let (keys, dashes) = (walk.keys.clone(), walk.dashes.clone());
    let mut sites = walk.sites;
    sites.extend(lines::sites(text, &tree, &keys, &dashes, &mut walk.chance));
    sites
}

const SECTIONS: [&str; 5] = ["orbs", "jobs", "commands", "executors", "parameters"];

struct Walk<'t> {
    text: &'t str,
    tree: &'t Tree,
    chance: Rng,
    sites: Vec<Site>,
    seen: HashSet<Id>,
    /// Where a definition is used, by its section and name.
    uses: HashMap<(&'static str, String), Vec<usize>>,
    /// The parameters of the definition that is walked.
    scope: Vec<Entry>,
    /// Keys and items that the walk came by.
    keys: Vec<Entry>,
    dashes: Vec<Id>,
}

impl Walk<'_> {
    fn root(&mut self) {
        let root = self.tree.root();
        let others = self.tree.entries(root).into_iter();
        let first = others.map(|entry| entry.key).find(|&key| self.tree.text(key) != "version");
        for entry in self.tree.entries(root) {
            let name = self.tree.text(entry.key).to_owned();
            if SECTIONS.contains(&&*name) || name == "version" || name == "workflows" {
                self.known_key(entry, &[]);
            }
            if name == "version" {
                // The first key that is left is where the gap is seen.
                let near = first.map(|key| self.span(key).start).into_iter().collect();
                self.replace("remove the version", self.whole_lines(entry), "", near);
                self.wrong(entry.value, "3");
            }
        }
        if let Some(workflows) = self.tree.get(root, "workflows") {
            for workflow in self.tree.entries(workflows.value) {
                if self.tree.text(workflow.key) != "version" {
                    self.workflow(workflow);
                }
            }
        } else {
            self.job("build", 0);
        }
        for orb in self.section("orbs") {
            self.misspell_text("misspell an orb", orb.value, &[]);
        }
        for declared in self.section("parameters") {
            self.declaration(declared, true);
        }
        self.definitions();
    }

    /// Renames and drops the definitions that are used.
    fn definitions(&mut self) {
        for section in SECTIONS {
            for entry in self.section(section) {
                let name = self.tree.text(entry.key).to_owned();
                let Some(uses) = self.uses.get(&(section, name.clone())).cloned() else { continue };
                let key = self.span(entry.key);
                if let Some(wrong) = misspell(&name, &[], &mut self.chance) {
                    self.replace("misspell a definition", key.clone(), &wrong, uses.clone());
                }
                self.replace("drop a definition", self.whole_lines(entry), "", uses);
            }
        }
    }

    fn section(&self, name: &str) -> Vec<Entry> {
        let section = self.tree.get(self.tree.root(), name);
        section.map_or_else(Vec::new, |entry| self.tree.entries(entry.value))
    }

    fn used(&mut self, section: &'static str, name: &str, at: Id) {
        let at = self.span(at).start;
        self.uses.entry((section, name.to_owned())).or_default().push(at);
    }

    // Workflows.

    fn workflow(&mut self, workflow: Entry) {
        for entry in self.tree.entries(workflow.value) {
            match self.tree.text(entry.key) {
                "jobs" => {
                    self.required(entry, workflow);
                    for &item in self.tree.items(entry.value) {
                        self.invocation(item);
                    }
                }
                "when" | "unless" => {
                    self.known_key(entry, &[]);
                    self.condition(entry.value);
                }
                "triggers" => {
                    self.known_key(entry, &[]);
                    for &item in self.tree.items(entry.value) {
                        self.trigger(item);
                    }
                }
                _ => {}
            }
        }
    }

    fn trigger(&mut self, item: Id) {
        let Some(schedule) = self.tree.get(item, "schedule") else { return };
        self.known_key(schedule, &[]);
        for entry in self.tree.entries(schedule.value) {
            match self.tree.text(entry.key) {
                "cron" => {
                    self.required(entry, schedule);
                    self.wrong(entry.value, "often");
                }
                "filters" => self.filters(entry),
                _ => {}
            }
        }
    }

    fn invocation(&mut self, item: Id) {
        self.dashes.push(item);
        let entry = self.tree.entries(item).first().copied();
        let key = entry.map_or(item, |entry| entry.key);
        let name = self.tree.text(key).to_owned();
        let body = entry.map(|entry| self.tree.entries(entry.value)).unwrap_or_default();
        let is_approval = body.iter().any(|entry| {
            self.tree.text(entry.key) == "type" && self.tree.text(entry.value) == "approval"
        });
        if is_approval {
            // Its name is free.
        } else if let Some((orb, _)) = name.split_once('/') {
            self.use_of_orb("misspell a job", key, orb);
        } else {
            let defined = self.definition("jobs", &name);
            self.misspell_text("misspell a job", key, &defined);
            self.used("jobs", &name, key);
            let at = self.span(key).start;
            self.job(&name, at);
        }
        let parameters = self.parameters_of("jobs", &name);
        let Some(invocation) = entry else { return };
        self.keys.push(invocation);
        for entry in body {
            match self.tree.text(entry.key) {
                "requires" => self.requires(entry),
                "filters" => self.filters(entry),
                "context" => {
                    self.known_key(entry, &[]);
                    self.wrong(entry.value, "{a: b}");
                }
                "type" => {
                    self.known_key(entry, &[]);
                    self.wrong(entry.value, "aproval");
                }
                "matrix" => self.matrix(entry),
                "pre-steps" | "post-steps" => {
                    self.known_key(entry, &[]);
                    self.steps(entry.value);
                }
                "name" => self.known_key(entry, &[]),
                _ => self.argument(entry, invocation, &parameters),
            }
        }
    }

    fn requires(&mut self, entry: Entry) {
        self.known_key(entry, &[]);
        for &item in self.tree.items(entry.value) {
            self.dashes.push(item);
            let key = self.tree.entries(item).first().map_or(item, |entry| entry.key);
            self.misspell_text("misspell a job in requires", key, &[]);
        }
    }

    fn filters(&mut self, filters: Entry) {
        self.known_key(filters, &[]);
        for kind in self.tree.entries(filters.value) {
            self.known_key(kind, &[]);
            for entry in self.tree.entries(kind.value) {
                self.known_key(entry, &[]);
                self.wrong(entry.value, "{a: b}");
            }
        }
    }

    fn matrix(&mut self, matrix: Entry) {
        self.known_key(matrix, &[]);
        for entry in self.tree.entries(matrix.value) {
            self.known_key(entry, &[]);
            if self.tree.text(entry.key) == "parameters" {
                for parameter in self.tree.entries(entry.value) {
                    self.misspell_text("misspell an argument", parameter.key, &[]);
                    self.wrong(parameter.value, "linux");
                }
            }
        }
    }
}
