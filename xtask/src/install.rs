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

use crate::shell;

/// What is going to be run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
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
pub(crate) fn run(purpose: For) {
    let peers: &[_] = if purpose == For::Bench { PEERS } else { &[] };
    let missing: Vec<&str> = PACKAGES
        .iter()
        .chain(peers)
        .filter(|(_, sign)| !is_there(sign))
        .map(|(package, _)| *package)
        .collect();
    if !missing.is_empty() {
        debian(&missing);
    }
    if !judges().join("node_modules/.complete").exists() {
        node();
    }
}

fn is_there(sign: &str) -> bool {
    if sign.starts_with('/') {
        return Path::new(sign).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|directory| directory.join(sign).exists())
}

fn debian(packages: &[&str]) {
    if !shell::works("apt-get", &["--version"]) {
        println!("notice: missing here, and no apt-get to install them: {}", packages.join(" "));
        return;
    }
    let mut update = Command::new("apt-get");
    update.args(["update", "--quiet=2"]);
    let mut install = Command::new("apt-get");
    install.args(["install", "--quiet=2", "--yes", "--no-install-recommends"]).args(packages);
    for command in [&mut update, &mut install] {
        command.env("DEBIAN_FRONTEND", "noninteractive");
        // Services of the packages stay down: tests start their own.
        command.env("RUNLEVEL", "1");
        if let Err(error) = shell::run(command) {
            println!("notice: {error:#}");
            println!("notice: tests that need {} may skip", packages.join(", "));
            return;
        }
    }
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
        println!("notice: tests that are judged by Prism, Ajv or Chromium may skip");
    }
}
