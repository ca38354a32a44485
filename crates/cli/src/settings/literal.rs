//! How a value is written in TOML, and how a switch is read.

use super::declaration::Shape;

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
