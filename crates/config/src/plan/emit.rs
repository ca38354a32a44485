//! The end: what a workflow adds to the plan and to the compiled document (CFG §5.5, §7.4).

use std::rc::Rc;

use roundel_model::{
    name::{JobName, WorkflowName},
    plan::{PlannedJob, PlannedJobKind, PlannedWorkflow, Requirement},
};

use crate::{
    expand::{
        filters::drop_unreachable,
        invocation::{Draft, Presence},
    },
    language::data::{Data, Field, Value},
    plan::Planner,
    plan::{compiled_document::Builder, graph::Edge},
    text::place::Place,
};

/// A workflow whose jobs are known.
pub(crate) struct ExpandedWorkflow {
    pub(crate) name: String,
    /// Place of its key, and of its `jobs`.
    pub(crate) keys: WorkflowKeys,
    pub(crate) drafts: Vec<Draft>,
    /// It belongs to this pipeline; otherwise a schedule starts it in another one.
    pub(crate) runs: bool,
    pub(crate) max_auto_reruns: u32,
    /// What the workflow says next to its jobs, as rendered.
    pub(crate) rendered: Vec<Field>,
}

/// Where a workflow is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkflowKeys {
    pub(crate) name: Place,
    /// Its key `jobs`, or else the name.
    pub(crate) jobs: Place,
}

impl Planner<'_, '_> {
    /// Resolves requirements, applies the filters, and puts the workflow into the plan and the
    /// document. Names are filtered for the plan only: the document serves every branch and tag.
    pub(crate) fn emit(
        &mut self,
        workflow: &ExpandedWorkflow,
        names: &[String],
        document: &mut Builder,
    ) -> Option<PlannedWorkflow> {
        let drafts = &workflow.drafts;
        let edges = self.graph(&workflow.name, drafts, names);
        self.lint_graph(drafts, &edges);
        // With any error there is no plan, and filters need not be tried.
        if self.render.found().errors() > 0 {
            return None;
        }
        let requires: Vec<Vec<usize>> =
            edges.iter().map(|edges| edges.iter().map(|edge| edge.job).collect()).collect();
        let mut kept: Vec<bool> = drafts
            .iter()
            .map(|draft| draft.presence != Presence::Empty && !draft.filters.is_refused())
            .collect();
        drop_unreachable(&mut kept, &requires);
        document.workflow(workflow, names, &edges, &kept);
        if !workflow.runs {
            return None;
        }
        if let Some(git_ref) = &self.inputs.git_ref {
            for (kept, draft) in kept.iter_mut().zip(drafts) {
                *kept = *kept && draft.filters.passes(self.render, git_ref);
            }
        } else {
            // An expression that keeps a job off here may let it pass for another push.
            let some = drafts.iter().filter(|draft| draft.presence != Presence::Empty);
            some.for_each(|draft| {
                self.render.report().unsupported().may_be_used(&draft.unsupported);
            });
        }
        drop_unreachable(&mut kept, &requires);
        let mut jobs = Vec::new();
        for (job, draft) in drafts.iter().enumerate().filter(|&(job, _)| kept[job]) {
            self.render.report().unsupported().used_by(
                &draft.unsupported,
                &workflow.name,
                &names[job],
            );
            let left = edges[job].iter().filter(|edge| kept[edge.job]);
            let requires = left.map(|edge| Requirement {
                job: JobName::new(names[edge.job].clone()),
                accepts: edge.accepts.clone(),
            });
            let kind = draft.kind.clone()?;
            // What has no steps has no variables, and must not end for want of them.
            let has_variables = !matches!(kind, PlannedJobKind::Approval | PlannedJobKind::NoOp);
            let contexts = draft.contexts.iter().filter(|_| has_variables);
            jobs.push(PlannedJob {
                name: JobName::new(names[job].clone()),
                kind,
                requires: requires.collect(),
                contexts: contexts.map(|context| context.text.clone()).collect(),
                serial_group: draft.serial_group.clone(),
            });
        }
        let name = WorkflowName::new(workflow.name.clone());
        let max_auto_reruns = workflow.max_auto_reruns;
        (!jobs.is_empty()).then_some(PlannedWorkflow { name, jobs, max_auto_reruns })
    }
}

impl Builder {
    /// Adds a workflow and the jobs that it runs (CFG §7.4).
    fn workflow(
        &mut self,
        workflow: &ExpandedWorkflow,
        names: &[String],
        edges: &[Vec<Edge>],
        kept: &[bool],
    ) {
        let drafts = &workflow.drafts;
        let mut jobs = Vec::new();
        for (job, draft) in drafts.iter().enumerate().filter(|&(job, _)| kept[job]) {
            let name = &names[job];
            if let Some(body) = &draft.document {
                self.job(name, body);
            }
            let mut fields = draft.rendered.clone();
            let left: Vec<_> = edges[job].iter().filter(|edge| kept[edge.job]).collect();
            if !left.is_empty() {
                let items = left.iter().map(|edge| required(edge, &names[edge.job])).collect();
                fields.push(Field::new(
                    "requires",
                    Value::new(Data::List(Rc::new(items)), draft.key),
                ));
            }
            jobs.push(if fields.is_empty() {
                Value::new(Data::text(name), draft.key)
            } else {
                let fields = Value::new(Data::Map(Rc::new(fields)), draft.key);
                let entry = Field { name: name.as_str().into(), key: draft.key, value: fields };
                Value::new(Data::Map(Rc::new(vec![entry])), draft.key)
            });
        }
        let WorkflowKeys { name: place, jobs: jobs_key } = workflow.keys;
        let mut fields = vec![Field::new("jobs", Value::new(Data::List(Rc::new(jobs)), jobs_key))];
        fields.extend(workflow.rendered.iter().cloned());
        let empty = kept.iter().all(|kept| !kept);
        if !empty {
            self.add_workflow(&workflow.name, Value::new(Data::Map(Rc::new(fields)), place));
        }
    }
}

/// A requirement: a name, or a name with its statuses.
fn required(edge: &Edge, name: &str) -> Value {
    let text = Value::new(Data::text(name), edge.place);
    let Some(written) = &edge.written else { return text };
    let field = Field { name: name.into(), key: edge.place, value: written.clone() };
    Value::new(Data::Map(Rc::new(vec![field])), edge.place)
}
