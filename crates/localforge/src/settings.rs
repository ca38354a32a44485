//! What to start.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

/// Where a pair of forges listens and keeps its files.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bare repositories, host key and state live here.
    pub directory: PathBuf,
    /// Address to listen on; ports are chosen when 0. Loopback only.
    pub listen: IpAddr,
    /// Port of GitHub (0: any).
    pub github_port: u16,
    /// Port of Bitbucket (0: any).
    pub bitbucket_port: u16,
    /// Port of git over SSH, which both share (0: any).
    pub ssh_port: u16,
}

impl Settings {
    /// Loopback, with ports that the system chooses; files are kept in `directory`.
    pub fn on_loopback(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            listen: Ipv4Addr::LOCALHOST.into(),
            github_port: 0,
            bitbucket_port: 0,
            ssh_port: 0,
        }
    }
}
