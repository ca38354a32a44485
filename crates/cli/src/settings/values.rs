//! Which value each setting has, and where it came from.
//!
//! A flag wins over a variable, a variable over a line of the file, a line over the default. An
//! empty variable is one that is not set.

use std::{
    collections::BTreeMap,
    fs::File as SystemFile,
    path::{Path, PathBuf},
};

use super::{
    declaration::{AnySetting, Declaration, Default, Program, Secrecy, Setting, Shape},
    file::File,
    given::{Candidate, Flags, Form, GivenSettings, Origin, Variables},
    kinds, literal, mask,
    problem::{self, Place, Problem},
    table::{ALL, general},
    unknown,
};
use crate::exit::UsageError;

/// Bytes of a file that holds a secret.
const SECRET_BYTES: u64 = 64 << 10;

/// What to do about a file that the server made.
const DAMAGED: &str =
    "restore the file from a backup of the data directory, or delete it if this server never ran";

/// An address of a database in a file: the setting's own example is a server's.
const SQLITE_EXAMPLE: &str = "sqlite:/srv/roundel/roundel.db";

/// The values of all settings that a command reads.
#[derive(Debug)]
pub(crate) struct Values {
    program: Program,
    found: BTreeMap<&'static str, Found>,
    /// What works and should be done in another way.
    pub(crate) warnings: Vec<String>,
}

/// A value, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Lists have a line for each item.
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// The file that holds the value, if it is not in the setting itself.
    pub(crate) held_by: Option<PathBuf>,
}

impl Values {
    /// Decides the value of every setting that a command reads.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the settings, in one [`UsageError`].
    pub(crate) fn resolve(
        program: Program,
        flags: &Flags,
        variables: &Variables,
    ) -> Result<Self, UsageError> {
        let mut values = Self { program, found: BTreeMap::new(), warnings: Vec::new() };
        let mut given = GivenSettings { program, flags, variables, file: File::default() };
        given.file = values.file(&given).map_err(|problem| problem::all(&[problem]))?;
        let mut problems = given.file.problems.clone();
        let config = values.found.remove(general::CONFIG.declaration.key);
        values.found.clear();
        values.found.extend(config.map(|found| (general::CONFIG.declaration.key, found)));
        for setting in ALL.iter().filter(|one| one.declaration().programs.contains(&program)) {
            if values.found.contains_key(setting.declaration().key) {
                continue;
            }
            if let Err(problem) = values.decide(*setting, &given) {
                problems.push(problem);
            }
        }
        if !problems.is_empty() {
            return Err(problem::all(&problems));
        }
        values.warnings.extend(unknown::warnings(variables, program));
        Ok(values)
    }

    /// Returns the value of a setting.
    ///
    /// # Errors
    ///
    /// If it was right a moment ago and is no longer: a file that was removed.
    pub(crate) fn get<T>(&self, setting: &Setting<T>) -> Result<Option<T>, UsageError> {
        let Some(found) = self.found.get(setting.declaration.key) else { return Ok(None) };
        let value = (setting.kind.parse)(&found.text);
        value.map(Some).map_err(|what| UsageError(format!("`{}` is {what}", found.origin.name())))
    }

    /// Returns the value of a setting that there must be.
    ///
    /// # Errors
    ///
    /// If it is not given: which it is, and how to give it.
    pub(crate) fn require<T>(&self, setting: &Setting<T>, why: &str) -> Result<T, UsageError> {
        let declaration = &setting.declaration;
        self.get(setting)?.ok_or_else(|| {
            let ways = ways(declaration, self.program);
            UsageError(format!("`{}` is missing: {why}\n  set {ways}", declaration.key))
        })
    }

    /// Refuses a value that is right in itself and wrong here.
    ///
    /// Says which setting it is, where the value came from, what is wrong (``has 5 characters of 32``), and
    /// what to do.
    pub(crate) fn refusal(&self, declaration: &Declaration, what: &str, help: &str) -> UsageError {
        let from = self.found.get(declaration.key).map_or_else(String::new, |found| {
            let file = found.held_by.as_ref().map(|path| format!(", `{}`", path.display()));
            format!(" ({}{})", found.origin, file.unwrap_or_default())
        });
        UsageError(format!("`{}`{from} {what}\n  {help}", declaration.key))
    }

    /// Returns a value as it was given.
    pub(crate) fn found(&self, declaration: &Declaration) -> Option<&Found> {
        self.found.get(declaration.key)
    }

    /// Returns the command that reads the values.
    pub(crate) fn program(&self) -> Program {
        self.program
    }

    /// Reads the settings file: the one that is named, or else the one in the data directory.
    fn file(&mut self, given: &GivenSettings<'_>) -> Result<File, Problem> {
        self.decide(&general::DATA, given)?;
        self.decide(&general::CONFIG, given)?;
        let Some(config) = self.found.get(general::CONFIG.declaration.key) else {
            return Ok(File::default());
        };
        match File::read(Path::new(&config.text))? {
            Some(file) => Ok(file),
            None if config.origin == Origin::Default => Ok(File::default()),
            None => Err(Problem::new(format!(
                "there is no settings file `{}`, which `{}` names",
                config.text,
                config.origin.name()
            ))),
        }
    }

    fn decide(
        &mut self,
        setting: &dyn AnySetting,
        given: &GivenSettings<'_>,
    ) -> Result<(), Problem> {
        let declaration = setting.declaration();
        for level in given.candidates(declaration, setting.shape()) {
            match level.as_slice() {
                [] => {}
                [one] => {
                    self.warnings.extend(exposed(declaration, one));
                    let found = take(setting, one)?;
                    self.found.insert(declaration.key, found);
                    return Ok(());
                }
                [first, second, ..] => {
                    let (first_name, second_name) = (first.origin.name(), second.origin.name());
                    let message =
                        format!("`{first_name}` and `{second_name}` are both set; keep one");
                    return Err(Problem::new(message).at(second.place.clone()));
                }
            }
        }
        if let Some(found) = self.default(setting)? {
            self.found.insert(declaration.key, found);
        }
        Ok(())
    }

    fn default(&self, setting: &dyn AnySetting) -> Result<Option<Found>, Problem> {
        let found = |text: String| Found { text, origin: Origin::Default, held_by: None };
        Ok(match setting.declaration().default {
            Default::Unset => None,
            Default::Fixed(text) => Some(found(text.to_owned())),
            Default::Computed { compute, .. } => {
                let other = |key: &str| self.found.get(key).map(|found| found.text.clone());
                Some(found(compute(self.program, &other)))
            }
            Default::Generated(name) => {
                let path = self.data().join(name);
                if !path.exists() {
                    return Ok(None);
                }
                let candidate = Candidate {
                    text: path.display().to_string(),
                    origin: Origin::Default,
                    place: None,
                    form: Form::Path,
                };
                Some(take(setting, &candidate)?)
            }
        })
    }

    fn data(&self) -> PathBuf {
        self.found
            .get(general::DATA.declaration.key)
            .map_or_else(PathBuf::new, |found| PathBuf::from(&found.text))
    }
}

/// Takes a value, from its file if it has one, and checks it.
fn take(setting: &dyn AnySetting, candidate: &Candidate) -> Result<Found, Problem> {
    let Candidate { text, origin, place, form } = candidate;
    let declaration = setting.declaration();
    let name = origin.name();
    if *form == Form::Path {
        let is_default = *origin == Origin::Default;
        let named = if is_default { String::new() } else { format!(" (`{name}`)") };
        let held = read_secret(Path::new(text)).map_err(|error| {
            let message = format!("failed to read `{text}`{named}: {error}");
            Problem::new(message).at(place.clone())
        })?;
        setting.check(&held).map_err(|what| {
            let advice = if is_default {
                DAMAGED.to_owned()
            } else {
                format!("expected: {}", setting.kind_name())
            };
            let message = format!("the content of `{text}`{named} is {what}");
            Problem::new(message).at(place.clone()).help(advice)
        })?;
        let held_by = Some(PathBuf::from(text));
        return Ok(Found { text: held, origin: origin.clone(), held_by });
    }
    let checked = match (setting.shape(), origin) {
        // Nothing at all would mean the default: all resource classes, say.
        (Shape::List, Origin::Flag(_) | Origin::Variable(_))
            if text.split('\n').any(|item| item.trim().is_empty()) =>
        {
            Err("a list with an empty item".to_owned())
        }
        _ => setting.check(text),
    };
    checked.map_err(|what| {
        let shown = mask::shown(text, setting.shape());
        let message = if declaration.secrecy == Secrecy::Open && !shown.trim().is_empty() {
            format!("`{name}` is `{shown}`, which is {what}")
        } else {
            format!("`{name}` is {what}")
        };
        let help = format!("an example: `{}`", example(setting, origin, text));
        let line = place.clone().map(|place| {
            let text = place.text.filter(|_| !mask::hides(text));
            Place { text, ..place }
        });
        Problem::new(message).at(line).help(help)
    })?;
    Ok(Found { text: text.clone(), origin: origin.clone(), held_by: None })
}

/// An example in the form in which the wrong value was given.
fn example(setting: &dyn AnySetting, origin: &Origin, wrong: &str) -> String {
    let declaration = setting.declaration();
    let is_file =
        declaration.key == general::DATABASE_URL.declaration.key && wrong.starts_with("sqlite:");
    let example = if is_file { SQLITE_EXAMPLE } else { declaration.example };
    match origin {
        Origin::Flag(flag) if setting.shape() == Shape::Switch => format!("{flag}={example}"),
        Origin::Flag(flag) if example.contains(' ') => format!("{flag} '{example}'"),
        Origin::Flag(flag) => format!("{flag} {example}"),
        Origin::Variable(name) => format!("{name}={example}"),
        Origin::Line { .. } | Origin::Default => {
            let (_, key) = declaration.section();
            format!("{key} = {}", literal::toml_value(example, setting.shape()))
        }
    }
}

/// The ways to give a setting.
fn ways(declaration: &Declaration, program: Program) -> String {
    if let (Secrecy::Secret, Some(flag)) = (declaration.secrecy, declaration.file_flag) {
        return format!(
            "`{}_file` in the settings file, `{}_FILE` or `--{flag}` to a file that holds it",
            declaration.key, declaration.variable,
        );
    }
    let flag = declaration.value_flag(program).unwrap_or(declaration.flag);
    if let (Secrecy::MayHoldPassword, Some(file)) = (declaration.secrecy, declaration.file_flag) {
        return format!(
            "`{}` in the settings file, `{}`, `--{file}` to a file that holds it, or `--{flag}` if there is \
             no password in it",
            declaration.key, declaration.variable,
        );
    }
    format!("`{}` in the settings file, `{}` or `--{flag}`", declaration.key, declaration.variable)
}

/// A warning if a flag shows a secret to everyone who lists processes.
fn exposed(declaration: &Declaration, candidate: &Candidate) -> Option<String> {
    let Origin::Flag(flag) = &candidate.origin else { return None };
    let exposed = match (candidate.form, declaration.secrecy) {
        (Form::Path, _) | (Form::Value, Secrecy::Open) => false,
        (Form::Value, Secrecy::MayHoldPassword) => mask::holds_password(&candidate.text),
        (Form::Value, Secrecy::Secret) => true,
    };
    exposed.then(|| {
        format!(
            "`{flag}` shows a secret to everyone who can list processes on this machine; use \
             `--{}`, `{}` or the settings file",
            declaration.file_flag.unwrap_or(declaration.flag),
            declaration.variable
        )
    })
}

fn read_secret(path: &Path) -> std::io::Result<String> {
    let text = kinds::whole(SystemFile::open(path)?, SECRET_BYTES)?;
    Ok(text.trim().to_owned())
}
