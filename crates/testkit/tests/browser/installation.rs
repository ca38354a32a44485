//! What the browser visits: the product's binary with the local forge and a mailbox, and a second
//! one that was started for the first time, without any settings.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use roundel_localforge::{ForgeKind, LocalForge, NewCommit, NewRepository, Settings};
use roundel_testkit::smtp_sink::SmtpSink;
use tempfile::TempDir;
use url::Url;

/// How long the server may take to answer for the first time.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// The repository of each forge, and what is in it when it is added.
const REPOSITORIES: [(ForgeKind, &str, &str); 2] = [
    (ForgeKind::GitHub, "greet", include_str!("../../browser/greet.yml")),
    (ForgeKind::Bitbucket, "count", include_str!("../../browser/count.yml")),
];

pub(crate) struct Installation {
    pub(crate) forge: LocalForge,
    pub(crate) url: Url,
    /// A server without a Git provider.
    pub(crate) fresh: Url,
    pub(crate) directory: TempDir,
    mailbox: SmtpSink,
    _servers: [Server; 2],
}

/// A process that ends with the test.
struct Server(Child);

impl Installation {
    /// Finds the product's binary: where `cargo xtask test` says, or next to this test.
    pub(crate) fn binary() -> Option<PathBuf> {
        let given = env::var_os("ROUNDEL_BIN").map(PathBuf::from);
        let built = env::current_exe().ok()?.ancestors().nth(2)?.join("roundel");
        given.into_iter().chain([built]).find(|path| path.is_file())
    }

    /// Starts both forges and the server with its own runner.
    pub(crate) async fn build(binary: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("browser-").tempdir().unwrap();
        let forge =
            LocalForge::start(Settings::on_loopback(directory.path().join("forge"))).await.unwrap();
        let mailbox = SmtpSink::start().await.unwrap();
        let (url, fresh) = (free_url(), free_url());
        let data = directory.path().join("data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("known_hosts"), forge.known_hosts()).unwrap();
        let text = settings(&forge, &url, &data) + &email_settings(&mailbox);
        fs::write(data.join("roundel.toml"), text).unwrap();
        let fresh_data = directory.path().join("fresh");
        fs::create_dir_all(&fresh_data).unwrap();
        fs::write(fresh_data.join("roundel.toml"), address_settings(&fresh)).unwrap();
        let servers = [Server::start(binary, &data, "4"), Server::start(binary, &fresh_data, "0")];
        let installation = Self { forge, url, fresh, directory, mailbox, _servers: servers };
        for (kind, name, config) in REPOSITORIES {
            installation
                .forge
                .add_repository(
                    kind,
                    NewRepository { owner: "acme", name, private: true, admin: "visitor" },
                )
                .await
                .unwrap();
            let files = [(".circleci/config.yml", config), ("README.md", "A sample.\n")];
            installation.push((kind, "main"), name, &files, "Begin with something small").await;
        }
        answers(&installation.url).await;
        answers(&installation.fresh).await;
        installation
    }

    /// The link at the end of the newest email.
    pub(crate) async fn email_link(&self) -> String {
        let emails = self.mailbox.wait_for(1, START_TIMEOUT).await;
        let link = emails.last().unwrap().header("List-Unsubscribe").unwrap();
        link.trim_matches(['<', '>']).replace(' ', "")
    }

    /// Commits files on a branch, as a push would. Returns the commit.
    pub(crate) async fn push(
        &self,
        (kind, branch): (ForgeKind, &str),
        name: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let commit = NewCommit { branch, files, message, author: "visitor" };
        self.forge.commit_files(kind, "acme", name, &commit).await.unwrap()
    }
}

impl Server {
    fn start(binary: &Path, data: &Path, slots: &str) -> Self {
        let child = Command::new(binary)
            .args(["serve", "--slots", slots, "--data"])
            .arg(data)
            .env("ROUNDEL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn free_url() -> Url {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()
}

async fn answers(url: &Url) {
    let health = url.join("healthz").unwrap();
    let began = Instant::now();
    while !reqwest::get(health.clone()).await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(began.elapsed() < START_TIMEOUT, "the server at {url} did not answer");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

fn address_settings(url: &Url) -> String {
    format!("listen = \"127.0.0.1:{}\"\npublic_url = \"{url}\"\n", url.port().unwrap())
}

fn email_settings(mailbox: &SmtpSink) -> String {
    format!("[mail]\nsmtp_url = \"{}\"\nfrom = \"Roundel <ci@example.org>\"\n", mailbox.url())
}

/// Registers the server at both forges and writes what it must know of them.
fn settings(forge: &LocalForge, url: &Url, data: &Path) -> String {
    let mut text = address_settings(url);
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
