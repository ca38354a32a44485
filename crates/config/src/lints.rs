//! Warnings: what runs, and is probably not meant (CFG §7.5.7).

use std::collections::{HashMap, HashSet};

use crate::{
    codes::{self, Code},
    compile::Context,
    executor::Surroundings,
    filters::Filters,
    graph::Edge,
    invocation::Draft,
    modules::{Definition, ModuleId},
    parameters::Element,
    report::Problem,
    source::{FileId, Place},
    value::{Data, Value},
    yaml::At,
};

impl<'d> Context<'d> {
    /// Variables that will not hold what they seem to.
    pub(crate) fn lint_environment(&mut self, environment: &Value) {
        if environment.place.file != FileId::CONFIG {
            return;
        }
        if let Data::List(items) = &environment.data {
            items.iter().for_each(|item| self.lint_environment(item));
            return;
        }
        for field in environment.fields() {
            let Data::Text(text) = &field.value.data else { continue };
            let place = field.value.place;
            let written = self.doc.written(place);
            if place.file == FileId::CONFIG && refers_to_itself(&field.name, text) {
                let message = format!(
                    "`{}` gets this very text: variables are not filled in here",
                    field.name
                );
                let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
                let help = format!(
                    "in a `run` step: `echo 'export {}={text}' >> \"$BASH_ENV\"`",
                    field.name
                );
                self.report.add(problem.help(help));
            } else if looks_secret(&field.name, text) && written == &**text {
                let message =
                    format!("`{}` looks like a secret, for everybody to read", field.name);
                let problem = Problem::warning(codes::SECRET_IN_TEXT, place, message);
                let help = "put it into a context or the project's variables, and revoke this one";
                self.report.add(problem.help(help));
            }
        }
    }

    /// Images that change by themselves (W-13).
    pub(crate) fn lint_image(&mut self, image: &str, place: Place) {
        let name = image.rsplit('/').next().unwrap_or(image);
        let floating = !name.contains([':', '@']) || name.ends_with(":latest");
        if floating && place.file == FileId::CONFIG && !image.is_empty() {
            let message = format!("the image `{image}` changes by itself");
            let problem = Problem::warning(codes::FLOATING_IMAGE, place, message);
            self.report.add(problem.help("name a tag, so that tomorrow's job is today's"));
        }
    }

    /// Directories are taken as they are written (W-09).
    pub(crate) fn lint_surroundings(&mut self, surroundings: &Surroundings) {
        let Some(directory) = &surroundings.working_directory else { return };
        let place = directory.value.place;
        if directory.text.contains('$') && place.file == FileId::CONFIG {
            let message =
                format!("`{}` is taken as it is: variables are not filled in here", directory.text);
            let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
            self.report.add(problem.help("a leading `~` is the home directory"));
        }
    }

    /// Filters that do something else than they seem to (W-05), or that nothing passes.
    pub(crate) fn lint_workflow(&mut self, drafts: &[Draft]) {
        let mut serial: HashMap<&str, Place> = HashMap::new();
        for draft in drafts {
            self.lint_filters(draft);
            let Some(key) = &draft.serial_group else { continue };
            if let Some(first) = serial.insert(key, draft.key) {
                let message = format!("the serial group `{key}` is used twice in this workflow");
                let problem = Problem::warning(codes::SERIAL_GROUP_TWICE, draft.key, message);
                let problem = problem.related(first, "the first time");
                self.report
                    .add(problem.help("give the jobs different groups, or make them one job"));
            }
        }
    }

    fn lint_filters(&mut self, draft: &Draft) {
        let Filters::Names { branches, tags } = &draft.filters else { return };
        let (Some(place), None) = (draft.filters.only_tags(), branches) else {
            if let Some(why) = draft.filters.never() {
                let message = format!("`{}` never runs: {why}", draft.requested);
                let place = draft.filters_key.unwrap_or(draft.key);
                let problem = Problem::warning(codes::NEVER_RUNS, place, message);
                self.report.add(problem.help("name a branch under `only`, or remove the filter"));
            }
            return;
        };
        if tags.is_some() {
            let message =
                format!("`{}` runs for these tags, and on every branch too", draft.requested);
            let problem = Problem::warning(codes::TAG_ONLY, place, message);
            self.report.add(problem.help("for tags only, add `branches: { ignore: /.*/ }`"));
        }
    }

    /// A job that runs for a tag waits for nothing that does not (W-06).
    pub(crate) fn lint_graph(&mut self, drafts: &[Draft], edges: &[Vec<Edge>]) {
        for (draft, edges) in drafts.iter().zip(edges) {
            if draft.filters.only_tags().is_none() || edges.is_empty() {
                continue;
            }
            let skips =
                |edge: &&Edge| drafts.get(edge.job).is_some_and(|other| other.filters.skips_tags());
            // With another requirement left it still runs; with none it goes too.
            let Some(edge) = edges.iter().find(skips) else { continue };
            let name =
                drafts.get(edge.job).map(|other| other.requested.as_str()).unwrap_or_default();
            let message = format!(
                "`{}` runs for tags, and `{name}`, which it requires, does not",
                draft.requested
            );
            let problem = Problem::warning(codes::TAG_REQUIREMENT, edge.place, message);
            self.report.add(problem.help(format!("give `{name}` the same `tags` filter")));
        }
    }

    /// Definitions that nothing mentions (W-01, W-02), and names that two kinds share (W-14).
    pub(crate) fn lint_definitions(&mut self, root: At) {
        if !self.templates {
            return;
        }
        let doc = &self.doc.file(FileId::CONFIG).doc;
        let mentioned = doc.mentions();
        let module = self.module(ModuleId::CONFIG);
        let unused = |element: Element, used: &HashSet<&str>| {
            let section = module.section(element).iter();
            let unused =
                section.filter(|(name, definition)| !used.contains(*name) && !definition.broken);
            unused
                .map(|(name, definition)| ((*name).to_owned(), definition.key))
                .collect::<Vec<_>>()
        };
        let commands = unused(Element::Command, &mentioned.items);
        let executors = unused(Element::Executor, &mentioned.scalars);
        let mut problems = Vec::new();
        for (what, found) in [("command", commands), ("executor", executors)] {
            for (name, key) in found {
                let message = format!("nothing uses the {what} `{name}`");
                problems.push(Problem::warning(codes::UNUSED_DEFINITION, key, message));
            }
        }
        problems.extend(self.unused_orbs(root, &mentioned.prefixes));
        problems.extend(self.unused_parameters());
        problems.extend(self.shared_names(root));
        for problem in problems {
            self.report.add(problem);
        }
    }

    fn unused_orbs(&self, root: At, prefixes: &HashSet<&str>) -> Vec<Problem> {
        let Some(orbs) = self.doc.get(root, "orbs") else { return Vec::new() };
        let unused = self.doc.entries(orbs.value);
        let unused = unused.iter().filter(|orb| !prefixes.contains(orb.name));
        let problem = |orb: crate::yaml::Entry<'_>| {
            let message = format!("nothing of the orb `{}` is used", orb.name);
            let problem = Problem::warning(codes::UNUSED_DEFINITION, orb.key, message);
            problem.help("remove the import")
        };
        unused.map(problem).collect()
    }

    /// Parameters that their element's text never mentions.
    fn unused_parameters(&self) -> Vec<Problem> {
        let module = self.module(ModuleId::CONFIG);
        let mut problems = Vec::new();
        for element in [Element::Job, Element::Command, Element::Executor] {
            for (name, definition) in module.section(element) {
                let body = self.body_text(definition);
                let unused = definition.parameters.iter();
                let unused = unused
                    .filter(|(parameter, _)| !body.contains(&format!("parameters.{parameter}")));
                for (parameter, declaration) in unused {
                    let message = format!(
                        "the {} `{name}` never uses its parameter `{parameter}`",
                        element.word()
                    );
                    let code: Code = codes::UNUSED_PARAMETER;
                    problems.push(Problem::warning(code, declaration.key, message));
                }
            }
        }
        problems
    }

    /// The source of a definition; with aliases it may reach elsewhere, and then the whole file
    /// counts.
    fn body_text(&self, definition: &Definition) -> &'d str {
        let file = self.doc.file(FileId::CONFIG);
        let place = self.doc.place(definition.body);
        let body = file.text.get(place.span.start()..place.span.end()).unwrap_or("");
        if place.via.is_some()
            || body.contains(": *")
            || body.contains("- *")
            || body.contains("<<:")
        {
            return &file.text;
        }
        body
    }

    fn shared_names(&self, root: At) -> Vec<Problem> {
        let module = self.module(ModuleId::CONFIG);
        let mut problems = Vec::new();
        let workflows = self.doc.get(root, "workflows").map(|entry| self.doc.entries(entry.value));
        let workflow = |name: &str| workflows.as_ref()?.get(name).map(|entry| entry.key);
        for (name, command) in &module.commands {
            let other = module.executors.get(name).map(|other| ("executor", other.key));
            let other = other.or_else(|| Some(("workflow", workflow(name)?)));
            let Some((what, key)) = other else { continue };
            let message = format!("`{name}` is the name of a command and of a {what}");
            let message = message.replace("a executor", "an executor");
            let problem = Problem::warning(codes::SHARED_NAME, command.key, message);
            problems.push(problem.related(key, format!("the {what}")));
        }
        problems
    }
}

/// `PATH: $HOME/bin:$PATH`, and the like.
fn refers_to_itself(name: &str, text: &str) -> bool {
    let own = format!("${name}");
    let braced = format!("${{{name}}}");
    text.contains(&own) || text.contains(&braced) || name == "PATH" && text.contains('$')
}

/// A long random text under a name that promises a secret.
fn looks_secret(name: &str, text: &str) -> bool {
    const SHORTEST: usize = 16;
    let name = name.to_ascii_uppercase();
    let promising =
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"];
    let known = ["ghp_", "gho_", "github_pat_", "AKIA", "xoxb-", "xoxp-", "glpat-", "sk_live_"];
    let random = || {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        text.chars().all(|c| c.is_ascii_alphanumeric() || "+/=_-".contains(c))
            && digits >= 3
            && text.chars().any(|c| c.is_ascii_alphabetic())
    };
    let long = text.len() >= SHORTEST && !text.contains('$');
    long && (known.iter().any(|start| text.starts_with(start))
        || promising.iter().any(|word| name.contains(word)) && random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_random_text_under_a_telling_name_looks_secret() {
        assert!(looks_secret("GITHUB_TOKEN", "a8f5f167f44f4964e6c998dee827110c"));
        assert!(looks_secret("WHATEVER", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
        for (name, text) in [
            ("POSTGRES_PASSWORD", "postgres"),
            ("TOKEN_URL", "https://example.test/token"),
            ("SECRET_KEY_BASE", "$SECRET_KEY_BASE"),
            ("COMMIT", "a8f5f167f44f4964e6c998dee827110c"),
        ] {
            assert!(!looks_secret(name, text), "{name}");
        }
    }
}
