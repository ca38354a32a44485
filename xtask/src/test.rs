//! `cargo xtask test`: everything that CI runs, and a closing line that counts.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    num::NonZero,
    path::Path,
    process::{Command, ExitStatus},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    install::{self, tools},
    shell,
};

/// Installs, builds, runs, counts.
pub(crate) fn run(no_install: bool, filters: &[String]) -> Result<()> {
    if !no_install {
        install::run(install::Purpose::Test);
        if let Err(error) = tools::ensure(&tools::NEXTEST) {
            println!("notice: {error:#}");
        }
    }
    // The product first: stories run the real binary.
    shell::run(shell::cargo().args(["build", "--profile", "test", "--bin", "roundel"]))?;
    count(&["--workspace"], filters, None)
}

/// Runs the tests of one crate, with what is installed.
///
/// Those of `server` wait for forges, runners and databases more than they compute, so five times as
/// many of them run at once as there are cores. Their many small files are in memory.
pub(crate) fn run_one(package: &str, filters: &[String]) -> Result<()> {
    let package = match package.strip_prefix("roundel-") {
        Some(_) => package.to_owned(),
        None if package == "xtask" => package.to_owned(),
        None => format!("roundel-{package}"),
    };
    if package == "roundel-testkit" {
        shell::run(shell::cargo().args(["build", "--profile", "test", "--bin", "roundel"]))?;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (5 * cores).to_string();
    let mut what = vec!["--package", &package];
    let mut files = None;
    if package == "roundel-server" {
        if shell::cargo_has("nextest") {
            what.extend(["--test-threads", &threads]);
        }
        let is_chosen = std::env::var_os("TMPDIR").is_some();
        files = Some(Path::new("/dev/shm")).filter(|memory| !is_chosen && has_room(memory));
    }
    count(&what, filters, files)
}

/// Whether a directory takes the files of the tests of `server`: a container often has 64 MiB of memory
/// there.
fn has_room(directory: &Path) -> bool {
    const ENOUGH_KIB: u64 = 1024 * 1024;
    let free = Command::new("df").args(["--output=avail", "-k"]).arg(directory).output();
    let free = free.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let free = free.and_then(|text| text.lines().nth(1)?.trim().parse::<u64>().ok());
    let probe = directory.join(format!("roundel-tests-{}", std::process::id()));
    let is_writable = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).is_ok();
    is_writable && free.is_some_and(|free| free >= ENOUGH_KIB)
}

/// Runs tests, with their temporary files in a directory of their own choice or in `files`, and counts
/// them.
fn count(what: &[&str], filters: &[String], files: Option<&Path>) -> Result<()> {
    let notices = shell::target_dir().join("skipped-tests.txt");
    if let Err(error) = fs::remove_file(&notices)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("failed to remove `{}`", notices.display()));
    }
    let has_nextest = shell::cargo_has("nextest");
    if !has_nextest {
        println!("notice: cargo-nextest is missing: `cargo test` runs the tests instead");
    }
    let mut command = if has_nextest { nextest(what) } else { cargo_test(what) };
    command.args(filters);
    if let Some(directory) = files {
        command.env("TMPDIR", directory);
    }
    command.env("ROUNDEL_SKIPPED_TESTS", &notices);
    command.env("ROUNDEL_TEST_TOOLS", install::judges());
    command.env("ROUNDEL_BIN", shell::target_dir().join("debug/roundel"));
    let (status, counts) = watch(command)?;
    let skipped = show_notices(&notices);
    let Some(Counts { passed, failed }) = counts else {
        bail!("the tests did not run: cargo ended with {status}");
    };
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if !status.success() {
        bail!("the tests ended with {status}");
    }
    Ok(())
}

fn nextest(what: &[&str]) -> Command {
    let mut command = shell::cargo();
    command.args(["nextest", "run", "--no-fail-fast", "--color=never"]).args(what);
    // Each test would be started through one more process, for the sake of stopping a run with Ctrl-Z.
    command.env("NEXTEST_DOUBLE_SPAWN", "0");
    command
}

/// The same tests without nextest: one process for each file of tests, and no limit of time.
fn cargo_test(what: &[&str]) -> Command {
    let mut command = shell::cargo();
    command.args(["test", "--no-fail-fast", "--color=never"]).args(what);
    command.args(["--", "--color=never"]);
    command
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
}

/// Runs the tests, shows what they print, and reads how many there were.
fn watch(mut command: Command) -> Result<(ExitStatus, Option<Counts>)> {
    let (output, writer) = io::pipe().context("failed to make a pipe")?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().context("failed to start cargo")?;
    // The writing ends in it would keep the pipe open.
    drop(command);
    let mut counts: Option<Counts> = None;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        if let Some(summary) = read_summary(&line) {
            counts = Some(summary);
        } else if let Some(more) = read_result(&line) {
            let Counts { passed, failed } = counts.unwrap_or(Counts { passed: 0, failed: 0 });
            counts = Some(Counts { passed: passed + more.passed, failed: failed + more.failed });
        }
    }
    Ok((child.wait()?, counts))
}

/// Reads `test result: ok. 33 passed; 0 failed; 0 ignored; …`, which `cargo test` prints for each
/// file of tests. An indented one is the output of a failed test that nextest shows again.
fn read_result(line: &str) -> Option<Counts> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Some(Counts { passed: number(" passed")?, failed: number(" failed")? })
}

/// Reads `Summary [ 1.2s] 9 tests run: 8 passed (1 slow), 1 failed, 2 skipped` of nextest.
fn read_summary(line: &str) -> Option<Counts> {
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
    Some(Counts { passed, failed })
}

/// Shows what was skipped inside tests for want of a tool, and counts it.
fn show_notices(notices: &Path) -> usize {
    let text = fs::read_to_string(notices).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines {
        println!("SKIPPED {line}");
    }
    lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_nextest_is_counted() {
        let line = "     Summary [   0.5s] 19 tests run: 17 passed (2 slow), 2 failed, 3 skipped";
        assert_eq!(read_summary(line), Some(Counts { passed: 17, failed: 2 }));
        assert_eq!(read_summary("        PASS [   0.003s] something"), None);
    }

    #[test]
    fn what_nextest_shows_of_a_failed_test_is_not_counted_again() {
        let mut command = Command::new("printf");
        command.arg(
            "     Summary [   0.5s] 3 tests run: 2 passed, 1 failed, 0 skipped\n\
             \x20   test result: FAILED. 0 passed; 1 failed; 0 ignored; finished in 0.1s\n",
        );
        let (_, counts) = watch(command).unwrap();
        assert_eq!(counts, Some(Counts { passed: 2, failed: 1 }));
    }

    #[test]
    fn the_results_of_cargo_test_are_added_up() {
        let mut command = Command::new("printf");
        command.arg(
            "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; finished in 0.1s\n\
             test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; finished in 1.0s\n",
        );
        let (status, counts) = watch(command).unwrap();
        assert!(status.success());
        assert_eq!(counts, Some(Counts { passed: 7, failed: 2 }));
    }
}
