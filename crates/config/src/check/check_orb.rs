//! An orb by itself, before it is published (CFG §4.13.2).

use crate::{
    api::inputs::Inputs,
    check::checker::Checker,
    codes,
    expand::{builtin::is_builtin, progress::Progress, run::Site, steps::unknown_command},
    language::{
        data::{ModuleId, Scope},
        definition::{Element, Found},
    },
    read::{
        source::{Source, Sources},
        yaml::{At, View},
    },
    render::{Renderer, Tracing},
    resolve::{
        resolve_orb,
        section::first_key,
        shape::{NamedItem, Shapes},
    },
    text::{
        diagnostic::Diagnostic,
        place::{FileId, Place},
        problem::Problem,
    },
};

/// Says what is wrong with the source of an orb: its shape, its parameters, and names that are
/// not defined. What depends on arguments shows itself when the orb is used.
pub fn check_orb(text: &str, inputs: &Inputs) -> Vec<Diagnostic> {
    let sources = Sources::new(Source::config(&inputs.path, text));
    let mut render = Renderer::new(&sources, inputs, Tracing::Off);
    for problem in &sources.file(FileId::CONFIG).problems {
        render.report().add(problem.clone());
    }
    match sources.root(FileId::CONFIG).filter(|root| sources.is_map(*root)) {
        Some(root) => {
            let mut modules = resolve_orb(&mut render, root, inputs);
            Checker::new(&mut render, &mut modules, Progress::default()).orb(root);
        }
        None if render.found().errors() == 0 => {
            let message = "an orb must be a mapping with `commands`, `executors` or `jobs`";
            let problem = Problem::error(codes::NOT_A_MAPPING, Place::default(), message);
            render.report().add(problem.help("start with `version: 2.1`"));
        }
        None => {}
    }
    render.finish().diagnostics
}

impl Checker<'_, '_> {
    fn orb(&mut self, root: At) {
        self.check_step_names();
        self.lint_orb_names();
        let module = self.modules.get(ModuleId::CONFIG);
        let defined = [Element::Command, Element::Executor, Element::Job]
            .into_iter()
            .any(|element| !module.section(element).is_empty());
        if !defined && self.render.found().errors() == 0 {
            let place = first_key(self.render.doc(), root);
            let message = "the orb defines no command, executor or job";
            self.render.report().add(Problem::warning(codes::IGNORED, place, message));
        }
    }

    /// Steps that are not defined, whether something calls them or not: its users could
    /// not fix it.
    fn check_step_names(&mut self) {
        let module = self.modules.get(ModuleId::CONFIG);
        let all = [Element::Command, Element::Job].into_iter();
        let bodies: Vec<At> = all
            .flat_map(|element| module.section(element).values())
            .filter(|definition| !definition.broken)
            .map(|definition| definition.body)
            .collect();
        for body in bodies {
            if let Some(steps) = self.render.doc().get(body, "steps") {
                self.check_names(steps.value, 0);
            }
        }
    }

    fn check_names(&mut self, steps: At, depth: usize) {
        const DEPTH: usize = 100;
        let View::Seq(items) = self.render.doc().view(steps) else { return };
        for item in items.iter().filter(|_| depth < DEPTH) {
            let Some(NamedItem { name, key, value }) =
                Shapes::new(self.render, self.modules).step_shape(item)
            else {
                continue;
            };
            match (name, value) {
                ("when" | "unless", Some(value)) => {
                    if let Some(steps) = self.render.doc().get(value, "steps") {
                        self.check_names(steps.value, depth + 1);
                    }
                }
                ("steps", Some(value)) => self.check_names(value, depth + 1),
                ("run" | "deploy", _) => {}
                (name, _) if name.contains("<<") || is_builtin(name) => {}
                (name, value) => {
                    let found = self.lookup().find(ModuleId::CONFIG, Element::Command, name, key);
                    if let Found::Undefined = found {
                        let scope = Scope::outer("orb", ModuleId::CONFIG);
                        unknown_command(
                            self.render,
                            self.modules,
                            &Site { name, key, value, scope: &scope },
                        );
                    }
                }
            }
        }
    }

    /// Names with characters that a reference `alias/name` cannot hold.
    fn lint_orb_names(&mut self) {
        let module = self.modules.get(ModuleId::CONFIG);
        let all = [Element::Command, Element::Executor, Element::Job];
        let names: Vec<_> = all
            .into_iter()
            .flat_map(|element| module.section(element).iter())
            .filter(|(name, _)| name.contains(' '))
            .map(|(name, definition)| ((*name).to_owned(), definition.key))
            .collect();
        for (name, key) in names {
            let message =
                format!("`{name}` cannot be used by name: names in an orb must not contain spaces");
            self.render.report().add(Problem::warning(codes::SUSPICIOUS_NAME, key, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let found = check_orb(text, &Inputs::default());
        found
            .into_iter()
            .map(|found| format!("{}:{} {}", found.line, found.column, found.code))
            .collect()
    }

    #[test]
    fn a_sound_orb_is_sound() {
        let text = "version: 2.1\ncommands:\n  greet:\n    parameters: { who: { type: string } }\n    steps:\n      - run: echo << parameters.who >>\n      - when: { condition: << parameters.who >>, steps: [checkout] }\n";
        assert!(found(text).is_empty(), "{:?}", found(text));
    }

    #[test]
    fn mistakes_in_what_is_not_called_are_found_before_publishing() {
        let text = "version: 2.1\ncommands:\n  a:\n    steps:\n      - no-such-step: {}\n      - unless: { condition: true, steps: [nor-this] }\n  b:\n    parameters: { n: { type: integer, default: x } }\n    steps: [ run: y ]\n";
        assert_eq!(
            found(text),
            ["5:9 unknown-command", "6:44 unknown-command", "8:48 bad-default"]
        );
    }

    #[test]
    fn an_orb_of_another_version_or_of_nothing_is_refused() {
        assert_eq!(found("version: 2\n"), ["1:1 orb-invalid"]);
        assert_eq!(found("- a\n"), ["1:1 not-a-mapping"]);
        assert_eq!(found("a: [\n").len(), 1);
    }
}
