//! Images from files: an OCI layout directory, the same as a tar, or what `docker save` writes.
//!
//! A tar is not unpacked: its entries are found once, and layers are read where they lie.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    archive::{Archive, normal},
    manifest::{
        Blob, DOCUMENT_BYTES, Described, Descriptor, Document, for_this_machine, hex_of, verify,
    },
};
use crate::error::ContainerError;

/// An index may lead to an index.
const MAX_INDEXES: usize = 4;
/// Annotation with an image's name.
const NAME: &str = "org.opencontainers.image.ref.name";
/// The same, as container engines write it, with the registry.
const FULL_NAME: &str = "io.containerd.image.name";

/// An open file, and the part of it that is meant: offset and length.
type Opened = (File, Option<(u64, u64)>);

/// A set of named files.
#[derive(Debug)]
pub(super) enum Files {
    Directory(PathBuf),
    Archive { path: PathBuf, archive: Archive },
}

/// One image of `docker save`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: PathBuf,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<PathBuf>,
}

impl Files {
    /// Opens an image that is a directory or an archive.
    pub(super) fn open(path: &Path) -> Result<Self, ContainerError> {
        let wrong = |error: io::Error| {
            ContainerError::request_failed(format!("read `{}` as an image", path.display()), error)
        };
        if std::fs::metadata(path).map_err(wrong)?.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        let archive = Archive::list(path).map_err(wrong)?;
        Ok(Self::Archive { path: path.to_owned(), archive })
    }

    fn name(&self) -> &Path {
        match self {
            Self::Directory(path) | Self::Archive { path, .. } => path,
        }
    }

    fn wrong(&self, reason: impl std::fmt::Display) -> ContainerError {
        ContainerError::invalid(format!(
            "`{}` is not a usable image: {reason}",
            self.name().display()
        ))
    }

    /// Opens a file; `None` if there is none.
    fn find(&self, name: &Path) -> Result<Option<Opened>, ContainerError> {
        let requested =
            normal(name).ok_or_else(|| self.wrong("it names a file outside of itself"))?;
        let opened = match self {
            Self::Directory(directory) => {
                File::open(directory.join(requested)).map(|file| (file, None))
            }
            Self::Archive { path, archive } => {
                let Some((offset, bytes)) = archive.find(requested) else { return Ok(None) };
                File::open(path).map(|file| (file, Some((offset, bytes))))
            }
        };
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.wrong(error)),
        }
    }

    /// Opens a layer, and returns which part of the file it is.
    pub(super) fn open_blob(&self, name: &str) -> Result<Opened, ContainerError> {
        let path = match hex_of(name) {
            Ok(hex) => Path::new("blobs/sha256").join(hex),
            Err(_) => PathBuf::from(name),
        };
        self.find(&path)?.ok_or_else(|| self.wrong(format!("`{}` is missing", path.display())))
    }

    /// Reads a small file; `None` if there is none.
    fn document(&self, name: &Path) -> Result<Option<Vec<u8>>, ContainerError> {
        let Some((mut file, part)) = self.find(name)? else { return Ok(None) };
        let mut most = DOCUMENT_BYTES + 1;
        if let Some((offset, bytes)) = part {
            file.seek(SeekFrom::Start(offset)).map_err(|error| self.wrong(error))?;
            most = most.min(bytes);
        }
        let mut document = Vec::new();
        file.take(most).read_to_end(&mut document).map_err(|error| self.wrong(error))?;
        if u64::try_from(document.len()).unwrap_or(u64::MAX) > DOCUMENT_BYTES {
            return Err(self.wrong(format!("`{}` is too large", name.display())));
        }
        Ok(Some(document))
    }

    fn verified(&self, descriptor: &Descriptor) -> Result<Vec<u8>, ContainerError> {
        let path = Path::new("blobs/sha256").join(hex_of(&descriptor.digest)?);
        let document = self.document(&path)?;
        let document =
            document.ok_or_else(|| self.wrong(format!("`{}` is missing", path.display())))?;
        verify(&document, &descriptor.digest)?;
        Ok(document)
    }

    /// Finds the image that is meant.
    pub(super) fn describe(&self, reference: Option<&str>) -> Result<Described, ContainerError> {
        if let Some(index) = self.document(Path::new("index.json"))? {
            return self.describe_layout(&index, reference);
        }
        if let Some(saved) = self.document(Path::new("manifest.json"))? {
            return self.describe_saved(&saved, reference);
        }
        Err(self.wrong(
            "neither `index.json` (OCI layout) nor `manifest.json` (docker archive) is in it; a \
             compressed archive must be decompressed first",
        ))
    }

    fn describe_layout(
        &self,
        index: &[u8],
        reference: Option<&str>,
    ) -> Result<Described, ContainerError> {
        let mut document: Document =
            serde_json::from_slice(index).map_err(|error| self.wrong(error))?;
        let mut chosen = self.choose(&document.manifests, reference)?.clone();
        for _ in 0..MAX_INDEXES {
            let bytes = self.verified(&chosen)?;
            document = serde_json::from_slice(&bytes).map_err(|error| self.wrong(error))?;
            if let Some(config) = &document.config {
                let config = self.verified(config)?;
                let layers = document.layers.iter().map(Blob::from).collect();
                return Ok(Described { digest: chosen.digest, config, layers });
            }
            let next = for_this_machine(&document.manifests)
                .ok_or_else(|| self.wrong("it holds nothing for this machine"))?;
            chosen = next.clone();
        }
        Err(self.wrong("its indexes lead nowhere"))
    }

    fn choose<'a>(
        &self,
        manifests: &'a [Descriptor],
        reference: Option<&str>,
    ) -> Result<&'a Descriptor, ContainerError> {
        let named = |descriptor: &&Descriptor| {
            let names = [NAME, FULL_NAME].map(|key| descriptor.annotations.get(key));
            reference
                .is_some_and(|requested| names.into_iter().flatten().any(|n| same(n, requested)))
        };
        if let Some(descriptor) = manifests.iter().find(named) {
            return Ok(descriptor);
        }
        match (manifests, reference) {
            ([], _) => Err(self.wrong("it holds no image")),
            // A layout with one image that has no name is that image, whatever it is called here.
            ([only], reference) if reference.is_none() || !only.annotations.contains_key(NAME) => {
                Ok(only)
            }
            (_, Some(requested)) => Err(self.wrong(format!("it holds no image `{requested}`"))),
            (many, None) => for_this_machine(many)
                .filter(|_| many.iter().all(|one| one.platform.is_some()))
                .ok_or_else(|| self.wrong("it holds several images: say which one")),
        }
    }

    fn describe_saved(
        &self,
        saved: &[u8],
        reference: Option<&str>,
    ) -> Result<Described, ContainerError> {
        let images: Vec<Saved> =
            serde_json::from_slice(saved).map_err(|error| self.wrong(error))?;
        let named = |image: &&Saved| {
            let tags = image.repo_tags.iter().flatten();
            reference.is_some_and(|requested| tags.clone().any(|tag| same(tag, requested)))
        };
        let image = match (images.iter().find(named), images.as_slice(), reference) {
            (Some(image), _, _) | (None, [image], None) => image,
            (None, _, Some(requested)) => {
                return Err(self.wrong(format!("it holds no image `{requested}`")));
            }
            (None, [], None) => return Err(self.wrong("it holds no image")),
            (None, _, None) => {
                return Err(self.wrong("it holds several images: say which one"));
            }
        };
        let config = self.document(&image.config)?;
        let config = config.ok_or_else(|| self.wrong("its configuration is missing"))?;
        let layers = image.layers.iter().map(|path| Blob {
            name: path.to_string_lossy().into_owned(),
            // Only the unpacked digest is known, from the configuration.
            digest: None,
            bytes: None,
        });
        let digest = {
            use sha2::Digest;
            format!("sha256:{}", hex::encode(sha2::Sha256::digest(&config)))
        };
        Ok(Described { digest, layers: layers.collect(), config })
    }
}

/// Compares names as people write them: the registry and its default namespace may be left out.
fn same(have: &str, requested: &str) -> bool {
    let short = |name: &str| {
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name).to_owned();
        let tagged = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
        if tagged { name } else { format!("{name}:latest") }
    };
    let tag = requested.rsplit_once(':').map_or(requested, |(_, tag)| tag);
    have == requested || short(have) == short(requested) || have == tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_people_write_them() {
        assert!(same("docker.io/library/alpine:3.20", "alpine:3.20"));
        assert!(same("alpine:latest", "alpine"));
        assert!(same("3.20", "alpine:3.20"));
        assert!(!same("alpine:3.19", "alpine:3.20"));
    }
}
