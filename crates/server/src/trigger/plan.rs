//! From a compiled plan to what the engine starts: ids for names, and a body for each job.

use std::collections::HashMap;

use roundel_config::{Compiled, Diagnostic};
use roundel_engine::{
    NewJob, NewWorkflow,
    job::{Kind, Need},
};
use roundel_model::{
    id::{JobId, WorkflowId},
    name::JobName,
    plan::{Plan, PlannedJob, PlannedJobKind, PlannedWorkflow},
};

/// Sentences of one compilation that are kept; more of the same help nobody.
const MAX_SENTENCES: usize = 50;

/// Gives every workflow and job an id, and resolves requirements to them.
pub(super) fn to_engine(plan: Plan) -> (Vec<NewWorkflow>, Vec<(JobId, PlannedJob)>) {
    let mut bodies = Vec::new();
    let workflows =
        plan.workflows.into_iter().map(|workflow| to_workflow(workflow, &mut bodies)).collect();
    (workflows, bodies)
}

fn to_workflow(workflow: PlannedWorkflow, bodies: &mut Vec<(JobId, PlannedJob)>) -> NewWorkflow {
    let ids: HashMap<JobName, JobId> =
        workflow.jobs.iter().map(|job| (job.name.clone(), JobId::fresh())).collect();
    let mut jobs = Vec::with_capacity(workflow.jobs.len());
    for job in workflow.jobs {
        let Some(&id) = ids.get(&job.name) else { continue };
        jobs.push(NewJob {
            id,
            name: job.name.clone(),
            kind: kind(&job.kind),
            // A name that is not there gets an id that is not there: the engine refuses it.
            needs: job
                .requires
                .iter()
                .map(|requirement| Need {
                    job: ids.get(&requirement.job).copied().unwrap_or_else(JobId::fresh),
                    accepts: requirement.accepts.clone(),
                })
                .collect(),
        });
        bodies.push((id, job));
    }
    NewWorkflow { id: WorkflowId::fresh(), name: workflow.name, jobs }
}

fn kind(kind: &PlannedJobKind) -> Kind {
    match kind {
        PlannedJobKind::Build(body) => Kind::Build { tasks: body.parallelism },
        PlannedJobKind::Approval => Kind::Approval,
        // Nothing waits for a release here; locks are refused before a plan comes this far.
        PlannedJobKind::NoOp
        | PlannedJobKind::Release { .. }
        | PlannedJobKind::Lock { .. }
        | PlannedJobKind::Unlock { .. } => Kind::NoOp,
    }
}

/// Writes everything that was found as the store keeps it, in the order of the text; `None` if
/// there is nothing.
pub(super) fn diagnostics_json(compiled: &Compiled) -> Option<String> {
    let mut found: Vec<&Diagnostic> = compiled.refusals().chain(compiled.notes()).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
    let json = serde_json::to_string(&found);
    json.inspect_err(|error| tracing::error!(%error, "diagnostics could not be written")).ok()
}

/// One line for each error: place, sentence, way out, code, way there. Commit statuses cut it at its
/// end, so what matters most comes first.
pub(super) fn sentences<'a>(refusals: impl Iterator<Item = &'a Diagnostic>) -> Vec<String> {
    refusals.take(MAX_SENTENCES).map(line).collect()
}

fn line(found: &Diagnostic) -> String {
    let Diagnostic { path, line, column, message, code, .. } = found;
    let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    // A workflow alone is told by the place already.
    let via = if found.via.len() > 1 {
        format!(", via {}", found.via.join(" → "))
    } else {
        String::new()
    };
    format!("{path}:{line}:{column}: {message}{help} [{code}]{via}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever reads only the mail or the commit status must be able to mend it too.
    #[test]
    fn a_line_tells_place_way_out_and_way_there() {
        let text = "version: 2.1\ncommands: { load: { steps: [chekout] } }\njobs: { build: { machine: true, steps: [load] } }\nworkflows: { w: { jobs: [build] } }\n";
        let inputs = roundel_config::Inputs { path: "c.yml".to_owned(), ..Default::default() };
        let compiled = roundel_config::compile(text, &inputs);
        assert_eq!(
            sentences(compiled.refusals()),
            [
                "c.yml:2:29: cannot find a definition for command named `chekout` (did you mean `checkout`?) \
              [unknown-command], via workflow `w` → job `build` → command `load`"
            ]
        );
    }
}
