//! Writes what came with an event: the configuration, the runner, the person, the reasons.
//!
//! All of it is written in the transaction that saves the statuses ([`save`](super::save)): a crash
//! cannot keep one and lose the other.

use roundel_engine::{Abandoned, Configuration, Event, Next, Pipeline, Reason};
use roundel_model::{
    id::{JobId, PipelineId},
    status::{JobStatus, StepStatus},
    time::Timestamp,
};

use crate::{
    db::{Session, to_json, values},
    error::StoreError,
    pack::pack_now,
};

/// An event, and what it made of a pipeline.
pub(super) struct Record<'a> {
    pub(super) before: &'a Pipeline,
    pub(super) event: &'a Event,
    pub(super) next: &'a Next,
    pub(super) now: Timestamp,
}

impl Record<'_> {
    /// Writes it. The rows of workflows, jobs and tasks are there already.
    pub(super) async fn write(&self, session: &mut Session) -> Result<(), StoreError> {
        match self.event {
            Event::Compiled { configuration, .. } => {
                write_configuration(session, self.next.pipeline.id, configuration).await?;
            }
            Event::CompileFailed { kind, errors, configuration } => {
                let sql = "UPDATE pipelines SET errors = $1, error_kind = $2 WHERE id = $3";
                let values = values![to_json(errors)?, *kind, self.next.pipeline.id];
                session.run(sql, values).await?;
                write_configuration(session, self.next.pipeline.id, configuration).await?;
            }
            Event::Claimed { job, task, runner, .. } => {
                let sql = "UPDATE tasks SET runner = $1 WHERE job = $2 AND task = $3";
                session.run(sql, values![runner, *job, *task]).await?;
            }
            Event::Approved { job, by } => {
                let sql = "UPDATE jobs SET approved_by = $1 WHERE id = $2";
                session.run(sql, values![*by, *job]).await?;
            }
            Event::WorkflowCanceled { workflow, by } => {
                let sql = "UPDATE workflows SET canceled_by = $1 WHERE id = $2";
                session.run(sql, values![*by, *workflow]).await?;
                self.write_canceled(session, *by).await?;
            }
            Event::JobCanceled { by, .. } => self.write_canceled(session, *by).await?,
            Event::Renewed { .. } | Event::Finished { .. } | Event::Tick => {}
        }
        for Reason { job, text } in &self.next.reasons {
            let sql = "UPDATE jobs SET reason = $1 WHERE id = $2";
            session.run(sql, values![text, *job]).await?;
        }
        self.end_steps(session).await
    }

    /// Notes at each job that this change canceled who did it.
    async fn write_canceled(
        &self,
        session: &mut Session,
        by: roundel_model::actor::Actor,
    ) -> Result<(), StoreError> {
        let was_open: std::collections::HashSet<JobId> = jobs(self.before)
            .filter(|(_, status)| !status.is_final())
            .map(|(job, _)| job)
            .collect();
        for (job, status) in jobs(&self.next.pipeline) {
            if status == JobStatus::Canceled && was_open.contains(&job) {
                let sql = "UPDATE jobs SET canceled_by = $1 WHERE id = $2";
                session.run(sql, values![by, job]).await?;
            }
        }
        Ok(())
    }

    /// Ends the steps of tasks whose runner will report nothing more.
    async fn end_steps(&self, session: &mut Session) -> Result<(), StoreError> {
        for Abandoned { job, task, steps } in &self.next.abandoned {
            let sql = "UPDATE steps SET status = $1, ended_at = $2
                 WHERE job = $3 AND task = $4 AND status = $5";
            let values = values![*steps, self.now, *job, *task, StepStatus::Running];
            session.run(sql, values).await?;
        }
        Ok(())
    }
}

fn jobs(pipeline: &Pipeline) -> impl Iterator<Item = (JobId, JobStatus)> {
    let jobs = pipeline.workflows.iter().flat_map(|workflow| &workflow.jobs);
    jobs.map(|job| (job.id, job.status.public()))
}

async fn write_configuration(
    session: &mut Session,
    pipeline: PipelineId,
    configuration: &Configuration,
) -> Result<(), StoreError> {
    let Configuration { text, diagnostics, nothing_runs } = configuration;
    if text.is_none() && diagnostics.is_none() && nothing_runs.is_none() {
        return Ok(());
    }
    let pack = |text: &Option<String>| text.as_ref().map(|text| pack_now(text.as_bytes()));
    let sql = "INSERT INTO pipeline_configs (pipeline, config, diagnostics, nothing_runs)
         VALUES ($1, $2, $3, $4) ON CONFLICT (pipeline) DO UPDATE SET
            config = COALESCE(excluded.config, pipeline_configs.config),
            diagnostics = COALESCE(excluded.diagnostics, pipeline_configs.diagnostics),
            nothing_runs = COALESCE(excluded.nothing_runs, pipeline_configs.nothing_runs)";
    let values = values![pipeline, pack(text), pack(diagnostics), nothing_runs.as_deref()];
    session.run(sql, values).await.map(drop)
}
