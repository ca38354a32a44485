//! `docs/configuration.md`, made of the declarations.

use super::{
    declaration::{AnySetting, Declaration, Default, Program, Secrecy, Shape},
    literal,
    table::{ALL, SECTIONS},
};
use crate::terminal;

/// Characters of a line, as in the other pages. The rows of tables cannot be broken.
const WIDTH: usize = 110;

/// What is above the tables.
const HEAD: &str = include_str!("reference.md");

/// Writes the page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for (section, title) in SECTIONS {
        let heading = if section.is_empty() {
            (*title).to_owned()
        } else {
            format!("{title}: `[{section}]`")
        };
        terminal::line(&mut page, &format!("\n## {heading}"));
        for setting in ALL.iter().filter(|one| one.declaration().section().0 == *section) {
            page.push_str(&entry(*setting));
        }
    }
    page
}

fn entry(setting: &dyn AnySetting) -> String {
    let declaration = setting.declaration();
    let about = terminal::wrapped(&format!("{}.", declaration.about), 0, Some(WIDTH));
    let mut text = format!("\n### `{}`\n\n{about}\n\n", declaration.key);
    text.push_str("| | |\n| --- | --- |\n");
    for (name, value) in [
        ("value", value(setting)),
        ("default", default(declaration)),
        ("used by", used_by(declaration)),
        ("flag", flag(setting)),
        ("variable", variable(setting)),
        ("`roundel.toml`", line(setting)),
    ] {
        terminal::line(&mut text, &format!("| {name} | {} |", value.replace('|', "\\|")));
    }
    text
}

fn value(setting: &dyn AnySetting) -> String {
    let unit = setting.declaration().unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
    let secret = match setting.declaration().secrecy {
        Secrecy::Open => "",
        Secrecy::MayHoldPassword => "; a password in it is secret",
        Secrecy::Secret => "; secret",
    };
    format!("{}{unit}{secret}", setting.kind_name())
}

fn default(declaration: &Declaration) -> String {
    match declaration.default {
        Default::Unset => "none".to_owned(),
        Default::Fixed(text) => format!("`{text}`"),
        Default::Computed { words, .. } => words.to_owned(),
        Default::Generated(name) if declaration.programs.contains(&Program::Runner) => format!(
            "generated at the first start of `roundel serve` and kept in `{name}` in its data directory; \
             `roundel runner` makes none"
        ),
        Default::Generated(name) => {
            format!("generated at the first start and kept in `{name}` in the data directory")
        }
    }
}

fn used_by(declaration: &Declaration) -> String {
    let names: Vec<String> = declaration
        .programs
        .iter()
        .map(|program| format!("`roundel {}`", program.name()))
        .collect();
    names.join(", ")
}

fn flag(setting: &dyn AnySetting) -> String {
    let declaration = setting.declaration();
    let example = if declaration.example.contains(' ') {
        format!("'{}'", declaration.example)
    } else {
        declaration.example.to_owned()
    };
    let value = match setting.shape() {
        Shape::Switch if declaration.example == "true" => format!("`--{}`", declaration.flag),
        Shape::Switch => format!("`--{}={example}`", declaration.flag),
        Shape::List => format!("`--{} {example}`, may be repeated", declaration.flag),
        Shape::Text | Shape::Number => format!("`--{} {example}`", declaration.flag),
    };
    let file = format!("`--{} FILE`", declaration.file_flag.unwrap_or(declaration.flag));
    match declaration.secrecy {
        Secrecy::Open => value,
        Secrecy::MayHoldPassword => {
            format!("{file}, or `--{} URL` if there is no password in it", declaration.flag)
        }
        Secrecy::Secret => file,
    }
}

fn variable(setting: &dyn AnySetting) -> String {
    let Declaration { variable, example, .. } = *setting.declaration();
    let list = if setting.shape() == Shape::List { ", several with commas" } else { "" };
    let value = format!("`{variable}={example}`{list}");
    if setting.declaration().has_file_form() {
        format!("{value} or `{variable}_FILE=FILE`")
    } else {
        value
    }
}

fn line(setting: &dyn AnySetting) -> String {
    let declaration = setting.declaration();
    if !declaration.in_file {
        return "not available in the file".to_owned();
    }
    let (section, key) = declaration.section();
    let mut line =
        format!("`{key} = {}`", literal::toml_value(declaration.example, setting.shape()));
    if declaration.has_file_form() {
        line = format!("{line} or `{key}_file = \"FILE\"`");
    }
    if !section.is_empty() {
        line = format!("{line}, below `[{section}]`");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_page_is_too_wide_but_those_of_tables() {
        for line in page().lines().filter(|line| !line.starts_with('|')) {
            assert!(line.chars().count() <= WIDTH + 5, "{line}");
        }
    }

    #[test]
    fn every_setting_has_names_that_follow_from_its_key_and_an_example_that_works() {
        for setting in ALL {
            let declaration = setting.declaration();
            let key = declaration.key;
            assert!(!declaration.about.is_empty() && !declaration.about.ends_with('.'), "{key}");
            assert!(!declaration.programs.is_empty(), "{key}");
            let (section, name) = declaration.section();
            assert!(SECTIONS.iter().any(|(known, _)| *known == section), "{key}");
            let full = key.replace(['.', '_'], "-");
            let short = name.replace('_', "-");
            let plural = [declaration.flag.to_owned() + "s", declaration.flag.to_owned() + "es"];
            let follows = |name: &String| name == declaration.flag || plural.contains(name);
            assert!([&full, &short].into_iter().any(follows), "{key}: --{}", declaration.flag);
            let variables = [full, short]
                .map(|name| format!("ROUNDEL_{}", name.replace('-', "_").to_uppercase()));
            assert!(variables.contains(&declaration.variable.to_owned()), "{key}");
            let file_flag = format!("{}-file", declaration.flag);
            let has_file = declaration.secrecy != Secrecy::Open;
            assert_eq!(declaration.file_flag, has_file.then_some(file_flag.as_str()), "{key}");
            // Of the rest, directories and files need not exist where the test runs.
            if !matches!(setting.kind_name(), "directory" | "file") {
                assert_eq!(setting.check(declaration.example), Ok(()), "{key}");
            }
            if let Default::Fixed(text) = declaration.default {
                assert_eq!(setting.check(text), Ok(()), "{key}");
            }
        }
    }

    #[test]
    fn no_two_settings_share_a_name() {
        let names = |of: &dyn Fn(&Declaration) -> String| {
            let mut names: Vec<String> = ALL.iter().map(|one| of(one.declaration())).collect();
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count);
        };
        names(&|one| one.key.to_owned());
        names(&|one| one.flag.to_owned());
        names(&|one| one.variable.to_owned());
    }

    /// A line without its section is an unknown key, and the server does not start with one.
    #[test]
    fn the_line_of_a_setting_names_its_section() {
        for setting in ALL.iter().filter(|one| one.declaration().in_file) {
            let (section, key) = setting.declaration().section();
            let line = line(*setting);
            assert_eq!(
                line.ends_with(&format!("below `[{section}]`")),
                !section.is_empty(),
                "{key}"
            );
        }
    }

    #[test]
    fn no_flag_of_the_page_holds_a_secret() {
        assert!(!HEAD.contains("Every setting"));
        for setting in ALL.iter().filter(|one| one.declaration().secrecy == Secrecy::Secret) {
            assert!(flag(*setting).ends_with("-file FILE`"), "{}", flag(*setting));
        }
    }

    #[test]
    fn the_page_in_the_documentation_is_as_the_code_has_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, page(), "docs/configuration.md is stale: run `cargo xtask gen`");
    }
}
