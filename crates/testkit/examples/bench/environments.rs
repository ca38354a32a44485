//! An environment from start to its first byte, and a further step in one, compared with Docker.
//!
//! Both sides start the same image, in turn, so that whatever else the machine does meets both.
//! Ours has limits on memory, processor, processes and disk; Docker's container has none.

use std::{
    fs::File,
    io::Read as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use roundel_container::{
    Environment, EnvironmentSpec, Limits, ProcessSpec, Root, Runtime, RuntimeSettings,
};

use crate::{
    docker::Docker,
    image,
    place::Place,
    table::{Row, Times},
};

const ROUNDS: usize = 100;
/// A slow peer is not waited for longer than this; the table says how often it came to run.
const PEER_TIMEOUT: Duration = Duration::from_mins(2);
const PATH: &str = "/bin:/usr/bin";

/// Measures both.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let archive = image::write(&place.scratch)?;
    let runtime = Runtime::open(RuntimeSettings {
        directory: place.scratch.join("layers"),
        helper_program: None,
    })?;
    let image = runtime.images().import(&archive, None, &|_| {}).await?;
    let root = Root::Layers(image.layers);
    let docker = Docker::start(&place.scratch, &archive);
    let peer = docker.as_ref().map_err(|error| format!("not measured: {error:#}"));
    let environment = start(&runtime, &root)?;
    let missing: Vec<String> = environment
        .limitations()
        .iter()
        .map(|limitation| limitation.sentence("environments"))
        .collect();
    let missing = missing.join(", ");
    drop(environment);
    let mut rows = vec![
        starts(&runtime, &root, peer.as_ref().copied().ok())?,
        steps(&runtime, &root, peer.as_ref().copied().ok())?,
    ];
    if let Err(why) = peer {
        rows = rows.into_iter().map(|row| row.peer(why.clone())).collect();
    }
    if !missing.is_empty() {
        rows.push(Row::new("limits that this machine does not enforce").ours(missing));
    }
    Ok(rows)
}

fn starts(runtime: &Runtime, root: &Root, docker: Option<&Docker>) -> Result<Row> {
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    let whole = Instant::now();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let environment = start(runtime, root)?;
        first_byte(&environment)?;
        ours.push(began.elapsed());
        environment.stop(Duration::from_secs(10))?;
        if let Some(docker) = docker.filter(|_| whole.elapsed() < PEER_TIMEOUT) {
            theirs.push(docker.first_byte_of_run()?);
        }
    }
    let row = Row::new("environment: start → first byte, image warm, limits on")
        .target("p50 ≤ 10 ms, ≥ 30× docker run");
    Ok(compared(row, "docker run --rm --network none", docker, &ours, &theirs))
}

fn steps(runtime: &Runtime, root: &Root, docker: Option<&Docker>) -> Result<Row> {
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    let environment = start(runtime, root)?;
    let container = docker.map(Docker::keep_one).transpose()?;
    let whole = Instant::now();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        first_byte(&environment)?;
        ours.push(began.elapsed());
        if let Some((docker, container)) = docker.zip(container.as_deref())
            && whole.elapsed() < PEER_TIMEOUT
        {
            theirs.push(docker.first_byte_of_exec(container)?);
        }
    }
    environment.stop(Duration::from_secs(10))?;
    if let Some((docker, container)) = docker.zip(container.as_deref()) {
        docker.remove(container)?;
    }
    let row = Row::new("environment: a further step, spawn → first byte").target("p50 ≤ 3 ms");
    Ok(compared(row, "docker exec", docker, &ours, &theirs))
}

fn compared(row: Row, what: &str, docker: Option<&Docker>, ours: &Times, theirs: &Times) -> Row {
    let row = row.ours(ours.shown()).ratio(ours, theirs);
    match docker {
        Some(docker) => row.peer(format!("{what} ({}): {}", docker.version, theirs.shown())),
        None => row,
    }
}

fn start(runtime: &Runtime, root: &Root) -> Result<Environment> {
    Ok(runtime.start(&EnvironmentSpec {
        limits: Limits {
            memory_bytes: Some(512 << 20),
            cpu_millis: Some(2_000),
            processes: Some(512),
            disk_bytes: Some(128 << 20),
        },
        ..EnvironmentSpec::new("bench", root.clone())
    })?)
}

fn first_byte(environment: &Environment) -> Result<()> {
    let mut process = environment.spawn(&ProcessSpec {
        argv: vec!["echo".to_owned(), "hi".to_owned()],
        env: vec![("PATH".to_owned(), PATH.to_owned())],
        cwd: PathBuf::from("/"),
        user: None,
        pty: Some((80, 24)),
    })?;
    let mut output = process.take_output().map(File::from).context("no output")?;
    let mut byte = [0];
    output.read_exact(&mut byte).context("the environment printed nothing")
}
