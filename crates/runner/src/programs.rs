//! The programs of the host that a runner starts for checkouts, and whether they are there.

use std::process::Command;

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
    /// Starts it, and returns what is missing if that fails.
    pub fn missing(&self) -> Option<MissingProgram> {
        let Self { name, version, package, purpose } = self;
        let error = Command::new(name).arg(version).output().err()?;
        Some(MissingProgram {
            what: format!("`{name}`, which {purpose}, does not start: {error}"),
            remedy: format!("install the package `{package}`"),
        })
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
}
