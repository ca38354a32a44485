//! Keys that are indented too little, so that they stand next to their parent.
//!
//! Deliberately absent: those of jobs, whose list has more to go by.

use crate::{
    codes::{self, Code},
    read::yaml::Entry,
    resolve::Resolver,
    text::problem::Problem,
};

/// What a section has names of.
#[derive(Clone, Copy)]
pub(crate) struct Owners {
    word: &'static str,
    /// Keys that are hardly a name.
    keys: &'static [&'static str],
    /// Keys without which nothing is one of them.
    own: &'static [&'static str],
    code: Code,
}

pub(crate) const COMMANDS: Owners =
    Owners { word: "command", keys: &["steps"], own: &["steps"], code: codes::SECTION_TYPE };

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

/// What lacks a key, and that key next to it.
pub(crate) struct Stray<'d> {
    pub(crate) owner: Entry<'d>,
    pub(crate) stray: Entry<'d>,
}

impl<'d> Resolver<'_, 'd> {
    /// Reports the first key that is next to what it belongs to, and takes all of them from the entries
    /// of a section.
    pub(crate) fn take_strays(
        &mut self,
        entries: &mut Vec<Entry<'d>>,
        owners: Owners,
    ) -> Option<Stray<'d>> {
        let doc = self.render.doc;
        let is_stray = |entry: &Entry<'d>| {
            let has = |key: &&str| doc.get(entry.value, key).is_some();
            owners.keys.contains(&entry.name) && !owners.own.iter().any(has)
        };
        let at = entries.iter().position(is_stray).filter(|at| *at > 0)?;
        let (owner, stray) = (entries[at - 1], entries[at]);
        let lacks = doc.is_null(owner.value)
            || doc.is_map(owner.value) && doc.get(owner.value, stray.name).is_none();
        if !lacks {
            return None;
        }
        let Owners { word, code, .. } = owners;
        let message = format!("`{}` is next to {word} `{}`, not inside it", stray.name, owner.name);
        let problem = Problem::error(code, stray.key, message);
        let problem = problem.related(owner.key, format!("the {word}"));
        self.render.report.add(problem.help(format!("indent it deeper than `{}`", owner.name)));
        entries.retain(|entry| !is_stray(entry));
        Some(Stray { owner, stray })
    }
}
