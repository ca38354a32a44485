//! `roundel config validate`: what is wrong with configurations, and where.

use std::path::PathBuf;

use anyhow::Result;
use roundel_config::{Diagnostic, Severity, render};

use super::{
    check::{CheckArguments, Checked},
    output::counted,
    report::Report,
    sources,
};
use crate::{exit::Exit, terminal};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The files; `-` is standard input [default: .circleci/config.yml]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Prints one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Warnings are failures too
    #[arg(long)]
    deny_warnings: bool,
    /// Prints errors only
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// Compiles all files and tells what was found.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let compiler = arguments.check.compiler()?;
    let sources = sources::read_all(&arguments.files)?;
    let checked: Vec<Checked> = sources.into_iter().map(|source| compiler.check(source)).collect();
    let failed = |checked: &Checked| {
        checked.count(Severity::Error) > 0
            || arguments.deny_warnings && checked.count(Severity::Warning) > 0
    };
    if arguments.json {
        terminal::print(&Report::of(&checked).to_json()?)?;
    } else {
        terminal::print(&text(&checked, arguments, terminal::colors()))?;
    }
    let orbs: Vec<_> = checked.iter().flat_map(|checked| checked.compiled.orbs.clone()).collect();
    compiler.write_lock(&orbs)?;
    Ok(if checked.iter().any(failed) { Exit::Failure } else { Exit::Success })
}

/// Renders what was found in all files, and a line on each.
fn text(checked: &[Checked], arguments: &Arguments, colors: bool) -> String {
    let mut text = String::new();
    let mut wrong = 0;
    for one in checked {
        let shown: Vec<Diagnostic> = if arguments.quiet {
            let loud =
                |told: &&Diagnostic| arguments.deny_warnings || told.severity == Severity::Error;
            one.compiled.diagnostics.iter().filter(loud).cloned().collect()
        } else {
            one.compiled.diagnostics.clone()
        };
        if !shown.is_empty() {
            text.push_str(&render(&one.text, &shown, colors));
            text.push('\n');
        }
        let errors = one.count(Severity::Error);
        wrong += usize::from(errors > 0);
        if !arguments.quiet || errors > 0 {
            text.push_str(&verdict(one, colors));
        }
    }
    if checked.len() > 1 && !arguments.quiet {
        let fine = counted(checked.len() - wrong, "file");
        let rest = if wrong > 0 { format!(", {wrong} with errors") } else { String::new() };
        terminal::line(&mut text, &format!("\n{fine} fine{rest}"));
    }
    text
}

/// `.circleci/config.yml: 2 errors, 1 warning`
fn verdict(checked: &Checked, colors: bool) -> String {
    use anstyle::AnsiColor::{Green, Red, Yellow};

    let (errors, warnings) = (checked.count(Severity::Error), checked.count(Severity::Warning));
    let say = |count: usize, what: &str, color: anstyle::AnsiColor| {
        (count > 0)
            .then(|| terminal::styled(&counted(count, what), color.on_default().bold(), colors))
    };
    let found: Vec<String> = [say(errors, "error", Red), say(warnings, "warning", Yellow)]
        .into_iter()
        .flatten()
        .collect();
    let fine = terminal::styled("fine", Green.on_default().bold(), colors);
    let verdict = match (errors, found.is_empty()) {
        (_, true) => fine,
        (0, false) => format!("{fine}, {}", found.join(", ")),
        (_, false) => found.join(", "),
    };
    format!("{}: {verdict}\n", checked.path)
}
