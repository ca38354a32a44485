//! `roundel config process`: what a configuration compiles to (CFG §7.4).

use std::path::PathBuf;

use anyhow::Result;
use roundel_config::{Decision, Severity, document::to_yaml, listing::Notes};
use roundel_model::text::{one_line, visible};

use super::{
    check::{CheckArguments, Checked},
    decision,
    report::Report,
    sources,
};
use crate::{exit::Exit, terminal};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", default_value = sources::DEFAULT)]
    file: PathBuf,
    /// Print JSON: the diagnostics, and `document`
    #[arg(long)]
    json: bool,
    /// Repeat the source in comments at the end
    #[arg(long, conflicts_with = "json")]
    with_source: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// Compiles the file and prints the document; diagnostics go to standard error.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let compiler = arguments.check.compiler()?;
    let checked = compiler.check(sources::read(&arguments.file)?);
    if arguments.json {
        terminal::print_json(&Report::with_document(&checked))?;
    } else {
        let diagnostics = &checked.compiled.diagnostics;
        if !diagnostics.is_empty() {
            let layout = terminal::remark_layout();
            terminal::remark(&terminal::rendered(&checked.text, diagnostics, layout));
        }
        if let Some(why) = checked.why_nothing_runs() {
            let (path, what) = (&checked.path, checked.nothing_runs());
            terminal::remark(&format!("{path}: {what}: {why}\n"));
        }
        if checked.is_refused() {
            terminal::remark(&refused(&checked));
        }
        terminal::print_data(&printed(&checked, arguments.with_source))?;
    }
    compiler.write_lock(&checked.compiled.orbs)?;
    Ok(if checked.count(Severity::Error) > 0 { Exit::Failure } else { Exit::Success })
}

/// Says that the server will not run all of it. The document is right all the same.
fn refused(checked: &Checked) -> String {
    let what = match checked.decision() {
        Decision::SomeJobsRefused | Decision::SomeWorkflowsNeverStarted | Decision::NothingRuns => {
            "this release does not run all of it"
        }
        Decision::Unsupported | Decision::Runs | Decision::Invalid => {
            "not supported by this release"
        }
    };
    let list = decision::listed(&checked.compiled, Notes::LeftOut, terminal::remark_width());
    format!("{}: valid, but {what}:\n{list}", checked.path)
}

/// The document with its header and, if wanted, its source; nothing if there is none.
fn printed(checked: &Checked, with_source: bool) -> String {
    let Some(document) = &checked.compiled.document else { return String::new() };
    let mut text = String::new();
    for orb in &checked.compiled.orbs {
        let header = format!("# Orb '{}' resolved to '{}'", orb.requested, orb.resolved);
        terminal::line(&mut text, &one_line(&header));
    }
    text.push_str(&to_yaml(document));
    if with_source {
        text.push_str("\n# Original config.yml file:\n");
        for line in checked.text.lines() {
            terminal::line(&mut text, format!("# {}", visible(line)).trim_end());
        }
    }
    text
}
