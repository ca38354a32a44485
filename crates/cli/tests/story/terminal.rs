//! What people see in a terminal when something is in the way: the message, the exit code, how soon.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use roundel_model::limits::CLAIM_WAIT;
use tempfile::TempDir;

use crate::house::{House, binary};

/// Nothing that ends at once takes longer, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A program with nothing of ours in its environment.
fn roundel(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROUNDEL_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a command that must end by itself, soon.
fn run(mut command: Command) -> (Option<i32>, String) {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > AT_ONCE {
            stop(&mut child);
            assert!(began.elapsed() < AT_ONCE, "it did not end by itself: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output))
}

fn text(output: &Output) -> String {
    let bytes = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

fn stop(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("terminal-").tempdir().unwrap()
}

/// The pool would try for half a minute and then say that its time is over.
#[test]
fn a_database_that_cannot_be_reached_is_reported_at_once_with_its_address() {
    let folder = folder();
    let (database, listen) = (free_address(), free_address());
    let url = format!("postgres://roundel:hunter2@{database}/roundel");
    let mut command = roundel(folder.path(), &["serve", "--listen", &listen, "--slots", "0"]);
    command.env("ROUNDEL_DATABASE_URL", &url);
    let (code, text) = run(command);
    assert_eq!(code, Some(3), "{text}");
    let wanted = format!("cannot connect to PostgreSQL at {database}: connection refused");
    assert!(text.contains(&wanted), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_port_that_is_taken_is_reported_with_the_process_that_has_it() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let (code, text) = run(roundel(folder.path(), &["serve", "--listen", &listen, "--slots", "0"]));
    assert_eq!(code, Some(3), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let process = format!("(process {}) listens there already", std::process::id());
    assert!(words.contains(&listen) && words.contains(&process), "{text}");
}

#[test]
fn values_that_cannot_work_are_refused_before_anything_starts() {
    let folder = folder();
    fs::write(
        folder.path().join("mail.toml"),
        "[mail]\nsmtp_url = \"bogus\"\nfrom = \"a@b.org\"\n",
    )
    .unwrap();
    for (arguments, variable, words) in [
        (&["serve", "--public-url", "ftp://x"][..], None, &["--public-url", "http(s)"][..]),
        (&["serve", "--config", "mail.toml"], None, &["mail.smtp_url", "mail.toml:2"]),
        (&["serve"], Some(("ROUNDEL_LISTEN", "zzz")), &["`ROUNDEL_LISTEN`"]),
        (&["runner", "--server", "http://x", "--slots", "0"], None, &["runner.slots"]),
    ] {
        let mut command = roundel(folder.path(), arguments);
        command.envs(variable);
        let (code, text) = run(command);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{word} is missing: {text}");
        }
    }
    assert!(!folder.path().join("roundel-data/roundel.db").exists(), "nothing was started");
}

/// A runner whose token is wrong can never claim anything: it ends instead of trying for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_token_is_rejected_ends_with_three() {
    let house = House::build().await;
    let folder = folder();
    fs::write(folder.path().join("token"), "x".repeat(64)).unwrap();
    let server = house.url.to_string();
    let arguments = ["runner", "--server", &server, "--token-file", "token", "--data", "runner"];
    let command = roundel(folder.path(), &arguments);
    let (code, text) = tokio::task::spawn_blocking(|| run(command)).await.unwrap();
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("runner token rejected by http://127.0.0.1:"), "{text}");
    assert!(text.contains("runner.token"), "it says where the right one is: {text}");
}

/// A server that is down comes back: the runner says that it waits, and for what.
#[test]
fn a_runner_waits_for_a_server_that_is_down_and_says_so() {
    let folder = folder();
    fs::write(folder.path().join("token"), "x".repeat(64)).unwrap();
    let server = format!("http://{}", free_address());
    let arguments = ["runner", "--server", &server, "--token-file", "token", "--data", "runner"];
    let log = folder.path().join("log");
    let mut command = roundel(folder.path(), &arguments);
    command.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap());
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let found = loop {
        let text = fs::read_to_string(&log).unwrap();
        if text.contains("cannot reach the server") || began.elapsed() > CLAIM_WAIT + AT_ONCE {
            break text;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let ended = child.try_wait().unwrap();
    stop(&mut child);
    assert!(found.contains("cannot reach the server") && found.contains("retrying in"), "{found}");
    assert_eq!(ended, None, "it goes on");
}

/// Colours are for terminals; widths are kept; exit codes mean what the help says.
#[test]
fn output_fits_narrow_terminals_and_pipes() {
    let folder = folder();
    let narrow = |arguments: &[&str]| {
        let mut command = roundel(folder.path(), arguments);
        command.env("COLUMNS", "60");
        let (_, text) = run(command);
        assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text}");
        text
    };
    let text = narrow(&["config", "code", "unsupported-step"]);
    let (prose, _) = text.split_once("Wrong").unwrap();
    assert!(prose.lines().all(|line| line.chars().count() <= 60), "{prose}");
    let list = narrow(&["config", "code"]);
    assert!(list.lines().all(|line| line.chars().count() <= 60), "{list}");
    fs::create_dir_all(folder.path().join(".circleci")).unwrap();
    let config = "version: 2.1\njobs: {build: {machine: {image: 'ubuntu-2404:current'}, steps: \
                  [run: 'echo $SOME_VARIABLE $ANOTHER_VARIABLE $A_THIRD_VARIABLE']}}\n\
                  workflows: {main: {jobs: [build: {context: deploy}]}}\n";
    fs::write(folder.path().join(".circleci/config.yml"), config).unwrap();
    for command in ["migrate-check", "validate"] {
        let text = narrow(&["config", command]);
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.contains("context"), "{text}");
    }
    let doctor = narrow(&["doctor"]);
    assert!(doctor.lines().all(|line| line.chars().count() <= 60), "{doctor}");
    let kinds: Vec<&str> = doctor.lines().filter(|line| !line.starts_with(' ')).collect();
    let mut once = kinds.clone();
    once.dedup();
    assert_eq!(kinds, once, "nothing is said twice");
}
