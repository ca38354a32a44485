//! A YAML source as a tree with places: just enough to choose where to edit it, and to tell whether
//! an edit changed anything.

use std::{collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

/// A node of a [`Tree`].
pub(super) type Id = usize;

#[derive(Debug)]
pub(super) enum Kind {
    Scalar { text: String, style: ScalarStyle },
    Seq { items: Vec<Id>, flow: bool },
    Map { pairs: Vec<(Id, Id)>, flow: bool },
    Alias(Id),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// A parsed text.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: Id,
}

/// A key and its value, merge keys resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: Id,
    pub(super) value: Id,
}

impl Tree {
    /// Parses a source; `None` if it is not YAML, or is empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut anchors: HashMap<usize, Id> = HashMap::new();
        let mut open: Vec<(bool, bool, usize, usize, Vec<Id>)> = Vec::new();
        let mut root = None;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.ok()?;
            let span = span.byte_range().unwrap_or_default();
            let (kind, span, anchor) = match event {
                Event::Scalar(text, style, anchor, _) => {
                    (Kind::Scalar { text: text.into_owned(), style }, span, anchor)
                }
                Event::Alias(anchor) => (Kind::Alias(*anchors.get(&anchor)?), span, 0),
                Event::SequenceStart(style, anchor, _) => {
                    open.push((false, style == StructureStyle::Flow, anchor, span.start, vec![]));
                    continue;
                }
                Event::MappingStart(style, anchor, _) => {
                    open.push((true, style == StructureStyle::Flow, anchor, span.start, vec![]));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let (is_map, flow, anchor, start, items) = open.pop()?;
                    let end = if flow {
                        span.end
                    } else {
                        items.last().map_or(start, |&last: &Id| nodes[last].span.end)
                    };
                    let kind = if is_map {
                        let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                        Kind::Map { pairs, flow }
                    } else {
                        Kind::Seq { items, flow }
                    };
                    (kind, start..end, anchor)
                }
                _ => continue,
            };
            let id = nodes.len();
            nodes.push(Node { kind, span });
            if anchor != 0 {
                anchors.insert(anchor, id);
            }
            match open.last_mut() {
                Some(parent) => parent.4.push(id),
                None => {
                    root.get_or_insert(id);
                }
            }
        }
        Some(Self { nodes, root: root? })
    }

    pub(super) fn root(&self) -> Id {
        self.follow(self.root)
    }

    /// The node itself, an alias if it is one.
    pub(super) fn raw(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The node that is meant.
    pub(super) fn follow(&self, mut id: Id) -> Id {
        while let Kind::Alias(target) = self.nodes[id].kind {
            id = target;
        }
        id
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[self.follow(id)]
    }

    /// The text of a scalar; empty for anything else.
    pub(super) fn text(&self, id: Id) -> &str {
        match &self.node(id).kind {
            Kind::Scalar { text, .. } => text,
            _ => "",
        }
    }

    pub(super) fn is_scalar(&self, id: Id) -> bool {
        matches!(self.node(id).kind, Kind::Scalar { .. })
    }

    pub(super) fn items(&self, id: Id) -> &[Id] {
        match &self.node(id).kind {
            Kind::Seq { items, .. } => items,
            _ => &[],
        }
    }

    /// The entries of a mapping, merged ones after its own.
    pub(super) fn entries(&self, id: Id) -> Vec<Entry> {
        let Kind::Map { pairs, .. } = &self.node(id).kind else { return Vec::new() };
        let is_merge = |key: Id| matches!(&self.nodes[key].kind, Kind::Scalar { text, style: ScalarStyle::Plain } if text == "<<");
        let own = pairs.iter().filter(|(key, _)| !is_merge(*key));
        let mut entries: Vec<Entry> = own.map(|&(key, value)| Entry { key, value }).collect();
        for &(_, value) in pairs.iter().filter(|(key, _)| is_merge(*key)) {
            let several = self.items(value).iter().flat_map(|&item| self.entries(item));
            for merged in self.entries(value).into_iter().chain(several) {
                if !entries.iter().any(|entry| self.text(entry.key) == self.text(merged.key)) {
                    entries.push(merged);
                }
            }
        }
        entries
    }

    pub(super) fn get(&self, id: Id, key: &str) -> Option<Entry> {
        self.entries(id).into_iter().find(|entry| self.text(entry.key) == key)
    }

    /// Returns whether two sources mean the same, places aside.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let mut work = vec![(self.root, other.root)];
        let mut steps = 0;
        while let Some((mine, theirs)) = work.pop() {
            steps += 1;
            if steps > 200_000 {
                return false;
            }
            match (&self.node(mine).kind, &other.node(theirs).kind) {
                (Kind::Scalar { text: a, style: x }, Kind::Scalar { text: b, style: y })
                    if a == b && (*x == ScalarStyle::Plain) == (*y == ScalarStyle::Plain) => {}
                (Kind::Seq { items: a, .. }, Kind::Seq { items: b, .. }) if a.len() == b.len() => {
                    work.extend(a.iter().copied().zip(b.iter().copied()));
                }
                (Kind::Map { pairs: a, .. }, Kind::Map { pairs: b, .. }) if a.len() == b.len() => {
                    for (&(key, value), &(their_key, their_value)) in a.iter().zip(b) {
                        work.push((key, their_key));
                        work.push((value, their_value));
                    }
                }
                _ => return false,
            }
        }
        true
    }
}
