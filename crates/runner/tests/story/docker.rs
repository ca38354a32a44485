//! Jobs in images, from a registry: a small image that has neither bash nor git.

use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc};

use axum::{
    Router,
    extract::{Path as Part, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use roundel_model::{
    plan::{ContainerSpec, Executor},
    status::{Outcome, StepStatus},
};
use roundel_protocol::JobSpec;
use sha2::{Digest as _, Sha256};

use super::{
    checkout::{Origin, branch},
    world::{World, job, run},
};

crate::stories![
    a_job_runs_in_an_image_as_its_user,
    without_bash_the_shell_is_sh,
    without_git_the_code_is_put_in_place,
    a_wrong_image_name_fails_step_zero,
];

/// Programs of the image, by their place on this host.
const PROGRAMS: [&str; 6] =
    ["/bin/sh", "/bin/cat", "/bin/cp", "/bin/ls", "/bin/mkdir", "/usr/bin/id"];

type Blobs = Arc<BTreeMap<String, (&'static str, Vec<u8>)>>;

/// A registry with one image, `tiny:1`; returns its address.
async fn registry() -> String {
    let layer = layer();
    let diff_id = digest(&layer);
    let layer = gzip(&layer);
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux",
        "config":{{"User":"ci","Env":["PATH=/usr/bin:/bin","FROM_IMAGE=yes","HOME=/"]}},
        "rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}}}}"#
    )
    .into_bytes();
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{manifest_type}",
        "config":{{"mediaType":"application/vnd.oci.image.config.v1+json",
                   "digest":"{}","size":{}}},
        "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",
                   "digest":"{}","size":{}}}]}}"#,
        digest(&config),
        config.len(),
        digest(&layer),
        layer.len()
    )
    .into_bytes();
    let mut blobs = BTreeMap::new();
    blobs.insert("manifests/1".to_owned(), (manifest_type, manifest.clone()));
    blobs.insert(format!("manifests/{}", digest(&manifest)), (manifest_type, manifest));
    for blob in [config, layer] {
        blobs.insert(format!("blobs/{}", digest(&blob)), ("application/octet-stream", blob));
    }
    let router = Router::new()
        .route("/v2/", get(|| async { "{}" }))
        .route("/v2/tiny/{kind}/{name}", get(serve))
        .fallback(|| async { unknown() })
        .with_state(Arc::new(blobs));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address.to_string()
}

async fn serve(State(blobs): State<Blobs>, Part((kind, name)): Part<(String, String)>) -> Response {
    match blobs.get(&format!("{kind}/{name}")) {
        Some((media_type, bytes)) => {
            let digest = digest(bytes);
            let headers =
                [(header::CONTENT_TYPE.as_str(), *media_type), ("docker-content-digest", &digest)];
            (headers, bytes.clone()).into_response()
        }
        None => unknown(),
    }
}

fn unknown() -> Response {
    let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A layer with a few programs of this host and what they are linked with.
fn layer() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.follow_symlinks(true);
    for (directory, mode) in [("tmp", 0o1777), ("etc", 0o755), ("home", 0o755)] {
        let mut header = entry(tar::EntryType::Directory, mode, 0);
        tar.append_data(&mut header, directory, std::io::empty()).unwrap();
    }
    let users = "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/home/ci:/bin/sh\n";
    let groups = "root:x:0:\nci:x:1000:\n";
    for (name, text) in [("etc/passwd", users), ("etc/group", groups)] {
        let size = u64::try_from(text.len()).unwrap();
        let mut header = entry(tar::EntryType::Regular, 0o644, size);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let mut files: Vec<String> = PROGRAMS.map(str::to_owned).to_vec();
    for program in PROGRAMS {
        files.extend(libraries(program));
    }
    files.sort();
    files.dedup();
    for file in files {
        tar.append_path_with_name(&file, Path::new(&file).strip_prefix("/").unwrap()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn entry(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn libraries(program: &str) -> Vec<String> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The job in the small image.
async fn tiny(spec: JobSpec) -> JobSpec {
    let mut spec = spec;
    let image = ContainerSpec {
        image: format!("{}/tiny:1", registry().await),
        environment: vec![("FROM_CONTAINER".to_owned(), "yes".to_owned())],
        ..Default::default()
    };
    spec.body.executor = Executor::Docker { containers: vec![image] };
    spec.body.shell = Some("/bin/sh -e".to_owned());
    spec
}

/// The id under which user `ci` runs: an ordinary user without subordinate ids has but one to give.
fn id_of_ci(seen: Option<&str>) -> &'static str {
    let single = seen == Some("0") && !nix::unistd::getuid().is_root();
    if single { "0" } else { "1000" }
}

async fn a_job_runs_in_an_image_as_its_user() {
    let world = World::new().await;
    let look = "id -u; echo $HOME $FROM_IMAGE $FROM_CONTAINER; pwd; echo x > file; ls -ln file";
    let ended = world.run(tiny(job(vec![run(look)])).await).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}{}", ended.log(0), ended.log(101));
    let log = ended.log(101);
    let id = id_of_ci(log.lines().next());
    assert!(log.starts_with(&format!("{id}\n/home/ci yes yes\n/home/ci/project\n")), "{log}");
    assert!(log.contains(&format!(" {id} {id} ")), "{log}");
    let spin_up = ended.log(0);
    assert!(spin_up.contains("Starting container 127.0.0.1:"), "{spin_up}");
    assert!(spin_up.contains("/tiny:1@sha256:"), "{spin_up}");
}

async fn without_bash_the_shell_is_sh() {
    let world = World::new().await;
    let mut spec = tiny(job(vec![run("exit 0")])).await;
    spec.body.shell = None;
    let ended = world.run(spec).await;
    let shown = ended.command(101);
    assert_eq!(shown.as_deref(), Some("#!/bin/sh -eo pipefail\nexit 0"), "{}", ended.log(0));
}

async fn without_git_the_code_is_put_in_place() {
    let (world, origin) = (World::new().await, Origin::new());
    let sha = origin.commit("first commit");
    let look = vec![run("cat file.txt; echo; id -u; ls -ln file.txt; ls -A")];
    let ended = world.run(tiny(origin.job(branch("main"), &sha, look)).await).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}{}", ended.log(0), ended.log(101));
    let log = ended.log(101);
    assert!(log.contains("Warning: there is no `git` in this environment."), "{log}");
    assert!(log.ends_with(&format!("HEAD is now at {} first commit\n", sha.short())), "{log}");
    let seen = ended.log(102);
    assert!(seen.starts_with("first commit\n"), "{seen}");
    let id = id_of_ci(seen.lines().nth(1));
    assert!(seen.contains(&format!(" {id} {id} ")) && seen.contains(".git"), "{seen}");
}

async fn a_wrong_image_name_fails_step_zero() {
    // The user's error: not an infrastructure failure, and not tried again.
    let world = World::new().await;
    let mut spec = tiny(job(vec![run("true")])).await;
    if let Executor::Docker { containers } = &mut spec.body.executor {
        containers[0].image = containers[0].image.replace("tiny:1", "tniy:1");
    }
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Failed, "{:?}", ended.finish);
    assert_eq!(ended.status(0), Some(StepStatus::Failed));
    assert_eq!(ended.numbers(), [0]);
    assert!(ended.finish.reason.as_deref().unwrap().contains("tniy"), "{:?}", ended.finish);
}
