//! The language server in a real editor, and how the program ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::{Value, json};

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

/// A language server, as an editor starts it.
fn language_server() -> (Child, ChildStdin) {
    language_server_in(&std::env::temp_dir())
}

/// The same, with a temporary directory of its own.
fn language_server_in(temporary: &Path) -> (Child, ChildStdin) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roundel"))
        .args(["lsp", "--stdio"])
        .env("TMPDIR", temporary)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    (child, input)
}

fn send(input: &mut ChildStdin, message: &str) {
    write!(input, "Content-Length: {}\r\n\r\n{message}", message.len()).unwrap();
}

/// Editors look at the exit code to decide whether the server crashed.
#[test]
fn the_language_server_ends_as_the_protocol_says() {
    let talk = |messages: &[&str]| {
        let (child, mut input) = language_server();
        for message in messages {
            send(&mut input, message);
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

/// Sources for the editor are in a temporary directory, which nothing else removes.
#[test]
fn the_language_server_leaves_nothing_behind_when_it_is_ended_by_a_signal() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, mut input) = language_server_in(folder.path());
        for message in [
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {
                "textDocument": { "publishDiagnostics": { "codeDescriptionSupport": true } },
            } } }),
            json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": {
                "uri": "file:///acme/.circleci/config.yml", "languageId": "yaml", "version": 1,
                "text": "version: 2.1\njobs: []\n",
            } } }),
        ] {
            send(&mut input, &message.to_string());
        }
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains("publishDiagnostics") {
            assert!(output.read_until(b'}', &mut said).unwrap() > 0, "the server ended");
        }
        let count = || fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count(), 1, "the page of the diagnostic");
        let killed = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        output.read_to_end(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "the editor did not ask for it");
        assert_eq!(count(), 0, "SIG{signal}");
    }
}

/// The same file has the same diagnostics in an editor and on the command line, whatever it takes from
/// the pipeline.
#[test]
fn the_language_server_and_validate_compile_with_the_same_pipeline_values() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let status =
            Command::new("git").arg("-C").arg(folder.path()).args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    git(&["init", "-q", "-b", "topic"]);
    git(&["remote", "add", "origin", "git@bitbucket.org:acme/widget.git"]);
    let file = folder.path().join(".circleci/config.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = "version: 2.1\ncommands:\n  tell:\n    parameters:\n      forge: { type: enum, enum: \
                [bitbucket] }\n      number: { type: integer }\n      branch: { type: enum, enum: [main] \
                }\n    steps:\n      - run: echo << parameters.forge >> << parameters.number >> << \
                parameters.branch >>\njobs:\n  build:\n    docker: [{ image: x:1 }]\n    steps:\n      - \
                tell: { forge: << pipeline.project.type >>, number: << pipeline.number >>, branch: << \
                pipeline.git.branch >> }\nworkflows: { main: { jobs: [build] } }\n";
    fs::write(&file, text).unwrap();

    let mut validate = Command::new(env!("CARGO_BIN_EXE_roundel"));
    let output = validate.args(["config", "validate", "--json"]).arg(&file).output().unwrap();
    let validated: Value = serde_json::from_slice(&output.stdout).unwrap();

    let (mut child, mut input) = language_server();
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }),
        json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": {
            "uri": format!("file://{}", file.display()), "languageId": "yaml", "version": 1, "text": text,
        } } }),
    ] {
        send(&mut input, &message.to_string());
    }
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let edited = loop {
        let mut length = String::new();
        assert!(output.read_line(&mut length).unwrap() > 0, "the server ended");
        let Some(length) = length.trim().strip_prefix("Content-Length: ") else { continue };
        let mut message = vec![0; length.parse::<usize>().unwrap() + 2];
        output.read_exact(&mut message).unwrap();
        let message: Value = serde_json::from_slice(&message).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            break message["params"]["diagnostics"].clone();
        }
    };
    drop(input);
    child.wait().unwrap();

    let lines = |found: &Value, line: &dyn Fn(&Value) -> u64| -> Vec<(u64, String)> {
        let found = found.as_array().unwrap().iter();
        found.map(|one| (line(one), one["code"].as_str().unwrap().to_owned())).collect()
    };
    let edited = lines(&edited, &|one| one["range"]["start"]["line"].as_u64().unwrap() + 1);
    let validated =
        lines(&validated["files"][0]["diagnostics"], &|one| one["line"].as_u64().unwrap());
    assert_eq!(edited, validated);
    assert_eq!(edited.len(), 1, "the branch alone is wrong: {edited:?}");
}
