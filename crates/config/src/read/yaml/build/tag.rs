//! Tags of nodes: those of YAML say what a scalar is, and others are reported.

use granit_parser::{ScalarStyle, Tag};

use super::{Builder, Style};
use crate::{
    codes,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

impl Builder<'_> {
    /// Reports a tag that is not of YAML, and returns whether it is one.
    pub(super) fn check_tag(&mut self, tag: Option<&Tag>, at: Span) -> bool {
        let Some(tag) = tag.filter(|tag| tag.is_custom()) else { return false };
        let (handle, suffix) = tag.parts();
        if is_non_specific(tag) {
            return false;
        }
        // `!!set`, `!!timestamp` and other tags of YAML 1.1 do no harm.
        if handle.starts_with("tag:yaml.org") {
            return false;
        }
        let message = format!("unknown YAML tag `!{}`", suffix.trim_start_matches('!'));
        let problem = Problem::error(codes::UNKNOWN_TAG, Place::direct(at), message);
        self.problems.push(
            problem.help("quote a value that starts with `!`; in an expression, write `not`"),
        );
        true
    }

    /// Warns about `!` alone before an unquoted value: it was meant to negate a condition or a command, which
    /// does not get it.
    pub(super) fn check_negation(&mut self, text: &str, tag: Option<&Tag>, at: Span) {
        let is_mark = self.text.get(at.start()..at.end()).is_some_and(|tag| tag.trim() == "!");
        if !tag.is_some_and(is_non_specific) || !is_mark || text.is_empty() {
            return;
        }
        let place = Place::direct(Span::new(at.start(), at.start() + 1));
        let message = "this `!` is a YAML tag, and not a part of the value";
        let help = if text.starts_with("<<") && text.ends_with(">>") {
            format!("to negate it, write `{{ not: {text} }}`")
        } else {
            "put quotes around it and the value, or write `not` in a condition".to_owned()
        };
        let problem = Problem::warning(codes::UNKNOWN_TAG, place, message);
        self.problems.push(problem.help(help));
    }

    /// Returns how a scalar is read, and where its text is: quotes around what a tag makes a number do not
    /// belong to it.
    pub(super) fn tagged(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: Span,
    ) -> (Style, Span) {
        let style = style_of(style, tag);
        let within = Span::new(at.start() + 1, at.end().saturating_sub(1).max(at.start() + 1));
        let is_quoted = style == Style::Plain
            && self.text.get(at.start()..).is_some_and(|text| text.starts_with(['"', '\'']))
            && self.text.get(within.start()..within.end()) == Some(text);
        (style, if is_quoted { within } else { at })
    }
}

/// Only what is neither quoted nor tagged as a string may be a number or a boolean, unless a tag says that it is
/// one. `!` alone says nothing here: the reader of the hosted service is one of YAML 1.1.
fn style_of(style: ScalarStyle, tag: Option<&Tag>) -> Style {
    let is = |name: &&str| tag.is_some_and(|tag| tag.is_yaml_core_schema_tag(name));
    let is_text = is(&"str");
    let is_plain = style == ScalarStyle::Plain || ["int", "float", "bool", "null"].iter().any(is);
    if is_plain && !is_text { Style::Plain } else { Style::Text }
}

/// Returns whether a tag is `!` alone.
fn is_non_specific(tag: &Tag) -> bool {
    let (handle, suffix) = tag.parts();
    suffix.is_empty() && matches!(handle, "" | "!") || handle.is_empty() && suffix == "!"
}
