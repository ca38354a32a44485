//! The programs of the host that a runner starts for checkouts, and whether they are there.

use std::{
    io,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How long a program may take to say its version.
const TIME: Duration = Duration::from_secs(10);

/// How often it is checked whether it has ended.
const PERIOD: Duration = Duration::from_millis(5);

/// A program that runners start.
pub struct Program {
    /// The name of its command.
    pub name: &'static str,
    /// The argument with which it only says its version.
    version: &'static str,
    /// The Debian package that it is in.
    package: &'static str,
    /// Its purpose, completing "`git`, which …".
    purpose: &'static str,
}

/// What does not work without a program, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingProgram {
    /// A fragment: "`git`, which …, does not start: …".
    pub what: String,
    /// A fragment: "install the package `git`".
    pub remedy: String,
}

/// All of them.
pub const PROGRAMS: &[Program] = &[
    Program { name: "git", version: "--version", package: "git", purpose: "fetches code for jobs" },
    Program {
        name: "ssh",
        version: "-V",
        package: "openssh-client",
        purpose: "fetches code with deploy keys",
    },
];

impl Program {
    /// Starts it, and returns what is missing if that fails. Blocks for ten seconds at most.
    pub fn missing(&self) -> Option<MissingProgram> {
        let Self { name, version, package, purpose } = self;
        let problem = match self.ended(TIME) {
            Ok(Some(status)) if status.success() => return None,
            Ok(Some(status)) => format!("does not work: `{name} {version}` ended with {status}"),
            Ok(None) => format!("does not work: `{name} {version}` did not end within {TIME:?}"),
            Err(error) => format!("does not start: {error}"),
        };
        Some(MissingProgram {
            what: format!("`{name}`, which {purpose}, {problem}"),
            remedy: format!("install the package `{package}`"),
        })
    }

    /// Asks it for its version. Nothing if it takes longer; then it is killed.
    fn ended(&self, within: Duration) -> io::Result<Option<ExitStatus>> {
        let mut child = Command::new(self.name)
            .arg(self.version)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if started.elapsed() >= within {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(PERIOD);
        }
    }
}

impl MissingProgram {
    /// Returns both as a sentence about a runner.
    pub(crate) fn sentence(&self) -> String {
        format!("Checkouts fail on this runner: {}; {}.", self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_start_is_reported_with_what_to_do() {
        let absent = Program { name: "/nowhere/git", ..PROGRAMS[0] };
        let sentence = absent.missing().unwrap().sentence();
        let begin =
            "Checkouts fail on this runner: `/nowhere/git`, which fetches code for jobs, does not";
        assert!(sentence.starts_with(begin), "{sentence}");
        assert!(sentence.ends_with("; install the package `git`."), "{sentence}");
        assert_eq!(PROGRAMS[0].missing(), None, "the tests need it, too");
    }

    /// A wrapper of a version manager starts, and then finds no program.
    #[test]
    fn a_program_that_fails_or_hangs_is_reported() {
        let failing = Program { name: "false", ..PROGRAMS[0] };
        let what = failing.missing().unwrap().what;
        assert!(
            what.ends_with("does not work: `false --version` ended with exit status: 1"),
            "{what}"
        );
        let hanging = Program { name: "sleep", version: "600", ..PROGRAMS[0] };
        assert_eq!(hanging.ended(Duration::from_millis(20)).unwrap(), None);
    }
}
