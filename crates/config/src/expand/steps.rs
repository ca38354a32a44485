//! Steps, with commands and conditions expanded to a flat list (CFG §3.0, §4.8).

use std::rc::Rc;

use roundel_model::{
    limits,
    plan::{PlannedStep, PlannedStepKind},
};

use crate::{
    codes,
    expand::{
        builtin::{self, BuiltinSteps, ExecutorKind},
        condition::Conditions,
        progress::Progress,
        run::{CompiledStep, RunSteps, Site},
    },
    language::{
        data::{Callee, Data, ModuleId, Scope, Steps, Trail, Value},
        definition::{Definition, Element, Found, Import},
        keys::STEP_WORDS,
        other_services::{self, Owner},
        profile::Profile,
    },
    read::yaml::{At, View},
    render::{Renderer, budget::Resource, fields::is_blank},
    resolve::{
        lookup::Lookup,
        modules::Modules,
        parameters::bind::{Argument, ArgumentSource, Binder, Call},
        shape::{NamedItem, Shapes},
    },
    text::{
        help::Help,
        place::{FileId, Place},
        problem::Problem,
        suggest::nearest,
    },
};

/// Commands and conditions within each other (CFG §4.8).
const DEPTH: usize = 100;

/// Built-in steps that no command of the same name can replace (CFG §3.0).
const RESERVED: &[&str] = &["run", "when", "unless", "steps"];

/// The list that is being made.
pub(crate) struct Expansion {
    steps: Vec<PlannedStep>,
    /// The same as rendered.
    rendered: Vec<Value>,
    depth: usize,
    /// As how many tasks the job runs.
    parallelism: u32,
    executor_kind: ExecutorKind,
    /// Steps beyond the limit were reported.
    full: bool,
}

impl Expansion {
    pub(crate) fn new(parallelism: u32, executor_kind: ExecutorKind) -> Self {
        Self {
            steps: Vec::new(),
            rendered: Vec::new(),
            depth: 0,
            parallelism,
            executor_kind,
            full: false,
        }
    }

    /// Returns the steps, and the same as rendered.
    pub(crate) fn finish(self) -> (Vec<PlannedStep>, Vec<Value>) {
        (self.steps, self.rendered)
    }
}

/// Expands lists of steps.
pub(super) struct StepExpander<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c mut Modules<'d>,
    progress: &'c mut Progress,
}

impl<'c, 'd> StepExpander<'c, 'd> {
    pub(super) fn new(
        render: &'c mut Renderer<'d>,
        modules: &'c mut Modules<'d>,
        progress: &'c mut Progress,
    ) -> Self {
        Self { render, modules, progress }
    }

    fn lookup(&mut self) -> Lookup<'_, 'd> {
        Lookup::new(self.render, self.modules)
    }

    fn shapes(&mut self) -> Shapes<'_, 'd> {
        Shapes::new(self.render, self.modules)
    }

    /// Expands a list of steps, or a tag that stands for one.
    pub(crate) fn expand(&mut self, list: At, key: Place, scope: &Rc<Scope>, into: &mut Expansion) {
        let place = self.render.doc().place(list);
        if into.depth >= DEPTH {
            let message =
                format!("commands and conditions are nested more than {DEPTH} levels deep");
            self.render.report().add(Problem::error(codes::RECURSION, place, message));
            return;
        }
        if !self.render.afford(Resource::Calls, 1, place) {
            return;
        }
        into.depth += 1;
        match self.render.doc().view(list) {
            View::Seq(steps) => {
                for step in steps.iter() {
                    self.expand_step(step, scope, into);
                }
            }
            View::Scalar(text, _) if text.contains("<<") && self.render.has_templates() => {
                let value = self.render.evaluate(list, scope);
                match value.data {
                    Data::Steps(Steps { list, scope }) => self.expand(list, key, &scope, into),
                    Data::Unknown => {}
                    _ => {
                        let message =
                            format!("expected a list of steps, found {}", value.describe());
                        let problem = Problem::error(codes::NOT_STEPS, value.place, message);
                        self.render
                            .report()
                            .add(problem.help("declare the parameter with `type: steps`"));
                    }
                }
            }
            View::Map(_) | View::Scalar(..) | View::Broken => {
                self.shapes().check_steps(list, key);
            }
        }
        into.depth -= 1;
    }

    fn expand_step(&mut self, step: At, scope: &Rc<Scope>, into: &mut Expansion) {
        if !self.render.afford(Resource::Visits, 1, self.render.doc().place(step)) {
            return;
        }
        let Some(NamedItem { name, key, value }) = self.shapes().step_shape(step) else {
            return;
        };
        if self.render.has_templates() && value.is_none() && name.contains("<<") {
            self.tag_as_step(step, scope, into);
            return;
        }
        self.expand_named(&Site { name, key, value, scope }, into);
    }

    /// A tag as an item of a list: a command's name, or a mistake if it is a list of steps.
    fn tag_as_step(&mut self, step: At, scope: &Rc<Scope>, into: &mut Expansion) {
        let value = self.render.evaluate(step, scope);
        match &value.data {
            Data::Text(name) => {
                let site = Site { name, key: value.place, value: None, scope };
                self.expand_named(&site, into);
            }
            Data::Unknown => {}
            // Official orbs do this, so the hosted service splices it.
            Data::Steps(Steps { list, scope: inner }) => {
                if value.place.file == FileId::CONFIG {
                    let written = self.render.doc().written(value.place);
                    let message = "expected a step, found a list of steps";
                    let problem = Problem::warning(codes::BAD_STEP, value.place, message);
                    self.render.report().add(problem.help(format!("write `- steps: {written}`")));
                }
                self.expand(*list, value.place, inner, into);
            }
            _ => {
                let message = format!("expected a step, found {}", value.describe());
                self.render.report().add(Problem::error(codes::BAD_STEP, value.place, message));
            }
        }
    }

    fn expand_named(&mut self, site: &Site<'_>, into: &mut Expansion) {
        if self.render.has_templates() && !RESERVED.contains(&site.name) {
            let module = site.scope.module;
            // At the configuration's own level `deploy` with a script stays the built-in step
            // without one only the command can be meant, and the hosted compiler's outputs
            // show that it is.
            let has_script = site.value.is_some_and(|at| {
                !self.render.doc().is_map(at) || self.render.doc().get(at, "command").is_some()
            });
            let shadowed = site.name == "deploy" && !module.is_orb() && has_script;
            match self.lookup().find(module, Element::Command, site.name, site.key) {
                Found::Definition(command) if !shadowed => {
                    if let Some(command) = self.lookup().aliased_command(command) {
                        self.expand_command(site, &command, into);
                    }
                    return;
                }
                Found::Reported => return,
                Found::Definition(_) | Found::Undefined => {}
            }
        }
        let name = self.documented(site);
        if name != site.name && self.render.has_templates() {
            let found = self.lookup().find(site.scope.module, Element::Command, name, site.key);
            if let Found::Definition(command) = found {
                self.expand_command(&Site { name, ..*site }, &command, into);
                return;
            }
        }
        let site = &Site { name, ..*site };
        let made = match site.name {
            "run" => RunSteps::new(self.render, self.progress).run_step(site),
            "deploy" => self.deploy_step(site, into.parallelism),
            "when" | "unless" if self.render.has_templates() => {
                let taken = Conditions::new(self.render, self.modules).taken(site);
                let Some(steps) = taken else { return };
                if let View::Map(_) = self.render.doc().view(steps.value) {
                    self.expand_step(steps.value, site.scope, into);
                } else {
                    self.expand(steps.value, steps.key, site.scope, into);
                }
                return;
            }
            "steps" if self.render.has_templates() => {
                match site.value {
                    Some(list) => self.expand(list, site.key, site.scope, into),
                    None => self.shapes().steps_missing(site.key, "`steps`"),
                }
                return;
            }
            name if builtin::is_builtin(name) => {
                BuiltinSteps::new(self.render).builtin_step(site, into.executor_kind)
            }
            _ => {
                unknown_command(self.render, self.modules, site);
                return;
            }
        };
        let Some((step, rendered)) =
            made.filter(|_| self.render.afford(Resource::Steps, 1, site.key))
        else {
            return;
        };
        if into.steps.len() < limits::STEPS_PER_JOB {
            if !builtin::has_no_effect(site.name, into.executor_kind) {
                into.steps.push(step);
            }
            let rendered = self.traced_step(rendered);
            into.rendered.push(rendered);
        } else if !into.full {
            into.full = true;
            let message = format!("a job can have at most {} steps", limits::STEPS_PER_JOB);
            self.render.report().add(Problem::error(codes::EXPANDS_TOO_FAR, site.key, message));
        }
    }

    /// Returns the documented name of a built-in step. The hosted service also takes hyphens for
    /// underscores, its own documentation writes them, and so does the profile `legacy`.
    fn documented<'s>(&mut self, site: &Site<'s>) -> &'s str {
        let hyphenated = builtin::hyphenated(site.name);
        let Some(word) = hyphenated.filter(|_| self.render.profile() == Profile::Legacy) else {
            return site.name;
        };
        let message = format!("`{}` is an undocumented spelling of `{word}`", site.name);
        let problem = Problem::warning(codes::DEPRECATED, site.key, message);
        self.render.report().add(problem.help(format!("write `{word}`")));
        word
    }

    /// Notes through which commands a step came, if the caller asked.
    fn traced_step(&self, rendered: Value) -> Value {
        if !self.render.is_tracing() {
            return rendered;
        }
        let frames = self.render.found().frames().iter().map(|frame| {
            let what = format!("{} used at", frame.what);
            Rc::new(Trail { what, place: frame.place, from: Vec::new() })
        });
        let trail = Trail {
            what: "step defined at".to_owned(),
            place: rendered.place,
            from: frames.collect(),
        };
        Value { trail: Some(Rc::new(trail)), ..rendered }
    }

    fn deploy_step(&mut self, site: &Site<'_>, parallelism: u32) -> Option<CompiledStep> {
        let problem = Problem::warning(
            codes::DEPRECATED,
            site.key,
            "`deploy` is a deprecated name for `run`",
        );
        self.render.report().add(problem.help("write `run`"));
        let is_parallel = parallelism > 1;
        if is_parallel {
            let message = "`deploy` in a job with `parallelism` is not supported in this release";
            let problem = Problem::unsupported(codes::UNSUPPORTED_STEP, site.key, message);
            let help = "move it to a separate job that requires this one";
            self.render.report().add_unsupported(problem.help(help));
        }
        let (mut step, rendered) = RunSteps::new(self.render, self.progress).run_step(site)?;
        if let (PlannedStepKind::Run(run), true) = (&mut step.kind, is_parallel) {
            run.after_all_tasks = true;
        }
        Some((step, rendered))
    }

    fn expand_command(&mut self, site: &Site<'_>, command: &Definition, into: &mut Expansion) {
        let width = self.render.doc().width(command.body);
        let affordable = self.render.afford(Resource::Calls, 1, site.key)
            && self.render.afford(Resource::Visits, 2 * width, site.key);
        self.lookup().empty_is_used(command, Element::Command);
        if !affordable || command.broken {
            return;
        }
        let callee: Rc<str> = format!("command `{}`", site.name).into();
        if site.scope.callers().any(|call| call.body == command.body) {
            let mut path: Vec<&str> = site.scope.callers().map(|call| &*call.name).collect();
            path.reverse();
            path.push(site.name);
            let path = path.join(" → ");
            let message = format!("the command calls itself: {path}");
            self.render.report().add(
                Problem::error(codes::RECURSION, site.key, message)
                    .help("remove one of these calls: commands cannot be recursive"),
            );
            return;
        }
        let Some(arguments) = self.arguments_of_command(site, &callee) else { return };
        self.render.report().enter(&callee, site.key);
        let declarations = &command.parameters;
        let (module, place) = (command.module, site.key);
        let element = Element::Command;
        let call = Call { element, callee: &callee, declarations, place, module };
        let bindings = Binder::new(self.render).bind(&call, arguments);
        if let Some(steps) = self.render.doc().get(command.body, "steps") {
            let target = Callee { name: Rc::from(site.name), module, body: command.body };
            let scope = site.scope.called(&callee, target, bindings);
            self.expand(steps.value, steps.key, &scope, into);
        }
        self.render.report().leave();
    }

    fn arguments_of_command(&mut self, site: &Site<'_>, callee: &str) -> Option<Vec<Argument>> {
        let Some(at) = site.value else { return Some(Vec::new()) };
        match self.render.doc().view(at) {
            View::Map(entries) => {
                let arguments = entries.iter().map(|entry| Argument {
                    name: entry.name.to_owned(),
                    key: entry.key,
                    source: ArgumentSource::Node(entry.value, site.scope.clone()),
                });
                Some(arguments.collect())
            }
            View::Broken => None,
            View::Scalar(..) | View::Seq(_) => {
                let message = format!("the arguments of {callee} must be a mapping");
                let place = self.render.doc().place(at);
                let problem = Problem::error(codes::WRONG_TYPE, place, message);
                self.render
                    .report()
                    .add(problem.help(format!("write `- {}: {{ name: value }}`", site.name)));
                None
            }
        }
    }
}

/// Reports a step that is not defined.
pub(crate) fn unknown_command<'d>(
    render: &mut Renderer<'d>,
    modules: &Modules<'d>,
    site: &Site<'_>,
) {
    if is_blank(site.name) {
        render.report_blank_name("step", site.name, site.key);
        return;
    }
    let mut names: Vec<&str> = modules.names(render, site.scope.module, Element::Command);
    let seen = render.found().shows_more();
    for word in builtin::words().chain(STEP_WORDS.iter().copied()).filter(|_| seen) {
        names.push(word);
    }
    let underscored = site.name.replace('-', "_");
    let near = match nearest(site.name, names).map(str::to_owned) {
        _ if builtin::is_builtin(&underscored) => Some(underscored),
        near => near,
    };
    let foreign = other_services::advice(Owner::Step, site.name);
    let help = match near {
        Some(near) if builtin::is_unsupported(&near) => Help::did_you_mean(&near).not_supported(),
        Some(near) => Help::did_you_mean(&near),
        None if foreign.is_some() => foreign.unwrap_or_default(),
        None if !render.has_templates() => "commands need version 2.1".into(),
        None if site.name == "type" => {
            "write the step's name as its key: `- run: make test`, `- checkout`".into()
        }
        None => match (orb_with_command(modules, site), spaced(modules, site)) {
            (_, Some(spaced)) => format!("write `{spaced}`").into(),
            (Some(orb), None) => Help::did_you_mean(&format!("{orb}/{}", site.name)),
            (None, None) if is_of_the_configuration(modules, site) => {
                "an orb does not see the configuration's commands: define it under `commands` of \
                 the orb"
                    .into()
            }
            (None, None) => "define it under `commands`, or put shell text after `run:`".into(),
        },
    };
    let message = format!("cannot find a definition for command named `{}`", site.name);
    render.report().add(Problem::error(codes::UNKNOWN_COMMAND, site.key, message).help(help));
}

/// Returns whether a step of an orb has the name of one of the configuration's commands.
fn is_of_the_configuration(modules: &Modules<'_>, site: &Site<'_>) -> bool {
    let commands = &modules.get(ModuleId::CONFIG).commands;
    site.scope.module.is_orb() && commands.contains_key(site.name)
}

/// The first imported orb that has a command of this name.
fn orb_with_command<'m>(modules: &'m Modules<'_>, site: &Site<'_>) -> Option<&'m str> {
    let imports = &modules.get(site.scope.module).imports;
    let found = imports.iter().find(|(_, import)| {
        let Import::Module(orb) = import else { return false };
        modules.get(*orb).commands.contains_key(site.name)
    });
    found.map(|(name, _)| *name)
}

/// Returns a step with the space that it lacks after its colon: `run:make`.
fn spaced(modules: &Modules<'_>, site: &Site<'_>) -> Option<String> {
    let (step, rest) = site.name.split_once(':')?;
    let is_step = STEP_WORDS.contains(&step)
        || builtin::is_builtin(step)
        || modules.get(site.scope.module).commands.contains_key(step);
    (is_step && site.value.is_none() && !rest.is_empty() && !rest.starts_with(':'))
        .then(|| format!("{step}: {}", rest.trim_start()))
}
