//! An orb by itself, before it is published (CFG §4.13.2).

use crate::{
    Diagnostic, Inputs, codes,
    compile::{Context, source},
    fields::Known,
    imports::ORB_KEYS,
    modules::ModuleId,
    parameters::Element,
    report::Problem,
    source::{FileId, Place, Sources},
    version::Version,
    yaml::At,
};

/// Says what is wrong with the source of an orb: its shape, its parameters, and names that nobody
/// defines. What depends on arguments shows itself when the orb is used.
pub fn check_orb(text: &str, inputs: &Inputs) -> Vec<Diagnostic> {
    let sources = Sources::new(source(text, inputs));
    let mut context = Context::new(&sources, inputs);
    for problem in &sources.file(FileId::CONFIG).problems {
        context.report.add(problem.clone());
    }
    match sources.root(FileId::CONFIG).filter(|root| sources.is_map(*root)) {
        Some(root) => context.orb(root),
        None if context.report.errors() == 0 => {
            let message = "an orb is a mapping with commands, executors or jobs";
            let problem = Problem::error(codes::NOT_A_MAPPING, Place::default(), message);
            context.report.add(problem.help("begin with `version: 2.1`"));
        }
        None => {}
    }
    context.report.finish().0
}

impl Context<'_> {
    fn orb(&mut self, root: At) {
        if self.check_version(root) == Some(Version::V2_0) {
            let place = self.first_key(root);
            let problem = Problem::error(codes::ORB_INVALID, place, "an orb needs version 2.1");
            self.report.add(problem.help("write `version: 2.1`"));
        }
        let known = Known {
            what: "an orb",
            keys: ORB_KEYS,
            code: codes::UNKNOWN_KEY,
            advice: Known::no_advice,
            tolerant: false,
        };
        let entries = self.doc.entries(root);
        self.check_keys(entries.iter().map(|entry| (entry.name, entry.key)), known);
        for unused in ["workflows", "parameters", "setup"] {
            if let Some(entry) = entries.get(unused) {
                let message = format!("`{unused}` means nothing in an orb");
                self.report.add(Problem::warning(codes::IGNORED, entry.key, message));
            }
        }
        self.import_all(root);
        self.define(root);
        self.check_shapes();
        self.lint_orb_names();
        let module = self.module(ModuleId::CONFIG);
        let defined = [Element::Command, Element::Executor, Element::Job]
            .into_iter()
            .any(|element| !module.section(element).is_empty());
        if !defined && self.report.errors() == 0 {
            let place = self.first_key(root);
            let message = "the orb defines no command, executor or job";
            self.report.add(Problem::warning(codes::IGNORED, place, message));
        }
    }

    /// Names with characters that a reference `alias/name` cannot hold.
    fn lint_orb_names(&mut self) {
        let module = self.module(ModuleId::CONFIG);
        let all = [Element::Command, Element::Executor, Element::Job];
        let names: Vec<_> = all
            .into_iter()
            .flat_map(|element| module.section(element).iter())
            .filter(|(name, _)| name.contains(' '))
            .map(|(name, definition)| ((*name).to_owned(), definition.key))
            .collect();
        for (name, key) in names {
            let message =
                format!("`{name}` is hard to use: names of an orb's elements have no blanks");
            self.report.add(Problem::warning(codes::SUSPICIOUS_NAME, key, message));
        }
    }
}
