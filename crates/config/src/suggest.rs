//! "Did you mean …?": the nearest name by edit distance.

/// Names that are compared at most; a file may declare thousands.
const CANDIDATES: usize = 2_000;

/// Longest text that is compared, in characters.
const LENGTH: usize = 80;

/// Returns the name that was probably meant: at most two edits away (one for short names), or the
/// same after case and `-`/`_` are ignored.
pub(crate) fn nearest<'n>(
    wrong: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let folded = fold(wrong);
    let allowed = if folded.len() <= 3 { 1 } else { 2 };
    names
        .into_iter()
        .take(CANDIDATES)
        .filter(|name| *name != wrong)
        .map(|name| (distance(&folded, &fold(name)), name))
        .filter(|&(edits, name)| edits <= allowed && edits < name.chars().count())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, name)| name)
}

/// Returns the sentence for [`nearest`].
pub(crate) fn did_you_mean<'n>(
    wrong: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    nearest(wrong, names).map(|name| format!("did you mean `{name}`?"))
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

fn fold(text: &str) -> Vec<char> {
    let lower = text.chars().take(LENGTH).flat_map(char::to_lowercase);
    lower.map(|c| if c == '-' { '_' } else { c }).collect()
}

/// Counts insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(ca != cb);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_across_case_and_dashes() {
        assert_eq!(nearest("verison", ["name", "version"]), Some("version"));
        assert_eq!(nearest("add-ssh-keys", ["add_ssh_keys"]), Some("add_ssh_keys"));
        assert_eq!(nearest("requiers", ["requires", "filters"]), Some("requires"));
        assert_eq!(nearest("zebra", ["requires", "filters"]), None);
        assert_eq!(nearest("ab", ["x", "y"]), None);
    }

    #[test]
    fn swapped_letters_count_as_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("ab"), &chars("ba")), 1);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
    }
}
