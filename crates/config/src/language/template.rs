//! Reads `<< … >>` tags in a string (CFG §4.4.2). What they mean is decided in `evaluate`.
//!
//! A tag cannot contain another tag. Text that came in through a tag is never read again, so a
//! value can never smuggle a tag in. Reading takes one pass, whatever the text is.

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Text as it stands, escapes resolved.
    Literal(String),
    /// `<< expression >>`.
    Tag(Tag<'t>),
    /// `<<# path >> … <</ path >>`, rendered if truthy, or `<<^ … >>`, rendered if falsy.
    Section { tag: Tag<'t>, inverted: bool, pieces: Vec<Piece<'t>> },
}

/// The inside of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'t> {
    /// The text between `<<` and `>>`, trimmed.
    pub(crate) inner: &'t str,
    /// Which `<<` of the text opens it, counted from 0.
    pub(crate) opening: usize,
}

/// A mistake in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) kind: Malformation,
    /// Which `<<` of the text is meant, counted from 0.
    pub(crate) opening: usize,
}

/// The kind of a mistake in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformation {
    /// `<<` without `>>`.
    Unclosed,
    /// `<< >>`.
    Empty,
    /// A section that is not closed, closed by another name, or closed without being open.
    Section,
    /// Sections within sections without end.
    TooDeep,
}

/// Levels of sections within each other.
const DEPTH: usize = 20;

/// Reads a string.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece<'_>>, Malformed> {
    let mut reader = Reader { text, rest: text, opening: 0 };
    let (pieces, closing) = reader.pieces(None, 0)?;
    match closing {
        Some(tag) => Err(Malformed { kind: Malformation::Section, opening: tag.opening }),
        None => Ok(pieces),
    }
}

/// Returns whether the text, spaces aside, is exactly one tag; then it keeps the value's type.
pub(crate) fn sole_tag<'p, 't>(pieces: &'p [Piece<'t>]) -> Option<&'p Tag<'t>> {
    let mut tags = pieces
        .iter()
        .filter(|piece| !matches!(piece, Piece::Literal(text) if text.trim().is_empty()));
    match (tags.next(), tags.next()) {
        (Some(Piece::Tag(tag)), None) => Some(tag),
        _ => None,
    }
}

/// Says what the `<<` at the given place probably is, if it is not a tag: a here-document, a
/// here-string, a shift. The sentence says how it is written.
pub(crate) fn not_a_tag(text: &str, opening: usize) -> Option<String> {
    let (at, _) = text.match_indices("<<").nth(opening)?;
    let before = &text[..at];
    let after = &text[at + 2..];
    if let Some(rest) = after.strip_prefix('<') {
        return (!rest.starts_with('<'))
            .then(|| "in version 2.1, escape the here-string as `\\<<<`".to_owned());
    }
    let mark = after.strip_prefix(['-', '~']).unwrap_or(after);
    let mark = mark.trim_start_matches([' ', '\t', '\'', '"', '\\']);
    let word: String =
        mark.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    let ends_later = || after.lines().skip(1).any(|line| line.trim() == word);
    if !word.is_empty() && ends_later() {
        let intro: String =
            after.chars().take_while(|c| !c.is_ascii_alphanumeric()).take(4).collect();
        let quote = intro.chars().last().filter(|c| matches!(c, '\'' | '"'));
        let written = format!("{intro}{word}{}", quote.map(String::from).unwrap_or_default());
        return Some(format!("in version 2.1, escape the here-document as `\\<<{written}`"));
    }
    let is_shift = before.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == ')')
        && mark.starts_with(|c: char| c.is_ascii_digit() || c == '$' || c == '(');
    (is_shift || before.trim_end().ends_with("cout"))
        .then(|| "in version 2.1, escape a literal `<<` as `\\<<`".to_owned())
}

/// The beginning of a tag: `<<`, its mark and the name of a value.
pub(crate) struct Head<'t> {
    /// `#`, `^`, `/` or nothing.
    pub(crate) mark: &'t str,
    pub(crate) name: &'t str,
    /// Bytes from `<<` to the end of the name, or of the tag if nothing else is in it.
    pub(crate) length: usize,
}

/// Reads the beginning of a tag, if it names a value.
pub(crate) fn head(text: &str) -> Option<Head<'_>> {
    let after = text.strip_prefix("<<")?;
    let mark = after.get(..1).filter(|mark| matches!(*mark, "#" | "^" | "/")).unwrap_or("");
    let rest = after[mark.len()..].trim_start_matches([' ', '\t']);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
    if !is_value(name) {
        return None;
    }
    let end = text.len() - rest.len() + name.len();
    let left = text[end..].trim_start_matches([' ', '\t']);
    let length = if left.starts_with(">>") { text.len() - left.len() + 2 } else { end };
    Some(Head { mark, name, length })
}

/// Returns whether a tag begins with the name of a value and continues as shell text does: its `>>` was
/// forgotten, and it ends with the one of something else.
pub(crate) fn runs_on(inner: &str) -> bool {
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    let (name, rest) = inner.split_at(end.unwrap_or(inner.len()));
    is_value(name) && (rest.contains(['\n', ';']) || rest.trim_start().starts_with(['"', '/']))
}

fn is_value(name: &str) -> bool {
    let prefixes = ["parameters.", "pipeline.", "matrix."];
    prefixes.iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    opening: usize,
}

impl<'t> Reader<'t> {
    /// Reads until the end, or until the tag that closes `section`.
    fn pieces(
        &mut self,
        section: Option<&str>,
        depth: usize,
    ) -> Result<(Vec<Piece<'t>>, Option<Tag<'t>>), Malformed> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        while let Some(at) = self.rest.find("<<") {
            let before = &self.rest[..at];
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            literal.push_str(&before[..before.len() - backslashes]);
            literal.push_str(&"\\".repeat(backslashes / 2));
            let opening = self.opening;
            self.opening += 1;
            let is_first = self.is_first(at);
            self.rest = &self.rest[at + 2..];
            if backslashes % 2 == 1 {
                literal.push_str("<<");
                continue;
            }
            let tag = self.tag(opening)?;
            if is_first && tag.inner.starts_with(['/', '#', '^']) {
                self.take_line(&mut literal);
            }
            match tag.inner.chars().next() {
                None => return Err(Malformed { kind: Malformation::Empty, opening }),
                Some('/') => {
                    let name = tag.inner[1..].trim();
                    if section != Some(name) {
                        return Err(Malformed { kind: Malformation::Section, opening });
                    }
                    flush(&mut pieces, &mut literal);
                    return Ok((pieces, Some(tag)));
                }
                Some(mark @ ('#' | '^')) => {
                    if depth >= DEPTH {
                        return Err(Malformed { kind: Malformation::TooDeep, opening });
                    }
                    flush(&mut pieces, &mut literal);
                    let tag = Tag { inner: tag.inner[1..].trim(), opening };
                    let (inside, closing) = self.pieces(Some(tag.inner), depth + 1)?;
                    if closing.is_none() {
                        return Err(Malformed { kind: Malformation::Section, opening });
                    }
                    pieces.push(Piece::Section { tag, inverted: mark == '^', pieces: inside });
                }
                Some(_) => {
                    flush(&mut pieces, &mut literal);
                    pieces.push(Piece::Tag(tag));
                }
            }
        }
        literal.push_str(self.rest);
        self.rest = "";
        flush(&mut pieces, &mut literal);
        Ok((pieces, None))
    }

    /// Returns whether the line before a place is blank. Looks back no further than it must.
    fn is_first(&self, at: usize) -> bool {
        let before = self.text.get(..self.text.len() - self.rest.len() + at).unwrap_or("");
        before.trim_end_matches([' ', '\t']).bytes().next_back().is_none_or(|byte| byte == b'\n')
    }

    /// A section's tag that is alone on its line goes with the whole line, as in Mustache; the
    /// hosted compiler's outputs show it.
    fn take_line(&mut self, literal: &mut String) {
        let line = self.rest.split_inclusive('\n').next().unwrap_or("");
        if line.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            self.rest = &self.rest[line.len()..];
            literal.truncate(literal.trim_end_matches([' ', '\t']).len());
        }
    }

    /// Reads the rest of a tag whose `<<` was read.
    fn tag(&mut self, opening: usize) -> Result<Tag<'t>, Malformed> {
        let Some(end) = closing(self.rest) else {
            return Err(Malformed { kind: Malformation::Unclosed, opening });
        };
        let inner = &self.rest[..end];
        self.opening += inner.matches("<<").count();
        self.rest = &self.rest[end + 2..];
        Ok(Tag { inner: inner.trim(), opening })
    }
}

/// Finds the `>>` that closes a tag; one within a string of an expression does not.
fn closing(text: &str) -> Option<usize> {
    let first = text.find(">>")?;
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'>' if !in_string && text[at..].starts_with(">>") => return Some(at),
            // Beyond the next tag, or without an end, it is not a string of this one: here-documents
            // hold all kinds of text. Looking no further keeps the time in proportion.
            b'<' if at > first && text[at..].starts_with("<<") => break,
            _ => {}
        }
    }
    Some(first)
}

fn flush(pieces: &mut Vec<Piece<'_>>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn literal(text: &str) -> String {
        match parse(text).unwrap().as_slice() {
            [Piece::Literal(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn escapes_are_resolved_once() {
        assert_eq!(literal(r"cat \<< EOF"), "cat << EOF");
        assert_eq!(literal(r"cat \<<-EOF"), "cat <<-EOF");
        assert_eq!(literal(r#"tr a b \<<< "$x""#), r#"tr a b <<< "$x""#);
        assert_eq!(literal("echo hi >> out.txt"), "echo hi >> out.txt");
        assert_eq!(literal(r"a\b\\c"), r"a\b\\c");
        assert_eq!(literal(r"\\\<< x >>"), r"\<< x >>");
        assert_eq!(literal(r"\<<\<<"), "<<<<");
    }

    #[test]
    fn cfg_137_a_section_tag_alone_on_its_line_takes_the_line_with_it() {
        let pieces = parse("a\n  <<# b >>\n  c\n  <</ b >>\nd\n").unwrap();
        let tag = Tag { inner: "b", opening: 0 };
        let inside = vec![Piece::Literal("  c\n".to_owned())];
        let section = Piece::Section { tag, inverted: false, pieces: inside };
        let (before, after) = ("a\n".to_owned(), "d\n".to_owned());
        assert_eq!(pieces, [Piece::Literal(before), section, Piece::Literal(after)]);
        // On a shared line only the tag goes.
        let pieces = parse("x\n <<# b >> c <</ b >> \\\n").unwrap();
        let [Piece::Literal(before), Piece::Section { pieces: inside, .. }, Piece::Literal(after)] =
            pieces.as_slice()
        else {
            panic!("{pieces:?}")
        };
        assert_eq!((before.as_str(), after.as_str()), ("x\n ", " \\\n"));
        assert_eq!(*inside, [Piece::Literal(" c ".to_owned())]);
    }

    #[test]
    fn two_backslashes_are_one_and_the_tag_lives() {
        let pieces = parse(r"C:\\<< parameters.d >>").unwrap();
        let tag = Tag { inner: "parameters.d", opening: 0 };
        assert_eq!(pieces, [Piece::Literal(r"C:\".to_owned()), Piece::Tag(tag)]);
        let four = parse(r"\\\\<< a >>").unwrap();
        assert_eq!(four[0], Piece::Literal(r"\\".to_owned()));
        assert!(sole_tag(&pieces).is_none());
        assert!(sole_tag(&parse("  <<a>>\n").unwrap()).is_some());
    }

    #[test]
    fn an_unclosed_or_empty_tag_is_reported_with_its_number() {
        let error = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            error("<< a >> cat <<EOF"),
            Malformed { kind: Malformation::Unclosed, opening: 1 }
        );
        assert_eq!(error("<<>>").kind, Malformation::Empty);
        assert_eq!(error("<<# a >>x").kind, Malformation::Section);
        assert_eq!(error("x<</ a >>").kind, Malformation::Section);
        assert_eq!(error("<<# a >>x<</ b >>").kind, Malformation::Section);
        assert_eq!(error(&"<<#a>>".repeat(30)).kind, Malformation::TooDeep);
    }

    #[test]
    fn sections_nest() {
        let pieces = parse("x<<# parameters.b >> -v<</ parameters.b >>").unwrap();
        assert!(
            matches!(&pieces[1], Piece::Section { inverted: false, pieces, .. } if pieces.len() == 1)
        );
        let pieces = parse("<<#a>>1<<^b>>2<<c>><</b>>3<</a>>4").unwrap();
        let [Piece::Section { pieces: inside, .. }, Piece::Literal(_)] = pieces.as_slice() else {
            panic!("{pieces:?}");
        };
        assert!(
            matches!(&inside[1], Piece::Section { inverted: true, pieces, .. } if pieces.len() == 2)
        );
    }

    #[test]
    fn a_string_in_an_expression_may_hold_the_closing_mark() {
        let pieces = parse(r#"<< pipeline.x == "a >> b" >>!"#).unwrap();
        assert!(matches!(&pieces[0], Piece::Tag(tag) if tag.inner.ends_with("b\"")));
        let pieces = parse(r#"<< pipeline.x == "a\" >> b" >>!"#).unwrap();
        assert!(matches!(&pieces[0], Piece::Tag(tag) if tag.inner.ends_with("b\"")));
        // A quote that is alone opens no string.
        let pieces = parse(r#"<< a" >> and "<< b >>"#).unwrap();
        assert_eq!(pieces.iter().filter(|piece| matches!(piece, Piece::Tag(_))).count(), 2);
    }

    #[test]
    fn a_tag_may_run_over_lines() {
        let pieces = parse("<< pipeline.a\n  and\n  pipeline.b >>").unwrap();
        assert!(sole_tag(&pieces).is_some_and(|tag| tag.inner.lines().count() == 3));
    }

    /// Q-07: the shell's `<<` is the mistake that everyone makes once.
    #[test]
    fn what_the_shell_means_is_recognized() {
        for (text, opening, help) in [
            ("cat <<EOF\nx\nEOF\ndate >> log", 0, "escape the here-document as `\\<<EOF`"),
            ("cat <<-'END'\nx\n  END\n", 0, "escape the here-document as `\\<<-'END'`"),
            ("cat << \"EOF\" > f\nEOF\n", 0, "here-document"),
            ("tr a b <<< \"$x\"", 0, "`\\<<<`"),
            ("<< a >>; tr a b <<< \"$x\"", 1, "`\\<<<`"),
            ("echo $((1 << 2))", 0, "`\\<<`"),
        ] {
            let reported = not_a_tag(text, opening).unwrap_or_else(|| panic!("{text}"));
            assert!(reported.contains(help), "{text}: {reported}");
        }
        for text in ["<< parameters.x >>", "echo << parameters.x", "<<\n parameters.x\n>>"] {
            assert_eq!(not_a_tag(text, 0), None, "{text}");
        }
    }

    /// A file of the largest size must not keep the compiler busy, whatever is in it.
    #[test]
    fn reading_takes_time_in_proportion() {
        for piece in
            [r#"<<"\">>"#, r#"<<">>"#, "<<a>>", r"\<<", "<<#a>><</a>>", r#"<<a"b>>"#, "<", r"\"]
        {
            let text = piece.repeat(1_000_000 / piece.len());
            let started = Instant::now();
            drop(parse(&text));
            assert!(
                started.elapsed() < Duration::from_secs(2),
                "{piece} took {:?}",
                started.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([<>#^/\\\\\"a. \n]|\\PC){0,40}") {
            if let Err(malformed) = parse(&text) {
                prop_assert!(malformed.opening < text.matches("<<").count());
                not_a_tag(&text, malformed.opening);
            }
        }

        /// Escaping always works: what was escaped comes back as it was.
        #[test]
        fn an_escaped_text_comes_back(text in "[<>a\n ]{0,30}") {
            let escaped = text.replace("<<", r"\<<");
            let pieces = parse(&escaped).unwrap();
            let back: String = pieces.iter().map(|piece| match piece {
                Piece::Literal(text) => text.as_str(),
                Piece::Tag(_) | Piece::Section { .. } => "?",
            }).collect();
            prop_assert_eq!(back, text);
        }
    }
}
