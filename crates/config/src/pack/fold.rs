//! Puts the contents of files where their paths say.

use std::collections::BTreeMap;

use super::error::PackError;
use crate::{
    language::keys::{COMMAND, EXECUTOR_KEYS, JOB},
    read::document::Node,
};

/// Keys that definitions of a section can have. A directory that holds nothing else is one definition.
const DEFINITIONS: &[(&str, &[&str])] = &[
    ("commands", COMMAND.keys),
    ("executors", EXECUTOR_KEYS),
    ("examples", &["description", "usage", "result"]),
    ("jobs", JOB.keys),
    ("job-groups", &["description", "jobs", "parameters"]),
    ("parameters", &["type", "default", "description", "enum"]),
    ("workflows", &["jobs", "when", "unless", "triggers", "max_auto_reruns"]),
];

/// The content of a key.
enum Part {
    /// A level that several files may add to.
    Level(Level),
    /// The contents of one file, or a part of them.
    Contents { node: Node, origin: String },
}

type Level = Vec<(String, Part)>;

/// A directory, with the contents of its files.
#[derive(Default)]
struct Directory {
    files: Vec<(String, String, Node)>,
    directories: BTreeMap<String, Directory>,
}

/// Puts the contents of all files together. Files are sorted by path.
pub(super) fn fold(contents: Vec<(String, Node)>, problems: &mut Vec<PackError>) -> Node {
    let mut root = Directory::default();
    for (path, node) in contents {
        let mut directory = &mut root;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                directory.files.push((part.to_owned(), path.clone(), node));
                break;
            }
            directory = directory.directories.entry(part.to_owned()).or_default();
        }
    }
    let mut folding = Folding { problems, at: Vec::new() };
    let mut level = Level::new();
    folding.directory(root, &mut level);
    into_node(level)
}

/// Returns the key of a YAML file's name.
pub(super) fn stem(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
    (!stem.is_empty()).then_some(stem)
}

struct Folding<'p> {
    problems: &'p mut Vec<PackError>,
    /// Keys down to the level that is filled.
    at: Vec<String>,
}

impl Folding<'_> {
    /// Adds what a directory holds: what goes into its own level first, then files, then directories.
    fn directory(&mut self, directory: Directory, level: &mut Level) {
        let is_root = self.at.is_empty();
        let (shared, keyed): (Vec<_>, Vec<_>) =
            directory.files.into_iter().partition(|(name, ..)| is_root || name.starts_with('@'));
        for (_, path, node) in shared {
            self.shared(path, node, level);
        }
        for (name, path, node) in keyed {
            let key = stem(&name).unwrap_or(&name).to_owned();
            // A file that says nothing still says that there is something of its name.
            let node = if node == Node::Null { Node::Map(Vec::new()) } else { node };
            self.put(level, key, node, &path);
        }
        for (name, directory) in directory.directories {
            self.inner(&name, directory, level);
        }
    }

    /// Merges a file's contents into the level of its directory.
    fn shared(&mut self, path: String, node: Node, level: &mut Level) {
        match node {
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.put(level, key, value, &path);
                }
            }
            Node::Null => {}
            _ => {
                let place = if self.at.is_empty() {
                    "the top level".to_owned()
                } else {
                    format!("`{}`", self.at.join("."))
                };
                self.problems.push(PackError::NotAMapping { path, place });
            }
        }
    }

    fn inner(&mut self, name: &str, directory: Directory, level: &mut Level) {
        let mut inside = Level::new();
        self.at.push(name.to_owned());
        self.directory(directory, &mut inside);
        let is_key = !name.starts_with('@') && self.is_definition(&inside);
        self.at.pop();
        if is_key {
            // A directory of scripts is not a section.
            if !inside.is_empty() {
                self.meet(level, name.to_owned(), inside);
            }
            return;
        }
        for (key, part) in inside {
            self.put_part(level, key, part);
        }
    }

    /// Returns whether the directory at `self.at`, with these contents, is a key: a section, a
    /// definition, or a part of one.
    fn is_definition(&self, inside: &Level) -> bool {
        let [section, between @ .., name] = self.at.as_slice() else { return true };
        let known = DEFINITIONS.iter().find(|(known, _)| known == section);
        let Some((_, keys)) = known else { return true };
        if between.is_empty() {
            return inside.iter().all(|(key, _)| keys.contains(&key.as_str()));
        }
        // Below a definition, whatever bears the name of one of its keys is that key.
        keys.contains(&name.as_str())
            || between.iter().any(|part| keys.contains(&part.as_str()))
            || inside.iter().all(|(key, _)| keys.contains(&key.as_str()))
    }

    fn put_part(&mut self, level: &mut Level, key: String, part: Part) {
        match part {
            Part::Level(inside) => self.meet(level, key, inside),
            Part::Contents { node, origin } => self.put(level, key, node, &origin),
        }
    }

    /// Puts a value at a key.
    fn put(&mut self, level: &mut Level, key: String, node: Node, origin: &str) {
        let is_root = self.at.is_empty();
        let Some((_, there)) = level.iter_mut().find(|(name, _)| *name == key) else {
            level.push((key, Part::Contents { node, origin: origin.to_owned() }));
            return;
        };
        // Sections may be spread over files of the top; definitions may not.
        if is_root && matches!(node, Node::Map(_)) {
            open(there);
        }
        match (there, node) {
            (Part::Level(inside), Node::Map(entries)) => {
                self.at.push(key);
                for (key, value) in entries {
                    self.put(inside, key, value, origin);
                }
                self.at.pop();
            }
            (there, _) => {
                let first = origin_of(there).to_owned();
                self.duplicate(&key, first, origin.to_owned());
            }
        }
    }

    /// Adds a level that is made of files to what is at its key.
    fn meet(&mut self, level: &mut Level, key: String, inside: Level) {
        let Some((_, there)) = level.iter_mut().find(|(name, _)| *name == key) else {
            level.push((key, Part::Level(inside)));
            return;
        };
        open(there);
        match there {
            Part::Level(there) => {
                self.at.push(key);
                for (key, part) in inside {
                    self.put_part(there, key, part);
                }
                self.at.pop();
            }
            Part::Contents { origin, .. } => {
                let first = origin.clone();
                let second = inside.first().map_or("", |(_, part)| origin_of(part)).to_owned();
                self.duplicate(&key, first, second);
            }
        }
    }

    fn duplicate(&mut self, key: &str, first: String, second: String) {
        let keys = self.at.iter().map(String::as_str).chain([key]).collect::<Vec<_>>();
        self.problems.push(PackError::Duplicate { key: keys.join("."), first, second });
    }
}

/// Makes a level of a mapping, so that others may add to it.
fn open(part: &mut Part) {
    let Part::Contents { node: Node::Map(entries), origin } = part else { return };
    let entries = std::mem::take(entries).into_iter();
    let inside = entries.map(|(key, node)| (key, Part::Contents { node, origin: origin.clone() }));
    *part = Part::Level(inside.collect());
}

fn origin_of(part: &Part) -> &str {
    match part {
        Part::Level(inside) => inside.first().map_or("", |(_, part)| origin_of(part)),
        Part::Contents { origin, .. } => origin,
    }
}

fn into_node(level: Level) -> Node {
    let entries = level.into_iter().map(|(key, part)| match part {
        Part::Level(inside) => (key, into_node(inside)),
        Part::Contents { node, .. } => (key, node),
    });
    Node::Map(entries.collect())
}
