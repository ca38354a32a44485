//! `roundel config explain`: where a compiled value comes from, through every substitution.

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use roundel_config::{
    Diagnostic, ExplainError, Explanation, ExplanationStep, Layout,
    document::{Node, to_yaml},
};
use roundel_model::text::one_line;

use super::{
    check::{CheckArguments, Checked},
    report::Report,
    sources,
};
use crate::{
    exit::{Exit, UsageError},
    terminal::{self, line, rendered, styled},
};

/// Lines of a value that are shown; the rest is in `process`.
const VALUE_LINES: usize = 20;

#[derive(clap::Args, Debug)]
#[command(allow_missing_positional = true)]
pub(crate) struct Arguments {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE", default_value = sources::DEFAULT)]
    file: PathBuf,
    /// A place in what `process` prints: `jobs.test.steps[3].run.command`
    #[arg(value_name = "PATH", required = true)]
    path: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// An explanation for programs.
#[derive(serde::Serialize)]
struct Document<'e> {
    at: &'e str,
    value: &'e Node,
    steps: &'e [ExplanationStep],
}

/// Compiles the file and explains one value.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    if arguments.path.trim().is_empty() {
        let message = "the path is empty; name a place in what `roundel config process` prints";
        return Err(UsageError(message.to_owned()).into());
    }
    let compiler = arguments.check.compiler()?;
    let checked = compiler.check_here(sources::read(&arguments.file)?);
    compiler.write_lock(&checked.compiled.orbs)?;
    // A file that is not text has no meaning, whatever its readable parts compile to.
    if !checked.is_text {
        return broken(arguments, &checked, &checked.compiled.diagnostics);
    }
    let explanation = match roundel_config::explain(&checked.text, &checked.inputs, &arguments.path)
    {
        Ok(explanation) => explanation,
        Err(ExplainError::Broken(diagnostics)) => {
            return broken(arguments, &checked, &diagnostics);
        }
        Err(error @ ExplainError::NoSuchPath { .. }) => return Err(no_such_path(&error).into()),
    };
    if arguments.json {
        let document =
            Document { at: &arguments.path, value: &explanation.value, steps: &explanation.steps };
        terminal::print_json(&document)?;
    } else {
        terminal::print(&text(&arguments.path, &explanation, terminal::layout()))?;
    }
    Ok(Exit::Success)
}

/// Shows why there is nothing to explain.
fn broken(arguments: &Arguments, checked: &Checked, errors: &[Diagnostic]) -> Result<Exit> {
    if arguments.json {
        terminal::print_json(&Report::of(std::slice::from_ref(checked)))?;
    } else {
        terminal::remark(&rendered(&checked.text, errors, terminal::remark_layout()));
    }
    Ok(Exit::Failure)
}

/// The error with what there is instead.
fn no_such_path(error: &ExplainError) -> UsageError {
    let ExplainError::NoSuchPath { choices, help, items, .. } = error else {
        return UsageError(error.to_string());
    };
    let choices = match choices.as_slice() {
        // Not each of them: they are numbered.
        [_, ..] if let Some(items @ 2..) = items => {
            format!("there are {items}, from `[0]` to `[{}]`", items - 1)
        }
        [] => "there is nothing below".to_owned(),
        [one] => format!("there is only `{one}`"),
        several => format!("choose one of {}", several.join(", ")),
    };
    let help = help.as_ref().map_or(choices, Clone::clone);
    UsageError(format!("{error}; {help}"))
}

/// The value, and below it every step, what it is made of further in.
fn text(path: &str, explanation: &Explanation, layout: Layout) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let mut text = String::new();
    line(&mut text, &styled(path, bold, layout));
    let value = to_yaml(&explanation.value);
    let count = value.lines().count();
    for part in value.lines().take(VALUE_LINES) {
        line(&mut text, format!("  {part}").trim_end());
    }
    if count > VALUE_LINES {
        let more = format!("  … {} more lines", count - VALUE_LINES);
        line(&mut text, &styled(&more, dim, layout));
    }
    for step in &explanation.steps {
        let indent = " ".repeat(2 + 2 * step.depth.min(20));
        let number = step.line.to_string();
        let margin = " ".repeat(number.len());
        let bar = styled("|", dim, layout);
        let arrow = styled("-->", dim, layout);
        let what = styled(&one_line(&step.what), AnsiColor::Cyan.on_default().bold(), layout);
        line(&mut text, &format!("\n{indent}{what}"));
        line(
            &mut text,
            &format!("{indent}{margin}{arrow} {}:{}:{}", step.path, step.line, step.column),
        );
        line(&mut text, &format!("{indent}{} {bar} {}", styled(&number, dim, layout), step.source));
        let before = usize::try_from(step.column.saturating_sub(1)).unwrap_or(0);
        // As wide as what is above it: tabs stay tabs.
        let before: String =
            step.source.chars().take(before).map(|c| if c == '\t' { c } else { ' ' }).collect();
        let caret = styled("^", AnsiColor::Cyan.on_default().bold(), layout);
        line(&mut text, &format!("{indent}{margin} {bar} {before}{caret}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(depth: usize, what: &str, place: (u32, u32), source: &str) -> ExplanationStep {
        ExplanationStep {
            depth,
            what: what.to_owned(),
            path: "c.yml".to_owned(),
            line: place.0,
            column: place.1,
            source: source.to_owned(),
        }
    }

    #[test]
    fn every_step_shows_its_line_and_what_it_is_made_of_stands_further_in() {
        let explanation = Explanation {
            value: Node::text("cimg/base:12"),
            steps: vec![
                step(0, "written here", (6, 16), "    docker: [{image: 'cimg/base:<< x >>'}]"),
                step(1, "the default of the parameter `tag`", (13, 3), "\ttag: 12"),
            ],
        };
        assert_eq!(
            text("jobs.build.docker[0].image", &explanation, Layout::default()),
            "jobs.build.docker[0].image\n  cimg/base:12\n\n  written here\n   --> c.yml:6:16\n  6 |     \
             docker: [{image: 'cimg/base:<< x >>'}]\n    |                ^\n\n    the default of the \
             parameter `tag`\n      --> c.yml:13:3\n    13 | \ttag: 12\n       | \t ^\n"
        );
    }

    #[test]
    fn an_empty_path_is_a_usage_error() {
        let check = CheckArguments::default();
        let arguments =
            Arguments { file: PathBuf::from("-"), path: " ".to_owned(), json: false, check };
        assert!(run(&arguments).unwrap_err().is::<UsageError>());
    }

    #[test]
    fn a_path_that_is_not_there_says_what_is() {
        let explanation = |choices: &[&str], help: Option<&str>| {
            let error = ExplainError::NoSuchPath {
                reached: "jobs".to_owned(),
                missing: "biuld".to_owned(),
                choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
                items: None,
                help: help.map(str::to_owned),
            };
            no_such_path(&error).to_string()
        };
        let start = "the compiled document has no `biuld` below `jobs`; ";
        assert_eq!(explanation(&["a", "b"], None), format!("{start}choose one of a, b"));
        assert_eq!(explanation(&["a"], None), format!("{start}there is only `a`"));
        let help = Some("did you mean `build`?");
        assert_eq!(explanation(&["build"], help), format!("{start}did you mean `build`?"));
        assert_eq!(explanation(&[], None), format!("{start}there is nothing below"));
    }
}
