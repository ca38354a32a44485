//! Places in the sources: files and byte ranges.
//!
//! Everything that the compiler handles carries a [`Place`], so that a message can point at the
//! text that caused it, however many anchors, merges, orbs and parameters lie between.

/// A range of bytes of a source. 32 bits are enough: a source is at most
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

/// One of the sources of a compilation: the configuration is the first, orbs follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId(u16);

impl FileId {
    /// The configuration itself.
    pub(crate) const CONFIG: Self = Self(0);

    /// Numbers a source; `None` beyond any sensible number of them.
    pub(crate) fn new(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Where something is, and through which alias it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The text that it is in.
    pub(crate) file: FileId,
    /// Bytes of the node's own text.
    pub(crate) span: Span,
    /// The outermost `*alias` on the way to it, in the same file.
    pub(crate) via: Option<Span>,
}

/// A string, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedText {
    pub(crate) text: String,
    pub(crate) place: Place,
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
