//! Reads expressions; weakest operator first (CFG §6.2).

use std::ops::Range;

use super::{
    error::ExpressionError,
    rewrite::{self, is_name},
};
use crate::{codes, language::pattern::slashes};

/// Longest expression, in bytes.
const LENGTH: usize = 8_000;

/// Levels of parentheses, negations and comparisons within each other.
const DEPTH: usize = 100;

/// How two numbers are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    AtLeast,
    More,
    AtMost,
    Less,
}

/// An expression and where it is.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// It has parentheses around it.
    pub(super) enclosed: bool,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text(String),
    Int(i64),
    Bool(bool),
    Variable(String),
    Regex(String),
    Not(Box<Expr>),
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Equal { left: Box<Expr>, right: Box<Expr>, negated: bool },
    StartsWith(Box<Expr>, Box<Expr>),
    Matches(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Comparison, Box<Expr>),
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.len() > LENGTH {
        let message = format!("an expression can have at most {LENGTH} bytes");
        return Err(ExpressionError::syntax(0..0, message));
    }
    let mut parser = Parser { text, at: 0, depth: 0 };
    let expr = parser.or()?;
    parser.skip_spaces();
    if parser.rest().is_empty() { Ok(expr) } else { Err(rewrite::unexpected(text, parser.at)) }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Parsed = Result<Expr, ExpressionError>;

impl<'t> Parser<'t> {
    fn or(&mut self) -> Parsed {
        let first = self.and()?;
        if !self.word("or") {
            return Ok(first);
        }
        let mut operands = vec![first, self.and()?];
        while self.word("or") {
            operands.push(self.and()?);
        }
        Ok(row(operands, Kind::Or))
    }

    fn and(&mut self) -> Parsed {
        let first = self.equality()?;
        if !self.word("and") {
            return Ok(first);
        }
        let mut operands = vec![first, self.equality()?];
        while self.word("and") {
            operands.push(self.equality()?);
        }
        Ok(row(operands, Kind::And))
    }

    fn equality(&mut self) -> Parsed {
        let mut left = self.on_texts()?;
        let depth = self.depth;
        loop {
            let negated = if self.symbol("==") {
                false
            } else if self.symbol("!=") {
                true
            } else {
                self.depth = depth;
                return Ok(left);
            };
            self.deeper()?;
            let right = self.on_texts()?;
            left = pair(left, right, |left, right| Kind::Equal { left, right, negated });
        }
    }

    fn on_texts(&mut self) -> Parsed {
        let mut left = self.comparison()?;
        let depth = self.depth;
        loop {
            if self.word("starts-with") {
                self.deeper()?;
                let right = self.comparison()?;
                left = pair(left, right, Kind::StartsWith);
            } else if self.word("matches") {
                self.deeper()?;
                let right = match self.regex()? {
                    Some(pattern) => pattern,
                    None => self.comparison()?,
                };
                left = pair(left, right, Kind::Matches);
            } else {
                self.depth = depth;
                return Ok(left);
            }
        }
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.unary()?;
        let depth = self.depth;
        loop {
            let comparison = if self.symbol(">=") {
                Comparison::AtLeast
            } else if self.symbol("<=") {
                Comparison::AtMost
            } else if self.symbol(">") {
                Comparison::More
            } else if self.symbol("<") {
                Comparison::Less
            } else {
                self.depth = depth;
                return Ok(left);
            };
            self.deeper()?;
            let right = self.unary()?;
            left = pair(left, right, |left, right| Kind::Compare(left, comparison, right));
        }
    }

    fn unary(&mut self) -> Parsed {
        self.skip_spaces();
        let from = self.at;
        let is_not = self.word("not");
        if !is_not {
            if !self.rest().starts_with('!') || self.rest().starts_with("!=") {
                return self.primary();
            }
            self.at += 1;
        }
        self.deeper()?;
        let inner = self.unary()?;
        self.depth -= 1;
        let span = from..inner.span.end;
        Ok(Expr { kind: Kind::Not(Box::new(inner)), span, enclosed: false })
    }

    fn primary(&mut self) -> Parsed {
        self.skip_spaces();
        match self.rest().chars().next() {
            Some('(') => self.parentheses(),
            Some('"') => self.string(),
            Some(c) if c.is_ascii_digit() || c == '-' => self.integer(),
            Some(c) if c.is_ascii_alphabetic() => self.name(),
            _ => Err(rewrite::unexpected(self.text, self.at)),
        }
    }

    fn parentheses(&mut self) -> Parsed {
        let from = self.at;
        self.deeper()?;
        self.at += 1;
        let inner = self.or()?;
        self.depth -= 1;
        self.skip_spaces();
        if self.rest().is_empty() {
            let message = "unclosed `(`";
            return Err(ExpressionError::syntax(from..from + 1, message).help("add a `)`"));
        }
        if !self.rest().starts_with(')') {
            return Err(rewrite::unexpected(self.text, self.at));
        }
        self.at += 1;
        Ok(Expr { kind: inner.kind, span: from..self.at, enclosed: true })
    }

    fn string(&mut self) -> Parsed {
        let from = self.at;
        let mut text = String::new();
        let mut chars = self.text[from + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            let at = from + 1 + at;
            match c {
                '"' => {
                    self.at = at + 1;
                    return Ok(leaf(Kind::Text(text), from..self.at));
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    other => {
                        let end = at + 1 + other.map_or(0, |(_, c)| c.len_utf8());
                        let message = "only `\\\"` and `\\\\` can be escaped in a string";
                        let error = ExpressionError::syntax(at..end, message);
                        return Err(ExpressionError { code: codes::EXPRESSION_VALUE, ..error }
                            .help("write `\\\\` for a backslash"));
                    }
                },
                other => text.push(other),
            }
        }
        let message = "unclosed string";
        Err(ExpressionError::syntax(from..self.text.len(), message).help("add a `\"`"))
    }

    fn integer(&mut self) -> Parsed {
        let from = self.at;
        let sign = usize::from(self.rest().starts_with('-'));
        let digits = self.rest()[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(rewrite::unexpected(self.text, from));
        }
        self.at += sign + digits;
        if self.rest().starts_with(is_name) {
            self.at += self.rest().find(|c: char| !is_name(c)).unwrap_or(self.rest().len());
            let found = &self.text[from..self.at];
            let message = format!("`{found}` is neither an integer nor a name");
            let is_alone = found.len() == self.text.len();
            let help = if is_alone { rewrite::as_branch(found) } else { rewrite::in_quotes(found) };
            return Err(ExpressionError::syntax(from..self.at, message).help(help));
        }
        let number = &self.text[from..self.at];
        let value = number.parse().map_err(|_| {
            let message = format!("`{number}` does not fit in a 64-bit integer");
            ExpressionError::syntax(from..self.at, message)
        })?;
        Ok(leaf(Kind::Int(value), from..self.at))
    }

    fn name(&mut self) -> Parsed {
        let from = self.at;
        let rest = self.rest();
        let name = &rest[..rest.find(|c: char| !is_name(c)).unwrap_or(rest.len())];
        let span = from..from + name.len();
        if name.ends_with('.') || name.contains("..") {
            let message = format!("`{name}` has an extra dot");
            return Err(ExpressionError::syntax(span, message));
        }
        self.at = span.end;
        Ok(leaf(
            match name {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "and" | "or" | "not" | "matches" | "starts-with" => {
                    let message = format!("expected a value, found `{name}`");
                    return Err(ExpressionError::syntax(span, message));
                }
                _ => Kind::Variable(name.to_owned()),
            },
            span,
        ))
    }

    fn regex(&mut self) -> Result<Option<Expr>, ExpressionError> {
        self.skip_spaces();
        let from = self.at;
        if !self.rest().starts_with('/') {
            return Ok(None);
        }
        let mut escaped = false;
        for (at, c) in self.text[from + 1..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '/' => {
                    let pattern = self.text[from + 1..from + 1 + at].to_owned();
                    self.at = from + at + 2;
                    self.no_flags(from)?;
                    return Ok(Some(leaf(Kind::Regex(pattern), from..self.at)));
                }
                _ => {}
            }
        }
        let message = "unclosed regular expression";
        Err(ExpressionError::syntax(from..self.text.len(), message).help("add a `/`"))
    }

    /// Refuses flags after a regular expression.
    fn no_flags(&self, from: usize) -> Result<(), ExpressionError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let span = from..self.at + end;
        let written = self.text.get(span.clone()).unwrap_or("");
        let Some(pattern) = slashes::flagged(written) else { return Ok(()) };
        let message = "a regular expression cannot have flags after it";
        let help = format!("write the pattern as `/{pattern}/`");
        Err(ExpressionError::syntax(span, message).help(help))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let found = self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_name));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.skip_spaces();
        // `===` and `<<` are not operators, however they begin.
        let found = self.rest().strip_prefix(symbol).is_some_and(|rest| {
            let doubled = symbol.len() == 1 && rest.starts_with(['<', '>']);
            !doubled && !rest.starts_with('=')
        });
        self.at += if found { symbol.len() } else { 0 };
        found
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn deeper(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH {
            let message = format!("an expression can be nested at most {DEPTH} levels deep");
            return Err(ExpressionError::syntax(self.at..self.at, message));
        }
        Ok(())
    }
}

fn leaf(kind: Kind, span: Range<usize>) -> Expr {
    Expr { kind, span, enclosed: false }
}

fn pair(left: Expr, right: Expr, kind: impl FnOnce(Box<Expr>, Box<Expr>) -> Kind) -> Expr {
    let span = left.span.start..right.span.end;
    leaf(kind(Box::new(left), Box::new(right)), span)
}

fn row(operands: Vec<Expr>, kind: impl FnOnce(Vec<Expr>) -> Kind) -> Expr {
    let start = operands.first().map_or(0, |first| first.span.start);
    let end = operands.last().map_or(0, |last| last.span.end);
    leaf(kind(operands), start..end)
}
