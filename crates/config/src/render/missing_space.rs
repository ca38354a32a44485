//! A key and its value without a space after the colon: `image:x` is one text for YAML, and would be taken
//! for the value of the key above it.

use crate::{
    codes::Code,
    language::data::{Data, Value},
    render::Renderer,
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
};

impl Renderer<'_> {
    /// Reports a text that begins with one of the keys that its mapping may have. Returns whether it does.
    pub(crate) fn report_joined(&mut self, code: Code, value: &Value, keys: &[&str]) -> bool {
        let Data::Text(text) = &value.data else { return false };
        if value.place.file != FileId::CONFIG {
            return false;
        }
        let Some((key, rest)) = joined(text, keys) else { return false };
        let message = format!("a space is missing after `{key}:`");
        let help = if rest.starts_with(['|', '>']) {
            let sign: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
            format!("write `{key}: {sign}`, with the text on the lines below, indented")
        } else if !self.is_on_its_own_line(value.place) {
            format!("write `{key}: {rest}` on a line of its own below it, indented")
        } else if rest.split_whitespace().skip(1).any(|word| joined(word, keys).is_some()) {
            format!("put a space after each colon, beginning with `{key}: …`")
        } else {
            format!("write `{key}: {rest}`")
        };
        self.report.add(Problem::error(code, value.place, message).help(help));
        true
    }

    /// Returns whether nothing is written before a text on its line.
    pub(crate) fn is_on_its_own_line(&self, place: Place) -> bool {
        let before = self.doc.file(place.file).text.get(..place.span.start());
        // Not from the start of the line, which may be long.
        let is_blank = |c: char| c.is_whitespace() && c != '\n';
        let before = before.map(|before| before.trim_end_matches(is_blank));
        before.is_some_and(|before| before.is_empty() || before.ends_with('\n'))
    }
}

/// Splits a text into one of these keys and what follows its colon without a space.
fn joined<'t>(text: &'t str, keys: &[&str]) -> Option<(&'t str, &'t str)> {
    let (key, rest) = text.split_once(':')?;
    let is_joined = keys.contains(&key) && rest.starts_with(|c: char| !c.is_whitespace());
    is_joined.then_some((key, rest))
}
