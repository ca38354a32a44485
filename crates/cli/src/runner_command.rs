//! `roundel runner`: a runner for a server elsewhere.

use anyhow::Result;
use roundel_runner::{OpenError, Runner, Settings};

use crate::{
    exit::Exit,
    settings::{
        arguments, flags,
        table::{general, runner},
        values::Values,
    },
    terminal,
};

pub(crate) type Arguments = arguments::Arguments<flags::Runner>;

/// Runs jobs until it is stopped: the first signal lets running jobs finish, the second ends them.
pub(crate) async fn run(arguments: &Arguments, values: &Values) -> Result<Exit> {
    // First, and whatever is missing: it is there to find out why.
    let was_printed = arguments.print_only(values)?;
    let slots = slots(values)?;
    if was_printed {
        // What is missing is listed as such.
        return Ok(Exit::Success);
    }
    let settings = settings(values, slots)?;
    let server = settings.server.clone();
    let runner = Runner::open(settings).map_err(|error| {
        if matches!(error, OpenError::InUse { .. }) {
            // Nothing is lacking.
            return error.into();
        }
        anyhow::Error::from(error)
            .context("failed to start the runner; `roundel doctor` says what this machine lacks")
    })?;
    let (stop, stop_now) = terminal::stop_signals();
    tracing::info!(%server, slots, "asking the server for jobs");
    runner.run(stop, stop_now).await?;
    Ok(Exit::Success)
}

fn slots(values: &Values) -> Result<u32> {
    let slots = values.require(&runner::SLOTS, "a runner runs jobs")?;
    if slots == 0 {
        let help = "give a runner at least one slot, or do not start it";
        return Err(values.refusal(&runner::SLOTS.declaration, "is 0", help).into());
    }
    Ok(slots)
}

fn settings(values: &Values, slots: u32) -> Result<Settings> {
    Ok(Settings {
        server: values.require(&general::SERVER, "a runner claims jobs from a server")?,
        token: values.require(&runner::TOKEN, "the server asks for its runner token")?,
        name: values.require(&runner::NAME, "the dashboard shows it")?,
        directory: values.require(&general::DATA, "a runner keeps files")?,
        slots,
        resource_classes: values.get(&runner::RESOURCE_CLASSES)?.unwrap_or_default(),
        allow_setuid: values.get(&runner::ALLOW_SETUID)?.unwrap_or_default(),
        claim_wait: roundel_model::limits::CLAIM_WAIT,
    })
}
