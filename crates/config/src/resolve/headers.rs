//! Sections whose first line is missing, so that what they define is part of the section above them.

use crate::{
    codes,
    language::{data::ModuleId, definition::Element},
    read::{
        source::Sources,
        yaml::{At, Entry, View},
    },
    render::Renderer,
    resolve::{misindented_keys::broken, modules::Modules},
    text::problem::Problem,
};

/// A section that is not there, and what is probably its own.
pub(super) struct Headless<'d> {
    kind: Kind,
    entries: Vec<Entry<'d>>,
}

/// What a definition is, by its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Workflow,
    Job,
    Command,
    Executor,
}

impl Kind {
    const fn section(self) -> &'static str {
        match self {
            Self::Workflow => "workflows",
            Self::Job => "jobs",
            Self::Command => "commands",
            Self::Executor => "executors",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Workflow => "a workflow",
            Self::Job => "a job",
            Self::Command => "a command",
            Self::Executor => "an executor",
        }
    }

    /// Returns whether it is hardly anything else in this section. A job may lack its steps, or where it runs.
    const fn is_foreign_to(self, element: Element) -> bool {
        match element {
            Element::Job => matches!(self, Self::Workflow),
            Element::Command => matches!(self, Self::Job | Self::Executor),
            Element::Executor => matches!(self, Self::Job | Self::Command),
            Element::Group | Element::Pipeline => false,
        }
    }
}

fn kind_of(doc: &Sources, definition: At) -> Option<Kind> {
    let has = |key: &str| doc.get(definition, key).is_some();
    let has_list = |key: &str| {
        doc.get(definition, key).is_some_and(|list| matches!(doc.view(list.value), View::Seq(_)))
    };
    let is_machine = ["docker", "machine", "macos"].into_iter().any(has);
    match (has_list("steps"), is_machine) {
        (true, true) => Some(Kind::Job),
        (true, false) if has("executor") => Some(Kind::Job),
        (true, false) => Some(Kind::Command),
        (false, true) => Some(Kind::Executor),
        (false, false) => has_list("jobs").then_some(Kind::Workflow),
    }
}

/// Reports definitions of a section that is not there, and takes them from the entries of another one.
pub(super) fn take_headless<'d>(
    render: &mut Renderer<'d>,
    root: At,
    element: Element,
    entries: &mut Vec<Entry<'d>>,
) -> Option<Headless<'d>> {
    let doc = render.doc();
    let foreign = |entry: &Entry<'d>| {
        let kind = kind_of(doc, entry.value)?;
        let is_missing = kind.is_foreign_to(element) && doc.get(root, kind.section()).is_none();
        is_missing.then_some(kind)
    };
    let (at, kind) =
        entries.iter().enumerate().find_map(|(at, entry)| Some((at, foreign(entry)?)))?;
    let name = entries.get(at)?.name;
    let (section, word) = (kind.section(), kind.word());
    let outer = match element {
        Element::Command => "commands",
        Element::Executor => "executors",
        Element::Job | Element::Group | Element::Pipeline => "jobs",
    };
    let message =
        format!("`{name}` is {word}, and is below `{outer}`: the line `{section}:` is missing");
    let problem = Problem::error(codes::SECTION_TYPE, entries.get(at)?.key, message);
    let help = format!("write `{section}:` above `{name}`, in the column of `{outer}`");
    render.report().add(problem.help(help));
    Some(Headless { kind, entries: entries.split_off(at) })
}

/// Defines what was below another section, as definitions that are broken.
pub(super) fn define_headless<'d>(
    modules: &mut Modules<'d>,
    headless: impl IntoIterator<Item = Headless<'d>>,
) {
    for Headless { kind, entries } in headless {
        let element = match kind {
            Kind::Workflow | Kind::Job => {
                // What runs is not known then, so nothing can be missing.
                modules.jobs_section.broken = true;
                if kind == Kind::Workflow {
                    continue;
                }
                Element::Job
            }
            Kind::Command => Element::Command,
            Kind::Executor => Element::Executor,
        };
        let section = modules.get_mut(ModuleId::CONFIG).section_mut(element);
        for entry in entries {
            let definition = broken(&entry, entry.value, ModuleId::CONFIG);
            section.entry(entry.name).or_insert(definition);
        }
    }
}
