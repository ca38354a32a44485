//! The environment of a task, as its steps see it: user, home, directories, files, processes.
//!
//! The calls of `container` block for a millisecond or so; here they are moved off the threads of
//! the async runtime.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use roundel_container::{ContainerError, Environment, FileAttributes, Process, ProcessSpec};
use roundel_protocol::JobSpec;

use crate::{
    paths, shell,
    task_error::TaskError,
    variables::{Local, Variables},
};

/// Columns and rows of a step's terminal (RUN §2.7).
const TERMINAL: (u16, u16) = (80, 24);

/// Where the `circleci` command is, inside.
pub(crate) const TOOLS: &str = "/opt/circleci/bin";

/// Where the task's directory on the host is bound, inside, read-only.
pub(crate) const SHARE: &str = "/opt/circleci/share";

/// The user that runs the steps.
#[derive(Clone, Debug)]
pub(crate) struct StepUser {
    /// As in an image's `USER`: name or numbers. `None`: root.
    written: Option<String>,
    uid: u32,
    gid: u32,
    pub(crate) home: PathBuf,
}

impl StepUser {
    fn attributes(&self, mode: u32) -> FileAttributes {
        FileAttributes { uid: self.uid, gid: self.gid, mode }
    }
}

/// An environment that is ready for steps.
pub(crate) struct JobEnvironment {
    environment: Arc<Environment>,
    pub(crate) user: StepUser,
    /// What all steps have in common.
    pub(crate) variables: Variables,
    /// The job's working directory.
    pub(crate) directory: PathBuf,
    /// Scratch directory: scripts and the halt marker.
    scratch: PathBuf,
    /// Command line of the job's shell.
    shell: String,
}

/// What an environment is made ready with.
pub(crate) struct JobEnvironmentSpec<'a> {
    /// As in an image's `USER`.
    pub(crate) user: Option<String>,
    /// Image's and container's variables, container last.
    pub(crate) image_variables: &'a [(String, String)],
    /// What to run.
    pub(crate) job: &'a JobSpec,
}

impl JobEnvironment {
    /// Makes an environment ready: user, home, directories, the `circleci` command, variables.
    pub(crate) async fn prepare(
        environment: Arc<Environment>,
        spec: JobEnvironmentSpec<'_>,
    ) -> Result<Self, TaskError> {
        let JobEnvironmentSpec { user: written, image_variables, job } = spec;
        let user = blocking(&environment, {
            let written = written.clone();
            move |environment| environment.user(written.as_deref())
        })
        .await?;
        let home = home(image_variables, user.home);
        let local = Local {
            home: home.clone(),
            user: user.name,
            shell: user.shell,
            tools: TOOLS.into(),
            shell_env: format!("/tmp/.bash_env-{}-{}-build", job.task.job, job.task.index).into(),
            scratch: format!(
                "/tmp/circleci-{}-{}",
                job.task.job.as_uuid().simple(),
                job.task.index
            )
            .into(),
            working_directory: job.body.working_directory.clone(),
        };
        let variables =
            Variables::merge(image_variables, &job.variables, &local, &job.body.environment);
        let prepared = Self {
            environment,
            user: StepUser { written, uid: user.uid, gid: user.gid, home: home.clone() },
            variables,
            directory: paths::resolve(&job.body.working_directory, &home, &home),
            scratch: local.scratch.clone(),
            shell: String::new(),
        };
        prepared.populate(&local).await?;
        let shell = prepared.job_shell(job.body.shell.as_deref()).await?;
        Ok(Self { shell, ..prepared })
    }

    /// Makes the directories and files that every job finds.
    async fn populate(&self, local: &Local) -> Result<(), TaskError> {
        self.make_dir(&self.user.home, 0o755).await?;
        self.make_dir(&self.directory, 0o755).await?;
        self.make_dir(&self.scratch, 0o755).await?;
        self.write_file(&local.shell_env, Vec::new(), 0o644).await?;
        let marker = self.halt_marker();
        let script = roundel_jobtool::script(&marker.to_string_lossy()).ok_or_else(|| {
            TaskError::Infrastructure("the scratch directory has a quote in its name".to_owned())
        })?;
        blocking(&self.environment, move |environment| {
            let executable = FileAttributes::root(0o755);
            environment.make_dir(Path::new(TOOLS), executable)?;
            for name in roundel_jobtool::NAMES {
                let path = Path::new(TOOLS).join(name);
                environment.write_file(&path, script.as_bytes(), executable)?;
            }
            Ok(())
        })
        .await
    }

    /// Returns the command line of a step's shell.
    pub(crate) fn shell<'a>(&'a self, of_step: Option<&'a str>) -> &'a str {
        of_step.unwrap_or(&self.shell)
    }

    async fn job_shell(&self, of_job: Option<&str>) -> Result<String, TaskError> {
        if let Some(line) = of_job {
            return Ok(line.to_owned());
        }
        let bash = self.exists(Path::new("/bin/bash")).await?;
        Ok(if bash { shell::BASH } else { shell::SH }.to_owned())
    }

    /// Writes a step's script and returns where it is.
    pub(crate) async fn write_script(&self, name: &str, text: &str) -> Result<PathBuf, TaskError> {
        let path = self.scratch.join(name);
        let bytes = text.as_bytes().to_vec();
        if self.write_file(&path, bytes.clone(), 0o700).await.is_err() {
            // A step may have emptied `/tmp`.
            self.make_dir(&self.scratch, 0o755).await?;
            self.write_file(&path, bytes, 0o700).await?;
        }
        Ok(path)
    }

    /// Returns whether a step asked to halt the job (RUN §2.8).
    pub(crate) async fn is_halted(&self) -> Result<bool, TaskError> {
        let marker = self.halt_marker();
        self.exists(&marker).await
    }

    fn halt_marker(&self) -> PathBuf {
        self.scratch.join("halt")
    }

    /// Starts a process of the step user under a terminal.
    pub(crate) async fn spawn(
        &self,
        argv: Vec<String>,
        env: Vec<(String, String)>,
        cwd: PathBuf,
    ) -> Result<Result<Process, ContainerError>, TaskError> {
        let spec =
            ProcessSpec { argv, env, cwd, user: self.user.written.clone(), pty: Some(TERMINAL) };
        off_thread(&self.environment, move |environment| environment.spawn(&spec)).await
    }

    /// Makes a directory of the step user.
    pub(crate) async fn make_dir(&self, path: &Path, mode: u32) -> Result<(), TaskError> {
        let (path, attributes) = (path.to_owned(), self.user.attributes(mode));
        blocking(&self.environment, move |environment| environment.make_dir(&path, attributes))
            .await
    }

    /// Writes a file of the step user.
    pub(crate) async fn write_file(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<(), TaskError> {
        let (path, attributes) = (path.to_owned(), self.user.attributes(mode));
        blocking(&self.environment, move |environment| {
            environment.write_file(&path, &bytes, attributes)
        })
        .await
    }

    /// Reads a small file.
    pub(crate) async fn read_file(
        &self,
        path: &Path,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, TaskError> {
        let path = path.to_owned();
        blocking(&self.environment, move |environment| environment.read_file(&path, max_bytes))
            .await
    }

    /// Returns whether a path exists.
    pub(crate) async fn exists(&self, path: &Path) -> Result<bool, TaskError> {
        let path = path.to_owned();
        blocking(&self.environment, move |environment| environment.exists(&path)).await
    }
}

/// The home directory: the image's own `HOME`, unless it is `/` or absent; then the user
/// database's (RUN §2.9).
fn home(image_variables: &[(String, String)], record: PathBuf) -> PathBuf {
    image_variables
        .iter()
        .rev()
        .find(|(name, _)| name == "HOME")
        .map(|(_, home)| PathBuf::from(home))
        .filter(|home| home.is_absolute() && home != Path::new("/"))
        .unwrap_or(record)
}

/// Ends an environment and everything in it.
pub(crate) async fn end(environment: Arc<Environment>, timeout: Duration) {
    let ended = tokio::task::spawn_blocking(move || match Arc::try_unwrap(environment) {
        Ok(environment) => environment.stop(timeout),
        // A call still uses it; the last one to let go of it ends it.
        Err(_) => Ok(()),
    })
    .await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "an environment could not be ended in time"),
        Err(error) => tracing::error!(%error, "ending an environment failed"),
    }
}

async fn blocking<T: Send + 'static>(
    environment: &Arc<Environment>,
    call: impl FnOnce(&Environment) -> Result<T, ContainerError> + Send + 'static,
) -> Result<T, TaskError> {
    off_thread(environment, call).await?.map_err(TaskError::from)
}

async fn off_thread<T: Send + 'static>(
    environment: &Arc<Environment>,
    call: impl FnOnce(&Environment) -> Result<T, ContainerError> + Send + 'static,
) -> Result<Result<T, ContainerError>, TaskError> {
    let environment = Arc::clone(environment);
    tokio::task::spawn_blocking(move || call(&environment)).await.map_err(|error| {
        TaskError::Infrastructure(format!("a call to the environment ended unexpectedly: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_of_slash_is_corrected_from_the_user_database() {
        let image = |home: &str| vec![("HOME".to_owned(), home.to_owned())];
        let record = || PathBuf::from("/home/circleci");
        assert_eq!(home(&image("/"), record()), record());
        assert_eq!(home(&[], record()), record());
        assert_eq!(home(&image("/opt/app"), record()), Path::new("/opt/app"));
    }
}
