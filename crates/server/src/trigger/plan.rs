//! From a compiled plan to what the engine starts: ids for names, and a body for each job.

use std::collections::{HashMap, HashSet};

use roundel_config::{Compiled, Consequence, Diagnostic};
use roundel_engine::{NewJob, NewWorkflow, job::Dependency};
use roundel_model::{
    id::{JobId, WorkflowId},
    name::JobName,
    plan::{Plan, PlannedWorkflow},
};

/// Sentences of one compilation that are kept; more of the same do not help.
const MAX_SENTENCES: usize = 50;

/// Gives every workflow and job an id, and resolves requirements to them.
pub(super) fn to_engine(plan: Plan) -> Vec<NewWorkflow> {
    plan.workflows.into_iter().map(to_workflow).collect()
}

fn to_workflow(workflow: PlannedWorkflow) -> NewWorkflow {
    let ids: HashMap<JobName, JobId> =
        workflow.jobs.iter().map(|job| (job.name.clone(), JobId::fresh())).collect();
    let jobs = workflow.jobs.into_iter().filter_map(|plan| {
        Some(NewJob {
            id: *ids.get(&plan.name)?,
            // A name that is not there gets an id that is not there: the engine refuses it.
            needs: plan
                .requires
                .iter()
                .map(|requirement| Dependency {
                    job: ids.get(&requirement.job).copied().unwrap_or_else(JobId::fresh),
                    accepts: requirement.accepts.clone(),
                })
                .collect(),
            missing_contexts: plan.missing_contexts(),
            plan,
        })
    });
    let jobs = jobs.collect();
    NewWorkflow { id: WorkflowId::fresh(), name: workflow.name, jobs }
}

/// Writes everything that was found as the store keeps it, in the order of the text; `None` if
/// there is nothing.
pub(super) fn diagnostics_json(compiled: &Compiled) -> Option<String> {
    let mut found: Vec<&Diagnostic> = compiled.errors().chain(compiled.notes()).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|diagnostic| (diagnostic.start, diagnostic.end));
    let json = serde_json::to_string(&found);
    json.inspect_err(|error| tracing::error!(%error, "diagnostics could not be written")).ok()
}

/// One line for each error: location, message, help, code, path to it. Commit statuses cut it at its
/// end, so what matters most comes first.
pub(super) fn sentences<'a>(errors: impl Iterator<Item = &'a Diagnostic>) -> Vec<String> {
    errors.take(MAX_SENTENCES).map(line).collect()
}

/// One line for each part of a configuration that this release does not run, where it is used first: what
/// refuses the pipeline, then what would refuse a job or a workflow of it. The page counts the same.
pub(super) fn unsupported(compiled: &Compiled) -> Vec<String> {
    let is_refusal = |found: &&Diagnostic| {
        found.is_about_this_release() && found.consequence() != Consequence::Ignored
    };
    let mut said = HashSet::new();
    let found = compiled.errors().chain(compiled.notes().filter(is_refusal));
    sentences(found.filter(|found| said.insert(found.message.as_str())))
}

fn line(found: &Diagnostic) -> String {
    let Diagnostic { path, line, column, message, code, .. } = found;
    let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    // A workflow alone is clear from the place already.
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

    /// The list and the email counted one, where the page had two cards more.
    #[test]
    fn all_that_is_not_supported_is_counted_once() {
        let text =
            "version: 2.1\njobs: { build: { docker: [{ image: a:1 }, { image: b:1 }], steps: [
      { restore_cache: { key: a } }, { restore_cache: { key: b } }] } }
workflows: { w: { jobs: [build] },
  nightly: { triggers: [{ schedule: { cron: '0 0 * * *', filters: { branches: { only: main } } } }],
    jobs: [build] } }\n";
        let compiled = roundel_config::compile(text, &roundel_config::Inputs::default());
        let said = unsupported(&compiled);
        assert_eq!(said.len(), 3, "{said:#?}");
        assert!(said[0].contains("[unsupported-step]"), "the reason comes first: {said:#?}");
    }

    /// A reader of only the email or the commit status must be able to fix it too.
    #[test]
    fn a_line_says_place_help_and_path() {
        let text = "version: 2.1\ncommands: { load: { steps: [chekout] } }\njobs: { build: { machine: true, steps: [load] } }\nworkflows: { w: { jobs: [build] } }\n";
        let inputs = roundel_config::Inputs { path: "c.yml".to_owned(), ..Default::default() };
        let compiled = roundel_config::compile(text, &inputs);
        assert_eq!(
            sentences(compiled.errors()),
            [
                "c.yml:2:29: cannot find a definition for command named `chekout` (did you mean `checkout`?) \
              [unknown-command], via workflow `w` → job `build` → command `load`"
            ]
        );
    }
}
