//! The way to an instance's orbs: a running server, or the data directory of one.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use roundel_config::orbs::OrbReference;
use roundel_model::time::Timestamp;
use roundel_server::orbs::{
    catalog,
    publish::{self, Publication, PublishError},
    wire::{OrbList, OrbPublished, OrbVersions, PATH},
};
use roundel_store::{Store, orbs::OrbReader};
use serde::de::DeserializeOwned;
use url::Url;

use crate::settings;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address of a running server. Without it, the data directory on this machine is used
    #[arg(long, env = "ROUNDEL_SERVER", value_name = "URL")]
    server: Option<Url>,
    /// The administrator's token: the content of `admin.token` in the server's data directory
    #[arg(long, env = "ROUNDEL_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Where a server on this machine keeps everything
    #[arg(long, env = "ROUNDEL_DATA", default_value = "roundel-data", value_name = "DIR")]
    data: PathBuf,
    /// Settings file; DIR/roundel.toml if not given
    #[arg(long, env = "ROUNDEL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// postgres://… instead of the SQLite file in DIR
    #[arg(long, env = "ROUNDEL_DATABASE_URL", value_name = "URL")]
    database_url: Option<String>,
}

/// An instance.
pub(super) enum Access {
    /// Over HTTP.
    Server(Server),
    /// Its database.
    Data(Store),
}

/// A running server.
pub(super) struct Server {
    client: reqwest::Client,
    url: Url,
    token: Option<String>,
}

/// What the server says when it does not do it.
#[derive(serde::Deserialize)]
struct Refusal {
    message: String,
}

/// An answer, or the server's reason to refuse.
type Answered<T> = Result<T, String>;

impl Access {
    /// Opens the way that was asked for.
    pub(super) async fn open(arguments: &Arguments) -> Result<Self> {
        if let Some(url) = &arguments.server {
            let builder = reqwest::Client::builder().timeout(PATIENCE);
            // A server without TLS needs no certificates.
            let plain = url.scheme() == "http";
            let builder = if plain { builder.tls_certs_only([]) } else { builder };
            let (url, token) = (url.clone(), arguments.token.clone());
            return Ok(Self::Server(Server { client: builder.build()?, url, token }));
        }
        let data = &arguments.data;
        if !data.join("instance.key").exists() {
            bail!(
                "there is no Roundel in `{}`; name its data directory with --data, or its address \
                 with --server",
                data.display()
            );
        }
        let path = arguments.config.clone().unwrap_or_else(|| data.join("roundel.toml"));
        let file = settings::read(&path)?;
        let url = settings::database_url(arguments.database_url.as_deref(), &file, data);
        let instance_key = settings::own_secret(data, "instance.key")?;
        Ok(Self::Data(Store::open(&roundel_store::Settings { url, instance_key }).await?))
    }

    /// Publishes an orb, or says why not.
    pub(super) async fn publish(&self, publication: Publication) -> Result<Answered<OrbPublished>> {
        match self {
            Self::Data(store) => {
                match publish::publish(store, publication, Timestamp::now()).await {
                    Ok(published) => Ok(Ok(published)),
                    Err(PublishError::Store(error)) => Err(error.into()),
                    Err(PublishError::Unsound { rendered, orb, errors }) => {
                        Ok(Err(format!("{rendered}`{orb}` has {errors} to mend")))
                    }
                    Err(refusal) => Ok(Err(refusal.to_string())),
                }
            }
            Self::Server(server) => server.publish(publication).await,
        }
    }

    /// Lists the orbs.
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
                server.get(url).await?.context("the server has no list of orbs; is it a Roundel?")
            }
        }
    }

    /// Lists the versions of an orb.
    pub(super) async fn versions(&self, orb: &OrbReference) -> Result<Option<OrbVersions>> {
        let (namespace, name) = (orb.namespace.as_str(), orb.name.as_str());
        match self {
            Self::Data(store) => {
                let reader = OrbReader::Administrator;
                Ok(catalog::versions(store, reader, (namespace, name)).await?)
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
                Ok(catalog::source(store, reader, (namespace, name, version)).await?)
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
            bail!("`{}` is no address of a server", self.url);
        };
        path.pop_if_empty().extend(PATH.trim_start_matches('/').split('/')).extend(parts);
        drop(path);
        Ok(url)
    }

    fn dress(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Asks for something. `None`: it is not there.
    async fn ask(&self, url: Url) -> Result<Option<reqwest::Response>> {
        let sent = self.dress(self.client.get(url)).send().await;
        let response = sent.with_context(|| format!("failed to reach `{}`", self.url))?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !response.status().is_success() {
            bail!("{}", refusal(response).await);
        }
        Ok(Some(response))
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<Option<T>> {
        match self.ask(url).await? {
            Some(response) => Ok(Some(response.json().await.context("is it a Roundel?")?)),
            None => Ok(None),
        }
    }

    async fn publish(&self, publication: Publication) -> Result<Answered<OrbPublished>> {
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
        let sent = self.dress(self.client.put(url).body(publication.text)).send().await;
        let response = sent.with_context(|| format!("failed to reach `{}`", self.url))?;
        if response.status().is_client_error() {
            return Ok(Err(refusal(response).await));
        }
        if !response.status().is_success() {
            bail!("{}", refusal(response).await);
        }
        Ok(Ok(response.json().await.context("is it a Roundel?")?))
    }
}

/// The server's own words, or its status.
async fn refusal(response: reqwest::Response) -> String {
    let status = response.status();
    match response.json::<Refusal>().await {
        Ok(refusal) => refusal.message,
        Err(_) => format!("the server answers with status {status}"),
    }
}
