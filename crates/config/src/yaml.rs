//! Phase 1: the text as a tree with places (CFG §1.3, §1.4).
//!
//! The tree stays untyped until templates are rendered, for `<< parameters.n >>` may stand where a
//! number, a step or a whole mapping is wanted. Nodes live in an arena; an alias is a reference to
//! its anchor's node and is never copied, so that an alias bomb stays as small as its text and the
//! place of use is known. Merge keys are resolved by [`Doc::entries`].
//!
//! Deliberately absent: what keys mean, and templates. Only [`build`] and [`repair`] name the parser's
//! crate.

mod build;
mod repair;
pub(crate) mod scalar;

use std::{borrow::Cow, collections::HashSet};

pub(crate) use build::parse;
pub(crate) use repair::repaired;

use crate::source::{Place, Span};

/// A node of a [`Doc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(usize);

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: may be a number, a boolean, nothing.
    Plain,
    /// Quoted, a block, or tagged `!!str`: a text whatever it looks like.
    Text,
}

#[derive(Debug)]
enum Kind<'t> {
    Scalar(Cow<'t, str>, Style),
    Seq(Vec<Id>),
    Map(Vec<(Id, Id)>),
    Alias(Id),
    /// Something that was reported and that no phase shall talk about again.
    Broken,
}

#[derive(Debug)]
struct Node<'t> {
    kind: Kind<'t>,
    span: Span,
    /// Nodes of the whole tree below, aliases followed.
    weight: u32,
    /// Levels of the tree below, aliases followed.
    height: u32,
    /// Entries that reading the mapping has to pass, merged ones too.
    width: u32,
}

/// A node and the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    id: Id,
    via: Option<Span>,
}

/// What a node is, once aliases are followed.
#[derive(Debug)]
pub(crate) enum View<'d> {
    /// A scalar: its text and how it is written.
    Scalar(&'d str, Style),
    /// A list.
    Seq(Vec<At>),
    /// A mapping, without entries whose key was reported.
    Map(Vec<Entry<'d>>),
    /// Something that was reported already.
    Broken,
}

/// One entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'d> {
    /// The key's text.
    pub(crate) name: &'d str,
    /// Where the key stands.
    pub(crate) key: Place,
    /// Its value.
    pub(crate) value: At,
}

/// A parsed text.
#[derive(Debug, Default)]
pub(crate) struct Doc<'t> {
    nodes: Vec<Node<'t>>,
    root: Option<Id>,
}

impl Doc<'_> {
    /// Returns the root, if the text could be parsed and holds anything.
    pub(crate) fn root(&self) -> Option<At> {
        self.root.map(|id| self.follow(At { id, via: None }))
    }

    /// Returns where a node stands; for an alias, where its anchor's node stands.
    pub(crate) fn place(&self, at: At) -> Place {
        let at = self.follow(at);
        Place { span: self.nodes[at.id.0].span, via: at.via }
    }

    /// Looks at a node.
    pub(crate) fn view(&self, at: At) -> View<'_> {
        let at = self.follow(at);
        match &self.nodes[at.id.0].kind {
            Kind::Scalar(text, style) => View::Scalar(text, *style),
            Kind::Seq(items) => View::Seq(items.iter().map(|&id| At { id, via: at.via }).collect()),
            Kind::Map(_) => View::Map(self.entries(at)),
            Kind::Alias(_) | Kind::Broken => View::Broken,
        }
    }

    /// Tells whether nothing stands there: an empty value, `~` or `null`.
    pub(crate) fn is_null(&self, at: At) -> bool {
        match self.view(at) {
            View::Scalar(text, style) => scalar::resolve(text, style) == scalar::Scalar::Null,
            View::Seq(_) | View::Map(_) | View::Broken => false,
        }
    }

    /// Returns the entries of a mapping, merge keys resolved; empty for anything else.
    ///
    /// Keys written in the mapping win over merged ones wherever they stand; among merged ones the
    /// first wins (CFG §1.4).
    pub(crate) fn entries(&self, at: At) -> Vec<Entry<'_>> {
        let at = self.follow(at);
        let Kind::Map(pairs) = &self.nodes[at.id.0].kind else { return Vec::new() };
        let explicit = pairs.iter().filter(|&&(key, _)| !self.is_merge(key));
        let mut seen: HashSet<&str> = explicit.filter_map(|&(key, _)| self.key_text(key)).collect();
        let mut entries = Vec::with_capacity(pairs.len());
        for &(key, value) in pairs {
            let value = At { id: value, via: at.via };
            if self.is_merge(key) {
                for merged in self.merged(value) {
                    if seen.insert(merged.name) {
                        entries.push(merged);
                    }
                }
            } else if let Some(name) = self.key_text(key) {
                let key = self.place(At { id: key, via: at.via });
                entries.push(Entry { name, key, value });
            }
        }
        entries
    }

    /// Returns the value of a key, if the node is a mapping that has it.
    pub(crate) fn get(&self, at: At, name: &str) -> Option<Entry<'_>> {
        self.entries(at).into_iter().find(|entry| entry.name == name)
    }

    /// Returns what reading the entries of a mapping costs.
    pub(crate) fn width(&self, at: At) -> usize {
        usize::try_from(self.nodes[self.follow(at).id.0].width).unwrap_or(usize::MAX)
    }

    fn merged(&self, value: At) -> Vec<Entry<'_>> {
        let value = self.follow(value);
        match &self.nodes[value.id.0].kind {
            Kind::Map(_) => self.entries(value),
            Kind::Seq(items) => {
                items.iter().flat_map(|&id| self.entries(At { id, via: value.via })).collect()
            }
            Kind::Scalar(..) | Kind::Alias(_) | Kind::Broken => Vec::new(),
        }
    }

    fn follow(&self, mut at: At) -> At {
        while let Kind::Alias(target) = &self.nodes[at.id.0].kind {
            at = At { id: *target, via: at.via.or(Some(self.nodes[at.id.0].span)) };
        }
        at
    }

    /// Only a plain `<<` merges; a quoted one is an ordinary key.
    fn is_merge(&self, key: Id) -> bool {
        matches!(&self.nodes[key.0].kind, Kind::Scalar(text, Style::Plain) if text == "<<")
    }

    fn key_text(&self, key: Id) -> Option<&str> {
        match &self.nodes[self.follow(At { id: key, via: None }).id.0].kind {
            Kind::Scalar(text, _) => Some(text),
            Kind::Seq(_) | Kind::Map(_) | Kind::Alias(_) | Kind::Broken => None,
        }
    }
}

#[cfg(test)]
mod tests;
