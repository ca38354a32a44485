//! Versions of the language.

/// A version of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// `2` or `2.0`: no templates, no reuse, unknown keys are ignored.
    V2_0,
    /// `2.1`.
    V2_1,
}
