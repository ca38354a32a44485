//! `roundel doctor`: what this machine can and cannot do for jobs, and the way out.

use std::{path::PathBuf, process::Command, time::Instant};

use crate::exit::Exit;
use anyhow::Result;
use roundel_container::{EnvironmentSpec, Root, Runtime, RuntimeSettings};

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
    let runtime = Runtime::open(RuntimeSettings { directory, helper_program: None })?;
    let limitations = runtime.probe()?;
    let started = Instant::now();
    let spec = EnvironmentSpec { network: true, ..EnvironmentSpec::new("doctor", Root::Host) };
    let environment = runtime.start(&spec)?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    environment.stop(std::time::Duration::from_secs(5))?;
    let mut lines = vec![format!("ok       a clean environment starts, in {took:.1} ms")];
    for limitation in limitations {
        lines.push(format!("limited  {}", limitation.sentence("Jobs on this machine")));
        lines.extend(limitation.remedy.map(|remedy| format!("         to fix it: {remedy}")));
    }
    Ok(lines)
}
