//! Proves that a deploy key opens its repository, the way a job will: real git over real SSH, with
//! the forge's pinned host keys (`VCS` §8.1 step 7).
//!
//! New keys take some seconds to work at the forges, so a failure is tried again for a while.

use std::{
    ffi::OsStr,
    fs::{DirBuilder, File},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use roundel_store::projects::CheckoutKey;
use tokio::{process::Command, time::Instant};

use super::step::{Run, StepError};

/// How long a new key may take to work.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(15);

/// What the names of directories with keys begin with.
const DIRECTORY_PREFIX: &str = "roundel-key-";

/// A file in such a directory that its server keeps locked.
const IN_USE: &str = "in-use";

/// Characters of git's own words that are shown.
const SHOWN_CHARS: usize = 500;

/// How ssh says, with `LC_ALL=C`, that it does not know the host's key.
const UNKNOWN_HOST_KEY: &str = "Host key verification failed";

/// The result of the proof.
pub(super) enum Proof {
    /// The key opens the repository.
    Works,
    /// This host has no git or no ssh: nothing could be proven.
    NoGit,
}

/// Lists the repository's refs with the key.
pub(super) async fn prove(run: &Run<'_>, key: &CheckoutKey) -> Result<Proof, StepError> {
    let directory = private_directory()?;
    let result = try_for_a_while(run, key, directory.path()).await;
    if let Err(error) = directory.close() {
        tracing::error!(%error, "a directory with a key could not be removed");
    }
    result
}

/// A directory that goes away with its key, also when the setup is interrupted. If the server is killed
/// instead, the next one removes it: [`remove_left_over`].
struct PrivateDirectory {
    path: PathBuf,
    /// Locked for as long as this process lives.
    _in_use: File,
}

fn private_directory() -> Result<PrivateDirectory, StepError> {
    let name = format!("{DIRECTORY_PREFIX}{}", hex::encode(rand::random::<[u8; 16]>()));
    let path = std::env::temp_dir().join(name);
    DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .and_then(|()| {
            let in_use = File::create_new(path.join(IN_USE))?;
            in_use.lock()?;
            Ok(in_use)
        })
        .map(|in_use| PrivateDirectory { path, _in_use: in_use })
        .map_err(|error| io_failed(&error))
}

impl PrivateDirectory {
    fn path(&self) -> &Path {
        &self.path
    }

    fn close(self) -> std::io::Result<()> {
        std::fs::remove_dir_all(&self.path)
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        if self.path.exists()
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::error!(%error, "a directory with a key could not be removed");
        }
    }
}

/// Removes the directories with keys of servers that were killed.
pub(crate) fn remove_left_over() {
    remove_left_over_in(&std::env::temp_dir());
}

fn remove_left_over_in(parent: &Path) {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let is_ours = entry.file_name().to_string_lossy().starts_with(DIRECTORY_PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours && is_left_over(&entry.path()) {
            match std::fs::remove_dir_all(entry.path()) {
                Ok(()) => tracing::info!("removed a key that a killed server had left"),
                Err(error) => {
                    tracing::error!(%error, "a directory with a key could not be removed");
                }
            }
        }
    }
}

/// Returns whether the server that made a directory is gone. One that it is making right now is not.
fn is_left_over(directory: &Path) -> bool {
    match File::open(directory.join(IN_USE)) {
        Ok(in_use) => in_use.try_lock().is_ok(),
        Err(_) => std::fs::metadata(directory)
            .and_then(|found| found.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|age| age > TIMEOUT)),
    }
}

async fn try_for_a_while(
    run: &Run<'_>,
    key: &CheckoutKey,
    directory: &Path,
) -> Result<Proof, StepError> {
    let known_hosts = run.setups.forges.known_hosts(run.project.slug.forge);
    write_private(&directory.join("key"), key.private.expose())?;
    write_private(&directory.join("known_hosts"), &known_hosts)?;
    let until = Instant::now() + TIMEOUT;
    loop {
        let reason = match ls_remote(&run.project.ssh_url, directory).await? {
            LsRemoteOutcome::Works => return Ok(Proof::Works),
            LsRemoteOutcome::NoGit => return Ok(Proof::NoGit),
            LsRemoteOutcome::Failed(reason) => reason,
        };
        // Pinned keys do not change while we wait.
        let is_unknown_host = reason.contains(UNKNOWN_HOST_KEY);
        if is_unknown_host || Instant::now() + PAUSE > until {
            return Err(StepError::Message(format!(
                "the {} cannot read {}: {reason}",
                run.project.slug.forge.key_name(),
                run.project.ssh_url
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

enum LsRemoteOutcome {
    Works,
    NoGit,
    Failed(String),
}

async fn ls_remote(url: &str, directory: &Path) -> Result<LsRemoteOutcome, StepError> {
    // A shell says in its own words that it finds no ssh, so that is checked beforehand.
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !["git", "ssh"].iter().all(|program| is_on_path(program, &path)) {
        return Ok(LsRemoteOutcome::NoGit);
    }
    let child = match git_command(url, directory).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(LsRemoteOutcome::NoGit);
        }
        Err(error) => return Err(io_failed(&error)),
    };
    let output = match tokio::time::timeout(TRY_TIMEOUT, child.wait_with_output()).await {
        Err(_) => return Ok(LsRemoteOutcome::Failed("no answer in time".to_owned())),
        Ok(output) => output.map_err(|error| io_failed(&error))?,
    };
    if output.status.success() {
        return Ok(LsRemoteOutcome::Works);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(LsRemoteOutcome::Failed(said.trim().chars().take(SHOWN_CHARS).collect()))
}

/// Returns whether a search path leads to a program that may be executed.
fn is_on_path(program: &str, path: &OsStr) -> bool {
    std::env::split_paths(path).any(|directory| {
        std::fs::metadata(directory.join(program))
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

fn git_command(url: &str, directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "credential.helper=", "ls-remote", "--quiet", "--", url])
        .current_dir(directory)
        // What it says is read: in English, whatever the language of this host.
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ALLOW_PROTOCOL", "ssh")
        .env("GIT_SSH_VARIANT", "ssh")
        .env("GIT_SSH_COMMAND", ssh_command(directory))
        .env_remove("SSH_AUTH_SOCK")
        .env_remove("GIT_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Nothing of this host's own ssh takes part: no configuration, no agent, no other key, and no host
/// that is learned on first use.
fn ssh_command(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "ssh -F /dev/null -i '{directory}/key' -o IdentitiesOnly=yes -o IdentityAgent=none \
         -o UserKnownHostsFile='{directory}/known_hosts' -o GlobalKnownHostsFile=/dev/null \
         -o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout=10 -o UpdateHostKeys=no"
    )
}

fn write_private(path: &Path, text: &str) -> Result<(), StepError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| io_failed(&error))
}

fn io_failed(error: &std::io::Error) -> StepError {
    StepError::Message(format!("this server could not run git to verify the key: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a host with another language a wrong host key was not recognized.
    #[test]
    fn git_speaks_english_here() {
        let command = git_command("git@github.com:acme/web.git", Path::new("/"));
        let language = command.as_std().get_envs().find(|(name, _)| *name == "LC_ALL").unwrap();
        assert_eq!(language.1, Some(OsStr::new("C")));
    }

    /// The key of a project was readable in the directory for temporary files until someone cleared it.
    #[test]
    fn the_key_of_a_killed_server_is_removed_and_that_of_a_living_one_is_not() {
        let parent = tempfile::TempDir::new().unwrap();
        let make = |name: &str| {
            let path = parent.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("key"), "secret").unwrap();
            path
        };
        let (killed, living) = (make("roundel-key-1"), make("roundel-key-2"));
        let (beginning, other) = (make("roundel-key-3"), make("another-key"));
        std::fs::write(killed.join(IN_USE), "").unwrap();
        let in_use = File::create_new(living.join(IN_USE)).unwrap();
        in_use.lock().unwrap();
        remove_left_over_in(parent.path());
        assert!(!killed.exists());
        assert!([&living, &beginning, &other].iter().all(|path| path.join("key").exists()));
        drop(in_use);
        remove_left_over_in(parent.path());
        assert!(!living.exists());
    }

    #[test]
    fn a_program_is_found_on_the_path_if_it_may_be_executed() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = std::env::join_paths(["/nowhere".as_ref(), directory.path()]).unwrap();
        assert!(!is_on_path("ssh", &path));
        std::fs::write(directory.path().join("ssh"), "").unwrap();
        assert!(!is_on_path("ssh", &path), "it may not be executed");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path().join("ssh"), mode).unwrap();
        assert!(is_on_path("ssh", &path) && !is_on_path("git", &path));
    }
}
