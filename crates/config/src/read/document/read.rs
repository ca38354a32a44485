//! YAML text to a document, with what is wrong with it.
//!
//! Nodes are built from the parser's events. Aliases are copied, so there is a budget; merge keys are
//! resolved as they end. Anchors go out by name, and those of other files may come in: a packed
//! folder is one document to the people who write it.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::{Node, scalar};
use crate::{
    codes::{self, Code},
    text::diagnostic::{Diagnostic, Related, Severity},
};

/// Levels of nesting in the text, and along aliases.
const DEPTH: usize = 64;

/// Nodes after all aliases are copied. A configuration of 8 MB has about as many.
const NODES: usize = 500_000;

/// Mistakes that are told about one text.
const DIAGNOSTICS: usize = 50;

/// What anchors stand for, by their name.
pub(crate) type Anchors = HashMap<String, Node>;

/// A text to read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    /// What people call it.
    pub(crate) path: &'t str,
    pub(crate) text: &'t str,
}

/// What reading a text gave.
pub(crate) struct Read {
    /// Its document; parts that are wrong are null.
    pub(crate) root: Node,
    /// Its anchors, in the order of the text.
    pub(crate) anchors: Vec<(String, Node)>,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads a text; aliases that it does not define itself are looked for among `foreign`.
pub(crate) fn read(source: Source<'_>, foreign: &Anchors) -> Read {
    let options = options! {
        strict_indentation: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    let mut reader = Reader::new(source, foreign);
    for event in Parser::new_from_str_with_options(source.text, options) {
        match event {
            Ok((event, span)) => reader.take(event, span),
            Err(error) => reader.syntax_error(&error),
        }
        if reader.ended {
            break;
        }
    }
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|told| (told.start, told.end));
    Read { root: reader.root.unwrap_or(Node::Null), anchors: reader.anchors, diagnostics }
}

/// A node and what it weighs.
#[derive(Clone)]
struct Built {
    node: Node,
    /// How it is written, if it is a scalar: keys are taken as they are written.
    written: Option<Written>,
    height: usize,
    /// Something below it is not known: such an anchor is of no use to others.
    incomplete: bool,
    at: (usize, usize),
}

#[derive(Clone)]
struct Written {
    text: String,
    is_plain: bool,
}

impl Built {
    fn nothing(at: (usize, usize)) -> Self {
        Self { node: Node::Null, written: None, height: 1, incomplete: false, at }
    }
}

struct Open {
    anchor: usize,
    is_map: bool,
    at: (usize, usize),
    items: Vec<Built>,
}

struct Reader<'t, 'f> {
    source: Source<'t>,
    foreign: &'f Anchors,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    /// Anchored nodes by the parser's number, with their weight.
    known: HashMap<usize, (Built, usize)>,
    names: HashMap<usize, String>,
    anchors: Vec<(String, Node)>,
    diagnostics: Vec<Diagnostic>,
    ended: bool,
}

impl<'t, 'f> Reader<'t, 'f> {
    fn new(source: Source<'t>, foreign: &'f Anchors) -> Self {
        Self {
            source,
            foreign,
            open: Vec::new(),
            root: None,
            documents: 0,
            nodes: 0,
            known: HashMap::new(),
            names: HashMap::new(),
            anchors: Vec::new(),
            diagnostics: Vec::new(),
            ended: false,
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) {
        let at = span.byte_range().map_or((0, 0), |range| (range.start, range.end));
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let help = "delete the separator, or split the file";
                    let message = "only one YAML document is allowed".to_owned();
                    self.tell(codes::SEVERAL_DOCUMENTS, at, message, help);
                    self.ended = true;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.scalar((text, style, tag), anchor, at);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open.push(Open { anchor, is_map: false, at, items: Vec::new() });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open.push(Open { anchor, is_map: true, at, items: Vec::new() });
            }
            Event::Anchor(id, name) => {
                if let Some((built, _)) = self.known.get(&id) {
                    self.anchors.push((name.clone().into_owned(), built.node.clone()));
                }
                self.names.insert(id, name.into_owned());
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(id) => self.alias(id, at),
            Event::UnresolvedAlias(name) => self.foreign_alias(&name, at),
            // Borders of the stream, and kinds of events that later versions may add.
            _ => {}
        }
    }

    fn scalar(
        &mut self,
        scalar: (Cow<'_, str>, ScalarStyle, Option<Cow<'_, Tag>>),
        anchor: usize,
        at: (usize, usize),
    ) {
        let (text, style, tag) = scalar;
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        let is_plain = style == ScalarStyle::Plain && !is_text;
        let node = if is_plain { scalar::plain(&text) } else { Node::text(text.as_ref()) };
        let written = Some(Written { text: text.into_owned(), is_plain });
        let built = Built { node, written, height: 1, incomplete: false, at };
        self.finish(built, anchor, 1);
    }

    fn end(&mut self, at: (usize, usize)) {
        let Some(open) = self.open.pop() else { return };
        let at = (open.at.0, at.1.max(open.at.1));
        let below = open.items.iter().map(|item| item.height).max().unwrap_or(0);
        let incomplete = open.items.iter().any(|item| item.incomplete);
        let weight = 1 + open.items.iter().map(|item| weight(&item.node)).sum::<usize>();
        let node = if open.is_map {
            self.mapping(open.items)
        } else {
            Node::List(open.items.into_iter().map(|item| item.node).collect())
        };
        let built = Built { node, written: None, height: below + 1, incomplete, at };
        self.finish(built, open.anchor, weight);
    }

    /// Puts a node where it belongs.
    fn finish(&mut self, mut built: Built, anchor: usize, weight: usize) {
        if built.height > DEPTH {
            self.too_far(built.at, "deep");
            built = Built { node: Node::Null, height: 1, ..built };
        }
        if anchor != 0 {
            if let Some(name) = self.names.get(&anchor).filter(|_| !built.incomplete) {
                self.anchors.push((name.clone(), built.node.clone()));
            }
            self.known.insert(anchor, (built.clone(), weight));
        }
        self.put(built);
    }

    fn put(&mut self, built: Built) {
        self.nodes += 1;
        if self.nodes > NODES && !self.ended {
            self.too_far(built.at, "large");
            self.ended = true;
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(built),
            None => {
                self.root.get_or_insert(built.node);
            }
        }
    }

    fn alias(&mut self, id: usize, at: (usize, usize)) {
        let Some((built, weight)) = self.known.get(&id) else {
            let name = self.source.text.get(at.0..at.1).unwrap_or("*").to_owned();
            let message = format!("alias `{name}` is inside the node that it refers to");
            let help = "an anchor cannot contain itself";
            self.tell(codes::EXPANDS_TOO_FAR, at, message, help);
            return self.put(Built::nothing(at));
        };
        let weight = *weight;
        if self.nodes.saturating_add(weight) > NODES {
            self.too_far(at, "large");
            self.ended = true;
            return;
        }
        let copy = Built { at, ..built.clone() };
        self.nodes += weight;
        self.put(copy);
    }

    fn foreign_alias(&mut self, name: &str, at: (usize, usize)) {
        let Some(node) = self.foreign.get(name) else {
            let message = format!("found undefined alias `{name}`");
            let help = format!("define `&{name}` above its first use");
            self.tell(codes::UNDEFINED_ALIAS, at, message, &help);
            return self.put(Built { incomplete: true, ..Built::nothing(at) });
        };
        self.nodes = self.nodes.saturating_add(weight(node));
        let built = Built { node: node.clone(), height: height(node), ..Built::nothing(at) };
        self.put(built);
    }

    /// Pairs keys and values; keys of the mapping itself win over merged ones.
    fn mapping(&mut self, items: Vec<Built>) -> Node {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut own: HashMap<String, (usize, usize)> = HashMap::new();
        let mut merged = Vec::new();
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let text = match (&key.written, &key.node) {
                (Some(written), _) if written.is_plain && written.text == "<<" => {
                    self.merge(value, &mut merged);
                    continue;
                }
                (Some(written), _) => written.text.clone(),
                (None, Node::Text(text)) => text.clone(),
                (None, _) => {
                    let message = "a key must be a string, not a mapping or a list".to_owned();
                    let help = "quote it if it is meant as a string";
                    self.tell(codes::COMPLEX_KEY, key.at, message, help);
                    continue;
                }
            };
            if let Some(&first) = own.get(&text) {
                let message = format!("found duplicate key `{text}`");
                let help = "merge both entries, or rename one of them";
                let related = self.related(first, "first defined here");
                if let Some(told) = self.tell(codes::DUPLICATE_KEY, key.at, message, help) {
                    told.related.push(related);
                }
                continue;
            }
            own.insert(text.clone(), key.at);
            entries.push((text, value.node));
        }
        for (key, value) in merged {
            if !own.contains_key(&key) {
                own.insert(key.clone(), (0, 0));
                entries.push((key, value));
            }
        }
        Node::Map(entries)
    }

    fn merge(&mut self, value: Built, merged: &mut Vec<(String, Node)>) {
        let maps = match value.node {
            Node::List(items) => items,
            node => vec![node],
        };
        for map in maps {
            match map {
                Node::Map(entries) => merged.extend(entries),
                Node::Null if !self.diagnostics.is_empty() => {}
                _ => {
                    let message = "`<<:` needs a mapping or a list of mappings".to_owned();
                    let help = "lists cannot be merged: use a command, or repeat the items";
                    self.tell(codes::BAD_MERGE, value.at, message, help);
                }
            }
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, at: (usize, usize)) {
        let Some(tag) = tag.filter(|tag| tag.is_custom()) else { return };
        let (handle, suffix) = tag.parts();
        let means_nothing = suffix.is_empty() && (handle.is_empty() || handle == "!");
        if means_nothing || handle.starts_with("tag:yaml.org") {
            return;
        }
        let message = format!("unknown YAML tag `!{}`", suffix.trim_start_matches('!'));
        let help = "quote values and expressions that begin with `!`";
        self.tell(codes::UNKNOWN_TAG, at, message, help);
    }

    fn too_far(&mut self, at: (usize, usize), what: &str) {
        let message = format!("the expanded document is too {what}");
        self.tell(codes::EXPANDS_TOO_FAR, at, message, "use fewer nested aliases");
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let length = self.source.text.len();
        let mark = error.marker().byte_offset().unwrap_or(length).min(length);
        let end = mark
            + self.source.text.get(mark..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        let message = format!("invalid YAML: {}", error.info());
        let line = line_at(self.source.text, mark);
        let blanks = &line[..line.len() - line.trim_start().len()];
        let help = if blanks.contains('\t') {
            "indent with spaces: YAML does not allow tabs there"
        } else {
            "check the indentation of this line and of the lines above it"
        };
        self.tell(codes::SYNTAX, (mark, end), message, help);
        self.ended = true;
    }

    /// Adds a diagnostic and returns it, unless there are too many.
    fn tell(
        &mut self,
        code: Code,
        at: (usize, usize),
        message: String,
        help: &str,
    ) -> Option<&mut Diagnostic> {
        if self.diagnostics.len() >= DIAGNOSTICS {
            return None;
        }
        let (start, end) = self.trim(at);
        let (line, column) = position(self.source.text, start);
        self.diagnostics.push(Diagnostic {
            code: code.slug.to_owned(),
            severity: Severity::Error,
            message,
            path: self.source.path.to_owned(),
            start,
            end,
            line,
            column,
            at: String::new(),
            via: Vec::new(),
            related: Vec::new(),
            help: Some(help.to_owned()),
            replacement: None,
            orb: None,
        });
        self.diagnostics.last_mut()
    }

    fn related(&self, at: (usize, usize), text: &str) -> Related {
        let (start, end) = self.trim(at);
        let (line, column) = position(self.source.text, start);
        Related { path: None, start, end, line, column, text: text.to_owned() }
    }

    /// The parser lets a collection run into the indentation that follows it.
    fn trim(&self, (start, end): (usize, usize)) -> (usize, usize) {
        let kept = self.source.text.get(start..end).map_or(0, |text| text.trim_end().len());
        (start.min(self.source.text.len()), (start + kept).min(self.source.text.len()))
    }
}

fn weight(node: &Node) -> usize {
    match node {
        Node::Map(entries) => 1 + entries.iter().map(|(_, value)| weight(value)).sum::<usize>(),
        Node::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        _ => 1,
    }
}

fn height(node: &Node) -> usize {
    let below = match node {
        Node::Map(entries) => entries.iter().map(|(_, value)| height(value)).max(),
        Node::List(items) => items.iter().map(height).max(),
        _ => None,
    };
    1 + below.unwrap_or(0)
}

fn line_at(text: &str, mark: usize) -> &str {
    let start = text.get(..mark).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
}

/// Line and column of a byte, counted from 1; the column counts characters.
fn position(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or("").trim_start_matches('\u{feff}');
    let one_based = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    (one_based(line), one_based(column.chars().count()))
}
