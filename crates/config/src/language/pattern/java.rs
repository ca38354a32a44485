//! Reads regular expressions as `java.util.regex` does, oddities included (CFG §6.5).
//!
//! It follows Java where Java is odd: `{1}` repeats nothing, `]` and `}` are ordinary characters,
//! an escape of a letter that means nothing is a mistake.

use super::{
    backtracking::Backtracking,
    error::PatternError,
    parser::{FirstBacktracking, Parser, PatternResult},
    tree::{Greediness, LookAround, Node, Set, fold_ascii, plain},
};

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    /// Number of groups.
    pub(super) groups: u32,
    /// What a linear engine cannot do, first found first.
    pub(super) backtracking: Option<FirstBacktracking>,
}

/// Reads a pattern.
pub(super) fn parse(source: &str) -> Result<Parsed, PatternError> {
    let mut parser = Parser::new(source);
    let node = parser.alternation()?;
    if let Some(token) = parser.peek() {
        return Err(
            PatternError::at(token.at..token.at + 1, "unmatched `)`").help("escape it: `\\)`")
        );
    }
    Ok(Parsed { node, groups: parser.groups, backtracking: parser.into_backtracking() })
}

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
                self.bump();
                self.literal(token.c)
            } else {
                match token.c {
                    '|' | ')' => break,
                    '(' => match self.group()? {
                        Some(node) => node,
                        None => continue,
                    },
                    '[' => {
                        self.bump();
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
                        self.bump();
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
        self.bump();
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
        self.bump();
        let saved = self.flags;
        let opening = self.opening(from)?;
        if let Opening::Flags = opening {
            return Ok(None);
        }
        self.deeper(from)?;
        let node = Box::new(self.alternation()?);
        self.shallower();
        if !self.eat(')') {
            return Err(PatternError::at(from..from + 1, "unclosed `(`")
                .help("close it, or escape it: `\\(`"));
        }
        self.flags = saved;
        Ok(Some(match opening {
            Opening::Capture => Node::Capture(node),
            Opening::LookAround(look) => Node::LookAround { look, node },
            Opening::Atomic => Node::Atomic(node),
            Opening::Plain | Opening::Flags => *node,
        }))
    }

    fn opening(&mut self, from: usize) -> PatternResult<Opening> {
        if !self.next_is('?') {
            self.groups += 1;
            return Ok(Opening::Capture);
        }
        self.bump();
        let Some(token) = self.peek() else {
            return Err(PatternError::at(from..self.position(), "unclosed `(?`"));
        };
        let look_around = |parser: &mut Self, look: LookAround| {
            parser.bump();
            let end = parser.position();
            let what = match look {
                LookAround::Ahead | LookAround::NotAhead => Backtracking::LookAhead,
                LookAround::Behind | LookAround::NotBehind => Backtracking::LookBehind,
            };
            parser.note_backtracking(what, from..end);
            Ok(Opening::LookAround(look))
        };
        match token.c {
            ':' => {
                self.bump();
                Ok(Opening::Plain)
            }
            '=' => look_around(self, LookAround::Ahead),
            '!' => look_around(self, LookAround::NotAhead),
            '>' => {
                self.bump();
                self.note_backtracking(Backtracking::AtomicGroup, from..token.at + 1);
                Ok(Opening::Atomic)
            }
            '<' => {
                self.bump();
                match self.peek_raw().map(|token| token.c) {
                    Some('=') => look_around(self, LookAround::Behind),
                    Some('!') => look_around(self, LookAround::NotBehind),
                    _ => {
                        self.groups += 1;
                        let name = self.group_name()?;
                        if self.group_named(&name).is_some() {
                            let message = format!("two groups are named `{name}`");
                            return Err(PatternError::at(from..self.position(), message));
                        }
                        self.name_group(name);
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
            self.bump();
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
        Err(PatternError::at(from..self.position(), "unclosed `(?`"))
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
        self.bump();
        let greed = match self.peek().filter(|token| !token.quoted).map(|token| token.c) {
            Some('?') => Greediness::Lazy,
            Some('+') => {
                let end = self.position() + 1;
                self.note_backtracking(Backtracking::PossessiveQuantifier, token.at..end);
                Greediness::Possessive
            }
            _ => return Ok(repeat(atom, min, max, Greediness::Greedy)),
        };
        self.bump();
        Ok(repeat(atom, min, max, greed))
    }

    /// Reads `{2,3` and stops at the `}`.
    fn counts(&mut self, from: usize) -> PatternResult<(u32, Option<u32>)> {
        self.bump();
        let Some(min) = self.count(from)? else {
            return Err(PatternError::at(from..from + 1, "`{` does not start a valid repetition")
                .help("write `{2}`, `{2,}` or `{2,3}`, or escape it: `\\{`"));
        };
        let mut max = Some(min);
        if self.peek_raw().is_some_and(|token| token.c == ',') {
            self.bump();
            max = self.count(from)?;
        }
        if self.peek_raw().is_none_or(|token| token.quoted || token.c != '}') {
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
            self.peek_raw().filter(|token| !token.quoted && token.c.is_ascii_digit())
        {
            digits.push(token.c);
            self.bump();
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
}

enum Opening {
    Capture,
    Plain,
    LookAround(LookAround),
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
