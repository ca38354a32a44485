//! Warnings: what runs, and is probably not meant (CFG §7.5.7).

use std::collections::HashSet;

use crate::{
    check::checker::Checker,
    codes::{self, Code},
    language::{
        data::ModuleId,
        definition::{Definition, Element},
    },
    read::yaml::{At, View},
    text::{place::FileId, problem::Problem},
};

impl<'d> Checker<'_, 'd> {
    /// Definitions that nothing mentions (W-01, W-02), and names that two kinds share (W-14).
    pub(crate) fn lint_definitions(&mut self, root: At) {
        if !self.render.has_templates() {
            return;
        }
        let doc = &self.render.doc().file(FileId::CONFIG).doc;
        let mentioned = doc.mentions();
        let module = self.modules.get(ModuleId::CONFIG);
        let unused = |element: Element, is_used: &dyn Fn(&str) -> bool| {
            let section = module.section(element).iter();
            let unused = section.filter(|(name, definition)| !is_used(name) && !definition.broken);
            unused
                .map(|(name, definition)| ((*name).to_owned(), definition.key))
                .collect::<Vec<_>>()
        };
        // A command that is a string uses the one that it names.
        let aliases =
            module.commands.values().filter_map(|one| match self.render.doc().view(one.body) {
                View::Scalar(name, _) => Some(name),
                View::Seq(_) | View::Map(_) | View::Broken => None,
            });
        let used: HashSet<&str> = mentioned.items.iter().copied().chain(aliases).collect();
        let commands = unused(Element::Command, &|name| used.contains(name));
        let executors = unused(Element::Executor, &|name| mentioned.is_value(name));
        let mut problems = Vec::new();
        for (what, found) in [("command", commands), ("executor", executors)] {
            for (name, key) in found {
                let message = format!("{what} `{name}` is never used");
                problems.push((name, Problem::warning(codes::UNUSED_DEFINITION, key, message)));
            }
        }
        problems.extend(self.unused_orbs(root, &mentioned.prefixes));
        problems.extend(self.unused_parameters());
        for (name, problem) in problems {
            // What a misspelled name is meant for is used.
            if !self.render.found().is_meant(&name) {
                self.render.report().add(problem);
            }
        }
        for problem in self.shared_names(root) {
            self.render.report().add(problem);
        }
    }

    fn unused_orbs(&self, root: At, prefixes: &HashSet<&str>) -> Vec<(String, Problem)> {
        let Some(orbs) = self.render.doc().get(root, "orbs") else { return Vec::new() };
        let unused = self.render.doc().entries(orbs.value);
        let unused = unused.iter().filter(|orb| !prefixes.contains(orb.name));
        let problem = |orb: crate::read::yaml::Entry<'_>| {
            let message = format!("orb `{}` is imported but never used", orb.name);
            let problem = Problem::warning(codes::UNUSED_DEFINITION, orb.key, message);
            (orb.name.to_owned(), problem.help("remove the import"))
        };
        unused.map(problem).collect()
    }

    /// Parameters that their element's text never mentions.
    fn unused_parameters(&self) -> Vec<(String, Problem)> {
        let module = self.modules.get(ModuleId::CONFIG);
        let aliases = self.render.doc().file(FileId::CONFIG).doc.aliases();
        let mut problems = Vec::new();
        for element in [Element::Job, Element::Command, Element::Executor] {
            for (name, definition) in module.section(element) {
                let body = self.body_text(definition, &aliases);
                let unused = definition.parameters.iter();
                let unused = unused
                    .filter(|(parameter, _)| !body.contains(&format!("parameters.{parameter}")));
                for (parameter, declaration) in unused {
                    let message = format!(
                        "the {} `{name}` never uses its parameter `{parameter}`",
                        element.word()
                    );
                    let code: Code = codes::UNUSED_PARAMETER;
                    let problem = Problem::warning(code, declaration.key, message);
                    problems.push((parameter.clone(), problem));
                }
            }
        }
        problems
    }

    /// The source of a definition; with one of the `aliases` of the text in it, it reaches elsewhere, and
    /// then the whole file counts.
    fn body_text(&self, definition: &Definition, aliases: &[u32]) -> &'d str {
        let file = self.render.doc().file(FileId::CONFIG);
        let place = self.render.doc().place(definition.body);
        let first = aliases.partition_point(|start| *start < place.span.start);
        let has_alias = aliases.get(first).is_some_and(|start| *start < place.span.end);
        if place.via.is_some() || has_alias {
            return &file.text;
        }
        file.text.get(place.span.start()..place.span.end()).unwrap_or("")
    }

    fn shared_names(&self, root: At) -> Vec<Problem> {
        let module = self.modules.get(ModuleId::CONFIG);
        let mut problems = Vec::new();
        let workflows = self
            .render
            .doc()
            .get(root, "workflows")
            .map(|entry| self.render.doc().entries(entry.value));
        let workflow = |name: &str| workflows.as_ref()?.get(name).map(|entry| entry.key);
        for (name, command) in &module.commands {
            let executor = module.executors.get(name);
            let other = executor.map(|other| ("an executor", "the executor", other.key));
            let other = other.or_else(|| Some(("a workflow", "the workflow", workflow(name)?)));
            let Some((what, the_other, key)) = other else { continue };
            let message = format!("`{name}` is the name of both a command and {what}");
            let problem = Problem::warning(codes::SHARED_NAME, command.key, message);
            problems.push(problem.related(key, the_other));
        }
        problems
    }
}
