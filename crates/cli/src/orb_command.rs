//! `roundel orb`: publishes orbs to an instance, and shows what is published.
//!
//! Works on a running server (`--server`, with the administrator's token) or on the data directory
//! of one on this machine: [`access`]. What is printed is in [`show`].

mod access;
mod show;

use std::{
    io::{self, Read},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use roundel_config::orbs::{OrbReference, OrbVersion};
use roundel_server::orbs::{ORB_BYTES, describe, publish::Publication, wire::OrbVersions};

use self::access::Access;
use crate::{
    exit::{Exit, UsageError},
    settings::flags::{self, SettingFlags},
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Publish a packed orb, after checking it
    Publish(PublishArguments),
    /// List published orbs
    List {
        /// Only those of this namespace
        namespace: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        access: SettingFlags<flags::Orb>,
    },
    /// Show what an orb offers and how to use it
    Info {
        /// `namespace/name`, or with a version: `@1.4.2`, `@1`, `@dev:mine`
        orb: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        access: SettingFlags<flags::Orb>,
    },
}

#[derive(clap::Args)]
pub(crate) struct PublishArguments {
    /// The packed source; `-` reads from standard input
    file: PathBuf,
    /// `namespace/name@1.4.2`, or a label that may be published again: `namespace/name@dev:mine`
    orb: String,
    /// The organization that owns the namespace: `github/acme`. Needed when the namespace is new
    #[arg(long = "org", value_name = "FORGE/NAME")]
    organization: Option<String>,
    /// Who may use the orbs of the namespace: `organization`, `instance` or `everyone`
    #[arg(long, value_name = "WHO")]
    visibility: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: SettingFlags<flags::Orb>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command) -> Result<Exit> {
    match command {
        Command::Publish(arguments) => publish(arguments).await,
        Command::List { namespace, json, access } => {
            let access = Access::open(&access).await?;
            let list = access.list(namespace.as_deref()).await?;
            if json {
                show::json(&list)?;
            } else {
                show::list(&list, access.sees_all() && namespace.is_none())?;
            }
            Ok(Exit::Success)
        }
        Command::Info { orb, json, access } => info(&orb, json, &access).await,
    }
}

async fn publish(arguments: PublishArguments) -> Result<Exit> {
    let text = read(&arguments.file)?;
    let access = Access::open(&arguments.access).await?;
    let publication = Publication {
        orb: arguments.orb,
        text,
        organization: arguments.organization,
        visibility: arguments.visibility,
        published_by: std::env::var("USER").unwrap_or_else(|_| "administrator".to_owned()),
    };
    match access.publish(publication).await? {
        Ok(published) if arguments.json => show::json(&published)?,
        Ok(published) => show::published(&published)?,
        Err(reason) => {
            show::rejection(&reason);
            return Ok(Exit::Failure);
        }
    }
    Ok(Exit::Success)
}

async fn info(orb: &str, json: bool, access: &SettingFlags<flags::Orb>) -> Result<Exit> {
    let reference: OrbReference = orb.parse()?;
    if reference.version == OrbVersion::Url {
        bail!("`{orb}` is an address; name an orb as namespace/name");
    }
    let access = Access::open(access).await?;
    let Some(versions) = access.versions(&reference).await? else {
        show::rejection(&format!(
            "there is no orb `{}` that is visible to you; `roundel orb list` lists them",
            reference.orb()
        ));
        return Ok(Exit::Failure);
    };
    let Some(version) = pick(&reference, &versions) else {
        let known: Vec<&str> =
            versions.versions.iter().take(10).map(|entry| entry.version.as_str()).collect();
        let (wanted, known) = (&reference.version, known.join(", "));
        show::rejection(&format!("`{}` has no version {wanted}; it has {known}", reference.orb()));
        return Ok(Exit::Failure);
    };
    let Some(source) = access.source(&reference, version).await? else {
        bail!("{}@{version} was there a moment ago; try again", reference.orb());
    };
    let described = describe::describe(&source)
        .map_err(|_| anyhow::anyhow!("{}@{version} is not YAML", reference.orb()))?;
    let shown = show::Info { version, versions: &versions, described: &described };
    if json {
        show::json(&shown)?;
    } else {
        show::info(&shown)?;
    }
    Ok(Exit::Success)
}

/// The version that a reference means; only labels exist before the first release.
fn pick<'v>(reference: &OrbReference, versions: &'v OrbVersions) -> Option<&'v str> {
    let known = || versions.versions.iter().map(|entry| entry.version.as_str());
    let best = reference.select(known());
    best.or_else(|| known().next().filter(|_| reference.version == OrbVersion::Volatile))
}

fn read(path: &std::path::Path) -> Result<String> {
    if path.as_os_str() == "-" {
        let bytes = bytes(io::stdin().lock()).context("failed to read standard input")?;
        return text("standard input", bytes);
    }
    let shown = path.display();
    match std::fs::File::open(path).and_then(bytes) {
        Ok(bytes) => text(&format!("`{shown}`"), bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(UsageError(format!("there is no file `{shown}`")).into())
        }
        Err(_) if path.is_dir() => {
            let message = format!(
                "`{shown}` is a directory; make one file of it first: `roundel config pack {shown}`"
            );
            Err(UsageError(message).into())
        }
        Err(error) => Err(error).with_context(|| format!("failed to read `{shown}`")),
    }
}

/// Reads a little more than an orb may have, so that publishing says so.
fn bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(ORB_BYTES.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // One that was cut within a character is too long, and publishing says that.
        Err(error) if error.utf8_error().error_len().is_none() => {
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            Err(UsageError(format!("{name} is not valid UTF-8: byte {}", valid + 1)).into())
        }
    }
}
