//! Modules: the configuration and the orbs that it imports, each with its own definitions
//! (CFG §4.13.4).
//!
//! A name without a slash is looked up where it is written; `alias/name` in the orb that the alias
//! stands for *there*. Orbs never see the configuration's definitions. Definitions of orbs are read
//! when they are first used: a large orb costs nothing for what is not used.

use std::{collections::HashSet, rc::Rc};

use crate::{
    codes,
    language::{
        data::ModuleId,
        definition::{Definition, Element, Found, Import},
        keys::{BUILTIN_STEPS, COMMAND, JOB, STEP_WORDS},
    },
    read::yaml::{At, Entry, View},
    render::{Renderer, budget::Resource},
    resolve::{modules::Modules, parameters::declare::DeclarationReader},
    text::{
        help::Help,
        place::Place,
        problem::Problem,
        suggest::{did_you_mean, list, nearest},
    },
};

/// `alias/local`: an element of an orb, and where it is named.
struct OrbElement<'a> {
    alias: &'a str,
    local: &'a str,
    element: Element,
    place: Place,
}

/// Finds out what names mean, and reads what orbs define when it is first used: nothing else is added to the
/// modules once they are resolved.
pub(crate) struct Lookup<'c, 'd> {
    pub(super) render: &'c mut Renderer<'d>,
    pub(super) modules: &'c mut Modules<'d>,
}

impl<'c, 'd> Lookup<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>, modules: &'c mut Modules<'d>) -> Self {
        Self { render, modules }
    }

    /// Finds what a name means where it is written. `place` is that of the name.
    pub(crate) fn find(
        &mut self,
        module: ModuleId,
        element: Element,
        name: &str,
        place: Place,
    ) -> Found {
        // Version 2.0 knows no orbs; in a compiled document a job is called `orb/job`.
        let Some((alias, local)) = name.split_once('/').filter(|_| self.render.has_templates())
        else {
            return match self.local(module, element, name) {
                Some(definition) => Found::Definition(definition),
                None if self.is_unreadable(module, element.section()) => Found::Reported,
                None if self.is_element_below_misspelled(module, element, name, place) => {
                    Found::Reported
                }
                None => Found::Undefined,
            };
        };
        let sought = OrbElement { alias, local, element, place };
        let Some(import) = self.import(module, alias) else {
            if !self.is_below_misspelled(module, "orbs", alias, place) {
                self.unknown_alias(module, &sought);
            }
            return Found::Reported;
        };
        let Import::Module(orb) = import else { return Found::Reported };
        if let Some(definition) = self.local(orb, element, local) {
            return Found::Definition(definition);
        }
        self.missing_element(orb, &sought);
        Found::Reported
    }

    /// Returns whether a section is there and is not a mapping, which was reported: what it would have
    /// defined is not known, so nothing is undefined.
    fn is_unreadable(&self, module: ModuleId, section: &str) -> bool {
        let root = self.modules.get(module).root;
        let section = root.and_then(|root| self.render.doc().get(root, section));
        section.is_some_and(|section| match self.render.doc().view(section.value) {
            View::Map(_) => false,
            View::Scalar(..) => !self.render.doc().is_null(section.value),
            View::Seq(_) | View::Broken => true,
        })
    }

    /// Finds a definition of a module.
    pub(crate) fn local(
        &mut self,
        module: ModuleId,
        element: Element,
        name: &str,
    ) -> Option<Definition> {
        let known = self.modules.get(module);
        if let Some(definition) = known.section(element).get(name) {
            return Some(definition.clone());
        }
        if known.complete {
            return None;
        }
        let section = self.render.doc().get(known.root?, element.section())?;
        let entry = self.render.doc().get(section.value, name)?;
        let definition = self.definition(module, element, &entry);
        self.modules.get_mut(module).section_mut(element).insert(entry.name, definition.clone());
        Some(definition)
    }

    /// Reads one definition: its shape from outside, and its parameters.
    pub(super) fn definition(
        &mut self,
        module: ModuleId,
        element: Element,
        entry: &Entry<'d>,
    ) -> Definition {
        self.render.report_blank_name(element.word(), entry.name, entry.key);
        let mut definition = Definition {
            key: entry.key,
            body: entry.value,
            parameters: Rc::default(),
            module,
            broken: false,
        };
        match self.render.doc().view(entry.value) {
            View::Map(_) => {
                let parameters = self.render.doc().get(entry.value, "parameters");
                let parameters =
                    parameters.or_else(|| self.misspelled_parameters(module, element, entry.value));
                let parameters =
                    parameters.filter(|_| self.render.has_templates() && element != Element::Group);
                if let Some(parameters) = parameters {
                    let owner: Rc<str> = format!("{} `{}`", element.word(), entry.name).into();
                    let declared =
                        if self.render.doc().is_null(parameters.value) && !module.is_orb() {
                            DeclarationReader::new(self.render).declare_strays(
                                entry.value,
                                element,
                                &owner,
                                module,
                            )
                        } else {
                            DeclarationReader::new(self.render).declare(
                                parameters.value,
                                element,
                                &owner,
                                module,
                            )
                        };
                    definition.parameters = Rc::new(declared);
                    // What a list declares is not known, so neither is what is undeclared.
                    definition.broken =
                        matches!(self.render.doc().view(parameters.value), View::Seq(_));
                }
            }
            View::Broken => definition.broken = true,
            // An executor may be another one's name (CFG §2.2), and so may a command.
            View::Scalar(..)
                if matches!(element, Element::Executor | Element::Command)
                    && !self.render.doc().is_null(entry.value) => {}
            View::Scalar(..) | View::Seq(_) => {
                definition.broken = true;
                self.not_a_mapping_below(entry, element);
            }
        }
        definition
    }

    /// Follows a command that is the name of another one to that one; `None` if there is none, which
    /// was reported.
    pub(crate) fn aliased_command(&mut self, command: Definition) -> Option<Definition> {
        self.follow_command(command, &mut HashSet::new())
    }

    /// The same, for many commands: those that are `known` were followed before.
    pub(super) fn follow_command(
        &mut self,
        command: Definition,
        known: &mut HashSet<At>,
    ) -> Option<Definition> {
        let mut seen = HashSet::new();
        let found = self.follow_unknown(command, known, &mut seen);
        known.extend(seen);
        found
    }

    fn follow_unknown(
        &mut self,
        mut command: Definition,
        known: &HashSet<At>,
        seen: &mut HashSet<At>,
    ) -> Option<Definition> {
        while let View::Scalar(name, _) = self.render.doc().view(command.body)
            && !command.broken
        {
            let place = self.render.doc().place(command.body);
            if known.contains(&command.body) {
                return None;
            }
            if !seen.insert(command.body) {
                let message = format!("command `{name}` refers to itself");
                let problem = Problem::error(codes::RECURSION, place, message);
                self.render.report().add(problem.help("one of these commands must have `steps`"));
                return None;
            }
            match self.find(command.module, Element::Command, name, place) {
                Found::Definition(next) => command = next,
                Found::Reported => return None,
                Found::Undefined => {
                    let names = self.modules.names(self.render, command.module, Element::Command);
                    let help = did_you_mean(name, names).unwrap_or_else(|| {
                        "a command that is a string is an alias for another command; to define \
                         its own steps, write `steps:` below it"
                            .into()
                    });
                    let is_builtin = BUILTIN_STEPS.contains(&name) || STEP_WORDS.contains(&name);
                    let (message, help) = if is_builtin {
                        let message = format!("`{name}` is a built-in step, not a command");
                        let step = if name == "run" { "{ run: … }" } else { name };
                        (message, format!("write `{{ steps: [{step}] }}`").into())
                    } else {
                        (format!("cannot find a definition for command named `{name}`"), help)
                    };
                    let problem = Problem::error(codes::UNKNOWN_COMMAND, place, message);
                    self.render.report().add(problem.help(help));
                    return None;
                }
            }
        }
        Some(command)
    }

    fn not_a_mapping_below(&mut self, entry: &Entry<'_>, element: Element) {
        let is_empty = self.render.doc().is_null(entry.value);
        let code =
            if element == Element::Job { codes::JOB_NOT_A_MAPPING } else { codes::SECTION_TYPE };
        let message = format!("{} `{}` must be a mapping", element.word(), entry.name);
        // The hosted service lets an empty definition pass as long as nothing uses it.
        let severe = !is_empty;
        let help = if is_empty {
            format!("indent its keys deeper than `{}`", entry.name)
        } else if let Some(help) = self.list_without_key(entry, element) {
            help
        } else {
            format!("write its keys below `{}`, without dashes", entry.name)
        };
        let problem = if severe {
            Problem::error(code, entry.key, message)
        } else {
            Problem::warning(code, entry.key, message)
        };
        self.render.report().add(problem.help(help));
    }

    /// Says what is missing above a list that is all of a definition: of steps, images or entries.
    fn list_without_key(&self, entry: &Entry<'_>, element: Element) -> Option<String> {
        let View::Seq(items) = self.render.doc().view(entry.value) else { return None };
        let is_image = |item: At| self.render.doc().get(item, "image").is_some();
        let known = match element {
            Element::Job => JOB,
            Element::Command => COMMAND,
            Element::Executor if items.iter().any(is_image) => {
                return Some(format!("write `docker:` between `{}:` and the list", entry.name));
            }
            Element::Group if !items.is_empty() => {
                return Some(format!("write `jobs:` between `{}:` and the list", entry.name));
            }
            Element::Executor | Element::Group | Element::Pipeline => return None,
        };
        let is_key = |item: At| {
            self.render.doc().entries(item).iter().any(|key| known.keys.contains(&key.name))
        };
        if items.is_empty() || items.iter().any(is_key) {
            return None;
        }
        let name = entry.name;
        Some(if element == Element::Job {
            format!(
                "write `machine: true` and `steps:` between `{name}:` and the list, or another executor and `steps:`"
            )
        } else {
            format!("write `steps:` between `{name}:` and the list")
        })
    }

    /// Reports the use of an empty definition, which by itself is a warning only.
    pub(crate) fn empty_is_used(&mut self, definition: &Definition, element: Element) {
        if definition.broken && self.render.doc().is_null(definition.body) {
            let word = element.word();
            let code = if element == Element::Job {
                codes::JOB_NOT_A_MAPPING
            } else {
                codes::SECTION_TYPE
            };
            let message = format!("this {word} is used but empty");
            let problem = Problem::error(code, definition.key, message);
            self.render.report().add(problem.help("indent its keys deeper than its name"));
        }
    }

    /// Reports an orb that is not declared, once for each alias.
    fn unknown_alias(&mut self, module: ModuleId, sought: &OrbElement<'_>) {
        let OrbElement { alias, local, element, place } = *sought;
        // A definition of that name was reported for its slash: no orb is missing.
        let full = format!("{alias}/{local}");
        let defined = self.modules.get(module).section(element).contains_key(&*full);
        if self.is_unreadable(module, "orbs")
            || defined
            || !self.modules.get_mut(module).unknown_aliases.insert(alias.to_owned())
        {
            return;
        }
        let message =
            format!("cannot find orb `{alias}`, looking for the {} `{local}`", element.word());
        let root = self.modules.get(module).root;
        let orbs = root.and_then(|root| self.render.doc().get(root, "orbs"));
        let declared: Vec<&str> = orbs
            .map(|orbs| {
                self.render.doc().entries(orbs.value).iter().map(|entry| entry.name).collect()
            })
            .unwrap_or_default();
        let help = match nearest(alias, declared) {
            Some(near) => Help::did_you_mean(&format!("{near}/{local}")),
            None => format!("add `{alias}: namespace/{alias}@1.0` under `orbs`").into(),
        };
        self.render.report().add(Problem::error(codes::UNKNOWN_ORB, place, message).help(help));
    }

    /// Reports an element that an orb does not have.
    fn missing_element(&mut self, orb: ModuleId, sought: &OrbElement<'_>) {
        let OrbElement { alias, local, element, place } = *sought;
        let name = self.modules.get(orb).name.clone();
        let word = element.word();
        if local.contains('/') {
            let message = format!("`{alias}/{local}` has more than one slash");
            let problem = Problem::error(codes::ORB_ELEMENT, place, message);
            self.render
                .report()
                .add(problem.help("the orbs that an orb imports cannot be used from outside"));
            return;
        }
        if !self.render.afford(Resource::Visits, 50, place) {
            return;
        }
        let names = self.modules.names(self.render, orb, element);
        let help = did_you_mean(local, names.iter().copied()).unwrap_or_else(|| {
            let others = [Element::Command, Element::Job, Element::Executor];
            let other = others.into_iter().filter(|other| *other != element);
            let other = other
                .into_iter()
                .find(|other| self.modules.names(self.render, orb, *other).contains(&local));
            match (other, names.is_empty()) {
                (Some(other), _) => {
                    format!("`{local}` is {} of this orb", other.word_with_article()).into()
                }
                (None, true) => format!("this orb has no {word}s").into(),
                (None, false) => format!("available: {}", list(names.iter().copied())).into(),
            }
        });
        let message = format!("{name} has no {word} `{local}`");
        self.render.report().add(Problem::error(codes::ORB_ELEMENT, place, message).help(help));
    }
}
