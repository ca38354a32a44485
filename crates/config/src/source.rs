//! Places in the text: byte ranges, and lines and columns for people.
//!
//! Everything that the compiler handles carries a [`Place`], so that a message can point at the
//! text that caused it, however many anchors, merges and parameters lie between.

/// A range of bytes of the text. 32 bits are enough: the text is at most
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

/// Where something stands, and through which alias it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// Its own text.
    pub(crate) span: Span,
    /// The outermost `*alias` on the way to it.
    pub(crate) via: Option<Span>,
}

impl Place {
    /// A place that no alias leads to.
    pub(crate) const fn direct(span: Span) -> Self {
        Self { span, via: None }
    }
}

/// Finds lines and columns of byte positions.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns line and column, both counted from 1; the column counts characters, a tab is one.
    pub(crate) fn position(&self, byte: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..byte.min(self.text.len())).unwrap_or("");
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        (one_based(line), one_based(before.chars().count()))
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
        let lines = Lines::new("a: ü\r\nbé: x\n");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(7), (2, 1));
        let x = "a: ü\r\nbé: x\n".find('x').unwrap();
        assert_eq!(lines.position(x), (2, 5));
        assert_eq!(lines.position(9_999), (3, 1));
    }

    #[test]
    fn trailing_blanks_are_never_underlined_and_borders_are_characters() {
        let lines = Lines::new("é: [a]\n   \nx");
        assert_eq!(lines.trim(Span::new(0, 11)), (0, 7));
        assert_eq!(lines.trim(Span::new(1, 1)), (0, 0));
        assert_eq!(lines.trim(Span::new(500, 700)), (13, 13));
    }
}
