//! The same tests again, as users without privileges: with subordinate ids, and without.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::world::{helper_program, is_root, program, skip};

/// The user that the tests make when they run as root.
const USER: &str = "roundel-test";

/// Tests that must hold for every user.
const FOR_ALL_USERS: [&str; 7] =
    ["network::", "processes::", "escapes::", "leaks::", "limits::", "image_files::", "setuid::"];

#[test]
fn everything_holds_for_a_user_with_subordinate_ids() {
    if program("newuidmap").is_none() {
        skip("the package uidmap is not installed");
        return;
    }
    again("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
}

#[test]
fn everything_holds_for_a_user_alone() {
    let directory = tempfile::tempdir().unwrap();
    // Every program but the ones that map ids.
    for place in ["/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
        for entry in fs::read_dir(place).unwrap().flatten() {
            let name = entry.file_name();
            if name != "newuidmap" && name != "newgidmap" {
                let _twice = std::os::unix::fs::symlink(entry.path(), directory.path().join(name));
            }
        }
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    again(&directory.path().to_string_lossy());
}

/// Runs the tests again as the user, with a `PATH`.
fn again(path: &str) {
    if !is_root() {
        skip("only root can become another user");
        return;
    }
    if program("setpriv").is_none() || !user_exists() {
        skip(&format!("the user {USER} could not be made"));
        return;
    }
    let place = tempfile::Builder::new().prefix("user").tempdir().unwrap();
    let public = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path(), public.clone()).unwrap();
    let (tests, helper) = (place.path().join("tests"), place.path().join("boot"));
    fs::copy(std::env::current_exe().unwrap(), &tests).unwrap();
    fs::copy(helper_program(), &helper).unwrap();
    let home = place.path().join("home");
    fs::create_dir(&home).unwrap();
    own(&home);
    for path in [&tests, &helper] {
        fs::set_permissions(path, public.clone()).unwrap();
    }
    let output = Command::new(program("setpriv").unwrap())
        .args(["--reuid", USER, "--regid", USER, "--init-groups"])
        .arg(&tests)
        .args(FOR_ALL_USERS)
        .args(["--test-threads=2"])
        .env("PATH", path)
        .env("TMPDIR", &home)
        .env("HOME", &home)
        .env_remove("NEXTEST")
        .env("ROUNDEL_TEST_BOOT", &helper)
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    for line in errors.lines().filter(|line| line.starts_with("SKIPPED")) {
        eprintln!("{line} (as {USER})");
    }
    assert!(output.status.success(), "as {USER}:\n{said}\n{errors}");
    assert!(said.contains("test result: ok"), "{said}");
}

fn user_exists() -> bool {
    let known = || fs::read_to_string("/etc/passwd").unwrap().contains(&format!("\n{USER}:"));
    if known() {
        return true;
    }
    let made = Command::new("useradd")
        .args(["--no-create-home", "--shell", "/usr/sbin/nologin", USER])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .status();
    made.is_ok_and(|status| status.success()) && known()
}

fn own(path: &Path) {
    let user = nix::unistd::User::from_name(USER).unwrap().unwrap();
    nix::unistd::chown(path, Some(user.uid), Some(user.gid)).unwrap();
}
