//! Images from files: what arrives in an environment is what the layers say.

use std::path::Path;

use roundel_container::{ContainerError, ErrorKind, LimitationKind, Root, image::Image};
use serde_json::json;

use crate::world::{
    Entry, World, busybox, gzip, import, import_from, lacks, layer, layout, output, run, sha256,
    skip, spec,
};

#[test]
fn layers_lie_on_each_other_with_whiteouts_links_and_attributes() {
    let world = World::new();
    let lower = layer(&[
        Entry::Dir("data/", 0o755),
        Entry::File("data/gone", 0o644, b"gone"),
        Entry::File("data/kept", 0o644, b"kept"),
        Entry::Dir("data/replaced/", 0o755),
        Entry::File("data/replaced/old", 0o644, b"old"),
        Entry::Dir("data/opaque/", 0o755),
        Entry::File("data/opaque/old", 0o644, b"old"),
        Entry::File("data/changed", 0o644, b"one"),
    ]);
    let upper = layer(&[
        Entry::File("data/.wh.gone", 0o644, b""),
        Entry::File("data/.wh.replaced", 0o644, b""),
        Entry::Dir("data/replaced/", 0o750),
        Entry::File("data/replaced/new", 0o644, b"new"),
        Entry::File("data/opaque/.wh..wh..opq", 0o644, b""),
        Entry::File("data/opaque/new", 0o644, b"new"),
        Entry::File("data/changed", 0o4755, b"two!"),
        Entry::HardLink("data/hard", "data/changed"),
        Entry::Link("data/soft", "changed"),
        Entry::Special("data/pipe", tar::EntryType::Fifo),
        Entry::Special("data/disk", tar::EntryType::Block),
        Entry::Attribute("data/attributed", "user.color", b"blue"),
        Entry::Attribute("data/forged", "user.overlay.opaque", b"y"),
        Entry::Owned("data/owned", 0o600, 3434, 3434, b"owned"),
    ]);
    let Some(image) = import(&world, &[lower, upper]) else { return };
    let environment = world.start(&spec(Root::Layers(image.layers.clone())));
    let list = "cd /data; ls; ls replaced opaque; stat -c '%n %a %F %Y' replaced changed pipe";
    let expected = "attributed\nchanged\nforged\nhard\nkept\nopaque\nowned\npipe\nreplaced\nsoft\n\
        opaque:\nnew\n\nreplaced:\nnew\n\
        replaced 750 directory 1000000000\nchanged 4755 regular file 1000000000\n\
        pipe 644 fifo 1000000000\n";
    assert_eq!(output(&environment, list), expected);
    assert_eq!(output(&environment, "cat /data/soft /data/hard"), "two!two!");
    assert_eq!(output(&environment, "stat -c %h /data/hard"), "2\n");
    let [.., top] = image.layers.as_slice() else { panic!("three layers") };
    let color = xattr::get(top.join("data/attributed"), "user.color").unwrap();
    assert_eq!(color.as_deref(), Some(b"blue".as_slice()));
    assert_eq!(xattr::get(top.join("data/forged"), "user.overlay.opaque").unwrap(), None);
    if !lacks(&environment, LimitationKind::SingleUser) {
        assert_eq!(output(&environment, "stat -c %u:%g /data/owned"), "3434:3434\n");
    }
    // What a job does over the layers stays in the job.
    output(&environment, "cd /data; rm -r opaque replaced; mkdir opaque; echo x > changed");
    assert_eq!(output(&environment, "ls /data/opaque"), "");
    let again = world.start(&spec(Root::Layers(image.layers)));
    assert_eq!(output(&again, "cat /data/changed; ls /data/opaque"), "two!new\n");
}

#[test]
fn the_configuration_of_an_image_is_understood() {
    let world = World::new();
    let Some(plain) = busybox() else { return };
    let source = tempfile::tempdir().unwrap();
    layout(
        source.path(),
        &[(gzip(&plain), plain)],
        &json!({
            "Env": ["PATH=/bin", "EMPTY=", "EQUAL=a=b"], "User": "circleci", "WorkingDir": "/w",
            "Entrypoint": ["/e"], "Cmd": ["c", "d"], "Labels": { "com.circleci.preserve-entrypoint": "true" },
        }),
    );
    let image: Image = import_from(&world, source.path()).unwrap();
    let pairs = [("PATH", "/bin"), ("EMPTY", ""), ("EQUAL", "a=b")];
    assert_eq!(image.env, pairs.map(|(k, v)| (k.to_owned(), v.to_owned())));
    assert_eq!((image.user.as_deref(), image.workdir.as_deref()), (Some("circleci"), Some("/w")));
    assert_eq!(
        (image.entrypoint, image.cmd),
        (vec!["/e".to_owned()], vec!["c".to_owned(), "d".to_owned()])
    );
    assert_eq!(image.labels.len(), 1);
    assert!(image.digest.starts_with("sha256:"));
}

#[test]
fn a_layout_in_a_tar_and_a_docker_archive_are_read() {
    let world = World::new();
    let Some(plain) = busybox() else { return };
    let place = tempfile::tempdir().unwrap();
    let source = place.path().join("layout");
    let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
    layout(&source, &[(zstd, plain.clone())], &json!({ "Env": ["PATH=/bin"] }));
    let oci = place.path().join("oci.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&oci).unwrap());
    tar.append_dir_all(".", &source).unwrap();
    tar.finish().unwrap();
    let image = import_from(&world, &oci).unwrap();
    let environment = world.start(&spec(Root::Layers(image.layers)));
    assert_eq!(output(&environment, "echo oci"), "oci\n");

    // What `docker save` wrote for years: plain layers, shared ones as links.
    let docker = place.path().join("docker.tar");
    let config = json!({
        "os": "linux", "config": { "Cmd": ["sh"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", sha256(&plain))] },
    })
    .to_string();
    let manifest =
        json!([{ "Config": "c.json", "RepoTags": ["busy:box"], "Layers": ["b/layer.tar"] }]);
    let manifest = manifest.to_string();
    let mut tar = tar::Builder::new(std::fs::File::create(&docker).unwrap());
    let mut put = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(bytes.len()).unwrap());
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    put("c.json", config.as_bytes());
    put("manifest.json", manifest.as_bytes());
    put("a/layer.tar", &plain);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "b/layer.tar", "../a/layer.tar").unwrap();
    tar.finish().unwrap();
    let image = import_from(&world, &docker).unwrap();
    assert_eq!(image.cmd, ["sh"]);
    let environment = world.start(&spec(Root::Layers(image.layers)));
    assert_eq!(output(&environment, "echo docker"), "docker\n");
}

/// Imports one layer on busybox, as it lies in the layout.
fn import_raw(world: &World, bytes: Vec<u8>, plain: Vec<u8>) -> Result<Image, ContainerError> {
    let source = tempfile::tempdir().unwrap();
    layout(source.path(), &[(bytes, plain)], &json!({}));
    import_from(world, source.path())
}

#[test]
fn a_layer_cannot_write_outside_of_itself() {
    let world = World::new();
    let marker = world.directory.path().join("marker");
    let inside = marker.to_string_lossy().trim_start_matches('/').to_owned();
    let up = layer(&[Entry::File("../../../../../marker", 0o644, b"out")]);
    let refused = import_raw(&world, gzip(&up), up).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{refused}");
    assert!(refused.to_string().contains("outside"), "{refused}");
    // Through a link to the root, an absolute path or a hard link it lands inside.
    let through = layer(&[
        Entry::Link("link", "/"),
        Entry::File(&format!("link/{inside}"), 0o644, b"in"),
        Entry::File("/absolute", 0o644, b"in"),
    ]);
    let image = import_raw(&world, gzip(&through), through).unwrap();
    assert!(!marker.exists() && !Path::new("/absolute").exists());
    assert!(image.layers[0].join(&inside).exists() && image.layers[0].join("absolute").exists());
    let hard = layer(&[Entry::HardLink("passwd", "/etc/passwd")]);
    let refused = import_raw(&world, gzip(&hard), hard).unwrap_err();
    let reason = refused.to_string();
    assert!(reason.starts_with("failed to unpack `/passwd`: No such file"), "{reason}");
}

#[test]
fn damaged_layers_are_refused_and_leave_nothing() {
    let world = World::new();
    let good = layer(&[Entry::File("file", 0o644, b"good")]);
    let other = layer(&[Entry::File("file", 0o644, b"evil")]);
    let truncated = gzip(&good)[..40].to_vec();
    // The bytes are what the manifest says, but the tar inside is not what the image promised.
    for (bytes, plain) in [
        (gzip(&other), good.clone()),
        (truncated, good.clone()),
        (b"no tar at all".to_vec(), good.clone()),
    ] {
        let refused = import_raw(&world, bytes, plain).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{refused}");
    }
    // A blob that was changed on disk.
    let source = tempfile::tempdir().unwrap();
    layout(source.path(), &[(gzip(&good), good.clone())], &json!({}));
    let blob = source.path().join("blobs/sha256").join(sha256(&gzip(&good)));
    std::fs::write(blob, gzip(&other)).unwrap();
    let refused = import_from(&world, source.path()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{refused}");
    let layers = world.directory.path().join("layers");
    assert_eq!(std::fs::read_dir(layers).unwrap().count(), 0);
    let owners = std::fs::read_dir(world.directory.path().join("owners")).unwrap();
    for owner in owners.flatten() {
        assert_eq!(std::fs::read_dir(owner.path().join("unpack")).unwrap().count(), 0);
    }
}

#[test]
fn files_that_are_not_an_image_are_refused_with_the_reason() {
    let world = World::new();
    let place = tempfile::tempdir().unwrap();
    let text = place.path().join("text");
    std::fs::write(&text, "hello").unwrap();
    for (path, kind) in [
        (place.path(), ErrorKind::InvalidRequest),
        (&text, ErrorKind::InvalidRequest),
        (&place.path().join("absent"), ErrorKind::NotFound),
    ] {
        let refused = import_from(&world, path).unwrap_err();
        assert_eq!(refused.kind(), kind, "{refused}");
    }
}

#[test]
fn a_layer_that_is_wanted_many_times_is_unpacked_once() {
    let world = World::new();
    let plain = layer(&[Entry::File("file", 0o644, &vec![9; 3_000_000])]);
    let source = tempfile::tempdir().unwrap();
    layout(source.path(), &[(gzip(&plain), plain)], &json!({}));
    let lines = std::sync::Mutex::new(Vec::new());
    let progress = |line: String| lines.lock().unwrap().push(line);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let images = world.runtime.images();
    tokio.block_on(async {
        let imports = (0..8).map(|_| images.import(source.path(), None, &progress));
        futures_util::future::try_join_all(imports).await.unwrap();
    });
    let unpacked = |line: &&String| line.contains("unpacked");
    let lines = lines.into_inner().unwrap();
    assert_eq!(lines.iter().filter(unpacked).count(), 1, "{lines:?}");
}

#[test]
fn an_environment_of_many_layers_starts() {
    let world = World::new();
    let layers: Vec<_> =
        (0..130).map(|number| layer(&[Entry::File(&format!("l{number}"), 0o644, b"x")])).collect();
    let Some(image) = import(&world, &layers) else {
        skip("no image of many layers");
        return;
    };
    let environment = world.start(&spec(Root::Layers(image.layers)));
    let (text, _) = run(&environment, "ls / | cat");
    assert_eq!(text.lines().filter(|line| line.starts_with('l')).count(), 130, "{text}");
}
