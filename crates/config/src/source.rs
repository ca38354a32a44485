//! Places in the texts: files, byte ranges, and lines and columns for people.
//!
//! Everything that the compiler handles carries a [`Place`], so that a message can point at the
//! text that caused it, however many anchors, merges, orbs and parameters lie between.

use std::sync::{Arc, OnceLock};

use elsa::FrozenVec;

use crate::{
    codes,
    report::Problem,
    yaml::{self, Doc},
};

/// A range of bytes of a text. 32 bits are enough: a text is at most
/// [`roundel_model::limits::CONFIG_BYTES`] long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Makes a span of byte positions; positions beyond 4 GiB end at the edge.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        Self { start, end: u32::try_from(end).unwrap_or(u32::MAX).max(start) }
    }

    pub(crate) fn start(self) -> usize {
        usize::try_from(self.start).unwrap_or(usize::MAX)
    }

    pub(crate) fn end(self) -> usize {
        usize::try_from(self.end).unwrap_or(usize::MAX)
    }
}

/// One of the texts of a compilation: the configuration is the first, orbs follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId(u16);

impl FileId {
    /// The configuration itself.
    pub(crate) const CONFIG: Self = Self(0);
}

/// Where something stands, and through which alias it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The text that it stands in.
    pub(crate) file: FileId,
    /// Its own text.
    pub(crate) span: Span,
    /// The outermost `*alias` on the way to it, in the same file.
    pub(crate) via: Option<Span>,
}

impl Place {
    /// A place in the configuration that no alias leads to.
    pub(crate) const fn direct(span: Span) -> Self {
        Self { file: FileId::CONFIG, span, via: None }
    }

    /// Another part of the same file.
    pub(crate) const fn with_span(self, span: Span) -> Self {
        Self { span, ..self }
    }
}

/// A text and its tree.
#[derive(Debug)]
pub(crate) struct Source {
    /// What people call it: a path, or `circleci/node@5.2.0`.
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    pub(crate) doc: Doc,
    /// What is wrong with its YAML. Places are as if it were the configuration.
    pub(crate) problems: Vec<Problem>,
    lines: OnceLock<Lines>,
}

impl Source {
    /// Parses a text. Never fails: what is wrong stands in `problems`.
    pub(crate) fn parse(name: impl Into<String>, text: Arc<str>) -> Self {
        let (doc, problems) = yaml::parse(&text);
        Self { name: name.into(), text, doc, problems, lines: OnceLock::new() }
    }

    /// A text that nobody shall look at.
    pub(crate) fn too_large(name: &str) -> Self {
        let bytes = roundel_model::limits::CONFIG_BYTES;
        let message = format!("the configuration is larger than {bytes} bytes");
        let problem = Problem::error(codes::TOO_LARGE, Place::default(), message);
        Self { name: name.to_owned(), problems: vec![problem], ..Self::default() }
    }

    /// Returns the finder of lines.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }
}

/// The texts of one compilation. It only grows, so that trees can be held while orbs are loaded.
#[derive(Default)]
pub(crate) struct Sources {
    list: FrozenVec<Arc<Source>>,
    empty: Source,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            name: String::new(),
            text: Arc::from(""),
            doc: Doc::default(),
            problems: Vec::new(),
            lines: OnceLock::new(),
        }
    }
}

impl Sources {
    /// Begins with the configuration.
    pub(crate) fn new(config: Source) -> Self {
        let sources = Self::default();
        sources.list.push(Arc::new(config));
        sources
    }

    /// Adds a text; `None` beyond any sensible number of them.
    pub(crate) fn add(&self, source: Arc<Source>) -> Option<FileId> {
        let id = u16::try_from(self.list.len()).ok()?;
        self.list.push(source);
        Some(FileId(id))
    }

    /// Returns a text.
    pub(crate) fn file(&self, file: FileId) -> &Source {
        self.list.get(usize::from(file.0)).unwrap_or(&self.empty)
    }
}

/// Finds lines and columns of byte positions.
#[derive(Debug)]
pub(crate) struct Lines {
    text: Arc<str>,
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(text: &Arc<str>) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { text: text.clone(), starts }
    }

    /// Returns line and column, both counted from 1; the column counts characters, a tab is one.
    pub(crate) fn position(&self, byte: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..byte.min(self.text.len())).unwrap_or("");
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        (one_based(line), one_based(before.chars().count()))
    }

    /// Returns the text of the line that a byte is on.
    pub(crate) fn line_at(&self, byte: usize) -> &str {
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }

    /// Moves a span to character borders within the text, without trailing blanks.
    ///
    /// The parser lets a collection run into the indentation that follows it.
    pub(crate) fn trim(&self, span: Span) -> (usize, usize) {
        let mut start = span.start().min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end().clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let end = end.max(start);
        let kept = self.text.get(start..end).unwrap_or("").trim_end().len();
        (start, start + kept)
    }
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_survive_crlf() {
        let text = Arc::from("a: ü\r\nbé: x\n");
        let lines = Lines::new(&text);
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(7), (2, 1));
        let x = text.find('x').unwrap();
        assert_eq!(lines.position(x), (2, 5));
        assert_eq!(lines.position(9_999), (3, 1));
        assert_eq!(lines.line_at(x), "bé: x");
    }

    #[test]
    fn trailing_blanks_are_never_underlined_and_borders_are_characters() {
        let lines = Lines::new(&Arc::from("é: [a]\n   \nx"));
        assert_eq!(lines.trim(Span::new(0, 11)), (0, 7));
        assert_eq!(lines.trim(Span::new(1, 1)), (0, 0));
        assert_eq!(lines.trim(Span::new(500, 700)), (13, 13));
    }
}
