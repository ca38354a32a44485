//! Properties over random histories: whatever happens, in whatever order, the invariants hold.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use roundel_model::{
    actor::Actor,
    id::{AccountId, JobId, LeaseId, PipelineId, WorkflowId},
    plan::{Executor, JobBody, PlannedJob, PlannedJobKind},
    status::{JobStatus, Outcome, PipelineStatus, StepStatus},
    time::Timestamp,
};

use crate::{
    Abandoned, BadGraph, Configuration, Effect, Event, IllegalEvent, NewJob, NewWorkflow, Next,
    Pipeline, Transition, advance, invariants,
    job::{Dependency, Kind, Status, TaskStatus},
};

const START: Timestamp = Timestamp::from_micros(1_000_000_000);
const PERSON: AccountId = AccountId::from_u128(9);
const OUTCOMES: [Outcome; 5] = [
    Outcome::Success,
    Outcome::Failed,
    Outcome::Timedout,
    Outcome::InfrastructureFail,
    Outcome::Canceled,
];

/// One thing that may happen, by numbers that are fitted to what exists.
#[derive(Clone, Debug)]
enum Move {
    Claim { job: usize, task: u32, lease: u128 },
    Renew { job: usize, task: u32, lease: u128 },
    Finish { job: usize, task: u32, lease: u128, outcome: usize },
    FinishHonestly { job: usize, outcome: usize },
    Approve { job: usize },
    CancelJob { job: usize },
    CancelWorkflow { workflow: usize },
    Wait { seconds: u64 },
    CompileAgain,
}

fn moves() -> impl Strategy<Value = Move> {
    let job = 0..12_usize;
    prop_oneof![
        4 => (job.clone(), 0..3_u32, 1..40_u128)
            .prop_map(|(job, task, lease)| Move::Claim { job, task, lease }),
        2 => (job.clone(), 0..3_u32, 1..40_u128)
            .prop_map(|(job, task, lease)| Move::Renew { job, task, lease }),
        2 => (job.clone(), 0..3_u32, 1..40_u128, 0..5_usize)
            .prop_map(|(job, task, lease, outcome)| Move::Finish { job, task, lease, outcome }),
        5 => (job.clone(), 0..5_usize)
            .prop_map(|(job, outcome)| Move::FinishHonestly { job, outcome }),
        2 => job.clone().prop_map(|job| Move::Approve { job }),
        1 => job.prop_map(|job| Move::CancelJob { job }),
        1 => (0..3_usize).prop_map(|workflow| Move::CancelWorkflow { workflow }),
        2 => (1..60_u64).prop_map(|seconds| Move::Wait { seconds }),
        1 => Just(Move::CompileAgain),
    ]
}

/// Graphs of one or two workflows; a job may need any jobs before it, with any endings.
fn plans() -> impl Strategy<Value = Vec<NewWorkflow>> {
    let needs = prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..3);
    let job = (0..6_u8, needs, prop::bool::weighted(0.1));
    prop::collection::vec(prop::collection::vec(job, 0..7), 1..3).prop_map(|workflows| {
        let mut number = 0;
        workflows
            .into_iter()
            .enumerate()
            .map(|(position, jobs)| {
                let mut made: Vec<NewJob> = Vec::new();
                for (kind, needs, lacks_context) in jobs {
                    number += 1;
                    let needs = needs_of(&made, &needs);
                    let mut job = new_job(number, kind_of(kind), needs);
                    if lacks_context {
                        job.missing_contexts.push("aws-prod".to_owned());
                    }
                    made.push(job);
                }
                NewWorkflow {
                    id: WorkflowId::from_u128(u128::try_from(position).unwrap() + 1),
                    name: format!("workflow-{position}").into(),
                    jobs: made,
                }
            })
            .collect()
    })
}

fn new_job(number: u128, kind: Kind, needs: Vec<Dependency>) -> NewJob {
    let planned = match kind {
        Kind::Approval => PlannedJobKind::Approval,
        Kind::NoOp => PlannedJobKind::NoOp,
        Kind::Build { tasks } => PlannedJobKind::Build(Box::new(JobBody {
            executor: Executor::Machine { image: None, layer_caching: false },
            resource_class: None,
            environment: Vec::new(),
            working_directory: "~/project".to_owned(),
            shell: None,
            parallelism: tasks,
            steps: Vec::new(),
            cache_days: None,
            ip_ranges: false,
        })),
    };
    let plan = PlannedJob {
        name: format!("job-{number}").into(),
        kind: planned,
        requires: Vec::new(),
        contexts: Vec::new(),
        serial_group: None,
    };
    NewJob { id: JobId::from_u128(number), plan, needs, missing_contexts: Vec::new() }
}

fn kind_of(number: u8) -> Kind {
    match number {
        0 => Kind::Approval,
        1 => Kind::NoOp,
        2 => Kind::Build { tasks: 3 },
        _ => Kind::Build { tasks: 1 },
    }
}

fn needs_of(earlier: &[NewJob], wanted: &[(prop::sample::Index, usize)]) -> Vec<Dependency> {
    if earlier.is_empty() {
        return Vec::new();
    }
    let endings = [
        vec![Outcome::Success],
        vec![Outcome::Failed],
        vec![Outcome::Success, Outcome::Canceled],
        vec![
            Outcome::Success,
            Outcome::Failed,
            Outcome::Canceled,
            Outcome::Unauthorized,
            Outcome::NotRun,
        ],
    ];
    wanted
        .iter()
        .map(|(index, ending)| Dependency {
            job: earlier[index.index(earlier.len())].id,
            accepts: endings[*ending].clone(),
        })
        .collect()
}

fn pending() -> Pipeline {
    Pipeline {
        id: PipelineId::from_u128(1),
        status: PipelineStatus::Pending,
        workflows: Vec::new(),
    }
}

/// The lease that the running task of a job holds.
fn held(pipeline: &Pipeline, job: JobId) -> Option<(u32, LeaseId)> {
    let job = pipeline.workflows.iter().flat_map(|w| &w.jobs).find(|j| j.id == job)?;
    let Status::Running { tasks } = &job.status else { return None };
    tasks.iter().zip(0..).find_map(|(task, index)| match task {
        TaskStatus::Running { lease, .. } => Some((index, *lease)),
        TaskStatus::Waiting | TaskStatus::Ended(_) => None,
    })
}

fn event_of(
    step: &Move,
    pipeline: &Pipeline,
    plan: &[NewWorkflow],
    now: Timestamp,
) -> Option<Event> {
    let ids: Vec<JobId> = plan.iter().flat_map(|w| &w.jobs).map(|job| job.id).collect();
    let id = |index: usize| ids.get(index % ids.len().max(1)).copied();
    let until = now.plus(Duration::from_secs(30));
    Some(match *step {
        Move::Claim { job, task, lease } => Event::Claimed {
            job: id(job)?,
            task,
            lease: LeaseId::from_u128(lease),
            expires_at: until,
            runner: "runner-1".to_owned(),
        },
        Move::Renew { job, task, lease } => Event::Renewed {
            job: id(job)?,
            task,
            lease: LeaseId::from_u128(lease),
            expires_at: until,
        },
        Move::Finish { job, task, lease, outcome } => Event::Finished {
            job: id(job)?,
            task,
            lease: LeaseId::from_u128(lease),
            outcome: OUTCOMES[outcome],
            reason: None,
        },
        Move::FinishHonestly { job, outcome } => {
            let job = id(job)?;
            let (task, lease) = held(pipeline, job)?;
            Event::Finished { job, task, lease, outcome: OUTCOMES[outcome], reason: None }
        }
        Move::Approve { job } => Event::Approved { job: id(job)?, by: PERSON },
        Move::CancelJob { job } => Event::JobCanceled { job: id(job)?, by: Actor::System },
        Move::CancelWorkflow { workflow } => {
            Event::WorkflowCanceled { workflow: plan.get(workflow)?.id, by: Actor::Account(PERSON) }
        }
        Move::Wait { .. } => Event::Tick,
        Move::CompileAgain => compiles(plan.to_vec()),
    })
}

/// Applies an event and checks everything that must hold.
fn step(pipeline: Pipeline, event: &Event, now: Timestamp) -> Pipeline {
    match advance(&pipeline, event, now) {
        Ok(Transition::To(Next { pipeline: next, effects, reasons, .. })) => {
            invariants::check(&next).unwrap();
            invariants::check_change(&pipeline, &next, &effects).unwrap();
            let mut unique = effects.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), effects.len(), "an effect comes twice");
            for job in next.workflows.iter().flat_map(|workflow| &workflow.jobs) {
                let explained = reasons.iter().any(|reason| reason.job == job.id);
                let was_denied = pipeline
                    .workflows
                    .iter()
                    .flat_map(|workflow| &workflow.jobs)
                    .any(|old| old.id == job.id && old.status == job.status);
                let is_denied = job.status.public() == JobStatus::Unauthorized && !was_denied;
                assert!(!is_denied || explained, "nothing says why {} is not authorized", job.name);
            }
            next
        }
        Err(IllegalEvent::Invariant { broken, .. }) => panic!("{event:?}: {broken}"),
        Ok(Transition::Ignored) | Err(_) => pipeline,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_history_keeps_the_invariants(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..60),
    ) {
        let mut now = START;
        let mut pipeline = step(pending(), &compiles(plan.clone()), now);
        for move_ in &history {
            if let Move::Wait { seconds } = move_ {
                now = now.plus(Duration::from_secs(*seconds));
            }
            if let Some(event) = event_of(move_, &pipeline, &plan, now) {
                pipeline = step(pipeline, &event, now);
            }
        }
    }

    /// Every history can finish: if runners work and people approve, everything ends.
    #[test]
    fn every_history_can_be_brought_to_an_end(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..30),
    ) {
        let mut pipeline = step(pending(), &compiles(plan.clone()), START);
        for move_ in &history {
            if let Some(event) = event_of(move_, &pipeline, &plan, START) {
                pipeline = step(pipeline, &event, START);
            }
        }
        let mut lease = 1_000;
        for _ in 0..200 {
            let Some(event) = helpful_event(&pipeline, &mut lease) else { break };
            pipeline = step(pipeline, &event, START);
        }
        for workflow in &pipeline.workflows {
            prop_assert!(workflow.status.is_final(), "{workflow:?}");
        }
    }

    /// However jobs end around it, each approval is announced once, and none that never waited.
    #[test]
    fn each_approval_is_announced_once_when_it_becomes_ready(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..60),
    ) {
        let begun = next(&pending(), &compiles(plan.clone()), START);
        let (mut pipeline, mut announced) = (begun.pipeline, approvals(&begun.effects));
        let mut waited: BTreeSet<JobId> = on_hold(&pipeline).collect();
        for move_ in &history {
            let Some(event) = event_of(move_, &pipeline, &plan, START) else { continue };
            let Ok(Transition::To(next)) = advance(&pipeline, &event, START) else { continue };
            announced.extend(approvals(&next.effects));
            pipeline = next.pipeline;
            waited.extend(on_hold(&pipeline));
        }
        announced.sort_unstable();
        prop_assert!(announced.iter().eq(&waited), "{announced:?} {waited:?}");
    }

    /// Repeating any event right away changes nothing more.
    #[test]
    fn a_repeated_event_changes_nothing_more(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..40),
    ) {
        let mut pipeline = step(pending(), &compiles(plan.clone()), START);
        for move_ in &history {
            if let Some(event) = event_of(move_, &pipeline, &plan, START) {
                let once = step(pipeline, &event, START);
                let twice = step(once.clone(), &event, START);
                prop_assert_eq!(&once, &twice);
                pipeline = once;
            }
        }
    }
}

/// The jobs whose approval is announced.
fn approvals(effects: &[Effect]) -> Vec<JobId> {
    let approval = |effect: &Effect| match effect {
        Effect::AnnounceApproval(job) => Some(*job),
        Effect::ReportJob(_)
        | Effect::ReportConfigError
        | Effect::OfferToRunners(_)
        | Effect::AnnounceWorkflow(_)
        | Effect::AnnounceConfigError => None,
    };
    effects.iter().filter_map(approval).collect()
}

fn on_hold(pipeline: &Pipeline) -> impl Iterator<Item = JobId> {
    let jobs = pipeline.workflows.iter().flat_map(|workflow| &workflow.jobs);
    jobs.filter(|job| job.status == Status::OnHold).map(|job| job.id)
}

/// What happens next when runners work and people approve.
fn helpful_event(pipeline: &Pipeline, lease: &mut u128) -> Option<Event> {
    for job in pipeline.workflows.iter().flat_map(|workflow| &workflow.jobs) {
        if let Some((task, lease)) = held(pipeline, job.id) {
            return Some(finished(job.id, (task, lease), Outcome::Success));
        }
        let waiting = match &job.status {
            Status::OnHold => return Some(Event::Approved { job: job.id, by: PERSON }),
            Status::NotRunning => Some(0),
            Status::Running { tasks } => tasks
                .iter()
                .zip(0..)
                .find_map(|(task, index)| (*task == TaskStatus::Waiting).then_some(index)),
            Status::Blocked | Status::Ended(_) => None,
        };
        if let Some(task) = waiting {
            *lease += 1;
            return Some(Event::Claimed {
                job: job.id,
                task,
                lease: LeaseId::from_u128(*lease),
                expires_at: START.plus(Duration::from_secs(30)),
                runner: "runner-1".to_owned(),
            });
        }
    }
    None
}

fn job(number: u128, kind: Kind, needs: &[(u128, Outcome)]) -> NewJob {
    let need = |(job, outcome): &(u128, Outcome)| Dependency {
        job: JobId::from_u128(*job),
        accepts: vec![*outcome],
    };
    new_job(number, kind, needs.iter().map(need).collect())
}

fn compiles(workflows: Vec<NewWorkflow>) -> Event {
    Event::Compiled { workflows, configuration: Configuration::default() }
}

fn finished(job: JobId, (task, lease): (u32, LeaseId), outcome: Outcome) -> Event {
    Event::Finished { job, task, lease, outcome, reason: None }
}

fn compiled(jobs: Vec<NewJob>) -> Pipeline {
    step(pending(), &compiles(vec![workflow(jobs)]), START)
}

fn workflow(jobs: Vec<NewJob>) -> NewWorkflow {
    NewWorkflow { id: WorkflowId::from_u128(1), name: "main".into(), jobs }
}

fn statuses(pipeline: &Pipeline) -> Vec<JobStatus> {
    pipeline.workflows[0].jobs.iter().map(|job| job.status.public()).collect()
}

#[test]
fn a_workflow_that_only_waits_for_a_person_is_on_hold() {
    let pipeline = compiled(vec![
        job(1, Kind::Approval, &[]),
        job(2, Kind::Build { tasks: 1 }, &[(1, Outcome::Success)]),
    ]);
    assert_eq!(pipeline.workflows[0].status.as_str(), "on_hold");
    let pipeline = step(pipeline, &Event::Approved { job: JobId::from_u128(1), by: PERSON }, START);
    assert_eq!(statuses(&pipeline), [JobStatus::Success, JobStatus::NotRunning]);
    assert_eq!(pipeline.workflows[0].status.as_str(), "running");
}

/// Who has to approve must not wait until unrelated jobs have ended, and must not be asked again then.
#[test]
fn an_approval_is_announced_when_it_becomes_ready_and_the_workflow_when_it_ends() {
    let build = Kind::Build { tasks: 1 };
    let (slow, hold, lease) = (JobId::from_u128(1), JobId::from_u128(2), LeaseId::from_u128(1));
    let jobs = vec![job(1, build, &[]), job(2, Kind::Approval, &[])];
    let begun = next(&pending(), &compiles(vec![workflow(jobs)]), START);
    assert_eq!(begun.pipeline.workflows[0].status.as_str(), "running");
    assert!(begun.effects.contains(&Effect::AnnounceApproval(hold)), "{:?}", begun.effects);
    let until = START.plus(Duration::from_secs(9));
    let running = step(begun.pipeline, &claimed(slow, (0, lease), until), START);
    let waits = next(&running, &finished(slow, (0, lease), Outcome::Success), START);
    assert_eq!(waits.pipeline.workflows[0].status.as_str(), "on_hold");
    assert_eq!(waits.effects, [Effect::ReportJob(slow)], "nothing is announced again");
    let ended = next(&waits.pipeline, &Event::Approved { job: hold, by: PERSON }, START);
    let workflow = ended.pipeline.workflows[0].id;
    assert_eq!(ended.effects, [Effect::ReportJob(hold), Effect::AnnounceWorkflow(workflow)]);
}

#[test]
fn canceling_a_workflow_starts_nothing_that_waits_for_a_cancel() {
    let build = Kind::Build { tasks: 1 };
    let pipeline = compiled(vec![job(1, build, &[]), job(2, build, &[(1, Outcome::Canceled)])]);
    let cancel =
        Event::WorkflowCanceled { workflow: WorkflowId::from_u128(1), by: Actor::Account(PERSON) };
    let pipeline = step(pipeline, &cancel, START);
    assert_eq!(statuses(&pipeline), [JobStatus::Canceled, JobStatus::Canceled]);
}

#[test]
fn jobs_that_wait_for_each_other_are_refused() {
    let build = Kind::Build { tasks: 1 };
    let jobs =
        vec![job(1, build, &[(2, Outcome::Success)]), job(2, build, &[(1, Outcome::Success)])];
    let error = advance(&pending(), &compiles(vec![workflow(jobs)]), START).unwrap_err();
    let cycle = BadGraph::Cycle { jobs: vec!["job-1".into(), "job-2".into()] };
    assert_eq!(error, IllegalEvent::Graph(cycle));
    assert_eq!(
        error.to_string(),
        "the workflows cannot run: jobs require each other in a cycle: `job-1`, `job-2`"
    );
}

#[test]
fn a_failure_is_reported_even_if_a_later_job_handles_it() {
    let build = Kind::Build { tasks: 1 };
    let mut pipeline = compiled(vec![job(1, build, &[]), job(2, build, &[(1, Outcome::Failed)])]);
    let lease = LeaseId::from_u128(1);
    for id in [1, 2] {
        let job = JobId::from_u128(id);
        let until = START.plus(Duration::from_secs(9));
        pipeline = step(pipeline, &claimed(job, (0, lease), until), START);
        let outcome = if id == 1 { Outcome::Failed } else { Outcome::Success };
        pipeline = step(pipeline, &finished(job, (0, lease), outcome), START);
    }
    assert_eq!(statuses(&pipeline), [JobStatus::Failed, JobStatus::Success]);
    assert_eq!(pipeline.workflows[0].status.as_str(), "failed");
}

fn claimed(job: JobId, (task, lease): (u32, LeaseId), expires_at: Timestamp) -> Event {
    Event::Claimed { job, task, lease, expires_at, runner: "runner-1".to_owned() }
}

fn next(pipeline: &Pipeline, event: &Event, now: Timestamp) -> Next {
    match advance(pipeline, event, now).unwrap() {
        Transition::To(next) => next,
        Transition::Ignored => panic!("{event:?} changes something"),
    }
}

/// A deploy without its credentials must not run as if it had them.
#[test]
fn a_job_whose_context_does_not_exist_is_unauthorized_and_says_which() {
    let build = Kind::Build { tasks: 1 };
    let mut deploy = job(1, build, &[]);
    deploy.missing_contexts = vec!["aws-prod".to_owned(), "npm".to_owned()];
    let jobs = vec![deploy, job(2, build, &[(1, Outcome::Success)])];
    let begun = next(&pending(), &compiles(vec![workflow(jobs)]), START);
    assert_eq!(statuses(&begun.pipeline), [JobStatus::Unauthorized, JobStatus::NotRun]);
    assert_eq!(begun.pipeline.workflows[0].status.as_str(), "unauthorized");
    assert_eq!(begun.reasons.len(), 1);
    assert_eq!(begun.reasons[0].text, "contexts `aws-prod`, `npm` do not exist");
    let workflow = begun.pipeline.workflows[0].id;
    let expected = [Effect::ReportJob(JobId::from_u128(1)), Effect::AnnounceWorkflow(workflow)];
    assert_eq!(begun.effects, expected);
}

/// A job that is not to run at all is not unauthorized either.
#[test]
fn a_job_that_is_skipped_is_not_unauthorized() {
    let build = Kind::Build { tasks: 1 };
    let mut deploy = job(2, build, &[(1, Outcome::Success)]);
    deploy.missing_contexts = vec!["aws-prod".to_owned()];
    let pipeline = compiled(vec![job(1, build, &[]), deploy]);
    assert_eq!(statuses(&pipeline), [JobStatus::NotRunning, JobStatus::Blocked]);
    let cancel = Event::JobCanceled { job: JobId::from_u128(1), by: Actor::System };
    let pipeline = step(pipeline, &cancel, START);
    assert_eq!(statuses(&pipeline), [JobStatus::Canceled, JobStatus::NotRun]);
}

#[test]
fn a_caller_that_breaks_the_protocol_is_named_the_status() {
    let pipeline = compiled(vec![job(1, Kind::Build { tasks: 1 }, &[])]);
    let approve = Event::Approved { job: JobId::from_u128(1), by: PERSON };
    let error = advance(&pipeline, &approve, START).unwrap_err();
    assert!(
        matches!(error, IllegalEvent::Protocol { status: Some(JobStatus::NotRunning), .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "`approved` is not possible while the job is `not_running`: it is not an approval job"
    );
}

#[test]
fn two_jobs_of_one_id_are_our_mistake_and_not_the_authors() {
    let jobs = vec![job(1, Kind::NoOp, &[]), job(1, Kind::NoOp, &[])];
    let error = advance(&pending(), &compiles(vec![workflow(jobs)]), START).unwrap_err();
    assert!(matches!(error, IllegalEvent::Invariant { event: "compiled", .. }), "{error:?}");
}

/// A task that is lost leaves a step that runs forever, and a job that cannot be explained.
#[test]
fn a_task_that_ends_without_its_runner_is_abandoned() {
    let (id, until) = (JobId::from_u128(1), START.plus(Duration::from_secs(30)));
    let pipeline = compiled(vec![job(1, Kind::Build { tasks: 2 }, &[])]);
    let (one, other) = (LeaseId::from_u128(1), LeaseId::from_u128(2));
    let late = until.plus(Duration::from_secs(1));
    let pipeline = step(pipeline, &claimed(id, (0, one), until), START);
    let pipeline = step(pipeline, &claimed(id, (1, other), late), START);
    let lost = next(&pipeline, &Event::Tick, until);
    let steps = StepStatus::InfrastructureFail;
    assert_eq!(lost.abandoned, [Abandoned { job: id, task: 0, steps }]);
    assert_eq!(lost.reasons.len(), 1, "also while the other task runs on");
    let ended = next(&lost.pipeline, &finished(id, (1, other), Outcome::Success), until);
    assert_eq!(ended.abandoned, []);
    let cancel = Event::JobCanceled { job: id, by: Actor::System };
    let canceled = next(&lost.pipeline, &cancel, until);
    let steps = StepStatus::Canceled;
    assert_eq!(canceled.abandoned, [Abandoned { job: id, task: 1, steps }]);
}
