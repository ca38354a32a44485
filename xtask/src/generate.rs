//! `cargo xtask gen`: what is generated from the code. Tests fail when it is stale.

use anyhow::{Context as _, Result};

use crate::shell;

/// Writes every generated file.
pub(crate) fn run() -> Result<()> {
    let path = shell::root().join("docs/states.md");
    std::fs::write(&path, roundel_engine::diagram::page())
        .with_context(|| format!("failed to write `{}`", path.display()))?;
    println!("wrote docs/states.md");
    Ok(())
}
