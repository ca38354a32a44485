//! `roundel demo`: the whole story on one machine, with nothing to install.
//!
//! It starts the server, a runner and the local forge with two sample repositories, one as GitHub
//! and one as Bitbucket; it adds both as projects, pushes a commit to each with git, and shows how
//! it turns green. Then it stays up, so that the visitor can look and push. `--once` ends instead.

mod journey;
mod mailbox;
mod sample;
mod world;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use roundel_localforge::NewRepository;
use roundel_model::{forge::ForgeKind, time::Timestamp};

use crate::{exit::Exit, terminal};
use journey::Journey;
use sample::{Clone, SAMPLES, Sample};
use world::{VISITOR, World};

/// A mail is sent after the last mark; it needs a moment.
const MAIL_PATIENCE: Duration = Duration::from_secs(20);

/// What each forge has besides, so that the visitor can add a project.
const NOT_ADDED: NewRepository<'static> =
    NewRepository { owner: "acme", name: "sunrise", private: true, admin: VISITOR };

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Ends when both commits are green, with exit code 0; prints how long each phase took
    #[arg(long)]
    once: bool,
    /// Port of the dashboard; another one if it is taken
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where to keep everything; a temporary directory, removed at the end, if not given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the demo.
pub(crate) async fn run(arguments: &Arguments) -> Result<Exit> {
    let began = Instant::now();
    let scratch = tempfile::Builder::new().prefix("roundel-demo-").tempdir()?;
    let directory = match &arguments.data {
        Some(directory) => directory.clone(),
        None => scratch.path().to_path_buf(),
    };
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("failed to make `{}`", directory.display()))?;
    headline("Roundel demo");
    if let Some(note) = build_note() {
        println!("  {note}");
    }
    let world = World::start(&directory, arguments.port).await?;
    done("server, runner, mailbox and both forges are up", began.elapsed());

    let told = tell(&world, &directory).await;
    let ended = match told {
        Ok(()) => {
            headline(&format!(
                "Both commits are green, {:.1} s after the start.",
                began.elapsed().as_secs_f64()
            ));
            Exit::Success
        }
        Err(error) => {
            terminal::print_error(&error);
            Exit::Failure
        }
    };
    if !arguments.once {
        invite(&world);
        let (stop, _) = terminal::stop_signals();
        stop.cancelled().await;
        println!("\nStopping. Nothing stays behind.");
    }
    world.stop().await;
    Ok(ended)
}

/// Says that this build is quick to make and slow to run, so that nobody measures it.
fn build_note() -> Option<&'static str> {
    cfg!(debug_assertions).then_some(
        "This is a development build. For real use: cargo build --release (slower to build, \
         several times as fast).",
    )
}

/// The story, once for each forge.
async fn tell(world: &World, directory: &std::path::Path) -> Result<()> {
    let actor = world.sign_in().await?;
    let mut ready = Vec::new();
    for sample in &SAMPLES {
        let step = Instant::now();
        world.forge.add_repository(sample.forge, sample.owner, sample.name, true, VISITOR).await?;
        let url = world.forge.push_url(sample.forge, sample.owner, sample.name, VISITOR);
        let clone = Clone::seed(sample, &url, &directory.join("clones")).await?;
        let project = world.add_project(actor, sample).await?;
        done(
            &format!(
                "{}: {}/{} is set up: deploy key, webhook, first pipeline",
                sample.forge, sample.owner, sample.name
            ),
            step.elapsed(),
        );
        ready.push((sample, clone, project));
    }
    let mut pushed = Vec::new();
    for (sample, clone, project) in &ready {
        let sha = clone.change().await?;
        let step = Instant::now();
        clone.push().await?;
        pushed.push((*sample, *project, sha.clone(), Timestamp::now()));
        done(&format!("{}: git push of {}", sample.forge, sha.short()), step.elapsed());
    }
    for (sample, project, sha, pushed_at) in pushed {
        let journey = journey::follow(world, sample, project, &sha, pushed_at).await?;
        show(world, sample, sha.short(), &journey);
    }
    for forge in ForgeKind::ALL {
        world.forge.add_sample_repository(forge, NOT_ADDED).await?;
    }
    wait_for_mail(world).await;
    for mail in world.mailbox.mails() {
        println!("  mail to {}: {}", mail.to, mail.subject);
    }
    Ok(())
}

/// Every sample's workflow is announced; a mail that is late is no reason to fail.
async fn wait_for_mail(world: &World) {
    let deadline = Instant::now() + MAIL_PATIENCE;
    while world.mailbox.mails().len() < 2 * SAMPLES.len() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn show(world: &World, sample: &Sample, sha: &str, journey: &Journey) {
    let url = &world.server.app.settings.public_url;
    println!();
    headline(&format!(
        "{}  {}/{}  #{}  {sha}",
        sample.forge, sample.owner, sample.name, journey.number
    ));
    let start = journey.phases.first().map_or(Timestamp::from_micros(0), |(_, at)| *at);
    for (what, at) in &journey.phases {
        println!("  {:>9}  {what}", format!("{:.0} ms", at.since(start).as_secs_f64() * 1e3));
    }
    let green = anstyle::AnsiColor::Green.on_default();
    for (context, description) in &journey.marks {
        anstream::println!("  {green}✔{green:#} {context}: {description}");
    }
    println!("  {url}pipeline/{}", journey.pipeline);
}

fn invite(world: &World) {
    let url = &world.server.app.settings.public_url;
    println!("\nLook around; everything runs on this machine only.\n");
    println!("  Dashboard   {url}    (sign in as `{VISITOR}`)");
    for sample in &SAMPLES {
        println!("  {:<10}  {}", sample.forge.to_string(), world.forge.web_url(sample.forge));
    }
    println!("  Mailbox     {}", world.mailbox.page_url());
    println!(
        "\nAdd a project: {}/{} at either forge waits for it, and each forge has a button\n\
         that creates another repository.",
        NOT_ADDED.owner, NOT_ADDED.name
    );
    println!("\nPush something yourself:\n");
    for sample in &SAMPLES {
        println!(
            "  git clone {}",
            world.forge.push_url(sample.forge, sample.owner, sample.name, VISITOR)
        );
    }
    println!("\nCtrl-C ends the demo.");
}

fn headline(text: &str) {
    let bold = anstyle::Style::new().bold();
    anstream::println!("{bold}{text}{bold:#}");
}

fn done(text: &str, took: Duration) {
    let green = anstyle::AnsiColor::Green.on_default();
    anstream::println!("{green}✔{green:#} {text} {:.0?}", took);
}
