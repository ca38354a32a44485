//! Logs: no hidden gap, no doubled piece, any range.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use roundel_engine::Event;
use roundel_model::{
    actor::Actor,
    id::{JobId, LeaseId, ProjectId},
    kind::StepKind,
    status::StepStatus,
};
use roundel_store::{
    Store,
    logs::{Appended, LogKey, LogPiece, LogSlice, Reported, StepRow},
};

use crate::world::{World, apply, at, workflow};

on_all! {
    a_log_is_read_back_in_any_range_whatever_pieces_it_came_in,
    pieces_that_two_writers_repeat_are_stored_once,
    a_piece_beyond_the_end_is_refused_with_the_end,
    each_piece_has_its_time,
    logs_of_tasks_and_steps_are_apart,
    a_step_is_replaced_and_keeps_its_log,
    only_a_task_that_runs_under_the_lease_gets_steps_and_logs,
    a_step_that_crosses_a_cancel_does_not_run_forever,
}

/// A job whose task runs, and the lease that it runs under.
async fn job(world: &World) -> (JobId, LeaseId) {
    let project = world.project("acme/web").await;
    running(world, project.id, 1).await
}

async fn running(world: &World, project: ProjectId, number: u64) -> (JobId, LeaseId) {
    let (pipeline, job) = world.one_job(project, number).await;
    (job, world.claim(pipeline, job, 0, at(300)).await)
}

const fn key(job: JobId, task: u32, step: u32) -> LogKey {
    LogKey { job, task, step }
}

async fn read(store: &Store, job: JobId, from: u64, max: usize) -> LogSlice {
    store.read_log(key(job, 0, 0), from, max).await.unwrap()
}

/// A runner that is not sure what arrived sends again, from anywhere in what it has sent.
async fn a_log_is_read_back_in_any_range_whatever_pieces_it_came_in(world: World) {
    let strategy = (
        prop::collection::vec(any::<u8>(), 1..4000),
        prop::collection::vec((0.0..1.0_f64, 0_usize..900), 0..30),
        prop::collection::vec((0_u64..4200, 0_usize..4200), 12),
    );
    let mut runner = TestRunner::default();
    let project = world.project("acme/web").await;
    for number in 1..=24 {
        let job = running(&world, project.id, number).await;
        let (log, pieces, ranges) = strategy.new_tree(&mut runner).unwrap().current();
        let mut stored = 0;
        for (start, size) in pieces {
            // Anywhere from the beginning to the end of what is stored.
            let start = scale(start, stored);
            let end = (start + size).min(log.len());
            let answer = append(&world.store, job, start, &log[start..end]).await;
            stored = stored.max(end);
            assert_eq!(answer, Appended::Committed(u64::try_from(stored).unwrap()));
        }
        let answer = append(&world.store, job, stored, &log[stored..]).await;
        assert_eq!(answer, Appended::Committed(u64::try_from(log.len()).unwrap()));
        for (from, max) in ranges {
            let slice = read(&world.store, job.0, from, max).await;
            let start = usize::try_from(from).unwrap().min(log.len());
            let end = (start + max).min(log.len());
            assert_eq!((slice.from, slice.total), (from, u64::try_from(log.len()).unwrap()));
            assert_eq!(slice.bytes, log[start..end]);
            assert_eq!(slice.times.is_empty(), slice.bytes.is_empty());
            assert_eq!(slice.times.first().map_or(from, |(offset, _)| *offset), from);
        }
    }
}

/// A share of a length, in integers, without overflow.
fn scale(share: f64, length: usize) -> usize {
    let thousandths: usize = format!("{:.0}", share * 1000.0).parse().unwrap();
    (length * thousandths / 1000).min(length)
}

async fn append(
    store: &Store,
    (job, lease): (JobId, LeaseId),
    offset: usize,
    bytes: &[u8],
) -> Appended {
    let offset = u64::try_from(offset).unwrap();
    store.append_log(key(job, 0, 0), lease, LogPiece { offset, bytes }, at(1)).await.unwrap()
}

async fn pieces_that_two_writers_repeat_are_stored_once(world: World) {
    let job = job(&world).await;
    let other = world.another_store().await;
    let log: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let mut writers = tokio::task::JoinSet::new();
    for turn in 0..4 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        let log = log.clone();
        writers.spawn(async move {
            let mut sent = 0;
            while sent < log.len() {
                let end = (sent + 700 + turn * 31).min(log.len());
                let Appended::Committed(_) = append(&store, job, sent, &log[sent..end]).await
                else {
                    panic!("what was acknowledged is there");
                };
                sent = end;
            }
        });
    }
    writers.join_all().await;
    let slice = read(&world.store, job.0, 0, 20_000).await;
    assert_eq!((slice.bytes, slice.total), (log, 10_000));
}

async fn a_piece_beyond_the_end_is_refused_with_the_end(world: World) {
    let job = job(&world).await;
    assert_eq!(append(&world.store, job, 1, b"x").await, Appended::WrongOffset(0));
    assert_eq!(append(&world.store, job, 0, b"abc").await, Appended::Committed(3));
    assert_eq!(append(&world.store, job, 4, b"x").await, Appended::WrongOffset(3));
    assert_eq!(append(&world.store, job, 3, b"").await, Appended::Committed(3));
    assert_eq!(read(&world.store, job.0, 0, 9).await.bytes, b"abc");
}

async fn each_piece_has_its_time(world: World) {
    let (job, lease) = job(&world).await;
    for (offset, seconds) in [(0, 10), (4, 20), (8, 30)] {
        let piece = LogPiece { offset, bytes: b"1234" };
        let appended = world.store.append_log(key(job, 0, 0), lease, piece, at(seconds)).await;
        assert_eq!(appended.unwrap(), Appended::Committed(offset + 4));
    }
    let slice = read(&world.store, job, 2, 7).await;
    assert_eq!(slice.bytes, b"3412341");
    assert_eq!(slice.times, [(2, at(10)), (4, at(20)), (8, at(30))]);
}

async fn logs_of_tasks_and_steps_are_apart(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let main = workflow("main", &[("test", 2)]);
    let job = main.jobs[0].id;
    world.compiled(pipeline, vec![main], at(200)).await;
    let leases = [
        world.claim(pipeline, job, 0, at(300)).await,
        world.claim(pipeline, job, 1, at(300)).await,
    ];
    let store = &world.store;
    for (task, step) in [(0, 0), (0, 1), (1, 0)] {
        let words = format!("task {task} step {step}");
        let lease = leases[usize::try_from(task).unwrap()];
        let piece = LogPiece { offset: 0, bytes: words.as_bytes() };
        let appended = store.append_log(key(job, task, step), lease, piece, at(1)).await.unwrap();
        assert_eq!(appended, Appended::Committed(13));
    }
    let slice = store.read_log(key(job, 0, 1), 0, 100).await.unwrap();
    assert_eq!(slice.bytes, b"task 0 step 1");
    let nothing = store.read_log(key(job, 5, 5), 3, 100).await.unwrap();
    assert_eq!(nothing, LogSlice { from: 3, bytes: vec![], total: 0, times: vec![] });
}

fn step(job: JobId, number: u32) -> StepRow {
    StepRow {
        job,
        task: 0,
        number,
        name: "Run tests".to_owned(),
        kind: StepKind::Run.into(),
        status: StepStatus::Running,
        command: Some("make test".to_owned()),
        line: Some(12),
        background: false,
        exit_code: None,
        started_at: at(5),
        ended_at: None,
        truncated: false,
        log_bytes: 0,
    }
}

async fn a_step_is_replaced_and_keeps_its_log(world: World) {
    let (job, lease) = job(&world).await;
    let running = step(job, 0);
    assert_eq!(world.store.put_step(&running, lease).await.unwrap(), Reported::Stored);
    assert_eq!(append(&world.store, (job, lease), 0, b"hello").await, Appended::Committed(5));
    let ended = StepRow {
        status: StepStatus::Failed,
        exit_code: Some(-9),
        ended_at: Some(at(9)),
        truncated: true,
        ..running
    };
    assert_eq!(world.store.put_step(&ended, lease).await.unwrap(), Reported::Stored);
    let second = StepRow { command: None, line: None, background: true, ..step(job, 1) };
    assert_eq!(world.store.put_step(&second, lease).await.unwrap(), Reported::Stored);
    let expected = [StepRow { log_bytes: 5, ..ended }, second];
    assert_eq!(world.store.steps(job).await.unwrap(), expected);
    assert_eq!(world.store.steps(JobId::fresh()).await.unwrap(), []);
}

async fn only_a_task_that_runs_under_the_lease_gets_steps_and_logs(world: World) {
    let project = world.project("acme/web").await;
    let (pipeline, job) = world.one_job(project.id, 1).await;
    let store = &world.store;
    let refused = async |lease| {
        let reported = store.put_step(&step(job, 0), lease).await.unwrap();
        assert_eq!(reported, Reported::LeaseLost);
        assert_eq!(append(store, (job, lease), 0, b"x").await, Appended::LeaseLost);
        assert_eq!(append(store, (job, lease), 9, b"x").await, Appended::LeaseLost);
    };
    refused(LeaseId::fresh()).await;
    let lease = world.claim(pipeline, job, 0, at(300)).await;
    refused(LeaseId::fresh()).await;
    let other_task = StepRow { task: 1, ..step(job, 0) };
    assert_eq!(store.put_step(&other_task, lease).await.unwrap(), Reported::LeaseLost);
    assert_eq!(store.steps(job).await.unwrap(), []);
    assert_eq!(store.put_step(&step(job, 0), lease).await.unwrap(), Reported::Stored);
    world.apply(pipeline, &Event::JobCanceled { job, by: Actor::System }, at(310)).await;
    let canceled =
        StepRow { status: StepStatus::Canceled, ended_at: Some(at(310)), ..step(job, 0) };
    refused(lease).await;
    assert_eq!(store.steps(job).await.unwrap(), [canceled]);
    assert_eq!(read(store, job, 0, 9).await.total, 0);
}

/// Whichever of the two comes first, on whichever server.
async fn a_step_that_crosses_a_cancel_does_not_run_forever(world: World) {
    let project = world.project("acme/web").await;
    let other = world.another_store().await;
    for number in 1..=20 {
        let (pipeline, job) = world.one_job(project.id, number).await;
        let lease = world.claim(pipeline, job, 0, at(300)).await;
        let cancel = Event::JobCanceled { job, by: Actor::System };
        let row = step(job, 0);
        let (canceled, reported) = tokio::join!(
            apply(&world.store, pipeline, &cancel, at(310)),
            other.put_step(&row, lease)
        );
        assert!(canceled.unwrap());
        let statuses: Vec<_> =
            other.steps(job).await.unwrap().iter().map(|step| step.status).collect();
        match reported.unwrap() {
            Reported::Stored => assert_eq!(statuses, [StepStatus::Canceled]),
            Reported::LeaseLost => assert_eq!(statuses, []),
        }
    }
}
