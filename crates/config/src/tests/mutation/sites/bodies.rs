//! The walk through jobs, executors, commands and steps.

use super::{super::words::STEPS, Entry, Id, Walk};

impl Walk<'_> {
    // Jobs, executors, commands.

    pub(super) fn parameters_of(&self, section: &str, name: &str) -> Vec<Entry> {
        let definition = self.tree.get(self.tree.root(), section);
        let definition = definition.and_then(|section| self.tree.get(section.value, name));
        let declared = definition.and_then(|entry| self.tree.get(entry.value, "parameters"));
        declared.map_or_else(Vec::new, |entry| self.tree.entries(entry.value))
    }

    pub(super) fn definition(&self, section: &str, name: &str) -> Vec<usize> {
        let entry = self.tree.get(self.tree.root(), section);
        let entry = entry.and_then(|section| self.tree.get(section.value, name));
        entry.map(|entry| self.span(entry.key).start).into_iter().collect()
    }

    pub(super) fn enter(&mut self, section: &'static str, name: &str) -> Option<Entry> {
        let defined = self.tree.get(self.tree.root(), section)?;
        let entry = self.tree.get(defined.value, name)?;
        self.seen.insert(self.tree.follow(entry.value)).then_some(entry)
    }

    pub(super) fn job(&mut self, name: &str, invoked: usize) {
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
    pub(super) fn environment_key(&mut self, entry: Entry, key: &str) {
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

    pub(super) fn container(&mut self, container: Id, docker: Entry) {
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

    pub(super) fn executor(&mut self, value: Id) {
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

    pub(super) fn declaration(&mut self, declared: Entry, of_pipeline: bool) {
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

    pub(super) fn ill_typed(&mut self, value: Id, kind: &str) {
        match kind {
            "boolean" => self.wrong(value, "\"perhaps\""),
            "integer" => self.wrong(value, "many"),
            "enum" => self.wrong(value, "nonesuch"),
            "string" => self.wrong(value, "[a]"),
            _ => {}
        }
    }

    pub(super) fn command(&mut self, name: &str) {
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

    pub(super) fn steps(&mut self, list: Id) {
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

    pub(super) fn call(&mut self, name: &str, key: Id, entry: Option<Entry>) {
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

    pub(super) fn built_in(&mut self, name: &str, step: Entry) {
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

    pub(super) fn condition(&mut self, value: Id) {
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
    pub(super) fn argument(&mut self, entry: Entry, invocation: Entry, parameters: &[Entry]) {
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
}
