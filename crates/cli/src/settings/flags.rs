//! The flags of a command, made of the declarations of the settings that it reads.

use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::{
    declaration::{AnySetting, Declaration, Default, Program, Secrecy, Shape},
    given::Flags,
    table::{ALL, SECTIONS, general},
};

/// The flags of a command that were given.
#[derive(Clone, Debug)]
pub(crate) struct SettingFlags<P> {
    /// With their values, without dashes.
    pub(crate) given: Flags,
    of: PhantomData<P>,
}

/// A command, as a type.
pub(crate) trait ReadsSettings {
    /// Which one.
    const PROGRAM: Program;
}

/// `roundel serve`
#[derive(Clone, Copy, Debug)]
pub(crate) enum Serve {}

/// `roundel runner`
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {}

/// `roundel orb`
#[derive(Clone, Copy, Debug)]
pub(crate) enum Orb {}

impl ReadsSettings for Serve {
    const PROGRAM: Program = Program::Serve;
}

impl ReadsSettings for Runner {
    const PROGRAM: Program = Program::Runner;
}

impl ReadsSettings for Orb {
    const PROGRAM: Program = Program::Orb;
}

impl<P: ReadsSettings> SettingFlags<P> {
    /// Returns the flags with that of the log, which is before the command or after it.
    pub(crate) fn with_log(&self, log: Option<&str>) -> Flags {
        let mut given = self.given.clone();
        if let Some(log) = log {
            given.insert(general::LOG.declaration.flag.to_owned(), vec![log.to_owned()]);
        }
        given
    }
}

/// The settings that have their own flags; `--log` belongs to every command.
fn settings(program: Program) -> impl Iterator<Item = &'static dyn AnySetting> {
    let of_program = move |one: &&&dyn AnySetting| one.declaration().programs.contains(&program);
    let log = general::LOG.declaration.key;
    ALL.iter().filter(of_program).copied().filter(move |one| one.declaration().key != log)
}

/// The names of the flags of a setting.
fn names(declaration: &Declaration, program: Program) -> impl Iterator<Item = &'static str> {
    [declaration.value_flag(program), declaration.file_flag].into_iter().flatten()
}

impl<P: ReadsSettings> FromArgMatches for SettingFlags<P> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Flags::new();
        for setting in settings(P::PROGRAM) {
            for name in names(setting.declaration(), P::PROGRAM) {
                if let Some(values) = matches.get_many::<String>(name) {
                    given.insert(name.to_owned(), values.cloned().collect());
                }
            }
        }
        Ok(Self { given, of: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<P: ReadsSettings> Args for SettingFlags<P> {
    fn augment_args(command: Command) -> Command {
        settings(P::PROGRAM).fold(command, |command, setting| {
            names(setting.declaration(), P::PROGRAM)
                .fold(command, |command, name| command.arg(argument(setting, name, P::PROGRAM)))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &dyn AnySetting, name: &'static str, program: Program) -> Arg {
    let declaration = setting.declaration();
    let (section, _) = declaration.section();
    let is_file = declaration.file_flag == Some(name);
    let argument = Arg::new(name)
        .long(name)
        .help(help(setting, is_file, program))
        // The sections are many, and a first reader wants few lines.
        .hide_short_help(
            !matches!(section, "" | "runner") || is_file && program != Program::Runner,
        );
    let argument = match SECTIONS.iter().find(|(name, _)| *name == section) {
        Some((name, title)) if !name.is_empty() => argument.help_heading(*title),
        _ => argument,
    };
    let is_exposing = declaration.secrecy == Secrecy::Secret && !is_file;
    let argument = argument.hide(is_exposing);
    match setting.shape() {
        _ if is_file => argument.value_name("FILE"),
        Shape::Switch => argument.value_name("BOOL").num_args(0..=1).default_missing_value("true"),
        Shape::List => {
            argument.value_name(value_name(setting)).action(ArgAction::Append).value_parser(item)
        }
        // A wrong number is to be named, not taken for a flag.
        Shape::Number => argument.value_name(value_name(setting)).allow_negative_numbers(true),
        Shape::Text => argument.value_name(value_name(setting)),
    }
}

/// An item of a list, of which each has its flag: in one with lines there would be several.
fn item(text: &str) -> Result<String, &'static str> {
    if text.contains('\n') {
        return Err("a line break is not allowed; repeat the flag for each item");
    }
    Ok(text.to_owned())
}

fn value_name(setting: &dyn AnySetting) -> &'static str {
    match setting.kind_name() {
        "directory" => "DIR",
        "file" => "FILE",
        "number" => "N",
        "address and port" | "email address" => "ADDRESS",
        "log filter" => "FILTER",
        name if name.contains("address") => "URL",
        _ => "TEXT",
    }
}

/// Writes a sentence as the part of one: it begins with an article or a noun.
fn within_sentence(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn help(setting: &dyn AnySetting, is_file: bool, program: Program) -> String {
    let declaration = setting.declaration();
    if is_file {
        let or = if declaration.value_flag(program).is_some() && declaration.has_value_flag() {
            format!("A file that holds `--{}`", declaration.flag)
        } else {
            format!("A file that holds {}", within_sentence(declaration.about))
        };
        return format!("{or} [variable: {}_FILE]", declaration.variable);
    }
    let repeated = if setting.shape() == Shape::List { "; may be repeated" } else { "" };
    let default = match (of(declaration.default_in, program), declaration.default) {
        (Some(text), _) | (None, Default::Fixed(text)) => format!(" [default: {text}]"),
        (None, Default::Unset | Default::Generated(_)) => String::new(),
        (None, Default::Computed { words, .. }) => {
            format!(" [default: {}]", words.replace('`', ""))
        }
    };
    let about = of(declaration.about_in, program).unwrap_or(declaration.about);
    format!("{about}{repeated} [variable: {}]{default}", declaration.variable)
}

/// What is said for one command.
fn of(texts: &[(Program, &'static str)], program: Program) -> Option<&'static str> {
    texts.iter().find(|(of, _)| *of == program).map(|(_, text)| *text)
}
