//! `--print-config`: every setting with its value and where it came from, as TOML with comments.

use super::{
    declaration::{AnySetting, Default, Secrecy},
    literal,
    mask::{MASK, without_password},
    table::ALL,
    values::{Found, Values},
};
use crate::terminal;

/// The widest value that comments are aligned to.
const WIDTH: usize = 60;

/// Writes all settings of a command.
pub(crate) fn print_config(values: &Values) -> String {
    let lines: Vec<(String, String)> = ALL
        .iter()
        .filter(|setting| setting.declaration().programs.contains(&values.program()))
        .map(|setting| line(*setting, values))
        .collect();
    let fitting =
        lines.iter().map(|(value, _)| value.chars().count()).filter(|width| *width <= WIDTH);
    let width = fitting.max().unwrap_or(0);
    let mut text = String::new();
    for (value, comment) in &lines {
        terminal::line(&mut text, &format!("{value:width$}  # {comment}"));
    }
    text
}

/// A line, and the comment on it.
fn line(setting: &dyn AnySetting, values: &Values) -> (String, String) {
    let declaration = setting.declaration();
    let Some(found) = values.found(declaration) else {
        let program = values.program();
        let is_needed = declaration.needed_by.contains(&program);
        let why = match declaration.default {
            Default::Generated(_) if is_needed => "missing: a copy of the server's".to_owned(),
            Default::Unset | Default::Fixed(_) | Default::Computed { .. } if is_needed => {
                format!("missing: `roundel {}` does not start without it", program.name())
            }
            Default::Generated(name) => format!("generated at the first start, in {name}"),
            Default::Unset | Default::Fixed(_) | Default::Computed { .. } => "not set".to_owned(),
        };
        return (format!("# {}", declaration.key), why);
    };
    let held_by = found.held_by.as_ref();
    let held_by = held_by.map(|path| format!(" ({})", path.display())).unwrap_or_default();
    let value = literal::toml_value(&shown(setting, found), setting.shape());
    // The file cannot name itself.
    let key = if declaration.in_file { String::new() } else { "# ".to_owned() } + declaration.key;
    (format!("{key} = {value}"), format!("{}{held_by}", found.origin))
}

fn shown(setting: &dyn AnySetting, found: &Found) -> String {
    match setting.declaration().secrecy {
        Secrecy::Open => found.text.clone(),
        Secrecy::Secret => MASK.to_owned(),
        Secrecy::MayHoldPassword => without_password(&found.text),
    }
}
