//! The entries of version 2, which have no arguments: what only version 2.1 has, and keys that are
//! misspelled.
//!
//! Version 2 ignores keys that it does not know (CFG §1.2). A key that was meant to choose or to order what
//! runs is not ignored: the wrong work would run (CFG §0.2).

use super::{entry::Invocation, key_advice::misplaced};
use crate::{
    codes,
    expand::Expander,
    language::keys::{DECIDES_WHAT_RUNS, RESERVED},
    read::yaml::Entry,
    text::{help::Help, problem::Problem, suggest::nearest},
};

impl Expander<'_, '_> {
    /// Reports the keys of an entry that version 2 does not have.
    pub(super) fn check_version_2_entry(&mut self, invocation: &Invocation<'_>) {
        if self.render.has_templates() {
            return;
        }
        for field in &invocation.fields {
            // The compiled document is of version 2 and keeps serial groups.
            if matches!(field.name, "pre-steps" | "post-steps" | "override-with") {
                let message = format!("`{}` needs version 2.1", field.name);
                self.render.report().add(Problem::error(codes::NEEDS_2_1, field.key, message));
            } else if !RESERVED.contains(&field.name) {
                self.unknown_entry_key(field);
            }
        }
    }

    /// Reports a key that is nearly one of an entry, or was meant to choose what runs; any other is ignored.
    fn unknown_entry_key(&mut self, field: &Entry<'_>) {
        let name = field.name;
        let near = nearest(name, RESERVED.iter().copied()).map(|key| match key {
            "context" | "serial-group" => Help::did_you_mean(key).not_supported(),
            _ => Help::did_you_mean(key),
        });
        let Some(help) = misplaced(name).or(near) else { return };
        let decides =
            help.replacement.as_deref().is_none_or(|key| DECIDES_WHAT_RUNS.contains(&key));
        let make = if decides { Problem::error } else { Problem::warning };
        let message = format!("unknown key `{name}` of a job's entry");
        self.render.report().add(make(codes::UNKNOWN_KEY, field.key, message).help(help));
    }
}
