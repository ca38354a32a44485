//! Processes in environments: output, ends, terminals, users, files.

use std::path::{Path, PathBuf};

use roundel_container::{ErrorKind, Exit, FileAttributes, LimitationKind, ProcessSpec, Root, User};

use crate::world::{World, bind, file, import, lacks, output, read_all, run, shell, spec, wait};

#[test]
fn a_process_prints_and_ends_with_its_code() {
    let world = World::new();
    let environment = world.host();
    assert_eq!(run(&environment, "echo hi"), ("hi\n".to_owned(), Exit::Code(0)));
    assert_eq!(run(&environment, "exit 7").1, Exit::Code(7));
    let killed = Exit::Signal { signal: 15, out_of_memory: false };
    assert_eq!(run(&environment, "kill -TERM $$").1, killed);
    // Real-time signals have no name, but they end processes too.
    let killed = Exit::Signal { signal: 40, out_of_memory: false };
    assert_eq!(run(&environment, "kill -40 $$").1, killed);
}

#[test]
fn output_and_errors_come_apart_without_a_terminal() {
    let world = World::new();
    let environment = world.host();
    let mut process =
        environment.spawn(&shell("echo out; echo err >&2; read line || echo empty")).unwrap();
    let mut errors = String::new();
    let error = process.take_error().unwrap();
    assert_eq!(read_all(&mut process), "out\nempty\n");
    std::io::Read::read_to_string(&mut std::fs::File::from(error), &mut errors).unwrap();
    assert_eq!(errors, "err\n");
    assert_eq!(wait(&process), Exit::Code(0));
    assert!(process.take_output().is_none() && process.take_error().is_none());
}

#[test]
fn a_terminal_is_a_terminal() {
    let world = World::new();
    let environment = world.host();
    let script = "test -t 0 && test -t 1 && test -t 2 && tty && stty size && echo > /dev/tty";
    let spec = ProcessSpec { pty: Some((100, 30)), ..shell(script) };
    let mut process = environment.spawn(&spec).unwrap();
    let text = read_all(&mut process);
    assert_eq!(wait(&process), Exit::Code(0), "{text}");
    assert_eq!(text, "/dev/pts/0\r\n30 100\r\n\r\n");
}

#[test]
fn steps_see_each_others_files_and_other_environments_do_not() {
    let world = World::new();
    let (one, other) = (world.host(), world.host());
    output(&one, "echo x > /tmp/shared; echo z > /etc/mine");
    assert_eq!(output(&one, "cat /tmp/shared /etc/mine"), "x\nz\n");
    if lacks(&one, LimitationKind::ReadOnlyToolchain) {
        // An ordinary user cannot own what the host's root owns.
        assert_ne!(run(&one, "echo y > /usr/local/mine").1, Exit::Code(0));
    } else {
        assert_eq!(output(&one, "echo y > /usr/local/mine; cat /usr/local/mine"), "y\n");
    }
    assert_eq!(
        output(&other, "ls /tmp /usr/local/mine /etc/mine 2>/dev/null; true"),
        "/tmp:\n",
        "nothing may leak from one environment to another"
    );
    assert!(!Path::new("/usr/local/mine").exists() && !Path::new("/etc/mine").exists());
}

#[test]
fn many_processes_run_at_the_same_time() {
    let world = World::new();
    let environment = world.host();
    output(&environment, "mkfifo /tmp/a /tmp/b");
    // Each waits for the other, so they end only if both run.
    let one = environment.spawn(&shell("echo 1 > /tmp/a; cat /tmp/b; exit 3")).unwrap();
    let two = environment.spawn(&shell("cat /tmp/a; echo 2 > /tmp/b; exit 4")).unwrap();
    assert_eq!((wait(&one), wait(&two)), (Exit::Code(3), Exit::Code(4)));
    // Waiting again gives the same answer.
    assert_eq!(wait(&one), Exit::Code(3));
}

#[test]
fn a_process_that_ignores_sigterm_is_killed_with_its_children() {
    let world = World::new();
    let environment = world.host();
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'";
    let mut process = environment.spawn(&shell(script)).unwrap();
    let mut line = [0; 6];
    let mut output_file = std::fs::File::from(process.take_output().unwrap());
    std::io::Read::read_exact(&mut output_file, &mut line).unwrap();
    process.signal(libc::SIGTERM).unwrap();
    assert_eq!(output(&environment, "echo alive"), "alive\n");
    process.signal(libc::SIGKILL).unwrap();
    assert_eq!(wait(&process), Exit::Signal { signal: 9, out_of_memory: false });
    // The children held the pipe; they belonged to the group.
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut output_file, &mut rest).unwrap();
    process.signal(libc::SIGTERM).unwrap();
}

/// RUN §2.5: what a step leaves behind with a plain `&` lives on, and so does what prints.
#[test]
fn what_a_shell_leaves_under_its_terminal_survives_it() {
    let world = World::new();
    let environment = world.host();
    let script = "sleep 1000 & echo $! > /tmp/holder; \
        sleep 1001 </dev/null >/dev/null 2>&1 & echo $! > /tmp/redirected; \
        (trap 'echo hung up > /tmp/hung; exit' HUP; until test -e /tmp/go; do sleep 0.05; done; \
         echo printed && touch /tmp/done; exec sleep 1002) & echo $! > /tmp/printer; echo left";
    let spec = ProcessSpec { pty: Some((80, 24)), ..shell(script) };
    let mut process = environment.spawn(&spec).unwrap();
    assert_eq!(wait(&process), Exit::Code(0));
    output(&environment, "touch /tmp/go; until test -e /tmp/done; do sleep 0.05; done");
    let mut master = std::fs::File::from(process.take_output().unwrap());
    let mut text = String::new();
    while !text.contains("printed") {
        let mut piece = [0; 100];
        let count = std::io::Read::read(&mut master, &mut piece).unwrap();
        text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    assert_eq!(text, "left\r\nprinted\r\n");
    // A process that holds the terminal loses it when the host side closes it, and is not killed by that.
    drop(master);
    wait_until_alone(&environment, 3);
    let alive = "kill -0 $(cat /tmp/holder) $(cat /tmp/redirected) $(cat /tmp/printer) && echo yes";
    assert_eq!(output(&environment, alive), "yes\n");
    assert!(!environment.exists(Path::new("/tmp/hung")).unwrap());
    // They are still the group of the process.
    process.signal(libc::SIGKILL).unwrap();
    wait_until_alone(&environment, 0);
}

#[test]
fn no_process_stays_behind_a_terminal_that_is_not_used_any_more() {
    let world = World::new();
    let environment = world.host();
    for script in ["true", "exit 3", "kill -9 $$", "sleep 0 &", "setsid true; exec true"] {
        let spec = ProcessSpec { pty: Some((80, 24)), ..shell(script) };
        let process = environment.spawn(&spec).unwrap();
        wait(&process);
    }
    let lost = ProcessSpec { pty: Some((80, 24)), cwd: PathBuf::from("/lost"), ..shell("true") };
    assert_eq!(environment.spawn(&lost).unwrap_err().kind(), ErrorKind::NotFound);
    wait_until_alone(&environment, 0);
}

#[test]
fn a_program_under_a_terminal_leads_the_foreground_and_ends_as_itself() {
    let world = World::new();
    let environment = world.host();
    let under_terminal = |script: &str| {
        let spec = ProcessSpec { pty: Some((80, 24)), ..shell(script) };
        let mut process = environment.spawn(&spec).unwrap();
        (read_all(&mut process), wait(&process))
    };
    // Number, group and the terminal's foreground group are the same.
    let script = "read -r pid _ _ parent group _ _ foreground _ < /proc/self/stat; \
        test $pid = $group && test $group = $foreground && echo child of $parent";
    let expected = ("child of 1\r\n".to_owned(), Exit::Code(0));
    assert_eq!(under_terminal(script), expected);
    let killed = Exit::Signal { signal: 15, out_of_memory: false };
    assert_eq!(under_terminal("kill -TERM $$"), (String::new(), killed));
    assert_eq!(under_terminal("stty -echo; exit 7"), (String::new(), Exit::Code(7)));
}

/// Waits until so many processes are left besides PID 1 and the shell that counts them.
fn wait_until_alone(environment: &roundel_container::Environment, expected: usize) {
    let count = "for p in /proc/[0-9]*; do echo $p $(tr '\\0' ' ' 2>&1 < $p/cmdline); done";
    let mut seen = String::new();
    for _ in 0..400 {
        seen = output(environment, count);
        if seen.lines().count() == expected + 2 {
            break;
        }
        output(environment, "sleep 0.01");
    }
    assert_eq!(seen.lines().count(), expected + 2, "{seen}");
}

#[test]
fn orphans_are_reaped() {
    let world = World::new();
    let environment = world.host();
    output(&environment, "for i in 1 2 3; do (sleep 0 &) ; done; true");
    let count = "for s in /proc/[0-9]*/stat; do read -r _ _ state _ < $s && echo $state; done";
    let mut states = String::new();
    for _ in 0..200 {
        states = output(&environment, count);
        if !states.contains('Z') {
            return;
        }
    }
    panic!("PID 1 should have reaped them all: {states}");
}

#[test]
fn a_program_a_user_or_a_directory_that_does_not_exist_is_the_requests_fault() {
    let world = World::new();
    let environment = world.host();
    let cases = [
        (ProcessSpec { argv: vec!["no-such-program".to_owned()], ..shell("") }, "no-such-program"),
        (ProcessSpec { argv: vec!["/no/program".to_owned()], ..shell("") }, "/no/program"),
        (ProcessSpec { user: Some("no-such-user".to_owned()), ..shell("") }, "no-such-user"),
        (ProcessSpec { cwd: PathBuf::from("/no/directory"), ..shell("") }, "/no/directory"),
        (ProcessSpec { argv: Vec::new(), ..shell("") }, "has no program"),
    ];
    for (spec, named) in cases {
        let refused = environment.spawn(&spec).unwrap_err();
        assert!(refused.kind().is_request(), "{named}: {refused:?}");
        assert!(refused.to_string().contains(named), "{refused}");
    }
    assert_eq!(output(&environment, "echo fine"), "fine\n");
}

#[test]
fn a_large_environment_of_variables_arrives() {
    let world = World::new();
    let environment = world.host();
    let mut spec = shell("echo ${#LARGE}");
    spec.env.push(("LARGE".to_owned(), "x".repeat(100_000)));
    let mut process = environment.spawn(&spec).unwrap();
    assert_eq!(read_all(&mut process), "100000\n");
}

#[test]
fn nothing_of_the_owners_variables_is_visible() {
    let world = World::new();
    let environment = world.host();
    assert_eq!(
        output(&environment, "env | grep -v -e ^PATH= -e ^HOME= -e ^PWD= -e ^_= -e ^SHLVL=; true"),
        ""
    );
    let (text, _) = run(&environment, "cat /proc/1/environ");
    assert!(text.is_empty() || text.contains("denied"), "{text}");
}

#[test]
fn an_images_user_is_found_and_becomes_the_processes() {
    let world = World::new();
    let Some(image) = import(&world, &[]) else { return };
    let environment = world.start(&spec(Root::Layers(image.layers)));
    let alone = lacks(&environment, LimitationKind::SingleUser);
    let User { name, uid, gid, home, shell: login } = environment.user(Some("circleci")).unwrap();
    assert_eq!((name.as_str(), login.as_str()), ("circleci", "/bin/sh"));
    assert_eq!(home, Path::new("/home/circleci"));
    assert_eq!((uid, gid), if alone { (0, 0) } else { (3434, 3434) });
    let attributes = FileAttributes { uid, gid, mode: 0o755 };
    environment.make_dir(Path::new("/home/circleci/project"), attributes).unwrap();
    let spec = ProcessSpec {
        user: Some("circleci".to_owned()),
        cwd: PathBuf::from("/home/circleci/project"),
        ..shell("id -u; touch file && stat -c %u:%g:%a . file; cat /proc/self/status")
    };
    let mut process = environment.spawn(&spec).unwrap();
    let text = read_all(&mut process);
    let expected = format!("{uid}\n{uid}:{gid}:755\n{uid}:{gid}:644\n");
    assert!(text.starts_with(&expected), "{text}");
    assert!(alone || text.contains("CapEff:\t0000000000000000"), "{text}");
    let unknown = environment.user(Some("nobody-here")).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
}

#[test]
fn files_are_written_and_read_as_seen_from_inside() {
    let world = World::new();
    let environment = world.host();
    let path = Path::new("/tmp/a/b");
    environment.make_dir(path, FileAttributes::root(0o700)).unwrap();
    environment.write_file(&path.join("file"), b"bytes", FileAttributes::root(0o640)).unwrap();
    assert_eq!(output(&environment, "stat -c %a /tmp/a /tmp/a/b /tmp/a/b/file"), "755\n700\n640\n");
    assert_eq!(environment.read_file(&path.join("file"), 5).unwrap().unwrap(), b"bytes");
    let too_large = environment.read_file(&path.join("file"), 4).unwrap_err();
    assert_eq!(too_large.kind(), ErrorKind::InvalidRequest);
    assert_eq!(environment.read_file(&path.join("none"), 5).unwrap(), None);
    assert!(environment.exists(path).unwrap() && !environment.exists(&path.join("no")).unwrap());
    let large = vec![7; 3_000_000];
    environment.write_file(&path.join("large"), &large, FileAttributes::root(0o644)).unwrap();
    assert_eq!(environment.read_file(&path.join("large"), 3_000_000).unwrap().unwrap(), large);
    // Opening a pipe would block.
    output(&environment, "mkfifo /tmp/pipe");
    let pipe = Path::new("/tmp/pipe");
    let from_pipe = environment.read_file(pipe, 10).unwrap_err();
    assert_eq!(from_pipe.to_string(), "`/tmp/pipe` is not a regular file");
    let into_pipe = environment.write_file(pipe, b"x", FileAttributes::root(0o644)).unwrap_err();
    let reason = into_pipe.to_string();
    assert!(reason.starts_with("failed to write `/tmp/pipe`: No such device"), "{reason}");
}

#[test]
fn links_that_lead_to_the_host_lead_nowhere() {
    let world = World::new();
    let environment = world.host();
    let secret = world.directory.path().join("secret");
    std::fs::write(&secret, "host").unwrap();
    output(&environment, &format!("ln -s {} /tmp/link; ln -s / /tmp/up", secret.display()));
    assert_eq!(environment.read_file(Path::new("/tmp/link"), 100).unwrap(), None);
    let through = Path::new("/tmp/up/../../../..").join(secret.strip_prefix("/").unwrap());
    assert_eq!(environment.read_file(&through, 100).unwrap(), None);
}

#[test]
fn files_and_binds_of_the_spec_are_there_before_anything_runs() {
    let world = World::new();
    let shared = tempfile::tempdir().unwrap();
    std::fs::write(shared.path().join("from-host"), "hello").unwrap();
    std::fs::write(shared.path().join("single"), "file").unwrap();
    let mut spec = spec(Root::Host);
    spec.files = vec![
        file("/opt/tools/tool", 0o755, b"#!/bin/sh\necho tool\n"),
        file("/etc/empty", 0o600, b""),
    ];
    spec.binds = vec![
        bind(shared.path(), "/mnt/rw", false),
        bind(shared.path(), "/mnt/ro", true),
        bind(&shared.path().join("single"), "/run/deep/single", true),
    ];
    spec.hosts = vec!["db".to_owned()];
    let environment = world.start(&spec);
    assert_eq!(output(&environment, "/opt/tools/tool; stat -c %a /etc/empty"), "tool\n600\n");
    assert_eq!(output(&environment, "cat /mnt/ro/from-host /run/deep/single"), "hellofile");
    output(&environment, "echo inside > /mnt/rw/from-inside");
    let (text, exit) = run(&environment, "echo no > /mnt/ro/from-inside");
    assert!(exit != Exit::Code(0) && text.contains("Read-only"), "{text}");
    assert_eq!(
        std::fs::read_to_string(shared.path().join("from-inside")).unwrap(),
        "inside\n",
        "what is written to a bind is the host's"
    );
    assert_eq!(output(&environment, "getent hosts db | cut -d' ' -f1"), "127.0.0.1\n");
    assert_eq!(output(&environment, "cat /etc/hostname; uname -n"), "inside\ninside\n");
}

#[test]
fn an_invalid_spec_is_refused_with_the_reason() {
    let world = World::new();
    let mut wrong_name = spec(Root::Host);
    wrong_name.name = "../escape".to_owned();
    let mut wrong_host = spec(Root::Host);
    wrong_host.hosts = vec!["a\n1.2.3.4 github.com".to_owned()];
    let mut no_source = spec(Root::Host);
    no_source.binds = vec![bind(Path::new("/no/such/source"), "/mnt/x", true)];
    let no_layer = spec(Root::Layers(vec![PathBuf::from("/no/such/layer")]));
    for spec in [wrong_name, wrong_host, no_source, no_layer] {
        let refused = world.runtime.start(&spec);
        assert!(refused.as_ref().is_err_and(|error| error.kind().is_request()), "{refused:?}");
    }
}

#[test]
fn a_host_side_listener_reaches_processes_inside() {
    let world = World::new();
    let environment = world.host();
    let listener = environment.listen(0).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo question >&3; cat <&3");
    let mut spec = shell(&script);
    spec.argv[0] = "/bin/bash".to_owned();
    let mut process = environment.spawn(&spec).unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    let mut question = [0; 9];
    std::io::Read::read_exact(&mut connection, &mut question).unwrap();
    assert_eq!(&question, b"question\n");
    std::io::Write::write_all(&mut connection, b"answer").unwrap();
    drop(connection);
    assert_eq!(read_all(&mut process), "answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn environments_start_from_many_threads_at_once() {
    let world = std::sync::Arc::new(World::new());
    let starts: Vec<_> = (0..16)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::task::spawn_blocking(move || {
                let environment = world.host();
                output(&environment, "echo hi")
            })
        })
        .collect();
    for start in starts {
        assert_eq!(start.await.unwrap(), "hi\n");
    }
}
