//! One small image for both sides: busybox and nothing else, as `docker save` would write it.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

/// What Docker knows the image by.
pub(crate) const NAME: &str = "roundel-bench:1";

/// Writes the image into a directory. Returns the file.
pub(crate) fn write(directory: &Path) -> Result<PathBuf> {
    let layer = layer().context("failed to pack busybox; the package is busybox-static")?;
    let digest = hex::encode(Sha256::digest(&layer));
    let config = serde_json::json!({
        "architecture": architecture(), "os": "linux",
        "config": { "Env": ["PATH=/bin"], "Cmd": ["sh"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
    });
    let manifest = serde_json::json!([
        { "Config": "config.json", "RepoTags": [NAME], "Layers": ["layer.tar"] }
    ]);
    let path = directory.join("image.tar");
    let mut archive = tar::Builder::new(File::create(&path)?);
    put(&mut archive, "config.json", EntryType::Regular, config.to_string().as_bytes())?;
    put(&mut archive, "layer.tar", EntryType::Regular, &layer)?;
    put(&mut archive, "manifest.json", EntryType::Regular, manifest.to_string().as_bytes())?;
    archive.finish()?;
    Ok(path)
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn layer() -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for directory in ["bin/", "etc/", "root/", "tmp/"] {
        put(&mut tar, directory, EntryType::Directory, &[])?;
    }
    put(&mut tar, "etc/passwd", EntryType::Regular, b"root:x:0:0:root:/root:/bin/sh\n")?;
    put(&mut tar, "bin/busybox", EntryType::Regular, &fs::read("/bin/busybox")?)?;
    for applet in ["sh", "echo", "sleep", "true"] {
        let mut header = header(EntryType::Symlink, 0);
        tar.append_link(&mut header, format!("bin/{applet}"), "busybox")?;
    }
    Ok(tar.into_inner()?)
}

fn put<W: Write>(
    tar: &mut tar::Builder<W>,
    path: &str,
    kind: EntryType,
    bytes: &[u8],
) -> Result<()> {
    let mut header = header(kind, u64::try_from(bytes.len())?);
    Ok(tar.append_data(&mut header, path, bytes)?)
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}
