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
    ContainerError, EnvironmentSpec, Limits, ProcessSpec, Root, Runtime, RuntimeSettings,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    roundel_container::boot::run_if_asked();
    let mut arguments = std::env::args().skip(1);
    let iterations: u32 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let directory = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = Runtime::open(RuntimeSettings { directory, boot: None })?;
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let root = match arguments.next() {
        Some(image) => {
            let path = PathBuf::from(&image);
            let images = runtime.images();
            let quiet = |_: String| {};
            let image = if path.exists() {
                tokio.block_on(images.import(&path, None, &quiet))?
            } else {
                tokio.block_on(images.pull(&image, None, &quiet))?
            };
            Root::Layers(image.layers)
        }
        None => Root::Host,
    };
    let limits = Limits {
        memory_bytes: Some(512 * 1024 * 1024),
        cpu_millis: Some(2000),
        processes: Some(512),
        disk_bytes: Some(128 * 1024 * 1024),
    };
    let mut starts = Vec::new();
    let mut steps = Vec::new();
    let mut stops = Vec::new();
    for _ in 0..iterations {
        let spec = EnvironmentSpec {
            name: "bench".to_owned(),
            root: root.clone(),
            limits: limits.clone(),
            hostname: "bench".to_owned(),
            hosts: Vec::new(),
            binds: Vec::new(),
            files: Vec::new(),
            network: false,
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
        let stop = begin.elapsed();
        println!(
            r#"{{"ready_us":{},"start_us":{},"step_us":{},"stop_us":{}}}"#,
            ready.as_micros(),
            start.as_micros(),
            step.as_micros(),
            stop.as_micros()
        );
        starts.push(start);
        steps.push(step);
        stops.push(stop);
    }
    println!(
        r#"{{"n":{iterations},"start_p50_us":{},"start_p95_us":{},"step_p50_us":{},"step_p95_us":{},"stop_p50_us":{}}}"#,
        percentile(&mut starts, 50),
        percentile(&mut starts, 95),
        percentile(&mut steps, 50),
        percentile(&mut steps, 95),
        percentile(&mut stops, 50),
    );
    Ok(())
}

/// Runs `echo` under a terminal until its first byte is here.
fn first_byte(environment: &roundel_container::Environment) -> Result<(), ContainerError> {
    let mut process = environment.spawn(&ProcessSpec {
        argv: vec!["echo".to_owned(), "hi".to_owned()],
        env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        cwd: PathBuf::from("/"),
        user: None,
        pty: Some((80, 24)),
    })?;
    let mut byte = [0];
    let output = process.take_output().map(std::fs::File::from);
    let read = output.map(|mut output| output.read_exact(&mut byte));
    match read {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(ContainerError::Host(format!("no output: {error}"))),
        None => Err(ContainerError::Host("no output".to_owned())),
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> u128 {
    times.sort();
    times.get(times.len() * percent / 100).map_or(0, Duration::as_micros)
}
