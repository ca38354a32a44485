//! Completions being collected, and how one is added.

use crate::editor::{
    describe,
    document::Document,
    library::Library,
    place::Place,
    schema::{
        BUILT_IN,
        shape::{Key, Kind},
    },
    spot::Names,
    tree::node::Span,
};

/// Something that can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The name in the list.
    pub(crate) label: String,
    pub(crate) icon: Icon,
    /// A few words next to the label.
    pub(crate) detail: Option<String>,
    /// Markdown.
    pub(crate) documentation: Option<String>,
    /// The text to insert: a snippet in the syntax of the Language Server Protocol.
    pub(crate) insert: String,
    /// The bytes that it replaces, all on one line.
    pub(crate) replace: Span,
    /// Understood, but there is something better.
    pub(crate) deprecated: bool,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// A key of the language.
    Key,
    /// A built-in step.
    Step,
    /// A value out of several.
    Value,
    /// A defined thing.
    Name(Kind),
    /// A pipeline value, a matrix value.
    Variable,
    /// A YAML anchor.
    Anchor,
}

/// Completions being collected.
pub(super) struct List<'d> {
    pub(super) document: &'d Document,
    pub(super) library: &'d Library,
    pub(super) names: Names<'d>,
    pub(super) place: Place<'d>,
    pub(super) found: Vec<Completion>,
}

impl List<'_> {
    /// Adds an answer. Further lines are indented by the editor as the first one is; what is
    /// after a dash needs two columns more.
    pub(super) fn push(&mut self, label: &str, icon: Icon, insert: &str) -> &mut Completion {
        let dash = if self.place.needs_dash { "- " } else { "" };
        let indent = "  ".repeat(self.place.dashes(&self.document.text));
        self.found.push(Completion {
            label: label.to_owned(),
            icon,
            detail: None,
            documentation: None,
            insert: format!("{dash}{}", insert.replace('\n', &format!("\n{indent}"))),
            replace: self.place.word.clone(),
            deprecated: false,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Adds values that are inserted as they are.
    pub(super) fn plain(&mut self, values: &[&str]) {
        for value in values {
            self.push(value, Icon::Value, &value.replace('$', "\\$"));
        }
    }

    /// Adds a key; `what` has it: "a job".
    pub(super) fn key(&mut self, key: &'static Key, what: &str) {
        let insert = if self.has_colon() {
            key.name.to_owned()
        } else if self.place.in_flow() {
            format!("{}: $0", key.name)
        } else {
            let snippet = key.snippet.map(str::to_owned);
            snippet.unwrap_or_else(|| format!("{}:{}", key.name, key.shape.ending()))
        };
        let icon = if what == BUILT_IN.what { Icon::Step } else { Icon::Key };
        let added = self.push(key.name, icon, &insert);
        added.detail = Some(key.shape.words().replace('`', ""));
        added.documentation = Some(describe::key(key, what));
    }

    /// Returns whether the mapping has a key already, other than the one that is being typed.
    pub(super) fn has(&self, key: &str) -> bool {
        let entries = self.place.container.entries().iter();
        entries.filter(|entry| entry.key_span != self.place.word).any(|entry| entry.key == key)
    }

    /// Returns whether the word is a key that has its colon.
    pub(super) fn has_colon(&self) -> bool {
        let entries = self.place.container.entries().iter();
        entries.filter(|entry| entry.key_span == self.place.word).any(|entry| entry.colon)
    }
}
