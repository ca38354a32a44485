//! `roundel config code`: what a diagnostic code means, and how to mend it.

use anyhow::Result;
use roundel_config::{
    codes,
    page::{self, Page, Part},
};

use crate::{
    exit::{Exit, UsageError},
    terminal,
};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Its name or number: `unknown-parameter`, `E-033`; without one, lists them all
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Prints a page, or the list of all.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let text = match &arguments.code {
        None => list(terminal::colors()),
        Some(name) => match page::page(name) {
            Some(page) => show(&page, terminal::colors()),
            None => return Err(UsageError(unknown(name)).into()),
        },
    };
    terminal::print(&text)?;
    Ok(Exit::Success)
}

fn unknown(name: &str) -> String {
    let near = roundel_config::codes::near(name);
    let help = near.map_or_else(
        || "`roundel config code` lists them all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("there is no diagnostic code `{name}`: {help}")
}

/// A page as a terminal shows it: headings, and examples a little to the right.
fn show(page: &Page, colors: bool) -> String {
    let heading = anstyle::Style::new().bold();
    let number = page.code.number.map_or_else(String::new, |number| format!("  {number}"));
    let mut text = String::new();
    terminal::line(&mut text, &terminal::styled(page.code.slug, heading, colors));
    text.truncate(text.trim_end().len());
    terminal::line(&mut text, &number);
    for part in &page.parts {
        text.push('\n');
        match part {
            Part::Paragraph(paragraph) => terminal::line(&mut text, paragraph),
            Part::Block { title, text: block, .. } => {
                terminal::line(&mut text, &terminal::styled(title, heading, colors));
                text.push('\n');
                for line in block.lines() {
                    let indented = format!("    {line}");
                    terminal::line(&mut text, indented.trim_end());
                }
            }
        }
    }
    text
}

/// A line for each code, by area.
fn list(colors: bool) -> String {
    let width = codes::all().map(|code| code.slug.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (index, area) in codes::AREAS.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        terminal::line(
            &mut text,
            &terminal::styled(area.title, anstyle::Style::new().bold(), colors),
        );
        for code in area.codes {
            let number = code.number.unwrap_or("");
            let slug = code.slug;
            terminal::line(&mut text, &format!("  {number:5}  {slug:width$}  {}", code.about));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_both_examples_and_what_is_said() {
        let page = page::page("E-033").unwrap();
        let text = show(&page, false);
        for part in [
            "unknown-parameter  E-033\n\nAn argument for a parameter that is not defined.\n",
            "\nWrong\n\n    version: 2.1\n",
            "did you mean `version`?",
            "\nRight\n\n    version: 2.1\n",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(show(&page, true).contains('\u{1b}'));
    }

    #[test]
    fn a_code_that_does_not_exist_is_told_with_the_nearest_one() {
        assert!(unknown("unknown-paramter").contains("did you mean `unknown-parameter`?"));
        assert!(unknown("E-999").contains("lists them all"));
    }

    #[test]
    fn the_list_has_every_code_once() {
        let text = list(false);
        for code in codes::all() {
            assert_eq!(text.matches(&format!(" {} ", code.slug)).count(), 1, "{}", code.slug);
        }
    }
}
