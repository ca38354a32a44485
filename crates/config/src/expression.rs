//! Expressions in tags and conditions: `pipeline.git.branch == "main" and 10 or 1` (CFG §6.2–§6.4).
//!
//! `and` and `or` give back one of their operands, and look at the right one only if they must.

mod parse;

use std::rc::Rc;

use crate::{
    codes::{self, Code},
    pattern::Pattern,
    value::Data,
};

use parse::{Comparison, Expr, Operand};

/// Why a variable has no value: code, sentence, help.
pub(crate) type Refusal = (Code, String, Option<String>);

/// What is wrong with an expression.
#[derive(Clone, Debug)]
pub(crate) struct ExpressionError {
    pub(crate) code: Code,
    /// It cannot be read, as opposed to: it can be read but not computed.
    pub(crate) is_syntax: bool,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl ExpressionError {
    fn syntax(message: String, help: Option<&str>) -> Self {
        let help = help.map(str::to_owned);
        Self { code: codes::EXPRESSION_SYNTAX, is_syntax: true, message, help }
    }

    fn value(message: String) -> Self {
        Self { code: codes::EXPRESSION_VALUE, is_syntax: false, message, help: None }
    }
}

/// Finds the value of a variable.
type Lookup<'l> = dyn FnMut(&str) -> Result<Data, Refusal> + 'l;

/// Evaluates an expression.
pub(crate) fn evaluate(text: &str, lookup: &mut Lookup<'_>) -> Result<Data, ExpressionError> {
    let parsed = parse::parse(text)?;
    value(&parsed, lookup)
}

fn value(expr: &Expr, lookup: &mut Lookup<'_>) -> Result<Data, ExpressionError> {
    Ok(match expr {
        Expr::Literal(Operand::Text(text)) => Data::text(text),
        Expr::Literal(Operand::Int(value)) => Data::Int(*value),
        Expr::Literal(Operand::Bool(value)) => Data::Bool(*value),
        Expr::Variable(name) => lookup(name).map_err(|(code, message, help)| ExpressionError {
            // A bare word is no template mistake here: it is a variable that does not exist.
            code: if code == codes::BAD_TEMPLATE { codes::EXPRESSION_VALUE } else { code },
            is_syntax: false,
            message: if code == codes::BAD_TEMPLATE {
                format!("referred to a variable `{name}` that does not exist")
            } else {
                message
            },
            help,
        })?,
        Expr::Not(inner) => Data::Bool(!value(inner, lookup)?.is_truthy()),
        Expr::Or(left, right) => {
            let left = value(left, lookup)?;
            if left.is_truthy() { left } else { value(right, lookup)? }
        }
        Expr::And(left, right) => {
            let left = value(left, lookup)?;
            if left.is_truthy() { value(right, lookup)? } else { left }
        }
        Expr::Equal { left, right, negated } => {
            let same = value(left, lookup)?.equals(&value(right, lookup)?);
            Data::Bool(same != *negated)
        }
        Expr::StartsWith(left, right) => {
            let left = text(value(left, lookup)?, "starts-with")?;
            let right = text(value(right, lookup)?, "starts-with")?;
            Data::Bool(left.starts_with(&*right))
        }
        Expr::Matches(left, right) => {
            let left = text(value(left, lookup)?, "matches")?;
            let pattern = match &**right {
                Expr::Regex(pattern) => Rc::from(pattern.as_str()),
                other => text(value(other, lookup)?, "matches")?,
            };
            let found = Pattern::new(&pattern).and_then(|pattern| pattern.matches(&left));
            Data::Bool(found.map_err(|message| {
                ExpressionError::value(format!("invalid regular expression `{pattern}`: {message}"))
            })?)
        }
        Expr::Compare(left, comparison, right) => {
            let left = number(&value(left, lookup)?)?;
            let right = number(&value(right, lookup)?)?;
            Data::Bool(match comparison {
                Comparison::AtLeast => left >= right,
                Comparison::More => left > right,
                Comparison::AtMost => left <= right,
                Comparison::Less => left < right,
            })
        }
        Expr::Regex(_) => {
            let message = "a regular expression stands on the right of `matches` only".to_owned();
            return Err(ExpressionError::value(message));
        }
    })
}

/// An absent pipeline value is an empty text for the operators on texts (CFG §6.3).
fn text(data: Data, operator: &str) -> Result<Rc<str>, ExpressionError> {
    match data {
        Data::Text(text) => Ok(text),
        Data::Null => Ok(Rc::from("")),
        other => {
            let name = other.type_name();
            Err(ExpressionError::value(format!("`{operator}` compares texts, not a {name}")))
        }
    }
}

fn number(data: &Data) -> Result<f64, ExpressionError> {
    match data {
        // Integers beyond 2^53 lose digits in a comparison; nobody writes them.
        Data::Int(value) => value.to_string().parse().map_err(|_| not_a_number(data)),
        Data::Float(value, _) => Ok(*value),
        _ => Err(not_a_number(data)),
    }
}

fn not_a_number(data: &Data) -> ExpressionError {
    ExpressionError::value(format!(
        "only numbers can be compared by size, not a {}",
        data.type_name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Result<Data, Refusal> {
        Ok(match name {
            "pipeline.git.branch" => Data::text("feature/a"),
            "pipeline.git.tag" => Data::Null,
            "pipeline.parameters.deploy" => Data::Bool(false),
            "pipeline.number" => Data::Int(7),
            "pipeline.event.name" => Data::text("push"),
            _ => return Err((codes::UNKNOWN_PIPELINE_VALUE, format!("no `{name}`"), None)),
        })
    }

    fn result(text: &str) -> Result<Data, ExpressionError> {
        evaluate(text, &mut lookup)
    }

    /// The examples of CFG §11.9.
    #[test]
    fn the_worked_examples_come_out_as_documented() {
        for (text, expected) in [
            (r#"pipeline.git.branch starts-with "feature/""#, true),
            (r"pipeline.git.branch matches /feature\/.*/", true),
            ("pipeline.git.branch matches /feature/", false),
            (r#"pipeline.git.tag starts-with "v""#, false),
            (r#"not pipeline.git.branch == "main""#, false),
            (r#"not (pipeline.git.branch == "main")"#, true),
            (r#"pipeline.parameters.deploy == "false""#, false),
            ("pipeline.number >= 1 and pipeline.parameters.deploy", false),
            (
                r#"pipeline.event.name == "pull_request" and pipeline.event.github.pull_request.draft"#,
                false,
            ),
            ("1 < 2 and -1 <= -1", true),
            ("!false", true),
            (r#""a\"b" == "a\"b""#, true),
        ] {
            let data = result(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert!(matches!(data, Data::Bool(value) if value == expected), "{text}: {data:?}");
        }
        assert!(
            matches!(result("pipeline.git.branch or pipeline.git.tag"), Ok(Data::Text(t)) if &*t == "feature/a")
        );
        assert!(matches!(result(r#"pipeline.git.branch == "x" and 10 or 1"#), Ok(Data::Int(1))));
    }

    #[test]
    fn what_cannot_be_read_or_computed_is_told_apart() {
        for text in [
            "pipeline.git.branch =~ /x/",
            "a ==",
            "(a",
            "a b",
            r#""x"#,
            "a in b",
            "a.",
            "a..b",
            "'x'",
            "",
        ] {
            assert!(result(text).unwrap_err().is_syntax, "{text}");
        }
        for text in
            ["pipeline.nope == 1", "always", "1 starts-with 2", r#""a" > 1"#, r#""a" matches /(/"#]
        {
            assert!(!result(text).unwrap_err().is_syntax, "{text}");
        }
    }

    #[test]
    fn an_endless_expression_ends() {
        assert!(result(&"(".repeat(100_000)).unwrap_err().is_syntax);
        assert!(result(&"not ".repeat(100_000)).unwrap_err().is_syntax);
        assert!(result(&format!("1{}", " or 1".repeat(100_000))).unwrap_err().is_syntax);
    }
}
