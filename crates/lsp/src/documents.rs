//! The documents that are open, and what is known about each.

use std::{collections::HashMap, sync::Arc};

use gen_lsp_types::Uri;
use roundel_config::{Compiled, Inputs, document::Node};

use crate::{
    analysis::Outcome,
    editor::{Document, Environment, Library},
    text::Text,
};

/// Documents that are open at once; an editor that opens a whole repository gets no more.
const OPEN: usize = 500;

/// A document that is open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) text: Text,
    pub(crate) version: i32,
    pub(crate) kind: Kind,
    /// The diagnostics of this very text, those of what this release cannot run among them.
    pub(crate) diagnostics: Vec<roundel_config::Diagnostic>,
    /// The document and its orbs, until the text changes.
    read: Option<Arc<Document>>,
    library: Library,
    compiled: Option<Node>,
    inputs: Inputs,
}

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A configuration: it is compiled.
    Config,
    /// The source of an orb: names are known, but it is nothing to compile.
    Orb,
    /// Some other file.
    Other,
}

/// The open documents, by URI.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    open: HashMap<Uri, Open>,
}

impl Documents {
    pub(crate) fn open(&mut self, uri: Uri, text: String, version: i32, base: &Inputs) {
        if self.open.len() >= OPEN && !self.open.contains_key(&uri) {
            tracing::warn!(%uri, "too many documents are open; this one is ignored");
            return;
        }
        let mut open = Open {
            text: Text::new(text),
            version,
            kind: Kind::Other,
            diagnostics: Vec::new(),
            read: None,
            library: Library::default(),
            compiled: None,
            inputs: base.clone(),
        };
        open.classify(&uri);
        self.open.insert(uri, open);
    }

    pub(crate) fn get(&mut self, uri: &Uri) -> Option<&mut Open> {
        self.open.get_mut(uri)
    }

    pub(crate) fn close(&mut self, uri: &Uri) {
        self.open.remove(uri);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Uri, &Open)> {
        self.open.iter()
    }
}

impl Open {
    /// Says that the text has changed.
    pub(crate) fn changed(&mut self, uri: &Uri, version: i32) {
        self.version = version;
        self.read = None;
        self.diagnostics.clear();
        self.classify(uri);
    }

    /// Decides by the place of the file, then by what is in it.
    fn classify(&mut self, uri: &Uri) {
        let document = self.read();
        let has = |section| document.has_section(section);
        let is_in_circleci_directory = uri.path().contains("/.circleci/");
        let defines = ["jobs", "commands", "executors", "orbs"].into_iter().any(has);
        self.kind = if is_in_circleci_directory
            && (uri.path().ends_with("/config.yml") || has("workflows") || defines)
            || has("version") && has("workflows")
        {
            Kind::Config
        } else if has("version") && defines {
            Kind::Orb
        } else {
            Kind::Other
        };
    }

    /// Returns the text as it was read.
    pub(crate) fn read(&mut self) -> Arc<Document> {
        let text = &self.text;
        Arc::clone(self.read.get_or_insert_with(|| Arc::new(Document::new(text.as_str()))))
    }

    /// Applies the outcome of compiling. Returns whether it is about this very text.
    pub(crate) fn apply_outcome(&mut self, mut outcome: Outcome) -> bool {
        let is_current = outcome.version == self.version;
        if let Some(document) = outcome.compiled.document.take() {
            self.compiled = Some(document);
        }
        self.inputs = outcome.inputs;
        if is_current {
            // What this release cannot run belongs in the editor too: it is found at the same places,
            // and a push would end with it.
            let Compiled { diagnostics, unsupported, .. } = outcome.compiled;
            self.diagnostics = diagnostics.into_iter().chain(unsupported).collect();
        }
        is_current
    }

    /// Asks something about the text, with everything else that is known.
    pub(crate) fn ask<T>(&mut self, ask: impl FnOnce(&Document, &Environment<'_>) -> T) -> T {
        let document = self.read();
        self.library = Library::new(&document, &self.inputs.orbs, &self.library);
        let environment = Environment {
            library: &self.library,
            compiled: self.compiled.as_ref(),
            inputs: Some(&self.inputs),
        };
        ask(&document, &environment)
    }

    /// Returns what the text is compiled with.
    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Returns what the file is called in diagnostics.
    pub(crate) fn path(&self) -> &str {
        &self.inputs.path
    }

    /// Returns the orb of a name and version that the document imports.
    pub(crate) fn orb(&self, exact: &str) -> Option<&Arc<roundel_config::orbs::Orb>> {
        self.library.orbs().find(|orb| format!("{}@{}", orb.name, orb.version) == exact)
    }
}

/// What a file is called in diagnostics: its last two parts.
pub(crate) fn name(uri: &Uri) -> String {
    let parts: Vec<&str> = uri.path().rsplit('/').take(2).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It would be shown at places that have moved since.
    #[test]
    fn what_was_found_in_an_earlier_text_is_not_shown_in_this_one() {
        let uri = Uri::parse("file:///.circleci/config.yml").unwrap();
        let mut documents = Documents::default();
        documents.open(uri.clone(), "version: 2.1\n".to_owned(), 1, &Inputs::default());
        let open = documents.get(&uri).unwrap();
        let outcome = |version| {
            let inputs = Inputs::default();
            let compiled = roundel_config::compile("version: 2.1\n", &inputs);
            Outcome { uri: uri.clone(), version, compiled, inputs }
        };
        assert!(open.apply_outcome(outcome(1)));
        let codes: Vec<_> = open.diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["nothing-to-run"], "it has no jobs");
        open.changed(&uri, 2);
        assert!(!open.apply_outcome(outcome(1)));
        assert_eq!(open.diagnostics, []);
        assert!(open.apply_outcome(outcome(2)));
    }
}
