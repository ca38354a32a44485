//! Our keys, judged by the real `ssh-keygen`.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    process::Command,
};

use super::*;

fn ssh_keygen(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("ssh-keygen").args(arguments).arg(file).output();
    let output = output.expect("tests of keys need `ssh-keygen` (Debian: openssh-client)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn private_file(directory: &Path, key: &KeyPair) -> std::path::PathBuf {
    use std::io::Write;
    let path = directory.join("key");
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    file.write_all(key.private.expose().as_bytes()).unwrap();
    path
}

#[test]
fn ssh_keygen_reads_our_private_key_and_finds_the_same_public_half() {
    let directory = tempfile::tempdir().unwrap();
    let key = generate("Roundel ci.example.org gh/acme/web").unwrap();
    let path = private_file(directory.path(), &key);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(ssh_keygen(&["-y", "-P", "", "-f"], &path), key.public);
    assert!(key.public.ends_with(" Roundel ci.example.org gh/acme/web"));
}

#[test]
fn our_fingerprints_are_those_of_ssh_keygen() {
    let directory = tempfile::tempdir().unwrap();
    let key = generate("somebody@somewhere").unwrap();
    let path = directory.path().join("key.pub");
    fs::write(&path, &key.public).unwrap();
    assert_eq!(
        ssh_keygen(&["-l", "-f"], &path),
        format!("256 {} somebody@somewhere (ED25519)", key.fingerprint)
    );
}

#[test]
fn no_two_keys_are_alike() {
    let (one, two) = (generate("a").unwrap(), generate("a").unwrap());
    assert_ne!(one.public, two.public);
    assert!(!is_same_key(&one.public, &two.public));
}

#[test]
fn a_comment_cannot_add_a_second_line() {
    let key = generate("a\nssh-ed25519 AAAA evil").unwrap();
    assert_eq!(key.public.lines().count(), 1);
}

#[test]
fn the_comment_does_not_make_another_key() {
    let key = generate("with a comment").unwrap();
    let bare: Vec<&str> = key.public.splitn(3, ' ').take(2).collect();
    assert!(is_same_key(&key.public, &bare.join(" ")));
    assert!(!is_same_key("", ""));
}

#[test]
fn a_private_key_is_not_printed() {
    let key = generate("a").unwrap();
    let printed = format!("{key:?} {key:#?}");
    let lines: Vec<&str> = key.private.expose().lines().collect();
    assert!(lines.len() > 4, "an envelope with a body");
    for line in lines {
        assert!(!printed.contains(line), "{printed}");
    }
}
