//! `cargo xtask bench`: builds the release binaries and runs the measurements of `testkit`.
//!
//! The measurements themselves are an example program there, for they drive the whole product. Only
//! those of the compiler, which need nothing else of it, are here; and how long building takes, only
//! when asked for, for it takes a quarter of an hour.

pub(crate) mod configuration;
#[expect(dead_code, reason = "measurements next to a peer in the same unit use the rest")]
#[path = "../../crates/testkit/examples/bench/table.rs"]
mod table;

use std::{fs::File, path::Path, process::Command, time::Instant};

use anyhow::{Context as _, Result};

use crate::{install, shell};

/// Measures, and prints the table; or, for `builds`, how long building takes.
pub(crate) fn run(filter: Option<&str>, builds: bool) -> Result<()> {
    if builds {
        return measure_builds();
    }
    if filter.is_none_or(|filter| "configuration".contains(filter)) {
        let measure = ["run", "--release", "--bin", "xtask", "--", "measure-configuration"];
        shell::run(shell::cargo().args(measure))?;
        // Asking for this section alone does not build the product.
        if filter.is_some_and(|filter| filter.starts_with("conf")) {
            return Ok(());
        }
    }
    install::run(install::Purpose::Bench);
    // One selection, the whole workspace, so that the program and its measurements share the
    // builds of their dependencies.
    let build = ["build", "--release", "--workspace", "--bin", "roundel", "--example", "bench"];
    shell::run(shell::cargo().args(build))?;
    let mut bench = Command::new(shell::target_dir().join("release/examples/bench"));
    bench.args(filter);
    bench.env("ROUNDEL_BIN", shell::target_dir().join("release/roundel"));
    shell::run(&mut bench)
}

/// Builds from cold in its own directory, then once more after a change to `server`.
fn measure_builds() -> Result<()> {
    let target = shell::target_dir().join("bench-builds");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let timed = |profile: &[&str]| -> Result<f64> {
        let mut build = shell::cargo();
        build.args(["build", "--bin", "roundel"]).args(profile);
        build.env("CARGO_TARGET_DIR", &target);
        let began = Instant::now();
        shell::run(&mut build)?;
        Ok(began.elapsed().as_secs_f64())
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cold = timed(&["--release"])?;
    let debug = timed(&[])?;
    let source = shell::root().join("crates/server/src/lib.rs");
    touch(&source)?;
    let incremental = timed(&[])?;
    let tests = || {
        let mut test = shell::cargo();
        test.args(["xtask", "test", "--package", "server"]).env("CARGO_TARGET_DIR", &target);
        let began = Instant::now();
        shell::run(&mut test)?;
        anyhow::Ok(began.elapsed().as_secs_f64())
    };
    tests()?;
    touch(&source)?;
    let tested = tests()?;
    println!("load at the start (1, 5, 15 minutes)      {}", load.trim());
    println!("release build from cold                   {cold:.0} s (target: < 900 s on 2 cores)");
    println!("debug build from cold                     {debug:.0} s");
    println!("debug build after touching crates/server  {incremental:.1} s (target: < 30 s)");
    println!("its tests after touching crates/server    {tested:.1} s (target: < 15 s)");
    Ok(std::fs::remove_dir_all(&target)?)
}

/// Makes a file look changed.
fn touch(source: &Path) -> Result<()> {
    let touched = File::options().append(true).open(source);
    let touched = touched.with_context(|| format!("failed to touch `{}`", source.display()))?;
    Ok(touched.set_modified(std::time::SystemTime::now())?)
}
