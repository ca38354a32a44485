//! A position in the text, and what is read alike in block and in flow collections.

use super::node::{Name, Node, Scalar, Style, Value, line_end, line_start};

/// A position in the text, moving forward only.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    /// How many values are being read, one inside the other.
    pub(super) depth: usize,
}

/// The properties before a value: `&anchor`, `!tag`.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) anchor: Option<Name>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, bytes: text.as_bytes(), at, depth: 0 }
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn line_end(&self) -> usize {
        line_end(self.text, self.at)
    }

    /// Returns where the next line begins.
    pub(super) fn next_line(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let newline = rest.iter().position(|byte| *byte == b'\n');
        newline.map_or(self.bytes.len(), |n| self.at + n + 1)
    }

    pub(super) fn column(&self) -> usize {
        self.at - line_start(self.text, self.at)
    }

    pub(super) fn skip_spaces(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Returns whether nothing but a comment follows on the line.
    pub(super) fn is_line_done(&self) -> bool {
        match self.byte() {
            None | Some(b'\n' | b'\r') => true,
            Some(b'#') => {
                self.at == 0 || matches!(self.bytes.get(self.at - 1), Some(b' ' | b'\t' | b'\n'))
            }
            Some(_) => false,
        }
    }

    pub(super) fn properties(&mut self) -> Properties {
        let mut found = Properties::default();
        while let Some(indicator @ (b'&' | b'!')) = self.byte() {
            let start = self.at + 1;
            while self
                .byte()
                .is_some_and(|byte| !byte.is_ascii_whitespace() && !b",[]{}".contains(&byte))
            {
                self.at += 1;
            }
            if indicator == b'&' {
                let span = start..self.at;
                let text = self.text.get(span.clone()).unwrap_or_default().to_owned();
                found.anchor = Some(Name { text, span });
            }
            self.skip_spaces();
        }
        found
    }

    pub(super) fn alias(&mut self) -> Node {
        let start = self.at;
        self.at += 1;
        while self
            .byte()
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !b",[]{}".contains(&byte))
        {
            self.at += 1;
        }
        let span = start + 1..self.at;
        let text = self.text.get(span.clone()).unwrap_or_default().to_owned();
        Node::new(start..self.at, Value::Alias(Name { text, span }))
    }

    /// Reads a string in quotes. One that is not closed on its line or on lines indented deeper than
    /// `parent` ends with its line.
    pub(super) fn quoted(&mut self, parent: Option<usize>, quote: u8) -> Node {
        let start = self.at;
        let first_line = self.line_end();
        let close = self
            .closing_quote(start, self.bytes.len(), quote)
            .filter(|close| self.is_deeper_until(parent, *close));
        let end = close.unwrap_or(first_line);
        self.at = close.map_or(end, |close| close + 1);
        let text = unquote(self.text.get(start + 1..end).unwrap_or_default(), quote);
        Node::new(start..self.at, Value::Scalar(Scalar { text, style: Style::Quoted }))
    }

    /// Finds the quote that closes the one at `open`, before `limit`.
    pub(super) fn closing_quote(&self, open: usize, limit: usize, quote: u8) -> Option<usize> {
        let mut at = open + 1;
        while at < limit {
            let byte = *self.bytes.get(at)?;
            if byte == b'\\' && quote == b'"' {
                at += 1;
            } else if byte == quote {
                if quote == b'\'' && self.bytes.get(at + 1) == Some(&quote) {
                    at += 1;
                } else {
                    return Some(at);
                }
            }
            at += 1;
        }
        None
    }

    /// Returns whether every line from here to `end` is indented deeper than `parent`.
    fn is_deeper_until(&self, parent: Option<usize>, end: usize) -> bool {
        let text = self.text.get(self.at..end).unwrap_or_default();
        text.lines().skip(1).all(|line| {
            let content = line.trim_start_matches([' ', '\t']);
            content.is_empty() || parent.is_none_or(|parent| line.len() - content.len() > parent)
        })
    }

    /// Returns where the lines end that belong to a value of `parent`: those indented deeper.
    pub(super) fn reach(&self, parent: Option<usize>) -> usize {
        let mut end = self.line_end();
        let mut at = self.next_line();
        while at < self.bytes.len() {
            let line_end = line_end(self.text, at);
            let line = self.text.get(at..line_end).unwrap_or_default();
            let content = line.trim_start_matches([' ', '\t']);
            if !content.is_empty() {
                if parent.is_some_and(|parent| line.len() - content.len() <= parent) {
                    break;
                }
                end = line_end;
            }
            at = Reader { text: self.text, bytes: self.bytes, at, depth: 0 }.next_line();
        }
        end
    }
}

/// Decodes what is between quotes; of escapes the everyday ones.
pub(super) fn unquote(raw: &str, quote: u8) -> String {
    if quote == b'\'' {
        return raw.replace("''", "'");
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            (char, false) => text.push(char),
        }
    }
    text
}
