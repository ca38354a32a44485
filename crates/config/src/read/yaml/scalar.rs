//! What an unquoted scalar means, by the rules of YAML 1.1 (CFG §1.3).
//!
//! The hosted service reads YAML 1.1: `on` is a boolean, `0755` is 493, `1:30` is 90. Timestamps
//! stay text. The raw text is kept by the tree, so that a message can quote it.

use super::Style;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'d> {
    Null,
    Bool(bool),
    Int(i64),
    /// Also holds integers beyond 64 bits.
    Float(f64),
    Text(&'d str),
}

/// Resolves a scalar.
pub(crate) fn resolve(text: &str, style: Style) -> Scalar<'_> {
    if style == Style::Text {
        return Scalar::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        _ => {}
    }
    let starts_like_a_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if !starts_like_a_number || !text.contains(|c: char| c.is_ascii_digit()) {
        return Scalar::Text(text);
    }
    number(text).unwrap_or(Scalar::Text(text))
}

fn number(text: &str) -> Option<Scalar<'static>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    if digits.contains(':') {
        return sexagesimal(sign, digits);
    }
    whole(sign, digits).or_else(|| float(sign, digits))
}

/// Integers: decimal, `0b…`, `0x…`, and octal with a leading zero.
fn whole(sign: &str, digits: &str) -> Option<Scalar<'static>> {
    let based = |digits: &str, radix| {
        let plain = without_underscores(digits);
        let fits = plain.chars().all(|c| c.is_digit(radix)) && !plain.is_empty();
        let value = fits.then(|| u128::from_str_radix(&plain, radix).ok()).flatten()?;
        integer(sign, &value.to_string())
    };
    if let Some(binary) = digits.strip_prefix("0b") {
        return based(binary, 2);
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return based(hex, 16);
    }
    match digits.strip_prefix('0') {
        Some("") => integer(sign, digits),
        // `08` is neither an octal number nor a decimal one.
        Some(octal) => based(octal, 8),
        None if digits.starts_with(|c: char| c.is_ascii_digit()) && is_digits(digits) => {
            integer(sign, &without_underscores(digits))
        }
        None => None,
    }
}

/// Digits as an integer, or as a float where they need more than 64 bits.
fn integer(sign: &str, digits: &str) -> Option<Scalar<'static>> {
    let text = format!("{sign}{digits}");
    text.parse().map(Scalar::Int).ok().or_else(|| text.parse().map(Scalar::Float).ok())
}

/// Numbers to the base of 60: `1:30` is 90, `1:30.5` is 90.5.
fn sexagesimal(sign: &str, digits: &str) -> Option<Scalar<'static>> {
    let (digits, fraction) = match digits.split_once('.') {
        Some((digits, fraction)) => (digits, Some(fraction)),
        None => (digits, None),
    };
    let mut total: i64 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let value = if index == 0 {
            // An integer has no leading zero here; a fraction may.
            let well_begun = part.starts_with(|c: char| c.is_ascii_digit());
            if !well_begun || !is_digits(part) || (part.starts_with('0') && fraction.is_none()) {
                return None;
            }
            without_underscores(part).parse::<i64>().ok()?
        } else {
            let well_formed =
                matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
            part.parse::<i64>().ok().filter(|&value| well_formed && value < 60)?
        };
        total = total.checked_mul(60)?.checked_add(value)?;
    }
    let Some(fraction) = fraction else { return integer(sign, &total.to_string()) };
    if !is_digits(fraction) {
        return None;
    }
    format!("{sign}{total}.{}", without_underscores(fraction)).parse().ok().map(Scalar::Float)
}

/// Decimal fractions and exponents, with at least one digit before the exponent.
fn float(sign: &str, digits: &str) -> Option<Scalar<'static>> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, Some(digits.get(at + 1..)?)),
        None => (digits, None),
    };
    let (front, back) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_point = mantissa.contains('.');
    let well_begun = front.starts_with(|c: char| c.is_ascii_digit())
        || (front.is_empty() && has_point && back.contains(|c: char| c.is_ascii_digit()));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let is_fraction = has_point || exponent.is_some();
    if !well_begun || !is_fraction || !is_digits(front) || !is_digits(back) || !exponent_fits {
        return None;
    }
    format!("{sign}{}", without_underscores(digits)).parse().ok().map(Scalar::Float)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

fn without_underscores(text: &str) -> String {
    text.chars().filter(|&c| c != '_').collect()
}

/// What an unquoted scalar loses where a string is expected (W-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextChange {
    /// What YAML makes of it, as a string.
    pub(crate) becomes: String,
    /// Why: "YAML reads it as a number to the base of 8".
    pub(crate) reason: &'static str,
}

/// Returns what is lost when an unquoted scalar is used as a string: `1.20` becomes `1.2`, `0755`
/// becomes `493`, `yes` becomes `true`. `None` if its text is kept.
pub(crate) fn lost(text: &str) -> Option<TextChange> {
    let digits = text.trim_start_matches(['-', '+']);
    let (becomes, reason) = match resolve(text, Style::Plain) {
        Scalar::Text(_) => return None,
        Scalar::Null if text.is_empty() => return None,
        Scalar::Null => (String::new(), "YAML reads it as null"),
        Scalar::Bool(value) => (value.to_string(), "YAML reads it as a boolean"),
        Scalar::Int(value) => {
            let reason = if text.contains(':') {
                "YAML reads it as a base-60 number"
            } else if digits.starts_with("0x") || digits.starts_with("0b") {
                "YAML reads it as a hexadecimal or binary number"
            } else if digits.len() > 1 && digits.starts_with('0') {
                "YAML reads it as an octal number"
            } else {
                "YAML reads it as a number"
            };
            (value.to_string(), reason)
        }
        Scalar::Float(value) => {
            let reason = if text.contains(':') {
                "YAML reads it as a base-60 number"
            } else if digits.contains(['e', 'E']) {
                "YAML reads it as a number with an exponent"
            } else {
                "YAML reads it as a number"
            };
            // Integers beyond 64 bits keep their digits.
            if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            (decimal(value), reason)
        }
    };
    (becomes != text).then_some(TextChange { becomes, reason })
}

/// The shortest text that reads back the same, and is a fraction.
pub(crate) fn decimal(value: f64) -> String {
    let text = value.to_string();
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole { format!("{text}.0") } else { text }
}

/// What YAML 1.1 may contain.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{85}' | '\u{feff}' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Returns whether a string can be within braces as it is.
pub(crate) fn is_simple(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '{', '}', '[', ']', ',', '#', ':', '"', '\''])
}

/// Returns whether a value, as it is written, is the same string within braces.
pub(crate) fn is_string_in_braces(written: &str) -> bool {
    let is_quoted = written.starts_with(['"', '\'']) && !written.contains('\n');
    let is_plain = is_simple(written)
        && !written.starts_with(['*', '&', '!', '%', '@', '`', '|', '>', '-', '?'])
        && matches!(resolve(written, Style::Plain), Scalar::Text(_));
    is_quoted || is_plain
}

#[cfg(test)]
mod tests {
    use super::{Scalar::*, *};

    /// What `SnakeYAML` 1.33, the parser of the hosted service, made of each. It reads exponents
    /// without a dot or sign as floats, and `-.5`, which other parsers of YAML 1.1 do not.
    #[test]
    fn cfg_008_every_scalar_is_what_snake_yaml_makes_of_it() {
        let (mut count, mut wrong) = (0, Vec::new());
        for line in include_str!("scalar/snake.tsv").lines() {
            let (text, expected) = line.split_once('\t').unwrap();
            let ours = resolve(text, Style::Plain);
            let (kind, value) = expected.split_once(' ').unwrap_or((expected, ""));
            let same = match (kind, ours) {
                ("null", Null) => true,
                ("bool", Bool(ours)) => value.parse() == Ok(ours),
                ("int", Int(ours)) => value.parse() == Ok(ours),
                // Beyond 64 bits an integer is kept as a float that remembers its digits.
                ("int", Float(ours)) => value.parse::<i64>().is_err() && value.parse() == Ok(ours),
                ("float", Float(ours)) => {
                    let value = value.replace("Infinity", "inf");
                    value.parse() == Ok(ours) || (ours.is_nan() && value == "NaN")
                }
                // Timestamps stay strings (CFG-009).
                ("text" | "date", Text(ours)) => ours == text,
                _ => false,
            };
            count += 1;
            if !same {
                wrong.push(format!("{text}: expected {expected}, found {ours:?}"));
            }
        }
        assert!(count > 900, "only {count} scalars");
        assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn cfg_008_what_a_text_would_lose_is_reported() {
        for (text, becomes) in [
            ("1.20", "1.2"),
            ("3.10", "3.1"),
            ("0755", "493"),
            ("1:30", "90"),
            ("12345e7", "123450000000.0"),
            ("1e3", "1000.0"),
            ("yes", "true"),
            ("off", "false"),
            ("True", "true"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("+1", "1"),
            ("007", "7"),
            ("~", ""),
            ("null", ""),
        ] {
            let lost = lost(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(lost.becomes, becomes, "{text}");
        }
        for text in [
            "1.2",
            "1.0",
            "12",
            "-3",
            "true",
            "false",
            "",
            "y",
            "2024-01-31",
            "v1.20",
            "1.2.3",
            "08",
            "0",
            "0o17",
            "99999999999999999999",
            "16.04:1",
            "abc1234",
        ] {
            assert_eq!(lost(text), None, "{text}");
        }
        assert!(lost("0755").unwrap().reason.contains("octal"));
        assert!(lost("1:30").unwrap().reason.contains("base-60"));
        assert!(lost("12345e7").unwrap().reason.contains("exponent"));
    }

    proptest::proptest! {
        #[test]
        fn no_scalar_panics(text in "[-+0-9._:eExbo]{0,24}|\\PC{0,20}") {
            resolve(&text, Style::Plain);
            lost(&text);
        }
    }

    #[test]
    fn plain_scalars_follow_yaml_1_1() {
        for (text, expected) in [
            ("", Null),
            ("NULL", Null),
            ("on", Bool(true)),
            ("Off", Bool(false)),
            ("y", Text("y")),
            ("0755", Int(493)),
            ("0x1F", Int(31)),
            ("0b101", Int(5)),
            ("1_000", Int(1000)),
            ("-12", Int(-12)),
            ("1:30", Int(90)),
            ("12:30:45", Int(45_045)),
            ("1.20", Float(1.2)),
            (".5", Float(0.5)),
            ("12345e7", Float(123_450_000_000.0)),
            ("1.2.3", Text("1.2.3")),
            ("2024-01-31", Text("2024-01-31")),
            ("08", Text("08")),
            ("1e", Text("1e")),
            ("-", Text("-")),
            ("..", Text("..")),
            ("0", Int(0)),
            ("99999999999999999999", Float(1e20)),
            ("16.04:1", Text("16.04:1")),
            ("127.0.0.1:80", Text("127.0.0.1:80")),
            ("infinity", Text("infinity")),
        ] {
            assert_eq!(resolve(text, Style::Plain), expected, "{text}");
        }
        assert_eq!(resolve("true", Style::Text), Text("true"));
    }
}
