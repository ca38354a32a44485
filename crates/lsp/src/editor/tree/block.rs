//! Block collections and scalars, by their columns.

use super::{
    node::{DEPTH, Entry, List, Map, Node, Scalar, Span, Style, Value, line_end},
    reader::{Reader, unquote},
};

impl Reader<'_> {
    pub(super) fn document(mut self) -> Node {
        let mut root = Node::empty(self.at);
        while let Some(column) = self.peek_content() {
            let before = self.at;
            self.skip_blank();
            let more = self.content(column, None);
            adopt(&mut root, more);
            if self.at == before {
                self.at = self.next_line();
            }
        }
        root
    }

    /// Goes to the next thing that is neither space nor comment nor a document's marker.
    fn skip_blank(&mut self) {
        loop {
            self.skip_spaces();
            let rest = self.text.get(self.at..).unwrap_or_default();
            let is_marker = (self.at == 0 || self.bytes.get(self.at - 1) == Some(&b'\n'))
                && ["---", "...", "%"].iter().any(|marker| rest.starts_with(marker));
            if self.at >= self.bytes.len() {
                return;
            }
            if !is_marker && !self.is_line_done() {
                return;
            }
            self.at = self.next_line();
        }
    }

    /// Returns the column of the next thing, without going there.
    fn peek_content(&mut self) -> Option<usize> {
        let before = self.at;
        self.skip_blank();
        let column = (self.at < self.bytes.len()).then(|| self.column());
        self.at = before;
        column
    }

    fn is_dash_next(&mut self) -> bool {
        let before = self.at;
        self.skip_blank();
        let found = self.is_dash();
        self.at = before;
        found
    }

    fn is_dash(&self) -> bool {
        self.byte() == Some(b'-')
            && matches!(self.bytes.get(self.at + 1), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    /// Reads what is indented deeper than `parent`.
    fn block(&mut self, parent: Option<usize>) -> Node {
        let start = self.at;
        let column = self.peek_content();
        let deeper = column.filter(|column| parent.is_none_or(|parent| *column > parent));
        let Some(column) = deeper else { return Node::empty(start) };
        self.skip_blank();
        self.content(column, parent)
    }

    /// Reads the value of a key in `column`: what is indented deeper, or a list in the same column.
    fn block_at_key(&mut self, column: usize) -> Node {
        if self.peek_content() == Some(column) && self.is_dash_next() {
            self.skip_blank();
            return self.content(column, Some(column));
        }
        self.block(Some(column))
    }

    /// Reads the value that begins here, at `column`.
    fn content(&mut self, column: usize, parent: Option<usize>) -> Node {
        if self.depth >= DEPTH {
            self.at = self.next_line();
            return Node::empty(self.at);
        }
        self.depth += 1;
        let properties = self.properties();
        let mut node = if self.is_line_done() {
            self.block(parent)
        } else if self.is_dash() {
            self.list(column)
        } else if self.key_end().is_some() {
            self.map(column)
        } else {
            self.inline(parent)
        };
        node.anchor = properties.anchor.or(node.anchor);
        self.depth -= 1;
        node
    }

    fn list(&mut self, column: usize) -> Node {
        let start = self.at;
        let mut node =
            Node::new(start..start, Value::List(List { items: Vec::new(), column: Some(column) }));
        loop {
            self.at += 1;
            let after_dash = self.at;
            self.skip_spaces();
            let mut item = if self.is_line_done() {
                self.block(Some(column))
            } else {
                let inner = self.column();
                self.content(inner, Some(column))
            };
            if matches!(item.value, Value::Empty) {
                item.span = after_dash..after_dash;
            }
            node.span.end = node.span.end.max(item.span.end);
            if let Value::List(list) = &mut node.value {
                list.items.push(item);
            }
            while self.peek_content().is_some_and(|next| next > column) {
                self.stray(column, &mut node);
            }
            if self.peek_content() != Some(column) || !self.is_dash_next() {
                return node;
            }
            self.skip_blank();
        }
    }

    fn map(&mut self, column: usize) -> Node {
        let start = self.at;
        let mut node =
            Node::new(start..start, Value::Map(Map { entries: Vec::new(), column: Some(column) }));
        loop {
            let entry = self.entry(column);
            node.span.end = node.span.end.max(entry.key_span.end).max(entry.value.span.end);
            if let Value::Map(map) = &mut node.value {
                map.entries.push(entry);
            }
            while self
                .peek_content()
                .is_some_and(|next| next > column || (next == column && self.is_dash_next()))
            {
                self.stray(column, &mut node);
            }
            if self.peek_content() != Some(column) {
                return node;
            }
            self.skip_blank();
        }
    }

    /// Reads something that is indented as nothing should be here, and gives it to the last child.
    fn stray(&mut self, parent: usize, node: &mut Node) {
        self.skip_blank();
        let before = self.at;
        let column = self.column();
        let more = self.content(column, Some(parent));
        if self.at == before {
            self.at = self.next_line();
        }
        node.span.end = node.span.end.max(more.span.end);
        if let (Value::Map(map), Value::Map(found)) = (&mut node.value, &more.value)
            && map.entries.last().is_some_and(|entry| self.has_text_after(entry))
        {
            // The keys of a step, one column too far to the right.
            map.entries.extend(found.entries.iter().cloned());
            return;
        }
        let last = match &mut node.value {
            Value::Map(map) => map.entries.last_mut().map(|entry| &mut entry.value),
            Value::List(list) => list.items.last_mut(),
            Value::Empty | Value::Scalar(_) | Value::Alias(_) => None,
        };
        if let Some(last) = last {
            adopt(last, more);
        }
    }

    fn has_text_after(&self, entry: &Entry) -> bool {
        let between = self.text.get(entry.key_span.end..entry.value.span.start);
        matches!(entry.value.value, Value::Scalar(_))
            && between.is_some_and(|between| !between.contains('\n'))
    }

    fn entry(&mut self, column: usize) -> Entry {
        let Some((key, key_span, colon)) = self.key_end() else {
            let start = self.at;
            let scalar = self.plain_line();
            return Entry {
                key: scalar.1,
                key_span: scalar.0,
                colon: false,
                value: Node::empty(self.at.max(start)),
            };
        };
        self.at = colon + 1;
        self.skip_spaces();
        let properties = self.properties();
        let mut value =
            if self.is_line_done() { self.block_at_key(column) } else { self.inline(Some(column)) };
        if matches!(value.value, Value::Empty) {
            value.span = colon + 1..colon + 1;
        }
        value.anchor = properties.anchor.or(value.anchor);
        Entry { key, key_span, colon: true, value }
    }

    /// Finds a key that begins here: its text, its place, and where its colon is.
    fn key_end(&self) -> Option<(String, Span, usize)> {
        let end = self.line_end();
        match self.byte()? {
            quote @ (b'"' | b'\'') => {
                let close = self.closing_quote(self.at, end, quote)?;
                let mut colon = close + 1;
                while matches!(self.bytes.get(colon), Some(b' ' | b'\t')) {
                    colon += 1;
                }
                let text = unquote(self.text.get(self.at + 1..close)?, quote);
                self.is_colon(colon, end).then_some((text, self.at..close + 1, colon))
            }
            b'[' | b'{' | b'|' | b'>' | b'%' | b'@' | b'`' | b'*' => None,
            _ => {
                let colon = (self.at..end).find(|&at| {
                    self.is_colon(at, end)
                        || (self.bytes.get(at) == Some(&b'#')
                            && matches!(self.bytes.get(at.wrapping_sub(1)), Some(b' ' | b'\t')))
                })?;
                let text = self.text.get(self.at..colon)?.trim_end();
                let found = self.bytes.get(colon) == Some(&b':') && !text.is_empty();
                found.then(|| (text.to_owned(), self.at..self.at + text.len(), colon))
            }
        }
    }

    fn is_colon(&self, at: usize, line_end: usize) -> bool {
        self.bytes.get(at) == Some(&b':')
            && (at + 1 >= line_end || matches!(self.bytes.get(at + 1), Some(b' ' | b'\t')))
    }

    /// Reads a value that begins on this line, after its key, its dash or nothing.
    fn inline(&mut self, parent: Option<usize>) -> Node {
        let start = self.at;
        let mut node = match self.byte() {
            Some(b'*') => self.alias(),
            Some(b'|' | b'>') => self.block_scalar(parent),
            Some(b'[' | b'{') => self.flow(parent),
            Some(quote @ (b'"' | b'\'')) => self.quoted(parent, quote),
            _ => self.plain(parent),
        };
        if node.span.start < start {
            node.span.start = start;
        }
        // What follows on the line is a comment or a mistake.
        if !matches!(node.value, Value::Scalar(Scalar { style: Style::Block, .. })) {
            self.at = self.line_end().max(self.at);
        }
        node
    }

    fn block_scalar(&mut self, parent: Option<usize>) -> Node {
        let start = self.next_line();
        self.at = start;
        let mut end = start;
        while self.at < self.bytes.len() {
            let line = self.text.get(self.at..self.line_end()).unwrap_or_default();
            let content = line.trim_start_matches([' ', '\t']);
            let indent = line.len() - content.len();
            if !content.is_empty() {
                if parent.is_some_and(|parent| indent <= parent) {
                    break;
                }
                end = self.at + line.len();
            }
            self.at = self.next_line();
        }
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        Node::new(start..end.max(start), Value::Scalar(Scalar { text, style: Style::Block }))
    }

    fn plain(&mut self, parent: Option<usize>) -> Node {
        let (mut span, mut text) = self.plain_line();
        loop {
            let next = self.next_line();
            let before = self.at;
            self.at = next;
            self.skip_spaces();
            let belongs = next < self.bytes.len()
                && !self.is_line_done()
                && parent.is_none_or(|parent| self.column() > parent)
                && !self.is_dash()
                && self.key_end().is_none();
            // A comment ends a plain scalar.
            if !belongs || line_end(self.text, span.end) != span.end {
                self.at = before;
                break;
            }
            let (more_span, more) = self.plain_line();
            span.end = more_span.end;
            text.push(' ');
            text.push_str(&more);
        }
        Node::new(span, Value::Scalar(Scalar { text, style: Style::Plain }))
    }

    /// Reads plain string to the end of the line or the comment.
    fn plain_line(&mut self) -> (Span, String) {
        let start = self.at;
        let end = self.line_end();
        let line = self.text.get(start..end).unwrap_or_default();
        let comment = line.match_indices('#').find(|(at, _)| {
            at.checked_sub(1)
                .is_some_and(|before| matches!(line.as_bytes().get(before), Some(b' ' | b'\t')))
        });
        let text = comment.map_or(line, |(at, _)| line.get(..at).unwrap_or_default()).trim_end();
        self.at = end.max(start);
        (start..start + text.len(), text.to_owned())
    }
}

/// Puts something that was found later next to what is there.
fn adopt(node: &mut Node, more: Node) {
    if matches!(node.value, Value::Empty) {
        let anchor = node.anchor.take();
        *node = more;
        node.anchor = node.anchor.take().or(anchor);
        return;
    }
    node.span.end = node.span.end.max(more.span.end);
    match (&mut node.value, more.value) {
        (Value::Map(map), Value::Map(more)) => map.entries.extend(more.entries),
        (Value::List(list), Value::List(more)) => list.items.extend(more.items),
        (Value::List(list), value @ (Value::Scalar(_) | Value::Map(_) | Value::Alias(_))) => {
            list.items.push(Node { span: more.span, anchor: more.anchor, value });
        }
        (Value::Map(map), Value::Scalar(scalar)) => {
            map.entries.push(unfinished(scalar, more.span));
        }
        (Value::Scalar(scalar), Value::Map(more)) if scalar.style == Style::Plain => {
            let mut entries = vec![unfinished(scalar.clone(), node.span.clone())];
            entries.extend(more.entries);
            node.value = Value::Map(Map { entries, column: more.column });
        }
        _ => {}
    }
}

/// Takes a string for a key that has no colon yet.
fn unfinished(scalar: Scalar, span: Span) -> Entry {
    let value = Node::empty(span.end);
    Entry { key: scalar.text, key_span: span, colon: false, value }
}
