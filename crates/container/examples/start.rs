//! Measures how long an environment takes from start to first byte, and a further step in it.
//!
//! Prints one JSON line for each environment and one with the medians. Usage:
//! `start [ITERATIONS] [DIRECTORY] [IMAGE]`; without an image, the host's toolchain is the root.

#![expect(clippy::print_stdout, reason = "the numbers are its output")]

use std::{
    io::Read,
    path::PathBuf,
    time::{Duration, Instant},
};

use roundel_container::{
    Environment, EnvironmentSpec, Limits, ProcessSpec, Root, Runtime, RuntimeSettings,
};

/// How long the phases of one environment took.
struct Times {
    ready: Duration,
    start: Duration,
    step: Duration,
    end: Duration,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    roundel_container::boot::run_if_asked();
    let mut arguments = std::env::args().skip(1);
    let iterations: u32 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let directory = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = Runtime::open(RuntimeSettings { directory, helper_program: None })?;
    let root = match arguments.next() {
        Some(image) => Root::Layers(layers(&runtime, &image)?),
        None => Root::Host,
    };
    let mut runs = Vec::new();
    for _ in 0..iterations {
        let life = live(&runtime, &root)?;
        println!(
            r#"{{"ready_us":{},"start_us":{},"step_us":{},"end_us":{}}}"#,
            life.ready.as_micros(),
            life.start.as_micros(),
            life.step.as_micros(),
            life.end.as_micros()
        );
        runs.push(life);
    }
    let percentile = |time: fn(&Times) -> Duration, percent: usize| {
        let mut times: Vec<_> = runs.iter().map(time).collect();
        times.sort();
        times.get(times.len() * percent / 100).map_or(0, Duration::as_micros)
    };
    println!(
        r#"{{"n":{iterations},"start_min_us":{},"start_p50_us":{},"start_p95_us":{},"step_p50_us":{},"step_p95_us":{},"end_p50_us":{}}}"#,
        percentile(|life| life.start, 0),
        percentile(|life| life.start, 50),
        percentile(|life| life.start, 95),
        percentile(|life| life.step, 50),
        percentile(|life| life.step, 95),
        percentile(|life| life.end, 50),
    );
    Ok(())
}

/// The layers of an image from a file or a registry.
fn layers(runtime: &Runtime, image: &str) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (path, images) = (PathBuf::from(image), runtime.images());
    let image = if path.exists() {
        tokio.block_on(images.import(&path, None, &|_| {}))?
    } else {
        tokio.block_on(images.pull(image, None, &|_| {}))?
    };
    Ok(image.layers)
}

/// Starts an environment with all limits, runs two steps in it, and ends it.
fn live(runtime: &Runtime, root: &Root) -> Result<Times, Box<dyn std::error::Error>> {
    let spec = EnvironmentSpec {
        limits: Limits {
            memory_bytes: Some(512 * 1024 * 1024),
            cpu_millis: Some(2000),
            processes: Some(512),
            disk_bytes: Some(128 * 1024 * 1024),
        },
        network: std::env::var_os("NETWORK").is_some(),
        ..EnvironmentSpec::new("bench", root.clone())
    };
    let begin = Instant::now();
    let environment = runtime.start(&spec)?;
    let ready = begin.elapsed();
    first_byte(&environment)?;
    let start = begin.elapsed();
    let begin = Instant::now();
    first_byte(&environment)?;
    let step = begin.elapsed();
    let begin = Instant::now();
    environment.stop(Duration::from_secs(10))?;
    Ok(Times { ready, start, step, end: begin.elapsed() })
}

/// Runs `echo` under a terminal until its first byte is here.
fn first_byte(environment: &Environment) -> Result<(), Box<dyn std::error::Error>> {
    let mut process = environment.spawn(&ProcessSpec {
        argv: vec!["echo".to_owned(), "hi".to_owned()],
        env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        cwd: PathBuf::from("/"),
        user: None,
        pty: Some((80, 24)),
    })?;
    let mut byte = [0];
    let output = process.take_output().ok_or("no output")?;
    std::fs::File::from(output).read_exact(&mut byte)?;
    Ok(())
}
