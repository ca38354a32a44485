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

/// What an expression comes to, and what else its author should know.
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

/// Returns whether a string that is compared as it is was probably meant as an expression (W-11).
pub(crate) fn looks_like_one(text: &str) -> bool {
    let text = text.trim();
    let mentions = ["pipeline.", "parameters.", "matrix."].iter().any(|name| text.contains(name));
    let operates =
        [" == ", " != ", " matches ", " starts-with ", " and ", " or ", " =~ ", " >", " <"]
            .iter()
            .any(|operator| text.contains(operator));
    let sole_name = !text.contains(char::is_whitespace)
        && ["pipeline.", "parameters.", "matrix."].iter().any(|name| text.starts_with(name));
    let negated = ["not ", "!"].iter().any(|not| text.starts_with(not));
    sole_name || (mentions && (operates || negated))
}

#[cfg(test)]
mod tests;
