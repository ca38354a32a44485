//! What a visitor of the demo can do: create a repository at either forge, add it, push, and see it
//! turn green; and what their jobs cannot do.

use std::{
    io::{BufRead as _, BufReader},
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use roundel_localforge::ForgeKind;
use roundel_testkit::{git::git, visitor::Visitor};
use url::Url;

use crate::installation::{binary, until};

/// A demo that stays up, as a visitor starts it.
struct Demo {
    process: Child,
    dashboard: Url,
    forges: Vec<(ForgeKind, Url)>,
    mailbox: Url,
}

impl Demo {
    /// Starts it and reads where everything is from what it prints.
    fn start() -> Self {
        let mut process = Command::new(binary())
            .args(["demo", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = Vec::new();
        for line in output.lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with("Ctrl-C ends")) {
                break;
            }
        }
        let address = |name: &str| {
            let parsed = lines.iter().find_map(|line| {
                let rest = line.trim_start().strip_prefix(name)?;
                Url::parse(rest.split_whitespace().next()?).ok()
            });
            assert!(parsed.is_some(), "no address of the {name} in:\n{}", lines.join("\n"));
            parsed.unwrap()
        };
        Self {
            dashboard: address("Dashboard "),
            forges: ForgeKind::ALL
                .into_iter()
                .map(|kind| (kind, address(&format!("{} ", kind.title()))))
                .collect(),
            mailbox: address("Mailbox "),
            process,
        }
    }

    /// Signs in at the dashboard with an account of a forge.
    async fn sign_in(&self, visitor: &mut Visitor, kind: ForgeKind) {
        let start = self.dashboard.join(&format!("login/{}", kind.long_slug())).unwrap();
        let page = visitor.open(start).await.unwrap();
        let page = visitor.submit(&page, &[("decision", "allow")]).await.unwrap();
        assert!(page.status.is_success(), "{}: {}", page.url, page.text);
        assert_eq!(page.url.port(), self.dashboard.port(), "back at the dashboard");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // As Ctrl-C does, so that it takes its files away.
        let id = self.process.id().to_string();
        let _sent = Command::new("kill").args(["-INT", &id]).status();
        let _ended = self.process.wait();
    }
}

/// Creates `acme/NAME` through the forge's page. Returns the address to clone.
async fn create_repository(visitor: &mut Visitor, forge: &Url, name: &str) -> String {
    let page = visitor.open(forge.join("new").unwrap()).await.unwrap();
    let page = visitor.submit(&page, &[("login", "visitor")]).await.unwrap();
    assert!(page.text.contains("<h1>New repository</h1>"), "{}", page.text);
    let fields = [("owner", "acme"), ("name", name), ("visibility", "private")];
    let page = visitor.send(page.url, &fields).await.unwrap();
    assert_eq!(page.url.path(), format!("/acme/{name}"), "{}", page.text);
    let clone = page.text.split("git clone ").nth(1).and_then(|rest| rest.split('<').next());
    assert!(clone.is_some(), "no address to clone in:\n{}", page.text);
    clone.unwrap().trim().to_owned()
}

/// Waits until the forge's page of a commit shows success for as many jobs as there are.
async fn green(visitor: &mut Visitor, (kind, forge): &(ForgeKind, Url), sha: &str, jobs: usize) {
    let name = match kind {
        ForgeKind::GitHub => "commit",
        ForgeKind::Bitbucket => "commits",
    };
    let url = forge.join(&format!("acme/dawn/{name}/{sha}")).unwrap();
    until(&format!("{url} is green"), async || {
        let page = visitor.open(url.clone()).await.unwrap();
        assert!(page.status.is_success(), "{url}: {}", page.text);
        assert!(!page.text.contains("class=\"state bad\""), "a job failed:\n{}", page.text);
        page.text.matches("class=\"state good\"").count() == jobs
    })
    .await;
}

/// Writes files, commits and pushes them. Returns the commit.
fn push(clone: &Path, files: &[(&str, &str)]) -> String {
    for (path, text) in files {
        std::fs::write(clone.join(path), text).unwrap();
    }
    git(clone, &["add", "--all"]).unwrap();
    git(clone, &["commit", "--quiet", "--message", "Change something"]).unwrap();
    git(clone, &["push", "--quiet"]).unwrap();
    git(clone, &["rev-parse", "HEAD"]).unwrap()
}

const REACH: &str = "version: 2.1\njobs:\n  reach:\n    machine: true\n    steps:\n      - checkout\n      - run: bash reach.sh\nworkflows:\n  reach:\n    jobs: [reach]\n";

/// A script that fails if it can connect to any of the ports at any address of the host that a job
/// may know: loopback, the host's own address, the gateway; or to a cloud's metadata service.
fn reach(ports: &[u16]) -> String {
    // The address from which this machine would call others. Nothing is sent.
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.200:9")?;
        socket.local_addr()
    });
    let own = own.map(|address| address.ip().to_string()).unwrap_or_default();
    let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
    format!(
        r#"try() {{
  if timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; then
    echo "reached $1:$2"
    exit 1
  fi
  echo "$1:$2 is out of reach"
}}
way=$(awk '$2 == "00000000" {{ print $3; exit }}' /proc/net/route)
gateway=
if [ -n "$way" ]; then
  gateway=$((16#${{way:6:2}})).$((16#${{way:4:2}})).$((16#${{way:2:2}})).$((16#${{way:0:2}}))
fi
for address in 127.0.0.1 {own} $gateway; do
  for port in {ports}; do
    try "$address" "$port"
  done
done
try 169.254.169.254 80
"#
    )
}

/// The README sends a newcomer to the demo, and the first thing to do there is to add a project. Its
/// jobs are the newcomer's own code, on a machine with an open dashboard and forges without
/// passwords.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_creates_a_repository_adds_it_and_sees_green_and_jobs_reach_nothing_of_the_host()
{
    let demo = Demo::start();
    let scratch = tempfile::tempdir().unwrap();
    let mut visitor = Visitor::new().unwrap();
    // A service of the host that listens everywhere, as many do.
    let service = TcpListener::bind("0.0.0.0:0").unwrap();
    let mut ports = vec![service.local_addr().unwrap().port()];
    let addresses = demo.forges.iter().map(|(_, url)| url).chain([&demo.dashboard, &demo.mailbox]);
    ports.extend(addresses.filter_map(Url::port));
    assert_eq!(ports.len(), 5);
    let script = reach(&ports);
    let here = Command::new("bash").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&here.stdout);
    assert!(said.starts_with("reached 127.0.0.1:"), "the script notices what it reaches: {said}");

    for forge in &demo.forges {
        let (kind, url) = forge;
        let address = create_repository(&mut visitor, url, "dawn").await;
        demo.sign_in(&mut visitor, *kind).await;
        let page = visitor.open(demo.dashboard.join("add").unwrap()).await.unwrap();
        assert!(page.text.contains("acme/dawn"), "{kind}: {}", page.text);
        let not_added = if *kind == ForgeKind::GitHub { "acme/sunrise" } else { "acme/dice" };
        assert!(page.text.contains(not_added), "{kind}: {}", page.text);
        let fields = [("forge", kind.slug()), ("owner", "acme"), ("name", "dawn")];
        let page = visitor.send(page.url, &fields).await.unwrap();
        assert!(page.status.is_success(), "{kind}: {}", page.text);

        let clone: PathBuf = scratch.path().join(kind.long_slug());
        git(scratch.path(), &["clone", "--quiet", &address, kind.long_slug()]).unwrap();
        // The setup starts the first pipeline; each sample has three jobs.
        green(&mut visitor, forge, &git(&clone, &["rev-parse", "HEAD"]).unwrap(), 3).await;
        let sha = push(&clone, &[("README.md", "Changed by a visitor.\n")]);
        green(&mut visitor, forge, &sha, 3).await;

        let sha = push(&clone, &[(".circleci/config.yml", REACH), ("reach.sh", &script)]);
        green(&mut visitor, forge, &sha, 1).await;
    }
}
