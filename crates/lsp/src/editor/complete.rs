//! What can be typed here: keys, steps, jobs, parameters, values.

mod names;

use super::{
    describe,
    document::Document,
    environment::Environment,
    library::Library,
    place::{At, Place, Segment},
    schema::{
        BUILT_IN,
        shape::{Key, Shape, Table},
    },
    spot::{Callee, Names, Spot, SpotKind, invocation_table},
    tags,
    tree::node::{Node, Span, Value, line_end, line_start},
};
use crate::editor::schema::shape::Kind;

/// Answers that an editor gets at most.
const ANSWERS: usize = 2_000;

/// Something that can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The name in the list.
    pub(crate) label: String,
    pub(crate) icon: Icon,
    /// A few words next to the label.
    pub(crate) detail: Option<String>,
    /// Markdown.
    pub(crate) documentation: Option<String>,
    /// The text to insert: a snippet in the syntax of the Language Server Protocol.
    pub(crate) insert: String,
    /// The bytes that it replaces, all on one line.
    pub(crate) replace: Span,
    /// Understood, but there is something better.
    pub(crate) deprecated: bool,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    /// A key of the language.
    Key,
    /// A built-in step.
    Step,
    /// A value out of several.
    Value,
    /// A defined thing.
    Name(Kind),
    /// A pipeline value, a matrix value.
    Variable,
    /// A YAML anchor.
    Anchor,
}

/// Returns what can be typed at `offset`, best first.
pub(crate) fn complete(
    document: &Document,
    offset: usize,
    environment: &Environment<'_>,
) -> Vec<Completion> {
    let text: &str = &document.text;
    if !text.is_char_boundary(offset) {
        return Vec::new();
    }
    let names = Names { outline: &document.outline, orbs: Some(environment.library.outlines()) };
    let place = Place::find(text, &document.root, offset);
    let spot = place.spot(names);
    let mut list = List { document, library: environment.library, names, place, found: Vec::new() };
    if let Some(word) = tags::open_at(text, offset) {
        list.place.word = word;
        list.template(&spot);
    } else if let Some(word) = anchor_at(text, offset) {
        list.place.word = word;
        list.anchors();
    } else {
        list.everything(spot);
    }
    list.found.truncate(ANSWERS);
    list.found
}

/// The name after a `*` that the cursor is at.
fn anchor_at(text: &str, offset: usize) -> Option<Span> {
    let start = line_start(text, offset);
    let before = text.get(start..offset)?;
    let star = before.rfind('*')?;
    let is_name = before.get(star + 1..)?.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    let is_alias = before.get(..star)?.ends_with([' ', '[', ',']);
    (is_name && is_alias).then(|| tags::word_at(text, offset))
}

/// Completions being collected.
struct List<'d> {
    document: &'d Document,
    library: &'d Library,
    names: Names<'d>,
    place: Place<'d>,
    found: Vec<Completion>,
}

impl List<'_> {
    fn everything(&mut self, spot: Spot) {
        self.clip();
        match self.place.at {
            At::Text => {}
            At::Key => self.keys(&spot),
            At::Value => self.values(&spot),
            At::Fresh => {
                let spot = self.item_of(spot);
                self.values(&spot);
                if !self.place.in_flow {
                    self.keys(&spot);
                }
            }
        }
    }

    /// On an empty line below `steps:` an item is wanted, dash and all.
    fn item_of(&mut self, spot: Spot) -> Spot {
        let is_item = matches!(self.place.last(), Some(Segment::Item(_)));
        let SpotKind::Shape(shape) = &spot.what else { return spot };
        let takes_list = shape
            .alternatives()
            .into_iter()
            .any(|shape| matches!(shape, Shape::List(_) | Shape::Requires));
        if is_item || !takes_list || self.place.in_flow {
            return spot;
        }
        self.place.needs_dash = true;
        spot.at_item(self.names, 0)
    }

    /// Editors replace within a line only.
    fn clip(&mut self) {
        let text: &str = &self.document.text;
        let (start, end) = (line_start(text, self.place.offset), line_end(text, self.place.offset));
        let word = &self.place.word;
        self.place.word = word.start.max(start)..word.end.min(end).max(self.place.offset);
    }

    /// Adds an answer. Further lines are indented by the editor as the first one is; what is
    /// after a dash needs two columns more.
    fn push(&mut self, label: &str, icon: Icon, insert: &str) -> &mut Completion {
        let dash = if self.place.needs_dash { "- " } else { "" };
        let indent = "  ".repeat(self.place.dashes(&self.document.text));
        self.found.push(Completion {
            label: label.to_owned(),
            icon,
            detail: None,
            documentation: None,
            insert: format!("{dash}{}", insert.replace('\n', &format!("\n{indent}"))),
            replace: self.place.word.clone(),
            deprecated: false,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn keys(&mut self, spot: &Spot) {
        match &spot.what {
            SpotKind::Table(table) => self.table(table),
            SpotKind::Arguments(callee) => self.arguments(callee),
            SpotKind::Invoked(callee) => {
                let body = self.place.container;
                let is_approval = body.get("type").and_then(Node::text) == Some("approval");
                self.table(invocation_table(is_approval));
                self.arguments(callee);
            }
            SpotKind::Shape(shape) => {
                for shape in shape.alternatives() {
                    self.shape_keys(shape, spot);
                }
            }
            SpotKind::MatrixValue(..)
            | SpotKind::Argument(_)
            | SpotKind::Statuses
            | SpotKind::Unknown => {}
        }
    }

    fn shape_keys(&mut self, shape: &'static Shape, spot: &Spot) {
        // Where a value is wanted, steps and jobs have been offered as values.
        let as_key = self.place.at == At::Key;
        match shape {
            Shape::Table(table) => self.table(table),
            Shape::Logic | Shape::Orb => {
                if let Some(table) = spot.table() {
                    self.table(table);
                }
            }
            Shape::Step if as_key => self.steps(&spot.scope),
            Shape::Invocation if as_key => self.jobs(&spot.scope),
            Shape::Requires if as_key => self.requirements(spot),
            Shape::Executor if as_key => {
                let name =
                    self.place.container.get("name").and_then(Node::text).unwrap_or_default();
                let (scope, name) = super::outline::split(&spot.scope, name);
                if !self.has("name") {
                    self.push("name", Icon::Key, "name: $0");
                }
                self.arguments(&Callee { scope, kind: Kind::Executor, name });
            }
            Shape::Matrix => {
                if let Some(job) = spot.matrix.clone() {
                    self.arguments(&job);
                }
            }
            _ => {}
        }
    }

    /// Returns whether the mapping has a key already, other than the one that is being typed.
    fn has(&self, key: &str) -> bool {
        let entries = self.place.container.entries().iter();
        entries.filter(|entry| entry.key_span != self.place.word).any(|entry| entry.key == key)
    }

    /// Returns whether the word is a key that has its colon.
    fn has_colon(&self) -> bool {
        let entries = self.place.container.entries().iter();
        entries.filter(|entry| entry.key_span == self.place.word).any(|entry| entry.colon)
    }

    fn table(&mut self, table: &'static Table) {
        let mut keys: Vec<&'static Key> = table.keys.iter().filter(|key| !key.old).collect();
        keys.sort_by_key(|key| !key.required);
        for key in keys {
            if !self.has(key.name) {
                self.key(key, table.what);
            }
        }
    }

    fn key(&mut self, key: &'static Key, what: &str) {
        let insert = if self.has_colon() {
            key.name.to_owned()
        } else if self.place.in_flow {
            format!("{}: $0", key.name)
        } else {
            let snippet = key.snippet.map(str::to_owned);
            snippet.unwrap_or_else(|| format!("{}:{}", key.name, key.shape.ending()))
        };
        let icon = if what == BUILT_IN.what { Icon::Step } else { Icon::Key };
        let added = self.push(key.name, icon, &insert);
        added.detail = Some(key.shape.words().replace('`', ""));
        added.documentation = Some(describe::key(key, what));
    }

    fn values(&mut self, spot: &Spot) {
        match &spot.what {
            SpotKind::Shape(shape) => {
                for shape in shape.alternatives() {
                    self.shape_values(shape, spot);
                }
            }
            SpotKind::Argument(parameter) => self.argument_values(parameter),
            SpotKind::MatrixValue(callee, name) => {
                let declared = self.names.parameters(callee);
                if let Some(parameter) = declared.iter().find(|found| found.name == *name) {
                    self.argument_values(parameter);
                }
            }
            SpotKind::Statuses => self.plain(super::schema::STATUSES),
            SpotKind::Table(_)
            | SpotKind::Arguments(_)
            | SpotKind::Invoked(_)
            | SpotKind::Unknown => {}
        }
    }

    fn shape_values(&mut self, shape: &'static Shape, spot: &Spot) {
        match shape {
            Shape::Boolean => self.plain(&["true", "false"]),
            Shape::Choice(values) | Shape::Text(values) => self.plain(values),
            Shape::Step => self.steps(&spot.scope),
            Shape::Invocation => self.jobs(&spot.scope),
            Shape::Executor => self.elements(&spot.scope, Kind::Executor),
            Shape::Requires => self.requirements(spot),
            Shape::Context => self.contexts(),
            Shape::Expression => self.pipeline_values(),
            Shape::Orb => self.orb_versions(spot),
            _ => {}
        }
    }

    fn plain(&mut self, values: &[&str]) {
        for value in values {
            self.push(value, Icon::Value, &value.replace('$', "\\$"));
        }
    }
}

impl Place<'_> {
    fn last(&self) -> Option<&Segment> {
        self.path.last().map(|(_, segment)| segment)
    }
}

/// Contexts that a file names anywhere.
fn contexts_in(root: &Node) -> Vec<String> {
    let mut found = Vec::new();
    root.visit(&mut |node| {
        let Some(context) = node.get("context") else { return };
        let one = std::iter::once(context);
        for name in one.chain(context.items()).filter_map(Node::text) {
            if !found.iter().any(|known| known == name) && !name.contains("<<") {
                found.push(name.to_owned());
            }
        }
    });
    found
}

/// The names of all anchors, and what carries them.
fn anchors_in(root: &Node) -> Vec<(&str, &Node)> {
    let mut found = Vec::new();
    root.visit(&mut |node| {
        if let Some(anchor) = &node.anchor
            && !matches!(node.value, Value::Empty)
        {
            found.push((anchor.text.as_str(), node));
        }
    });
    found
}
