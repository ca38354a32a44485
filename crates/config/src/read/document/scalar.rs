//! Which unquoted words of a document mean something else than themselves to some reader.
//!
//! Writing has to be careful for two kinds of readers at once: whatever YAML 1.1 *or* 1.2 may take
//! for a number, a boolean, a date or nothing is quoted when it is meant as a string.

use crate::read::yaml::Style;
use crate::read::yaml::scalar::{Scalar, resolve};

/// Words that some reader takes for a boolean, for nothing, or for an instruction.
const WORDS: &[&str] =
    &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "<<", "\\<<", "="];

/// Returns the value of a number's text; `None` if it is not finite.
pub(super) fn float(text: &str) -> Option<f64> {
    match resolve(text, Style::Plain) {
        Scalar::Float(value) if value.is_finite() => Some(value),
        _ => None,
    }
}

/// Returns whether an unquoted text may mean something else than itself to some reader.
pub(super) fn is_special(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || !matches!(resolve(text, Style::Plain), Scalar::Text(_))
        || is_numeric(text)
        || is_date(text)
}

/// Wider than any definition of a number: digits, signs and points in almost any order.
pub(super) fn is_numeric(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    for (prefix, valid) in [("0x", "0123456789abcdef_"), ("0o", "01234567_"), ("0b", "01_")] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return rest.chars().all(|c| valid.contains(c));
        }
    }
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    mantissa.contains(|c: char| c.is_ascii_digit())
        && mantissa.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && mantissa.chars().all(|c| c.is_ascii_digit() || "._:,".contains(c))
        && mantissa.matches('.').count() <= 1
        && exponent.chars().all(|c| c.is_ascii_digit() || c == '_')
}

/// `2024-01-31`, with or without a time.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    year.len() == 4
        && all_digits(year)
        && month.len() <= 2
        && all_digits(month)
        && day.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_reader_takes_for_something_else_is_special() {
        for text in [
            "on",
            "Yes",
            "y",
            "N",
            "null",
            "~",
            "",
            "<<",
            "=",
            "1.20",
            "0755",
            "1:30",
            "1_000",
            "0x1F",
            "0o17",
            "0b1",
            "1e3",
            "1e+3",
            "12345e7",
            ".5",
            "5.",
            "-.inf",
            ".NaN",
            "+1",
            "2024-01-31",
            "2024-1-1T10:00:00Z",
            "190:20:30.15",
            "08",
            "1,000",
        ] {
            assert!(is_special(text), "{text:?}");
        }
        for text in [
            "1.2.3",
            "v1",
            "a",
            "one",
            "on-off",
            "1.20-alpine",
            "0xg",
            "e5",
            "-",
            "2024-x-1",
            "1 2",
        ] {
            assert!(!is_special(text), "{text:?}");
        }
    }
}
