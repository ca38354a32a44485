//! The results of several pushes of one configuration, as one answer: whatever one of them is refused for.

use std::collections::HashMap;

use roundel_model::{
    limits,
    plan::{Plan, PlannedJob, PlannedWorkflow},
};

use crate::{
    api::compiled::Compiled,
    codes::consequence::Consequence,
    text::diagnostic::{Diagnostic, Severity},
};

impl Compiled {
    /// Returns what was compiled for no push in particular with what each of several pushes runs, and
    /// with what each is refused for: [`Compiled::support`] and the like then answer for all of them.
    ///
    /// Only these pushes count. A caller that does not know all kinds of them passes the configuration
    /// itself as one of them: without a branch, filters let everything pass.
    #[must_use]
    pub fn joined(mut self, pushes: &[Self]) -> Self {
        self.add_errors(pushes);
        let is_note = |found: &Diagnostic| match found.consequence() {
            Consequence::PipelineRefused => found.severity == Severity::Warning,
            Consequence::Ignored => true,
            Consequence::NeverStarted | Consequence::JobsRefused(_) => false,
        };
        self.unsupported.retain(is_note);
        pushes.iter().flat_map(|push| &push.unsupported).for_each(|found| self.add(found));
        self.unsupported.sort_by_key(|found| (found.start, found.end));
        if self.plan.is_some() {
            self.plan = Some(plan(pushes));
        }
        self
    }

    /// Takes over the errors that a push has and this does not: what is not compiled without it may be
    /// wrong. Of several with one code at one place, which only name other values, the first says it.
    fn add_errors(&mut self, pushes: &[Self]) {
        let errors = pushes.iter().flat_map(|push| &push.diagnostics);
        for error in errors.filter(|found| found.severity == Severity::Error) {
            let is_at_its_place = |found: &Diagnostic| {
                found.severity == Severity::Error
                    && (found.start, found.end, &found.code)
                        == (error.start, error.end, &error.code)
                    && (&found.path, &found.orb) == (&error.path, &error.orb)
            };
            if let Some(found) = self.diagnostics.iter_mut().find(|found| is_same(found, error)) {
                found.severity = Severity::Error;
            } else if !self.diagnostics.iter().any(is_at_its_place) {
                self.diagnostics.push(error.clone());
            }
            (self.plan, self.document) = (None, None);
        }
        self.diagnostics.sort_by_key(|found| (found.start, found.end));
    }

    fn add(&mut self, found: &Diagnostic) {
        let Some(known) = self.unsupported.iter_mut().find(|known| is_same(known, found)) else {
            self.unsupported.push(found.clone());
            return;
        };
        if found.severity == Severity::Error {
            known.severity = Severity::Error;
        }
        for job in &found.jobs {
            if !known.jobs.contains(job) && known.jobs.len() < limits::JOBS_PER_DIAGNOSTIC {
                known.jobs.push(job.clone());
            }
        }
        known.more_jobs = known.more_jobs.max(found.more_jobs);
    }
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    (one.start, one.end, &one.code, &one.message)
        == (other.start, other.end, &other.code, &other.message)
}

/// Returns a plan with the jobs of all plans. A job that some push runs with a context, or with other
/// containers, is in it in each of these forms.
fn plan(pushes: &[Compiled]) -> Plan {
    let mut workflows: Vec<PlannedWorkflow> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut forms: HashMap<(&str, &str), Vec<&PlannedJob>> = HashMap::new();
    let planned = pushes.iter().filter_map(|push| push.plan.as_ref());
    for workflow in planned.flat_map(|plan| &plan.workflows) {
        let name = workflow.name.as_str();
        let at = *at.entry(name).or_insert_with(|| {
            workflows.push(PlannedWorkflow { jobs: Vec::new(), ..workflow.clone() });
            workflows.len() - 1
        });
        for job in &workflow.jobs {
            let known = forms.entry((name, job.name.as_str())).or_default();
            if !known.iter().any(|known| is_refused_alike(known, job)) {
                known.push(job);
                workflows[at].jobs.push(job.clone());
            }
        }
    }
    Plan { workflows }
}

fn is_refused_alike(one: &PlannedJob, other: &PlannedJob) -> bool {
    one.contexts == other.contexts && one.unsupported_container() == other.unsupported_container()
}
