//! Families of statuses, which share a color and a favicon.

use std::fmt;

use askama::filters::HtmlSafe;

/// Statuses that look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Ok,
    Bad,
    Busy,
    Hold,
    None,
}

impl Family {
    /// Returns whether something went wrong.
    pub(crate) const fn is_bad(self) -> bool {
        matches!(self, Self::Bad)
    }
}

/// The name in styles, scripts and favicons.
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Busy => "busy",
            Self::Hold => "hold",
            Self::None => "none",
        })
    }
}

impl HtmlSafe for Family {}
