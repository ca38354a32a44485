//! Warnings about workflows: what runs, and is probably not meant (CFG §7.5.7).

use std::collections::HashMap;

use crate::{
    codes,
    expand::{filters::Filters, invocation::Draft},
    plan::Planner,
    plan::graph::Edge,
    text::{place::Place, problem::Problem},
};

impl Planner<'_, '_> {
    /// Filters that do something else than they seem to (W-05), or that nothing passes.
    pub(crate) fn lint_workflow(&mut self, drafts: &[Draft]) {
        let mut serial: HashMap<&str, Place> = HashMap::new();
        for draft in drafts {
            self.lint_filters(draft);
            let Some(key) = &draft.serial_group else { continue };
            if let Some(first) = serial.insert(key, draft.key) {
                let message = format!("serial group `{key}` is used twice in this workflow");
                let problem = Problem::warning(codes::SERIAL_GROUP_TWICE, draft.key, message);
                let problem = problem.related(first, "first used here");
                self.render.report().add(problem.help("use different groups, or merge the jobs"));
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
                self.render.report().add(
                    problem.help("name a branch under `only`, add `tags`, or remove the filter"),
                );
            }
            return;
        };
        if tags.is_some() {
            let message =
                format!("`{}` runs for these tags, but also on every branch", draft.requested);
            let problem = Problem::warning(codes::TAG_ONLY, place, message);
            self.render
                .report()
                .add(problem.help("to run for tags only, add `branches: { ignore: /.*/ }`"));
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
                "`{}` runs for tags, but `{name}`, which it requires, does not",
                draft.requested
            );
            let problem = Problem::warning(codes::TAG_REQUIREMENT, edge.place, message);
            self.render.report().add(problem.help(format!("give `{name}` the same `tags` filter")));
        }
    }
}
