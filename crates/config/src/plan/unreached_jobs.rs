//! Jobs that no workflow reaches because of a mistake elsewhere: one push shows all mistakes, so
//! these are compiled by themselves.
//!
//! What such a job is given is not known, so a parameter without a default fits everything.
//!
//! Deliberately absent: jobs that nothing is meant to run; their names are checked
//! ([`crate::check::dormant`]).

use std::collections::HashSet;

use crate::{
    language::data::ModuleId,
    plan::Planner,
    read::yaml::{At, View},
};

/// The jobs that the workflows invoke.
pub(crate) struct Invoked<'s, 'd> {
    pub(crate) names: &'s HashSet<&'d str>,
    /// Every entry could be read, so no other job is invoked.
    pub(crate) is_complete: bool,
}

impl<'d> Planner<'_, 'd> {
    /// Returns whether it can be known which jobs the workflows run.
    pub(crate) fn has_readable_workflows(&self, root: At) -> bool {
        let Some(section) = self.render.doc().get(root, "workflows") else { return true };
        match self.render.doc().view(section.value) {
            View::Map(_) => true,
            View::Scalar(..) => self.render.doc().is_null(section.value),
            View::Seq(_) | View::Broken => false,
        }
    }

    /// Compiles the jobs that a mistake hides, for what is wrong with them.
    pub(crate) fn check_unreached_jobs(&mut self, invoked: &Invoked<'_, 'd>) {
        if self.render.found().errors() == 0 || self.render.found().is_full() {
            return;
        }
        let (progress, report) = (&self.progress, self.render.found());
        let is_hidden = |name: &str| {
            !progress.is_compiled(name)
                && (progress.is_unread(name)
                    || report.is_meant(name)
                    || !invoked.is_complete && !invoked.names.contains(name))
        };
        let jobs = self.modules.get(ModuleId::CONFIG).jobs.iter();
        let hidden: Vec<_> = jobs
            .filter(|(name, _)| is_hidden(name))
            .map(|(name, job)| (*name, job.clone()))
            .collect();
        for (name, job) in hidden {
            self.expander().compile_alone(name, &job);
        }
        let stray = self.modules.jobs_section().stray_steps.clone();
        for (steps, place) in stray {
            self.expander().compile_steps_alone(steps, place);
        }
    }
}
