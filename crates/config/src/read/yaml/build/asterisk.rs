//! Strings with an asterisk that is missing or needs quotes: `<<: defaults`, `path: *.sh`. And those whose
//! ampersands need them: `run: && make`.

use super::{super::Kind, super::Style, Builder};
use crate::{
    codes,
    read::yaml::Id,
    text::{
        help::Help,
        place::{Place, Span},
        problem::Problem,
        suggest::nearest,
    },
};

/// Items of a list of merges that are compared with the anchors.
const ITEMS: usize = 3;

impl Builder<'_> {
    /// Reports a merge of a plain name that is an anchor's, or nearly: its alias was meant.
    pub(super) fn missing_asterisk(&self, value: Id) -> Option<Problem> {
        let items = match &self.doc.node(value).kind {
            Kind::Seq(items) => items,
            Kind::Scalar(..) => &[value][..],
            Kind::Map { .. } | Kind::Alias(_) | Kind::Broken => return None,
        };
        let anchors = || {
            let own = self.names.iter().map(|(name, _)| name.as_str());
            own.chain(self.foreign.keys().map(|name| &**name))
        };
        items.iter().take(ITEMS).find_map(|&item| {
            let Kind::Scalar(text, Style::Plain) = &self.doc.node(item).kind else { return None };
            let name = self.doc.text(text);
            let anchor = anchors().find(|anchor| *anchor == name);
            let anchor = anchor.or_else(|| nearest(name, anchors()))?;
            let place = Place::direct(self.doc.node(item).span);
            let message = format!("`{name}` is a string: an alias begins with `*`");
            let problem = Problem::error(codes::BAD_MERGE, place, message);
            Some(problem.help(Help::did_you_mean(&format!("*{anchor}"))))
        })
    }

    /// Reports the name of an anchor that begins with `&`, which YAML 1.1 has not: a shell's `&&` was meant.
    pub(super) fn check_anchor(&mut self, name: &str, at: Span) {
        if !name.starts_with('&') {
            return;
        }
        let at = self.unquoted_glob(at);
        let written = self.text.get(at.start()..at.end()).unwrap_or("");
        let message = "a string that begins with `&` needs quotes: else it is an anchor";
        let problem = Problem::error(codes::SYNTAX, Place::direct(at), message);
        self.problems.push(problem.help(format!("quote it: `\"{written}\"`")));
    }

    /// Returns the whole string that a glob without quotes begins: up to the end of its line, in
    /// brackets up to the next entry.
    pub(super) fn unquoted_glob(&self, at: Span) -> Span {
        let line = self.text.get(at.start()..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let is_bracketed = self.open.iter().any(|open| open.is_bracketed(self.text));
        let line = line.split(" #").next().unwrap_or(line);
        let end = if is_bracketed { line.find([',', ']', '}']) } else { None };
        let written = line.get(..end.unwrap_or(line.len())).unwrap_or(line).trim_end();
        let is_simple = !written.contains(['"', '\\']) && !written.contains(": ");
        if is_simple { Span::new(at.start(), at.start() + written.len()) } else { at }
    }
}
