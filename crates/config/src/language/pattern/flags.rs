//! What `(?…)` switches within a pattern.

/// What `(?…)` switches.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are Java's flags, each on or off")]
pub(super) struct Flags {
    pub(super) fold: bool,
    pub(super) unicode_fold: bool,
    pub(super) unicode_classes: bool,
    pub(super) dot_all: bool,
    pub(super) lines: bool,
    pub(super) unix_lines: bool,
    pub(super) comments: bool,
}
