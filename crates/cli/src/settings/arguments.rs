//! The arguments of the commands that run until they are stopped: `serve` and `runner`.

use anyhow::Result;

use super::{
    flags::{ReadsSettings, SettingFlags},
    print::print_config,
    values::Values,
    variables,
};
use crate::terminal;

/// The flags of a command's settings, and whether only to print their values.
#[derive(clap::Args)]
pub(crate) struct Arguments<P: ReadsSettings> {
    #[command(flatten)]
    settings: SettingFlags<P>,
    /// Print every setting with its value and where it came from, and exit
    #[arg(long)]
    print_config: bool,
}

impl<P: ReadsSettings> Arguments<P> {
    /// Reads flags, variables and the file.
    pub(crate) fn values(&self, log: Option<&str>) -> Result<Values> {
        let given = self.settings.with_log(log);
        Ok(Values::resolve(P::PROGRAM, &given, &variables()?)?)
    }

    /// Prints the settings, if that is all that was asked for. Returns whether it was.
    pub(crate) fn print_only(&self, values: &Values) -> Result<bool> {
        if self.print_config {
            terminal::print(&print_config(values))?;
        }
        Ok(self.print_config)
    }
}
