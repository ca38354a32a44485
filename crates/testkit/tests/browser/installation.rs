//! What the browser visits: the product's binary, and the local forge with two repositories.

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use roundel_localforge::{ForgeKind, LocalForge, NewCommit, Settings};
use tempfile::TempDir;
use url::Url;

/// How long the server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);

/// The repository of each forge, and what is in it when it is added.
const REPOSITORIES: [(ForgeKind, &str, &str); 2] = [
    (ForgeKind::GitHub, "greet", include_str!("../../browser/greet.yml")),
    (ForgeKind::Bitbucket, "count", include_str!("../../browser/count.yml")),
];

pub(crate) struct House {
    pub(crate) forge: LocalForge,
    pub(crate) url: Url,
    pub(crate) directory: TempDir,
    server: Child,
}

impl House {
    /// Finds the product's binary: where `cargo xtask test` says, or beside this test.
    pub(crate) fn binary() -> Option<PathBuf> {
        let told = env::var_os("ROUNDEL_BIN").map(PathBuf::from);
        let beside = env::current_exe().ok()?.ancestors().nth(2)?.join("roundel");
        told.into_iter().chain([beside]).find(|path| path.is_file())
    }

    /// Starts both forges and the server with its own runner.
    pub(crate) async fn build(binary: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("browser-").tempdir().unwrap();
        let forge = LocalForge::start(Settings {
            directory: directory.path().join("forge"),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            github_port: 0,
            bitbucket_port: 0,
            ssh_port: 0,
        })
        .await
        .unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let data = directory.path().join("data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("known_hosts"), forge.known_hosts()).unwrap();
        fs::write(data.join("roundel.toml"), settings(&forge, &url, &data)).unwrap();
        let server = Command::new(binary)
            .args(["serve", "--slots", "4", "--data"])
            .arg(&data)
            .env("ROUNDEL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let house = Self { forge, url, directory, server };
        for (kind, name, config) in REPOSITORIES {
            house.forge.add_repository(kind, "acme", name, true, "visitor").await.unwrap();
            let files = [(".circleci/config.yml", config), ("README.md", "A sample.\n")];
            house.push(kind, name, &files, "Begin with something small").await;
        }
        house.wait().await;
        house
    }

    async fn wait(&self) {
        let health = self.url.join("healthz").unwrap();
        let began = Instant::now();
        while !reqwest::get(health.clone()).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(began.elapsed() < PATIENCE, "the server did not answer");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Commits files on `main`, as a push would. Returns the commit.
    pub(crate) async fn push(
        &self,
        kind: ForgeKind,
        name: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let commit = NewCommit { branch: "main", files, message, author: "visitor" };
        self.forge.commit_files(kind, "acme", name, &commit).await.unwrap()
    }
}

/// Registers the server at both forges and writes what it must know of them.
fn settings(forge: &LocalForge, url: &Url, data: &Path) -> String {
    let listen = format!("127.0.0.1:{}", url.port().unwrap());
    let mut text = format!("listen = \"{listen}\"\npublic_url = \"{url}\"\n");
    for kind in ForgeKind::ALL {
        forge.add_user(kind, "visitor", "Visitor", "visitor@example.org");
        forge.add_user(kind, "stranger", "Sam Stranger", "stranger@example.org");
        forge.add_organization(kind, "acme", "visitor");
        let callback = url.join(&format!("login/{}/callback", kind.long_slug())).unwrap();
        let (id, secret) = forge.register_application(kind, "Roundel", callback.as_str());
        let known_hosts = data.join("known_hosts");
        text.extend([
            format!("[{}]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\n", kind.long_slug()),
            format!(
                "web_url = \"{}\"\napi_url = \"{}\"\n",
                forge.web_url(kind),
                forge.api_url(kind)
            ),
            format!("known_hosts_file = \"{}\"\n", known_hosts.display()),
        ]);
    }
    text
}

impl Drop for House {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.server.kill();
        let _status = self.server.wait();
    }
}
