//! What `drive::apply` needs of the store: what the engine decides is what is read back.

use std::{collections::HashSet, time::Duration};

use roundel_engine::{
    Configuration, Event, NewJob, Pipeline, Transition, advance,
    job::{Dependency, Status, TaskStatus},
};
use roundel_model::{
    actor::Actor,
    id::{JobId, LeaseId, PipelineId, WorkflowId},
    kind::{ExecutorKind, StepKind},
    plan::PlannedJobKind,
    status::{JobStatus, Outcome, PipelineErrorKind, PipelineStatus, StepStatus, WorkflowStatus},
};
use roundel_store::{
    StoreError,
    logs::{Reported, StepRow},
    pipelines::OfferedTask,
    reading::ActedBy,
};
use roundel_testkit::planned;

use crate::world::{World, apply, at, claimed, compiles, finished, new_job, workflow};

on_all! {
    every_state_that_the_engine_reaches_is_read_back,
    jobs_of_kind_build_are_numbered_in_the_order_of_the_file,
    a_job_has_the_times_of_its_statuses,
    what_the_caller_refuses_is_not_saved,
    a_large_pipeline_is_saved_and_read_back,
    tasks_are_offered_oldest_first_while_they_wait,
    jobs_are_queued_while_one_of_their_tasks_waits,
    a_task_is_claimed_by_one_of_many_runners,
    changes_of_one_pipeline_do_not_overlap,
    a_lease_that_ended_is_found_and_has_no_outcome,
    a_pipeline_that_could_not_be_compiled_keeps_its_errors,
    the_pipeline_of_a_job_is_known,
    who_approved_and_who_canceled_is_kept,
    what_roundel_itself_cancels_names_no_person,
    the_steps_of_a_lost_task_end_with_it,
    a_job_whose_context_is_missing_is_unauthorized,
}

/// A pipeline that reaches every status of a job: tasks side by side, approval, skipping, canceling.
async fn every_state_that_the_engine_reaches_is_read_back(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[("test", 3), ("deploy", 1)]);
    let (test, deploy) = (main.jobs[0].id, main.jobs[1].id);
    let (hold, after_hold, nothing) = (JobId::fresh(), JobId::fresh(), JobId::fresh());
    let job = |id, plan, needs| NewJob { id, ..new_job(plan, needs) };
    let waits = vec![Dependency { job: hold, accepts: vec![Outcome::Success, Outcome::Canceled] }];
    main.jobs.push(job(hold, planned::job("hold", PlannedJobKind::Approval), vec![]));
    main.jobs.push(job(after_hold, planned::build("after", 1), waits));
    main.jobs.push(job(nothing, planned::job("nothing", PlannedJobKind::NoOp), vec![]));
    let second = workflow("second", &[("lint", 1)]);
    let (main_id, second_id) = (main.id, second.id);

    let leases: Vec<LeaseId> = (0..4).map(|_| LeaseId::fresh()).collect();
    let claims = |job, task, lease: usize| claimed((job, task), leases[lease], at(400), "r");
    let finishes = |job, task, lease: usize, outcome| finished((job, task), leases[lease], outcome);
    let renewed = Event::Renewed { job: test, task: 1, lease: leases[1], expires_at: at(450) };
    let workflows = vec![main, second];
    let person = world.account("ada").await;
    let events = [
        compiles(workflows),
        claims(test, 1, 1),
        claims(test, 0, 0),
        renewed,
        Event::Approved { job: hold, by: person },
        finishes(test, 0, 0, Outcome::Failed),
        claims(test, 2, 2),
        claims(after_hold, 0, 3),
        finishes(test, 2, 2, Outcome::Success),
        Event::WorkflowCanceled { workflow: second_id, by: Actor::System },
        finishes(after_hold, 0, 3, Outcome::Success),
        Event::Tick,
    ];
    let mut expected = world.state(pipeline).await;
    assert_eq!(
        expected,
        Pipeline { id: pipeline, status: PipelineStatus::Pending, workflows: vec![] }
    );
    for (turn, event) in (0..).zip(&events) {
        let now = at(420 + turn * 3);
        let Transition::To(next) = advance(&expected, event, now).unwrap() else {
            panic!("{event:?} changes something");
        };
        assert!(apply(&world.store, pipeline, event, now).await.unwrap());
        expected = next.pipeline;
        assert_eq!(world.state(pipeline).await, expected, "after {event:?}");
    }
    let status = |id: JobId| {
        let jobs = expected.workflows.iter().flat_map(|workflow| &workflow.jobs);
        jobs.into_iter().find(|job| job.id == id).unwrap().status.public()
    };
    assert_eq!((status(test), status(deploy)), (JobStatus::Failed, JobStatus::NotRun));
    let statuses: Vec<(WorkflowId, WorkflowStatus)> =
        expected.workflows.iter().map(|workflow| (workflow.id, workflow.status)).collect();
    let ends = [(main_id, WorkflowStatus::Failed), (second_id, WorkflowStatus::Canceled)];
    assert_eq!(statuses, ends);
}

async fn jobs_of_kind_build_are_numbered_in_the_order_of_the_file(world: World) {
    let project = world.project("acme/web").await;
    for first in [1, 3] {
        let pipeline = world.pipeline(project.id, first).await;
        let mut main = workflow("main", &[("a", 1), ("b", 2)]);
        let hold = planned::job("hold", PlannedJobKind::Approval);
        main.jobs.insert(1, new_job(hold, vec![]));
        let ids: Vec<JobId> = main.jobs.iter().map(|job| job.id).collect();
        world.compiled(pipeline, vec![main], at(300)).await;
        let mut numbers = Vec::new();
        for id in ids {
            numbers.push(world.store.job(id).await.unwrap().unwrap().number);
        }
        assert_eq!(numbers, [Some(first), None, Some(first + 1)]);
        let found = world.store.job_by_number(project.id, first).await.unwrap().unwrap();
        assert_eq!(found.name.as_str(), "a");
    }
    assert_eq!(world.store.job_by_number(project.id, 9).await.unwrap(), None);
}

async fn a_job_has_the_times_of_its_statuses(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let main = workflow("main", &[("a", 1), ("b", 1), ("c", 1)]);
    let ids: Vec<JobId> = main.jobs.iter().map(|job| job.id).collect();
    world.compiled(pipeline, vec![main], at(200)).await;
    let times = |id| {
        let store = world.store.clone();
        async move {
            let job = store.job(id).await.unwrap().unwrap();
            (job.queued_at, job.started_at, job.stopped_at)
        }
    };
    assert_eq!(times(ids[0]).await, (Some(at(200)), None, None));
    assert_eq!(times(ids[1]).await, (None, None, None));
    let lease = world.claim(pipeline, ids[0], 0, at(210)).await;
    assert_eq!(times(ids[0]).await, (Some(at(200)), Some(at(210)), None));
    world.finish((pipeline, ids[0]), lease, Outcome::Success, at(220)).await;
    assert_eq!(times(ids[0]).await, (Some(at(200)), Some(at(210)), Some(at(220))));
    assert_eq!(times(ids[1]).await, (Some(at(220)), None, None));
    let lease = world.claim(pipeline, ids[1], 0, at(230)).await;
    world.finish((pipeline, ids[1]), lease, Outcome::Failed, at(240)).await;
    assert_eq!(times(ids[2]).await, (None, None, Some(at(240))), "what never ran only ended");
    let workflows = world.store.workflows(pipeline).await.unwrap();
    assert_eq!((workflows[0].created_at, workflows[0].stopped_at), (at(200), Some(at(240))));
}

async fn what_the_caller_refuses_is_not_saved(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, _) = world.one_job(project.id, 1).await;
    let before = world.state(pipeline).await;
    let refuse = |_: &Pipeline| Err::<Transition, _>("not now");
    let answer = world.store.change(pipeline, &Event::Tick, at(300), refuse).await.unwrap();
    assert_eq!(answer, Err("not now"));
    let leave = |_: &Pipeline| Ok::<_, ()>(Transition::Ignored);
    let answer = world.store.change(pipeline, &Event::Tick, at(300), leave).await.unwrap();
    assert_eq!(answer, Ok(Transition::Ignored));
    assert_eq!(world.state(pipeline).await, before);
    let missing = world.store.change(PipelineId::fresh(), &Event::Tick, at(300), leave).await;
    assert!(matches!(missing, Err(StoreError::Missing("pipeline"))));
}

/// More rows than one statement inserts.
async fn a_large_pipeline_is_saved_and_read_back(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[]);
    main.jobs = (0..500)
        .map(|number| new_job(planned::build(&format!("job {number}"), 2), vec![]))
        .collect();
    let ids: Vec<JobId> = main.jobs.iter().map(|job| job.id).collect();
    world.compiled(pipeline, vec![main], at(200)).await;
    let read: Vec<JobId> =
        world.state(pipeline).await.workflows[0].jobs.iter().map(|job| job.id).collect();
    assert_eq!(read, ids, "in the order of the file");
    assert_eq!(world.store.offered_tasks(2000).await.unwrap().len(), 1000);
    let last = world.store.job(ids[499]).await.unwrap().unwrap();
    assert_eq!(last.number, Some(500));
}

async fn tasks_are_offered_oldest_first_while_they_wait(world: World) {
    let project = world.project("acme/web").await;
    let (second, second_job) = world.one_job(project.id, 2).await;
    let (first, first_job) = world.one_job(project.id, 1).await;
    let offer = |pipeline, job| OfferedTask {
        pipeline,
        job,
        index: 0,
        resource_class: Some("small".to_owned()),
        executor: ExecutorKind::Machine.into(),
        architecture: None,
    };
    let offered = world.store.offered_tasks(10).await.unwrap();
    assert_eq!(offered, [offer(first, first_job), offer(second, second_job)]);
    assert_eq!(world.store.offered_tasks(1).await.unwrap().len(), 1);
    let queued = async |pipeline| world.store.queued_jobs_of(pipeline).await.unwrap();
    assert_eq!(queued(first).await, [offer(first, first_job)]);
    let lease = world.claim(first, first_job, 0, at(300)).await;
    let offered = world.store.offered_tasks(10).await.unwrap();
    assert_eq!(offered, [offer(second, second_job)]);
    assert_eq!((queued(first).await, queued(second).await.len()), (vec![], 1));
    world.finish((first, first_job), lease, Outcome::Success, at(310)).await;
    let cancel = Event::JobCanceled { job: second_job, by: Actor::System };
    world.apply(second, &cancel, at(320)).await;
    assert_eq!(world.store.offered_tasks(10).await.unwrap(), []);
}

/// A job of many tasks is one job; one that runs in part waits in part.
async fn jobs_are_queued_while_one_of_their_tasks_waits(world: World) {
    assert_eq!(world.store.queued_jobs().await.unwrap(), 0);
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[]);
    main.jobs = (0..150)
        .map(|number| new_job(planned::build(&format!("job {number}"), 2), vec![]))
        .collect();
    let first = main.jobs[0].id;
    world.compiled(pipeline, vec![main], at(200)).await;
    assert_eq!(world.store.queued_jobs().await.unwrap(), 150);
    world.claim(pipeline, first, 0, at(300)).await;
    assert_eq!(world.store.queued_jobs().await.unwrap(), 150);
    world.claim(pipeline, first, 1, at(300)).await;
    assert_eq!(world.store.queued_jobs().await.unwrap(), 149);
}

/// Invariant 2. Every runner wants every task; two servers hand them out.
async fn a_task_is_claimed_by_one_of_many_runners(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let main = workflow("main", &[("test", 12)]);
    let job = main.jobs[0].id;
    world.compiled(pipeline, vec![main], at(200)).await;
    let other = world.another_store().await;
    let mut runners = tokio::task::JoinSet::new();
    for turn in 0..6 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        runners.spawn(async move {
            let mut won = Vec::new();
            for task in 0..12 {
                let (lease, now) = (LeaseId::fresh(), at(300));
                let expires_at = now.plus(Duration::from_secs(30));
                let event = claimed((job, task), lease, expires_at, &format!("runner-{turn}"));
                if apply(&store, pipeline, &event, now).await.unwrap() {
                    won.push((task, lease, format!("runner-{turn}")));
                }
            }
            won
        });
    }
    let won: Vec<_> = runners.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 12);
    assert_eq!(won.iter().map(|(task, ..)| *task).collect::<HashSet<_>>().len(), 12);
    let state = world.state(pipeline).await;
    let Status::Running { tasks } = &state.workflows[0].jobs[0].status else { panic!("it runs") };
    let row = world.store.job(job).await.unwrap().unwrap();
    for (task, lease, runner) in won {
        let index = usize::try_from(task).unwrap();
        assert!(matches!(tasks[index], TaskStatus::Running { lease: holds, .. } if holds == lease));
        assert_eq!(row.runners[index].as_deref(), Some(runner.as_str()));
    }
}

/// Each change sees what the one before it left: none is lost.
async fn changes_of_one_pipeline_do_not_overlap(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let jobs: Vec<(String, u32)> = (0..20).map(|number| (format!("job {number}"), 1)).collect();
    let mut main =
        workflow("main", &jobs.iter().map(|(n, t)| (n.as_str(), *t)).collect::<Vec<_>>());
    for job in &mut main.jobs {
        job.needs.clear();
    }
    let ids: Vec<JobId> = main.jobs.iter().map(|job| job.id).collect();
    world.compiled(pipeline, vec![main], at(200)).await;
    let other = world.another_store().await;
    let mut changes = tokio::task::JoinSet::new();
    for (turn, job) in ids.into_iter().enumerate() {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        changes.spawn(async move {
            let (lease, outcome) = (LeaseId::fresh(), Outcome::Success);
            let claim = claimed((job, 0), lease, at(400), "runner-1");
            apply(&store, pipeline, &claim, at(300)).await.unwrap();
            let finish = finished((job, 0), lease, outcome);
            apply(&store, pipeline, &finish, at(301)).await.unwrap()
        });
    }
    assert!(changes.join_all().await.into_iter().all(|changed| changed));
    assert_eq!(world.state(pipeline).await.workflows[0].status, WorkflowStatus::Success);
}

async fn a_lease_that_ended_is_found_and_has_no_outcome(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let (other, other_job) = world.one_job(project.id, 2).await;
    let lease = world.claim(pipeline, job, 0, at(300)).await;
    world.claim(other, other_job, 0, at(320)).await;
    let expired = |seconds| {
        let store = world.store.clone();
        async move { store.pipelines_with_expired_leases(at(seconds)).await.unwrap() }
    };
    assert_eq!(expired(329).await, []);
    assert_eq!(expired(330).await, [pipeline]);
    let renewed = Event::Renewed { job, task: 0, lease, expires_at: at(345) };
    world.apply(pipeline, &renewed, at(329)).await;
    assert_eq!(expired(344).await, []);
    world.apply(pipeline, &Event::Tick, at(345)).await;
    assert_eq!(expired(349).await, []);
    world.finish((pipeline, job), lease, Outcome::Success, at(346)).await;
    let row = world.store.job(job).await.unwrap().unwrap();
    assert_eq!((row.status, row.stopped_at), (JobStatus::InfrastructureFail, Some(at(345))));
}

async fn a_pipeline_that_could_not_be_compiled_keeps_its_errors(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    assert_eq!(world.store.config_of(pipeline).await.unwrap(), None);
    let configuration = Configuration {
        text: Some("version: 2.1\njobs: nonsense\n".repeat(100)),
        diagnostics: Some("[{\"slug\":\"not-a-map\"}]".to_owned()),
        nothing_runs: Some("there are no workflows".to_owned()),
    };
    let (kind, errors) = (PipelineErrorKind::Unsupported, vec!["`jobs` must be a map".to_owned()]);
    let failed =
        Event::CompileFailed { kind, errors: errors.clone(), configuration: configuration.clone() };
    world.apply(pipeline, &failed, at(200)).await;
    let row = world.store.pipeline(pipeline).await.unwrap().unwrap();
    assert_eq!((row.status, row.errors), (PipelineStatus::Errored, errors));
    assert_eq!(row.error_kind, Some(kind));
    assert_eq!(world.store.config_of(pipeline).await.unwrap(), Some(configuration));
    assert_eq!(world.store.pending_pipelines(at(9999)).await.unwrap(), []);
}

async fn the_pipeline_of_a_job_is_known(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    assert_eq!(world.store.pipeline_of_job(job).await.unwrap(), Some(pipeline));
    assert_eq!(world.store.pipeline_of_job(JobId::fresh()).await.unwrap(), None);
}

/// An approval gate without a name and a time does not record who decided.
async fn who_approved_and_who_canceled_is_kept(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[("build", 1), ("test", 1)]);
    main.jobs.push(new_job(planned::job("hold", PlannedJobKind::Approval), vec![]));
    let (build, hold) = (main.jobs[0].id, main.jobs[2].id);
    let (id, test) = (main.id, main.jobs[1].id);
    world.compiled(pipeline, vec![main], at(200)).await;
    let person = world.account("octocat").await;
    world.apply(pipeline, &Event::Approved { job: hold, by: person }, at(210)).await;
    let canceled = Event::JobCanceled { job: build, by: Actor::Account(person) };
    world.apply(pipeline, &canceled, at(220)).await;
    let login = Some("octocat".to_owned());
    let by = |at| ActedBy { actor: Actor::Account(person), login: login.clone(), at };
    let row = world.store.job(hold).await.unwrap().unwrap();
    assert_eq!((row.approved_by, row.canceled_by), (Some(by(at(210))), None));
    let row = world.store.job(build).await.unwrap().unwrap();
    assert_eq!((row.approved_by, row.canceled_by), (None, Some(by(at(220)))));
    let row = world.store.job(test).await.unwrap().unwrap();
    assert_eq!((row.status, row.canceled_by), (JobStatus::NotRun, None), "it was not canceled");
    let again = Event::WorkflowCanceled { workflow: id, by: Actor::System };
    assert!(!apply(&world.store, pipeline, &again, at(230)).await.unwrap());
}

async fn what_roundel_itself_cancels_names_no_person(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let workflow = world.state(pipeline).await.workflows[0].id;
    let cancel = Event::WorkflowCanceled { workflow, by: Actor::System };
    world.apply(pipeline, &cancel, at(300)).await;
    let row = world.store.job(job).await.unwrap().unwrap();
    let by = ActedBy { actor: Actor::System, login: None, at: at(300) };
    assert_eq!(row.canceled_by, Some(by.clone()));
    let workflow = world.store.workflows(pipeline).await.unwrap().remove(0);
    assert_eq!(workflow.canceled_by, Some(by));
}

/// The server may be killed right after this transaction: nothing else ends the steps.
async fn the_steps_of_a_lost_task_end_with_it(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let main = workflow("main", &[("test", 2)]);
    let job = main.jobs[0].id;
    world.compiled(pipeline, vec![main], at(200)).await;
    let leases = [LeaseId::fresh(), LeaseId::fresh()];
    for (task, until) in [(0, 330), (1, 999)] {
        let lease = leases[usize::try_from(task).unwrap()];
        world.apply(pipeline, &claimed((job, task), lease, at(until), "r"), at(300)).await;
        let running = step(job, task, StepStatus::Running);
        assert_eq!(world.store.put_step(&running, lease).await.unwrap(), Reported::Stored);
    }
    let done = StepRow { number: 0, ended_at: Some(at(302)), ..step(job, 0, StepStatus::Success) };
    assert_eq!(world.store.put_step(&done, leases[0]).await.unwrap(), Reported::Stored);
    let steps = || async {
        let steps = world.store.steps(job).await.unwrap();
        steps.into_iter().map(|step| (step.status, step.ended_at)).collect::<Vec<_>>()
    };
    world.apply(pipeline, &Event::Tick, at(330)).await;
    let done = (StepStatus::Success, Some(at(302)));
    let lost = (StepStatus::InfrastructureFail, Some(at(330)));
    let running = (StepStatus::Running, None);
    assert_eq!(steps().await, [done, lost, running], "the other task runs on");
    let cancel = Event::JobCanceled { job, by: Actor::System };
    world.apply(pipeline, &cancel, at(340)).await;
    assert_eq!(steps().await, [done, lost, (StepStatus::Canceled, Some(at(340)))]);
    let reason = world.store.job(job).await.unwrap().unwrap().reason.unwrap();
    assert!(reason.contains("lost contact"), "{reason}");
}

fn step(job: JobId, task: u32, status: StepStatus) -> StepRow {
    StepRow {
        job,
        task,
        number: 101,
        name: "make".to_owned(),
        kind: StepKind::Run.into(),
        status,
        command: None,
        line: None,
        background: false,
        exit_code: None,
        started_at: at(301),
        ended_at: None,
        truncated: false,
        log_bytes: 0,
    }
}

/// A job without its context must not run, and says why, also after a restart.
async fn a_job_whose_context_is_missing_is_unauthorized(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[("build", 1), ("deploy", 1)]);
    main.jobs[1].missing_contexts = vec!["aws-prod".to_owned()];
    let (build, deploy) = (main.jobs[0].id, main.jobs[1].id);
    world.compiled(pipeline, vec![main], at(200)).await;
    let lease = world.claim(pipeline, build, 0, at(210)).await;
    world.finish((pipeline, build), lease, Outcome::Success, at(220)).await;
    let row = world.store.job(deploy).await.unwrap().unwrap();
    assert_eq!(row.status, JobStatus::Unauthorized);
    assert_eq!(row.reason.as_deref(), Some("context `aws-prod` does not exist"));
    assert_eq!(world.state(pipeline).await.workflows[0].status, WorkflowStatus::Unauthorized);
    assert_eq!(world.store.offered_tasks(10).await.unwrap(), []);
}
