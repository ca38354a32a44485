//! The same over a real OpenSSH server, with real keys.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use super::*;

/// An OpenSSH server on loopback that lets one key in.
struct Sshd {
    child: Child,
    port: u16,
    known_hosts: String,
    key: DeployKey,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn keygen(path: &Path) -> DeployKey {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
    DeployKey {
        private: Secret::from(std::fs::read_to_string(path).unwrap()),
        public: std::fs::read_to_string(path.with_extension("pub")).unwrap(),
    }
}

fn sshd(world: &World) -> Sshd {
    let directory = world.path("sshd");
    std::fs::create_dir(&directory).unwrap();
    let host_key = keygen(&directory.join("host"));
    let key = keygen(&directory.join("client"));
    std::fs::write(directory.join("authorized_keys"), &key.public).unwrap();
    let port = free_port();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nPidFile none\nUsePAM no\n\
         AuthorizedKeysFile {0}/authorized_keys\nStrictModes no\nPasswordAuthentication no\n\
         PermitRootLogin prohibit-password\nLogLevel VERBOSE\n",
        directory.display()
    );
    std::fs::write(directory.join("config"), config).unwrap();
    // As root it wants this directory for its unprivileged child.
    drop(std::fs::create_dir_all("/run/sshd"));
    let mut child = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f"])
        .arg(directory.join("config"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("these tests need the OpenSSH server");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let listening = lines.by_ref().map_while(Result::ok).any(|line| line.contains("listening on"));
    assert!(listening, "sshd did not start");
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let host = host_key.public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Sshd { child, port, known_hosts: format!("[127.0.0.1]:{port} {host}\n"), key }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn over_ssh(world: &World, sshd: &Sshd, sha: &CommitSha) -> CheckoutSpec {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    CheckoutSpec {
        url: format!("ssh://{user}@127.0.0.1:{}{}", sshd.port, world.path("work").display()),
        key: Some(sshd.key.clone()),
        known_hosts: sshd.known_hosts.clone(),
        ..world.checkout(branch("main"), sha)
    }
}

#[tokio::test]
async fn the_deploy_key_opens_the_repository_and_is_gone_afterwards() {
    let world = World::new();
    let sha = world.commit("first");
    let sshd = sshd(&world);
    let checkout = over_ssh(&world, &sshd, &sha);
    let bundle = world.bundle(&checkout, "bundle").await.unwrap();
    assert!(has_object(&bundle, &sha));
    assert_eq!(std::fs::read_dir(world.path("scratch")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_host_with_another_key_gets_no_connection() {
    // A host between the runner and the forge must not get as much as a signature.
    let world = World::new();
    let sha = world.commit("first");
    let sshd = sshd(&world);
    let other = keygen(&world.path("other")).public;
    let other = other.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let checkout = CheckoutSpec {
        known_hosts: format!("[127.0.0.1]:{} {other}\n", sshd.port),
        ..over_ssh(&world, &sshd, &sha)
    };
    let error = world.bundle(&checkout, "bundle").await.unwrap_err();
    assert!(matches!(error, FetchError::HostKey(_)), "{error:?}");
    let unknown = CheckoutSpec { known_hosts: String::new(), ..checkout };
    let error = world.bundle(&unknown, "bundle").await.unwrap_err();
    assert!(matches!(error, FetchError::HostKey(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_key_says_what_to_do_and_nothing_of_itself() {
    let world = World::new();
    let sha = world.commit("first");
    let sshd = sshd(&world);
    let stranger = keygen(&world.path("stranger"));
    let checkout = CheckoutSpec { key: Some(stranger.clone()), ..over_ssh(&world, &sshd, &sha) };
    let error = world.bundle(&checkout, "bundle").await.unwrap_err();
    assert!(matches!(error, FetchError::Denied(_)), "{error:?}");
    let shown = format!("{error:?}\n{}", error.lines(&checkout.url).join("\n"));
    assert!(shown.contains("deploy key"), "{shown}");
    for line in stranger.private.expose().lines() {
        assert!(!shown.contains(line), "a line of the key is shown");
    }
}
