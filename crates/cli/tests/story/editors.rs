//! The language server in a real editor, and how the program ends.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

const CONFIG: &str = "version: 2.1
orbs:
  node: acme/node@1
jobs:
  build:
    docker:
      - image: cimg/base:2024.01
    stpes:
      - node/install: { directory: web }
workflows:
  main:
    jobs: [build]
";

const ORB: &str = "version: 2.1
commands:
  install:
    description: Installs packages
    parameters:
      directory: { type: string }
    steps:
      - run: cd << parameters.directory >> && npm ci
";

/// An editor is where people meet the server, so a real one has the last word.
#[test]
fn neovim_shows_what_is_wrong_and_leads_into_an_orb() {
    let has_neovim = Command::new("nvim").arg("--version").stdout(Stdio::null()).status();
    if !has_neovim.is_ok_and(|status| status.success()) {
        roundel_testkit::skip::notice(
            "neovim_shows_what_is_wrong_and_leads_into_an_orb",
            "there is no nvim; the package neovim has it",
        );
        return;
    }
    let repository = tempfile::tempdir().unwrap();
    let config = repository.path().join(".circleci/config.yml");
    let orb = repository.path().join("orbs/acme/node/1.2.3.yml");
    for (path, text) in [(&config, CONFIG), (&orb, ORB)] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/story/editors.lua");
    let output = Command::new("timeout")
        .args(["240", "nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {script}"))
        .env("HOME", repository.path())
        .env("XDG_CACHE_HOME", repository.path().join("cache"))
        .env("ROUNDEL", env!("CARGO_BIN_EXE_roundel"))
        .env("CONFIG", &config)
        .env("REPOSITORY", repository.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let said = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines
            .filter(|(known, _)| *known == name)
            .map(|(_, text)| text.to_owned())
            .collect::<Vec<_>>()
    };
    let shown = || format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let wrong = said("diagnostic");
    assert!(
        wrong
            .iter()
            .any(|found| found.starts_with("8:5 ") && found.contains("did you mean `steps`?")),
        "{}",
        shown()
    );
    assert!(said("hover")[0].contains("The containers to run in."), "{}", shown());
    for wanted in ["checkout", "run", "node/install"] {
        assert!(said("completion")[0].split(' ').any(|label| label == wanted), "{}", shown());
    }
    assert_eq!(said("definition"), ["  install:"], "{}", shown());
    assert_eq!(said("symbols"), ["version orbs jobs workflows"]);
    assert_eq!(said("fixed"), ["0"], "{}", shown());
    assert!(output.status.success(), "{}", shown());
}

/// Editors look at the exit code to decide whether the server crashed.
#[test]
fn the_language_server_ends_as_the_protocol_says() {
    let talk = |messages: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roundel"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        for message in messages {
            write!(input, "Content-Length: {}\r\n\r\n{message}", message.len()).unwrap();
        }
        drop(input);
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
    let shutdown = r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#;
    let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
    let (code, said) = talk(&[hello, shutdown, exit]);
    assert_eq!(code, Some(0));
    assert!(said.contains("\"serverInfo\":{\"name\":\"roundel\""), "{said}");
    assert!(said.ends_with(r#"{"jsonrpc":"2.0","id":2,"result":null}"#), "{said}");
    assert_eq!(talk(&[hello, exit]).0, Some(1));
    assert_eq!(talk(&[hello]).0, Some(1), "the editor went away");
}
