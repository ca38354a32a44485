//! Prints `docs/configuration.md`, for `cargo xtask gen`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(roundel_cli::settings::reference::page().as_bytes())
}
