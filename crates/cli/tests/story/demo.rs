//! The first thing that a newcomer types.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use crate::installation::binary;

fn demo(arguments: &[&str], data: Option<&Path>) -> Output {
    let mut command = Command::new(binary());
    command.args(["demo", "--once", "--port", "0"]).args(arguments);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    command.output().unwrap()
}

/// The README's promise: one command, both forges green, every phase with its time.
#[test]
fn the_demo_turns_both_forges_green() {
    let output = demo(&[], None);
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    for phase in [
        "push accepted",
        "delivery stored",
        "pipeline compiled",
        "job claimed",
        "environment ready",
        "first output",
        "last job finished",
        "commit status green",
    ] {
        assert_eq!(text.matches(phase).count(), 2, "`{phase}` once for each forge in:\n{text}");
    }
    assert!(text.contains("email to visitor@example.org: [acme/greet]"), "{text}");
    assert!(text.contains("email to visitor@example.org: [acme/count]"), "{text}");
    let development = text.lines().nth(1).unwrap().contains("development build");
    assert_eq!(development, cfg!(debug_assertions), "{text}");
}

/// `--data` is where everything is kept: a second start finds its keys, addresses and projects.
#[test]
fn a_demo_that_is_kept_starts_again_and_continues() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let first = demo(&[], Some(&data));
    let text = String::from_utf8_lossy(&first.stdout);
    assert!(first.status.success(), "{text}\n{}", String::from_utf8_lossy(&first.stderr));
    for key in ["deploy key", "access key"] {
        let line = format!("is set up: {key}, webhook, first pipeline");
        assert_eq!(text.matches(&line).count(), 1, "{line}: {text}");
    }
    let second = demo(&[], Some(&data));
    let text = String::from_utf8_lossy(&second.stdout);
    assert!(second.status.success(), "{text}\n{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(text.matches("is set up already").count(), 2, "{text}");
    assert_eq!(text.matches("commit status green").count(), 2, "{text}");
    // The setup and the first push were 1 and 2.
    assert!(text.contains("acme/greet  #3 ") && text.contains("acme/count  #3 "), "{text}");
    // A new key would be taken for the right one from then on.
    let key = data.join("instance.key");
    std::fs::remove_file(&key).unwrap();
    let third = demo(&[], Some(&data));
    let text = String::from_utf8_lossy(&third.stderr);
    assert!(!third.status.success() && text.contains("cannot be decrypted without it"), "{text}");
    assert!(!key.exists());
}

/// A script must not read green out of an exit that came before any push.
#[test]
fn a_demo_once_whose_reader_goes_away_does_not_end_as_green() {
    let mut child = Command::new(binary())
        .args(["demo", "--once", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), errors.as_ref()), (Some(1), ""));
}

/// `roundel demo | head -1` ends, quietly, without a Ctrl-C.
#[test]
fn a_demo_whose_reader_goes_away_ends_quietly() {
    let mut child = Command::new(binary())
        .args(["demo", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "Roundel demo\n");
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), errors.as_ref()), (Some(0), ""));
}

/// Starts a demo, reads some of its lines, sends it signals with a pause after each, and returns all that it
/// printed. It must leave no temporary files.
fn interrupted(arguments: &[&str], lines: usize, signals: &[&str], pause: Duration) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let mut child = Command::new(binary())
        .args(["demo", "--port", "0"])
        .args(arguments)
        .env("TMPDIR", scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    for _ in 0..lines {
        output.read_line(&mut text).unwrap();
    }
    let pid = child.id().to_string();
    for signal in signals {
        assert!(Command::new("kill").args([signal, pid.as_str()]).status().unwrap().success());
        std::thread::sleep(pause);
    }
    output.read_to_string(&mut text).unwrap();
    let ended = child.wait_with_output().unwrap();
    text.push_str(&String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(1), "{text}");
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}: {text}");
    text
}

/// Ctrl-C at any time, or a terminal that is closed: before everything is up, while the commits are on
/// their way.
#[test]
fn a_demo_that_is_interrupted_says_so_and_leaves_nothing_behind() {
    for (arguments, lines, signal) in [
        (&["--once"][..], 1, "-INT"),
        (&[], 1, "-HUP"),
        (&["--once"], 4, "-TERM"),
        (&[], 5, "-INT"),
    ] {
        let text = interrupted(arguments, lines, &[signal], Duration::ZERO);
        assert!(text.contains("\nStopping. Temporary files are removed.\n"), "{text}");
    }
}

/// The second Ctrl-C ends the demo while its server still writes: the pauses vary how far it is by then.
#[test]
fn a_demo_that_is_interrupted_twice_leaves_nothing_behind() {
    for pause in [5, 20, 60] {
        interrupted(&[], 4, &["-INT", "-INT"], Duration::from_millis(pause));
    }
}

/// `--data` needs no other directory.
#[test]
fn a_demo_that_is_kept_makes_no_temporary_directory() {
    let (data, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut child = Command::new(binary())
        .args(["demo", "--port", "0", "--data"])
        .arg(data.path().join("demo"))
        .env("TMPDIR", scratch.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    output.read_line(&mut text).unwrap();
    let made: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().flatten().collect();
    let of_demo = |entry: &std::fs::DirEntry| {
        entry.file_name().to_string_lossy().starts_with("roundel-demo-")
    };
    assert!(!made.iter().any(of_demo), "{made:?}");
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    output.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
}

/// Wrong usage and an internal error have different exit codes.
#[test]
fn wrong_usage_ends_with_two_and_a_broken_config_with_one() {
    let wrong = Command::new(binary()).args(["demo", "--twice"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yml");
    std::fs::write(&path, "version: 2.1\njobs:\n  steps:\n    - checkout\n").unwrap();
    let broken = Command::new(binary()).args(["config", "validate"]).arg(&path).output().unwrap();
    let text = String::from_utf8_lossy(&broken.stdout);
    assert_eq!(broken.status.code(), Some(1), "{text}");
    assert!(text.contains("config.yml:3:"), "the place is named: {text}");
}
