//! What a configuration relies on that is not in the repository: read off its tree, as it is written
//! and as it compiles to.
//!
//! The written tree shows everything, also what no workflow runs, but with templates unfilled; the
//! compiled one shows what templates and orbs become. Names with a template in them are left out.

use std::collections::{BTreeMap, BTreeSet};

use roundel_config::{
    document::{Node, from_yaml},
    orbs::{OrbReference, Resolution},
};

use roundel_model::kind::{Architecture, JobKind};

use super::{super::check::Checked, scripts::Scripts};

/// Names, each once, in order.
type Names = BTreeSet<String>;

/// Everything that was seen.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) contexts: Names,
    /// Some contexts have a name that only the pipeline knows.
    pub(super) templated_context: bool,
    /// Variables that logins to registries are made of.
    pub(super) login_variables: Names,
    /// Images of cloud registries that are pulled by a login of the hosted service.
    pub(super) cloud_images: Names,
    /// Variables whose names are arguments of orbs and commands, which read them.
    pub(super) named_variables: Names,
    /// Resource classes of the hosted service, with the jobs that ask for them.
    pub(super) classes: BTreeMap<String, Names>,
    /// Resource classes of self-hosted runners.
    pub(super) pools: Names,
    pub(super) machine_images: Names,
    pub(super) windows: Names,
    pub(super) arm: Names,
    pub(super) gpu: Names,
    /// Jobs and executors with service containers.
    pub(super) services: Names,
    /// Jobs and executors that set `entrypoint` or `command` of their first image.
    pub(super) programs: Names,
    /// What only workflows have that no pipeline runs now, for their condition does not hold.
    pub(super) off: Off,
    pub(super) schedules: Names,
    pub(super) scripts: Scripts,
    /// Variables that the configuration sets itself.
    pub(super) assigned: Names,
    /// Elements of orbs that are used, with their arguments: `node/install`.
    uses: Vec<(String, Vec<(String, String)>)>,
    /// Aliases of orbs: `node` is `circleci/node`.
    aliases: BTreeMap<String, String>,
    /// The name of the job that is examined.
    job: Option<String>,
    /// Jobs that are defined as approvals and the like: no runner runs them.
    gates: Names,
}

/// What will be refused once a condition holds.
#[derive(Debug, Default)]
pub(super) struct Off {
    pub(super) contexts: Names,
    /// Jobs with service containers.
    pub(super) services: Names,
    /// Jobs that set `entrypoint` or `command` of their first image.
    pub(super) programs: Names,
}

impl Facts {
    /// Notes what a configuration uses, as it is written.
    pub(super) fn of_source(tree: &Node) -> Self {
        let mut facts = Self::default();
        if let Some(Node::Map(orbs)) = tree.get("orbs") {
            for (alias, reference) in orbs {
                if let Node::Text(reference) = reference {
                    let orb = reference.split('@').next().unwrap_or(reference);
                    facts.aliases.insert(alias.clone(), orb.to_owned());
                }
            }
        }
        let Node::Map(sections) = tree else { return facts };
        // The definitions of jobs, which may follow the workflows, say what each entry is.
        if let Some(jobs) = tree.get("jobs") {
            facts.jobs(jobs);
        }
        for (section, value) in sections {
            match section.as_str() {
                "workflows" => facts.workflows(value),
                "commands" | "executors" | "orbs" | "job-groups" => facts.walk(value),
                _ => {}
            }
        }
        facts
    }

    /// Reads what it compiles to, which leaves out workflows that are off.
    pub(super) fn add_document(&mut self, tree: &Node, document: &Node) {
        if let Some(jobs) = document.get("jobs") {
            // What is compiled says it better than what is written.
            self.classes.clear();
            self.services.clear();
            self.programs.clear();
            self.jobs(jobs);
        }
        // In a document without workflows, all of them are off.
        let written = std::mem::take(&mut self.contexts);
        self.templated_context = false;
        if let Some(workflows) = document.get("workflows") {
            self.workflows(workflows);
        }
        self.off = Off::of(tree, document);
        self.off.contexts = written.difference(&self.contexts).cloned().collect();
    }

    /// Adds the variables that parameters of orbs' elements name.
    pub(super) fn add_orbs(&mut self, checked: &Checked) {
        for orb in &checked.compiled.orbs {
            let reference = orb.requested.parse::<OrbReference>();
            let Ok(reference) = reference else { continue };
            let Some(Resolution::Found(found)) = checked.inputs.orbs.get(&reference) else {
                continue;
            };
            let Ok(tree) = from_yaml(&found.text) else { continue };
            let aliases = self.aliases.iter().filter(|(_, name)| **name == found.name);
            let aliases: Vec<String> = aliases.map(|(alias, _)| alias.clone()).collect();
            for (alias, section) in aliases.iter().flat_map(|alias| {
                ["commands", "jobs", "executors"].iter().map(move |section| (alias, section))
            }) {
                if let Some(Node::Map(elements)) = tree.get(section) {
                    for (name, element) in elements {
                        self.named_by(&format!("{alias}/{name}"), element);
                    }
                }
            }
        }
    }

    /// Takes the variables that an element's parameters of type `env_var_name` name: where it is
    /// used, the argument or else the default.
    fn named_by(&mut self, name: &str, element: &Node) {
        let Some(Node::Map(parameters)) = element.get("parameters") else { return };
        let is_name =
            |declaration: &Node| declaration.get("type") == Some(&Node::text("env_var_name"));
        for (parameter, declaration) in parameters.iter().filter(|(_, one)| is_name(one)) {
            for (_, arguments) in self.uses.iter().filter(|(used, _)| used == name) {
                let given = arguments.iter().find(|(key, _)| key == parameter);
                let default = || text_of(declaration.get("default")?);
                let named = given.map(|(_, value)| value.clone()).or_else(default);
                self.named_variables.extend(named.filter(|name| is_fixed(name)));
            }
        }
    }

    fn jobs(&mut self, jobs: &Node) {
        let Node::Map(jobs) = jobs else { return };
        for (name, job) in jobs {
            if is_gate(job) {
                self.gates.insert(name.clone());
            }
            self.job = Some(name.clone());
            self.walk(job);
        }
        self.job = None;
    }

    fn workflows(&mut self, workflows: &Node) {
        let Node::Map(workflows) = workflows else { return };
        for (_, workflow) in workflows {
            if let Some(Node::List(triggers)) = workflow.get("triggers") {
                let crons =
                    triggers.iter().filter_map(|trigger| trigger.get("schedule")?.get("cron"));
                self.schedules.extend(crons.filter_map(text_of));
            }
            let Some(Node::List(invocations)) = workflow.get("jobs") else { continue };
            for invocation in invocations {
                self.walk_step(invocation);
                let Node::Map(entries) = invocation else { continue };
                for (name, invocation) in entries {
                    // What no runner runs has no variables, so it misses none.
                    if !is_gate(invocation) && !self.gates.contains(name) {
                        self.contexts(invocation.get("context"));
                    }
                }
            }
        }
    }

    fn contexts(&mut self, value: Option<&Node>) {
        let names = match value {
            Some(Node::List(items)) => items.iter().filter_map(text_of).collect(),
            Some(node) => text_of(node).into_iter().collect(),
            None => Vec::new(),
        };
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            if is_fixed(&name) {
                self.contexts.insert(name);
            } else {
                self.templated_context = true;
            }
        }
    }

    /// Notes what a part of a configuration uses, whatever it is a part of.
    fn walk(&mut self, node: &Node) {
        match node {
            Node::Map(entries) => {
                // Its size is of no interest: it cannot run here.
                let is_macos = node.get("macos").is_some();
                for (key, value) in entries {
                    if !(is_macos && key == "resource_class") {
                        self.entry(key, value);
                    }
                }
            }
            Node::List(items) => items.iter().for_each(|item| self.walk_step(item)),
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Text(_) => {}
        }
    }

    /// Notes what an item of a list uses, which may be a step or an entry of a workflow.
    fn walk_step(&mut self, item: &Node) {
        match item {
            Node::Text(name) if name.contains('/') => self.uses.push((name.clone(), Vec::new())),
            Node::Map(entries) => {
                if let [(name, arguments)] = entries.as_slice()
                    && name.contains('/')
                {
                    self.uses.push((name.clone(), texts_of(arguments)));
                }
            }
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Text(_)
            | Node::List(_) => {}
        }
        self.walk(item);
    }

    fn entry(&mut self, key: &str, value: &Node) {
        match (key, value) {
            ("description" | "examples" | "display", _) => return,
            ("docker", Node::List(images)) => self.containers(images),
            ("machine", _) => self.machine(value),
            ("resource_class", Node::Text(class)) => self.class(class),
            ("executor", Node::Text(name)) if name.contains('/') => {
                self.uses.push((name.clone(), Vec::new()));
            }
            ("executor", Node::Map(_)) => {
                if let Some(Node::Text(name)) = value.get("name") {
                    self.uses.push((name.clone(), texts_of(value)));
                }
            }
            ("environment", _) => self.environment(value),
            ("parameters", Node::Map(parameters)) => {
                let names = parameters.iter().filter(|(_, declaration)| {
                    declaration.get("type") == Some(&Node::text("env_var_name"))
                });
                let defaults = names.filter_map(|(_, one)| text_of(one.get("default")?));
                self.named_variables.extend(defaults.filter(|name| is_fixed(name)));
            }
            ("run" | "deploy", Node::Text(script)) => self.scripts.read(script),
            ("run" | "deploy", Node::Map(_)) => {
                if let Some(Node::Text(script)) = value.get("command") {
                    self.scripts.read(script);
                }
            }
            _ => {}
        }
        self.walk(value);
    }

    fn containers(&mut self, images: &[Node]) {
        for image in images {
            self.image(image);
        }
        let name = self.job.clone().unwrap_or_else(|| "an executor".to_owned());
        match unsupported_container(images) {
            Some(Container::Service) => drop(self.services.insert(name)),
            Some(Container::Program) => drop(self.programs.insert(name)),
            None => {}
        }
    }

    fn image(&mut self, entry: &Node) {
        for (_, value) in entry.get("auth").map(texts_of).unwrap_or_default() {
            self.login_variables.extend(variable(&value));
        }
        let Some(Node::Text(image)) = entry.get("image") else { return };
        let has_login = ["auth", "aws_auth", "gcp_auth"].iter().any(|key| entry.get(key).is_some());
        let is_cloud = image.contains(".dkr.ecr.") || image.contains("-docker.pkg.dev/");
        if is_cloud && !has_login && is_fixed(image) {
            self.cloud_images.insert(image.clone());
        }
    }

    fn machine(&mut self, value: &Node) {
        let image = value.as_text().or_else(|| value.get("image")?.as_text());
        let Some(image) = image.filter(|image| is_fixed(image)) else { return };
        if image.contains("windows") {
            self.windows.insert(image.to_owned());
        } else if image.contains("cuda") {
            self.gpu.insert(image.to_owned());
        } else if Architecture::of_machine_image(image) == Some(Architecture::Arm64) {
            self.arm.insert(image.to_owned());
        }
        self.machine_images.insert(image.to_owned());
    }

    fn class(&mut self, class: &str) {
        if !is_fixed(class) {
            return;
        }
        if class.contains('/') {
            self.pools.insert(class.to_owned());
            return;
        }
        if class.contains("gpu.") {
            self.gpu.insert(class.to_owned());
        }
        if class.starts_with("windows.") {
            // No runner of whatever size runs it.
            self.windows.insert(class.to_owned());
            return;
        }
        if Architecture::of_resource_class(class) == Some(Architecture::Arm64) {
            self.arm.insert(class.to_owned());
        }
        let jobs = self.classes.entry(class.to_owned()).or_default();
        jobs.extend(self.job.clone());
    }

    fn environment(&mut self, value: &Node) {
        match value {
            Node::Map(entries) => {
                self.assigned.extend(entries.iter().map(|(name, _)| name.clone()));
            }
            Node::List(items) => items.iter().for_each(|item| self.environment(item)),
            Node::Text(text) => {
                self.assigned.extend(text.split('=').next().map(str::to_owned));
            }
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
        }
    }
}

impl Off {
    /// Finds the jobs that only workflows name which are not compiled. Their contexts are known by
    /// what remains.
    fn of(tree: &Node, document: &Node) -> Self {
        let mut off = Self::default();
        let (Some(Node::Map(workflows)), Some(Node::Map(jobs))) =
            (tree.get("workflows"), tree.get("jobs"))
        else {
            return off;
        };
        let runs =
            |name: &str| document.get("workflows").is_some_and(|all| all.get(name).is_some());
        let (live, dormant): (Vec<_>, Vec<_>) = workflows.iter().partition(|(name, _)| runs(name));
        let named = |workflows: &[&(String, Node)]| -> Names {
            workflows.iter().flat_map(|(_, workflow)| invoked(workflow)).collect()
        };
        let only = named(&dormant);
        let live = named(&live);
        for (name, job) in
            jobs.iter().filter(|(name, _)| only.contains(name) && !live.contains(name))
        {
            let executor = job.get("executor").and_then(|executor| {
                let name = executor.as_text().or_else(|| executor.get("name")?.as_text())?;
                tree.get("executors")?.get(name)
            });
            let images =
                [Some(job), executor].into_iter().flatten().find_map(|one| one.get("docker"));
            let Some(Node::List(images)) = images else { continue };
            match unsupported_container(images) {
                Some(Container::Service) => drop(off.services.insert(name.clone())),
                Some(Container::Program) => drop(off.programs.insert(name.clone())),
                None => {}
            }
        }
        off
    }
}

/// What this release does not do with the images of a job.
enum Container {
    Service,
    Program,
}

fn unsupported_container(images: &[Node]) -> Option<Container> {
    let sets = |key: &str| images.first().is_some_and(|first| first.get(key).is_some());
    if images.len() > 1 {
        Some(Container::Service)
    } else {
        (sets("entrypoint") || sets("command")).then_some(Container::Program)
    }
}

/// The names of the jobs of a workflow, as it calls them.
fn invoked(workflow: &Node) -> Vec<String> {
    let Some(Node::List(items)) = workflow.get("jobs") else { return Vec::new() };
    let name = |item: &Node| {
        if let Node::Map(entries) = item {
            entries.first().map(|(name, _)| name.clone())
        } else {
            text_of(item)
        }
    };
    items.iter().filter_map(name).collect()
}

/// Returns whether a configuration is a setup configuration, a job of which posts the continuation.
pub(super) fn is_setup(tree: &Node) -> bool {
    !matches!(tree.get("setup"), None | Some(Node::Null | Node::Bool(false)))
}

/// Returns whether an entry or a definition of a job says that no runner runs it.
fn is_gate(job: &Node) -> bool {
    let Some(Node::Text(kind)) = job.get("type") else { return false };
    matches!(kind.parse::<JobKind>(), Ok(JobKind::Approval | JobKind::NoOp))
}

/// Returns whether a string has no templates in it.
fn is_fixed(text: &str) -> bool {
    !text.contains("<<")
}

fn text_of(node: &Node) -> Option<String> {
    node.as_text().map(str::to_owned)
}

/// The entries of a mapping that are strings.
fn texts_of(node: &Node) -> Vec<(String, String)> {
    let Node::Map(entries) = node else { return Vec::new() };
    let entries = entries.iter();
    entries.filter_map(|(key, value)| Some((key.clone(), text_of(value)?))).collect()
}

/// The variable that a string consists of: `$NAME`, `${NAME}`.
fn variable(text: &str) -> Option<String> {
    let name = text.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    is_fixed(name).then(|| name.to_owned())
}
