//! Sections and definitions in the wrong column: next to what they belong to, or inside the section above.
//!
//! Deliberately absent: keys within one definition ([`super::unnested`]), and which job a key belongs to
//! ([`super::definitions`]).

use std::{collections::HashSet, rc::Rc};

use crate::{
    codes::{self, Code},
    language::{
        data::ModuleId,
        definition::{Definition, Element, Users},
        keys::{Known, ORB_KEYS},
    },
    read::{
        source::Sources,
        yaml::{At, Entry, Mentions},
    },
    render::Renderer,
    resolve::modules::Modules,
    text::{diagnostic::Severity, place::FileId, problem::Problem, suggest::list},
};

/// A section whose entries are named definitions.
#[derive(Clone, Copy)]
pub(crate) struct Owners {
    word: &'static str,
    /// Keys that are hardly a name.
    keys: &'static [&'static str],
    /// Keys of which every definition must have one.
    own: &'static [&'static str],
    pub(super) code: Code,
}

pub(crate) const COMMANDS: Owners =
    Owners { word: "command", keys: &["steps"], own: &["steps"], code: codes::SECTION_TYPE };

/// For messages about jobs only; [`super::definitions`] knows their keys.
pub(super) const JOBS: Owners =
    Owners { word: "job", keys: &[], own: &[], code: codes::STEPS_WITHOUT_JOB };

pub(crate) const EXECUTORS: Owners = Owners {
    word: "executor",
    keys: &["docker", "machine", "macos", "environment"],
    own: &["docker", "machine", "macos"],
    code: codes::SECTION_TYPE,
};

pub(crate) const WORKFLOWS: Owners = Owners {
    word: "workflow",
    keys: &["jobs", "when", "unless", "triggers"],
    own: &["jobs"],
    code: codes::WORKFLOW_WITHOUT_JOBS,
};

pub(crate) const GROUPS: Owners = Owners {
    word: "job group",
    keys: &["jobs"],
    own: &["jobs"],
    code: codes::WORKFLOW_WITHOUT_JOBS,
};

/// What lacks a key, and that key next to it.
pub(crate) struct Stray<'d> {
    pub(crate) owner: Entry<'d>,
    pub(crate) stray: Entry<'d>,
}

/// Sections whose definitions may be unindented, with the keys that identify one.
const SECTIONS: &[(&str, Element, &[&str])] = &[
    ("jobs", Element::Job, &["steps", "docker", "machine", "macos", "executor", "type"]),
    ("commands", Element::Command, &["steps"]),
    ("executors", Element::Executor, &["docker", "machine", "macos"]),
];

/// Reports the first key that is next to what it belongs to, and takes all of them from the entries
/// of a section.
pub(crate) fn take_strays<'d>(
    render: &mut Renderer<'d>,
    entries: &mut Vec<Entry<'d>>,
    owners: Owners,
) -> Option<Stray<'d>> {
    let doc = render.doc();
    let is_stray = |entry: &Entry<'d>| {
        let has = |key: &&str| doc.get(entry.value, key).is_some();
        owners.keys.contains(&entry.name) && !owners.own.iter().any(has)
    };
    let at = entries.iter().position(is_stray)?;
    let stray = entries[at];
    let lacks = |owner: &Entry<'d>| {
        doc.is_null(owner.value)
            || doc.is_map(owner.value) && doc.get(owner.value, stray.name).is_none()
    };
    let before = at.checked_sub(1).map(|before| entries[before]).filter(lacks);
    let below = || entries[at..].iter().find(|entry| !is_stray(entry)).copied();
    let owner = before.or_else(|| below().filter(lacks))?;
    next_to_its_owner(render, stray, owner, owners);
    entries.retain(|entry| !is_stray(entry));
    Some(Stray { owner, stray })
}

/// Reports a key that is next to what it belongs to, above it or below.
pub(super) fn next_to_its_owner(
    render: &mut Renderer<'_>,
    stray: Entry<'_>,
    owner: Entry<'_>,
    owners: Owners,
) {
    let Owners { word, code, .. } = owners;
    let (key, name) = (stray.name, owner.name);
    let message = format!("`{key}` is next to {word} `{name}`, not inside it");
    let help = if stray.key.span.start < owner.key.span.start {
        format!("move `{key}`, with all that is below it, under `{name}:`, deeper than `{name}`")
    } else {
        format!("indent it deeper than `{name}`")
    };
    let problem = Problem::error(code, stray.key, message).help(help);
    render.report().add(problem.related(owner.key, format!("the {word}")));
}

/// Reports definitions in the column of the section that they belong to, which has nothing below it, and
/// takes them for definitions that are broken.
pub(super) fn take_unindented_definitions<'d>(
    render: &mut Renderer<'d>,
    modules: &mut Modules<'d>,
    module: ModuleId,
    root: At,
    users: Users,
) {
    let mut mentions: Option<Mentions<'d>> = None;
    let doc = render.doc();
    let all: Vec<Entry<'d>> = render.doc().entries(root).iter().collect();
    for (at, section) in all.iter().enumerate() {
        let known = SECTIONS.iter().find(|(name, ..)| *name == section.name);
        let Some(&(_, element, keys)) = known else { continue };
        let mut names = unindented_definitions(doc, &all, at, keys);
        if names.is_empty() && element == Element::Job {
            // Below jobs that are where they belong, only what runs is surely another one.
            names = unindented_below(doc, &all, at);
            let section = modules.get(module).section(element);
            if !names.is_empty() {
                let mentions =
                    mentions.get_or_insert_with(|| doc.file(FileId::CONFIG).doc.mentions());
                names.retain(|name| {
                    mentions.items.contains(name.name) && !section.contains_key(name.name)
                });
            }
        }
        for name in &names {
            let definition = broken(name, name.value, module);
            modules.get_mut(module).section_mut(element).insert(name.name, definition);
        }
        if names.is_empty() {
            continue;
        }
        let is_used = users == Users::OtherFiles || {
            let mentions = mentions.get_or_insert_with(|| doc.file(FileId::CONFIG).doc.mentions());
            let runs_alone = element == Element::Job
                && names.iter().any(|name| name.name == "build")
                && !has_workflows(doc);
            runs_alone || is_any_mentioned(&names, mentions)
        };
        // What nothing uses is a warning, as it is below any other key that is not known.
        let severity = if is_used { Severity::Error } else { Severity::Warning };
        report_unindented(render, modules, &names, section, severity);
    }
}

/// The same in an inline orb, whose definitions are read when they are used; and keys next to what they
/// belong to.
pub(super) fn define_misplaced<'d>(
    render: &mut Renderer<'d>,
    modules: &mut Modules<'d>,
    orb: ModuleId,
    root: At,
) {
    // What an orb from elsewhere defines is used by the configuration, under the orb's own name.
    let users = if root.file() == FileId::CONFIG { Users::ThisFile } else { Users::OtherFiles };
    take_unindented_definitions(render, modules, orb, root, users);
    for (name, element, owners) in [
        ("commands", Element::Command, COMMANDS),
        ("executors", Element::Executor, EXECUTORS),
        ("jobs", Element::Job, Owners { keys: &["steps"], own: &["steps"], ..JOBS }),
    ] {
        let Some(section) = render.doc().get(root, name) else { continue };
        let mut entries = render.doc().entries(section.value).iter().collect();
        if let Some(Stray { owner, stray }) = take_strays(render, &mut entries, owners) {
            let definition = broken(&owner, stray.value, orb);
            modules.get_mut(orb).section_mut(element).insert(owner.name, definition);
        }
    }
}

/// Reports a section that is indented too deeply, so that it is inside the one above it, and returns
/// whether an entry is one.
pub(super) fn report_nested_section<'d>(
    render: &mut Renderer<'d>,
    entry: &Entry<'d>,
    outer: &str,
) -> bool {
    const NESTED: &[(&str, &[&str])] = &[
        ("workflows", &["jobs"]),
        ("jobs", &["steps", "docker", "machine"]),
        ("commands", &["steps"]),
        ("executors", &["docker", "machine", "macos"]),
        ("parameters", &["type"]),
    ];
    let doc = render.doc();
    let Some((name, keys)) = NESTED.iter().find(|(name, _)| *name == entry.name) else {
        return false;
    };
    let looks_like_one =
        |inner: Entry<'d>| keys.iter().any(|key| doc.get(inner.value, key).is_some());
    if !doc.entries(entry.value).iter().any(looks_like_one) {
        return false;
    }
    let message = format!("`{name}` is inside `{outer}`");
    let problem = Problem::error(codes::SECTION_TYPE, entry.key, message);
    render.report().add(problem.help(format!("indent `{name}` as deep as `{outer}`")));
    true
}

/// Reports keys of an orb that are not known, but for names that were reported.
pub(super) fn check_keys_of_orb(render: &mut Renderer<'_>, modules: &Modules<'_>, root: At) {
    const KNOWN: Known<'static> = Known {
        what: "orb",
        keys: ORB_KEYS,
        code: codes::UNKNOWN_KEY,
        advice: Known::no_advice,
        tolerant: true,
    };
    let entries = render.doc().entries(root);
    let others = entries.iter().filter(|entry| !modules.unindented.contains(&entry.key));
    render.check_keys(others.map(|entry| (entry.name, entry.key)), KNOWN);
}

/// The same for workflows: what runs is not known then, so nothing can be missing.
pub(super) fn take_unindented_workflows<'d>(
    render: &mut Renderer<'d>,
    modules: &mut Modules<'d>,
    root: At,
) {
    let doc = render.doc();
    let all: Vec<Entry<'d>> = render.doc().entries(root).iter().collect();
    let Some(at) = all.iter().position(|entry| entry.name == "workflows") else { return };
    let names = unindented_definitions(doc, &all, at, WORKFLOWS.own);
    // A job called `build` would run by itself.
    let runs = modules.get(ModuleId::CONFIG).jobs.contains_key("build");
    let severity = if runs { Severity::Warning } else { Severity::Error };
    report_unindented(render, modules, &names, &all[at], severity);
    modules.jobs_section.broken |= !names.is_empty();
}

/// Returns the keys right after an empty section that look like its names.
fn unindented_definitions<'d>(
    doc: &'d Sources,
    all: &[Entry<'d>],
    at: usize,
    keys: &[&str],
) -> Vec<Entry<'d>> {
    let entries = doc.entries(all[at].value);
    let is_version = entries.len() == 1 && entries.get("version").is_some();
    if !(doc.is_null(all[at].value) || all[at].name == "workflows" && is_version) {
        return Vec::new();
    }
    let is_name = |entry: &&Entry<'d>| {
        let has = |key: &&str| doc.get(entry.value, key).is_some();
        !ORB_KEYS.contains(&entry.name) && keys.iter().any(has) && !doc.has_anchor(entry)
    };
    all[at + 1..].iter().take_while(is_name).copied().collect()
}

/// Returns the keys right after a section of jobs that have steps, and so look like its jobs.
fn unindented_below<'d>(doc: &'d Sources, all: &[Entry<'d>], at: usize) -> Vec<Entry<'d>> {
    let is_job = |entry: &&Entry<'d>| {
        !ORB_KEYS.contains(&entry.name)
            && doc.get(entry.value, "steps").is_some()
            && !doc.has_anchor(entry)
    };
    all[at + 1..].iter().take_while(is_job).copied().collect()
}

/// Reports definitions in the column of their section, once.
fn report_unindented(
    render: &mut Renderer<'_>,
    modules: &mut Modules<'_>,
    names: &[Entry<'_>],
    section: &Entry<'_>,
    severity: Severity,
) {
    const SHOWN: usize = 8;
    let Some(first) = names.first() else { return };
    let message = format!("`{}` is next to `{}`, not inside it", first.name, section.name);
    let problem = Problem::error(codes::SECTION_TYPE, first.key, message);
    let problem = Problem { severity, ..problem };
    let shown = list(names.iter().take(SHOWN).map(|name| name.name));
    let help = format!("indent {shown} deeper than `{}`", section.name);
    let is_empty = render.doc().is_null(section.value);
    let what = if is_empty { "the section is empty" } else { "the section" };
    render.report().add(problem.help(help).related(section.key, what));
    modules.unindented.extend(names.iter().map(|name| name.key));
}

/// Returns whether the configuration says itself which jobs run.
/// Reports `steps` inside of a key of its job.
pub(super) fn report_steps_inside<'d>(
    render: &mut Renderer<'d>,
    outer: Entry<'d>,
    steps: Entry<'d>,
) {
    let message = format!("`steps` is inside `{}`, not next to it", outer.name);
    let problem = Problem::error(codes::STEPS_MISSING, steps.key, message);
    let problem = problem.related(outer.key, "a key of the job");
    render.report().add(problem.help(format!("indent `steps` as deep as `{}`", outer.name)));
}

/// Returns whether there are workflows: a lone `build` job runs only without them.
pub(super) fn has_workflows(doc: &Sources) -> bool {
    let root = doc.root(FileId::CONFIG);
    root.is_some_and(|root| doc.get(root, "workflows").is_some())
}

/// Returns whether a step, an entry of a workflow or an executor may have one of these names, with that of
/// an orb in front of it or without.
fn is_any_mentioned(definitions: &[Entry<'_>], mentions: &Mentions<'_>) -> bool {
    let names: HashSet<&str> = definitions.iter().map(|definition| definition.name).collect();
    let is_one = |text: &&str| {
        names.contains(text) || text.rsplit('/').next().is_some_and(|name| names.contains(name))
    };
    mentions.items.iter().any(is_one)
        || mentions.values.iter().any(is_one)
        || names.iter().any(|name| mentions.is_value(name))
}

/// A definition that lacks what is next to it.
pub(super) fn broken(owner: &Entry<'_>, body: At, module: ModuleId) -> Definition {
    Definition { key: owner.key, body, parameters: Rc::default(), module, broken: true }
}
