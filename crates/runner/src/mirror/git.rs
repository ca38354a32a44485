//! The host's `git`, as a child process: no shell around arguments, no terminal, no configuration
//! of the host's user, a timeout on everything.
//!
//! A private key is in a file of mode 0600 for as long as an [`Access`] lives, never in an
//! argument or a variable (invariant 7).

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal::SIGKILL, killpg},
    unistd::Pid,
};
use roundel_protocol::CheckoutSpec;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::fetch_error::FetchError;

/// For a transfer from the forge.
const TRANSFER_TIMEOUT: Duration = Duration::from_mins(20);

/// For what git does on this host.
const LOCAL_TIMEOUT: Duration = Duration::from_mins(5);

/// What opens a repository on a forge.
pub(super) struct Access {
    /// Holds key and known hosts; removed when this is dropped.
    _directory: TempDir,
    ssh_command: String,
}

impl Access {
    /// Writes key and known hosts into a fresh directory that no other user may read.
    pub(super) fn open(checkout: &CheckoutSpec, scratch: &Path) -> Result<Self, FetchError> {
        let directory = tempfile::Builder::new().prefix("access-").tempdir_in(scratch)?;
        let known_hosts = directory.path().join("known_hosts");
        write(&known_hosts, checkout.known_hosts.as_bytes())?;
        let mut options = vec![
            "-F /dev/null".to_owned(),
            format!("-o 'UserKnownHostsFile=\"{}\"'", quotable(&known_hosts)?),
            "-o GlobalKnownHostsFile=/dev/null".to_owned(),
            "-o StrictHostKeyChecking=yes".to_owned(),
            "-o UpdateHostKeys=no".to_owned(),
            "-o BatchMode=yes".to_owned(),
            "-o IdentitiesOnly=yes".to_owned(),
            "-o IdentityAgent=none".to_owned(),
            "-o ConnectTimeout=20".to_owned(),
            "-o ServerAliveInterval=15".to_owned(),
            "-o ServerAliveCountMax=4".to_owned(),
        ];
        match &checkout.key {
            Some(key) => {
                let path = directory.path().join("key");
                let text = key.private.expose();
                let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
                write(&path, &[text.as_bytes(), end].concat())?;
                options.push(format!("-o 'IdentityFile=\"{}\"'", quotable(&path)?));
            }
            // Without it ssh would try the keys of the runner's own user.
            None => options.push("-o IdentityFile=none".to_owned()),
        }
        let ssh_command = format!("ssh {}", options.join(" "));
        Ok(Self { _directory: directory, ssh_command })
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

/// A path that needs no escape inside both kinds of quotes.
fn quotable(path: &Path) -> Result<&str, FetchError> {
    path.to_str()
        .filter(|text| !text.contains(['\'', '"', '\\', '%', '\n']))
        .ok_or_else(|| FetchError::Path(path.display().to_string()))
}

/// Runs git.
pub(super) struct Git {
    home: PathBuf,
}

impl Git {
    /// `home` stands in for a home directory: git finds no configuration there.
    pub(super) fn new(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Runs git on what is on this host. Returns what it prints.
    pub(super) async fn local(&self, arguments: &[&str]) -> Result<String, FetchError> {
        self.run(self.command(arguments), LOCAL_TIMEOUT).await
    }

    /// Runs git against a forge.
    pub(super) async fn remote(
        &self,
        access: &Access,
        arguments: &[&str],
    ) -> Result<String, FetchError> {
        let mut command = self.command(arguments);
        command.env("GIT_SSH_COMMAND", &access.ssh_command);
        self.run(command, TRANSFER_TIMEOUT).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // The shell sets the umask: what git writes is read by the job's user, another one than this.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "umask 022; exec git \"$@\"", "git"])
            .args(arguments)
            .env_clear()
            .env("HOME", &self.home)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "ssh:https:http:git:file")
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Its ssh must end with it, when time is up.
            .process_group(0);
        for name in ["PATH", "https_proxy", "HTTPS_PROXY", "http_proxy", "no_proxy", "NO_PROXY"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    async fn run(&self, mut command: Command, limit: Duration) -> Result<String, FetchError> {
        let child = command.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        let Ok(output) = timeout(limit, child.wait_with_output()).await else {
            // The group may have ended by now.
            if let Some(Err(error)) = group.map(|group| killpg(Pid::from_raw(group), SIGKILL)) {
                tracing::debug!(%error, "a git that took too long is gone");
            }
            return Err(FetchError::TimedOut(limit));
        };
        let output = output?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        Err(FetchError::from_git(output.status.code(), &String::from_utf8_lossy(&output.stderr)))
    }
}
