//! Outside network for environments, where the host allows it.
//!
//! | host | way out |
//! | --- | --- |
//! | root with `nft` | a pair of virtual interfaces, and address translation on the host |
//! | anybody with `slirp4netns` | a user-space network behind the user's own connections |
//! | any other | none, and a sentence that says so |
//!
//! Every environment has its own network namespace. None of this is needed for a start, and what
//! takes time goes on beside it: the first process waits for what is left ([`Signal`]).

use std::{
    fs,
    io::{Read, Write},
    os::fd::AsFd,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{host::Host, netlink, wire::Interface};

/// A user-space network is ready within tens of milliseconds.
const READY_PATIENCE: Duration = Duration::from_secs(5);
/// Environments get pairs of addresses from here; the range is for shared networks inside of
/// providers, so that it meets neither homes nor offices nor container engines.
const NETWORK: [u8; 2] = [100, 127];
const PREFIX: u8 = 30;
/// Pairs of addresses in the range.
const PAIRS: u32 = 1 << 14;
/// Environments may talk to the outside, but neither to each other nor to services of the host
/// other than those that every machine of its network can reach.
///
/// One transaction: an older table of the name is replaced, never doubled.
const RULES: &str = "\
table inet roundel {}
delete table inet roundel
table inet roundel {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 100.127.0.0/16 oifname != \"rdl*\" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname \"rdl*\" oifname \"rdl*\" drop
  }
}
";

/// What a runtime knows about its host's network.
#[derive(Debug, Default)]
pub(crate) struct Network {
    translation: Mutex<Translation>,
}

#[derive(Debug, Default)]
enum Translation {
    #[default]
    Unknown,
    /// The next pair of addresses to try.
    Ready(u32),
    Impossible(String),
}

/// An environment's way out; dropping it takes the way away.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// A user-space network. Virtual interfaces go with their namespace.
    child: Option<Child>,
}

/// Tells when a user-space network is ready.
#[derive(Debug)]
pub(crate) struct Signal {
    output: ChildStdout,
}

impl Signal {
    /// Waits until the network is ready or has failed.
    pub(crate) fn wait(mut self) {
        let mut fds = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        let patience = PollTimeout::try_from(READY_PATIENCE).unwrap_or(PollTimeout::MAX);
        let heard = poll(&mut fds, patience).is_ok_and(|count| count > 0);
        let mut byte = [0];
        if !heard || self.output.read(&mut byte).is_ok_and(|length| length == 0) {
            tracing::warn!("an environment has no outside network: `slirp4netns` failed");
        }
    }
}

impl Attachment {
    /// The signal that the network is ready, if that takes time.
    pub(crate) fn take_signal(&mut self) -> Option<Signal> {
        self.child.as_mut()?.stdout.take().map(|output| Signal { output })
    }
}

impl Network {
    /// Gives the network namespace of a helper a way out; an error is the reason why there is none.
    pub(crate) fn attach(
        &self,
        pid: u32,
        host: &Host,
    ) -> Result<(Attachment, Option<Interface>), String> {
        let mut reasons = Vec::new();
        if host.inner_root().is_some() {
            match self.pair(pid) {
                Ok(interface) => return Ok((Attachment { child: None }, Some(interface))),
                Err(reason) => reasons.push(reason),
            }
        }
        match slirp(pid) {
            Ok(child) => Ok((Attachment { child: Some(child) }, None)),
            Err(reason) => {
                reasons.push(reason);
                Err(reasons.join("; "))
            }
        }
    }

    /// Makes a pair of interfaces, one end in the helper's namespace.
    fn pair(&self, pid: u32) -> Result<Interface, String> {
        let mut translation = self.translation.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*translation, Translation::Unknown) {
            *translation = match translate() {
                Ok(()) => Translation::Ready(pid % PAIRS),
                Err(reason) => Translation::Impossible(reason),
            };
        }
        let next = match &mut *translation {
            Translation::Impossible(reason) => return Err(reason.clone()),
            Translation::Unknown => return Err("address translation is not set up".to_owned()),
            Translation::Ready(next) => next,
        };
        // Another runtime may have taken a pair: names are the host's.
        for _ in 0..PAIRS {
            let number = *next;
            *next = (number + 1) % PAIRS;
            let (gateway, address) = addresses(number);
            let name = format!("rdl{number}");
            let pair = netlink::Pair { name: &name, inside: "eth0", pid, gateway, prefix: PREFIX };
            match netlink::make_pair(&pair) {
                Ok(()) => {
                    return Ok(Interface {
                        name: "eth0".to_owned(),
                        address,
                        prefix: PREFIX,
                        gateway,
                    });
                }
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
                Err(error) => return Err(format!("failed to make virtual interfaces: {error}")),
            }
        }
        Err(format!("all {PAIRS} pairs of addresses are taken"))
    }
}

/// The host's and the environment's address of a pair.
fn addresses(number: u32) -> ([u8; 4], [u8; 4]) {
    let [_, _, high, low] = (number * 4).to_be_bytes();
    let [a, b] = NETWORK;
    ([a, b, high, low | 1], [a, b, high, low | 2])
}

/// Lets the host forward packets of environments under its own address.
fn translate() -> Result<(), String> {
    let forward = "/proc/sys/net/ipv4/ip_forward";
    if fs::read_to_string(forward).unwrap_or_default().trim() != "1" {
        fs::write(forward, "1").map_err(|error| format!("`{forward}`: {error}"))?;
    }
    nft(RULES)
}

fn nft(rules: &str) -> Result<(), String> {
    let missing =
        |error: std::io::Error| format!("failed to run `nft` (package `nftables`): {error}");
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .env_clear()
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    if let Some(mut input) = child.stdin.take() {
        // If it does not read to the end, its exit code says why.
        let _refused = input.write_all(rules.as_bytes());
    }
    let done = child.wait_with_output().map_err(missing)?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("`nft` failed: {}", said.lines().next().unwrap_or_default()))
}

/// Starts a user-space network for a namespace.
fn slirp(pid: u32) -> Result<Child, String> {
    // Standard input is the leash: when this process dies, the pipe closes and the program ends.
    Command::new("slirp4netns")
        .args(["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox"])
        .args(["--exit-fd=0", "--ready-fd=1"])
        .args([&pid.to_string(), "eth0"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("failed to run `slirp4netns` (package `slirp4netns`): {error}"))
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Already dead is as good.
            let _dead = child.kill();
            let _reaped = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_addresses_do_not_overlap() {
        assert_eq!(addresses(0), ([100, 127, 0, 1], [100, 127, 0, 2]));
        assert_eq!(addresses(64), ([100, 127, 1, 1], [100, 127, 1, 2]));
        assert_eq!(addresses(PAIRS - 1), ([100, 127, 255, 253], [100, 127, 255, 254]));
    }
}
