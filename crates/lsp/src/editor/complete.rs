//! What can be typed here: keys, steps, jobs, parameters, values.

mod list;
mod names;

use list::List;
pub(crate) use list::{Completion, Icon};

use super::{
    document::Document,
    environment::Environment,
    place::{At, Place, Segment},
    schema::shape::{Key, Kind, Shape, Table},
    spot::{Callee, Names, Spot, SpotKind, invocation_table},
    tags,
    tree::node::{Node, Span, line_end, line_start},
};

/// Answers that an editor gets at most.
const ANSWERS: usize = 2_000;

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
                if !self.place.in_flow() {
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
        if is_item || !takes_list || self.place.in_flow() {
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

    fn table(&mut self, table: &'static Table) {
        let mut keys: Vec<&'static Key> = table.keys.iter().filter(|key| !key.old).collect();
        keys.sort_by_key(|key| !key.required);
        for key in keys {
            if !self.has(key.name) {
                self.key(key, table.what);
            }
        }
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
}

impl Place<'_> {
    fn last(&self) -> Option<&Segment> {
        self.path.last().map(|(_, segment)| segment)
    }
}
