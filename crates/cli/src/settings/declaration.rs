//! What a setting is: its names, its kind, its default, and what the documentation says about it.
//!
//! A setting is declared once, in [`super::table`]. Flags, variables, keys of `roundel.toml`, the
//! page `docs/configuration.md` and `--print-config` are all made of the declaration.

use std::fmt;

/// A setting whose values are read as `T`.
pub struct Setting<T: 'static> {
    /// Its names, and what people read about it.
    pub declaration: Declaration,
    /// How its text is read.
    pub kind: Kind<T>,
}

/// The part of a setting that does not depend on the type of its values.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Its line in `roundel.toml`: `github.client_id`.
    pub key: &'static str,
    /// Its flag, without the dashes.
    pub flag: &'static str,
    /// The flag for a file that holds the value, if there is one; then there are also a variable that
    /// ends in `_FILE` and a key that ends in `_file`.
    pub file_flag: Option<&'static str>,
    /// Its environment variable.
    pub variable: &'static str,
    /// Its meaning, in one sentence without a full stop.
    pub about: &'static str,
    /// What the help of a command says instead, where the sentence is about several.
    pub about_in: &'static [(Program, &'static str)],
    /// What holds if it is not given.
    pub default: Default,
    /// What the help of a command says of the default, where it is another one for each.
    pub default_in: &'static [(Program, &'static str)],
    /// What a value counts: `jobs`.
    pub unit: Option<&'static str>,
    /// A value that works.
    pub example: &'static str,
    /// Whether its value may be seen by others.
    pub secrecy: Secrecy,
    /// Whether it can be in the file.
    pub in_file: bool,
    /// The commands that read it.
    pub programs: &'static [Program],
    /// The commands that do not start without it, though it has no default for them.
    pub needed_by: &'static [Program],
    /// A flag that takes a secret itself, from before there were files for them. It works, and warns.
    pub exposing_flag: Option<(Program, &'static str)>,
}

/// A command that reads settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `roundel serve`
    Serve,
    /// `roundel runner`
    Runner,
    /// `roundel orb`
    Orb,
}

/// Whether a value may be seen by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Anyone on the machine may see it.
    Open,
    /// An address that may hold a password: the password is masked, and the value may be in a
    /// separate file.
    MayHoldPassword,
    /// Never a flag, for flags can be seen in the list of processes. May be in a separate file.
    Secret,
}

/// What holds if a setting is not given.
#[derive(Clone, Copy)]
pub enum Default {
    /// Nothing: what the setting is for is off.
    Unset,
    /// The same text on every machine.
    Fixed(&'static str),
    /// A value that depends on the command, the machine or other settings.
    Computed {
        /// How, for the documentation: "`http://` and `listen`".
        words: &'static str,
        /// Computes it.
        compute: fn(Program, &Lookup<'_>) -> String,
    },
    /// A file in the data directory that the server makes at its first start.
    Generated(&'static str),
}

/// Returns the text of another setting, by its key.
pub type Lookup<'l> = dyn Fn(&str) -> Option<String> + 'l;

/// How a value is read.
pub struct Kind<T: 'static> {
    /// Its name in the documentation: "address and port".
    pub name: &'static str,
    /// Its type in TOML.
    pub shape: Shape,
    /// Reads a string. The error completes "which is …": "not an address and port".
    pub parse: fn(&str) -> Result<T, String>,
}

/// How a value is written in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `"text"`
    Text,
    /// `4`
    Number,
    /// `true`
    Switch,
    /// `["one", "two"]`; in a variable, commas; as a flag, repeated.
    List,
}

/// A setting of any type.
pub trait AnySetting: Sync {
    /// Returns the declaration.
    fn declaration(&self) -> &Declaration;
    /// Returns what its values are called.
    fn kind_name(&self) -> &'static str;
    /// Returns how its values are written.
    fn shape(&self) -> Shape;
    /// Checks a value.
    ///
    /// # Errors
    ///
    /// Completes "which is …": "not an address and port".
    fn check(&self, text: &str) -> Result<(), String>;
}

impl<T> AnySetting for Setting<T> {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn kind_name(&self) -> &'static str {
        self.kind.name
    }

    fn shape(&self) -> Shape {
        self.kind.shape
    }

    fn check(&self, text: &str) -> Result<(), String> {
        (self.kind.parse)(text).map(drop)
    }
}

impl Declaration {
    /// Returns whether the value may be in a separate file.
    pub fn has_file_form(&self) -> bool {
        self.file_flag.is_some()
    }

    /// Returns whether there is a flag that takes the value itself.
    pub fn has_value_flag(&self) -> bool {
        self.secrecy != Secrecy::Secret
    }

    /// Returns the section of the file, and the key within it.
    pub fn section(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or(("", self.key))
    }

    /// Returns the flag for the value, as a command knows it.
    pub fn value_flag(&self, program: Program) -> Option<&'static str> {
        let exposing = self.exposing_flag.filter(|(of, _)| *of == program);
        self.has_value_flag().then_some(self.flag).or(exposing.map(|(_, flag)| flag))
    }
}

impl Program {
    /// Returns the command's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Runner => "runner",
            Self::Orb => "orb",
        }
    }
}

impl fmt::Debug for Default {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => formatter.write_str("Unset"),
            Self::Fixed(text) => write!(formatter, "Fixed({text})"),
            Self::Computed { words, .. } => write!(formatter, "Computed({words})"),
            Self::Generated(name) => write!(formatter, "Generated({name})"),
        }
    }
}

/// The parts that most declarations share.
pub const OPEN: Declaration = Declaration {
    key: "",
    flag: "",
    file_flag: None,
    variable: "",
    about: "",
    about_in: &[],
    default: Default::Unset,
    default_in: &[],
    unit: None,
    example: "",
    secrecy: Secrecy::Open,
    in_file: true,
    programs: &[Program::Serve],
    needed_by: &[],
    exposing_flag: None,
};
