//! `cargo xtask test`: everything that CI runs, and a closing line that counts.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};

use crate::{install, shell};

/// Installs, builds, runs, counts.
pub(crate) fn run(no_install: bool, filters: &[String]) -> Result<()> {
    if !no_install {
        install::run(install::For::Test);
    }
    let notices = shell::target_dir().join("skipped-tests.txt");
    if let Err(error) = fs::remove_file(&notices)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("failed to remove `{}`", notices.display()));
    }
    // The product first: stories run the real binary.
    shell::run(shell::cargo().args(["build", "--package", "roundel-cli"]))?;

    let mut command = shell::cargo();
    command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--color=never"]);
    command.args(filters);
    command.env("ROUNDEL_SKIPPED_TESTS", &notices);
    command.env("ROUNDEL_TEST_TOOLS", install::tools());
    command.env("ROUNDEL_BIN", shell::target_dir().join("debug/roundel"));
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .context("failed to start `cargo nextest`; `cargo install cargo-nextest` provides it")?;
    let mut counts = None;
    let output = child.stderr.take().context("nextest has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        counts = read_summary(&line).or(counts);
    }
    let status = child.wait()?;
    let skipped = show_notices(&notices);
    let Some((passed, failed)) = counts else {
        bail!("the tests did not run: nextest ended with {status}");
    };
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if !status.success() {
        bail!("nextest ended with {status}");
    }
    Ok(())
}

/// Reads `Summary [ 1.2s] 9 tests run: 8 passed (1 slow), 1 failed, 2 skipped` as (passed, failed).
fn read_summary(line: &str) -> Option<(u32, u32)> {
    let (_, counts) = line.trim().strip_prefix("Summary ")?.split_once("run: ")?;
    let mut passed = 0;
    let mut failed = 0;
    for part in counts.split(", ") {
        let mut words = part.split_whitespace();
        let number: u32 = words.next()?.parse().ok()?;
        match words.next()? {
            "passed" => passed += number,
            "failed" | "timed" => failed += number,
            _ => {}
        }
    }
    Some((passed, failed))
}

/// Shows what was skipped inside tests for want of a tool, and counts it.
fn show_notices(notices: &std::path::Path) -> usize {
    let text = fs::read_to_string(notices).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines {
        println!("SKIPPED {line}");
    }
    lines.len()
}

#[cfg(test)]
mod tests {
    use super::read_summary;

    #[test]
    fn the_summary_of_nextest_is_counted() {
        let line = "     Summary [   0.5s] 19 tests run: 17 passed (2 slow), 2 failed, 3 skipped";
        assert_eq!(read_summary(line), Some((17, 2)));
        assert_eq!(read_summary("        PASS [   0.003s] something"), None);
    }
}
