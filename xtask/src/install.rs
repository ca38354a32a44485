//! Installs what tests and measurements need and is missing: Debian packages (as root), a few Node
//! programs in the target directory, and `tools` of cargo.
//!
//! Nothing here is needed to build or use the product. What cannot be installed is not an error: the tests
//! that want it skip with a notice, and the notices are counted.

pub(crate) mod tools;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::shell;

/// What is going to be run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The test suite.
    Test,
    /// The measurements, which need peers to compare with.
    Bench,
}

/// (Debian package, a file or program that shows it is there).
const PACKAGES: &[(&str, &str)] = &[
    ("git", "git"),
    ("openssh-client", "ssh-keygen"),
    ("openssh-server", "/usr/sbin/sshd"),
    ("postgresql", "/usr/lib/postgresql"),
    ("docker-registry", "docker-registry"),
    ("busybox-static", "busybox"),
    ("skopeo", "skopeo"),
    ("mmdebstrap", "mmdebstrap"),
    ("uidmap", "newuidmap"),
    ("iproute2", "ip"),
    ("nftables", "nft"),
    ("slirp4netns", "slirp4netns"),
    ("e2fsprogs", "mkfs.ext4"),
    ("passwd", "useradd"),
    ("python3", "python3"),
    ("python3-pip", "pip3"),
    ("chromium", "chromium"),
    ("tmux", "tmux"),
    ("neovim", "nvim"),
    ("npm", "npm"),
];

/// What measurements want besides.
const PEERS: &[(&str, &str)] = &[("docker.io", "/usr/sbin/dockerd")];

/// Node programs that judge us, pinned.
const JUDGES: &[&str] = &[
    "@stoplight/prism-cli@5.14.2",
    "@octokit/webhooks-examples@7.6.1",
    "@octokit/webhooks-schemas@7.6.1",
    "ajv@8.17.1",
    "ajv-formats@3.0.1",
    "playwright-core@1.65.1",
    "@axe-core/playwright@4.13.0",
];

/// Returns where the Node programs are.
pub(crate) fn judges() -> PathBuf {
    shell::target_dir().join("test-tools")
}

/// Installs what is missing. Says what it does, and what it could not do.
pub(crate) fn run(purpose: Purpose) {
    let peers: &[_] = if purpose == Purpose::Bench { PEERS } else { &[] };
    let missing: Vec<&str> = PACKAGES
        .iter()
        .chain(peers)
        .filter(|(_, evidence)| !is_there(evidence))
        .map(|(package, _)| *package)
        .collect();
    if !missing.is_empty() {
        debian(&missing);
    }
    if !judges().join("node_modules/.complete").exists() {
        node();
    }
}

/// `evidence` is a program, or a file with its path.
fn is_there(evidence: &str) -> bool {
    if evidence.starts_with('/') {
        return Path::new(evidence).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|directory| directory.join(evidence).exists())
}

fn debian(packages: &[&str]) {
    let missing = packages.join(" ");
    if !shell::works("apt-get", &["--version"]) {
        println!("notice: missing here, and no apt-get to install them: {missing}");
        println!("notice: the tests that need them skip; install them in this system's way");
        return;
    }
    if !is_root() {
        println!("notice: missing here, and only root can install them: {missing}");
        println!("notice: the tests that need them skip; `sudo apt-get install {missing}`");
        return;
    }
    for notice in install(packages, &mut apt_get) {
        println!("notice: {notice}");
    }
}

/// Installs packages, all at once if that can be done. A name that this release of Debian or Ubuntu
/// does not have must not keep the others away. Returns what could not be done.
fn install(packages: &[&str], apt_get: &mut dyn FnMut(&[&str]) -> Result<()>) -> Vec<String> {
    let mut notices = Vec::new();
    if let Err(error) = apt_get(&["update", "--quiet=2"]) {
        notices.push(format!("{error:#}; the lists of packages may be old (is there a network?)"));
    }
    let arguments = ["install", "--quiet=2", "--yes", "--no-install-recommends"];
    let mut add = |packages: &[&str]| apt_get(&[&arguments, packages].concat());
    if add(packages).is_ok() {
        return notices;
    }
    for package in packages {
        if let Err(error) = add(&[package]) {
            notices.push(format!("{error:#}; the tests that need the package `{package}` skip"));
        }
    }
    notices
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    // Services of the packages stay down: tests start their own.
    shell::run(command.env("RUNLEVEL", "1"))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn node() {
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
    install.arg(judges()).args(JUDGES);
    // Browsers come from Debian; nothing downloads its own.
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    let done = std::fs::create_dir_all(judges()).map_err(anyhow::Error::from).and_then(|()| {
        shell::run(&mut install)?;
        Ok(std::fs::write(judges().join("node_modules/.complete"), "")?)
    });
    if let Err(error) = done {
        println!("notice: {error:#}");
        println!(
            "notice: the tests that Prism, Ajv or Chromium judge skip (is there npm, a network?)"
        );
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn one_missing_package_does_not_keep_the_others_away() {
        let mut installed = Vec::new();
        let mut apt_get = |arguments: &[&str]| {
            let packages: Vec<String> = arguments
                .iter()
                .skip(1)
                .filter(|word| !word.starts_with('-'))
                .map(|word| (*word).to_owned())
                .collect();
            if packages.iter().any(|package| package == "chromium") {
                bail!("`apt-get {}` ended with 100", arguments.join(" "));
            }
            installed.extend(packages);
            Ok(())
        };
        let notices = install(&["git", "chromium", "tmux"], &mut apt_get);
        assert_eq!(installed, ["git", "tmux"]);
        assert_eq!(
            notices,
            [
                "`apt-get install --quiet=2 --yes --no-install-recommends chromium` ended with 100; the \
              tests that need the package `chromium` skip"
            ]
        );
    }

    #[test]
    fn old_lists_of_packages_are_mentioned_and_tried() {
        let mut calls = 0;
        let mut apt_get = |arguments: &[&str]| {
            calls += 1;
            if arguments[0] == "update" {
                bail!("no network");
            }
            Ok(())
        };
        let notices = install(&["git"], &mut apt_get);
        assert_eq!(calls, 2);
        assert!(notices[0].starts_with("no network; the lists of packages may be old"));
    }
}
