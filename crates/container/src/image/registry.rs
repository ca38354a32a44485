//! Images from a registry.

use std::{os::fd::OwnedFd, time::Duration};

use futures_util::StreamExt;
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol, SizedStream},
    errors::{OciDistributionError as Oci, OciErrorCode},
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};
use tokio::io::AsyncWriteExt;

use super::manifest::{Blob, DOCUMENT_BYTES, Described, Document, for_this_machine, verify};
use crate::error::ContainerError;

const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// Between two pieces of a body.
const READ_PATIENCE: Duration = Duration::from_mins(1);
/// The pauses before a second and a third try of what a network can break.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// All that a manifest can be.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// One image of a registry.
pub(super) struct Registry {
    client: Client,
    reference: Reference,
    asked: String,
    auth: RegistryAuth,
}

impl Registry {
    /// Understands a reference. Nothing is sent yet.
    pub(super) fn open(asked: &str, auth: Option<(&str, &str)>) -> Result<Self, ContainerError> {
        let reference: Reference = asked.parse().map_err(|error| {
            ContainerError::Request(format!(
                "`{asked}` is no image reference ({error}): write it as `name:tag` or \
                 `registry/name:tag`, in lower case and without blanks"
            ))
        })?;
        let protocol = if is_loopback(reference.registry()) {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        };
        let client = Client::new(ClientConfig {
            protocol,
            connect_timeout: Some(CONNECT_PATIENCE),
            read_timeout: Some(READ_PATIENCE),
            user_agent: concat!("roundel/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        });
        let auth = auth.map_or(RegistryAuth::Anonymous, |(user, password)| {
            RegistryAuth::Basic(user.to_owned(), password.to_owned())
        });
        Ok(Self { client, reference, asked: asked.to_owned(), auth })
    }

    pub(super) fn host(&self) -> &str {
        self.reference.registry()
    }

    /// Fetches the manifest for this machine and the configuration.
    pub(super) async fn describe(&self) -> Result<Described, ContainerError> {
        let (bytes, digest) = self.manifest(&self.reference).await?;
        let mut document = parse(&bytes, &self.asked)?;
        let mut digest = digest;
        if !document.manifests.is_empty() {
            let chosen = for_this_machine(&document.manifests).ok_or_else(|| {
                ContainerError::Request(format!(
                    "image `{}` does not exist for linux/{}",
                    self.asked,
                    super::manifest::architecture()
                ))
            })?;
            let wanted = self.reference.clone_with_digest(chosen.digest.clone());
            let bytes;
            (bytes, digest) = self.manifest(&wanted).await?;
            verify(&bytes, &digest)?;
            document = parse(&bytes, &self.asked)?;
        }
        let config = document
            .config
            .ok_or_else(|| ContainerError::Request(format!("`{}` is not an image", self.asked)))?;
        let config = self.document(&Blob::from(&config)).await?;
        let layers = document.layers.iter().map(Blob::from).collect();
        Ok(Described { digest, config, layers })
    }

    async fn manifest(&self, wanted: &Reference) -> Result<(Vec<u8>, String), ContainerError> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.client.pull_manifest_raw(wanted, &self.auth, &MANIFESTS).await {
                Ok((bytes, digest)) => return Ok((bytes.to_vec(), digest)),
                Err(error) => match pauses.next() {
                    Some(pause) if is_passing(&error) => tokio::time::sleep(*pause).await,
                    _ => return Err(self.explain(&error)),
                },
            }
        }
    }

    /// Reads a small blob into memory.
    async fn document(&self, blob: &Blob) -> Result<Vec<u8>, ContainerError> {
        let mut stream = self.stream(blob).await?.stream;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| self.broken(&error))?;
            bytes.extend_from_slice(&piece);
            if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > DOCUMENT_BYTES {
                return Err(ContainerError::Request(format!(
                    "a document of image `{}` is larger than {DOCUMENT_BYTES} bytes",
                    self.asked
                )));
            }
        }
        verify(&bytes, &blob.name)?;
        Ok(bytes)
    }

    async fn stream(&self, blob: &Blob) -> Result<SizedStream, ContainerError> {
        let descriptor = OciDescriptor { digest: blob.name.clone(), ..OciDescriptor::default() };
        let mut pauses = PAUSES.iter();
        loop {
            match self.client.pull_blob_stream(&self.reference, &descriptor).await {
                Ok(stream) => return Ok(stream),
                Err(error) => match pauses.next() {
                    Some(pause) if is_passing(&error) => tokio::time::sleep(*pause).await,
                    _ => return Err(self.explain(&error)),
                },
            }
        }
    }

    /// Copies a layer into a pipe. A reader that went away is no error: it says itself why.
    pub(super) async fn copy(&self, blob: &Blob, pipe: OwnedFd) -> Result<(), ContainerError> {
        let mut stream = self.stream(blob).await?.stream;
        let mut pipe = tokio::net::unix::pipe::Sender::from_owned_fd(pipe)
            .map_err(|error| ContainerError::host("use a pipe", error))?;
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| self.broken(&error))?;
            if pipe.write_all(&piece).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn broken(&self, error: &std::io::Error) -> ContainerError {
        ContainerError::Host(format!(
            "the download of image `{}` from {} broke off: {}",
            self.asked,
            self.host(),
            with_sources(error)
        ))
    }

    /// Says whose trouble it is, and the way out.
    fn explain(&self, error: &Oci) -> ContainerError {
        let (asked, host) = (&self.asked, self.host());
        let kind = kind(error);
        let said = with_sources(error);
        match kind {
            Kind::Absent => ContainerError::Request(format!(
                "image `{asked}` does not exist in the registry {host}, or is private: check the \
                 name and the tag, and give `auth` if it is private ({said})"
            )),
            Kind::Refused => ContainerError::Request(format!(
                "the registry {host} refuses access to image `{asked}`: check the name, and the \
                 user name and password in `auth` ({said})"
            )),
            Kind::Limited => ContainerError::Host(format!(
                "the registry {host} limits how often it is asked: give credentials in `auth`, or \
                 try again later ({said})"
            )),
            Kind::Passing => ContainerError::Host(format!(
                "the registry {host} cannot be reached for image `{asked}`: check the network, \
                 the name of the registry and the proxy ({said})"
            )),
            Kind::Other => ContainerError::Request(format!(
                "image `{asked}` cannot be pulled from the registry {host}: {said}"
            )),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absent,
    Refused,
    Limited,
    /// Trouble that another try may not meet.
    Passing,
    Other,
}

fn is_passing(error: &Oci) -> bool {
    kind(error) == Kind::Passing
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most errors of the library are one kind to us")]
fn kind(error: &Oci) -> Kind {
    match error {
        Oci::ImageManifestNotFoundError(_) => Kind::Absent,
        Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => Kind::Refused,
        Oci::RegistryError { envelope, .. } => match envelope.errors.first().map(|e| &e.code) {
            Some(
                OciErrorCode::ManifestUnknown
                | OciErrorCode::NameUnknown
                | OciErrorCode::NotFound
                | OciErrorCode::BlobUnknown,
            ) => Kind::Absent,
            Some(OciErrorCode::Unauthorized | OciErrorCode::Denied) => Kind::Refused,
            Some(OciErrorCode::Toomanyrequests) => Kind::Limited,
            _ => Kind::Other,
        },
        Oci::ServerError { code, .. } => match code {
            404 => Kind::Absent,
            401 | 403 => Kind::Refused,
            429 => Kind::Limited,
            500.. => Kind::Passing,
            _ => Kind::Other,
        },
        Oci::RequestError(_) | Oci::IoError(_) => Kind::Passing,
        _ => Kind::Other,
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut reason = error.source();
    while let Some(source) = reason {
        let said = source.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        reason = source.source();
    }
    text
}

fn parse(bytes: &[u8], asked: &str) -> Result<Document, ContainerError> {
    serde_json::from_slice(bytes).map_err(|error| {
        ContainerError::Request(format!("image `{asked}` has no valid manifest: {error}"))
    })
}

/// Registries on this machine speak plain HTTP, as every container engine expects.
fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_on_this_machine_speak_plain_http() {
        for registry in ["localhost:5000", "127.0.0.1:5000", "localhost", "[::1]:5000"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["docker.io", "127.example.com:5000", "10.0.0.1:5000"] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }

    #[test]
    fn a_bad_reference_is_the_askers_mistake() {
        for asked in ["", "docker.io/UPPER/case", "a b", "x@sha256:short"] {
            assert!(
                matches!(Registry::open(asked, None), Err(ContainerError::Request(_))),
                "{asked}"
            );
        }
    }
}
