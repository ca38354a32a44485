//! `cargo xtask gen`: what is generated from the code. Tests fail when it is stale.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, bail};
use roundel_config::page;

use crate::{coverage, shell};

/// Where the pages of diagnostics are.
const DIAGNOSTICS: &str = "docs/diagnostics";

/// What is on top of them.
const WRITTEN: &str = "<!-- Written by `cargo xtask gen`. -->\n\n";

/// Which rules of the language have tests.
const COVERAGE: &str = "docs/language-coverage.md";

/// Every setting; the crate `cli` declares them, and a test there fails when the page is stale.
const CONFIGURATION: &str = "docs/configuration.md";

/// Writes every generated file, and removes pages of codes that were removed.
pub(crate) fn run() -> Result<()> {
    let root = shell::root();
    let folder = root.join(DIAGNOSTICS);
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create `{}`", folder.display()))?;
    let files = files()?;
    for name in stale_names(&folder, &files)? {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))?;
    }
    for (name, text) in &files {
        let path = root.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    fs::write(root.join(CONFIGURATION), configuration()?)
        .with_context(|| format!("failed to write `{CONFIGURATION}`"))?;
    println!(
        "wrote docs/states.md, {COVERAGE}, {CONFIGURATION} and {} pages of {DIAGNOSTICS}",
        files.len() - 2
    );
    Ok(())
}

/// Asks the crate `cli`, which this one does not depend on: it would take the whole product along.
fn configuration() -> Result<Vec<u8>> {
    let mut command = shell::cargo();
    command.args(["run", "--quiet", "-p", "roundel-cli", "--example", "configuration_page"]);
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.context("failed to start cargo")?;
    if !output.status.success() {
        bail!("the page of settings could not be made: cargo ended with {}", output.status);
    }
    Ok(output.stdout)
}

/// All generated files, by their names within the repository.
fn files() -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::from([
        ("docs/states.md".to_owned(), roundel_engine::diagram::page()),
        (COVERAGE.to_owned(), coverage::page()?),
        (format!("{DIAGNOSTICS}/README.md"), format!("{WRITTEN}{}", page::index())),
    ]);
    files.extend(page::pages().map(|page| {
        let text = format!("{WRITTEN}{}\n[All codes](README.md)\n", page.markdown());
        (format!("{DIAGNOSTICS}/{}.md", page.code.slug), text)
    }));
    Ok(files)
}

/// Pages that no code has.
fn stale_names(folder: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
    let mut stale = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !files.contains_key(&format!("{DIAGNOSTICS}/{name}")) {
            stale.push(name);
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that says what the compiler no longer says is worse than none.
    #[test]
    fn the_pages_of_diagnostics_are_as_the_code_has_them() {
        let root = shell::root();
        let files = files().unwrap();
        for (name, text) in &files {
            let found = fs::read_to_string(root.join(name)).unwrap_or_default();
            assert_eq!(&found, text, "`{name}` is stale: run `cargo xtask gen`");
        }
        let stale = stale_names(&root.join(DIAGNOSTICS), &files).unwrap();
        assert!(stale.is_empty(), "{stale:?} belong to no code: run `cargo xtask gen`");
    }
}
