//! The characters of a pattern one after the other, and what was found on the way.

use std::ops::Range;

use super::{backtracking::Backtracking, error::PatternError, flags::Flags};

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

/// Where a pattern first needs an engine that backtracks.
#[derive(Debug)]
pub(super) struct FirstBacktracking {
    pub(super) what: Backtracking,
    /// Bytes of the pattern.
    pub(super) span: Range<usize>,
}

struct NamedGroup {
    name: String,
    number: u32,
}

pub(super) type PatternResult<T> = Result<T, PatternError>;

/// Reads a pattern once, from its first character to its last.
pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Bytes of the pattern.
    end: usize,
    pub(super) flags: Flags,
    /// Groups that were opened so far.
    pub(super) groups: u32,
    named: Vec<NamedGroup>,
    depth: usize,
    backtracking: Option<FirstBacktracking>,
}

impl Parser {
    pub(super) fn new(source: &str) -> Self {
        Self {
            tokens: tokens(source),
            at: 0,
            end: source.len(),
            flags: Flags::default(),
            groups: 0,
            named: Vec::new(),
            depth: 0,
            backtracking: None,
        }
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
        self.peek_raw()
    }

    /// The next character as it stands.
    pub(super) fn peek_raw(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// The next character as it stands, which is passed over.
    pub(super) fn raw(&mut self) -> Option<Token> {
        let token = self.peek_raw();
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

    pub(super) fn note_backtracking(&mut self, what: Backtracking, span: Range<usize>) {
        self.backtracking.get_or_insert(FirstBacktracking { what, span });
    }

    /// Returns what needs an engine that backtracks, once all was read.
    pub(super) fn into_backtracking(self) -> Option<FirstBacktracking> {
        self.backtracking
    }

    /// Names the group that was opened last.
    pub(super) fn name_group(&mut self, name: String) {
        self.named.push(NamedGroup { name, number: self.groups });
    }

    /// Returns the number of a group that was named.
    pub(super) fn group_named(&self, name: &str) -> Option<u32> {
        self.named.iter().find(|group| group.name == name).map(|group| group.number)
    }

    /// Reads a group's name and the `>` after it.
    pub(super) fn group_name(&mut self) -> PatternResult<String> {
        let from = self.position();
        let mut name = String::new();
        while let Some(token) = self.raw() {
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
