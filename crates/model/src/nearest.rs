//! The name that was probably meant by one that is misspelled: the nearest by edit distance.

/// Names that are compared at most; a configuration may declare thousands.
const CANDIDATES: usize = 2_000;

/// Longest text that is compared, in characters.
const LENGTH: usize = 80;

/// Returns the name that was probably meant: at most two edits away (one for short names), or the
/// same after case and `-`/`_` are ignored.
pub fn nearest<N: AsRef<str>>(wrong: &str, names: impl IntoIterator<Item = N>) -> Option<N> {
    let folded = fold(wrong);
    let allowed = if folded.len() <= 3 { 1 } else { 2 };
    names
        .into_iter()
        .take(CANDIDATES)
        .filter(|name| name.as_ref() != wrong)
        .filter_map(|name| Some((distance(&folded, &fold(name.as_ref()), allowed)?, name)))
        .filter(|(edits, name)| *edits < name.as_ref().chars().count())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, name)| name)
}

fn fold(text: &str) -> Vec<char> {
    let lower = text.chars().take(LENGTH).flat_map(char::to_lowercase);
    lower.map(|c| if c == '-' { '_' } else { c }).collect()
}

/// Counts insertions, deletions, replacements and swaps of neighbors, up to `allowed`; more is
/// `None`. Only what lies near the diagonal is computed, so that long names cost little.
fn distance(a: &[char], b: &[char], allowed: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > allowed {
        return None;
    }
    let far = allowed + 1;
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).map(|edits| edits.min(far)).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![far; b.len() + 1];
        row[0] = (i + 1).min(far);
        for j in i.saturating_sub(allowed)..b.len().min(i + allowed + 1) {
            let replaced = last[j] + usize::from(*ca != b[j]);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best.min(far);
        }
        if row.iter().all(|edits| *edits >= far) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|edits| *edits <= allowed)
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
        assert_eq!(distance(&chars("ab"), &chars("ba"), 2), Some(1));
        assert_eq!(distance(&chars(""), &chars("abc"), 3), Some(3));
        assert_eq!(distance(&chars("kitten"), &chars("sitting"), 3), Some(3));
        assert_eq!(distance(&chars("kitten"), &chars("sitting"), 2), None);
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    /// The whole table, by the book.
    fn slowly(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1)
                };
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
                }
            }
        }
        table[a.len()][b.len()]
    }

    proptest::proptest! {
        #[test]
        fn looking_near_the_diagonal_is_enough(a in "[abc]{0,8}", b in "[abc]{0,8}", allowed in 0usize..4) {
            let exact = slowly(&chars(&a), &chars(&b));
            let found = distance(&chars(&a), &chars(&b), allowed);
            proptest::prop_assert_eq!(found, (exact <= allowed).then_some(exact));
        }
    }
}
