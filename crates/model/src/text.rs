//! Text from outside, made safe to show: on a terminal, on a page, in an email, in a commit status.
//!
//! A branch, a job or a person may be named with characters that move a cursor, end a header, turn the
//! text around them or cannot be seen. None of them is sent on: each is shown by its picture or its
//! number. Letters stay as they are, also those that are written from right to left: their direction
//! is their own and needs none of these characters. So do the joiners that Persian words and emoji are
//! made with.
//!
//! And how long texts, sizes and counts are written for people.
//!
//! Deliberately absent: escaping for HTML, and colors of a terminal.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// Returns whether a character is not to be sent as it is: it controls a device, ends a line in a way
/// that is not ours, changes the direction of the text, or is invisible without need.
///
/// The line feed and the tab are among them; where a string may have lines, use [`visible`].
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
        )
}

/// Writes a hidden character so that a reader sees it: `␛`, `␡`, `⟦U+202E⟧`.
pub fn push_shown(out: &mut String, hidden: char) {
    match u32::from(hidden) {
        code @ 0..0x20 => out.push(char::from_u32(0x2400 + code).unwrap_or('␀')),
        0x7f => out.push('␡'),
        code => {
            // Writing to a string cannot fail.
            let _ = write!(out, "⟦U+{code:04X}⟧");
        }
    }
}

/// Shows the hidden characters of a string that may have lines: line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_hidden(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    rewritten(text, |c, next| match c {
        '\n' | '\t' => Shown::AsItIs,
        '\r' if next == Some('\n') => Shown::AsItIs,
        _ => Shown::Picture,
    })
}

/// Shows the hidden characters of a string that must stay on one line: a name, a subject, the value of a
/// header. Line ends and tabs become spaces.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    rewritten(text, |c, next| match c {
        '\r' if next == Some('\n') => Shown::Nothing,
        '\n' | '\r' | '\t' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            Shown::Space
        }
        _ => Shown::Picture,
    })
}

/// Cuts a text after so many characters, and shows by an ellipsis that it did.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match first_chars(text, most) {
        whole if whole.len() == text.len() => Cow::Borrowed(text),
        kept => Cow::Owned(format!("{}…", kept.trim_end())),
    }
}

/// Returns the first characters of a text, so many at most.
pub fn first_chars(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// Writes a size in bytes for people: `812 B`, `1.5 KiB`, `95 MiB`.
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return format!("{bytes} B"),
        1024..1_048_576 => (1024, "KiB"),
        _ => (1_048_576, "MiB"),
    };
    match bytes % unit * 10 / unit {
        0 => format!("{} {name}", bytes / unit),
        tenths => format!("{}.{tenths} {name}", bytes / unit),
    }
}

/// Counts things: `1 job`, `2 jobs`.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The way a hidden character is shown.
enum Shown {
    AsItIs,
    Space,
    Picture,
    Nothing,
}

fn rewritten(text: &str, how: impl Fn(char, Option<char>) -> Shown) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !is_hidden(c) {
            out.push(c);
            continue;
        }
        match how(c, chars.peek().copied()) {
            Shown::AsItIs => out.push(c),
            Shown::Space => out.push(' '),
            Shown::Picture => push_shown(&mut out, c),
            Shown::Nothing => {}
        }
    }
    Cow::Owned(out)
}

/// A line has at least so many characters, however narrow the terminal is.
const NARROWEST: usize = 20;

/// Breaks a string into lines that fit into a width, each after the first with an indent; the first is
/// taken to start at the indent, too. A string that has lines already is left alone, for they mean something.
pub fn wrapped(text: &str, indent: usize, width: Option<usize>) -> String {
    let Some(width) = width.filter(|_| !text.contains('\n')) else { return text.to_owned() };
    let room = width.saturating_sub(indent).max(NARROWEST);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of C0 and C1, and what Unicode has to turn text around or to hide in it.
    #[test]
    fn no_character_that_controls_or_hides_is_left() {
        let controls = ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}');
        let tricks = ('\u{200E}'..='\u{200F}').chain('\u{202A}'..='\u{202E}');
        let tricks = tricks.chain('\u{2066}'..='\u{2069}').chain("\u{2028}\u{2029}".chars());
        for c in controls.chain(tricks).chain("\u{061C}\u{200B}\u{2060}\u{FEFF}".chars()) {
            let text = format!("a{c}b");
            let line = one_line(&text);
            assert!(!line.contains(is_hidden) && line.starts_with('a'), "{c:?}: {line:?}");
            let lines = visible(&text);
            assert!(
                !lines.contains(|c| is_hidden(c) && !matches!(c, '\n' | '\t')),
                "{c:?}: {lines:?}"
            );
        }
        assert_eq!(visible("a\x1b[31m\u{202E}b\u{7f}"), "a␛[31m⟦U+202E⟧b␡");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(one_line("main\r\nBcc: x@y.org"), "main Bcc: x@y.org");
        assert_eq!(one_line("a\nb\rc\td\u{2028}e\u{85}f"), "a b c d e f");
        assert_eq!(visible("a\r\n\tb\rc\n"), "a\r\n\tb␍c\n");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("ä öü", 2), "ä…");
        assert_eq!(first_chars("äöü", 2), "äö");
        assert_eq!(first_chars("äöü", 9), "äöü");
    }

    #[test]
    fn sizes_and_counts_are_written_for_people() {
        assert_eq!(size(812), "812 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(95 * 1_048_576), "95 MiB");
        assert_eq!([counted(0_u32, "job"), counted(1_u32, "job")], ["0 jobs", "1 job"]);
    }

    /// Letters have an inherent direction, and scripts and emoji need their joiners.
    #[test]
    fn names_of_every_script_are_left_alone() {
        for name in ["שרה כהן", "می‌خواهم", "محمد-fix", "👩🏽‍🚒 Ada", "Ünïcode ✓ 測試"]
        {
            assert_eq!(one_line(name), name);
            assert_eq!(visible(name), name);
        }
    }
}
