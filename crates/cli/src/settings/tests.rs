//! What settings turn out to be, and what is said about those that are wrong.

mod sources;
mod values;
mod warnings;

use std::{fs, path::Path};

use clap::FromArgMatches as _;

use super::{
    declaration::Program,
    flags::{ReadsSettings, Runner, Serve, SettingFlags},
    given::{Flags, Variables},
    print::print_config,
    table::{forges::GITHUB, general, runner, services},
    values::Values,
};

/// A data directory with a settings file, and what is given besides.
struct Case {
    directory: tempfile::TempDir,
    flags: Flags,
    variables: Variables,
}

impl Case {
    fn new(file: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("roundel.toml"), file).unwrap();
        let data = directory.path().display().to_string();
        let flags = Flags::from([("data".to_owned(), vec![data])]);
        Self { directory, flags, variables: Variables::new() }
    }

    fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.entry(name.to_owned()).or_default().push(value.to_owned());
        self
    }

    /// Gives a flag that the case has already.
    fn replacing(mut self, name: &str, value: &str) -> Self {
        self.flags.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn values(&self) -> Values {
        Values::resolve(Program::Serve, &self.flags, &self.variables).unwrap()
    }

    /// What is wrong, with the directory as `DIR`.
    fn error(&self) -> String {
        let error = Values::resolve(Program::Serve, &self.flags, &self.variables).unwrap_err();
        error.to_string().replace(&self.path().display().to_string(), "DIR")
    }
}

/// The flags of a command, as its command line is read.
fn flags_of<P: ReadsSettings>(arguments: &[&str]) -> Flags {
    let command = ["roundel", P::PROGRAM.name()];
    let line = command.iter().chain(arguments);
    let matches = crate::command().try_get_matches_from(line).unwrap();
    let (_, own) = matches.subcommand().unwrap();
    SettingFlags::<P>::from_arg_matches(own).unwrap().given
}
