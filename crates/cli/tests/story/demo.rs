//! The first thing that a newcomer types.

use std::process::Command;

use crate::house::binary;

/// The README's promise: one command, both forges green, every phase with its time.
#[test]
fn the_demo_turns_both_forges_green() {
    let output = Command::new(binary()).args(["demo", "--once", "--port", "0"]).output().unwrap();
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
        "commit marked green",
    ] {
        assert_eq!(text.matches(phase).count(), 2, "`{phase}` once for each forge in:\n{text}");
    }
    assert!(text.contains("mail to visitor@example.org: [acme/greet]"), "{text}");
    assert!(text.contains("mail to visitor@example.org: [acme/count]"), "{text}");
}

/// Wrong usage is told apart from our own trouble by the exit code.
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
