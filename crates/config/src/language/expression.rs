//! Expressions in tags and conditions: `pipeline.git.branch == "main" and 10 or 1` (CFG §6.2–§6.4).
//!
//! `and` and `or` give back one of their operands, and look at the right one only if they must.
//! What is wrong in an operand that was not needed is reported as a warning.

mod compute;
pub(crate) mod error;
mod parse;
mod rewrite;

use compute::Evaluator;
use error::{ExpressionError, Lookup};

use crate::language::{data::Data, profile::Profile};

/// The value of an expression, and what else its author should know.
#[derive(Debug)]
pub(crate) struct Assessment {
    pub(crate) result: Result<Data, ExpressionError>,
    pub(crate) warnings: Vec<ExpressionError>,
}

/// Evaluates an expression and looks for traps in it.
pub(crate) fn assess(text: &str, profile: Profile, lookup: &mut Lookup<'_>) -> Assessment {
    let parsed = match parse::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => return Assessment { result: Err(error), warnings: Vec::new() },
    };
    let mut evaluator = Evaluator::new(text, profile, Data::is_truthy, lookup);
    evaluator.warn_of_tight_not(&parsed);
    let result = evaluator.value(&parsed);
    Assessment { result, warnings: evaluator.warnings }
}

/// Evaluates an expression of the dialect in which only `false` is falsy (CFG §6.6).
pub(crate) fn restricted(text: &str, lookup: &mut Lookup<'_>) -> Result<Data, ExpressionError> {
    let parsed = parse::parse(text)?;
    let truthy = |data: &Data| !matches!(data, Data::Bool(false));
    Evaluator::new(text, Profile::Legacy, truthy, lookup).value(&parsed)
}

/// Says what is certainly wrong with an expression, whatever its variables are.
pub(crate) fn refused(text: &str, lookup: &mut Lookup<'_>) -> Vec<ExpressionError> {
    let parsed = match parse::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![error],
    };
    let mut evaluator = Evaluator::new(text, Profile::Legacy, Data::is_truthy, lookup);
    evaluator.warn_of_tight_not(&parsed);
    evaluator.look_at(&parsed);
    evaluator.warnings
}

/// Returns the text of an expression that is a string and nothing else.
pub(crate) fn sole_text(expression: &str) -> Option<String> {
    match parse::parse(expression).ok()?.kind {
        parse::Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// What an expression compares a value with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Constant {
    Text(String),
    Pattern(String),
}

/// Returns everything that an expression compares with; nothing if it cannot be read.
pub(crate) fn constants(expression: &str) -> Vec<Constant> {
    fn walk(kind: &parse::Kind, found: &mut Vec<Constant>) {
        use parse::Kind as K;
        match kind {
            K::Text(text) => found.push(Constant::Text(text.clone())),
            K::Regex(pattern) => found.push(Constant::Pattern(pattern.clone())),
            K::Int(_) | K::Bool(_) | K::Variable(_) => {}
            K::Matches(left, right) => {
                walk(&left.kind, found);
                match &right.kind {
                    K::Text(pattern) => found.push(Constant::Pattern(pattern.clone())),
                    other => walk(other, found),
                }
            }
            K::Not(one) => walk(&one.kind, found),
            K::Or(all) | K::And(all) => all.iter().for_each(|one| walk(&one.kind, found)),
            K::Equal { left, right, .. }
            | K::StartsWith(left, right)
            | K::Compare(left, _, right) => {
                walk(&left.kind, found);
                walk(&right.kind, found);
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(parsed) = parse::parse(expression) {
        walk(&parsed.kind, &mut found);
    }
    found
}

/// Writes what was meant as an expression as a tag: with pipeline values for the variables of a job, and
/// double quotes around what is compared; `None` if that does not make an expression, or if no pipeline
/// value is known for a variable.
pub(crate) fn as_tag(text: &str) -> Option<String> {
    let written = with_pipeline_values(text)?;
    let mut words: Vec<String> = Vec::new();
    for word in words_outside_quotes(&written) {
        let is_compared =
            words.last().is_some_and(|last| matches!(&**last, "==" | "!=" | "starts-with"));
        let is_bare = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-/".contains(c))
            && !matches!(word, "true" | "false")
            && word.parse::<i64>().is_err();
        words.push(match word {
            "=" => "==".to_owned(),
            "&&" => "and".to_owned(),
            "||" => "or".to_owned(),
            _ if is_compared && is_bare => format!("\"{word}\""),
            _ => word.to_owned(),
        });
    }
    let written = words.join(" ");
    let mentions =
        ["pipeline.", "parameters.", "matrix."].iter().any(|name| written.contains(name));
    (mentions && parse::parse(&written).is_ok()).then(|| format!("<< {written} >>"))
}

/// Replaces the variables of a job by pipeline values, quoted or not, and single quotes by double ones;
/// `None` if a variable has no such value, or is a part of a string.
fn with_pipeline_values(text: &str) -> Option<String> {
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '$']) {
        let (before, found) = rest.split_at(at);
        written.push_str(before);
        let (sign, after) = found.split_at(1);
        if let Some((name, after)) = leading_variable(found) {
            written.push_str(pipeline_value(name)?);
            rest = after;
        } else if let Some((string, after)) = after.split_once(sign).filter(|_| sign != "$") {
            match leading_variable(string) {
                Some((name, "")) => written.push_str(pipeline_value(name)?),
                _ if string
                    .match_indices('$')
                    .any(|(at, _)| leading_variable(&string[at..]).is_some()) =>
                {
                    return None;
                }
                _ if string.contains('"') => written.extend([sign, string, sign]),
                _ => written.extend(["\"", string, "\""]),
            }
            rest = after;
        } else {
            written.push_str(sign);
            rest = after;
        }
    }
    written.push_str(rest);
    Some(written)
}

/// Returns the name of the variable of a shell that a text begins with, and what is after it: `$NAME` or
/// `${NAME}`.
fn leading_variable(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('$')?;
    if let Some(braced) = rest.strip_prefix('{') {
        return braced.split_once('}');
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    (end > 0).then(|| rest.split_at(end))
}

fn pipeline_value(variable: &str) -> Option<&'static str> {
    JOB_VARIABLES.iter().find(|(name, _)| *name == variable).map(|&(_, value)| value)
}

/// Splits a text at spaces that are not within quotes.
fn words_outside_quotes(text: &str) -> impl Iterator<Item = &str> {
    let mut open = None;
    let words = text.split(move |c: char| {
        match open {
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'') => open = Some(c),
            _ => {}
        }
        open.is_none() && c.is_whitespace()
    });
    words.filter(|word| !word.is_empty())
}

/// The help for a condition of which no expression can be made.
pub(crate) const NOT_AN_EXPRESSION: &str =
    "compare a pipeline value inside `<< … >>`: `<< pipeline.git.branch == \"main\" >>`";

/// Variables of a job whose values a pipeline has, too.
const JOB_VARIABLES: &[(&str, &str)] = &[
    ("CIRCLE_BRANCH", "pipeline.git.branch"),
    ("CIRCLE_TAG", "pipeline.git.tag"),
    ("CIRCLE_SHA1", "pipeline.git.revision"),
];

/// Returns whether a string that is compared as it is was probably meant as an expression (W-11).
pub(crate) fn looks_like_one(text: &str) -> bool {
    let text = text.trim();
    let mentions =
        ["pipeline.", "parameters.", "matrix.", "$"].iter().any(|name| text.contains(name));
    let operates =
        [" == ", " != ", " = ", " matches ", " starts-with ", " and ", " or ", " =~ ", " >", " <"]
            .iter()
            .any(|operator| text.contains(operator));
    let sole_name = !text.contains(char::is_whitespace)
        && ["pipeline.", "parameters.", "matrix."].iter().any(|name| text.starts_with(name));
    let negated = ["not ", "!"].iter().any(|not| text.starts_with(not));
    sole_name || (mentions && (operates || negated))
}

#[cfg(test)]
mod tests;
