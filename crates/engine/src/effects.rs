//! What has to be done outside after a change: derived by comparing the pipeline before and after, so
//! that no branch of the state machine can forget it (`docs/decisions/0001`).

use std::collections::{BTreeSet, HashMap};

use roundel_model::{
    id::{JobId, WorkflowId},
    status::{JobStatus, PipelineStatus, WorkflowStatus},
};

use crate::{event::Effect, pipeline::Pipeline};

/// Returns the effects of a change, without duplicates.
pub(crate) fn of_change(before: &Pipeline, after: &Pipeline) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    if before.status != after.status && after.status == PipelineStatus::Errored {
        effects.insert(Effect::ReportConfigError);
        effects.insert(Effect::AnnounceConfigError);
    }
    let old_jobs = before.jobs_by_id();
    let old_workflows: HashMap<WorkflowId, WorkflowStatus> =
        before.workflows.iter().map(|workflow| (workflow.id, workflow.status)).collect();
    for workflow in &after.workflows {
        for job in &workflow.jobs {
            let old = old_jobs.get(&job.id).map_or(JobStatus::Blocked, |old| old.status.public());
            of_job(job.id, old, job.status.public(), &mut effects);
        }
        let is_new = old_workflows.get(&workflow.id) != Some(&workflow.status);
        if is_new && workflow.status.is_final() {
            effects.insert(Effect::AnnounceWorkflow(workflow.id));
        }
    }
    effects.into_iter().collect()
}

/// A job that waits for others, or that never ran, has no commit status (`VCS` §2.10). One that was
/// canceled before it could run had none to replace.
fn of_job(id: JobId, old: JobStatus, new: JobStatus, effects: &mut BTreeSet<Effect>) {
    if old == new || new == JobStatus::Blocked || new == JobStatus::NotRun {
        return;
    }
    if old == JobStatus::Blocked && new == JobStatus::Canceled {
        return;
    }
    effects.insert(Effect::ReportJob(id));
    if new == JobStatus::NotRunning {
        effects.insert(Effect::OfferToRunners(id));
    }
    // At once, whatever else of its workflow still runs: who has to approve must not wait for that.
    if new == JobStatus::OnHold {
        effects.insert(Effect::AnnounceApproval(id));
    }
}
