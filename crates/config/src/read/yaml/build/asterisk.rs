//! Strings with an asterisk that is missing or needs quotes: `<<: defaults`, `path: *.sh`. And those whose
//! ampersands need them: `run: && make`.

use super::{
    super::{Kind, Node, Style},
    Builder, Collection, SUGGESTIONS,
};
use crate::{
    codes,
    read::yaml::{
        Id,
        scalar::{self, Scalar},
    },
    text::{
        help::Help,
        place::{Place, Span},
        problem::Problem,
        suggest::nearest,
    },
};

/// Anchors above that are compared: the one that is meant is rarely further away, and a text may have 100,000.
const EARLIER: usize = 200;

/// Items of a list of merges that are compared with the anchors.
const ITEMS: usize = 3;

impl Builder<'_> {
    /// Says what is wrong with an alias that nothing defines: perhaps a string was meant, a pattern.
    pub(super) fn undefined_alias(&self, name: &str, at: Span) -> Problem {
        // More than that are not read.
        let names = self.names.iter().filter(|_| self.problems.len() < SUGGESTIONS);
        let near = nearest(name, names.map(|(known, _)| known.as_str()));
        let is_pattern = near.is_none() && self.key_before() == Some("pattern");
        if is_pattern || is_glob(name) {
            let at = self.unquoted_glob(at);
            let written = self.text.get(at.start()..at.end()).unwrap_or("");
            let message = "a string that begins with `*` needs quotes: else it is an alias";
            let problem = Problem::error(codes::UNDEFINED_ALIAS, Place::direct(at), message);
            // In a regular expression there is nothing before the `*` that it could repeat.
            let any = if is_pattern { "." } else { "" };
            problem.help(format!("quote it: `\"{any}{written}\"`"))
        } else {
            let message = format!("found undefined alias `{name}`");
            let problem = Problem::error(codes::UNDEFINED_ALIAS, Place::direct(at), message);
            let near = near.map(|near| Help::did_you_mean(&format!("*{near}")));
            problem.help(format!("define `&{name}` above its first use")).maybe_help(near)
        }
    }

    /// Returns the key that the next value belongs to.
    fn key_before(&self) -> Option<&str> {
        let open = self.open.last().filter(|open| open.collection == Collection::Mapping)?;
        let is_value = open.items.len() % 2 == 1;
        open.items.last().filter(|_| is_value).and_then(|&key| self.doc.key_text(key))
    }

    /// Reports `<<: &defaults` where `defaults` is an anchor already, and takes it for its alias, here and below.
    pub(super) fn check_anchor_for_alias(&mut self, name: &str, number: usize, at: Span) {
        let Some(open) = self.open.last().filter(|open| open.collection == Collection::Mapping)
        else {
            return;
        };
        let [.., key, value] = open.items[..] else { return };
        let is_empty = matches!(&self.doc.node(value).kind, Kind::Scalar(text, style)
            if scalar::resolve(self.doc.text(text), *style) == Scalar::Null);
        if !is_empty || open.items.len() % 2 == 1 || !self.doc.is_merge(key) {
            return;
        }
        let earlier = self.names.iter().rev().take(EARLIER).find(|(known, _)| known == name);
        let Some(&target) = earlier.and_then(|(_, number)| self.anchors.get(number)) else {
            return;
        };
        let message = format!("`&{name}` defines an anchor, and merges nothing");
        let problem = Problem::error(codes::BAD_MERGE, Place::direct(at), message);
        self.problems.push(problem.help(Help::did_you_mean(&format!("*{name}"))));
        self.anchors.insert(number, target);
        let Node { weight, height, width, is_whole, .. } = *self.doc.node(target);
        let span = self.doc.node(value).span;
        let alias = Node { kind: Kind::Alias(target), span, weight, height, width, is_whole };
        self.doc.nodes[value.index()] = alias;
    }

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

/// Returns whether the name of an alias that nothing defines is rather a pattern of file names.
fn is_glob(name: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    name.contains(['*', '?', '/']) || !name.starts_with(is_name)
}
