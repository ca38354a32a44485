//! Which variables a project may have: their names, their values, and how many. What is refused here says
//! why in sentences for the page that asked.
//!
//! Deliberately absent: built-in variables, which the plan of a job gets (`trigger::values`).

use std::fmt;

use roundel_model::{limits, name::is_variable_name};

/// Characters of a wrong name that are repeated: what is typed by mistake may be a secret of any length.
const REPEATED_CHARS: usize = 40;

/// Names that users set themselves at the hosted service: its programs read them.
const CLIENT_VARIABLES: [&str; 7] = [
    "CIRCLE_TOKEN",
    "CIRCLE_API_TOKEN",
    "CIRCLE_CLI_TOKEN",
    "CIRCLE_HOST",
    "CIRCLE_URL",
    "CIRCLE_API_URL",
    "CIRCLE_RUNNER_HOST",
];

/// Why a variable cannot have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidName {
    /// It has more characters than [`limits::VARIABLE_NAME_CHARS`]. It is not repeated.
    TooLong,
    /// No shell can read it.
    Unreadable(String),
    /// A job has, or may get, a built-in variable of this name: another value would hide what scripts
    /// rely on.
    BuiltIn(String),
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(name) => write!(
                f,
                "`{name}` is not a valid name: use letters, digits and `_`; a name must not start with a \
                 digit."
            ),
            Self::TooLong => write!(
                f,
                "The name is longer than {} characters. Choose a shorter one.",
                limits::VARIABLE_NAME_CHARS
            ),
            Self::BuiltIn(name) => write!(
                f,
                "`{name}` is a built-in variable of every job, or may become one. Choose a name that \
                 is not `CI` and does not begin with `CIRCLE_`."
            ),
        }
    }
}

/// Accepts a name that a variable of a project may have.
///
/// # Errors
///
/// [`InvalidName`].
pub(crate) fn check_name(name: &str) -> Result<(), InvalidName> {
    if name.chars().count() > limits::VARIABLE_NAME_CHARS {
        return Err(InvalidName::TooLong);
    }
    if !is_variable_name(name) {
        let repeated: String = name.chars().take(REPEATED_CHARS).collect();
        return Err(InvalidName::Unreadable(repeated.replace('`', "'")));
    }
    if is_built_in(name) {
        return Err(InvalidName::BuiltIn(name.to_owned()));
    }
    Ok(())
}

fn is_built_in(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let built_in = name == "CI" || name == "CIRCLECI" || name.starts_with("CIRCLE_");
    built_in && !CLIENT_VARIABLES.contains(&name.as_str())
}

/// Names that every environment has a value for, which programs need: a project's own value replaces it.
const OF_ENVIRONMENT: [&str; 5] = ["HOME", "PATH", "SHELL", "TERM", "USER"];

/// Returns whether a variable replaces one that every environment has. That is allowed, and seldom meant.
pub(crate) fn replaces_environment(name: &str) -> bool {
    OF_ENVIRONMENT.contains(&name)
}

/// A project has as many variables as it may have: [`limits::VARIABLES_PER_PROJECT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyVariables;

impl fmt::Display for TooManyVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A project can have at most {} variables.", limits::VARIABLES_PER_PROJECT)
    }
}

/// A variable cannot have this value. It is never repeated: it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidValue;

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The value must not be empty, contain a NUL byte, or be longer than {} bytes. \
             Enter it again.",
            limits::VARIABLE_VALUE_BYTES
        )
    }
}

/// Accepts a value that a variable may have.
///
/// # Errors
///
/// [`InvalidValue`].
pub(crate) fn check_value(value: &str) -> Result<(), InvalidValue> {
    let is_wrong =
        value.is_empty() || value.len() > limits::VARIABLE_VALUE_BYTES || value.contains('\0');
    if is_wrong { Err(InvalidValue) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_variables_are_reserved_and_those_of_clients_are_not() {
        for name in ["CI", "CIRCLECI", "CIRCLE_BRANCH", "circle_sha1"] {
            assert_eq!(check_name(name), Err(InvalidName::BuiltIn(name.to_owned())));
        }
        for name in ["CIRCLE_TOKEN", "CIRCLECI_TOKEN", "CI_KEY"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    /// It may be the value, in the wrong field.
    #[test]
    fn little_of_a_wrong_name_is_repeated() {
        let Err(InvalidName::Unreadable(repeated)) = check_name(&"`ä".repeat(99)) else {
            panic!("it is refused");
        };
        assert_eq!(repeated, "'ä".repeat(REPEATED_CHARS / 2));
    }

    #[test]
    fn a_value_is_neither_empty_nor_endless() {
        let most = "x".repeat(limits::VARIABLE_VALUE_BYTES);
        assert_eq!(check_value(&most), Ok(()));
        for value in ["", "a\0b", &format!("{most}x")] {
            assert_eq!(check_value(value), Err(InvalidValue));
        }
    }
}
