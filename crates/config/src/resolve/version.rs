//! The version, the setup flag, and top-level keys that mean nothing (CFG §1.2,
//! §1.6).

use crate::{
    api::inputs::Inputs,
    codes,
    language::{
        other_services::{self, Owner},
        profile::Profile,
        version::Version,
    },
    read::{
        curly_braces,
        yaml::{At, Entry, View, scalar},
    },
    resolve::{Resolver, section::first_key},
    text::{
        help::Help,
        place::{FileId, Place, Span},
        problem::Problem,
        suggest::{list, nearest},
    },
};

/// Top-level keys that mean something.
pub(super) const SECTIONS: &[&str] = &[
    "version",
    "setup",
    "orbs",
    "commands",
    "executors",
    "parameters",
    "jobs",
    "job-groups",
    "workflows",
    "description",
    "display",
    "examples",
    "experimental",
    "build_agent",
];

/// Those that a key of another name may have been meant as.
const USUAL: [&str; 6] = ["orbs", "parameters", "executors", "commands", "jobs", "workflows"];

/// Top-level keys of version 1, which are ignored since.
const VERSION_1: &[&str] = &["general", "notify", "machine", "dependencies", "test", "deployment"];

/// What a tag refers to in version 2.1.
const VALUES: [&str; 3] = ["parameters.", "pipeline.", "matrix."];

impl Resolver<'_, '_> {
    /// Reads `version`. `None` if its version is not supported.
    pub(crate) fn check_version(&mut self, root: At) -> Option<Version> {
        let Some(version) = self.render.doc().get(root, "version") else {
            let place = first_key(self.render.doc(), root);
            let problem =
                Problem::error(codes::VERSION_MISSING, place, "required key [version] not found");
            self.render.report().add(problem.help("add `version: 2.1`"));
            return Some(Version::V2_1);
        };
        // The raw text is compared: `2.10` is not a version, though it is the number 2.1.
        if let View::Scalar(text, _) = self.render.doc().view(version.value) {
            match text.trim() {
                "2" | "2.0" => {
                    self.check_old_version(root, version.value);
                    self.check_literal_tags(root);
                    return Some(Version::V2_0);
                }
                "2.1" => {
                    self.check_curly_tags(root);
                    return Some(Version::V2_1);
                }
                _ => {}
            }
        }
        let place = self.render.doc().place(version.value);
        let message = format!(
            "unsupported version `{}`",
            self.render.doc().written(place).lines().next().unwrap_or("")
        );
        self.render
            .report()
            .add(Problem::error(codes::VERSION_UNSUPPORTED, place, message).help("use `2.1`"));
        None
    }

    /// The `next` profile knows version 2.1 only, and the document that ends a pipeline (CFG §10.1).
    fn check_old_version(&mut self, root: At, version: At) {
        let has_jobs = self
            .render
            .doc()
            .get(root, "jobs")
            .is_some_and(|jobs| !self.render.doc().entries(jobs.value).is_empty());
        if self.render.profile() == Profile::Next && has_jobs {
            let place = self.render.doc().place(version);
            let message = "profile `next` only supports version 2.1";
            let problem = Problem::error(codes::VERSION_UNSUPPORTED, place, message);
            self.render
                .report()
                .add(problem.help("write `version: 2.1`, and `\\<<` for every literal `<<`"));
        }
    }

    /// Warns about tags, which version 2 takes for text: a shell would be handed `<< … >>`. Reported once,
    /// at the first one.
    fn check_literal_tags(&mut self, root: At) {
        let doc = self.render.doc();
        let sections = ["jobs", "workflows"].into_iter().filter_map(|name| doc.get(root, name));
        let spans: Vec<Span> = sections.map(|section| doc.place(section.value).span).collect();
        let runs =
            |span: &Span| spans.iter().any(|own| own.start <= span.start && span.end <= own.end);
        let scalars = doc.file(FileId::CONFIG).doc.scalars().filter(|(_, span)| runs(span));
        let mut tags = scalars.filter_map(|(text, span)| Some((tag_in(text)?, span)));
        let Some((tag, span)) = tags.next() else { return };
        let others = match tags.count() {
            0 => String::new(),
            1 => ", and so is one more text".to_owned(),
            count => format!(", and so are {count} more texts"),
        };
        let message =
            format!("version 2 has no template tags: `{tag}` is used as it is written{others}");
        let place = self.render.within(Place::direct(span), tag, &(0..tag.len()));
        let problem = Problem::warning(codes::LITERAL_TAG, place, message);
        self.render.report().add(problem.help(
            "change the version to `2.1`, and escape `<<` as `\\<<` where it is meant literally",
        ));
    }

    /// Warns about tags in curly braces. Scripts may hold templates of other programs.
    fn check_curly_tags(&mut self, root: At) {
        let doc = self.render.doc();
        let sections = ["jobs", "workflows", "commands", "executors"];
        let sections = sections.into_iter().filter_map(|name| doc.get(root, name));
        let spans: Vec<Span> = sections.map(|section| doc.place(section.value).span).collect();
        let runs =
            |span: &Span| spans.iter().any(|own| own.start <= span.start && span.end <= own.end);
        let source = &doc.file(FileId::CONFIG).text;
        let is_script = |text: &str, span: &Span| {
            let before = source.get(..span.start()).unwrap_or_default().trim_end();
            let before = before.trim_end_matches(['"', '\'', ' ']);
            text.contains('\n')
                || ["command:", "run:"].iter().any(|key| before.ends_with(key))
                || before.ends_with(['|', '>', '-'])
        };
        let scalars = doc.file(FileId::CONFIG).doc.scalars();
        let scalars = scalars.filter(|(text, _)| text.contains("{{"));
        let found: Vec<_> = scalars
            .filter(|(text, span)| runs(span) && !is_script(text, span))
            .filter_map(|(text, span)| {
                let tag = curly_braces::tag_in(text)?;
                // GitHub Actions writes a dollar before it, which goes too.
                let with_dollar = format!("${tag}");
                Some((if text.contains(&with_dollar) { with_dollar } else { tag.to_owned() }, span))
            })
            .collect();
        for (tag, span) in found {
            let message = format!("`{tag}` is not a tag: it is used as it is written");
            let place = self.render.within(Place::direct(span), &tag, &(0..tag.len()));
            let problem = Problem::warning(codes::LITERAL_TAG, place, message);
            self.render.report().add(problem.help(curly_braces::help(&tag)));
        }
    }

    /// Reads `setup` (CFG §8.1). Returns whether it is a setup configuration.
    pub(crate) fn read_setup(&mut self, root: At, version: Version, inputs: &Inputs) -> bool {
        let Some(setup) = self.render.doc().get(root, "setup") else { return false };
        let is_off = match self.render.doc().view(setup.value) {
            View::Scalar(text, style) => matches!(
                scalar::resolve(text, style),
                scalar::Scalar::Null | scalar::Scalar::Bool(false) | scalar::Scalar::Text("false")
            ),
            View::Broken => true,
            View::Seq(_) | View::Map(_) => false,
        };
        if is_off {
            return false;
        }
        if version == Version::V2_0 {
            let message = "a setup configuration needs version 2.1";
            let problem = Problem::error(codes::SETUP_VERSION, setup.key, message);
            self.render.report().add(problem.help("change the version to `2.1`"));
            return false;
        }
        if inputs.continuation {
            let message = "a continuation configuration cannot be a setup configuration itself";
            let problem = Problem::error(codes::CONTINUATION_IS_SETUP, setup.key, message);
            self.render.report().add(problem.help("remove `setup`"));
            return false;
        }
        let message = "dynamic configuration (`setup: true`) is not supported in this release";
        let help = "move the jobs into this file and remove `setup`";
        let problem = Problem::unsupported(codes::UNSUPPORTED_SETUP, setup.key, message);
        self.render.report().add_unsupported(problem.help(help));
        true
    }

    /// Warns about top-level keys that are probably misspelled; others hold anchors.
    pub(crate) fn check_top_level(&mut self, root: At) {
        let referred_to = self.render.doc().referred_to(FileId::CONFIG);
        let doc = self.render.doc();
        let foreign = |name: &str| other_services::advice(Owner::TopLevel, name);
        for entry in self.render.doc().entries(root) {
            if SECTIONS.contains(&entry.name) || self.modules.unindented.contains(&entry.key) {
                continue;
            }
            // A key that holds anchors may have any name.
            let span = self.render.doc().place(entry.value).span;
            let first = referred_to.partition_point(|start| *start < span.start);
            if referred_to.get(first).is_some_and(|start| *start < span.end) {
                continue;
            }
            let problem = if let Some(name) = nearest(entry.name, SECTIONS.iter().copied()) {
                let message = format!("the top-level key `{}` is ignored", entry.name);
                let problem = Problem::warning(codes::UNKNOWN_SECTION, entry.key, message);
                problem.help(Help::did_you_mean(name))
            } else if VERSION_1.contains(&entry.name) {
                let message = format!("`{}` belongs to version 1 and is ignored", entry.name);
                Problem::warning(codes::DEPRECATED, entry.key, message)
            } else if let Some(help) = foreign(entry.name).filter(|_| !doc.has_anchor(&entry)) {
                let message = format!("the top-level key `{}` is ignored", entry.name);
                Problem::warning(codes::IGNORED, entry.key, message).help(help)
            } else if self.is_strange(&entry) {
                let message = format!("the top-level key `{}` is ignored", entry.name);
                let problem = Problem::warning(codes::IGNORED, entry.key, message);
                problem.help(format!("nothing refers to it; the sections are {}", list(USUAL)))
            } else {
                continue;
            };
            self.render.report().add(problem);
        }
    }

    /// Returns whether a section that is not known was probably meant as one: it is a mapping, and
    /// nothing says otherwise.
    fn is_strange(&self, section: &Entry<'_>) -> bool {
        self.render.doc().is_map(section.value)
            && !self.render.doc().has_anchor(section)
            && !section.name.starts_with("x-")
            && !section.name.starts_with('.')
    }
}

/// Returns the first text that would be a tag in version 2.1. A here-document is not a tag.
fn tag_in(text: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find("<<") {
        let start = at + found;
        let rest = text.get(start + 2..)?;
        let inner = rest.trim_start_matches([' ', '#', '^', '/', '!']);
        at = start + 2;
        if VALUES.iter().any(|value| inner.starts_with(value)) {
            let line = rest.split('\n').next().unwrap_or_default();
            match line.find(">>") {
                Some(end) => return text.get(start..start + 2 + end + 2),
                // Nor does a later tag of this line end.
                None => at += line.len(),
            }
        }
    }
    None
}
