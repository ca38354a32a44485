//! Documents as YAML.
//!
//! ```text
//! document ▸ map | list ▸ value ▸ scalar: plain | 'single' | "double" | literal block
//! ```
//!
//! A string is written in the plainest form that every reader takes for that string. Deliberately
//! absent: flow style, folded blocks, anchors.

use roundel_model::text::is_hidden;

use super::{node::Node, scalar};

/// Spaces of one level.
const INDENT: usize = 2;

/// Characters of a key beyond which readers want it announced by `? `: the limit is 1,024 with
/// quotes and escapes.
const KEY_CHARS: usize = 128;

/// Writes a document, with a line break at its end.
pub(super) fn document(node: &Node) -> String {
    let mut writer = Writer { text: String::new() };
    match node {
        Node::Map(entries) if !entries.is_empty() => writer.map(entries, 0, FirstLine::New),
        Node::List(items) if !items.is_empty() => writer.list(items, 0, FirstLine::New),
        scalar => {
            writer.scalar(scalar, INDENT);
            writer.end_line();
        }
    }
    writer.text
}

struct Writer {
    text: String,
}

/// Where the first entry of a mapping or a list is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstLine {
    /// On a line of its own.
    New,
    /// On the line that was begun.
    Begun,
}

impl Writer {
    fn map(&mut self, entries: &[(String, Node)], indent: usize, first: FirstLine) {
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || first == FirstLine::New {
                self.spaces(indent);
            }
            self.key(key, indent);
            self.value(value, indent);
        }
    }

    fn list(&mut self, items: &[Node], indent: usize, first: FirstLine) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || first == FirstLine::New {
                self.spaces(indent);
            }
            self.text.push_str("- ");
            match item {
                Node::Map(entries) if !entries.is_empty() => {
                    self.map(entries, indent + INDENT, FirstLine::Begun);
                }
                Node::List(items) if !items.is_empty() => {
                    self.list(items, indent + INDENT, FirstLine::Begun);
                }
                scalar => {
                    self.scalar(scalar, indent + INDENT);
                    self.end_line();
                }
            }
        }
    }

    fn key(&mut self, key: &str, indent: usize) {
        let long = key.chars().nth(KEY_CHARS).is_some();
        if long {
            self.text.push_str("? ");
        }
        if is_plain(key) {
            self.text.push_str(key);
        } else {
            self.quoted(key);
        }
        if long {
            self.text.push('\n');
            self.spaces(indent);
        }
        self.text.push(':');
    }

    /// Writes what follows a key.
    fn value(&mut self, value: &Node, indent: usize) {
        match value {
            Node::Map(entries) if !entries.is_empty() => {
                self.text.push('\n');
                self.map(entries, indent + INDENT, FirstLine::New);
            }
            Node::List(items) if !items.is_empty() => {
                self.text.push('\n');
                self.list(items, indent, FirstLine::New);
            }
            scalar => {
                self.text.push(' ');
                self.scalar(scalar, indent + INDENT);
                self.end_line();
            }
        }
    }

    /// Writes a value of one line, or a block whose lines have `indent` spaces before them.
    fn scalar(&mut self, node: &Node, indent: usize) {
        match node {
            Node::Null => self.text.push_str("null"),
            Node::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Node::Int(value) => self.text.push_str(&value.to_string()),
            Node::Float(text) if scalar::is_numeric(text) => self.text.push_str(text),
            Node::Text(text) | Node::Float(text) => self.of_text(text, indent),
            Node::List(_) => self.text.push_str("[]"),
            Node::Map(_) => self.text.push_str("{}"),
        }
    }

    fn of_text(&mut self, text: &str, indent: usize) {
        if is_plain(text) {
            self.text.push_str(text);
        } else if is_block(text) {
            self.block(text, indent);
        } else {
            self.quoted(text);
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        let content = text.trim_end_matches('\n');
        self.text.push_str(match text.len() - content.len() {
            0 => "|-",
            1 => "|",
            _ => "|+",
        });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.text.push('\n');
            if !line.is_empty() {
                self.spaces(indent);
                self.text.push_str(line);
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        if text.chars().all(is_printable) {
            self.text.push('\'');
            self.text.push_str(&text.replace('\'', "''"));
            self.text.push('\'');
            return;
        }
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                c if is_printable(c) => self.text.push(c),
                c => self.text.push_str(&escape(u32::from(c))),
            }
        }
        self.text.push('"');
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    fn end_line(&mut self) {
        self.text.push('\n');
    }
}

fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}

/// Characters that every reader accepts as they are, within one line. What YAML 1.1 takes for a
/// line break (U+0085, U+2028, U+2029) is not among them, and neither is the byte order mark, nor what
/// a reader of the text does not see.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && !is_hidden(c)
}

/// Returns whether a string can be written without quotes.
fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return false };
    let starts_well = match first {
        '-' => chars.next().is_some_and(|next| !matches!(next, ' ' | '-')),
        '<' | '/' | '.' | '(' | '$' | '_' | '~' | '\\' | '+' | '^' | ';' => true,
        c => c.is_alphanumeric(),
    };
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.starts_with("...")
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !scalar::is_special(text)
}

/// Returns whether a string can be a literal block: it has several lines, and the first that is not
/// empty shows the indentation, which is the case unless it begins with a blank itself.
fn is_block(text: &str) -> bool {
    let first = text.split('\n').find(|line| !line.is_empty());
    text.contains('\n')
        && first.is_some_and(|line| !line.starts_with([' ', '\t']))
        && text.chars().all(|c| is_printable(c) || matches!(c, '\n' | '\t'))
}
