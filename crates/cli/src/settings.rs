//! Settings: each is declared once ([`table`]), and can be given as a flag, as a variable and as a
//! line of `roundel.toml`.
//!
//! ```text
//! declaration ▸ kinds ▸ table ┬▸ flags ──┐
//!                             ├▸ file ───┤▸ given ▸ values ▸ print (`--print-config`)
//!                             │          └▸ keys (generated at the first start)
//!                             └▸ reference (docs/configuration.md)
//! ```
//!
//! Deliberately absent: what the values are for (`serve`, `runner_command`, `orb_command`).

use std::ffi::OsString;

use crate::exit::UsageError;

pub(crate) mod arguments;
pub mod declaration;
mod file;
pub(crate) mod flags;
pub(crate) mod given;
pub(crate) mod keys;
mod kinds;
mod literal;
mod log_filter;
mod mask;
mod print;
mod problem;
pub mod reference;
pub mod table;
mod unknown;
pub(crate) mod values;

/// Returns the environment variables that may be settings.
///
/// # Errors
///
/// If the value of one is not UTF-8: changed silently, it would be another path, or another secret.
pub(crate) fn variables() -> Result<given::Variables, UsageError> {
    collected(std::env::vars_os())
}

fn collected(
    all: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<given::Variables, UsageError> {
    let ours = all.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("ROUNDEL_"))?;
        let not_text = |_| UsageError(format!("`{name}` is not UTF-8\n  write its value as UTF-8"));
        Some(value.into_string().map_err(not_text).map(|value| (name.clone(), value)))
    });
    ours.collect()
}

#[cfg(test)]
mod tests;
