//! Escapes, and sets in brackets, as `java.util.regex` reads them.

use super::{
    backtracking::Backtracking,
    error::PatternError,
    parser::{Parser, PatternResult},
    properties,
    tree::{Node, Set, fold_ascii, plain},
};

/// What an escape stands for.
enum Escaped {
    Char(char),
    Set(Set),
    Node(Node),
}

/// Where an escape is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Pattern,
    Brackets,
}

/// One element of a set in brackets.
enum Element {
    Char(char),
    Set(Set),
}

impl Parser {
    /// Reads an escape that is outside of brackets.
    pub(super) fn escape_outside(&mut self) -> PatternResult<Node> {
        Ok(match self.escape(Within::Pattern)? {
            Escaped::Char(c) if self.flags.fold && !self.flags.unicode_fold => {
                plain(fold_ascii(c, c))
            }
            Escaped::Char(c) => Node::Set { set: Set::one(c), fold: self.flags.fold },
            Escaped::Set(set) => plain(set),
            Escaped::Node(node) => node,
        })
    }

    /// Reads `\…`.
    fn escape(&mut self, within: Within) -> PatternResult<Escaped> {
        let from = self.position();
        self.bump();
        let Some(token) = self.raw() else {
            return Err(PatternError::at(from..from + 1, "the pattern ends with a backslash")
                .help("remove it, or write `\\\\`"));
        };
        let fail = |message: &str| {
            Err(PatternError::at(from..token.at + token.c.len_utf8(), message.to_owned()))
        };
        if let Some(set) = self.class_escape(token.c) {
            return Ok(Escaped::Set(set));
        }
        Ok(match token.c {
            'p' => Escaped::Set(self.property(from)?),
            'P' => Escaped::Set(self.property(from)?.negated()),
            't' => Escaped::Char('\t'),
            'n' => Escaped::Char('\n'),
            'r' => Escaped::Char('\r'),
            'f' => Escaped::Char('\x0C'),
            'a' => Escaped::Char('\x07'),
            'e' => Escaped::Char('\x1B'),
            'c' | 'x' | 'u' | '0' => Escaped::Char(self.coded(from, token.c)?),
            '1'..='9' | 'k' | 'A' | 'b' | 'B' | 'G' | 'R' | 'z' | 'Z'
                if within == Within::Brackets =>
            {
                return fail("this escape is not valid inside brackets");
            }
            'k' => Escaped::Node(self.named_reference(from)?),
            digit @ '1'..='9' => Escaped::Node(self.reference(from, digit)),
            'A' | 'G' => Escaped::Node(Node::Start),
            'Z' => Escaped::Node(Node::End { unix: self.flags.unix_lines }),
            'z' => Escaped::Node(Node::VeryEnd),
            'b' | 'B' => {
                if self.next_is('{') && token.c == 'b' {
                    return fail("`\\b{g}` is not supported");
                }
                Escaped::Node(Node::WordBoundary { negated: token.c == 'B' })
            }
            'R' => Escaped::Node(Node::LineBreak),
            'X' | 'N' => return fail("this escape is not supported"),
            c if c.is_ascii_alphabetic() => {
                let message = format!("`\\{c}` is not a valid escape");
                let help = format!("write `{c}`, or `\\\\{c}` for a backslash before it");
                return Err(PatternError::at(from..token.at + 1, message).help(help));
            }
            c => Escaped::Char(c),
        })
    }

    fn class_escape(&self, c: char) -> Option<Set> {
        let unicode = self.flags.unicode_classes;
        let text = match c.to_ascii_lowercase() {
            'd' if unicode => r"\p{Nd}",
            'd' => "0-9",
            'w' if unicode => r"\w",
            'w' => "a-zA-Z_0-9",
            's' if unicode => r"\s",
            's' => r"\x20\t\n\x0B\f\r",
            'h' => r"\x20\t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}",
            'v' => r"\n\x0B\f\r\x{85}\x{2028}\x{2029}",
            _ => return None,
        };
        let set = Set::Text(text);
        Some(if c.is_ascii_uppercase() { set.negated() } else { set })
    }

    /// Reads what follows `\p` or `\P`.
    fn property(&mut self, from: usize) -> PatternResult<Set> {
        let mut name = String::new();
        let mut closed = false;
        while let Some(token) = self.raw() {
            match token.c {
                '{' if name.is_empty() && !closed => closed = true,
                '}' if closed => {
                    closed = false;
                    break;
                }
                c => name.push(c),
            }
            if !closed {
                break;
            }
        }
        let span = from..self.position();
        if closed || name.is_empty() {
            return Err(
                PatternError::at(span, "unclosed `\\p`").help("write `\\p{Alpha}` or `\\pL`")
            );
        }
        properties::find(&name, self.flags).ok_or_else(|| {
            PatternError::at(span, format!("unknown property `{name}`"))
                .help("for example `\\p{Alpha}`, `\\p{Lu}`, `\\p{IsGreek}`")
        })
    }

    /// Reads a character by its number: `\x41`, `\x{1F600}`, `\u0041`, `\0101`, `\cA`.
    fn coded(&mut self, from: usize, kind: char) -> PatternResult<char> {
        let value = match kind {
            'c' => self.raw().map(|token| u32::from(token.c) ^ 64),
            '0' => self.octal(),
            'x' if self.second_is_digit_after_brace() => self.braced(),
            'x' => self.hex(2),
            _ => self.utf16(),
        };
        let found = value.and_then(char::from_u32);
        found.ok_or_else(|| {
            PatternError::at(from..self.position(), "this escape is not a valid character")
                .help("write `\\x41`, `\\x{1F600}` or `\\u0041`")
        })
    }

    fn second_is_digit_after_brace(&mut self) -> bool {
        self.next_is('{') && self.second().is_some_and(|token| token.c.is_ascii_hexdigit())
    }

    fn braced(&mut self) -> Option<u32> {
        self.bump();
        let mut value: u32 = 0;
        loop {
            let c = self.raw()?.c;
            if c == '}' {
                return Some(value);
            }
            value = value.checked_mul(16)?.checked_add(c.to_digit(16)?)?;
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |value, _| Some(value * 16 + self.raw()?.c.to_digit(16)?))
    }

    /// Four digits, or two times four for what lies beyond 16 bits.
    fn utf16(&mut self) -> Option<u32> {
        let high = self.hex(4)?;
        if !(0xD800..0xDC00).contains(&high) {
            return Some(high);
        }
        let is_pair = self.next_is('\\') && self.second().is_some_and(|token| token.c == 'u');
        if !is_pair {
            return None;
        }
        self.bump();
        self.bump();
        let low = self.hex(4).filter(|low| (0xDC00..0xE000).contains(low))?;
        Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }

    /// One to three octal digits, at most `377`.
    fn octal(&mut self) -> Option<u32> {
        let mut value = None;
        for index in 0..3 {
            let digit = self.next_digit().filter(|digit| *digit < 8);
            let Some(digit) = digit else { break };
            if index == 2 && value > Some(31) {
                break;
            }
            value = Some(value.unwrap_or(0) * 8 + digit);
            self.bump();
        }
        value
    }

    fn next_digit(&mut self) -> Option<u32> {
        self.peek().filter(|token| !token.quoted).and_then(|token| token.c.to_digit(10))
    }

    /// Reads `\12`: as many digits as there are groups for.
    fn reference(&mut self, from: usize, first: char) -> Node {
        let mut group = first.to_digit(10).unwrap_or(0);
        while let Some(digit) = self.next_digit() {
            let longer = group.saturating_mul(10).saturating_add(digit);
            if longer > self.groups {
                break;
            }
            group = longer;
            self.bump();
        }
        self.note_backtracking(Backtracking::BackReference, from..self.position());
        Node::BackReference { group, fold: self.flags.fold }
    }

    fn named_reference(&mut self, from: usize) -> PatternResult<Node> {
        if !self.eat('<') {
            return Err(PatternError::at(from..self.position(), "`\\k` needs a group name")
                .help("put the name of a group behind it: `\\k<name>`"));
        }
        let name = self.group_name()?;
        let span = from..self.position();
        let Some(group) = self.group_named(&name) else {
            return Err(PatternError::at(span, format!("unknown group `{name}`")));
        };
        self.note_backtracking(Backtracking::BackReference, span);
        Ok(Node::BackReference { group, fold: self.flags.fold })
    }

    /// Reads a set whose `[` was read.
    pub(super) fn brackets(&mut self, from: usize) -> PatternResult<Set> {
        let negated = self.eat('^');
        let set = self.items(from)?;
        self.bump();
        Ok(if negated { set.negated() } else { set })
    }

    /// Reads up to the `]` of brackets that begin at `from`.
    fn items(&mut self, from: usize) -> PatternResult<Set> {
        self.deeper(from)?;
        let mut found: Option<Set> = None;
        loop {
            let Some(token) = self.peek() else {
                return Err(PatternError::at(from..from + 1, "unclosed `[`")
                    .help("close it, or escape it: `\\[`"));
            };
            let item = match token.c {
                '[' if !token.quoted => {
                    self.bump();
                    self.brackets(token.at)?
                }
                '&' if !token.quoted && self.second().is_some_and(|next| next.c == '&') => {
                    self.bump();
                    self.bump();
                    let right = self.right_of_and(from)?;
                    found = Some(match (found, right) {
                        (Some(left), Some(right)) => Set::Both(Box::new(left), Box::new(right)),
                        (Some(left), None) => left,
                        (None, Some(right)) => right,
                        (None, None) => {
                            let span = token.at..token.at + 2;
                            return Err(PatternError::at(
                                span,
                                "`&&` needs an operand on both sides",
                            ));
                        }
                    });
                    continue;
                }
                ']' if !token.quoted && found.is_some() => {
                    self.shallower();
                    return Ok(found.unwrap_or_else(Set::nothing));
                }
                _ => self.range()?,
            };
            found = Some(match found {
                None => item,
                Some(Set::Union(mut sets)) => {
                    sets.push(item);
                    Set::Union(sets)
                }
                Some(set) => Set::Union(vec![set, item]),
            });
        }
    }

    /// Reads the right side of `&&`, up to the next `&` or `]`.
    fn right_of_and(&mut self, from: usize) -> PatternResult<Option<Set>> {
        let mut right: Option<Set> = None;
        while let Some(token) = self.peek() {
            match token.c {
                ']' | '&' if !token.quoted => break,
                '[' if !token.quoted => {
                    self.bump();
                    let set = self.brackets(token.at)?;
                    right = Some(match right {
                        None => set,
                        Some(before) => Set::Union(vec![before, set]),
                    });
                }
                // What follows without brackets reaches to the end.
                _ => {
                    let set = self.items(from)?;
                    right = Some(right.map_or(set.clone(), |before| Set::Union(vec![before, set])));
                }
            }
        }
        Ok(right)
    }

    /// Reads one character, one range, or one escape.
    fn range(&mut self) -> PatternResult<Set> {
        let from = self.position();
        let first = match self.element()? {
            Element::Char(c) => c,
            Element::Set(set) => return Ok(set),
        };
        let dash = self.next_is('-');
        let behind = self.second().map(|token| token.c);
        if !dash || matches!(behind, Some('[' | ']') | None) {
            return Ok(self.folded(first, first));
        }
        self.bump();
        match self.element()? {
            Element::Char(last) if last >= first => Ok(self.folded(first, last)),
            _ => Err(PatternError::at(from..self.position(), "this range starts after its end")
                .help("escape the `-`, or put it last")),
        }
    }

    fn element(&mut self) -> PatternResult<Element> {
        match self.peek() {
            Some(token) if token.c == '\\' && !token.quoted => {
                match self.escape(Within::Brackets)? {
                    Escaped::Char(c) => Ok(Element::Char(c)),
                    Escaped::Set(set) => Ok(Element::Set(set)),
                    Escaped::Node(_) => Ok(Element::Set(Set::nothing())),
                }
            }
            Some(token) => {
                self.bump();
                Ok(Element::Char(token.c))
            }
            None => Err(PatternError::at(self.position()..self.position(), "unclosed set")),
        }
    }

    fn folded(&self, from: char, to: char) -> Set {
        if self.flags.fold && !self.flags.unicode_fold {
            fold_ascii(from, to)
        } else {
            Set::Range(from, to)
        }
    }
}
