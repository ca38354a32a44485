//! What might have been meant, and how a value is written in TOML.

use super::declaration::Shape;

/// Returns the name that is nearest to another, if one is near.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let limit = (name.chars().count() / 4).clamp(1, 3);
    known
        .map(|known| (strsim::osa_distance(name, &known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// Writes a value as TOML does; a list has a line for each item.
pub(crate) fn toml_value(text: &str, shape: Shape) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    match shape {
        Shape::Text => quoted(text),
        Shape::Number => text.parse::<u64>().map_or(text.to_owned(), |number| number.to_string()),
        Shape::Switch => truth(text).map_or(text.to_owned(), |truth| truth.to_string()),
        Shape::List => {
            let items: Vec<String> = text.lines().map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// What a switch is set to, in any of the ways to write it.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
