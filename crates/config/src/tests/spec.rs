//! Runs the literate specification: `spec/*.md`, one heading with blocks is one test.
//!
//! A case has a block `yaml config`, and what shall come of it. A config without `version` gets
//! `version: 2.1` as its last line, so that lines keep their numbers; `yaml config raw` is taken as
//! it is.
//!
//! | block | |
//! |---|---|
//! | `yaml orb ns/name@1.2.3` | an orb that is available |
//! | `yaml inputs` | `branch` or `tag`, `values`, `parameters`, `profile`, `continuation`, `scheduled`, `all_workflows`; each one begins another compilation of the same config |
//! | `yaml plan` | the plan: keys that are left out may be anything, lists are complete |
//! | `yaml process` | the compiled document: jobs, workflows and top-level keys that are left out may be anything, what is given is complete |
//! | `text diagnostics` | one line each; what a line leaves out at its end may be anything |
//! | `text unsupported` | the same for what this release cannot run |
//! | `text rendered` | the diagnostics as people see them |
//! | `text paths` | where each diagnostic is in the configuration, and how one gets there |
//! | `yaml followed` | the config after its advice was followed to the letter: it compiles |
//! | `yaml followed inputs` | what is passed instead of the inputs after the advice was followed |
//! | `text next` | the errors that are left then |
//! | `text wanted`, `text orbs`, `text schedules` | the rest of the answer |
//!
//! Without `text diagnostics` there must not be any. Warnings with a number `W-…` count only where
//! the case names them. `docs/language-coverage.md` is made of the headings: `(CFG-123, Q-04)` in
//! front of one says what it proves.
//!
//! `INSTA_UPDATE=always` renews the blocks of text that no longer hold, as it does for snapshots. A
//! line keeps the part that it had: without help in parentheses, it gets none.

pub(super) mod case;
mod expect;
mod sketch;
mod update;

use std::{collections::HashSet, sync::Arc};

use case::Case;
use roundel_model::name::GitRef;
use serde_json::Value as Json;

use crate::{
    api::{
        compiled::Compiled,
        inputs::Inputs,
        orbs::{Missing, Orb, OrbSet, Resolution},
    },
    compile::{compile, compile_with_orbs},
    language::{orb_reference::OrbReference, pipeline_values::PipelineValue, profile::Profile},
    read::{
        document,
        source::{Source, Sources},
        yaml::{At, View, scalar},
    },
    text::{diagnostic::Severity, place::FileId},
};

#[test]
fn the_specification_holds() {
    let cases = case::all();
    let mut failures = Vec::new();
    let mut update = update::Update::default();
    for case in &cases {
        if let Err(difference) = run(case, &mut update) {
            failures.push(format!("=== {}: {}\n{difference}", case.file, case.title));
        }
    }
    update.write();
    let count = cases.len();
    println!("{count} cases of the specification");
    assert!(failures.is_empty(), "{} of {count} failed\n\n{}", failures.len(), failures.join("\n"));
    assert!(count > 500, "the specification has shrunk to {count} cases");
}

#[test]
fn headings_are_unique_within_their_file() {
    let mut seen = HashSet::new();
    for case in case::all() {
        assert!(seen.insert((case.file.clone(), case.anchor())), "{}: {}", case.file, case.title);
    }
}

/// Whatever was compiled can be compiled again, and nothing changes any more (CFG §7.4).
#[test]
fn cfg_223_every_compiled_document_compiles_to_itself() {
    let (mut count, mut failures) = (0, Vec::new());
    for case in case::all() {
        for part in &case.parts {
            let inputs = inputs(part.block("yaml inputs").unwrap_or(""));
            // The strict profile does not accept version 2, and a continuation is not a 2.1 document.
            if inputs.profile == Profile::Next {
                continue;
            }
            let Some(first) = case.compile(part).document else { continue };
            count += 1;
            let inputs = Inputs { parameters: Vec::new(), ..inputs };
            let text = document::to_yaml(&first);
            let again = compile(&text, &inputs);
            let same = again
                .document
                .as_ref()
                .is_some_and(|again| expect::document_difference(&first, again, false).is_none());
            if !same {
                let problems = expect::lines(&again.diagnostics, "").join("\n");
                let now = again.document.as_ref().map(document::to_yaml).unwrap_or_default();
                failures.push(format!(
                    "=== {}: {}\n{problems}\n{text}--- again\n{now}",
                    case.file, case.title
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} failed\n\n{}", failures.len(), failures.join("\n"));
    assert!(count > 100, "only {count} cases compile");
}

fn run(case: &Case, update: &mut update::Update) -> Result<(), String> {
    let mut all = Vec::new();
    let mut checked = false;
    for part in &case.parts {
        let mut failures = Vec::new();
        let mut compiled = case.compile(part);
        let mentioned = |code: &str| part.mentions(code);
        compiled.diagnostics.retain(|found| {
            let is_lint = found.severity == Severity::Warning && is_lint(&found.code);
            !is_lint || mentioned(&found.code)
        });
        let checks = expect::checks(part, &case.config, &compiled);
        checked |= !checks.is_empty();
        if let Some(compiled) = case.follow(part) {
            let errors: Vec<_> = compiled
                .diagnostics
                .into_iter()
                .filter(|found| found.severity == Severity::Error)
                .collect();
            let result = expect::next_errors(part.block("text next").unwrap_or(""), &errors);
            failures.extend(result.err());
        }
        failures.extend(checks.into_iter().filter_map(Result::err));
        failures.retain(|failure| !update.renews(&case.file, part, failure));
        all.extend(failures);
    }
    if !checked {
        all.push("nothing is expected".to_owned());
    }
    if all.is_empty() { Ok(()) } else { Err(all.join("\n")) }
}

impl Case {
    pub(super) fn compile(&self, part: &case::Part) -> Compiled {
        self.compile_text(&self.config, part)
    }

    pub(super) fn compile_text(&self, text: &str, part: &case::Part) -> Compiled {
        let inputs = inputs(part.block("yaml inputs").unwrap_or(""));
        self.compile_with(text, inputs, part)
    }

    /// Compiles what a part's advice leads to; `None` if no one followed it by hand.
    pub(super) fn follow(&self, part: &case::Part) -> Option<Compiled> {
        let (text, passed) = (part.block("yaml followed"), part.block("yaml followed inputs"));
        let given = passed.or_else(|| part.block("yaml inputs")).unwrap_or("");
        let text = text.or_else(|| passed.map(|_| &*self.config))?;
        Some(self.compile_with(text, inputs(given), part))
    }

    fn compile_with(&self, text: &str, inputs: Inputs, part: &case::Part) -> Compiled {
        if part.block("text wanted").is_some() {
            return compile(text, &inputs);
        }
        compile_with_orbs(text, inputs, &mut |reference| self.find(reference)).0
    }

    /// Finds an orb among those that the case provides.
    fn find(&self, reference: &OrbReference) -> Resolution {
        let name = reference.orb();
        let versions: Vec<&str> = self
            .orbs
            .iter()
            .filter(|(orb, _)| orb.split('@').next() == Some(&name))
            .map(|(orb, _)| orb.split_once('@').map_or("", |(_, version)| version))
            .collect();
        let version = if versions == [""] { Some("") } else { reference.select(versions.clone()) };
        let Some(version) = version else {
            return Resolution::Missing(Missing {
                looked_in: vec!["the orbs of this case".to_owned()],
                versions: versions.iter().map(|&version| version.to_owned()).collect(),
                ..Missing::default()
            });
        };
        let full = if version.is_empty() { name.clone() } else { format!("{name}@{version}") };
        let text = self.orbs.iter().find(|(orb, _)| *orb == full).map(|(_, text)| text.as_str());
        Resolution::Found(Arc::new(Orb {
            name,
            version: version.to_owned(),
            origin: "the orbs of this case".to_owned(),
            text: text.unwrap_or_default().into(),
            digest: full,
            notice: None,
        }))
    }
}

/// Lints are about taste, and most cases are about something else.
fn is_lint(slug: &str) -> bool {
    let number = crate::codes::code(slug).and_then(|code| code.number);
    number.is_some_and(|number| number.starts_with("W-"))
}

fn inputs(text: &str) -> Inputs {
    let given = if text.is_empty() { Json::Null } else { json(text) };
    let allowed = [
        "branch",
        "tag",
        "values",
        "parameters",
        "profile",
        "continuation",
        "scheduled",
        "all_workflows",
    ];
    for key in given.as_object().into_iter().flatten().map(|(key, _)| key) {
        assert!(allowed.contains(&key.as_str()), "no input is called {key}");
    }
    let name = |key: &str| given.get(key).and_then(Json::as_str);
    let flag = |key: &str| given.get(key).and_then(Json::as_bool).unwrap_or_default();
    let branch = name("branch").map(|name| GitRef::Branch(name.into()));
    let git_ref = branch.or_else(|| name("tag").map(|name| GitRef::Tag(name.into())));
    let mut values = pairs(given.get("values"));
    if let Some(git_ref) = &git_ref {
        let kind = if git_ref.tag().is_some() { "git.tag" } else { "git.branch" };
        values.push((kind.to_owned(), PipelineValue::Text(git_ref.name().to_owned())));
    }
    Inputs {
        path: ".circleci/config.yml".to_owned(),
        pipeline_values: values,
        parameters: pairs(given.get("parameters")),
        git_ref,
        profile: if name("profile") == Some("next") { Profile::Next } else { Profile::Legacy },
        orbs: OrbSet::default(),
        continuation: flag("continuation"),
        scheduled: name("scheduled").map(str::to_owned),
        all_workflows: flag("all_workflows"),
        unknown_values: Vec::new(),
    }
}

fn pairs(map: Option<&Json>) -> Vec<(String, PipelineValue)> {
    let fields = map.and_then(Json::as_object).into_iter().flatten();
    let pairs = fields.map(|(name, value)| {
        let value = match value {
            Json::Bool(value) => PipelineValue::Boolean(*value),
            Json::Number(value) => PipelineValue::Integer(value.as_i64().unwrap()),
            other => PipelineValue::Text(other.as_str().unwrap().to_owned()),
        };
        (name.clone(), value)
    });
    pairs.collect()
}

/// Reads a block of YAML with our own parser.
fn json(text: &str) -> Json {
    let sources = Sources::new(Source::parse("block", text.into()));
    let problems = &sources.file(FileId::CONFIG).problems;
    assert!(problems.is_empty(), "a block of the specification is not YAML: {problems:?}\n{text}");
    sources.root(FileId::CONFIG).map_or(Json::Null, |root| node(&sources, root))
}

fn node(doc: &Sources, at: At) -> Json {
    match doc.view(at) {
        View::Scalar(text, style) => match scalar::resolve(text, style) {
            scalar::Scalar::Null => Json::Null,
            scalar::Scalar::Bool(value) => value.into(),
            scalar::Scalar::Int(value) => value.into(),
            scalar::Scalar::Float(_) | scalar::Scalar::Text(_) => text.into(),
        },
        View::Seq(items) => items.iter().map(|item| node(doc, item)).collect(),
        View::Map(entries) => entries
            .into_iter()
            .map(|entry| (entry.name.to_owned(), node(doc, entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        View::Broken => panic!("a broken node"),
    }
}
