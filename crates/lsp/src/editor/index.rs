//! Every word of a document that means something elsewhere: uses and definitions of names.
//!
//! Hover, go to definition, references and rename ask one question, "what is the word here?", and
//! [`Index`] is the answer for the whole document, made in one walk.

use super::{
    outline::{Invocation, Outline, Owner, join, split},
    schema::{
        BUILT_IN,
        shape::{Key, Kind, Shape},
        values,
    },
    spot::{Callee, Names, Spot, SpotKind},
    tags,
    tree::node::{Entry, Lookup, Node, Span, Style, Value},
};

/// Words that are kept of one document.
const WORDS: usize = 100_000;

/// Nodes that are walked again because an alias stands for them.
const REPEATED: usize = 100_000;

/// Aliases that are followed inside each other.
const HOPS: usize = 20;

/// Meanings of one word that are kept apart.
const MEANINGS: usize = 32;

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
    /// Part of a word that means something else: of `o/p` and `a-linux` in `requires`. It changes with
    /// the name that it repeats.
    pub(crate) part: bool,
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
        let mut walk = Walk {
            text,
            names,
            lookup: Lookup::new(root),
            repeated: REPEATED,
            hops: HOPS,
            words: Vec::new(),
            requirements: Vec::new(),
        };
        walk.node(root, &Spot::top());
        walk.invocations(outline);
        walk.repetitions(outline);
        walk.words.sort_by_key(|word| (word.span.start, word.span.end));
        let mut words: Vec<Word> = Vec::with_capacity(walk.words.len());
        for word in walk.words {
            let mut here =
                words.iter().rev().take(MEANINGS).take_while(|one| one.span == word.span);
            if !here.any(|one| one.is(&word)) {
                words.push(word);
            }
        }
        Self { words }
    }

    /// Returns what the word at a place stands for; of several the innermost, names before keys.
    pub(crate) fn at(&self, offset: usize) -> Option<&Word> {
        let touched =
            self.words.iter().filter(|word| word.span.start <= offset && offset <= word.span.end);
        let touched = touched.filter(|word| !word.part);
        touched.min_by_key(|word| {
            let is_key = matches!(word.symbol, Symbol::Key(..));
            // Right after a word is still the word, unless another begins there.
            (offset == word.span.end, word.span.len(), is_key, word.defines)
        })
    }

    /// Returns everything that the word at exactly these bytes stands for.
    pub(crate) fn meanings(&self, span: &Span) -> impl Iterator<Item = &Word> {
        let bytes = (span.start, span.end);
        let first = self.words.partition_point(|word| (word.span.start, word.span.end) < bytes);
        let here = self.words.get(first..).unwrap_or_default().iter();
        here.take_while(move |word| (word.span.start, word.span.end) == bytes)
    }

    /// Returns every word that stands for the same.
    pub(crate) fn all<'i>(&'i self, symbol: &'i Symbol) -> impl Iterator<Item = &'i Word> {
        self.words.iter().filter(move |word| word.symbol.is(symbol))
    }
}

impl Word {
    fn is(&self, other: &Self) -> bool {
        let same = match (&self.symbol, &other.symbol) {
            (Symbol::Key(a, _), Symbol::Key(b, _)) => std::ptr::eq(*a, *b),
            (a, b) => a.is(b),
        };
        same && self.defines == other.defines && self.part == other.part
    }
}

struct Walk<'d> {
    text: &'d str,
    names: Names<'d>,
    lookup: Lookup<'d>,
    /// How much more may be walked again.
    repeated: usize,
    /// How many more aliases may be inside each other.
    hops: usize,
    words: Vec<Word>,
    /// What `requires` names, and where.
    requirements: Vec<(Span, Within, String)>,
}

impl<'d> Walk<'d> {
    /// Notes a word that defines what it stands for.
    fn define(&mut self, span: Span, symbol: Symbol) {
        self.push(Word { span, symbol, defines: true, part: false });
    }

    /// Notes a word that stands for what is defined elsewhere.
    fn mention(&mut self, span: Span, symbol: Symbol) {
        self.push(Word { span, symbol, defines: false, part: false });
    }

    fn push(&mut self, word: Word) {
        if self.words.len() < WORDS && !word.span.is_empty() {
            self.words.push(word);
        }
    }

    fn node(&mut self, node: &'d Node, spot: &Spot) {
        if let Some(anchor) = &node.anchor {
            self.define(anchor.span.clone(), Symbol::Anchor(anchor.text.clone()));
        }
        if self.hops < HOPS {
            self.repeated = self.repeated.saturating_sub(1);
        }
        match &node.value {
            Value::Empty => {}
            Value::Alias(name) => {
                self.mention(name.span.clone(), Symbol::Anchor(name.text.clone()));
                self.alias(&name.text, spot);
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
                    self.entry(node, entry, spot);
                }
            }
        }
    }

    /// What an alias stands for means here what the place says.
    fn alias(&mut self, name: &str, spot: &Spot) {
        let Some(target) = self.lookup.anchored(name) else { return };
        let Some(hops) = self.hops.checked_sub(1) else { return };
        if self.repeated == 0 {
            return;
        }
        let before = std::mem::replace(&mut self.hops, hops);
        self.node(target, spot);
        self.hops = before;
    }

    fn entry(&mut self, mapping: &'d Node, entry: &'d Entry, spot: &Spot) {
        if entry.key == "<<" {
            // One mapping, or a list of them.
            let items = entry.value.items();
            let merged = if items.is_empty() { std::slice::from_ref(&entry.value) } else { items };
            return merged.iter().for_each(|merged| self.node(merged, spot));
        }
        self.key(mapping, &entry.key, &entry.key_span, spot);
        let inside = spot.at_key(self.names, mapping, &entry.key);
        if let (SpotKind::Shape(Shape::Named(Kind::Command, _)), Some(name)) =
            (&spot.what, entry.value.text())
        {
            self.step(name, &entry.value.span, spot);
        }
        if let (SpotKind::Invoked(_), "override-with", Some(name)) =
            (&spot.what, entry.key.as_str(), entry.value.text())
        {
            self.element(Kind::Job, name, &entry.value.span, spot);
        }
        self.node(&entry.value, &inside);
    }

    /// A parameter is that of the definition that another name stands for.
    fn argument(&mut self, callee: &Callee, name: &str, span: &Span) {
        let symbol = Symbol::Parameter(self.names.resolve(callee), name.to_owned());
        self.mention(span.clone(), symbol);
    }

    fn key(&mut self, mapping: &'d Node, key: &str, span: &Span, spot: &Spot) {
        match &spot.what {
            SpotKind::Table(table) => self.table_key(spot.key(key), table.what, span),
            SpotKind::Arguments(callee) => self.argument(callee, key, span),
            SpotKind::Invoked(callee) => match spot.key(key) {
                Some(found) => self.table_key(Some(found), "a job in a workflow", span),
                None => self.argument(callee, key, span),
            },
            SpotKind::Shape(shape) => {
                for shape in shape.alternatives() {
                    match shape {
                        Shape::Executor => self.executor_argument(mapping, key, span, spot),
                        shape => self.shape_key(shape, key, span, spot),
                    }
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
            self.mention(span.clone(), Symbol::Key(key, what));
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
            Shape::Matrix => {
                if let Some(job) = &spot.matrix {
                    self.argument(job, key, span);
                }
                let entry = spot.entry.unwrap_or_default();
                let symbol = Symbol::Matrix(Within::of(spot), entry, key.to_owned());
                self.define(span.clone(), symbol);
            }
            _ => {}
        }
    }

    fn executor_argument(&mut self, mapping: &'d Node, key: &str, span: &Span, spot: &Spot) {
        let name = self.lookup.get(mapping, "name").and_then(Node::text);
        if let Some(name) = name.filter(|name| key != "name" && !name.contains("<<")) {
            let (scope, name) = split(&spot.scope, name);
            self.argument(&Callee { scope, kind: Kind::Executor, name }, key, span);
        }
    }

    fn definition(&mut self, kind: Kind, key: &str, span: &Span, spot: &Spot) {
        if kind == Kind::Workflow && key == "version" {
            return;
        }
        let name = key.to_owned();
        let symbol = match (kind, &spot.owner) {
            (Kind::Parameter, Some(Owner { kind, name: owner })) => {
                let owner = Callee { scope: spot.scope.clone(), kind: *kind, name: owner.clone() };
                Symbol::Parameter(owner, name)
            }
            (Kind::Parameter, None) => Symbol::PipelineParameter(name),
            (kind, _) => Symbol::Element(Callee { scope: spot.scope.clone(), kind, name }),
        };
        self.define(span.clone(), symbol);
    }

    fn step(&mut self, name: &str, span: &Span, spot: &Spot) {
        if self.names.is_command(&spot.scope, name) {
            self.element(Kind::Command, name, span, spot);
        } else if let Some(key) = BUILT_IN.key(name) {
            self.mention(span.clone(), Symbol::Key(key, BUILT_IN.what));
        }
    }

    fn invoked(&mut self, name: &str, span: &Span, spot: &Spot) {
        self.element(self.kind_of(&spot.scope, name), name, span, spot);
    }

    fn kind_of(&self, scope: &str, name: &str) -> Kind {
        let is_group = self.names.outline.item(scope, Kind::Group, name).is_some();
        if is_group { Kind::Group } else { Kind::Job }
    }

    /// A name as it is written in a scope: `name`, or `alias/name`, which is two words.
    fn element(&mut self, kind: Kind, name: &str, span: &Span, spot: &Spot) {
        let callee = Callee { scope: spot.scope.clone(), kind, name: name.to_owned() };
        if name.contains('/') {
            for (span, callee) in self.parts(&callee, span) {
                self.mention(span, Symbol::Element(callee));
            }
            return;
        }
        self.mention(span.clone(), Symbol::Element(callee));
    }

    /// Returns the words of a name that a text begins with.
    fn parts(&self, callee: &Callee, span: &Span) -> Vec<(Span, Callee)> {
        let (kind, name, scope) = (callee.kind, callee.name.as_str(), callee.scope.as_str());
        let source = self.text.get(span.clone()).unwrap_or_default();
        let quote = usize::from(source.starts_with(['"', '\'']));
        if !source.get(quote..).is_some_and(|source| source.starts_with(name)) {
            return Vec::new();
        }
        let start = span.start + quote;
        let (inside, element) = split(scope, name);
        let end = start + name.len();
        let mut words =
            vec![(end - element.len()..end, Callee { scope: inside, kind, name: element })];
        if let Some((alias, _)) = name.split_once('/') {
            let (scope, name) = (scope.to_owned(), alias.to_owned());
            words.push((start..start + alias.len(), Callee { scope, kind: Kind::Orb, name }));
        }
        words
    }

    fn requirement(&mut self, name: &str, span: &Span, spot: &Spot) {
        self.requirements.push((span.clone(), Within::of(spot), name.to_owned()));
        if !name.contains("<<") {
            let symbol = Symbol::Invocation(Within::of(spot), name.to_owned());
            self.mention(span.clone(), symbol);
        }
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
                    Shape::Requires => self.requirement(text, &node.span, spot),
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
            self.mention(span, Symbol::PipelineParameter(name.to_owned()));
        } else if values::pipeline_value(path).is_some() {
            self.mention(whole, Symbol::PipelineValue(path.to_owned()));
        } else if let (Some(name), Some(Owner { kind, name: owner })) =
            (path.strip_prefix("parameters."), &spot.owner)
        {
            let owner = Callee { scope: spot.scope.clone(), kind: *kind, name: owner.clone() };
            let span = whole.end - name.len()..whole.end;
            self.mention(span, Symbol::Parameter(owner, name.to_owned()));
        } else if let (Some(name), Some(entry)) = (path.strip_prefix("matrix."), spot.entry) {
            let span = whole.end - name.len()..whole.end;
            self.mention(span, Symbol::Matrix(Within::of(spot), entry, name.to_owned()));
        }
    }

    /// What `requires` can name is defined by the workflow's entries.
    fn invocations(&mut self, outline: &Outline) {
        for found in &outline.invocations {
            let own = (found.name.clone(), found.name_span.clone());
            for (name, span) in std::iter::once(own).chain(found.alias.clone()) {
                let within = Within { scope: found.scope.clone(), list: Some(found.list.clone()) };
                self.define(span, Symbol::Invocation(within, name));
            }
        }
    }

    /// Names in `requires` that are made of a job's: `o/p`, and `a-linux` of a matrix.
    fn repetitions(&mut self, outline: &Outline) {
        let repeat = |found: &&Invocation| {
            found.name == found.job && (found.job.contains('/') || !found.matrix.is_empty())
        };
        let repeated: Vec<&Invocation> = outline.invocations.iter().filter(repeat).collect();
        for (span, within, name) in std::mem::take(&mut self.requirements) {
            let here = repeated.iter().filter(|found| {
                found.scope == within.scope && within.list.as_ref() == Some(&found.list)
            });
            let made = here.filter(|found| match name.strip_prefix(&*found.job) {
                Some("") => found.job.contains('/'),
                Some(rest) => rest.starts_with('-') && !found.matrix.is_empty(),
                None => false,
            });
            if let Some(found) = made.max_by_key(|found| found.job.len()) {
                let kind = self.kind_of(&within.scope, &found.job);
                let (scope, name) = (within.scope.clone(), found.job.clone());
                for (span, callee) in self.parts(&Callee { scope, kind, name }, &span) {
                    let symbol = Symbol::Element(callee);
                    self.push(Word { span, symbol, defines: false, part: true });
                }
            }
        }
    }
}

/// Returns the scope that an orb's alias opens.
pub(crate) fn opened_by(orb: &Callee) -> String {
    join(&orb.scope, &orb.name)
}
