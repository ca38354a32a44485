//! What people see in a terminal when something is in the way: the message, the exit code, how soon.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use roundel_model::limits::CLAIM_WAIT;
use tempfile::TempDir;

use crate::installation::{Installation, binary};

/// Nothing that ends at once takes longer, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A program without our variables in its environment.
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

/// Waits until a server answers. It listens before it has opened its database.
fn wait_until_up(server: &mut Child, address: &str) {
    let began = Instant::now();
    let is_up = || {
        let mut stream = TcpStream::connect(address).ok()?;
        let head = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    };
    while is_up().is_none() {
        assert_eq!(server.try_wait().unwrap(), None, "the server at {address} has ended");
        if began.elapsed() > AT_ONCE {
            stop(server);
        }
        assert!(began.elapsed() < AT_ONCE, "the server at {address} did not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
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
    let process = format!("(process {}) is already listening there", std::process::id());
    assert!(words.contains(&listen) && words.contains(&process), "{text}");
}

/// Two servers on one database would hand out each job twice.
#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_file_of_a_killed_one_stops_none() {
    let folder = folder();
    let (one, other) = (free_address(), free_address());
    let mut first = roundel(folder.path(), &["serve", "--listen", &one, "--slots", "0"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until_up(&mut first, &one);
    let database = folder.path().join("roundel-data/roundel.db");
    let same = format!("sqlite:{}", database.display());
    for arguments in [
        &["serve", "--listen", &other, "--slots", "0"][..],
        &["serve", "--listen", &one, "--slots", "0"],
        &["serve", "--listen", &other, "--slots", "0", "--data", "d", "--database-url", &same],
    ] {
        let (code, text) = run(roundel(folder.path(), arguments));
        assert!(code.is_some_and(|code| code != 0), "{arguments:?}: {text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let process = format!("in use by another server (process {})", first.id());
        assert!(words.contains(&process) && words.contains("`--data`"), "{arguments:?}: {text}");
    }
    let (code, text) = run(roundel(folder.path(), &["demo", "--once", "--data", "roundel-data"]));
    assert!(
        code == Some(2) && text.contains("is not empty, and not the directory of a demo"),
        "{text}"
    );
    assert!(!folder.path().join("roundel-data/ports.json").exists(), "nothing was written");
    stop(&mut first);
    assert!(database.with_extension("db.lock").exists(), "it was left behind");
    let mut next = roundel(folder.path(), &["serve", "--listen", &other, "--slots", "0"]);
    let mut next = next.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until_up(&mut next, &other);
    stop(&mut next);
}

/// A script that stores the help would store nothing, and not notice.
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in [&["--help"][..], &["--version"], &["config", "validate", "--help"]] {
        let mut command = roundel(Path::new("/"), arguments);
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains("failed to write to standard output"), "{}", text(&output));
    }
}

/// A misspelled path must not become an empty database, nor leave directories behind.
#[test]
fn a_database_in_a_directory_that_does_not_exist_is_refused() {
    let folder = folder();
    let missing = folder.path().join("nope");
    let url = format!("sqlite:{}", missing.join("dir/x.db").display());
    let listen = free_address();
    let arguments = ["serve", "--listen", &listen, "--slots", "0", "--database-url", &url];
    let (code, text) = run(roundel(folder.path(), &arguments));
    assert_eq!(code, Some(3), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("nope/dir` of the database") && words.contains("does not exist"),
        "{text}"
    );
    assert!(!missing.exists());
}

#[test]
fn a_key_that_belongs_to_another_database_is_reported_with_where_it_was_read_from() {
    let folder = folder();
    let listen = free_address();
    let arguments = ["serve", "--listen", &listen, "--slots", "0"];
    let mut first = roundel(folder.path(), &arguments);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until_up(&mut first, &listen);
    stop(&mut first);
    let key = folder.path().join("roundel-data/instance.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, "ab".repeat(32)).unwrap();
    let refused = |parts: &[&str]| {
        let (code, text) = run(roundel(folder.path(), &arguments));
        assert_eq!(code, Some(3), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "{part} is missing: {text}");
        }
    };
    refused(&["cannot be decrypted", "roundel-data/instance.key`", "restore the key"]);
    fs::remove_file(&key).unwrap();
    // Each time: the key that a start makes must not stay, to be found by the next one and by a backup.
    for _ in 0..2 {
        refused(&["cannot be decrypted", "roundel-data/instance.key` is missing: restore it"]);
        assert!(!key.exists());
    }
    fs::write(&key, right).unwrap();
    let mut again = roundel(folder.path(), &arguments);
    let mut again = again.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until_up(&mut again, &listen);
    stop(&mut again);
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
        (&["serve", "--public-url", "https://x.org/ci"], None, &["--public-url", "with a path"]),
        (&["serve", "--public-url", "https://x.org/?a=b"], None, &["`?` or `#`"]),
        (&["serve", "--public-url", "https://x.org/#a"], None, &["`?` or `#`"]),
        (&["serve", "--public-url", "https://u:p@x.org/"], None, &["a user name or a password"]),
        (&["serve"], Some(("ROUNDEL_PUBLIC_URL", "https://x.org/ci/")), &["with a path"]),
        (&["serve", "--resource-class", ""], None, &["--resource-class", "empty item"]),
        (&["serve", "--resource-class", "a", "--resource-class", " "], None, &["empty item"]),
        (&["serve"], Some(("ROUNDEL_RESOURCE_CLASSES", " , ")), &["empty item"]),
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

/// A runner whose token is wrong can never claim anything: it ends instead of trying forever.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_token_is_rejected_ends_with_three() {
    let installation = Installation::build().await;
    let folder = folder();
    fs::write(folder.path().join("token"), "x".repeat(64)).unwrap();
    let server = installation.url.to_string();
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
    assert_eq!(ended, None, "it is still running");
}

/// Colors are for terminals; widths are kept; exit codes mean what the help says.
#[test]
fn output_fits_narrow_terminals_and_pipes() {
    let folder = folder();
    let narrow = |arguments: &[&str]| {
        let mut command = roundel(folder.path(), arguments);
        command.env("COLUMNS", "60");
        let (_, text) = run(command);
        assert!(!text.contains('\u{1b}'), "no colors in a pipe: {text}");
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
