//! Limits: what they stop, and that it is said when they cannot.

use roundel_container::{
    Environment, ErrorKind, Exit, FileAttributes, LimitationKind, Limits, Root,
};

use crate::world::{World, is_root, output, run, skip, spec};

const MIB: u64 = 1024 * 1024;

/// An environment with limits; `None` with a notice if the host does not enforce this one.
fn limited(world: &World, limits: Limits, kind: LimitationKind) -> Option<Environment> {
    let mut spec = spec(Root::Host);
    spec.limits = limits;
    let environment = world.start(&spec);
    let mut limitations = environment.limitations().iter();
    if let Some(found) = limitations.find(|found| found.kind == kind) {
        skip(&found.sentence("environments"));
        return None;
    }
    Some(environment)
}

#[test]
fn a_fork_bomb_hits_the_limit_and_the_host_stays_calm() {
    let world = World::new();
    let limits = Limits { processes: Some(40), ..Limits::default() };
    let Some(environment) = limited(&world, limits, LimitationKind::ProcessLimit) else { return };
    // The shell that cannot fork may end. The other one counts by what is built into it, for at the limit
    // it can start nothing either.
    let bomb = "i=0; while [ $i -lt 200 ]; do sleep 30 <&- >&- 2>&- & i=$((i+1)); done";
    let count = "n=0; for p in /proc/[0-9]*; do n=$((n+1)); done; echo $n";
    let (text, _) = run(&environment, &format!("({bomb}); {count}"));
    assert!(text.contains("fork") || text.contains("Resource temporarily"), "{text}");
    let processes: u64 = text.lines().last().unwrap().parse().unwrap();
    assert!((30..=40).contains(&processes), "{processes} processes got through: {text}");
    environment.stop(crate::world::TIMEOUT).unwrap();
}

#[test]
fn a_process_that_takes_too_much_memory_is_killed_and_it_is_said_why() {
    let world = World::new();
    let limits = Limits { memory_bytes: Some(64 * MIB), ..Limits::default() };
    let Some(environment) = limited(&world, limits, LimitationKind::MemoryLimit) else { return };
    assert_eq!(environment.out_of_memory_kills(), 0);
    let (text, exit) = run(&environment, "exec dd if=/dev/zero of=/dev/null bs=300M count=1");
    assert_eq!(exit, Exit::Signal { signal: 9, out_of_memory: true }, "{text}");
    assert!(environment.out_of_memory_kills() > 0);
    // Only the one that took too much is gone, and another kill is not blamed on memory.
    assert_eq!(output(&environment, "echo alive"), "alive\n");
    let (_, exit) = run(&environment, "kill -9 $$");
    assert_eq!(exit, Exit::Signal { signal: 9, out_of_memory: false });
}

#[test]
fn a_cpu_limit_is_what_was_asked_for() {
    let world = World::new();
    let limits = Limits { cpu_millis: Some(500), ..Limits::default() };
    let Some(environment) = limited(&world, limits, LimitationKind::CpuLimit) else { return };
    // Two that never wait would get two cores, or one where there is but one.
    let script = "spin() { i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; }
        TIMEFORMAT='%R %U %S'; time { spin & spin & wait; }";
    let (text, _) =
        run(&environment, &format!("exec bash -c \"{}\" 2>&1", script.replace('$', "\\$")));
    let times: Vec<f64> = text.split_whitespace().map(|time| time.parse().unwrap()).collect();
    let [elapsed, user, system] = times[..] else { panic!("{text}") };
    let cores = (user + system) / elapsed;
    assert!(cores < 0.65, "{cores} cores were used: {text}");
    assert!(elapsed > 0.3, "too short to tell: {text}");
}

/// Fills the disk from inside until it is full.
fn fill(environment: &Environment, mebibytes: u64) -> (String, Exit) {
    run(environment, &format!("dd if=/dev/zero of=/usr/big bs=1M count={mebibytes}"))
}

#[test]
fn a_small_disk_quota_gives_enospc_to_the_job() {
    let world = World::new();
    let limits = Limits { disk_bytes: Some(16 * MIB), ..Limits::default() };
    let Some(environment) = limited(&world, limits, LimitationKind::DiskLimit) else { return };
    let (text, exit) = fill(&environment, 64);
    assert!(exit != Exit::Code(0) && text.contains("No space left"), "{text}");
    // The host side learns of it too: its own limit is full, not the host's disk.
    let path = std::path::Path::new("/usr/more");
    let more = environment.write_file(path, &vec![1; 4_000_000], FileAttributes::root(0o644));
    assert_eq!(more.unwrap_err().kind(), ErrorKind::DiskLimit);
    assert_eq!(
        output(&environment, "rm /usr/big; echo again > /usr/small; cat /usr/small"),
        "again\n"
    );
}

#[test]
fn a_large_disk_quota_is_a_file_system_of_its_own() {
    if !is_root() {
        skip("only root can mount a file system as a quota");
        return;
    }
    let world = World::new();
    // More than half of the memory, so that it cannot be kept there.
    let limits =
        Limits { disk_bytes: Some(96 * MIB), memory_bytes: Some(128 * MIB), ..Limits::default() };
    let Some(environment) = limited(&world, limits, LimitationKind::DiskLimit) else { return };
    let (text, exit) = fill(&environment, 200);
    assert!(exit != Exit::Code(0) && text.contains("No space left"), "{text}");
    environment.stop(crate::world::TIMEOUT).unwrap();
}

#[test]
fn writes_without_a_quota_go_to_disk() {
    let world = World::new();
    let environment = world.host();
    assert_eq!(fill(&environment, 8).1, Exit::Code(0));
    assert_eq!(output(&environment, "mkdir -m 000 /usr/closed; stat -c %s /usr/big"), "8388608\n");
    environment.stop(crate::world::TIMEOUT).unwrap();
    let owners = std::fs::read_dir(world.directory.path().join("owners")).unwrap();
    for owner in owners.flatten() {
        let left: Vec<_> = std::fs::read_dir(owner.path().join("scratch")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
