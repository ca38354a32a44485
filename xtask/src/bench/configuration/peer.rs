//! The peer: a parser of these configurations from the npm registry, in one warm Node process.
//!
//! It reads and checks, and expands nothing. Neither the hosted compiler nor its language server can
//! be had from a registry; the command-line client asks the hosted service.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{install, shell};

const PACKAGE: &str = "@circleci/circleci-config-parser@0.10.0-alpha.3";

/// The time of each file is the middle one of nine, as ours is; files that it throws for are counted
/// separately, because giving up early is not speed.
const PROGRAM: &str = r#"
const parser = require("@circleci/circleci-config-parser"), fs = require("fs");
const folder = process.argv[1], times = [];
let all = 0;
for (const file of fs.readdirSync(folder)) {
  const text = fs.readFileSync(folder + "/" + file, "utf8"), rounds = [];
  all += 1;
  try {
    for (let round = 0; round < 9; round++) {
      const began = process.hrtime.bigint();
      parser.parseConfig(text);
      rounds.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
  } catch { continue; }
  times.push(rounds.sort((a, b) => a - b)[4]);
}
times.sort((a, b) => a - b);
const share = (percent) => times[Math.min(times.length - 1, Math.floor(times.length * percent / 100))].toFixed(1);
console.log(`p50 ${share(50)} / p99 ${share(99)} ms for the ${times.length} of ${all} files that it accepts; nothing is compiled`);
"#;

/// Measures it; the answer says why, if it cannot be.
pub(super) fn measure() -> String {
    let report = install().and_then(|()| run());
    let report = report.unwrap_or_else(|error| format!("not measured: {error:#}"));
    format!("{}: {report}", PACKAGE.trim_start_matches('@'))
}

fn install() -> Result<()> {
    let folder = install::judges().join("config-peer");
    if folder.join("node_modules/@circleci").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
    npm.arg(&folder).arg(PACKAGE).stdout(Stdio::null()).stderr(Stdio::null());
    let status = npm.status().context("failed to start npm")?;
    ensure!(status.success(), "npm ended with {status}");
    Ok(())
}

fn run() -> Result<String> {
    let configs = shell::root().join("../shared/corpus/configs").canonicalize()?;
    let output = Command::new("node")
        .current_dir(install::judges().join("config-peer"))
        .args(["-e", PROGRAM])
        .arg(configs)
        .stderr(Stdio::null())
        .output()
        .context("failed to start node")?;
    ensure!(output.status.success(), "node ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
