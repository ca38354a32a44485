//! `roundel serve`: the server, and by default a runner in the same process.
//!
//! The runner speaks to the server over loopback as any other would: a small installation works like a
//! large one.

mod port;
mod wiring;

use anyhow::{Result, anyhow};
use roundel_runner::Runner;
use roundel_server::{OpenError, Server, StartError};
use roundel_store::StoreError;

use crate::{
    exit::Exit,
    settings::{arguments, flags, values::Values},
    terminal,
};

#[cfg(test)]
pub(crate) use wiring::check;

pub(crate) type Arguments = arguments::Arguments<flags::Serve>;

/// Serves until it is stopped.
pub(crate) async fn run(arguments: &Arguments, values: &Values) -> Result<Exit> {
    // First, and whatever is missing: it is there to find out why.
    let was_printed = arguments.print_only(values)?;
    wiring::check(values)?;
    if was_printed {
        return Ok(Exit::Success);
    }
    let settings = wiring::server(values)?;
    let runner = wiring::runner(values, &settings)?;
    let has_forges = !settings.forges.is_empty();
    let only_here = wiring::only_here(&settings);
    let server = Server::start(settings).await.map_err(|error| why_not(error, values))?;
    // Before it says that it serves: another server may use the same directory.
    let runner = runner.map(|settings| open_runner(settings, &server)).transpose()?;
    tracing::info!(address = %server.address, "serving; open {}", server.app.settings.public_url);
    if !has_forges {
        tracing::warn!("{}", wiring::no_provider(values));
    }
    if let Some(warning) = only_here {
        tracing::warn!("{warning}");
    }

    let (stop, stop_now) = terminal::stop_signals();
    let mut ended = Ok(());
    match runner {
        None => stop.cancelled().await,
        Some(runner) => ended = runner.run(stop, stop_now).await,
    }
    tracing::info!("stopping");
    server.stop().await;
    ended?;
    Ok(Exit::Success)
}

fn open_runner(settings: roundel_runner::Settings, server: &Server) -> Result<Runner> {
    let settings = wiring::at(settings, server.address)?;
    Runner::open(settings).map_err(|error| {
        if matches!(error, roundel_runner::OpenError::InUse { .. }) {
            // Nothing is lacking.
            return error.into();
        }
        anyhow::Error::from(error).context(
            "failed to start the embedded runner; `roundel doctor` says what this machine lacks",
        )
    })
}

/// Adds what the server does not know: where the key was looked for, and the process that has the port
/// already, where it can be found.
fn why_not(error: StartError, values: &Values) -> anyhow::Error {
    if matches!(&error, StartError::Open(OpenError::Store(StoreError::Sealed { .. }))) {
        return wiring::wrong_key(values);
    }
    let StartError::Listen { address, source } = &error else { return error.into() };
    if source.kind() != std::io::ErrorKind::AddrInUse {
        return error.into();
    }
    match port::listener(*address) {
        Some(port::Process { name, id }) => anyhow!(
            "failed to listen on `{address}`: `{name}` (process {id}) is already listening there; stop it, \
             or choose another address with `--listen`"
        ),
        None => error.into(),
    }
}
