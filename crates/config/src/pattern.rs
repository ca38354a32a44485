//! Regular expressions as the hosted service reads them: Java's, matched in full (CFG §6.5).
//!
//! The engine backtracks only where look-around or back-references force it, and then within a
//! limit, so that no pattern runs away.

use fancy_regex::{Regex, RegexBuilder};

/// Longest pattern, in bytes. Real ones have some tens of characters.
const LENGTH: usize = 2_000;

/// Steps back that one match may take.
const BACKTRACKS: usize = 50_000;

/// Bytes of a compiled pattern.
const COMPILED_BYTES: usize = 1 << 20;

/// Java's `\h`, for use inside of brackets.
const HORIZONTAL: &str = r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";

/// Java's `\R`.
const LINE_BREAK: &str = r"(?:\r\n|[\n\x{0B}\x{0C}\r\x{85}\x{2028}\x{2029}])";

/// A pattern that must match a whole text.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; the error is a sentence.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        if source.len() > LENGTH {
            return Err(format!("the pattern is longer than {LENGTH} bytes"));
        }
        let regex = RegexBuilder::new(&format!(r"\A(?:{})\z", from_java(source)))
            .backtrack_limit(BACKTRACKS)
            .delegate_size_limit(COMPILED_BYTES)
            .build();
        regex.map(Self).map_err(|error| {
            let text = error.to_string();
            let text = text.lines().last().unwrap_or("it cannot be read").trim();
            // The position counts our wrapping too, so it would mislead.
            let reason =
                text.strip_prefix("Parsing error at position ").and_then(|t| t.split_once(": "));
            reason.map_or(text, |(_, reason)| reason).to_owned()
        })
    }

    /// Tells whether the whole text matches; the error is a sentence.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, String> {
        self.0.is_match(text).map_err(|_| format!("matching `{text}` takes too long"))
    }
}

/// Rewrites what Java spells differently: `\Q…\E`, `\h`, `\H`, `\R`.
fn from_java(source: &str) -> String {
    let mut regex = String::with_capacity(source.len());
    let mut rest = source;
    let mut in_class = 0usize;
    while let Some(c) = rest.chars().next() {
        let next = rest.get(1..).and_then(|rest| rest.chars().next());
        match (c, next) {
            ('\\', Some('Q')) => {
                let quoted = &rest[2..];
                let end = quoted.find("\\E").unwrap_or(quoted.len());
                regex.push_str(&fancy_regex::escape(&quoted[..end]));
                rest = quoted.get(end + 2..).unwrap_or("");
                continue;
            }
            ('\\', Some('h')) if in_class > 0 => regex.push_str(HORIZONTAL),
            ('\\', Some('h')) => regex.extend(["[", HORIZONTAL, "]"]),
            ('\\', Some('H')) => regex.extend(["[^", HORIZONTAL, "]"]),
            ('\\', Some('R')) if in_class == 0 => regex.push_str(LINE_BREAK),
            ('\\', Some(next)) => {
                regex.push(c);
                regex.push(next);
            }
            _ => {
                match c {
                    '[' => in_class += 1,
                    ']' => in_class = in_class.saturating_sub(1),
                    _ => {}
                }
                regex.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        }
        rest = rest.get(1 + next.map_or(0, char::len_utf8)..).unwrap_or("");
    }
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(text).unwrap()
    }

    #[test]
    fn a_pattern_must_match_the_whole_text() {
        assert!(matches("rel-.*", "rel-1"));
        assert!(!matches("rel", "rel-1"));
        assert!(matches("a|ab", "ab"));
        assert!(!matches("main", "main\n"));
        assert!(matches(r"feature\/.*", "feature/x"));
    }

    #[test]
    fn java_spellings_work() {
        assert!(matches(r"\Qa.b+c\E\d", "a.b+c1"));
        assert!(!matches(r"\Qa.b\E", "axb"));
        assert!(matches(r"\Qunclosed", "unclosed"));
        assert!(matches(r"a\hb", "a b"));
        assert!(!matches(r"\h", "f"));
        assert!(matches("^(?!main).*$", "dev"));
        assert!(!matches("^(?!main).*$", "main"));
        assert!(matches(r"(\w+)-\1", "ab-ab"));
        assert!(!matches("a++a", "aaa"));
        assert!(matches("(?i)MAIN", "main"));
        assert!(matches("[a-z&&[^b]]+", "ac"));
        assert!(!matches("[a-z&&[^b]]+", "abc"));
        assert!(matches(r"\p{Alpha}+", "abc"));
    }

    #[test]
    fn bad_and_runaway_patterns_are_refused() {
        assert!(Pattern::new("(").is_err());
        assert!(Pattern::new(&"a".repeat(3_000)).is_err());
        assert!(Pattern::new("(?:a{1000}){1000}").is_err());
        let slow = Pattern::new(r"(a|aa)+\1b(?=c)").unwrap();
        assert!(slow.matches(&"a".repeat(200)).is_err());
    }
}
