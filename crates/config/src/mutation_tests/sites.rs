//! Where a configuration can be damaged so that somebody should notice.
//!
//! The walk follows the language from the workflows down: their jobs, the commands and executors
//! that those use. So no site lies in a shell script, a comment, a name that anybody may choose, a
//! definition that nothing uses, or a top-level key that means nothing. Two more kinds of edits are
//! left out, and only these: one after which the text means exactly what it meant (`Tree::is_same`),
//! and a misspelling that happens to be another word of the language.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use granit_parser::ScalarStyle;

use super::{
    lines,
    tree::{Entry, Id, Kind, Tree},
    words::{Chance, STEPS, misspell},
};

/// An edit, and where it should be noticed.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// What is done.
    pub(super) sort: &'static str,
    /// What is replaced.
    pub(super) span: Range<usize>,
    /// By what.
    pub(super) new: String,
    /// Further places at which it may be noticed: where the name is defined or used, what a missing
    /// key belongs to.
    pub(super) near: Vec<usize>,
}

/// Finds the sites of a text.
pub(super) fn find(text: &str, seed: u64) -> Vec<Site> {
    let Some(tree) = Tree::parse(text) else { return Vec::new() };
    let mut walk = Walk {
        text,
        tree: &tree,
        chance: Chance(seed),
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
    chance: Chance,
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

    // Jobs, executors, commands.

    fn parameters_of(&self, section: &str, name: &str) -> Vec<Entry> {
        let definition = self.tree.get(self.tree.root(), section);
        let definition = definition.and_then(|section| self.tree.get(section.value, name));
        let declared = definition.and_then(|entry| self.tree.get(entry.value, "parameters"));
        declared.map_or_else(Vec::new, |entry| self.tree.entries(entry.value))
    }

    fn definition(&self, section: &str, name: &str) -> Vec<usize> {
        let entry = self.tree.get(self.tree.root(), section);
        let entry = entry.and_then(|section| self.tree.get(section.value, name));
        entry.map(|entry| self.span(entry.key).start).into_iter().collect()
    }

    fn enter(&mut self, section: &'static str, name: &str) -> Option<Entry> {
        let defined = self.tree.get(self.tree.root(), section)?;
        let entry = self.tree.get(defined.value, name)?;
        self.seen.insert(self.tree.follow(entry.value)).then_some(entry)
    }

    fn job(&mut self, name: &str, invoked: usize) {
        let Some(job) = self.enter("jobs", name) else { return };
        let parameters = self.parameters_of("jobs", name);
        let outer = std::mem::replace(&mut self.scope, parameters);
        let entries = self.tree.entries(job.value);
        let has = |key: &str| entries.iter().any(|entry| self.tree.text(entry.key) == key);
        let kinds = ["docker", "machine", "macos", "executor"].iter().filter(|key| has(key));
        let only_kind = kinds.count() == 1;
        for &entry in &entries {
            let key = self.tree.text(entry.key).to_owned();
            match &*key {
                "steps" => {
                    self.required_near(entry, job, invoked);
                    self.steps(entry.value);
                }
                "docker" | "machine" | "macos" | "executor" if only_kind => {
                    self.required_near(entry, job, invoked);
                }
                _ => {}
            }
            self.environment_key(entry, &key);
        }
        self.scope = outer;
    }

    /// A key that jobs and executors share.
    fn environment_key(&mut self, entry: Entry, key: &str) {
        match key {
            "steps" => {}
            "docker" => {
                self.known_key(entry, &[]);
                for &container in self.tree.items(entry.value) {
                    self.container(container, entry);
                }
            }
            "executor" => {
                self.known_key(entry, &[]);
                self.executor(entry.value);
            }
            "parameters" => {
                self.known_key(entry, &[]);
                for declared in self.tree.entries(entry.value) {
                    self.declaration(declared, false);
                }
            }
            "environment" => {
                self.known_key(entry, &[]);
                for variable in self.tree.entries(entry.value) {
                    self.keys.push(variable);
                    self.tags(variable.value);
                    self.wrong(variable.value, "[a]");
                }
            }
            "resource_class" | "working_directory" | "shell" | "machine" | "macos"
            | "parallelism" | "description" => {
                self.known_key(entry, &[]);
                self.tags(entry.value);
                if matches!(key, "resource_class" | "working_directory" | "description") {
                    self.wrong(entry.value, "[a]");
                }
                if key == "parallelism" {
                    self.wrong(entry.value, "many");
                }
                if matches!(key, "machine" | "macos") {
                    for inner in self.tree.entries(entry.value) {
                        self.known_key(inner, &[]);
                    }
                }
            }
            _ => {}
        }
    }

    fn container(&mut self, container: Id, docker: Entry) {
        self.dashes.push(container);
        for entry in self.tree.entries(container) {
            match self.tree.text(entry.key) {
                "image" => {
                    self.required(entry, docker);
                    self.tags(entry.value);
                    self.wrong(entry.value, "[a, b]");
                }
                "environment" => self.environment_key(entry, "environment"),
                "auth" => {
                    self.known_key(entry, &[]);
                    for inner in self.tree.entries(entry.value) {
                        self.known_key(inner, &[]);
                    }
                }
                _ => self.known_key(entry, &[]),
            }
        }
    }

    fn executor(&mut self, value: Id) {
        let name = self.tree.get(value, "name").map_or(value, |entry| entry.value);
        let text = self.tree.text(name).to_owned();
        self.tags(name);
        if text.contains("<<") {
            return;
        }
        if let Some((orb, _)) = text.split_once('/') {
            self.use_of_orb("misspell an executor", name, orb);
            return;
        }
        let defined = self.definition("executors", &text);
        self.misspell_text("misspell an executor", name, &defined);
        self.used("executors", &text, name);
        if let Some(executor) = self.enter("executors", &text) {
            let parameters = self.parameters_of("executors", &text);
            let outer = std::mem::replace(&mut self.scope, parameters);
            for entry in self.tree.entries(executor.value) {
                let key = self.tree.text(entry.key).to_owned();
                self.environment_key(entry, &key);
            }
            self.scope = outer;
        }
    }

    fn declaration(&mut self, declared: Entry, of_pipeline: bool) {
        self.keys.push(declared);
        let kind = self.tree.get(declared.value, "type").map(|kind| self.tree.text(kind.value));
        let kind = kind.unwrap_or_default().to_owned();
        for entry in self.tree.entries(declared.value) {
            match self.tree.text(entry.key) {
                "type" => {
                    self.required(entry, declared);
                    self.wrong(entry.value, "strnig");
                }
                "default" => {
                    if of_pipeline {
                        self.required(entry, declared);
                    } else {
                        self.known_key(entry, &[]);
                    }
                    self.ill_typed(entry.value, &kind);
                }
                "enum" => self.required(entry, declared),
                _ => self.known_key(entry, &[]),
            }
        }
    }

    fn ill_typed(&mut self, value: Id, kind: &str) {
        match kind {
            "boolean" => self.wrong(value, "\"perhaps\""),
            "integer" => self.wrong(value, "many"),
            "enum" => self.wrong(value, "nonesuch"),
            "string" => self.wrong(value, "[a]"),
            _ => {}
        }
    }

    fn command(&mut self, name: &str) {
        let Some(command) = self.enter("commands", name) else { return };
        let parameters = self.parameters_of("commands", name);
        let outer = std::mem::replace(&mut self.scope, parameters);
        for entry in self.tree.entries(command.value) {
            match self.tree.text(entry.key) {
                "steps" => {
                    self.required(entry, command);
                    self.steps(entry.value);
                }
                "parameters" => self.environment_key(entry, "parameters"),
                _ => self.known_key(entry, &[]),
            }
        }
        self.scope = outer;
    }

    // Steps.

    fn steps(&mut self, list: Id) {
        if !self.seen.insert(self.tree.follow(list)) {
            return;
        }
        let items = self.tree.items(list);
        for &item in items {
            self.dashes.push(item);
            let entry = self.tree.entries(item).first().copied();
            let key = entry.map_or(item, |entry| entry.key);
            let name = self.tree.text(key).to_owned();
            let is_own = !self.definition("commands", &name).is_empty();
            if STEPS.contains(&&*name) && !is_own {
                self.misspell_text("misspell a built-in step", key, &[]);
                self.hyphens(key);
                if let Some(entry) = entry {
                    self.keys.push(entry);
                    self.built_in(&name, entry);
                }
            } else {
                self.call(&name, key, entry);
            }
        }
    }

    fn call(&mut self, name: &str, key: Id, entry: Option<Entry>) {
        if let Some((orb, _)) = name.split_once('/') {
            self.use_of_orb("misspell a command", key, orb);
        } else {
            let defined = self.definition("commands", name);
            self.misspell_text("misspell a command", key, &defined);
            self.used("commands", name, key);
            self.command(name);
        }
        let parameters = self.parameters_of("commands", name);
        if let Some(invocation) = entry {
            self.keys.push(invocation);
            for argument in self.tree.entries(invocation.value) {
                self.argument(argument, invocation, &parameters);
            }
        }
    }

    fn built_in(&mut self, name: &str, step: Entry) {
        if self.tree.is_scalar(step.value) {
            self.tags(step.value);
            if name == "run" {
                self.wrong(step.value, "[a]");
            }
        }
        for entry in self.tree.entries(step.value) {
            let key = self.tree.text(entry.key).to_owned();
            let required = match name {
                "run" => key == "command",
                "save_cache" => key == "key" || key == "paths",
                "store_artifacts" | "store_test_results" => key == "path",
                "persist_to_workspace" => key == "root" || key == "paths",
                "attach_workspace" => key == "at",
                "when" | "unless" => key == "condition" || key == "steps",
                _ => false,
            };
            if required {
                self.required(entry, step);
            } else {
                self.known_key(entry, &[]);
            }
            match &*key {
                "condition" => self.condition(entry.value),
                "steps" => self.steps(entry.value),
                "environment" => {
                    for variable in self.tree.entries(entry.value) {
                        self.keys.push(variable);
                        self.tags(variable.value);
                        self.wrong(variable.value, "[a]");
                    }
                }
                "when" => self.wrong(entry.value, "sometimes"),
                "background" => self.wrong(entry.value, "perhaps"),
                "no_output_timeout" => self.wrong(entry.value, "soon"),
                "command" | "name" | "key" | "path" | "at" | "root" | "destination" => {
                    self.tags(entry.value);
                    self.wrong(entry.value, "{a: b}");
                }
                _ => self.tags(entry.value),
            }
        }
    }

    fn condition(&mut self, value: Id) {
        if self.tree.is_scalar(value) {
            self.tags(value);
            return;
        }
        for entry in self.tree.entries(value) {
            self.known_key(entry, &[]);
            match self.tree.text(entry.key) {
                "and" | "or" => {
                    for &item in self.tree.items(entry.value) {
                        self.dashes.push(item);
                        self.condition(item);
                    }
                }
                "not" => self.condition(entry.value),
                "equal" => {
                    for &item in self.tree.items(entry.value) {
                        self.tags(item);
                    }
                }
                "matches" => {
                    for inner in self.tree.entries(entry.value) {
                        self.required(inner, entry);
                        self.tags(inner.value);
                    }
                }
                _ => {}
            }
        }
    }

    /// An argument of a job or a command. Those of orbs are declared elsewhere.
    fn argument(&mut self, entry: Entry, invocation: Entry, parameters: &[Entry]) {
        self.keys.push(entry);
        self.tags(entry.value);
        let name = self.tree.text(entry.key).to_owned();
        let declared = parameters.iter().find(|declared| self.tree.text(declared.key) == name);
        let Some(&declared) = declared else {
            self.misspell_text("misspell an argument", entry.key, &[]);
            return;
        };
        let place = self.span(declared.key).start;
        self.misspell_text("misspell an argument", entry.key, &[place]);
        if self.tree.get(declared.value, "default").is_none() {
            let near = vec![self.span(invocation.key).start, place];
            self.replace("drop an argument", self.whole_lines(entry), "", near);
        }
        let kind = self.tree.get(declared.value, "type").map(|kind| self.tree.text(kind.value));
        let kind = kind.unwrap_or_default().to_owned();
        self.ill_typed(entry.value, &kind);
        if kind == "steps" {
            self.steps(entry.value);
        }
    }

    // Edits.

    fn use_of_orb(&mut self, sort: &'static str, key: Id, orb: &str) {
        self.used("orbs", orb, key);
        let declared = self.definition("orbs", orb);
        let span = self.span(key);
        let text = self.tree.text(key).to_owned();
        let Some((alias, element)) = text.split_once('/') else { return };
        if let Some(wrong) = misspell(alias, &[], &mut self.chance) {
            let new = format!("{wrong}/{element}");
            self.replace("misspell an orb's alias", span.clone(), &new, declared.clone());
        }
        if let Some(wrong) = misspell(element, &[], &mut self.chance) {
            self.replace(sort, span, &format!("{alias}/{wrong}"), declared);
        }
    }

    /// A key of the language: it can be misspelt and renamed.
    fn known_key(&mut self, entry: Entry, near: &[usize]) {
        self.keys.push(entry);
        self.misspell_text("misspell a key", entry.key, near);
        let span = self.span(entry.key);
        self.replace("rename a key", span, "something_else", near.to_vec());
        self.hyphens(entry.key);
    }

    /// A key that cannot be left out.
    fn required(&mut self, entry: Entry, parent: Entry) {
        self.required_near(entry, parent, self.span(parent.key).start);
    }

    fn required_near(&mut self, entry: Entry, parent: Entry, further: usize) {
        self.known_key(entry, &[]);
        let near = vec![self.span(parent.key).start, further];
        self.replace("drop a required key", self.whole_lines(entry), "", near);
    }

    fn hyphens(&mut self, key: Id) {
        let text = self.tree.text(key);
        if text.contains('_') {
            let new = text.replace('_', "-");
            self.replace("hyphens for underscores", self.span(key), &new, Vec::new());
        }
    }

    fn misspell_text(&mut self, sort: &'static str, id: Id, near: &[usize]) {
        let text = self.tree.text(id).to_owned();
        if text.contains("<<") {
            return;
        }
        let end = text.find('@').unwrap_or(text.len());
        if let Some(wrong) = misspell(&text[..end], &[], &mut self.chance) {
            let new = wrong + &text[end..];
            self.replace(sort, self.span(id), &new, near.to_vec());
        }
    }

    /// Puts something of the wrong type in the place of a scalar that fits into its line.
    fn wrong(&mut self, id: Id, new: &str) {
        let node = self.tree.raw(id);
        let Kind::Scalar { text, .. } = &node.kind else { return };
        let old = &self.text[node.span.clone()];
        if !text.contains("<<") && !old.contains('\n') && !old.is_empty() && old != new {
            self.replace("a wrong type or value", node.span.clone(), new, Vec::new());
        }
    }

    /// Misspells what a template tag names, and leaves a tag unclosed.
    fn tags(&mut self, id: Id) {
        let span = match &self.tree.raw(id).kind {
            Kind::Scalar { .. } => self.tree.raw(id).span.clone(),
            _ => return,
        };
        let source = &self.text[span.clone()];
        let is_new = self.text.contains("version: 2.1") || self.text.contains("version: \"2.1\"");
        let Some(open) = source.find("<<").filter(|_| is_new) else { return };
        let Some(length) = source[open..].find(">>") else { return };
        let inner = &source[open + 2..open + length];
        let is_escaped = source[..open].ends_with('\\');
        if is_escaped || inner.contains(['\n', '#', '/', '^', '<']) {
            return;
        }
        let start = span.start + open;
        let close = start + length;
        self.replace("an unclosed tag", close..close + 2, "", vec![start]);
        let name = inner.trim();
        let Some((kind, last)) = name.rsplit_once('.') else { return };
        if name.contains(char::is_whitespace) {
            return;
        }
        let declared = self.scope.iter().find(|entry| self.tree.text(entry.key) == last);
        let near = if kind == "parameters" {
            declared.map(|entry| self.span(entry.key).start).into_iter().collect()
        } else if kind == "pipeline.parameters" {
            self.used("parameters", last, id);
            self.definition("parameters", last)
        } else {
            Vec::new()
        };
        if let Some(wrong) = misspell(last, &[], &mut self.chance) {
            let at = start + 2 + inner.find(name).unwrap() + kind.len() + 1;
            self.replace("misspell a parameter in a tag", at..at + last.len(), &wrong, near);
        }
    }

    fn replace(&mut self, sort: &'static str, span: Range<usize>, new: &str, near: Vec<usize>) {
        if !span.is_empty() {
            self.sites.push(Site { sort, span, new: new.to_owned(), near });
        }
    }

    /// What a scalar says, without its quotes; an alias's own place.
    fn span(&self, id: Id) -> Range<usize> {
        let node = self.tree.raw(id);
        match &node.kind {
            Kind::Scalar {
                style: ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..
            } => node.span.start + 1..node.span.end - 1,
            _ => node.span.clone(),
        }
    }

    /// The lines of an entry; nothing if it begins behind something else.
    fn whole_lines(&self, entry: Entry) -> Range<usize> {
        lines::of_entry(self.text, self.tree, entry)
    }
}
