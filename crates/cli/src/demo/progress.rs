//! What the demo prints.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use roundel_localforge::NewRepository;
use roundel_model::{forge::ForgeKind, time::Timestamp};
use url::Url;

use super::{
    sample::{SAMPLES, Sample, VISITOR, not_added},
    timeline::Timeline,
    world::World,
};
use crate::terminal::{layout, line, print_all, styled};

/// Says what is about to happen, and that a development build is slower.
pub(crate) fn start() -> Result<()> {
    headline("Roundel demo")?;
    if cfg!(debug_assertions) {
        print_all("This is a development build: it is slower than `cargo build --release`.\n")?;
    }
    Ok(())
}

/// A line in bold.
pub(crate) fn headline(text: &str) -> Result<()> {
    print_all(&format!("{}\n", styled(text, Style::new().bold(), layout())))
}

/// A phase that is done.
pub(crate) fn done(text: &str, took: Duration) -> Result<()> {
    print_all(&format!("{} {text} {took:.0?}\n", check_mark()))
}

/// The result of a push, and its times.
pub(crate) fn timeline(
    dashboard: &Url,
    sample: &Sample,
    sha: &str,
    timeline: &Timeline,
) -> Result<()> {
    let Sample { forge, owner, name, .. } = sample;
    let title = format!("{forge}  {owner}/{name}  #{}  {sha}", timeline.number);
    let mut text = format!("\n{}\n", styled(&title, Style::new().bold(), layout()));
    let start = timeline.phases.first().map_or(Timestamp::from_micros(0), |phase| phase.at);
    for phase in &timeline.phases {
        let after = format!("{:.0} ms", phase.at.since(start).as_secs_f64() * 1e3);
        line(&mut text, &format!("  {after:>9}  {}", phase.name));
    }
    for status in &timeline.statuses {
        line(&mut text, &format!("  {} {}: {}", check_mark(), status.context, status.description));
    }
    line(&mut text, &format!("  {dashboard}pipeline/{}", timeline.pipeline));
    print_all(&text)
}

/// The emails that came.
pub(crate) fn emails(world: &World) -> Result<()> {
    let emails = world.mailbox.emails();
    let mut text = String::new();
    for email in emails {
        line(&mut text, &format!("  email to {}: {}", email.to, email.subject));
    }
    print_all(&text)
}

/// Where to look, and how to push.
pub(crate) async fn invite(world: &World) -> Result<()> {
    let url = &world.server.app.settings.public_url;
    let mut text = String::from("\nLook around; everything runs on this machine only.\n\n");
    line(&mut text, &format!("  Dashboard   {url}    (sign in as `{VISITOR}`)"));
    for sample in &SAMPLES {
        let forge = sample.forge.to_string();
        line(&mut text, &format!("  {forge:<10}  {}", world.forge.web_url(sample.forge)));
    }
    line(&mut text, &format!("  Mailbox     {}", world.mailbox.page_url()));
    text.push_str("\nAdd a project: each forge has a button that creates a repository");
    text.push_str(", and one to begin with:\n\n");
    for forge in ForgeKind::ALL {
        let NewRepository { owner, name, .. } = not_added(forge);
        // A demo that is kept may have it since an earlier start.
        let is_added = world.project(forge, owner, name).await?.is_some();
        let (title, note) = (forge.to_string(), if is_added { "    (added)" } else { "" });
        line(&mut text, &format!("  {title:<10}  {owner}/{name}{note}"));
    }
    text.push_str("\nPush something yourself:\n\n");
    for sample in &SAMPLES {
        let address = world.forge.push_url(sample.forge, sample.owner, sample.name, VISITOR);
        line(&mut text, &format!("  git clone {address}"));
    }
    print_all(&(text + "\nCtrl-C ends the demo.\n"))
}

fn check_mark() -> String {
    styled("✔", AnsiColor::Green.on_default(), layout())
}
