//! Everything that the demo starts: the forges, the mailbox, the server, the runner.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result};
use roundel_forge::{ForgeSettings, RetryPolicy};
use roundel_localforge::LocalForge;
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug},
    id::{AccountId, ProjectId},
    secret::Secret,
    time::Timestamp,
};
use roundel_runner::{RunError, Runner};
use roundel_server::{EmailSettings, Server, Settings, setup};
use roundel_store::{
    accounts::{SignIn, Token},
    projects::{SetupState, SetupStepStatus},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    directory::{DATABASE, INSTANCE_KEY},
    mailbox::Mailbox,
    ports::Ports,
    sample::{Sample, VISITOR},
};
use crate::settings::keys;

/// A setup over loopback takes a second; this is for a slow machine.
const SETUP_TIMEOUT: Duration = Duration::from_mins(1);

/// The running demo.
pub(crate) struct World {
    pub(crate) forge: LocalForge,
    pub(crate) mailbox: Mailbox,
    pub(crate) server: Server,
    users: BTreeMap<ForgeKind, String>,
    runner: JoinHandle<Result<(), RunError>>,
    stop: CancellationToken,
    stop_now: CancellationToken,
}

impl World {
    /// Starts everything, with its files below `directory`.
    pub(crate) async fn start(directory: &Path, ports: Ports) -> Result<Self> {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let forge = LocalForge::start(roundel_localforge::Settings {
            directory: directory.join("forge"),
            listen: loopback,
            github_port: ports.github,
            bitbucket_port: ports.bitbucket,
            ssh_port: ports.ssh,
        })
        .await
        .context("failed to start the local forge")?;
        let mailbox = Mailbox::start().await.context("failed to start the mailbox")?;

        let listen = SocketAddr::new(loopback, ports.dashboard);
        let public_url = Url::parse(&format!("http://{listen}"))?;
        let instance_key = keys::ensure(directory, INSTANCE_KEY)?;
        let runner_token = Secret::new(keys::ensure(directory, "runner.token")?);
        let mut users = BTreeMap::new();
        let mut forges = Vec::new();
        for kind in ForgeKind::ALL {
            users.insert(kind, forge.add_user(kind, VISITOR, "Visitor", "visitor@example.org"));
            forge.add_organization(kind, "acme", VISITOR);
            forges.push(connect(&forge, kind, &public_url));
        }
        let server = Server::start(Settings {
            listen,
            public_url: public_url.clone(),
            database_url: format!("sqlite:{}", directory.join(DATABASE).display()),
            instance_key: Secret::new(hex::decode(instance_key)?),
            runner_token: runner_token.clone(),
            forges,
            email: Some(EmailSettings {
                smtp_url: mailbox.smtp_url().into(),
                from: "Roundel <roundel@example.org>".to_owned(),
            }),
            pace: roundel_server::retry::RetryPace::default(),
            status_prefix: "ci/roundel".to_owned(),
            admin_token: Secret::new(String::new()),
            orbs: roundel_server::orbs::Settings::default(),
        })
        .await?;

        let (stop, stop_now) = (CancellationToken::new(), CancellationToken::new());
        let runner = Runner::open(roundel_runner::Settings {
            server: public_url,
            token: runner_token,
            name: "demo".to_owned(),
            directory: directory.join("runner"),
            slots: 4,
            resource_classes: Vec::new(),
            allow_setuid: false,
            claim_wait: Duration::from_secs(20),
        })
        .context("failed to start the runner; `roundel doctor` says what this machine lacks")?;
        let runner = tokio::spawn(runner.run(stop.clone(), stop_now.clone()));
        Ok(Self { forge, mailbox, server, users, runner, stop, stop_now })
    }

    /// Signs the visitor in at both forges, as one account.
    pub(crate) async fn sign_in(&self) -> Result<AccountId> {
        let mut account = None;
        for kind in ForgeKind::ALL {
            let client =
                self.server.app.forges.clients().get(&kind).context("a forge is not connected")?;
            let scopes: Vec<&str> =
                client.requested_scopes().iter().map(|scope| scope.name).collect();
            let token = Token {
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                ..Token::new(self.forge.grant_token(kind, VISITOR, &scopes).into())
            };
            let user = ForgeUserId(self.users.get(&kind).cloned().unwrap_or_default());
            let sign_in = SignIn {
                name: "Visitor".to_owned(),
                email: Some("visitor@example.org".to_owned()),
                link_to: account,
                ..SignIn::new(kind, user, VISITOR, token)
            };
            account = Some(self.server.app.store.sign_in(&sign_in, Timestamp::now()).await?);
        }
        account.context("there is no forge")
    }

    /// Returns the project of a repository, if it was added.
    pub(crate) async fn project(
        &self,
        forge: ForgeKind,
        owner: &str,
        name: &str,
    ) -> Result<Option<ProjectId>> {
        let slug = ProjectSlug::new(forge, owner, name)?;
        let project = self.server.app.store.project_by_slug(&slug).await?;
        Ok(project.filter(|project| project.active).map(|project| project.id))
    }

    /// Returns whether the forge of a sample has a key and a webhook for it.
    pub(crate) fn is_connected(&self, sample: &Sample) -> bool {
        let Sample { forge, owner, name, .. } = *sample;
        !self.forge.keys_of(forge, owner, name).is_empty()
            && !self.forge.hooks_of(forge, owner, name).is_empty()
    }

    /// Adds a sample as a project, as the button on the page does, and waits until that is done.
    pub(crate) async fn add_project(&self, actor: AccountId, sample: &Sample) -> Result<ProjectId> {
        let app = &self.server.app;
        let mut updates = app.live.subscribe();
        let project =
            setup::begin(&app.setups, actor, sample.forge, sample.owner, sample.name).await?;
        let wait = async {
            loop {
                if let Some(setup) = app.store.setup(project).await? {
                    match setup.state {
                        SetupState::Done => return Ok(project),
                        SetupState::Failed | SetupState::Abandoned => {
                            let failed = setup
                                .steps
                                .iter()
                                .find(|step| step.status == SetupStepStatus::Failed);
                            let reason = failed.map_or_else(String::new, |step| {
                                format!(
                                    " at “{}”: {}",
                                    step.title,
                                    step.detail.clone().unwrap_or_default()
                                )
                            });
                            anyhow::bail!(
                                "the setup of {}/{} failed{reason}",
                                sample.owner,
                                sample.name
                            );
                        }
                        SetupState::Running | SetupState::Compensating => {}
                    }
                }
                // A wake-up may be missed; a look now and then makes up for it.
                let _late = tokio::time::timeout(Duration::from_millis(250), updates.recv()).await;
            }
        };
        tokio::time::timeout(SETUP_TIMEOUT, wait).await.context("a setup did not end in time")?
    }

    /// Stops everything, in the order in which nothing is lost.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.stop_now.cancel();
        match self.runner.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the runner ended"),
            Err(error) => tracing::warn!(%error, "the runner ended unexpectedly"),
        }
        self.server.stop().await;
    }
}

fn connect(forge: &LocalForge, kind: ForgeKind, public_url: &Url) -> ForgeSettings {
    let callback = format!("{}login/{}/callback", public_url, kind.long_slug());
    let (client_id, client_secret) = forge.register_application(kind, "Roundel demo", &callback);
    ForgeSettings {
        kind,
        web_url: forge.web_url(kind),
        api_url: forge.api_url(kind),
        client_id,
        client_secret: client_secret.into(),
        known_hosts: forge.known_hosts(),
        public_url: public_url.to_string(),
        retry: RetryPolicy::default(),
    }
}
