//! Tries the static executable where nothing else is: in a root directory with the program, three devices,
//! `resolv.conf`, `hosts` and an `nsswitch.conf` that names modules which no file provides.
//!
//! The network of the trial has a name server on loopback, which this process plays: names must be found
//! through it and through `hosts`, by the clients of HTTP, of PostgreSQL and of SMTP.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::shell;

/// What a trial may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The name that only the name server knows.
const BY_DNS: &str = "ci.dist.test";

/// The name that only `hosts` knows.
const BY_HOSTS: &str = "db.dist.test";

/// What every container has, and a static executable takes its random numbers from.
const DEVICES: &[&str] = &["dev/null", "dev/random", "dev/urandom"];

/// Where the server under trial listens.
const LISTEN: &str = "127.0.0.1:8081";

/// Makes the root directory and starts the trial in its own namespaces.
pub(super) fn run(binary: &Path) -> Result<()> {
    let root = shell::target_dir().join("dist-root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for folder in ["etc", "data", "dev", "tmp"] {
        fs::create_dir_all(root.join(folder))?;
    }
    for device in DEVICES {
        // Something to mount on.
        fs::write(root.join(device), "")?;
    }
    fs::copy(binary, root.join("roundel"))?;
    fs::write(
        root.join("etc/resolv.conf"),
        "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
    )?;
    fs::write(root.join("etc/hosts"), format!("127.0.0.1 localhost {BY_HOSTS}\n"))?;
    // With these, a libc that obeys would load modules that are not there, and ask no other server.
    fs::write(
        root.join("etc/nsswitch.conf"),
        "passwd: systemd\nhosts: mymachines resolve [!UNAVAIL=return] mdns4_minimal [NOTFOUND=return]\n",
    )?;
    let mut trial = Command::new("unshare");
    trial.args(["--user", "--map-root-user", "--net", "--mount", "--kill-child"]);
    trial.arg(std::env::current_exe()?).args(["try-dist", "--root"]).arg(&root);
    shell::run(&mut trial)
}

/// The trial itself; called in its own namespaces.
pub(crate) fn try_in(root: &Path) -> Result<()> {
    shell::run(Command::new("ip").args(["link", "set", "lo", "up"]))?;
    for device in DEVICES {
        let mut mount = Command::new("mount");
        shell::run(mount.arg("--bind").arg(Path::new("/").join(device)).arg(root.join(device)))?;
    }
    let names = UdpSocket::bind("127.0.0.1:53").context("cannot play the name server")?;
    // Ends with the process, as the namespaces do.
    thread::spawn(move || answer_names(&names));

    let version = in_root(root, &["--version"])?;
    ensure!(version.contains("static"), "{version}");

    let web = TcpListener::bind("127.0.0.1:8080")?;
    let request = thread::spawn(move || take_request(&web));
    let server = format!("http://{BY_DNS}:8080");
    let listed = in_root(root, &["orb", "list", "--json", "--server", &server])?;
    let request = request.join().map_err(|_| anyhow::anyhow!("the web server panicked"))??;
    ensure!(request.contains(&format!("host: {BY_DNS}:8080")), "{request}\n{listed}");
    println!("the HTTP client found {BY_DNS} through the name server");

    for (host, wanted) in [
        (BY_HOSTS, "connection refused"),
        (BY_DNS, "connection refused"),
        ("nowhere.dist.test", "failed to lookup address information"),
    ] {
        let url = format!("postgres://roundel@{host}:5432/roundel");
        let said =
            in_root(root, &["serve", "--slots", "0", "--data", "/data", "--database-url", &url])?;
        let wanted = format!("cannot connect to PostgreSQL at {host}:5432: {wanted}");
        ensure!(said.contains(&wanted), "not `{wanted}`, but: {said}");
    }
    println!("the client of PostgreSQL found {BY_HOSTS} in /etc/hosts and {BY_DNS} by name server");

    let smtp = TcpListener::bind("127.0.0.1:2525")?;
    let asked = thread::spawn(move || answer_smtp(&smtp));
    let smtp_url = format!("smtp://{BY_DNS}:2525");
    let arguments = [
        "serve",
        "--slots",
        "0",
        "--data",
        "/data",
        "--listen",
        LISTEN,
        "--mail-smtp-url",
        &smtp_url,
        "--mail-from",
        "ci@dist.test",
    ];
    let mut serving = Serving(chroot(root, &arguments).stdout(Stdio::null()).spawn()?);
    let began = Instant::now();
    while !is_healthy() {
        ensure!(serving.0.try_wait()?.is_none(), "`roundel serve` ended");
        ensure!(began.elapsed() < TIMEOUT, "`roundel serve` does not answer");
        thread::sleep(Duration::from_millis(50));
    }
    println!("`roundel serve` answers from an empty root directory");
    asked.join().map_err(|_| anyhow::anyhow!("the mail server panicked"))??;
    println!("the client of SMTP found {BY_DNS} by name server");
    Ok(())
}

/// A server that ends with the trial.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn chroot(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command.arg(root).arg("/roundel").args(arguments).env_clear().env("COLUMNS", "1000");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// Runs the program in the root directory, and returns all that it says.
fn in_root(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = chroot(root, arguments).output().context("failed to start chroot")?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn is_healthy() -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(LISTEN)?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    answer().is_ok_and(|text| text.starts_with("HTTP/1.0 200") || text.starts_with("HTTP/1.1 200"))
}

/// Takes one request, answers with an empty list, and returns its head in lower case.
fn take_request(listener: &TcpListener) -> Result<String> {
    let (mut stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]",
    )?;
    Ok(String::from_utf8_lossy(&head).to_lowercase())
}

/// Plays a mail server until it is asked whether it is there, as a server does when it starts.
fn answer_smtp(listener: &TcpListener) -> Result<()> {
    let (stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    stream.write_all(b"220 dist.test\r\n")?;
    loop {
        let mut line = String::new();
        ensure!(lines.read_line(&mut line)? > 0, "the client of SMTP went away");
        stream.write_all(b"250 dist.test\r\n")?;
        if line.to_ascii_uppercase().starts_with("NOOP") {
            return Ok(());
        }
    }
}

/// Plays a name server that knows one name.
fn answer_names(socket: &UdpSocket) {
    let mut question = [0; 512];
    while let Ok((bytes, from)) = socket.recv_from(&mut question) {
        if let Some(answer) = answer(&question[..bytes])
            && let Err(error) = socket.send_to(&answer, from)
        {
            println!("notice: an answer of the name server was not sent: {error}");
        }
    }
}

/// Answers a question about addresses (RFC 1035): 127.0.0.1 for the one name, nothing for its other
/// kinds of addresses, and "no such name" for every other.
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*question.get(at)?);
        let label = question.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_lowercase());
    }
    let kind = question.get(at..at + 2)?;
    let end = at + 4;
    let is_known = labels.join(".") == BY_DNS;
    let has_address = is_known && kind == [0, 1];
    let mut answer = question.get(..2)?.to_vec();
    // A response that is authoritative; name error where the name is not known.
    answer.extend([0x84, if is_known { 0 } else { 3 }]);
    answer.extend([0, 1, 0, u8::from(has_address), 0, 0, 0, 0]);
    answer.extend(question.get(12..end)?);
    if has_address {
        // The name of the question, an address of the Internet, for a minute.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}

/// The directory of a trial, from the command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The root directory
    #[arg(long)]
    pub(crate) root: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut bytes = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            bytes.push(u8::try_from(label.len()).unwrap());
            bytes.extend(label.bytes());
        }
        bytes.extend([0, 0, kind, 0, 1]);
        bytes
    }

    #[test]
    fn the_name_server_knows_one_name_and_refuses_every_other() {
        let known = answer(&question("CI.dist.test", 1)).unwrap();
        assert_eq!((&known[..2], known[3], known[7]), (&[7, 9][..], 0, 1));
        assert!(known.ends_with(&[127, 0, 0, 1]));
        let no_sixth = answer(&question(BY_DNS, 28)).unwrap();
        assert_eq!((no_sixth[3], no_sixth[7]), (0, 0));
        let unknown = answer(&question("other.test", 1)).unwrap();
        assert_eq!((unknown[3], unknown[7]), (3, 0));
        assert_eq!(answer(&question(BY_DNS, 1)[..20]), None, "a cut question gets no answer");
    }
}
