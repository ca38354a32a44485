//! `roundel completions` and `roundel man`: what a shell and `man` want to know, made of the command
//! line itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{exit::Exit, terminal};

#[derive(clap::Args)]
pub(crate) struct CompletionArguments {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArguments {
    /// A directory for the pages
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Prints the completions of a shell for our command line.
pub(crate) fn completions(
    arguments: &CompletionArguments,
    mut command: clap::Command,
) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "roundel", &mut script);
    let script = String::from_utf8(script).context("the completions are not text")?;
    terminal::print_data(&script)?;
    Ok(Exit::Success)
}

/// Writes a page for each command: `roundel.1`, `roundel-serve.1`.
pub(crate) fn man(arguments: &ManArguments, command: clap::Command) -> Result<Exit> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory)
        .and_then(|()| write_pages(directory, command))
        .with_context(|| format!("failed to write manual pages into `{}`", directory.display()))?;
    Ok(Exit::Success)
}

fn write_pages(directory: &Path, command: clap::Command) -> io::Result<()> {
    // `help` needs no page.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    write_page(directory, command)
}

fn write_page(directory: &Path, mut command: clap::Command) -> io::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        write_page(directory, inner.clone())?;
    }
    let usage = command.render_usage().to_string();
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    fs::write(directory.join(page.get_filename()), with_usage(&text, &usage))
}

/// Gives a page the synopsis that `--help` shows: the other one leaves out the values of flags, and
/// that a file may be named several times.
fn with_usage(page: &str, usage: &str) -> String {
    const HEADING: &str = ".SH SYNOPSIS\n";
    let usage = usage.trim_start_matches("Usage:").trim().replace('-', "\\-");
    let Some((before, rest)) = page.split_once(HEADING) else { return page.to_owned() };
    let after = rest.find(".SH ").map_or("", |at| &rest[at..]);
    format!("{before}{HEADING}{usage}\n{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_completes_commands_and_flags() {
        for shell in
            [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish]
        {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut crate::command(), "roundel", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["serve", "migrate-check", "token-file", "allow-unsupported"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn every_command_has_a_page_and_none_shows_a_flag_that_takes_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(folder.path(), crate::command()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("roundel.1").contains("works with GitHub and Bitbucket"));
        let serve = read("roundel-serve.1");
        assert!(serve.contains("public\\-url") && serve.contains("ROUNDEL_PUBLIC_URL"), "{serve}");
        let validate = read("roundel-config-validate.1");
        assert!(validate.contains("allow\\-unsupported"));
        let synopsis =
            ".SH SYNOPSIS\nroundel config validate [OPTIONS] [FILE]...\n.SH DESCRIPTION\n";
        assert!(validate.contains(synopsis), "{validate}");
        assert!(!read("roundel-runner.1").contains("\\-\\-token\\fR \\fI"), "only as a file");
    }
}
