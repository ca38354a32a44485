//! An OCI image with the program and the root certificates, as one tar of an image layout.
//!
//! Made with `tar`, `gzip` and `sha256sum`; the same input gives the same bytes.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use serde_json::{Value, json};

use crate::shell;

/// Certificates of a Debian machine, for HTTPS to the forges.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Writes the image.
pub(super) fn write(binary: &Path, image: &Path) -> Result<()> {
    let scratch = shell::target_dir().join("dist-layout");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    let (root, layout) = (scratch.join("root"), scratch.join("layout"));
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    for folder in ["data", "etc/ssl/certs", "tmp"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::copy(binary, root.join("roundel"))?;
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/data:/roundel\n")?;
    fs::write(root.join("etc/group"), "root:x:0:\n")?;
    if Path::new(CERTIFICATES).exists() {
        fs::copy(CERTIFICATES, root.join(CERTIFICATES.trim_start_matches('/')))?;
    } else {
        println!("notice: no {CERTIFICATES} here: the image has no root certificates");
    }
    let layer = scratch.join("layer.tar");
    pack(&root, &layer)?;
    let diff = digest(&layer)?;
    shell::run(Command::new("gzip").args(["--no-name", "--force", "--keep"]).arg(&layer))?;
    let layer = store(&blobs, &scratch.join("layer.tar.gz"), LAYER)?;
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Entrypoint": ["/roundel"],
            "Cmd": ["serve", "--data", "/data", "--listen", "0.0.0.0:8080", "--slots", "0"],
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "ExposedPorts": { "8080/tcp": {} },
            "Volumes": { "/data": {} },
            "WorkingDir": "/data",
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{diff}")] },
    });
    let config = store_json(&blobs, &scratch, &config, CONFIG)?;
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    let mut manifest = store_json(&blobs, &scratch, &manifest, MANIFEST)?;
    manifest["annotations"] =
        json!({ "org.opencontainers.image.ref.name": env!("CARGO_PKG_VERSION") });
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    fs::write(layout.join("index.json"), index.to_string())?;
    fs::write(layout.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())?;
    pack(&layout, image)
}

/// Packs a directory so that the same files give the same bytes.
fn pack(folder: &Path, archive: &Path) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.args(["--mtime=@0", "--format=ustar", "--file"]).arg(archive);
    shell::run(tar.arg("--directory").arg(folder).arg("."))
}

/// Puts a file among the blobs, and describes it.
fn store(blobs: &Path, file: &Path, kind: &str) -> Result<Value> {
    let digest = digest(file)?;
    fs::copy(file, blobs.join(&digest))?;
    let size = fs::metadata(file)?.len();
    Ok(json!({ "mediaType": kind, "digest": format!("sha256:{digest}"), "size": size }))
}

fn store_json(blobs: &Path, scratch: &Path, value: &Value, kind: &str) -> Result<Value> {
    let file = scratch.join("blob.json");
    fs::write(&file, value.to_string())?;
    store(blobs, &file, kind)
}

fn digest(file: &Path) -> Result<String> {
    let line = shell::output(Command::new("sha256sum").arg(file))?;
    Ok(line.split_whitespace().next().unwrap_or_default().trim_start_matches('\\').to_owned())
}
