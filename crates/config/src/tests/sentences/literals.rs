//! Finds the sentences in Rust source: string literals with a space in them.

/// A string literal; what is in braces may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    text: String,
    /// What is around what is in braces.
    pieces: Vec<String>,
}

impl Sentence {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), pieces: pieces(text) }
    }

    /// The literal on one line.
    pub(super) fn shown(&self) -> String {
        self.text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
    }

    /// Returns whether another literal has all of this one and more.
    pub(super) fn contains(&self, other: &Self) -> bool {
        self.text.len() > other.text.len() && self.text.contains(&other.text)
    }

    /// Returns whether a string has this sentence in it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.text) || self.fits_in(text)
    }

    /// Returns whether a string has all pieces, one after another.
    fn fits_in(&self, text: &str) -> bool {
        let first = self.pieces.first().map_or("", String::as_str);
        text.match_indices(first).any(|(at, _)| self.fits_at(text, at))
    }

    fn fits_at(&self, text: &str, start: usize) -> bool {
        let (mut at, mut in_code) = (start, false);
        for piece in &self.pieces {
            let Some(gap) = text[at..].find(piece.as_str()) else { return false };
            // A name in backticks has no backticks.
            if in_code && text[at..at + gap].contains('`') {
                return false;
            }
            at += gap + piece.len();
            in_code ^= piece.matches('`').count() % 2 == 1;
        }
        true
    }
}

/// Splits the text of a literal where something is filled in.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                pieces.last_mut().expect("one is there").push(c);
            }
            '{' => {
                let _name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                pieces.push(String::new());
            }
            _ => pieces.last_mut().expect("one is there").push(c),
        }
    }
    pieces
}

/// Returns the sentences of a source file, without those of its comments, attributes and tests.
pub(super) fn sentences(source: &str) -> Vec<Sentence> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if c == '\'' {
            at += character(rest);
        } else if let Some(raw) = rest.strip_prefix("r\"") {
            at += 3 + raw.find('"').expect("a closing quote");
        } else if c == '"' {
            let (length, text) = literal(rest);
            if is_sentence(&text) && !is_for_programmers(&source[..at]) {
                found.push(Sentence::new(&text));
            }
            at += length;
        } else {
            at += c.len_utf8();
        }
    }
    found
}

/// The bytes of a character literal, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let inner = &rest[1..];
    let length = inner.chars().next().map_or(0, char::len_utf8);
    if inner.starts_with('\\') {
        let end = inner[2..].find('\'').expect("a closing quote");
        end + 4
    } else if inner[length..].starts_with('\'') {
        length + 2
    } else {
        1
    }
}

/// The bytes of a string literal in double quotes, and its text.
fn literal(rest: &str) -> (usize, String) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (at + 1, text),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('\n') => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(c) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    panic!("a literal is not closed: {text}")
}

fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    text.contains(' ') && text.contains(|c: char| c.is_alphabetic())
}

/// Returns whether a literal behind a source is the reason of an attribute or the message of a panic.
fn is_for_programmers(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("reason =") || before.ends_with("expect(")
}
