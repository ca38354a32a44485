//! What a command was given: flags, variables, and the settings file.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::{
    declaration::{Declaration, Program, Shape},
    file::File,
    problem::Place,
};

/// What the command line gives: flags without dashes, with their values.
pub(crate) type Flags = BTreeMap<String, Vec<String>>;

/// Environment variables.
pub(crate) type Variables = BTreeMap<String, String>;

/// Everything that a command was given.
#[derive(Debug)]
pub(crate) struct GivenSettings<'a> {
    pub(crate) program: Program,
    pub(crate) flags: &'a Flags,
    pub(crate) variables: &'a Variables,
    pub(crate) file: File,
}

/// A value that was given, or the path of a file that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Lists have a line for each item.
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// Where the line of the file is.
    pub(crate) place: Option<Place>,
    /// What the text is.
    pub(crate) form: Form,
}

/// What the text of a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Value,
    /// The path of a file that holds the value.
    Path,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag, with its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A line of the settings file.
    Line {
        /// The key, with its section.
        key: String,
        path: PathBuf,
        line: usize,
    },
    /// Nothing was given.
    Default,
}

impl GivenSettings<'_> {
    /// Returns what was given for a setting, level by level: by flags, by variables, by the file.
    pub(crate) fn candidates(
        &self,
        declaration: &Declaration,
        shape: Shape,
    ) -> [Vec<Candidate>; 3] {
        let forms = [Form::Value, Form::Path];
        let forms =
            forms.into_iter().filter(|form| *form == Form::Value || declaration.has_file_form());
        let forms: Vec<Form> = forms.collect();
        let of = |find: &dyn Fn(Form) -> Option<Candidate>| {
            forms.iter().filter_map(|form| find(*form)).collect()
        };
        [
            of(&|form| self.by_flag(declaration, form)),
            of(&|form| self.by_variable(declaration, form, shape)),
            of(&|form| self.by_line(declaration, form)),
        ]
    }

    fn by_flag(&self, declaration: &Declaration, form: Form) -> Option<Candidate> {
        let flag = match form {
            Form::Value => declaration.value_flag(self.program)?,
            Form::Path => declaration.file_flag?,
        };
        let text = self.flags.get(flag)?.join("\n");
        Some(Candidate { text, origin: Origin::Flag(format!("--{flag}")), place: None, form })
    }

    fn by_variable(
        &self,
        declaration: &Declaration,
        form: Form,
        shape: Shape,
    ) -> Option<Candidate> {
        let name = match form {
            Form::Value => declaration.variable.to_owned(),
            Form::Path => format!("{}_FILE", declaration.variable),
        };
        let text = self.variables.get(&name).filter(|text| !text.is_empty())?;
        let text = match shape {
            Shape::List => {
                let items = text.split(|c: char| c == ',' || c.is_whitespace());
                items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join("\n")
            }
            Shape::Text | Shape::Number | Shape::Switch => text.clone(),
        };
        Some(Candidate { text, origin: Origin::Variable(name), place: None, form })
    }

    fn by_line(&self, declaration: &Declaration, form: Form) -> Option<Candidate> {
        let key = match form {
            Form::Value => declaration.key.to_owned(),
            Form::Path => format!("{}_file", declaration.key),
        };
        let entry = self.file.entry(&key)?;
        let place = self.file.place(entry);
        let origin = Origin::Line { key, path: place.path.clone(), line: place.line };
        Some(Candidate { text: entry.value.clone(), origin, place: Some(place), form })
    }
}

impl Origin {
    /// Returns the name that was used to give the value: `--listen`, `ROUNDEL_LISTEN`, `listen`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Flag(name) | Self::Variable(name) | Self::Line { key: name, .. } => name,
            Self::Default => "the default",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(formatter, "flag {flag}"),
            Self::Variable(name) => write!(formatter, "variable {name}"),
            Self::Line { path, line, .. } => write!(formatter, "{}:{line}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}
