//! The name that was probably meant by one that is misspelled: the nearest by edit distance.

/// Names that are compared at most; a configuration may declare thousands.
const CANDIDATES: usize = 2_000;

/// Longest text that is compared, in characters.
const LENGTH: usize = 80;

/// Returns the name that was probably meant: at most two edits away (one for short names), or the
/// same after case and `-`/`_` are ignored.
pub fn nearest<N: AsRef<str>>(wrong: &str, names: impl IntoIterator<Item = N>) -> Option<N> {
    let mut folded = Vec::new();
    fold(wrong, &mut folded);
    let allowed = if folded.len() <= 3 { 1 } else { 2 };
    // Used again for each name: thousands may be asked for, among thousands.
    let (mut other, mut rows) = (Vec::new(), Rows::default());
    names
        .into_iter()
        .take(CANDIDATES)
        .filter(|name| name.as_ref() != wrong)
        .filter_map(|name| {
            fold(name.as_ref(), &mut other);
            Some((rows.distance(&folded, &other, allowed)?, name))
        })
        .filter(|(edits, name)| *edits < name.as_ref().chars().count())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, name)| name)
}

fn fold(text: &str, into: &mut Vec<char>) {
    let lower = text.chars().take(LENGTH).flat_map(char::to_lowercase);
    into.clear();
    into.extend(lower.map(|c| if c == '-' { '_' } else { c }));
}

/// Three rows of the table of distances, of which the last is the newest.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    row: Vec<usize>,
}

impl Rows {
    /// Counts insertions, deletions, replacements and swaps of neighbors, up to `allowed`; more is
    /// `None`. Only what lies near the diagonal is computed, so that long names cost little.
    fn distance(&mut self, a: &[char], b: &[char], allowed: usize) -> Option<usize> {
        if a.len().abs_diff(b.len()) > allowed {
            return None;
        }
        let far = allowed + 1;
        let Self { before, last, row } = self;
        last.clear();
        last.extend((0..=b.len()).map(|edits| edits.min(far)));
        for (i, ca) in a.iter().enumerate() {
            row.clear();
            row.resize(b.len() + 1, far);
            row[0] = (i + 1).min(far);
            let mut least = row[0];
            for j in i.saturating_sub(allowed)..b.len().min(i + allowed + 1) {
                let replaced = last[j] + usize::from(*ca != b[j]);
                let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == b[j] {
                    best = best.min(before[j - 1] + 1);
                }
                row[j + 1] = best.min(far);
                least = least.min(best);
            }
            if least >= far {
                return None;
            }
            std::mem::swap(before, last);
            std::mem::swap(last, row);
        }
        last.last().copied().filter(|edits| *edits <= allowed)
    }
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

    fn distance(a: &[char], b: &[char], allowed: usize) -> Option<usize> {
        Rows::default().distance(a, b, allowed)
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
