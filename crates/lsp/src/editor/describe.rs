//! Definitions and keys in Markdown, for hover and completion alike.

use super::{
    outline::{Item, Parameter},
    schema::{shape::Key, values::PipelineName},
};

/// Characters that are shown of a description.
const DESCRIPTION: usize = 600;

/// Parameters that are shown.
const PARAMETERS: usize = 30;

/// A key of the language.
pub(crate) fn key(key: &Key, of: &str) -> String {
    let required = if key.required { ", required" } else { "" };
    let old = if key.old { ", deprecated" } else { "" };
    format!("`{}`: {}{required}{old}\n\n{}\n\nA key of {of}.", key.name, key.shape.words(), key.doc)
}

/// A job, command, executor, workflow or group; `name` as it is called from here.
pub(crate) fn item(item: &Item, name: &str) -> String {
    let mut text = format!("{} `{name}`", item.kind.word());
    if let Some(description) = &item.description {
        text.push_str("\n\n");
        text.push_str(&shorten(description.trim(), DESCRIPTION));
    }
    if !item.parameters.is_empty() {
        text.push_str("\n\nParameters:\n");
        for parameter in item.parameters.iter().take(PARAMETERS) {
            text.push_str("\n- ");
            text.push_str(&brief(parameter));
        }
        if item.parameters.len() > PARAMETERS {
            text.push_str("\n- …");
        }
    }
    text
}

/// A parameter in one line.
pub(crate) fn brief(parameter: &Parameter) -> String {
    let mut text = format!("`{}`: {}", parameter.name, kind(parameter));
    match &parameter.default {
        Some(default) => {
            text.push_str(", default `");
            text.push_str(default);
            text.push('`');
        }
        None => text.push_str(", required"),
    }
    if let Some(description) = &parameter.description {
        let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(". ");
        text.push_str(&shorten(&line, DESCRIPTION));
    }
    text
}

/// A parameter's type, with the values of an `enum`.
pub(crate) fn kind(parameter: &Parameter) -> String {
    if parameter.choices.is_empty() {
        return parameter.kind.word().to_owned();
    }
    parameter.choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" | ")
}

/// Returns what hover shows of a pipeline value, as Markdown.
pub(crate) fn pipeline_value(value: &PipelineName) -> String {
    format!("`{}`: {}\n\n{}\n\nA pipeline value.", value.name, value.kind, value.doc)
}

/// Cuts a string at a number of characters.
pub(crate) fn shorten(text: &str, characters: usize) -> String {
    let short: String = text.chars().take(characters).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// A block of YAML, cut at a number of lines.
pub(crate) fn yaml(source: &str, lines: usize) -> String {
    let shown: Vec<&str> = source.lines().take(lines).collect();
    let more = if source.lines().count() > lines { "\n# …" } else { "" };
    format!("```yaml\n{}{more}\n```", shown.join("\n"))
}
