//! Nothing of an environment survives it, however it ended.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use roundel_container::{Limits, Root, Runtime, RuntimeSettings};

use crate::world::{TIMEOUT, helper_program, output, shell, skip, spec};

/// A runtime whose helpers are distinguishable from those of all other tests: by their binary.
fn own_runtime(directory: &Path) -> (Runtime, PathBuf) {
    let binary = directory.join("boot-of-this-test");
    if !binary.exists() {
        fs::copy(helper_program(), &binary).unwrap();
    }
    let settings = RuntimeSettings {
        directory: directory.join("runtime"),
        helper_program: Some(binary.clone()),
    };
    (Runtime::open(settings).unwrap(), binary)
}

/// Helpers and PID 1s that run this binary.
fn helpers(binary: &Path) -> Vec<i32> {
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            // Not the link `exe`, which no other process may read of a PID 1.
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).next() == Some(binary.as_os_str().as_bytes())
        })
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Directories of cgroups with a part in their name.
fn cgroups(part: &str) -> Vec<PathBuf> {
    fn search(directory: &Path, part: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_string_lossy().contains(part) {
                    found.push(entry.path());
                }
                search(&entry.path(), part, found);
            }
        }
    }
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), part, &mut found);
    found
}

fn owners(directory: &Path) -> Vec<String> {
    fs::read_dir(directory.join("runtime/owners"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn mounts_below(directory: &Path) -> usize {
    let directory = directory.to_string_lossy().into_owned();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.lines().filter(|line| line.contains(&directory)).count()
}

/// Waits for what the kernel does in its own time, with an end.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

fn limited() -> Limits {
    Limits {
        memory_bytes: Some(256 << 20),
        cpu_millis: Some(1000),
        processes: Some(100),
        disk_bytes: Some(32 << 20),
    }
}

#[test]
fn nothing_is_left_of_two_hundred_environments() {
    let directory = tempfile::tempdir().unwrap();
    let (runtime, binary) = own_runtime(directory.path());
    let [owner] = owners(directory.path()).try_into().unwrap();
    let files_before = fs::read_dir("/proc/self/fd").unwrap().count();
    for round in 0..200 {
        let mut spec = spec(Root::Host);
        // Every place for writes has its own way to be left behind.
        spec.limits = limited();
        if round % 3 == 0 {
            spec.limits.disk_bytes = None;
        }
        let environment = runtime.start(&spec).unwrap();
        let background = environment.spawn(&shell("trap '' TERM HUP; sleep 1000 & wait")).unwrap();
        assert_eq!(output(&environment, "echo hi | tee /usr/file"), "hi\n");
        match round % 4 {
            0 => environment.stop(TIMEOUT).unwrap(),
            1 => drop(environment),
            2 => {
                // PID 1 dies under it.
                for pid in helpers(&binary) {
                    let pid = nix::unistd::Pid::from_raw(pid);
                    let _gone = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
                }
                crate::world::wait(&background);
                environment.stop(TIMEOUT).unwrap();
            }
            _ => {
                drop(background);
                environment.stop(TIMEOUT).unwrap();
            }
        }
    }
    assert_eq!(helpers(&binary), Vec::<i32>::new(), "processes");
    assert_eq!(cgroups(&owner), Vec::<PathBuf>::new(), "cgroups");
    assert_eq!(mounts_below(directory.path()), 0, "mounts");
    let scratch = directory.path().join("runtime/owners").join(&owner).join("scratch");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "directories");
    if std::env::var_os("NEXTEST").is_some() {
        // Only if no other test runs in this process. The last thread may be about to end.
        let files = || fs::read_dir("/proc/self/fd").unwrap().count();
        eventually("descriptors are closed", || files() == files_before);
    }
    drop(runtime);
    assert_eq!(owners(directory.path()), Vec::<String>::new(), "the owner's own directory");
}

/// Not a separate test: what `a_killed_owner_leaves_nothing` starts and kills.
#[test]
fn owner_that_will_be_killed() {
    let Some(directory) = std::env::var_os("ROUNDEL_TEST_OWNED") else { return };
    let (runtime, _) = own_runtime(Path::new(&directory));
    let mut environments = Vec::new();
    for _ in 0..10 {
        let mut spec = spec(Root::Host);
        spec.limits = Limits { disk_bytes: None, ..limited() };
        let environment = runtime.start(&spec).unwrap();
        let busy = shell("trap '' TERM; while :; do date > /usr/file; done");
        environment.spawn(&busy).unwrap();
        environments.push(environment);
    }
    eprintln!("\nREADY");
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

/// An owner that does not outlive a test that fails.
struct Owner(std::process::Child);

impl Drop for Owner {
    fn drop(&mut self) {
        let _dead = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn a_killed_owner_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leaks::owner_that_will_be_killed", "--nocapture"])
        .env("ROUNDEL_TEST_OWNED", directory.path())
        .env("ROUNDEL_TEST_BOOT", helper_program())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut owner = Owner(owner);
    let said = BufReader::new(owner.0.stderr.take().unwrap()).lines();
    let ready = said.map_while(Result::ok).any(|line| line == "READY");
    assert!(ready, "the owner should have started its environments");
    let binary = directory.path().join("boot-of-this-test");
    let [id] = owners(directory.path()).try_into().unwrap();
    assert_eq!(helpers(&binary).len(), 20, "a helper and a PID 1 for each environment");

    drop(owner);
    eventually("every process dies with its owner", || helpers(&binary).is_empty());
    if cgroups(&id).is_empty() {
        skip("this host gives no cgroups, so none could be left");
    }

    // The next one sweeps what can be removed from outside only.
    let (runtime, _) = own_runtime(directory.path());
    assert_eq!(cgroups(&id), Vec::<PathBuf>::new(), "cgroups");
    let left = owners(directory.path());
    assert!(left.len() == 1 && left[0] != id, "directories: {left:?}");
    assert_eq!(mounts_below(directory.path()), 0, "mounts");
    drop(runtime);
}

#[test]
fn a_living_owner_is_not_swept() {
    let directory = tempfile::tempdir().unwrap();
    let (one, _) = own_runtime(directory.path());
    let environment = one.start(&spec(Root::Host)).unwrap();
    let (_other, _) = own_runtime(directory.path());
    assert_eq!(owners(directory.path()).len(), 2);
    assert_eq!(output(&environment, "echo alive > /usr/file; cat /usr/file"), "alive\n");
}
