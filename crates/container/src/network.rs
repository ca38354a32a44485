//! Outside network for environments, where the host allows it.
//!
//! | host | connection |
//! | --- | --- |
//! | root with `nft` | a pair of virtual interfaces, and address translation (NAT) on the host |
//! | any user with `slirp4netns` | a user-space network behind the user's own connections |
//! | any other | none, with a limitation that says so |
//!
//! Every environment has its own network namespace; what it may not reach is in [`crate::firewall`]. An
//! environment starts without it, and what takes time continues concurrently: the first process waits
//! for what is left ([`Ready`]).

use std::{
    fs,
    io::Read,
    net::Ipv4Addr,
    os::fd::AsFd,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{
    firewall,
    host::Mapping,
    limitation::{Limitation, LimitationKind},
    netlink, programs, resolver,
    wire::{Connection, Interface},
};

/// Sets up address translation; package `nftables`.
const NFT: &str = "nft";
/// Is a network in user space; package of the same name.
const SLIRP: &str = "slirp4netns";
/// The device that a user-space network makes its interface with. Some hosts keep it for root.
const TUN: &str = "/dev/net/tun";
/// A user-space network is ready within tens of milliseconds.
const READY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rules are set within milliseconds; another program may hold the lock of the kernel's tables for a moment.
const NFT_TIMEOUT: Duration = Duration::from_secs(10);
/// Environments get pairs of addresses from here, out of the range for carrier-grade NAT (RFC 6598,
/// 100.64.0.0/10), which overlaps neither private networks nor those of container engines.
const NETWORK: [u8; 2] = [100, 127];
const PREFIX: u8 = 30;
/// Pairs of addresses in the range.
const PAIRS: u32 = 1 << 14;
/// The name server of a user-space network; it asks those of the host.
const SLIRP_NAMES: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

/// What a runtime knows about its host's network.
#[derive(Debug, Default)]
pub(crate) struct Network {
    nat: Mutex<Nat>,
}

/// Address translation on this host.
#[derive(Debug, Default)]
enum Nat {
    #[default]
    Unknown,
    /// The next pair of addresses to try.
    Ready(u32),
    Impossible(Cause),
}

/// Why one of the two kinds of connection is impossible.
#[derive(Clone, Debug)]
enum Cause {
    NotInstalled(&'static str),
    /// [`TUN`] cannot be opened.
    NoTun(std::io::ErrorKind),
    Failed(String),
}

/// An environment's connection; dropping it takes the connection away.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// A user-space network. Virtual interfaces go with their namespace.
    child: Option<Child>,
}

/// Signals when a user-space network is ready.
#[derive(Debug)]
pub(crate) struct Ready {
    output: ChildStdout,
}

impl Ready {
    /// Waits until the network is ready or has failed.
    pub(crate) fn wait(mut self) {
        let mut fds = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(READY_TIMEOUT).unwrap_or(PollTimeout::MAX);
        let signaled = poll(&mut fds, timeout).is_ok_and(|count| count > 0);
        let mut byte = [0];
        if !signaled || self.output.read(&mut byte).is_ok_and(|length| length == 0) {
            tracing::warn!("an environment has no outside network: `slirp4netns` failed");
        }
    }
}

impl Attachment {
    /// Takes the signal that the network is ready, if that takes time.
    pub(crate) fn take_ready(&mut self) -> Option<Ready> {
        self.child.as_mut()?.stdout.take().map(|output| Ready { output })
    }
}

impl Network {
    /// Connects the network namespace of a helper; the error says why that is impossible.
    pub(crate) fn attach(
        &self,
        pid: u32,
        mapping: &Mapping,
    ) -> Result<(Attachment, Connection), Limitation> {
        let mut causes = Vec::new();
        if mapping.inner_root().is_some() {
            match self.pair(pid) {
                Ok(interface) => {
                    let connection =
                        Connection { interface: Some(interface), ..Connection::default() };
                    return Ok((Attachment { child: None }, connection));
                }
                Err(cause) => causes.push(cause),
            }
        }
        match tun_opens().and_then(|()| slirp(pid)) {
            Ok(child) => {
                let connection = Connection {
                    interface: None,
                    prohibited: firewall::prohibited(),
                    name_server: Some(SLIRP_NAMES),
                };
                Ok((Attachment { child: Some(child) }, connection))
            }
            Err(cause) => {
                causes.push(cause);
                Err(no_network(&causes))
            }
        }
    }

    /// Makes a pair of interfaces, one end in the helper's namespace.
    fn pair(&self, pid: u32) -> Result<Interface, Cause> {
        let mut nat = self.nat.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*nat, Nat::Unknown) {
            *nat = match set_up_nat() {
                Ok(()) => Nat::Ready(pid % PAIRS),
                Err(cause) => Nat::Impossible(cause),
            };
        }
        let next = match &mut *nat {
            Nat::Impossible(cause) => return Err(cause.clone()),
            Nat::Unknown => {
                return Err(Cause::Failed("address translation is not set up".to_owned()));
            }
            Nat::Ready(next) => next,
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
                Err(error) => {
                    return Err(Cause::Failed(format!(
                        "virtual interfaces could not be created: {error}"
                    )));
                }
            }
        }
        Err(Cause::Failed(format!("all {PAIRS} pairs of addresses are taken")))
    }
}

/// What environments lack if neither kind of connection is possible.
fn no_network(causes: &[Cause]) -> Limitation {
    let missing: Vec<&str> = causes.iter().filter_map(Cause::program).collect();
    let mut sentences: Vec<String> = causes.iter().filter_map(Cause::failure).collect();
    match missing.as_slice() {
        [] => {}
        [one] => sentences.push(format!("`{one}` is not installed")),
        several => {
            sentences.push(format!("neither `{}` is installed", several.join("` nor `")));
        }
    }
    let limitation = Limitation::new(LimitationKind::Network, sentences.join("; "));
    let packages: Vec<String> =
        missing.iter().map(|program| format!("`{}`", package(program))).collect();
    let mut remedies: Vec<String> = causes.iter().filter_map(Cause::command).collect();
    if !packages.is_empty() {
        remedies.insert(0, format!("install the package {}", packages.join(" or ")));
    }
    if remedies.is_empty() { limitation } else { limitation.with_remedy(remedies.join(", or ")) }
}

fn package(program: &str) -> &str {
    if program == NFT { "nftables" } else { program }
}

impl Cause {
    /// The program could not be started.
    fn not_started(program: &'static str, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Self::NotInstalled(program);
        }
        Self::Failed(format!("failed to run `{program}`: {error}"))
    }

    fn program(&self) -> Option<&'static str> {
        match self {
            Self::NotInstalled(program) => Some(program),
            Self::NoTun(_) | Self::Failed(_) => None,
        }
    }

    /// The command that ends it, where there is one.
    fn command(&self) -> Option<String> {
        match self {
            Self::NoTun(std::io::ErrorKind::PermissionDenied) => {
                Some(format!("run `chmod 0666 {TUN}` as root"))
            }
            Self::NoTun(_) => Some("run `modprobe tun` as root".to_owned()),
            Self::NotInstalled(_) | Self::Failed(_) => None,
        }
    }

    fn failure(&self) -> Option<String> {
        match self {
            Self::NotInstalled(_) => None,
            Self::NoTun(kind) => Some(format!("`{TUN}` cannot be opened: {kind}")),
            Self::Failed(sentence) => Some(sentence.clone()),
        }
    }
}

/// The host's and the environment's address of a pair.
fn addresses(number: u32) -> ([u8; 4], [u8; 4]) {
    let [_, _, high, low] = (number * 4).to_be_bytes();
    let [a, b] = NETWORK;
    ([a, b, high, low | 1], [a, b, high, low | 2])
}

/// Lets the host forward packets of environments under its own address.
fn set_up_nat() -> Result<(), Cause> {
    let forward = "/proc/sys/net/ipv4/ip_forward";
    if fs::read_to_string(forward).unwrap_or_default().trim() != "1" {
        fs::write(forward, "1").map_err(|error| Cause::Failed(format!("`{forward}`: {error}")))?;
    }
    nft(&firewall::rules(&resolver::servers(&resolver::text())))
}

fn nft(rules: &str) -> Result<(), Cause> {
    let not_started = |error: std::io::Error| Cause::not_started(NFT, &error);
    let mut command = Command::new(NFT);
    command.args(["-f", "-"]).env_clear().env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
    let ended = programs::run_within(&mut command, rules, NFT_TIMEOUT).map_err(not_started)?;
    if ended.status.success() {
        return Ok(());
    }
    Err(Cause::Failed(format!("`nft` failed: {}", ended.output.lines().next().unwrap_or_default())))
}

/// Checks that this user can make an interface; `slirp4netns` itself would fail after it has started.
fn tun_opens() -> Result<(), Cause> {
    let opened = fs::File::options().read(true).write(true).open(TUN);
    opened.map(drop).map_err(|error| Cause::NoTun(error.kind()))
}

/// Starts a user-space network for a namespace.
fn slirp(pid: u32) -> Result<Child, Cause> {
    // When this process dies, its end of standard input closes and the program ends.
    Command::new(SLIRP)
        .args(["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox"])
        .args(["--exit-fd=0", "--ready-fd=1"])
        .args([&pid.to_string(), "eth0"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Cause::not_started(SLIRP, &error))
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have died already.
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

    #[test]
    fn an_impossible_network_says_which_programs_to_install() {
        let missing = [Cause::NotInstalled(NFT), Cause::NotInstalled(SLIRP)];
        let limitation = no_network(&missing);
        assert_eq!(limitation.cause, "neither `nft` nor `slirp4netns` is installed");
        let remedy = "install the package `nftables` or `slirp4netns`";
        assert_eq!(limitation.remedy.as_deref(), Some(remedy));
        let failed = [Cause::Failed("`nft` failed: denied".to_owned()), Cause::NotInstalled(SLIRP)];
        let limitation = no_network(&failed);
        assert_eq!(limitation.cause, "`nft` failed: denied; `slirp4netns` is not installed");
        assert_eq!(limitation.remedy.as_deref(), Some("install the package `slirp4netns`"));
        let closed = [Cause::NotInstalled(NFT), Cause::NoTun(std::io::ErrorKind::PermissionDenied)];
        let limitation = no_network(&closed);
        let cause = "`/dev/net/tun` cannot be opened: permission denied; `nft` is not installed";
        assert_eq!(limitation.cause, cause);
        let remedy = "install the package `nftables`, or run `chmod 0666 /dev/net/tun` as root";
        assert_eq!(limitation.remedy.as_deref(), Some(remedy));
    }
}
