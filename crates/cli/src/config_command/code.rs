//! `roundel config code`: what a diagnostic code means, and how to fix it.

use anyhow::Result;
use roundel_config::{
    Layout, codes,
    page::{self, Page, Part},
};

use crate::{
    exit::{Exit, UsageError},
    terminal,
};

/// Columns that the sentence about a code needs next to its name; with fewer, it is below it.
const READABLE: usize = 30;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The name or number of a code: `unknown-parameter`, `E-033`; without one, lists them all
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Prints a page, or the list of all.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let text = match &arguments.code {
        None => list(terminal::layout()),
        Some(name) => match page::page(name) {
            Some(page) => show(&page, terminal::layout()),
            None => return Err(UsageError(unknown(name)).into()),
        },
    };
    terminal::print(&text)?;
    Ok(Exit::Success)
}

fn unknown(name: &str) -> String {
    let near = page::nearest(name);
    let help = near.map_or_else(
        || "`roundel config code` lists them all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("there is no diagnostic code `{name}`: {help}")
}

/// A page as a terminal shows it: headings, and examples indented. Examples are never broken.
fn show(page: &Page, layout: Layout) -> String {
    let heading = anstyle::Style::new().bold();
    let number = page.code.number.map_or_else(String::new, |number| format!("  {number}"));
    let mut text = String::new();
    terminal::line(&mut text, &terminal::styled(page.code.slug, heading, layout));
    text.truncate(text.trim_end().len());
    terminal::line(&mut text, &number);
    for part in &page.parts {
        text.push('\n');
        match part {
            Part::Paragraph(paragraph) => {
                terminal::line(&mut text, &filled(paragraph, layout.width));
            }
            Part::Block { title, text: block, .. } => {
                terminal::line(&mut text, &terminal::styled(title, heading, layout));
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

/// Breaks a paragraph where the terminal ends. It has the lines of the source, which may be longer;
/// items of a list stay apart.
fn filled(paragraph: &str, width: Option<usize>) -> String {
    if width.is_none() {
        return paragraph.to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    for line in paragraph.lines().map(str::trim) {
        match parts.last_mut() {
            Some(part) if !line.starts_with("- ") => {
                part.push(' ');
                part.push_str(line);
            }
            _ => parts.push(line.to_owned()),
        }
    }
    let fit = |part: &String| {
        let indent = if part.starts_with("- ") { 2 } else { 0 };
        terminal::wrapped(part, indent, width)
    };
    parts.iter().map(fit).collect::<Vec<_>>().join("\n")
}

/// A line for each code, by area.
fn list(layout: Layout) -> String {
    let columns = layout.width;
    let width = codes::all().map(|code| code.slug.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (index, area) in codes::AREAS.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        terminal::line(
            &mut text,
            &terminal::styled(area.title, anstyle::Style::new().bold(), layout),
        );
        for code in area.codes {
            let number = code.number.unwrap_or("");
            let slug = code.slug;
            let column = width + 11;
            if columns.is_some_and(|columns| columns < column + READABLE) {
                let about = terminal::wrapped(code.about, 9, columns);
                terminal::line(&mut text, &format!("  {number:5}  {slug}\n         {about}"));
            } else {
                let about = terminal::wrapped(code.about, column, columns);
                terminal::line(&mut text, &format!("  {number:5}  {slug:width$}  {about}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(columns: usize) -> Layout {
        Layout { width: Some(columns), ..Layout::default() }
    }

    #[test]
    fn a_page_shows_both_examples_and_the_message() {
        let page = page::page("E-033").unwrap();
        let text = show(&page, Layout::default());
        for part in [
            "unknown-parameter  E-033\n\nAn argument for a parameter that is not declared.\n",
            "\nWrong\n\n    version: 2.1\n",
            "did you mean `version`?",
            "\nRight\n\n    version: 2.1\n",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(show(&page, Layout { colors: true, ..Layout::default() }).contains('\u{1b}'));
    }

    #[test]
    fn an_unknown_code_is_reported_with_the_nearest_one() {
        assert!(unknown("unknown-paramter").contains("did you mean `unknown-parameter`?"));
        assert!(unknown("E-999").contains("lists them all"));
    }

    #[test]
    fn a_narrow_terminal_breaks_sentences_and_no_example() {
        let page = page::page("E-033").unwrap();
        let paragraphs = page.parts.iter().filter_map(|part| match part {
            Part::Paragraph(text) => Some(text.as_str()),
            Part::Block { .. } => None,
        });
        let longest = paragraphs.map(|text| text.chars().count()).max().unwrap();
        assert!(longest > 40, "an example that proves something: {longest}");
        let text = show(&page, wide(40));
        for line in text.lines().filter(|line| !line.starts_with("    ")) {
            assert!(line.chars().count() <= 40, "{line}");
        }
        for columns in [50, 80] {
            for line in list(wide(columns)).lines() {
                assert!(line.chars().count() <= columns, "{line}");
            }
        }
    }

    #[test]
    fn the_list_has_every_code_once() {
        let text = list(Layout::default());
        for code in codes::all() {
            assert_eq!(text.matches(&format!(" {} ", code.slug)).count(), 1, "{}", code.slug);
        }
    }
}
