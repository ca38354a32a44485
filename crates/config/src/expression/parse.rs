//! Reads expressions; weakest operator first (CFG §6.2).

use super::ExpressionError;

/// Longest expression, in bytes.
const LENGTH: usize = 8_000;

/// Levels of parentheses and negations, and operators in a row.
const DEPTH: usize = 100;

/// A literal.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Text(String),
    Int(i64),
    Bool(bool),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    AtLeast,
    More,
    AtMost,
    Less,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Operand),
    Variable(String),
    Regex(String),
    Not(Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Equal { left: Box<Expr>, right: Box<Expr>, negated: bool },
    StartsWith(Box<Expr>, Box<Expr>),
    Matches(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Comparison, Box<Expr>),
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.len() > LENGTH {
        let message = format!("an expression has at most {LENGTH} bytes");
        return Err(ExpressionError::syntax(message, None));
    }
    let mut parser = Parser { rest: text, depth: 0 };
    let expr = parser.or()?;
    parser.skip_blanks();
    if parser.rest.is_empty() { Ok(expr) } else { Err(parser.unexpected()) }
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

type Parsed = Result<Expr, ExpressionError>;

impl Parser<'_> {
    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.word("or") {
            self.deeper()?;
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.equality()?;
        while self.word("and") {
            self.deeper()?;
            left = Expr::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn equality(&mut self) -> Parsed {
        let mut left = self.on_texts()?;
        loop {
            let negated = if self.symbol("==") {
                false
            } else if self.symbol("!=") {
                true
            } else {
                return Ok(left);
            };
            self.deeper()?;
            let right = Box::new(self.on_texts()?);
            left = Expr::Equal { left: Box::new(left), right, negated };
        }
    }

    fn on_texts(&mut self) -> Parsed {
        let mut left = self.comparison()?;
        loop {
            if self.word("starts-with") {
                self.deeper()?;
                left = Expr::StartsWith(Box::new(left), Box::new(self.comparison()?));
            } else if self.word("matches") {
                self.deeper()?;
                self.skip_blanks();
                let right = match self.regex()? {
                    Some(pattern) => Expr::Regex(pattern),
                    None => self.comparison()?,
                };
                left = Expr::Matches(Box::new(left), Box::new(right));
            } else {
                return Ok(left);
            }
        }
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.unary()?;
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
                return Ok(left);
            };
            self.deeper()?;
            left = Expr::Compare(Box::new(left), comparison, Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed {
        self.skip_blanks();
        let is_not = self.word("not");
        if is_not || (self.rest.starts_with('!') && !self.rest.starts_with("!=")) {
            if !is_not {
                self.rest = &self.rest[1..];
            }
            self.deeper()?;
            return Ok(Expr::Not(Box::new(self.unary()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Parsed {
        self.skip_blanks();
        match self.rest.chars().next() {
            Some('(') => {
                self.deeper()?;
                self.rest = &self.rest[1..];
                let inner = self.or()?;
                self.skip_blanks();
                if !self.rest.starts_with(')') {
                    return Err(ExpressionError::syntax("a `)` is missing".to_owned(), None));
                }
                self.rest = &self.rest[1..];
                Ok(inner)
            }
            Some('"') => self.string(),
            Some(c) if c.is_ascii_digit() || c == '-' => self.integer(),
            Some(c) if c.is_ascii_alphabetic() => self.name(),
            _ => Err(self.unexpected()),
        }
    }

    fn string(&mut self) -> Parsed {
        let mut text = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Ok(Expr::Literal(Operand::Text(text)));
                }
                '\\' => {
                    if let Some((_, escaped @ ('"' | '\\'))) = chars.next() {
                        text.push(escaped);
                    } else {
                        let message =
                            "only `\\\"` and `\\\\` can be escaped in a string".to_owned();
                        return Err(ExpressionError::syntax(message, None));
                    }
                }
                other => text.push(other),
            }
        }
        Err(ExpressionError::syntax("a string is not closed".to_owned(), None))
    }

    fn integer(&mut self) -> Parsed {
        let sign = usize::from(self.rest.starts_with('-'));
        let digits = self.rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(sign + digits);
        let value = number.parse().map_err(|_| {
            ExpressionError::syntax(format!("`{number}` is no whole number of 64 bits"), None)
        })?;
        self.rest = rest;
        Ok(Expr::Literal(Operand::Int(value)))
    }

    fn name(&mut self) -> Parsed {
        let end = self.rest.find(|c: char| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.ends_with('.') || name.contains("..") {
            let message = format!("`{name}` has a dot too many");
            return Err(ExpressionError::syntax(message, None));
        }
        self.rest = rest;
        Ok(match name {
            "true" => Expr::Literal(Operand::Bool(true)),
            "false" => Expr::Literal(Operand::Bool(false)),
            "and" | "or" | "not" | "matches" | "starts-with" => {
                let message = format!("`{name}` stands where a value is expected");
                return Err(ExpressionError::syntax(message, None));
            }
            _ => Expr::Variable(name.to_owned()),
        })
    }

    fn regex(&mut self) -> Result<Option<String>, ExpressionError> {
        let Some(body) = self.rest.strip_prefix('/') else { return Ok(None) };
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '/' => {
                    self.rest = &body[at + 1..];
                    return Ok(Some(body[..at].to_owned()));
                }
                _ => {}
            }
        }
        Err(ExpressionError::syntax("a regular expression is not closed".to_owned(), None))
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        let ends = !rest.starts_with(is_name);
        if ends {
            self.rest = rest;
        }
        ends
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn deeper(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH {
            let message = format!("an expression has at most {DEPTH} operators");
            return Err(ExpressionError::syntax(message, None));
        }
        Ok(())
    }

    fn unexpected(&self) -> ExpressionError {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let found = &self.rest[..end];
        let help = match found {
            "" => return ExpressionError::syntax("the expression ends too early".to_owned(), None),
            "=~" => "write `matches /…/`",
            "=" => "write `==`",
            "&&" => "write `and`",
            "||" => "write `or`",
            "in" | "contains" => "write `a == \"x\" or a == \"y\"`, or `a matches /x|y/`",
            _ if found.starts_with('\'') => "strings are written with double quotes",
            _ => "operators: and, or, not, ==, !=, <, <=, >, >=, starts-with, matches",
        };
        ExpressionError::syntax(format!("unexpected `{found}`"), Some(help))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}
