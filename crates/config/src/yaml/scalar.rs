//! What an unquoted scalar means, by the rules of YAML 1.1 (CFG §1.3).
//!
//! The hosted service reads YAML 1.1: `on` is a boolean, `0755` is 493, `1:30` is 90. Timestamps
//! stay text. The raw text is kept by the tree, so that a message can quote it.

use super::Style;

/// A resolved scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'d> {
    Null,
    Bool(bool),
    Int(i64),
    /// Also integers beyond 64 bits.
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
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let plain: String = digits.chars().filter(|&c| c != '_').collect();
    if plain.is_empty() || digits.starts_with('_') {
        return None;
    }
    if let Some(number) = based(sign, &plain) {
        return Some(number);
    }
    if plain.contains(':') {
        return sexagesimal(sign, &plain);
    }
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        // `08` is no octal number, and no decimal one either.
        if plain.len() > 1 && plain.starts_with('0') {
            return None;
        }
        let whole = plain.parse::<i64>().ok().and_then(|n| n.checked_mul(sign));
        return whole.map(Scalar::Int).or_else(|| float(sign, &plain));
    }
    float(sign, &plain)
}

/// `0b…`, `0x…` and octal numbers with a leading zero.
fn based(sign: i64, digits: &str) -> Option<Scalar<'static>> {
    let parse = |digits: &str, radix| {
        let starts_well = !digits.starts_with(['+', '-']);
        starts_well.then(|| i64::from_str_radix(digits, radix).ok()).flatten()
    };
    let value = if let Some(binary) = digits.strip_prefix("0b") {
        parse(binary, 2)
    } else if let Some(hex) = digits.strip_prefix("0x") {
        parse(hex, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        parse(digits.get(1..)?, 8)
    } else {
        None
    };
    value.and_then(|value| value.checked_mul(sign)).map(Scalar::Int)
}

/// Numbers to the base of 60: `1:30` is 90.
fn sexagesimal(sign: i64, digits: &str) -> Option<Scalar<'static>> {
    let mut total: i64 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let well_formed = part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
        let leading_zero = index == 0 && part.starts_with('0') && digits.len() > 1;
        let value = part.parse::<i64>().ok().filter(|&value| index == 0 || value < 60)?;
        if !well_formed || leading_zero || (index > 0 && part.len() > 2) {
            return None;
        }
        total = total.checked_mul(60)?.checked_add(value)?;
    }
    Some(Scalar::Int(total.checked_mul(sign)?))
}

/// Decimal fractions and exponents, with at least one digit before the exponent.
fn float(sign: i64, digits: &str) -> Option<Scalar<'static>> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, Some(digits.get(at + 1..)?)),
        None => (digits, None),
    };
    let only_digits_and_a_point = mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && mantissa.bytes().filter(|&b| b == b'.').count() <= 1
        && mantissa.bytes().any(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    if !only_digits_and_a_point || !exponent_fits {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    Some(Scalar::Float(if sign < 0 { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::{Scalar::*, *};

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
