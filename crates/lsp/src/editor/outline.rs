//! What a file defines, by name: jobs, commands, executors, parameters, orbs, workflows and the
//! jobs that they run. Read from the tolerant tree, so it is there while text is being typed.

use std::{collections::HashMap, sync::Arc};

use super::{
    schema::shape::Kind,
    tree::node::{Lookup, Node, Span, Value},
};

/// Definitions that are kept of one file.
const ITEMS: usize = 20_000;

/// Orbs written out inside each other.
const NESTED: usize = 5;

/// Characters that are shown of a default.
const SHOWN: usize = 80;

#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    pub(crate) items: Vec<Item>,
    /// Positions in `items`, by name: each step asks whether it is a command.
    by_name: HashMap<String, Vec<usize>>,
    /// Pipeline parameters.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) invocations: Vec<Invocation>,
}

/// A definition.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Aliases of the orbs that it is in, joined by `/`; empty for the file itself.
    pub(crate) scope: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) name_span: Span,
    /// From the name to the end of the definition.
    pub(crate) span: Span,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// What an orb's alias stands for, unless it is written out in place.
    pub(crate) reference: Option<String>,
    /// The definition that it is another name for.
    pub(crate) same_as: Option<String>,
}

/// The type that a parameter is declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    String,
    Boolean,
    Integer,
    Enum,
    Executor,
    Steps,
    EnvVarName,
    /// It is not written yet, or is not a type: the compiler reports it.
    Unknown,
}

impl ParameterKind {
    const ALL: [Self; 7] = [
        Self::String,
        Self::Boolean,
        Self::Integer,
        Self::Enum,
        Self::Executor,
        Self::Steps,
        Self::EnvVarName,
    ];

    fn of(word: Option<&str>) -> Self {
        let known = Self::ALL.into_iter().find(|kind| Some(kind.word()) == word);
        known.unwrap_or(Self::Unknown)
    }

    /// Returns the word that declares it; for one that is not known, what it takes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Enum => "enum",
            Self::Executor => "executor",
            Self::Steps => "steps",
            Self::EnvVarName => "env_var_name",
            Self::Unknown => "any",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) kind: ParameterKind,
    /// The source of its default.
    pub(crate) default: Option<String>,
    pub(crate) description: Option<String>,
    /// The values of an `enum`.
    pub(crate) choices: Vec<String>,
}

/// A job, command, executor, workflow or group: what parameters and lists of jobs belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// An entry of a workflow's or group's jobs.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) scope: String,
    /// The workflow or group.
    pub(crate) list: Owner,
    pub(crate) index: usize,
    /// The job that it runs: `test`, `node/test`.
    pub(crate) job: String,
    /// Its name in `requires`. `name_span` is where that is written.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) span: Span,
    pub(crate) is_approval: bool,
    /// The `alias` of the matrix, if it has one.
    pub(crate) alias: Option<(String, Span)>,
    /// The matrix's parameters.
    pub(crate) matrix: Vec<(String, Span)>,
}

impl Parameter {
    pub(crate) fn is_required(&self) -> bool {
        self.default.is_none()
    }
}

/// The outlines of the orbs that a document imports, by alias.
pub(crate) type Outlines = HashMap<String, Arc<Outline>>;

impl Outline {
    pub(crate) fn read(text: &str, root: &Node) -> Self {
        let mut outline = Self::default();
        let reader = Reader { text, lookup: Lookup::new(root) };
        outline.parameters = reader.parameters(root);
        reader.scope(root, "", NESTED, &mut outline);
        for (position, item) in outline.items.iter().enumerate() {
            outline.by_name.entry(item.name.clone()).or_default().push(position);
        }
        outline
    }

    pub(crate) fn item(&self, scope: &str, kind: Kind, name: &str) -> Option<&Item> {
        let positions = self.by_name.get(name)?.iter();
        let mut named = positions.filter_map(|position| self.items.get(*position));
        named.find(|item| item.scope == scope && item.kind == kind)
    }

    pub(crate) fn of_kind(&self, scope: &str, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.scope == scope && item.kind == kind)
    }

    /// Returns the entries of a workflow's or group's jobs.
    pub(crate) fn invocations_of(&self, scope: &str, list: &Owner) -> Vec<&Invocation> {
        let same = |found: &&Invocation| found.scope == scope && found.list == *list;
        self.invocations.iter().filter(same).collect()
    }
}

/// Joins the scope of an orb's alias and the alias.
pub(crate) fn join(scope: &str, alias: &str) -> String {
    if scope.is_empty() { alias.to_owned() } else { format!("{scope}/{alias}") }
}

/// Splits `alias/name` as it is written in `scope`: where to look, and for what.
pub(crate) fn split(scope: &str, name: &str) -> (String, String) {
    match name.split_once('/') {
        Some((alias, element)) => (join(scope, alias), element.to_owned()),
        None => (scope.to_owned(), name.to_owned()),
    }
}

struct Reader<'d> {
    text: &'d str,
    lookup: Lookup<'d>,
}

const SECTIONS: [(&str, Kind); 6] = [
    ("orbs", Kind::Orb),
    ("commands", Kind::Command),
    ("executors", Kind::Executor),
    ("jobs", Kind::Job),
    ("job-groups", Kind::Group),
    ("workflows", Kind::Workflow),
];

impl<'d> Reader<'d> {
    fn scope(&self, body: &'d Node, scope: &str, nested: usize, outline: &mut Outline) {
        for (section, kind) in SECTIONS {
            let Some(section) = self.lookup.get(body, section) else { continue };
            for entry in section.entries() {
                if outline.items.len() >= ITEMS || entry.key == "<<" {
                    continue;
                }
                if kind == Kind::Workflow && entry.key == "version" {
                    continue;
                }
                let definition = self.lookup.follow(&entry.value);
                let text = definition.text().map(str::to_owned);
                outline.items.push(Item {
                    scope: scope.to_owned(),
                    kind,
                    name: entry.key.clone(),
                    name_span: entry.key_span.clone(),
                    span: entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
                    description: self.text_of(definition, "description"),
                    parameters: self.parameters(definition),
                    reference: text.clone().filter(|_| kind == Kind::Orb),
                    same_as: text.filter(|_| kind != Kind::Orb),
                });
                if kind == Kind::Orb && nested > 0 && definition.text().is_none() {
                    self.scope(definition, &join(scope, &entry.key), nested - 1, outline);
                }
                if matches!(kind, Kind::Workflow | Kind::Group) {
                    let list = Owner { kind, name: entry.key.clone() };
                    self.invocations(definition, scope, &list, outline);
                }
            }
        }
    }

    fn text_of(&self, node: &'d Node, key: &str) -> Option<String> {
        self.lookup.get(node, key)?.text().map(str::to_owned)
    }

    fn parameters(&self, element: &'d Node) -> Vec<Parameter> {
        let Some(declared) = self.lookup.get(element, "parameters") else { return Vec::new() };
        let entries = declared.entries().iter().filter(|entry| entry.key != "<<");
        entries
            .map(|entry| {
                let choices = self.lookup.get(&entry.value, "enum");
                Parameter {
                    name: entry.key.clone(),
                    name_span: entry.key_span.clone(),
                    kind: ParameterKind::of(self.text_of(&entry.value, "type").as_deref()),
                    default: self.default_of(&entry.value),
                    description: self.text_of(&entry.value, "description"),
                    choices: choices.map_or_else(Vec::new, |choices| {
                        choices
                            .items()
                            .iter()
                            .filter_map(|item| item.text().map(str::to_owned))
                            .collect()
                    }),
                }
            })
            .collect()
    }

    /// The source of a default. An empty one counts as none (CFG §4.1).
    fn default_of(&self, declaration: &'d Node) -> Option<String> {
        let value = self.lookup.get(declaration, "default")?;
        if matches!(value.value, Value::Empty) {
            return None;
        }
        let source = self.text.get(value.span.clone())?;
        let words = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = words.chars().take(SHOWN).collect();
        Some(if short.len() < words.len() { format!("{short}…") } else { short })
    }

    fn invocations(&self, body: &'d Node, scope: &str, list: &Owner, outline: &mut Outline) {
        let Some(jobs) = self.lookup.get(body, "jobs") else { return };
        for (index, item) in jobs.items().iter().enumerate().take(ITEMS) {
            let item = self.lookup.follow(item);
            let entry = item.entries().first();
            let (job, key_span) = match (entry, item.text()) {
                (Some(entry), _) => (entry.key.clone(), entry.key_span.clone()),
                (None, Some(text)) => (text.to_owned(), item.span.clone()),
                (None, None) => continue,
            };
            let body = entry.map_or(item, |entry| self.lookup.follow(&entry.value));
            let name = self.lookup.get(body, "name");
            let name = name.and_then(|node| Some((node.text()?.to_owned(), node.span.clone())));
            let (name, name_span) = name.unwrap_or_else(|| (job.clone(), key_span));
            let matrix = self.lookup.get(body, "matrix");
            let alias = matrix.and_then(|matrix| {
                let alias = self.lookup.get(matrix, "alias")?;
                Some((alias.text()?.to_owned(), alias.span.clone()))
            });
            let parameters = matrix.and_then(|matrix| self.lookup.get(matrix, "parameters"));
            outline.invocations.push(Invocation {
                scope: scope.to_owned(),
                list: list.clone(),
                index,
                job,
                name,
                name_span,
                span: item.span.clone(),
                is_approval: self.text_of(body, "type").as_deref() == Some("approval"),
                alias,
                matrix: parameters.map_or_else(Vec::new, |parameters| {
                    let entries = parameters.entries().iter();
                    entries.map(|entry| (entry.key.clone(), entry.key_span.clone())).collect()
                }),
            });
        }
    }
}
