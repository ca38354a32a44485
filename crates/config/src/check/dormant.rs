//! What is not compiled today: branches that are not taken, workflows that are dropped, definitions
//! that nothing uses, arguments that their callee ignores (CFG §4.8, D-19).
//!
//! The pipeline runs without them, so what is wrong there is a warning; but a misspelled name
//! should not show on the day of the release only. Only names are checked: values depend on
//! parameters that were not given. What was compiled is passed once more and reported only once.
//!
//! Deliberately absent: shapes, which [`crate::resolve::shape`] checks everywhere.

use std::{collections::HashSet, rc::Rc};

use crate::{
    check::checker::Checker,
    codes,
    expand::{
        builtin,
        run::{Site, bad_run},
        steps::unknown_command,
    },
    language::{
        data::{ModuleId, Scope},
        definition::{Definition, Element, Found, Kind},
        keys::{RESERVED, STEP_WORDS},
        profile::Profile,
    },
    plan::graph::no_such_job,
    read::{
        report::Strictness,
        yaml::{At, Entry, Items, View, scalar},
    },
    render::budget::Resource,
    resolve::{
        parameters::bind::{Argument, ArgumentSource, Binder, Call},
        shape::NamedItem,
    },
    text::{
        problem::Problem,
        suggest::{did_you_mean, nearest},
    },
};

/// Lists of steps within each other.
const DEPTH: usize = 50;

/// What calls a definition where nothing runs.
struct DormantCall<'a> {
    element: Element,
    name: &'a str,
    scope: &'a Rc<Scope>,
    /// How deep it is in steps of steps.
    depth: usize,
}

impl<'d> Checker<'_, 'd> {
    /// Checks the names in the whole configuration.
    pub(crate) fn check_dormant(&mut self, root: At) {
        if !self.render.has_templates() || self.render.found().is_full() {
            return;
        }
        let before = self.render.report().set_strictness(Strictness::Lenient);
        let scope = Scope::outer("the configuration", ModuleId::CONFIG);
        let module = self.modules.get(ModuleId::CONFIG);
        let definitions = module.jobs.values().chain(module.commands.values());
        let bodies: Vec<At> = definitions.filter(|one| !one.broken).map(|one| one.body).collect();
        for body in bodies {
            if let Some(steps) = self.render.doc().get(body, "steps") {
                self.dormant_steps(steps.value, &scope, 0);
            }
        }
        let doc = self.render.doc();
        let workflows = doc.get(root, "workflows");
        for workflow in workflows.iter().flat_map(|section| doc.entries(section.value)) {
            let jobs = doc.get(workflow.value, "jobs").map(|jobs| doc.view(jobs.value));
            if let Some(View::Seq(items)) = jobs {
                items.iter().for_each(|item| self.dormant_invocation(item, &scope));
                self.dormant_requirements(workflow.name, items);
            }
        }
        self.render.report().set_strictness(before);
    }

    fn dormant_invocation(&mut self, item: At, scope: &Rc<Scope>) {
        let Some(NamedItem { name, key, value }) = self.named(item) else { return };
        let fields: Vec<Entry<'d>> =
            value.iter().flat_map(|at| self.render.doc().entries(*at)).collect();
        let is_approval = fields.iter().any(|field| {
            field.name == "type"
                && matches!(self.render.doc().view(field.value), View::Scalar("approval", _))
        });
        let is_group = self.modules.get(ModuleId::CONFIG).groups.contains_key(name);
        if is_approval || is_group || !self.render.afford(Resource::Visits, 1 + fields.len(), key) {
            return;
        }
        for field in fields.iter().filter(|field| matches!(field.name, "pre-steps" | "post-steps"))
        {
            self.dormant_steps(field.value, scope, 0);
        }
        match self.lookup().find(ModuleId::CONFIG, Element::Job, name, key) {
            // Another job may stand in for it, with its own parameters.
            Found::Definition(_) if fields.iter().any(|field| field.name == "override-with") => {}
            Found::Definition(job) => {
                let of_job = |field: &Entry<'_>| !RESERVED.contains(&field.name);
                let given = fields.into_iter().filter(of_job).collect();
                let call = DormantCall { element: Element::Job, name, scope, depth: 0 };
                self.dormant_arguments(&call, &job, given);
            }
            Found::Reported => {}
            Found::Undefined => self.expander().unknown_job(name, key, &fields),
        }
    }

    /// Looks for requirements that no entry of the workflow answers to. Where names come from tags
    /// nothing is certain.
    fn dormant_requirements(&mut self, workflow: &str, items: Items<'d>) {
        let doc = self.render.doc();
        let mut names: HashSet<&str> = HashSet::new();
        let mut prefixes: Vec<&str> = Vec::new();
        let mut required: Vec<(&str, At)> = Vec::new();
        for item in items.iter() {
            let Some(NamedItem { name, key, value }) = self.named(item) else { return };
            let field = |name: &str| doc.get(value?, name).map(|field| field.value);
            let text = |at: At| match doc.view(at) {
                View::Scalar(text, _) => Some(text),
                View::Seq(_) | View::Map(_) | View::Broken => None,
            };
            let own = field("name").and_then(text).unwrap_or(name);
            if own.contains("<<") || !self.render.afford(Resource::Visits, 1, key) {
                return;
            }
            names.insert(own);
            if let Some(matrix) = field("matrix") {
                names.insert(name);
                names.extend(doc.get(matrix, "alias").and_then(|alias| text(alias.value)));
                prefixes.push(own);
            }
            required.extend(field("requires").map(|list| (own, list)));
        }
        for (requiring, list) in required {
            let items = match self.render.doc().view(list) {
                View::Seq(items) => items.iter().collect(),
                View::Scalar(..) => vec![list],
                View::Map(_) | View::Broken => Vec::new(),
            };
            for item in items {
                let Some(NamedItem { name, key: place, .. }) = self.named(item) else { continue };
                let numbered =
                    name.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok());
                // The entry of that job is misspelled, which was reported.
                let module = self.modules.get(ModuleId::CONFIG);
                let is_defined =
                    |name| module.jobs.contains_key(name) || module.groups.contains_key(name);
                let has_other_spelling = || {
                    let near = nearest(name, names.iter().copied());
                    is_defined(name) && near.is_some_and(|near| !is_defined(near))
                };
                let known = names.contains(name)
                    || numbered.is_some_and(|(name, _)| names.contains(name))
                    || prefixes.iter().any(|prefix| name.starts_with(prefix));
                if known || has_other_spelling() {
                    continue;
                }
                let reported = [
                    codes::UNKNOWN_REQUIREMENT,
                    codes::GROUP_MEMBER,
                    codes::CYCLE,
                    codes::EMPTY_NAME,
                ];
                let reported =
                    reported.into_iter().any(|code| self.render.found().is_reported(code, place));
                if !reported && self.render.afford(Resource::Visits, 1, place) {
                    let message = no_such_job(requiring, name, workflow);
                    let problem = Problem::error(codes::UNKNOWN_REQUIREMENT, place, message);
                    let help = did_you_mean(name, names.iter().copied());
                    self.render.report().add(problem.maybe_help(help));
                }
            }
        }
    }

    fn dormant_steps(&mut self, list: At, scope: &Rc<Scope>, depth: usize) {
        match self.render.doc().view(list) {
            _ if depth > DEPTH => {}
            View::Seq(steps) => steps.iter().for_each(|step| self.dormant_step(step, scope, depth)),
            View::Map(_) => self.dormant_step(list, scope, depth),
            View::Scalar(..) | View::Broken => {}
        }
    }

    fn dormant_step(&mut self, step: At, scope: &Rc<Scope>, depth: usize) {
        let Some(NamedItem { name, key, value }) = self.named(step) else { return };
        if !self.render.afford(Resource::Visits, 1, key) {
            return;
        }
        let site = Site { name, key, value, scope };
        match (name, value) {
            ("when" | "unless", Some(condition)) => {
                if let Some(steps) = self.render.doc().get(condition, "steps") {
                    self.dormant_steps(steps.value, scope, depth + 1);
                }
            }
            ("steps", Some(list)) => self.dormant_steps(list, scope, depth + 1),
            ("run", Some(run)) => {
                if let View::Seq(_) = self.render.doc().view(run) {
                    bad_run::<()>(self.render, &site, "is a list");
                }
            }
            // `deploy` is the built-in step or a command, by what belongs to it.
            ("when" | "unless" | "steps" | "run", None) | ("deploy", _) => {}
            _ => match self.lookup().find(ModuleId::CONFIG, Element::Command, name, key) {
                Found::Definition(command) => {
                    let Some(command) = self.lookup().aliased_command(command) else { return };
                    let given =
                        value.iter().flat_map(|at| self.render.doc().entries(*at)).collect();
                    let call = DormantCall { element: Element::Command, name, scope, depth };
                    self.dormant_arguments(&call, &command, given);
                }
                Found::Undefined if builtin::is_builtin(name) || STEP_WORDS.contains(&name) => {}
                Found::Undefined
                    if builtin::hyphenated(name).is_some()
                        && self.render.profile() == Profile::Legacy => {}
                Found::Undefined => unknown_command(self.render, self.modules, &site),
                Found::Reported => {}
            },
        }
    }

    /// Looks for arguments that are not declared, and into those that are steps.
    fn dormant_arguments(
        &mut self,
        call: &DormantCall<'_>,
        definition: &Definition,
        given: Vec<Entry<'d>>,
    ) {
        let DormantCall { element, name, scope, depth } = *call;
        if definition.broken || !self.render.afford(Resource::Visits, given.len(), definition.key) {
            return;
        }
        let declarations = &definition.parameters;
        for entry in given {
            match declarations.get(entry.name) {
                Some(declared) if matches!(declared.kind, Kind::Steps) => {
                    self.dormant_steps(entry.value, scope, depth + 1);
                }
                Some(_) => {}
                None => {
                    let callee: Rc<str> = format!("{} `{name}`", element.word()).into();
                    let (place, module) = (entry.key, definition.module);
                    let call = Call { element, callee: &callee, declarations, place, module };
                    let source = ArgumentSource::Node(entry.value, scope.clone());
                    let argument = Argument { name: entry.name.to_owned(), key: entry.key, source };
                    Binder::new(self.render).unexpected_argument(&call, &argument);
                }
            }
        }
    }

    /// Takes an item of a list apart: a name alone, or with what belongs to it. Any other shape is
    /// reported elsewhere; a name with a tag is not known.
    fn named(&self, item: At) -> Option<NamedItem<'d>> {
        let found = match self.render.doc().view(item) {
            View::Scalar(name, style)
                if matches!(scalar::resolve(name, style), scalar::Scalar::Text(_)) =>
            {
                NamedItem { name, key: self.render.doc().place(item), value: None }
            }
            View::Map(entries) if entries.len() == 1 => {
                let entry = entries.first()?;
                NamedItem { name: entry.name, key: entry.key, value: Some(entry.value) }
            }
            View::Scalar(..) | View::Map(_) | View::Seq(_) | View::Broken => return None,
        };
        (!found.name.contains("<<")).then_some(found)
    }
}
