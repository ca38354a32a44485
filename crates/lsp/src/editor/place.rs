//! Where the cursor is: in which mapping or list, at a key or at a value, in the middle of a word
//! or on a line that is still empty.

use super::{
    spot::{Names, Spot},
    tree::node::{Node, Span, Style, Value, line_start},
};

/// The cursor's place in the tree.
#[derive(Clone, Debug)]
pub(crate) struct Place<'d> {
    /// The way down from the root.
    pub(crate) path: Vec<(&'d Node, Segment)>,
    pub(crate) at: At,
    /// The text that a completion replaces.
    pub(crate) word: Span,
    /// The mapping that the key belongs to, or the list that the item belongs to.
    pub(crate) container: &'d Node,
    /// Whether it is between brackets or braces.
    pub(crate) notation: Notation,
    /// A new item, whose dash is still missing.
    pub(crate) needs_dash: bool,
    /// Where the cursor is.
    pub(crate) offset: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Segment {
    Key(String),
    Item(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A key of the mapping.
    Key,
    /// The value after a key on the same line.
    Value,
    /// Something that begins here, on a line or after a dash of the same line: a value or a mapping.
    Fresh,
    /// Inside of a string or a comment.
    Text,
}

/// How the mapping, list or scalar around a place is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// On lines of its own, by indentation.
    Block,
    /// In brackets.
    Flow,
}

impl<'d> Place<'d> {
    /// Finds where `offset` is.
    pub(crate) fn find(text: &'d str, root: &'d Node, offset: usize) -> Self {
        let start = line_start(text, offset);
        let column = offset.saturating_sub(start);
        let mut finder = Finder { text, offset, column, path: Vec::new() };
        let mut place = finder.node(root, root, Notation::Block, At::Fresh);
        place.path = finder.path;
        if is_comment(text, start, offset) && place.word.is_empty() {
            place.at = At::Text;
        }
        place
    }

    /// Returns what may be here. At a key, that is the place of its mapping.
    pub(crate) fn spot(&self, names: Names<'_>) -> Spot {
        self.path.iter().fold(Spot::top(), |spot, (node, segment)| match segment {
            Segment::Key(key) => spot.at_key(names, node, key),
            Segment::Item(index) => spot.at_item(names, *index),
        })
    }

    /// Returns whether it is in brackets, where no line of its own can begin.
    pub(crate) fn in_flow(&self) -> bool {
        self.notation == Notation::Flow
    }

    /// Returns how deep dashes on this line push what follows in: two columns each.
    pub(crate) fn dashes(&self, text: &str) -> usize {
        let start = line_start(text, self.word.start);
        let before = text.get(start..self.word.start).unwrap_or_default();
        before.split_whitespace().take_while(|word| *word == "-").count()
            + usize::from(self.needs_dash)
    }
}

fn is_comment(text: &str, start: usize, offset: usize) -> bool {
    let line = text.get(start..offset).unwrap_or_default();
    line.trim_start().starts_with('#') || line.contains(" #")
}

struct Finder<'d> {
    text: &'d str,
    offset: usize,
    column: usize,
    path: Vec<(&'d Node, Segment)>,
}

impl<'d> Finder<'d> {
    fn place(&self, at: At, word: Span, container: &'d Node, notation: Notation) -> Place<'d> {
        let offset = self.offset;
        Place { path: Vec::new(), at, word, container, notation, needs_dash: false, offset }
    }

    fn here(&self, at: At, container: &'d Node, notation: Notation) -> Place<'d> {
        self.place(at, self.offset..self.offset, container, notation)
    }

    fn touches(&self, span: &Span) -> bool {
        span.start <= self.offset && self.offset <= span.end
    }

    fn same_line(&self, from: usize) -> bool {
        line_start(self.text, from) == line_start(self.text, self.offset)
    }

    /// Goes into a value. `fresh` is what it is called when nothing is here yet.
    fn node(
        &mut self,
        node: &'d Node,
        container: &'d Node,
        notation: Notation,
        fresh: At,
    ) -> Place<'d> {
        match &node.value {
            Value::Empty => self.here(fresh, container, notation),
            Value::Alias(_) if self.touches(&node.span) => {
                self.place(At::Value, node.span.clone(), container, notation)
            }
            Value::Scalar(scalar) if self.touches(&node.span) && scalar.style != Style::Block => {
                let inner = usize::from(scalar.style == Style::Quoted);
                let span = node.span.start + inner..node.span.end - inner.min(node.span.len() / 2);
                self.place(fresh, span, container, notation)
            }
            Value::Scalar(_) | Value::Alias(_) => self.here(At::Text, container, notation),
            Value::Map(map) => match map.column {
                Some(column) => self.block_map(node, column),
                None => self.flow_map(node),
            },
            Value::List(list) => match list.column {
                Some(column) => self.block_list(node, column),
                None => self.flow_list(node),
            },
        }
    }

    fn block_map(&mut self, node: &'d Node, column: usize) -> Place<'d> {
        let before = node.entries().iter().rev().find(|entry| entry.key_span.start <= self.offset);
        let Some(entry) = before else { return self.here(At::Key, node, Notation::Block) };
        if self.touches(&entry.key_span) {
            return self.place(At::Key, entry.key_span.clone(), node, Notation::Block);
        }
        let same_line = self.same_line(entry.key_span.end);
        if !entry.colon && same_line {
            return self.here(At::Text, node, Notation::Block);
        }
        let inside = self.touches(&entry.value.span) && !matches!(entry.value.value, Value::Empty);
        if !inside && !same_line && self.column <= column {
            return self.here(At::Key, node, Notation::Block);
        }
        self.path.push((node, Segment::Key(entry.key.clone())));
        let value_line = line_start(self.text, entry.value.span.start);
        let on_key_line = value_line == line_start(self.text, entry.key_span.end);
        let is_empty = matches!(entry.value.value, Value::Empty);
        let fresh = if same_line || (on_key_line && !is_empty) { At::Value } else { At::Fresh };
        self.node(&entry.value, &entry.value, Notation::Block, fresh)
    }

    fn block_list(&mut self, node: &'d Node, column: usize) -> Place<'d> {
        let items = node.items();
        let last = items.iter().enumerate().rev().find(|(_, item)| item.span.start <= self.offset);
        let Some((index, item)) = last else { return self.here(At::Text, node, Notation::Block) };
        let same_line = self.same_line(item.span.start);
        let inside = self.touches(&item.span) && !matches!(item.value, Value::Empty);
        if !inside && !same_line && self.column <= column {
            self.path.push((node, Segment::Item(items.len())));
            let mut place = self.here(At::Fresh, node, Notation::Block);
            place.needs_dash = true;
            return place;
        }
        self.path.push((node, Segment::Item(index)));
        self.node(item, node, Notation::Block, At::Fresh)
    }

    fn flow_map(&mut self, node: &'d Node) -> Place<'d> {
        let before = node.entries().iter().rev().find(|entry| entry.key_span.start <= self.offset);
        let Some(entry) = before else { return self.here(At::Key, node, Notation::Flow) };
        if self.touches(&entry.key_span) {
            return self.place(At::Key, entry.key_span.clone(), node, Notation::Flow);
        }
        let end = entry.value.span.end.max(entry.key_span.end);
        let between = self.text.get(end..self.offset).unwrap_or_default();
        let inside = entry.colon && (self.offset <= end || !between.contains(','));
        if !inside {
            return self.here(At::Key, node, Notation::Flow);
        }
        self.path.push((node, Segment::Key(entry.key.clone())));
        self.node(&entry.value, &entry.value, Notation::Flow, At::Value)
    }

    fn flow_list(&mut self, node: &'d Node) -> Place<'d> {
        let items = node.items();
        let touched = items.iter().enumerate().find(|(_, item)| self.touches(&item.span));
        let (index, item) = touched.unzip();
        self.path.push((node, Segment::Item(index.unwrap_or(items.len()))));
        match item {
            Some(item) => self.node(item, node, Notation::Flow, At::Fresh),
            None => self.here(At::Fresh, node, Notation::Flow),
        }
    }
}
