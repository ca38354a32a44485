//! A command line that `clap` refuses: what it says, and what it leaves out.

use std::{ffi::OsString, process};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use roundel_model::text::{self, is_hidden};

use crate::{
    exit::{Exit, UsageError},
    terminal::{self, OutputClosed},
};

/// Prints the error, or the help that was asked for, and ends the program.
pub(crate) fn exit(error: clap::Error, program: &clap::Command) -> ! {
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(message) = not_utf8(std::env::args_os())
    {
        terminal::print_error(&UsageError(message).into());
        process::exit(Exit::Usage.code().into());
    }
    let error = with_tip(error, program);
    let plain = error.render().to_string();
    // It quotes arguments as they are, and a script passes on what it was given.
    if plain.contains(|c: char| is_hidden(c) && !matches!(c, '\n' | '\t')) {
        terminal::remark(&plain);
        process::exit(error.exit_code());
    }
    // `clap::Error::exit` would pass over a full disk, and a script would store no help.
    let printed = terminal::written(error.print());
    if let Err(failure) = printed
        && !error.use_stderr()
        && !failure.is::<OutputClosed>()
    {
        terminal::print_error(&failure);
        process::exit(Exit::Internal.code().into());
    }
    process::exit(error.exit_code())
}

/// Names the first argument that is not UTF-8, and the flag that it belongs to.
fn not_utf8(arguments: impl IntoIterator<Item = OsString>) -> Option<String> {
    let mut before = None;
    for argument in arguments.into_iter().skip(1) {
        let shown = argument.to_string_lossy();
        if argument.to_str().is_some() {
            before = shown.starts_with('-').then(|| shown.into_owned());
            continue;
        }
        let (flag, value) = match shown.split_once('=').filter(|(name, _)| name.starts_with('-')) {
            Some((flag, value)) => (Some(flag.to_owned()), value),
            None => (before, shown.as_ref()),
        };
        let value = text::cut(value, SHOWN_CHARS);
        return Some(match flag {
            Some(flag) => format!("the value of `{flag}`, `{value}`, is not UTF-8"),
            None => format!("the argument `{value}` is not UTF-8"),
        });
    }
    None
}

/// Characters of an argument that are quoted.
const SHOWN_CHARS: usize = 100;

/// Adds a tip to the error about a command that `config` or `orb` has: `validate` is `config validate`.
fn with_tip(mut error: clap::Error, program: &clap::Command) -> clap::Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let groups = program.get_subcommands().filter(|one| one.get_name() != "help");
    let meant: Vec<String> = groups
        .filter(|group| group.find_subcommand(wrong).is_some())
        .map(|group| format!("{} {wrong}", group.get_name()))
        .collect();
    if !meant.is_empty() && program.find_subcommand(wrong).is_none() {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(meant));
    }
    error
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_command_of_config_without_config_has_a_tip() {
        let program = crate::command();
        let Err(error) = program.clone().try_get_matches_from(["roundel", "validate"]) else {
            panic!()
        };
        let text = with_tip(error, &program).to_string();
        assert!(text.contains("'config validate'"), "{text}");
    }

    #[test]
    fn an_argument_that_is_not_utf_8_is_named_with_its_flag() {
        let said = |arguments: &[&[u8]]| {
            let arguments = arguments.iter().map(|one| OsString::from_vec(one.to_vec()));
            not_utf8(arguments).unwrap()
        };
        let program: &[u8] = b"roundel";
        assert_eq!(
            said(&[program, b"serve", b"--log", b"caf\xe9"]),
            "the value of `--log`, `caf\u{fffd}`, is not UTF-8"
        );
        assert_eq!(
            said(&[program, b"--branch=caf\xe9"]),
            "the value of `--branch`, `caf\u{fffd}`, is not UTF-8"
        );
        assert_eq!(said(&[program, b"\xe9"]), "the argument `\u{fffd}` is not UTF-8");
    }
}
