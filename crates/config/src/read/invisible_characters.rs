//! Characters that cannot be seen, or that look like a sign of YAML and are none: text that was copied from a
//! web page or a chat has them.
//!
//! Deliberately absent: control characters, which no source may have, and the text of scripts, where all of
//! these may be meant.

use std::ops::Range;

use roundel_model::text::is_hidden;

/// Bytes of a line that are read: what decides how it is read is at its beginning.
const REACH: usize = 300;

/// A character that is not what it seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvisibleCharacter {
    /// Its bytes in the text that was read.
    pub(crate) range: Range<usize>,
    pub(crate) message: &'static str,
    pub(crate) help: String,
}

/// What a character was meant as.
#[derive(Clone, Copy)]
enum Meant {
    Space,
    Nothing,
    Dash,
    Colon,
}

/// Finds the first character of a line that keeps it from being read as it looks: in its indentation, in its
/// dash, in its key, or after one of them.
pub(crate) fn of_line(line: &str) -> Option<InvisibleCharacter> {
    let line = line.get(..line.floor_char_boundary(REACH)).unwrap_or(line);
    if line.is_ascii() {
        return None;
    }
    let mut at = 0;
    for (start, c) in line.char_indices() {
        at = start;
        let rest = line.get(start + c.len_utf8()..).unwrap_or("");
        match c {
            ' ' | '\t' => {}
            '-' if rest.starts_with([' ', '\t']) || rest.starts_with(is_unusual) => {}
            c if is_unusual(c) => return Some(invisible_character(line, start, c)),
            c if is_dash(c) && rest.starts_with(' ') => return Some(found(start, c, Meant::Dash)),
            _ => break,
        }
    }
    of_key(line, at)
}

/// Finds the first such character in the key that begins at a byte of a line, or right after it.
fn of_key(line: &str, at: usize) -> Option<InvisibleCharacter> {
    let mut hidden = None;
    for (offset, c) in line.get(at..)?.char_indices() {
        let start = at + offset;
        let next = || line.get(start + c.len_utf8()..).and_then(|rest| rest.chars().next());
        match c {
            ':' => {
                let after = next().filter(|&next| is_unusual(next));
                return hidden.or_else(|| Some(invisible_character(line, start + 1, after?)));
            }
            c if is_colon(c) && offset > 0 => return Some(found(start, c, Meant::Colon)),
            c if is_unusual(c) => {
                hidden = hidden.or_else(|| Some(invisible_character(line, start, c)));
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.') => {}
            _ => return None,
        }
    }
    // A word by itself is a name: a step, a job.
    hidden
}

/// Finds the first such character in a name.
pub(crate) fn of_name(name: &str) -> Option<InvisibleCharacter> {
    let is_name = name.len() <= REACH && !name.is_ascii() && !name.contains([' ', '\n']);
    let (at, c) = name.char_indices().find(|&(_, c)| is_name && is_unusual(c))?;
    Some(found(at, c, Meant::Nothing))
}

/// Finds such a character at the beginning of what is written at the beginning of a line.
pub(crate) fn of_start(written: &str) -> Option<InvisibleCharacter> {
    let c = written.chars().next().filter(|&c| is_unusual(c))?;
    Some(invisible_character(written, 0, c))
}

/// Says what a character was meant as, which may be a space.
fn invisible_character(line: &str, start: usize, c: char) -> InvisibleCharacter {
    let before = line.get(..start).unwrap_or("").trim_end_matches(is_unusual);
    let is_space = c.is_whitespace() && (before.is_empty() || before.ends_with([' ', '-', ':']));
    found(start, c, if is_space { Meant::Space } else { Meant::Nothing })
}

fn found(start: usize, c: char, meant: Meant) -> InvisibleCharacter {
    let (message, help) = match meant {
        Meant::Space => (
            "this is not an ordinary space, and YAML takes it for a letter",
            "replace it by an ordinary space",
        ),
        Meant::Nothing => ("there is a character here that cannot be seen", "remove it"),
        Meant::Dash => ("this is not the dash of a list", "write `-`"),
        Meant::Colon => ("this is not the colon of a key", "write `:` and a space"),
    };
    let number = u32::from(c);
    let name = name_of(c).map_or_else(String::new, |name| format!(", {name}"));
    let help = format!("{help}: it is U+{number:04X}{name}");
    InvisibleCharacter { range: start..start + c.len_utf8(), message, help }
}

fn is_unusual(c: char) -> bool {
    is_hidden(c) && !c.is_control()
        || matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}')
        || c.is_whitespace() && !c.is_ascii()
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

fn is_colon(c: char) -> bool {
    matches!(c, '\u{ff1a}' | '\u{fe55}' | '\u{a789}')
}

fn name_of(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}' => "a zero-width space",
        '\u{2013}' => "an en dash",
        '\u{2014}' => "an em dash",
        '\u{feff}' => "a byte order mark",
        '\u{ff1a}' => "a full-width colon",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a line: its text and the first word of the advice.
    fn in_line(line: &str) -> Option<(&str, String)> {
        let InvisibleCharacter { range, help, .. } = of_line(line)?;
        Some((&line[range], help.split(' ').next().unwrap_or("").to_owned()))
    }

    #[test]
    fn what_decides_how_a_line_is_read_is_found() {
        for (line, sign, advice) in [
            ("\u{a0}\u{a0}docker:", "\u{a0}", "replace"),
            ("  - \u{200b}checkout", "\u{200b}", "remove"),
            ("  -\u{a0}checkout", "\u{a0}", "replace"),
            ("  – run: x", "–", "write"),
            ("  bu\u{200b}ild:", "\u{200b}", "remove"),
            ("  steps：", "：", "write"),
            ("  - run:\u{a0}x", "\u{a0}", "replace"),
            ("\u{feff}jobs:", "\u{feff}", "remove"),
            ("  - bu\u{ad}ild", "\u{ad}", "remove"),
        ] {
            assert_eq!(in_line(line), Some((sign, advice.to_owned())), "{line}");
        }
    }

    #[test]
    fn what_is_only_text_is_left_alone() {
        for line in [
            "",
            "  run: a\u{a0}b",
            "  - run: – x",
            "  # \u{a0}",
            "naïve:",
            "  - echo a\u{200b}b c",
            "- 'a\u{a0}b'",
        ] {
            assert_eq!(in_line(line), None, "{line}");
        }
    }
}
