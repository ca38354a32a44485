//! What `roundel --version` says besides the version: the commit, and what it was built for.
//!
//! A development build names no commit: it would be built again after each one.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=ROUNDEL_BUILD_COMMIT");
    let target = env::var("TARGET").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let linked =
        if features.split(',').any(|one| one == "crt-static") { "static" } else { "dynamic" };
    println!("cargo::rustc-env=ROUNDEL_BUILD_TARGET={target}, {linked}");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = match env::var("ROUNDEL_BUILD_COMMIT") {
        Ok(given) => given,
        Err(_) if is_release => commit().unwrap_or_else(|| "unknown".to_owned()),
        Err(_) => "none, a development build".to_owned(),
    };
    println!("cargo::rustc-env=ROUNDEL_BUILD_COMMIT={commit}");
}

/// Asks git, if this is a clone and git is there.
fn commit() -> Option<String> {
    let head = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={head}");
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let mark = if is_changed.is_none_or(|changes| changes.is_empty()) { "" } else { ", changed" };
    Some(commit + mark)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
