//! `roundel demo`: the whole product on one machine, with nothing to install.
//!
//! It starts the server, a runner and the local forge with two sample repositories, one as GitHub
//! and one as Bitbucket; it adds both as projects, pushes a commit to each with git, and shows how
//! it turns green. Then it stays up, so that the visitor can look and push. `--once` ends instead.
//! With `--data`, the next start continues with what is there.

mod directory;
mod mailbox;
mod ports;
mod progress;
mod sample;
mod timeline;
mod world;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use roundel_localforge::NewRepository;
use roundel_model::{forge::ForgeKind, time::Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    exit::Exit,
    terminal::{self, OutputClosed},
};
use ports::Ports;
use progress::{done, headline};
use sample::{SAMPLES, SampleClone, VISITOR, not_added};
use world::World;

/// An email is sent after the last commit status; it needs a moment.
const EMAIL_TIMEOUT: Duration = Duration::from_secs(20);

/// Removing temporary files is tried for two seconds.
const REMOVAL_TRIES: u32 = 40;
const REMOVAL_PAUSE: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Exit with 0 as soon as both commits are green; print how long each phase took
    #[arg(long)]
    once: bool,
    /// Port of the dashboard; if it is not given, 8080 or any other that is free
    #[arg(long)]
    port: Option<u16>,
    /// Where to keep everything, for the next start; if it is not given, temporary files are used
    /// and removed at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the demo. Ctrl-C ends it at any time; what is temporary is removed however it ends.
pub(crate) async fn run(arguments: &Arguments) -> Result<Exit> {
    let (stop, stop_now) = terminal::stop_signals();
    let scratch = match arguments.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("roundel-demo-").tempdir()?),
    };
    let directory = match (&arguments.data, &scratch) {
        (None, Some(scratch)) => scratch.path().to_path_buf(),
        // The runner mounts things there: its paths are those of the root.
        (data, _) => std::path::absolute(data.as_deref().unwrap_or(Path::new(".")))?,
    };
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("failed to create `{}`", directory.display()))?;
    directory::check(&directory)?;
    let exit = tokio::select! {
        exit = start_and_show(arguments, &directory, &stop) => exit,
        // It takes too long for the visitor.
        () = stop_now.cancelled() => Ok(Exit::Failure),
    };
    if let Some(scratch) = scratch {
        // What the demo itself ended with is what counts.
        if let Err(error) = remove(scratch.path()).await {
            let shown = scratch.path().display();
            terminal::remark(&format!("failed to remove `{shown}`: {error}\n"));
        }
    }
    match exit {
        // The reader of the output has gone: there is nothing to stay up for. But a script that asked for
        // green commits has seen none.
        Err(error) if error.is::<OutputClosed>() && !arguments.once => Ok(Exit::Success),
        Err(error) if error.is::<OutputClosed>() => Ok(Exit::Failure),
        exit => exit,
    }
}

/// Removes the temporary files. After a second Ctrl-C some tasks still write for a moment.
async fn remove(directory: &Path) -> std::io::Result<()> {
    let mut last = Ok(());
    for _ in 0..REMOVAL_TRIES {
        last = match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            // Tried once more: something may make it again.
            removed => removed,
        };
        tokio::time::sleep(REMOVAL_PAUSE).await;
    }
    last
}

async fn start_and_show(
    arguments: &Arguments,
    directory: &Path,
    stop: &CancellationToken,
) -> Result<Exit> {
    let started = Instant::now();
    progress::start()?;
    let world = World::start(directory, Ports::of(directory, arguments.port)?).await?;
    let exit = show(&world, arguments, stop, Place { directory, started }).await;
    world.stop().await;
    exit
}

/// Where and when the demo was started.
#[derive(Clone, Copy)]
struct Place<'p> {
    directory: &'p Path,
    started: Instant,
}

/// Shows everything, and stays up unless it is to end.
async fn show(
    world: &World,
    arguments: &Arguments,
    stop: &CancellationToken,
    Place { directory, started }: Place<'_>,
) -> Result<Exit> {
    done("server, runner, mailbox and both Git servers are up", started.elapsed())?;
    let pushed = tokio::select! {
        pushed = push_and_follow(world, directory) => Some(pushed),
        () = stop.cancelled() => None,
    };
    let exit = match pushed {
        Some(Ok(())) => {
            let seconds = started.elapsed().as_secs_f64();
            headline(&format!("Both commits are green, {seconds:.1} s after the start."))?;
            Exit::Success
        }
        Some(Err(error)) if error.is::<OutputClosed>() => return Err(error),
        Some(Err(error)) => {
            terminal::print_error(&error);
            Exit::Failure
        }
        // Stopped before the commits were green.
        None => Exit::Failure,
    };
    let is_stopped = stop.is_cancelled();
    if !arguments.once && !is_stopped {
        progress::invite(world).await?;
        stop.cancelled().await;
    }
    if !arguments.once || is_stopped {
        let end = match &arguments.data {
            Some(data) => format!("Everything but the mailbox is kept in `{}`.", data.display()),
            None => "Temporary files are removed.".to_owned(),
        };
        terminal::print(&format!("\nStopping. {end}\n"))?;
    }
    Ok(exit)
}

/// Adds a repository of each forge, pushes to both, and follows both pushes.
async fn push_and_follow(world: &World, directory: &Path) -> Result<()> {
    let actor = world.sign_in().await?;
    let mut ready = Vec::new();
    let mut pipelines = 0;
    for sample in &SAMPLES {
        let step = Instant::now();
        world
            .forge
            .add_repository(
                sample.forge,
                NewRepository {
                    owner: sample.owner,
                    name: sample.name,
                    private: true,
                    admin: VISITOR,
                },
            )
            .await?;
        let url = world.forge.push_url(sample.forge, sample.owner, sample.name, VISITOR);
        let clone = SampleClone::open(sample, &url, &directory.join("clones")).await?;
        let key = sample.forge.key_name();
        let known = world.project(sample.forge, sample.owner, sample.name).await?;
        let (project, text) = match known {
            Some(project) if world.is_connected(sample) => {
                (project, "is set up already".to_owned())
            }
            // A forge that was killed may have forgotten what it had accepted a moment before.
            Some(_) => {
                let project = world.add_project(actor, sample).await?;
                (project, format!("is set up again: {key}, webhook"))
            }
            None => {
                // The setup starts a pipeline, and so does each push.
                pipelines += 1;
                let project = world.add_project(actor, sample).await?;
                (project, format!("is set up: {key}, webhook, first pipeline"))
            }
        };
        let name = format!("{}: {}/{}", sample.forge, sample.owner, sample.name);
        done(&format!("{name} {text}"), step.elapsed())?;
        ready.push((sample, clone, project));
    }
    let mut pushed = Vec::new();
    for (sample, clone, project) in &ready {
        let sha = clone.change().await?;
        let step = Instant::now();
        clone.push().await?;
        pipelines += 1;
        pushed.push((*sample, *project, sha.clone(), Timestamp::now()));
        done(&format!("{}: git push of {}", sample.forge, sha.short()), step.elapsed())?;
    }
    for (sample, project, sha, pushed_at) in pushed {
        let timeline = timeline::follow(world, sample, project, &sha, pushed_at).await?;
        let dashboard = &world.server.app.settings.public_url;
        progress::timeline(dashboard, sample, sha.short(), &timeline)?;
    }
    for forge in ForgeKind::ALL {
        world.forge.add_sample_repository(forge, not_added(forge)).await?;
    }
    wait_for_emails(world, pipelines).await;
    progress::emails(world)
}

/// Every workflow is announced; an email that is late must not fail the demo.
async fn wait_for_emails(world: &World, count: usize) {
    let deadline = Instant::now() + EMAIL_TIMEOUT;
    while world.mailbox.emails().len() < count && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
