//! Images from a registry.

use std::{os::fd::OwnedFd, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
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
use crate::error::{ContainerError, ErrorKind, innermost, with_causes};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Between two pieces of a body.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// All that a manifest can be.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Reads a reference to an image.
pub(super) fn parse_reference(asked: &str) -> Result<Reference, ContainerError> {
    asked.parse().map_err(|error| {
        ContainerError::invalid(format!(
            "`{asked}` is not a valid image reference ({error}): write it as `name:tag` or \
             `registry/name:tag`, in lower case and without spaces"
        ))
    })
}

/// One image of a registry.
pub(super) struct Registry {
    client: Client,
    reference: Reference,
    asked: String,
    auth: RegistryAuth,
}

impl Registry {
    /// Parses a reference. Nothing is sent yet.
    pub(super) fn open(asked: &str, auth: Option<(&str, &str)>) -> Result<Self, ContainerError> {
        let reference = parse_reference(asked)?;
        let protocol = if is_loopback(reference.registry()) {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        };
        let client = Client::new(ClientConfig {
            protocol,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
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
                ContainerError::invalid(format!(
                    "image `{}` does not exist for linux/{}",
                    self.asked,
                    super::manifest::architecture()
                ))
            })?;
            let chosen = self.reference.clone_with_digest(chosen.digest.clone());
            let bytes;
            (bytes, digest) = self.manifest(&chosen).await?;
            verify(&bytes, &digest)?;
            document = parse(&bytes, &self.asked)?;
        }
        let config = document
            .config
            .ok_or_else(|| ContainerError::invalid(format!("`{}` is not an image", self.asked)))?;
        let config = self.document(&Blob::from(&config)).await?;
        let layers = document.layers.iter().map(Blob::from).collect();
        Ok(Described { digest, config, layers })
    }

    async fn manifest(&self, requested: &Reference) -> Result<(Vec<u8>, String), ContainerError> {
        let pull = || self.client.pull_manifest_raw(requested, &self.auth, &MANIFESTS);
        let (bytes, digest) = self.repeat(pull).await?;
        Ok((bytes.to_vec(), digest))
    }

    /// Sends a request, and repeats it after failures that another attempt may not meet.
    async fn repeat<T, F>(&self, request: impl FnMut() -> F) -> Result<T, ContainerError>
    where
        F: Future<Output = Result<T, Oci>>,
    {
        request.retry(backoff()).when(is_transient).await.map_err(|error| self.explain(&error))
    }

    /// Reads a small blob into memory.
    async fn document(&self, blob: &Blob) -> Result<Vec<u8>, ContainerError> {
        let mut stream = self.stream(blob).await?.stream;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| self.interrupted(&error))?;
            bytes.extend_from_slice(&piece);
            if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > DOCUMENT_BYTES {
                return Err(ContainerError::invalid(format!(
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
        self.repeat(|| self.client.pull_blob_stream(&self.reference, &descriptor)).await
    }

    /// Copies a layer into a pipe. A reader that went away is not an error: it reports why itself.
    pub(super) async fn copy(&self, blob: &Blob, pipe: OwnedFd) -> Result<(), ContainerError> {
        let mut stream = self.stream(blob).await?.stream;
        let mut pipe = tokio::net::unix::pipe::Sender::from_owned_fd(pipe)
            .map_err(|error| ContainerError::failed("use a pipe", error))?;
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| self.interrupted(&error))?;
            if pipe.write_all(&piece).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn interrupted(&self, error: &std::io::Error) -> ContainerError {
        self.log(error);
        let message = format!(
            "cannot pull `{}`: the download from registry `{}` was interrupted: {}",
            self.asked,
            self.host(),
            innermost(error)
        );
        ContainerError::new(ErrorKind::Unavailable, message)
    }

    /// The names of the library's layers help the administrator, and no one else.
    fn log(&self, error: &(dyn std::error::Error + 'static)) {
        let (image, registry) = (&self.asked, self.host());
        let cause = with_causes(error);
        tracing::warn!(image, registry, cause, "a request to a registry failed");
    }

    /// Names the problem and what to do about it.
    fn explain(&self, error: &Oci) -> ContainerError {
        self.log(error);
        let (asked, host) = (&self.asked, self.host());
        let (kind, because) = match failure_kind(error) {
            FailureKind::Absent => (
                ErrorKind::NotFound,
                format!(
                    "it does not exist in the registry `{host}`, or is private: check the name and the tag, and \
                     pass credentials if it is private"
                ),
            ),
            FailureKind::Denied => (
                ErrorKind::AccessDenied,
                format!("the registry `{host}` denies access: check the name and the credentials"),
            ),
            FailureKind::RateLimited => (
                ErrorKind::RateLimited,
                format!(
                    "the registry `{host}` limits the rate of requests: pass credentials, or try again later"
                ),
            ),
            FailureKind::Transient => (ErrorKind::Unavailable, unreachable(host, error)),
            FailureKind::Other => {
                (ErrorKind::InvalidRequest, format!("registry `{host}`: {}", with_causes(error)))
            }
        };
        ContainerError::new(kind, format!("cannot pull `{asked}`: {because}"))
    }
}

/// Says why a registry did not answer as it should.
fn unreachable(host: &str, error: &Oci) -> String {
    if let Oci::ServerError { code, .. } = error {
        return format!("the registry `{host}` answered with status {code}: try again later");
    }
    no_connection(host, error)
}

fn no_connection(host: &str, error: &(dyn std::error::Error + 'static)) -> String {
    // The library has no type for it.
    if causes(error).any(|cause| cause.to_string().starts_with("dns error")) {
        return format!(
            "the name of registry `{host}` cannot be resolved: check the name, and the network of this machine"
        );
    }
    let cause = innermost(error);
    format!("the registry `{host}` cannot be reached ({cause}): check the network and the proxy")
}

/// An error and its causes.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// Two more attempts: most network failures are gone within seconds.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_factor(6.0)
        .with_max_times(2)
        .with_jitter()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FailureKind {
    Absent,
    Denied,
    RateLimited,
    /// Another attempt may succeed.
    Transient,
    Other,
}

fn is_transient(error: &Oci) -> bool {
    failure_kind(error) == FailureKind::Transient
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most errors of the library are alike to us")]
fn failure_kind(error: &Oci) -> FailureKind {
    match error {
        Oci::ImageManifestNotFoundError(_) => FailureKind::Absent,
        Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => FailureKind::Denied,
        Oci::RegistryError { envelope, .. } => match envelope.errors.first().map(|e| &e.code) {
            Some(
                OciErrorCode::ManifestUnknown
                | OciErrorCode::NameUnknown
                | OciErrorCode::NotFound
                | OciErrorCode::BlobUnknown,
            ) => FailureKind::Absent,
            Some(OciErrorCode::Unauthorized | OciErrorCode::Denied) => FailureKind::Denied,
            Some(OciErrorCode::Toomanyrequests) => FailureKind::RateLimited,
            _ => FailureKind::Other,
        },
        Oci::ServerError { code, .. } => match code {
            404 => FailureKind::Absent,
            401 | 403 => FailureKind::Denied,
            429 => FailureKind::RateLimited,
            500.. => FailureKind::Transient,
            _ => FailureKind::Other,
        },
        Oci::RequestError(_) | Oci::IoError(_) => FailureKind::Transient,
        _ => FailureKind::Other,
    }
}

fn parse(bytes: &[u8], asked: &str) -> Result<Document, ContainerError> {
    serde_json::from_slice(bytes).map_err(|error| {
        ContainerError::invalid(format!("image `{asked}` has no valid manifest: {error}"))
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

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>);

    /// "error sending request for url (…): client error (Connect): dns error: …" does not help those who
    /// wrote the name of the image.
    #[test]
    fn a_registry_that_is_not_there_is_explained_in_a_word() {
        let refused = std::io::Error::from_raw_os_error(libc::ECONNREFUSED);
        let connect = Layer("tcp connect error", refused.into());
        let request =
            Layer("error sending request for url (https://r.example/v2/)", connect.into());
        assert_eq!(
            no_connection("r.example", &request),
            "the registry `r.example` cannot be reached (connection refused): check the network and the proxy"
        );
        let lookup = std::io::Error::other(
            "failed to lookup address information: Name or service not known",
        );
        let dns = Layer("dns error", lookup.into());
        let request = Layer("error sending request for url (https://r.example/v2/)", dns.into());
        assert_eq!(
            no_connection("r.example", &request),
            "the name of registry `r.example` cannot be resolved: check the name, and the network of this machine"
        );
    }

    #[test]
    fn a_bad_reference_is_an_invalid_request() {
        for asked in ["", "docker.io/UPPER/case", "a b", "x@sha256:short"] {
            let refused = Registry::open(asked, None).err().map(|error| error.kind());
            assert_eq!(refused, Some(ErrorKind::InvalidRequest), "{asked}");
        }
    }
}
