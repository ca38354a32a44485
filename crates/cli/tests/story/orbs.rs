//! The story of an orb: published to a server, found there, and refused where it would break
//! another's build.

use std::{
    fs,
    process::{Command, Output, Stdio},
};

use crate::installation::{Installation, binary};

const ORB: &str = "version: 2.1
description: Tools of the installation.
commands:
  greet:
    description: Says hello.
    parameters:
      who: { type: string, default: world }
      loud: { type: boolean, default: false }
    steps:
      - run: echo << parameters.who >>
";

fn orb(installation: &Installation, arguments: &[&str], over: &[(&str, &str)]) -> Output {
    let file = installation.directory.path().join("orb.yml");
    if !file.exists() {
        fs::write(&file, ORB).unwrap();
    }
    let mut command = Command::new(binary());
    command
        .arg("orb")
        .args(arguments)
        .current_dir(installation.directory.path())
        .stdin(Stdio::null());
    for name in ["ROUNDEL_SERVER", "ROUNDEL_ADMIN_TOKEN", "ROUNDEL_DATA"] {
        command.env_remove(name);
    }
    command.envs(over.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orb_is_published_listed_and_described_on_both_ways() {
    let installation = Installation::build().await;
    let data = installation.data().display().to_string();
    let token = fs::read_to_string(installation.data().join("admin.token")).unwrap();
    let on_disk = [("ROUNDEL_DATA", data.as_str())];
    let over_http =
        [("ROUNDEL_SERVER", installation.url.as_str()), ("ROUNDEL_ADMIN_TOKEN", token.trim())];
    let ways: [&[(&str, &str)]; 2] = [&on_disk, &over_http];
    for way in ways {
        let none = said(&orb(&installation, &["list"], way));
        assert!(none.starts_with("No orbs are published."), "the administrator sees all: {none}");
    }
    for (way, version) in ways.into_iter().zip(["1.0.0", "1.1.0"]) {
        let name = format!("house/tools@{version}");
        let published =
            orb(&installation, &["publish", "orb.yml", &name, "--visibility", "instance"], way);
        assert!(published.status.success(), "{}", said(&published));
        assert!(said(&published).contains(&format!("{name} is published")));
        let again = orb(&installation, &["publish", "orb.yml", &name, "--json"], way);
        assert!(said(&again).contains("\"outcome\": \"same\""), "{}", said(&again));
    }
    for way in ways {
        let list = said(&orb(&installation, &["list"], way));
        assert!(list.contains("house/tools  1.1.0   2         all projects here"), "{list}");
        let info = said(&orb(&installation, &["info", "house/tools@1.0"], way));
        for part in [
            "house/tools@1.0.0",
            "Tools of the installation.",
            "tools: house/tools@1.0.0",
            "tools/greet",
            "who: string = world",
            "loud: boolean = false",
            "1.1.0, 1.0.0",
        ] {
            assert!(info.contains(part), "{part} is not in\n{info}");
        }
        let json = said(&orb(&installation, &["info", "house/tools", "--json"], way));
        assert!(json.contains("\"version\": \"1.1.0\"") && json.contains("\"type\": \"boolean\""));
        let missing = orb(&installation, &["info", "house/tools@7"], way);
        assert_eq!(missing.status.code(), Some(1));
        assert!(said(&missing).contains("it has 1.1.0, 1.0.0"), "{}", said(&missing));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_break_a_build_is_not_published() {
    let installation = Installation::build().await;
    let data = installation.data().display().to_string();
    let token = fs::read_to_string(installation.data().join("admin.token")).unwrap();
    let on_disk = [("ROUNDEL_DATA", data.as_str())];
    let over_http =
        [("ROUNDEL_SERVER", installation.url.as_str()), ("ROUNDEL_ADMIN_TOKEN", token.trim())];
    let first = orb(
        &installation,
        &["publish", "orb.yml", "house/tools@1.0.0", "--visibility", "instance"],
        &on_disk,
    );
    assert!(first.status.success(), "{}", said(&first));
    let directory = installation.directory.path();
    fs::write(directory.join("other.yml"), format!("{ORB}# changed\n")).unwrap();
    fs::write(
        directory.join("bad.yml"),
        "version: 2\ncommands:\n  greet:\n    steps:\n      - run: echo hello\n",
    )
    .unwrap();
    let ways: [&[(&str, &str)]; 2] = [&on_disk, &over_http];
    for way in ways {
        for (file, name, expected) in [
            ("other.yml", "house/tools@1.0.0", "never changes"),
            ("bad.yml", "house/tools@1.1.0", "\nerror: `house/tools@1.1.0` has 1 error"),
            ("orb.yml", "house/tools@1", "is not one version"),
            ("orb.yml", "other/tools@1.0.0", "error: the namespace `other` has no owner"),
        ] {
            let refused = orb(&installation, &["publish", file, name], way);
            assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
            assert!(said(&refused).contains(expected), "{name}: {}", said(&refused));
        }
    }
    let missing = orb(&installation, &["publish", "no.yml", "house/tools@1.1.0"], &on_disk);
    assert_eq!(missing.status.code(), Some(2));
    assert_eq!(said(&missing), "error: there is no file `no.yml`\n");
    let stranger = [("ROUNDEL_SERVER", installation.url.as_str())];
    let refused = orb(&installation, &["publish", "orb.yml", "house/tools@1.1.0"], &stranger);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("`--admin-token-file`"), "{}", said(&refused));
    let nowhere = orb(&installation, &["list"], &[]);
    assert_eq!(nowhere.status.code(), Some(3));
    assert!(said(&nowhere).contains("--data"), "{}", said(&nowhere));
}
