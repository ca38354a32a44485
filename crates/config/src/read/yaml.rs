//! The text as a tree with places (CFG §1.3, §1.4).
//!
//! The tree stays untyped until templates are rendered, for `<< parameters.n >>` may be where a
//! number, a step or a whole mapping is wanted. Nodes live in an arena; an alias is a reference to
//! its anchor's node and is never copied, so that an alias bomb stays as small as its text and the
//! place of use is known. Merge keys are resolved once, while the tree is built.
//!
//! Deliberately absent: what keys mean, and templates. No other directory names the parser's crate.

mod build;
mod cause;
mod culprit;
mod duplicate_keys;
mod duplicate_recovery;
mod merge;
mod quoting;
mod repair;
pub(crate) mod scalar;
mod syntax_error;
mod unquoted;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub(crate) use build::parse;

use crate::text::place::{FileId, Place, Span};

/// A node of a [`Doc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u32);

impl Id {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: may be a number, a boolean, nothing.
    Plain,
    /// Quoted, a block, or tagged `!!str`: a string whatever it looks like.
    Text,
}

#[derive(Debug)]
enum Text {
    /// A part of the document's text.
    Raw(Span),
    /// Escapes, folds and indentation are taken out.
    Unescaped(Box<str>),
}

#[derive(Debug)]
enum Kind {
    Scalar(Text, Style),
    Seq(Box<[Id]>),
    Map {
        /// As written, merge keys too.
        pairs: Box<[KeyValue]>,
        /// The entries after merging; `None` if there is no merge key among them.
        merged: Option<Box<[Merged]>>,
    },
    Alias(Id),
    /// Something that was reported and that no phase shall talk about again.
    Broken,
}

/// A key of a mapping and its value, as they are written.
#[derive(Clone, Copy, Debug)]
struct KeyValue {
    key: Id,
    value: Id,
}

/// An entry of a mapping that merges others.
#[derive(Clone, Copy, Debug)]
struct Merged {
    key: Id,
    value: Id,
    via: Option<Span>,
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    span: Span,
    /// Nodes of the whole tree below, aliases followed.
    weight: u32,
    /// Levels of the tree below, aliases followed.
    height: u32,
    /// Entries that reading the mapping has to pass, merged ones too.
    width: u32,
    /// Nothing in the tree below is [`Kind::Broken`].
    is_whole: bool,
}

/// A node that other sources may name by its anchor.
#[derive(Clone, Debug)]
pub(crate) struct Anchored {
    doc: Arc<Doc>,
    id: Id,
}

/// Anchored nodes of other sources, by name: a packed directory is one document to those who write it.
pub(crate) type Anchors = HashMap<String, Anchored>;

/// A node and the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct At {
    file: FileId,
    id: Id,
    via: Option<Span>,
}

impl At {
    /// Returns the text that it is a node of.
    pub(crate) fn file(self) -> FileId {
        self.file
    }
}

/// What a node is, once aliases are followed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'d> {
    /// A scalar: its text and how it is written.
    Scalar(&'d str, Style),
    Seq(Items<'d>),
    /// A mapping, without entries whose key was reported.
    Map(Entries<'d>),
    /// Something that was reported already.
    Broken,
}

/// One entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'d> {
    /// The key's text.
    pub(crate) name: &'d str,
    pub(crate) key: Place,
    pub(crate) value: At,
}

/// The items of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'d> {
    ids: &'d [Id],
    way: At,
}

impl<'d> Items<'d> {
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = At> + use<'d> {
        let way = self.way;
        self.ids.iter().map(move |&id| At { id, ..way })
    }
}

/// The entries of a mapping, merge keys resolved: keys written in the mapping win over merged ones
/// wherever they are; among merged ones the first wins (CFG §1.4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'d> {
    doc: &'d Doc,
    pairs: &'d [KeyValue],
    merged: Option<&'d [Merged]>,
    way: At,
}

impl<'d> Entries<'d> {
    pub(crate) fn len(&self) -> usize {
        self.merged.map_or(self.pairs.len(), <[Merged]>::len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the entry with a key.
    pub(crate) fn get(&self, name: &str) -> Option<Entry<'d>> {
        self.iter().find(|entry| entry.name == name)
    }

    pub(crate) fn first(&self) -> Option<Entry<'d>> {
        self.iter().next()
    }

    /// Returns the mapping's own entries before merged ones.
    pub(crate) fn own_first(&self) -> Vec<Entry<'d>> {
        let own: HashSet<&str> = match self.merged {
            Some(_) => self.pairs.iter().filter_map(|pair| self.doc.key_text(pair.key)).collect(),
            None => HashSet::new(),
        };
        let mut entries: Vec<Entry<'d>> = self.iter().collect();
        entries.sort_by_key(|entry| !own.contains(entry.name));
        entries
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'d>> + use<'d> {
        let Self { doc, pairs, merged, way } = *self;
        let direct = if merged.is_none() { pairs } else { &[] };
        let direct = direct.iter().map(|&KeyValue { key, value }| Merged { key, value, via: None });
        let merged = merged.unwrap_or_default().iter().copied();
        direct.chain(merged).map(move |Merged { key, value, via }| {
            let way = At { via: way.via.or(via), ..way };
            Entry {
                name: doc.key_text(key).unwrap_or(""),
                key: doc.place(At { id: key, ..way }),
                value: At { id: value, ..way },
            }
        })
    }
}

impl<'d> IntoIterator for Entries<'d> {
    type Item = Entry<'d>;
    type IntoIter = std::vec::IntoIter<Entry<'d>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

/// Strings that are where a name may be used.
#[derive(Debug, Default)]
pub(crate) struct Mentions<'d> {
    /// Items of lists, and keys of mappings that are such items.
    pub(crate) items: HashSet<&'d str>,
    /// Items of lists and values of keys; a key is where something is defined.
    pub(crate) values: HashSet<&'d str>,
    /// Those of them that are a template and more, and whose value may be a name.
    composed: HashSet<&'d str>,
    /// The parts before a slash, of keys too.
    pub(crate) prefixes: HashSet<&'d str>,
}

impl<'d> Mentions<'d> {
    /// Bytes of a template whose value may be a name.
    const NAME: usize = 200;

    /// Templates that names are compared with.
    const COMPOSED: usize = 300;

    fn add_value(&mut self, text: &'d str) {
        self.values.insert(text);
        let is_sole_tag = text.starts_with("<<") && text.ends_with(">>");
        let is_expression = text.contains(['"', '\'']);
        let is_composed = text.contains("<<")
            && (!is_sole_tag || is_expression || text.matches("<<").count() > 1);
        if is_composed && text.len() <= Self::NAME && self.composed.len() <= Self::COMPOSED {
            self.composed.insert(text);
        }
    }

    /// Returns whether a value is this name, or is a template whose value may be it.
    pub(crate) fn is_value(&self, name: &str) -> bool {
        self.values.contains(name)
            // With so many, nothing is certain.
            || self.composed.len() > Self::COMPOSED
            || self.composed.iter().any(|text| text.contains(name) || may_become(text, name))
    }
}

/// Returns whether a text with template tags may come to a name: what is outside of the tags is in the
/// name, in the same order.
fn may_become(text: &str, name: &str) -> bool {
    let mut parts = text.split("<<");
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = first;
    for part in parts {
        let (_, literal) = part.split_once(">>").unwrap_or(("", part));
        let Some(at) = rest.find(literal) else { return false };
        rest = &rest[at + literal.len()..];
        last = literal;
    }
    last.is_empty() || name.ends_with(last)
}

/// The nodes of a YAML text, with its aliases and merges as they are written.
#[derive(Debug, Default)]
pub(crate) struct Doc {
    /// The text that raw scalars are parts of: the source, or the source repaired, which is as
    /// long.
    text: Arc<str>,
    nodes: Vec<Node>,
    root: Option<Id>,
    /// In the order of the text.
    anchors: Vec<(String, Id)>,
}

impl Doc {
    fn node(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    fn text<'d>(&'d self, text: &'d Text) -> &'d str {
        match text {
            Text::Raw(span) => self.text.get(span.start()..span.end()).unwrap_or(""),
            Text::Unescaped(text) => text,
        }
    }

    fn follow(&self, mut at: At) -> At {
        while let Kind::Alias(target) = &self.node(at.id).kind {
            at = At { id: *target, via: at.via.or(Some(self.node(at.id).span)), ..at };
        }
        at
    }

    /// Returns the root as a node of a file.
    pub(crate) fn root(&self, file: FileId) -> Option<At> {
        self.root.map(|id| self.follow(At { file, id, via: None }))
    }

    /// Returns where a node is; for an alias, where its anchor's node is.
    pub(crate) fn place(&self, at: At) -> Place {
        let at = self.follow(at);
        Place { file: at.file, span: self.node(at.id).span, via: at.via }
    }

    /// Returns where a node is used: for an alias, where it is itself.
    pub(crate) fn place_of_use(&self, at: At) -> Place {
        Place { file: at.file, span: self.node(at.id).span, via: at.via }
    }

    /// Returns what a node is.
    pub(crate) fn view(&self, at: At) -> View<'_> {
        let way = self.follow(at);
        match &self.node(way.id).kind {
            Kind::Scalar(text, style) => View::Scalar(self.text(text), *style),
            Kind::Seq(ids) => View::Seq(Items { ids, way }),
            Kind::Map { pairs, merged } => {
                View::Map(Entries { doc: self, pairs, merged: merged.as_deref(), way })
            }
            Kind::Alias(_) | Kind::Broken => View::Broken,
        }
    }

    /// Returns the entries of a mapping, merge keys resolved; none for anything else.
    pub(crate) fn entries(&self, at: At) -> Entries<'_> {
        match self.view(at) {
            View::Map(entries) => entries,
            View::Scalar(..) | View::Seq(_) | View::Broken => {
                Entries { doc: self, pairs: &[], merged: None, way: at }
            }
        }
    }

    /// Returns the text of a node itself, an alias included.
    pub(crate) fn own_span(&self, at: At) -> Span {
        self.node(at.id).span
    }

    /// Returns what reading the entries of a mapping costs.
    pub(crate) fn width(&self, at: At) -> usize {
        usize::try_from(self.node(self.follow(at).id).width).unwrap_or(usize::MAX)
    }

    /// Returns the anchored nodes of which everything is known, in the order of the text.
    pub(crate) fn anchors(self: &Arc<Self>) -> impl Iterator<Item = (&str, Anchored)> {
        let whole = self.anchors.iter().filter(|(_, id)| self.node(*id).is_whole);
        whole.map(|(name, id)| (name.as_str(), Anchored { doc: self.clone(), id: *id }))
    }

    /// Counts the nodes of the tree below a node, those behind aliases each time.
    pub(crate) fn weight(&self, at: At) -> usize {
        usize::try_from(self.node(at.id).weight).unwrap_or(usize::MAX)
    }

    /// Returns where the nodes begin that aliases refer to, in the order of the text.
    pub(crate) fn referred_to(&self) -> Vec<u32> {
        let targets = self.nodes.iter().filter_map(|node| match node.kind {
            Kind::Alias(target) => Some(self.node(target).span.start),
            Kind::Scalar(..) | Kind::Seq(_) | Kind::Map { .. } | Kind::Broken => None,
        });
        let mut starts: Vec<u32> = targets.collect();
        starts.sort_unstable();
        starts
    }

    /// Returns where aliases are, in the order of the text.
    pub(crate) fn aliases(&self) -> Vec<u32> {
        let aliases = self.nodes.iter().filter(|node| matches!(node.kind, Kind::Alias(_)));
        let mut starts: Vec<u32> = aliases.map(|node| node.span.start).collect();
        starts.sort_unstable();
        starts
    }

    /// Only a plain `<<` merges; a quoted one is an ordinary key.
    fn is_merge(&self, key: Id) -> bool {
        matches!(&self.node(key).kind, Kind::Scalar(text, Style::Plain) if self.text(text) == "<<")
    }

    fn key_text(&self, key: Id) -> Option<&str> {
        let at = self.follow(At { file: FileId::CONFIG, id: key, via: None });
        match &self.node(at.id).kind {
            Kind::Scalar(text, _) => Some(self.text(text)),
            Kind::Seq(_) | Kind::Map { .. } | Kind::Alias(_) | Kind::Broken => None,
        }
    }

    /// Returns every scalar with the place that it is written at, aliases once.
    pub(crate) fn scalars(&self) -> impl Iterator<Item = (&str, Span)> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Scalar(text, _) => Some((self.text(text), node.span)),
            Kind::Seq(_) | Kind::Map { .. } | Kind::Alias(_) | Kind::Broken => None,
        })
    }

    /// Collects the strings that are where a name may be used.
    pub(crate) fn mentions(&self) -> Mentions<'_> {
        let mut mentions = Mentions::default();
        let sections = match self.root.map(|root| &self.node(root).kind) {
            Some(Kind::Map { pairs, .. }) => pairs.iter().map(|pair| pair.value).collect(),
            _ => HashSet::new(),
        };
        for (index, node) in self.nodes.iter().enumerate() {
            let is_section = u32::try_from(index).is_ok_and(|id| sections.contains(&Id(id)));
            match &node.kind {
                Kind::Seq(items) => {
                    for &item in items {
                        let way = At { file: FileId::CONFIG, id: item, via: None };
                        match &self.node(self.follow(way).id).kind {
                            Kind::Scalar(text, _) => {
                                mentions.items.insert(self.text(text));
                                mentions.add_value(self.text(text));
                            }
                            Kind::Map { pairs, .. } => {
                                mentions.items.extend(
                                    pairs.iter().filter_map(|pair| self.key_text(pair.key)),
                                );
                            }
                            Kind::Seq(_) | Kind::Alias(_) | Kind::Broken => {}
                        }
                    }
                }
                Kind::Scalar(text, _) => {
                    if let Some((prefix, _)) = self.text(text).split_once('/') {
                        mentions.prefixes.insert(prefix);
                    }
                }
                Kind::Map { pairs, .. } => {
                    for &KeyValue { value, .. } in pairs {
                        // A value that is an alias is looked up as a key that is one.
                        if let Some(text) = self.key_text(value) {
                            mentions.add_value(text);
                        }
                    }
                    // A single step may be where a condition lists them.
                    if let ([KeyValue { key, .. }], false) = (&pairs[..], is_section) {
                        mentions.items.extend(self.key_text(*key));
                    }
                }
                Kind::Alias(_) | Kind::Broken => {}
            }
        }
        mentions
    }

    /// Describes the place of a byte: `jobs.build.steps[2].run`.
    pub(crate) fn path_at(&self, byte: usize) -> String {
        let mut path = String::new();
        let mut id = self.root;
        while let Some(current) = id.take() {
            match &self.node(current).kind {
                Kind::Map { pairs, .. } => {
                    let before = |pair: &&KeyValue| self.node(pair.key).span.start() <= byte;
                    let Some(&KeyValue { key, value }) = pairs.iter().rev().find(before) else {
                        break;
                    };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(self.key_text(key).unwrap_or("?"));
                    let inside =
                        byte >= self.node(key).span.end().max(self.node(value).span.start());
                    id = inside.then_some(value);
                }
                Kind::Seq(items) => {
                    let before = |&id: &Id| self.node(id).span.start() <= byte;
                    let Some(index) = items.iter().rposition(before) else { break };
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                    id = items.get(index).copied();
                }
                Kind::Scalar(..) | Kind::Alias(_) | Kind::Broken => {}
            }
        }
        path
    }
}

#[cfg(test)]
mod tests;
