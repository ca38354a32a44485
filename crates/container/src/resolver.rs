//! Where names are resolved: the name servers of the host, as environments can reach them.

use std::{fs, net::Ipv4Addr};

/// Where the host says it; the second is what its stub resolver forwards to.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/// Returns the text of `/etc/resolv.conf`: the host's, or what its stub resolver forwards to,
/// because a resolver on the host's loopback cannot be reached from inside.
pub(crate) fn text() -> String {
    let mut loopback_only = String::new();
    for path in FILES {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut servers = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
        if servers.any(|server| !server.trim().starts_with("127.")) {
            return text;
        }
        loopback_only = text;
    }
    loopback_only
}

/// Returns the name servers of such a text that are not on loopback. Environments have IPv4 only.
pub(crate) fn servers(text: &str) -> Vec<Ipv4Addr> {
    let servers = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
    let addresses = servers.filter_map(|server| server.trim().parse::<Ipv4Addr>().ok());
    addresses.filter(|address| !address.is_loopback()).collect()
}

/// Returns such a text with one name server in place of all others; search domains and options
/// stay.
pub(crate) fn with_server(text: &str, server: Ipv4Addr) -> String {
    let others = text.lines().filter(|line| !line.starts_with("nameserver"));
    others.map(|line| format!("{line}\n")).chain([format!("nameserver {server}\n")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read_and_replaced() {
        let text = "search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.1\n\
                    nameserver fe80::1\noptions edns0\n";
        assert_eq!(servers(text), [Ipv4Addr::new(192, 0, 2, 1)]);
        let replaced = with_server(text, Ipv4Addr::new(10, 0, 2, 3));
        assert_eq!(replaced, "search example.org\noptions edns0\nnameserver 10.0.2.3\n");
    }
}
