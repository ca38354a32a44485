//! `\p{…}` in Java's spelling.

use super::{flags::Flags, tree::Set};

/// Every letter that has a case.
const CASED: &str = r"\p{Lu}\p{Ll}\p{Lt}";

/// Finds the set of a property; `None` if it is not known.
pub(super) fn find(name: &str, flags: Flags) -> Option<Set> {
    if flags.fold
        && let Some(set) = without_case(name, flags)
    {
        return Some(set);
    }
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "gc" | "general_category" => category(value),
            _ => None,
        };
    }
    if flags.unicode_classes
        && let Some(set) = posix_unicode(name)
    {
        return Some(set);
    }
    if let Some(text) = posix(name) {
        return Some(Set::Text(text));
    }
    if let Some(name) = name.strip_prefix("Is") {
        return binary(name).or_else(|| category(name)).or_else(|| script(name));
    }
    if let Some(name) = name.strip_prefix("java") {
        return java(name);
    }
    category(name)
}

/// The classes of POSIX are ASCII in Java unless `(?U)` is set.
fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x00-\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => r"!-/:-@\[-`{-~",
        "Graph" => "!-~",
        "Print" => r"\x20-~",
        "Blank" => r"\x20\t",
        "Cntrl" => r"\x00-\x1F\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => r"\x20\t\n\x0B\f\r",
        "L1" => r"\x00-\x{FF}",
        "all" | "ALL" => r"\x00-\x{10FFFF}",
        "LC" => CASED,
        "LD" => r"\p{L}\p{Nd}",
        _ => return None,
    })
}

/// Under `(?i)` the properties that distinguish upper from lower case do not.
fn without_case(name: &str, flags: Flags) -> Option<Set> {
    let plain = name.rsplit_once('=').map_or(name, |(_, value)| value);
    let plain = plain.strip_prefix("Is").unwrap_or(plain);
    Some(Set::Text(match plain {
        "Lower" | "Upper" if !flags.unicode_classes => "a-zA-Z",
        "Lu" | "Ll" | "Lt" => CASED,
        "Lower" | "Upper" | "javaLowerCase" | "javaUpperCase" | "javaTitleCase" => {
            r"\p{Lowercase}\p{Uppercase}\p{Lt}"
        }
        _ if ["lowercase", "uppercase", "titlecase"].contains(&&*plain.to_lowercase()) => {
            r"\p{Lowercase}\p{Uppercase}\p{Lt}"
        }
        _ => return None,
    }))
}

fn posix_unicode(name: &str) -> Option<Set> {
    Some(Set::Text(match name.to_ascii_lowercase().as_str() {
        "lower" => r"\p{Lowercase}",
        "upper" => r"\p{Uppercase}",
        "alpha" => r"\p{Alphabetic}",
        "digit" => r"\p{Nd}",
        "alnum" => r"\p{Alphabetic}\p{Nd}",
        "punct" => r"\p{P}",
        "blank" => r"\p{Zs}\t",
        "cntrl" => r"\p{Cc}",
        "space" => r"\s",
        _ => return None,
    }))
}

fn category(name: &str) -> Option<Set> {
    const KNOWN: &[&str] = &[
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
        "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp",
        "C", "Cc", "Cf", "Co", "Cn",
    ];
    KNOWN.contains(&name).then(|| Set::Property(name.to_owned()))
}

fn script(name: &str) -> Option<Set> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let text = format!(r"\p{{sc={name}}}");
    // The engine knows the scripts; asking it costs little and happens rarely.
    (plain && regex::Regex::new(&text).is_ok()).then(|| Set::Property(format!("sc={name}")))
}

fn binary(name: &str) -> Option<Set> {
    Some(Set::Text(match name.to_ascii_uppercase().as_str() {
        "ALPHABETIC" => r"\p{Alphabetic}",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "LETTER" => r"\p{L}",
        "LOWERCASE" => r"\p{Lowercase}",
        "UPPERCASE" => r"\p{Uppercase}",
        "TITLECASE" => r"\p{Lt}",
        "PUNCTUATION" => r"\p{P}",
        "CONTROL" => r"\p{Cc}",
        "WHITE_SPACE" | "WHITESPACE" => r"\s",
        "DIGIT" => r"\p{Nd}",
        "HEX_DIGIT" | "HEXDIGIT" => r"\p{Hex_Digit}",
        "JOIN_CONTROL" => r"\p{Join_Control}",
        "ASSIGNED" => r"\P{Cn}",
        _ => return None,
    }))
}

/// What `Character.isX` says.
fn java(name: &str) -> Option<Set> {
    Some(Set::Text(match name {
        "LowerCase" => r"\p{Lowercase}",
        "UpperCase" => r"\p{Uppercase}",
        "Alphabetic" => r"\p{Alphabetic}",
        "Letter" => r"\p{L}",
        "Digit" => r"\p{Nd}",
        "LetterOrDigit" => r"\p{L}\p{Nd}",
        "TitleCase" => r"\p{Lt}",
        "Whitespace" => {
            r"\t-\r\x1C-\x1F\x20\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}"
        }
        "SpaceChar" => r"\p{Z}",
        "ISOControl" => r"\x00-\x1F\x7F-\x{9F}",
        _ => return None,
    }))
}
