//! Properties over random histories: whatever the world does, in whatever order, the invariants hold.

use std::time::Duration;

use proptest::prelude::*;
use roundel_model::{
    id::{JobId, LeaseId, PipelineId, WorkflowId},
    status::{JobStatus, Outcome, PipelineStatus},
    time::Timestamp,
};

use crate::{
    Event, NewJob, NewWorkflow, Pipeline, Transition, advance, invariants,
    job::{Kind, Need, Status, TaskStatus},
};

const START: Timestamp = Timestamp::from_micros(1_000_000_000);
const OUTCOMES: [Outcome; 5] = [
    Outcome::Success,
    Outcome::Failed,
    Outcome::Timedout,
    Outcome::InfrastructureFail,
    Outcome::Canceled,
];

/// One move of the world, by numbers that are fitted to what exists.
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
    let job = (0..6_u8, prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..3));
    prop::collection::vec(prop::collection::vec(job, 0..7), 1..3).prop_map(|workflows| {
        let mut number = 0;
        workflows
            .into_iter()
            .enumerate()
            .map(|(position, jobs)| {
                let mut made: Vec<NewJob> = Vec::new();
                for (kind, needs) in jobs {
                    number += 1;
                    made.push(NewJob {
                        id: JobId::from_u128(number),
                        name: format!("job-{number}").into(),
                        kind: kind_of(kind),
                        needs: needs_of(&made, &needs),
                    });
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

fn kind_of(number: u8) -> Kind {
    match number {
        0 => Kind::Approval,
        1 => Kind::NoOp,
        2 => Kind::Build { tasks: 3 },
        _ => Kind::Build { tasks: 1 },
    }
}

fn needs_of(earlier: &[NewJob], wanted: &[(prop::sample::Index, usize)]) -> Vec<Need> {
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
        .map(|(index, ending)| Need {
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

/// The right that the running task of a job holds.
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
        },
        Move::FinishHonestly { job, outcome } => {
            let job = id(job)?;
            let (task, lease) = held(pipeline, job)?;
            Event::Finished { job, task, lease, outcome: OUTCOMES[outcome] }
        }
        Move::Approve { job } => Event::Approved { job: id(job)? },
        Move::CancelJob { job } => Event::JobCanceled { job: id(job)? },
        Move::CancelWorkflow { workflow } => {
            Event::WorkflowCanceled { workflow: plan.get(workflow)?.id }
        }
        Move::Wait { .. } => Event::Tick,
        Move::CompileAgain => Event::Compiled { workflows: plan.to_vec() },
    })
}

/// Applies an event and checks everything that must hold.
fn step(pipeline: Pipeline, event: &Event, now: Timestamp) -> Pipeline {
    match advance(&pipeline, event, now) {
        Ok(Transition::To(next, effects)) => {
            invariants::check(&next).unwrap();
            invariants::check_change(&pipeline, &next, &effects).unwrap();
            let mut unique = effects.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), effects.len(), "an effect is owed twice");
            next
        }
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
        let mut pipeline = step(pending(), &Event::Compiled { workflows: plan.clone() }, now);
        for move_ in &history {
            if let Move::Wait { seconds } = move_ {
                now = now.plus(Duration::from_secs(*seconds));
            }
            if let Some(event) = event_of(move_, &pipeline, &plan, now) {
                pipeline = step(pipeline, &event, now);
            }
        }
    }

    /// No history leads into a corner: if runners work and people approve, everything ends.
    #[test]
    fn every_history_can_be_brought_to_an_end(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..30),
    ) {
        let mut pipeline = step(pending(), &Event::Compiled { workflows: plan.clone() }, START);
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

    /// What was said twice counts once: repeating any event right away changes nothing more.
    #[test]
    fn repeated_news_change_nothing(
        plan in plans(),
        history in prop::collection::vec(moves(), 0..40),
    ) {
        let mut pipeline = step(pending(), &Event::Compiled { workflows: plan.clone() }, START);
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

/// What a world that works would do next.
fn helpful_event(pipeline: &Pipeline, lease: &mut u128) -> Option<Event> {
    for job in pipeline.workflows.iter().flat_map(|workflow| &workflow.jobs) {
        if let Some((task, lease)) = held(pipeline, job.id) {
            return Some(Event::Finished { job: job.id, task, lease, outcome: Outcome::Success });
        }
        let waiting = match &job.status {
            Status::OnHold => return Some(Event::Approved { job: job.id }),
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
            });
        }
    }
    None
}

fn job(number: u128, kind: Kind, needs: &[(u128, Outcome)]) -> NewJob {
    NewJob {
        id: JobId::from_u128(number),
        name: format!("job-{number}").into(),
        kind,
        needs: needs
            .iter()
            .map(|(job, outcome)| Need { job: JobId::from_u128(*job), accepts: vec![*outcome] })
            .collect(),
    }
}

fn compiled(jobs: Vec<NewJob>) -> Pipeline {
    let workflow = NewWorkflow { id: WorkflowId::from_u128(1), name: "main".into(), jobs };
    step(pending(), &Event::Compiled { workflows: vec![workflow] }, START)
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
    let pipeline = step(pipeline, &Event::Approved { job: JobId::from_u128(1) }, START);
    assert_eq!(statuses(&pipeline), [JobStatus::Success, JobStatus::NotRunning]);
    assert_eq!(pipeline.workflows[0].status.as_str(), "running");
}

#[test]
fn canceling_a_workflow_starts_nothing_that_waits_for_a_cancel() {
    let build = Kind::Build { tasks: 1 };
    let pipeline = compiled(vec![job(1, build, &[]), job(2, build, &[(1, Outcome::Canceled)])]);
    let cancel = Event::WorkflowCanceled { workflow: WorkflowId::from_u128(1) };
    let pipeline = step(pipeline, &cancel, START);
    assert_eq!(statuses(&pipeline), [JobStatus::Canceled, JobStatus::Canceled]);
}

#[test]
fn jobs_that_wait_for_each_other_are_refused() {
    let build = Kind::Build { tasks: 1 };
    let jobs =
        vec![job(1, build, &[(2, Outcome::Success)]), job(2, build, &[(1, Outcome::Success)])];
    let workflow = NewWorkflow { id: WorkflowId::from_u128(1), name: "main".into(), jobs };
    let event = Event::Compiled { workflows: vec![workflow] };
    let error = advance(&pending(), &event, START).unwrap_err();
    assert!(error.reason.contains("circle"), "{error}");
}

#[test]
fn a_failure_is_reported_even_if_a_later_job_handles_it() {
    let build = Kind::Build { tasks: 1 };
    let mut pipeline = compiled(vec![job(1, build, &[]), job(2, build, &[(1, Outcome::Failed)])]);
    let lease = LeaseId::from_u128(1);
    for id in [1, 2] {
        let job = JobId::from_u128(id);
        let until = START.plus(Duration::from_secs(9));
        let claim = Event::Claimed { job, task: 0, lease, expires_at: until };
        pipeline = step(pipeline, &claim, START);
        let outcome = if id == 1 { Outcome::Failed } else { Outcome::Success };
        pipeline = step(pipeline, &Event::Finished { job, task: 0, lease, outcome }, START);
    }
    assert_eq!(statuses(&pipeline), [JobStatus::Failed, JobStatus::Success]);
    assert_eq!(pipeline.workflows[0].status.as_str(), "failed");
}
