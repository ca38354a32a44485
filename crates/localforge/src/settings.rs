//! What to start.

use std::{net::IpAddr, path::PathBuf};

/// Where a pair of forges listens and keeps its files.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bare repositories, host key and state live here.
    pub directory: PathBuf,
    /// Address to listen on; ports are chosen when 0. Loopback only.
    pub listen: IpAddr,
    /// Port of the GitHub side (0: any).
    pub github_port: u16,
    /// Port of the Bitbucket side (0: any).
    pub bitbucket_port: u16,
    /// Port of git over SSH, which both share (0: any).
    pub ssh_port: u16,
}
