//! What the tree is made of, and finding things in it.

use std::{collections::HashMap, ops::Range};

/// Bytes of a document, from the first to the one after the last.
pub(crate) type Span = Range<usize>;

/// Containers inside each other that are followed.
pub(super) const DEPTH: usize = 100;

/// Aliases and merge keys that are followed to find one thing.
const HOPS: usize = 20;

/// A value and where it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) span: Span,
    /// `&name` in front of it.
    pub(crate) anchor: Option<Name>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Empty,
    Scalar(Scalar),
    Alias(Name),
    Map(Map),
    List(List),
}

/// The name of an anchor or alias, without `&` and `*`.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The value; of block scalars the source lines as they are.
    pub(crate) text: String,
    pub(crate) style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    pub(crate) entries: Vec<Entry>,
    /// The column of its keys; `None` in braces.
    pub(crate) column: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Node>,
    /// The column of its dashes; `None` in brackets.
    pub(crate) column: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    /// Whether there is a colon. Without one the key is still being typed.
    pub(crate) colon: bool,
    pub(crate) value: Node,
}

impl Node {
    pub(super) fn new(span: Span, value: Value) -> Self {
        Self { span, anchor: None, value }
    }

    pub(super) fn empty(at: usize) -> Self {
        Self::new(at..at, Value::Empty)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Map(map) = &self.value { &map.entries } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(list) = &self.value { &list.items } else { &[] }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Scalar(scalar) = &self.value { Some(&scalar.text) } else { None }
    }

    /// Returns the entry of a key that is in this mapping itself.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Returns the value of a key that is in this mapping itself.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Calls `see` for this node and everything below.
    pub(crate) fn visit<'n>(&'n self, see: &mut dyn FnMut(&'n Self)) {
        see(self);
        self.entries().iter().for_each(|entry| entry.value.visit(see));
        self.items().iter().for_each(|item| item.visit(see));
    }
}

/// Finds things through aliases and merge keys.
pub(crate) struct Lookup<'n> {
    anchors: HashMap<&'n str, &'n Node>,
}

impl<'n> Lookup<'n> {
    pub(crate) fn new(root: &'n Node) -> Self {
        let mut anchors = HashMap::new();
        root.visit(&mut |node| {
            if let Some(anchor) = &node.anchor {
                anchors.insert(anchor.text.as_str(), node);
            }
        });
        Self { anchors }
    }

    /// Returns the node that carries an anchor.
    pub(crate) fn anchored(&self, name: &str) -> Option<&'n Node> {
        self.anchors.get(name).copied()
    }

    /// Returns what an alias stands for, or the node itself.
    pub(crate) fn follow(&self, mut node: &'n Node) -> &'n Node {
        for _ in 0..HOPS {
            let Value::Alias(name) = &node.value else { break };
            let Some(target) = self.anchored(&name.text) else { break };
            node = target;
        }
        node
    }

    /// Returns the value of a key, through aliases and merge keys.
    pub(crate) fn get(&self, node: &'n Node, key: &str) -> Option<&'n Node> {
        self.within(node, key, HOPS)
    }

    fn within(&self, node: &'n Node, key: &str, hops: usize) -> Option<&'n Node> {
        let hops = hops.checked_sub(1)?;
        let node = self.follow(node);
        if let Some(value) = node.get(key) {
            return Some(self.follow(value));
        }
        let merges = node.entries().iter().filter(|entry| entry.key == "<<");
        let mut sources = merges.flat_map(|entry| match &entry.value.value {
            Value::List(list) => list.items.iter().take(HOPS).collect(),
            _ => vec![&entry.value],
        });
        sources.find_map(|source| self.within(source, key, hops))
    }
}

/// Returns the first byte of the line that holds `at`.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

/// Returns the end of the line that holds `at`, without its line break.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    let after = text.as_bytes().get(at..).unwrap_or_default();
    let end = after.iter().position(|byte| *byte == b'\n').map_or(text.len(), |n| at + n);
    if end > at && text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end }
}
