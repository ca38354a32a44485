//! Settings: each is declared once ([`table`]), and can be given as a flag, as a variable and as a
//! line of `roundel.toml`.
//!
//! ```text
//! declaration ▸ kinds ▸ table ┬▸ flags ──┐
//!                             ├▸ file ───┤▸ given ▸ values ▸ print (`--print-config`)
//!                             │          └▸ keys (made at the first start)
//!                             └▸ reference (docs/configuration.md)
//! ```
//!
//! Deliberately absent: what the values are for (`serve`, `runner_command`, `orb_command`).

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
pub(crate) fn variables() -> given::Variables {
    let ours = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("ROUNDEL_"))?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    ours.collect()
}

#[cfg(test)]
mod tests;
