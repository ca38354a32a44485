//! What environments may not reach: services of the host, link-local addresses (where clouds serve
//! the credentials of a machine), and each other.
//!
//! | connection | kept by |
//! | --- | --- |
//! | virtual interfaces | `nft` on the host: no new connection from an environment comes in |
//! | user-space network | routes of the environment that lead nowhere; it cannot change them, and packet sockets, which ignore routes, are refused (`boot::privileges`) |
//!
//! Name servers are the exception: a service of the host may be one, and so may a link-local
//! address. IPv6 is absent: environments have none.

use std::{fmt::Write as _, net::Ipv4Addr};

use nix::ifaddrs::getifaddrs;

use crate::wire::Block;

const LINK_LOCAL: Block = Block { address: [169, 254, 0, 0], prefix: 16 };

/// Returns the rules of `nft` for environments whose interfaces on the host begin with `rdl` and
/// whose addresses are in 100.127.0.0/16.
///
/// TCP is refused by a reset, for the kernel limits how many ICMP answers it sends. All is one
/// transaction: an older table of the name is replaced, never doubled.
pub(crate) fn rules(name_servers: &[Ipv4Addr]) -> String {
    let mut names = String::new();
    for server in name_servers {
        let _infallible = writeln!(
            names,
            "    iifname \"rdl*\" ip daddr {server} meta l4proto {{ tcp, udp }} th dport 53 accept"
        );
    }
    format!(
        "\
table inet roundel {{}}
delete table inet roundel
table inet roundel {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 100.127.0.0/16 oifname != \"rdl*\" masquerade
  }}
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname \"rdl*\" ct state established,related accept
{names}    iifname \"rdl*\" meta l4proto tcp reject with tcp reset
    iifname \"rdl*\" reject
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    iifname \"rdl*\" oifname \"rdl*\" drop
{names}    iifname \"rdl*\" ip daddr 169.254.0.0/16 meta l4proto tcp reject with tcp reset
    iifname \"rdl*\" ip daddr 169.254.0.0/16 reject
  }}
}}
"
    )
}

/// Returns what an environment with a user-space network must not reach: that network connects from
/// the host itself, so that every address of the host would be the host's own.
pub(crate) fn prohibited() -> Vec<Block> {
    let interfaces = getifaddrs().into_iter().flatten();
    let own = interfaces.filter_map(|one| Some(one.address?.as_sockaddr_in()?.ip()));
    let own = own.filter(|address| !address.is_loopback() && !address.is_link_local());
    let own = own.map(|address| Block { address: address.octets(), prefix: 32 });
    [LINK_LOCAL].into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_server_is_the_only_exception() {
        let rules = rules(&[Ipv4Addr::new(169, 254, 169, 254)]);
        let input = rules.split("chain input").nth(1).unwrap();
        let accepted = "ip daddr 169.254.169.254 meta l4proto { tcp, udp } th dport 53 accept\n";
        assert!(input.contains(&format!("{accepted}    iifname \"rdl*\" meta l4proto tcp reject")));
        assert_eq!(rules.matches(accepted).count(), 2, "{rules}");
    }
}
