//! What is right and this release cannot run, and which jobs have it: the server refuses those jobs, or the
//! whole configuration.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roundel_model::limits;

use super::{
    key::{DIAGNOSTICS, Key},
    trace::Trace,
};
use crate::text::{
    diagnostic::{Diagnostic, JobOfPlan, Severity},
    problem::Problem,
};

/// Bytes of the longest name of a job or workflow that a diagnostic repeats.
const JOB_NAME_BYTES: usize = 1_000;

/// What happens to what is not supported in jobs that are not in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unplanned {
    /// It stays, as a warning: the plan is that of no branch in particular.
    Kept,
    /// It goes: the plan is that of one branch or tag.
    Dropped,
}

/// Features that a job has and that this release does not support, by their index among those.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features(BTreeSet<usize>);

/// The features that this release does not support, each with the jobs of the plan that have it.
#[derive(Default)]
pub(crate) struct Unsupported {
    list: Vec<Diagnostic>,
    /// Where each is in the list.
    known: HashMap<Key, usize>,
    /// Those of the job that is being compiled.
    in_current_job: BTreeSet<usize>,
    /// Those of jobs.
    in_jobs: BTreeSet<usize>,
    /// Those of no job: the configuration, a workflow.
    outside_jobs: BTreeSet<usize>,
    /// Features beyond the limit, by the index of the first of their kind.
    hidden: BTreeMap<usize, usize>,
}

impl Unsupported {
    /// Notes that the current job has a feature, if it is known. Returns whether it is.
    pub(super) fn meet_again(&mut self, key: &Key) -> bool {
        let Some(&at) = self.known.get(key) else { return false };
        self.in_current_job.insert(at);
        true
    }

    /// Adds a feature that the current job has.
    pub(super) fn add(&mut self, key: Key, problem: Problem, trace: &Trace<'_>) {
        // Which kinds there are decides what the server does with the configuration: one of each stays.
        let is_known = |found: &Diagnostic| found.code == problem.code.slug;
        let first = self.list.iter().position(is_known);
        if let Some(first) = first.filter(|_| self.list.len() >= DIAGNOSTICS) {
            *self.hidden.entry(first).or_default() += 1;
            // The first of its kind refuses the jobs that have this one.
            if problem.severity == Severity::Error {
                self.known.insert(key, first);
                self.in_current_job.insert(first);
            }
            return;
        }
        let at = self.list.len();
        self.known.insert(key, at);
        self.in_current_job.insert(at);
        self.list.push(trace.diagnostic(problem));
    }

    /// Begins a job, or what belongs to several. What is not supported and was found before belongs
    /// to no job.
    pub(crate) fn begin_job(&mut self) {
        self.outside_jobs.append(&mut self.in_current_job);
    }

    /// Returns the features that were found since [`Self::begin_job`], for [`Self::used_by`] once the job
    /// has its name.
    pub(crate) fn end_job(&mut self) -> Features {
        let found = std::mem::take(&mut self.in_current_job);
        self.in_jobs.extend(&found);
        Features(found)
    }

    /// Notes that a job that some push runs has what [`Self::end_job`] returned for it.
    pub(crate) fn may_be_used(&mut self, met: &Features) {
        self.outside_jobs.extend(&met.0);
    }

    /// Notes that a job of the plan has what [`Self::end_job`] returned for it. To be
    /// called once for each job.
    pub(crate) fn used_by(&mut self, met: &Features, workflow: &str, job: &str) {
        // Each of many features would repeat the name of each of its jobs.
        let is_named = workflow.len() <= JOB_NAME_BYTES && job.len() <= JOB_NAME_BYTES;
        for &at in &met.0 {
            let Some(found) = self.list.get_mut(at) else { continue };
            if is_named && found.jobs.len() < limits::JOBS_PER_DIAGNOSTIC {
                let (workflow, job) = (workflow.to_owned(), job.to_owned());
                found.jobs.push(JobOfPlan { workflow, job });
            } else {
                found.more_jobs += 1;
            }
        }
    }

    /// Drops or softens unsupported features that occur only in jobs outside the plan: what does not
    /// run refuses nothing. To be called once every job of the plan was [noted](Self::used_by).
    pub(crate) fn settle_unplanned(&mut self, unplanned: Unplanned) {
        let mut at = 0..;
        let (in_jobs, outside) = (&self.in_jobs, &self.outside_jobs);
        let hidden = &mut self.hidden;
        self.list.retain_mut(|found| {
            let Some(at) = at.next() else { return true };
            let has_jobs = !found.jobs.is_empty() || found.more_jobs > 0;
            if has_jobs || outside.contains(&at) || !in_jobs.contains(&at) {
                return true;
            }
            found.severity = Severity::Warning;
            let stays = unplanned == Unplanned::Kept;
            if !stays {
                hidden.remove(&at);
            }
            stays
        });
    }

    /// Returns the features in the order of the text, and a sentence about those that are not shown.
    pub(super) fn finish(mut self) -> (Vec<Diagnostic>, Option<String>) {
        self.list.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
        let more = match self.hidden.values().sum::<usize>() {
            0 => None,
            1 => Some("1 more unsupported item is not shown".to_owned()),
            hidden => Some(format!("{hidden} more unsupported items are not shown")),
        };
        (self.list, more)
    }
}
