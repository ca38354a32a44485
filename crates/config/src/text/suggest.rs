//! "Did you mean …?": the nearest name, and lists of names.

pub(crate) use roundel_model::nearest::nearest;

use crate::text::help::Help;

/// Suggests [`nearest`].
pub(crate) fn did_you_mean<'n>(
    wrong: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<Help> {
    nearest(wrong, names).map(Help::did_you_mean)
}

/// Returns names as a list for people, shortened when there are many.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 12;
    let mut names = names.into_iter();
    let mut text = names.by_ref().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>();
    if names.next().is_some() {
        text.push("…".to_owned());
    }
    text.join(", ")
}
