//! A document's text, with places as editors count them: lines, and characters in the encoding that
//! was agreed upon.

use gen_lsp_types::{Position, Range};

/// How characters of a line are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}

/// A document and where its lines begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    text: String,
    lines: Vec<usize>,
}

impl Text {
    pub(crate) fn new(text: String) -> Self {
        let lines = line_starts(&text);
        Self { text, lines }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Replaces a part, or all of it.
    pub(crate) fn replace(&mut self, range: Option<Range>, with: &str, encoding: Encoding) {
        match range {
            Some(range) => {
                let start = self.offset(range.start, encoding);
                let end = self.offset(range.end, encoding).max(start);
                self.text.replace_range(start..end, with);
            }
            None => with.clone_into(&mut self.text),
        }
        self.lines = line_starts(&self.text);
    }

    /// Returns the byte of a position. One beyond a line's end means its end, as the protocol says.
    pub(crate) fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let Some(line) =
            usize::try_from(position.line).ok().filter(|line| *line < self.lines.len())
        else {
            return self.text.len();
        };
        let start = self.lines[line];
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut counted = 0;
        let content = self.line(line);
        for (at, char) in content.char_indices() {
            if counted >= wanted {
                return start + at;
            }
            counted += width(char, encoding);
        }
        start + content.len()
    }

    /// Returns the position of a byte.
    pub(crate) fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or_default();
        let content = self.text.get(start..).unwrap_or_default();
        let counted: usize = content
            .char_indices()
            .take_while(|(at, char)| start + at + char.len_utf8() <= offset)
            .map(|(_, char)| width(char, encoding))
            .sum();
        Position { line: number(line), character: number(counted) }
    }

    pub(crate) fn range(&self, span: &std::ops::Range<usize>, encoding: Encoding) -> Range {
        let start = self.position(span.start, encoding);
        Range { start, end: self.position(span.end.max(span.start), encoding) }
    }

    /// A line without its break.
    fn line(&self, line: usize) -> &str {
        let start = self.lines[line];
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }
}

fn width(char: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => char.len_utf8(),
        Encoding::Utf16 => char.len_utf16(),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Lines end with `\n`, `\r\n` or `\r`.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn characters_are_counted_as_was_agreed() {
        let text = Text::new("aé😀b\r\nc\rd\n".to_owned());
        for (offset, utf8, utf16) in [
            (0, at(0, 0), at(0, 0)),
            (1, at(0, 1), at(0, 1)),
            (3, at(0, 3), at(0, 2)),
            (7, at(0, 7), at(0, 4)),
            (8, at(0, 8), at(0, 5)),
            (10, at(1, 0), at(1, 0)),
            (12, at(2, 0), at(2, 0)),
            (14, at(3, 0), at(3, 0)),
        ] {
            assert_eq!(text.position(offset, Encoding::Utf8), utf8);
            assert_eq!(text.position(offset, Encoding::Utf16), utf16);
            assert_eq!(text.offset(utf8, Encoding::Utf8), offset);
            assert_eq!(text.offset(utf16, Encoding::Utf16), offset);
        }
        assert_eq!(text.offset(at(0, 99), Encoding::Utf16), 8, "the end of the line");
        assert_eq!(text.offset(at(99, 0), Encoding::Utf16), 14, "the end of the text");
        assert_eq!(text.offset(at(0, 3), Encoding::Utf16), 7, "within a character: after it");
    }

    #[test]
    fn edits_are_applied_in_place() {
        let mut text = Text::new("jobs:\n  bé😀ld:\n".to_owned());
        let range = Range { start: at(1, 4), end: at(1, 6) };
        text.replace(Some(range), "ui", Encoding::Utf16);
        assert_eq!(text.as_str(), "jobs:\n  béuild:\n");
        text.replace(Some(Range { start: at(1, 3), end: at(1, 4) }), "", Encoding::Utf16);
        assert_eq!(text.as_str(), "jobs:\n  build:\n");
        text.replace(
            Some(Range { start: at(2, 0), end: at(9, 9) }),
            "    steps:\n",
            Encoding::Utf16,
        );
        assert_eq!(text.as_str(), "jobs:\n  build:\n    steps:\n");
        text.replace(Some(Range { start: at(1, 2), end: at(0, 0) }), "x", Encoding::Utf8);
        assert_eq!(
            text.as_str(),
            "jobs:\n  xbuild:\n    steps:\n",
            "a range that is turned around"
        );
        text.replace(None, "a: b", Encoding::Utf8);
        assert_eq!(text.position(4, Encoding::Utf8), at(0, 4));
    }
}
