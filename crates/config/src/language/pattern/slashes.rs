//! Slashes around a pattern of `matches`, which needs none: in filters they say that a string is a
//! pattern.

/// What the profile `legacy` says of them.
pub(crate) const IGNORED: &str = "the slashes around the pattern are ignored";

/// What the profile `next` says of them.
pub(crate) const REFUSED: &str = "a string that is a pattern has no slashes around it";

/// Returns what is between the slashes, if a string begins and ends with one.
pub(crate) fn within(text: &str) -> Option<&str> {
    text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
}

/// Where a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// In the place that uses it.
    Here,
    /// In the definition of the value.
    Elsewhere,
}

/// Says how a pattern is written without its slashes.
pub(crate) fn help(bare: &str, written: Written) -> String {
    if written == Written::Elsewhere {
        "remove them where the value is defined".to_owned()
    } else if bare.is_empty() {
        "write a pattern: `.*` matches everything".to_owned()
    } else {
        format!("write `{bare}` without the slashes")
    }
}

/// Says how a pattern is written that has slashes and flags after them, as in other languages: here
/// these are parts of it.
pub(crate) fn flag_help(text: &str) -> Option<String> {
    flagged(text).map(|pattern| format!("write `{pattern}`"))
}

/// Moves the flags of a pattern with slashes into it, without the slashes: `/x/i` is `(?i)x` here.
pub(crate) fn flagged(text: &str) -> Option<String> {
    let (bare, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let is_flagged = !bare.is_empty()
        && (1..=FLAGS.len()).contains(&flags.len())
        && flags.chars().all(|flag| FLAGS.contains(flag));
    // A pattern matches the whole text, so there is nothing to find again.
    let kept: String = flags.chars().filter(|flag| *flag != 'g').collect();
    is_flagged.then(|| if kept.is_empty() { bare.to_owned() } else { format!("(?{kept}){bare}") })
}

/// Flags that follow a pattern in other languages.
const FLAGS: &str = "gimsu";

/// What is said of them.
pub(crate) const FLAGGED: &str = "the slashes and the flags after them are parts of this pattern";
