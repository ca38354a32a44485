//! Entries that name a job which is not defined.

use crate::{
    codes,
    expand::Expander,
    language::{data::ModuleId, definition::Element},
    read::yaml::{Entry, View},
    text::{place::Place, problem::Problem, suggest::did_you_mean},
};

impl Expander<'_, '_> {
    /// Reports a job that is not defined.
    pub(crate) fn unknown_job(&mut self, name: &str, key: Place, fields: &[Entry<'_>]) {
        // Whatever is wrongly below `jobs` was reported; a job that it hides is not a second mistake.
        let is_broken =
            self.modules.jobs_section().broken || self.progress.are_workflows_unreadable();
        if is_broken && self.modules.get(ModuleId::CONFIG).jobs.is_empty() {
            return;
        }
        // A type that no entry can have was reported, and the job is meant to be defined by it.
        let typed = fields.iter().find(|field| field.name == "type");
        if typed.is_some_and(|field| {
            !matches!(self.render.doc().view(field.value), View::Scalar("build", _))
        }) {
            return;
        }
        let message = format!("cannot find a definition for job named `{name}`");
        let names = self.modules.names(self.render, ModuleId::CONFIG, Element::Job);
        let groups = self.modules.names(self.render, ModuleId::CONFIG, Element::Group);
        let near = did_you_mean(name, names.into_iter().chain(groups));
        let help = near.unwrap_or_else(|| {
            "define it under `jobs`, or for a manual approval, set `type: approval`".into()
        });
        self.render.report().add(Problem::error(codes::UNKNOWN_JOB, key, message).help(help));
    }
}
