//! The sources of one compilation with their trees: the configuration and its orbs.

use std::sync::{Arc, OnceLock};

use elsa::FrozenVec;

use roundel_model::limits;

use crate::{
    codes,
    read::yaml::{self, Anchors, At, Doc, Entries, Entry, View, scalar},
    text::{
        lines::Lines,
        place::{FileId, Place},
        problem::Problem,
    },
};

/// A source and its tree.
#[derive(Debug)]
pub(crate) struct Source {
    /// What people call it: a path, or `circleci/node@5.2.0`.
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    pub(crate) doc: Arc<Doc>,
    /// The problems of its YAML. Places are as if it were the configuration.
    pub(crate) problems: Vec<Problem>,
    lines: OnceLock<Lines>,
}

impl Source {
    /// Parses a source. Never fails: what is wrong is in `problems`.
    pub(crate) fn parse(name: impl Into<String>, text: Arc<str>) -> Self {
        Self::parse_with(name, text, &Anchors::new())
    }

    /// Parses a source whose aliases may name nodes of other sources.
    pub(crate) fn parse_with(name: impl Into<String>, text: Arc<str>, foreign: &Anchors) -> Self {
        let (doc, problems) = yaml::parse(&text, foreign);
        Self { name: name.into(), text, doc: doc.into(), problems, lines: OnceLock::new() }
    }

    /// Parses a configuration, unless it is too large.
    pub(crate) fn config(path: &str, text: &str) -> Self {
        if text.len() > limits::CONFIG_BYTES {
            return Self::too_large(path);
        }
        Self::parse(path, text.into())
    }

    /// Stands for a source that is not parsed.
    fn too_large(name: &str) -> Self {
        let bytes = limits::CONFIG_BYTES;
        let message = format!("the configuration is larger than {bytes} bytes");
        let problem = Problem::error(codes::TOO_LARGE, Place::default(), message);
        Self { name: name.to_owned(), problems: vec![problem], ..Self::default() }
    }

    /// Returns the finder of lines.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }
}

/// The sources of one compilation. It only grows, so that trees can be held while orbs are loaded.
#[derive(Default)]
pub(crate) struct Sources {
    list: FrozenVec<Arc<Source>>,
    empty: Source,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            name: String::new(),
            text: Arc::from(""),
            doc: Arc::default(),
            problems: Vec::new(),
            lines: OnceLock::new(),
        }
    }
}

impl Sources {
    /// Begins with the configuration.
    pub(crate) fn new(config: Source) -> Self {
        let sources = Self::default();
        sources.list.push(Arc::new(config));
        sources
    }

    /// Adds a source; `None` beyond any sensible number of them.
    pub(crate) fn add(&self, source: Arc<Source>) -> Option<FileId> {
        let id = FileId::new(self.list.len())?;
        self.list.push(source);
        Some(id)
    }

    /// Returns a source.
    pub(crate) fn file(&self, file: FileId) -> &Source {
        self.list.get(file.index()).unwrap_or(&self.empty)
    }
}

impl Sources {
    /// Returns the root of a file, if its text could be parsed and holds anything.
    pub(crate) fn root(&self, file: FileId) -> Option<At> {
        self.file(file).doc.root(file)
    }

    fn doc(&self, at: At) -> &Doc {
        &self.file(at.file()).doc
    }

    /// Returns where a node is; for an alias, where its anchor's node is.
    pub(crate) fn place(&self, at: At) -> Place {
        self.doc(at).place(at)
    }

    /// Returns where a node is used: for an alias, where it is itself.
    pub(crate) fn place_of_use(&self, at: At) -> Place {
        self.doc(at).place_of_use(at)
    }

    /// Returns what a node is.
    pub(crate) fn view(&self, at: At) -> View<'_> {
        self.doc(at).view(at)
    }

    /// Returns whether nothing is there: an empty value, `~` or `null`.
    pub(crate) fn is_null(&self, at: At) -> bool {
        match self.view(at) {
            View::Scalar(text, style) => scalar::resolve(text, style) == scalar::Scalar::Null,
            View::Seq(_) | View::Map(_) | View::Broken => false,
        }
    }

    /// Returns whether a node is a mapping.
    pub(crate) fn is_map(&self, at: At) -> bool {
        matches!(self.view(at), View::Map(_))
    }

    /// Returns the entries of a mapping, merge keys resolved; none for anything else.
    pub(crate) fn entries(&self, at: At) -> Entries<'_> {
        self.doc(at).entries(at)
    }

    /// Returns the value of a key, if the node is a mapping that has it.
    pub(crate) fn get(&self, at: At, name: &str) -> Option<Entry<'_>> {
        self.entries(at).get(name)
    }

    /// Returns where the nodes of a file begin that aliases refer to, in the order of the text.
    pub(crate) fn referred_to(&self, file: FileId) -> Vec<u32> {
        self.file(file).doc.referred_to()
    }

    /// Returns whether the value of an entry has a name for aliases, used or not.
    pub(crate) fn has_anchor(&self, entry: &Entry<'_>) -> bool {
        let value = self.doc(entry.value).own_span(entry.value);
        let text = &self.file(entry.key.file).text;
        text.get(entry.key.span.end()..value.start()).is_some_and(|between| between.contains('&'))
    }

    /// Returns what reading the entries of a mapping costs.
    pub(crate) fn width(&self, at: At) -> usize {
        self.doc(at).width(at)
    }

    /// Returns the text of a place as it is written.
    pub(crate) fn written(&self, place: Place) -> &str {
        let Source { text, .. } = self.file(place.file);
        text.get(place.span.start()..place.span.end()).unwrap_or("").trim()
    }
}
