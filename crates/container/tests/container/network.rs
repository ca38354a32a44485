//! The network of environments.

use roundel_container::{Exit, LimitationKind, Root};

use crate::world::{World, output, run, skip, spec};

#[test]
fn an_environment_without_a_network_has_only_loopback() {
    let world = World::new();
    let environment = world.host();
    assert_eq!(output(&environment, "ls /sys/class/net"), "lo\n");
    output(&environment, "exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/9 || true'");
    assert_eq!(output(&environment, "cat /proc/net/route | wc -l"), "1\n");
}

#[test]
fn services_of_one_environment_are_not_on_the_hosts_loopback() {
    let world = World::new();
    let environment = world.host();
    let listener = environment.listen(0).unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{refused}");
}

#[test]
fn an_environment_with_a_network_is_connected_before_its_first_process() {
    let world = World::new();
    let mut spec = spec(Root::Host);
    spec.network = true;
    let environment = world.start(&spec);
    let mut limitations = environment.limitations().iter();
    if let Some(found) = limitations.find(|found| found.kind == LimitationKind::Network) {
        skip(&found.sentence("environments"));
        return;
    }
    let routes = output(&environment, "cat /proc/net/route");
    let default = routes.lines().find(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some("eth0") && fields.next() == Some("00000000")
    });
    assert!(default.is_some(), "{routes}");
    // The host's loopback stays out of reach.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert_ne!(run(&environment, &format!("exec bash -c '{script}'")).1, Exit::Code(0));
    environment.stop(crate::world::TIMEOUT).unwrap();
}

/// The script that connects, and prints the result.
fn connect(address: &str, port: u16) -> String {
    format!("timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>&1")
}

/// A machine's services often trust every connection from the machine itself, and on a cloud
/// 169.254.169.254 gives away the machine's credentials.
#[test]
fn an_environment_reaches_neither_services_of_the_host_nor_link_local_addresses() {
    let world = World::new();
    let mut spec = spec(Root::Host);
    spec.network = true;
    let environment = world.start(&spec);
    if crate::world::lacks(&environment, LimitationKind::Network) {
        skip("no outside network on this host");
        return;
    }
    let service = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = service.local_addr().unwrap().port();
    let own = nix::ifaddrs::getifaddrs().unwrap().filter_map(|one| {
        Some(one.address?.as_sockaddr_in()?.ip()).filter(|address| !address.is_loopback())
    });
    let own: Vec<String> = own.map(|address| address.to_string()).collect();
    assert!(!own.is_empty(), "a host with an outside network has an address");
    for address in &own {
        let reached = std::net::TcpStream::connect((address.as_str(), port));
        assert!(reached.is_ok(), "the host itself reaches {address}: {reached:?}");
    }
    let gateway = output(&environment, "cat /proc/net/route")
        .lines()
        .find_map(|line| line.split_whitespace().nth(2).filter(|way| *way != "00000000"))
        .map(|way| u32::from_str_radix(way, 16).unwrap_or(0).swap_bytes());
    let gateway = gateway.map(|way| std::net::Ipv4Addr::from(way).to_string());
    let closed = own.into_iter().chain(gateway).chain(["169.254.169.254".to_owned()]);
    for address in closed {
        let (said, exit) = run(&environment, &connect(&address, port));
        // At once: a job that is refused says so, one that waits for an answer times out (124).
        assert_eq!(exit, Exit::Code(1), "{address}: {said}");
    }
    environment.stop(crate::world::TIMEOUT).unwrap();
}

#[test]
fn packet_sockets_are_refused() {
    let world = World::new();
    let environment = world.host();
    if crate::world::program("python3").is_none() {
        skip("python3 is not installed");
        return;
    }
    let script =
        "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' 2>&1";
    let (said, _) = run(&environment, script);
    assert!(said.contains("Operation not permitted"), "{said}");
}

#[test]
fn two_environments_cannot_reach_each_other() {
    let world = World::new();
    let mut spec = spec(Root::Host);
    spec.network = true;
    let (one, other) = (world.start(&spec), world.start(&spec));
    let address = |environment| {
        let text = output(environment, "cat /proc/net/fib_trie");
        text.lines().zip(text.lines().skip(1)).find_map(|(line, next)| {
            let address = line.trim().strip_prefix("|-- ")?;
            (next.contains("host LOCAL") && !address.starts_with("127."))
                .then(|| address.to_owned())
        })
    };
    let Some(address) = address(&one) else {
        skip("no outside network on this host");
        return;
    };
    let mut server = one.spawn(&crate::world::shell("sleep 60")).unwrap();
    let listener = one.listen(0);
    assert!(listener.is_ok());
    let script = format!("timeout 2 bash -c 'exec 3<>/dev/tcp/{address}/7'");
    let (text, exit) = run(&other, &script);
    assert_ne!(exit, Exit::Code(0), "{text}");
    server.signal(libc::SIGKILL).unwrap();
    let _taken = server.take_output();
}
