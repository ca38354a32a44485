//! The way to an instance's orbs: a running server, or the data directory of one.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use roundel_config::orbs::OrbReference;
use roundel_model::{secret::Secret, time::Timestamp};
use roundel_server::orbs::{
    catalog,
    publish::{self, Publication, PublishError},
    wire::{OrbList, OrbPublished, OrbVersions, PATH},
};
use roundel_store::{Store, orbs::OrbReader};
use serde::de::DeserializeOwned;
use url::Url;

use crate::settings::{
    declaration::Program,
    flags::{self, SettingFlags},
    table::general,
    values::Values,
    variables,
};

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How the command reaches an instance's orbs.
pub(super) enum Access {
    /// Over HTTP.
    Server(Server),
    /// Directly in its database, without a running server.
    Data(Store),
}

/// A running server.
pub(super) struct Server {
    client: reqwest::Client,
    url: Url,
    token: Option<Secret<String>>,
}

/// The body of an answer that is an error.
#[derive(serde::Deserialize)]
struct ErrorBody {
    message: String,
}

/// An answer, or the server's reason to refuse.
type ApiResult<T> = Result<T, String>;

impl Access {
    /// Opens the server that is named, or else the data directory on this machine.
    pub(super) async fn open(flags: &SettingFlags<flags::Orb>) -> Result<Self> {
        let values = Values::resolve(Program::Orb, &flags.given, &variables()?)?;
        for warning in &values.warnings {
            tracing::warn!("{warning}");
        }
        if let Some(url) = values.get(&general::SERVER)? {
            let builder = reqwest::Client::builder().timeout(TIMEOUT);
            // A server without TLS needs no certificates.
            let plain = url.scheme() == "http";
            let builder = if plain { builder.tls_certs_only([]) } else { builder };
            let token = values.get(&general::ADMIN_TOKEN)?;
            return Ok(Self::Server(Server { client: builder.build()?, url, token }));
        }
        let data = values.require(&general::DATA, "orbs are kept in a database")?;
        let Some(instance_key) = values.get(&general::INSTANCE_KEY)? else {
            if data.join("roundel.db").exists() {
                bail!(
                    "`{}` is missing: restore it from a backup of this data directory",
                    data.join("instance.key").display()
                );
            }
            bail!(
                "`{}` is not a data directory of Roundel; name that with --data, or the address of a server \
                 with --server",
                data.display()
            );
        };
        let url = values.require(&general::DATABASE_URL, "orbs are kept in a database")?;
        let url = url.expose().clone();
        Ok(Self::Data(Store::open(&roundel_store::Settings { url, instance_key }).await?))
    }

    /// Publishes an orb, or says why not.
    pub(super) async fn publish(
        &self,
        publication: Publication,
    ) -> Result<ApiResult<OrbPublished>> {
        match self {
            Self::Data(store) => {
                match publish::publish(store, publication, Timestamp::now()).await {
                    Ok(published) => Ok(Ok(published)),
                    Err(PublishError::Store(error)) => Err(error.into()),
                    Err(refusal) => {
                        let message = refusal.to_string();
                        Ok(Err(if let PublishError::Unsound { rendered, .. } = refusal {
                            rendered + &message
                        } else {
                            message
                        }))
                    }
                }
            }
            Self::Server(server) => server.publish(publication).await,
        }
    }

    /// Returns whether no orb is hidden from the user: they have the database, or the administrator's token.
    pub(super) const fn sees_all(&self) -> bool {
        match self {
            Self::Data(_) => true,
            Self::Server(server) => server.token.is_some(),
        }
    }

    /// Returns the orbs of a namespace, or of all, by name.
    pub(super) async fn list(&self, namespace: Option<&str>) -> Result<OrbList> {
        match self {
            Self::Data(store) => {
                Ok(catalog::list(store, OrbReader::Administrator, namespace).await?)
            }
            Self::Server(server) => {
                let mut url = server.at(&[])?;
                if let Some(namespace) = namespace {
                    url.query_pairs_mut().append_pair("namespace", namespace);
                }
                server
                    .get(url)
                    .await?
                    .context("the server has no list of orbs; is it a Roundel server?")
            }
        }
    }

    /// Lists the versions of an orb.
    pub(super) async fn versions(&self, orb: &OrbReference) -> Result<Option<OrbVersions>> {
        let (namespace, name) = (orb.namespace.as_str(), orb.name.as_str());
        match self {
            Self::Data(store) => {
                let reader = OrbReader::Administrator;
                Ok(catalog::versions(store, reader, namespace, name).await?)
            }
            Self::Server(server) => server.get(server.at(&[namespace, name])?).await,
        }
    }

    /// Reads the source of a version.
    pub(super) async fn source(&self, orb: &OrbReference, version: &str) -> Result<Option<String>> {
        let (namespace, name) = (orb.namespace.as_str(), orb.name.as_str());
        match self {
            Self::Data(store) => {
                let reader = OrbReader::Administrator;
                Ok(catalog::source(store, reader, namespace, name, version).await?)
            }
            Self::Server(server) => {
                let response = server.ask(server.at(&[namespace, name, version])?).await?;
                Ok(match response {
                    Some(response) => Some(response.text().await?),
                    None => None,
                })
            }
        }
    }
}

impl Server {
    fn at(&self, parts: &[&str]) -> Result<Url> {
        let mut url = self.url.clone();
        let Ok(mut path) = url.path_segments_mut() else {
            bail!("`{}` is not the address of a server", self.url);
        };
        path.pop_if_empty().extend(PATH.trim_start_matches('/').split('/')).extend(parts);
        drop(path);
        Ok(url)
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    /// Asks for something. `None`: it is not there.
    async fn ask(&self, url: Url) -> Result<Option<reqwest::Response>> {
        let sent = self.authorized(self.client.get(url)).send().await;
        let response = sent.with_context(|| format!("failed to reach `{}`", self.url))?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !response.status().is_success() {
            bail!("{}", error_message(response).await);
        }
        Ok(Some(response))
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<Option<T>> {
        match self.ask(url).await? {
            Some(response) => Ok(Some(response.json().await.context("is it a Roundel server?")?)),
            None => Ok(None),
        }
    }

    async fn publish(&self, publication: Publication) -> Result<ApiResult<OrbPublished>> {
        let reference: OrbReference = match publication.orb.parse() {
            Ok(reference) => reference,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let version = reference.version.to_string();
        let mut url = self.at(&[&reference.namespace, &reference.name, &version])?;
        for (name, value) in [
            ("organization", publication.organization),
            ("visibility", publication.visibility),
            ("by", Some(publication.published_by)),
        ] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let sent = self.authorized(self.client.put(url).body(publication.text)).send().await;
        let response = sent.with_context(|| format!("failed to reach `{}`", self.url))?;
        if response.status().is_client_error() {
            return Ok(Err(error_message(response).await));
        }
        if !response.status().is_success() {
            bail!("{}", error_message(response).await);
        }
        Ok(Ok(response.json().await.context("is it a Roundel server?")?))
    }
}

/// The server's own message, or its status.
async fn error_message(response: reqwest::Response) -> String {
    let status = response.status();
    match response.json::<ErrorBody>().await {
        Ok(body) => body.message,
        Err(_) => format!("the server answers with status {status}"),
    }
}
