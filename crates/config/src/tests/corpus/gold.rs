//! Compares a compiled document with what the hosted compiler printed.
//!
//! The printed text is read here by a small separate reader, by the rules of YAML 1.1, so that a
//! mistake of the compiler's reader cannot hide itself. Mappings are compared without regard to
//! order, lists in order: the hosted compiler keeps the order of steps, of a workflow's jobs, of
//! requirements and of every other list, in all of the pairs.
//!
//! Some outputs were edited after they were printed: one and the same source is next to
//! several outputs, which no compiler can print. [`Edits`] is the list of what was edited there.

use std::fmt::{self, Write as _};

use granit_parser::{Event, Parser, ScalarStyle};

use super::config::document::Node;

/// Where two documents differ, and how.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    /// `.jobs.build.steps[2].run.name`
    pub(crate) path: String,
    /// What is there in ours and in the other one.
    pub(crate) how: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.how)
    }
}

/// Reads the text that the hosted compiler printed: one document without anchors and tags.
///
/// # Errors
///
/// If the text is not such a document; the error says where.
pub(crate) fn read(text: &str) -> Result<Node, String> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::Scalar(text, style, ..) => Some(scalar(&text, style == ScalarStyle::Plain)),
            Event::SequenceStart(..) => {
                open.push(Open { is_map: false, items: Vec::new() });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open { is_map: true, items: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            Event::Alias(_) => return Err(format!("an alias in line {}", span.start.line())),
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) => None,
            Event::DocumentEnd => break,
            // Kinds of events that are asked for, or that later versions may add.
            Event::Anchor(..) | Event::UnresolvedAlias(_) | _ => None,
        };
        if let Some(node) = done {
            match open.last_mut() {
                Some(parent) => parent.items.push(node),
                None => return Ok(node),
            }
        }
    }
    Err("the text is empty".to_owned())
}

struct Open {
    is_map: bool,
    items: Vec<Node>,
}

impl Open {
    fn close(self) -> Node {
        if !self.is_map {
            return Node::List(self.items);
        }
        let mut entries = Vec::new();
        let mut items = self.items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            entries.push((shown(&key), value));
        }
        Node::Map(entries)
    }
}

/// What a scalar means; numbers only in the forms that a printer uses.
fn scalar(text: &str, is_plain: bool) -> Node {
    let digits = text.trim_start_matches('-');
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit());
    match text {
        _ if !is_plain => Node::text(text),
        "" | "~" | "null" => Node::Null,
        "true" | "yes" | "on" => Node::Bool(true),
        "false" | "no" | "off" => Node::Bool(false),
        _ if !is_number => Node::text(text),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) if digits == "0" || !digits.starts_with('0') => Node::Int(whole),
            (Err(_), Ok(_)) => Node::Float(text.to_owned()),
            _ => Node::text(text),
        },
    }
}

/// Returns where two documents differ, by path, ours first.
pub(crate) fn differences(ours: &Node, theirs: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", ours, theirs, &mut found);
    found
}

fn compare(path: &str, ours: &Node, theirs: &Node, found: &mut Vec<Difference>) {
    match (ours, theirs) {
        (Node::Map(mine), Node::Map(other)) => {
            for (key, value) in mine {
                match theirs.get(key) {
                    Some(their_value) => {
                        compare(&format!("{path}.{key}"), value, their_value, found);
                    }
                    None => found.push(Difference {
                        path: format!("{path}.{key}"),
                        how: format!("only ours, {}", shown(value)),
                    }),
                }
            }
            for (key, value) in other.iter().filter(|(key, _)| ours.get(key).is_none()) {
                let how = format!("only the hosted compiler's, {}", shown(value));
                found.push(Difference { path: format!("{path}.{key}"), how });
            }
        }
        (Node::List(mine), Node::List(other)) => {
            for (index, (value, their_value)) in mine.iter().zip(other).enumerate() {
                compare(&format!("{path}[{index}]"), value, their_value, found);
            }
            if mine.len() != other.len() {
                let how = format!("{} entries, not {}", mine.len(), other.len());
                found.push(Difference { path: path.to_owned(), how });
            }
        }
        (Node::Float(mine), Node::Float(other)) if mine.parse::<f64>() == other.parse::<f64>() => {}
        _ if ours == theirs => {}
        _ => {
            let how = format!("{}, not {}", shown(ours), shown(theirs));
            found.push(Difference { path: path.to_owned(), how });
        }
    }
}

fn shown(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Float(text) | Node::Text(text) => text.clone(),
        Node::List(items) => {
            let mut text = String::from("[");
            for item in items {
                // Writing to a string cannot fail.
                let _infallible = write!(text, "{}, ", shown(item));
            }
            text + "]"
        }
        Node::Map(entries) => {
            let mut text = String::from("{");
            for (key, value) in entries {
                let _infallible = write!(text, "{key}: {}, ", shown(value));
            }
            text + "}"
        }
    }
}

/// Places of outputs that were edited by hand, each with how one sees it.
pub(crate) struct Edits(Vec<[String; 2]>);

impl Edits {
    /// Reads the list: a row for each place, with the pair, the path, and how one sees it.
    ///
    /// # Errors
    ///
    /// If a row is not a pair, a path and a reason; the error has the row.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).skip(1);
        let read = |row: &str| match row.split('\t').collect::<Vec<_>>().as_slice() {
            [pair, path, why] if why.len() >= 20 => Ok([*pair, *path].map(str::to_owned)),
            _ => Err(format!("not a pair, a path and a reason: {row}")),
        };
        rows.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether anything of a pair was edited.
    pub(crate) fn concern(&self, pair: &str) -> bool {
        self.0.iter().any(|[name, _]| name == pair)
    }

    /// Takes the edits out of the differences of a pair. What is left is the compiler's mistake, or
    /// an edit that is listed and is none.
    pub(crate) fn judge(&self, pair: &str, differences: &[Difference]) -> Vec<String> {
        let listed: Vec<&str> =
            self.0.iter().filter(|[name, _]| name == pair).map(|[_, path]| path.as_str()).collect();
        let unlisted =
            differences.iter().filter(|difference| !listed.contains(&difference.path.as_str()));
        let equal = listed.iter().filter(|path| !differences.iter().any(|d| d.path == **path));
        let equal = equal.map(|path| format!("{path}: listed as edited, but equal"));
        unlisted.map(ToString::to_string).chain(equal).collect()
    }
}
