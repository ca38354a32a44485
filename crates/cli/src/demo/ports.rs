//! The ports of a demo. A directory that is used again has the same ones: webhooks and clones hold
//! addresses.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::exit::UsageError;

/// Where the dashboard is if nothing else is said and the port is free.
const DASHBOARD: u16 = 8080;

/// The file within the demo's directory.
pub(super) const FILE: &str = "ports.json";

/// Where everything listens, on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) dashboard: u16,
    pub(crate) github: u16,
    pub(crate) bitbucket: u16,
    /// Git over SSH.
    pub(crate) ssh: u16,
}

impl Ports {
    /// Returns the ports of a directory, or chooses them and writes them down.
    ///
    /// # Errors
    ///
    /// If the directory has another port for the dashboard than the one asked for, or one of its
    /// ports is taken.
    pub(crate) fn of(directory: &Path, dashboard: Option<u16>) -> Result<Self> {
        let path = directory.join(FILE);
        let failed = || format!("failed to read `{}`", path.display());
        match fs::read_to_string(&path) {
            Ok(text) => {
                let ports: Self = serde_json::from_str(&text).with_context(failed)?;
                ports.check(directory, dashboard)?;
                Ok(ports)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let ports = Self::choose(dashboard)?;
                fs::write(&path, serde_json::to_string_pretty(&ports)? + "\n")
                    .with_context(|| format!("failed to write `{}`", path.display()))?;
                Ok(ports)
            }
            Err(error) => Err(error).with_context(failed),
        }
    }

    fn check(self, directory: &Path, dashboard: Option<u16>) -> Result<()> {
        let shown = directory.display();
        if let Some(asked) = dashboard.filter(|port| !matches!(*port, 0) && *port != self.dashboard)
        {
            let message = format!(
                "the demo in `{shown}` has its dashboard on port {}, not {asked}: leave out --port, \
                 or give it another --data",
                self.dashboard
            );
            return Err(UsageError(message).into());
        }
        for port in [self.dashboard, self.github, self.bitbucket, self.ssh] {
            if let Err(error) = listen(port) {
                bail!(
                    "cannot listen on 127.0.0.1:{port}, which the demo in `{shown}` uses: {error}; \
                     is it running already?"
                );
            }
        }
        Ok(())
    }

    fn choose(dashboard: Option<u16>) -> Result<Self> {
        let any = || listen(0).context("no port of 127.0.0.1 is free");
        let first = match (dashboard, listen(dashboard.unwrap_or(DASHBOARD))) {
            (_, Ok(listener)) => listener,
            (None, Err(_)) => any()?,
            (Some(port), Err(error)) => bail!(
                "cannot listen on 127.0.0.1:{port}: {error}; end the program that uses the port, \
                 give another --port, or leave it out for one that is free"
            ),
        };
        // All at once, so that no two are the same.
        let others = [any()?, any()?, any()?];
        let port = |listener: &TcpListener| Ok::<_, io::Error>(listener.local_addr()?.port());
        let [github, bitbucket, ssh] = &others;
        Ok(Self {
            dashboard: port(&first)?,
            github: port(github)?,
            bitbucket: port(bitbucket)?,
            ssh: port(ssh)?,
        })
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_ports() {
        let directory = tempfile::tempdir().unwrap();
        let first = Ports::of(directory.path(), Some(0)).unwrap();
        assert_eq!(Ports::of(directory.path(), None).unwrap(), first);
        let other = if first.dashboard == 1 { 2 } else { 1 };
        let error = Ports::of(directory.path(), Some(other)).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        let taken = listen(first.github).unwrap();
        let error = Ports::of(directory.path(), None).unwrap_err().to_string();
        assert!(error.contains("is it running already?"), "{error}");
        drop(taken);
    }

    #[test]
    fn a_port_that_was_asked_for_is_not_replaced_by_another() {
        let directory = tempfile::tempdir().unwrap();
        let taken = listen(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Ports::of(directory.path(), Some(port)).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}:")), "{error}");
        assert!(error.contains("give another --port"), "{error}");
        drop(taken);
        assert_eq!(Ports::of(directory.path(), Some(port)).unwrap().dashboard, port);
    }
}
