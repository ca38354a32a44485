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
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
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
