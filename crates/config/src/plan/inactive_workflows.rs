//! Workflows whose condition does not hold: their jobs are not compiled, but what they say of each
//! other may be wrong all the same (CFG §5.1.3).
//!
//! The pipeline runs without them, so this is a warning; else a misspelled requirement shows on the
//! day of the release only.
//!
//! Deliberately absent: names of jobs, commands and arguments, which [`crate::check::dormant`] looks
//! for in whatever is not compiled.

use std::{collections::HashSet, rc::Rc};

use roundel_model::limits;

use crate::{
    expand::invocation::Draft,
    plan::{InactiveWorkflow, Planner},
    read::report::Strictness,
};

impl Planner<'_, '_> {
    /// Checks what the entries of workflows that do not run say of each other. To be called once
    /// everything that runs is compiled: what is left of the budget is for this.
    pub(crate) fn check_inactive_workflows(&mut self) {
        let before = self.render.report().set_strictness(Strictness::Lenient);
        let inactive = std::mem::take(&mut self.inactive);
        for InactiveWorkflow { entry, items } in &inactive {
            let what: Rc<str> = format!("workflow `{}`", entry.name).into();
            self.render.report().enter(&what, entry.key);
            let mut drafts = Vec::new();
            for (index, &item) in items.iter().enumerate() {
                if drafts.len() > limits::JOBS_PER_PIPELINE {
                    break;
                }
                drafts.extend(self.expander().outline(item, index, entry.name));
            }
            self.expander().drop_repeated_groups(&mut drafts);
            self.check_inactive_graph(entry.name, &mut drafts);
            self.render.report().leave();
        }
        self.render.report().set_strictness(before);
        self.inactive = inactive;
    }

    /// Looks for requirements that nothing answers to, and for cycles. The numbers that jobs get are
    /// not known, for they depend on the workflows that run.
    pub(crate) fn check_inactive_graph(&mut self, workflow: &str, drafts: &mut [Draft]) {
        let names: Vec<_> = drafts.iter().map(|draft| draft.requested.clone()).collect();
        let known: HashSet<&str> = names.iter().map(String::as_str).collect();
        let is_numbered = |name: &str| {
            let parts = name.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok());
            parts.is_some_and(|(base, _)| known.contains(base)) && !known.contains(name)
        };
        for draft in &mut *drafts {
            draft.requires.retain(|item| !is_numbered(&item.name));
        }
        self.graph(workflow, drafts, &names);
    }
}
