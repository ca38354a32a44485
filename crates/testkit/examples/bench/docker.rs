//! The peer: Debian's Docker Engine, started for the measurement and ended after it.
//!
//! Its data, sockets and process file lie in the scratch directory; it makes no bridge and no
//! firewall rules, so an engine that the machine already runs is not disturbed.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::image;

/// A cold engine on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running engine.
pub(crate) struct Docker {
    daemon: Child,
    socket: PathBuf,
    /// `Docker 20.10.24`
    pub(crate) version: String,
}

impl Docker {
    /// Starts an engine and loads the image.
    pub(crate) fn start(scratch: &Path, archive: &Path) -> Result<Self> {
        let directory = scratch.join("docker");
        fs::create_dir_all(&directory)?;
        let (socket, log) = (directory.join("socket"), directory.join("log"));
        let log = File::create(log)?;
        let daemon = Command::new("dockerd")
            .env("PATH", path())
            .arg("--data-root")
            .arg(directory.join("data"))
            .arg("--exec-root")
            .arg(directory.join("exec"))
            .arg("--pidfile")
            .arg(directory.join("pid"))
            .arg("--host")
            .arg(format!("unix://{}", socket.display()))
            .args(["--iptables=false", "--ip6tables=false", "--bridge=none"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("failed to start dockerd; the package is docker.io")?;
        let mut docker = Self { daemon, socket, version: String::new() };
        docker.version = format!("Docker {}", docker.wait(&directory)?);
        docker.run(&["load", "--quiet", "--input", &archive.display().to_string()])?;
        Ok(docker)
    }

    fn wait(&mut self, directory: &Path) -> Result<String> {
        let began = Instant::now();
        loop {
            if let Ok(version) = self.run(&["version", "--format", "{{.Server.Version}}"]) {
                return Ok(version.trim().to_owned());
            }
            let ended = self.daemon.try_wait()?;
            if ended.is_some() || began.elapsed() > TIMEOUT {
                let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
                bail!("dockerd does not answer: {}", log.lines().last().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("PATH", path()).arg("--host").arg(format!("unix://{}", self.socket.display()));
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output().context("failed to start docker")?;
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "docker {}: {}", arguments.join(" "), message.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// From the command to the first byte of a new container; it is gone when this returns.
    pub(crate) fn first_byte_of_run(&self) -> Result<Duration> {
        let run = ["run", "--rm", "--network", "none", image::NAME, "echo", "hi"];
        first_byte(self.command(&run))
    }

    /// Starts a container that stays. Returns its id.
    pub(crate) fn keep_one(&self) -> Result<String> {
        let run = ["run", "--detach", "--rm", "--network", "none", image::NAME, "sleep", "3600"];
        Ok(self.run(&run)?.trim().to_owned())
    }

    /// From the command to the first byte of a further process.
    pub(crate) fn first_byte_of_exec(&self, container: &str) -> Result<Duration> {
        first_byte(self.command(&["exec", container, "echo", "hi"]))
    }

    /// Removes a container.
    pub(crate) fn remove(&self, container: &str) -> Result<()> {
        self.run(&["rm", "--force", container]).map(drop)
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // The engine must unmount what it has, so it is asked, not killed.
        let asked = Command::new("kill").arg(self.daemon.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ended = self.daemon.wait();
        }
    }
}

fn first_byte(mut command: Command) -> Result<Duration> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut output = child.stdout.take().context("no output")?;
    let mut byte = [0];
    let read = output.read_exact(&mut byte);
    let took = began.elapsed();
    ensure!(child.wait()?.success() && read.is_ok(), "docker printed nothing, or failed");
    Ok(took)
}

/// Debian keeps the engine where only root looks.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
