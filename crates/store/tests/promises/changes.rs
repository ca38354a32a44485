//! The one door's way to the rows: what the engine decides is what is read back.

use std::{collections::HashSet, time::Duration};

use roundel_engine::{
    Event, NewJob, Pipeline, Transition, advance,
    job::{Kind, Need, Status, TaskStatus},
};
use roundel_model::{
    id::{JobId, LeaseId, PipelineId, WorkflowId},
    kind::ExecutorKind,
    status::{JobStatus, Outcome, PipelineErrorKind, PipelineStatus, WorkflowStatus},
};
use roundel_store::{
    StoreError,
    pipelines::{Attachments, Decision, OfferedTask},
};

use crate::world::{World, apply, at, bodies, workflow};

on_all! {
    every_state_that_the_engine_reaches_is_read_back,
    jobs_of_kind_build_are_numbered_in_the_order_of_their_bodies,
    a_job_has_the_times_of_its_statuses,
    what_the_caller_refuses_is_not_saved,
    a_large_pipeline_is_saved_and_read_back,
    tasks_are_offered_oldest_first_while_they_wait,
    a_task_is_claimed_by_one_of_many_runners,
    changes_of_one_pipeline_do_not_overlap,
    a_lease_that_ended_is_found_and_has_no_verdict,
    a_pipeline_that_could_not_be_compiled_keeps_its_errors,
    the_pipeline_of_a_job_and_of_a_workflow_is_known,
}

/// A pipeline that reaches every status of a job: tasks side by side, approval, skipping, canceling.
async fn every_state_that_the_engine_reaches_is_read_back(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[("test", 3), ("deploy", 1)]);
    let (test, deploy) = (main.jobs[0].id, main.jobs[1].id);
    let (hold, after_hold, nothing) = (JobId::fresh(), JobId::fresh(), JobId::fresh());
    let job = |id, name: &str, kind, needs| NewJob { id, name: name.into(), kind, needs };
    let waits = vec![Need { job: hold, accepts: vec![Outcome::Success, Outcome::Canceled] }];
    main.jobs.push(job(hold, "hold", Kind::Approval, vec![]));
    main.jobs.push(job(after_hold, "after", Kind::Build { tasks: 1 }, waits));
    main.jobs.push(job(nothing, "nothing", Kind::NoOp, vec![]));
    let second = workflow("second", &[("lint", 1)]);
    let (main_id, second_id) = (main.id, second.id);

    let leases: Vec<LeaseId> = (0..4).map(|_| LeaseId::fresh()).collect();
    let claimed = |job, task, lease: usize| Event::Claimed {
        job,
        task,
        lease: leases[lease],
        expires_at: at(400),
    };
    let finished = |job, task, lease: usize, outcome| Event::Finished {
        job,
        task,
        lease: leases[lease],
        outcome,
    };
    let renewed = Event::Renewed { job: test, task: 1, lease: leases[1], expires_at: at(450) };
    let workflows = vec![main, second];
    let attachments = Attachments { bodies: bodies(&workflows), ..Attachments::default() };
    let events = [
        Event::Compiled { workflows },
        claimed(test, 1, 1),
        claimed(test, 0, 0),
        renewed,
        Event::Approved { job: hold },
        finished(test, 0, 0, Outcome::Failed),
        claimed(test, 2, 2),
        claimed(after_hold, 0, 3),
        finished(test, 2, 2, Outcome::Success),
        Event::WorkflowCanceled { workflow: second_id },
        finished(after_hold, 0, 3, Outcome::Success),
        Event::Tick,
    ];
    let mut expected = world.state(pipeline).await;
    assert_eq!(
        expected,
        Pipeline { id: pipeline, status: PipelineStatus::Pending, workflows: vec![] }
    );
    for (turn, event) in (0..).zip(&events) {
        let now = at(420 + turn * 3);
        let Transition::To(next, _) = advance(&expected, event, now).unwrap() else {
            panic!("{event:?} changes something");
        };
        let is_first = turn == 0;
        let attachments = if is_first { attachments.clone() } else { Attachments::default() };
        assert!(apply(&world.store, pipeline, event, attachments, now).await.unwrap());
        expected = next;
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

async fn jobs_of_kind_build_are_numbered_in_the_order_of_their_bodies(world: World) {
    let project = world.project("acme/web").await;
    for first in [1, 3] {
        let pipeline = world.pipeline(project.id, first).await;
        let mut main = workflow("main", &[("a", 1), ("b", 2)]);
        let (hold, kind) = (JobId::fresh(), Kind::Approval);
        main.jobs.insert(1, NewJob { id: hold, name: "hold".into(), kind, needs: vec![] });
        let ids: Vec<JobId> = main.jobs.iter().map(|job| job.id).collect();
        let mut attachments = Attachments { bodies: bodies(&[main.clone()]), ..Default::default() };
        attachments.bodies.reverse();
        let compiled = Event::Compiled { workflows: vec![main] };
        world.apply(pipeline, &compiled, attachments, at(300)).await;
        let mut numbers = Vec::new();
        for id in ids {
            numbers.push(world.store.job(id).await.unwrap().unwrap().number);
        }
        assert_eq!(numbers, [Some(first + 1), None, Some(first)]);
        let found = world.store.job_by_number(project.id, first).await.unwrap().unwrap();
        assert_eq!(found.name.as_str(), "b");
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
    let refuse = |_: &Pipeline| Err::<Decision, _>("not now");
    assert_eq!(world.store.change(pipeline, at(300), refuse).await.unwrap(), Err("not now"));
    let leave = |_: &Pipeline| Ok::<_, ()>(Decision::Leave);
    assert_eq!(world.store.change(pipeline, at(300), leave).await.unwrap(), Ok(()));
    assert_eq!(world.state(pipeline).await, before);
    let missing = world.store.change(PipelineId::fresh(), at(300), leave).await;
    assert!(matches!(missing, Err(StoreError::Missing("pipeline"))));
    assert_eq!(world.store.pipeline_state(PipelineId::fresh()).await.unwrap(), None);
}

/// More rows than one statement inserts.
async fn a_large_pipeline_is_saved_and_read_back(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let mut main = workflow("main", &[]);
    let kind = Kind::Build { tasks: 2 };
    main.jobs = (0..500)
        .map(|number| NewJob {
            id: JobId::fresh(),
            name: format!("job {number}").into(),
            kind,
            needs: vec![],
        })
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
        executor: Some(ExecutorKind::Machine),
    };
    let offered = world.store.offered_tasks(10).await.unwrap();
    assert_eq!(offered, [offer(first, first_job), offer(second, second_job)]);
    assert_eq!(world.store.offered_tasks(1).await.unwrap().len(), 1);
    let lease = world.claim(first, first_job, 0, at(300)).await;
    let offered = world.store.offered_tasks(10).await.unwrap();
    assert_eq!(offered, [offer(second, second_job)]);
    world.finish((first, first_job), lease, Outcome::Success, at(310)).await;
    world
        .apply(second, &Event::JobCanceled { job: second_job }, Attachments::default(), at(320))
        .await;
    assert_eq!(world.store.offered_tasks(10).await.unwrap(), []);
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
                let event = Event::Claimed { job, task, lease, expires_at };
                let claimed_by = Some((job, task, format!("runner-{turn}")));
                let attachments = Attachments { claimed_by, ..Attachments::default() };
                if apply(&store, pipeline, &event, attachments, now).await.unwrap() {
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
            let claimed = Event::Claimed { job, task: 0, lease, expires_at: at(400) };
            apply(&store, pipeline, &claimed, Attachments::default(), at(300)).await.unwrap();
            let finished = Event::Finished { job, task: 0, lease, outcome };
            apply(&store, pipeline, &finished, Attachments::default(), at(301)).await.unwrap()
        });
    }
    assert!(changes.join_all().await.into_iter().all(|changed| changed));
    assert_eq!(world.state(pipeline).await.workflows[0].status, WorkflowStatus::Success);
}

async fn a_lease_that_ended_is_found_and_has_no_verdict(world: World) {
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
    world.apply(pipeline, &renewed, Attachments::default(), at(329)).await;
    assert_eq!(expired(344).await, []);
    world.apply(pipeline, &Event::Tick, Attachments::default(), at(345)).await;
    assert_eq!(expired(349).await, []);
    world.finish((pipeline, job), lease, Outcome::Success, at(346)).await;
    let row = world.store.job(job).await.unwrap().unwrap();
    assert_eq!((row.status, row.stopped_at), (JobStatus::InfrastructureFail, Some(at(345))));
}

async fn a_pipeline_that_could_not_be_compiled_keeps_its_errors(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    assert_eq!(world.store.config_of(pipeline).await.unwrap(), None);
    let attachments = Attachments {
        config: Some("version: 2.1\njobs: nonsense\n".repeat(100)),
        diagnostics: Some("[{\"slug\":\"not-a-map\"}]".to_owned()),
        errors: vec!["`jobs` must be a map".to_owned()],
        error_kind: Some(PipelineErrorKind::Unsupported),
        ..Attachments::default()
    };
    world.apply(pipeline, &Event::CompileFailed, attachments.clone(), at(200)).await;
    let row = world.store.pipeline(pipeline).await.unwrap().unwrap();
    assert_eq!((row.status, row.errors), (PipelineStatus::Errored, attachments.errors));
    assert_eq!(row.error_kind, attachments.error_kind);
    let kept = world.store.config_of(pipeline).await.unwrap();
    assert_eq!(kept, Some((attachments.config, attachments.diagnostics)));
    assert_eq!(world.store.pending_pipelines(at(9999)).await.unwrap(), []);
}

async fn the_pipeline_of_a_job_and_of_a_workflow_is_known(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let workflow = world.state(pipeline).await.workflows[0].id;
    let store = &world.store;
    assert_eq!(store.pipeline_of_job(job).await.unwrap(), Some(pipeline));
    assert_eq!(store.pipeline_of_workflow(workflow).await.unwrap(), Some(pipeline));
    assert_eq!(store.pipeline_of_job(JobId::fresh()).await.unwrap(), None);
    assert_eq!(store.pipeline_of_workflow(WorkflowId::fresh()).await.unwrap(), None);
}
