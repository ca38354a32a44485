//! `roundel config validate`: what is wrong with configurations, and where; and what this release
//! refuses of those that are right.

use roundel_model::text::counted;
use std::path::PathBuf;

use anyhow::Result;
use roundel_config::{
    Decision, Diagnostic, Layout, Severity,
    listing::{NOT_ALL_RUNS, NOT_SUPPORTED, Notes},
};

use super::{
    check::{CheckArguments, Checked},
    decision,
    report::Report,
    sources,
};
use crate::{exit::Exit, terminal};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The files; `-` is standard input [default: .circleci/config.yml]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    strictness: StrictnessArguments,
    /// Print only errors and what is not supported
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// Options that say what is a failure.
#[derive(clap::Args, Debug)]
struct StrictnessArguments {
    /// Treat warnings as errors
    #[arg(long)]
    deny_warnings: bool,
    /// Exit with 0 for what is valid but not supported by this release
    #[arg(long)]
    allow_unsupported: bool,
}

/// Compiles all files and prints what was found.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let compiler = arguments.check.compiler()?;
    let sources = sources::read_all(&arguments.files)?;
    let checked: Vec<Checked> = sources.into_iter().map(|source| compiler.check(source)).collect();
    if arguments.json {
        terminal::print_json(&Report::of(&checked))?;
    } else {
        terminal::print(&text(&checked, arguments, terminal::layout()))?;
    }
    let orbs: Vec<_> = checked.iter().flat_map(|checked| checked.compiled.orbs.clone()).collect();
    compiler.write_lock(&orbs)?;
    Ok(exit(&checked, arguments))
}

/// An error outweighs what is not supported: the author can fix it.
fn exit(checked: &[Checked], arguments: &Arguments) -> Exit {
    let failed = |checked: &Checked| {
        checked.decision() == Decision::Invalid
            || arguments.strictness.deny_warnings && checked.count(Severity::Warning) > 0
    };
    if checked.iter().any(failed) {
        Exit::Failure
    } else if !arguments.strictness.allow_unsupported && checked.iter().any(Checked::is_refused) {
        Exit::Unsupported
    } else {
        Exit::Success
    }
}

/// Renders what was found in all files, and a line on each.
fn text(checked: &[Checked], arguments: &Arguments, layout: Layout) -> String {
    let mut text = String::new();
    for one in checked {
        let shown: Vec<Diagnostic> = if arguments.quiet {
            let loud = |found: &&Diagnostic| {
                arguments.strictness.deny_warnings || found.severity == Severity::Error
            };
            one.compiled.diagnostics.iter().filter(loud).cloned().collect()
        } else {
            one.compiled.diagnostics.clone()
        };
        if !shown.is_empty() {
            text.push_str(&terminal::rendered(&one.text, &shown, layout));
            text.push('\n');
        }
        if !arguments.quiet || one.decision() != Decision::Runs {
            text.push_str(&file_summary(one, layout));
            let notes = if arguments.quiet { Notes::LeftOut } else { Notes::Listed };
            text.push_str(&decision::listed(&one.compiled, notes, layout.width));
        }
    }
    if checked.len() > 1 && !arguments.quiet {
        terminal::line(&mut text, &format!("\n{}", summary(checked)));
    }
    text
}

/// `2 files valid, 1 with errors, 1 not supported by this release`
fn summary(checked: &[Checked]) -> String {
    let count = |wanted: fn(&Checked) -> bool| checked.iter().filter(|one| wanted(one)).count();
    let wrong = count(|one| one.decision() == Decision::Invalid);
    let refused = count(Checked::is_refused);
    let mut parts = vec![format!("{} valid", counted(checked.len() - wrong - refused, "file"))];
    parts.extend((wrong > 0).then(|| format!("{wrong} with errors")));
    parts.extend((refused > 0).then(|| format!("{refused} not supported by this release")));
    parts.join(", ")
}

/// `.circleci/config.yml: 2 errors, 1 warning`
fn file_summary(checked: &Checked, layout: Layout) -> String {
    use anstyle::AnsiColor::{Green, Red, Yellow};

    let paint = |text: &str, color: anstyle::AnsiColor| {
        terminal::styled(text, color.on_default().bold(), layout)
    };
    let say = |count: usize, what: &str, color: anstyle::AnsiColor| {
        (count > 0).then(|| paint(&counted(count, what), color))
    };
    let (errors, warnings) = (checked.count(Severity::Error), checked.count(Severity::Warning));
    let (first, colon) = match checked.decision() {
        Decision::Invalid => (say(errors, "error", Red), ""),
        Decision::Unsupported => (Some(paint(NOT_SUPPORTED, Yellow)), ":"),
        Decision::SomeJobsRefused | Decision::SomeWorkflowsNeverStarted => {
            (Some(paint(NOT_ALL_RUNS, Yellow)), ":")
        }
        Decision::NothingRuns => {
            let colon = if checked.is_refused() { ":" } else { "" };
            (Some(paint(checked.nothing_runs(), Yellow)), colon)
        }
        Decision::Runs => (Some(paint("valid", Green)), ""),
    };
    let found: Vec<String> = first.into_iter().chain(say(warnings, "warning", Yellow)).collect();
    let line = format!("{}: {}{colon}", checked.path, found.join(", "));
    let line = terminal::wrapped(&line, 2, layout.width) + "\n";
    let why = checked.why_nothing_runs();
    let why = why.map(|why| format!("  {}\n", terminal::wrapped(&why, 2, layout.width)));
    let uncertain = checked.uncertain_branch.as_ref().map(|branch| {
        let hint = format!(
            "it is not known whether `{branch}` is the default branch, which decides: \
             `--pipeline-value git.branch.is_default=true` says that it is, `=false` that it is not"
        );
        format!("  {}\n", terminal::wrapped(&hint, 2, layout.width))
    });
    line + &why.unwrap_or_default() + &uncertain.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser as _;
    use roundel_config::{
        codes,
        page::{self, ExampleKind, Part},
    };

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// The pages showed an error with its place underlined, which no command prints for them.
    #[test]
    fn the_pages_of_what_is_not_supported_show_what_validate_prints() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".circleci")).unwrap();
        let path = folder.path().join(".circleci/config.yml");
        let arguments = Program::parse_from(["program"]).arguments;
        let compiler = arguments.check.compiler().unwrap();
        let area = codes::AREAS.iter().find(|area| area.title.starts_with("Not supported"));
        for code in area.unwrap().codes {
            let (wrong, _) = page::example(*code, ExampleKind::Wrong).unwrap();
            fs::write(&path, wrong).unwrap();
            let checked = [compiler.check(sources::read(&path).unwrap())];
            let printed = text(&checked, &arguments, Layout::default());
            let printed = printed.replace(&format!("{}/", folder.path().display()), "");
            let parts = page::page(code.slug).unwrap().parts;
            let shown = parts.iter().find_map(|part| match part {
                Part::Block { title, text, .. } if title == "Output" => Some(text),
                Part::Block { .. } | Part::Paragraph(_) => None,
            });
            assert_eq!(shown, Some(&printed), "{}", code.slug);
        }
    }
}
