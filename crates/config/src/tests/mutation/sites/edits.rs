//! The edits that the walk proposes where it comes by.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::{super::tree::Kind, Entry, Id, Site, Walk, lines, misspell};

impl Walk<'_> {
    // Edits.

    pub(super) fn use_of_orb(&mut self, sort: &'static str, key: Id, orb: &str) {
        self.used("orbs", orb, key);
        let declared = self.definition("orbs", orb);
        let span = self.span(key);
        let text = self.tree.text(key).to_owned();
        let Some((alias, element)) = text.split_once('/') else { return };
        if let Some(wrong) = misspell(alias, &[], &mut self.chance) {
            let new = format!("{wrong}/{element}");
            self.replace("misspell an orb's alias", span.clone(), &new, declared.clone());
        }
        if let Some(wrong) = misspell(element, &[], &mut self.chance) {
            self.replace(sort, span, &format!("{alias}/{wrong}"), declared);
        }
    }

    /// A key of the language: it can be misspelled and renamed.
    pub(super) fn known_key(&mut self, entry: Entry, near: &[usize]) {
        self.keys.push(entry);
        self.misspell_text("misspell a key", entry.key, near);
        let span = self.span(entry.key);
        self.replace("rename a key", span, "something_else", near.to_vec());
        self.hyphens(entry.key);
    }

    /// A key that cannot be left out.
    pub(super) fn required(&mut self, entry: Entry, parent: Entry) {
        self.required_near(entry, parent, self.span(parent.key).start);
    }

    pub(super) fn required_near(&mut self, entry: Entry, parent: Entry, further: usize) {
        self.known_key(entry, &[]);
        let near = vec![self.span(parent.key).start, further];
        self.replace("drop a required key", self.whole_lines(entry), "", near);
    }

    pub(super) fn hyphens(&mut self, key: Id) {
        let text = self.tree.text(key);
        if text.contains('_') {
            let new = text.replace('_', "-");
            self.replace("hyphens for underscores", self.span(key), &new, Vec::new());
        }
    }

    pub(super) fn misspell_text(&mut self, sort: &'static str, id: Id, near: &[usize]) {
        let text = self.tree.text(id).to_owned();
        if text.contains("<<") {
            return;
        }
        let end = text.find('@').unwrap_or(text.len());
        if let Some(wrong) = misspell(&text[..end], &[], &mut self.chance) {
            let new = wrong + &text[end..];
            self.replace(sort, self.span(id), &new, near.to_vec());
        }
    }

    /// Puts something of the wrong type in the place of a scalar that fits into its line.
    pub(super) fn wrong(&mut self, id: Id, new: &str) {
        let node = self.tree.raw(id);
        let Kind::Scalar { text, .. } = &node.kind else { return };
        let old = &self.text[node.span.clone()];
        if !text.contains("<<") && !old.contains('\n') && !old.is_empty() && old != new {
            self.replace("a wrong type or value", node.span.clone(), new, Vec::new());
        }
    }

    /// Misspells what a template tag names, and leaves a tag unclosed.
    pub(super) fn tags(&mut self, id: Id) {
        let span = match &self.tree.raw(id).kind {
            Kind::Scalar { .. } => self.tree.raw(id).span.clone(),
            _ => return,
        };
        let source = &self.text[span.clone()];
        let is_new = self.text.contains("version: 2.1") || self.text.contains("version: \"2.1\"");
        let Some(open) = source.find("<<").filter(|_| is_new) else { return };
        let Some(length) = source[open..].find(">>") else { return };
        let inner = &source[open + 2..open + length];
        let is_escaped = source[..open].ends_with('\\');
        if is_escaped || inner.contains(['\n', '#', '/', '^', '<']) {
            return;
        }
        let start = span.start + open;
        let close = start + length;
        self.replace("an unclosed tag", close..close + 2, "", vec![start]);
        let name = inner.trim();
        let Some((kind, last)) = name.rsplit_once('.') else { return };
        if name.contains(char::is_whitespace) {
            return;
        }
        let declared = self.scope.iter().find(|entry| self.tree.text(entry.key) == last);
        let near = if kind == "parameters" {
            declared.map(|entry| self.span(entry.key).start).into_iter().collect()
        } else if kind == "pipeline.parameters" {
            self.used("parameters", last, id);
            self.definition("parameters", last)
        } else {
            Vec::new()
        };
        if let Some(wrong) = misspell(last, &[], &mut self.chance) {
            let at = start + 2 + inner.find(name).unwrap() + kind.len() + 1;
            self.replace("misspell a parameter in a tag", at..at + last.len(), &wrong, near);
        }
    }

    pub(super) fn replace(
        &mut self,
        sort: &'static str,
        span: Range<usize>,
        new: &str,
        near: Vec<usize>,
    ) {
        if !span.is_empty() {
            self.sites.push(Site { sort, span, new: new.to_owned(), near });
        }
    }

    /// What a scalar says, without its quotes; an alias's own place.
    pub(super) fn span(&self, id: Id) -> Range<usize> {
        let node = self.tree.raw(id);
        match &node.kind {
            Kind::Scalar {
                style: ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..
            } => node.span.start + 1..node.span.end - 1,
            _ => node.span.clone(),
        }
    }

    /// The lines of an entry; nothing if it begins after something else.
    pub(super) fn whole_lines(&self, entry: Entry) -> Range<usize> {
        lines::of_entry(self.text, self.tree, entry)
    }
}
