//! Outside network for environments.

use std::process::{Child, Command, Stdio};

use crate::{host::Host, wire::Interface};

/// What a runtime knows about its host's network.
#[derive(Debug, Default)]
pub(crate) struct Network {}

/// An environment's way out; dropping it takes the way away.
#[derive(Debug)]
pub(crate) struct Attachment {
    child: Child,
}

impl Network {
    /// Gives the network namespace of a helper a way out.
    pub(crate) fn attach(
        &self,
        pid: u32,
        host: &Host,
    ) -> Result<(Attachment, Option<Interface>), String> {
        let _ = host;
        // Standard input is the leash: when this process dies, the pipe closes and the program ends.
        let child = Command::new("slirp4netns")
            .args(["--configure", "--mtu=65520", "--disable-host-loopback", "--exit-fd=0"])
            .args([&pid.to_string(), "eth0"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("failed to run `slirp4netns`: {error}"))?;
        Ok((Attachment { child }, None))
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // Already dead is as good.
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}
