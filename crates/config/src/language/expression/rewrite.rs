//! What people write who know other languages, and how it is written here (CFG §6.2, D-25).

use super::error::ExpressionError;

/// Longest part of the source that a message repeats, in characters.
const SHOWN: usize = 40;

/// Describes a value at a place that does not allow it.
pub(super) fn unexpected(text: &str, at: usize) -> ExpressionError {
    let rest = text.get(at..).unwrap_or("");
    let found = token(rest);
    let span = at..at + found.len();
    if found.is_empty() {
        let message = "unexpected end of expression";
        return ExpressionError::syntax(span, message).help("add the missing value at the end");
    }
    let before = text.get(..at).unwrap_or("");
    let shown: String = found.chars().take(SHOWN).collect();
    ExpressionError::syntax(span, format!("unexpected `{shown}`")).help(help(
        found,
        operand_before(before),
        rest.get(found.len()..).unwrap_or(""),
    ))
}

/// Says how a string is written.
pub(super) fn in_quotes(text: &str) -> String {
    format!("put strings in double quotes: `\"{text}\"`")
}

/// Says what a string that is the whole condition may be meant as: it would always hold.
pub(super) fn as_branch(text: &str) -> String {
    format!("to compare the branch, write `pipeline.git.branch == \"{text}\"`")
}

/// The run of characters that belong together: a name, signs, or one character.
fn token(rest: &str) -> &str {
    let Some(first) = rest.chars().next() else { return "" };
    let end = if is_name(first) {
        rest.find(|c: char| !is_name(c))
    } else if "=~!&|<>?:+*%$".contains(first) {
        rest.find(|c: char| !"=~!&|<>?:+*%$".contains(c))
    } else if first == '\'' || first == '/' {
        rest[1..].find(first).map(|end| end + 2)
    } else {
        Some(first.len_utf8())
    };
    &rest[..end.unwrap_or(rest.len())]
}

fn help(found: &str, left: &str, after: &str) -> String {
    let right = operand_after(after);
    let text = right.trim_matches(['"', '\'']);
    match found {
        "=~" | "~=" => {
            let pattern = if right.starts_with('/') { right } else { "/…/" };
            format!("write `{left} matches {pattern}`")
        }
        "=" | "===" | "equals" | "is" | "eq" => format!("write `{left} == {right}`"),
        "!==" | "<>" | "ne" | "!~" if found != "!~" => format!("write `{left} != {right}`"),
        "!~" => format!("write `not ({left} matches {right})`"),
        "&&" | "&" | "AND" | "And" => "write `and`".to_owned(),
        "||" | "|" | "OR" | "Or" => "write `or`".to_owned(),
        _ if matches!(left, "NOT" | "Not") => format!("write `not` in place of `{left}`"),
        "in" => format!("write `{left} == \"x\" or {left} == \"y\"`, or `{left} matches /x|y/`"),
        "contains" | "includes" => format!("write `{left} matches /.*{text}.*/`"),
        "ends-with" | "endsWith" | "ends_with" => format!("write `{left} matches /.*{text}/`"),
        "startsWith" | "starts_with" | "startswith" | "begins-with" => {
            format!("write `{left} starts-with {right}`")
        }
        "match" | "matches-regex" => format!("write `{left} matches /…/`"),
        _ if found.starts_with('?') => {
            "`a ? b : c` is not supported; write `a and b or c`".to_owned()
        }
        _ if found.starts_with("<<") || found.starts_with(">>") => {
            "write the expression without `<< >>`".to_owned()
        }
        _ if found.starts_with('\'') => {
            let text = found.trim_matches('\'');
            // Nothing in front of it, and nothing after it.
            let is_alone = left == "a" && after.trim().is_empty();
            if is_alone { as_branch(text) } else { in_quotes(text) }
        }
        _ if found.starts_with('$') => {
            "environment variables are not available at compile time; use `pipeline.…` or \
             `parameters.…`"
                .to_owned()
        }
        _ if found.starts_with('/') => "`/…/` is only allowed after `matches`".to_owned(),
        "[" => "lists are not supported; write `a == \"x\" or a == \"y\"`".to_owned(),
        "(" => "functions are not supported".to_owned(),
        ")" => "remove this unmatched `)`".to_owned(),
        "\"" => "join two values with `and`, `or`, `==`, …".to_owned(),
        _ if found.starts_with(['+', '*', '%']) => "arithmetic is not supported".to_owned(),
        _ => "operators: and, or, not, ==, !=, <, <=, >, >=, starts-with, matches".to_owned(),
    }
}

/// The last operand before the mistake.
fn operand_before(before: &str) -> &str {
    let last = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or("");
    let operand = last.trim_start_matches(['(', '!']);
    if operand.is_empty() || operand.len() > 80 { "a" } else { operand }
}

/// The first operand after the mistake.
fn operand_after(after: &str) -> &str {
    let after = after.trim_start();
    let end = after.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(after.len());
    let operand = &after[..end];
    if operand.is_empty() || operand.len() > 80 { "b" } else { operand }
}

pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}
