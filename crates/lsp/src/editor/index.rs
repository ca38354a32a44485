//! Every word of a document that means something elsewhere: uses and definitions of names.
//!
//! Hover, go to definition, references and rename ask one question, "what is the word here?", and
//! [`Index`] is the answer for the whole document, made in one walk.

use super::{
    outline::{Outline, Owner, join, split},
    schema::{
        BUILT_IN,
        shape::{Key, Kind, Shape},
        values,
    },
    spot::{Callee, Names, Spot, SpotKind},
    tags,
    tree::node::{Node, Span, Style, Value},
};

/// Words that are kept of one document.
const WORDS: usize = 100_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) words: Vec<Word>,
}

/// A word that means something.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) span: Span,
    pub(crate) symbol: Symbol,
    /// Whether it is defined here.
    pub(crate) defines: bool,
}

/// What a word stands for.
#[derive(Clone, Debug)]
pub(crate) enum Symbol {
    /// A key of the language, and what its mapping describes.
    Key(&'static Key, &'static str),
    /// A job, command, executor, group, workflow or orb.
    Element(Callee),
    Parameter(Callee, String),
    PipelineParameter(String),
    PipelineValue(String),
    /// A parameter of the matrix of an entry.
    Matrix(Within, usize, String),
    /// What `requires` names.
    Invocation(Within, String),
    Anchor(String),
}

/// The workflow or group whose jobs something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) scope: String,
    pub(crate) list: Option<Owner>,
}

impl Within {
    fn of(spot: &Spot) -> Self {
        Self { scope: spot.scope.clone(), list: spot.owner.clone() }
    }
}

impl Symbol {
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Element(a), Self::Element(b)) => a == b,
            (Self::Parameter(a, x), Self::Parameter(b, y)) => a == b && x == y,
            (Self::PipelineParameter(a), Self::PipelineParameter(b))
            | (Self::PipelineValue(a), Self::PipelineValue(b))
            | (Self::Anchor(a), Self::Anchor(b)) => a == b,
            (Self::Matrix(a, entry, x), Self::Matrix(b, other, y)) => {
                a == b && entry == other && x == y
            }
            (Self::Invocation(a, x), Self::Invocation(b, y)) => a == b && x == y,
            _ => false,
        }
    }
}

impl Index {
    pub(crate) fn read(text: &str, root: &Node, outline: &Outline) -> Self {
        let names = Names { outline, orbs: None };
        let mut walk = Walk { text, names, words: Vec::new() };
        walk.node(root, &Spot::top());
        walk.invocations(outline);
        walk.words.sort_by_key(|word| (word.span.start, word.span.end));
        Self { words: walk.words }
    }

    /// Returns what the word at a place stands for; of several the innermost, names before keys.
    pub(crate) fn at(&self, offset: usize) -> Option<&Word> {
        let touched =
            self.words.iter().filter(|word| word.span.start <= offset && offset <= word.span.end);
        touched.min_by_key(|word| {
            let is_key = matches!(word.symbol, Symbol::Key(..));
            // Right after a word is still the word, unless another begins there.
            (offset == word.span.end, word.span.len(), is_key, word.defines)
        })
    }

    /// Returns every word that stands for the same.
    pub(crate) fn all<'i>(&'i self, symbol: &'i Symbol) -> impl Iterator<Item = &'i Word> {
        self.words.iter().filter(move |word| word.symbol.is(symbol))
    }
}

struct Walk<'d> {
    text: &'d str,
    names: Names<'d>,
    words: Vec<Word>,
}

impl Walk<'_> {
    fn push(&mut self, span: Span, symbol: Symbol, defines: bool) {
        if self.words.len() < WORDS && !span.is_empty() {
            self.words.push(Word { span, symbol, defines });
        }
    }

    fn node(&mut self, node: &Node, spot: &Spot) {
        if let Some(anchor) = &node.anchor {
            self.push(anchor.span.clone(), Symbol::Anchor(anchor.text.clone()), true);
        }
        match &node.value {
            Value::Empty => {}
            Value::Alias(name) => {
                self.push(name.span.clone(), Symbol::Anchor(name.text.clone()), false);
            }
            Value::Scalar(scalar) => self.scalar(node, &scalar.text, scalar.style, spot),
            Value::List(list) => {
                for (index, item) in list.items.iter().enumerate() {
                    let inside = spot.at_item(self.names, index);
                    self.node(item, &inside);
                }
            }
            Value::Map(map) => {
                for entry in &map.entries {
                    self.key(&entry.key, &entry.key_span, spot);
                    let inside = spot.at_key(self.names, node, &entry.key);
                    self.node(&entry.value, &inside);
                }
            }
        }
    }

    fn key(&mut self, key: &str, span: &Span, spot: &Spot) {
        if key == "<<" {
            return;
        }
        match &spot.what {
            SpotKind::Table(table) => self.table_key(spot.key(key), table.what, span),
            SpotKind::Arguments(callee) => {
                self.push(span.clone(), Symbol::Parameter(callee.clone(), key.to_owned()), false);
            }
            SpotKind::Invoked(callee) => match spot.key(key) {
                Some(found) => self.table_key(Some(found), "a job in a workflow", span),
                None => self.push(
                    span.clone(),
                    Symbol::Parameter(callee.clone(), key.to_owned()),
                    false,
                ),
            },
            SpotKind::Shape(shape) => {
                for shape in shape.alternatives() {
                    self.shape_key(shape, key, span, spot);
                }
            }
            SpotKind::MatrixValue(..)
            | SpotKind::Argument(_)
            | SpotKind::Statuses
            | SpotKind::Unknown => {}
        }
        self.tags(span, spot);
    }

    fn table_key(&mut self, key: Option<&'static Key>, what: &'static str, span: &Span) {
        if let Some(key) = key {
            self.push(span.clone(), Symbol::Key(key, what), false);
        }
    }

    fn shape_key(&mut self, shape: &'static Shape, key: &str, span: &Span, spot: &Spot) {
        match shape {
            Shape::Table(table) => self.table_key(table.key(key), table.what, span),
            Shape::Orb | Shape::Logic => {
                let what = spot.table().map_or("a mapping", |table| table.what);
                self.table_key(spot.key(key), what, span);
            }
            Shape::Named(kind, _) => self.definition(*kind, key, span, spot),
            Shape::Step => self.step(key, span, spot),
            Shape::Invocation => self.invoked(key, span, spot),
            Shape::Requires => self.requirement(key, span, spot),
            Shape::Executor if key != "name" => {}
            Shape::Matrix => {
                if let Some(job) = spot.matrix.clone() {
                    self.push(span.clone(), Symbol::Parameter(job, key.to_owned()), false);
                }
                let entry = spot.entry.unwrap_or_default();
                let symbol = Symbol::Matrix(Within::of(spot), entry, key.to_owned());
                self.push(span.clone(), symbol, true);
            }
            _ => {}
        }
    }

    fn definition(&mut self, kind: Kind, key: &str, span: &Span, spot: &Spot) {
        let name = key.to_owned();
        let symbol = match (kind, &spot.owner) {
            (Kind::Parameter, Some(Owner { kind, name: owner })) => {
                let owner = Callee { scope: spot.scope.clone(), kind: *kind, name: owner.clone() };
                Symbol::Parameter(owner, name)
            }
            (Kind::Parameter, None) => Symbol::PipelineParameter(name),
            (kind, _) => Symbol::Element(Callee { scope: spot.scope.clone(), kind, name }),
        };
        self.push(span.clone(), symbol, true);
    }

    fn step(&mut self, name: &str, span: &Span, spot: &Spot) {
        if self.names.is_command(&spot.scope, name) {
            self.element(Kind::Command, name, span, spot);
        } else if let Some(key) = BUILT_IN.key(name) {
            self.push(span.clone(), Symbol::Key(key, BUILT_IN.what), false);
        }
    }

    fn invoked(&mut self, name: &str, span: &Span, spot: &Spot) {
        let is_group = self.names.outline.item(&spot.scope, Kind::Group, name).is_some();
        self.element(if is_group { Kind::Group } else { Kind::Job }, name, span, spot);
    }

    /// A name as it is written in a scope: `name`, or `alias/name`, which is two words.
    fn element(&mut self, kind: Kind, name: &str, span: &Span, spot: &Spot) {
        let (scope, element) = split(&spot.scope, name);
        let mut start = span.start;
        if let Some((alias, _)) = name.split_once('/') {
            // Quotes move the text by one.
            start += usize::from(span.len() > name.len());
            let orb = Callee { scope: spot.scope.clone(), kind: Kind::Orb, name: alias.to_owned() };
            self.push(start..start + alias.len(), Symbol::Element(orb), false);
            start += alias.len() + 1;
        }
        let symbol = Symbol::Element(Callee { scope, kind, name: element });
        self.push(start..span.end, symbol, false);
    }

    fn requirement(&mut self, name: &str, span: &Span, spot: &Spot) {
        let symbol = Symbol::Invocation(Within::of(spot), name.to_owned());
        self.push(span.clone(), symbol, false);
    }

    fn scalar(&mut self, node: &Node, text: &str, style: Style, spot: &Spot) {
        if let SpotKind::Shape(shape) = &spot.what {
            let has_tag = text.contains("<<");
            for shape in shape.alternatives() {
                match shape {
                    Shape::Step if !has_tag => self.step(text, &node.span, spot),
                    Shape::Invocation => self.invoked(text, &node.span, spot),
                    Shape::Executor if !has_tag => {
                        self.element(Kind::Executor, text, &node.span, spot);
                    }
                    Shape::Requires if !has_tag => self.requirement(text, &node.span, spot),
                    Shape::Expression if !has_tag && style != Style::Block => {
                        self.expression(node.span.clone());
                    }
                    _ => {}
                }
            }
        }
        self.tags(&node.span, spot);
    }

    /// Template tags of a scalar, wherever it is.
    fn tags(&mut self, span: &Span, spot: &Spot) {
        let source = self.text.get(span.clone()).unwrap_or_default();
        if !source.contains("<<") {
            return;
        }
        for (start, path) in tags::paths(source) {
            let at = span.start + start;
            self.path(at, path, spot);
        }
    }

    fn expression(&mut self, span: Span) {
        let source = self.text.get(span.clone()).unwrap_or_default();
        let top = Spot::top();
        for (start, path) in tags::words(source) {
            self.path(span.start + start, path, &top);
        }
    }

    fn path(&mut self, at: usize, path: &str, spot: &Spot) {
        let whole = at..at + path.len();
        if let Some(name) = path.strip_prefix("pipeline.parameters.") {
            let span = whole.end - name.len()..whole.end;
            self.push(span, Symbol::PipelineParameter(name.to_owned()), false);
        } else if values::pipeline_value(path).is_some() {
            self.push(whole, Symbol::PipelineValue(path.to_owned()), false);
        } else if let (Some(name), Some(Owner { kind, name: owner })) =
            (path.strip_prefix("parameters."), &spot.owner)
        {
            let owner = Callee { scope: spot.scope.clone(), kind: *kind, name: owner.clone() };
            let span = whole.end - name.len()..whole.end;
            self.push(span, Symbol::Parameter(owner, name.to_owned()), false);
        } else if let (Some(name), Some(entry)) = (path.strip_prefix("matrix."), spot.entry) {
            let span = whole.end - name.len()..whole.end;
            self.push(span, Symbol::Matrix(Within::of(spot), entry, name.to_owned()), false);
        }
    }

    /// What `requires` can name is defined by the workflow's entries.
    fn invocations(&mut self, outline: &Outline) {
        for found in &outline.invocations {
            let own = (found.name.clone(), found.name_span.clone());
            for (name, span) in std::iter::once(own).chain(found.alias.clone()) {
                let within = Within { scope: found.scope.clone(), list: Some(found.list.clone()) };
                self.push(span, Symbol::Invocation(within, name), true);
            }
        }
    }
}

/// Returns the scope that an orb's alias opens.
pub(crate) fn opened_by(orb: &Callee) -> String {
    join(&orb.scope, &orb.name)
}
