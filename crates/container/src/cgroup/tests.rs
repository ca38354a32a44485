//! Cgroups, on trees of plain files. What this machine has is tested in `tests/container`.

use super::{hierarchy::Hierarchy, *};
use crate::limitation::LimitationKind;

/// The mounts of a machine with only version 2, one with only version 1, and a mixture.
const TWO: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const ONE: &str = "40 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
    41 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
const DOCKER: &str = "52 30 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

#[test]
fn hierarchies_are_found_in_either_version_and_in_a_mixture() {
    let own = "0::/user.slice/runner.scope\n";
    let [two] = hierarchies(own, TWO).try_into().unwrap();
    assert_eq!((two.version, two.top), (Version::Two, PathBuf::from("/sys/fs/cgroup")));
    assert_eq!(two.own, Path::new("/sys/fs/cgroup/user.slice/runner.scope"));

    let own = "5:memory:/jobs\n3:cpu,cpuacct:/\n0::/\n";
    let found = hierarchies(own, &format!("{ONE}{TWO}"));
    let own: Vec<_> = found.iter().map(|found| found.own.display().to_string()).collect();
    assert_eq!(own, ["/sys/fs/cgroup/memory/jobs", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"]);

    // Inside a container the mount begins where the container's own group lies.
    let [inner] = hierarchies("5:memory:/docker/abc/x\n", DOCKER).try_into().unwrap();
    assert_eq!(inner.own, Path::new("/sys/fs/cgroup/memory/x"));
}

/// A version 2 group with controllers, made of plain files.
fn group(at: &Path, controllers: &str, given: &str) -> PathBuf {
    fs::create_dir_all(at).unwrap();
    fs::write(at.join("cgroup.controllers"), controllers).unwrap();
    fs::write(at.join("cgroup.subtree_control"), given).unwrap();
    at.to_owned()
}

#[test]
fn the_own_group_is_divided_before_the_top_is() {
    let scratch = tempfile::tempdir().unwrap();
    let top = group(scratch.path(), "cpu memory pids", "cpu memory pids");
    let own = group(&top.join("runner"), "memory pids", "memory");
    let two = Hierarchy {
        version: Version::Two,
        controllers: Vec::new(),
        top: top.clone(),
        own: own.clone(),
    };
    let base = |controller| two.base(controller).unwrap().unwrap().directory;
    assert_eq!(base(Controller::Memory), own);
    assert_eq!(base(Controller::Pids), own);
    assert_eq!(fs::read_to_string(own.join("cgroup.subtree_control")).unwrap(), "+pids");
    // The own group was not given this one.
    assert_eq!(base(Controller::Cpu), top);
}

#[test]
fn limits_are_written_to_the_files_of_their_version() {
    let scratch = tempfile::tempdir().unwrap();
    let limits = Limits {
        memory_bytes: Some(1 << 30),
        cpu_millis: Some(1500),
        processes: Some(100),
        disk_bytes: None,
    };
    for (version, expected) in [
        (
            Version::One,
            [
                ("memory.limit_in_bytes", "1073741824"),
                ("cpu.cfs_quota_us", "150000"),
                ("pids.max", "101"),
            ],
        ),
        (
            Version::Two,
            [("memory.max", "1073741824"), ("cpu.max", "150000 100000"), ("pids.max", "101")],
        ),
    ] {
        let base = scratch.path().join(format!("{version:?}"));
        fs::create_dir(&base).unwrap();
        let bases = Controller::ALL
            .map(|controller| Base { controller, version, directory: base.clone() })
            .to_vec();
        let cgroups = Cgroups { bases, ..Cgroups::default() };
        let group = cgroups.create("one", &limits);
        assert_eq!(group.limitations, Vec::new());
        assert_eq!(group.procs(), [base.join("one/cgroup.procs")]);
        for (file, text) in expected {
            assert_eq!(fs::read_to_string(base.join("one").join(file)).unwrap(), text);
        }
    }
}

#[test]
fn a_limit_that_cannot_be_set_is_a_limitation_and_not_an_error() {
    let scratch = tempfile::tempdir().unwrap();
    let base = |controller, name: &str| Base {
        controller,
        version: Version::Two,
        directory: scratch.path().join(name),
    };
    fs::create_dir(scratch.path().join("good")).unwrap();
    let cgroups = Cgroups {
        bases: vec![base(Controller::Memory, "absent"), base(Controller::Pids, "good")],
        missing: vec![(
            Controller::Cpu,
            Limitation::new(LimitationKind::CpuLimit, "no such controller"),
        )],
        own: String::new(),
    };
    let limits =
        Limits { memory_bytes: Some(1), cpu_millis: Some(1), processes: Some(1), disk_bytes: None };
    let group = cgroups.create("one", &limits);
    let [cpu, memory] = group.limitations.as_slice() else { panic!("{:?}", group.limitations) };
    assert_eq!((cpu.kind, cpu.cause.as_str()), (LimitationKind::CpuLimit, "no such controller"));
    assert_eq!(memory.kind, LimitationKind::MemoryLimit);
    assert!(memory.cause.contains("absent/one/memory.max"), "{}", memory.cause);
    assert_eq!(group.procs().len(), 1);
    // Limits that were not asked for are not missed.
    assert_eq!(cgroups.create("two", &Limits::default()).limitations, Vec::new());
}

#[test]
fn out_of_memory_kills_are_counted_in_either_version() {
    assert_eq!(
        parse_kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"),
        Some(2)
    );
    assert_eq!(parse_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"), Some(5));
    assert_eq!(parse_kills(""), None);
}

/// An administrator may move a runner into another group while it runs: it must stay there.
#[test]
fn joins_are_prepared_only_from_where_this_process_is() {
    let scratch = tempfile::tempdir().unwrap();
    let procs = scratch.path().join("cgroup.procs");
    let prepare = |version, own: &str| {
        let directory = scratch.path().to_owned();
        let bases = vec![Base { controller: Controller::Pids, version, directory }];
        let cgroups = Cgroups { bases, own: own.to_owned(), ..Cgroups::default() };
        if let Some(thread) = cgroups.prepare_joins() {
            thread.join().unwrap();
        }
    };
    prepare(Version::One, "1:pids:/elsewhere\n");
    prepare(Version::Two, &own_groups());
    assert!(!procs.exists());
    prepare(Version::One, &own_groups());
    assert_eq!(fs::read_to_string(procs).unwrap(), "0");
}
