//! A private PostgreSQL for tests: one cluster for a test run, a fresh database for each test.
//!
//! The first test that asks makes the cluster in a temporary directory and starts it; the others,
//! also in other processes, find it there. It speaks on a Unix socket only, and writes nothing
//! durably, because nothing needs them afterwards. A small shell watches the test run and removes everything
//! when the run is over, however it ends.
//!
//! Deliberately absent: installing PostgreSQL (`cargo xtask test` does), and tables (the store's).

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::skip;

/// The superuser of the cluster.
const USER: &str = "postgres";

/// What makes a cluster fast and forgetful.
const OPTIONS: &str = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off \
     -c full_page_writes=off -c shared_buffers=64MB -c max_connections=300 -c max_wal_size=256MB";

/// Stops the cluster and removes it once the watched process is gone.
const WATCH: &str = r#"
watched=$1 base=$2
shift 2
while kill -0 "$watched" 2>/dev/null; do sleep 0.5; done
"$@"
rm -rf "$base" "$base.lock"
"#;

/// Makes an empty database for one test and returns its URL. Where PostgreSQL is not available, prints a
/// notice that is counted and returns `None`: the test then ends.
pub fn database_or_notice(test: &str) -> Option<String> {
    match database() {
        Ok(url) => Some(url),
        Err(error) => {
            skip::notice(test, &format!("no PostgreSQL: {error:#}"));
            None
        }
    }
}

/// Makes an empty database in the cluster of this test run and returns its URL.
///
/// # Errors
///
/// Says why there is no PostgreSQL: not installed, or it did not start.
pub fn database() -> Result<String> {
    let cluster = Cluster::of_this_run()?;
    cluster.ensure()?;
    cluster.create_database()
}

/// A separate server, for a test that takes it away. Removed when the test run is over.
pub struct OwnServer {
    cluster: Cluster,
    /// Of an empty database.
    pub url: String,
}

impl OwnServer {
    /// Starts a server with an empty database. Where PostgreSQL is not available, prints a notice that is
    /// counted and returns `None`: the test then ends.
    pub fn start_or_notice(test: &str) -> Option<Self> {
        match Self::start() {
            Ok(server) => Some(server),
            Err(error) => {
                skip::notice(test, &format!("no PostgreSQL: {error:#}"));
                None
            }
        }
    }

    fn start() -> Result<Self> {
        let mut cluster = Cluster::of_this_run()?;
        let key = format!("roundel-pg-own-{}", uuid::Uuid::new_v4().simple());
        cluster.base = std::env::temp_dir().join(key);
        cluster.start()?;
        let url = cluster.create_database()?;
        Ok(Self { cluster, url })
    }

    /// Ends it at once, as a machine that goes away does: connections are closed.
    ///
    /// # Errors
    ///
    /// If it does not end.
    pub fn stop(&self) -> Result<()> {
        let mut command = Owner::choose()?.command(self.cluster.programs.join("pg_ctl"));
        command.args(["stop", "--mode", "immediate", "--pgdata"]);
        run(command.arg(self.cluster.base.join("data")))
    }

    /// Keeps every process of it from running, as a machine that hangs does: connections stay open and
    /// nothing is answered.
    ///
    /// # Errors
    ///
    /// If its processes are not found.
    pub fn pause(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets it run again.
    ///
    /// # Errors
    ///
    /// If its processes are not found.
    pub fn resume(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let file = fs::read_to_string(self.cluster.base.join("data/postmaster.pid"))?;
        let main = file.lines().next().context("the file of the main process is empty")?;
        let mut processes = vec![main.to_owned()];
        processes.extend(children(main)?);
        run(Command::new("kill").arg(signal).args(processes))
    }
}

/// The processes whose parent is this one.
fn children(parent: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        // One may end meanwhile.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if after_name.split_whitespace().nth(1) == Some(parent) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The cluster that the tests of one run share.
struct Cluster {
    /// Where `initdb` and its siblings are.
    programs: PathBuf,
    /// Data, socket and log.
    base: PathBuf,
    /// The process whose end is the end of the run.
    watched: u32,
}

impl Cluster {
    fn of_this_run() -> Result<Self> {
        // nextest gives each test its own process, below one that lives as long as the run.
        let (key, watched) = match std::env::var("NEXTEST_RUN_ID") {
            Ok(id) => (id, std::os::unix::process::parent_id()),
            Err(_) => (std::process::id().to_string(), std::process::id()),
        };
        let base = std::env::temp_dir().join(format!("roundel-pg-{key}"));
        Ok(Self { programs: programs()?, base, watched })
    }

    /// Starts it, unless it runs already.
    fn ensure(&self) -> Result<()> {
        let lock = File::create(self.base.with_extension("lock"))?;
        lock.lock()?;
        let outcome = self.base.join("outcome");
        match fs::read_to_string(&outcome) {
            Ok(failure) if failure.is_empty() => return Ok(()),
            Ok(failure) => bail!("{failure}"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let started = self.start();
        // The others need not find out again, one by one, what does not work.
        let failure = started.as_ref().err().map(|error| format!("{error:#}")).unwrap_or_default();
        fs::write(&outcome, failure)?;
        started
    }

    /// Makes an empty database and returns its URL.
    fn create_database(&self) -> Result<String> {
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        run(Command::new(self.programs.join("createdb")).arg("--host").arg(&self.base).args([
            "--username",
            USER,
            &name,
        ]))?;
        Ok(format!("postgres://{USER}@localhost/{name}?host={}", self.base.display()))
    }

    fn start(&self) -> Result<()> {
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&self.base)
            .with_context(|| format!("failed to create `{}`", self.base.display()))?;
        let owner = Owner::choose()?;
        owner.give(&self.base)?;
        let data = self.base.join("data");
        self.watch(&owner)?;
        run(owner
            .command(self.programs.join("initdb"))
            .args(["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"])
            .args(["--no-sync", "--pgdata"])
            .arg(&data))?;
        let options = format!("{OPTIONS} -c unix_socket_directories='{}'", self.base.display());
        run(owner
            .command(self.programs.join("pg_ctl"))
            .args(["start", "--wait", "--timeout", "60", "--options", &options, "--pgdata"])
            .arg(&data)
            .arg("--log")
            .arg(self.base.join("log")))
    }

    /// Starts the shell that cleans up. It holds none of our pipes and is in its own group, so
    /// that a test runner which ends a test, or waits for its output, leaves it alone.
    fn watch(&self, owner: &Owner) -> Result<()> {
        let stop = owner.command(self.programs.join("pg_ctl"));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH, "sh", &self.watched.to_string()]).arg(&self.base);
        shell.arg(stop.get_program()).args(stop.get_args());
        shell.args(["stop", "--mode", "immediate", "--pgdata"]).arg(self.base.join("data"));
        shell.current_dir("/").process_group(0);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().context("failed to start the shell that cleans up")?;
        Ok(())
    }
}

/// Who runs the cluster: PostgreSQL refuses to be root.
enum Owner {
    /// We are an ordinary user.
    Ourselves,
    /// An unprivileged account.
    Other { user: u32, group: u32 },
}

impl Owner {
    fn choose() -> Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self::Ourselves);
        }
        let name = if id(&["-u", USER]).is_ok() { USER } else { "nobody" };
        Ok(Self::Other { user: id(&["-u", name])?, group: id(&["-g", name])? })
    }

    fn give(&self, path: &Path) -> Result<()> {
        if let Self::Other { user, group } = self {
            std::os::unix::fs::chown(path, Some(*user), Some(*group))?;
        }
        Ok(())
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self {
            Self::Ourselves => Command::new(program),
            Self::Other { user, group } => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={group}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        // The working directory may be closed to the other user.
        command.current_dir("/");
        command
    }
}

fn id(arguments: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(arguments).output().context("failed to run `id`")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| format!("`id {}` said nothing", arguments.join(" ")))
}

/// Finds the newest PostgreSQL: where Debian puts it, or else on the path.
fn programs() -> Result<PathBuf> {
    let has_initdb = |directory: &PathBuf| directory.join("initdb").is_file();
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, directory)| has_initdb(directory))
        .collect();
    debian.sort();
    if let Some((_, directory)) = debian.pop() {
        return Ok(directory);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(has_initdb).context("there is no `initdb` on this machine")
}

fn run(command: &mut Command) -> Result<()> {
    let program = format!("{command:?}");
    // Not a pipe: what the server inherits would keep it open.
    let said = tempfile::tempfile()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said.try_clone()?)
        .status()
        .with_context(|| format!("failed to run {program}"))?;
    if status.success() {
        return Ok(());
    }
    let mut said = said;
    io::Seek::rewind(&mut said)?;
    bail!("{program} ended with {status}: {}", io::read_to_string(said)?.trim());
}
