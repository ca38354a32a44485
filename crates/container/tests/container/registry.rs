//! Images from a registry: Debian's, on loopback.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use roundel_container::{ContainerError, ErrorKind, Root, image::Image};
use serde_json::json;

use crate::world::{Entry, World, busybox, gzip, layer, layout, output, program, skip, spec};

/// A registry that ends with the test.
struct Registry {
    child: Child,
    port: u16,
    place: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Registry {
    fn start() -> Option<Self> {
        let (Some(registry), Some(_)) = (program("docker-registry"), program("skopeo")) else {
            skip("the packages docker-registry and skopeo are not installed");
            return None;
        };
        let place = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = place.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{ level: info }}\nstorage:\n  filesystem: {{ rootdirectory: {} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n",
            place.path().join("registry").display()
        );
        fs::write(&config, text).unwrap();
        let mut child = Command::new(registry)
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = lines.any(|line| line.unwrap().contains("listening on"));
        assert!(listening, "the registry should listen");
        // The rest is not read, but the registry must not meet a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, port, place })
    }

    fn reference(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }

    fn push(&self, source: &Path, name: &str) {
        let pushed = Command::new("skopeo")
            .args(["copy", "--insecure-policy", "--dest-tls-verify=false"])
            .arg(format!("oci:{}", source.display()))
            .arg(format!("docker://{}", self.reference(name)))
            .output()
            .unwrap();
        assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
    }
}

fn pull(
    world: &World,
    reference: &str,
    auth: Option<(&str, &str)>,
) -> Result<(Image, Vec<String>), ContainerError> {
    let lines = Mutex::new(Vec::new());
    let progress = |line: String| lines.lock().unwrap().push(line);
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let image = tokio.block_on(world.runtime.images().pull(reference, auth, &progress))?;
    Ok((image, lines.into_inner().unwrap()))
}

#[test]
fn an_image_is_pulled_once_and_then_reused() {
    let Some(registry) = Registry::start() else { return };
    let Some(plain) = busybox() else { return };
    let more = layer(&[Entry::File("etc/motd", 0o644, b"from a registry\n")]);
    let source = registry.place.path().join("source");
    let layers = [(gzip(&plain), plain), (gzip(&more), more)];
    layout(&source, &layers, &json!({ "Env": ["PATH=/bin"], "User": "circleci" }));
    registry.push(&source, "team/app:1.0");

    let world = World::new();
    let (image, lines) = pull(&world, &registry.reference("team/app:1.0"), None).unwrap();
    assert_eq!(lines.iter().filter(|line| line.contains("unpacked")).count(), 2, "{lines:?}");
    assert_eq!(image.user.as_deref(), Some("circleci"));
    let environment = world.start(&spec(Root::Layers(image.layers.clone())));
    assert_eq!(output(&environment, "cat /etc/motd"), "from a registry\n");

    let by_digest = registry.reference(&format!("team/app@{}", image.digest));
    let (again, lines) = pull(&world, &by_digest, None).unwrap();
    assert_eq!(
        lines.iter().filter(|line| line.contains("already present")).count(),
        2,
        "{lines:?}"
    );
    assert_eq!(again.layers, image.layers);
}

#[test]
fn an_image_that_does_not_exist_is_not_found() {
    let Some(registry) = Registry::start() else { return };
    let world = World::new();
    for name in [
        "no/such/image:1",
        "no/such/image@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        let refused = pull(&world, &registry.reference(name), None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused:?}");
        let said = refused.to_string();
        assert!(said.contains("does not exist") && said.contains("check the name"), "{said}");
    }
}

#[test]
fn a_registry_that_cannot_be_reached_is_unavailable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    let refused = pull(&world, &format!("127.0.0.1:{port}/a:1"), None).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    let said = format!(
        "cannot pull `127.0.0.1:{port}/a:1`: the registry `127.0.0.1:{port}` cannot be reached (connection \
         refused): check the network and the proxy"
    );
    assert_eq!(refused.to_string(), said, "without the layers of the library");
}

/// A registry that answers every request with one status, as a real one that is failing does.
fn broken_registry(status: &'static str, body: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            let mut request = [0; 4096];
            let _length = connection.read(&mut request).unwrap();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = connection.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

#[test]
fn refusals_and_limits_of_a_registry_are_distinguished() {
    let denied = r#"{"errors":[{"code":"DENIED","message":"requested access is denied"}]}"#;
    let limited = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}"#;
    let world = World::new();
    for (status, body, said, kind) in [
        ("403 Forbidden", denied, "denies access", ErrorKind::AccessDenied),
        ("401 Unauthorized", denied, "denies access", ErrorKind::AccessDenied),
        ("429 Too Many Requests", limited, "limits the rate", ErrorKind::RateLimited),
        ("503 Service Unavailable", "busy", "answered with status 503", ErrorKind::Unavailable),
    ] {
        let (port, asked) = broken_registry(status, body);
        let auth = Some(("user", "hunter2"));
        let error = pull(&world, &format!("127.0.0.1:{port}/a:1"), auth).unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error:?}");
        assert!(error.to_string().contains(said), "{status}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{status}: {error}");
        if status.starts_with("503") {
            assert!(asked.load(Ordering::Relaxed) >= 3, "a transient failure is tried again");
        }
    }
}
