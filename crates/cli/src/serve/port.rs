//! Who has the port that the server wants: read off `/proc`, as far as this user may look.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
};

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) name: String,
    pub(super) id: u32,
}

/// Finds the process that listens where we want to. Another user's processes cannot be looked into.
pub(super) fn listener(wanted: SocketAddr) -> Option<Process> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| inodes(&table, wanted))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let folder = process.path();
        if !owns(&folder, &inodes) {
            return None;
        }
        let name = fs::read_to_string(folder.join("comm")).ok()?.trim_end().to_owned();
        Some(Process { name, id })
    })
}

/// The inodes of sockets that listen on a port, on the address that is wanted or on all addresses.
fn inodes(table: &str, wanted: SocketAddr) -> Vec<String> {
    let of_line = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        let (address, port) = local.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let is_everywhere = address.bytes().all(|digit| digit == b'0');
        let is_same = wanted.ip().is_unspecified() || address == hex(wanted.ip());
        let is_it = *state == LISTENS && port == wanted.port() && (is_everywhere || is_same);
        is_it.then(|| (*inode).to_owned())
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

/// Writes an address as the kernel does: words of 32 bits in the order of this machine.
fn hex(address: IpAddr) -> String {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let words = bytes.chunks_exact(4).filter_map(|word| <[u8; 4]>::try_from(word).ok());
    words.fold(String::new(), |text, word| text + &format!("{:08X}", u32::from_ne_bytes(word)))
}

fn owns(process: &Path, inodes: &[String]) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
    open.flatten().filter_map(|file| fs::read_link(file.path()).ok()).any(|target| {
        let target = target.to_string_lossy();
        let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inode.is_some_and(|inode| inodes.iter().any(|wanted| wanted == inode))
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_process_that_listens_is_found() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
            let Ok(listening) = TcpListener::bind(address) else { continue };
            let address = listening.local_addr().unwrap();
            let found = listener(address).unwrap();
            assert_eq!(found.id, std::process::id(), "{address}");
            assert!(!found.name.is_empty());
            drop(listening);
            assert_eq!(listener(address), None, "{address}");
        }
    }

    #[test]
    fn another_port_another_address_and_a_mere_connection_are_not_meant() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1\n   \
            1: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1\n   \
            2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1\n   \
            3: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 14 1\n";
        if cfg!(target_endian = "little") {
            assert_eq!(inodes(table, "127.0.0.1:8080".parse().unwrap()), ["11"]);
            assert_eq!(inodes(table, "0.0.0.0:8080".parse().unwrap()), ["11", "12"]);
        }
    }
}
