//! Collections in brackets and braces, closed or not.

use super::{
    node::{DEPTH, Entry, List, Map, Node, Scalar, Span, Style, Value, line_end},
    reader::Reader,
};

impl Reader<'_> {
    /// Reads a collection that begins here. One that is never closed ends with its lines: where
    /// something is indented no deeper than `parent`.
    pub(super) fn flow(&mut self, parent: Option<usize>) -> Node {
        let limit = self.flow_reach(parent);
        self.collection(limit)
    }

    /// The lines of a value, and one more if it only closes brackets: people write that at the
    /// column of the key.
    fn flow_reach(&self, parent: Option<usize>) -> usize {
        let end = self.reach(parent);
        let rest = self.text.get(end..).unwrap_or_default();
        let closing = rest.trim_start();
        if closing.starts_with([']', '}']) {
            let at = end + (rest.len() - closing.len());
            return line_end(self.text, at);
        }
        end
    }

    fn collection(&mut self, limit: usize) -> Node {
        let start = self.at;
        let is_list = self.byte() == Some(b'[');
        if self.depth >= DEPTH {
            self.at = limit;
            return Node::empty(start);
        }
        self.depth += 1;
        self.at += 1;
        let value = if is_list { self.list_items(limit) } else { self.map_entries(limit) };
        self.depth -= 1;
        Node::new(start..self.at.max(start + 1), value)
    }

    fn list_items(&mut self, limit: usize) -> Value {
        let mut items = Vec::new();
        while let Some(byte) = self.next_token(limit) {
            match byte {
                b']' => {
                    self.at += 1;
                    break;
                }
                // A brace that belongs to an outer collection.
                b'}' => break,
                b',' => self.at += 1,
                _ => items.push(self.item(limit)),
            }
        }
        Value::List(List { items, column: None })
    }

    /// Reads an item of a list; `a: b` in brackets is a mapping of one entry.
    fn item(&mut self, limit: usize) -> Node {
        let item = self.value(limit);
        let key = item.text().map(str::to_owned);
        if let (Some(key), Some(b':')) = (key, self.next_token(limit)) {
            let start = item.span.start;
            let entry = self.after_key(key, item.span, limit);
            let entries = vec![entry];
            return Node::new(start..self.at, Value::Map(Map { entries, column: None }));
        }
        item
    }

    fn map_entries(&mut self, limit: usize) -> Value {
        let mut entries = Vec::new();
        while let Some(byte) = self.next_token(limit) {
            match byte {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b']' => break,
                b',' => self.at += 1,
                _ => {
                    let key = self.value(limit);
                    let text = key.text().unwrap_or_default().to_owned();
                    entries.push(self.after_key(text, key.span, limit));
                }
            }
        }
        Value::Map(Map { entries, column: None })
    }

    fn after_key(&mut self, key: String, key_span: Span, limit: usize) -> Entry {
        if self.next_token(limit) != Some(b':') {
            let value = Node::empty(key_span.end);
            return Entry { key, key_span, colon: false, value };
        }
        self.at += 1;
        let after = self.at;
        let value = match self.next_token(limit) {
            None | Some(b',' | b'}' | b']') => Node::empty(after),
            Some(_) => self.value(limit),
        };
        Entry { key, key_span, colon: true, value }
    }

    fn value(&mut self, limit: usize) -> Node {
        let properties = self.properties();
        let mut node = match self.next_token(limit) {
            Some(b'[' | b'{') => self.collection(limit),
            Some(b'*') => self.alias(),
            Some(quote @ (b'"' | b'\'')) => self.flow_quoted(limit, quote),
            Some(b',' | b']' | b'}') | None => Node::empty(self.at),
            Some(_) => self.flow_plain(limit),
        };
        node.anchor = properties.anchor;
        node
    }

    fn flow_quoted(&mut self, limit: usize, quote: u8) -> Node {
        if self.closing_quote(self.at, limit, quote).is_some() {
            return self.quoted(None, quote);
        }
        // Never closed: it ends with its line, or an outer collection loses what follows.
        let start = self.at;
        self.at = self.line_end().min(limit).max(start + 1);
        let text = self.text.get(start + 1..self.at).unwrap_or_default().to_owned();
        Node::new(start..self.at, Value::Scalar(Scalar { text, style: Style::Quoted }))
    }

    fn flow_plain(&mut self, limit: usize) -> Node {
        let start = self.at;
        let mut end = start;
        while self.at < limit {
            let Some(byte) = self.byte() else { break };
            let next = self.bytes.get(self.at + 1);
            let ends = match byte {
                b',' | b'[' | b']' | b'{' | b'}' => true,
                b':' => {
                    next.is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next))
                }
                b'#' => {
                    self.at > start
                        && self.bytes.get(self.at - 1).is_some_and(u8::is_ascii_whitespace)
                }
                _ => false,
            };
            if ends {
                break;
            }
            self.at += 1;
            if !byte.is_ascii_whitespace() {
                end = self.at;
            }
        }
        // Whatever it is, it has been passed.
        self.at = self.at.max(start + 1).min(self.bytes.len());
        let end = end.max(start);
        let words = self.text.get(start..end).unwrap_or_default().split_whitespace();
        let text = words.collect::<Vec<_>>().join(" ");
        Node::new(start..end, Value::Scalar(Scalar { text, style: Style::Plain }))
    }

    /// Goes to the next token and returns its first byte; `None` at the limit.
    fn next_token(&mut self, limit: usize) -> Option<u8> {
        loop {
            while self.at < limit && self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
            if self.at >= limit {
                return None;
            }
            if self.byte() == Some(b'#')
                && self.bytes.get(self.at.wrapping_sub(1)).is_some_and(u8::is_ascii_whitespace)
            {
                self.at = self.line_end().min(limit);
                continue;
            }
            return self.byte();
        }
    }
}
