//! `roundel doctor`: what this machine can and cannot do for jobs, and the way out.

use std::{path::PathBuf, process::Command, time::Instant};

use crate::exit::Exit;
use anyhow::Result;
use roundel_container::{EnvironmentSpec, Root, Runtime, RuntimeSettings, limits::Limits};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to try it; a temporary directory if not given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Looks, tries, and tells. Fails if jobs could not run at all.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let scratch = tempfile::tempdir()?;
    let directory = arguments.data.clone().unwrap_or_else(|| scratch.path().to_path_buf());
    let mut good = true;
    for (program, why) in [
        ("git", "fetching code for jobs; install the package `git`"),
        ("ssh", "fetching code with deploy keys; install the package `openssh-client`"),
    ] {
        let found =
            Command::new(program).arg(if program == "ssh" { "-V" } else { "--version" }).output();
        match found {
            Ok(_) => println!("ok       {program} is there"),
            Err(error) => {
                good = false;
                println!("missing  {program}: {error}; it is needed for {why}");
            }
        }
    }
    match try_environment(directory) {
        Ok(lines) => lines.iter().for_each(|line| println!("{line}")),
        Err(error) => {
            good = false;
            println!("missing  clean environments: {error}");
        }
    }
    Ok(if good { Exit::Success } else { Exit::Failure })
}

fn try_environment(directory: PathBuf) -> Result<Vec<String>> {
    let runtime = Runtime::open(RuntimeSettings { directory, boot: None })?;
    let mut lines: Vec<String> =
        runtime.shortcomings().into_iter().map(|line| format!("limited  {line}")).collect();
    let started = Instant::now();
    let environment = runtime.start(&EnvironmentSpec {
        name: "doctor".to_owned(),
        root: Root::Host,
        limits: Limits {
            memory_bytes: Some(256 << 20),
            cpu_millis: Some(1_000),
            processes: Some(64),
            disk_bytes: Some(64 << 20),
        },
        hostname: "doctor".to_owned(),
        hosts: Vec::new(),
        binds: Vec::new(),
        files: Vec::new(),
        network: true,
    })?;
    let took = started.elapsed();
    lines.push(format!(
        "ok       a clean environment starts, in {:.1} ms",
        took.as_secs_f64() * 1e3
    ));
    lines.extend(environment.not_enforced().iter().map(|line| format!("limited  {line}")));
    environment.stop(std::time::Duration::from_secs(5))?;
    Ok(lines)
}
