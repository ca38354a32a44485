//! What the tests share: a runtime in a fresh directory, scripts in environments, images by hand.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use roundel_container::{
    Bind, Environment, EnvironmentSpec, Exit, FileAttributes, FileSpec, LimitationKind, Process,
    ProcessSpec, Root, Runtime, RuntimeSettings,
};
use sha2::{Digest, Sha256};

/// Enough for the slowest machine; nothing waits this long when all is well.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// The helper's binary; as an ordinary user, a copy that it may run.
pub(crate) fn helper_program() -> PathBuf {
    std::env::var_os("ROUNDEL_TEST_BOOT")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_roundel-boot")), PathBuf::from)
}

pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Finds a program as a shell would.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = std::env::split_paths(&path).collect();
    places.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    places.into_iter().map(|place| place.join(name)).find(|found| found.is_file())
}

/// A runtime in a directory that goes away with it.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) directory: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = open(directory.path());
        Self { runtime, directory }
    }

    pub(crate) fn start(&self, spec: &EnvironmentSpec) -> Environment {
        self.runtime.start(spec).unwrap()
    }

    /// A started environment over the host's toolchain.
    pub(crate) fn host(&self) -> Environment {
        self.start(&spec(Root::Host))
    }
}

pub(crate) fn open(directory: &Path) -> Runtime {
    let settings =
        RuntimeSettings { directory: directory.to_owned(), helper_program: Some(helper_program()) };
    Runtime::open(settings).unwrap()
}

pub(crate) fn spec(root: Root) -> EnvironmentSpec {
    EnvironmentSpec { hostname: "inside".to_owned(), ..EnvironmentSpec::new("test", root) }
}

/// Whether an environment lacks something on this host.
pub(crate) fn lacks(environment: &Environment, kind: LimitationKind) -> bool {
    environment.limitations().iter().any(|limitation| limitation.kind == kind)
}

pub(crate) fn bind(source: &Path, target: &str, read_only: bool) -> Bind {
    Bind { source: source.to_owned(), target: target.into(), read_only }
}

pub(crate) fn file(path: &str, mode: u32, bytes: &[u8]) -> FileSpec {
    FileSpec { path: path.into(), attributes: FileAttributes::root(mode), bytes: bytes.to_vec() }
}

pub(crate) fn shell(script: &str) -> ProcessSpec {
    ProcessSpec {
        argv: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        env: vec![
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".to_owned()),
            ("HOME".to_owned(), "/root".to_owned()),
        ],
        cwd: PathBuf::from("/"),
        user: None,
        pty: None,
    }
}

/// Waits on a thread that has no runtime, as a caller outside of tokio does.
pub(crate) fn wait(process: &Process) -> Exit {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio
        .block_on(async { tokio::time::timeout(TIMEOUT, process.wait()).await })
        .expect("the process should have ended")
        .unwrap()
}

/// All that a process prints until it closes its output.
pub(crate) fn read_all(process: &mut Process) -> String {
    let mut bytes = Vec::new();
    // A terminal ends with an error when its last process has closed it.
    let _end = File::from(process.take_output().unwrap()).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs a script to its end: what it printed and how it ended.
pub(crate) fn run(environment: &Environment, script: &str) -> (String, Exit) {
    let script = format!("exec 2>&1; {script}");
    let mut process = environment.spawn(&shell(&script)).unwrap();
    let text = read_all(&mut process);
    (text, wait(&process))
}

/// Runs a script that must succeed.
pub(crate) fn output(environment: &Environment, script: &str) -> String {
    let (text, exit) = run(environment, script);
    assert_eq!(exit, Exit::Code(0), "`{script}` said: {text}");
    text
}

/// An entry of a layer that is made by hand.
pub(crate) enum Entry<'a> {
    File(&'a str, u32, &'a [u8]),
    Owned(&'a str, u32, u64, u64, &'a [u8]),
    Dir(&'a str, u32),
    Link(&'a str, &'a str),
    HardLink(&'a str, &'a str),
    Special(&'a str, tar::EntryType),
    Attribute(&'a str, &'a str, &'a [u8]),
}

/// The tar of a layer.
pub(crate) fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(1_000_000_000);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        let (path, kind, mode, bytes): (_, _, _, &[u8]) = match entry {
            Entry::File(path, mode, bytes) => (*path, tar::EntryType::Regular, *mode, *bytes),
            Entry::Owned(path, mode, uid, gid, bytes) => {
                header.set_uid(*uid);
                header.set_gid(*gid);
                (*path, tar::EntryType::Regular, *mode, *bytes)
            }
            Entry::Dir(path, mode) => (*path, tar::EntryType::Directory, *mode, &[]),
            Entry::Link(path, target) => {
                header.set_link_name(target).unwrap();
                (*path, tar::EntryType::Symlink, 0o777, &[])
            }
            Entry::HardLink(path, target) => {
                header.set_link_name(target).unwrap();
                (*path, tar::EntryType::Link, 0o644, &[])
            }
            Entry::Special(path, kind) => (*path, *kind, 0o644, &[]),
            Entry::Attribute(path, name, value) => {
                let name = format!("SCHILY.xattr.{name}");
                tar.append_pax_extensions([(name.as_str(), *value)]).unwrap();
                (*path, tar::EntryType::Regular, 0o644, b"attributed")
            }
        };
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(u64::try_from(bytes.len()).unwrap());
        // By hand, because the library refuses the paths that a hostile layer has.
        let name = header.as_old_mut();
        name.name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
    let mut compressed = Vec::new();
    encoder.read_to_end(&mut compressed).unwrap();
    compressed
}

/// Writes an OCI layout of an image; layers as (bytes in the layout, unpacked bytes).
pub(crate) fn layout(directory: &Path, layers: &[(Vec<u8>, Vec<u8>)], config: &serde_json::Value) {
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8], kind: &str| {
        std::fs::write(blobs.join(sha256(bytes)), bytes).unwrap();
        let digest = format!("sha256:{}", sha256(bytes));
        serde_json::json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
    };
    let diff_ids: Vec<_> =
        layers.iter().map(|(_, plain)| format!("sha256:{}", sha256(plain))).collect();
    let descriptors: Vec<_> = layers
        .iter()
        .map(|(bytes, _)| put(bytes, "application/vnd.oci.image.layer.v1.tar+gzip"))
        .collect();
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = serde_json::json!({
        "architecture": architecture, "os": "linux", "config": config,
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let config = put(config.to_string().as_bytes(), "application/vnd.oci.image.config.v1+json");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": descriptors,
    });
    let manifest =
        put(manifest.to_string().as_bytes(), "application/vnd.oci.image.manifest.v1+json");
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": [manifest] });
    std::fs::write(directory.join("index.json"), index.to_string()).unwrap();
    std::fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// The statically linked busybox of the machine, as the lowest layer of an image.
pub(crate) fn busybox() -> Option<Vec<u8>> {
    let bytes = ["/bin/busybox", "/usr/bin/busybox"].iter().find_map(|at| std::fs::read(at).ok());
    let Some(bytes) = bytes else {
        skip("the package busybox-static is not installed");
        return None;
    };
    let mut entries = vec![
        Entry::Dir("./", 0o755),
        Entry::Dir("bin/", 0o755),
        Entry::File("bin/busybox", 0o755, &bytes),
        Entry::Dir("etc/", 0o755),
        Entry::File(
            "etc/passwd",
            0o644,
            b"root:x:0:0:root:/root:/bin/sh\ncircleci:x:3434:3434::/home/circleci:/bin/sh\n",
        ),
        Entry::File("etc/group", 0o644, b"root:x:0:\ncircleci:x:3434:\n"),
        Entry::Dir("tmp/", 0o1777),
        Entry::Dir("root/", 0o700),
    ];
    let names = ["sh", "cat", "ls", "stat", "id", "echo", "test", "readlink", "sleep", "touch"];
    let links: Vec<_> = names.iter().map(|name| format!("bin/{name}")).collect();
    for link in &links {
        entries.push(Entry::Link(link, "busybox"));
    }
    Some(layer(&entries))
}

/// An image of busybox and further layers, imported.
pub(crate) fn import(world: &World, more: &[Vec<u8>]) -> Option<roundel_container::image::Image> {
    let source = tempfile::tempdir().unwrap();
    let mut layers = vec![busybox()?];
    layers.extend_from_slice(more);
    let layers: Vec<_> = layers.into_iter().map(|plain| (gzip(&plain), plain)).collect();
    layout(source.path(), &layers, &serde_json::json!({ "Env": ["PATH=/bin"] }));
    Some(import_from(world, source.path()).unwrap())
}

pub(crate) fn import_from(
    world: &World,
    path: &Path,
) -> Result<roundel_container::image::Image, roundel_container::ContainerError> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(world.runtime.images().import(path, None, &|_| {}))
}
