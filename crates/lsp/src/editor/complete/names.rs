//! Completions that come from the document and its orbs.

use super::list::{Icon, List};
use crate::editor::{
    describe,
    outline::{Item, Parameter, ParameterKind, join, split},
    place::{At, Segment},
    schema::{BUILT_IN, shape::Kind, values::PIPELINE_VALUES},
    spot::{Callee, Spot},
    tree::node::{Node, Value},
};

/// Lines of an anchored value that are shown.
const ANCHOR_LINES: usize = 15;

impl List<'_> {
    pub(super) fn steps(&mut self, scope: &str) {
        for key in BUILT_IN.keys.iter().filter(|key| !key.old) {
            self.key(key, BUILT_IN.what);
        }
        self.elements(scope, Kind::Command);
    }

    pub(super) fn jobs(&mut self, scope: &str) {
        self.elements(scope, Kind::Job);
        self.elements(scope, Kind::Group);
        if self.place.at == At::Fresh && !self.place.in_flow() {
            let hold = self.push("hold (approval)", Icon::Step, "${1:hold}:\n  type: approval");
            hold.detail = Some("waits for a manual approval".to_owned());
        }
    }

    /// Definitions of a kind in a scope, and those of the orbs that it imports.
    pub(super) fn elements(&mut self, scope: &str, kind: Kind) {
        let outline = self.names.outline;
        for item in outline.of_kind(scope, kind) {
            self.element(item, &item.name, None);
        }
        for orb in outline.of_kind(scope, Kind::Orb) {
            let inside = join(scope, &orb.name);
            for item in outline.of_kind(&inside, kind) {
                self.element(item, &format!("{}/{}", orb.name, item.name), Some(&orb.name));
            }
            let source = self.library.source(&inside);
            let Some(source) = source else { continue };
            let from = format!("{}@{}", source.orb.name, source.orb.version);
            for item in source.document.outline.of_kind("", kind) {
                self.element(item, &format!("{}/{}", orb.name, item.name), Some(&from));
            }
        }
    }

    fn element(&mut self, item: &Item, name: &str, from: Option<&str>) {
        let required = item.parameters.iter().filter(|parameter| parameter.is_required());
        let with_arguments =
            item.kind != Kind::Executor && !self.place.in_flow() && !self.has_colon();
        let arguments: Vec<String> = required
            .enumerate()
            .map(|(index, parameter)| format!("\n  {}: ${{{}}}", parameter.name, index + 1))
            .collect();
        let insert = if with_arguments && !arguments.is_empty() {
            format!("{name}:{}", arguments.concat())
        } else if self.place.at == At::Key && !self.has_colon() {
            format!("{name}:")
        } else {
            name.to_owned()
        };
        let documentation = describe::item(item, name);
        let detail = from.map_or_else(
            || item.kind.word().to_owned(),
            |from| format!("{} of {from}", item.kind.word()),
        );
        let added = self.push(name, Icon::Name(item.kind), &insert);
        added.detail = Some(detail);
        added.documentation = Some(documentation);
    }

    /// Parameters that are not given yet, those without default first.
    pub(super) fn arguments(&mut self, callee: &Callee) {
        let mut parameters = self.names.parameters(callee);
        parameters.sort_by_key(|parameter| !parameter.is_required());
        for parameter in
            parameters.iter().filter(|parameter| !self.has(&parameter.name)).collect::<Vec<_>>()
        {
            let in_matrix = callee.kind == Kind::Job && self.in_matrix();
            let insert = if self.has_colon() {
                parameter.name.clone()
            } else if in_matrix {
                format!("{}: [$0]", parameter.name)
            } else if parameter.kind == ParameterKind::Steps && !self.place.in_flow() {
                format!("{}:\n  - $0", parameter.name)
            } else {
                format!("{}: $0", parameter.name)
            };
            let added = self.push(&parameter.name, Icon::Name(Kind::Parameter), &insert);
            added.detail = Some(describe::kind(parameter).replace('`', ""));
            added.documentation = Some(describe::brief(parameter));
        }
    }

    fn in_matrix(&self) -> bool {
        let keys = self.place.path.iter().rev().filter_map(|(_, segment)| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Item(_) => None,
        });
        keys.take(2).any(|key| key == "matrix")
    }

    pub(super) fn argument_values(&mut self, parameter: &Parameter) {
        match parameter.kind {
            ParameterKind::Boolean => self.plain(&["true", "false"]),
            ParameterKind::Enum => {
                let choices: Vec<&str> = parameter.choices.iter().map(String::as_str).collect();
                self.plain(&choices);
            }
            ParameterKind::String
            | ParameterKind::Integer
            | ParameterKind::Executor
            | ParameterKind::Steps
            | ParameterKind::EnvVarName
            | ParameterKind::Unknown => {
                if let Some(default) = &parameter.default
                    && !default.is_empty()
                    && !default.ends_with('…')
                {
                    let insert = default.replace('$', "\\$");
                    self.push(default, Icon::Value, &insert).detail =
                        Some("the default".to_owned());
                }
            }
        }
    }

    /// Names of the workflow's other jobs.
    pub(super) fn requirements(&mut self, spot: &Spot) {
        let Some(list) = &spot.owner else { return };
        let outline = self.names.outline;
        let mut seen: Vec<&str> = Vec::new();
        for found in outline.invocations_of(&spot.scope, list) {
            if Some(found.index) == spot.entry {
                continue;
            }
            let alias = found.alias.as_ref().map(|(alias, _)| alias.as_str());
            for name in [Some(found.name.as_str()), alias].into_iter().flatten() {
                if seen.contains(&name) || self.requires_already(name) {
                    continue;
                }
                seen.push(name);
                let (scope, job) = split(&spot.scope, &found.job);
                let item = outline.item(&scope, Kind::Job, &job);
                let documentation = item.map(|item| describe::item(item, &found.job));
                let insert =
                    if name.contains("<<") { format!("\"{name}\"") } else { name.to_owned() };
                let added = self.push(name, Icon::Name(Kind::Job), &insert);
                added.detail = (found.job != name).then(|| format!("job {}", found.job));
                added.documentation = documentation;
            }
        }
    }

    fn requires_already(&self, name: &str) -> bool {
        let items = self.place.container.items().iter();
        items.filter(|item| item.span != self.place.word).any(|item| item.text() == Some(name))
    }

    pub(super) fn contexts(&mut self) {
        for name in contexts_in(&self.document.root) {
            self.push(&name, Icon::Value, &name).detail = Some("used in this file".to_owned());
        }
    }

    /// Versions that exist, for an orb whose version does not.
    pub(super) fn orb_versions(&mut self, spot: &Spot) {
        let alias = self.place.path.last().and_then(|(_, segment)| match segment {
            Segment::Key(key) => Some(join(&spot.scope, key)),
            Segment::Item(_) => None,
        });
        let missing = alias.and_then(|alias| self.library.missing(&alias));
        let Some((reference, missing)) = missing else { return };
        for version in &missing.versions {
            let text = format!("{}@{version}", reference.orb());
            self.push(&text, Icon::Name(Kind::Orb), &text);
        }
    }

    pub(super) fn anchors(&mut self) {
        for (name, node) in anchors_in(&self.document.root) {
            let source = self.document.text.get(node.span.clone()).unwrap_or_default();
            let shown = describe::yaml(source, ANCHOR_LINES);
            self.push(name, Icon::Anchor, name).documentation = Some(shown);
        }
    }

    /// What can be read inside of `<< >>` here.
    pub(super) fn template(&mut self, spot: &Spot) {
        self.place.needs_dash = false;
        if let Some(owner) = &spot.owner {
            let (scope, name) = (spot.scope.clone(), owner.name.clone());
            let callee = Callee { scope, kind: owner.kind, name };
            for parameter in self.names.parameters(&callee) {
                self.variable(&format!("parameters.{}", parameter.name), &parameter);
            }
            let entry = self.names.outline.invocations_of(&spot.scope, owner);
            let entry = entry.into_iter().find(|found| Some(found.index) == spot.entry);
            for (name, _) in entry.map_or(&[][..], |found| &found.matrix) {
                self.push(&format!("matrix.{name}"), Icon::Variable, &format!("matrix.{name}"));
            }
        }
        if spot.scope.is_empty() {
            for parameter in &self.names.outline.parameters {
                self.variable(&format!("pipeline.parameters.{}", parameter.name), parameter);
            }
        }
        self.pipeline_values();
    }

    fn variable(&mut self, path: &str, parameter: &Parameter) {
        let added = self.push(path, Icon::Name(Kind::Parameter), path);
        added.detail = Some(describe::kind(parameter).replace('`', ""));
        added.documentation = Some(describe::brief(parameter));
    }

    pub(super) fn pipeline_values(&mut self) {
        for value in PIPELINE_VALUES {
            let added = self.push(value.name, Icon::Variable, value.name);
            added.detail = Some(value.kind.to_owned());
            added.documentation = Some(describe::pipeline_value(value));
        }
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
