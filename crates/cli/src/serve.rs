//! `roundel serve`: the server, and by default a runner beside it in the same process.
//!
//! The runner speaks to the server over loopback as any other would: the small installation is the
//! big one.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, Result};
use roundel_model::secret::Secret;
use roundel_runner::Runner;
use roundel_server::{Server, Settings};
use url::Url;

use crate::{exit::Exit, settings, terminal};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where everything is kept: database, keys, settings, the runner's store
    #[arg(long, env = "ROUNDEL_DATA", default_value = "roundel-data", value_name = "DIR")]
    data: PathBuf,
    /// Settings file; DIR/roundel.toml if not given
    #[arg(long, env = "ROUNDEL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen
    #[arg(long, env = "ROUNDEL_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How browsers and forges reach this server
    #[arg(long, env = "ROUNDEL_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
    /// postgres://… instead of the SQLite file in DIR
    #[arg(long, env = "ROUNDEL_DATABASE_URL", value_name = "URL")]
    database_url: Option<String>,
    /// Jobs at a time in the runner inside; 0 for no runner
    #[arg(long, env = "ROUNDEL_SLOTS", value_name = "N")]
    slots: Option<u32>,
    /// Let `sudo` and other setuid programs work in jobs of the runner inside
    #[arg(long, env = "ROUNDEL_ALLOW_SETUID")]
    allow_setuid: bool,
}

/// Serves until it is told to stop.
pub(crate) async fn run(arguments: &Arguments) -> Result<Exit> {
    let path = arguments.config.clone().unwrap_or_else(|| arguments.data.join("roundel.toml"));
    let file = settings::read(&path)?;
    let settings = server_settings(arguments, &file)?;
    let runner_token = settings.runner_token.clone();
    let has_forges = !settings.forges.is_empty();
    let server = Server::start(settings).await?;
    let local = Url::parse(&format!("http://{}", reachable(server.address)))?;
    tracing::info!(address = %server.address, "serving; open {}", server.app.settings.public_url);
    if !has_forges {
        tracing::warn!(
            "no forge is connected yet: add [github] or [bitbucket] to `{}` (README, “Connect”)",
            path.display()
        );
    }

    let (stop, stop_now) = terminal::stop_signals();
    let slots = arguments.slots.unwrap_or(if file.runner.embedded { file.runner.slots } else { 0 });
    if slots == 0 {
        stop.cancelled().await;
    } else {
        let runner = Runner::open(roundel_runner::Settings {
            server: local,
            token: runner_token,
            name: "embedded".to_owned(),
            directory: arguments.data.join("runner"),
            slots,
            resource_classes: Vec::new(),
            allow_setuid: arguments.allow_setuid || file.runner.allow_setuid,
            claim_wait: roundel_model::limits::CLAIM_WAIT,
        })
        .context(
            "failed to start the runner inside; `roundel doctor` tells what this machine lacks",
        )?;
        runner.run(stop, stop_now).await;
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(Exit::Success)
}

fn server_settings(arguments: &Arguments, file: &settings::File) -> Result<Settings> {
    let listen = arguments
        .listen
        .or(file.listen)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let public_url = match arguments.public_url.clone().or_else(|| file.public_url.clone()) {
        Some(url) => url,
        None => Url::parse(&format!("http://{}", reachable(listen)))?,
    };
    let instance_key = settings::own_secret(&arguments.data, "instance.key")?;
    let runner_token = settings::own_secret(&arguments.data, "runner.token")?;
    let admin_token = settings::own_secret(&arguments.data, "admin.token")?;
    let database_url =
        settings::database_url(arguments.database_url.as_deref(), file, &arguments.data);
    Ok(Settings {
        listen,
        forges: file.forges(&public_url)?,
        mail: file.mail()?,
        public_url,
        database_url,
        instance_key,
        runner_token: Secret::new(hex::encode(runner_token.expose())),
        admin_token: Secret::new(hex::encode(admin_token.expose())),
        status_prefix: file.status_prefix.clone().unwrap_or_else(|| "ci/roundel".to_owned()),
        orbs: file.orbs.settings()?,
    })
}

/// Every address is also reached over loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], listen.port()))
    } else {
        listen
    }
}
