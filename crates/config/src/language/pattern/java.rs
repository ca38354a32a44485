//! Reads regular expressions as `java.util.regex` does, oddities included (CFG §6.5).
//!
//! It follows Java where Java is odd: `{1}` repeats nothing, `]` and `}` are ordinary characters,
//! an escape of a letter that means nothing is a mistake.

use std::ops::Range;

use super::{
    error::PatternError,
    flags::Flags,
    tree::{Greediness, Node, Set, fold_ascii, plain},
};

/// Groups or brackets within each other.
const DEPTH: usize = 60;

/// One character of the pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) c: char,
    /// Offset in the pattern, in bytes.
    pub(super) at: usize,
    /// It was between `\Q` and `\E`.
    pub(super) quoted: bool,
}

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    /// Number of groups.
    pub(super) groups: u32,
    /// What a linear engine cannot do, first found first.
    pub(super) backtracking: Option<(&'static str, Range<usize>)>,
}

/// Reads a pattern.
pub(super) fn parse(source: &str) -> Result<Parsed, PatternError> {
    let mut parser = Parser {
        tokens: tokens(source),
        at: 0,
        end: source.len(),
        flags: Flags::default(),
        groups: 0,
        names: Vec::new(),
        depth: 0,
        backtracking: None,
    };
    let node = parser.alternation()?;
    if let Some(token) = parser.peek() {
        return Err(
            PatternError::at(token.at..token.at + 1, "unmatched `)`").help("escape it: `\\)`")
        );
    }
    Ok(Parsed { node, groups: parser.groups, backtracking: parser.backtracking })
}

/// Splits into characters; `\Q…\E` is resolved before anything else.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(source.len());
    let mut quoted = false;
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().copied();
        match (c, next) {
            ('\\', Some((_, 'E'))) if quoted => {
                quoted = false;
                chars.next();
            }
            ('\\', Some((_, 'Q'))) if !quoted => {
                quoted = true;
                chars.next();
            }
            ('\\', Some((after, escaped))) if !quoted => {
                tokens.push(Token { c, at, quoted });
                tokens.push(Token { c: escaped, at: after, quoted });
                chars.next();
            }
            _ => tokens.push(Token { c, at, quoted }),
        }
    }
    tokens
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Bytes of the pattern.
    end: usize,
    pub(super) flags: Flags,
    pub(super) groups: u32,
    pub(super) names: Vec<(String, u32)>,
    depth: usize,
    pub(super) backtracking: Option<(&'static str, Range<usize>)>,
}

type PatternResult<T> = Result<T, PatternError>;

impl Parser {
    fn alternation(&mut self) -> PatternResult<Node> {
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        Ok(one_or(branches, Node::Alternate))
    }

    fn sequence(&mut self) -> PatternResult<Node> {
        let mut nodes = Vec::new();
        while let Some(token) = self.peek() {
            let atom = if token.quoted {
                self.at += 1;
                self.literal(token.c)
            } else {
                match token.c {
                    '|' | ')' => break,
                    '(' => match self.group()? {
                        Some(node) => node,
                        None => continue,
                    },
                    '[' => {
                        self.at += 1;
                        let set = self.brackets(token.at)?;
                        self.set(set)
                    }
                    '\\' => self.escape_outside()?,
                    '^' | '$' | '.' => self.anchor_or_dot(token.c),
                    '*' | '+' | '?' => {
                        let message = format!("`{}` has nothing to repeat", token.c);
                        let help = format!("escape it, `\\{0}`, or write `.{0}`", token.c);
                        return Err(PatternError::at(token.at..token.at + 1, message).help(help));
                    }
                    // Java repeats the empty text then.
                    '{' => Node::Empty,
                    c => {
                        self.at += 1;
                        self.literal(c)
                    }
                }
            };
            let node = self.closure(atom)?;
            nodes.push(node);
        }
        Ok(one_or(nodes, Node::Concat))
    }

    fn anchor_or_dot(&mut self, c: char) -> Node {
        self.at += 1;
        let unix = self.flags.unix_lines;
        match c {
            '^' if self.flags.lines => Node::LineStart { unix },
            '^' => Node::Start,
            '$' if self.flags.lines => Node::LineEnd { unix },
            '$' => Node::End { unix },
            _ => {
                let breaks = match (self.flags.dot_all, unix) {
                    (true, _) => return plain(Set::Range('\0', char::MAX)),
                    (false, true) => r"\n",
                    (false, false) => r"\n\r\x{85}\x{2028}\x{2029}",
                };
                plain(Set::Text(breaks).negated())
            }
        }
    }

    /// Makes a node of a character, by the flags in force.
    fn literal(&self, c: char) -> Node {
        let folds = self.flags.fold && !self.flags.unicode_fold;
        self.set(if folds { fold_ascii(c, c) } else { Set::one(c) })
    }

    fn set(&self, set: Set) -> Node {
        Node::Set { set, fold: self.flags.fold && self.flags.unicode_fold }
    }

    /// Reads what is after `(`; `None` for flags that hold from here on.
    fn group(&mut self) -> PatternResult<Option<Node>> {
        let from = self.position();
        self.at += 1;
        let saved = self.flags;
        let opening = self.opening(from)?;
        if let Opening::Flags = opening {
            return Ok(None);
        }
        self.deeper(from)?;
        let node = Box::new(self.alternation()?);
        self.depth -= 1;
        if !self.eat(')') {
            return Err(PatternError::at(from..from + 1, "unclosed `(`")
                .help("close it, or escape it: `\\(`"));
        }
        self.flags = saved;
        Ok(Some(match opening {
            Opening::Capture => Node::Capture(node),
            Opening::Look { ahead, negated } => Node::Look { ahead, negated, node },
            Opening::Atomic => Node::Atomic(node),
            Opening::Plain | Opening::Flags => *node,
        }))
    }

    fn opening(&mut self, from: usize) -> PatternResult<Opening> {
        if !self.next_is('?') {
            self.groups += 1;
            return Ok(Opening::Capture);
        }
        self.at += 1;
        let Some(token) = self.peek() else {
            return Err(PatternError::at(from..self.end, "unclosed `(?`"));
        };
        let look = |parser: &mut Self, name, ahead, negated| {
            parser.at += 1;
            let end = parser.position();
            parser.needs_backtracking(name, from..end);
            Ok(Opening::Look { ahead, negated })
        };
        match token.c {
            ':' => {
                self.at += 1;
                Ok(Opening::Plain)
            }
            '=' => look(self, "look-ahead", true, false),
            '!' => look(self, "look-ahead", true, true),
            '>' => {
                self.at += 1;
                self.needs_backtracking("atomic group", from..token.at + 1);
                Ok(Opening::Atomic)
            }
            '<' => {
                self.at += 1;
                match self.tokens.get(self.at).map(|token| token.c) {
                    Some('=') => look(self, "look-behind", false, false),
                    Some('!') => look(self, "look-behind", false, true),
                    _ => {
                        self.groups += 1;
                        let name = self.group_name()?;
                        if self.names.iter().any(|(known, _)| *known == name) {
                            let message = format!("two groups are named `{name}`");
                            return Err(PatternError::at(from..self.position(), message));
                        }
                        self.names.push((name, self.groups));
                        Ok(Opening::Capture)
                    }
                }
            }
            'P' => Err(PatternError::at(
                from..token.at + 1,
                "`(?P` is not a valid group in Java's syntax",
            )
            .help("write `(?<name>…)`")),
            _ => self.flags(from),
        }
    }

    /// Reads `(?i-s)` or `(?i-s:`.
    fn flags(&mut self, from: usize) -> PatternResult<Opening> {
        let mut on = true;
        while let Some(token) = self.peek() {
            self.at += 1;
            let flag = match token.c {
                ')' => return Ok(Opening::Flags),
                ':' => return Ok(Opening::Plain),
                '-' if on => {
                    on = false;
                    continue;
                }
                'i' => &mut self.flags.fold,
                'm' => &mut self.flags.lines,
                's' => &mut self.flags.dot_all,
                'd' => &mut self.flags.unix_lines,
                'u' => &mut self.flags.unicode_fold,
                'x' => &mut self.flags.comments,
                'U' => {
                    self.flags.unicode_fold |= on;
                    &mut self.flags.unicode_classes
                }
                c => {
                    let message = format!("`(?{c}` is not a valid group");
                    let span = from..token.at + c.len_utf8();
                    return Err(PatternError::at(span, message)
                        .help("groups are `(…)`, `(?:…)` and `(?i)`"));
                }
            };
            *flag = on;
        }
        Err(PatternError::at(from..self.end, "unclosed `(?`"))
    }

    /// Reads a group's name and the `>` after it.
    pub(super) fn group_name(&mut self) -> PatternResult<String> {
        let from = self.position();
        let mut name = String::new();
        while let Some(token) = self.tokens.get(self.at).copied() {
            self.at += 1;
            match token.c {
                '>' if !name.is_empty() => return Ok(name),
                c if c.is_ascii_alphabetic() || (c.is_ascii_digit() && !name.is_empty()) => {
                    name.push(c);
                }
                _ => break,
            }
        }
        Err(PatternError::at(
            from..self.position(),
            "a group name can only contain letters and digits",
        )
        .help("write `(?<name>…)`"))
    }

    /// Reads a repetition, if there is one.
    fn closure(&mut self, atom: Node) -> PatternResult<Node> {
        let Some(token) = self.peek().filter(|token| !token.quoted) else { return Ok(atom) };
        let (min, max) = match token.c {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            '{' => self.counts(token.at)?,
            _ => return Ok(atom),
        };
        self.at += 1;
        let greed = match self.peek().filter(|token| !token.quoted).map(|token| token.c) {
            Some('?') => Greediness::Lazy,
            Some('+') => {
                let end = self.position() + 1;
                self.needs_backtracking("possessive quantifier", token.at..end);
                Greediness::Possessive
            }
            _ => return Ok(repeat(atom, min, max, Greediness::Greedy)),
        };
        self.at += 1;
        Ok(repeat(atom, min, max, greed))
    }

    /// Reads `{2,3` and stops at the `}`.
    fn counts(&mut self, from: usize) -> PatternResult<(u32, Option<u32>)> {
        self.at += 1;
        let Some(min) = self.count(from)? else {
            return Err(PatternError::at(from..from + 1, "`{` does not start a valid repetition")
                .help("write `{2}`, `{2,}` or `{2,3}`, or escape it: `\\{`"));
        };
        let mut max = Some(min);
        if self.tokens.get(self.at).is_some_and(|token| token.c == ',') {
            self.at += 1;
            max = self.count(from)?;
        }
        if self.tokens.get(self.at).is_none_or(|token| token.quoted || token.c != '}') {
            let span = from..self.position();
            return Err(PatternError::at(span, "unclosed repetition")
                .help("write `{2}`, `{2,}` or `{2,3}`"));
        }
        if max.is_some_and(|max| max < min) {
            let span = from..self.position() + 1;
            return Err(PatternError::at(
                span,
                "the minimum of this repetition is greater than its maximum",
            ));
        }
        Ok((min, max))
    }

    fn count(&mut self, from: usize) -> PatternResult<Option<u32>> {
        let mut digits = String::new();
        while let Some(token) =
            self.tokens.get(self.at).filter(|token| !token.quoted && token.c.is_ascii_digit())
        {
            digits.push(token.c);
            self.at += 1;
        }
        if digits.is_empty() {
            return Ok(None);
        }
        digits
            .parse()
            .ok()
            .filter(|count| *count < (1 << 30))
            .map(Some)
            .ok_or_else(|| PatternError::at(from..self.position(), "this repetition is too large"))
    }

    /// The next character that counts: spaces and comments are skipped under `(?x)`.
    pub(super) fn peek(&mut self) -> Option<Token> {
        if self.flags.comments {
            while let Some(token) = self.tokens.get(self.at).filter(|token| !token.quoted) {
                match token.c {
                    ' ' | '\t' | '\n' | '\x0B' | '\x0C' | '\r' => self.at += 1,
                    '#' => {
                        let rest = self.tokens.get(self.at..).unwrap_or(&[]);
                        let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
                        self.at += rest.iter().take_while(|t| !breaks.contains(&t.c)).count();
                    }
                    _ => break,
                }
            }
        }
        self.tokens.get(self.at).copied()
    }

    /// The next character as it stands, which is passed over.
    pub(super) fn raw(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    /// The character after the next one, as it stands.
    pub(super) fn second(&self) -> Option<Token> {
        self.tokens.get(self.at + 1).copied()
    }

    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    pub(super) fn next_is(&mut self, c: char) -> bool {
        self.peek().is_some_and(|token| !token.quoted && token.c == c)
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let found = self.next_is(c);
        self.at += usize::from(found);
        found
    }

    /// The byte of the next character.
    pub(super) fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |token| token.at)
    }

    pub(super) fn deeper(&mut self, from: usize) -> PatternResult<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(PatternError::at(from..from + 1, "groups are nested too deeply"));
        }
        Ok(())
    }

    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn needs_backtracking(&mut self, what: &'static str, span: Range<usize>) {
        self.backtracking.get_or_insert((what, span));
    }
}

enum Opening {
    Capture,
    Plain,
    Look { ahead: bool, negated: bool },
    Atomic,
    Flags,
}

fn repeat(node: Node, min: u32, max: Option<u32>, greed: Greediness) -> Node {
    // Java takes `\r\n` apart in a lone `\R` only.
    let is_break = matches!(node, Node::LineBreak);
    let node = if is_break { Node::Atomic(Box::new(node)) } else { node };
    Node::Repeat { node: Box::new(node), min, max, greed }
}

fn one_or(mut nodes: Vec<Node>, wrap: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        0 => Node::Empty,
        1 => nodes.remove(0),
        _ => wrap(nodes),
    }
}
