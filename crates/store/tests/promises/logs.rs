//! Logs: no hidden gap, no doubled piece, any range.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use roundel_model::{id::JobId, kind::StepKind, status::StepStatus};
use roundel_store::{
    Store,
    logs::{Appended, LogKey, LogSlice, StepRow},
};

use crate::world::{World, at};

on_all! {
    a_log_is_read_back_in_any_range_whatever_pieces_it_came_in,
    pieces_that_two_writers_repeat_are_stored_once,
    a_piece_beyond_the_end_is_refused_with_the_end,
    each_piece_has_its_time,
    logs_of_tasks_and_steps_are_apart,
    a_step_is_replaced_and_keeps_its_log,
}

async fn job(world: &World) -> JobId {
    let project = world.project("acme/web").await;
    world.one_job(project.id, 1).await.1
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
        let (_, job) = world.one_job(project.id, number).await;
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
        append(&world.store, job, stored, &log[stored..]).await;
        for (from, max) in ranges {
            let slice = read(&world.store, job, from, max).await;
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

async fn append(store: &Store, job: JobId, offset: usize, bytes: &[u8]) -> Appended {
    let offset = u64::try_from(offset).unwrap();
    store.append_log(key(job, 0, 0), offset, bytes, at(1)).await.unwrap()
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
    let slice = read(&world.store, job, 0, 20_000).await;
    assert_eq!((slice.bytes, slice.total), (log, 10_000));
}

async fn a_piece_beyond_the_end_is_refused_with_the_end(world: World) {
    let job = job(&world).await;
    assert_eq!(append(&world.store, job, 1, b"x").await, Appended::WrongOffset(0));
    assert_eq!(append(&world.store, job, 0, b"abc").await, Appended::Committed(3));
    assert_eq!(append(&world.store, job, 4, b"x").await, Appended::WrongOffset(3));
    assert_eq!(append(&world.store, job, 3, b"").await, Appended::Committed(3));
    assert_eq!(read(&world.store, job, 0, 9).await.bytes, b"abc");
}

async fn each_piece_has_its_time(world: World) {
    let job = job(&world).await;
    for (offset, seconds) in [(0, 10), (4, 20), (8, 30)] {
        world.store.append_log(key(job, 0, 0), offset, b"1234", at(seconds)).await.unwrap();
    }
    let slice = read(&world.store, job, 2, 7).await;
    assert_eq!(slice.bytes, b"3412341");
    assert_eq!(slice.times, [(2, at(10)), (4, at(20)), (8, at(30))]);
}

async fn logs_of_tasks_and_steps_are_apart(world: World) {
    let job = job(&world).await;
    let store = &world.store;
    for (task, step) in [(0, 0), (0, 1), (1, 0)] {
        let words = format!("task {task} step {step}");
        store.append_log(key(job, task, step), 0, words.as_bytes(), at(1)).await.unwrap();
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
    let job = job(&world).await;
    let running = step(job, 0);
    world.store.put_step(&running).await.unwrap();
    append(&world.store, job, 0, b"hello").await;
    let ended = StepRow {
        status: StepStatus::Failed,
        exit_code: Some(-9),
        ended_at: Some(at(9)),
        truncated: true,
        ..running
    };
    world.store.put_step(&ended).await.unwrap();
    let second = StepRow { command: None, line: None, background: true, ..step(job, 1) };
    world.store.put_step(&second).await.unwrap();
    let expected = [StepRow { log_bytes: 5, ..ended }, second];
    assert_eq!(world.store.steps(job).await.unwrap(), expected);
    assert_eq!(world.store.steps(JobId::fresh()).await.unwrap(), []);
}
