//! Git over SSH: one server for both forges, with deploy keys and users' keys.
//!
//! The path names the forge (`/github/acme/web.git`); without it the key decides. There is no
//! shell, no forwarding and no password.

use std::sync::Arc;

use roundel_model::forge::ForgeKind;
use russh::{
    Channel, ChannelId,
    keys::PrivateKey,
    server::{
        Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
    },
};
use tokio::net::TcpListener;

use crate::{
    access::{self, Service, ShownKey},
    forge::{Forge, Shutdown},
    keys,
    model::Repository,
};

mod serve;

/// Both forges.
#[derive(Clone)]
pub(crate) struct Forges {
    pub(crate) github: Arc<Forge>,
    pub(crate) bitbucket: Arc<Forge>,
}

impl Forges {
    fn both(&self) -> [&Arc<Forge>; 2] {
        [&self.github, &self.bitbucket]
    }

    fn of(&self, kind: ForgeKind) -> &Arc<Forge> {
        match kind {
            ForgeKind::GitHub => &self.github,
            ForgeKind::Bitbucket => &self.bitbucket,
        }
    }

    /// Returns the forges that know a key.
    fn knowing(&self, key: &str) -> Vec<ForgeKind> {
        let knows = |forge: &&Arc<Forge>| {
            forge.read(|state| {
                state.user_key(key).is_some() || !state.deploy_keys_like(key).is_empty()
            })
        };
        self.both().into_iter().filter(knows).map(|forge| forge.kind).collect()
    }
}

/// Accepts connections until the forge stops.
pub(crate) async fn run(
    listener: TcpListener,
    forges: Forges,
    key: PrivateKey,
    shutdown: Shutdown,
) {
    let config = Arc::new(Config {
        keys: vec![key],
        methods: russh::MethodSet::from([russh::MethodKind::PublicKey].as_slice()),
        // Everything here is on loopback: timing of errors gives nothing away.
        auth_rejection_time: std::time::Duration::from_millis(1),
        auth_rejection_time_initial: Some(std::time::Duration::ZERO),
        nodelay: true,
        ..Config::default()
    });
    loop {
        let accepted = tokio::select! {
            () = shutdown.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let visitor = Visitor { forges: forges.clone(), key: None, protocol: None, channel: None };
        let config = Arc::clone(&config);
        let stop = shutdown.stop.clone();
        shutdown.tasks.spawn(async move {
            let talk = async {
                let session = russh::server::run_stream(config, stream, visitor).await?;
                session.await
            };
            let ended: Result<(), russh::Error> = tokio::select! {
                () = stop.cancelled() => Ok(()),
                ended = talk => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "an SSH connection ended badly");
            }
        });
    }
}

/// One connection.
struct Visitor {
    forges: Forges,
    key: Option<ShownKey>,
    /// `GIT_PROTOCOL` of the client.
    protocol: Option<String>,
    channel: Option<Channel<Msg>>,
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(self.check_key(user, offer.public_key))
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let answer = self.check_key(user, key.public_key);
        if answer == Auth::Accept {
            self.key = keys::canonical(key.public_key).map(ShownKey);
        }
        Ok(answer)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channel = Some(channel);
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if name == "GIT_PROTOCOL" && value.len() < 100 {
            self.protocol = Some(value.to_owned());
            return session.channel_success(channel);
        }
        session.channel_failure(channel)
    }

    async fn shell_request(
        &mut self,
        id: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        if let Some(channel) = self.channel.take() {
            let greeting = self.greeting();
            self.forges.github.shutdown.tasks.spawn(serve::say(channel, greeting, 1));
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(channel) = self.channel.take() else { return session.channel_failure(id) };
        session.channel_success(id)?;
        let command = String::from_utf8_lossy(data).into_owned();
        let tasks = &self.forges.github.shutdown.tasks;
        match self.order(&command) {
            Ok(order) => tasks.spawn(serve::git(channel, order)),
            Err(text) => tasks.spawn(serve::say(channel, text, 1)),
        };
        Ok(())
    }
}

impl Visitor {
    fn check_key(&self, user: &str, key: &russh::keys::PublicKey) -> Auth {
        let known = keys::canonical(key).is_some_and(|key| !self.forges.knowing(&key).is_empty());
        if user == "git" && known { Auth::Accept } else { Auth::reject() }
    }

    fn greeting(&self) -> String {
        let login = self.key.as_ref().and_then(|key| {
            let person = |forge: &&Arc<Forge>| {
                forge.read(|state| state.user_key(&key.0).map(|one| one.login.clone()))
            };
            self.forges.both().iter().find_map(person)
        });
        let login = login.unwrap_or_else(|| "there".to_owned());
        format!(
            "Hi {login}! You've successfully authenticated, but this forge does not provide shell \
             access."
        )
    }

    /// Parses a command; the error is for the client.
    fn order(&self, command: &str) -> Result<serve::Order, String> {
        let Some((service, path)) = parse(command) else {
            return Err(format!("Invalid command: '{command}'"));
        };
        let Some(key) = &self.key else { return Err("Permission denied".to_owned()) };
        let (forge, repository) = self.target(&path, key);
        let pass = access::by_key(&forge, key, repository.as_ref(), service)?;
        let Some(repository) = repository else { return Err("gone".to_owned()) };
        let protocol = self.protocol.clone();
        Ok(serve::Order { forge, repository, service, actor: pass.actor, protocol })
    }

    /// Finds what a path means: `/github/acme/web.git`, or `acme/web.git` on the key's forge.
    fn target(&self, path: &str, key: &ShownKey) -> (Arc<Forge>, Option<Repository>) {
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let find = |forge: &Forge, owner: &str, name: &str| forge.find(owner, name);
        if let [forge, owner, name] = parts.as_slice()
            && let Ok(kind) = forge.parse::<ForgeKind>()
        {
            let forge = self.forges.of(kind);
            return (Arc::clone(forge), find(forge, owner, name));
        }
        let knowing = self.forges.knowing(&key.0);
        let first = knowing.first().copied().unwrap_or(ForgeKind::GitHub);
        if let [owner, name] = parts.as_slice() {
            for kind in knowing {
                let forge = self.forges.of(kind);
                if let Some(found) = find(forge, owner, name) {
                    return (Arc::clone(forge), Some(found));
                }
            }
        }
        (Arc::clone(self.forges.of(first)), None)
    }
}

/// Parses `git-upload-pack '/acme/web.git'`.
fn parse(command: &str) -> Option<(Service, String)> {
    let (program, rest) = if let Some(rest) = command.strip_prefix("git ") {
        let (subcommand, rest) = rest.split_once(' ')?;
        (format!("git-{subcommand}"), rest)
    } else {
        let (program, rest) = command.split_once(' ')?;
        (program.to_owned(), rest)
    };
    let path = rest.trim();
    let path = path.strip_prefix('\'').and_then(|path| path.strip_suffix('\'')).unwrap_or(path);
    Some((Service::named(&program)?, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_git_command_are_understood() {
        let wanted = Some((Service::Fetch, "/acme/web.git".to_owned()));
        assert_eq!(parse("git-upload-pack '/acme/web.git'"), wanted);
        assert_eq!(parse("git upload-pack '/acme/web.git'"), wanted);
        assert_eq!(parse("rm -rf /"), None);
    }
}
