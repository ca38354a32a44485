//! Ways out that must be closed.

use roundel_container::{Exit, Root};

use crate::world::{Entry, World, bind, file, import, is_root, layer, output, run, spec};

/// Each of these must fail, and the environment must live on.
const ATTEMPTS: [(&str, &str); 22] = [
    ("mount a file system", "mount -t tmpfs none /mnt"),
    ("mount a fresh proc", "mount -t proc proc /mnt"),
    ("bind something", "mount --bind /etc /mnt"),
    ("remount /proc/sys writable", "mount -o remount,bind,rw /proc/sys"),
    ("unmount a mask", "umount /proc/keys || umount /sys/firmware"),
    (
        "mount the v1 cgroups for a release agent",
        "mkdir -p /tmp/c && mount -t cgroup -o memory none /tmp/c",
    ),
    ("mount the v2 cgroups", "mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c"),
    ("make a node for the disk", "mknod /tmp/disk b 254 0"),
    ("make a node for memory", "mknod /tmp/mem c 1 1"),
    ("write the core pattern", "echo '|/tmp/x' > /proc/sys/kernel/core_pattern"),
    ("write modprobe's path", "echo /tmp/x > /proc/sys/kernel/modprobe"),
    ("use the magic key", "echo h > /proc/sysrq-trigger"),
    ("change the kernel's settings", "echo 1 > /proc/sys/vm/drop_caches"),
    ("write to sysfs", "echo 0 > /sys/kernel/mm/transparent_hugepage/enabled"),
    ("read the kernel's memory", "head -c 1 /proc/kcore | grep -q ."),
    ("make a user namespace", "unshare --user --map-root-user true"),
    ("make a mount namespace", "unshare --mount true"),
    ("enter PID 1's namespaces", "nsenter --target 1 --mount true"),
    ("look into PID 1", "ls -l /proc/1/exe /proc/1/root/ /proc/1/cwd"),
    ("read PID 1's memory", "head -c 1 /proc/1/mem"),
    ("kill PID 1", "kill -9 1; kill -STOP 1; sleep 0; test -e /proc/none"),
    ("set the host's name", "hostname escaped"),
];

#[test]
fn ways_out_are_closed() {
    let world = World::new();
    let environment = world.host();
    for (what, script) in ATTEMPTS {
        let (text, exit) = run(&environment, script);
        assert!(matches!(exit, Exit::Code(code) if code != 0), "could {what}: {exit:?} {text}");
    }
    assert_eq!(output(&environment, "echo alive"), "alive\n");
}

#[test]
fn privileges_are_gone() {
    let world = World::new();
    let environment = world.host();
    let status = output(&environment, "cat /proc/self/status");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");
    for set in ["CapEff:", "CapBnd:", "CapPrm:"] {
        assert_eq!(field(set), "00000000a80425fb", "{set}");
    }
    assert_eq!(field("CapInh:"), "0000000000000000");
    let map = output(&environment, "cat /proc/self/uid_map");
    let outside = map.split_whitespace().nth(1).unwrap();
    assert_ne!(outside, "0", "the inner root must not be the host's root: {map}");
}

#[test]
fn nothing_of_the_host_is_in_sight() {
    let world = World::new();
    let environment = world.host();
    let secret = world.directory.path().join("secret");
    std::fs::write(&secret, "host").unwrap();
    let (_, exit) = run(&environment, &format!("cat {}", secret.display()));
    assert_ne!(exit, Exit::Code(0));
    assert_eq!(
        output(&environment, "ls -A /home /root /tmp /run /srv /mnt | grep -v -e : -e '^$'; true"),
        ""
    );
    let (text, _) = run(
        &environment,
        "ls /etc/shadow /etc/gshadow /etc/ssh/ssh_host_*_key /etc/ssl/private /etc/sudoers",
    );
    assert!(!text.lines().any(|line| line.starts_with('/')), "{text}");
    // No process of the host: PID 1 is the agent and the others are the script's.
    let count: u32 = output(&environment, "ls -d /proc/[0-9]* | wc -l").trim().parse().unwrap();
    assert!(count < 6, "{count} processes");
    assert_eq!(output(&environment, "ls /sys/class/net"), "lo\n");
    // Nothing of the host is mounted but device nodes and the environment's own place for writes,
    // whose name within its file system the kernel always shows.
    let mounts = output(&environment, "cat /proc/self/mountinfo");
    let own = world.directory.path().file_name().unwrap().to_string_lossy().into_owned();
    let foreign: Vec<&str> = mounts
        .lines()
        .filter(|line| {
            let mut fields = line.split(' ').skip(3);
            let (source, target) = (fields.next().unwrap(), fields.next().unwrap());
            let is_masked = source == "/null";
            source != "/" && !is_masked && !source.contains(&own) && !target.starts_with("/dev/")
        })
        .filter(|line| !line.contains(" - proc ") && !line.contains(" - sysfs "))
        .collect();
    assert!(foreign.is_empty() || !is_root(), "{foreign:#?}");
}

#[test]
fn a_process_of_the_host_cannot_be_traced_or_signalled() {
    let world = World::new();
    let environment = world.host();
    let own = std::process::id();
    let (_, exit) = run(&environment, &format!("test -e /proc/{own} && kill -0 {own}"));
    assert_ne!(exit, Exit::Code(0));
}

#[test]
fn links_and_nodes_of_a_hostile_image_do_no_harm() {
    let world = World::new();
    let marker = world.directory.path().join("marker");
    let target = marker.to_string_lossy().into_owned();
    let hostile = layer(&[
        Entry::Link("proc", "/etc"),
        Entry::Link("dev", "/tmp"),
        Entry::Link("etc/resolv.conf", &target),
        Entry::Link("etc/hosts", "/proc/self/fd/0"),
        Entry::Link("run", "/../../../../../../"),
        Entry::Special("disk", tar::EntryType::Block),
    ]);
    let Some(image) = import(&world, &[hostile]) else { return };
    let shared = tempfile::tempdir().unwrap();
    std::fs::write(shared.path().join("file"), "bound").unwrap();
    let mut spec = spec(Root::Layers(image.layers));
    spec.binds = vec![bind(shared.path(), "/run/shared", true)];
    spec.files = vec![file("/run/file", 0o644, b"placed")];
    let environment = world.start(&spec);
    assert_eq!(output(&environment, "cat /shared/file /file"), "boundplaced");
    assert_eq!(
        output(&environment, "test -d /proc/self && test -c /dev/null && echo real"),
        "real\n"
    );
    assert!(output(&environment, "cat /etc/hosts").contains("localhost"));
    assert_ne!(run(&environment, "test -e /disk").1, Exit::Code(0));
    assert!(!marker.exists(), "a link of the image was followed on the host");
    assert!(!std::path::Path::new("/file").exists());
}
