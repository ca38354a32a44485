//! Manifests and configurations of images, as far as running them needs.
//!
//! Both families of formats (Docker's schema 2 and OCI) use the same names for what is read here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::ContainerError;

/// A manifest, an index or a configuration may be this large. Registries refuse more than 4 MiB.
pub(super) const DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;

/// An image, described but not on disk yet.
#[derive(Debug)]
pub(super) struct Described {
    /// `sha256:…` of the manifest.
    pub(super) digest: String,
    /// The configuration, as it came and verified.
    pub(super) config: Vec<u8>,
    /// Lowest first.
    pub(super) layers: Vec<Blob>,
}

/// A layer in the form in which it can be had.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    /// Digest, or the file's name in an archive that has no digests.
    pub(super) name: String,
    /// `sha256:…` of its bytes, if it is known.
    pub(super) digest: Option<String>,
    pub(super) bytes: Option<u64>,
}

/// A reference from one document to another.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) platform: Option<Platform>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Platform {
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) os: String,
}

/// A manifest or an index: the one that is meant has its fields.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) manifests: Vec<Descriptor>,
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
}

/// What a configuration says.
#[derive(Debug)]
pub(super) struct Config {
    /// `sha256:…` of each unpacked layer, lowest first.
    pub(super) diff_ids: Vec<String>,
    pub(super) run: Run,
}

#[derive(Debug, Deserialize)]
struct ConfigFile {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    config: Option<Run>,
    rootfs: RootFs,
}

#[derive(Debug, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

/// How an image wants to be run.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Run {
    #[serde(default)]
    pub(super) env: Option<Vec<String>>,
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default, rename = "WorkingDir")]
    pub(super) workdir: Option<String>,
    #[serde(default)]
    pub(super) entrypoint: Option<Vec<String>>,
    #[serde(default)]
    pub(super) cmd: Option<Vec<String>>,
    #[serde(default)]
    pub(super) labels: Option<BTreeMap<String, String>>,
}

impl Run {
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let pairs = self.env.iter().flatten().filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }
}

/// Reads a configuration and checks that the image is for this machine.
pub(super) fn config(described: &Described, reference: &str) -> Result<Config, ContainerError> {
    let file: ConfigFile = serde_json::from_slice(&described.config).map_err(|error| {
        ContainerError::invalid(format!("image `{reference}` has no valid configuration: {error}"))
    })?;
    let fits = |given: &str, ours: &str| given.is_empty() || given == ours;
    if !fits(&file.os, "linux") || !fits(&file.architecture, architecture()) {
        return Err(ContainerError::invalid(format!(
            "image `{reference}` is for {}/{}, but this machine is linux/{}: choose an image, or \
             a tag, that exists for it",
            file.os,
            file.architecture,
            architecture()
        )));
    }
    for diff_id in &file.rootfs.diff_ids {
        hex_of(diff_id)?;
    }
    Ok(Config { diff_ids: file.rootfs.diff_ids, run: file.config.unwrap_or_default() })
}

/// This machine's architecture, as images call it.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

/// The hexadecimal part of a `sha256:…`, which is fit to be a file's name.
pub(super) fn hex_of(digest: &str) -> Result<&str, ContainerError> {
    digest
        .strip_prefix("sha256:")
        .filter(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
        .ok_or_else(|| ContainerError::invalid(format!("`{digest}` is not a sha256 digest")))
}

/// Checks that bytes have the digest that was promised.
pub(super) fn verify(bytes: &[u8], digest: &str) -> Result<(), ContainerError> {
    use sha2::Digest;
    let found = format!("sha256:{}", hex::encode(sha2::Sha256::digest(bytes)));
    if found == digest {
        return Ok(());
    }
    Err(ContainerError::invalid(format!(
        "a document of the image is damaged: its digest is {found}, not {digest}"
    )))
}

/// The manifest of an index that fits this machine.
pub(super) fn for_this_machine(manifests: &[Descriptor]) -> Option<&Descriptor> {
    manifests.iter().find(|descriptor| {
        descriptor.platform.as_ref().is_none_or(|platform| {
            platform.os == "linux" && platform.architecture == architecture()
        })
    })
}

impl From<&Descriptor> for Blob {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            name: descriptor.digest.clone(),
            digest: Some(descriptor.digest.clone()),
            bytes: descriptor.size,
        }
    }
}
