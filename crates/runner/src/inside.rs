//! The environment of a task, as its steps see it: user, home, directories, files, processes.
//!
//! The calls of `container` block for a millisecond or so; here they are moved off the threads that
//! serve everything else.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use roundel_container::{ContainerError, Environment, FileAttributes, Process, ProcessSpec};

use crate::{
    paths, shell,
    task::Trouble,
    variables::{Local, Variables},
};

/// Columns and rows of a step's terminal (RUN §2.7).
const TERMINAL: (u16, u16) = (80, 24);

/// Where the runner's files are, inside.
pub(crate) const TOOLS: &str = "/opt/circleci/bin";

/// Where the host's share of the task is bound, inside, read-only.
pub(crate) const SHARE: &str = "/opt/circleci/share";

/// Who runs the steps.
#[derive(Clone, Debug)]
pub(crate) struct StepUser {
    /// As the container wants it: name or numbers. `None`: root.
    pub(crate) written: Option<String>,
    /// Numeric user.
    pub(crate) uid: u32,
    /// Numeric group.
    pub(crate) gid: u32,
    /// Home directory.
    pub(crate) home: PathBuf,
}

impl StepUser {
    fn attributes(&self, mode: u32) -> FileAttributes {
        FileAttributes { uid: self.uid, gid: self.gid, mode }
    }
}

/// An environment that is ready for steps.
pub(crate) struct Inside {
    environment: Arc<Environment>,
    /// Who runs the steps.
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
pub(crate) struct Preparation<'a> {
    /// As the container wants it.
    pub(crate) user: Option<String>,
    /// Image's and container's variables, container last.
    pub(crate) image_variables: &'a [(String, String)],
    /// What to run.
    pub(crate) spec: &'a roundel_protocol::JobSpec,
}

impl Inside {
    /// Makes an environment ready: user, home, directories, the `circleci` command, variables.
    pub(crate) async fn prepare(
        environment: Arc<Environment>,
        preparation: Preparation<'_>,
    ) -> Result<Self, Trouble> {
        let spec = preparation.spec;
        let written = preparation.user;
        let user = blocking(&environment, {
            let written = written.clone();
            move |environment| environment.user(written.as_deref())
        })
        .await?;
        let home = home(preparation.image_variables, user.home);
        let local = Local {
            home: home.clone(),
            user: user.name,
            shell: user.shell,
            tools: TOOLS.into(),
            shell_env: format!("/tmp/.bash_env-{}-{}-build", spec.task.job, spec.task.index).into(),
            scratch: format!(
                "/tmp/circleci-{}-{}",
                spec.task.job.as_uuid().simple(),
                spec.task.index
            )
            .into(),
            working_directory: spec.body.working_directory.clone(),
        };
        let variables = Variables::merge(
            preparation.image_variables,
            &spec.variables,
            &local,
            &spec.body.environment,
        );
        let inside = Self {
            environment,
            user: StepUser { written, uid: user.uid, gid: user.gid, home: home.clone() },
            variables,
            directory: paths::resolve(&spec.body.working_directory, &home, &home),
            scratch: local.scratch.clone(),
            shell: String::new(),
        };
        inside.furnish(&local).await?;
        let shell = inside.job_shell(spec.body.shell.as_deref()).await?;
        Ok(Self { shell, ..inside })
    }

    /// Makes the directories and files that every job finds.
    async fn furnish(&self, local: &Local) -> Result<(), Trouble> {
        self.make_dir(&self.user.home, 0o755).await?;
        self.make_dir(&self.directory, 0o755).await?;
        self.make_dir(&self.scratch, 0o755).await?;
        self.write_file(&local.shell_env, Vec::new(), 0o644).await?;
        let marker = self.halt_marker();
        let script = roundel_jobtool::script(&marker.to_string_lossy()).ok_or_else(|| {
            Trouble::Infrastructure("the scratch directory has a name with a quote".to_owned())
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

    async fn job_shell(&self, of_job: Option<&str>) -> Result<String, Trouble> {
        if let Some(line) = of_job {
            return Ok(line.to_owned());
        }
        let bash = self.exists(Path::new("/bin/bash")).await?;
        Ok(if bash { shell::BASH } else { shell::SH }.to_owned())
    }

    /// Writes a step's script and returns where it is.
    pub(crate) async fn write_script(&self, name: &str, text: &str) -> Result<PathBuf, Trouble> {
        let path = self.scratch.join(name);
        let bytes = text.as_bytes().to_vec();
        if self.write_file(&path, bytes.clone(), 0o700).await.is_err() {
            // A step may have emptied `/tmp`.
            self.make_dir(&self.scratch, 0o755).await?;
            self.write_file(&path, bytes, 0o700).await?;
        }
        Ok(path)
    }

    /// Tells whether a step asked to halt the job (RUN §2.8).
    pub(crate) async fn is_halted(&self) -> Result<bool, Trouble> {
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
    ) -> Result<Result<Process, ContainerError>, Trouble> {
        let spec =
            ProcessSpec { argv, env, cwd, user: self.user.written.clone(), pty: Some(TERMINAL) };
        off_thread(&self.environment, move |environment| environment.spawn(&spec)).await
    }

    /// Makes a directory of the step user.
    pub(crate) async fn make_dir(&self, path: &Path, mode: u32) -> Result<(), Trouble> {
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
    ) -> Result<(), Trouble> {
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
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let path = path.to_owned();
        blocking(&self.environment, move |environment| environment.read_file(&path, max_bytes))
            .await
    }

    /// Tells whether a path exists.
    pub(crate) async fn exists(&self, path: &Path) -> Result<bool, Trouble> {
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
pub(crate) async fn end(environment: Arc<Environment>, patience: Duration) {
    let ended = tokio::task::spawn_blocking(move || match Arc::try_unwrap(environment) {
        Ok(environment) => environment.stop(patience),
        // Somebody still looks at it; the last one to let go ends it.
        Err(_) => Ok(()),
    })
    .await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "an environment could not be ended cleanly"),
        Err(error) => tracing::error!(%error, "an environment could not be ended"),
    }
}

async fn blocking<T: Send + 'static>(
    environment: &Arc<Environment>,
    call: impl FnOnce(&Environment) -> Result<T, ContainerError> + Send + 'static,
) -> Result<T, Trouble> {
    off_thread(environment, call).await?.map_err(Trouble::from)
}

async fn off_thread<T: Send + 'static>(
    environment: &Arc<Environment>,
    call: impl FnOnce(&Environment) -> Result<T, ContainerError> + Send + 'static,
) -> Result<Result<T, ContainerError>, Trouble> {
    let environment = Arc::clone(environment);
    tokio::task::spawn_blocking(move || call(&environment)).await.map_err(|error| {
        Trouble::Infrastructure(format!("a call to the environment ended unexpectedly: {error}"))
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
